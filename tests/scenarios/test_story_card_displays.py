"""What the customer reads of their card payment: on their page and on two lines of twenty."""

from __future__ import annotations

import pytest

from engine.order.commands import CompleteOrder, StartTendering
from engine.payment.commands import AnswerTip, AskTip, OpenTab, RequestPayment, ReverseTender
from engine.settings import ConfigureStore
from engine.terminal import Verdict
from engine.views.build import display_view
from engine.views.payment_shapes import CardStateView
from engine.views.payments import payment_view
from engine.views.pole import WIDTH, pole_lines
from engine.views.shapes import DisplayView
from engine.words import CATALOGUES
from tests.card_shop import card_shop, hear, running, with_tip_screen
from tests.shop import Shop, rules


def seen(shop: Shop) -> DisplayView:
    """What the customer of register 1 sees now."""
    return display_view(shop.books, "1", epoch=1, last_order=None)


@pytest.mark.feature("HW-05", part="the card payment in plain words")
def test_the_customer_is_told_to_follow_the_terminal_and_what_came_of_it() -> None:
    """With the amount that is charged, from the asking to the approval."""
    shop = card_shop()
    shop.ring("wine")
    assert seen(shop).card is None
    shop.ok(RequestPayment())
    assert seen(shop).card == CardStateView("terminal", "sale", 799, 0)
    assert pole_lines(seen(shop)) == ("Card            7.99", "See card terminal")
    hear(shop, Verdict.UNKNOWN)
    assert pole_lines(seen(shop))[1] == "One moment please"
    hear(shop, Verdict.DECLINED)
    assert pole_lines(seen(shop))[1] == "Card not charged"
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 2)
    assert pole_lines(seen(shop)) == ("Card            7.99", "Card approved")
    shop.ok(CompleteOrder())
    assert seen(shop).card is None


def test_the_tip_is_within_what_is_shown() -> None:
    """The customer sees what their card will be charged, and that they are asked before."""
    shop = card_shop()
    with_tip_screen(shop)
    shop.ring("wine")
    shop.ok(AskTip())
    assert seen(shop).asks_tip
    assert seen(shop).order is not None
    shop.ok(AnswerTip(200))
    assert not seen(shop).asks_tip
    shop.ok(RequestPayment())
    assert seen(shop).card == CardStateView("terminal", "sale", 999, 200)
    hear(shop, Verdict.APPROVED)
    assert seen(shop).card == CardStateView("approved", "sale", 999, 200)


def test_what_is_taken_back_is_the_shops_business() -> None:
    """The order's total is shown again, not a payment that goes away."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED)
    shop.ok(ReverseTender(1))
    assert seen(shop).card is None
    assert pole_lines(seen(shop))[1].startswith("Total")


def test_what_is_only_reserved_is_not_called_paid() -> None:
    """The customer follows the terminal; once it has reserved the amount nothing is charged yet,
    and the order's total is shown again. What came to nothing is told as that."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(OpenTab(5000))
    assert seen(shop).card == CardStateView("terminal", "reservation", 5000, 0)
    hear(shop, Verdict.DECLINED)
    assert seen(shop).card == CardStateView("not_paid", "reservation", 5000, 0)
    shop.ok(OpenTab(5000))
    hear(shop, Verdict.APPROVED, 2)
    assert seen(shop).card is None
    shop.ok(StartTendering())
    assert pole_lines(seen(shop))[1].startswith("Total")


def test_a_tip_that_came_to_nothing_is_still_what_was_asked_for() -> None:
    """Declined, the card was asked for the goods and the tip: both pages say so, and the register
    says what it would ask for again."""
    shop = card_shop()
    with_tip_screen(shop)
    shop.ring("wine")
    shop.ok(AskTip())
    shop.ok(AnswerTip(200))
    shop.ok(RequestPayment())
    payment_id = running(shop).asked.payment_id
    hear(shop, Verdict.DECLINED)
    assert seen(shop).card == CardStateView("not_paid", "sale", 999, 200)
    payment = shop.books.payments.latest["1"]
    shown = payment_view(payment, now_ns=shop.now_ns)
    assert (shown.payment_id, shown.amount_minor, shown.tip_minor) == (payment_id, 799, 200)


@pytest.mark.parametrize("language", sorted(CATALOGUES))
def test_the_words_fit_a_pole_display(language: str) -> None:
    """Twenty characters, in each language."""
    shop = card_shop()
    shop.ok(ConfigureStore(rules(language=language)), admin=True)
    for word in ("terminal", "checking", "approved", "not_paid"):
        assert len(CATALOGUES[language][f"pole_{word}"]) <= WIDTH
    shop.ring("wine")
    shop.ok(RequestPayment())
    top, bottom = pole_lines(seen(shop))
    assert (len(top), bottom) == (WIDTH, CATALOGUES[language]["pole_terminal"])
