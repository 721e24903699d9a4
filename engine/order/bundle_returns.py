"""Returns of goods whose promotions have the rest priced again.

What goes back is what was paid less what the goods that stay cost under the promotions of the
sale, nothing at least and at most the price of what comes back; the last goods bring the rest. The
goods that stay may cost more than was paid for them: that is told line by line, each at its own
taxes, so that every line and every tax ends at what was paid, in any order of returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import frozen

from engine.altered import altered
from engine.order.figures import Figures, LineFigures, LineItem
from engine.order.returned_promotions import (
    shares_by_quantity,
    shares_by_what_stays,
    shares_less,
)
from engine.order.returned_taxes import taxes_by
from engine.order.state import Line, Order
from engine.promotion.model import (
    LinePromotion,
    PromotionShare,
    ReturnPolicy,
    promotion_shares_sum,
    taken_by,
)
from engine.promotion.recorded import is_priced_again, taken_off_again
from engine.taxation import ReturnTax, TaxShare, shares_sum
from native import apportion, extend_amount


@frozen
class Gone:
    """What of a sold line went back so far."""

    quantity_milli: int
    total_minor: int
    tax_minor: int
    taxes: tuple[TaxShare, ...]
    promotions: tuple[PromotionShare, ...] = ()

    def plus(self, line: Line) -> Gone:
        """This and a return line."""
        source = line.source
        assert source is not None, "only a return line takes something back"
        return Gone(
            self.quantity_milli - line.quantity_milli,
            self.total_minor - source.total_minor,
            self.tax_minor - source.tax_minor,
            shares_sum(self.taxes, tuple(entry.share for entry in source.taxes)),
            promotion_shares_sum((*self.promotions, *source.promotions)),
        )


@frozen
class Back:
    """What goes back of a sold line, positive; below zero where its goods stay and cost more.
    `promotions` come back with the goods, those of the goods that stay too."""

    line: int
    total_minor: int
    tax_minor: int
    taxes: tuple[ReturnTax, ...] = ()
    promotions: tuple[PromotionShare, ...] = ()


def gone_of(original: Order, pending: Iterable[Line]) -> dict[int, Gone]:
    """What went back of each sold line, in completed orders and by these lines of an open one."""
    gone = {
        line.line: Gone(
            line.returned_milli,
            line.returned_total_minor,
            line.returned_tax_minor,
            line.returned_taxes,
            line.returned_promotions,
        )
        for line in (*original.live_lines(), *original.charges)
    }
    for line in pending:
        assert line.source is not None, "only a return line is pending"
        gone[line.source.line] = gone[line.source.line].plus(line)
    return gone


def has_rest_priced_again(original: Order, sold: Line) -> bool:
    """Whether goods of a sold line that come back have the rest of the sale priced again."""
    recorded = None if original.figures is None else original.figures.recorded
    if recorded is None or sold.line < 0 or sold.source is not None:
        return False
    return not original.is_comped(sold) and is_priced_again(recorded, sold.item)


def item_of(sold: Line, row: LineFigures) -> LineItem:
    """What was sold, at the price that counted."""
    if row.unit_price_micros < 0:
        return sold.item
    return altered(sold.item, unit_price_micros=row.unit_price_micros)


def backs(
    original: Order, gone: Mapping[int, Gone], line: int, quantity_milli: int, digits: int
) -> list[Back]:
    """What goes back when `quantity_milli` of a sold line does: of that line first, then of each
    whose goods are now priced otherwise."""
    figures = original.figures
    assert figures is not None, "only a completed order has returns"
    rows = {row.line: row for row in figures.lines}
    left = {
        sold.line: sold.quantity_milli
        - gone[sold.line].quantity_milli
        - (quantity_milli if sold.line == line else 0)
        for sold in original.live_lines()
        if sold.source is None and not original.is_comped(sold)
    }
    again = [sold for sold in original.live_lines() if has_rest_priced_again(original, sold)]
    paid = {sold.line: rows[sold.line].total_minor for sold in again}
    owed = sum(paid.values()) - sum(gone[at].total_minor for at in paid)
    taken = _taken_off(original, left, digits)
    prices, most = _prices(original, again, left, (line, quantity_milli), taken, digits)
    stay_minor = 0
    if any(left[at] for at in paid):
        stay_minor = owed - min(owed, most, max(0, owed - sum(prices.values())))
    stays = _spread(stay_minor, prices, paid)
    first = sorted(again, key=lambda sold: (sold.line != line, sold.line))
    every = [
        _back(figures, sold, rows[sold.line], gone[sold.line], stays[sold.line], left[sold.line])
        for sold in first
    ]
    shares = _shares(figures, again, gone, left, taken, line)
    with_them = altered(every[0], promotions=shares)
    return [with_them, *(entry for entry in every[1:] if _is_something(entry))]


def _prices(
    original: Order,
    again: list[Line],
    left: Mapping[int, int],
    back: tuple[int, int],
    taken: Mapping[int, tuple[LinePromotion, ...]],
    digits: int,
) -> tuple[dict[int, int], int]:
    """(what the goods that stay cost by line, the price of what comes back), with the discounts
    people gave and the taxes of the sale."""
    figures = original.figures
    assert figures is not None
    assert figures.recorded is not None
    rows = {row.line: row for row in figures.lines}
    kept = {one.id for one in figures.recorded.promotions if one.returns is ReturnPolicy.REEVALUATE}
    nets = {sold.line: max(0, rows[sold.line].amount_minor + rows[sold.line].promotion_minor())
            for sold in again}  # fmt: skip
    whole = (sum(rows[at].total_minor for at in nets), sum(nets.values()))
    prices, most = {}, 0
    for sold in again:
        row = rows[sold.line]
        # What was free has no share of the discounts and taxes of its own to be priced with.
        part = (row.total_minor, nets[sold.line]) if nets[sold.line] else whole
        micros = item_of(sold, row).unit_price_micros
        rest = left[sold.line]
        other = sum(e.amount_minor for e in row.promotions if e.promotion not in kept)
        shares = [rest, sold.quantity_milli - rest]
        net = extend_amount(micros, rest, digits) + apportion(other, shares)[0]
        off = sum(entry.amount_minor for entry in taken.get(sold.line, ()))
        prices[sold.line] = _part(max(0, net + off), *part)
        if sold.line == back[0]:
            most = _part(extend_amount(micros, back[1], digits), *part)
    return prices, most


def _taken_off(
    original: Order, left: Mapping[int, int], digits: int
) -> dict[int, tuple[LinePromotion, ...]]:
    """What promotions that have returns priced again take off the goods that stay, by line."""
    assert original.figures is not None
    recorded = original.figures.recorded
    assert recorded is not None, "only then is anything priced again"
    rows = {row.line: row for row in original.figures.lines}
    floors = {entry.line: entry.unit_price_micros for entry in recorded.floors}
    stays = [sold for sold in original.live_lines() if left.get(sold.line)]
    found = taken_off_again(
        recorded,
        [(item_of(one, rows[one.line]), left[one.line], floors.get(one.line, 0)) for one in stays],
        digits,
    )
    return {one.line: off for one, off in zip(stays, found, strict=True)}


def _shares(
    figures: Figures,
    again: list[Line],
    gone: Mapping[int, Gone],
    left: Mapping[int, int],
    taken: Mapping[int, tuple[LinePromotion, ...]],
    line: int,
) -> tuple[PromotionShare, ...]:
    """What of each promotion comes back with goods of `line`: of one that has returns priced again
    what it no longer takes off the goods that stay, of another its part of the goods."""
    assert figures.recorded is not None
    anew = {one.id for one in figures.recorded.promotions if one.returns is ReturnPolicy.REEVALUATE}
    rows = {row.line: row for row in figures.lines}
    stays = taken_by(entry for sold in again for entry in taken.get(sold.line, ()))
    together = (e for sold in again for e in rows[sold.line].promotions if e.promotion in anew)
    found = shares_less(
        shares_by_what_stays(together, {one.promotion: one.amount_minor for one in stays}),
        (share for sold in again for share in gone[sold.line].promotions),
    )
    sold = next(entry for entry in again if entry.line == line)
    own = (e for e in rows[line].promotions if e.promotion not in anew)
    gone_milli = sold.quantity_milli - left[line]
    found += shares_less(
        shares_by_quantity(own, gone_milli, sold.quantity_milli), gone[line].promotions
    )
    return tuple(share for share in promotion_shares_sum(found) if share.is_some())


def _spread(stay_minor: int, prices: Mapping[int, int], paid: Mapping[int, int]) -> dict[int, int]:
    """What stays paid, by line: as the goods cost, never on a line that nothing was paid for."""
    weights = {at: price if paid[at] else 0 for at, price in prices.items()}
    if sum(weights.values()) == stay_minor:
        return weights
    # Nothing that was paid for is left, or what is left costs nothing: the others hold it.
    held = weights if any(weights.values()) else paid
    return dict(zip(held, apportion(stay_minor, list(held.values())), strict=True))


def _back(
    figures: Figures, sold: Line, row: LineFigures, gone: Gone, stays_minor: int, left_milli: int
) -> Back:
    """What brings a line to where `stays_minor` of it stays paid, each tax with it."""

    def going(whole_minor: int, gone_minor: int) -> int:
        if row.total_minor:
            stays = _part(whole_minor, stays_minor, row.total_minor)
        else:
            shares = [left_milli, sold.quantity_milli - left_milli]
            stays = apportion(whole_minor, shares)[0]
        return whole_minor - stays - gone_minor

    taxes = taxes_by(figures, row, gone.taxes, going)
    tax = going(row.tax_minor, gone.tax_minor)
    if taxes:
        tax = sum(entry.share.tax_minor for entry in taxes)
    return Back(sold.line, row.total_minor - stays_minor - gone.total_minor, tax, taxes)


def _part(whole_minor: int, of: int, among: int) -> int:
    """The share `of` out of `among`, to the nearest, halves away from zero; nothing of nothing."""
    if not among:
        return 0
    size = (2 * abs(whole_minor) * of + among) // (2 * among)
    return size if whole_minor >= 0 else -size


def _is_something(back: Back) -> bool:
    return bool(
        back.total_minor or back.tax_minor or any(entry.share != TaxShare() for entry in back.taxes)
    )
