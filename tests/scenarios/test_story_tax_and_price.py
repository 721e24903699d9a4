"""Discounts and tax: parts sum to the whole, and the worked examples come out to the cent."""

from __future__ import annotations

from typing import Any

import pytest

from engine.order.commands import AddLine, AddOpenLine, DiscountLine, DiscountOrder
from engine.order.figures import DiscountKind, Figures
from engine.receipt import z_document
from engine.register import CloseDay, DayClosed
from engine.settings import RoundingMode, RoundingScope, TaxClass, TaxClassesSet
from engine.till import CloseTill, CountTill
from tests.shop import Shop

PERCENT, AMOUNT = DiscountKind.PERCENT, DiscountKind.AMOUNT


def figures_of(shop: Shop, order_id: str) -> Figures:
    """The frozen figures of a completed order."""
    figures = shop.order(order_id).figures
    assert figures is not None
    return figures


def open_sale(shop: Shop, *lines: tuple[int, str]) -> Figures:
    """Sell typed lines (unit price in micros, tax class), paid exactly."""
    for micros, tax_class in lines:
        order_id = shop.ok(AddOpenLine("Thing", micros, tax_class))["order_id"]
    shop.pay()
    return figures_of(shop, order_id)


# ---------------------------------------------------------------------------------- discounts


@pytest.mark.feature("PRC-01")
@pytest.mark.parametrize("value", [1, 2, 99, 148, 1_000, 1_498])
def test_an_amount_off_the_whole_is_shared_out(value: int) -> None:
    """Every cent of the discount is on some line, none is lost and none is made."""
    shop = Shop.selling()
    shop.ring("bread", "wine", "bread")
    order_id = shop.ok(DiscountOrder(AMOUNT, value))["order_id"]
    shop.pay()
    figures = figures_of(shop, order_id)
    shares = [row.order_discount_minor for row in figures.lines]
    assert sum(shares) == -value
    assert all(share <= 0 for share in shares)
    assert figures.total_minor == 350 + 799 + 350 - value
    assert sum(row.total_minor for row in figures.lines) == figures.total_minor
    assert sum(row.total_minor for row in figures.taxes) == figures.total_minor
    assert abs(shares[0] - shares[2]) <= 1


@pytest.mark.feature("PRC-01")
def test_line_discounts_come_before_the_order_discount() -> None:
    """Ten percent off a line, an amount off another, five percent off what is left."""
    shop = Shop.selling()
    shop.ring("bread", "wine", "milk")
    shop.ok(DiscountLine(1, PERCENT, 100_000))
    shop.ok(DiscountLine(2, AMOUNT, 99))
    order_id = shop.ok(DiscountOrder(PERCENT, 50_000))["order_id"]
    shop.pay()
    figures = figures_of(shop, order_id)
    assert [row.line_discount_minor for row in figures.lines] == [-35, -99, 0]
    left = 315 + 700 + 129
    assert figures.subtotal_minor == 350 + 799 + 129
    assert figures.total_minor == left - 57
    assert sum(row.order_discount_minor for row in figures.lines) == -57
    assert figures.discount_minor == -35 - 99 - 57
    assert shop.books.live.position("1").totals.discount_minor == 35 + 99 + 57


@pytest.mark.feature("PRC-01")
def test_what_is_never_discounted_bears_no_share() -> None:
    """A book has a fixed price: the others carry the whole discount."""
    shop = Shop.selling()
    shop.ring("book", "wine")
    order_id = shop.ok(DiscountOrder(PERCENT, 500_000))["order_id"]
    shop.pay()
    figures = figures_of(shop, order_id)
    assert [row.order_discount_minor for row in figures.lines] == [0, -400]
    assert figures.total_minor == 1200 + 399


@pytest.mark.feature("PRC-01")
def test_no_discount_goes_below_nothing() -> None:
    """More off than it costs makes it free, never a payment to the customer."""
    shop = Shop.selling()
    shop.ring("bread", "milk")
    shop.ok(DiscountLine(1, AMOUNT, 9_999))
    assert shop.ok(DiscountOrder(AMOUNT, 9_999))["total_minor"] == 0
    assert shop.pay()["total_minor"] == 0


# ------------------------------------------------------------------------------------ tax modes


@pytest.mark.feature("TAX-01", part="both modes give the same totals on receipt and Z")
def test_prices_with_and_without_tax_meet() -> None:
    """The same goods, once marked 8.99 and 11.90 with tax, once 8.40 and 10.00 without it."""
    papers = []
    for included, prices in ((True, (8_990_000, 11_900_000)), (False, (8_400_000, 10_000_000))):
        shop = Shop.selling(prices_include_tax=included)
        figures = open_sale(shop, (prices[0], "reduced"), (prices[1], "standard"))
        assert (figures.total_minor, figures.tax_minor) == (2089, 59 + 190)
        receipt = shop.printed()[-1]
        shop.ok(CountTill(()))
        shop.ok(CloseTill())
        shop.ok(CloseDay())
        (event,) = shop.events(DayClosed)
        z = z_document(event, shop.books.settings, at=(0, 0))
        taxes = [block for block in receipt.blocks if " Tax " in f" {block.left}"]
        assert taxes == [block for block in z.blocks if " Tax " in f" {block.left}"]
        totals = [block for block in receipt.blocks if block.left in ("Total", "Cash")]
        papers.append((taxes, totals, figures.taxes, event.totals.taxes, event.totals.tenders))
    assert papers[0] == papers[1]
    taxes = papers[0][0]
    assert [(block.left, block.right) for block in taxes] == [
        ("B Tax 7 %  Net 8.40", "0.59"),
        ("A Tax 19 %  Net 10.00", "1.90"),
    ]


# Worked examples: (name, rules, rate in ppm, unit prices in micros, tax, total). Source: the
# published rules of each country; amounts in minor units of the currency named.
LINE, DOCUMENT = RoundingScope.LINE, RoundingScope.RATE_DOCUMENT
EXAMPLES: list[tuple[str, dict[str, Any], int, list[int], int, int]] = [
    ("AT milk 4.9 %", {}, 49_000, [1_490_000], 7, 149),
    ("NO by line", {"rounding_scope": LINE, "currency": "NOK"}, 150_000,
     [32_800_000, 25_800_000, 27_800_000], 1128, 8640),
    ("NO by document", {"currency": "NOK"}, 150_000,
     [32_800_000, 25_800_000, 27_800_000], 1127, 8640),
    ("JP rounds down once", {"currency": "JPY", "prices_include_tax": False,
     "rounding_mode": RoundingMode.DOWN}, 80_000, [98_000_000] * 3, 23, 317),
    ("JP half up", {"currency": "JPY", "prices_include_tax": False}, 80_000,
     [98_000_000] * 3, 24, 318),
    ("US by item", {"currency": "USD", "prices_include_tax": False, "rounding_scope": LINE},
     77_500, [990_000] * 3, 24, 321),
    ("US by invoice", {"currency": "USD", "prices_include_tax": False}, 77_500,
     [990_000] * 3, 23, 320),
    ("UK by line", {"currency": "GBP", "rounding_scope": LINE}, 200_000,
     [990_000] * 3, 51, 297),
    ("UK by document", {"currency": "GBP"}, 200_000, [990_000] * 3, 50, 297),
    ("BHD has three decimals", {"currency": "BHD", "prices_include_tax": False}, 100_000,
     [1_235_000], 124, 1359),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "rate_ppm", "prices", "tax", "total"),
    [example[1:] for example in EXAMPLES],
    ids=[example[0] for example in EXAMPLES],
)
def test_worked_examples(
    changes: dict[str, Any], rate_ppm: int, prices: list[int], tax: int, total: int
) -> None:
    """Each country's published example comes out to its last unit, lines sum to the document."""
    shop = Shop.selling(**changes)
    shop.given(TaxClassesSet((TaxClass("only", "Tax", rate_ppm, "A"),)))
    figures = open_sale(shop, *((price, "only") for price in prices))
    assert (figures.tax_minor, figures.total_minor) == (tax, total)
    assert sum(row.tax_minor for row in figures.lines) == tax
    assert [(row.base_minor, row.tax_minor) for row in figures.taxes] == [(total - tax, tax)]


@pytest.mark.parametrize(
    ("prices", "cash"),
    [
        ([2_280_000, 15_320_000, 11_990_000, 1_170_000], 3075),
        ([10_070_000], 1005),
        ([10_080_000], 1010),
        ([12_470_000], 1245),
        ([12_480_000], 1250),
    ],
    ids=["EE 30.76", "LT 10.07", "LT 10.08", "CH 12.47", "CH 12.48"],
)
def test_worked_examples_of_cash_rounding(prices: list[int], cash: int) -> None:
    """Estonia, Lithuania and Switzerland pay in fives; the total and its tax stay as they are."""
    shop = Shop.selling(cash_step_minor=5)
    figures = open_sale(shop, *((price, "standard") for price in prices))
    assert figures.total_minor == sum(prices) // 10_000
    assert shop.books.live.position("1").totals.tenders == {"cash": cash}


def test_the_same_basket_costs_the_same_in_any_order() -> None:
    """Scanned first to last or last to first, the total is one."""
    totals = set()
    for codes in (["bread", "wine", "milk", "book"], ["book", "milk", "wine", "bread"]):
        shop = Shop.selling()
        shop.ring(*codes)
        shop.ok(AddLine("cheese", "", 333))
        totals.add(shop.ok(DiscountOrder(PERCENT, 33_333))["total_minor"])
    assert len(totals) == 1
