"""Receipt numbers that begin anew: the sign that a terminal's day was ended at the terminal itself.

Nobody tells the store of such an end. The next payment does, by a number below the last one, or by
what was the terminal's last before it: that has the number of the store's last, on another day.
After the highest number comes the lowest, too; that is taken for the same, because by a number that
may be two payments' nothing is taken back. A terminal whose numbers go on from day to day shows
none, and need not: each of them is one payment's. How far a trace went on says nothing: what is
called off, or asked of the bank, may take one and no receipt.
"""

from __future__ import annotations

from engine.decision import Fact
from engine.payment.context import PaymentContext
from engine.payment.ending_days import stream_of
from engine.payment.events import Asked, Standing
from engine.payment.state import RECEIPT_MAX, Payment
from engine.payment.terminal_day import BEGAN_ANEW, TerminalDay, TerminalDayHeard
from engine.terminal import Answer, Identity, Kind, Verdict

_NUMBERED = (Kind.SALE, Kind.REFUND, Kind.RESERVATION)
"""What refers to another transaction may be told by the number of that one."""


def day_before(
    payment: Payment, answer: Answer, context: PaymentContext, *, is_inquiry: bool
) -> tuple[Fact, ...]:
    """The fact that its terminal may have ended its day before this payment was made, where its
    number shows that; once, and named after the payment. None while the store ends that day, where
    it may be over for another reason, or where nothing else is of it: at many terminals numbers
    begin anew after each end of day, and that one is known."""
    asked, told = payment.asked, answer.identity
    day = context.payments.days.get(asked.terminal, TerminalDay(asked.terminal))
    if not _may_show(payment, answer, day) or not _has_more(payment, day, context):
        return ()
    if not (
        _is_below(payment, answer, context, is_inquiry)
        or _is_given_twice(payment, answer, context)
        or _is_used(asked, told, context)
    ):
        return ()
    unknown = TerminalDayHeard(asked.payment_id, asked.terminal, Verdict.UNKNOWN, BEGAN_ANEW)
    return (Fact(stream_of(asked.payment_id), unknown),)


def _may_show(payment: Payment, answer: Answer, day: TerminalDay) -> bool:
    """Whether it was made in the day that goes on, with a number of its own that is no name."""
    asked, told = payment.asked, answer.identity
    is_of_now = payment.day_part == len(day.parts) - 1 and not payment.is_day_over
    is_first = day.asked is None and asked.payment_id not in day.unheard
    is_in_doubt = answer.verdict is Verdict.UNKNOWN and payment.standing is Standing.REQUESTED
    is_made = answer.verdict.is_approved or is_in_doubt
    is_counted = 0 < (told.receipt or 0) <= RECEIPT_MAX and not told.reference
    return is_of_now and is_first and is_made and is_counted and asked.kind in _NUMBERED


def _has_more(payment: Payment, day: TerminalDay, context: PaymentContext) -> bool:
    """Whether anything but this payment is of the day that goes on."""
    payments, asked = context.payments, payment.asked
    others = (*payments.open.values(), *payments.exceptions.values())
    return bool(day.parts[-1]) or any(
        one.asked.terminal == asked.terminal
        and one.asked.payment_id != asked.payment_id
        and one.day_part == payment.day_part
        and not one.is_day_over
        for one in others
    )


def _is_below(payment: Payment, answer: Answer, context: PaymentContext, is_inquiry: bool) -> bool:
    """Whether its number, or that of the last one before it, is below one that the same terminal
    told earlier. What is found out by asking may be older than what was told last."""
    told, begun = answer.identity, payment.answer
    before = answer.before or (None if begun is None else begun.before)
    settled = context.payments.settled.get(payment.asked.terminal, ())
    number, last = _number(told, told), _number(before, told)
    newest = 0 if is_inquiry or not settled else _number(settled[-1], told)
    if last > number or newest <= (last or number):
        return last > number
    # One that is known may have been told once more, as when it was taken back.
    known = (*settled, *_in_doubt(context))
    return before is None or not any(one.is_same(before) for one in known)


def _is_given_twice(payment: Payment, answer: Answer, context: PaymentContext) -> bool:
    """Whether the last one before it has the very number of the last that the same terminal told
    the store of, on another day."""
    before = answer.before or (None if payment.answer is None else payment.answer.before)
    settled = context.payments.settled.get(payment.asked.terminal, ())
    if before is None or not settled or not _number(before, answer.identity):
        return False
    last = settled[-1]
    is_one = last.trace is not None and last.trace == before.trace
    is_another_day = bool(before.date and last.date) and before.date != last.date
    return _number(last, before) == before.receipt and is_another_day and not is_one


def _number(one: Identity | None, told: Identity) -> int:
    """The receipt number of one that this very terminal told; 0 where there is none."""
    if one is None or one.terminal_id != told.terminal_id:
        return 0
    return one.receipt or 0


def _in_doubt(context: PaymentContext) -> list[Identity]:
    """What was told of payments of which nobody knows yet what became of them."""
    payments = (*context.payments.open.values(), *context.payments.exceptions.values())
    return [one.answer.identity for one in payments if one.is_open and one.answer is not None]


def _is_used(asked: Asked, told: Identity, context: PaymentContext) -> bool:
    """Whether another payment has that number that could still be taken back by it: a tender of an
    open order, or one on the list of exceptions."""
    payments = context.payments
    out_of_reach = payments.out_of_reach()
    cards = (one.card for order in context.orders.values() for one in order.tenders)
    paid = [
        (card.terminal, card.identity)
        for card in cards
        if card is not None and card.payment_id not in out_of_reach
    ]
    paid += [
        (one.asked.terminal, one.answer.identity)
        for one in payments.exceptions.values()
        if one.is_approved and one.answer is not None and not payments.is_past(one)
    ]
    return any(
        (terminal, one.terminal_id) == (asked.terminal, told.terminal_id)
        and one.receipt == told.receipt
        and one != told
        for terminal, one in paid
    )
