"""Notes of another currency as a tender: counted at their rate, change in the store's currency."""

from __future__ import annotations

from engine import limits
from engine.decision import Decision, refuse
from engine.foreign import ForeignNotes, worth_minor
from engine.order.commands import TenderForeign
from engine.order.context import OrderContext
from engine.order.due import due_of
from engine.order.refusal import Refusal
from engine.order.state import Order, tendered
from engine.order.tender_events import ForeignTendered
from engine.order.tendering import as_begun, tender_begun, why_not_over


def tender_foreign(order: Order, body: TenderForeign, context: OrderContext) -> Decision:
    """Take notes of another currency. What is over the due is change at completion.

    Refuses:
        those of start_tendering; then terminal_must_be_done, tender_must_be_as_chosen,
        tenders_limit_reached, till_must_be_open, currency_must_be_taken,
        refund_must_be_in_own_currency,
        amount_must_be_positive (so little that it is worth nothing here, too),
        notes_must_be_whole, amount_must_be_within_limit, amount_must_still_be_due,
        tender_must_not_be_over.
    """
    begun = tender_begun(order, "foreign", context)
    if isinstance(begun, Decision):
        return begun
    facts, figures = begun
    taken = context.settings.foreign.get(body.currency)
    if taken is None:
        return refuse(Refusal.CURRENCY_MUST_BE_TAKEN, currency=body.currency[:3])
    rules = context.settings.required()
    before = due_of(as_begun(order, figures, context), figures, rules)
    if before.goes_back:
        cash_minor = before.in_cash_minor
        return refuse(Refusal.REFUND_MUST_BE_IN_OWN_CURRENCY, due_minor=cash_minor)
    amount = body.amount_minor
    worth = worth_minor(amount, taken.rate_micros, currency=taken.currency, home=rules.currency)
    if amount <= 0 or worth <= 0:
        return refuse(Refusal.AMOUNT_MUST_BE_POSITIVE, due_minor=before.in_cash_minor)
    if taken.note_minor and amount % taken.note_minor:
        fields = {"currency": taken.currency, "note_in_minor": taken.note_minor}
        return refuse(Refusal.NOTES_MUST_BE_WHOLE, **fields)
    if max(amount, worth) > limits.AMOUNT_MINOR_MAX:
        return refuse(Refusal.AMOUNT_MUST_BE_WITHIN_LIMIT, maximum_minor=limits.AMOUNT_MINOR_MAX)
    if before.left_minor <= 0:
        return refuse(Refusal.AMOUNT_MUST_STILL_BE_DUE, due_minor=before.left_minor)
    notes = ForeignNotes(taken.currency, amount, taken.rate_micros)
    event = ForeignTendered(order.id, order.tender_count + 1, worth, notes)
    after = due_of(tendered(order, event), figures, rules)
    change = max(-after.left_minor, 0)
    refused = why_not_over("foreign", change, context)
    if refused is not None:
        return refused
    answer = {
        "order_id": order.id,
        "tender": event.tender,
        "total_minor": figures.total_minor,
        "due_minor": max(after.left_minor, 0),
        "change_minor": change,
        "rounding_minor": after.rounding_minor,
        "worth_minor": worth,
    }
    return Decision((*facts, context.fact(event, order.id)), answer)
