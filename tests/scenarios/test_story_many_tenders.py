"""What was paid in many parts, or on many receipts, goes back whole, and ends."""

from __future__ import annotations

from engine import limits
from engine.order.commands import AddReturnLine, CompleteOrder, TenderCash, VoidOrder
from engine.order.refusal import Refusal
from engine.order.state import Order
from engine.paylink.commands import RequestPaylink
from engine.payment.commands import RequestPayment
from engine.terminal import Identity, Verdict
from tests.card_shop import card_shop
from tests.card_shop import hear as hear_card
from tests.link_shop import link_shop, sold
from tests.shop import Shop

MANY = limits.TENDERS_PER_ORDER_MAX + 3


def brought_back(shop: Shop, sales: list[str]) -> str:
    """One bottle of each sale comes back; the return."""
    for sale in sales:
        back: str = shop.ok(AddReturnLine(sale, 1, 1_000, "corked"))["order_id"]
    return back


def ended(shop: Shop, back: str) -> Order:
    """The return, once it has ended."""
    order = shop.order(back)
    assert order.completion is not None
    return order


def test_what_many_links_paid_goes_back_to_each() -> None:
    """A box of bottles from more receipts than a sale may have tenders: each customer's phone has
    its own back, and the return ends by the last."""
    shop = link_shop()
    back = brought_back(shop, [sold(shop, "wine") for _ in range(MANY)])
    for _ in range(MANY):
        assert 799 == shop.ok(RequestPaylink())["amount_minor"]
    assert [-799] * MANY == [tender.amount_minor for tender in ended(shop, back).tenders]


def test_a_return_given_back_in_many_parts_still_ends() -> None:
    """Twenty small parts are with the customer for good, by somebody's mistake: the rest goes back
    in one."""
    shop = link_shop()
    back = brought_back(shop, [sold(shop, "wine")])
    for _ in range(limits.TENDERS_PER_ORDER_MAX):
        shop.ok(RequestPaylink(1))
    assert shop.no(VoidOrder("too many")) == Refusal.TENDERS_MUST_BE_UNDONE
    assert 799 - limits.TENDERS_PER_ORDER_MAX == shop.ok(RequestPaylink())["amount_minor"]
    assert -799 == sum(tender.amount_minor for tender in ended(shop, back).tenders)


def test_there_is_an_end_to_parts_too() -> None:
    """Room is kept for one tender more of each that paid, and no other."""
    shop = link_shop()
    brought_back(shop, [sold(shop, "wine"), sold(shop, "wine")])
    for _ in range(limits.TENDERS_PER_ORDER_MAX + 3):
        shop.ok(RequestPaylink(1))
    answer = shop.refused(RequestPaylink(1))
    assert {"maximum": limits.TENDERS_PER_ORDER_MAX + 3} == answer


def test_a_sale_paid_in_many_parts_can_still_be_paid() -> None:
    """Twenty cards that their terminal does not take back: there is room for what pays the rest.
    Where tenders can be handed back, the limit is as ever."""
    shop = card_shop()
    shop.ring("wine")
    for number in range(limits.TENDERS_PER_ORDER_MAX):
        shop.ok(RequestPayment(1))
        for_good = Identity("29001234", 3, number, "1126", "101500", is_of_payment=True)
        hear_card(shop, Verdict.APPROVED, number + 1, identity=for_good)
    shop.ok(RequestPayment())
    hear_card(shop, Verdict.DECLINED, 99)
    shop.ok(TenderCash(779))
    assert shop.no(RequestPayment()) == Refusal.TENDERS_LIMIT_REACHED
    shop.ok(CompleteOrder())
    shop.ring("wine")
    for _ in range(limits.TENDERS_PER_ORDER_MAX):
        shop.ok(TenderCash(1))
    assert shop.no(TenderCash(779)) == Refusal.TENDERS_LIMIT_REACHED
