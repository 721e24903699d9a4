"""The actor of a nexo terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import attrs
import trio

from actors.messages import DeviceState
from actors.terminal_messages import Forward, Forwarded, Inquire, Request, Said, Say
from engine.terminal import Answer, Condition, Identity, Transaction, Verdict
from hardware.terminal.actions import Done
from hardware.terminal.device import Begin, Requests, TerminalDevice
from hardware.terminal.keeping import Kept, begun, upload_kept
from hardware.terminal.limits import NS_PER_S
from hardware.terminal.nexo import codec, envelope, outcome, talk, told
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo.asking import PAYMENTS
from hardware.terminal.nexo.client import (
    Line,
    LinkError,
    NoticeDoor,
    Terminal,
    exchange,
    serve_notices,
)
from hardware.terminal.nexo.codes import LINK_CODES
from hardware.terminal.nexo.crypto import NONCE_BYTES
from hardware.terminal.nexo.identity import WORDS, context
from hardware.terminal.nexo.inquiry import uploaded
from hardware.terminal.nexo.jobs import (
    Action,
    Drop,
    Post,
)
from hardware.terminal.nexo.limits import SHORT_NS
from hardware.terminal.nexo.money import letters_of
from hardware.terminal.nexo.naming import (
    identity,
    is_of_payment,
    service_id_of,
    service_id_text,
)
from hardware.terminal.nexo.profile import Profile
from hardware.terminal.nexo.reading import MessageError
from hardware.terminal.nexo.session import ABSENT, NexoSession
from hardware.transport import Place
from native import NexoMessage

TICK_S = 0.1
_ENDS_ROUND = (*LINK_CODES, "terminal_busy")  # the others would be answered the same
DOOR_AGAIN_S = 5.0


class NexoDevice(TerminalDevice):
    """A card terminal that speaks nexo over TLS, by POST or WebSocket, each question on a
    connection of its own.

    Owns: the conversation, the answers to the last requests, the door for notices.
    Receives: `Request`, `Inquire`, `Forward`, `Settle`, `Look`, `Abort`, `Say`.
    Sends: `Keep`, `KeepUpload`, `Over` and `Progress` to the keeper a request names;
    `DeviceStatus` to `devices`.
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
        self.requests = Requests()
        self._tls = context(profile.authority_pem)
        try:
            self._currency = letters_of(profile.currency_code)
        except MessageError as error:
            raise ValueError(str(error)) from None
        self._posts: dict[str, trio.CancelScope] = {}
        self._talking: Post | None = None
        self._detail = ""
        self._holding: trio.CancelScope | None = None
        self._holds = True
        self._broke = False

    # --------------------------------------------------------------------------------- requests

    async def carry_out(self, actions: list[Action]) -> None:
        """Questions are carried by tasks of their own."""
        self._do(actions)
        await trio.lowlevel.checkpoint()

    async def begin(self, request: Request) -> Begin:
        """At once, where a payment came before; else once the terminal has shown that it
        remembers, or said that it does not. One that cannot be reached is not asked for money."""
        self._hush()
        request_id, transaction = request.request_id, request.transaction
        if request.keeper and transaction.kind in PAYMENTS and not self._knows(request.remembered):
            shown = await self._have_witness()
            if not shown.is_ready:
                not_sent = Done(request_id, outcome.not_sent(transaction, shown.code))
                return lambda now_ns: [not_sent]
        await trio.lowlevel.checkpoint()
        when = self._when()
        return lambda now_ns: self.session.transact(request_id, transaction, now_ns, when=when)

    def _when(self) -> str:
        return datetime.fromtimestamp(self.world.now_ns() // NS_PER_S, UTC).isoformat()

    def _knows(self, remembered: Identity | None) -> bool:
        """Whether anything is known that this very terminal must remember."""
        is_in_books = remembered is not None and remembered.terminal_id == self.profile.poi_id
        return is_in_books or self.session.last is not None

    async def _have_witness(self) -> Condition:
        job_id = self.new_id()
        shown = await self._run(job_id, partial(self.session.witness, job_id, when=self._when()))
        assert isinstance(shown, Condition)
        return shown

    def doubt(self, request_id: str, transaction: Transaction) -> Answer:
        """Known by the name that follows from the request."""
        poi_id, service_id = self.session.profile.poi_id, service_id_of(request_id)
        before = self.session.last or Identity(poi_id)
        named = identity(poi_id, service_id, is_of_payment=is_of_payment(transaction))
        return begun(transaction, before, named)

    def inquiry(self, job_id: str, asked: Inquire) -> Begin:
        """Under the name the request was sent by, where the doubt itself is not named; and where
        this device knew of nothing before it, the books' word is held against the memory."""
        return lambda now_ns: self.session.inquire(
            job_id,
            asked.doubt,
            now_ns,
            request_id=asked.request_id,
            remembered=asked.remembered,
            gives_way=asked.gives_way,
            is_abort_wanted=asked.is_cancel_asked,
        )

    async def forward(self, forward: Forward) -> Forwarded:
        """It presents them by itself, and knows no command for it: each is asked after by name."""
        code = "ok"
        for one in forward.payments:
            job_id, doubt = self.new_id(), attrs.evolve(one.answer, verdict=Verdict.UNKNOWN)
            begin = partial(self.session.inquire, job_id, doubt, gives_way=True)
            known = await self._run(job_id, begin)
            assert isinstance(known, Answer)
            if (answer := uploaded(one.answer, known)) is not None:
                said = await upload_kept(self.post, forward.keeper, one.payment_id, answer)
                code = "not_kept" if said is Kept.LATER else code
            elif known.verdict is Verdict.UNKNOWN and known.code in _ENDS_ROUND:
                return Forwarded(known.code)
        return Forwarded(code)

    async def say(self, say: Say) -> Said:
        """Beside payments, and one thing at a time. Whoever waits for a key is told `gave_way` when
        a payment begins, and the terminal that the question is over."""
        await trio.lowlevel.checkpoint()
        if self.session.is_taken or self._talking is not None:
            return Said("terminal_busy")
        ask = talk.ask_of(say)
        post = self._talking = Post(self.session.next_id(), ask, talk.within_ns(say))
        with trio.CancelScope() as scope:
            self._posts[post.service_id] = scope
            try:
                header, answer = await self._ask(post)
            except (LinkError, MessageError) as error:
                return Said(error.code)
            finally:
                self._posts.pop(post.service_id, None)
                self._talking = None
            is_own = (header.service_id, header.poi_id) == (post.service_id, self.profile.poi_id)
            is_told = is_own or isinstance(answer, m.RejectedTold)
            return talk.said(answer) if is_told else Said("other_message")
        return Said("gave_way")

    def _hush(self) -> None:
        """A payment goes before what is shown or asked beside it."""
        if (post := self._talking) is not None:
            over = m.AbortAsk(m.CATEGORIES[type(post.ask)], post.service_id)
            self._do([Drop(post.service_id)])
            if isinstance(post.ask, m.InputAsk):
                self._do([Post(self.session.next_id(), over, SHORT_NS)])

    def is_over(self, answer: Answer) -> bool:
        """What never left for the terminal may be asked for again under its own name."""
        return answer.identity.is_told

    def new_id(self) -> str:
        """A name no terminal has heard yet."""
        return self.world.new_id()

    # ------------------------------------------------------------------------------ the terminal

    async def live(self) -> None:
        """Ask how the terminal is, and keep the time of what runs."""
        number = int.from_bytes(self.world.random_bytes(8), "big")
        self.session.prefix = service_id_text(number % 36**10)[-6:]
        if self.door is not None:
            self.nursery.start_soon(self._open_door, self.door)
        self._do(self.session.opened(self.now_ns()))
        while True:
            await self.world.sleep(TICK_S)
            self._do(self.session.tick(self.now_ns()))

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
                case _:
                    self.tell(action)

    async def _carry(self, post: Post, scope: trio.CancelScope) -> None:
        """Take one question to the terminal, once, and its answer back."""
        service_id = post.service_id
        with scope:
            try:
                header, answer = await self._ask(post)
                actions = self.session.replied(service_id, header, answer, self.now_ns())
            except LinkError as error:
                self._detail = error.detail
                actions = self.session.failed(
                    service_id, error.code, self.now_ns(), is_sent=error.is_sent
                )
            except MessageError as error:
                self._detail = ""
                actions = self.session.failed(service_id, error.code, self.now_ns(), is_sent=True)
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
        terminal = Terminal(self.place, self._tls, profile, self.world.random_bytes)
        written = partial(self._written, post.service_id)
        answer, line = await exchange(terminal, body, post.within_ns, self._take_aside, written)
        is_kept = answer is not None and answer.is_kept
        if isinstance(post.ask, m.DiagnosisAsk) and is_kept and self._holds:
            self._hold(line)
        else:
            await line.drop()
        return told.answer(envelope.heard(answer), self._currency)

    def _written(self, service_id: str) -> None:
        self._do(self.session.written(service_id))

    # ---------------------------------------------------- a connection that shows a pulled cable

    def _hold(self, line: Line) -> None:
        if self._holding is not None:
            self._holding.cancel()
        self._holding = trio.CancelScope()
        self.nursery.start_soon(self._watch, line, self._holding)

    async def _watch(self, line: Line, scope: trio.CancelScope) -> None:
        try:
            with scope:
                await line.wait_broken()
                self._broke = True
                self.board.show(DeviceState.STARTING, "starting")
                self._do(self.session.unplugged(self.now_ns()))
        finally:
            await line.drop()

    def report(self, condition: Condition) -> None:
        """In words; a connection that shows a pulled cable is held while it is of use."""
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

    # ------------------------------------------------------------------------------------ notices

    async def _open_door(self, door: NoticeDoor) -> None:
        while True:
            try:
                async with trio.open_nursery() as nursery:
                    served = partial(serve_notices, door, self.profile, self._take_notice)
                    listeners = await nursery.start(served)
                    self.door_port = listeners[0].socket.getsockname()[1]
            except* OSError:
                # The till works without: only what the customer does meanwhile is not shown.
                self.door_port = 0
            await self.world.sleep(DOOR_AGAIN_S)

    async def _take_aside(self, message: NexoMessage) -> bool:
        """Whatever a terminal asks or tells of its own on a WebSocket is no answer, also where it
        is not understood and nothing comes of it; its word that it rejected a question is one."""
        await trio.lowlevel.checkpoint()
        try:
            opened = envelope.heard(message)
        except MessageError:
            return False
        if "SaleToPOIRequest" not in opened:
            return False
        try:
            header, notice = told.notice(opened)
        except MessageError:
            return True
        if notice.event == "Reject" and not notice.is_display:
            return False
        self._noticed(header, notice)
        return True

    async def _take_notice(self, message: NexoMessage) -> int:
        """What is not sealed with the shop's key, or is for another register or about another
        terminal, is not heard."""
        await trio.lowlevel.checkpoint()
        try:
            header, notice = told.notice(envelope.heard(message))
        except MessageError:
            return 400
        return 200 if self._noticed(header, notice) else 403

    def _noticed(self, header: m.Header, notice: m.Notice) -> bool:
        is_ours = header.sale_id in ("", self.profile.sale_id)
        if not is_ours or header.poi_id != self.profile.poi_id:
            return False
        self._do(self.session.noticed(notice, header.service_id))
        return True
