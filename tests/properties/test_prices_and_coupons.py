"""Prices, groups, channels and coupons: whatever they are, in whatever order, one total and exact
parts, and never a price below the law's."""

from __future__ import annotations

from typing import Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.circumstances import Circumstances
from engine.coupon.model import CouponKind, CouponRule
from engine.limits import PPM
from engine.order.commands import (
    AddLine,
    ChooseChannel,
    ChooseCustomerGroup,
    PresentCoupon,
    StartTendering,
)
from engine.order.figures import Figures, LineItem
from engine.price_list.decide import SetPrices
from engine.price_list.model import (
    CustomerGroup,
    PercentEntry,
    PriceEntry,
    PriceFloor,
    PriceList,
    PriceSet,
    QuantityOf,
    QuantityPrice,
)
from engine.price_list.table import PriceTable, fits
from engine.promotion.decide import SetPromotions
from engine.promotion.model import Promotion
from engine.views.build import order_view
from tests.draws import examples
from tests.properties.test_promotions_any_order import promotions
from tests.shop import ITEMS, Shop

CODES = ("bread", "milk", "wine", "book")
GROUPS = ("trade", "club")
CHANNELS = ("in_store", "phone")
FLOORS = {"bread": 200, "wine": 500}

micros = st.integers(0, 900).map(lambda minor: minor * 10_000)


def some(names: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    """None of them, or some."""
    return st.lists(st.sampled_from(names), unique=True).map(tuple)


entries = st.builds(
    PriceEntry,
    st.sampled_from(CODES),
    micros,
    tiers=st.one_of(
        st.just(()), st.tuples(st.builds(QuantityPrice, st.sampled_from((2_000, 3_000)), micros))
    ),
)
lists = st.builds(
    PriceList,
    st.just(""),
    st.just("x"),
    st.lists(entries, max_size=3, unique_by=lambda entry: entry.item_id).map(tuple),
    st.one_of(
        st.just(()),
        st.tuples(st.builds(PercentEntry, st.integers(0, PPM), st.sampled_from(((), ("Food",))))),
    ),
    customer_groups=some(GROUPS),
    channels=some(CHANNELS),
    markdown=st.booleans(),
    quantity_of=st.sampled_from(QuantityOf),
)
# Ranks of their own, so that no two contend.
price_sets = st.lists(lists, max_size=4).map(
    lambda drawn: tuple(attrs.evolve(one, id=f"l{at}", priority=at) for at, one in enumerate(drawn))
)
actions = st.lists(
    st.one_of(
        st.builds(AddLine, st.sampled_from(CODES), quantity_milli=st.sampled_from((1_000, 2_000))),
        st.builds(AddLine, st.just("SAVE")),
    ),
    min_size=1,
    max_size=6,
)


def _shop(rows: tuple[PriceList, ...], deals: list[Promotion]) -> Shop | None:
    """A shop with these in force; None where no shop could have them."""
    groups = tuple(CustomerGroup(name, name) for name in GROUPS)
    floors = tuple(PriceFloor(minor * 10_000, item) for item, minor in FLOORS.items())
    lawful = tuple(attrs.evolve(one, entries=tuple(map(_lawful, one.entries))) for one in rows)
    shop = Shop.selling()
    shop.ok(SetPrices(PriceSet(groups, lawful, floors)), admin=True)
    decision = shop.when(SetPromotions(tuple(deals)), admin=True)
    return None if decision.refused is not None else shop


def _lawful(entry: PriceEntry) -> PriceEntry:
    floor = FLOORS.get(entry.item_id, 0) * 10_000
    tiers = tuple(
        attrs.evolve(tier, unit_price_micros=max(floor, tier.unit_price_micros))
        for tier in entry.tiers
    )
    price = max(floor, entry.unit_price_micros)
    return attrs.evolve(entry, unit_price_micros=price, tiers=tiers)


def _named(deals: list[Promotion], data: st.DataObject) -> list[Promotion]:
    """The promotions with ids; one may ask for a coupon, others for a group or a channel."""
    named = []
    for at, one in enumerate(deals):
        rule = CouponRule("save", CouponKind.GENERIC, "SAVE") if at == 0 else None
        named.append(
            attrs.evolve(
                one,
                id=f"p{at}",
                coupon=rule if data.draw(st.booleans()) else None,
                customer_groups=data.draw(some(GROUPS)) if at == 1 else (),
                channels=data.draw(some(CHANNELS)) if at == 2 else (),
                vendor_ppm=data.draw(st.integers(0, PPM)),
            )
        )
    return named


def _done(shop: Shop, bodies: list[Any]) -> Figures:
    """What all of it comes to, done in this order. A code nobody knows is refused in any."""
    order_id = ""
    for body in bodies:
        decision = shop.when(body)
        order_id = decision.answer.get("order_id", order_id)
    shop.ok(StartTendering())
    figures = shop.order(order_id).figures
    assert figures is not None
    return figures


def _parts(figures: Figures) -> list[tuple[Any, ...]]:
    """The parts by promotion. Of equal lines any may carry the odd cent: they count together."""
    taken: dict[tuple[str, str], tuple[int, int]] = {}
    for entry in (entry for row in figures.lines for entry in row.promotions):
        key = (entry.promotion, entry.coupon)
        before = taken.get(key, (0, 0))
        taken[key] = (before[0] + entry.amount_minor, before[1] + entry.vendor_minor)
    return sorted((*key, *parts) for key, parts in taken.items())


@settings(max_examples=examples(150))
@given(rows=price_sets, deals=promotions, goods=actions, data=st.data())
def test_any_order_of_doing_comes_to_one_total(
    rows: tuple[PriceList, ...], deals: list[Promotion], goods: list[AddLine], data: st.DataObject
) -> None:
    """Scans, a coupon, the customer's group and the channel, in any order: one total and tax, the
    same parts; they add up, no floor is broken, vendor and store share each promotion exactly."""
    named = _named(deals, data)
    first, other = _shop(rows, named), _shop(rows, named)
    if first is None or other is None:
        assert first is other
        return
    choices = [
        AddLine(data.draw(st.sampled_from(CODES))),
        ChooseCustomerGroup(data.draw(st.sampled_from(("", *GROUPS)))),
        ChooseChannel(data.draw(st.sampled_from(("", *CHANNELS)))),
        *goods,
    ]
    one = _done(first, choices)
    two = _done(other, data.draw(st.permutations(choices)))
    assert (one.total_minor, one.tax_minor) == (two.total_minor, two.tax_minor)
    assert _parts(one) == _parts(two)
    for shop, figures in ((first, one), (other, two)):
        _adds_up(shop, figures)


def _adds_up(shop: Shop, figures: Figures) -> None:
    (order,) = shop.books.live.orders.values()
    assert figures.subtotal_minor + figures.discount_minor == figures.total_minor
    for line, row in zip(order.lines, figures.lines, strict=True):
        assert row.net_minor == row.amount_minor + row.promotion_minor()
        floor = FLOORS.get(line.item.item_id, 0) * line.quantity_milli // 1_000
        assert row.net_minor >= floor
        assert all(entry.amount_minor <= entry.vendor_minor <= 0 for entry in row.promotions)


@settings(max_examples=examples(80))
@given(rows=price_sets, deals=promotions, goods=actions, data=st.data())
def test_each_change_prices_as_if_all_were_new(
    rows: tuple[PriceList, ...], deals: list[Promotion], goods: list[AddLine], data: st.DataObject
) -> None:
    """After every step the answer's total is what books folded anew from the facts show."""
    shop = _shop(rows, _named(deals, data))
    if shop is None:
        return
    choices = st.one_of(
        st.builds(ChooseCustomerGroup, st.sampled_from(("", *GROUPS))),
        st.builds(ChooseChannel, st.sampled_from(("", *CHANNELS))),
        st.builds(PresentCoupon, st.just("SAVE")),
    )
    for good in goods:
        for body in (good, data.draw(choices)):
            decision = shop.when(body)
            if decision.refused is not None:
                continue
            books = shop.replayed()
            (order,) = books.live.orders.values()
            view = order_view(order, books)
            assert view.total_minor == decision.answer["total_minor"]


def _item(item_id: str, factor_milli: int) -> LineItem:
    (row,) = (item for item in ITEMS if item.item_id == item_id)
    return LineItem(
        item_id, row.name, "", row.department, "reduced", row.unit, row.unit_price_micros, "",
        factor_milli, 1,
    )  # fmt: skip


def _naive(
    rows: tuple[PriceList, ...], item: LineItem, quantity: int, together: int, around: Circumstances
) -> tuple[int, str]:
    """(price, list) by trying every list: slow and plain."""
    best: tuple[tuple[int, bool, int], int, str] | None = None
    for one in (one for one in rows if fits(one, around)):
        offers: list[tuple[bool, int]] = []
        for entry in one.entries:
            if (entry.item_id, entry.factor_milli) == (item.item_id, item.factor_milli):
                held = together if one.quantity_of is QuantityOf.ORDER else quantity
                price = entry.unit_price_micros
                for tier in entry.tiers:
                    if held >= tier.from_milli:
                        price = tier.unit_price_micros
                offers.append((True, price))
        for percent in one.percents:
            if not percent.departments or item.department in percent.departments:
                # Halves up, in cents, by fractions of a millionth.
                cents, rest = divmod(item.unit_price_micros * (PPM - percent.off_ppm), 10_000 * PPM)
                offers.append((False, (cents + (2 * rest >= 10_000 * PPM)) * 10_000))
        for is_named, price in offers:
            rank = (one.priority, is_named, one.conditions())
            if best is None or rank > best[0]:
                best = (rank, price, one.id)
    return (item.unit_price_micros, "") if best is None else (best[1], best[2])


@given(
    rows=price_sets,
    cart=st.lists(
        st.tuples(st.sampled_from(CODES), st.sampled_from((1_000, 2_000, 5_000))), max_size=6
    ),
    group=st.sampled_from(("", *GROUPS)),
    channel=st.sampled_from(CHANNELS),
)
def test_the_price_that_counts_is_the_one_found_by_trying_all(
    rows: tuple[PriceList, ...], cart: list[tuple[str, int]], group: str, channel: str
) -> None:
    """Against a resolution that looks at every list for every line."""
    around = Circumstances(group, channel)
    lines = [(_item(code, 1_000), quantity, False) for code, quantity in cart]
    found = PriceTable(PriceSet(lists=rows)).resolve(lines, around, 10_000)
    for (item, quantity, _), row in zip(lines, found, strict=True):
        together = sum(count for code, count in cart if code == item.item_id)
        expected = _naive(rows, item, quantity, together, around)
        assert (row.unit_price_micros, row.price_list) == expected
