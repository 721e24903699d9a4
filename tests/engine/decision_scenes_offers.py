"""Scenes for the transcript of what is offered: price lists, promotions, coupons and codes."""

from __future__ import annotations

from typing import Any

import attrs

from engine import limits
from engine.coupon.decide import IssueCoupons
from engine.coupon.model import CouponKind, CouponRule
from engine.order.commands import (
    AddLine,
    AddReturnLine,
    ChooseCustomerGroup,
    ChooseDining,
    ChoosePromotion,
    ChooseReward,
    CompleteOrder,
    PresentCoupon,
    TenderCash,
    UndoTender,
    UndoTendering,
    VoidOrder,
    WithdrawCoupon,
)
from engine.price_list.decide import SetPrices
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
from engine.price_list.upload import InstallPrices, StagePrices
from engine.promotion.decide import SetPromotions
from engine.promotion.model import (
    Benefit,
    BenefitKind,
    Off,
    OffKind,
    Promotion,
    Selection,
    Span,
)
from engine.taxation import Dining
from tests.engine.transcript import Transcript
from tests.shop import Shop

LONG = "x" * (limits.NAME_LENGTH_MAX + 1)
MOST = limits.UNIT_PRICE_MICROS_MAX
BREAD = PriceEntry("bread", 3_000_000, tiers=(QuantityPrice(6_000, 2_500_000),))
CLUB = PriceList("club", "Club", (BREAD,), customer_groups=("regulars",))
AWAY = PriceList(
    "away", "Take away", (PriceEntry("wine", 7_000_000),), dining_options=("takeaway",)
)
REGULARS = CustomerGroup("regulars", "Regulars")
PRICES = PriceSet(
    (REGULARS,), (CLUB, AWAY), (PriceFloor(2_000_000, "bread"),), (ItemCost("wine", 1),)
)
TENTH = Promotion("tenth", "10 % off", Benefit(BenefitKind.CART, off=Off(OffKind.PERCENT, 100_000)))


def _lists(told: Transcript, *changes: dict[str, Any]) -> None:
    """Set the prices with the club's list changed so, one after the other."""
    for changed in changes:
        lists = (attrs.evolve(CLUB, **changed), AWAY)
        told.say(SetPrices(attrs.evolve(PRICES, lists=lists)), admin=True)


def _sets(told: Transcript, *changes: dict[str, Any]) -> None:
    for changed in changes:
        told.say(SetPrices(attrs.evolve(PRICES, **changed)), admin=True)


def price_lists() -> Transcript:
    """Price lists that can be and cannot, whole and in parts, and what is charged under them."""
    told = Transcript(Shop.selling())
    told.title("Counts and names")
    _sets(
        told,
        {"lists": (CLUB,) * (limits.PRICE_LISTS_MAX + 1)},
        {"customer_groups": (REGULARS,) * (limits.CUSTOMER_GROUPS_MAX + 1)},
        {"lists": (CLUB, CLUB)},
        {"customer_groups": (REGULARS, REGULARS)},
        {"customer_groups": (attrs.evolve(REGULARS, name=" "),)},
        {"customer_groups": (attrs.evolve(REGULARS, id="x" * 65), REGULARS)},
    )
    _lists(told, {"id": ""}, {"id": "x" * 70}, {"name": " "}, {"name": LONG})
    told.title("Conditions")
    _lists(
        told,
        {"customer_groups": ("x" * 70,)},
        {"dining_options": ("y" * 70,)},
        {"weekly": (Span(5, 5),)},
        {"weekly": (Span(0, limits.WEEK_MINUTES + 1),)},
        {"starts_s": 9, "ends_s": 9},
        {"priority": -1},
        {"priority": limits.PRIORITY_MAX + 1},
    )
    told.title("Items and prices")
    _lists(
        told,
        {"entries": (attrs.evolve(BREAD, item_id="z" * 70),)},
        {"entries": (BREAD, BREAD)},
        {"entries": (attrs.evolve(BREAD, unit_price_micros=-1),)},
        {"entries": (attrs.evolve(BREAD, unit_price_micros=MOST + 1),)},
        {"entries": (attrs.evolve(BREAD, factor_milli=0),)},
        {"entries": (attrs.evolve(BREAD, factor_milli=limits.QUANTITY_MILLI_MAX + 1),)},
        {"entries": (attrs.evolve(BREAD, tiers=(QuantityPrice(0, 1),)),)},
        {"entries": (attrs.evolve(BREAD, tiers=BREAD.tiers * 2),)},
        {"entries": (attrs.evolve(BREAD, tiers=(QuantityPrice(6_000, MOST + 1),)),)},
        {"entries": (attrs.evolve(BREAD, tiers=(QuantityPrice(6_000, 1_999_999),)),)},
        {"entries": (attrs.evolve(BREAD, unit_price_micros=1_999_999),)},
        {"entries": (attrs.evolve(BREAD, unit_price_micros=3_999_999, factor_milli=2_000),)},
        {"entries": (PriceEntry("milk", 0),)},
        {"percents": (PercentEntry(-1),)},
        {"percents": (PercentEntry(limits.PPM + 1),)},
        {"percents": (PercentEntry(1, except_items=("z" * 70,)),)},
        {"customer_groups": (), "entries": (attrs.evolve(BREAD, item_id="wine"),)},
        {"customer_groups": (), "dining_options": ("takeaway",), "entries": AWAY.entries},
    )
    wine = PriceFloor(1, department="Drinks")
    _sets(
        told,
        {"floors": (PriceFloor(-1, "bread"),)},
        {"floors": (PriceFloor(1, "z" * 70),)},
        {"floors": (wine, wine)},
        {"floors": (PriceFloor(1),)},
        {"costs": (ItemCost("wine", MOST + 1),)},
        {"costs": (ItemCost("z" * 70, 1),)},
        {"costs": PRICES.costs * 2},
        {"costs": (ItemCost("wine", 0),), "floors": (PriceFloor(0, "bread"),)},
    )
    told.books()
    return told


def priced_parts() -> Transcript:
    """A set of prices in parts, and what is charged under it."""
    told = Transcript(Shop.selling())
    told.say(StagePrices("", 0, PRICES), StagePrices("x" * 65, 0, PRICES), admin=True)
    told.say(StagePrices("u", 1, PRICES), InstallPrices("u", 0), InstallPrices("u", 1), admin=True)
    told.say(StagePrices("u", 0, PRICES), StagePrices("u", 0, PRICES), admin=True)
    more = PriceSet(lists=(attrs.evolve(CLUB, entries=(PriceEntry("milk", 1_000_000),)),))
    twice = PriceSet(lists=(CLUB,))
    told.say(
        StagePrices("u", 2, more), StagePrices("u", 1, more), InstallPrices("u", 1), admin=True
    )
    told.say(StagePrices("u", 2, twice), InstallPrices("u", 3), admin=True)
    told.say(
        StagePrices("v", 1, more),
        StagePrices("u", 0, PRICES),
        StagePrices("u", 1, more),
        admin=True,
    )
    told.say(InstallPrices("v", 2), InstallPrices("u", 2), InstallPrices("u", 2), admin=True)
    told.title("Lists that go on in another part count once")
    lists = tuple(
        attrs.evolve(AWAY, id=f"l{at}", entries=()) for at in range(limits.PRICE_LISTS_MAX)
    )
    told.say(StagePrices("w", 0, PriceSet(lists=lists)), admin=True)
    told.say(StagePrices("w", 1, PriceSet(lists=lists)), StagePrices("w", 1, twice), admin=True)
    told.title("Charged")
    told.say(AddLine("bread", "", 6_000), AddLine("wine"), ChooseCustomerGroup("regulars"))
    told.say(ChooseDining(Dining.TAKEAWAY), AddLine("milk"), TenderCash(10_000), CompleteOrder())
    told.say(SetPrices(PRICES), admin=True)
    told.books()
    return told


def _promotions(told: Transcript, *changes: dict[str, Any]) -> None:
    for changed in changes:
        told.say(SetPromotions((attrs.evolve(TENTH, **changed),)), admin=True)


def promotions() -> Transcript:
    """Promotions that can be and cannot."""
    told = Transcript(Shop.selling())
    told.say(SetPromotions((TENTH,) * (limits.PROMOTIONS_MAX + 1)), admin=True)
    told.say(SetPromotions((TENTH, TENTH)), admin=True)
    spring = CouponRule("spring", CouponKind.GENERIC, "SPRING")
    twice = tuple(attrs.evolve(TENTH, id=name, coupon=spring) for name in "ab")
    told.say(SetPromotions(twice), admin=True)
    most = limits.AMOUNT_MINOR_MAX
    _promotions(
        told,
        {"id": ""}, {"id": "x" * 70}, {"name": " "}, {"name": LONG},
        {"selections": (Selection(items=("z" * 70,)),)},
        {"coupon": attrs.evolve(spring, id="y" * 70)},
        {"budget_minor": -1}, {"budget_minor": most + 1}, {"yearly_minor": -1},
        {"sales_per_member": -1}, {"costs_points": -1}, {"costs_points": limits.POINTS_MAX + 1},
        {"manual": True, "employees": True}, {"manual": True, "coupon": spring},
        {"by_itself": True}, {"tenders": ("gold",)}, {"benefit": Benefit(BenefitKind.TIERS)},
    )  # fmt: skip
    for kind, code, length in (
        (CouponKind.GENERIC, "", 0), (CouponKind.GENERIC, " a", 0), (CouponKind.GENERIC, "\n", 0),
        (CouponKind.GENERIC, "x" * (limits.COUPON_LENGTH_MAX + 1), 0), (CouponKind.PATTERN, "", 14),
        (CouponKind.PATTERN, "MAIL-", 10),
        (CouponKind.PATTERN, "MAIL-", limits.COUPON_LENGTH_MAX + 1),
        (CouponKind.PATTERN, "MAIL-", 11), (CouponKind.ISSUED, "a", 0), (CouponKind.ISSUED, "", 0),
        (CouponKind.GS1_GCN, "4000001000112", 0), (CouponKind.GS1_GCN, "400000100011", 0),
        (CouponKind.GS1_GCN, "4000001000111", 0), (CouponKind.GS1_NORTH_AMERICAN, "61414", 0),
    ):  # fmt: skip
        _promotions(told, {"coupon": CouponRule("c", kind, code, length)})
    american = CouponRule("c", CouponKind.GS1_NORTH_AMERICAN, "614141", offer="12345")
    _promotions(told, {"coupon": american}, {"coupon": attrs.evolve(american, offer="1234567")})
    _promotions(told, {"coupon": attrs.evolve(american, offer="123456")})
    told.books()
    return told


def coupons() -> Transcript:
    """Codes issued, presented, withdrawn, used and good again, and promotions that are chosen."""
    told = Transcript(Shop.selling())
    issued = attrs.evolve(TENTH, id="own", coupon=CouponRule("own", CouponKind.ISSUED))
    mail = attrs.evolve(
        TENTH, id="mail", coupon=CouponRule("mail", CouponKind.PATTERN, "MAIL-", 14)
    )
    north = CouponRule("offer", CouponKind.GS1_NORTH_AMERICAN, "614141", offer="123456")
    american = attrs.evolve(TENTH, id="offer", coupon=north)
    sorry = attrs.evolve(TENTH, id="sorry", manual=True)
    points = attrs.evolve(TENTH, id="points", costs_points=100)
    told.say(SetPromotions((issued, mail, american, sorry, points)), admin=True)
    many = tuple(map(str, range(limits.COUPON_CODES_PER_ISSUE_MAX + 1)))
    told.say(IssueCoupons("mail", ("a",)), IssueCoupons("x" * 70, ("a",)), admin=True)
    told.say(IssueCoupons("own", ()), IssueCoupons("own", many), admin=True)
    for code in ("", " a", "a\n", "x" * (limits.COUPON_LENGTH_MAX + 1)):
        told.say(IssueCoupons("own", (code,)), admin=True)
    told.say(IssueCoupons("own", ("abc", "ABC", "def")), IssueCoupons("own", ("ghi",)), admin=True)
    told.title("Presented")
    told.say(PresentCoupon("abc"), AddLine("wine"), PresentCoupon("nothing"), PresentCoupon("abc"))
    told.say(PresentCoupon("ABC"), PresentCoupon("MAIL-000000001"), PresentCoupon("MAIL-1"))
    told.say(PresentCoupon("8110061414112345631001103" + "00"), PresentCoupon("8111123"))
    told.say(PresentCoupon("8110061414112345631001" + "10100"), WithdrawCoupon("nothing"))
    told.say(WithdrawCoupon("MAIL-000000001"), AddLine("abc"), ChoosePromotion("tenth", "x"))
    reason = "x" * limits.REASON_LENGTH_MAX
    told.say(ChoosePromotion("sorry"), ChoosePromotion("sorry", reason + "x"))
    told.say(
        ChoosePromotion("sorry", reason), ChoosePromotion("sorry", "", True), ChooseReward("points")
    )
    told.say(
        ChooseCustomerGroup("", "7", 99), ChooseReward("points"), ChooseCustomerGroup("", "7", 100)
    )
    told.say(
        ChooseReward("points"), ChooseReward("points", True), TenderCash(100), PresentCoupon("def")
    )
    told.say(UndoTendering(), UndoTender(1), UndoTendering(), PresentCoupon("def"))
    told.say(TenderCash(10_000), CompleteOrder())
    told.title("Used, and good again")
    told.say(AddLine("wine"), PresentCoupon("abc"), PresentCoupon("ghi"), register="2")
    told.say(AddLine("milk"), PresentCoupon("ghi"), VoidOrder("gone"))
    told.say(VoidOrder("gone"), register="2")
    sale = next(iter(told.shop.books.archive), "none")
    told.say(
        AddReturnLine(sale, 1, 1000, "corked"), TenderCash(-799), TenderCash(-638), CompleteOrder()
    )
    told.say(AddLine("wine"), PresentCoupon("abc"))
    told.books()
    return told


def rewards() -> Transcript:
    """As many rewards as an order may have, and one more."""
    told = Transcript(Shop.selling())
    names = [f"r{number}" for number in range(limits.REWARDS_PER_ORDER_MAX + 1)]
    offered = tuple(attrs.evolve(TENTH, id=name, costs_points=100) for name in names)
    told.say(SetPromotions(offered), admin=True)
    told.say(AddLine("wine"), ChooseCustomerGroup("", "7", 100_000))
    told.say(*map(ChooseReward, names), ChooseReward("r0"), ChooseReward("x" * 70))
    told.say(ChooseReward("r0", True), ChooseReward(names[-1]))
    told.books()
    return told


def coupon_strings() -> Transcript:
    """GS1's data strings, cut after every character: what is missing is named."""
    told = Transcript(Shop.selling())
    american = "8110" + "0614141" + "123456" + "3100" + "110100"
    whole = american + "3261231" + "4260101" + "50000001" + "90000"
    positive = "8112" + "0" + "0614141" + "123456" + "0000001"
    told.say(AddLine("wine"))
    for text in (whole, positive):
        for size in range(3, len(text) + 1):
            told.say(PresentCoupon(text[:size]))
    for wrong in (
        american + "3261331", american + "4260101" + "3261231", american + "60", american + "91000",
        "81122" + positive[5:], positive + "1", "8112" + "07" + positive[6:], "255400000100011",
        "2554000001000112", "8110" + "9614141" + "123456" + "3100",
        american[:17] + "6" + american[18:],
    ):  # fmt: skip
        told.say(PresentCoupon(wrong))
    told.books()
    return told


SCENES = {
    scene.__name__: scene
    for scene in (price_lists, priced_parts, promotions, coupons, rewards, coupon_strings)
}
