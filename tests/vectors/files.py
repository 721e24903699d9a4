"""Every file of published cases."""

from __future__ import annotations

from tests.vectors.building import Cases
from tests.vectors.carts import carts, given, minor, mixed
from tests.vectors.carts import refusals as contradictions
from tests.vectors.contests import contests, limits, stacking, whom
from tests.vectors.goods import baskets, coins, digits, discounts, returns
from tests.vectors.limits import caps, refusals, thresholds, uncharged
from tests.vectors.loyal import points, tenders
from tests.vectors.offers import bundles, each_unit, free_ones, tiers
from tests.vectors.plain import added, included, rounding
from tests.vectors.shares import extract, residual
from tests.vectors.stacks import division, per_unit, stacks
from tests.vectors.worked import worked

_MAKERS = (
    worked, included, added, rounding, extract, residual, stacks, division, per_unit,
    thresholds, caps, uncharged, discounts, returns, digits, baskets, coins, refusals,
    each_unit, bundles, free_ones, tiers, carts, contests, stacking, limits, whom, points, tenders,
    given, mixed,    minor, contradictions,
)  # fmt: skip


def all_files() -> list[Cases]:
    """The files in the order they are read best."""
    return [make() for make in _MAKERS]
