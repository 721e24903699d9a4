"""What of a promotion comes back with its goods: kept with the sale, summed up with the day."""

from __future__ import annotations

import attrs
import pytest

from engine.order.commands import AddLine, AddReturnLine, StartTendering
from engine.order.refusal import Refusal
from engine.promotion.model import Off, OffKind, PromotionShare, ReturnPolicy
from engine.register import CloseDay, PromotionTotal
from engine.till import CloseTill, CountTill
from tests.engine.test_engine_bundle_returns import TRIO, back, shop_with
from tests.shop import Shop

KEPT = attrs.evolve(TRIO, returns=ReturnPolicy.KEEP, vendor_ppm=500_000)


def came_back(shop: Shop, sale: str) -> list[tuple[int, int]]:
    """(what of the promotion, what of it the vendor's) came back with each line, minor units."""
    shares = [line.returned_promotions for line in shop.order(sale).lines]
    return [(sum(e.amount_minor for e in s), sum(e.vendor_minor for e in s)) for s in shares]


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        (ReturnPolicy.KEEP, [(0, 0), (0, 0), (150, 75)]),
        (ReturnPolicy.REEVALUATE, [(0, 0), (0, 0), (600, 300)]),
    ],
)
def test_a_share_comes_back_with_its_goods(
    policy: ReturnPolicy, wanted: list[tuple[int, int]]
) -> None:
    """Of 6.00 off 24.00 the 6.00 keeps 1.50, of which the vendor paid half; without it no trio is
    left, so all of it comes back where the rest is priced again."""
    shop = shop_with(attrs.evolve(KEPT, returns=policy))
    sale = shop.sell("ten", "eight", "six")
    back(shop, sale, 3)
    assert wanted == came_back(shop, sale)
    for line in (1, 2):
        back(shop, sale, line)
    assert (600, 300) == tuple(map(sum, zip(*came_back(shop, sale), strict=True)))
    (row,) = shop.books.live.position("1").totals.promotions
    assert row == PromotionTotal("trio", "3 for 2", 1, 600, 300, 600, 300)


def test_where_it_was_sold_is_not_asked_when_it_comes_back() -> None:
    """What is left is priced again as it was sold: at a store that the promotion is for."""
    north = attrs.evolve(KEPT, returns=ReturnPolicy.REEVALUATE, stores=("north",))
    shop = shop_with(north, store_id="north")
    sale = shop.ok(AddLine("six", quantity_milli=6000))["order_id"]
    shop.pay()
    assert 1200 == back(shop, sale, 1, 3000)


def test_odd_cents_come_back_once() -> None:
    """Of 1.00 off three of a line each return brings a third, rounded on the way, whole at last."""
    sixth = attrs.evolve(KEPT.benefit, off=Off(OffKind.PERCENT, 166_667))
    shop = shop_with(attrs.evolve(KEPT, benefit=sixth, vendor_ppm=0))
    sale = shop.ok(AddLine("six", quantity_milli=3000))["order_id"]
    shop.pay()
    got = []
    for _ in range(3):
        before = came_back(shop, sale)[0][0]
        back(shop, sale, 1)
        got.append(came_back(shop, sale)[0][0] - before)
    assert [33, 34, 33] == got


def test_two_registers_cannot_both_take_the_last_share_back() -> None:
    """The second of two returns rung up side by side is to be rung up again."""
    shop = shop_with(KEPT)
    sale = shop.sell("ten", "eight", "six")
    for register in ("1", "2"):
        shop.ok(AddReturnLine(sale, 3, 1000, "x"), register)
    shop.pay()
    assert shop.no(StartTendering(), "2") == Refusal.RETURN_MUST_BE_WITHIN_SOLD
    assert [(0, 0), (0, 0), (150, 75)] == came_back(shop, sale)


def test_a_return_of_before_shares_were_kept_is_caught_up_with() -> None:
    """A sale of which goods went back in an older release ends at the whole share all the same."""
    shop = shop_with(KEPT)
    sale = shop.sell("ten", "eight", "six")
    back(shop, sale, 1)
    archived = shop.order(sale)
    older = tuple(attrs.evolve(line, returned_promotions=()) for line in archived.lines)
    shop.books.archive[sale] = attrs.evolve(archived, lines=older)
    back(shop, sale, 2)
    back(shop, sale, 3)
    assert [(0, 0), (200, 100), (150, 75)] == came_back(shop, sale)


def test_the_day_says_what_came_back() -> None:
    """In the figures of the return, and on the Z below what the promotion took."""
    shop = shop_with(KEPT)
    sale = shop.sell("ten", "eight", "six")
    order_id = shop.ok(AddReturnLine(sale, 3, 1000, "x"))["order_id"]
    shop.pay()
    figures = shop.order(order_id).figures
    assert figures is not None
    assert (PromotionShare("trio", "3 for 2", 150, 75),) == figures.promotions_back
    shop.ok(CountTill(()))
    shop.ok(CloseTill())
    shop.ok(CloseDay())
    told = [f"{block.left.strip()}|{block.right}" for block in shop.printed()[-1].blocks]
    at = told.index("1 x 3 for 2|6.00")
    assert ["paid by the vendor|3.00", "Returns|-1.50", "paid by the vendor|-0.75"] == told[
        at + 1 : at + 4
    ]
