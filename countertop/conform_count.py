"""What comes off the lines of a published case before tax, by the engine's own count."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
from attrs import frozen

from countertop.conform_case import Case, Reduction
from engine.circumstances import Circumstances
from engine.limits import PIECE_MILLI, PPM
from engine.promotion.check import fault_of
from engine.promotion.deals import Left, compiled
from engine.promotion.model import LinePromotion, Promotion
from engine.tax_document import DocumentLine
from native import CoreError, extend_amount, price_order

_NONE, _PERCENT, _AMOUNT = 0, 1, 2


@frozen
class Asked:
    """What of a case opens promotions, as an order would tell it."""

    around: Circumstances
    promotions: frozenset[str]

    def left(self, promotion: Promotion) -> tuple[Left, ...]:
        """What is left of the budget and of the member's points for a promotion that has either."""
        found: list[Left] = [(None, promotion.budget_minor)] if promotion.budget_minor else []
        if promotion.costs_points:
            found.append((self.around.points // promotion.costs_points, None))
        return tuple(found)


@frozen
class Taken:
    """By line: what each promotion took, and in minor units what line and order discounts did."""

    promotions: tuple[tuple[LinePromotion, ...], ...]
    line_discounts: tuple[int, ...]
    order_discounts: tuple[int, ...]


def taken_off(case: Case) -> Taken:
    """Promotions first, then each line's own discounts, then the order's.

    Raises:
        CoreError: promotions that contradict themselves, or amounts past what is held.
        TagsLimitError: more different tags, groups, channels or stores than are held.
    """
    promotions = _promotions(case)
    lefts, own = [], []
    for line, goods, entries in zip(case.lines, case.goods, promotions, strict=True):
        left = sum(entry.amount_minor for entry in entries)
        if entries or goods.discounts or case.discounts:
            left += extend_amount(line.unit_price_micros, line.quantity_milli, case.minor_digits)
        off = _reduced(left, goods.discounts)
        lefts.append(left - off)
        own.append(off)
    return Taken(promotions, tuple(own), _shares(case, lefts))


def documented(case: Case, taken: Taken) -> tuple[DocumentLine, ...]:
    """The lines as they are taxed: all that was taken is their discount."""
    found = []
    for at, line in enumerate(case.lines):
        promoted = sum(entry.amount_minor for entry in taken.promotions[at])
        off = taken.line_discounts[at] + taken.order_discounts[at] - promoted
        found.append(attrs.evolve(line, discount_minor=off))
    return tuple(found)


def _promotions(case: Case) -> tuple[tuple[LinePromotion, ...], ...]:
    if not case.promotions:
        return ((),) * len(case.lines)
    for one in case.promotions:
        if fault := fault_of(one):
            raise CoreError(f"promotion {one.id}: {fault}")
    around = case.around
    coupons = {code.upper() for code in around.coupons}
    asked_for = {*around.given, *around.chosen}
    for one in case.promotions:
        if one.coupon is not None and one.coupon.code.upper() in coupons:
            asked_for.add(one.id)
    deals = compiled(
        case.promotions,
        case.settled,
        {goods.item_id: goods.department for goods in case.goods if goods.item_id},
    )
    taken = deals.take_off(
        [
            (goods, line.quantity_milli, goods.floor_micros)
            for line, goods in zip(case.lines, case.goods, strict=True)
        ],
        Asked(around.circumstances, frozenset(asked_for)),
        case.minor_digits,
    )
    return tuple(taken)


def _reduced(amount_minor: int, discounts: Sequence[Reduction]) -> int:
    """What comes off: each percent of what the discounts before it left, half away from zero."""
    off = 0
    for entry in discounts:
        off += _percent(amount_minor - off, entry.value) if entry.is_percent else entry.value
    return off


def _percent(amount_minor: int, ppm: int) -> int:
    size = (2 * abs(amount_minor) * ppm + PPM) // (2 * PPM)
    return size if amount_minor >= 0 else -size


def _shares(case: Case, lefts: Sequence[int]) -> tuple[int, ...]:
    """The order's discounts, apportioned over the lines that may have them as a register does."""
    if not case.discounts:
        return (0,) * len(lefts)
    micros = 10 ** (6 - case.minor_digits)
    priced = price_order(
        [
            (left * micros, PIECE_MILLI, 0, _NONE, 0, goods.discountable, 0, 0)
            for left, goods in zip(lefts, case.goods, strict=True)
        ],
        [(_PERCENT if one.is_percent else _AMOUNT, one.value) for one in case.discounts],
        [0],
        True,
        "line",
        "half_up",
        case.minor_digits,
    )
    return tuple(-row.order_discount_minor for row in priced.lines)
