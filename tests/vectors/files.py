"""Every file of published cases."""

from __future__ import annotations

from tests.vectors.building import Cases
from tests.vectors.goods import baskets, coins, digits, discounts, returns
from tests.vectors.limits import caps, refusals, thresholds, uncharged
from tests.vectors.plain import added, included, rounding
from tests.vectors.shares import extract, residual
from tests.vectors.stacks import division, per_unit, stacks
from tests.vectors.worked import worked

_MAKERS = (
    worked, included, added, rounding, extract, residual, stacks, division, per_unit,
    thresholds, caps, uncharged, discounts, returns, digits, baskets, coins, refusals,
)  # fmt: skip


def all_files() -> list[Cases]:
    """The files in the order they are read best."""
    return [make() for make in _MAKERS]
