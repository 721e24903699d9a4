"""The actor of a ZVT terminal: the only file of it with trio in it."""

from __future__ import annotations

from pathlib import Path

import trio

from actors.messages import DeviceState
from actors.terminal_messages import Forward, Forwarded, Inquire, Request, StoredPayment
from engine.terminal import UNSENT, Answer, Condition, Transaction
from hardware.device import CableDevice
from hardware.terminal.device import Begin, Requests, TerminalDevice
from hardware.terminal.keeping import Kept, begun, upload_kept
from hardware.terminal.limits import REPLY_NS, SERIAL_REPLY_NS
from hardware.terminal.zvt.codec import Profile
from hardware.terminal.zvt.jobs import (
    Action,
    Break,
    Send,
    SetAside,
)
from hardware.terminal.zvt.line import Heard as LineHeard
from hardware.terminal.zvt.line import Line, SerialLine, TcpLine
from hardware.terminal.zvt.session import ZvtSession
from hardware.terminal.zvt.unclaimed_file import UnclaimedFile
from hardware.transport import ByteStream, Place, SerialPlace, SerialStream, TcpStream
from hardware.turn import Turn
from native import ZvtLink, ZvtMessage

TICK_S = 0.5  # what is due on a network takes seconds
SERIAL_TICK_S = 0.1
LOG_ON_S = 5.0
LOOK_S = 0.05


class ZvtDevice(TerminalDevice, CableDevice):
    """A card terminal that speaks ZVT.

    Owns: the cable, the conversation, the answers to the last requests, and in `folder` the file
    of what the terminal told unasked.
    Receives: `Request`, `Inquire`, `Forward`, `Settle`, `Look`, `Abort`.
    Sends: `Keep`, `KeepUpload`, `Over` and `Progress` to the keeper a request names;
    `DeviceStatus` to `devices`.
    If it dies: a transaction that ran is in doubt; whoever asked inquires once it is back.
    """

    silent_detail = "the terminal stopped answering; look at it, then switch it off and on"

    def __init__(
        self,
        address: str,
        place: Place,
        profile: Profile,
        *,
        is_serial: bool,
        folder: Path | None = None,
    ) -> None:
        super().__init__(address, place)
        self._is_serial = is_serial or isinstance(place, SerialPlace)
        reply_ns = SERIAL_REPLY_NS if self._is_serial else REPLY_NS
        self.session = ZvtSession(profile, reply_ns=reply_ns)
        self.requests = Requests()
        self._unclaimed_file = UnclaimedFile(folder, address)
        self._line: Line = TcpLine()
        self._link = ZvtLink(self._is_serial)
        self._stream: ByteStream | None = None
        self._writing = Turn()
        self._made = 0

    # --------------------------------------------------------------------------------- requests

    async def begin(self, request: Request) -> Begin:
        """Once the terminal has told which transaction was its last, or a little later: without
        that, one whose reply is lost could never be found."""
        request_id, transaction = request.request_id, request.transaction
        if self.session.is_at_a_loss:
            await self.carry_out(self.session.recall(self.now_ns()))
        with trio.move_on_after(LOG_ON_S):
            while self.session.is_telling:
                await self.world.sleep(LOOK_S)
        return lambda now_ns: self.session.transact(request_id, transaction, now_ns)

    @property
    def begins_at_once(self) -> bool:
        """Not while it logs on, or is to be asked for its last. By then nobody might wait for the
        answer any more."""
        return self.session.is_idle and not self.session.is_at_a_loss

    @property
    def takes_requests(self) -> bool:
        """Not while it is away, another's, or somebody pays."""
        return not self.session.refusal

    def doubt(self, request_id: str, transaction: Transaction) -> Answer:
        """Known by what was the last before."""
        return begun(transaction, self.session.memory.last)

    def inquiry(self, job_id: str, asked: Inquire) -> Begin:
        """By the terminal's own numbers; it never heard of a request's name. Its abort has no name
        either, and would end whatever runs there: it is not sent for what is in doubt."""
        return lambda now_ns: self.session.inquire(
            job_id, asked.doubt, now_ns, gives_way=asked.gives_way
        )

    async def forward(self, forward: Forward) -> Forwarded:
        """By the command for it; results are told by the terminal's own numbers. What it told
        before anybody asked about it, it does not tell again."""
        job_id = self.new_id()
        left = await self._without_those_told(forward)
        result = await self._run(job_id, lambda now_ns: self.session.forward(job_id, left, now_ns))
        assert isinstance(result, Forwarded)
        return result

    async def _without_those_told(self, forward: Forward) -> tuple[StoredPayment, ...]:
        left, unclaimed = list(forward.payments), self.session.unclaimed
        await self._unclaimed_file.read(unclaimed, self.world)
        for info, payment, answer in unclaimed.claimed(forward.payments):
            said = await upload_kept(self.post, forward.keeper, payment.payment_id, answer)
            if said is not Kept.LATER:
                unclaimed.drop(info)
                left.remove(payment)
        # Should that be lost, the next process has the same written down once more.
        await self._unclaimed_file.write(unclaimed, self.world)
        return tuple(left)

    def tell(self, action: Action) -> bool:
        """As `TerminalDevice`, and have what was told unasked written to the disk."""
        if isinstance(action, SetAside):
            self.nursery.start_soon(self._set_aside, action.job_id)
            return True
        return super().tell(action)

    async def _set_aside(self, job_id: str) -> None:
        is_kept = await self._unclaimed_file.write(self.session.unclaimed, self.world)
        await self._tell_kept(job_id, Kept.YES if is_kept else Kept.LATER)

    def is_over(self, answer: Answer) -> bool:
        """Unless nothing of it was sent."""
        return answer.code not in UNSENT

    def new_id(self) -> str:
        """Numbered: it goes nowhere."""
        self._made += 1
        return f"{self.address}#{self._made}"

    # --------------------------------------------------------------------------------- the cable

    async def live(self) -> None:
        """Recall what was told to a process before, then as `CableDevice`."""
        await self._unclaimed_file.read(self.session.unclaimed, self.world)
        await super().live()

    async def converse(self, stream: ByteStream) -> None:
        """Log on, and carry the conversation until the cable breaks."""
        self._line = SerialLine() if self._is_serial else TcpLine()
        self._link.drop_partial()
        self._stream = stream
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._tick)
                await self._do(self.session.opened(self.now_ns()))
                while True:
                    await self._read(stream)
        finally:
            self._stream = None
            self._link.drop_partial()
            self._tell_all(self.session.closed())

    async def _read(self, stream: ByteStream) -> None:
        for event in await self._events(stream):
            await self._obey(self._line.heard(event, self.now_ns()))
        self._line.gap(is_partial=self._link.is_partial, now_ns=self.now_ns())

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
            now_ns, is_again = self.now_ns(), heard.is_again
            await self._do(self.session.received(heard.message, now_ns, is_again=is_again))
        if heard.is_broken:
            raise trio.BrokenResourceError("nothing on this line can be trusted any more")

    async def _tick(self) -> None:
        while True:
            await self.world.sleep(SERIAL_TICK_S if self._is_serial else TICK_S)
            await self._obey(self._line.tick(self.now_ns()))
            await self._do(self.session.tick(self.now_ns()))

    async def _write(self, data: bytes) -> None:
        stream = self._stream
        async with self._writing:
            if stream is None or stream is not self._stream:
                raise trio.BrokenResourceError("the terminal is not connected")
            await stream.send_all(data)

    async def carry_out(self, actions: list[Action]) -> None:
        """From outside the conversation; a break is heard by its reader too."""
        try:
            await self._do(actions)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            await trio.lowlevel.checkpoint()

    async def _do(self, actions: list[Action]) -> None:
        self._tell_all(actions)
        for action in actions:
            if isinstance(action, Send) and (
                data := self._line.send(action.message, self.now_ns())
            ):
                await self._write(data)

    def _tell_all(self, actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, Break):
                self.went_silent = True
                raise trio.BrokenResourceError(action.reason)
            self.tell(action)

    def report(self, condition: Condition) -> None:
        """With the terminal's number while it is well, and what to do where it is not. Only one
        that is barred is asked for no payment: any other may take one all the same."""
        if condition.is_ready:
            who = self.session.terminal_id
            self.board.show(DeviceState.READY, "ok", f"terminal {who}" if who else "")
            return
        detail = condition.detail or f"the terminal says {condition.code}"
        advice = "put the right one back, or change serial in the settings"
        is_other = condition.code == "other_terminal"
        effect = ", so no payment goes to it" if self.session.refusal == condition.code else ""
        what_to_do = advice if is_other else "look at it"
        self.board.show(DeviceState.FAILED, condition.code, f"{detail}{effect}; {what_to_do}")
