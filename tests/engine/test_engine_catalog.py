"""What is for sale: items, codes, segments, and everything that is refused."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from engine import limits
from engine.catalog import (
    ChangeItem,
    CodeEntry,
    InstallSegment,
    ItemChanged,
    ItemRemoved,
    Refusal,
    RemoveItem,
    SegmentInstalled,
    check_digit_is_right,
    code_is_well_formed,
)
from engine.measures import Measures
from engine.order.commands import AddLine
from native import ItemRow, PriceBook, SegmentBuilder
from tests.shop import Shop, item


def test_an_item_is_for_sale_at_once() -> None:
    """A new item sells by its code; changed, it sells at the new price."""
    shop = Shop.selling()
    shop.ok(ChangeItem(item("tea", "Tea", 250)), admin=True)
    assert shop.ok(AddLine("tea"))["net_minor"] == 250
    shop.ok(ChangeItem(item("tea", "Tea", 275)), admin=True)
    assert shop.ok(AddLine("tea"))["net_minor"] == 275
    assert len(shop.events(ItemChanged)) == 2


def test_a_removed_item_no_longer_sells() -> None:
    """Its code is unknown and free again; what was rung up before keeps its words and price."""
    shop = Shop.selling()
    order_id = shop.ring("bread")
    shop.ok(RemoveItem("bread"), admin=True)
    assert shop.events(ItemRemoved) == [ItemRemoved("bread")]
    assert shop.no(AddLine("bread")) == "code_must_be_known"
    assert shop.order(order_id).lines[0].item.name == "Bread"
    shop.ok(ChangeItem(item("roll", "Roll", 60, codes=(CodeEntry("bread"),))), admin=True)
    assert shop.ok(AddLine("bread"))["name"] == "Roll"


def test_removing_what_is_not_there_is_refused() -> None:
    """An unknown item cannot be taken out."""
    assert Shop.open().no(RemoveItem("nothing"), admin=True) == Refusal.ITEM_MUST_EXIST


_CODES = tuple(CodeEntry(f"c{n}") for n in range(limits.CODES_PER_ITEM_MAX + 1))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"item_id": ""}, Refusal.ITEM_ID_MUST_BE_SHORT),
        ({"item_id": "i" * 65}, Refusal.ITEM_ID_MUST_BE_SHORT),
        ({"item_id": "a\tb"}, Refusal.ITEM_ID_MUST_BE_SHORT),
        ({"item_id": "🥖" * 33}, Refusal.ITEM_ID_MUST_BE_SHORT),
        ({"name": ""}, Refusal.NAME_MUST_BE_SHORT),
        ({"name": "n" * 121}, Refusal.NAME_MUST_BE_SHORT),
        ({"variation": "v" * 121}, Refusal.TEXT_MUST_BE_SHORT),
        ({"department": "d" * 121}, Refusal.TEXT_MUST_BE_SHORT),
        ({"image": "i" * 121}, Refusal.TEXT_MUST_BE_SHORT),
        ({"group": "g" * 65}, Refusal.TEXT_MUST_BE_SHORT),
        ({"tax_class": "luxury"}, Refusal.TAX_CLASS_MUST_EXIST),
        ({"unit": "dozen"}, Refusal.UNIT_MUST_BE_KNOWN),
        ({"unit_price_micros": -1}, Refusal.PRICE_MUST_NOT_BE_NEGATIVE),
        ({"unit_price_micros": 10**12 + 1}, Refusal.PRICE_MUST_NOT_BE_NEGATIVE),
        ({"sort": -1}, Refusal.SORT_MUST_BE_IN_RANGE),
        ({"sort": 2**31}, Refusal.SORT_MUST_BE_IN_RANGE),
        ({"measures": Measures(-1)}, Refusal.MEASURES_MUST_BE_WITHIN_LIMIT),
        ({"measures": Measures(0, 10**8 + 1)}, Refusal.MEASURES_MUST_BE_WITHIN_LIMIT),
        ({"measures": Measures(0, 0, 2**63)}, Refusal.MEASURES_MUST_BE_WITHIN_LIMIT),
        ({"unit": "l", "measures": Measures(1000)}, Refusal.MEASURE_MUST_NOT_BE_THE_UNIT),
        ({"unit": "kg", "measures": Measures(1, 1)}, Refusal.MEASURE_MUST_NOT_BE_THE_UNIT),
        ({"codes": _CODES}, Refusal.CODES_LIMIT_REACHED),
        ({"codes": (CodeEntry(""),)}, Refusal.CODE_MUST_BE_WELL_FORMED),
        ({"codes": (CodeEntry(" x"),)}, Refusal.CODE_MUST_BE_WELL_FORMED),
        ({"codes": (CodeEntry("🥖" * 33),)}, Refusal.CODE_MUST_BE_WELL_FORMED),
        ({"codes": (CodeEntry("bread"),)}, Refusal.CODE_MUST_BE_FREE),
        ({"codes": (CodeEntry("a"), CodeEntry("a"))}, Refusal.CODE_MUST_BE_FREE),
        ({"codes": (CodeEntry("a", -1, 0),)}, Refusal.FACTOR_MUST_BE_POSITIVE),
        ({"codes": (CodeEntry("a", -1, 10**12),)}, Refusal.FACTOR_MUST_BE_POSITIVE),
        ({"codes": (CodeEntry("a", -2),)}, Refusal.PRICE_MUST_NOT_BE_NEGATIVE),
        ({"codes": (CodeEntry("a", 10**12 + 1),)}, Refusal.PRICE_MUST_NOT_BE_NEGATIVE),
    ],
)
def test_items_that_cannot_be_are_refused(changes: dict[str, Any], code: str) -> None:
    """Each fault of an item has its name, and what is for sale stays as it was."""
    shop = Shop.open()
    body = ChangeItem(attrs.evolve(item("tea", "Tea", 250), **changes))
    assert shop.no(body, admin=True) == code
    assert shop.books.catalog.book.item_count == 7


def test_a_pack_dearer_than_any_price_is_refused() -> None:
    """A pack without a price of its own may not come to more than any item may cost."""
    dear = item("gold", "Gold", 1, unit_price_micros=10**12, codes=(CodeEntry("g", -1, 2000),))
    assert Shop.open().no(ChangeItem(dear), admin=True) == Refusal.PRICE_MUST_NOT_BE_NEGATIVE


def _segment(*rows: tuple[str, int]) -> PriceBook:
    builder = SegmentBuilder()
    for name, micros in rows:
        builder.put_item(ItemRow(name, name.title(), "", "Food", "reduced", micros))
        builder.put_code(name, name)
    return PriceBook.from_segment(builder.build())


def test_a_segment_replaces_the_catalog() -> None:
    """One fact names the new base by its hash; what was edited before is inside it or gone."""
    shop = Shop.selling()
    book = _segment(("kale", 1_990_000))
    shop.books.segments["hash"] = book
    version = shop.books.catalog.version
    answer = shop.ok(InstallSegment("hash", version, 1, "kale.csv"), admin=True)
    assert answer == {"item_count": 1}
    assert shop.events(SegmentInstalled) == [SegmentInstalled("hash", 1, "kale.csv")]
    assert shop.ok(AddLine("kale"))["net_minor"] == 199
    assert shop.no(AddLine("bread")) == "code_must_be_known"
    assert shop.books.catalog.overlay == ()


def test_segments_that_cannot_be_installed() -> None:
    """One that was not staged, and one merged over a catalog that has changed since."""
    shop = Shop.open()
    version = shop.books.catalog.version
    body = InstallSegment("hash", version, 1, "kale.csv")
    assert shop.no(body, admin=True) == Refusal.SEGMENT_MUST_BE_STAGED
    shop.books.segments["hash"] = _segment(("kale", 1_990_000))
    shop.ok(ChangeItem(item("tea", "Tea", 250)), admin=True)
    assert shop.no(body, admin=True) == Refusal.CATALOG_MUST_NOT_HAVE_CHANGED


def test_an_item_whose_tax_class_is_gone_cannot_be_rung_up() -> None:
    """A segment may name a class the store has not: the scan says so and adds nothing."""
    shop = Shop.selling()
    builder = SegmentBuilder()
    builder.put_item(ItemRow("odd", "Odd", "", "Food", "unheard", 1_000_000))
    builder.put_code("odd", "odd")
    shop.books.segments["hash"] = PriceBook.from_segment(builder.build())
    version = shop.books.catalog.version
    shop.ok(InstallSegment("hash", version, 1, "odd.csv"), admin=True)
    assert shop.no(AddLine("odd")) == "tax_class_must_exist"


@pytest.mark.parametrize(
    ("digits", "right"),
    [
        ("4000417025005", True),
        ("4000417025006", False),
        ("96385074", True),
        ("036000291452", True),
        ("10614141000415", True),
        ("10614141000416", False),
    ],
)
def test_check_digits(digits: str, right: bool) -> None:
    """The check digit of GTIN-8, -12, -13 and -14 tells a misread code."""
    assert check_digit_is_right(digits) is right


def test_well_formed_codes() -> None:
    """A code is printable, short and without space at its ends; spaces inside are fine."""
    assert code_is_well_formed("A 1")
    assert not any(map(code_is_well_formed, ("", " A", "A ", "A\n", "\x00", "9" * 65)))
