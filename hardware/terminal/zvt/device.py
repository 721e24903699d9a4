"""The actor of a ZVT terminal: the only file of it with trio in it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import attrs
import trio
from attrs import define, field

from actors.mailbox import Envelope
from actors.messages import Accepted, DeviceState, Failure
from actors.terminal_messages import (
    Abort,
    Heard,
    Inquire,
    Look,
    Progress,
    Request,
    Settle,
)
from engine.terminal import Answer, Condition, Kind, Settlement, Transaction, Verdict
from hardware.device import CableDevice
from hardware.terminal.actions import (
    Done,
    Reported,
    Store,
    Told,
)
from hardware.terminal.keeping import begun, is_kept
from hardware.terminal.limits import REPLY_NS, SERIAL_REPLY_NS
from hardware.terminal.zvt.codec import Profile
from hardware.terminal.zvt.jobs import (
    Action,
    Break,
    Send,
)
from hardware.terminal.zvt.line import Heard as LineHeard
from hardware.terminal.zvt.line import Line, SerialLine, TcpLine
from hardware.terminal.zvt.session import ZvtSession
from hardware.transport import ByteStream, Place, SerialPlace, SerialStream, TcpStream
from native import ZvtLink, ZvtMessage

TICK_S = 0.5  # what is due on a network takes seconds
SERIAL_TICK_S = 0.1
LOG_ON_S = 5.0
LOOK_S = 0.05
ANSWERS_KEPT_MAX = 256
Result = Answer | Settlement | Condition


@define(eq=False)
class _Waiting:
    """Who waits for one job."""

    keeper: str = ""
    ended: trio.Event = field(factory=trio.Event)
    result: Result | None = None


class ZvtDevice(CableDevice):
    """A card terminal that speaks ZVT.

    Owns: the cable, the conversation, the answers to the last requests.
    Receives: `Request`, `Inquire`, `Settle`, `Look`, `Abort`.
    Sends: `Keep` and `Progress` to the keeper a request names; `DeviceStatus` to `devices`.
    If it dies: a transaction that ran is in doubt; whoever asked inquires once it is back.
    """

    silent_detail = "the terminal stopped answering; look at it, then switch it off and on"

    def __init__(self, address: str, place: Place, profile: Profile, *, is_serial: bool) -> None:
        super().__init__(address, place)
        self._is_serial = is_serial or isinstance(place, SerialPlace)
        reply_ns = SERIAL_REPLY_NS if self._is_serial else REPLY_NS
        self.session = ZvtSession(profile, reply_ns=reply_ns)
        self.shown = Told("")
        self._line: Line = TcpLine()
        self._link = ZvtLink(self._is_serial)
        self._stream: ByteStream | None = None
        self._writing = trio.Lock()
        self._jobs: dict[str, _Waiting] = {}
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._made = 0

    # ------------------------------------------------------------------------------ being asked

    async def receive(self, envelope: Envelope) -> None:
        """Each is answered by a task of its own, however long the customer takes."""
        match envelope.body:
            case Request() | Inquire() | Settle() | Look() | Abort():
                self.nursery.start_soon(self._answer, envelope)
            case _:
                await super().receive(envelope)

    async def _answer(self, envelope: Envelope) -> None:
        match envelope.body:
            case Request(request_id, transaction, keeper):
                answer = await self._transact(request_id, transaction, keeper)
                envelope.answer(Heard(request_id, answer))
            case Inquire(request_id, doubt):
                envelope.answer(Heard(request_id, await self.inquire(doubt)))
            case Settle():
                envelope.answer(await self.settle())
            case Look():
                envelope.answer(await self.status())
            case Abort():
                is_running = await self.abort()
                envelope.answer(Accepted() if is_running else Failure("nothing_runs"))

    async def request(self, transaction: Transaction) -> Answer:
        """As `hardware.terminal.card_terminal.CardTerminal`."""
        return await self._transact(self._new_id(), transaction, "")

    async def reverse(self, original: Answer) -> Answer:
        """As `hardware.terminal.card_terminal.CardTerminal`."""
        return await self.request(
            Transaction(
                Kind.REVERSAL,
                original.amount_minor or original.asked_minor,
                original.currency_code or self.session.profile.currency_code,
                original.identity,
            )
        )

    async def inquire(self, doubt: Answer) -> Answer:
        """As `hardware.terminal.card_terminal.CardTerminal`."""
        job_id = self._new_id()
        result = await self._run(job_id, lambda now_ns: self.session.inquire(job_id, doubt, now_ns))
        assert isinstance(result, Answer)
        return result

    async def settle(self) -> Settlement:
        """As `hardware.terminal.card_terminal.CardTerminal`."""
        job_id = self._new_id()
        result = await self._run(job_id, lambda now_ns: self.session.settle(job_id, now_ns))
        assert isinstance(result, Settlement)
        return result

    async def status(self) -> Condition:
        """As `hardware.terminal.card_terminal.CardTerminal`."""
        job_id = self._new_id()
        result = await self._run(job_id, lambda now_ns: self.session.look(job_id, now_ns))
        assert isinstance(result, Condition)
        return result

    async def abort(self) -> bool:
        """As `hardware.terminal.card_terminal.CardTerminal`."""
        is_running, actions = self.session.abort()
        await self._attempt(actions)
        return is_running

    def _new_id(self) -> str:
        self._made += 1
        return f"{self.address}#{self._made}"

    async def _transact(self, request_id: str, transaction: Transaction, keeper: str) -> Answer:
        """Once for each id: money is never moved twice because a question came twice."""
        if request_id in self._answers:
            return self._answers[request_id]
        if (running := self._jobs.get(request_id)) is not None:
            await running.ended.wait()
            assert isinstance(running.result, Answer)
            return running.result
        if keeper:
            await self._logged_on()
        result = await self._run(
            request_id,
            lambda now_ns: self.session.transact(request_id, transaction, now_ns),
            keeper,
            begun(transaction, self.session.last) if keeper else None,
        )
        assert isinstance(result, Answer)
        if result.code not in ("not_sent", "terminal_busy"):
            self._answers[request_id] = result
            if len(self._answers) > ANSWERS_KEPT_MAX:
                self._answers.popitem(last=False)
        return result

    async def _logged_on(self) -> None:
        """Wait a little for the log-on to end: it tells which transaction was the last."""
        with trio.move_on_after(LOG_ON_S):
            while self.session.is_logging_on:
                await self.world.sleep(LOOK_S)

    async def _run(
        self,
        job_id: str,
        begin: Callable[[int], list[Action]],
        keeper: str = "",
        doubt: Answer | None = None,
    ) -> Result:
        waiting = self._jobs[job_id] = _Waiting(keeper)
        try:
            if doubt is None or await is_kept(self.post, keeper, job_id, doubt):
                await self._attempt(begin(self._now_ns()))
                await waiting.ended.wait()
            else:
                # Nothing was sent, and whoever waits for the same request is told so too.
                waiting.result = attrs.evolve(doubt, verdict=Verdict.ABORTED, code="not_sent")
                waiting.ended.set()
        finally:
            self._jobs.pop(job_id, None)
        assert waiting.result is not None
        return waiting.result

    # --------------------------------------------------------------------------------- the cable

    async def converse(self, stream: ByteStream) -> None:
        """Log on, and carry the conversation until the cable breaks."""
        self._line = SerialLine() if self._is_serial else TcpLine()
        self._link.drop_partial()
        self._stream = stream
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._tick)
                await self._do(self.session.opened(self._now_ns()))
                while True:
                    await self._read(stream)
        finally:
            self._stream = None
            self._link.drop_partial()
            self._tell(self.session.closed())

    async def _read(self, stream: ByteStream) -> None:
        for event in await self._events(stream):
            await self._obey(self._line.heard(event, self._now_ns()))
        self._line.gap(is_partial=self._link.is_partial, now_ns=self._now_ns())

    async def _events(self, stream: ByteStream) -> list[ZvtMessage | str]:
        """Read where it is safe: a socket or port is read by the floor, never by Python."""
        if not isinstance(stream, TcpStream | SerialStream):
            data = await stream.receive_some()
            self._link.is_enquiry = self.session.expects_enquiry
            return self._link.feed(data)
        while True:
            try:
                await trio.lowlevel.wait_readable(stream.descriptor)
                self._link.is_enquiry = self.session.expects_enquiry
                events = self._link.read_from(stream.descriptor)
            except (EOFError, OSError) as error:
                raise trio.BrokenResourceError(f"the terminal is gone ({error})") from error
            if events is not None:
                return events

    async def _obey(self, heard: LineHeard) -> None:
        if heard.drops_partial:
            self._link.drop_partial()
        if heard.write:
            await self._write(heard.write)
        if heard.message is not None:
            await self._do(self.session.received(heard.message, self._now_ns()))
        if heard.is_broken:
            raise trio.BrokenResourceError("nothing on this line can be trusted any more")

    async def _tick(self) -> None:
        while True:
            await self.world.sleep(SERIAL_TICK_S if self._is_serial else TICK_S)
            await self._obey(self._line.tick(self._now_ns()))
            await self._do(self.session.tick(self._now_ns()))

    def _now_ns(self) -> int:
        return self.world.monotonic_ns()

    async def _write(self, data: bytes) -> None:
        stream = self._stream
        async with self._writing:
            if stream is None or stream is not self._stream:
                raise trio.BrokenResourceError("the terminal is not connected")
            await stream.send_all(data)

    async def _attempt(self, actions: list[Action]) -> None:
        """Carry out actions from outside the conversation; a break is heard by its reader too."""
        try:
            await self._do(actions)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            await trio.lowlevel.checkpoint()

    async def _do(self, actions: list[Action]) -> None:
        self._tell(actions)
        for action in actions:
            if isinstance(action, Send) and (
                data := self._line.send(action.message, self._now_ns())
            ):
                await self._write(data)

    def _tell(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Send():
                    pass
                case Told(code, text):
                    self.shown = action
                    for job_id, waiting in self._jobs.items():
                        if waiting.keeper:
                            self.post.tell_nowait(waiting.keeper, Progress(job_id, code, text))
                case Store(job_id, answer):
                    self.nursery.start_soon(self._keep, job_id, answer)
                case Done(job_id, result):
                    if (asker := self._jobs.get(job_id)) is not None:
                        asker.result = result
                        asker.ended.set()
                case Reported(condition):
                    self._report(condition)
                case Break():
                    self.went_silent = True
                    raise trio.BrokenResourceError(action.reason)

    def _report(self, condition: Condition) -> None:
        if condition.is_ready:
            who = self.session.terminal_id
            self.board.show(DeviceState.READY, "ok", f"terminal {who}" if who else "")
            return
        detail = condition.detail or f"the terminal says {condition.code}"
        advice = "put the right one back, or change serial in the settings"
        is_other = condition.code == "other_terminal"
        self.board.show(
            DeviceState.FAILED,
            condition.code,
            f"{detail}, so no payment goes to it; {advice if is_other else 'look at it'}",
        )

    async def _keep(self, job_id: str, answer: Answer) -> None:
        """Have the keeper write the result down before the terminal hears that it arrived."""
        waiting = self._jobs.get(job_id)
        kept = waiting is not None
        if waiting is not None and waiting.keeper:
            kept = await is_kept(self.post, waiting.keeper, job_id, answer)
        await self._attempt(self.session.kept(job_id, self._now_ns(), is_kept=kept))
