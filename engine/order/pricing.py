"""The figures of an order: the same for preview, freeze and receipt."""

from __future__ import annotations

from engine.altered import altered
from engine.money import minor_digits
from engine.order.counting import Counted, counted
from engine.order.figures import Figures, LineFigures
from engine.order.offered import Tariff, floor_of
from engine.order.ruled import (
    UNTOUCHED,
    Ruled,
    Taken,
    UntaxableError,
    is_taxed,
    line_figures,
    ruled,
)
from engine.order.state import Line, Order
from engine.price_list.model import Resolved
from engine.promotion.model import LineFloor, Recorded, promotion_shares_sum
from engine.promotion.recorded import recorded_of
from native import extend_amount


def below_floor(order: Order, tariff: Tariff) -> tuple[int, int] | None:
    """(line, its lowest lawful unit price in micros) of the first line sold for less; None where
    all are lawful."""
    if tariff.offers is None or not tariff.offers.prices.prices.floors:
        return None
    digits = minor_digits(tariff.settings.required().currency)
    found = counted(order, tariff)
    for at, (line, row) in enumerate(zip(found.lines, found.rows, strict=True)):
        floor = floor_of(found.resolved, at)
        if floor and row.net_minor < extend_amount(floor, line.quantity_milli, digits):
            return line.line, floor
    return None


def _ruled(order: Order, tariff: Tariff, priced: Taken) -> Ruled | None:
    """What the store's tax rules make of the lines; None in a store without."""
    book = tariff.taxes
    if book is None:
        return None
    sale = book.order_facts(tariff.day(), order.dining, order.exemption)
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
    found = counted(order, tariff)
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
    offers = tariff.offers
    if tariff.taxes is None or order.discount is not None or order.comp:
        return ()
    if offers is not None and (offers.deals or offers.prices.version or offers.charges.rules):
        return ()
    lines = order.live_lines()
    if any(line.discount or line.source is not None or line.comp for line in lines):
        return ()
    return [(line, UNTOUCHED, ()) for line in lines]


def _ruled_preview(found: Counted, by_rules: Ruled, line: int) -> tuple[int, int]:
    total, net = by_rules.document.gross_minor, 0
    taxed = iter(by_rules.document.lines)
    for entry, row in zip(found.lines, found.rows, strict=True):
        if not is_taxed(entry):
            total += row.total_minor
            now_minor = row.net_minor
        else:
            now_minor = next(taxed).price_minor
        if entry.line == line:
            net = now_minor
    return total, net


def price_shown(order: Order, tariff: Tariff) -> Figures:
    """What an order comes to, for eyes: its frozen figures where it has them, whatever prices are
    by now; else as `price`, but one that cannot be taxed as it stands is shown all the same.

    Rules that were set since may not let its certificate free it; it then counts for nothing, and
    where even that is not enough the tax classes tell the price. Nobody can pay such an order.
    """
    if order.figures is not None:
        return order.figures
    plain = altered(order, exemption=None)
    tries = ((order, tariff), (plain, tariff), (plain, altered(tariff, taxes=None)))
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
    found = counted(order, tariff)
    priced, book = found.priced_lines(), tariff.taxes
    taxed, taxes = line_figures(priced, _ruled(order, tariff, priced), found.rates_ppm())
    digits = minor_digits(tariff.settings.required().currency)
    lines = tuple(
        _with_price(row, line, why, digits, comped=order.is_comped(line))
        for row, line, why in zip(taxed, found.lines, found.reasons(), strict=True)
    )
    # Where an odd cent of the taxes inside the prices is a charge's, its amount has it.
    amounts = {row.line: row.amount_minor for row in lines}
    promotion_minor = sum(row.promotion_minor() for row in lines)
    comp_minor = sum(row.comp_minor for row in lines)
    return Figures(
        lines,
        taxes,
        sum(row.amount_minor for row in lines if row.line > 0),
        found.priced.discount_minor + promotion_minor - comp_minor,
        sum(row.tax_minor for row in lines),
        sum(row.total_minor for row in lines),
        _rules_named(tariff),
        promotion_minor,
        tax_version=0 if book is None else book.version,
        dining=order.dining if book is None else order.dining or book.setup.dining,
        cash=None if book is None else book.cash(tariff.day()),
        comp_minor=comp_minor,
        charges=tuple(altered(entry, amount_minor=amounts[entry.line]) for entry in found.charges),
        recorded=_recorded(tariff, found),
        promotions_back=promotion_shares_sum(
            share for line in found.lines if line.source for share in line.source.promotions
        ),
        tender=order.tender if _is_for_a_tender(tariff, found) else "",
    )


def _is_for_a_tender(tariff: Tariff, found: Counted) -> bool:
    """Whether something came off because of how the order will be paid."""
    if tariff.offers is None or tariff.offers.deals is None:
        return False
    bound = {one.id for one in tariff.offers.deals.promotions if one.tenders}
    return any(entry.promotion in bound for entries in found.taken for entry in entries)


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


def _recorded(tariff: Tariff, found: Counted) -> Recorded | None:
    """What goods that stay are priced under when others come back; None where parts are kept."""
    if tariff.offers is None or tariff.offers.deals is None or not any(found.taken):
        return None
    floors = tuple(
        LineFloor(line.line, floor_of(found.resolved, at))
        for at, line in enumerate(found.lines)
        if line.source is None and floor_of(found.resolved, at)
    )
    return recorded_of(tariff.offers.deals, found.taken, floors)


def _with_price(
    row: LineFigures, line: Line, why: Resolved, digits: int, *, comped: bool
) -> LineFigures:
    """A line's figures with the price that counted, and what giving it away took off set apart."""
    cost = 0
    if why.unit_cost_micros and line.source is None:
        cost = extend_amount(why.unit_cost_micros, line.quantity_milli, digits)
    given = row.line_discount_minor if comped else 0
    return altered(
        row,
        unit_price_micros=why.unit_price_micros,
        price_list=why.price_list,
        was_micros=why.was_micros,
        comp_minor=given,
        line_discount_minor=row.line_discount_minor - given,
        cost_minor=cost,
        list_name=why.list_name,
    )
