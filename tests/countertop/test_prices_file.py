"""A file of prices: what a shop may write, what is told of it, and what it may not say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from countertop.config import ConfigError, load
from countertop.errors import CommandFailedError
from countertop.prices import preview, read_prices, without_item
from engine.catalog import ChangeItem
from engine.price_list.decide import SetPrices
from engine.price_list.model import (
    ItemCost,
    PercentEntry,
    PriceEntry,
    PriceFloor,
    QuantityOf,
    QuantityPrice,
)
from tests.shop import Shop, item

ROOT = Path(__file__).resolve().parents[2]


def read(folder: Path, text: str) -> SetPrices:
    """What a file with this text stands for."""
    file = folder / "prices.toml"
    file.write_text(text)
    return read_prices(file)


def example(folder: Path) -> SetPrices:
    """The file of docs/prices.md."""
    found = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/prices.md").read_text(), re.DOTALL)
    (text,) = (entry for entry in found if "[[charge]]" not in entry)
    return read(folder, text)


def test_the_example_of_the_documentation_is_read(tmp_path: Path) -> None:
    """Each group, list, floor and cost, to the micro."""
    prices = example(tmp_path).prices
    trade, evening = prices.lists
    assert [group.employees for group in prices.customer_groups] == [False, True]
    assert trade.entries == (
        PriceEntry("bread", 3_000_000, 1_000, (QuantityPrice(10_000, 2_800_000),)),
        PriceEntry("water", 5_000_000, 12_000),
    )
    assert (trade.customer_groups, trade.quantity_of) == (("trade",), QuantityOf.ORDER)
    assert evening.percents == (PercentEntry(300_000, ("Bakery",), ("rye",)),)
    assert (evening.markdown, evening.business_day, len(evening.weekly)) == (True, True, 6)
    assert prices.floors == (PriceFloor(12_000_000, "novel"),)
    assert prices.costs == (ItemCost("bread", 1_150_000),)


def test_a_shop_takes_the_example(tmp_path: Path) -> None:
    """What the documentation shows can be put in force."""
    shop = Shop.selling()
    for name in ("rye", "novel"):
        shop.ok(ChangeItem(item(name, name, 1_500)), admin=True)
    assert shop.ok(example(tmp_path), admin=True) == {"price_lists": 2}


def test_what_is_told_before(tmp_path: Path) -> None:
    """Groups, lists with their conditions, floors and how many costs."""
    assert preview(example(tmp_path)) == [
        "group      trade: Trade",
        "group      staff: Staff",
        "list       trade: Trade prices, 2 prices, for trade",
        "list       evening: Evening, 1 prices, for everybody, at times, marked down",
        "floor      novel: 12.000000",
        "costs      of 1 items",
    ]


def test_an_item_that_is_not_for_sale_is_left_out(tmp_path: Path) -> None:
    """Of entries, exceptions, floors and costs; the others stay."""
    left = example(tmp_path).prices
    for name in ("bread", "rye", "novel"):
        left = without_item(left, name)
    trade, evening = left.lists
    assert [entry.item_id for entry in trade.entries] == ["water"]
    assert evening.percents[0].except_items == ()
    assert (left.floors, left.costs) == ((), ())


LIST = "[[price_list]]\nid = 'a'\nname = 'A'\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("price_list = [", "is no TOML"),
        ("[[price_lists]]\nid = 'a'", "field_must_be_known at price_lists"),
        ("[price_list]\nid = 'a'", "value_must_be_a_list"),
        (LIST + "colour = 'red'", "field_must_be_known at price_list[0].colour"),
        (LIST + "entries = [{ item = 'a' }]", "entries[0].price"),
        (LIST + "entries = [{ item = 'a', price = true }]", "number_must_be_decimal_text"),
        (LIST + "entries = [{ item = 'a', price = 1e3 }]", "number_must_be_decimal_text"),
        (LIST + "entries = [{ item = 'a', price = 0.0000001 }]", "decimals_must_be_at_most_6"),
        (LIST + "entries = [{ item = 'a', price = 1, pack = 0.0001 }]", "decimals_must_be"),
        (LIST + "percents = [{ off = 'ten' }]", "number_must_be_decimal_text"),
        (LIST + "quantity_of = 'basket'", "word_must_be_known"),
        (LIST + "markdown = 1", "value_must_be_true_or_false"),
        (LIST + "channels = [1]", "value_must_be_text"),
        (LIST + "starts = 2026-12-01T00:00:00", "has no offset"),
        (LIST + "weekly = ['Mon 16:00']", "are no hours"),
        ("[[cost]]\nitem = 'a'", "cost[0].cost"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, text: str, words: str) -> None:
    """The file, where it is wrong, that nothing was changed and what to do."""
    with pytest.raises(CommandFailedError, match=re.escape(words)) as told:
        read(tmp_path, text)
    assert "prices.toml" in str(told.value)
    assert "Nothing was changed" in str(told.value)


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    """Both are told by name."""
    with pytest.raises(CommandFailedError, match="There is no file"):
        read_prices(tmp_path / "gone.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(CommandFailedError, match="is no TOML"):
        read_prices(tmp_path / "binary.toml")


@pytest.mark.parametrize(
    ("text", "words"),
    [("x = " + "[" * 20_000 + "]" * 20_000, "nested too deeply"), ("x = " + "9" * 6_000, "digits")],
)
def test_more_than_a_reader_holds_is_told(tmp_path: Path, text: str, words: str) -> None:
    """Depth and a number of thousands of digits are told by name, here and in a configuration."""
    (tmp_path / "store.toml").write_text(text)
    with pytest.raises(CommandFailedError, match=words):
        read_prices(tmp_path / "store.toml")
    with pytest.raises(ConfigError, match=words):
        load(tmp_path / "store.toml")
