"""At the counter: customers who pay otherwise, coupons, and what is on the house."""

from __future__ import annotations

import pytest

from engine.coupon.model import CouponKind, CouponRule
from engine.decision import Approval
from engine.order.commands import (
    AddLine,
    ChooseChannel,
    ChooseCustomerGroup,
    CompLine,
    CompOrder,
    DiscountLine,
    PresentCoupon,
    VoidLine,
    VoidOrder,
)
from engine.order.events import (
    LineComped,
    OrderComped,
    OrderCompleted,
)
from engine.order.figures import DiscountKind
from engine.order.refusal import Refusal
from engine.price_list.decide import SetPrices
from engine.price_list.model import CustomerGroup, ItemCost, PriceEntry, PriceList, PriceSet
from engine.promotion.decide import SetPromotions
from engine.promotion.model import Benefit, BenefitKind, Off, OffKind, Promotion, Selection
from engine.register import CloseDay
from engine.settings import RegisterDefined, RegisterSetup
from engine.staff import SignedOn
from engine.till import CloseTill, CountTill, OpenTill
from engine.views.build import order_view
from engine.views.offers import promotions_view
from tests.shop import Shop

TRADE = PriceList(
    "trade",
    "Trade",
    (PriceEntry("bread", 3_000_000), PriceEntry("wine", 7_000_000)),
    customer_groups=("trade",),
)
PRICES = PriceSet(
    (CustomerGroup("trade", "Trade"), CustomerGroup("staff", "Staff", employees=True)),
    (TRADE,),
    costs=(ItemCost("bread", 1_100_000), ItemCost("wine", 4_000_000)),
)
VOUCHER = Promotion(
    "voucher",
    "Birthday voucher",
    Benefit(BenefitKind.CART, Off(OffKind.AMOUNT, 200)),
    coupon=CouponRule("birthday", CouponKind.PATTERN, "BD-", 12),
)


def words(shop: Shop) -> str:
    """Everything on the last printed document."""
    return "\n".join(f"{block.left}|{block.right}" for block in shop.printed()[-1].blocks)


# --------------------------------------------------------------------------------- who is buying


@pytest.mark.feature("PRC-04")
def test_the_baker_next_door_shows_his_card_last() -> None:
    """Everything is rung up at the shop's prices; choosing the customer prices all of it anew, on
    screen, in the figures and on paper, and choosing somebody else does so again."""
    shop = Shop.selling("ana")
    shop.ok(SetPrices(PRICES), admin=True)
    order_id = shop.ring("bread", "wine", "milk", "bread")
    books = shop.books

    def shown() -> list[int]:
        view = order_view(shop.order(order_id), books)
        return [line.unit_price_micros for line in view.lines]

    assert shown() == [3_500_000, 7_990_000, 1_290_000, 3_500_000]
    assert shop.ok(ChooseCustomerGroup("trade"))["total_minor"] == 300 + 700 + 129 + 300
    assert shown() == [3_000_000, 7_000_000, 1_290_000, 3_000_000]
    assert shop.ok(ChooseCustomerGroup())["total_minor"] == 350 + 799 + 129 + 350
    shop.ok(ChooseCustomerGroup("trade"))
    assert shop.pay()["total_minor"] == 1429
    (done,) = shop.events(OrderCompleted)
    assert [row.price_list for row in done.figures.lines] == ["trade", "trade", "", "trade"]
    assert "Bread|3.00 B" in words(shop)
    # The next customer is nobody's friend.
    assert shop.ok(AddLine("bread"))["total_minor"] == 350


@pytest.mark.feature("PRC-07", part="the price by channel")
def test_the_same_bread_costs_more_on_the_telephone() -> None:
    """An order that came in another way has the prices of that way, also for what was on it."""
    phone = PriceList("phone", "Phone", (PriceEntry("bread", 3_900_000),), channels=("phone",))
    shop = Shop.selling()
    shop.ok(SetPrices(PriceSet(lists=(phone,))), admin=True)
    assert shop.ok(AddLine("bread"))["total_minor"] == 350
    assert shop.ok(ChooseChannel("phone"))["total_minor"] == 390
    assert shop.ok(ChooseChannel())["total_minor"] == 350


# --------------------------------------------------------------------------------------- coupons


@pytest.mark.feature("PRC-03", part="one code, two registers, one sale")
def test_a_birthday_voucher_buys_one_cake() -> None:
    """Shown at two registers at once it is taken at one; after the sale it is nobody's."""
    shop = Shop.selling()
    shop.ok(SetPromotions((VOUCHER,)), admin=True)
    shop.ok(OpenTill(()), "2")
    code = "BD-123456789"
    for register in ("1", "2"):
        shop.ring("wine", register=register)
    assert shop.ok(PresentCoupon(code))["total_minor"] == 599
    assert shop.no(AddLine(code), "2") == Refusal.COUPON_MUST_NOT_BE_PRESENTED
    assert shop.pay(register="2")["total_minor"] == 799
    assert shop.pay()["total_minor"] == 599
    assert "Birthday voucher|-2.00" in words(shop)
    shop.ring("wine", register="2")
    assert shop.no(PresentCoupon(code), "2") == Refusal.COUPON_MUST_NOT_BE_USED
    shop.ok(VoidOrder("left"), "2")


# ---------------------------------------------------------------------------------- on the house


@pytest.mark.feature("PRC-06")
def test_a_cold_coffee_is_on_the_house() -> None:
    """It needs the right and a reason, costs the guest nothing, keeps what it was worth and what it
    cost the shop, and stands apart from discounts in the figures, on the receipt and in the Z."""
    shop = Shop.selling("ana")
    shop.ok(SetPrices(PRICES), admin=True)
    order_id = shop.ring("wine", "bread")
    assert shop.no(CompLine(1, "corked")) == "right_must_be_granted"
    manager = Approval("max", pin_correct=True)
    assert shop.no(CompLine(1, " "), approval=manager) == Refusal.REASON_MUST_BE_GIVEN
    assert shop.ok(CompLine(1, "corked"), approval=manager)["total_minor"] == 350
    shop.ok(DiscountLine(2, DiscountKind.AMOUNT, 50, "dent"))
    assert shop.events(LineComped) == [LineComped(order_id, 1, "corked", "ana", "max")]
    shop.pay()
    (done,) = shop.events(OrderCompleted)
    wine, bread = done.figures.lines
    assert (wine.amount_minor, wine.comp_minor, wine.net_minor, wine.tax_minor) == (799, -799, 0, 0)
    assert (wine.cost_minor, wine.line_discount_minor) == (400, 0)
    assert (bread.comp_minor, bread.line_discount_minor, bread.cost_minor) == (0, -50, 110)
    figures = done.figures
    assert (figures.subtotal_minor, figures.discount_minor, figures.comp_minor) == (1149, -50, -799)
    assert figures.total_minor == 1149 - 50 - 799
    assert "  On the house|-7.99" in words(shop)
    shop.ok(CountTill(()))
    shop.ok(CloseTill())
    shop.ok(CloseDay(), approval=manager)
    assert "Given away (1)|7.99" in words(shop)
    assert "  at cost|4.00" in words(shop)
    assert "Discounts|0.50" in words(shop)


@pytest.mark.feature("PRC-06", part="a whole order")
def test_a_whole_table_is_on_the_house() -> None:
    """Nothing is due, promotions take nothing, and it can be taken back before it is closed."""
    half = Promotion(
        "half", "Half", Benefit(BenefitKind.EACH, Off(OffKind.PERCENT, 500_000)),
        (Selection(("bread",)),),
    )  # fmt: skip
    shop = Shop.selling()
    shop.ok(SetPromotions((half,)), admin=True)
    order_id = shop.ring("bread", "wine", "book")
    assert shop.ok(CompOrder("birthday"))["total_minor"] == 0
    assert shop.ok(CompOrder(withdraw=True))["total_minor"] == 175 + 799 + 1200
    shop.ok(CompLine(1, "dry"))
    assert shop.ok(CompLine(1, withdraw=True))["total_minor"] == 175 + 799 + 1200
    shop.ok(CompOrder("birthday"))
    assert shop.pay()["total_minor"] == 0
    assert [event.reason for event in shop.events(OrderComped)] == ["birthday", "", "birthday"]
    totals = shop.books.live.position("1").totals
    assert (totals.comps, totals.comp_minor) == (3, 350 + 799 + 1200)
    assert (totals.discount_minor, totals.promotion_minor, totals.total_minor) == (0, 0, 0)
    figures = shop.order(order_id).figures
    assert figures is not None
    assert all(row.promotions == () for row in figures.lines)


def test_a_couple_with_one_number_at_two_registers() -> None:
    """Both ring up the bottle that each member has for less once; the second sees whose it is. They
    pay it at the second register instead, and the first one's next bottle is at its full price."""
    once = Promotion(
        "welcome", "Welcome", Benefit(BenefitKind.EACH, Off(OffKind.AMOUNT, 300)),
        (Selection(("wine",)),), sales_per_member=1,
    )  # fmt: skip
    shop = Shop.selling()
    shop.ok(OpenTill(()), "2")
    shop.ok(SetPromotions((once,)), admin=True)
    for register in ("1", "2"):
        shop.ok(ChooseCustomerGroup("", "4711"), register)
    hers = shop.ok(AddLine("wine"))
    his = shop.ok(AddLine("wine"), "2")
    assert (499, 799) == (hers["total_minor"], his["total_minor"])
    (told,) = promotions_view(shop.order(his["order_id"]), shop.books).promotions
    assert (told.why, told.held_at) == ("held_by_open_order", "1")
    shop.ok(VoidLine(1))
    assert 499 == shop.pay(register="2")["total_minor"]
    assert 799 == shop.ok(AddLine("wine"))["total_minor"]
    (told,) = promotions_view(shop.order(hers["order_id"]), shop.books).promotions
    assert (told.why, told.held_at) == ("limit_reached", "")


def test_what_is_free_again_is_shown_to_whoever_holds_it() -> None:
    """The bottle at the second register is shown at its full price until somebody touches that
    order, or a third register could take away what its customer was shown. Paying has it off."""
    makers = Promotion(
        "makers", "From the maker", Benefit(BenefitKind.EACH, Off(OffKind.AMOUNT, 500)),
        (Selection(("wine",)),), budget_minor=500,
    )  # fmt: skip
    shop = Shop.selling()
    shop.given(RegisterDefined(RegisterSetup("3", "Side")), SignedOn("max", "3"))
    for register in ("2", "3"):
        shop.ok(OpenTill(()), register)
    shop.ok(SetPromotions((makers,)), admin=True)
    shop.ok(AddLine("wine"))
    waiting = shop.ok(AddLine("wine"), "2")["order_id"]
    shown = [order_view(shop.order(waiting), shop.books).total_minor]
    shop.ok(VoidOrder("left"))
    shown.append(order_view(shop.order(waiting), shop.books).total_minor)
    quick = shop.ok(AddLine("wine"), "3")
    assert 299 == order_view(shop.order(quick["order_id"]), shop.books).total_minor
    shown.append(order_view(shop.order(waiting), shop.books).total_minor)
    shop.ok(VoidOrder("left"), "3")
    shown.append(order_view(shop.order(waiting), shop.books).total_minor)
    assert [799] * 4 == shown
    assert 299 == shop.pay(register="2")["total_minor"]


def test_the_last_of_a_budget_at_two_registers() -> None:
    """The maker pays 5.00 off the first bottles, 8.00 in all. Two customers are served at once: the
    second sees 3.00 off; as the first changes their mind, the next bottle is 5.00 cheaper again,
    and together the store never gave more than the maker pays."""
    makers = Promotion(
        "makers", "From the maker", Benefit(BenefitKind.EACH, Off(OffKind.AMOUNT, 500)),
        (Selection(("wine",)),), budget_minor=800, vendor_ppm=1_000_000,
    )  # fmt: skip
    shop = Shop.selling()
    shop.ok(OpenTill(()), "2")
    shop.ok(SetPromotions((makers,)), admin=True)
    hers = shop.ring("wine")
    assert [299, 499] == [
        order_view(shop.order(one), shop.books).total_minor
        for one in (hers, shop.ring("wine", register="2"))
    ]
    assert 499 + 799 == shop.ok(AddLine("wine"), "2")["total_minor"]
    shop.ok(VoidLine(1))
    assert 799 == shop.ok(VoidLine(1), "2")["total_minor"] + 500
    assert 299 == shop.pay(register="2")["total_minor"]
    assert 499 == shop.ok(AddLine("wine"))["total_minor"]
    assert 499 == shop.pay()["total_minor"]
    shop.ring("wine", register="2")
    assert 799 == shop.pay(register="2")["total_minor"]
    assert 800 == shop.books.redeemed.given["makers"].amount_minor
