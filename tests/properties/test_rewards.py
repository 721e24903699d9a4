"""Rewards: never more points than there are, in any order of scanning, and all of them back in any
order of returns."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.order.commands import AddReturnLine, ChooseCustomerGroup, ChooseReward, OpenOrder
from engine.promotion.decide import SetPromotions
from engine.promotion.model import Benefit, Promotion, ReturnPolicy, Selection, taken_by
from tests.draws import examples
from tests.properties.test_promotions_any_order import benefits, selections
from tests.properties.test_returns_by_promotion import baskets
from tests.properties.test_returns_of_bundles import _left, _settle, _sold
from tests.shop import Shop

drawn_rewards = st.lists(
    st.tuples(
        benefits,
        selections,
        st.sampled_from((0, 1, 7, 40, 100)),
        st.booleans(),
        st.sampled_from(ReturnPolicy),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=4,
)
Drawn = tuple[Benefit, Selection, int, bool, ReturnPolicy, int]


def _promotions(drawn: list[Drawn]) -> tuple[Promotion, ...]:
    return tuple(
        Promotion(
            f"p{at}",
            "x",
            benefit,
            (selection,),
            priority=priority,
            returns=returns,
            costs_points=costs,
            by_itself=by_itself and costs > 0,
        )
        for at, (benefit, selection, costs, by_itself, returns, priority) in enumerate(drawn)
    )


def _bought(
    promotions: tuple[Promotion, ...],
    basket: list[tuple[str, int, int]],
    points: int,
    chosen: list[str],
) -> tuple[Shop, str]:
    """A sale to a member with so many points who chose these rewards."""
    shop = Shop.selling()
    assume(shop.when(SetPromotions(promotions), admin=True).refused is None)
    shop.ok(OpenOrder())
    shop.ok(ChooseCustomerGroup("", "77", points))
    for reward in chosen:
        shop.ok(ChooseReward(reward))
    return shop, _sold(shop, basket, 0)


@pytest.mark.feature("LOY-01", part="redeeming as a discount, never more points than there are")
@settings(max_examples=examples(120), deadline=None)
@given(drawn_rewards, baskets, st.integers(0, 300), st.data())
def test_no_more_points_than_there_are(
    drawn: list[Drawn], basket: list[tuple[str, int, int]], points: int, data: st.DataObject
) -> None:
    """Whatever is offered, chosen and bought: what rewards cost is a multiple of each one's points,
    paid by the lines they took something off, and there in the member's balance. Who scans in
    another order pays the same, in money and points."""
    promotions = _promotions(drawn)
    waiting = [one.id for one in promotions if one.is_chosen()]
    chosen = data.draw(st.lists(st.sampled_from(waiting), unique=True) if waiting else st.just([]))
    shop, sale = _bought(promotions, basket, points, chosen)
    figures = shop.order(sale).figures
    assert figures is not None
    took = taken_by(entry for row in figures.lines for entry in row.promotions)
    costs = {one.id: one.costs_points for one in promotions}
    assert 0 <= figures.points_spent() == sum(share.points for share in took) <= points
    for share in took:
        assert share.points == 0 if not costs[share.promotion] else share.points > 0
        assert not costs[share.promotion] or share.points % costs[share.promotion] == 0
    applied = {share.promotion for share in took}
    assert not applied & (set(waiting) - set(chosen))
    other, again = _bought(promotions, data.draw(st.permutations(basket)), points, chosen)
    figures_again = other.order(again).figures
    assert figures_again is not None
    assert (figures.total_minor, figures.points_spent()) == (
        figures_again.total_minor,
        figures_again.points_spent(),
    )


@pytest.mark.feature("NEW-06", part="by points of rewards")
@pytest.mark.feature("LOY-02", part="spent points come back with the goods")
@settings(max_examples=examples(80), deadline=None)
@given(drawn_rewards, baskets, st.integers(0, 300), st.data())
def test_all_points_come_back(
    drawn: list[Drawn], basket: list[tuple[str, int, int]], points: int, data: st.DataObject
) -> None:
    """Returns in any order give back no more points than were spent, and in the end all of them."""
    promotions = _promotions(drawn)
    chosen = [one.id for one in promotions if one.is_chosen()]
    shop, sale = _bought(promotions, basket, points, chosen)
    sold = shop.order(sale).figures
    assert sold is not None
    back = 0
    while left := _left(shop.order(sale)):
        line, most, _ = data.draw(st.sampled_from(left))
        quantity = data.draw(st.integers(1, most // 1_000)) * 1_000
        order_id = shop.ok(AddReturnLine(sale, line, quantity, "x"))["order_id"]
        _settle(shop, sale, "1", is_first=True)
        figures = shop.order(order_id).figures
        assert figures is not None
        back += figures.points_back()
        assert back <= sold.points_spent()
    assert sold.points_spent() == back
    rows = shop.books.live.position("1").totals.promotions
    assert sum(row.points - row.points_returned for row in rows) == 0
