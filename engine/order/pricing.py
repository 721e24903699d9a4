"""The figures of an order: one call into native, the same for preview, freeze and receipt."""

from __future__ import annotations

import attrs
from attrs import frozen

from engine import limits
from engine.money import minor_digits
from engine.order.events import DiscountKind, Figures, LineFigures, TaxFigures
from engine.order.ruled import UNTOUCHED, Ruled, Taken, UntaxableError, line_figures, ruled
from engine.order.state import Discount, Line, Order
from engine.promotion.deals import Deals
from engine.promotion.model import LinePromotion
from engine.settings import Settings
from engine.tax import day_of
from engine.tax_book import TaxBook
from native import PricedLine, PricedOrder, extend_amount, price_order

_KIND = {DiscountKind.PERCENT: 1, DiscountKind.AMOUNT: 2}
_NONE = 0
_FIXED = 9


@frozen
class Tariff:
    """What an order is priced under: the store's rules, its promotions, and the moment that their
    windows are held against."""

    settings: Settings
    deals: Deals | None = None
    now_ns: int = 0
    utc_offset_s: int = 0
    taxes: TaxBook | None = None

    def day(self) -> str:
        """The ISO date in the store's own time."""
        return day_of(self.now_ns, self.utc_offset_s)


def tariff_of(
    order: Order, settings: Settings, deals: Deals | None, taxes: TaxBook | None = None
) -> Tariff:
    """What an order nobody touches now is priced under: the moment of its last fact counts."""
    return Tariff(settings, deals, order.touched_ns, order.utc_offset_s, taxes)


_LineInput = tuple[int, int, int, int, int, bool, int, int]


def _line_input(line: Line, tax_index: int, left: int | None, micros: int) -> _LineInput:
    """A line for native; `left` is what promotions leave of it in minor units, None where none
    touched it, and `micros` how many micros one minor unit is."""
    item = line.item
    if line.source is not None:
        source = line.source
        return (0, 0, tax_index, _FIXED, 0, False, source.total_minor, source.tax_minor)
    kind, value = _discount_input(line.discount)
    if left is not None:
        price = left * micros
        return (price, limits.PIECE_MILLI, tax_index, kind, value, item.discountable, 0, 0)
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


def rate_of(line: Line, tariff: Tariff) -> int:
    """The rate in ppm a line is taxed at: today's for a sale, the original's for a return.

    Nought for a sale that rules tax, which comes after.
    """
    if line.source is not None:
        return line.source.rate_ppm
    if tariff.taxes is not None:
        return 0
    return tariff.settings.tax_classes[line.item.tax_class].rate_ppm


@frozen
class _Priced:
    """Native's result beside the lines and rates it belongs to; `rows` and `taken`, what promotions
    took off, are in line order."""

    lines: tuple[Line, ...]
    rows: list[PricedLine]
    taken: list[tuple[LinePromotion, ...]]
    rates: list[tuple[str, int]]
    table: list[tuple[str, int]]
    priced: PricedOrder

    def priced_lines(self) -> list[tuple[Line, PricedLine, tuple[LinePromotion, ...]]]:
        """Each line with what became of it."""
        return list(zip(self.lines, self.rows, self.taken, strict=True))


def _taken(lines: tuple[Line, ...], tariff: Tariff, digits: int) -> list[tuple[LinePromotion, ...]]:
    """What promotions take off each line; what goes back has its price already."""
    if tariff.deals is None:
        return [()] * len(lines)
    sold = [(at, line) for at, line in enumerate(lines) if line.source is None]
    found = tariff.deals.take_off(
        [(line.item, line.quantity_milli) for _, line in sold],
        now_ns=tariff.now_ns,
        utc_offset_s=tariff.utc_offset_s,
        minor_digits=digits,
    )
    taken: list[tuple[LinePromotion, ...]] = [()] * len(lines)
    for (at, _), entries in zip(sold, found, strict=True):
        taken[at] = entries
    return taken


def _left(line: Line, taken: tuple[LinePromotion, ...], digits: int) -> int | None:
    if not taken:
        return None
    amount = extend_amount(line.item.unit_price_micros, line.quantity_milli, digits)
    return amount + sum(entry.amount_minor for entry in taken)


def _price(order: Order, tariff: Tariff) -> _Priced:
    settings = tariff.settings
    rules = settings.required()
    digits = minor_digits(rules.currency)
    lines = order.live_lines()
    taken = _taken(lines, tariff, digits)
    micros = 10 ** (6 - digits)
    rates = [(line.item.tax_class, rate_of(line, tariff)) for line in lines]
    table = sorted(set(rates))
    place = {entry: index for index, entry in enumerate(table)}
    inputs = [
        _line_input(line, place[rate], _left(line, off, digits), micros)
        for line, rate, off in zip(lines, rates, taken, strict=True)
    ]
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
        digits,
    )
    rows = priced.lines
    if by_content is not None:
        place_of = {index: at for at, index in enumerate(by_content)}
        rows = [rows[place_of[index]] for index in range(len(inputs))]
    return _Priced(lines, rows, taken, rates, table, priced)


def _ruled(order: Order, tariff: Tariff, priced: Taken) -> Ruled | None:
    """What the store's tax rules make of the lines; None in a store without."""
    book = tariff.taxes
    if book is None:
        return None
    sale = book.circumstances(tariff.day(), order.dining, order.exemption)
    return ruled(priced, sale, book, minor_digits(tariff.settings.required().currency))


def preview(order: Order, tariff: Tariff, line: int) -> tuple[int, int]:
    """(the order's total, the net of one line): what a scan answers, without the whole figures.

    Raises:
        UntaxableError: as `price`.
    """
    untouched = _untouched(order, tariff)
    if untouched:
        by_rules = _ruled(order, tariff, untouched)
        assert by_rules is not None, "only rules tax lines that are not priced before"
        lines = zip(untouched, by_rules.document.lines, strict=True)
        nets = (row.price_minor for (entry, _, _), row in lines if entry.line == line)
        return by_rules.document.gross_minor, next(nets, 0)
    found = _price(order, tariff)
    by_rules = _ruled(order, tariff, found.priced_lines())
    if by_rules is not None:
        return _ruled_preview(found, by_rules, line)
    for entry, row in zip(found.lines, found.rows, strict=True):
        if entry.line == line:
            return found.priced.total_minor, row.net_minor
    return found.priced.total_minor, 0


def _untouched(order: Order, tariff: Tariff) -> Taken:
    """The lines of an order under tax rules that nothing comes off of and nothing goes back with,
    which is how most are rung up; empty for every other order."""
    if tariff.taxes is None or tariff.deals is not None or order.discount is not None:
        return ()
    lines = order.live_lines()
    if any(line.discount is not None or line.source is not None for line in lines):
        return ()
    return [(line, UNTOUCHED, ()) for line in lines]


def _ruled_preview(found: _Priced, by_rules: Ruled, line: int) -> tuple[int, int]:
    total, net = by_rules.document.gross_minor, 0
    taxed = iter(by_rules.document.lines)
    for entry, row in zip(found.lines, found.rows, strict=True):
        if entry.source is not None:
            total += row.total_minor
            now_minor = row.net_minor
        else:
            now_minor = next(taxed).price_minor
        if entry.line == line:
            net = now_minor
    return total, net


def price_shown(order: Order, tariff: Tariff) -> Figures:
    """As `price`, for eyes: an order that cannot be taxed as it stands is shown all the same.

    Rules that were set since may not let its certificate free it; it then counts for nothing, and
    where even that is not enough the tax classes tell the price. Nobody can pay such an order.
    """
    plain = attrs.evolve(order, exemption=None)
    tries = ((order, tariff), (plain, tariff), (plain, attrs.evolve(tariff, taxes=None)))
    for shown, under in tries:
        try:
            return price(shown, under)
        except UntaxableError:
            continue
    raise AssertionError("tax classes tax every line")


def price(order: Order, tariff: Tariff) -> Figures:
    """Every amount of `order` under `tariff`, voided lines left out.

    Promotions come off first, then the line's discount, then the order's. A pure function of the
    lines' frozen prices, the discounts and the tariff: the same order always prices to the same
    figures, in whatever order it was rung up.

    Raises:
        UntaxableError: the store has tax rules, and by them a line has no taxes.
    """
    found = _price(order, tariff)
    by_rules = _ruled(order, tariff, found.priced_lines())
    if by_rules is not None or any(line.source and line.source.taxes for line in found.lines):
        return _ruled_price(order, tariff, found, by_rules)
    figures = tuple(
        LineFigures(
            line.line,
            row.amount_minor - sum(entry.amount_minor for entry in off),
            row.line_discount_minor,
            row.order_discount_minor,
            row.net_minor,
            row.base_minor,
            row.tax_minor,
            row.total_minor,
            rate,
            off,
        )
        for line, (_, rate), row, off in zip(
            found.lines, found.rates, found.rows, found.taken, strict=True
        )
    )
    promotion_minor = sum(row.promotion_minor() for row in figures)
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
    priced = found.priced
    return Figures(
        figures,
        taxes,
        priced.subtotal_minor - promotion_minor,
        priced.discount_minor + promotion_minor,
        priced.tax_minor,
        priced.total_minor,
        _rules_named(tariff),
        promotion_minor,
        dining=order.dining,
    )


def _rules_named(tariff: Tariff) -> str:
    """The policy that figures are made under, and the versions of what it comes from."""
    settings, book = tariff.settings, tariff.taxes
    if book is not None:
        policy = "/".join(book.policy_input(tariff.day()))
        return f"{book.setup.jurisdiction}/{policy}/{book.version}/{settings.version}"
    rules = settings.required()
    side = "inclusive" if rules.prices_include_tax else "exclusive"
    how = f"{rules.rounding_scope.value}/{rules.rounding_mode.value}"
    return f"{side}/{how}/{settings.version}"


def _ruled_price(order: Order, tariff: Tariff, found: _Priced, by_rules: Ruled | None) -> Figures:
    """The figures of an order with taxes that rules made, of today or of what goes back."""
    book = tariff.taxes
    rates = [rate for _, rate in found.rates]
    lines, taxes = line_figures(found.priced_lines(), by_rules, rates)
    promotion_minor = sum(row.promotion_minor() for row in lines)
    return Figures(
        lines,
        taxes,
        sum(row.amount_minor for row in lines),
        found.priced.discount_minor + promotion_minor,
        sum(row.tax_minor for row in lines),
        sum(row.total_minor for row in lines),
        _rules_named(tariff),
        promotion_minor,
        0 if book is None else book.version,
        order.dining if book is None else order.dining or book.setup.dining,
        None if book is None else book.cash(tariff.day()),
    )
