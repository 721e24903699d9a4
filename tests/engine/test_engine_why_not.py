"""Why a promotion takes nothing off an order, and what a screen is told there is to choose."""

from __future__ import annotations

from typing import Any

import pytest

from engine.coupon.model import CouponKind, CouponRule
from engine.order.commands import AddLine, ChangeQuantity, ChoosePromotion, OpenOrder
from engine.price_list.decide import SetPrices
from engine.price_list.model import CustomerGroup, PriceEntry, PriceList, PriceSet
from engine.promotion.decide import SetPromotions
from engine.promotion.model import (
    Benefit,
    BenefitKind,
    Gate,
    GateKind,
    Off,
    OffKind,
    Promotion,
    Selection,
    Slot,
)
from engine.taxation import Dining
from engine.views.build import store_view
from engine.views.offer_shapes import OrderPromotionsView, PromotionReasonView
from engine.views.offers import SHOWN_MAX, promotions_view
from tests.shop import Shop

WINE, BREAD = Selection(("wine",)), Selection(("bread",))
EACH = Benefit(BenefitKind.EACH, Off(OffKind.AMOUNT, 100))
THREE = Benefit(BenefitKind.BUNDLE, Off(OffKind.PERCENT, 200_000), slots=(Slot(0, 3),))


def promotion(name: str, benefit: Benefit = EACH, *goods: Selection, **more: Any) -> Promotion:
    """One on these goods, wine unless told."""
    return Promotion(name, name.title(), benefit, goods or (WINE,), **more)


def asked(*promotions: Promotion, goods: tuple[str, ...] = ("wine",)) -> OrderPromotionsView:
    """What is told of promotions for an order of these goods."""
    shop = Shop.selling()
    shop.ok(SetPromotions(promotions), admin=True)
    return promotions_view(shop.order(shop.ring(*goods)), shop.books)


def told(found: OrderPromotionsView) -> list[tuple[str, int, str]]:
    """Id, what it takes and why not, in their order."""
    return [(one.promotion, one.amount_minor, one.why) for one in found.promotions]


def test_those_that_apply_come_first_then_those_that_nearly_do() -> None:
    """What takes most, what is fewest units short, what has nothing to do with the order."""
    found = asked(
        promotion("cheese", EACH, Selection(("milk",))),
        promotion("far", THREE, gates=(Gate(GateKind.MIN_QUANTITY, value=6),)),
        promotion("near", THREE, gates=(Gate(GateKind.MIN_QUANTITY, value=3),)),
        promotion("wine"),
        promotion("bread", Benefit(BenefitKind.EACH, Off(OffKind.AMOUNT, 150)), BREAD),
        goods=("wine", "bread"),
    )
    assert told(found) == [
        ("bread", -150, ""),
        ("wine", -100, ""),
        ("near", 0, "quantity_too_small"),
        ("far", 0, "quantity_too_small"),
        ("cheese", 0, "no_item"),
    ]
    near = found.promotions[2]
    assert (near.name, near.have, near.need) == ("Near", 1, 3)
    assert found.left_out == 0


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (promotion("x", THREE), ("quantity_too_small", 1, 3, "", 0, "", "")),
        (
            promotion("x", gates=(Gate(GateKind.MIN_SPEND, value=2000),)),
            ("spend_too_small", 799, 2000, "", 0, "", ""),
        ),
        (promotion("x", manual=True), ("coupon_missing", 0, 0, "", 0, "", "operator")),
        (
            promotion("x", coupon=CouponRule("x", CouponKind.GENERIC, "X")),
            ("coupon_missing", 0, 0, "", 0, "", "coupon"),
        ),
        (promotion("x", channels=("web",)), ("other_channel", 0, 0, "", 0, "", "")),
        (
            promotion("x", EACH, Selection(except_items=("wine",))),
            ("item_excluded", 0, 0, "", 0, "Wine", ""),
        ),
        (promotion("x", EACH, BREAD), ("no_item", 0, 0, "", 0, "", "")),
        (promotion("x", ends_s=1), ("outside_window", 0, 0, "", 0, "", "")),
    ],
)
def test_the_clause_that_fails_is_named_with_its_figures(
    one: Promotion, expected: tuple[object, ...]
) -> None:
    """Units, amounts, the excepted goods, and whether a coupon or a person must ask for it."""
    (found,) = asked(one).promotions
    row: PromotionReasonView = found
    names = (row.why, row.have, row.need, row.by, row.alone_minor, row.item, row.asked_by)
    assert names == expected


def test_one_that_lost_says_to_which_and_what_it_would_have_taken() -> None:
    """The better one is named as people know it."""
    better = promotion("better", Benefit(BenefitKind.EACH, Off(OffKind.AMOUNT, 300)))
    _, lost = asked(promotion("worse"), better).promotions
    assert (lost.promotion, lost.why) == ("worse", "lost_to_better")
    assert (lost.by, lost.alone_minor) == ("Better", -100)


def test_what_is_missing_is_told_in_a_currency_without_small_coins_too() -> None:
    """Yen: 8 of 20, and not 799."""
    shop = Shop.selling(currency="JPY")
    wanted = promotion("x", gates=(Gate(GateKind.MIN_SPEND, value=20),))
    shop.ok(SetPromotions((wanted,)), admin=True)
    (row,) = promotions_view(shop.order(shop.ring("wine")), shop.books).promotions
    assert (row.why, row.have, row.need) == ("spend_too_small", 8, 20)


def test_of_an_order_past_all_bounds_nothing_is_in_force() -> None:
    """More than a million bottles: none of the promotions is weighed up, and each says so."""
    shop = Shop.selling()
    shop.ok(SetPromotions((promotion("wine"), promotion("bread", EACH, BREAD))), admin=True)
    order_id = shop.ring(*["wine"] * 11)
    for line in range(1, 12):
        shop.ok(ChangeQuantity(line, 99_999_000))
    found = promotions_view(shop.order(order_id), shop.books)
    assert sorted(told(found)) == [("bread", 0, "not_in_force"), ("wine", 0, "not_in_force")]


def test_what_is_told_follows_the_order() -> None:
    """With what was missing it applies, and what a person gives shares the goods with it."""
    shop = Shop.selling()
    shop.ok(SetPromotions((promotion("three", THREE), promotion("gift", manual=True))), admin=True)
    order_id = shop.ring("wine")
    shop.ok(ChangeQuantity(1, 3000))
    found = promotions_view(shop.order(order_id), shop.books)
    assert told(found)[0] == ("three", -479, "")
    shop.ok(ChoosePromotion("gift", "birthday"))
    found = promotions_view(shop.order(order_id), shop.books)
    assert told(found)[0][0] in ("three", "gift")
    assert sum(one.amount_minor for one in found.promotions) == -479


def test_a_hundred_are_told_and_the_others_counted() -> None:
    """An order with nothing on it, and more promotions than a screen shows."""
    shop = Shop.selling()
    many = tuple(promotion(f"p{number}") for number in range(SHOWN_MAX + 7))
    shop.ok(SetPromotions(many), admin=True)
    order_id = shop.ok(OpenOrder())["order_id"]
    found = promotions_view(shop.order(order_id), shop.books)
    assert len(found.promotions) == SHOWN_MAX
    assert found.left_out == 7
    shop.ok(SetPromotions(()), admin=True)
    assert promotions_view(shop.order(order_id), shop.books).promotions == ()
    shop.ok(AddLine("wine"))


# ------------------------------------------------------------------------- what there is to choose


def _list(*dinings: str) -> PriceList:
    return PriceList("out", "Out", (PriceEntry("wine", 7_000_000),), dining_options=dinings)


@pytest.mark.parametrize(
    ("dinings", "offered", "usual"),
    [
        ((), (), None),
        (("takeaway",), (Dining.EAT_IN, Dining.TAKEAWAY), Dining.EAT_IN),
        (("delivery",), (Dining.EAT_IN, Dining.TAKEAWAY, Dining.DELIVERY), Dining.EAT_IN),
        (("eat_in",), (Dining.EAT_IN, Dining.TAKEAWAY), None),
    ],
)
def test_handing_over_is_offered_where_a_list_tells_it_apart(
    dinings: tuple[str, ...], offered: tuple[Dining, ...], usual: Dining | None
) -> None:
    """Nothing where it makes no difference; the usual way where an order is priced as one."""
    shop = Shop.selling()
    shop.ok(SetPrices(PriceSet((), (_list(*dinings),))), admin=True)
    view = store_view(shop.books, "s")
    assert (view.dinings, view.dining) == (offered, usual)
    assert [(one.price_list, one.name) for one in view.price_lists] == [("out", "Out")]


def test_groups_promotions_to_give_and_coupons_are_told() -> None:
    """What the register page offers to choose comes with the store's view."""
    shop = Shop.selling()
    assert not store_view(shop.books, "s").has_coupons
    staff = CustomerGroup("staff", "Staff", employees=True)
    shop.ok(SetPrices(PriceSet((staff,))), admin=True)
    coupon = promotion("c", coupon=CouponRule("c", CouponKind.GENERIC, "C"))
    shop.ok(SetPromotions((promotion("gift", manual=True), coupon, promotion("p"))), admin=True)
    view = store_view(shop.books, "s")
    assert view.customer_groups == (staff,)
    assert [(one.promotion, one.name) for one in view.promotions_to_give] == [("gift", "Gift")]
    assert view.has_coupons
