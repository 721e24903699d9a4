"""A receipt adds up for whoever has it in hand: its goods, with the taxes that come on top, are its
total; its tenders pay that; its taxes are those of its goods."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.charge.decide import SetCharges
from engine.charge.model import ChargeKind, ChargeRule
from engine.document import Block, BlockKind
from engine.order.commands import (
    AddLine,
    AddReturnLine,
    CompleteOrder,
    CompLine,
    DiscountLine,
    DiscountOrder,
    ExemptOrder,
    StartTendering,
    TenderCash,
)
from engine.order.figures import DiscountKind, Figures
from engine.requests import receipt_of
from engine.tax_paper import untaxed_minor
from tests.draws import examples
from tests.shop import Shop
from tests.tax_shop import in_country

# (country, place, whether the store says that its prices have tax in them)
STORES = (
    ("", "", True),
    ("", "", False),
    ("US", "US-NY-NYC", False),
    ("US", "US-NY-NYC", True),
    ("CA", "CA-QC", False),
    ("DE", "", True),
    ("DE", "", False),
)
# Perhaps below nought, perhaps with its currency before it, perhaps with the letter of its tax.
_AMOUNT = re.compile(r"(-?)(?:[^0-9-]*)([0-9,]+)\.([0-9]{2})(?: [A-Z*]+)?")
Baskets = list[tuple[int, int]]
baskets = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3)), min_size=1, max_size=4)
choices = st.booleans()


def _store(country: str, place: str, *, included: bool) -> tuple[Shop, tuple[str, ...]]:
    """A shop, and what it sells."""
    if not country:
        return Shop.selling(prices_include_tax=included), ("wine", "milk", "bread")
    shop = in_country(country, place, prices_include_tax=included, language="en")
    return shop, tuple(sorted(shop.books.settings.tax_classes))


def _charge(shop: Shop, goods: tuple[str, ...], *, wanted: bool) -> None:
    """Ask for service, taxed as the first of the goods, and for a fee that is not taxed."""
    if wanted:
        first = shop.books.catalog.book.find_item(goods[0])
        assert first is not None
        service = ChargeRule("s", "Service", ChargeKind.SERVICE, 125_000, tax_class=first.tax_class)
        shop.ok(SetCharges((service, ChargeRule("f", "Fee", ChargeKind.FEE, 0, 350))), admin=True)


def _free(shop: Shop, *, wanted: bool) -> None:
    """Show a certificate, where there are rules that it could free of anything."""
    if wanted and shop.books.taxes.setup is not None:
        shop.ok(ExemptOrder("NATO-7", "Embassy", "Diplomat"))


def _sell(shop: Shop, goods: tuple[str, ...], basket: Baskets, off: tuple[int, int]) -> str:
    order_id = ""
    for at, count in basket:
        code = goods[at % len(goods)]
        order_id = shop.ok(AddLine(code, quantity_milli=count * 1000))["order_id"]
    if off[0]:
        shop.ok(DiscountLine(1, DiscountKind.AMOUNT, off[0], "dent"))
    if off[1]:
        shop.ok(DiscountOrder(DiscountKind.PERCENT, off[1] * 10_000, "friends"))
    return order_id


def _pay(shop: Shop) -> None:
    """In coins, which may make nothing of a cent."""
    due = shop.ok(StartTendering())
    if due["total_minor"]:
        shop.ok(TenderCash(due["cash_due_minor"]))
    shop.ok(CompleteOrder())


def _minor(text: str) -> int:
    """An amount as an English receipt has it, in cents."""
    found = _AMOUNT.fullmatch(text)
    assert found is not None, text
    return int(found[1] + found[2].replace(",", "") + found[3])


def _is_money(block: Block) -> bool:
    """Whether a row has an amount: what a reward cost is told in points."""
    return bool(block.right) and not block.left.startswith("Points ")


def _rows(shop: Shop, order_id: str) -> tuple[list[int], int, list[int]]:
    """What a receipt says of goods, its total, and what is below it up to the taxes."""
    blocks = receipt_of(shop.order(order_id), shop.books).blocks
    kinds = [block.kind for block in blocks]
    whole = next(at for at, block in enumerate(blocks) if block.large and block.right)
    end = kinds.index(BlockKind.RULE, whole)
    begin = kinds.index(BlockKind.RULE)
    goods = [_minor(block.right) for block in blocks[begin:whole] if _is_money(block)]
    below = [_minor(block.right) for block in blocks[whole + 1 : end] if _is_money(block)]
    return goods, _minor(blocks[whole].right), below


def _on_top_minor(figures: Figures, *, included: bool) -> int:
    """The taxes that are in no price."""
    return sum(
        row.tax_minor
        for row in figures.taxes
        if not (included if row.rule is None else row.rule.included)
    )


def assert_adds_up(shop: Shop, order_id: str) -> None:
    """The receipt of a completed order says what its figures do, and adds up by itself."""
    included = shop.books.settings.required().prices_include_tax
    figures, completion = shop.order(order_id).figures, shop.order(order_id).completion
    assert figures is not None
    assert completion is not None
    goods, total_minor, below = _rows(shop, order_id)
    on_top_minor = _on_top_minor(figures, included=included)
    assert total_minor == figures.total_minor == sum(goods) + on_top_minor
    # What coins make of it is told, and then paid.
    assert sum(below) - completion.rounding_minor == total_minor + completion.rounding_minor
    assert figures.tax_minor == sum(row.tax_minor for row in figures.taxes)
    net_minor = figures.subtotal_minor + figures.discount_minor + figures.comp_minor
    net_minor += sum(one.amount_minor for one in figures.charges) + untaxed_minor(figures)
    assert figures.total_minor == net_minor + on_top_minor


@pytest.mark.parametrize(("country", "place", "included"), STORES)
@settings(max_examples=examples(30), deadline=None)
@given(baskets, baskets, st.tuples(st.integers(0, 100), st.integers(0, 30)), st.data())
def test_what_goes_back_adds_up_on_paper(
    country: str,
    place: str,
    included: bool,
    sold: Baskets,
    taken: Baskets,
    off: tuple[int, int],
    data: st.DataObject,
) -> None:
    """Some of a sale comes back and other goods go out for it: whatever taxes are in the prices or
    on top of them, and whoever is free of them, then or now; with charges, and with what is given
    away."""
    shop, goods = _store(country, place, included=included)
    _charge(shop, goods, wanted=data.draw(choices, label="with charges"))
    sale = _sell(shop, goods, sold, off)
    _free(shop, wanted=data.draw(choices, label="free when sold"))
    if data.draw(choices, label="the first one given away"):
        shop.ok(CompLine(1, "a birthday"))
    _pay(shop)
    assert_adds_up(shop, sale)
    for line, (_, count) in enumerate(sold, 1):
        pieces = data.draw(st.integers(0, count), label=f"back of line {line}")
        if pieces:
            shop.ok(AddReturnLine(sale, line, pieces * 1000, "not needed"))
    for charge in shop.order(sale).charges:
        if data.draw(choices, label="a charge back"):
            shop.ok(AddReturnLine(sale, charge.line, 1000, "never served"))
    exchange = _sell(shop, goods, taken, (0, 0))
    _free(shop, wanted=data.draw(choices, label="free now"))
    _pay(shop)
    assert_adds_up(shop, exchange)
