"""Why a line costs what it costs: reasons in the order they applied, which sum to its total.

Nothing is priced here: the reasons are read off the figures a sale was or would be frozen with, so
they hold for a receipt of last year as for the line that was scanned just now.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from attrs import frozen

from engine.charge.model import ChargeFigures
from engine.limits import PIECE_MILLI, PPM
from engine.money import minor_digits
from engine.order.figures import DiscountKind, Figures, LineFigures
from engine.order.given import Discount
from engine.order.state import Line, Order
from engine.settings import StoreRules
from engine.tax_document import TaxKind

_MICRO = 1_000_000  # millionths of a minor unit in one


class ReasonKind(Enum):
    """What made a part of a price."""

    LIST_PRICE = "list_price"
    OVERRIDE = "override"
    PRICE_LIST = "price_list"
    MARKDOWN = "markdown"
    PROMOTION = "promotion"
    LINE_DISCOUNT = "line_discount"
    COMP = "comp"
    ORDER_DISCOUNT = "order_discount"
    TAX_ADDED = "tax_added"
    TAX_INCLUDED = "tax_included"
    RETURNED = "returned"
    WITHOUT_RECEIPT = "without_receipt"
    CHARGE = "charge"


@frozen
class Reason:
    """A part of a line's price in minor units; what is TAX_INCLUDED is in the others already.

    `rounding_micro` is how much of it is rounding, in millionths of a minor unit: the amount less
    the exact share (of a promotion, the share of what it took off in all). `name` is what people
    call it, a promotion's or a discount's reason, and `rate_ppm` the percentage it was reckoned at,
    0 where there was none.
    """

    kind: ReasonKind
    name: str
    amount_minor: int
    rounding_micro: int = 0
    rate_ppm: int = 0


@frozen
class LineReasons:
    """A line's reasons. Those that are not TAX_INCLUDED sum to `total_minor`."""

    line: int
    name: str
    quantity_milli: int
    unit: str
    unit_price_micros: int
    reasons: tuple[Reason, ...]
    total_minor: int


def explain(order: Order, figures: Figures, rules: StoreRules) -> tuple[LineReasons, ...]:
    """The reasons of every line that counts."""
    digits = minor_digits(rules.currency)
    rows = {row.line: row for row in figures.lines}
    lines = order.live_lines()
    charges = {entry.line: entry for entry in figures.charges}
    shared = [
        (line, rows[line.line])
        for line in lines
        if _shares_discount(line) and not order.is_comped(line)
    ]
    weight = sum(_after_line_discount(row) for _, row in shared)
    given = sum(row.order_discount_minor for _, row in shared)
    return tuple(
        LineReasons(
            line.line,
            f"{line.item.name} {line.item.variation}".strip(),
            line.quantity_milli,
            line.item.unit,
            _unit_price(line, rows[line.line]),
            (
                *_reasons(order, line, rows[line.line], digits, (given, weight)),
                *_taxes(
                    rows[line.line],
                    figures,
                    included=rules.prices_include_tax,
                    back=line.source is not None,
                ),
            ),
            rows[line.line].total_minor,
        )
        for line in lines
    ) + tuple(
        _charge_reasons(charges[row.line], row, figures, rules)
        for row in figures.lines
        if row.line in charges
    )


def _charge_reasons(
    charge: ChargeFigures, row: LineFigures, figures: Figures, rules: StoreRules
) -> LineReasons:
    """A charge's percentage of the goods, or its amount, and its taxes; an odd cent of those that
    are in its price may be the charge's."""
    exact = _extended(charge.unit_price_micros, PIECE_MILLI, minor_digits(rules.currency))
    odd_micro = row.amount_minor * _MICRO - exact
    own = Reason(ReasonKind.CHARGE, charge.name, row.amount_minor, odd_micro, charge.percent_ppm)
    return LineReasons(
        charge.line,
        charge.name,
        PIECE_MILLI,
        "piece",
        charge.unit_price_micros,
        (own, *_taxes(row, figures, included=rules.prices_include_tax)),
        row.total_minor,
    )


def _reasons(
    order: Order,
    line: Line,
    row: LineFigures,
    digits: int,
    shared: tuple[int, int],
) -> Iterator[Reason]:
    if line.source is not None:
        number = line.source.receipt_number
        kind = ReasonKind.RETURNED if line.source.has_receipt() else ReasonKind.WITHOUT_RECEIPT
        yield Reason(kind, number, row.total_minor)
        return
    yield from _price(line, row, digits)
    for entry in row.promotions:
        yield Reason(ReasonKind.PROMOTION, entry.name, entry.amount_minor, entry.rounding_micro)
    if row.line_discount_minor:
        before = row.amount_minor + row.promotion_minor()
        yield _discount(
            ReasonKind.LINE_DISCOUNT, line.discount, row.line_discount_minor, before, None
        )
    if row.comp_minor:
        yield Reason(ReasonKind.COMP, line.comp or order.comp, row.comp_minor)
    if row.order_discount_minor:
        yield _discount(
            ReasonKind.ORDER_DISCOUNT,
            order.discount,
            row.order_discount_minor,
            _after_line_discount(row),
            shared,
        )


def _unit_price(line: Line, row: LineFigures) -> int:
    """The price that counted; sales of before there were price lists have the line's own."""
    own = line.item.unit_price_micros
    return own if row.unit_price_micros < 0 else row.unit_price_micros


def _price(line: Line, row: LineFigures, digits: int) -> Iterator[Reason]:
    """What the item costs by itself, and by how much a person or a price list changed it."""
    own = line.item.unit_price_micros
    steps = [(ReasonKind.LIST_PRICE, "", own if line.listed_micros is None else line.listed_micros)]
    if steps[0][2] != own:
        steps.append((ReasonKind.OVERRIDE, "", own))
    if row.price_list:
        kind = ReasonKind.MARKDOWN if row.was_micros else ReasonKind.PRICE_LIST
        steps.append((kind, row.list_name, _unit_price(line, row)))
    amount, exact = 0, 0
    for kind, name, micros in steps:
        to_exact = _extended(micros, line.quantity_milli, digits)
        to_amount = _nearest(to_exact, _MICRO)
        if (kind, name, micros) == steps[-1]:
            to_amount = row.amount_minor
        changed = to_amount - amount
        yield Reason(kind, name, changed, changed * _MICRO - (to_exact - exact))
        amount, exact = to_amount, to_exact


def _extended(unit_price_micros: int, quantity_milli: int, digits: int) -> int:
    """Price × quantity in millionths of a minor unit, to the nearest one."""
    return _nearest(unit_price_micros * quantity_milli * 10**digits, PIECE_MILLI)


def _nearest(dividend: int, divisor: int) -> int:
    """Half away from zero."""
    sign = -1 if dividend < 0 else 1
    return sign * ((2 * abs(dividend) + divisor) // (2 * divisor))


def _shares_discount(line: Line) -> bool:
    return line.source is None and line.item.discountable


def _after_line_discount(row: LineFigures) -> int:
    return row.amount_minor + row.promotion_minor() + row.line_discount_minor


def _discount(
    kind: ReasonKind,
    discount: Discount | None,
    amount_minor: int,
    before_minor: int,
    shared: tuple[int, int] | None,
) -> Reason:
    """A discount's part; `shared` is (the whole of it, what it is spread over)."""
    assert discount is not None, "what came off was given by somebody"
    rate = discount.value if discount.kind is DiscountKind.PERCENT else 0
    if rate:
        exact = -before_minor * rate * (_MICRO // PPM)
    elif shared is not None:
        exact = _nearest(shared[0] * before_minor * _MICRO, shared[1])
    else:
        exact = amount_minor * _MICRO
    return Reason(kind, discount.reason, amount_minor, amount_minor * _MICRO - exact, rate)


def _taxes(
    row: LineFigures, figures: Figures, *, included: bool, back: bool = False
) -> Iterator[Reason]:
    """The line's taxes in the order they were counted; all are inside what goes `back`, and inside
    what goods that stay cost more for it."""
    if not row.taxes:
        if row.tax_minor or row.rate_ppm:
            yield _class_tax(row, included=included or back)
        return
    for part in row.taxes:
        tax = figures.taxes[part.tax_index]
        assert tax.rule is not None, "a line's own taxes are made by rules"
        inside = tax.rule.included or back
        kind = ReasonKind.TAX_INCLUDED if inside else ReasonKind.TAX_ADDED
        exact = part.tax_minor * _MICRO
        if tax.rate_ppm and tax.rule.kind is TaxKind.PERCENT:
            exact = _nearest(part.base_minor * tax.rate_ppm * _MICRO, PPM)
        rounding = part.tax_minor * _MICRO - exact if part.tax_minor and not inside else 0
        yield Reason(kind, tax.rule.name, part.tax_minor, rounding, tax.rate_ppm)


def _class_tax(row: LineFigures, *, included: bool) -> Reason:
    if included:
        exact = _nearest(row.total_minor * row.rate_ppm * _MICRO, PPM + row.rate_ppm)
    else:
        exact = _nearest(row.base_minor * row.rate_ppm * _MICRO, PPM)
    kind = ReasonKind.TAX_INCLUDED if included else ReasonKind.TAX_ADDED
    return Reason(kind, "", row.tax_minor, row.tax_minor * _MICRO - exact, row.rate_ppm)
