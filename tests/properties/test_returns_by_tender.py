"""Returns of a sale that several tenders paid: each gets back what it paid, and never more."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.order.commands import (
    AddLine,
    AddReturnLine,
    CompleteOrder,
    DiscountOrder,
    StartTendering,
    TenderCash,
)
from engine.order.figures import DiscountKind
from engine.order.refunds import left_of
from engine.payment.commands import RequestPayment
from engine.terminal import Verdict
from tests.card_shop import card_shop, hear, running
from tests.draws import examples
from tests.shop import Shop

Basket = list[tuple[str, int]]
baskets = st.lists(
    st.tuples(st.sampled_from(("bread", "milk", "wine", "book")), st.integers(1, 3)),
    min_size=1,
    max_size=4,
)
splits = st.lists(st.integers(0, 100), max_size=3)


class Payments:
    """Numbers what terminals do, as each numbers its own."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.count = 0

    def settle(self) -> int:
        """The terminal does what it is asked; how much that was."""
        self.count += 1
        amount_minor = running(self.shop).asked.amount_minor
        hear(self.shop, Verdict.APPROVED, self.count)
        return amount_minor


def _sell(
    shop: Shop, payments: Payments, basket: Basket, shares: list[int], off_minor: int
) -> tuple[str, int]:
    """Ring up, pay shares of it by card and the rest in cash; (the order, its total)."""
    order_id, whole_minor = "", 0
    for code, count in basket:
        done = shop.ok(AddLine(code, quantity_milli=count * 1000))
        order_id, whole_minor = done["order_id"], done["total_minor"]
    if 0 < off_minor < whole_minor // 2:
        shop.ok(DiscountOrder(DiscountKind.AMOUNT, off_minor, "friends"))
    total_minor: int = shop.ok(StartTendering())["total_minor"]
    due_minor = total_minor
    for share in shares:
        amount_minor = total_minor * share // 300
        if 0 < amount_minor < due_minor:
            shop.ok(RequestPayment(amount_minor))
            due_minor -= payments.settle()
    # Change is given, so that what was handed over is not what stays.
    shop.ok(TenderCash(due_minor + 77))
    shop.ok(CompleteOrder())
    return order_id, total_minor


@pytest.mark.feature("NEW-06", part="by tender")
@settings(max_examples=examples(60), deadline=None)
@given(baskets, splits, st.integers(0, 500), st.data())
def test_what_each_tender_paid_goes_back_to_it(
    basket: Basket, shares: list[int], off_minor: int, data: st.DataObject
) -> None:
    """Piece by piece in any order, each card given back of in any order and amount, cash the rest:
    no tender is over what it paid, and in the end each is at exactly that."""
    shop = card_shop()
    payments = Payments(shop)
    order_id, total_minor = _sell(shop, payments, basket, shares, off_minor)
    paid = left_of(shop.order(order_id))
    assert sum(paid.values()) == total_minor
    given_back = dict.fromkeys(paid, 0)
    cash = max(paid)
    pieces = [line for line, (_, count) in enumerate(basket, 1) for _ in range(count)]
    for line in data.draw(st.permutations(pieces), label="pieces"):
        shop.ok(AddReturnLine(order_id, line, 1000, "not needed"))
        due_minor = -shop.ok(StartTendering())["total_minor"]
        cards = [number for number in paid if number != cash]
        cards = data.draw(st.permutations(cards), label="cards")
        for at, number in enumerate(cards):
            left = left_of(shop.order(order_id))
            # What neither cash nor the cards still to come have left must go here.
            later_minor = sum(left.get(other, 0) for other in (cash, *cards[at + 1 :]))
            most_minor = min(left.get(number, 0), due_minor)
            least_minor = max(0, due_minor - later_minor)
            amount_minor = data.draw(st.integers(least_minor, most_minor), label="to the card")
            if amount_minor:
                shop.ok(RequestPayment(amount_minor, order_id, number))
                given_back[number] += payments.settle()
                due_minor -= amount_minor
        if due_minor:
            shop.ok(TenderCash(-due_minor))
            given_back[cash] += due_minor
        shop.ok(CompleteOrder())
        assert all(given_back[number] <= paid[number] for number in paid)
    assert given_back == paid
    assert not left_of(shop.order(order_id))


@pytest.mark.feature("NEW-06", part="by tender")
@settings(max_examples=examples(60), deadline=None)
@given(baskets, baskets, splits, splits, st.data())
def test_what_two_sales_are_worth_goes_back_to_their_own_tenders(
    first: Basket, second: Basket, shares: list[int], others: list[int], data: st.DataObject
) -> None:
    """Goods of two sales come back together, as they happen to lie: the cards are asked first and
    cash gives the rest, never is a return stuck, and in the end nothing is left of either sale."""
    shop = card_shop()
    payments = Payments(shop)
    sales = [
        _sell(shop, payments, basket, by_card, 0)[0]
        for basket, by_card in ((first, shares), (second, others))
    ]
    pieces = [
        (sale, line)
        for sale, basket in zip(sales, (first, second), strict=True)
        for line, (_, count) in enumerate(basket, 1)
        for _ in range(count)
    ]
    pieces = data.draw(st.permutations(pieces), label="pieces")
    while pieces:
        count = data.draw(st.integers(1, len(pieces)), label="at once")
        for sale, line in pieces[:count]:
            shop.ok(AddReturnLine(sale, line, 1000, "not needed"))
        pieces = pieces[count:]
        due_minor = -shop.ok(StartTendering())["total_minor"]
        while due_minor and shop.when(RequestPayment()).refused is None:
            due_minor -= payments.settle()
        if due_minor:
            shop.ok(TenderCash(-due_minor))
        shop.ok(CompleteOrder())
    assert [{}, {}] == [left_of(shop.order(sale)) for sale in sales]
