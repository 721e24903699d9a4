"""The floor's promotions save what trying every way saves, scanned in whatever order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import native
from tests.native import promo_twin
from tests.native.promo_twin import Rule, Unit

ITEMS = 4
LineTuple = tuple[int, int, int, bool, bool, int]

offs = st.one_of(
    st.tuples(st.just("percent"), st.sampled_from((0, 100_000, 333_333, 500_000, 1_000_000))),
    st.tuples(st.just("amount"), st.integers(0, 300)),
    st.tuples(st.just("price"), st.integers(0, 500)),
)
cart_offs = offs.filter(lambda off: off[0] != "price")
SetTuple = tuple[list[int] | None, list[int]]
sets: st.SearchStrategy[SetTuple] = st.tuples(
    st.one_of(st.none(), st.lists(st.integers(0, ITEMS - 1), min_size=1, max_size=3)),
    st.just(()).map(list),
)
picks = st.sampled_from(("cheapest", "dearest"))
counts = st.integers(1, 3)
unit_benefits = st.one_of(
    st.tuples(st.just("each"), st.just(0), offs),
    st.tuples(st.just("bundle"), st.just([(0, 2)]), offs),
    st.tuples(st.just("bundle"), st.just([(0, 1), (1, 1)]), offs),
    st.tuples(
        st.just("buy_get"),
        st.just(0),
        st.integers(0, 2),
        st.integers(0, 1),
        st.just(1),
        offs,
        picks,
    ),
    st.tuples(
        st.just("tiers"),
        st.just(0),
        st.tuples(counts, offs, offs).map(lambda t: [(t[0], t[1]), (t[0] + 1, t[2])]),
        st.booleans(),
        picks,
    ),
)
cart_benefits = st.one_of(
    st.tuples(st.just("cart"), st.just(0), cart_offs),
    st.tuples(st.just("every_spend"), st.just(0), st.integers(50, 900), st.integers(0, 90)),
)
gates = st.lists(
    st.one_of(
        st.tuples(st.just("min_quantity"), st.just(1), st.integers(1, 4)),
        st.tuples(st.just("min_spend"), st.just(1), st.integers(0, 1_500)),
        st.tuples(st.just("min_sets"), st.just([0, 1]), st.integers(1, 2), st.integers(1, 2)),
    ),
    max_size=1,
)


@st.composite
def rules(draw: st.DrawFn, number: int, cart: bool) -> Rule:
    """A promotion on units, or one on the whole cart."""
    tags = draw(st.sampled_from((0, 1, 1)))
    alike = {
        "id": number,
        "version": number,
        "priority": draw(st.integers(0, 2)),
        "tags": tags,
        "stacks_with": tags,
        "gates": draw(gates),
        "base": draw(st.sampled_from(("running", "original"))),
    }
    if cart:
        kind = draw(st.sampled_from(("cart", "coupon")))
        everything: list[SetTuple] = [(None, []), (None, [])]
        return alike | {"class": kind, "benefit": draw(cart_benefits), "sets": everything}
    return alike | {
        "class": "coupon",
        "benefit": draw(unit_benefits),
        "sets": [draw(sets), draw(sets)],
        "limit_per_cart": draw(st.one_of(st.none(), st.none(), st.integers(0, 2))),
        "spread": draw(st.sampled_from(("all", "rewarded"))),
    }


@st.composite
def carts(draw: st.DrawFn) -> tuple[list[Rule], list[LineTuple]]:
    """A few promotions and lines of at most five units together."""
    on_units = [draw(rules(number, False)) for number in range(1, draw(counts) + 1)]
    on_cart = [draw(rules(number, True)) for number in range(10, 10 + draw(st.integers(0, 2)))]
    left = draw(st.integers(1, 5))
    lines: list[LineTuple] = []
    while left > 0:
        count = draw(st.integers(1, left))
        left -= count
        price = draw(st.sampled_from((1, 50, 100, 333, 600, 999)))
        floor = 0 if on_cart else draw(st.sampled_from((0, 0, 80)))
        item = draw(st.integers(0, ITEMS - 1))
        lines.append((item, price * 10_000, count * 1_000, True, True, floor * 10_000))
    return [*on_units, *on_cart], lines


def units_of(lines: list[LineTuple]) -> list[Unit]:
    """The units of lines of whole pieces at whole cents."""
    return [
        Unit(price // 10_000, floor // 10_000, item)
        for item, price, quantity, _, _, floor in lines
        for _ in range(quantity // 1_000)
    ]


@pytest.mark.feature("NEW-23", part="equal to brute force on small carts")
@settings(deadline=None)
@given(carts())
def test_a_cart_costs_what_every_way_tried_comes_to(
    cart: tuple[list[Rule], list[LineTuple]],
) -> None:
    """The total is the twin's, the saving proven, and every sum exact."""
    promotions, lines = cart
    found = native.price_cart(native.PromotionSet(promotions, ITEMS), lines)
    assert found.proof == "proven"
    assert found.total_minor == promo_twin.total(promotions, units_of(lines))
    assert found.subtotal_minor + found.discount_minor == found.total_minor
    for line in found.lines:
        mine = [row.amount_minor for row in found.modifiers if row.line == line.line]
        assert line.net_minor == line.amount_minor + sum(mine)
        assert line.net_minor >= 0
    assert sum(row.saving_minor for row in found.applications) == -found.discount_minor


@pytest.mark.feature("NEW-23", part="any scan order gives the same total")
@settings(deadline=None)
@given(carts(), st.randoms(use_true_random=False))
def test_scanning_one_by_one_in_any_order_comes_to_the_same(
    cart: tuple[list[Rule], list[LineTuple]], chance: Any
) -> None:
    """A cart filled line by line, in another order and with a detour, costs the same."""
    promotions, lines = cart
    rules_ = native.PromotionSet(promotions, ITEMS)
    found = native.price_cart(rules_, lines)
    other = list(lines)
    chance.shuffle(other)
    scanned = native.Cart(rules_)
    nets: dict[int, int] = {}
    for line in other:
        changed, total = scanned.add_line(line)
        nets.update(changed)
        assert total == sum(nets.values())
    changed, _ = scanned.add_line(lines[0])
    nets.update(changed)
    number = len(other)
    changed, total = scanned.remove_line(number)
    nets.update(changed)
    del nets[number]
    assert total == sum(nets.values()) == found.total_minor
    assert sorted(nets.values()) == sorted(line.net_minor for line in found.lines)


@settings(deadline=None)
@given(carts())
def test_every_promotion_says_what_became_of_it(
    cart: tuple[list[Rule], list[LineTuple]],
) -> None:
    """What applied says so with its saving, and what did not says why; lines are explained."""
    promotions, lines = cart
    scanned = native.Cart(native.PromotionSet(promotions, ITEMS))
    for line in lines:
        scanned.add_line(line)
    found = scanned.priced()
    for rule in promotions:
        mine = [row.saving_minor for row in found.applications if row.promotion_id == rule["id"]]
        code, fields = scanned.why_not(rule["id"])
        if sum(mine):
            assert (code, fields) == ("applied", {"saving_minor": sum(mine)})
        else:
            assert code != "applied"
    for line_ in found.lines:
        assert sum(part for _, part in scanned.explain(line_.line)) == line_.net_minor


@settings(deadline=None)
@given(carts(), st.randoms(use_true_random=False))
def test_kept_allocations_come_back_to_the_cent_in_any_order(
    cart: tuple[list[Rule], list[LineTuple]], chance: Any
) -> None:
    """What lines were paid after promotions is all that was paid, whichever comes back first."""
    promotions, lines = cart
    sold = native.price_cart(native.PromotionSet(promotions, ITEMS), lines)
    order = list(sold.lines)
    chance.shuffle(order)
    left = sold.total_minor
    for line in order:
        assert 0 <= line.net_minor <= line.amount_minor
        left -= line.net_minor
        assert left >= 0
    assert left == 0
