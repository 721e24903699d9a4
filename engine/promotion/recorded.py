"""The promotions of a sale as it recorded them, and what they take off the goods that stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from attrs import frozen

from engine.altered import altered
from engine.circumstances import Circumstances
from engine.promotion.deals import Deals, Goods, Left, compiled, is_capped
from engine.promotion.model import (
    LineFloor,
    LinePromotion,
    Promotion,
    Recorded,
    ReturnPolicy,
    Selection,
)

NOWHERE: Final = Circumstances()


def recorded_of(
    deals: Deals, taken: Iterable[tuple[LinePromotion, ...]], floors: tuple[LineFloor, ...]
) -> Recorded | None:
    """The promotions that took something off, or None where none of them has returns priced again.

    Those that have not are recorded beside those that have: they compete for the same goods.
    """
    took: Counter[str] = Counter()
    for entry in (entry for entries in taken for entry in entries):
        took[entry.promotion] -= entry.amount_minor
    applied = [one for one in deals.promotions if one.id in took]
    if all(one.returns is ReturnPolicy.KEEP for one in applied):
        return None
    promotions = tuple(_unconditional(one, took[one.id]) for one in applied)
    return Recorded(promotions, deals.policy, floors)


def _unconditional(promotion: Promotion, took_minor: int) -> Promotion:
    """A promotion whose hours, customers and places are known to have been right; one that had a
    limit never takes more than it took."""
    return altered(
        promotion,
        starts_s=0,
        ends_s=0,
        weekly=(),
        customer_groups=(),
        channels=(),
        stores=(),
        sales_per_member=0,
        yearly_minor=0,
        budget_minor=took_minor if is_capped(promotion) else 0,
        vendor_ppm=0,
        costs_points=0,
        by_itself=False,
        tenders=(),
    )


def is_priced_again(recorded: Recorded, item: Goods) -> bool:
    """Whether a promotion that has returns priced again looks at these goods."""
    return any(
        _holds(selection, item)
        for one in recorded.promotions
        if one.returns is ReturnPolicy.REEVALUATE
        for selection in one.selections
    )


def _holds(selection: Selection, item: Goods) -> bool:
    every = not selection.items and not selection.departments
    named = item.item_id in selection.items or item.department in selection.departments
    return (every or named) and item.item_id not in selection.except_items


@frozen
class _AsRecorded:
    """Whoever bought had what the recorded promotions ask for."""

    promotions: frozenset[str]
    around: Circumstances = NOWHERE

    def left(self, promotion: Promotion) -> tuple[Left, ...]:
        """What it took in the sale is the most."""
        return ((None, promotion.budget_minor),)


def taken_off_again(
    recorded: Recorded, lines: Sequence[tuple[Goods, int, int]], digits: int
) -> list[tuple[LinePromotion, ...]]:
    """What those promotions that have returns priced again take off each line (what it sells,
    thousandths, the lowest lawful unit price in micros)."""
    departments = {item.item_id: item.department for item, _, _ in lines}
    deals = compiled(recorded.promotions, recorded.policy, departments)
    asked = _AsRecorded(frozenset(one.id for one in recorded.promotions))
    found = deals.take_off(lines, asked, digits)
    again = {one.id for one in recorded.promotions if one.returns is ReturnPolicy.REEVALUATE}
    return [tuple(entry for entry in entries if entry.promotion in again) for entries in found]
