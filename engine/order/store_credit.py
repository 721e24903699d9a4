"""Store credit as a tender: a note is issued for what goes back, and spent until nothing is left.

A note is held by the order it is a tender of, so that no two registers spend the same; it is issued
and spent by completing. There is no change for it: a note pays what is due at most.
"""

from __future__ import annotations

from engine import limits
from engine.credit.ledger import CreditPaid, code_typed
from engine.decision import Decision, refuse
from engine.order.commands import RefundToCredit, TenderCredit
from engine.order.context import OrderContext
from engine.order.credit_notes import held_minor, new_code
from engine.order.due import due_of
from engine.order.figures import Figures, GaveBack
from engine.order.refunds import GOODS, refunded_facts, shares_of, tender_at
from engine.order.refusal import Refusal
from engine.order.state import Order, tendered
from engine.order.tender_events import CreditTendered
from engine.order.tendering import figures_begun
from engine.order.without_receipt import comes_back_alone


def by_credit(order: Order, body: TenderCredit | RefundToCredit, context: OrderContext) -> Decision:
    """Decide that a note pays, or is what goes back."""
    if isinstance(body, TenderCredit):
        return tender_credit(order, body, context)
    return refund_to_credit(order, body, context)


def tender_credit(order: Order, body: TenderCredit, context: OrderContext) -> Decision:
    """Take what a note has, at most what is due.

    Refuses:
        those of start_tendering; then terminal_must_be_done, tender_must_be_as_chosen,
        tenders_limit_reached, credit_must_be_known, credit_must_not_be_spent,
        amount_must_be_positive, amount_must_still_be_due, amount_must_be_within_due,
        credit_must_suffice.
    """
    begun = figures_begun(order, "credit", context)
    if isinstance(begun, Decision):
        return begun
    facts, figures = begun
    code = code_typed(body.code)
    if context.training or not context.credits.is_known(code):
        return refuse(Refusal.CREDIT_MUST_BE_KNOWN, code=code[: limits.CODE_LENGTH_MAX])
    if context.credits.is_spent(code):
        return refuse(Refusal.CREDIT_MUST_NOT_BE_SPENT, code=code)
    if body.amount_minor < 0:
        return refuse(Refusal.AMOUNT_MUST_BE_POSITIVE, due_minor=0)
    due_minor = due_of(order, figures, context.settings.required()).left_minor
    if due_minor <= 0:
        return refuse(Refusal.AMOUNT_MUST_STILL_BE_DUE, due_minor=due_minor)
    if body.amount_minor > due_minor:
        return refuse(Refusal.AMOUNT_MUST_BE_WITHIN_DUE, due_minor=due_minor)
    left_minor = context.credits.left_minor(code) - held_minor(code, order, context.open_orders)
    amount_minor = body.amount_minor or min(left_minor, due_minor)
    if not 0 < amount_minor <= left_minor:
        return refuse(Refusal.CREDIT_MUST_SUFFICE, code=code, left_minor=left_minor)
    credit = CreditPaid(code, left_minor - amount_minor)
    event = CreditTendered(order.id, order.tender_count + 1, amount_minor, credit)
    answer = _answer(order, event, figures, context)
    return Decision((*facts, context.fact(event, order.id)), answer)


def refund_to_credit(order: Order, body: RefundToCredit, context: OrderContext) -> Decision:
    """Give back what is due as a new note.

    What notes paid of the sales the goods came from goes back so whatever the rules say, and so
    do goods without a receipt.

    Refuses:
        those of start_tendering; then terminal_must_be_done, tender_must_be_as_chosen,
        tenders_limit_reached, amount_must_be_positive, amount_must_still_be_due,
        amount_must_be_within_due, store_credit_must_be_allowed, credits_limit_reached.
    """
    begun = figures_begun(order, "credit", context)
    if isinstance(begun, Decision):
        return begun
    facts, figures = begun
    due = due_of(order, figures, context.settings.required())
    back_minor = -due.left_minor
    if body.amount_minor < 0:
        return refuse(Refusal.AMOUNT_MUST_BE_POSITIVE, due_minor=back_minor)
    if not (due.goes_back and due.is_due()):
        return refuse(Refusal.AMOUNT_MUST_STILL_BE_DUE, due_minor=-back_minor)
    amount_minor = body.amount_minor or back_minor
    if amount_minor > back_minor:
        return refuse(Refusal.AMOUNT_MUST_BE_WITHIN_DUE, due_minor=back_minor)
    shares = _of_credit(order, amount_minor, context)
    by_notes = sum(share.amount_minor for share in shares) == amount_minor
    if not (by_notes or comes_back_alone(order) or context.returns.store_credit):
        return refuse(Refusal.STORE_CREDIT_MUST_BE_ALLOWED)
    if len(context.credits.notes) >= limits.CREDITS_MAX:
        return refuse(Refusal.CREDITS_LIMIT_REACHED, maximum=limits.CREDITS_MAX)
    code = new_code(context.command_id, context.open_orders.values(), context.credits)
    number = order.tender_count + 1
    event = CreditTendered(order.id, number, -amount_minor, CreditPaid(code, amount_minor), shares)
    back = [context.fact(gone, sale) for sale, gone in refunded_facts(order.id, shares)]
    answer = _answer(order, event, figures, context)
    return Decision((*facts, context.fact(event, order.id), *back), answer)


def _answer(
    order: Order, event: CreditTendered, figures: Figures, context: OrderContext
) -> dict[str, object]:
    after = due_of(tendered(order, event), figures, context.settings.required())
    return {
        "order_id": order.id,
        "tender": event.tender,
        "amount_minor": event.amount_minor,
        "total_minor": figures.total_minor,
        "due_minor": after.left_minor,
        "code": event.credit.code,
        "left_minor": event.credit.left_minor,
    }


def _of_credit(order: Order, amount_minor: int, context: OrderContext) -> tuple[GaveBack, ...]:
    """Which notes' tenders a refund gives back of, as far as they go."""
    return shares_of(
        order,
        context.originals,
        amount_minor,
        lambda original, number: number != GOODS and tender_at(original, number).credit is not None,
    )
