"""Returns where several promotions of a sale have the rest priced again: what each of them took off
comes back one by one, in any order of returns, and ends at exactly that."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.order.commands import AddReturnLine
from engine.order.figures import LineItem
from engine.order.state import Order
from engine.promotion.deals import Deals
from engine.promotion.decide import SetPromotions
from engine.promotion.model import (
    Benefit,
    Promotion,
    ReturnPolicy,
    Selection,
    promotion_shares_sum,
)
from native import extend_amount, price_cart
from tests.draws import examples
from tests.properties.test_promotions_any_order import benefits, selections
from tests.properties.test_returns_of_bundles import _left, _settle, _sold
from tests.shop import Shop

baskets = st.lists(
    st.tuples(
        st.sampled_from(("bread", "milk", "wine", "book")),
        st.sampled_from((1_000, 1_000, 2_000, 3_000)),
        st.just(0),
    ),
    min_size=1,
    max_size=5,
)


def _deals(promotions: tuple[Promotion, ...]) -> Deals | None:
    """The promotions as a shop that has no others has them; None where no shop could."""
    shop = Shop.selling()
    if shop.when(SetPromotions(promotions), admin=True).refused is not None:
        return None
    return shop.books.promotions.deals(shop.books.catalog.book, 0)


def _stands(deals: Deals, sale: Order, left_milli: dict[int, int]) -> tuple[int, dict[str, int]]:
    """(the goods that stay at their prices, what each promotion takes off them), minor units."""
    lines = [
        deals._line(line.item, left_milli[line.line], 0)
        for line in sale.lines
        if left_milli.get(line.line)
    ]
    found = dict.fromkeys((one.id for one in deals.promotions), 0)
    if not lines:
        return 0, found
    priced = price_cart(deals.compiled, lines, {"policy": "best"})
    for entry in priced.modifiers:
        found[deals.promotions[entry.promotion_id].id] += entry.amount_minor
    return priced.subtotal_minor, found


@pytest.mark.feature("NEW-06", part="by promotion, where the rest is priced again")
@settings(max_examples=examples(80), deadline=None)
@given(st.lists(st.tuples(benefits, selections), min_size=1, max_size=3), baskets, st.data())
def test_what_each_promotion_took_comes_back(
    drawn: list[tuple[Benefit, Selection]], basket: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    """A return is the price of its goods less what it takes of each promotion, unless that is below
    nothing or above the price of the goods; then the next returns make up for it. With the last
    goods each promotion has come back to the cent."""
    promotions = tuple(
        Promotion(f"p{at}", "x", benefit, (selection,), returns=ReturnPolicy.REEVALUATE)
        for at, (benefit, selection) in enumerate(drawn)
    )
    every = _deals(promotions)
    assume(every is not None)
    assert every is not None
    shop = Shop.selling()
    shop.ok(SetPromotions(promotions), admin=True)
    sale_id = _sold(shop, basket, 0)
    figures = shop.order(sale_id).figures
    assert figures is not None
    took = {one.id: figures.promotion_amount_minor(one.id) for one in promotions}
    whole = {line.line: line.quantity_milli for line in shop.order(sale_id).lines}
    gross, stands = _stands(every, shop.order(sale_id), whole)
    assert took == stands
    assume(figures.recorded is not None)
    assert figures.recorded is not None
    kept = _deals(tuple(one for one in promotions if took[one.id]))
    assert kept is not None
    # Goods that no promotion of the sale looks at go back at their price and are not priced again.
    seen = {
        line.line for line in shop.order(sale_id).lines if _is_seen(promotions, took, line.item)
    }
    refunded, back = 0, dict.fromkeys(took, 0)
    while left := _left(shop.order(sale_id)):
        line, most, _ = data.draw(st.sampled_from(left))
        quantity = data.draw(st.integers(1, most // 1_000)) * 1_000
        stays = {at: milli - (quantity if at == line else 0) for at, milli, _ in left}
        stays_gross, stands = _stands(kept, shop.order(sale_id), stays)
        back = {name: took[name] - stands.get(name, 0) for name in took}
        wanted = gross - stays_gross + sum(back.values()) - refunded
        price = extend_amount(
            shop.order(sale_id).lines[line - 1].item.unit_price_micros, quantity, 2
        )
        given_back = -shop.ok(AddReturnLine(sale_id, line, quantity, "x"))["total_minor"]
        _settle(shop, sale_id, "1", is_first=True)
        refunded += given_back
        assert {name: off for name, off in back.items() if off} == _recorded(shop, sale_id)
        if line in seen and any(at in seen and milli for at, milli in stays.items()):
            assert max(0, min(wanted, price)) == given_back
    assert took == back
    assert figures.total_minor == refunded


def _recorded(shop: Shop, sale_id: str) -> dict[str, int]:
    """What of each promotion came back so far, as the sale has it, zero or less as it was taken."""
    shares = promotion_shares_sum(
        share for line in shop.order(sale_id).lines for share in line.returned_promotions
    )
    return {share.promotion: -share.amount_minor for share in shares if share.amount_minor}


def _is_seen(promotions: tuple[Promotion, ...], took: dict[str, int], item: LineItem) -> bool:
    """Whether a promotion that took something off looks at these goods."""
    looked = (one.selections[0] for one in promotions if took[one.id])
    return any(
        one == Selection() or item.item_id in one.items or item.department in one.departments
        for one in looked
    )
