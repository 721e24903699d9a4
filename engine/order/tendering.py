"""Tendering: the figures freeze, cash changes hands, the sale completes.

Invariant of every completed order: total + rounding = tenders - change.
"""

from __future__ import annotations

from engine import limits
from engine.altered import altered
from engine.decision import Decision, Fact, refuse
from engine.order.coins_back import cash_before, with_coins
from engine.order.commands import TenderCash, UndoTender
from engine.order.context import OrderContext
from engine.order.coupons import restored_by, uses_of
from engine.order.credit_notes import with_what_is_left
from engine.order.due import Due, coin_of, due_of
from engine.order.events import (
    OrderCompleted,
)
from engine.order.figures import NOT_OWED, CashBack, Figures, GaveBack
from engine.order.held_goods import returned_facts
from engine.order.pricing import below_floor, price
from engine.order.refunds import in_cash, is_bound, refunded_facts, tenders_max
from engine.order.refusal import Refusal
from engine.order.returns import returns_still_fit
from engine.order.state import Order, Phase, tendered
from engine.order.tender_choice import why_not_paid_by
from engine.order.tender_events import (
    CashTendered,
    CashWentBack,
    TabClosed,
    TenderingStarted,
    TenderingUndone,
    TenderUndone,
)
from engine.order.without_receipt import comes_back_alone
from engine.tender_rules import rule_of


def start_tendering(order: Order, context: OrderContext) -> Decision:
    """Freeze the figures, and the coin that cash rounds to: what was counted out for an order
    settles it, whatever the store's smallest coin becomes meanwhile.

    Refuses:
        order_must_not_be_tendering, lines_must_be_present, return_must_be_within_sold,
        return_must_be_what_was_paid, tender_must_have_been_paid, taxes_must_apply,
        price_must_not_be_below_floor,
        tender_must_be_as_chosen (where money goes back: nothing is paid so).
    """
    if order.phase is Phase.TENDERING:
        return refuse(Refusal.ORDER_MUST_NOT_BE_TENDERING)
    if not order.live_lines():
        return refuse(Refusal.LINES_MUST_BE_PRESENT)
    refused = returns_still_fit(order, context)
    if refused is not None:
        return refused
    low = below_floor(order, context.tariff())
    if low is not None:
        return refuse(Refusal.PRICE_MUST_NOT_BE_BELOW_FLOOR, line=low[0], floor_micros=low[1])
    figures = price(order, context.tariff())
    if figures.tender and figures.total_minor < 0:
        return refuse(Refusal.TENDER_MUST_BE_AS_CHOSEN, tender=figures.tender)
    rules = context.settings.required()
    figures = altered(figures, cash=coin_of(figures, rules))
    facts = [context.fact(TenderingStarted(order.id, figures), order.id)]
    before = _cash_before(order, figures, context)
    if before:
        facts.append(context.fact(CashWentBack(order.id, before), order.id))
    due = due_of(altered(order, cash_back=before), figures, rules)
    answer = {
        "order_id": order.id,
        "total_minor": figures.total_minor,
        "due_minor": due.left_minor,
        "cash_due_minor": due.in_cash_minor,
    }
    return Decision(tuple(facts), answer)


def _cash_before(order: Order, figures: Figures, context: OrderContext) -> tuple[CashBack, ...]:
    """What went back in cash of the sales that money goes back of now, where it changes what coins
    pay."""
    if figures.total_minor >= 0:
        return ()
    step = coin_of(figures, context.settings.required())
    return cash_before(order, context.originals, step)


def as_begun(order: Order, figures: Figures, context: OrderContext) -> Order:
    """The order as it is once its tendering has begun with `figures`, for what coins pay of it."""
    if order.phase is Phase.TENDERING:
        return order
    return altered(order, cash_back=_cash_before(order, figures, context))


def _with_cash_of_now(
    order: Order, figures: Figures, context: OrderContext
) -> tuple[Order, tuple[Fact, ...]] | Decision:
    """The order whose cash goes back by what went back of its sales until now, and the fact that
    says so where it says something else and cannot begin anew: a card or a link has its part for
    good.

    Refuses:
        return_must_be_what_was_paid (other coins were paid of its sale meanwhile).
    """
    if order.phase is not Phase.TENDERING:
        return as_begun(order, figures, context), ()
    went = _cash_before(order, figures, context)
    if order.cash_back == went:
        return order, ()
    if not is_bound(order, context.out_of_reach) or _in_drawer(order):
        return refuse(Refusal.RETURN_MUST_BE_WHAT_WAS_PAID)
    return altered(order, cash_back=went), (context.fact(CashWentBack(order.id, went), order.id),)


def undo_tendering(order: Order, context: OrderContext) -> Decision:
    """Go back to ringing up.

    Refuses:
        order_must_be_tendering, terminal_must_be_done, tenders_must_be_undone.
    """
    if order.phase is not Phase.TENDERING:
        return refuse(Refusal.ORDER_MUST_BE_TENDERING)
    if context.is_terminal_at_work:
        return refuse(Refusal.TERMINAL_MUST_BE_DONE)
    if order.tenders:
        return refuse(Refusal.TENDERS_MUST_BE_UNDONE, tenders=len(order.tenders))
    return Decision((context.fact(TenderingUndone(order.id), order.id),), {"order_id": order.id})


def figures_begun(
    order: Order, kind: str, context: OrderContext
) -> tuple[tuple[Fact, ...], Figures] | Decision:
    """The fact that starts tendering, if need be, and the frozen figures a tender of that kind is
    put against; or why there can be no tender.

    Refuses:
        those of start_tendering; then terminal_must_be_done, tender_must_be_as_chosen,
        tenders_limit_reached.
    """
    begun = figures_frozen(order, context)
    if isinstance(begun, Decision):
        return begun
    if context.is_terminal_at_work:
        return refuse(Refusal.TERMINAL_MUST_BE_DONE)
    refused = why_no_tender(order, begun[1], kind, context)
    return begun if refused is None else refused


def figures_frozen(
    order: Order, context: OrderContext
) -> tuple[tuple[Fact, ...], Figures] | Decision:
    """The fact that starts tendering, if need be, and the frozen figures; or why it cannot start.

    Figures that froze before say nothing of goods that another register took back meanwhile: no
    money moves for an order that could not end.

    Refuses:
        those of start_tendering.
    """
    if order.phase is Phase.TENDERING and order.figures is not None:
        return returns_still_fit(order, context) or ((), order.figures)
    started = start_tendering(order, context)
    if started.refused is not None:
        return started
    return started.facts, started.facts[0].event.figures


def why_no_tender(
    order: Order, figures: Figures, kind: str, context: OrderContext, brand: str | None = None
) -> Decision | None:
    """Why frozen figures take no tender more of a kind (of this brand, where a card's is known),
    whatever its amount; None where they do.

    Refuses:
        tender_must_be_as_chosen, tenders_limit_reached.
    """
    refused = why_not_paid_by(figures, kind, brand)
    if refused is not None or len(order.tenders) < limits.TENDERS_PER_ORDER_MAX:
        # An order may have more of them, never fewer, and which is looked up in what it gives back.
        return refused
    maximum = tenders_max(order, context)
    if len(order.tenders) < maximum:
        return None
    return refuse(Refusal.TENDERS_LIMIT_REACHED, maximum=maximum)


def tender_begun(
    order: Order, kind: str, context: OrderContext
) -> tuple[tuple[Fact, ...], Figures] | Decision:
    """As `figures_begun`, for money that goes into the drawer or comes out of it.

    Refuses:
        those of figures_begun; then till_must_be_open.
    """
    begun = figures_begun(order, kind, context)
    if isinstance(begun, Decision):
        return begun
    if context.till_session == 0:
        return refuse(Refusal.TILL_MUST_BE_OPEN, register=context.register)
    return begun


def tender_cash(order: Order, body: TenderCash, context: OrderContext) -> Decision:
    """Take cash, or pay a refund out. What is over the due is change at completion.

    Refuses:
        those of start_tendering; then terminal_must_be_done, tender_must_be_as_chosen,
        tenders_limit_reached, till_must_be_open, amount_must_still_be_due,
        refund_must_be_store_credit, return_must_be_what_was_paid (other coins were paid of its sale
        meanwhile), refund_must_be_exact, refund_must_go_to_its_tender,
        amount_must_be_positive, amount_must_be_within_limit, tender_must_not_be_over.
    """
    begun = tender_begun(order, "cash", context)
    if isinstance(begun, Decision):
        return begun
    facts, figures = begun
    rules = context.settings.required()
    begun_due = due_of(order, figures, rules)
    due = begun_due.left_minor
    if not begun_due.is_due():
        return refuse(Refusal.AMOUNT_MUST_STILL_BE_DUE, due_minor=due)
    if due < 0 and comes_back_alone(order):
        return refuse(Refusal.REFUND_MUST_BE_STORE_CREDIT)
    counted = _with_cash_of_now(order, figures, context) if due < 0 else (order, ())
    if isinstance(counted, Decision):
        return counted
    order, told = counted
    facts = (*facts, *told)
    cash_minor = due_of(order, figures, rules).in_cash_minor
    if due < 0 and body.amount_minor != cash_minor:
        # What was told stands: the screen asks for the coins of now.
        return refuse(Refusal.REFUND_MUST_BE_EXACT, *told, due_minor=cash_minor)
    shares = _given_back(order, due, figures, context) if due < 0 else ()
    if isinstance(shares, int):
        return refuse(Refusal.REFUND_MUST_GO_TO_ITS_TENDER, cash_minor=shares, due_minor=due)
    # Where rounding leaves nothing to pay in coins, nothing is what is handed over.
    if due > 0 and body.amount_minor <= 0 and (body.amount_minor < 0 or cash_minor > 0):
        return refuse(Refusal.AMOUNT_MUST_BE_POSITIVE, due_minor=cash_minor)
    if abs(body.amount_minor) > limits.AMOUNT_MINOR_MAX:
        return refuse(Refusal.AMOUNT_MUST_BE_WITHIN_LIMIT, maximum_minor=limits.AMOUNT_MINOR_MAX)
    event = CashTendered(order.id, order.tender_count + 1, body.amount_minor, shares)
    after = due_of(tendered(order, event), figures, rules)
    left = after.left_minor
    change = max(-left, 0) if due > 0 else 0
    refused = why_not_over("cash", change, context)
    if refused is not None:
        return refused
    answer = {
        "order_id": order.id,
        "tender": event.tender,
        "total_minor": figures.total_minor,
        "due_minor": max(left, 0) if due > 0 else left,
        "change_minor": change,
        "rounding_minor": after.rounding_minor,
    }
    back = [context.fact(gone, sale) for sale, gone in refunded_facts(order.id, shares)]
    return Decision((*facts, context.fact(event, order.id), *back), answer)


def _given_back(
    order: Order, due_minor: int, figures: Figures, context: OrderContext
) -> tuple[GaveBack, ...] | int:
    """Whose cash goes back where `due_minor` (below zero) is still due, to the cent and in coins;
    or how much there is of it where that is less."""
    cash = [tender for tender in order.tenders if tender.kind == "cash"]
    exact_minor = sum(share.amount_minor for tender in cash for share in tender.gave_back)
    # What is due is less the coins that cash of this order was paid in: here it is to the cent.
    back_minor = -due_minor - sum(tender.amount_minor for tender in cash) - exact_minor
    shares = in_cash(order, back_minor, context)
    if isinstance(shares, int):
        return shares
    return with_coins(order, shares, coin_of(figures, context.settings.required()))


def why_not_over(kind: str, over_minor: int, context: OrderContext) -> Decision | None:
    """Why the house does not take so much more than is due; None where it does.

    Refuses:
        tender_must_not_be_over.
    """
    most = rule_of(context.settings.tenders, kind).may_be_over_minor
    if most is None or over_minor <= most:
        return None
    fields = {"over_minor": over_minor, "maximum_minor": most}
    return refuse(Refusal.TENDER_MUST_NOT_BE_OVER, tender=kind, **fields)


def undo_tender(order: Order, body: UndoTender, context: OrderContext) -> Decision:
    """Hand a tender back before completion.

    Refuses:
        order_must_be_tendering, terminal_must_be_done, tender_must_exist, tender_must_be_in_cash.
    """
    if order.phase is not Phase.TENDERING:
        return refuse(Refusal.ORDER_MUST_BE_TENDERING)
    if context.is_terminal_at_work:
        return refuse(Refusal.TERMINAL_MUST_BE_DONE)
    tender = next((entry for entry in order.tenders if entry.tender == body.tender), None)
    if tender is None:
        return refuse(Refusal.TENDER_MUST_EXIST, tender=body.tender)
    if tender.card is not None or tender.link is not None or tender.kind == NOT_OWED:
        return refuse(Refusal.TENDER_MUST_BE_IN_CASH, tender=body.tender)
    event = TenderUndone(order.id, body.tender)
    # The very notes go back, not what they were worth.
    notes = tender.foreign
    answer = {
        "order_id": order.id,
        "returned_minor": tender.amount_minor,
        "currency": "" if notes is None else notes.currency,
        "foreign_minor": 0 if notes is None else notes.amount_minor,
    }
    facts = [context.fact(event, order.id)]
    facts += [
        context.fact(again, sale)
        for sale, again in refunded_facts(order.id, tender.gave_back, undone=True)
    ]
    return Decision(tuple(facts), answer)


def complete(order: Order, context: OrderContext) -> Decision:
    """Close the sale: the next receipt number, the change, what went back to its original.

    Refuses:
        order_must_be_tendering, terminal_must_be_done, return_must_be_within_sold,
        return_must_be_what_was_paid, tender_must_have_been_paid, till_must_be_open,
        order_must_be_paid,
        tab_must_be_settled.
    """
    figures = order.figures
    if order.phase is not Phase.TENDERING or figures is None:
        return refuse(Refusal.ORDER_MUST_BE_TENDERING)
    if context.is_terminal_at_work:
        return refuse(Refusal.TERMINAL_MUST_BE_DONE)
    refused = returns_still_fit(order, context)
    if refused is not None:
        return refused
    if _in_drawer(order) and context.till_session == 0:
        return refuse(Refusal.TILL_MUST_BE_OPEN, register=context.register)
    due = due_of(order, figures, context.settings.required())
    left = due.left_minor
    if left > 0 or (left < 0 and (due.goes_back or not order.tenders)):
        return refuse(Refusal.ORDER_MUST_BE_PAID, due_minor=left)
    facts = tab_left(order, context)
    if isinstance(facts, Decision):
        return facts
    change = -left
    completed = _completed(order, context, due)
    facts.append(context.fact(completed, order.id))
    facts += [context.fact(event, original) for original, event in returned_facts(order)]
    answer = {
        "order_id": order.id,
        "receipt_number": completed.receipt_number,
        "total_minor": figures.total_minor,
        "rounding_minor": completed.rounding_minor,
        "change_minor": change,
    }
    return Decision(tuple(facts), answer)


def tab_left(order: Order, context: OrderContext) -> list[Fact] | Decision:
    """What ends the tab of an order that ends; or why it cannot end yet. A reservation that a
    terminal was told to let go keeps no order: what is left of it is on the list of payments.

    Refuses:
        tab_must_be_settled.
    """
    tab = order.tab
    if tab is None:
        return []
    if tab.card.payment_id not in context.out_of_reach:
        return refuse(Refusal.TAB_MUST_BE_SETTLED, reserved_minor=tab.reserved_minor)
    return [context.fact(TabClosed(order.id), order.id)]


def receipt_number(register: str, sequence: int, *, training: bool) -> str:
    """`<register>-<sequence>`, training with a `T` before it; gap-free per register."""
    return f"{'T' if training else ''}{register}-{sequence:06d}"


def _cash(order: Order) -> list[int]:
    """The amounts of the tenders in cash of the store's own currency."""
    return [tender.amount_minor for tender in order.tenders if tender.kind == "cash"]


def _in_drawer(order: Order) -> bool:
    """Whether any tender goes into the drawer, or comes out of it."""
    return any(tender.is_cash() for tender in order.tenders)


def _completed(order: Order, context: OrderContext, due: Due) -> OrderCompleted:
    figures = order.figures
    assert figures is not None
    change = -due.left_minor
    lines = order.live_lines()
    totals = {row.line: row.total_minor for row in figures.lines}
    return OrderCompleted(
        order.id,
        context.register,
        context.operator,
        receipt_number(context.register, context.next_receipt, training=context.training),
        context.next_receipt,
        figures,
        with_what_is_left(order.tenders, context.credits),
        due.rounding_minor,
        change,
        sum(_cash(order)) - change,
        context.till_session if _in_drawer(order) else 0,
        sum(totals[line.line] for line in lines if line.source is not None),
        sum(totals[line.line] for line in lines if line.item.open_price),
        len(order.lines) - len(lines),
        context.head,
        uses_of(order),
        restored_by(order, context),
        order.member,
    )
