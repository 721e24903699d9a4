"""Payments that nobody waits for any more, and whose a terminal's transactions are."""

from __future__ import annotations

import attrs
import pytest

from engine import limits
from engine.image import books_from, image_of
from engine.order.commands import CompleteOrder
from engine.payment.commands import RequestPayment, ReverseTender
from engine.terminal import Identity, Verdict
from engine.wire import WireError
from tests.card_shop import card_shop, hear, running, told
from tests.shop import Shop


def asking() -> Shop:
    """A shop whose register 1 waits for its terminal over a bottle of wine."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    return shop


def test_what_a_terminal_told_of_a_payment_is_taken_for_a_while() -> None:
    """The newest transactions of each terminal, kept over a replay and a snapshot; none is taken at
    another terminal, on another day, or for what refers to it."""
    shop = card_shop()
    for number in range(1, limits.SETTLED_IDENTITIES_MAX + 3):
        shop.ring("wine")
        shop.ok(RequestPayment())
        hear(shop, Verdict.APPROVED, number)
        shop.ok(CompleteOrder())
    shop.ring("wine")
    shop.ok(RequestPayment())
    asked = running(shop).asked
    last = told(running(shop), Verdict.APPROVED, number).identity
    again = books_from(image_of(shop.books), None)
    for books in (shop.books, shop.replayed(), again):
        known = books.payments.settled["terminal/1"]
        assert [one.receipt for one in known] == list(range(3, number + 1))
        taken = books.payments.is_taken
        assert taken(asked, last)
        assert taken(asked, attrs.evolve(last, trace=None)), "one number may be all that is told"
        assert not taken(attrs.evolve(asked, terminal="terminal/2"), last)
        assert not taken(attrs.evolve(asked, original=last), last)
        for other in (
            attrs.evolve(last, receipt=2, trace=2),
            attrs.evolve(last, date="1127"),
            attrs.evolve(last, terminal_id="29009999"),
            attrs.evolve(last, trace=number + 1),
            Identity("29001234"),
            Identity(),
        ):
            assert not taken(asked, other)


def test_what_is_told_by_the_number_of_another_is_not_taken_by_it() -> None:
    """A reversal may be told by the number of what it takes back: it is settled all the same, and
    what came to nothing in the end takes no number."""
    shop = asking()
    hear(shop, Verdict.APPROVED, 5)
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.UNKNOWN, 5)
    assert hear(shop, Verdict.APPROVED, 5, is_inquiry=True)["standing"] == "approved"
    assert [one.receipt for one in shop.books.payments.settled["terminal/1"]] == [5]
    shop.ok(RequestPayment())
    hear(shop, Verdict.UNKNOWN, 6)
    for _ in range(2):
        hear(shop, Verdict.UNKNOWN, 6, code="not_found", is_inquiry=True)
    assert [one.receipt for one in shop.books.payments.settled["terminal/1"]] == [5]


def test_an_image_without_the_taken_transactions_is_refused() -> None:
    """A snapshot of before they were kept: the journal is replayed."""
    shop = asking()
    image = image_of(shop.books)
    del image["payments"]["settled"]
    with pytest.raises(WireError):
        books_from(image, None)
