"""The figures of an order: one call into native, the same for preview, freeze and receipt."""

from __future__ import annotations

from attrs import frozen

from engine.money import minor_digits
from engine.order.events import DiscountKind, Figures, LineFigures, TaxFigures
from engine.order.state import Discount, Line, Order
from engine.settings import Settings
from native import PricedLine, PricedOrder, price_order

_KIND = {DiscountKind.PERCENT: 1, DiscountKind.AMOUNT: 2}
_NONE = 0
_FIXED = 9

_LineInput = tuple[int, int, int, int, int, bool, int, int]


def _line_input(line: Line, tax_index: int) -> _LineInput:
    item = line.item
    if line.source is not None:
        source = line.source
        return (0, 0, tax_index, _FIXED, 0, False, source.total_minor, source.tax_minor)
    kind, value = _discount_input(line.discount)
    return (
        item.unit_price_micros,
        line.quantity_milli,
        tax_index,
        kind,
        value,
        item.discountable,
        0,
        0,
    )


def _discount_input(discount: Discount | None) -> tuple[int, int]:
    return (_NONE, 0) if discount is None else (_KIND[discount.kind], discount.value)


def rate_of(line: Line, settings: Settings) -> int:
    """The rate in ppm a line is taxed at: today's for a sale, the original's for a return."""
    if line.source is not None:
        return line.source.rate_ppm
    return settings.tax_classes[line.item.tax_class].rate_ppm


@frozen
class _Priced:
    """Native's result beside the lines and rates it belongs to; `rows` are in line order."""

    lines: tuple[Line, ...]
    rows: list[PricedLine]
    rates: list[tuple[str, int]]
    table: list[tuple[str, int]]
    priced: PricedOrder


def _price(order: Order, settings: Settings) -> _Priced:
    rules = settings.required()
    lines = order.live_lines()
    rates = [(line.item.tax_class, rate_of(line, settings)) for line in lines]
    table = sorted(set(rates))
    place = {entry: index for index, entry in enumerate(table)}
    inputs = [_line_input(line, place[rate]) for line, rate in zip(lines, rates, strict=True)]
    # The odd cents of an order discount go to the first of equals: what is first must not depend
    # on which line was scanned first, or the taxes would.
    by_content = sorted(range(len(inputs)), key=inputs.__getitem__) if order.discount else None
    priced = price_order(
        inputs if by_content is None else [inputs[index] for index in by_content],
        [] if order.discount is None else [_discount_input(order.discount)],
        [rate for _, rate in table],
        rules.prices_include_tax,
        rules.rounding_scope.value,
        rules.rounding_mode.value,
        minor_digits(rules.currency),
    )
    rows = priced.lines
    if by_content is not None:
        place_of = {index: at for at, index in enumerate(by_content)}
        rows = [rows[place_of[index]] for index in range(len(inputs))]
    return _Priced(lines, rows, rates, table, priced)


def preview(order: Order, settings: Settings, line: int) -> tuple[int, int]:
    """(the order's total, the net of one line): what a scan answers, without the whole figures."""
    found = _price(order, settings)
    for entry, row in zip(found.lines, found.rows, strict=True):
        if entry.line == line:
            return found.priced.total_minor, row.net_minor
    return found.priced.total_minor, 0


def price(order: Order, settings: Settings) -> Figures:
    """Every amount of `order` under `settings`, voided lines left out.

    A pure function of the lines' frozen prices, the discounts and the rules: the same order always
    prices to the same figures, in whatever order it was rung up.
    """
    rules = settings.required()
    found = _price(order, settings)
    figures = tuple(
        LineFigures(
            line.line,
            row.amount_minor,
            row.line_discount_minor,
            row.order_discount_minor,
            row.net_minor,
            row.base_minor,
            row.tax_minor,
            row.total_minor,
            rate,
        )
        for line, (_, rate), row in zip(found.lines, found.rates, found.rows, strict=True)
    )
    taxes = tuple(
        TaxFigures(
            found.table[row.tax_index][0],
            row.rate_ppm,
            row.base_minor,
            row.tax_minor,
            row.total_minor,
        )
        for row in found.priced.taxes
    )
    side = "inclusive" if rules.prices_include_tax else "exclusive"
    priced = found.priced
    return Figures(
        figures,
        taxes,
        priced.subtotal_minor,
        priced.discount_minor,
        priced.tax_minor,
        priced.total_minor,
        f"{side}/{rules.rounding_scope.value}/{rules.rounding_mode.value}/{settings.version}",
    )
