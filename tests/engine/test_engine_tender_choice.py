"""Promotions for a means of payment: the price is known, and bound, before money moves."""

from __future__ import annotations

import attrs
import pytest

from engine.foreign import ForeignCurrency
from engine.order.commands import (
    AddLine,
    AddReturnLine,
    ChooseTender,
    CompleteOrder,
    ResumeOrder,
    StartTendering,
    SuspendOrder,
    TenderCash,
    TenderForeign,
    UndoTendering,
)
from engine.order.events import TenderChosen
from engine.order.refusal import Refusal
from engine.order.tender_events import CardTendered
from engine.payment.commands import AskTip, CaptureTab, OpenTab, RequestPayment
from engine.payment.events import Problem
from engine.promotion.decide import Refusal as PromotionRefusal
from engine.promotion.decide import SetPromotions
from engine.promotion.model import Benefit, BenefitKind, Off, OffKind, Promotion, ReturnPolicy
from engine.promotion.payment import pays
from engine.settings import SetForeignCurrencies
from engine.terminal import Kind, Verdict
from engine.views.build import order_view
from engine.views.offers import choices_of, promotions_view
from tests.card_shop import VISA, card_shop, hear, running, with_tip_screen
from tests.shop import Shop

TWO = Benefit(BenefitKind.CART, Off(OffKind.PERCENT, 20_000))
CASH = Promotion("cash", "2 % in cash", TWO, tenders=("cash",))
VISA_ONLY = Promotion("visa", "Visa week", TWO, tenders=("card:Visa",))
OTHER = attrs.evolve(VISA, brand="Mastercard")


def shop_with(*promotions: Promotion) -> Shop:
    """A shop with terminals that offers these."""
    shop = card_shop()
    shop.ok(SetPromotions(promotions), admin=True)
    return shop


def test_cash_is_cheaper_where_it_was_said_before() -> None:
    """2 % of 11.49 come off once cash is chosen, come back when it is not, and are frozen with the
    sale."""
    shop = shop_with(CASH)
    order_id = shop.ring("bread", "wine")
    assert shop.ok(ChooseTender("CASH"))["total_minor"] == 1126
    assert shop.ok(ChooseTender())["total_minor"] == 1149
    assert shop.ok(ChooseTender(" cash "))["total_minor"] == 1126
    assert ["cash", "", "cash"] == [event.tender for event in shop.events(TenderChosen)]
    assert "cash" == order_view(shop.order(order_id), shop.books).tender
    shop.pay()
    figures = shop.order(order_id).figures
    assert figures is not None
    assert ("cash", -23) == (figures.tender, figures.promotion_amount_minor("cash"))


def test_nobody_is_asked_for_a_tip_on_what_no_card_pays() -> None:
    """The price was made for cash: a card is not asked for, so neither is its customer."""
    shop = shop_with(CASH)
    with_tip_screen(shop)
    order_id = shop.ring("bread", "wine")
    shop.ok(ChooseTender("cash"))
    assert shop.no(AskTip()) == Refusal.TENDER_MUST_BE_AS_CHOSEN
    assert shop.order(order_id).tip is None
    shop.ok(ChooseTender())
    shop.ok(AskTip())


def test_another_tender_does_not_pay_that_price() -> None:
    """Neither notes of another currency nor a card; going back and choosing again does."""
    shop = shop_with(CASH)
    shop.ok(SetForeignCurrencies((ForeignCurrency("USD", 921_000),)), admin=True)
    shop.ring("bread", "wine")
    shop.ok(ChooseTender("cash"))
    shop.ok(StartTendering())
    for body in (TenderForeign("USD", 2000), RequestPayment()):
        assert shop.no(body) == Refusal.TENDER_MUST_BE_AS_CHOSEN
    assert {"tender": "cash"} == shop.refused(RequestPayment())
    shop.ok(TenderCash(500))
    assert shop.no(RequestPayment()) == Refusal.TENDER_MUST_BE_AS_CHOSEN
    shop.ok(TenderCash(626))
    assert 1126 == shop.ok(CompleteOrder())["total_minor"]
    shop.ring("bread", "wine")
    shop.ok(ChooseTender("cash"))
    shop.ok(StartTendering())
    shop.ok(UndoTendering())
    assert 1149 == shop.ok(ChooseTender())["total_minor"]
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED)
    assert 1149 == shop.ok(CompleteOrder())["total_minor"]


def test_a_choice_that_made_no_price_binds_nobody() -> None:
    """Where the promotion took nothing off, the order is paid as it comes."""
    dear = attrs.evolve(CASH, benefit=attrs.evolve(TWO, off=Off(OffKind.PERCENT, 1)))
    shop = shop_with(dear)
    order_id = shop.ring("bread")
    shop.ok(ChooseTender("cash"))
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED)
    shop.ok(CompleteOrder())
    figures = shop.order(order_id).figures
    assert figures is not None
    assert "" == figures.tender


def test_a_card_of_the_right_brand_pays_and_any_other_gets_its_money_back() -> None:
    """The brand is known when the terminal tells it: an approval of another one is taken back in
    the same breath, and never a tender of the order."""
    shop = shop_with(VISA_ONLY)
    order_id = shop.ring("bread", "wine")
    shop.ok(ChooseTender("card:visa"))
    assert shop.no(TenderCash(1126)) == Refusal.TENDER_MUST_BE_AS_CHOSEN
    assert 1126 == shop.ok(RequestPayment())["amount_minor"]
    wrong = running(shop).asked.payment_id
    hear(shop, Verdict.APPROVED, card=OTHER)
    assert shop.order(order_id).tenders == ()
    assert Problem.OTHER_CARD is shop.books.payments.exceptions[wrong].problem
    assert (Kind.REVERSAL, wrong) == (running(shop).asked.kind, running(shop).asked.of_payment)
    hear(shop, Verdict.APPROVED, 2)
    assert not shop.books.payments.exceptions
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 3)
    assert 1126 == shop.ok(CompleteOrder())["total_minor"]
    assert [1126] == [event.amount_minor for event in shop.events(CardTendered)]


def test_any_card_is_a_card() -> None:
    """A promotion for cards is for each brand of them; one for a brand also counts for cards."""
    any_card = attrs.evolve(CASH, id="any", tenders=("card",))
    shop = shop_with(any_card, VISA_ONLY)
    assert ("card", "card:visa") == choices_of(shop.books)["tenders"]
    shop.ring("bread", "wine")
    assert 1126 == shop.ok(ChooseTender("card"))["total_minor"]
    assert 1126 == shop.ok(ChooseTender("card:visa"))["total_minor"]
    shop.ok(ChooseTender("card"))
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, card=OTHER)
    assert 1126 == shop.ok(CompleteOrder())["total_minor"]


def test_each_means_of_payment_has_its_own_price() -> None:
    """2 % in cash, 5 % by card, 8 % by one brand: none of them comes with another."""
    off = [attrs.evolve(TWO, off=Off(OffKind.PERCENT, ppm)) for ppm in (50_000, 80_000)]
    any_card = attrs.evolve(CASH, id="any", benefit=off[0], tenders=("card",))
    shop = shop_with(CASH, any_card, attrs.evolve(VISA_ONLY, benefit=off[1]))
    assert 1149 == shop.ok(AddLine("bread", "", 1000))["total_minor"] + 799
    shop.ring("wine")
    for tender, total in (("cash", 1126), ("card", 1092), ("card:visa", 1057), ("", 1149)):
        assert total == shop.ok(ChooseTender(tender))["total_minor"]


def test_a_tab_is_captured_where_its_card_is_the_right_one() -> None:
    """Its brand is known since the reservation."""
    shop = shop_with(VISA_ONLY)
    order_id = shop.ring("bread", "wine")
    shop.ok(ChooseTender("card:visa"))
    shop.ok(OpenTab(5000))
    hear(shop, Verdict.APPROVED, card=OTHER)
    shop.ok(StartTendering())
    assert shop.no(CaptureTab()) == Refusal.TENDER_MUST_BE_AS_CHOSEN
    shop.ok(UndoTendering())
    assert 1149 == shop.ok(ChooseTender())["total_minor"]
    shop.ok(SuspendOrder())
    shop.ok(ResumeOrder(order_id))
    shop.ok(StartTendering())
    shop.ok(CaptureTab())
    hear(shop, Verdict.APPROVED, 2, card=OTHER)
    shop.ok(CompleteOrder())


@pytest.mark.parametrize("policy", ReturnPolicy)
def test_it_goes_back_as_it_was_paid(policy: ReturnPolicy) -> None:
    """Returns give back what was paid; in an exchange that gives money back nothing is paid so,
    and the choice is to be taken back."""
    shop = shop_with(attrs.evolve(CASH, returns=policy))
    shop.ring("bread", "wine")
    shop.ok(ChooseTender("cash"))
    shop.pay()
    sale = next(iter(shop.books.archive))
    back = shop.ok(AddReturnLine(sale, 2, 1000, "x"))["total_minor"]
    assert -783 == back
    shop.ring("bread")
    assert -783 + 343 == shop.ok(ChooseTender("cash"))["total_minor"]
    assert shop.no(StartTendering()) == Refusal.TENDER_MUST_BE_AS_CHOSEN
    assert -783 + 350 == shop.ok(ChooseTender())["total_minor"]
    assert -783 + 350 == shop.pay()["total_minor"]
    shop.ok(AddReturnLine(sale, 1, 1000, "x"))
    assert -343 == shop.pay()["total_minor"]


def test_only_what_a_promotion_is_for_can_be_chosen() -> None:
    """Nothing else would change a price; what waits for a means of payment is said."""
    shop = shop_with(CASH)
    assert shop.no(ChooseTender("cash")) == "order_must_be_open"
    order_id = shop.ring("bread")
    for name in ("card", "gold", "card:visa"):
        assert shop.no(ChooseTender(name)) == Refusal.TENDER_MUST_BE_OFFERED
    (row,) = promotions_view(shop.order(order_id), shop.books).promotions
    assert "other_tender" == row.why
    shop.ok(StartTendering())
    assert shop.no(ChooseTender("cash")) == Refusal.ORDER_MUST_NOT_BE_TENDERING


@pytest.mark.parametrize("name", ["", "cheque", "card:", "card: ", "card:\x07", "card:" + "x" * 60])
def test_a_promotion_is_for_a_means_of_payment_that_there_is(name: str) -> None:
    """Cash, card, or a card of a brand."""
    bad = attrs.evolve(CASH, tenders=("cash", name))
    assert (
        Shop.selling().no(SetPromotions((bad,)), admin=True)
        == PromotionRefusal.PROMOTION_MUST_BE_SOUND
    )


@pytest.mark.parametrize(
    ("chosen", "kind", "brand", "wanted"),
    [
        ("", "foreign", None, True),
        ("cash", "cash", None, True),
        ("cash", "foreign", None, False),
        ("card", "card", "Visa", True),
        ("card", "cash", None, False),
        ("card:visa", "card", None, True),
        ("card:visa", "card", "VISA", True),
        ("card:visa", "card", "", False),
        ("card:visa", "cash", "visa", False),
    ],
)
def test_what_pays(chosen: str, kind: str, brand: str | None, *, wanted: bool) -> None:
    """A card of a brand not told yet may be the right one; one that tells none is not."""
    assert wanted == pays(chosen, kind, brand)
