"""Lists that could both count for the same goods, with nothing to say which."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from engine.price_list.model import PercentEntry, PriceList
from engine.promotion.model import Span

_ALL = "*"


def contending(lists: Iterable[PriceList]) -> tuple[str, str, str] | None:
    """(a list, the other, the goods both price) of the first that contend; None where none do.

    Two contend where they have one rank, may hold in one order at one moment, and price the same
    goods in the same way: both by name, or both by a percentage.
    """
    ranked: dict[tuple[int, int], list[PriceList]] = {}
    for one in lists:
        ranked.setdefault((one.priority, one.conditions()), []).append(one)
        own = next(filter(None, (_shared(a, b) for a, b in combinations(one.percents, 2))), "")
        if own:
            return one.id, one.id, own
    for equals in ranked.values():
        for first, second in combinations(equals, 2):
            goods = _goods(first, second)
            if goods and _together(first, second):
                return first.id, second.id, goods
    return None


def _goods(first: PriceList, second: PriceList) -> str:
    """Some goods both price in one way, "" where there are none."""
    named = {(entry.item_id, entry.factor_milli) for entry in second.entries}
    for entry in first.entries:
        if (entry.item_id, entry.factor_milli) in named:
            return entry.item_id
    shared = (_shared(one, other) for one in first.percents for other in second.percents)
    return next(filter(None, shared), "")


def _shared(one: PercentEntry, other: PercentEntry) -> str:
    if not one.departments or not other.departments:
        return next(iter(one.departments or other.departments), _ALL)
    return min(set(one.departments) & set(other.departments), default="")


def _together(first: PriceList, second: PriceList) -> bool:
    """Whether both may hold in one order at one moment."""
    pairs = (
        (first.customer_groups, second.customer_groups),
        (first.channels, second.channels),
        (first.dining_options, second.dining_options),
        (first.stores, second.stores),
    )
    if any(a and b and not set(a) & set(b) for a, b in pairs):
        return False
    if first.ends_s and second.starts_s >= first.ends_s:
        return False
    if second.ends_s and first.starts_s >= second.ends_s:
        return False
    # Hours of the clock and of the business day overlap as the cut-off has it, which may change.
    same_week = first.business_day == second.business_day
    return not (same_week and first.weekly and second.weekly) or any(
        _overlap(a, b) for a in first.weekly for b in second.weekly
    )


def _overlap(a: Span, b: Span) -> bool:
    return a.from_minute < b.until_minute and b.from_minute < a.until_minute
