"""Goods that come back without a receipt: at today's price, for store credit alone.

Such an order holds nothing else. What a customer paid with goods in an exchange goes back in cash
once those are returned, and so would goods that nobody can show to have been paid for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine import limits
from engine.altered import altered
from engine.charge.decide import Charges
from engine.coupon.redeemed import Redeemed
from engine.credit.rules import PriceRule, ReturnRules
from engine.decision import Decision, refuse
from engine.money import minor_digits
from engine.order.commands import AddReturnWithoutReceipt
from engine.order.context import OrderContext
from engine.order.events import ReturnLineAdded
from engine.order.figures import DiscountKind, LineFigures, LineItem, ReturnOf
from engine.order.finding import check_quantity, found_item
from engine.order.given import Discount
from engine.order.pricing import price
from engine.order.refusal import Refusal
from engine.order.state import Line, Order
from engine.taxation import ReturnTax, TaxShare
from native import extend_amount

_DAY_S: Final = 86_400
_TURNS_MAX: Final = 64  # of lists and promotions in the days looked back at; the latest count


def comes_back_alone(order: Order) -> bool:
    """Whether an order is of goods without a receipt."""
    return any(e.source is not None and not e.source.has_receipt() for e in order.live_lines())


def add_return_without_receipt(
    order: Order, body: AddReturnWithoutReceipt, context: OrderContext
) -> Decision:
    """Decide to take goods back at the price the rules say, with the taxes of today.

    Refuses:
        return_without_receipt_must_be_allowed, return_without_receipt_must_stand_alone,
        lines_limit_reached; those of `found_item` and `check_quantity`; reason_must_be_given,
        taxes_must_apply, return_must_be_within_ceiling, in that order.
    """
    rules = context.returns
    if not rules.without_receipt:
        return refuse(Refusal.RETURN_WITHOUT_RECEIPT_MUST_BE_ALLOWED)
    if order.live_lines() and not comes_back_alone(order):
        return refuse(Refusal.RETURN_WITHOUT_RECEIPT_MUST_STAND_ALONE)
    if len(order.lines) >= limits.LINES_PER_ORDER_MAX:
        return refuse(Refusal.LINES_LIMIT_REACHED, maximum=limits.LINES_PER_ORDER_MAX)
    item = found_item(body.code, body.item_id, context)
    if isinstance(item, Decision):
        return item
    refused = check_quantity(body.quantity_milli, item.unit)
    if refused is not None:
        return refused
    if not 1 <= len(body.reason.strip()) <= limits.REASON_LENGTH_MAX:
        return refuse(Refusal.REASON_MUST_BE_GIVEN)
    item, source = _worth(item, body, context)
    before_minor = -sum(e.source.total_minor for e in order.live_lines() if e.source is not None)
    if before_minor - source.total_minor > rules.ceiling_minor:
        left_minor = max(0, rules.ceiling_minor - before_minor)
        return refuse(
            Refusal.RETURN_MUST_BE_WITHIN_CEILING,
            total_minor=-source.total_minor,
            left_minor=left_minor,
        )
    event = ReturnLineAdded(order.id, len(order.lines) + 1, item, -body.quantity_milli, source)
    answer = {"order_id": order.id, "line": event.line, "total_minor": source.total_minor}
    return Decision((context.fact(event, order.id),), answer)


def _worth(
    item: LineItem, body: AddReturnWithoutReceipt, context: OrderContext
) -> tuple[LineItem, ReturnOf]:
    """The item at the price that counts, and what goes back for it.

    Raises:
        UntaxableError: the rules in force have no taxes for it.
    """
    tariff = context.tariff()
    lowest = min(_rows(item, body.quantity_milli, context), key=lambda row: row.net_minor)
    item = altered(item, unit_price_micros=lowest.unit_price_micros)
    digits = minor_digits(tariff.settings.required().currency)
    whole_minor = extend_amount(item.unit_price_micros, body.quantity_milli, digits)
    # What came off then comes off as one amount, and the taxes are those of today.
    off = Discount(DiscountKind.AMOUNT, whole_minor - lowest.net_minor, "")
    line = Line(
        1,
        altered(item, discountable=True),
        body.quantity_milli,
        off if off.value else None,
    )
    figures = price(_sale_of(line, context), altered(tariff, offers=None))
    (row,) = figures.lines
    taxes = []
    for tax in row.taxes:
        rule = figures.taxes[tax.tax_index].rule
        assert rule is not None, "a tax of a line is one of a rule"
        share = TaxShare(tax.base_minor, tax.tax_minor, tax.uncharged_minor)
        taxes.append(ReturnTax(rule, share))
    source = ReturnOf(
        "",
        0,
        "",
        row.rate_ppm,
        -row.total_minor,
        -row.tax_minor,
        body.reason.strip(),
        tuple(taxes),
    )
    return item, source


def _sale_of(line: Line, context: OrderContext) -> Order:
    """An order of one line for anybody, across this counter."""
    setup = context.settings.registers.get(context.register)
    channel = "" if setup is None else setup.channel
    dining = None if context.taxes is None else context.taxes.setup.dining
    return Order(
        "", context.operator, context.register, lines=(line,), channel=channel, dining=dining
    )


def _rows(item: LineItem, quantity_milli: int, context: OrderContext) -> Iterator[LineFigures]:
    """What the goods cost at each moment that counts, before charges and on their own."""
    order = _sale_of(Line(1, item, quantity_milli), context)
    # Taxes of before do not matter, and what is charged for selling is not the goods'.
    offers = altered(context.offers, charges=Charges())
    if context.returns.price is PriceRule.LOWEST:
        # What is used up of a budget by now, or held by an open order, was there at other moments.
        offers = altered(offers, redeemed=Redeemed(), open_orders={})
    tariff = altered(context.tariff(), offers=offers, taxes=None)
    for now_s in _moments(context):
        yield price(order, altered(tariff, now_ns=now_s * limits.NS_PER_S)).lines[0]


def _moments(context: OrderContext) -> list[int]:
    """The seconds since 1970 at which the goods are priced: now; where the rules ask for the
    lowest price, this hour of each day before, and every turn of a list or promotion since."""
    now_s = context.stamp.now_ns // limits.NS_PER_S
    rules: ReturnRules = context.returns
    if rules.price is PriceRule.TODAY:
        return [now_s]
    since_s = now_s - rules.days * _DAY_S
    windows = [(e.starts_s, e.ends_s) for e in context.offers.prices.prices.lists]
    windows += [(e.starts_s, e.ends_s) for e in context.promotions()]
    turns = {starts_s for starts_s, _ in windows} | {ends_s - 1 for _, ends_s in windows}
    latest = sorted((at_s for at_s in turns if since_s <= at_s < now_s), reverse=True)
    days = [now_s - day * _DAY_S for day in range(rules.days + 1)]
    return [*days, *latest[:_TURNS_MAX]]
