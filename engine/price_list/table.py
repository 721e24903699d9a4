"""Which price counts: a pure function of the goods, their quantities and the circumstances.

Of the lists that fit, the one with the highest priority counts; among equals one that names the
item before one that names a percentage, then the narrowest. Lists that could still both count are
refused when they are set, so the answer never depends on an order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Protocol, TypeVar

from attrs import define, field

from engine.circumstances import Circumstances
from engine.limits import PIECE_MILLI, PPM
from engine.price_list.model import (
    PercentEntry,
    PriceEntry,
    PriceList,
    PriceSet,
    QuantityOf,
    Resolved,
)

_MINUTE_S: Final = 60
_Entry = TypeVar("_Entry")


class Goods(Protocol):
    """What a price looks at of what a line sells."""

    @property
    def item_id(self) -> str: ...
    @property
    def department(self) -> str: ...
    @property
    def unit_price_micros(self) -> int: ...
    @property
    def factor_milli(self) -> int: ...


def is_open(entry: PriceList, around: Circumstances) -> bool:
    """Whether a list holds at the moment."""
    second = around.business_week_s if entry.business_day else around.week_s
    minute = second // _MINUTE_S
    return (
        entry.starts_s <= around.now_s
        and (not entry.ends_s or around.now_s < entry.ends_s)
        and (
            not entry.weekly or any(s.from_minute <= minute < s.until_minute for s in entry.weekly)
        )
    )


def fits(entry: PriceList, around: Circumstances) -> bool:
    """Whether a list is for such an order at such a moment."""
    return (
        (not entry.customer_groups or around.customer_group in entry.customer_groups)
        and (not entry.channels or around.channel in entry.channels)
        and (not entry.dining_options or around.dining in entry.dining_options)
        and (not entry.stores or around.store in entry.stores)
        and is_open(entry, around)
    )


def tier_price(entry: PriceEntry, quantity_milli: int) -> int:
    """The unit price of an entry for such a quantity, in micros."""
    reached = [tier for tier in entry.tiers if tier.from_milli <= quantity_milli]
    return reached[-1].unit_price_micros if reached else entry.unit_price_micros


def percent_price(unit_price_micros: int, off_ppm: int, micros_per_minor: int) -> int:
    """A price less a percentage, in whole minor units, halves up."""
    exact = unit_price_micros * (PPM - off_ppm)
    step = micros_per_minor * PPM
    return (2 * exact + step) // (2 * step) * micros_per_minor


@define(eq=False)
class PriceTable:
    """A price set, made quick to ask."""

    prices: PriceSet
    _entries: dict[tuple[str, int], list[tuple[PriceList, PriceEntry]]] = field(init=False)
    _percents: list[tuple[PriceList, PercentEntry]] = field(init=False)
    _item_floors: dict[str, int] = field(init=False)
    _department_floors: dict[str, int] = field(init=False)
    _costs: dict[str, int] = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Index the set by what lines are asked by."""
        self._entries, self._percents = {}, []
        # Lists are sorted by rank, so that the first that fits is the one that counts.
        for one in sorted(self.prices.lists, key=lambda one: (-one.priority, -one.conditions())):
            for entry in one.entries:
                found = self._entries.setdefault((entry.item_id, entry.factor_milli), [])
                found.append((one, entry))
            self._percents += [(one, entry) for entry in one.percents]
        floors = self.prices.floors
        self._item_floors = {f.item_id: f.unit_price_micros for f in floors if f.item_id}
        self._department_floors = {
            f.department: f.unit_price_micros for f in floors if not f.item_id
        }
        self._costs = {entry.item_id: entry.unit_cost_micros for entry in self.prices.costs}

    def floor_micros(self, goods: Goods) -> int:
        """The lowest lawful price of one unit of a line; 0 where there is none."""
        own = self.own_floor_micros(goods.item_id, goods.department)
        return own * goods.factor_milli // PIECE_MILLI

    def own_floor_micros(self, item_id: str, department: str) -> int:
        """The lowest lawful price of an item by itself; its own goes before its department's."""
        return self._item_floors.get(item_id, self._department_floors.get(department, 0))

    def cost_micros(self, goods: Goods) -> int:
        """What one unit of a line costs the shop; 0 where nobody said."""
        return self._costs.get(goods.item_id, 0) * goods.factor_milli // PIECE_MILLI

    def resolve(
        self,
        lines: Sequence[tuple[Goods, int, bool]],
        around: Circumstances,
        micros_per_minor: int,
    ) -> list[Resolved]:
        """What counts for each line (goods, quantity in thousandths, whether its price is fixed:
        overridden or open), in their order."""
        together: dict[tuple[str, int], int] = {}
        for goods, quantity_milli, fixed in lines:
            if not fixed:
                key = (goods.item_id, goods.factor_milli)
                together[key] = together.get(key, 0) + quantity_milli
        fitting = _Fitting(around)
        return [
            self._fixed(goods)
            if fixed or not goods.item_id
            else self._resolve(
                goods,
                quantity_milli,
                together[goods.item_id, goods.factor_milli],
                fitting,
                micros_per_minor,
            )
            for goods, quantity_milli, fixed in lines
        ]

    def _fixed(self, goods: Goods) -> Resolved:
        floor, cost = self.floor_micros(goods), self.cost_micros(goods)
        return Resolved(goods.unit_price_micros, floor_micros=floor, unit_cost_micros=cost)

    def _resolve(
        self,
        goods: Goods,
        quantity_milli: int,
        together_milli: int,
        fitting: _Fitting,
        micros_per_minor: int,
    ) -> Resolved:
        own, floor = goods.unit_price_micros, self.floor_micros(goods)
        named = _first(self._entries.get((goods.item_id, goods.factor_milli), ()), fitting)
        percents = (row for row in self._percents if _holds(row[1], goods))
        percent = _first(percents, fitting)
        chosen, price = None, own
        if named is not None and (percent is None or named[0].priority >= percent[0].priority):
            chosen, entry = named
            by_order = chosen.quantity_of is QuantityOf.ORDER
            price = tier_price(entry, together_milli if by_order else quantity_milli)
        elif percent is not None:
            chosen = percent[0]
            price = percent_price(own, percent[1].off_ppm, micros_per_minor)
        price = max(price, floor)
        marked_down = chosen is not None and chosen.markdown and price < own
        return Resolved(
            price,
            "" if chosen is None else chosen.id,
            own if marked_down else 0,
            floor,
            self.cost_micros(goods),
            "" if chosen is None else chosen.name,
        )


class _Fitting:
    """Which lists fit; each is asked once, and only if a line could have its price."""

    def __init__(self, around: Circumstances) -> None:
        self._around = around
        self._found: dict[str, bool] = {}

    def __contains__(self, one: PriceList) -> bool:
        found = self._found.get(one.id)
        if found is None:
            found = self._found[one.id] = fits(one, self._around)
        return found


def _holds(entry: PercentEntry, goods: Goods) -> bool:
    if goods.item_id in entry.except_items:
        return False
    return not entry.departments or goods.department in entry.departments


def _first(
    rows: Iterable[tuple[PriceList, _Entry]], fitting: _Fitting
) -> tuple[PriceList, _Entry] | None:
    return next((row for row in rows if row[0] in fitting), None)
