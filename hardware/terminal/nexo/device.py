"""The actor of a nexo terminal."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime

import attrs
import trio
from attrs import define, field

from actors.mailbox import Envelope
from actors.messages import Accepted, DeviceState, Failure
from actors.terminal_messages import Abort, Heard, Inquire, Look, Progress, Request, Settle
from engine.terminal import Answer, Condition, Identity, Kind, Settlement, Transaction, Verdict
from hardware.device import Device
from hardware.terminal.actions import (
    Done,
    Reported,
    Store,
    Told,
)
from hardware.terminal.keeping import begun, is_kept
from hardware.terminal.limits import NS_PER_S
from hardware.terminal.nexo import codec, envelope, told
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo.client import (
    LinkError,
    NoticeDoor,
    Secured,
    exchange,
    serve_notices,
    wait_broken,
)
from hardware.terminal.nexo.crypto import NONCE_BYTES
from hardware.terminal.nexo.identity import WORDS, context
from hardware.terminal.nexo.jobs import (
    Action,
    Drop,
    Post,
)
from hardware.terminal.nexo.money import letters_of
from hardware.terminal.nexo.naming import identity, service_id_of, service_id_text
from hardware.terminal.nexo.profile import Profile
from hardware.terminal.nexo.reading import MessageError
from hardware.terminal.nexo.session import ABSENT, LINK_CODES, NexoSession
from hardware.transport import Place

TICK_S = 0.1
ANSWERS_KEPT_MAX = 256
DOOR_AGAIN_S = 5.0
Result = Answer | Settlement | Condition


@define(eq=False)
class _Waiting:
    """Who waits for one job."""

    keeper: str = ""
    ended: trio.Event = field(factory=trio.Event)
    result: Result | None = None


class NexoDevice(Device):
    """A card terminal that speaks nexo over TLS, each question on a connection of its own.

    Owns: the conversation, the answers to the last requests, the door for notices.
    Receives: `Request`, `Inquire`, `Settle`, `Look`, `Abort`.
    Sends: `Keep` and `Progress` to the keeper a request names; `DeviceStatus` to `devices`.
    If it dies: a transaction that ran is in doubt; whoever asked inquires once it is back, under
    the id of the request where nothing more is known of it.
    """

    def __init__(
        self, address: str, place: Place, profile: Profile, *, door: NoticeDoor | None = None
    ) -> None:
        """Raise `ValueError` where the profile's certificate or currency cannot be used."""
        super().__init__(address)
        self.place = place
        self.profile = profile
        self.door = door
        self.door_port = 0
        self.session = NexoSession(profile, "")
        self.shown = Told("")
        self._tls = context(profile)
        try:
            self._currency = letters_of(profile.currency_code)
        except MessageError as error:
            raise ValueError(str(error)) from None
        self._posts: dict[str, trio.CancelScope] = {}
        self._jobs: dict[str, _Waiting] = {}
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._detail = ""
        self._holding: trio.CancelScope | None = None
        self._holds = True
        self._broke = False

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
                envelope.answer(Heard(request_id, await self._inquire(doubt, request_id)))
            case Settle():
                envelope.answer(await self.settle())
            case Look():
                envelope.answer(await self.status())
            case Abort():
                is_running = await self.abort()
                envelope.answer(Accepted() if is_running else Failure("nothing_runs"))

    async def request(self, transaction: Transaction) -> Answer:
        """As `hardware.terminal.card_terminal.CardTerminal`."""
        return await self._transact(self.world.new_id(), transaction, "")

    async def reverse(self, original: Answer) -> Answer:
        """As `hardware.terminal.card_terminal.CardTerminal`."""
        return await self.request(
            Transaction(
                Kind.REVERSAL,
                original.amount_minor or original.asked_minor,
                original.currency_code or self.profile.currency_code,
                original.identity,
            )
        )

    async def inquire(self, doubt: Answer) -> Answer:
        """As `hardware.terminal.card_terminal.CardTerminal`."""
        return await self._inquire(doubt, "")

    async def _inquire(self, doubt: Answer, request_id: str) -> Answer:
        job_id = self.world.new_id()
        result = await self._run(
            job_id,
            lambda now_ns: self.session.inquire(job_id, doubt, now_ns, request_id=request_id),
        )
        assert isinstance(result, Answer)
        return result

    async def settle(self) -> Settlement:
        """As `hardware.terminal.card_terminal.CardTerminal`."""
        job_id = self.world.new_id()
        result = await self._run(job_id, lambda now_ns: self.session.settle(job_id, now_ns))
        assert isinstance(result, Settlement)
        return result

    async def status(self) -> Condition:
        """As `hardware.terminal.card_terminal.CardTerminal`."""
        job_id = self.world.new_id()
        result = await self._run(job_id, lambda now_ns: self.session.look(job_id, now_ns))
        assert isinstance(result, Condition)
        return result

    async def abort(self) -> bool:
        """As `hardware.terminal.card_terminal.CardTerminal`."""
        is_running, actions = self.session.abort()
        self._do(actions)
        await trio.lowlevel.checkpoint()
        return is_running

    async def _transact(self, request_id: str, transaction: Transaction, keeper: str) -> Answer:
        """Once for each id: money is never moved twice because a question came twice."""
        if request_id in self._answers:
            return self._answers[request_id]
        if (running := self._jobs.get(request_id)) is not None:
            await running.ended.wait()
            assert isinstance(running.result, Answer)
            return running.result
        when = datetime.fromtimestamp(self.world.now_ns() // NS_PER_S, UTC).isoformat()
        result = await self._run(
            request_id,
            lambda now_ns: self.session.transact(request_id, transaction, now_ns, when=when),
            keeper,
            self._begun(request_id, transaction) if keeper else None,
        )
        assert isinstance(result, Answer)
        if result.identity.is_told:
            # What never left for the terminal may be asked for again under its own name.
            self._answers[request_id] = result
            if len(self._answers) > ANSWERS_KEPT_MAX:
                self._answers.popitem(last=False)
        return result

    def _begun(self, request_id: str, transaction: Transaction) -> Answer:
        poi_id, service_id = self.session.profile.poi_id, service_id_of(request_id)
        before = self.session.last or Identity(poi_id)
        return begun(transaction, before, identity(poi_id, service_id))

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
                self._do(begin(self._now_ns()))
                await waiting.ended.wait()
            else:
                # Nothing was sent, and whoever waits for the same request is told so too.
                waiting.result = attrs.evolve(
                    doubt, verdict=Verdict.ABORTED, code="not_sent", identity=Identity()
                )
                waiting.ended.set()
        finally:
            self._jobs.pop(job_id, None)
        assert waiting.result is not None
        return waiting.result

    # ------------------------------------------------------------------------------ the terminal

    async def live(self) -> None:
        """Ask how the terminal is, and keep the time of what runs."""
        number = int.from_bytes(self.world.random_bytes(8), "big")
        self.session.prefix = service_id_text(number % 36**10)[-6:]
        if self.door is not None:
            self.nursery.start_soon(self._open_door, self.door)
        self._do(self.session.opened(self._now_ns()))
        while True:
            await self.world.sleep(TICK_S)
            self._do(self.session.tick(self._now_ns()))

    def _now_ns(self) -> int:
        return self.world.monotonic_ns()

    def _do(self, actions: list[Action]) -> None:
        """Never waits: questions are carried by tasks of their own."""
        for action in actions:
            match action:
                case Post():
                    scope = self._posts[action.service_id] = trio.CancelScope()
                    self.nursery.start_soon(self._carry, action, scope)
                case Drop(service_id):
                    if (dropped := self._posts.get(service_id)) is not None:
                        dropped.cancel()
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

    async def _carry(self, post: Post, scope: trio.CancelScope) -> None:
        """Take one question to the terminal, once, and its answer back."""
        service_id = post.service_id
        with scope:
            try:
                header, answer = await self._ask(post)
                actions = self.session.replied(service_id, header, answer, self._now_ns())
            except LinkError as error:
                self._detail = error.detail
                actions = self.session.failed(
                    service_id, error.code, self._now_ns(), is_sent=error.is_sent
                )
            except MessageError as error:
                self._detail = ""
                actions = self.session.failed(service_id, error.code, self._now_ns(), is_sent=True)
            self._do(actions)
        if self._posts.get(service_id) is scope:
            del self._posts[service_id]

    async def _ask(self, post: Post) -> tuple[m.Header, m.Told]:
        profile = self.profile
        header = codec.header_for(
            post.ask,
            service_id=post.service_id,
            sale_id=profile.sale_id,
            poi_id=profile.poi_id,
        )
        nonce = self.world.random_bytes(NONCE_BYTES)
        plain = codec.request(header, post.ask)
        body = envelope.close(header, plain, profile.key, nonce, "SaleToPOIRequest")
        answer, secured = await exchange(self.place, self._tls, profile, body, post.within_ns)
        if isinstance(post.ask, m.DiagnosisAsk) and answer.is_kept and self._holds:
            self._hold(secured)
        else:
            await trio.aclose_forcefully(secured)
        if answer.status != 200:
            raise MessageError(f"http_{answer.status}")
        if not answer.body:
            raise MessageError("empty_answer")
        return told.answer(envelope.opened(answer.body, profile.key), self._currency)

    # ---------------------------------------------------- a connection that shows a pulled cable

    def _hold(self, secured: Secured) -> None:
        if self._holding is not None:
            self._holding.cancel()
        self._holding = trio.CancelScope()
        self.nursery.start_soon(self._watch, secured, self._holding)

    async def _watch(self, secured: Secured, scope: trio.CancelScope) -> None:
        try:
            with scope:
                await wait_broken(secured)
                self._broke = True
                self.board.show(DeviceState.STARTING, "starting")
                self._do(self.session.unplugged(self._now_ns()))
        finally:
            await trio.aclose_forcefully(secured)

    def _report(self, condition: Condition) -> None:
        if condition.is_ready and self._broke:
            # It is there and lets go of idle connections by itself: they show nothing.
            self._holds = False
        elif condition.code in LINK_CODES:
            self._holds = True
        self._broke = False
        code, detail = condition.code, self._detail
        if condition.is_ready:
            self.board.show(DeviceState.READY)
        elif code in ("unreachable", "link_lost", ABSENT.code):
            detail = detail or "the connection broke; check cable and power"
            self.board.show(DeviceState.ABSENT, code, detail)
        elif code == "no_reply":
            detail = "the terminal stopped answering; look at it, then switch it off and on"
            self.board.show(DeviceState.STALE, "no_answer", detail)
        else:
            detail = WORDS.get(code, f"the terminal says {code}; look at it")
            self.board.show(DeviceState.FAILED, code, detail)

    async def _keep(self, job_id: str, answer: Answer) -> None:
        """Have the keeper write the result down; what it cannot write down is taken back."""
        waiting = self._jobs.get(job_id)
        kept = waiting is not None
        if waiting is not None and waiting.keeper:
            kept = await is_kept(self.post, waiting.keeper, job_id, answer)
        self._do(self.session.kept(job_id, self._now_ns(), is_kept=kept))

    # ------------------------------------------------------------------------------------ notices

    async def _open_door(self, door: NoticeDoor) -> None:
        while True:
            try:
                async with trio.open_nursery() as nursery:
                    listeners = await nursery.start(serve_notices, door, self._take_notice)
                    self.door_port = listeners[0].socket.getsockname()[1]
            except* OSError:
                # The till works without: only what the customer does meanwhile is not shown.
                self.door_port = 0
            await self.world.sleep(DOOR_AGAIN_S)

    async def _take_notice(self, body: bytes) -> int:
        """What is not sealed with the shop's key, or is about another terminal, is not heard."""
        await trio.lowlevel.checkpoint()
        try:
            header, notice = told.notice(envelope.opened(body, self.profile.key))
        except MessageError:
            return 400
        if header.poi_id != self.profile.poi_id:
            return 403
        self._do(self.session.noticed(notice))
        return 200
