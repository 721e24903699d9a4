"""Prices cut into parts: nothing is lost or put in another order, and each part fits a frame."""

from __future__ import annotations

import attrs
from hypothesis import given
from hypothesis import strategies as st

from countertop.price_parts import PART_BYTES_MAX, parts_of, short
from engine.price_list.model import (
    CustomerGroup,
    ItemCost,
    PercentEntry,
    PriceEntry,
    PriceFloor,
    PriceList,
    PriceSet,
    QuantityPrice,
)
from engine.price_list.upload import joined
from engine.wire import canonical, structure, unstructure

names = st.text(min_size=1, max_size=12)
tiers = st.lists(st.builds(QuantityPrice, st.integers(1, 9_999), st.integers(0, 10**12)))
entries = st.builds(PriceEntry, names, st.integers(0, 10**12), st.just(1_000), tiers.map(tuple))
percents = st.builds(PercentEntry, st.integers(0, 10**6), st.tuples(names))
lists = st.builds(
    PriceList, names, names, st.lists(entries, max_size=130).map(tuple),
    st.lists(percents, max_size=3).map(tuple),
)  # fmt: skip
sets = st.builds(
    PriceSet,
    st.lists(st.builds(CustomerGroup, names, names), max_size=60).map(tuple),
    st.lists(lists, max_size=4, unique_by=lambda one: (one.id, one.name)).map(tuple),
    st.lists(st.builds(PriceFloor, st.integers(0, 9), names), max_size=60).map(tuple),
    st.lists(st.builds(ItemCost, names, st.integers(0, 9)), max_size=60).map(tuple),
)


def bytes_of(prices: PriceSet) -> int:
    return len(canonical(short(unstructure(prices))))


def is_least(prices: PriceSet) -> bool:
    """Whether nothing could be taken out of it into another part."""
    kinds = (prices.customer_groups, prices.lists, prices.floors, prices.costs)
    one_kind = sum(map(bool, kinds)) == 1
    return one_kind and (not prices.lists or len(prices.lists[0].entries) <= 1)


@given(sets, st.integers(200, 9_000))
def test_parts_together_are_the_prices(prices: PriceSet, bytes_max: int) -> None:
    """Joined they are the same, to the order; one larger than it may be cannot be cut."""
    parts = parts_of(prices, bytes_max)
    assert prices == joined(parts)
    for part in parts:
        assert prices == PriceSet() or part != PriceSet()
        assert bytes_of(part) <= bytes_max or is_least(part)


@given(sets)
def test_what_is_left_out_of_a_frame_is_read_as_it_was(prices: PriceSet) -> None:
    """Empty fields have defaults that mean the same."""
    assert prices == structure(short(unstructure(prices)), PriceSet)


def test_fifty_thousand_prices_fit_frames() -> None:
    """All of them in a hundred parts or fewer, each within its bytes."""
    many = tuple(PriceEntry(f"ITEM-{number:06}", 1_990_000 + number) for number in range(49_000))
    trade = PriceList("trade", "Trade", many[:30_000], customer_groups=("trade",))
    other = attrs.evolve(trade, id="b", entries=many[30_000:], priority=1)
    costs = tuple(ItemCost(entry.item_id, 5) for entry in many[:1_000])
    prices = PriceSet((CustomerGroup("trade", "Trade"),), (trade, other), costs=costs)
    parts = parts_of(prices)
    assert prices == joined(parts)
    assert 50 < len(parts) <= 100
    assert max(map(bytes_of, parts)) <= PART_BYTES_MAX
