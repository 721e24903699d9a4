"""A card that is not here: its number is typed on the terminal, and the payment says so."""

from __future__ import annotations

import pytest

from engine.order.commands import AddReturnLine, CompleteOrder
from engine.payment.commands import RequestPayment, SetOfflinePolicy
from engine.payment.events import OfflinePolicy, PaymentRequested
from engine.payment.refusal import Refusal
from engine.staff import Refusal as StaffRefusal
from engine.staff import Right, SignOn
from engine.terminal import CardEntry, Verdict
from engine.views.build import order_view
from engine.views.payments import payment_view
from tests.card_shop import card_shop, hear, paid_by_card, running
from tests.shop import CASHIER


@pytest.mark.feature("PAY-15", part="asked for by a right, marked in journal, view and receipt")
@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (CardEntry.KEYED, "  Card number typed at the terminal"),
        (CardEntry.PHONE, "  Ordered by phone, number typed"),
    ],
)
def test_a_typed_number_is_marked_wherever_the_payment_is(entry: CardEntry, words: str) -> None:
    """For fees and risk: in the request, on the screen, on the tender and on the receipt."""
    shop = card_shop()
    order_id = shop.ring("wine")
    shop.ok(RequestPayment(entry=entry))
    assert running(shop).asked.entry is entry
    shown = payment_view(running(shop), now_ns=0)
    assert shown.entry == entry.value
    hear(shop, Verdict.APPROVED)
    (tender,) = order_view(shop.order(order_id), shop.books).tenders
    assert tender.entry == entry.value
    shop.ok(CompleteOrder())
    texts = [block.left for block in shop.printed()[-1].blocks]
    assert words in texts
    (asked,) = shop.events(PaymentRequested)
    assert asked.asked.entry is entry


def test_a_card_that_is_read_has_no_mark() -> None:
    """And nothing is printed about it."""
    shop = card_shop()
    order_id = paid_by_card(shop, "wine")
    (tender,) = order_view(shop.order(order_id), shop.books).tenders
    assert tender.entry == ""


def test_it_takes_a_right_of_its_own() -> None:
    """A cashier asks somebody who has it; then both are on record."""
    assert Right.KEYED_CARDS not in CASHIER
    shop = card_shop()
    shop.ok(SignOn("ana", pin_correct=True))
    shop.ring("wine")
    wish = RequestPayment(entry=CardEntry.PHONE)
    assert shop.no(wish) == StaffRefusal.RIGHT_MUST_BE_GRANTED
    shop.ok(RequestPayment())


def test_nothing_typed_is_taken_offline() -> None:
    """Nobody vouches for a number that was only told."""
    shop = card_shop()
    shop.ok(SetOfflinePolicy(OfflinePolicy(5000, 5000, 5000, 5000, 60)), admin=True)
    shop.ring("wine")
    shop.ok(RequestPayment(entry=CardEntry.KEYED))
    assert not running(shop).asked.offline_allowed
    hear(shop, Verdict.DECLINED)
    shop.ok(RequestPayment())
    assert running(shop).asked.offline_allowed


def test_money_goes_back_without_a_number() -> None:
    """The terminal knows the card it came from."""
    shop = card_shop()
    order_id = paid_by_card(shop, "wine")
    shop.ok(CompleteOrder())
    shop.ok(AddReturnLine(order_id, 1, 1_000, "stale"))
    assert shop.no(RequestPayment(entry=CardEntry.KEYED)) == Refusal.ENTRY_MUST_BE_OF_A_SALE
    shop.ok(RequestPayment())
