"""A file of prices: TOML that a shop can write by hand, read into the command that sets them.

Prices are decimals of the major unit, quantities in units, percentages in per cent. Dates and hours
are written as in a file of promotions.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final, TypeVar

import attrs

from countertop.errors import CommandFailedError
from countertop.promotions import read_hours, read_instant
from countertop.toml_files import NOT_READ, number, read_toml
from engine.fields import Fields, FieldsError, decimal_text
from engine.limits import PIECE_MILLI
from engine.price_list.decide import SetPrices
from engine.price_list.model import (
    CustomerGroup,
    ItemCost,
    PercentEntry,
    PriceEntry,
    PriceFloor,
    PriceList,
    PriceSet,
    QuantityOf,
    QuantityPrice,
)
from engine.promotion.model import Span

_MICROS: Final = 6
_MILLI: Final = 3
_PERCENT: Final = 4  # decimals of a per cent in a part per million


def read_prices(file: Path) -> SetPrices:
    """The command a file stands for.

    Raises:
        CommandFailedError: it cannot be read; the words say where and why.
    """
    try:
        fields = Fields(read_toml(file, "price_list = []"), "")
        prices = PriceSet(
            fields.each("customer_group", _group),
            fields.each("price_list", lambda row: _list(file, row)),
            fields.each("floor", _floor),
            fields.each("cost", _cost),
        )
        fields.done()
    except FieldsError as error:
        raise CommandFailedError(f"{file}: {error}. {NOT_READ}") from None
    return SetPrices(prices)


def _group(row: Fields) -> CustomerGroup:
    return CustomerGroup(row.text("id"), row.text("name"), row.flag("employees", default=False))


def _floor(row: Fields) -> PriceFloor:
    price = number(row, "price", _MICROS)
    return PriceFloor(price, row.text("item", ""), row.text("department", ""))


def _cost(row: Fields) -> ItemCost:
    return ItemCost(row.text("item"), number(row, "cost", _MICROS))


def _list(file: Path, row: Fields) -> PriceList:
    hours = [span for value, _ in row.entries("weekly") for span in read_hours(file, value)]
    return PriceList(
        row.text("id"),
        row.text("name"),
        row.each("entries", _entry),
        row.each("percents", _percent),
        row.texts("customer_groups"),
        row.texts("channels"),
        row.texts("dining_options"),
        row.texts("stores"),
        read_instant(file, "starts", row.take("starts")) if row.has("starts") else 0,
        read_instant(file, "ends", row.take("ends")) if row.has("ends") else 0,
        tuple(Span(**span) for span in hours),
        row.flag("business_day", default=False),
        number(row, "priority", 0, 0),
        row.flag("markdown", default=False),
        row.word("quantity_of", QuantityOf, QuantityOf.LINE),
    )


def _entry(row: Fields) -> PriceEntry:
    return PriceEntry(
        row.text("item"),
        number(row, "price", _MICROS),
        number(row, "pack", _MILLI, PIECE_MILLI),
        row.each("tiers", _tier),
    )


def _tier(row: Fields) -> QuantityPrice:
    return QuantityPrice(number(row, "from", _MILLI), number(row, "price", _MICROS))


def _percent(row: Fields) -> PercentEntry:
    off_ppm = number(row, "off", _PERCENT)
    return PercentEntry(off_ppm, row.texts("departments"), row.texts("except_items"))


# ---------------------------------------------------------------------------------- what is told


def preview(command: SetPrices) -> list[str]:
    """What would be in force, a line each."""
    prices = command.prices
    told = [f"group      {group.id}: {group.name}" for group in prices.customer_groups]
    for one in prices.lists:
        count = len(one.entries) + len(one.percents)
        told.append(f"list       {one.id}: {one.name}, {count} prices, {_conditions(one)}")
    for floor in prices.floors:
        price = decimal_text(floor.unit_price_micros, _MICROS)
        told.append(f"floor      {floor.item_id or floor.department}: {price}")
    if prices.costs:
        told.append(f"costs      of {len(prices.costs)} items")
    return told


def _conditions(one: PriceList) -> str:
    names = (*one.customer_groups, *one.channels, *one.dining_options, *one.stores)
    parts = [f"for {', '.join(names)}"] if names else ["for everybody"]
    if one.starts_s or one.ends_s or one.weekly:
        parts.append("at times")
    if one.priority:
        parts.append(f"priority {one.priority}")
    if one.markdown:
        parts.append("marked down")
    return ", ".join(parts)


def without_item(prices: PriceSet, item_id: str) -> PriceSet:
    """The prices without those of one item."""
    return attrs.evolve(
        prices,
        lists=tuple(_list_without(one, item_id) for one in prices.lists),
        floors=_others(prices.floors, item_id),
        costs=_others(prices.costs, item_id),
    )


def _list_without(one: PriceList, item_id: str) -> PriceList:
    percents = tuple(
        attrs.evolve(p, except_items=tuple(name for name in p.except_items if name != item_id))
        for p in one.percents
    )
    return attrs.evolve(one, entries=_others(one.entries, item_id), percents=percents)


_OfItem = TypeVar("_OfItem", PriceEntry, PriceFloor, ItemCost)


def _others(rows: Iterable[_OfItem], item_id: str) -> tuple[_OfItem, ...]:
    return tuple(row for row in rows if row.item_id != item_id)
