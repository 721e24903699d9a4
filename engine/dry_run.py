"""What other promotions would have come to: baskets that were sold, priced once more.

Nothing is changed by it. A basket keeps everything but its promotions: its prices, the discounts
people gave, what went back, and the moment it was priced at, so that the promotions it was sold
under come to the same total again.
"""

from __future__ import annotations

from heapq import heappush, heappushpop

import attrs
from attrs import define, frozen

from engine.altered import altered
from engine.order.figures import Figures
from engine.promotion.model import Promotion

LARGEST = 10
"""How many of the baskets that changed most are told apart."""


@frozen
class Effect:
    """What one promotion took off, in how many baskets; zero or less, in minor units."""

    promotion: str
    name: str
    sold_baskets: int = 0
    sold_minor: int = 0
    tried_baskets: int = 0
    tried_minor: int = 0


@frozen
class Day:
    """What the baskets of a business day came to, as sold and as tried, in minor units."""

    business_date: str
    baskets: int = 0
    sold_minor: int = 0
    tried_minor: int = 0


@frozen(order=True)
class Changed:
    """A basket that would have cost something else; `moved_minor` is by how much, positive."""

    moved_minor: int
    receipt_number: str
    business_date: str
    sold_minor: int
    tried_minor: int


@frozen
class DryRun:
    """The whole comparison. `failed` counts baskets the tried promotions have no price for."""

    baskets: int
    cheaper: int
    dearer: int
    failed: int
    sold_minor: int
    tried_minor: int
    effects: tuple[Effect, ...]
    days: tuple[Day, ...]
    largest: tuple[Changed, ...]


def undated(promotions: tuple[Promotion, ...]) -> tuple[Promotion, ...]:
    """Promotions without their first and last day: one that begins next month can be tried on the
    last one. Hours of the week stay."""
    return tuple(altered(one, starts_s=0, ends_s=0) for one in promotions)


@define
class Comparison:
    """Takes baskets one by one and sums up."""

    baskets: int = 0
    cheaper: int = 0
    dearer: int = 0
    failed: int = 0
    sold_minor: int = 0
    tried_minor: int = 0
    _effects: dict[str, Effect] = attrs.field(factory=dict)
    _days: dict[str, Day] = attrs.field(factory=dict)
    _largest: list[Changed] = attrs.field(factory=list)

    def add(self, receipt_number: str, business_date: str, sold: Figures, tried: Figures) -> None:
        """A basket as it was sold, and as the tried promotions price it."""
        was, now = sold.total_minor, tried.total_minor
        self.baskets += 1
        self.cheaper += now < was
        self.dearer += now > was
        self.sold_minor += was
        self.tried_minor += now
        day = self._days.get(business_date, Day(business_date))
        self._days[business_date] = altered(
            day,
            baskets=day.baskets + 1,
            sold_minor=day.sold_minor + was,
            tried_minor=day.tried_minor + now,
        )
        self._count(sold, tried=False)
        self._count(tried, tried=True)
        if now != was:
            changed = Changed(abs(now - was), receipt_number, business_date, was, now)
            if len(self._largest) < LARGEST:
                heappush(self._largest, changed)
            else:
                heappushpop(self._largest, changed)

    def _count(self, figures: Figures, *, tried: bool) -> None:
        taken: dict[str, int] = {}
        names: dict[str, str] = {}
        for line in figures.lines:
            for entry in line.promotions:
                taken[entry.promotion] = taken.get(entry.promotion, 0) + entry.amount_minor
                names[entry.promotion] = entry.name
        for promotion, amount in taken.items():
            found = self._effects.get(promotion, Effect(promotion, names[promotion]))
            if tried:
                found = altered(
                    found,
                    name=names[promotion],
                    tried_baskets=found.tried_baskets + 1,
                    tried_minor=found.tried_minor + amount,
                )
            else:
                found = altered(
                    found,
                    sold_baskets=found.sold_baskets + 1,
                    sold_minor=found.sold_minor + amount,
                )
            self._effects[promotion] = found

    def result(self) -> DryRun:
        """All of it; effects by how much they moved, days in order, the largest change first."""
        effects = sorted(
            self._effects.values(),
            key=lambda one: (-abs(one.tried_minor - one.sold_minor), one.promotion),
        )
        return DryRun(
            self.baskets,
            self.cheaper,
            self.dearer,
            self.failed,
            self.sold_minor,
            self.tried_minor,
            tuple(effects),
            tuple(self._days[date] for date in sorted(self._days)),
            tuple(sorted(self._largest, reverse=True)),
        )
