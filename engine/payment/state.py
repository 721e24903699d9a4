"""Card payments as their events left them: those still open, and those a person must look at."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import assert_never

from attrs import define, field, frozen

from engine.altered import altered
from engine.limits import SETTLED_IDENTITIES_MAX
from engine.order.state import Order
from engine.payment.events import (
    Asked,
    ExceptionClosed,
    OfflinePolicy,
    OfflinePolicySet,
    OfflineUploaded,
    PaymentCancelAsked,
    PaymentEvent,
    PaymentHeard,
    PaymentKept,
    PaymentNotFound,
    PaymentRequested,
    PaymentSetAside,
    Problem,
    Standing,
)
from engine.payment.terminal_day import (
    TerminalDay,
    TerminalDayAsked,
    TerminalDayEvent,
    with_payment,
    without_payment,
)
from engine.payment.terminal_day import evolve as evolve_day
from engine.terminal import STORABLE, UNDOING, Answer, Identity, Kind, Verdict

NO_PART = -1
RECEIPT_MAX = 9_999
"""Of ZVT; what is more is a name that was made for one message, and counts nothing."""
OPEN = (Standing.REQUESTED, Standing.UNKNOWN)
_PLAIN = (Kind.SALE, Kind.REFUND)
_MAY_END = (Verdict.APPROVED, Verdict.UNKNOWN)
_UNWANTED = (Problem.LATE, Problem.DIFFERS, Problem.OFFLINE, Problem.OTHER_CARD)
MOVED = (Standing.APPROVED, Standing.PARTIALLY_APPROVED, Standing.OFFLINE_APPROVED)


def tip_in(asked: Asked, answer: Answer) -> int:
    """What of an approved amount is a tip, whoever asked for it. Where a capture brings less than
    it was asked for, the goods are paid first."""
    taken = answer.amount_minor - answer.tip_minor
    goods = asked.amount_minor - asked.tip_minor
    return answer.tip_minor + min(asked.tip_minor, max(0, taken - goods))


@frozen
class Payment:
    """One payment. `answer` is what is known of it, None before the terminal told anything.

    `requested_ns` is by the clock of stamps. `not_found` counts the inquiries in a row in which an
    idle terminal did not know it. `kept_minor` is what its terminal approved alone and was let
    store, tip included, and `kept_brand` the card's; what is heard later may know less.
    `day_part` is the part of its terminal's day that it was asked for in; `is_day_over` once its
    terminal ended that day before it was known what became of it. `remembered` is a payment
    that its terminal told of before this one was asked for, by a name of its own: where it forgot
    that one, not to know this one says nothing. `back_waits` until its terminal, which was at
    something else, is asked to take it back.
    """

    asked: Asked
    requested_ns: int
    standing: Standing = Standing.REQUESTED
    answer: Answer | None = None
    problem: Problem = Problem.NONE
    not_found: int = 0
    is_cancel_asked: bool = False
    reason: str = ""
    kept_minor: int = 0
    kept_brand: str = ""
    is_day_over: bool = False
    remembered: Identity | None = None
    back_waits: bool = False
    day_part: int = NO_PART

    @property
    def is_open(self) -> bool:
        """Whether nobody knows yet what became of it."""
        return self.standing in OPEN

    @property
    def is_approved(self) -> bool:
        """Whether money moved."""
        return self.standing in MOVED

    @property
    def is_unwanted(self) -> bool:
        """Whether it is for nothing but to be taken back."""
        return self.is_approved and self.problem in _UNWANTED

    @property
    def moved_nothing(self) -> bool:
        """Whether it is over, and no money moved."""
        return not self.is_open and not self.is_approved

    @property
    def is_done(self) -> bool:
        """Whether it is what it was asked to be, though a person must look at it: its order has
        it."""
        return self.problem is Problem.NOT_ITS_CARD

    def age_ns(self, now_ns: int) -> int:
        """How long ago it was asked for, by the clock of stamps. One that was asked for while that
        was ahead is as old as it was ahead: nobody knows how old it is, so it is not called new."""
        return abs(now_ns - self.requested_ns)

    @property
    def amount_minor(self) -> int:
        """What was approved, without the tip; what was asked for while nobody knows."""
        if self.answer is None or not self.is_approved:
            return self.asked.amount_minor
        return self.answer.amount_minor - tip_in(self.asked, self.answer)


@define
class Payments:
    """All that is not settled.

    `latest` is the last payment of each register, for its screen; what takes back an older one by
    the way is not. `offline` are those taken offline that nobody knows to be paid, `exceptions`
    those a person must look at; both by id. `days` is what each terminal took since its last end of
    day, by its address. `remembered` is the newest payment or refund of each terminal that told it
    by a name of its own, whatever became of it.
    `settled` are the transactions of each terminal that settled a payment, the newest last: none of
    them can be what became of another.
    `overnight` are the tenders of each open order, by the ids of their payments, that a terminal
    knows by a number of a day that is over, or may be.
    `lasts` is the last transaction of each terminal as it told it, where that is certain: as long
    as nothing else was asked of it, and in the life of the process that heard it. No part of state.
    """

    open: dict[str, Payment] = field(factory=dict)
    exceptions: dict[str, Payment] = field(factory=dict)
    offline: dict[str, Payment] = field(factory=dict)
    latest: dict[str, Payment] = field(factory=dict)
    policy: OfflinePolicy = field(factory=OfflinePolicy)
    days: dict[str, TerminalDay] = field(factory=dict)
    remembered: dict[str, Identity] = field(factory=dict)
    settled: dict[str, tuple[Identity, ...]] = field(factory=dict)
    overnight: dict[str, tuple[str, ...]] = field(factory=dict)
    lasts: dict[str, Identity] = field(factory=dict, eq=False)

    def at_terminal(self, terminal: str) -> Payment | None:
        """The one open payment of a terminal."""
        return next((e for e in self.open.values() if e.asked.terminal == terminal), None)

    def of_order(self, order_id: str) -> Payment | None:
        """An open payment of an order, the first of them."""
        return next((e for e in self.open.values() if e.asked.order_id == order_id), None)

    def runs_for(self, order_id: str) -> bool:
        """Whether a terminal is working on an order now: what came of it is awaited. While nobody
        knows of one payment, another terminal may be taking back what the order paid before."""
        return any(
            entry.asked.order_id == order_id and entry.standing is Standing.REQUESTED
            for entry in self.open.values()
        )

    def asked_back(self) -> frozenset[str]:
        """What terminals were told to take back or to let go, and nobody knows that they did: in
        doubt, or on the list of exceptions."""
        tries = (*self.open.values(), *self.exceptions.values())
        return frozenset(
            one.asked.of_payment
            for one in tries
            if one.asked.kind in UNDOING and one.standing is not Standing.REQUESTED
        )

    def out_of_reach(self) -> frozenset[str]:
        """What nobody at a till can hand back: what terminals were asked back, and tenders of days
        of theirs that are over."""
        return self.asked_back().union(*self.overnight.values())

    def known(self, payment_id: str) -> Payment | None:
        """A payment that is not settled, by its id."""
        return self.open.get(payment_id) or self.exceptions.get(payment_id)

    def aside(self) -> tuple[Payment, ...]:
        """Those nobody waits for of which the store has still something to ask a terminal: what
        became of them, or to take them back. Oldest first."""
        exceptions = self.exceptions.values()
        return tuple(one for one in exceptions if one.is_open or self.is_going_back(one))

    def is_going_back(self, payment: Payment) -> bool:
        """Whether its terminal is still to be asked to take it back. Of what the bank refused in
        the meantime there is nothing to take."""
        return payment.back_waits and payment.is_unwanted and not self.is_past(payment)

    def is_past(self, payment: Payment) -> bool:
        """Whether its terminal knows it by a number alone and ended that day, or nobody knows
        whether it did: it takes back nothing of a day that is over, and by then the number may be
        another payment's. Reservations outlast days."""
        asked, day = payment.asked, self.days.get(payment.asked.terminal)
        may_be_over = day is not None and payment.day_part < len(day.parts) - 1
        if asked.kind in (Kind.RESERVATION, Kind.RELEASE):
            return False
        if not (payment.is_day_over or may_be_over):
            return False
        told = None if payment.answer is None else payment.answer.identity
        named = asked.original if asked.kind in UNDOING else told
        return named is None or not named.reference

    def was_refused(self, payment_id: str) -> bool:
        """Whether its bank refused afterwards what was taken offline, which is on the list."""
        payment = self.exceptions.get(payment_id)
        return payment is not None and payment.problem is Problem.UPLOAD_DECLINED

    def is_moot(self, payment: Payment) -> bool:
        """Whether it was to take back what is on the list itself, and moved nothing. What should
        not have been taken stands for it there; so does what the bank refused, of which there is
        nothing to take back."""
        undone = self.exceptions.get(payment.asked.of_payment)
        is_try = payment.asked.kind in UNDOING and payment.moved_nothing
        is_listed = undone is not None and (
            undone.is_unwanted or undone.problem is Problem.UPLOAD_DECLINED
        )
        return is_try and is_listed

    def moot_tries(self, payment_id: str) -> tuple[Payment, ...]:
        """The tries that a payment on the list stands for, oldest first."""
        tries = (one for one in self.exceptions.values() if one.asked.of_payment == payment_id)
        return tuple(sorted(filter(self.is_moot, tries), key=lambda one: one.requested_ns))

    def is_free(self, terminal: str, *, but_for: str = "") -> bool:
        """Whether a terminal is asked for nothing now, the payment `but_for` aside."""
        other, day = self.at_terminal(terminal), self.days.get(terminal)
        is_ending = day is not None and day.asked is not None
        return not is_ending and (other is None or other.asked.payment_id == but_for)

    def is_taken(self, asked: Asked, told: Identity) -> bool:
        """Whether a transaction that a terminal names settled another payment than this one. What
        refers to an earlier transaction may be told by the number of that one."""
        if asked.original is not None and asked.original.is_same(told):
            return False
        return any(one.is_same(told) for one in self.settled.get(asked.terminal, ()))

    def uncertain(self) -> Iterable[Payment]:
        """What may turn out to be taken offline: stored, or allowed to be while a terminal acts."""
        yield from self.offline.values()
        for payment in (*self.open.values(), *self.exceptions.values()):
            # Set aside, it is as unknown as before.
            allowed = payment.is_open and payment.asked.offline_allowed
            if allowed and payment.asked.payment_id not in self.offline:
                yield payment


def is_counted(asked: Asked, orders: Container[str]) -> bool:
    """Whether a sale, no longer among the open `orders`, was completed with the tender that this
    takes back. What was wrong by itself was never one."""
    return asked.tender > 0 and asked.order_id not in orders


def evolve(payments: Payments, event: PaymentEvent, *, now_ns: int) -> None:
    """Change `payments` to what they are after `event`."""
    match event:
        case PaymentRequested(asked):
            payments.lasts.pop(asked.terminal, None)
            known = payments.remembered.get(asked.terminal)
            day = payments.days.get(asked.terminal, TerminalDay(asked.terminal))
            part = len(day.parts) - 1
            payment = Payment(asked, now_ns, remembered=known, day_part=part)
            _keep(payments, payment)
            if not _is_of_another(payments, asked):
                payments.latest[asked.register] = payment
            undone = payments.exceptions.get(asked.of_payment)
            if undone is not None and undone.back_waits and asked.kind in UNDOING:
                payments.exceptions[asked.of_payment] = altered(undone, back_waits=False)
        case PaymentKept(payment_id, answer):
            payment = altered(_place(payments, payment_id)[payment_id], answer=answer)
            if answer.is_offline:
                payment = altered(
                    payment, kept_minor=answer.amount_minor, kept_brand=answer.card.brand
                )
            _keep(payments, payment)
        case PaymentCancelAsked(payment_id):
            payment = _place(payments, payment_id)[payment_id]
            _keep(payments, altered(payment, is_cancel_asked=True))
        case PaymentNotFound(payment_id, times):
            _keep(payments, altered(_place(payments, payment_id)[payment_id], not_found=times))
        case PaymentHeard():
            _hear(payments, event)
        case PaymentSetAside(payment_id, _, reason):
            payment = _place(payments, payment_id).pop(payment_id)
            payments.lasts.pop(payment.asked.terminal, None)
            payment = altered(payment, problem=Problem.UNRESOLVED, reason=reason)
            payments.exceptions[payment_id] = payment
            _show(payments, payment)
        case ExceptionClosed(payment_id):
            _close(payments, payment_id)
        case OfflineUploaded():
            _present(payments, event)
        case OfflinePolicySet(policy):
            payments.policy = policy
        case _:
            assert_never(event)


def _close(payments: Payments, payment_id: str) -> None:
    """A person knows now. They read the newest of several tries to take one payment back, which
    stands for those before it that moved nothing: these are off the list with it."""
    closed = payments.exceptions.pop(payment_id, None)
    if closed is None:
        # Nobody told what became of it, and now a person knows: it is at risk no more.
        payments.offline.pop(payment_id, None)
        return
    for known_id, known in list(payments.exceptions.items()):
        is_older = known.requested_ns <= closed.requested_ns
        if is_older and known.moved_nothing and _is_same_try(known.asked, closed.asked):
            del payments.exceptions[known_id]


def _is_same_try(one: Asked, other: Asked) -> bool:
    """Whether both were to take back the same payment."""
    are_tries = one.kind in UNDOING and other.kind in UNDOING
    return are_tries and one.of_payment != "" and one.of_payment == other.of_payment


def _present(payments: Payments, event: OfflineUploaded) -> None:
    """It is at risk no more; declined, somebody must see to it."""
    payment = payments.offline.pop(event.payment_id, None)
    if payment is None or event.is_paid:
        # Older journals tell it of what went back, too, which was never at risk.
        return
    answer, terminal = payment.answer, payment.asked.terminal
    if answer is not None and not payment.is_day_over:
        day = payments.days.get(terminal, TerminalDay(terminal))
        payments.days[terminal] = without_payment(day, payment.asked, answer, payment.day_part)
    if answer is not None and event.code:
        answer = altered(answer, code=event.code, detail=event.detail)
    payments.exceptions[event.payment_id] = altered(
        payment, problem=Problem.UPLOAD_DECLINED, answer=answer
    )


def evolve_days(payments: Payments, event: TerminalDayEvent) -> None:
    """Change the day of a terminal to what it is after `event`."""
    day = payments.days.get(event.terminal, TerminalDay(event.terminal))
    payments.days[event.terminal] = evolve_day(day, event)
    if isinstance(event, TerminalDayAsked) or event.verdict not in _MAY_END:
        return
    newest = len(payments.days[event.terminal].parts) - 1
    for place in (payments.open, payments.exceptions, payments.offline):
        for payment_id, payment in place.items():
            if payment.asked.terminal != event.terminal:
                continue
            if event.verdict is Verdict.APPROVED:
                place[payment_id] = altered(payment, is_day_over=True)
            elif payment_id == event.day_id:
                # It was made after the end that its number shows.
                place[payment_id] = altered(payment, day_part=newest)
            elif payment.day_part >= newest:
                place[payment_id] = altered(payment, day_part=newest - 1)


def note_overnight(payments: Payments, event: TerminalDayEvent, orders: Iterable[Order]) -> None:
    """Where a terminal ended its day, or nobody knows whether it did: it knows the tenders that
    `orders`, which are open, have of it by numbers of a day that is over."""
    if isinstance(event, TerminalDayAsked) or event.verdict not in _MAY_END:
        return
    for order in orders:
        cards = [tender.card for tender in order.tenders if tender.card is not None]
        known = payments.overnight.get(order.id, ())
        found = tuple(
            card.payment_id
            for card in cards
            if card.terminal == event.terminal
            and not card.identity.reference
            and card.payment_id not in known
        )
        if found:
            payments.overnight[order.id] = (*known, *found)


def ending(payments: Payments) -> tuple[TerminalDayAsked, ...]:
    """The ends of day that terminals are asked for now."""
    return tuple(day.asked for day in payments.days.values() if day.asked is not None)


def _place(payments: Payments, payment_id: str) -> dict[str, Payment]:
    """Where a payment is: what is set aside stays aside, whatever is told of it. Journals of before
    have what was told of such as if it had been open again."""
    return payments.exceptions if payment_id in payments.exceptions else payments.open


def _keep(payments: Payments, payment: Payment) -> None:
    payment_id = payment.asked.payment_id
    _place(payments, payment_id)[payment_id] = payment
    _show(payments, payment)


def _show(payments: Payments, payment: Payment) -> None:
    """A register that shows it shows what became of it."""
    register = payment.asked.register
    shown = payments.latest.get(register)
    if shown is not None and shown.asked.payment_id == payment.asked.payment_id:
        payments.latest[register] = payment


def _is_of_another(payments: Payments, asked: Asked) -> bool:
    """Whether it takes back an exception that the register no longer shows: the customer who stands
    there waits for the payment that it does show."""
    if asked.kind not in UNDOING or asked.of_payment not in payments.exceptions:
        return False
    shown = payments.latest.get(asked.register)
    return shown is not None and asked.of_payment not in (
        shown.asked.payment_id,
        shown.asked.of_payment,
    )


def _note_last(payments: Payments, payment: Payment, event: PaymentHeard) -> None:
    """Whether it is certain which transaction was the terminal's last: told without a doubt, with
    nothing else on its way. One with a name of its own is asked for by that name, and one that is
    known by the name of its message alone as well: such a terminal counts nothing."""
    terminal, told = payment.asked.terminal, event.answer.identity
    payments.lasts.pop(terminal, None)
    is_alone = payment.problem is Problem.NONE and payments.at_terminal(terminal) is None
    is_certain = event.standing not in (*OPEN, Standing.ABANDONED)
    is_counted = told.trace is not None or (told.receipt or 0) <= RECEIPT_MAX
    if is_alone and is_certain and told.is_told and is_counted and not told.reference:
        payments.lasts[terminal] = told


def _note_remembered(payments: Payments, payment: Payment, event: PaymentHeard) -> None:
    """A terminal that names its transactions remembers each, declined ones too, and can be asked
    for it again. One set aside is older than what came after it."""
    told, is_told = event.answer.identity, event.standing not in (*OPEN, Standing.ABANDONED)
    is_newest = payment.asked.payment_id not in payments.exceptions
    is_named = told.is_told and bool(told.reference)
    if is_told and is_newest and is_named and payment.asked.kind in _PLAIN:
        payments.remembered[payment.asked.terminal] = told


def _note_settled(payments: Payments, asked: Asked, event: PaymentHeard) -> None:
    """That transaction of the terminal is this payment's, and no other's."""
    told, is_told = event.answer.identity, event.standing not in (*OPEN, Standing.ABANDONED)
    is_original = asked.original is not None and asked.original.is_same(told)
    if is_told and told.is_told and not is_original:
        known = payments.settled.get(asked.terminal, ())
        payments.settled[asked.terminal] = (*known, told)[-SETTLED_IDENTITIES_MAX:]


def _hear(payments: Payments, event: PaymentHeard) -> None:
    payment_id = event.payment_id
    place = _place(payments, payment_id)
    _note_remembered(payments, place[payment_id], event)
    before = place.pop(payment_id)
    _note_settled(payments, before.asked, event)
    _note_last(payments, before, event)
    payment = altered(
        before,
        standing=event.standing,
        answer=event.answer,
        problem=event.problem,
        not_found=0,
        back_waits=event.back_waits,
    )
    if payment.is_approved and not payment.is_day_over:
        terminal = payment.asked.terminal
        day = payments.days.get(terminal, TerminalDay(terminal))
        payments.days[terminal] = with_payment(day, payment.asked, event.answer, payment.day_part)
    if payment.is_open:
        # Set aside, it stays before a person whatever is heard of it.
        place[payment_id] = payment
    elif event.problem is not Problem.NONE:
        payments.exceptions[payment_id] = payment
    if payment.standing is Standing.OFFLINE_APPROVED and payment.asked.kind in STORABLE:
        payments.offline[payment_id] = payment
    if event.back_waits and payment.asked.kind in UNDOING:
        undone = payment.asked.of_payment
        payments.exceptions[undone] = altered(payments.exceptions[undone], back_waits=True)
    is_whole = payment.is_approved and event.problem in (Problem.NONE, Problem.UNPAID)
    if is_whole and payment.asked.kind in UNDOING:
        undone = payment.asked.of_payment
        payments.offline.pop(undone, None)
        # Earlier tries to take it back are settled with it.
        for known_id, known in list(payments.exceptions.items()):
            tried = known.asked.kind in UNDOING and known.asked.of_payment == undone
            if known_id == undone or (tried and known_id != payment_id):
                del payments.exceptions[known_id]
    _show(payments, payment)
