"""Taxes by the litre, kilogram and degree on what is sold by the piece."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from countertop.importer import prepare
from engine.catalog import ChangeItem, CodeEntry, InstallSegment, Item
from engine.decision import EVENTS
from engine.measures import Measures, measured
from engine.order.commands import AddLine, AddReturnLine, ChangeQuantity
from engine.order.events import LineAdded
from engine.order.refusal import Refusal
from engine.tax_document import TaxKind, Unit
from engine.tax_rules import TaxRule
from native import PriceBook, SegmentBuilder
from tests.shop import Shop, item
from tests.tax_shop import by_rule, figures_of, rule, ruled, setup, sums_agree

LEVY = rule(
    "levy", 240_000, tax_type="levy", kind=TaxKind.PER_UNIT, unit=Unit.LITRE,
    categories=frozenset(("reduced",)), affects_later=True,
)  # fmt: skip
EXCISE = rule(
    "excise", 130_300, tax_type="excise", kind=TaxKind.PER_UNIT, unit=Unit.DEGREE,
    categories=frozenset(("standard",)), affects_later=True,
)  # fmt: skip
BY_WEIGHT = rule(
    "coffee", 2_190_000, tax_type="coffee", kind=TaxKind.PER_UNIT, unit=Unit.KG,
    categories=frozenset(("meal",)),
)  # fmt: skip


def vat(*after: str) -> TaxRule:
    """A fifth on top of the price and of the taxes named."""
    return rule("vat", 200_000, after=after)


def shop_with(*items: Item, rules: tuple[TaxRule, ...]) -> Shop:
    """An open shop that sells these items under these rules."""
    shop = ruled(setup(*rules))
    for entry in items:
        shop.ok(ChangeItem(entry), admin=True)
    return shop


def cola(**changes: Any) -> Item:
    """A bottle of a litre and a half, alone and in sixes."""
    codes = (CodeEntry("cola"), CodeEntry("cola-six", -1, 6_000))
    base: dict[str, Any] = {"codes": codes, "measures": Measures(1_500)}
    return item("cola", "Cola", 200, **{**base, **changes})


RUM = item("rum", "Rum", 2_000, tax_class="standard", measures=Measures(700, 0, 28_000))


def test_a_levy_by_the_litre_is_asked_of_bottles_sold_by_the_piece() -> None:
    """Two bottles of 1.5 l at 24 cents a litre: 72 cents, on which the VAT stands."""
    shop = shop_with(cola(), rules=(LEVY, vat("levy")))
    order_id = shop.ok(AddLine("cola", "", 2_000))["order_id"]
    shop.pay()
    figures = figures_of(shop, order_id)
    sums_agree(figures)
    assert {"levy": (400, 72), "vat": (472, 94)} == by_rule(figures)
    assert 566 == figures.total_minor
    assert "levy 0.24/litre" in str(shop.printed()[-1])


def test_a_case_has_the_litres_of_its_bottles_and_a_new_quantity_those_of_all() -> None:
    """A six by its own code is 9 l; three of them are 27 l."""
    shop = shop_with(cola(), rules=(LEVY,))
    order_id = shop.ok(AddLine("cola-six"))["order_id"]
    assert 1_200 + 216 == shop.ok(ChangeQuantity(1, 1_000))["total_minor"]
    shop.ok(ChangeQuantity(1, 3_000))
    shop.pay()
    assert {"levy": (3_600, 648)} == by_rule(figures_of(shop, order_id))


def test_an_excise_by_the_degree_is_asked_of_spirits() -> None:
    """0.7 l at 40 % have 28 litre degrees: 3.65 at 13.03 a litre of alcohol.

    Source: AlkStG section 2 (1), 1303 EUR a hectolitre of alcohol; read 2026-11.
    """
    shop = shop_with(RUM, cola(), rules=(EXCISE, LEVY, vat("excise", "levy")))
    order_id = shop.ring("rum", "cola")
    shop.pay()
    figures = figures_of(shop, order_id)
    sums_agree(figures)
    assert {"excise": (2_000, 365), "levy": (200, 36), "vat": (2_601, 520)} == by_rule(figures)


def test_what_goes_back_of_a_measured_line_ends_at_the_levy_that_was_paid() -> None:
    """Three bottles of a third of a litre, taken back one by one: 24 cents of levy in all."""
    shop = shop_with(cola(measures=Measures(333)), rules=(LEVY,))
    order_id = shop.ok(AddLine("cola", "", 3_000))["order_id"]
    shop.pay()
    paid = figures_of(shop, order_id)
    back = 0
    for _ in range(3):
        returned = shop.ok(AddReturnLine(order_id, 1, 1_000, "flat"))["order_id"]
        shop.pay()
        back += figures_of(shop, returned).tax_minor
    assert 24 == paid.tax_minor == -back


def test_what_says_no_measure_is_refused_at_the_line_as_before() -> None:
    """A tax by the litre has no answer for a bottle nobody measured."""
    shop = shop_with(cola(measures=None), RUM, rules=(LEVY, BY_WEIGHT))
    assert Refusal.TAXES_MUST_APPLY == shop.no(AddLine("cola"))
    shop.ok(AddLine("rum"))


def test_goods_by_weight_may_hold_litres_too() -> None:
    """Half a kilogram of what has 0.8 l a kilogram is 0.4 l."""
    syrup = item("syrup", "Syrup", 1_000, unit="kg", measures=Measures(800))
    shop = shop_with(syrup, rules=(LEVY,))
    order_id = shop.ok(AddLine("syrup", "", 500))["order_id"]
    shop.pay()
    assert {"levy": (500, 10)} == by_rule(figures_of(shop, order_id))


@pytest.mark.parametrize(
    ("quantity_milli", "factor_milli", "litres"),
    [(1_000, 1_000, 1), (500, 1_000, 1), (499, 1_000, 0), (1_000, 500, 1), (2_000, 6_000, 12)],
)
def test_a_thousandth_is_shared_out_by_halves_away_from_nought(
    quantity_milli: int, factor_milli: int, litres: int
) -> None:
    """What a line has of a measure of a thousandth a piece."""
    found = measured(Measures(1), quantity_milli, factor_milli)
    assert [("litre", litres)] == found


def test_the_largest_measure_of_the_largest_line_is_counted_or_refused_never_wrapped() -> None:
    """A hundred thousand litres in each piece of the largest pack and quantity."""
    most = Measures(10**8, 10**8, 10**8)
    codes = (CodeEntry("cola"), CodeEntry("tank", 1, 99_999_000))
    shop = shop_with(cola(measures=most, codes=codes), rules=(LEVY,))
    assert 200 + 2_400_000 == shop.ok(AddLine("cola"))["total_minor"]
    refused = shop.no(AddLine("tank", "", 99_999_000))
    assert refused in (Refusal.TAXES_MUST_APPLY, Refusal.AMOUNT_MUST_BE_WITHIN_LIMIT)


def test_measures_of_a_file_are_taxed_and_segments_of_before_read_on(tmp_path: Path) -> None:
    """A file's litres reach the till; a segment without any is byte for byte what it was."""
    path = tmp_path / "items.csv"
    head = "code,name,price_minor,department,tax_class"
    path.write_text(f"{head}\nplain,Plain,100,Food,reduced\n")
    before = prepare(path, "EUR", frozenset(("reduced",)))
    assert b"CTSEG\0\0\x01" == before.segment[:8]
    path.write_text(f"{head},litres\nfizz,Fizz,200,Food,reduced,1.5\n")
    builder = SegmentBuilder.from_segment(before.segment)
    builder.merge(prepare(path, "EUR", frozenset(("reduced",))).segment)
    merged = builder.build()
    assert b"CTSEG\0\0\x02" == merged[:8]
    shop = ruled(setup(LEVY))
    book = PriceBook.from_segment(merged)
    shop.books.segments["ab" * 32] = book
    version = shop.books.catalog.version
    shop.ok(InstallSegment("ab" * 32, version, book.item_count, "items.csv"), admin=True)
    assert 200 + 36 == shop.ok(AddLine("fizz"))["total_minor"]
    assert Refusal.TAXES_MUST_APPLY == shop.no(AddLine("plain"))


def test_a_line_of_before_there_were_measures_reads_on() -> None:
    """A fact without the field has no measures; one with them reads back as it was."""
    shop = shop_with(RUM, rules=(EXCISE,))
    shop.ring("rum")
    (fact,) = shop.events(LineAdded)
    packed = EVENTS.pack(fact)
    assert fact == EVENTS.unpack(packed)
    del packed["data"]["item"]["measures"]
    assert EVENTS.unpack(packed).item.measures is None
