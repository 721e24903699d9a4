"""Rewards: promotions that cost a member points, and never more of them than there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.promotion.model import BenefitKind, Promotion
from native import Application, PricedCart


def times_of(promotion: Promotion, entry: Application) -> int:
    """How often a promotion applied: of `each` every unit is a time of its own."""
    if promotion.benefit.kind is BenefitKind.EACH:
        return sum(units for _, units, _ in entry.units)
    return entry.times


def caps_within(
    promotions: Sequence[Promotion], rewards: Iterable[int], priced: PricedCart, points: int
) -> list[tuple[int, int, None]]:
    """As `points_shared`, of the rewards (by place) that applied in a priced cart. The native floor
    knows how many points there are for each of them alone."""
    often = dict.fromkeys(rewards, 0)
    if len(often) < 2:
        return []
    for entry in priced.applications:
        if entry.promotion_id in often:
            often[entry.promotion_id] += times_of(promotions[entry.promotion_id], entry)
    return points_shared(promotions, often, points)


def points_shared(
    promotions: Sequence[Promotion], often: Mapping[int, int], points: int
) -> list[tuple[int, int, None]]:
    """How often each reward may apply, as limits of the native floor, so that all find points: the
    higher priority first, then the one named first. Empty where there are points for how `often`
    each would."""
    if sum(promotions[at].costs_points * count for at, count in often.items()) <= points:
        return []
    caps: list[tuple[int, int, None]] = []
    for at in sorted(often, key=lambda at: (-promotions[at].priority, at)):
        costs = promotions[at].costs_points
        count = min(often[at], points // costs)
        points -= count * costs
        caps.append((at, count, None))
    return caps
