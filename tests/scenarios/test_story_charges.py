"""At the table: what is added by rule, to whom, taxed or not, let go, and given back."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from engine import limits
from engine.charge.decide import Refusal, SetCharges
from engine.charge.model import ChargeKind, ChargeRule
from engine.coupon.model import CouponKind, CouponRule
from engine.decision import Approval
from engine.explain import ReasonKind, explain
from engine.order.commands import (
    AddReturnLine,
    ChooseChannel,
    ChooseDining,
    CompOrder,
    DiscountOrder,
    PresentCoupon,
    StartTendering,
    TellGuests,
    UndoTendering,
    WaiveCharge,
)
from engine.order.events import (
    ChargeWaived,
    OrderCompleted,
)
from engine.order.figures import DiscountKind
from engine.order.refusal import Refusal as OrderRefusal
from engine.promotion.decide import SetPromotions
from engine.promotion.model import Benefit, BenefitKind, Off, OffKind, Promotion
from engine.register import ChargeTotal
from engine.taxation import Dining
from engine.views.build import order_view
from tests.shop import Shop

PARTY = ChargeRule("party", "Gratuity, 6 and more", ChargeKind.GRATUITY, 100_000, guests_min=6)
SERVICE = ChargeRule(
    "service", "Service", ChargeKind.SERVICE, 125_000, tax_class="standard", dinings=("eat_in",)
)
DELIVERY = ChargeRule(
    "delivery", "Delivery", ChargeKind.FEE, 0, 350, tax_class="standard", channels=("phone",)
)


def dining_room(*charges: ChargeRule, **changes: Any) -> Shop:
    """A shop with charges in force."""
    shop = Shop.selling(**changes)
    shop.ok(SetCharges(charges), admin=True)
    return shop


def words(shop: Shop) -> str:
    """Everything on the last printed document."""
    return "\n".join(f"{block.left}|{block.right}" for block in shop.printed()[-1].blocks)


@pytest.mark.feature("PRC-05")
@pytest.mark.parametrize(("tax_class", "inside"), [("", 0), ("standard", 31)])
def test_a_party_of_six_pays_ten_per_cent_more(tax_class: str, inside: int) -> None:
    """Five pay nothing more, six do; taxed by its flag or not; apart from goods, and from what a
    customer gives of his own, everywhere."""
    shop = dining_room(attrs.evolve(PARTY, tax_class=tax_class))
    order_id = shop.ring("wine", "wine", "bread")
    assert shop.ok(TellGuests(5))["total_minor"] == 1948
    assert shop.ok(TellGuests(6))["total_minor"] == 1948 + 195
    books = shop.books
    view = order_view(shop.order(order_id), books)
    assert [(c.kind, c.amount_minor) for c in view.charges] == [(ChargeKind.GRATUITY, 195)]
    assert (view.subtotal_minor, len(view.lines)) == (1948, 3)
    shop.ok(TellGuests(2))
    after = order_view(shop.order(order_id), books)
    assert view.tax_minor - after.tax_minor == inside
    shop.ok(TellGuests(8))
    assert shop.pay()["total_minor"] == 2143
    assert "Gratuity, 6 and more 10 %|1.95" + (" A" if inside else "") in words(shop)
    totals = shop.books.live.position("1").totals
    assert totals.charges == (
        ChargeTotal("party", "Gratuity, 6 and more", ChargeKind.GRATUITY, 1, 195),
    )
    assert totals.tenders == {"cash": 2143}, "it is no tip: it is part of what was asked for"


def test_service_in_the_house_and_none_to_go() -> None:
    """12.5 % service in the house, with VAT inside it; taken away there is none."""
    shop = dining_room(SERVICE)
    order_id = shop.ring("bread", "milk")
    assert shop.ok(ChooseDining(Dining.TAKEAWAY))["total_minor"] == 479
    assert shop.ok(ChooseDining(Dining.EAT_IN))["total_minor"] == 479 + 60
    assert shop.pay()["total_minor"] == 539
    (done,) = shop.events(OrderCompleted)
    rows = {row.tax_class: row for row in done.figures.taxes}
    # 0.60 with 19 % in it: 0.0958 of tax.
    assert (rows["standard"].total_minor, rows["standard"].tax_minor) == (60, 10)
    assert sum(row.total_minor for row in done.figures.lines) == 539
    charge = explain(shop.order(order_id), done.figures, shop.books.settings.required())[-1]
    assert [reason.kind for reason in charge.reasons] == [
        ReasonKind.CHARGE,
        ReasonKind.TAX_INCLUDED,
    ]
    assert charge.total_minor == 60


def test_a_charge_is_of_what_the_goods_come_to_and_never_discounted() -> None:
    """A tenth off the goods is a tenth off the percentage's base; the fee stays as it is."""
    shop = dining_room(attrs.evolve(PARTY, guests_min=0), DELIVERY)
    shop.ring("wine")
    shop.ok(ChooseChannel("phone"))
    answer = shop.ok(DiscountOrder(DiscountKind.PERCENT, 100_000))
    assert answer["total_minor"] == 719 + 72 + 350
    # What is on the house asks for no service; it still has to be brought.
    assert shop.ok(CompOrder("their tenth"))["total_minor"] == 0


def test_prices_without_tax() -> None:
    """A taxed charge is one more line of its rate, an untaxed one is not."""
    shop = dining_room(SERVICE, PARTY, prices_include_tax=False)
    shop.ring("wine")
    shop.ok(TellGuests(6))
    # 7.99 + 1.00 service, 19 % of 8.99 are 1.71; and 0.80 without.
    assert shop.ok(ChooseDining(Dining.EAT_IN))["total_minor"] == 799 + 100 + 171 + 80


def test_a_charge_is_let_go_with_a_reason() -> None:
    """Ana needs the manager; the reason stays on record, and the charge can come back."""
    shop = dining_room(PARTY)
    order_id = shop.ring("wine")
    shop.ok(TellGuests(6))
    allowed = Approval("max", True)
    assert shop.no(WaiveCharge("party")) == "reason_must_be_given"
    assert shop.no(WaiveCharge("tips", "none")) == OrderRefusal.CHARGE_MUST_EXIST
    longest = "x" * limits.REASON_LENGTH_MAX
    assert shop.no(WaiveCharge("party", longest + "x")) == OrderRefusal.REASON_MUST_BE_GIVEN
    assert shop.ok(WaiveCharge("party", f" {longest} "))["total_minor"] == 799
    assert shop.ok(WaiveCharge("party", withdraw=True))["total_minor"] == 879
    assert shop.ok(WaiveCharge("party", "slow kitchen"), approval=allowed)["total_minor"] == 799
    books = shop.books
    view = order_view(shop.order(order_id), books)
    assert [(c.amount_minor, c.waived) for c in view.charges] == [(0, "slow kitchen")]
    assert shop.ok(WaiveCharge("party", withdraw=True))["total_minor"] == 879
    assert [event.reason for event in shop.events(ChargeWaived)] == [
        longest, "", "slow kitchen", "",
    ]  # fmt: skip
    assert (
        shop.no(TellGuests(-1))
        == shop.no(TellGuests(1_000))
        == OrderRefusal.GUESTS_MUST_BE_WITHIN_LIMIT
    )


def test_a_charge_goes_back_once_and_to_the_cent() -> None:
    """Goods and charge go back in any order; together they end at what was paid, tax by tax."""
    shop = dining_room(SERVICE, PARTY)
    order_id = shop.ring("bread", "milk")
    shop.ok(TellGuests(6))
    shop.ok(ChooseDining(Dining.EAT_IN))
    shop.pay()
    (done,) = shop.events(OrderCompleted)
    assert shop.ok(AddReturnLine(order_id, -1, 1000, "cold"))["total_minor"] == -60
    assert shop.no(AddReturnLine(order_id, -1, 1000, "cold")) == "return_must_be_within_sold"
    assert shop.no(AddReturnLine(order_id, -3, 1000, "cold")) == "line_must_exist"
    shop.ok(AddReturnLine(order_id, 1, 1000, "cold"))
    shop.pay()
    assert shop.no(AddReturnLine(order_id, -1, 1000, "cold")) == "return_must_be_within_sold"
    for line in (-2, 2):
        shop.ok(AddReturnLine(order_id, line, 1000, "cold"))
    shop.pay()
    totals = shop.books.live.position("1").totals
    assert totals.total_minor == 0
    assert totals.returned_minor == done.figures.total_minor
    assert all((row.base_minor, row.tax_minor) == (0, 0) for row in totals.taxes)
    replayed = shop.replayed()
    assert replayed.live.position("1").totals == totals


def test_a_charge_goes_back_though_those_before_it_did_not_apply() -> None:
    """The second of two rules, alone on the sale, is given back by its own number."""
    shop = dining_room(PARTY, DELIVERY)
    order_id = shop.ring("bread")
    shop.ok(ChooseChannel("phone"))
    assert shop.pay()["total_minor"] == 350 + 350
    assert shop.no(AddReturnLine(order_id, -1, 1000, "late")) == "line_must_exist"
    assert shop.ok(AddReturnLine(order_id, -2, 1000, "late"))["total_minor"] == -350
    assert shop.pay()["total_minor"] == -350
    assert shop.no(AddReturnLine(order_id, -2, 1000, "late")) == "return_must_be_within_sold"


def test_charges_are_frozen_with_the_figures() -> None:
    """Other charges while the customer pays change nothing; back at ringing up they do."""
    shop = dining_room(PARTY)
    shop.ring("wine")
    shop.ok(TellGuests(6))
    assert shop.ok(StartTendering())["total_minor"] == 879
    shop.ok(SetCharges(()), admin=True)
    assert shop.no(TellGuests(1)) == "order_must_not_be_tendering"
    shop.ok(UndoTendering())
    assert shop.ok(StartTendering())["total_minor"] == 799


@pytest.mark.parametrize(
    ("charges", "code"),
    [
        ((PARTY,) * 2, Refusal.CHARGE_IDS_MUST_BE_DISTINCT),
        ((attrs.evolve(PARTY, id=""),), Refusal.CHARGE_IDS_MUST_BE_DISTINCT),
        ((attrs.evolve(PARTY, name=" "),), Refusal.CHARGE_NAME_MUST_BE_SHORT),
        ((attrs.evolve(PARTY, amount_minor=1),), Refusal.CHARGE_MUST_BE_A_PERCENTAGE_OR_AN_AMOUNT),
        ((attrs.evolve(PARTY, percent_ppm=0),), Refusal.CHARGE_MUST_BE_A_PERCENTAGE_OR_AN_AMOUNT),
        (
            (attrs.evolve(PARTY, percent_ppm=1_000_001),),
            Refusal.CHARGE_MUST_BE_A_PERCENTAGE_OR_AN_AMOUNT,
        ),
        ((attrs.evolve(PARTY, guests_min=1_000),), Refusal.GUESTS_MUST_BE_WITHIN_LIMIT),
        ((attrs.evolve(PARTY, dinings=("standing",)),), Refusal.DINING_MUST_BE_KNOWN),
        ((attrs.evolve(PARTY, tax_class="luxury"),), Refusal.TAX_CLASS_MUST_EXIST),
        (tuple(attrs.evolve(PARTY, id=str(n)) for n in range(21)), Refusal.CHARGES_LIMIT_REACHED),
    ],
)
def test_charges_that_cannot_be(charges: tuple[ChargeRule, ...], code: str) -> None:
    """Each is named, and the charges of before stay."""
    shop = dining_room(SERVICE)
    assert shop.no(SetCharges(charges), admin=True) == code
    assert shop.books.charges.rules == (SERVICE,)


def test_charges_need_a_store() -> None:
    """Before the store is set up there is nothing to charge."""
    assert Shop().no(SetCharges((PARTY,)), admin=True) == Refusal.STORE_MUST_BE_SET_UP


def test_a_charge_comes_back_from_a_sale_that_a_coupon_paid_part_of() -> None:
    """The goods come back with the charge, or the charge alone: the return ends, and the code is
    good again once all goods are back."""
    shop = Shop.selling()
    fee = ChargeRule("fee", "Fee", ChargeKind.FEE, amount_minor=100, tax_class="standard")
    shop.ok(SetCharges((fee,)), admin=True)
    rule = CouponRule("bd", CouponKind.PATTERN, code="BD", length=8)
    off = Benefit(BenefitKind.CART, Off(OffKind.AMOUNT, 50))
    shop.ok(SetPromotions((Promotion("bd", "Birthday", off, coupon=rule),)), admin=True)
    shop.ring("bread")
    order_id = shop.ok(PresentCoupon("BD000001"))["order_id"]
    shop.pay()
    shop.ok(AddReturnLine(order_id, -1, 1000, "no fee"))
    assert -100 == shop.pay()["total_minor"]
    assert "coupon_must_not_be_used" == shop.no(PresentCoupon("BD000001"))
    shop.ok(AddReturnLine(order_id, 1, 1000, "stale"))
    assert -300 == shop.pay()["total_minor"]
    shop.ok(PresentCoupon("BD000001"))
