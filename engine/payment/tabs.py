"""Tabs: an amount reserved on a card when the first round is ordered, captured when the bill is
closed, with the tip that was written meanwhile, once."""

from __future__ import annotations

from engine import limits
from engine.altered import altered
from engine.decision import Decision, Fact, refuse
from engine.money import numeric_code
from engine.order.context import stream_of as order_stream
from engine.order.due import due_of
from engine.order.figures import Tab
from engine.order.refusal import Refusal as OrderRefusal
from engine.order.state import Order, Phase
from engine.order.tender_events import (
    TipAdjusted,
)
from engine.order.tendering import figures_frozen, why_no_tender
from engine.payment.asking import asked_for, ready_for_cards, why_not_free
from engine.payment.commands import AdjustTip, OpenTab, RaiseTab
from engine.payment.context import PaymentContext
from engine.payment.events import Asked
from engine.payment.refusal import Refusal
from engine.terminal import Kind


def open_tab(body: OpenTab, context: PaymentContext) -> Decision:
    """Have the terminal reserve an amount.

    Refuses:
        those of `ready_for_cards`; order_must_not_be_tendering, tab_must_not_be_open,
        tab_amount_must_be_within_limit, payment_must_be_settled, terminal_must_be_free.
    """
    around = context.around
    ready = ready_for_cards(context)
    if isinstance(ready, Decision):
        return ready
    order, terminal = ready
    if order.phase is Phase.TENDERING:
        return refuse(OrderRefusal.ORDER_MUST_NOT_BE_TENDERING)
    if order.tab is not None:
        return refuse(Refusal.TAB_MUST_NOT_BE_OPEN, reserved_minor=order.tab.reserved_minor)
    if not 0 < body.amount_minor <= limits.AMOUNT_MINOR_MAX:
        maximum = limits.AMOUNT_MINOR_MAX
        return refuse(Refusal.TAB_AMOUNT_MUST_BE_WITHIN_LIMIT, maximum_minor=maximum)
    refused = why_not_free(terminal, order.id, context)
    if refused is not None:
        return refused
    asked = Asked(
        around.command_id,
        order.id,
        around.register,
        around.operator,
        terminal,
        Kind.RESERVATION,
        body.amount_minor,
        numeric_code(around.settings.required().currency),
    )
    return asked_for(asked, context)


def raise_tab(body: RaiseTab, context: PaymentContext) -> Decision:
    """Have the terminal of the first reservation make a higher one; the first is released once that
    stands, and stays where it does not.

    Refuses:
        those of `adjust_tip` but its last; order_must_not_be_tendering, tab_amount_must_be_higher,
        tab_amount_must_be_within_limit, terminal_must_be_free.
    """
    found = _tab(context)
    if isinstance(found, Decision):
        return found
    order, tab = found
    if order.phase is Phase.TENDERING:
        return refuse(OrderRefusal.ORDER_MUST_NOT_BE_TENDERING)
    if body.amount_minor <= tab.reserved_minor:
        return refuse(Refusal.TAB_AMOUNT_MUST_BE_HIGHER, reserved_minor=tab.reserved_minor)
    if body.amount_minor > limits.AMOUNT_MINOR_MAX:
        maximum = limits.AMOUNT_MINOR_MAX
        return refuse(Refusal.TAB_AMOUNT_MUST_BE_WITHIN_LIMIT, maximum_minor=maximum)
    card = tab.card
    refused = why_not_free(card.terminal, order.id, context)
    if refused is not None:
        return refused
    asked = Asked(
        context.around.command_id,
        order.id,
        context.around.register,
        context.around.operator,
        card.terminal,
        Kind.RESERVATION,
        body.amount_minor,
        card.currency_code,
        of_payment=card.payment_id,
    )
    return asked_for(asked, context)


def release_of(tab: Tab, asked: Asked, payment_id: str) -> Asked:
    """What gives up the reservation that `asked` came instead of."""
    return altered(
        asked,
        payment_id=payment_id,
        kind=Kind.RELEASE,
        amount_minor=tab.reserved_minor,
        original=tab.card.identity,
        of_payment=tab.card.payment_id,
        card_ends=tab.card.card.ends(),
    )


def adjust_tip(body: AdjustTip, context: PaymentContext) -> Decision:
    """Write down another tip; nothing is asked of the terminal before the capture.

    Refuses:
        order_must_be_open, tab_must_be_open, payment_must_be_settled,
        tab_amount_must_be_within_limit.
    """
    found = _tab(context)
    if isinstance(found, Decision):
        return found
    order, _ = found
    if not 0 <= body.tip_minor <= limits.AMOUNT_MINOR_MAX:
        maximum = limits.AMOUNT_MINOR_MAX
        return refuse(Refusal.TAB_AMOUNT_MUST_BE_WITHIN_LIMIT, maximum_minor=maximum)
    event = TipAdjusted(order.id, body.tip_minor, context.around.operator)
    return Decision((Fact(order_stream(order.id), event),), {"tip_minor": body.tip_minor})


def capture_tab(context: PaymentContext) -> Decision:
    """Take what is due and the tip from the reserved amount.

    Refuses:
        those of `adjust_tip`; order_must_be_tendering; those of `figures_frozen`;
        tender_must_be_as_chosen, tenders_limit_reached, amount_must_still_be_due,
        terminal_must_be_free.
    """
    found = _tab(context)
    if isinstance(found, Decision):
        return found
    order, tab = found
    if order.phase is not Phase.TENDERING:
        return refuse(OrderRefusal.ORDER_MUST_BE_TENDERING)
    begun = figures_frozen(order, context.around)
    if isinstance(begun, Decision):
        return begun
    _, figures = begun
    refused = why_no_tender(order, figures, "card", context.around, tab.card.card.brand)
    if refused is not None:
        return refused
    due = due_of(order, figures, context.around.settings.required()).left_minor
    if due <= 0:
        return refuse(OrderRefusal.AMOUNT_MUST_STILL_BE_DUE, due_minor=due)
    return _on_reservation(order, tab, Kind.CAPTURE, due + tab.tip_minor, tab.tip_minor, context)


def release_tab(context: PaymentContext) -> Decision:
    """Give the reservation up.

    Refuses:
        those of `adjust_tip`; terminal_must_be_free.
    """
    found = _tab(context)
    if isinstance(found, Decision):
        return found
    order, tab = found
    return _on_reservation(order, tab, Kind.RELEASE, tab.reserved_minor, 0, context)


def _tab(context: PaymentContext) -> tuple[Order, Tab] | Decision:
    order = context.order
    if order is None:
        return refuse(OrderRefusal.ORDER_MUST_BE_OPEN)
    if order.tab is None:
        return refuse(Refusal.TAB_MUST_BE_OPEN)
    running = context.payments.of_order(order.id)
    if running is not None:
        return refuse(Refusal.PAYMENT_MUST_BE_SETTLED, payment_id=running.asked.payment_id)
    return order, order.tab


def _on_reservation(
    order: Order, tab: Tab, kind: Kind, amount_minor: int, tip_minor: int, context: PaymentContext
) -> Decision:
    """Ask the terminal that reserved it, wherever the order is now."""
    card = tab.card
    refused = why_not_free(card.terminal, order.id, context)
    if refused is not None:
        return refused
    asked = Asked(
        context.around.command_id,
        order.id,
        context.around.register,
        context.around.operator,
        card.terminal,
        kind,
        amount_minor,
        card.currency_code,
        card.identity,
        card.payment_id,
        tip_minor=tip_minor,
        authorisation=card.authorisation if kind is Kind.CAPTURE else "",
        card_ends=card.card.ends(),
    )
    return asked_for(asked, context)
