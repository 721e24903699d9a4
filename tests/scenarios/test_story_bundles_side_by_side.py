"""Goods of one bundle come back at two registers at once, and both gave for good: both end."""

from __future__ import annotations

import pytest

from engine.order.commands import AddReturnLine, CompleteOrder, StartTendering, TenderCash
from engine.order.refusal import Refusal
from engine.paylink.commands import RequestPaylink
from engine.provider import LinkState
from tests.engine.test_engine_bundle_returns import TRIO, settled, shop_with
from tests.link_shop import hear, with_provider
from tests.shop import Shop


def trio_by_link(link_minor: int = 0) -> tuple[Shop, str]:
    """Three for two at 18.00, paid by link whole, or so much and the rest in cash; the sale."""
    shop = shop_with(TRIO)
    for register in ("1", "2"):
        with_provider(shop, register)
    sale = shop.ring("ten", "eight", "six")
    paylink_id = shop.ok(RequestPaylink(link_minor))["paylink_id"]
    hear(shop, paylink_id, LinkState.OPEN)
    hear(shop, paylink_id, LinkState.PAID)
    if link_minor:
        shop.ok(TenderCash(1_800 - link_minor))
        shop.ok(CompleteOrder())
    return shop, sale


def rest_comes_back(shop: Shop, sale: str) -> None:
    """The six comes back, too, and the sale ends at what was paid for it."""
    shop.ok(AddReturnLine(sale, 3, 1_000, "x"))
    if shop.ok(RequestPaylink())["amount_minor"] < 600:
        shop.ok(TenderCash(-100))
        shop.ok(CompleteOrder())
    assert settled(shop.order(sale))


@pytest.mark.parametrize("part_minor", [0, 100])
@pytest.mark.parametrize("goes_on", ["1", "2"])
def test_two_returns_of_one_bundle_that_gave_for_good_both_end(
    *, goes_on: str, part_minor: int
) -> None:
    """Whichever goes on first, and whether the second gave a part or all of its own."""
    shop, sale = trio_by_link()
    returns = {"1": shop.ok(AddReturnLine(sale, 1, 1_000, "x"))["order_id"]}
    shop.ok(RequestPaylink(100))
    returns["2"] = shop.ok(AddReturnLine(sale, 2, 1_000, "x"), "2")["order_id"]
    shop.ok(RequestPaylink(part_minor), "2")
    for register in sorted(returns, key=goes_on.__ne__):
        if shop.order(returns[register]).completion is None:
            shop.ok(RequestPaylink(), register)
        assert shop.order(returns[register]).completion is not None
    rest_comes_back(shop, sale)


def test_a_return_that_gave_a_part_ends_though_others_of_its_bundle_came_back_since() -> None:
    """They were priced as if its goods were gone, so that all of it ends at what was paid."""
    shop, sale = trio_by_link(900)
    first = shop.ok(AddReturnLine(sale, 1, 1_000, "x"))["order_id"]
    shop.ok(RequestPaylink(100))
    shop.ok(AddReturnLine(sale, 2, 1_000, "x"), "2")
    shop.ok(TenderCash(shop.ok(StartTendering(), "2")["cash_due_minor"]), "2")
    shop.ok(CompleteOrder(), "2")
    assert 300 == shop.ok(RequestPaylink())["amount_minor"]
    assert shop.order(first).completion is not None
    rest_comes_back(shop, sale)


def test_one_that_gave_nothing_for_good_is_priced_anew() -> None:
    """Another register took goods of its bundle back meanwhile: its own bring something else."""
    shop, sale = trio_by_link(900)
    shop.ok(AddReturnLine(sale, 2, 1_000, "x"))
    shop.ok(AddReturnLine(sale, 1, 1_000, "x"), "2")
    shop.pay(register="2")
    assert shop.no(RequestPaylink()) == Refusal.RETURN_MUST_BE_WHAT_WAS_PAID
