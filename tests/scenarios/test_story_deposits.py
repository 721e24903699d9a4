"""Bottles: a deposit comes with them, follows them, and nothing is ever taken off it."""

from __future__ import annotations

import pytest

from engine.catalog import ItemChanged
from engine.charge.decide import Refusal, SetCharges
from engine.charge.model import ChargeKind, ChargeRule, Deposit
from engine.decision import Approval
from engine.order.commands import (
    AddReturnLine,
    ChangeQuantity,
    ChooseCustomerGroup,
    CompLine,
    CompOrder,
    DiscountLine,
    DiscountOrder,
    VoidLine,
)
from engine.order.figures import DiscountKind
from engine.price_list.decide import SetPrices
from engine.price_list.model import CustomerGroup, PercentEntry, PriceList, PriceSet
from engine.promotion.decide import SetPromotions
from engine.promotion.model import Benefit, BenefitKind, Off, OffKind, Promotion
from engine.staff import OperatorAdded, Right, RoleDefined, SignedOn
from tests.shop import Shop, item

BOTTLE = item("bottle", "Bottle deposit", 25, tax_class="standard", department="Deposits")
TENTH = Promotion("tenth", "A tenth off", Benefit(BenefitKind.EACH, Off(OffKind.PERCENT, 100_000)))


def beverage_shop() -> Shop:
    """Water and wine come in bottles with a deposit of 0.25."""
    shop = Shop.selling()
    shop.given(ItemChanged(BOTTLE))
    deposits = (Deposit("water", "bottle"), Deposit("wine", "bottle"))
    shop.ok(SetCharges((), deposits), admin=True)
    return shop


def lines(shop: Shop, order_id: str) -> list[tuple[str, int, int]]:
    """(name, pieces, the line it is linked to) of each line that counts."""
    return [
        (line.item.name, line.quantity_milli // 1000, line.linked_to)
        for line in shop.order(order_id).live_lines()
    ]


def test_a_deposit_comes_with_its_bottle_and_follows_it() -> None:
    """One for a bottle, twelve for a case, as many as there are bottles, none where they go."""
    shop = beverage_shop()
    order_id = shop.ring("wine", "bread", "case-water")
    assert lines(shop, order_id) == [
        ("Wine", 1, 0),
        ("Bottle deposit", 1, 1),
        ("Bread", 1, 0),
        ("Water", 1, 0),
        ("Bottle deposit", 12, 4),
    ]
    answer = shop.ok(ChangeQuantity(1, 3000))
    assert (answer["line"], answer["net_minor"]) == (1, 2397)
    assert answer["total_minor"] == 2397 + 75 + 350 + 600 + 300
    assert shop.ok(VoidLine(4))["total_minor"] == 2397 + 75 + 350
    # The customer brought bottles: the deposit alone goes, and stays gone.
    assert shop.ok(VoidLine(2))["total_minor"] == 2397 + 350
    assert shop.ok(ChangeQuantity(1, 1000))["total_minor"] == 799 + 350
    assert lines(shop, order_id) == [("Wine", 1, 0), ("Bread", 1, 0)]


def test_fewer_deposits_than_bottles_are_for_who_may_take_lines_out() -> None:
    """To let some of a deposit go is to take it out in part: a cashier who may only sell asks for
    somebody, while the bottles and their deposit with them may be fewer, and a deposit be more."""
    shop = beverage_shop()
    shop.given(RoleDefined("seller", (Right.SELL,)), OperatorAdded("sam", "Sam", "seller", "hash"))
    shop.given(SignedOn("sam", "1"))
    shop.ring("case-water")
    fewer = ChangeQuantity(2, 1000)
    assert shop.refused(VoidLine(2)) == {"right": "void_line"}
    assert shop.refused(fewer) == {"right": "void_line"}
    shop.ok(ChangeQuantity(1, 2000))
    assert shop.ok(ChangeQuantity(1, 1000))["total_minor"] == 600 + 300
    assert shop.ok(ChangeQuantity(2, 13_000))["total_minor"] == 600 + 325
    assert shop.ok(fewer, approval=Approval("max", pin_correct=True))["total_minor"] == 600 + 25


def test_nothing_is_taken_off_a_deposit() -> None:
    """A promotion, a price list, discounts and a comp take from the wine and leave the bottle."""
    shop = beverage_shop()
    group = CustomerGroup("regular", "Regulars")
    half = PriceList(
        "half", "Half", percents=(PercentEntry(500_000),), customer_groups=("regular",)
    )
    shop.ok(SetPrices(PriceSet((group,), (half,))), admin=True)
    shop.ok(SetPromotions((TENTH,)), admin=True)
    shop.ring("wine")
    assert shop.ok(ChooseCustomerGroup("regular"))["total_minor"] == 400 - 40 + 25
    assert shop.ok(DiscountOrder(DiscountKind.PERCENT, 500_000))["total_minor"] == 180 + 25
    assert shop.no(DiscountLine(2, DiscountKind.AMOUNT, 5)) == "line_must_be_discountable"
    assert shop.ok(CompOrder("birthday"))["total_minor"] == 25


def test_a_deposit_alone_is_not_given_away() -> None:
    """It would be on record as given away and be paid all the same, so it is refused by name; with
    its goods it stays to be paid."""
    shop = beverage_shop()
    shop.ring("wine")
    assert shop.no(CompLine(2, "birthday")) == "line_must_be_discountable"
    assert shop.ok(CompLine(1, "birthday"))["total_minor"] == 25


def test_no_percentage_is_charged_on_a_deposit() -> None:
    """Ten per cent service on the wine, none on the bottle."""
    shop = beverage_shop()
    service = ChargeRule("service", "Service", ChargeKind.SERVICE, 100_000)
    shop.ok(SetCharges((service,), (Deposit("wine", "bottle"),)), admin=True)
    shop.ring("wine")
    assert shop.pay()["total_minor"] == 799 + 80 + 25


def test_a_bottle_comes_back_for_what_was_paid() -> None:
    """The deposit is a line of the sale like any other, with its own tax."""
    shop = beverage_shop()
    order_id = shop.sell("wine")
    assert shop.ok(AddReturnLine(order_id, 2, 1000, "bottle"))["total_minor"] == -25
    assert shop.pay()["total_minor"] == -25
    assert shop.no(AddReturnLine(order_id, 2, 1000, "bottle")) == "return_must_be_within_sold"
    assert shop.replayed().live.positions == shop.books.live.positions


def test_goods_sell_when_their_deposit_is_gone() -> None:
    """A deposit that was taken out of the catalog keeps nobody from buying wine."""
    shop = beverage_shop()
    shop.books.catalog = Shop.selling().books.catalog
    assert lines(shop, shop.ring("wine")) == [("Wine", 1, 0)]


@pytest.mark.parametrize(
    ("deposits", "code"),
    [
        ((Deposit("wine", "gone"),), Refusal.DEPOSIT_ITEMS_MUST_EXIST),
        ((Deposit("gone", "bottle"),), Refusal.DEPOSIT_ITEMS_MUST_EXIST),
        ((Deposit("wine", "cheese"),), Refusal.DEPOSIT_ITEMS_MUST_EXIST),
        ((Deposit("wine", "flowers"),), Refusal.DEPOSIT_ITEMS_MUST_EXIST),
        ((Deposit("wine", "bottle"),) * 2, Refusal.DEPOSITS_MUST_BE_DISTINCT),
        (
            (Deposit("wine", "bottle"), Deposit("bottle", "bread")),
            Refusal.DEPOSITS_MUST_BE_DISTINCT,
        ),
        ((Deposit("wine", "bottle"),) * 5_001, Refusal.DEPOSITS_LIMIT_REACHED),
    ],
)
def test_deposits_that_cannot_be(deposits: tuple[Deposit, ...], code: str) -> None:
    """Each is named, and the deposits of before stay."""
    shop = beverage_shop()
    assert shop.no(SetCharges((), deposits), admin=True) == code
    assert len(shop.books.charges.deposits) == 2
