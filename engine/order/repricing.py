"""Prices and discounts a person sets by hand: the right, the reason and the floor hold them."""

from __future__ import annotations

from engine import limits
from engine.altered import altered
from engine.decision import Decision, refuse
from engine.order.commands import DiscountLine, DiscountOrder, OverridePrice
from engine.order.context import OrderContext
from engine.order.events import (
    LineDiscounted,
    LinePriceOverridden,
    OrderDiscounted,
)
from engine.order.figures import DiscountKind
from engine.order.given import Discount
from engine.order.offered import unit_price_of
from engine.order.refusal import Refusal
from engine.order.settling import made_unlawful, settled, with_lines
from engine.order.state import Order, replaced


def override_price(order: Order, body: OverridePrice, context: OrderContext) -> Decision:
    """Another unit price, with the reason.

    Refuses:
        line_must_exist, line_must_not_be_a_return, price_must_not_be_negative,
        reason_must_be_given, price_must_not_be_below_floor.
    """
    line = order.line_at(body.line)
    if line is None:
        return refuse(Refusal.LINE_MUST_EXIST, line=body.line)
    if line.source is not None:
        return refuse(Refusal.LINE_MUST_NOT_BE_A_RETURN, line=body.line)
    if not 0 <= body.unit_price_micros <= limits.UNIT_PRICE_MICROS_MAX:
        return refuse(Refusal.PRICE_MUST_NOT_BE_NEGATIVE)
    if not 1 <= len(body.reason.strip()) <= limits.REASON_LENGTH_MAX:
        return refuse(Refusal.REASON_MUST_BE_GIVEN)
    floor = context.offers.prices.table.floor_micros(line.item)
    if body.unit_price_micros < floor:
        return refuse(Refusal.PRICE_MUST_NOT_BE_BELOW_FLOOR, line=line.line, floor_micros=floor)
    event = LinePriceOverridden(
        order.id,
        line.line,
        unit_price_of(order, context.tariff(), line.line),
        body.unit_price_micros,
        context.operator,
        context.approver,
        body.reason.strip(),
    )
    item = altered(line.item, unit_price_micros=body.unit_price_micros)
    changed = altered(line, item=item, overridden=True)
    return with_lines(order, [(changed, event)], context)


def _discount_is_sane(kind: DiscountKind, value: int) -> bool:
    most = limits.PPM if kind is DiscountKind.PERCENT else limits.AMOUNT_MINOR_MAX
    return 0 <= value <= most


def discount_line(order: Order, body: DiscountLine, context: OrderContext) -> Decision:
    """A line's discount is now this one.

    Refuses:
        line_must_exist, line_must_not_be_a_return, text_must_be_short,
        discount_must_be_within_limit, line_must_be_discountable, price_must_not_be_below_floor.
    """
    line = order.line_at(body.line)
    if line is None:
        return refuse(Refusal.LINE_MUST_EXIST, line=body.line)
    if line.source is not None:
        return refuse(Refusal.LINE_MUST_NOT_BE_A_RETURN, line=body.line)
    if len(body.reason) > limits.REASON_LENGTH_MAX:
        return refuse(Refusal.TEXT_MUST_BE_SHORT, maximum=limits.REASON_LENGTH_MAX)
    if not _discount_is_sane(body.kind, body.value):
        return refuse(Refusal.DISCOUNT_MUST_BE_WITHIN_LIMIT)
    if not line.item.discountable and body.value:
        return refuse(Refusal.LINE_MUST_BE_DISCOUNTABLE, line=body.line)
    event = LineDiscounted(
        order.id,
        line.line,
        body.kind,
        body.value,
        body.reason,
        context.operator,
        context.approver,
    )
    discount = Discount(body.kind, body.value, body.reason) if body.value else None
    changed = altered(line, discount=discount)
    after = altered(order, lines=replaced(order.lines, changed))
    refused = made_unlawful(order, after, context)
    return refused or with_lines(order, [(changed, event)], context)


def discount_order(order: Order, body: DiscountOrder, context: OrderContext) -> Decision:
    """The order's discount is now this one.

    Refuses:
        text_must_be_short, discount_must_be_within_limit, price_must_not_be_below_floor.
    """
    if len(body.reason) > limits.REASON_LENGTH_MAX:
        return refuse(Refusal.TEXT_MUST_BE_SHORT, maximum=limits.REASON_LENGTH_MAX)
    if not _discount_is_sane(body.kind, body.value):
        return refuse(Refusal.DISCOUNT_MUST_BE_WITHIN_LIMIT)
    event = OrderDiscounted(
        order.id, body.kind, body.value, body.reason, context.operator, context.approver
    )
    return settled(order, event, context)
