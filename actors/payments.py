"""Card payments on their way: terminals are asked once, and asked again only what became of it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import attrs
import structlog
import trio

from actors.actor import Asked, DoorPost
from actors.aside_payments import AsidePayments, is_news
from actors.asks import Committed, ReadPayments, Reply, Submit
from actors.errors import AbsentError, BusyError, PostError
from actors.limits import (
    ABORT_TIMEOUT_S,
    ASK_TIMEOUT_S,
    INQUIRE_FIRST_S,
    INQUIRE_MAX_S,
    INQUIRE_OFTEN_NS,
    INQUIRE_OFTEN_S,
    INQUIRE_TIMEOUT_S,
    LOOK_AGAIN_S,
    PAYMENT_TIMEOUT_S,
)
from actors.mailbox import Envelope, Mailbox
from actors.messages import Accepted, Failure
from actors.stored_payments import StoredPayments
from actors.terminal_days import TerminalDays
from actors.terminal_messages import (
    Abort,
    Heard,
    Inquire,
    Keep,
    KeepUpload,
    Over,
    Progress,
    Request,
)
from actors.world import World
from engine.decision import EVENTS
from engine.payment.events import (
    PaymentCancelAsked,
    PaymentHeard,
    PaymentKept,
    PaymentRequested,
    PaymentSetAside,
    Standing,
)
from engine.payment.state import OPEN, Payment
from engine.payment.terminal_day import TerminalDayAsked, TerminalDayHeard
from engine.record import Record
from engine.terminal import BEGUN, Answer, Kind, Transaction, Verdict
from engine.upcast import event_of
from engine.wire import unstructure

log = structlog.get_logger()
Mark = Callable[[str], None]
_REQUESTED = EVENTS.name_of(PaymentRequested)
_KEPT = EVENTS.name_of(PaymentKept)
_HEARD = EVENTS.name_of(PaymentHeard)
_CALLS_FOR_A_LOOK = frozenset(
    (EVENTS.name_of(PaymentCancelAsked), EVENTS.name_of(TerminalDayAsked))
)
_ASIDE = EVENTS.name_of(PaymentSetAside)
_IS_FREE_AGAIN = frozenset((_HEARD, EVENTS.name_of(TerminalDayHeard)))
_CONCERNS = _CALLS_FOR_A_LOOK | _IS_FREE_AGAIN | {_ASIDE}
OVER_MAX = 256


def begins(news: Committed) -> bool:
    """Whether a customer stands at a terminal that was not asked yet: that goes before all else."""
    return any(record.name == _REQUESTED for record in news.records)


def follows(news: Committed) -> bool:
    """Whether anything else concerns a terminal: one is asked to end something, or has told what
    became of it."""
    return not begins(news) and any(record.name in _CONCERNS for record in news.records)


class PaymentsActor:
    """*Owns* which payments are being talked about with their terminals, which ends of day, which
    payments nobody waits for, and which were taken offline. *Receives* `Committed` from the
    bookkeeper, `Keep`, `KeepUpload`, `Over` and `Progress` from terminals. *Sends* `Request`,
    `Inquire`, `Abort`, `Settle` and `Forward` to terminals, `payment.keep`, `payment.hear`,
    `payment.take_back`, `payment.upload` and `terminal.hear_day` to the bookkeeper. *If it
    dies* what was open becomes unknown and is asked about; nothing is ever asked for twice.
    """

    address = "payments"

    def __init__(self, mark: Mark) -> None:
        self._mark = mark
        self._met = False
        self._talks: dict[str, Payment] = {}
        self._over: OrderedDict[str, None] = OrderedDict()
        self._aborted: set[str] = set()
        self._wake = trio.Event()
        self._stored = StoredPayments(self.address)
        self._days = TerminalDays(self._stored)
        self._aside = AsidePayments(self._hear)

    async def run(self, mailbox: Mailbox, post: Any, world: World) -> None:
        """Begin with what was asked for as soon as it is committed, and look at what is open."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._watch, nursery, post, world)
            async for envelope in mailbox:
                match envelope.body:
                    case Committed() as news:
                        self._take(news, nursery, post, world)
                    case Keep():
                        await self._keep(envelope, envelope.body, post, world)
                    case KeepUpload():
                        nursery.start_soon(self._stored.keep, envelope, envelope.body, post, world)
                    case Over():
                        self._look_anew()
                    case Progress():
                        self._show(envelope.body, post)
                    case _:
                        log.warning("message_not_understood", kind=type(envelope.body).__name__)

    def _take(self, news: Committed, nursery: trio.Nursery, post: Any, world: World) -> None:
        if not self._met:
            self._wake.set()
        begun = dict(map(_kept, (one for one in news.records if one.name == _KEPT)))
        for record in news.records:
            # What is asked for is in the fact itself: its terminal need not wait for a look.
            if record.name == _REQUESTED and self._met:
                event = event_of(record)
                assert isinstance(event, PaymentRequested)
                asked, now_ns = event.asked, record.stamp.now_ns
                begun_as = begun.get(asked.payment_id)
                payment = Payment(asked, now_ns, answer=begun_as, remembered=event.remembered)
                self._begin(payment, nursery, post, world)
            if record.name == _ASIDE or (self._aside.is_any and record.name in _IS_FREE_AGAIN):
                self._look_anew()
            approved = _approval(record)
            if approved is not None and not approved.is_offline:
                self._stored.host_is_back()
            elif approved is not None or record.name in _CALLS_FOR_A_LOOK:
                self._wake.set()

    def _look_anew(self) -> None:
        """A terminal may be free for what nobody waits for."""
        self._aside.ask_anew()
        self._wake.set()

    def _begin(self, payment: Payment, nursery: trio.Nursery, post: Any, world: World) -> None:
        """Talk about a payment, unless that is done already or was."""
        payment_id = payment.asked.payment_id
        if payment_id in self._talks or payment_id in self._over:
            return
        self._talks[payment_id] = payment
        if self._met:
            # The request leaves here and now; a task would do it a turn later.
            nursery.start_soon(self._talk, payment, _ask_terminal(payment, post), post, world)
        else:
            # What was open when this actor began may have been asked for already.
            nursery.start_soon(self._recover, payment, post, world)

    async def _watch(self, nursery: trio.Nursery, post: Any, world: World) -> None:
        while True:
            self._wake = trio.Event()
            try:
                found = await post.ask("bookkeeper", ReadPayments(), timeout_s=ASK_TIMEOUT_S)
                for payment in found:
                    self._begin(payment, nursery, post, world)
                    payment_id = payment.asked.payment_id
                    if payment.is_cancel_asked and payment_id not in self._aborted:
                        self._aborted.add(payment_id)
                        nursery.start_soon(self._abort, payment, post, world)
                self._aborted &= {payment.asked.payment_id for payment in found}
                await self._days.look(nursery, post, world, met=self._met)
                await self._stored.look(nursery, post, world)
                await self._aside.look(nursery, post, world)
            except PostError:
                await world.sleep(INQUIRE_FIRST_S)
                continue
            self._met = True
            # Now and then without news as well: some may be lost where a mailbox is full.
            with trio.move_on_after(LOOK_AGAIN_S):
                await self._wake.wait()

    # ------------------------------------------------------------------------------ conversations

    async def _talk(
        self, payment: Payment, asked: Asked | PostError, post: Any, world: World
    ) -> None:
        """Wait for the terminal, which was asked once; where its answer is a doubt, find out."""
        try:
            if isinstance(asked, PostError):
                raise asked
            heard: Heard = await asked.wait()
            answer = heard.answer
        except PostError as error:
            log.info("terminal_not_heard", terminal=payment.asked.terminal, reason=error.detail)
            if isinstance(error, AbsentError | BusyError):
                answer = _blank(payment, Verdict.ABORTED, "not_sent")
            else:
                answer = _blank(payment, Verdict.UNKNOWN, "no_answer")
        if not await self._hear(payment, answer, post, world):
            await self._resolve(payment, post, world)
        self._end(payment.asked.payment_id)

    async def _recover(self, payment: Payment, post: Any, world: World) -> None:
        """The store or this actor began anew: nobody knows whether the terminal heard of it."""
        if payment.standing is Standing.REQUESTED:
            doubt = _blank(payment, Verdict.UNKNOWN, "restarted")
            await self._hear(payment, doubt, post, world)
        await self._resolve(payment, post, world)
        self._end(payment.asked.payment_id)

    def _end(self, payment_id: str) -> None:
        """Nothing more is to be done about it, whoever still tells that it is open."""
        self._talks.pop(payment_id, None)
        self._over[payment_id] = None
        if len(self._over) > OVER_MAX:
            self._over.popitem(last=False)

    async def _resolve(self, payment: Payment, post: Any, world: World) -> None:
        """Inquire until the store knows, never asking for money again: often while a customer may
        be waiting, now and then after that."""
        asked, began_ns, pause_s = payment.asked, world.monotonic_ns(), INQUIRE_FIRST_S
        while True:
            await world.sleep(pause_s)
            # Looked at after the pause and not before: one that was set aside or settled meanwhile
            # keeps its terminal from nobody.
            known = await self._still_open(asked.payment_id, post, world)
            if known is None:
                return
            is_soon = world.monotonic_ns() - began_ns < INQUIRE_OFTEN_NS
            pause_s = min(2 * pause_s, INQUIRE_OFTEN_S if is_soon else INQUIRE_MAX_S)
            assert known.answer is not None, "what is unknown was heard of"
            doubt = attrs.evolve(known.answer, verdict=Verdict.UNKNOWN)
            inquire = Inquire(
                asked.payment_id, doubt, known.remembered, is_cancel_asked=known.is_cancel_asked
            )
            try:
                heard: Heard = await post.ask(asked.terminal, inquire, timeout_s=INQUIRE_TIMEOUT_S)
            except PostError as error:
                log.info("inquiry_waits", payment=asked.payment_id, reason=error.kind)
                continue
            if is_news(known, heard.answer):
                await self._hear(payment, heard.answer, post, world, is_inquiry=True)

    async def _still_open(self, payment_id: str, post: Any, world: World) -> Payment | None:
        """An open payment as the store knows it; None where it is settled."""
        while True:
            try:
                found = await post.ask("bookkeeper", ReadPayments(), timeout_s=ASK_TIMEOUT_S)
            except PostError:
                await world.sleep(INQUIRE_FIRST_S)
                continue
            return next((e for e in found if e.asked.payment_id == payment_id), None)

    async def _abort(self, payment: Payment, post: Any, world: World) -> None:
        terminal, payment_id = payment.asked.terminal, payment.asked.payment_id
        try:
            answer = await post.ask(terminal, Abort(payment_id), timeout_s=ABORT_TIMEOUT_S)
        except PostError as error:
            log.warning("abort_not_heard", terminal=terminal, reason=error.kind)
            await world.sleep(INQUIRE_FIRST_S)
            self._aborted.discard(payment_id)
            self._wake.set()
            return
        if isinstance(answer, Failure):
            log.info("abort_came_too_late", terminal=terminal)

    # ---------------------------------------------------------------------------------- the books

    async def _hear(
        self,
        payment: Payment,
        answer: Answer,
        post: Any,
        world: World,
        *,
        is_inquiry: bool = False,
    ) -> bool:
        """Have it journaled, repeated with one id until the store has it; whether that settles
        it."""
        asked = payment.asked
        data = {
            "payment_id": asked.payment_id,
            "answer": unstructure(answer),
            "is_inquiry": is_inquiry,
        }
        submit = Submit(world.new_id(), asked.register, "payment.hear", data, admin=True)
        while True:
            try:
                reply: Reply = await post.ask("bookkeeper", submit, timeout_s=ASK_TIMEOUT_S)
            except PostError:
                await world.sleep(INQUIRE_FIRST_S)
                continue
            if not reply.ok:
                log.warning("payment_not_heard", payment=asked.payment_id, fault=reply.fault)
                return False
            return Standing(reply.data["standing"]) not in OPEN

    async def _keep(self, envelope: Envelope, body: Keep, post: Any, world: World) -> None:
        """A terminal waits with its acknowledgement until this is durable."""
        payment = self._talks.get(body.request_id)
        if payment is None:
            envelope.answer(Failure("payment_must_be_open"))
            return
        data = {"payment_id": body.request_id, "answer": unstructure(body.answer)}
        register = payment.asked.register
        submit = Submit(world.new_id(), register, "payment.keep", data, admin=True)
        await post.pass_on(envelope, "bookkeeper", submit, _said)

    def _show(self, progress: Progress, post: Any) -> None:
        payment = self._talks.get(progress.request_id)
        if payment is not None:
            post.tell_nowait("bookkeeper", progress)
            self._mark(payment.asked.register)


def _ask_terminal(payment: Payment, post: DoorPost) -> Asked | PostError:
    """Ask the terminal, once; or why it was not asked."""
    asked = payment.asked
    try:
        transaction = Transaction(
            asked.kind,
            asked.amount_minor,
            asked.currency_code,
            asked.original,
            tip_allowed=asked.tip_allowed,
            partial_allowed=asked.kind is Kind.SALE,
            offline_allowed=asked.alone_minor_max > 0,
            tip_minor=asked.tip_on_top_minor,
            entry=asked.entry,
            authorisation=asked.authorisation,
        )
    except ValueError as error:
        # No terminal can be asked for such a thing: it hears nothing, and no other payment waits.
        return AbsentError(asked.terminal, str(error))
    begun = payment.answer
    before = begun.before if begun is not None and begun.code == BEGUN else None
    keeper, remembered = PaymentsActor.address, payment.remembered
    request = Request(asked.payment_id, transaction, keeper, before, remembered)
    try:
        return post.ask_nowait(asked.terminal, request, timeout_s=PAYMENT_TIMEOUT_S)
    except PostError as error:
        return error


def _said(reply: Reply) -> Accepted | Failure:
    """What a terminal is told of what it wants kept."""
    if reply.ok:
        return Accepted()
    return Failure(reply.fault if reply.refusal is None else reply.refusal["code"])


def _kept(record: Record) -> tuple[str, Answer]:
    """A payment's id, and what was written down of it."""
    event = event_of(record)
    assert isinstance(event, PaymentKept)
    return event.payment_id, event.answer


def _approval(record: Record) -> Answer | None:
    """What a terminal told that approved something."""
    if record.name != _HEARD:
        return None
    event = event_of(record)
    assert isinstance(event, PaymentHeard)
    return event.answer if event.answer.verdict.is_approved else None


def _blank(payment: Payment, verdict: Verdict, code: str) -> Answer:
    """What is known where the terminal told nothing."""
    asked = payment.asked
    return Answer(
        verdict,
        asked.kind,
        asked.amount_minor,
        code,
        currency_code=asked.currency_code,
        partial_allowed=asked.kind is Kind.SALE,
        asked_tip_minor=asked.tip_on_top_minor,
    )
