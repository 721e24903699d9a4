"""A card payment nobody waits for: the shop goes on, and the money finds its way by itself."""

from __future__ import annotations

import pytest

from engine.order.commands import CompleteOrder
from engine.payment.commands import CloseException, RequestPayment, TakeBack
from engine.payment.events import PaymentRequested
from engine.register import CloseDay
from engine.terminal import Kind, Verdict
from engine.till import CloseTill, CountTill, Denomination
from engine.views.payments import payments_view, register_payment
from tests.card_shop import card_shop, hear, running, set_aside


@pytest.mark.feature("PAY-09", part="set aside, it holds nobody up, and a late approval goes back")
def test_the_day_goes_on_and_the_money_goes_back_when_the_terminal_has_time() -> None:
    """The next customer pays by card while it is found out that the first was charged too: theirs
    counts, the first is on the list until it went back, and the Z knows of one wine and one bread.
    """
    shop = card_shop()
    first = set_aside(shop)
    shop.ring("bread")
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, payment=first, is_inquiry=True)
    (listed,) = payments_view(shop.books, now_ns=shop.now_ns).exceptions
    assert (listed.payment_id, listed.back_waits) == (first.asked.payment_id, True)
    hear(shop, Verdict.APPROVED, 2)
    shop.ok(CompleteOrder())
    shop.ok(CountTill((Denomination(799, 1), Denomination(1000, 10))))
    shop.ok(CloseTill())
    assert shop.ok(CloseDay())["total_minor"] == 1149
    shop.ok(TakeBack(first.asked.payment_id), admin=True)
    back = running(shop).asked
    assert (back.kind, back.amount_minor) == (Kind.REVERSAL, 799)
    assert back.original is not None
    assert back.original.receipt == 1, "the first one's, whatever came after it"
    hear(shop, Verdict.APPROVED, 3)
    assert payments_view(shop.books, now_ns=shop.now_ns).exceptions == ()
    assert shop.replayed().payments == shop.books.payments


def test_what_goes_back_by_the_way_leaves_the_customers_payment_on_the_screen() -> None:
    """The register that waits for the next customer's card shows that payment before, while and
    after the first one goes back, in whatever moment it looks; of the first it shows both, as long
    as it asked for nothing since."""
    shop = card_shop()
    first = set_aside(shop)
    shop.ring("bread")
    second = shop.ok(RequestPayment())["payment_id"]
    hear(shop, Verdict.APPROVED, payment=first, is_inquiry=True)
    hear(shop, Verdict.APPROVED, 2)

    def shown() -> tuple[str, str]:
        payment = register_payment(shop.books, "1")
        assert payment is not None
        return payment.asked.payment_id, payment.standing.value

    assert shown() == (second, "approved")
    shop.ok(TakeBack(first.asked.payment_id), admin=True)
    assert shown() == (second, "approved")
    hear(shop, Verdict.APPROVED, 3)
    assert shown() == (second, "approved")
    shop.ok(CompleteOrder())
    alone = set_aside(shop)
    hear(shop, Verdict.APPROVED, 4, payment=alone, is_inquiry=True)
    back = running(shop).asked
    assert back.of_payment == alone.asked.payment_id
    assert register_payment(shop.books, "1") is None, "it has no order in hand"
    heard_of = register_payment(shop.books, "1", back.order_id)
    assert heard_of is not None
    assert heard_of.asked == back


def test_a_cashier_cannot_have_it_taken_back_twice() -> None:
    """Only the store asks for what waits; whoever is at the register uses the list, and what they
    closed there is over."""
    shop = card_shop()
    first = set_aside(shop)
    shop.ring("bread")
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, payment=first, is_inquiry=True)
    hear(shop, Verdict.DECLINED, 2)
    payment_id = first.asked.payment_id
    assert shop.no(TakeBack(payment_id)) == "right_must_be_granted"
    shop.ok(CloseException(payment_id, "the acquirer gave it back"))
    assert shop.no(TakeBack(payment_id), admin=True) == "payment_must_exist"
    assert [one.asked.kind for one in shop.events(PaymentRequested)] == [Kind.SALE] * 2


def test_two_that_wait_at_one_terminal_go_back_one_after_the_other() -> None:
    """A terminal is asked for one thing at a time."""
    shop = card_shop()
    waiting = [set_aside(shop), set_aside(shop)]
    shop.ring("bread")
    shop.ok(RequestPayment())
    for number, payment in enumerate(waiting, 1):
        hear(shop, Verdict.APPROVED, number, payment=payment, is_inquiry=True)
    hear(shop, Verdict.DECLINED, 3)
    first, second = (one.asked.payment_id for one in shop.books.payments.aside())
    shop.ok(TakeBack(first), admin=True)
    assert shop.no(TakeBack(second), admin=True) == "terminal_must_be_free"
    hear(shop, Verdict.APPROVED, 4)
    assert [one.asked.payment_id for one in shop.books.payments.aside()] == [second]
    shop.ok(TakeBack(second), admin=True)
    hear(shop, Verdict.APPROVED, 5)
    assert not shop.books.payments.exceptions
