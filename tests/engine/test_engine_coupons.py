"""Coupons: what is taken, who holds it, when it is used up and when it is good again."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from engine import limits
from engine.charge.decide import SetCharges
from engine.charge.model import ChargeKind, ChargeRule
from engine.coupon.decide import CouponsIssued, IssueCoupons
from engine.coupon.decide import Refusal as IssueRefusal
from engine.coupon.gs1 import Gcn, Gs1Error, NorthAmerican, read_gs1
from engine.coupon.model import CouponKind, CouponRule
from engine.coupon.redeemed import CodeSet, key_of
from engine.image import books_from, image_of, state_hash
from engine.order.commands import (
    AddLine,
    AddReturnLine,
    ChangeQuantity,
    ChooseCustomerGroup,
    ChoosePromotion,
    PresentCoupon,
    ResumeOrder,
    StartTendering,
    SuspendOrder,
    TenderCash,
    UndoTendering,
    VoidLine,
    VoidOrder,
    WithdrawCoupon,
)
from engine.order.events import (
    OrderCompleted,
)
from engine.order.refusal import Refusal
from engine.price_list.decide import SetPrices
from engine.price_list.model import CustomerGroup, PriceSet
from engine.promotion.decide import Refusal as PromotionRefusal
from engine.promotion.decide import SetPromotions
from engine.promotion.held import Held
from engine.promotion.model import Benefit, BenefitKind, Off, OffKind, Promotion, Selection
from engine.register import EndTraining, StartTraining
from engine.till import OpenTill
from engine.views.build import order_view
from engine.views.offers import promotions_view
from engine.views.shapes import OrderView
from engine.wire import WireError, canonical, parse
from tests.shop import Shop

AMOUNT, PERCENT = OffKind.AMOUNT, OffKind.PERCENT
GENERIC = CouponRule("spring", CouponKind.GENERIC, "SPRING")
PATTERN = CouponRule("mail", CouponKind.PATTERN, "MAIL-", 14)
ISSUED = CouponRule("own", CouponKind.ISSUED)
GCN = CouponRule("gcn", CouponKind.GS1_GCN, "4000001000111")
OFFER = CouponRule("offer", CouponKind.GS1_NORTH_AMERICAN, "614141", offer="123456")
# 614141, offer 123456, 1.00 off, one of family 100; until 2026-12-31, serial 000001.
NA_BASIC = "8110" + "0614141" + "123456" + "3100" + "11" + "0" + "100"
NA_DATED = NA_BASIC + "3261231" + "50000001"


def cart(rule: CouponRule | None, minor: int = 100, **more: Any) -> Promotion:
    """So much off the cart for a coupon."""
    name = more.pop("id", "given" if rule is None else f"for-{rule.id}")
    benefit = more.pop("benefit", Benefit(BenefitKind.CART, Off(AMOUNT, minor)))
    return Promotion(name, name.title(), benefit, coupon=rule, **more)


ALL = (cart(GENERIC), cart(PATTERN), cart(ISSUED), cart(GCN), cart(OFFER, 10_000))


def taking(*promotions: Promotion) -> Shop:
    """An open shop with these in force, all of the above unless told."""
    shop = Shop.selling()
    shop.ok(SetPromotions(promotions or ALL), admin=True)
    return shop


def seen(shop: Shop, order_id: str) -> OrderView:
    """An order as the register shows it."""
    books = shop.books
    return order_view(shop.order(order_id), books)


def begun(shop: Shop, *, register: str = "1") -> str:
    """An order with a wine and a bread on it: 11.49."""
    return shop.ring("wine", "bread", register=register)


# --------------------------------------------------------------------------------- codes by kind


@pytest.mark.parametrize(
    ("code", "off_minor"),
    [
        ("SPRING", 100),
        ("spring", 100),
        (" Spring ", 100),
        ("MAIL-123456789", 100),
        ("mail-abcdefghi", 100),
        ("2554000001000111", 100),
        ("]C12554000001000111000042", 100),
        ("(255)4000001000111", 100),
        (NA_BASIC, 100),
        (NA_DATED, 100),
    ],
)
@pytest.mark.parametrize("scanned", [False, True])
def test_a_code_is_taken_typed_or_scanned(code: str, off_minor: int, scanned: bool) -> None:
    """It answers with what it takes off, as a line of its own would; a scan is understood."""
    shop = taking()
    begun(shop)
    answer = shop.ok(AddLine(code) if scanned and code == code.strip() else PresentCoupon(code))
    assert (answer["line"], answer["net_minor"], answer["total_minor"]) == (
        0,
        -off_minor,
        1149 - off_minor,
    )


def test_issued_codes_are_good_and_no_others() -> None:
    """Letters in any case; what was not issued is unknown."""
    shop = taking()
    told = shop.ok(IssueCoupons("own", ("abc-1", "ABC-2")), admin=True)
    assert told == {"coupon": "own", "codes": 2}
    begun(shop)
    assert shop.no(PresentCoupon("ABC-3")) == Refusal.COUPON_MUST_BE_KNOWN
    assert shop.ok(PresentCoupon("Abc-1"))["net_minor"] == -100
    (fact,) = shop.events(CouponsIssued)
    assert "ABC" not in str(fact), "the journal must not hand out coupons"


def test_a_coupon_may_come_first() -> None:
    """It opens the order, gives nothing yet, and takes off what is rung up then."""
    shop = taking()
    assert shop.ok(PresentCoupon("SPRING"))["total_minor"] == 0
    assert shop.ok(AddLine("bread"))["total_minor"] == 250


def test_an_items_code_goes_before_a_coupons() -> None:
    """What is for sale is sold; typed as a coupon it is one."""
    shop = taking(cart(CouponRule("c", CouponKind.GENERIC, "BREAD")), cart(GENERIC))
    assert shop.ok(AddLine("bread"))["line"] == 1
    assert shop.ok(PresentCoupon("bread"))["line"] == 0


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        ("", Refusal.CODE_MUST_BE_WELL_FORMED),
        ("x" * 81, Refusal.CODE_MUST_BE_WELL_FORMED),
        ("a\x07b", Refusal.CODE_MUST_BE_WELL_FORMED),
        ("SUMMER", Refusal.COUPON_MUST_BE_KNOWN),
        ("MAIL-12345678", Refusal.COUPON_MUST_BE_KNOWN),
        ("2554000001000128", Refusal.COUPON_MUST_BE_KNOWN),
        ("2554000001000112", Refusal.COUPON_MUST_BE_UNDERSTOOD),
        (NA_BASIC + "9500", Refusal.COUPON_MUST_BE_UNDERSTOOD),
        (NA_BASIC + "95000", Refusal.COUPON_MUST_BE_UNDERSTOOD),
        (NA_BASIC + "1", Refusal.COUPON_MUST_BE_UNDERSTOOD),
        (NA_BASIC + "3261117", Refusal.COUPON_MUST_BE_IN_ITS_WINDOW),
        (NA_BASIC + "4261201", Refusal.COUPON_MUST_BE_IN_ITS_WINDOW),
    ],
)
def test_what_is_no_coupon_is_refused_by_name(code: str, refusal: str) -> None:
    """Nothing of it stays on the order, and no order is opened for it."""
    shop = taking()
    assert shop.no(PresentCoupon(code)) == refusal
    assert shop.books.live.orders == {}
    order_id = begun(shop)
    shop.no(PresentCoupon(code))
    assert shop.order(order_id).coupons == ()


def test_a_scan_that_is_neither_item_nor_coupon_is_an_unknown_code() -> None:
    """As it was before there were coupons; a coupon's scan is refused as a coupon."""
    shop = taking()
    assert shop.no(AddLine("SUMMER")) == Refusal.CODE_MUST_BE_KNOWN
    assert shop.no(AddLine("2554000001000112")) == Refusal.COUPON_MUST_BE_UNDERSTOOD
    assert Shop.selling().no(AddLine("SPRING")) == Refusal.CODE_MUST_BE_KNOWN


@pytest.mark.parametrize("window", [{"starts_s": 1_795_000_000 + 3600}, {"ends_s": 1_795_000_000}])
def test_a_coupon_holds_as_long_as_its_promotion(window: dict[str, int]) -> None:
    """Before it starts and once it ended it is refused."""
    shop = taking(cart(GENERIC, **window))
    assert shop.no(PresentCoupon("SPRING")) == Refusal.COUPON_MUST_BE_IN_ITS_WINDOW


def test_a_check_digit_tells_typing_errors() -> None:
    """Of a pattern that has one, the digits of a code end in it."""
    shop = taking(cart(CouponRule("c", CouponKind.PATTERN, "C", 9, check_digit=True)))
    assert shop.no(PresentCoupon("C12345671")) == Refusal.COUPON_MUST_BE_KNOWN
    shop.ok(PresentCoupon("C12345670"))


# ----------------------------------------------------------------------------- good only once


CODE = "MAIL-000000001"


def test_a_code_is_used_up_by_the_sale_it_gave_something_in() -> None:
    """Never again, at no register, also after a replay and from a snapshot."""
    shop = taking()
    begun(shop)
    shop.ok(PresentCoupon(CODE))
    shop.pay()
    for register in ("1", "2"):
        begun(shop, register=register)
        assert shop.no(PresentCoupon(CODE), register) == Refusal.COUPON_MUST_NOT_BE_USED
        assert shop.no(AddLine(CODE.lower()), register) == Refusal.COUPON_MUST_NOT_BE_USED
    replayed = shop.replayed()
    again = books_from(parse(canonical(image_of(shop.books))), None)
    assert state_hash(shop.books) == state_hash(replayed) == state_hash(again)
    for books in (replayed, again):
        shop.books = books
        assert shop.no(PresentCoupon(CODE)) == Refusal.COUPON_MUST_NOT_BE_USED


def test_a_code_is_held_by_the_order_it_was_presented_on() -> None:
    """Another register does not get it, nor while the order is parked or being paid; a void and a
    withdrawal let it go."""
    shop = taking()
    order_id = begun(shop)
    shop.ok(PresentCoupon(CODE))
    begun(shop, register="2")
    told = shop.refused(PresentCoupon(CODE), "2")
    assert told == {"code": CODE, "register": "1"}
    shop.ok(SuspendOrder())
    assert shop.no(PresentCoupon(CODE), "2") == Refusal.COUPON_MUST_NOT_BE_PRESENTED
    shop.ok(ResumeOrder(order_id))
    shop.ok(StartTendering())
    assert shop.no(PresentCoupon(CODE), "2") == Refusal.COUPON_MUST_NOT_BE_PRESENTED
    shop.ok(UndoTendering())
    assert shop.ok(WithdrawCoupon(CODE.lower()))["total_minor"] == 1149
    shop.ok(PresentCoupon(CODE), "2")
    assert shop.no(PresentCoupon(CODE)) == Refusal.COUPON_MUST_NOT_BE_PRESENTED
    shop.ok(VoidOrder("left"), "2")
    shop.ok(PresentCoupon(CODE))


def test_a_generic_code_is_everybodys_but_once_an_order() -> None:
    """Two registers at once, and again after the sale."""
    shop = taking()
    for register in ("1", "2"):
        begun(shop, register=register)
        shop.ok(PresentCoupon("SPRING"), register)
    assert shop.no(PresentCoupon("SPRING")) == Refusal.COUPON_MUST_NOT_BE_PRESENTED
    shop.pay()
    begun(shop)
    shop.ok(PresentCoupon("SPRING"))


def test_a_coupon_comes_off_what_the_shops_own_promotion_left() -> None:
    """A tenth off 11.49 first, then 1.00: the other way round the customer would pay more."""
    tenth = cart(None, benefit=Benefit(BenefitKind.CART, Off(PERCENT, 100_000)))
    shop = taking(tenth, cart(GENERIC))
    shop.ring("bread", "wine")
    shop.ok(PresentCoupon("SPRING"))
    assert shop.pay()["total_minor"] == 1149 - 115 - 100


def test_two_codes_of_one_coupon_do_not_go_together() -> None:
    """A promotion is given once for a coupon."""
    shop = taking()
    begun(shop)
    shop.ok(PresentCoupon(CODE))
    assert shop.no(PresentCoupon("MAIL-000000002")) == Refusal.COUPON_MUST_NOT_BE_PRESENTED


def test_a_coupon_that_gives_nothing_stays_and_says_why_and_is_not_used_up() -> None:
    """It asks for wine; once there is wine it gives. Sold without, it is good another time."""
    wine = Benefit(BenefitKind.EACH, Off(AMOUNT, 100))
    shop = taking(cart(PATTERN, benefit=wine, selections=(Selection(("wine",)),)))
    order_id = shop.ring("bread")
    assert shop.ok(PresentCoupon(CODE))["net_minor"] == 0
    (view,) = seen(shop, order_id).coupons
    assert (view.code, view.amount_minor, view.why) == (CODE, 0, "no_item")
    shop.ok(AddLine("wine"))
    (view,) = seen(shop, order_id).coupons
    assert (view.amount_minor, view.why) == (-100, "")
    shop.pay()
    shop.ring("bread")
    assert shop.no(PresentCoupon(CODE)) == Refusal.COUPON_MUST_NOT_BE_USED
    other = "MAIL-000000002"
    shop.ok(PresentCoupon(other))
    shop.pay()
    shop.ring("wine")
    assert shop.ok(PresentCoupon(other))["net_minor"] == -100


def test_a_coupon_whose_promotion_ended_says_so() -> None:
    """Promotions that were set anew leave an open order's coupon without one."""
    shop = taking()
    order_id = begun(shop)
    shop.ok(PresentCoupon("SPRING"))
    shop.ok(SetPromotions((cart(GCN),)), admin=True)
    (view,) = seen(shop, order_id).coupons
    assert (view.amount_minor, view.why) == (0, "not_in_force")
    shop.ok(SetPromotions(()), admin=True)
    assert seen(shop, order_id).coupons[0].why == "not_in_force"
    assert shop.ok(WithdrawCoupon("SPRING"))["total_minor"] == 1149


def test_a_whole_return_makes_the_code_good_again() -> None:
    """A part does not; the last part does, and the exact money is back."""
    shop = taking()
    sold = begun(shop)
    shop.ok(PresentCoupon(CODE))
    shop.pay()
    shop.ok(AddReturnLine(sold, 1, 1_000, "corked"))
    shop.pay()
    shop.ring("bread")
    assert shop.no(PresentCoupon(CODE)) == Refusal.COUPON_MUST_NOT_BE_USED
    shop.pay()
    shop.ok(AddReturnLine(sold, 2, 1_000, "dry"))
    shop.pay()
    done = shop.events(OrderCompleted)
    assert [len(event.restored) for event in done] == [0, 0, 0, 1]
    assert done[1].figures.total_minor + done[3].figures.total_minor == -(1149 - 100)
    assert state_hash(shop.replayed()) == state_hash(shop.books)
    shop.ring("bread")
    shop.ok(PresentCoupon(CODE))


def test_a_charge_that_comes_back_later_makes_no_code_good_twice() -> None:
    """The goods came back and the code was spent once more: what was charged with the first sale,
    given back after it, says nothing of the second."""
    shop = taking()
    fee = ChargeRule("fee", "Service", ChargeKind.FEE, amount_minor=50)
    shop.ok(SetCharges((fee,)), admin=True)
    sold = begun(shop)
    shop.ok(PresentCoupon(CODE))
    shop.pay()
    for line in (1, 2):
        shop.ok(AddReturnLine(sold, line, 1_000, "dry"))
    shop.pay()
    begun(shop)
    shop.ok(PresentCoupon(CODE))
    shop.pay()
    shop.ok(AddReturnLine(sold, -1, 1_000, "no service"))
    shop.pay()
    begun(shop)
    assert shop.no(PresentCoupon(CODE)) == Refusal.COUPON_MUST_NOT_BE_USED


def test_practice_uses_nothing_up() -> None:
    """What training takes is good in earnest, and limits do not count it."""
    shop = taking(cart(PATTERN, budget_minor=100))
    shop.ok(StartTraining())
    shop.ok(OpenTill(()))
    begun(shop)
    assert shop.ok(PresentCoupon(CODE))["net_minor"] == -100
    shop.pay()
    (done,) = shop.events(OrderCompleted)
    assert done.coupons == ()
    shop.ok(EndTraining())
    begun(shop)
    assert shop.ok(PresentCoupon(CODE))["net_minor"] == -100


def test_withdrawing_what_is_not_there_is_refused() -> None:
    """And nothing changes while money is on the counter."""
    shop = taking()
    begun(shop)
    assert shop.no(WithdrawCoupon("SPRING")) == Refusal.COUPON_MUST_BE_PRESENTED
    shop.ok(PresentCoupon("SPRING"))
    shop.ok(TenderCash(100))
    for body in (WithdrawCoupon("SPRING"), PresentCoupon(CODE), AddLine(CODE)):
        assert shop.no(body) == Refusal.ORDER_MUST_NOT_BE_TENDERING


def test_an_order_takes_so_many_coupons() -> None:
    """Twenty of different kinds."""
    rules = [
        CouponRule(f"c{n}", CouponKind.GENERIC, f"C{n}")
        for n in range(limits.COUPONS_PER_ORDER_MAX + 1)
    ]
    shop = taking(*(cart(rule, 1) for rule in rules))
    begun(shop)
    for rule in rules[:-1]:
        shop.ok(PresentCoupon(rule.code))
    assert shop.no(PresentCoupon(rules[-1].code)) == Refusal.COUPONS_LIMIT_REACHED


# --------------------------------------------------------------------------------------- GS1


def test_what_a_data_string_says() -> None:
    """Numbers, dates and values as they are printed, with and without symbology marks."""
    assert read_gs1("2554000001000111") == Gcn("4000001000111", "")
    assert read_gs1("]e02554000001000111123456789012\x1d") == Gcn("4000001000111", "123456789012")
    assert read_gs1(NA_DATED) == NorthAmerican("614141", "123456", 100, "", "2026-12-31", "000001")
    assert read_gs1("8112" + "0" + "0614141" + "123456" + "0000001") == NorthAmerican(
        "614141", "123456", serial="000001"
    )
    for none in ("4006381333931", "SPRING", "255", "", "25540000010001111234567890123"):
        assert read_gs1(none) is None


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("8110", "cut short"),
        ("81107614141", "length of the company prefix"),
        (NA_BASIC[:-1], "the family code is cut short"),
        ("8110" + "0614141" + "123456" + "6100000", "length of the save value"),
        (NA_BASIC + "1", "optional field 1"),
        (NA_BASIC + "50000001" + "3261231", "out of order"),
        (NA_BASIC + "3261331", "no date"),
        (NA_BASIC + "95000", "save value code 5"),
        ("8111" + "0001", "loyalty points"),
        ("8112" + "7", "format"),
        ("8112" + "0" + "0614141" + "123456" + "0000001" + "9", "more after"),
        ("2554000001000112", "check digit"),
    ],
)
def test_what_is_not_understood_says_so(code: str, words: str) -> None:
    """Nothing is guessed at."""
    with pytest.raises(Gs1Error, match=words):
        read_gs1(code)


def test_a_save_value_is_the_most_the_coupon_gives() -> None:
    """The code says 1.00; the promotion would give up to 100."""
    shop = taking(cart(OFFER, 10_000, vendor_ppm=limits.PPM))
    order_id = begun(shop)
    assert shop.ok(PresentCoupon(NA_DATED))["net_minor"] == -100
    shop.pay()
    figures = shop.order(order_id).figures
    assert figures is not None
    parts = [entry for row in figures.lines for entry in row.promotions]
    assert sum(entry.vendor_minor for entry in parts) == -100
    begun(shop)
    assert shop.no(PresentCoupon(NA_DATED)) == Refusal.COUPON_MUST_NOT_BE_USED
    shop.ok(PresentCoupon(NA_BASIC))


# ------------------------------------------------------------------------------ limits, by hand


def test_a_budget_is_the_stores() -> None:
    """1.50 in all: the second customer gets what is left, the third nothing."""
    shop = taking(cart(GENERIC, budget_minor=150))
    given = []
    for _ in range(3):
        order_id = begun(shop)
        given.append(shop.ok(PresentCoupon("SPRING"))["net_minor"])
        view = seen(shop, order_id).coupons[0]
        shop.pay()
    assert given == [-100, -50, 0]
    assert view.why == "limit_reached"
    assert state_hash(shop.replayed()) == state_hash(shop.books)


def test_a_limit_by_member_is_for_members() -> None:
    """Twice for each number; without one, not at all."""
    shop = taking(cart(None, sales_per_member=2, id="twice"))
    assert shop.ok(AddLine("wine"))["total_minor"] == 799
    for member, expected in (("7", 699), ("7", 699), ("7", 799), ("8", 699)):
        assert shop.ok(ChooseCustomerGroup("", member))["total_minor"] == expected
        shop.pay()
        shop.ring("wine")


def test_a_blank_around_a_number_makes_no_other_member() -> None:
    """Typed with a blank before it or after it, it is the same number, once for each; blanks alone
    are none."""
    shop = taking(cart(None, sales_per_member=1, id="once"))
    for member, expected in (("7", 699), (" 7", 799), ("7 ", 799), ("  ", 799)):
        order_id = shop.ring("wine")
        assert expected == shop.ok(ChooseCustomerGroup("", member))["total_minor"]
        assert member.strip() == shop.order(order_id).member
        shop.pay()


def test_employees_have_a_cap_by_the_year() -> None:
    """Half price up to 5.00 a year for each; the next year begins anew."""
    half = Benefit(BenefitKind.CART, Off(PERCENT, 500_000))
    shop = Shop.selling()
    shop.ok(SetPrices(PriceSet((CustomerGroup("staff", "Staff", employees=True),))), admin=True)
    staff = Promotion(
        "staff", "Staff", half, customer_groups=("staff",), employees=True, yearly_minor=500
    )
    shop.ok(SetPromotions((staff,)), admin=True)
    totals = []
    for member in ("7", "7", "7", "8"):
        shop.ring("wine")
        shop.ok(ChooseCustomerGroup("staff", member))
        totals.append(shop.pay()["total_minor"])
    assert totals == [399, 699, 799, 399]
    shop.now_ns += 60 * 86_400 * limits.NS_PER_S
    shop.business_date = "2027-01-17"
    shop.ring("wine")
    assert shop.ok(ChooseCustomerGroup("staff", "7"))["total_minor"] == 399
    assert shop.ok(ChooseCustomerGroup("", "7"))["total_minor"] == 799


def test_a_promotion_may_be_an_operators_to_give() -> None:
    """With a reason, which is kept; taken back without one."""
    shop = taking(cart(None, id="sorry", manual=True), cart(GENERIC))
    order_id = begun(shop)
    assert shop.no(ChoosePromotion("sorry", " ")) == Refusal.REASON_MUST_BE_GIVEN
    assert shop.no(ChoosePromotion("for-spring", "x")) == Refusal.PROMOTION_MUST_BE_MANUAL
    assert shop.no(ChoosePromotion("none", "x")) == Refusal.PROMOTION_MUST_BE_MANUAL
    assert shop.ok(ChoosePromotion("sorry", "cold coffee"))["total_minor"] == 1049
    (view,) = seen(shop, order_id).chosen
    assert (view.name, view.reason) == ("Sorry", "cold coffee")
    assert shop.ok(ChoosePromotion("sorry", "slow"))["total_minor"] == 1049
    assert [entry.reason for entry in shop.order(order_id).chosen] == ["slow"]
    assert shop.ok(ChoosePromotion("sorry", withdraw=True))["total_minor"] == 1149


def test_a_gift_is_free_with_a_coupon() -> None:
    """The cheapest food in the cart, nothing to buy."""
    gift = Benefit(BenefitKind.BUY_GET, Off(PERCENT, limits.PPM), buy=0, get=1)
    shop = taking(cart(GENERIC, benefit=gift, selections=(Selection(departments=("Food",)),),
                       limit_per_cart=1))  # fmt: skip
    shop.ring("wine", "bread", "milk")
    assert shop.ok(PresentCoupon("SPRING"))["net_minor"] == -129


@pytest.mark.parametrize(
    ("asked", "total_minor"),
    [
        ({"channels": ("in_store",)}, 1049),
        ({"channels": ("phone",)}, 1149),
        ({"stores": ("north",)}, 1049),
        ({"stores": ("south",)}, 1149),
        ({"customer_groups": ("trade",)}, 1049),
        ({"customer_groups": ("staff",)}, 1149),
    ],
)
def test_promotions_are_for_channels_stores_and_groups(
    asked: dict[str, Any], total_minor: int
) -> None:
    """One that asks for another gives nothing."""
    shop = Shop.selling(store_id="north")
    groups = (CustomerGroup("trade", "T"), CustomerGroup("staff", "S"))
    shop.ok(SetPrices(PriceSet(groups)), admin=True)
    other = cart(None, 1, id="other", channels=("x",), stores=("y",), customer_groups=("z",))
    shop.ok(SetPromotions((cart(None, **asked), other)), admin=True)
    begun(shop)
    assert shop.ok(ChooseCustomerGroup("trade"))["total_minor"] == total_minor


# ---------------------------------------------------------------------------- figures and reports


@pytest.mark.parametrize("vendor_ppm", [0, 333_333, 500_000, 1_000_000])
def test_vendor_and_store_share_a_promotion_to_the_cent(vendor_ppm: int) -> None:
    """Over lines of odd prices the parts add up; the Z has them by promotion."""
    shop = taking(cart(GENERIC, 101, vendor_ppm=vendor_ppm))
    order_id = shop.ring("wine", "bread", "milk")
    shop.ok(PresentCoupon("SPRING"))
    shop.pay()
    figures = shop.order(order_id).figures
    assert figures is not None
    parts = [entry for row in figures.lines for entry in row.promotions]
    vendor = sum(entry.vendor_minor for entry in parts)
    assert sum(entry.amount_minor for entry in parts) == -101
    assert all(entry.amount_minor <= entry.vendor_minor <= 0 for entry in parts)
    assert {entry.coupon for entry in parts} == {"spring"}
    assert abs(vendor * limits.PPM + 101 * vendor_ppm) <= limits.PPM // 2
    (total,) = shop.books.live.position("1").totals.promotions
    assert (total.promotion, total.sales, total.amount_minor, total.vendor_minor) == (
        "for-spring",
        1,
        101,
        -vendor,
    )


def test_the_z_has_each_promotion_once() -> None:
    """Two sales of one, one of the other, by id."""
    shop = taking(cart(GENERIC), cart(PATTERN, 50))
    for codes in (("SPRING",), ("SPRING", CODE)):
        begun(shop)
        for code in codes:
            shop.ok(PresentCoupon(code))
        shop.pay()
    totals = shop.books.live.position("1").totals
    rows = [(row.promotion, row.sales) for row in totals.promotions]
    assert rows[-1][0] == "for-spring"
    assert sum(row.amount_minor for row in totals.promotions) == totals.promotion_minor


# ------------------------------------------------------------------------------------- the set


@pytest.mark.parametrize(
    "rule",
    [
        CouponRule("c", CouponKind.GENERIC),
        CouponRule("c", CouponKind.GENERIC, " A"),
        CouponRule("c", CouponKind.PATTERN, "A", 6),
        CouponRule("c", CouponKind.PATTERN, "", 12),
        CouponRule("c", CouponKind.PATTERN, "A", 81),
        CouponRule("c", CouponKind.ISSUED, "A"),
        CouponRule("c", CouponKind.GS1_GCN, "4000001000112"),
        CouponRule("c", CouponKind.GS1_GCN, "400000100011"),
        CouponRule("c", CouponKind.GS1_NORTH_AMERICAN, "61414", offer="123456"),
        CouponRule("c", CouponKind.GS1_NORTH_AMERICAN, "614141", offer="12345"),
    ],
)
def test_a_coupon_that_cannot_be_is_refused(rule: CouponRule) -> None:
    """It says which promotion and why."""
    told = Shop.selling().refused(SetPromotions((cart(rule),)), admin=True)
    assert told["promotion"] == "for-c"
    assert told["reason"]


@pytest.mark.parametrize(
    "more",
    [
        {"budget_minor": -1},
        {"yearly_minor": -1},
        {"sales_per_member": -1},
        {"manual": True, "employees": True},
    ],
)
def test_limits_that_cannot_be_are_refused(more: dict[str, Any]) -> None:
    """And one promotion is given one way."""
    shop = Shop.selling()
    wrong = SetPromotions((cart(None, **more),))
    assert shop.no(wrong, admin=True) == PromotionRefusal.PROMOTION_MUST_BE_SOUND


def test_coupons_are_told_apart() -> None:
    """One id, one coupon."""
    rule = CouponRule("spring", CouponKind.GENERIC, "OTHER")
    twice = SetPromotions((cart(GENERIC), cart(rule, id="other")))
    shop = Shop.selling()
    assert shop.no(twice, admin=True) == PromotionRefusal.PROMOTION_COUPONS_MUST_BE_DISTINCT


def test_codes_that_cannot_be_issued_are_refused() -> None:
    """No such coupon, one that is not issued, none, too many, not printable."""
    shop = taking()
    for coupon, codes, refusal in (
        ("none", ("A",), IssueRefusal.COUPON_MUST_BE_KNOWN),
        ("spring", ("A",), IssueRefusal.COUPON_MUST_BE_KNOWN),
        ("own", (), IssueRefusal.CODES_MUST_BE_PRESENT),
        ("own", ("A",) * (limits.COUPON_CODES_PER_ISSUE_MAX + 1), IssueRefusal.CODES_LIMIT_REACHED),
        ("own", ("A", " B"), IssueRefusal.CODE_MUST_BE_WELL_FORMED),
        ("own", ("",), IssueRefusal.CODE_MUST_BE_WELL_FORMED),
    ):
        assert shop.no(IssueCoupons(coupon, codes), admin=True) == refusal


def test_as_many_codes_as_there_may_be_are_issued(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three in all, whatever they are of: the third is issued, the fourth is not."""
    monkeypatch.setattr(limits, "COUPON_CODES_MAX", 3)
    other = cart(CouponRule("other", CouponKind.ISSUED))
    shop = taking(*ALL, other)
    shop.ok(IssueCoupons("own", ("A", "B")), admin=True)
    many, last = IssueCoupons("other", ("C", "D")), IssueCoupons("other", ("C",))
    assert shop.no(many, admin=True) == IssueRefusal.CODES_LIMIT_REACHED
    assert shop.ok(last, admin=True) == {"coupon": "other", "codes": 1}
    assert shop.no(last, admin=True) == IssueRefusal.CODES_LIMIT_REACHED


# ---------------------------------------------------------------------------- a hundred thousand


def test_a_set_of_codes_is_what_a_plain_set_is() -> None:
    """Added, removed, asked and packed, against Python's own set."""
    codes, plain = CodeSet(), set()
    for number in range(2_000):
        key = key_of("c", str(number * number % 700))
        if number % 3:
            codes.add((key,))
            plain.add(key)
        else:
            codes.remove((key,))
            plain.discard(key)
        assert (key in codes) == (key in plain)
    assert len(codes) == len(plain)
    again = CodeSet(codes.packed())
    assert all(key in again for key in plain)
    assert again.packed() == codes.packed()


def test_a_hundred_thousand_codes_cost_eight_bytes_each() -> None:
    """In the books and, in Base64, in a snapshot."""
    codes = CodeSet()
    codes.add(hashlib.sha256(str(n).encode()).hexdigest()[:16] for n in range(100_000))
    packed = codes.packed()
    assert len(codes) == 100_000
    assert len(packed) < 1_100_000
    assert codes.size_bytes() < 1_000_000


@pytest.mark.parametrize("packed", ["!", "AAAA", "AAAAAAAAAAA"])
def test_a_snapshot_with_garbled_codes_is_not_believed(packed: str) -> None:
    """It only costs the longer replay."""
    image = parse(canonical(image_of(taking().books)))
    image["redeemed"]["used"] = packed
    with pytest.raises(WireError):
        books_from(image, None)


def test_a_change_keeps_the_coupon() -> None:
    """Another quantity, the same coupon."""
    shop = taking()
    begun(shop)
    shop.ok(PresentCoupon("SPRING"))
    assert shop.ok(ChangeQuantity(2, 2_000))["total_minor"] == 799 + 700 - 100


def test_a_limit_by_member_is_not_had_at_two_registers_at_once() -> None:
    """Once for each number: the order that has it first keeps it, the second is told why and where,
    and has it once the first gave it up, in whatever way."""
    for gives_up in (VoidOrder("left"), VoidLine(1), ChooseCustomerGroup("", "8")):
        shop = taking(cart(None, sales_per_member=1, id="once"))
        shop.ok(OpenTill(()), "2")
        for register in ("1", "2"):
            shop.ring("wine", register=register)
        first = shop.ok(ChooseCustomerGroup("", "7"))
        second = shop.ok(ChooseCustomerGroup("", "7"), "2")
        assert (699, 799) == (first["total_minor"], second["total_minor"])
        (row,) = promotions_view(shop.order(second["order_id"]), shop.books).promotions
        assert ("held_by_open_order", "1", 0) == (row.why, row.held_at, row.amount_minor)
        assert state_hash(shop.replayed()) == state_hash(shop.books)
        shop.ok(gives_up)
        assert shop.ok(StartTendering(), "2")["total_minor"] == 699
        assert shop.pay(699, "2")["total_minor"] == 699


def test_a_parked_order_holds_what_a_member_has_and_so_does_one_being_paid() -> None:
    """Parked, it keeps the promotion; being paid by other figures, it holds what those have; and
    what it was paid with counts from then on."""
    shop = taking(cart(None, sales_per_member=1, id="once"))
    shop.ok(OpenTill(()), "2")
    parked = shop.ring("wine")
    assert shop.ok(ChooseCustomerGroup("", "7"))["total_minor"] == 699
    shop.ok(SuspendOrder("later"))
    other = shop.ring("wine", register="2")
    assert shop.ok(ChooseCustomerGroup("", "7"), "2")["total_minor"] == 799
    (row,) = promotions_view(shop.order(other), shop.books).promotions
    assert ("held_by_open_order", "") == (row.why, row.held_at)
    shop.ok(ResumeOrder(parked))
    shop.ok(StartTendering())
    assert shop.ok(StartTendering(), "2")["total_minor"] == 799
    shop.ok(UndoTendering(), "2")
    shop.pay(699)
    (row,) = promotions_view(shop.order(other), shop.books).promotions
    assert ("limit_reached", "") == (row.why, row.held_at)
    assert shop.pay(register="2")["total_minor"] == 799


def test_a_budget_is_not_had_at_two_registers_at_once() -> None:
    """1.50 in all, 1.00 of it on the first register's order: the second has 0.50, a third order
    nothing and is told where; what the first gives up, in whatever way, the next may have."""
    for gives_up in (VoidOrder("left"), VoidLine(1), ChoosePromotion("spring", withdraw=True)):
        shop = taking(cart(None, budget_minor=150, manual=True, id="spring"))
        shop.ok(OpenTill(()), "2")
        totals, orders = [], []
        for register in ("2", "1", "2"):
            orders.append(shop.ring("wine", register=register))
            totals.append(shop.ok(ChoosePromotion("spring", "x"), register)["total_minor"])
            if len(orders) == 1:
                shop.ok(SuspendOrder("later"), "2")
        assert [699, 749, 799] == totals
        assert [100, 50, 0] == [shop.order(one).held_minor("spring") for one in orders]
        (row,) = promotions_view(shop.order(orders[2]), shop.books).promotions
        assert ("held_by_open_order", "", 0) == (row.why, row.held_at, row.amount_minor)
        shop.ok(gives_up)
        assert 749 == shop.ok(StartTendering(), "2")["total_minor"]
        assert state_hash(shop.replayed()) == state_hash(shop.books)
        assert 749 == shop.pay(749, "2")["total_minor"]
        assert 699 == shop.ok(ResumeOrder(orders[0]), "2")["total_minor"]


def test_who_holds_a_budget_is_told_for_whichever_limit_is_reached() -> None:
    """Once for each member, of 1.00 for the whole store: the same member is told of their own other
    order, another member of whoever has it; once it is paid, there is none to be told of."""
    shop = taking(cart(None, sales_per_member=1, budget_minor=100, id="once"))
    shop.ok(OpenTill(()), "2")
    shop.ring("wine")
    assert 699 == shop.ok(ChooseCustomerGroup("", "7"))["total_minor"]
    order_id = shop.ring("wine", register="2")
    for member in ("7", "8"):
        assert 799 == shop.ok(ChooseCustomerGroup("", member), "2")["total_minor"]
        (row,) = promotions_view(shop.order(order_id), shop.books).promotions
        assert ("held_by_open_order", "1") == (row.why, row.held_at)
    assert 799 == shop.ok(ChooseCustomerGroup("", ""), "2")["total_minor"]
    (row,) = promotions_view(shop.order(order_id), shop.books).promotions
    assert ("limit_reached", "") == (row.why, row.held_at)
    shop.pay()
    assert 799 == shop.ok(ChooseCustomerGroup("", "8"), "2")["total_minor"]
    (row,) = promotions_view(shop.order(order_id), shop.books).promotions
    assert ("limit_reached", "") == (row.why, row.held_at)


def test_a_smaller_budget_takes_nothing_from_who_is_served_first() -> None:
    """A budget that is lowered below what open orders hold gives no order more; who practises holds
    nothing of it; and a set without it leaves nothing held."""
    shop = taking(cart(None, budget_minor=200, id="spring"))
    shop.ok(OpenTill(()), "2")
    first, second = shop.ring("wine"), shop.ring("wine", register="2")
    shop.ok(SetPromotions((cart(None, budget_minor=120, id="spring"),)), admin=True)
    assert 799 + 129 - 20 == shop.ok(AddLine("milk"))["total_minor"]
    assert 799 + 129 - 100 == shop.ok(AddLine("milk"), "2")["total_minor"]
    assert [20, 100] == [shop.order(one).held_minor("spring") for one in (first, second)]
    shop.ok(VoidOrder("left"))
    shop.ok(StartTraining())
    practised = shop.ring("wine")
    assert () == shop.order(practised).held
    shop.ok(SetPromotions((cart(GENERIC),)), admin=True)
    shop.ok(AddLine("milk"), "2")
    assert () == shop.order(second).held


def test_what_a_member_has_left_of_the_year_is_held_by_amount() -> None:
    """Up to 1.50 a year: 1.00 is on an order that is open, so another has 0.50 of it, and a third
    nothing; who is no member, or practises, holds nothing."""
    shop = taking(cart(None, yearly_minor=150, id="yearly"))
    shop.ok(OpenTill(()), "2")
    totals = []
    for _ in range(3):
        shop.ring("wine")
        totals.append(shop.ok(ChooseCustomerGroup("", "7"))["total_minor"])
        shop.ok(SuspendOrder(""))
    assert totals == [699, 749, 799]
    order_id = shop.ring("wine")
    assert shop.ok(ChooseCustomerGroup("", "8"))["total_minor"] == 699
    assert (Held("yearly", 100),) == shop.order(order_id).held
    assert shop.ok(ChooseCustomerGroup("", ""))["total_minor"] == 799
    assert () == shop.order(order_id).held
    shop.ok(VoidOrder("practice"))
    shop.ok(StartTraining())
    practised = shop.ring("wine")
    assert shop.ok(ChooseCustomerGroup("", "8"))["total_minor"] == 699
    assert () == shop.order(practised).held
