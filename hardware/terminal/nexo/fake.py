"""A nexo terminal at the end of a real cable: its messages, its operator, and its faults.

It is played by a `Plan` for each transaction, or by a person at its page (`played.py`). It never
takes a payment back by itself: what was approved counts, whether or not anybody heard of it.
"""

from __future__ import annotations

import contextlib
import ssl
from collections import deque

import attrs
import trio

from actors.web.exchange import HttpError
from actors.web.sockets import Gone, WebSocket, accept
from actors.world import SystemWorld, World
from hardware.terminal.limits import NS_PER_S
from hardware.terminal.nexo import envelope, play, voice
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo.crypto import NONCE_BYTES, SecurityKey
from hardware.terminal.nexo.http import HttpNotices, question
from hardware.terminal.nexo.ledger import Entry, Ledger
from hardware.terminal.nexo.limits import MESSAGE_BYTES_MAX, READ_BYTES_MAX, SHAKE_NS
from hardware.terminal.nexo.money import to_major
from hardware.terminal.nexo.outlet import Limits, Meter, Outlet
from hardware.terminal.nexo.play import REFUSALS, Failed, Plan
from hardware.terminal.nexo.profile import Carrier
from hardware.terminal.nexo.reading import MessageError
from hardware.terminal.person import PATIENCE_S
from hardware.terminal.played import (
    APPROVED,
    CARD,
    PIN,
    READY,
    STARTING,
    WAIT,
    Played,
    Row,
    amount,
)

_SUCCESS, _PARTIAL = m.Outcome("Success"), m.Outcome("Partial")
_TYPE_NUMBER = "type the card number"


class _CalledOffError(Exception):
    """The register does not want the payment any more."""


class NexoFake(Played):
    """A terminal that can be used, broken and looked at.

    `raw` limits what passes on the wire, `plain` what passes within TLS. `hangs` accepts
    connections and says nothing; `ends_silently` loses the answer to the next end of day.
    `notices` is where it posts what it shows. It takes nothing alone unless the register allows
    that, and presents what it took once the host is back. `headers` are those of HTTP it adds to
    each answer. One that does not know `reversals` refuses each and remembers none; one that
    `tells_late` knows of nothing that is not over.
    """

    def __init__(
        self,
        outlet: Outlet,
        tls: ssl.SSLContext,
        key: SecurityKey,
        *,
        poi_id: str = "V400m-324688179",
        operator: bool = False,
        carrier: Carrier = Carrier.HTTPS,
        world: World | None = None,
    ) -> None:
        super().__init__(operator=operator)
        self.outlet = outlet
        self.tls = tls
        self.key = key
        self.poi_id = poi_id
        self.ledger: Ledger = Ledger()
        self.plans: deque[Plan] = deque()
        self.carrier = carrier
        self.raw, self.plain = Limits(), Limits()
        self.hangs = False
        self.ends_silently = False
        self.reversals, self.tells_late = True, False
        self.keeps_connections = True
        self.headers: list[tuple[str, str]] = []
        self.notices: tuple[str, int] | None = None
        self.notice_answers: list[int] = []
        self.heard: list[str] = []
        self._world = world or SystemWorld()
        self._running: Entry | None = None
        self._listener: WebSocket | None = None
        self._abort = trio.Event()
        self._ends: dict[int, trio.Event] = {}
        self._play_scope = trio.CancelScope()

    # ------------------------------------------------------------------------------- the far end

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve for ever; started once a register can connect."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            await nursery.start(self.outlet.run, self._connection)
            task_status.started()

    @property
    def is_plugged(self) -> bool:
        """Whether the cable is in."""
        return self.outlet.is_plugged

    async def cut(self) -> None:
        """Pull the cable; what runs goes on."""
        await self.outlet.unplug()

    async def plug(self) -> None:
        """Put it back."""
        self.raw.mend()
        self.plain.mend()
        await self.outlet.plug()

    async def reboot(self) -> None:
        """Power off and on: what runs ends unpaid, and the memory stays."""
        await self.cut()
        self._play_scope.cancel()
        self.show_here(STARTING)
        await self.plug()
        self.show_here(READY)

    def forget(self) -> None:
        """Lose the memory, as a repaired terminal has."""
        self.ledger = Ledger(numbers_from=self.ledger.numbers_from, shop=self.ledger.shop)

    async def _connection(self, stream: trio.abc.Stream) -> None:
        wire = Meter(stream, self.raw)
        secured = trio.SSLStream(wire, self.tls, server_side=True, https_compatible=True)
        try:
            with trio.fail_after(SHAKE_NS / NS_PER_S):
                await secured.do_handshake()
            within = Meter(secured, self.plain)
            if self.carrier is Carrier.WEBSOCKET:
                await self._talk_socket(within)
            else:
                await self._talk(within)
        except (trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError, Gone):
            pass
        except MessageError:
            self.shown = "garbled"
        finally:
            await trio.aclose_forcefully(stream)

    async def _talk(self, stream: trio.abc.Stream) -> None:
        http = HttpNotices()
        while not http.is_over:
            data = bytes(await stream.receive_some(READ_BYTES_MAX))
            posted = http.heard(data)
            if posted is not None:
                said = await self._posted(posted[1])
                if said is None:
                    return
                await stream.send_all(http.reply(*said, self.headers))
                if not (self.keeps_connections and http.again()):
                    return
            elif not data:
                return

    async def _talk_socket(self, stream: trio.abc.Stream) -> None:
        socket = await accept(
            stream, lambda _: "", message_bytes_max=MESSAGE_BYTES_MAX, within_s=SHAKE_NS / NS_PER_S
        )
        while socket is not None:
            message = await socket.receive()
            body = message.encode() if isinstance(message, str) else message
            said = await self._posted(body, socket)
            if said is None:
                return
            status, answer = said
            if status != 200 or not answer:
                # A WebSocket has no status: what cannot be read ends it otherwise.
                await socket.close(1000 if status == 200 else 1008)
                return
            await socket.send(answer)
            if not self.keeps_connections:
                await socket.close()
                return

    async def _posted(
        self, body: bytes, socket: WebSocket | None = None
    ) -> tuple[int, bytes] | None:
        """Status and body of the answer; None where there is none at all."""
        if self.hangs:
            await trio.sleep_forever()
        try:
            header, ask = voice.question(envelope.opened(body, self.key, self.poi_id))
        except MessageError as error:
            self.shown = error.code
            return 400, b""
        self.heard.append(header.category)
        if header.poi_id != self.poi_id:
            return 200, self._sealed(header, m.RejectedTold("Reject", "another terminal"))
        if isinstance(ask, m.ReconciliationAsk) and self.ends_silently:
            # Its day is over, and nobody hears of it.
            self.ends_silently = False
            self.ledger.settled_from = len(self.ledger.entries)
            return None
        if isinstance(ask, m.PaymentAsk | m.ReversalAsk):
            return await self._transact(header, ask, socket)
        if isinstance(ask, m.AbortAsk):
            self._end_running(ask)
            return 200, b""
        return 200, self._sealed(header, self._said(ask))

    def _sealed(self, header: m.Header, said: m.Told, plan: Plan | None = None) -> bytes:
        reply = voice.reply_header(header)
        plain = voice.answer(header, said, "EUR")
        if plan is not None and (plan.extra or plan.says):
            plain = play.over(plain, plan)
        side = "SaleToPOIResponse"
        if isinstance(said, m.RejectedTold):
            side = "SaleToPOIRequest"
            reply = m.Header("Event", "", header.sale_id, header.poi_id, "Notification", "Event",
                             "1")  # fmt: skip
        nonce = self._world.random_bytes(NONCE_BYTES)
        sealed = envelope.close(reply, plain, self.key, nonce, side)
        if plan is not None and plan.clear:
            sealed = play.beside(sealed, plan.clear)
        return plan.mangle(sealed) if plan is not None and plan.mangle else sealed

    # -------------------------------------------------------------------------- short questions

    def _said(self, ask: m.Ask) -> m.Told:
        match ask:
            case m.StatusAsk():
                return self._status(ask)
            case m.ReconciliationAsk():
                if self.is_offline:
                    return m.ReconciliationTold(m.Outcome("Failure", "UnreachableHost"))
                totals = self.ledger.totals()
                self.ledger.settled_from = len(self.ledger.entries)
                return m.ReconciliationTold(_SUCCESS, totals)
            case m.DiagnosisAsk():
                status = "Busy" if self._running is not None else "OK"
                printer = "NoPaper" if self.is_paper_out else "OK"
                waiting = {"unconfirmedBatchCount": str(self.ledger.stored_count)}
                outcome = m.Outcome("Success", "", waiting)
                return m.DiagnosisTold(outcome, status, printer, not self.is_offline)
            case m.PrintAsk() if self.is_paper_out:
                return m.OutputTold(m.Outcome("Failure", "DeviceOut"))
            case m.DisplayAsk(lines) | m.PrintAsk(lines):
                self.show_here(" ".join(line.text for line in lines))
                return m.OutputTold(_SUCCESS)
        return m.InputTold(_SUCCESS, is_confirmed=True)

    def _status(self, ask: m.StatusAsk) -> m.StatusTold:
        entry = self.ledger.find(ask.category, ask.service_id)
        if entry is None or (entry.told is None and self.tells_late):
            return m.StatusTold(m.Outcome("Failure", "NotFound"))
        if entry.told is None:
            return m.StatusTold(m.Outcome("Failure", "InProgress"))
        told = entry.told if ask.wants_receipts else attrs.evolve(entry.told, slips=())
        return m.StatusTold(_SUCCESS, voice.reply_header(entry.header), told)

    def _end_running(self, ask: m.AbortAsk) -> None:
        running = self._running
        if running is not None and running.header.service_id == ask.service_id:
            self._abort.set()

    # ------------------------------------------------------------------------------ a transaction

    async def _transact(
        self, header: m.Header, ask: m.PaymentAsk | m.ReversalAsk, socket: WebSocket | None
    ) -> tuple[int, bytes] | None:
        if self._running is not None:
            return 200, self._sealed(header, play.failed(ask, "Busy", "another transaction runs"))
        if self.ledger.find(header.category, header.service_id) is not None:
            failed = play.failed(ask, "MessageFormat", "the ServiceID was used before")
            return 200, self._sealed(header, failed)
        if isinstance(ask, m.ReversalAsk) and not self.reversals:
            return 200, self._sealed(header, play.failed(ask, "NotAllowed", "not known here"))
        plan = self._plan(ask)
        if plan.lose == "request":
            return None
        if plan.is_rejected:
            return 200, self._sealed(header, m.RejectedTold("Reject", "not delivered"))
        entry = self._running = self.ledger.begin(header, ask)
        self._listener = socket
        ended = self._ends[entry.number] = trio.Event()
        self._abort = trio.Event()
        # The customer goes on whether or not the register is still there.
        self._nursery.start_soon(self._play, entry, plan, ended)
        await ended.wait()
        if plan.lose == "reply":
            return None
        assert entry.told is not None
        return plan.status, self._sealed(header, entry.told, plan)

    def _plan(self, ask: m.PaymentAsk | m.ReversalAsk) -> Plan:
        """What happens next; nobody needs a plan for what takes back a payment that never was."""
        if isinstance(ask, m.ReversalAsk) and self.ledger.named(ask.original) is None:
            return Plan()
        return self.plans.popleft() if self.plans else Plan("ask" if self.operator else "tap")

    async def _play(self, entry: Entry, plan: Plan, ended: trio.Event) -> None:
        self._play_scope = trio.CancelScope()
        with self._play_scope:
            self.show_here(WAIT, entry.asked_minor)
            self.shown_tip_minor = entry.ask.tip_minor if isinstance(entry.ask, m.PaymentAsk) else 0
            if plan.delay_s:
                await self._world.sleep(plan.delay_s)
            refusal = await self._customer(entry, plan) or self._decide(entry, plan)
            self._end(entry, plan, refusal)
            self.show_here(APPROVED if entry.is_booked else play.ended(entry), entry.shown_minor)
        if entry.told is None:
            entry.told = play.failed(entry.ask, "Aborted", "switched off", entry.poi)
        self._running = None
        ended.set()
        await self._show(entry, "TENDER_FINAL", "")

    async def _customer(self, entry: Entry, plan: Plan) -> Failed | None:
        """The card and the PIN; an error condition and why where it came to nothing."""
        if isinstance(entry.ask, m.ReversalAsk):
            return None
        if self.is_paper_out:
            return "DeviceOut", "no paper"
        try:
            refusal = await self._card(entry, entry.ask, plan)
        except _CalledOffError:
            refusal = None
        return ("Aborted", "by the register") if self._abort.is_set() else refusal

    async def _card(self, entry: Entry, ask: m.PaymentAsk, plan: Plan) -> Failed | None:
        await self._show(entry, "TENDER_CREATED", CARD)
        for message in plan.tells:
            await self.tell(message)
        if ask.entry:
            await self._show(entry, "PROVIDE_CARD_DETAILS", _TYPE_NUMBER)
        if plan.card == "none":
            with trio.move_on_after(PATIENCE_S):
                await self._abort.wait()
            return REFUSALS["nobody"]
        is_asked = plan.card == "ask"
        if is_asked and (refusal := await self._choice(ask, plan)):
            return refusal
        if plan.card == "insert":
            await self._show(entry, "CARD_INSERTED", "card inserted")
            await self._show(entry, "WAIT_FOR_PIN", PIN)
            if is_asked and (refusal := await self._pin(entry)):
                return refusal
            await self._show(entry, "PIN_ENTERED", WAIT)
        elif plan.card == "keyed":
            await self._show(entry, "CARD_DETAILS_PROVIDED", WAIT)
        else:
            await self._show(entry, "CARD_PRESENTED", WAIT)
        return None

    async def _choice(self, ask: m.PaymentAsk, plan: Plan) -> Failed | None:
        """A person decides what the customer does."""
        keys = {"type_number"} if ask.entry else {"insert", "tap"}
        keys |= {"tip"} if ask.tip_allowed else set()
        keys |= {"partial"} if ask.partial_allowed else set()
        asks = _TYPE_NUMBER if ask.entry else CARD
        choice = await self.choose(frozenset(keys), self._mind_the_register, asks=asks)
        plan.card = choice.card
        plan.tip_minor += choice.tip_minor
        if choice.is_partial:
            plan.partial_minor = -1
        if choice.loses_reply:
            plan.lose = "reply"
        return REFUSALS.get(choice.refusal)

    async def _pin(self, entry: Entry) -> Failed | None:
        async def wrong(text: str) -> None:
            await self._show(entry, "WAIT_FOR_PIN", text)

        return REFUSALS.get(await self.type_pin(self._mind_the_register, wrong))

    def _mind_the_register(self) -> None:
        if self._abort.is_set():
            raise _CalledOffError

    def _decide(self, entry: Entry, plan: Plan) -> Failed | None:
        """What the host says, or the terminal alone."""
        if plan.decline:
            return plan.decline, plan.reason
        ask = entry.ask
        if isinstance(ask, m.ReversalAsk):
            original = self.ledger.named(ask.original)
            if original is None:
                return "NotFound", "unknown transaction"
            if original.amount_minor - original.reversed_minor < ask.amount_minor:
                return "NotAllowed", "reversed already"
            if self.is_offline and not original.is_stored:
                return "UnreachableHost", "no connection"
            original.reversed_minor += ask.amount_minor
            entry.amount_minor = ask.amount_minor
            return None
        is_small = ask.amount_minor <= self.offline_max_minor and not ask.is_refund
        if self.is_offline and not (is_small and ask.offline_allowed):
            return "UnreachableHost", "no connection"
        entry.amount_minor = ask.amount_minor + ask.tip_minor
        if plan.partial_minor is not None and ask.partial_allowed:
            half_minor = max(1, ask.amount_minor // 2)
            entry.amount_minor = half_minor if plan.partial_minor < 0 else plan.partial_minor
        entry.amount_minor += plan.tip_minor
        return None

    def _end(self, entry: Entry, plan: Plan, refusal: Failed | None) -> None:
        ask = entry.ask
        if refusal is not None:
            slips = play.slips(entry) if plan.prints_declined else ()
            entry.told = attrs.evolve(play.failed(ask, *refusal, entry.poi), slips=slips)
            return
        entry.is_booked = True
        if isinstance(ask, m.ReversalAsk):
            amount = to_major(entry.amount_minor, ask.currency)
            entry.told = m.ReversalTold(_SUCCESS, entry.poi, amount)
            return
        tip_minor = ask.tip_minor + plan.tip_minor
        is_whole = entry.amount_minor - tip_minor == ask.amount_minor
        entry.is_stored = entry.is_offline = self.is_offline
        entry.host_refusal = plan.host_refusal
        if entry.is_offline and self.refuses_next:
            entry.host_refusal, self.refuses_next = REFUSALS["declined"][1], False
        entry.told = m.PaymentTold(
            _SUCCESS if is_whole else _PARTIAL,
            ask.transaction_id,
            entry.poi,
            entry.amount_minor,
            tip_minor,
            ask.currency,
            not self.is_offline,
            play.card(plan, ask),
            "123456",
            entry.poi.transaction_id.partition(".")[2],
            play.slips(entry) if plan.prints else (),
            play.SHOP,
        )

    # ------------------------------------------------------------------------------------- notices

    async def _show(self, entry: Entry, name: str, text: str) -> None:
        self.shown = text or self.shown
        nobody = self.notices is None and self._listener is None
        if nobody or isinstance(entry.ask, m.ReversalAsk):
            return
        plain = voice.display(entry.header, name, entry.poi, text)
        head = m.Header("Display", "", entry.header.sale_id, self.poi_id, "Request", "Device", "1")
        nonce = self._world.random_bytes(NONCE_BYTES)
        await self.tell(envelope.close(head, plain, self.key, nonce, "SaleToPOIRequest"))

    async def tell(self, body: bytes) -> None:
        """Tell a notice, on the WebSocket of what runs, or by a POST: the statuses of its answers
        are in `notice_answers`."""
        if self._listener is not None:
            with contextlib.suppress(Gone):
                await self._listener.send(body)
            return
        assert self.notices is not None
        host, port = self.notices
        posted = question(host, "/", body)
        try:
            with trio.move_on_after(1):
                async with await trio.open_tcp_stream(host, port) as stream:
                    await stream.send_all(posted.data)
                    answer = None
                    while answer is None:
                        answer = posted.heard(bytes(await stream.receive_some(READ_BYTES_MAX)))
                    self.notice_answers.append(answer.status)
        except (OSError, trio.BrokenResourceError, HttpError):
            self.notice_answers.append(0)

    # ---------------------------------------------------------------------------------- the page

    def _row(self, entry: Entry) -> Row:
        ended, amount_text = play.ended(entry), amount(entry.shown_minor)
        return Row(entry.kind.value, amount_text, entry.number, ended, entry.is_booked)
