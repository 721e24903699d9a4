"""Promotions at their edges: goods that are gone, and more off than the goods cost."""

from __future__ import annotations

import pytest

from engine.catalog import ChangeItem, RemoveItem
from engine.image import state_hash
from engine.order.commands import AddLine
from engine.order.refusal import Refusal as OrderRefusal
from engine.promotion.decide import Refusal, SetPromotions
from engine.promotion.model import Benefit, BenefitKind, Off, OffKind, Promotion, Selection
from tests.shop import Shop, item

BOTH = (Selection(("bread", "milk")),)


def off_of(off: Off, *selections: Selection, kind: BenefitKind = BenefitKind.EACH) -> Promotion:
    """A promotion on each of what is selected, or on the cart."""
    return Promotion("p", "P", Benefit(kind, off), selections)


def test_a_promotion_outlives_an_item_it_names() -> None:
    """What is gone cannot be rung up; the rest stays cheaper, after a replay too; set again it is
    refused by the item's name, and the item that comes back has it again."""
    deal = off_of(Off(OffKind.AMOUNT, 50), *BOTH)
    shop = Shop.selling()
    shop.ok(SetPromotions((deal,)), admin=True)
    shop.ok(RemoveItem("bread"), admin=True)
    assert OrderRefusal.CODE_MUST_BE_KNOWN == shop.no(AddLine("bread"))
    assert 129 - 50 == shop.ok(AddLine("milk"))["total_minor"]
    assert state_hash(shop.books) == state_hash(shop.replayed())
    assert Refusal.PROMOTION_ITEMS_MUST_EXIST == shop.no(SetPromotions((deal,)), admin=True)
    shop.ok(ChangeItem(item("bread", "Bread", 350)), admin=True)
    assert 129 + 350 - 100 == shop.ok(AddLine("bread"))["total_minor"]


@pytest.mark.parametrize("kind", [BenefitKind.EACH, BenefitKind.CART])
def test_more_off_than_the_goods_cost_leaves_nothing_and_never_less(kind: BenefitKind) -> None:
    """An amount above the price, on each piece or on the cart, makes it free."""
    shop = Shop.selling()
    deal = off_of(Off(OffKind.AMOUNT, 10_000), *BOTH, kind=kind)
    shop.ok(SetPromotions((deal,)), admin=True)
    order_id = shop.ring("bread", "milk")
    assert 0 == shop.pay()["total_minor"]
    figures = shop.order(order_id).figures
    assert figures is not None
    assert [0, 0] == [row.total_minor for row in figures.lines]
    assert [0, 0] == [row.tax_minor for row in figures.lines]
