"""The figures of an order: one call into native, the same for preview, freeze and receipt."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
from attrs import frozen

from engine import limits
from engine.money import minor_digits
from engine.offers import Offers
from engine.order.circumstances import Asking, business_year, circumstances_of
from engine.order.events import DiscountKind, Figures, LineFigures, TaxFigures
from engine.order.ruled import Ruled, UntaxableError, line_figures, ruled
from engine.order.state import Discount, Line, Order
from engine.price_list.model import Circumstances, Resolved
from engine.promotion.deals import NOT_IN_FORCE, WhyNot
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
    """What an order is priced under: the store's rules, what it offers, and the moment that windows
    are held against."""

    settings: Settings
    offers: Offers | None = None
    now_ns: int = 0
    utc_offset_s: int = 0
    taxes: TaxBook | None = None

    def day(self) -> str:
        """The ISO date in the store's own time."""
        return day_of(self.now_ns, self.utc_offset_s)


def tariff_of(
    order: Order, settings: Settings, offers: Offers | None, taxes: TaxBook | None = None
) -> Tariff:
    """What an order nobody touches now is priced under: the moment of its last fact counts."""
    return Tariff(settings, offers, order.touched_ns, order.utc_offset_s, taxes)


_LineInput = tuple[int, int, int, int, int, bool, int, int]


def _line_input(
    line: Line, tax_index: int, left: int | None, micros: int, *, comped: bool
) -> _LineInput:
    """A line for native; `left` is what promotions leave of it in minor units, None where none
    touched it, and `micros` how many micros one minor unit is."""
    item = line.item
    if line.source is not None:
        source = line.source
        return (0, 0, tax_index, _FIXED, 0, False, source.total_minor, source.tax_minor)
    kind, value = _discount_input(line.discount)
    if comped:
        # Giving away is no discount: it may be done with goods that are never discounted.
        whole = (_KIND[DiscountKind.PERCENT], limits.PPM)
        return (item.unit_price_micros, line.quantity_milli, tax_index, *whole, True, 0, 0)
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
    took off, are in line order. The lines' items are at the prices that counted; `resolved` says
    why."""

    lines: tuple[Line, ...]
    resolved: list[Resolved] | None
    rows: list[PricedLine]
    taken: list[tuple[LinePromotion, ...]]
    rates: list[tuple[str, int]]
    table: list[tuple[str, int]]
    priced: PricedOrder

    def reasons(self) -> list[Resolved]:
        """Why each line's price counted; its own where the store has no price lists."""
        return self.resolved or [Resolved(line.item.unit_price_micros) for line in self.lines]

    def priced_lines(self) -> list[tuple[Line, PricedLine, tuple[LinePromotion, ...]]]:
        """Each line with what became of it."""
        return list(zip(self.lines, self.rows, self.taken, strict=True))


def _around(order: Order, tariff: Tariff) -> Circumstances:
    rules = tariff.settings.required()
    return circumstances_of(
        order, rules, tariff.taxes, now_ns=tariff.now_ns, utc_offset_s=tariff.utc_offset_s
    )


def _at_their_prices(
    order: Order, tariff: Tariff, micros: int
) -> tuple[tuple[Line, ...], list[Resolved] | None]:
    """The lines that count at the prices that count, and why, None where no prices are set; what
    goes back has its price already."""
    lines = order.live_lines()
    if tariff.offers is None or not tariff.offers.prices.version:
        return lines, None
    sold = [line for line in lines if line.source is None]
    rows = iter(
        tariff.offers.prices.table.resolve(
            [(e.item, e.quantity_milli, e.overridden or e.item.open_price) for e in sold],
            _around(order, tariff),
            micros,
        )
    )
    priced, resolved = [], []
    for line in lines:
        row = next(rows) if line.source is None else Resolved(line.item.unit_price_micros)
        resolved.append(row)
        if row.unit_price_micros != line.item.unit_price_micros:
            item = attrs.evolve(line.item, unit_price_micros=row.unit_price_micros)
            line = attrs.evolve(line, item=item)
        priced.append(line)
    return tuple(priced), resolved


def unit_price_of(order: Order, tariff: Tariff, line: int) -> int:
    """The unit price in micros that counts for a line now."""
    digits = minor_digits(tariff.settings.required().currency)
    lines, _ = _at_their_prices(order, tariff, 10 ** (6 - digits))
    return next(entry.item.unit_price_micros for entry in lines if entry.line == line)


def _asking(order: Order, tariff: Tariff, offers: Offers) -> Asking:
    rules = tariff.settings.required()
    year = business_year(rules, now_ns=tariff.now_ns, utc_offset_s=tariff.utc_offset_s)
    return Asking(order, _around(order, tariff), offers.redeemed, year)


def _taken(
    order: Order,
    lines: tuple[Line, ...],
    resolved: list[Resolved] | None,
    tariff: Tariff,
    digits: int,
) -> list[tuple[LinePromotion, ...]]:
    """What promotions take off each line; nothing off what goes back or is given away."""
    offers = tariff.offers
    if offers is None or offers.deals is None:
        return [()] * len(lines)
    sold = [at for at, line in enumerate(lines) if _is_sold(order, line)]
    found = offers.deals.take_off(
        [(lines[at].item, lines[at].quantity_milli, _floor(resolved, at)) for at in sold],
        _asking(order, tariff, offers),
        now_ns=tariff.now_ns,
        utc_offset_s=tariff.utc_offset_s,
        minor_digits=digits,
    )
    taken: list[tuple[LinePromotion, ...]] = [()] * len(lines)
    for at, entries in zip(sold, found, strict=True):
        taken[at] = entries
    return taken


def _floor(resolved: list[Resolved] | None, at: int) -> int:
    return 0 if resolved is None else resolved[at].floor_micros


def _is_sold(order: Order, line: Line) -> bool:
    return line.source is None and not order.is_comped(line)


def why_not(order: Order, tariff: Tariff, promotions: Sequence[str]) -> list[WhyNot]:
    """What each of `promotions` (ids) takes off an order, else why it takes nothing."""
    offers = tariff.offers
    if offers is None or offers.deals is None:
        return [WhyNot(NOT_IN_FORCE) for _ in promotions]
    digits = minor_digits(tariff.settings.required().currency)
    lines, resolved = _at_their_prices(order, tariff, 10 ** (6 - digits))
    return offers.deals.why_not(
        [
            (line.item, line.quantity_milli, _floor(resolved, at))
            for at, line in enumerate(lines)
            if _is_sold(order, line)
        ],
        _asking(order, tariff, offers),
        promotions,
        now_ns=tariff.now_ns,
        utc_offset_s=tariff.utc_offset_s,
        minor_digits=digits,
    )


def promotion_names(tariff: Tariff) -> dict[str, str]:
    """What people read of the promotions in force, by id."""
    deals = None if tariff.offers is None else tariff.offers.deals
    return {} if deals is None else {one.id: one.name for one in deals.promotions}


def below_floor(order: Order, tariff: Tariff) -> tuple[int, int] | None:
    """(line, its lowest lawful unit price in micros) of the first line sold for less; None where
    all are lawful."""
    if tariff.offers is None or not tariff.offers.prices.prices.floors:
        return None
    digits = minor_digits(tariff.settings.required().currency)
    found = _price(order, tariff)
    for at, (line, row) in enumerate(zip(found.lines, found.rows, strict=True)):
        floor = _floor(found.resolved, at)
        if floor and row.net_minor < extend_amount(floor, line.quantity_milli, digits):
            return line.line, floor
    return None


def _left(line: Line, taken: tuple[LinePromotion, ...], digits: int) -> int | None:
    if not taken:
        return None
    amount = extend_amount(line.item.unit_price_micros, line.quantity_milli, digits)
    return amount + sum(entry.amount_minor for entry in taken)


def _price(order: Order, tariff: Tariff) -> _Priced:
    settings = tariff.settings
    rules = settings.required()
    digits = minor_digits(rules.currency)
    micros = 10 ** (6 - digits)
    lines, resolved = _at_their_prices(order, tariff, micros)
    taken = _taken(order, lines, resolved, tariff, digits)
    rates = [(line.item.tax_class, rate_of(line, tariff)) for line in lines]
    table = sorted(set(rates))
    place = {entry: index for index, entry in enumerate(table)}
    inputs = [
        _line_input(
            line, place[rate], _left(line, off, digits), micros, comped=order.is_comped(line)
        )
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
    return _Priced(lines, resolved, rows, taken, rates, table, priced)


def _ruled(order: Order, tariff: Tariff, found: _Priced) -> Ruled | None:
    """What the store's tax rules make of the lines; None in a store without."""
    book = tariff.taxes
    if book is None:
        return None
    sale = book.circumstances(tariff.day(), order.dining, order.exemption)
    digits = minor_digits(tariff.settings.required().currency)
    return ruled(found.priced_lines(), sale, book, digits)


def preview(order: Order, tariff: Tariff, line: int) -> tuple[int, int]:
    """(the order's total, the net of one line): what a scan answers, without the whole figures.

    Raises:
        UntaxableError: as `price`.
    """
    found = _price(order, tariff)
    by_rules = _ruled(order, tariff, found)
    if by_rules is not None:
        return _ruled_preview(found, by_rules, line)
    for entry, row in zip(found.lines, found.rows, strict=True):
        if entry.line == line:
            return found.priced.total_minor, row.net_minor
    return found.priced.total_minor, 0


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
    by_rules = _ruled(order, tariff, found)
    if by_rules is not None or any(line.source and line.source.taxes for line in found.lines):
        return _ruled_price(order, tariff, found, by_rules)
    digits = minor_digits(tariff.settings.required().currency)
    figures = tuple(
        _line_figures(line, why, row, rate, off, digits, comped=order.is_comped(line))
        for line, why, (_, rate), row, off in zip(
            found.lines, found.reasons(), found.rates, found.rows, found.taken, strict=True
        )
    )
    comp_minor = sum(row.comp_minor for row in figures)
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
        priced.discount_minor + promotion_minor - comp_minor,
        priced.tax_minor,
        priced.total_minor,
        _rules_named(tariff),
        promotion_minor,
        dining=order.dining,
        comp_minor=comp_minor,
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
    taxed, taxes = line_figures(found.priced_lines(), by_rules, rates)
    digits = minor_digits(tariff.settings.required().currency)
    lines = tuple(
        _with_price(row, line, why, digits, comped=order.is_comped(line))
        for row, line, why in zip(taxed, found.lines, found.reasons(), strict=True)
    )
    comp_minor = sum(row.comp_minor for row in lines)
    promotion_minor = sum(row.promotion_minor() for row in lines)
    return Figures(
        lines,
        taxes,
        sum(row.amount_minor for row in lines),
        found.priced.discount_minor - comp_minor + promotion_minor,
        sum(row.tax_minor for row in lines),
        sum(row.total_minor for row in lines),
        _rules_named(tariff),
        promotion_minor,
        tax_version=0 if book is None else book.version,
        dining=order.dining if book is None else order.dining or book.setup.dining,
        cash=None if book is None else book.cash(tariff.day()),
        comp_minor=comp_minor,
    )


def _with_price(
    row: LineFigures, line: Line, why: Resolved, digits: int, *, comped: bool
) -> LineFigures:
    """A line's figures with the price that counted, and what giving it away took off set apart."""
    cost = extend_amount(why.unit_cost_micros, line.quantity_milli, digits)
    given = row.line_discount_minor if comped else 0
    return attrs.evolve(
        row,
        unit_price_micros=why.unit_price_micros,
        price_list=why.price_list,
        was_micros=why.was_micros,
        comp_minor=given,
        line_discount_minor=row.line_discount_minor - given,
        cost_minor=cost if line.source is None else 0,
    )


def _line_figures(
    line: Line,
    why: Resolved,
    row: PricedLine,
    rate_ppm: int,
    off: tuple[LinePromotion, ...],
    digits: int,
    *,
    comped: bool,
) -> LineFigures:
    cost = 0
    if why.unit_cost_micros and line.source is None:
        cost = extend_amount(why.unit_cost_micros, line.quantity_milli, digits)
    return LineFigures(
        line.line,
        row.amount_minor - sum(entry.amount_minor for entry in off),
        0 if comped else row.line_discount_minor,
        row.order_discount_minor,
        row.net_minor,
        row.base_minor,
        row.tax_minor,
        row.total_minor,
        rate_ppm,
        off,
        unit_price_micros=why.unit_price_micros,
        price_list=why.price_list,
        was_micros=why.was_micros,
        comp_minor=row.line_discount_minor if comped else 0,
        cost_minor=cost,
    )
