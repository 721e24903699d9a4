"""Receipt numbers that begin anew: the sign that a terminal's day was ended at the terminal itself.

Nobody tells the store of such an end. The next payment does, by a number below the last one; or,
where others were taken at the terminal itself since, and its numbers are past the last one again,
by its trace, which most terminals count on: receipts may have begun anew where it went on by as
many as the receipt counts. After the highest number comes the lowest, too; that is taken for the
same, because by a number that may be two payments' nothing is taken back. A terminal whose numbers
go on from day to day shows none, and need not: each of them is one payment's.
"""

from __future__ import annotations

from engine.decision import Fact
from engine.payment.context import PaymentContext
from engine.payment.ending_days import stream_of
from engine.payment.events import Asked, Standing
from engine.payment.state import RECEIPT_MAX, TRACE_MAX, Payment
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
    is_below = _is_below(payment, answer, context, is_inquiry)
    if not (is_below or _is_past(payment, answer, context) or _is_used(asked, told, context)):
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


def _is_past(payment: Payment, answer: Answer, context: PaymentContext) -> bool:
    """Whether its number, or that of the last one before it, is above the last that the same
    terminal told, and receipts may have begun anew in between all the same: its trace went on by
    enough for each receipt from 1, apart from what the store knows to have had a trace alone. Or
    the last one before it has the very number of that one, on another day."""
    told = answer.identity
    settled = context.payments.settled.get(payment.asked.terminal, ())
    known = [one for one in settled if one.terminal_id == told.terminal_id]
    newest = next((one for one in reversed(known) if one.receipt and one.trace), None)
    if newest is None or newest.receipt is None or newest.trace is None:
        return False
    before = answer.before or (None if payment.answer is None else payment.answer.before)
    if _number(before, told) == newest.receipt and _is_another_day(before, newest):
        return True
    without_receipt = len(known) - 1 - known.index(newest)
    for one in (told, before):
        number = _number(one, told)
        if one is None or one.trace is None or number <= newest.receipt:
            continue
        steps = _trace_steps(one.trace, newest.trace)
        if number <= steps - without_receipt and steps < TRACE_MAX // 2:
            return True
    return False


def _is_another_day(one: Identity | None, other: Identity) -> bool:
    """Whether both say when they were, and it was not on one day."""
    return one is not None and bool(one.date and other.date) and one.date != other.date


def _trace_steps(trace: int, before: int) -> int:
    """How far a trace number went on; after the highest of six digits comes the lowest."""
    steps = trace - before
    return steps if steps >= 0 else steps % TRACE_MAX


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
