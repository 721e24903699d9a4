"""A catalog from a file, into a store that is selling: every fault told, nothing half done."""

from __future__ import annotations

import csv
import gzip
import random
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from countertop.importer import ImportFileError, prepare, write_errors
from countertop.seed import SeedError, doer, install_segment
from engine.wire import unstructure
from tests.shop import item
from tests.store.harness import OwnShop, open_shop

CLASSES = frozenset(("standard", "reduced"))
HEADER = (
    "code,name,department,tax_class,price_minor,unit,case_code,case_quantity,case_price_minor\n"
)


def _write(folder: Path, text: str | bytes, name: str = "items.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def _problems(path: Path) -> dict[int, str]:
    return {error.row: error.problem for error in prepare(path, "EUR", CLASSES).errors}


async def _import(shop: OwnShop, path: Path) -> int:
    prepared = prepare(path, "EUR", CLASSES)
    return await install_segment(shop.store, doer(shop.store), prepared.segment, path.name)


@pytest.mark.feature("CAT-12")
async def test_ten_thousand_items_load_with_a_report_and_no_half_row(folder: Path) -> None:
    """10,000 good rows sell, each faulty one is named by its row, and nothing of it sells."""
    drawn = random.Random(12)
    rows: list[tuple[str, int]] = []
    faulty: dict[int, str] = {}
    for number in range(10_000 + 40):
        code, price = f"code{number}", drawn.randrange(1, 9_999)
        if number % 251 == 250:
            price = -price
            faulty[number + 2] = code
        rows.append((code, price))
    path = folder / "many.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["code", "name", "department", "tax_class", "price_minor"]])
        csv.writer(file).writerows([code, code, "Food", "reduced", price] for code, price in rows)
    prepared = prepare(path, "EUR", CLASSES)
    report = folder / "many.csv.errors.csv"
    write_errors(report, prepared.errors)
    with report.open(newline="") as file:
        reported = {int(row["row"]): row["problem"] for row in csv.DictReader(file)}
    assert faulty.keys() == reported.keys()
    assert all("negative" in problem for problem in reported.values())

    async with open_shop(folder) as shop:
        before = shop.store.books.catalog.book.item_count
        count = await install_segment(shop.store, doer(shop.store), prepared.segment, "many.csv")
        assert count == before + len(rows) - len(faulty)
        assert count - before >= 10_000
        for number in drawn.sample(range(len(rows)), 200):
            code, price = rows[number]
            if number + 2 in faulty:
                assert await shop.refused("order.add_line", code=code) == "code_must_be_known"
            else:
                answer = await shop.do("order.add_line", code=code)
                assert answer["net_minor"] == price
        await shop.do("order.void", reason="test")


async def test_an_import_is_an_upsert(folder: Path) -> None:
    """Known items change, others stay, and what is on a line already keeps its price."""
    async with open_shop(folder) as shop:
        await shop.do("order.add_line", code="bread")
        path = _write(folder, HEADER + "bread,Rye bread,Food,reduced,420,,,,\n")
        before = shop.store.books.catalog.book.item_count
        assert await _import(shop, path) == before
        answer = await shop.do("order.add_line", code="bread")
        assert (answer["name"], answer["net_minor"]) == ("Rye bread", 420)
        assert answer["total_minor"] == 350 + 420
        assert (await shop.do("order.add_line", code="milk"))["net_minor"] == 129


async def test_the_catalog_is_the_same_after_a_restart(folder: Path) -> None:
    """A segment that was installed is there again, edits over it included."""
    async with open_shop(folder) as shop:
        await _import(shop, _write(folder, HEADER + "tea,Tea,Drinks,standard,250,,,,\n"))
        changed = item("tea", "Green tea", 275)
        await shop.office("catalog.change_item", item=unstructure(changed))
        digest = shop.hash()
    async with open_shop(folder, ready=False) as shop:
        assert shop.hash() == digest
        await shop.open_register()
        assert (await shop.do("order.add_line", code="tea"))["name"] == "Green tea"


async def test_an_edit_during_an_import_is_not_lost(folder: Path) -> None:
    """A segment that was merged over an older catalog is refused, and the edit stays."""
    async with open_shop(folder) as shop:
        do = doer(shop.store)

        async def edit_first(name: str, data: dict[str, Any]) -> Any:
            if name == "catalog.install_segment":
                await do("catalog.change_item", {"item": unstructure(item("bread", "Edited", 1))})
            return await do(name, data)

        prepared = prepare(
            _write(folder, HEADER + "tea,Tea,Drinks,standard,250,,,,\n"), "EUR", CLASSES
        )
        with pytest.raises(SeedError, match="catalog_must_not_have_changed"):
            await install_segment(shop.store, edit_first, prepared.segment, "items.csv")
        assert await shop.refused("order.add_line", code="tea") == "code_must_be_known"
        assert (await shop.do("order.add_line", code="bread"))["name"] == "Edited"


async def test_selling_goes_on_during_an_import(folder: Path) -> None:
    """A big import is merged off the loop: registers are answered meanwhile."""
    lines = [f"c{number},Item {number},Food,reduced,100,,,,\n" for number in range(30_000)]
    path = _write(folder, HEADER + "".join(lines))
    prepared = prepare(path, "EUR", CLASSES)
    async with open_shop(folder) as shop:
        sold = 0
        async with trio.open_nursery() as nursery:
            done = trio.Event()

            async def bring_in() -> None:
                install = partial(install_segment, shop.store, doer(shop.store))
                await install(prepared.segment, "big")
                done.set()

            nursery.start_soon(bring_in)
            while not done.is_set():
                await shop.sell()
                sold += 1
        assert sold > 1
        assert (await shop.do("order.add_line", code="c29999"))["net_minor"] == 100


def test_faults_are_told_by_row(folder: Path) -> None:
    """Each kind of bad row is named by its line and left out; the good ones stay."""
    text = HEADER + (
        "a1,Apple,Food,reduced,100,,,,\n"
        "a2,Negative,Food,reduced,-5,,,,\n"
        "a3,No class,Food,luxury,100,,,,\n"
        "a1,Twice,Food,reduced,100,,,,\n"
        "a5,Not a price,Food,reduced,1.5,,,,\n"
        "a6,Few fields,Food\n"
        ",No code,Food,reduced,100,,,,\n"
        "a8,Odd unit,Food,reduced,100,bucket,,,\n"
        "a9,,Food,reduced,100,,,,\n"
        "a10,Case,Food,reduced,100,,case10,,900\n"
        'a11,"Two\nlines",Food,reduced,100,,,,\n'
        "a12,Case,Food,reduced,100,,case12,12,1100\n"
    )
    prepared = prepare(_write(folder, text), "EUR", CLASSES)
    found = {error.row: error.problem for error in prepared.errors}
    assert prepared.items == 3
    assert "negative" in found[3]
    assert "tax class" in found[4]
    assert "row 2" in found[5]
    assert "whole number" in found[6]
    assert "3 fields" in found[7]
    assert "no code" in found[8]
    assert "unit" in found[9]
    assert "name" in found[10]
    assert "case_quantity" in found[11]
    assert len(found) == 9


def test_bytes_that_are_no_text_cost_their_row(folder: Path) -> None:
    """A line in another encoding is named; the lines around it are read."""
    text = (HEADER + "a1,Café,Food,reduced,100,,,,\n").encode()
    latin = "a2,Café,Food,reduced,100,,,,\n".encode("latin-1")
    path = _write(folder, text + latin + b"a3,Tea,Food,reduced,100,,,,\n")
    assert _problems(path) == {3: "is not UTF-8 text"}
    assert prepare(path, "EUR", CLASSES).items == 2


def test_a_byte_order_mark_and_gzip_are_read(folder: Path) -> None:
    """What spreadsheets and exports write around a CSV file does no harm."""
    text = ("\ufeff" + HEADER + "a1,Tea,Food,reduced,100,,,,\n").encode()
    assert prepare(_write(folder, text), "EUR", CLASSES).items == 1
    packed = _write(folder, gzip.compress(text), "items.csv.gz")
    assert prepare(packed, "EUR", CLASSES).items == 1


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("", "no readable header"),
        ("code,name,tax_class,price_minor", "department"),
        ("name,department,tax_class,price_minor", "code"),
        ("code,name,department,tax_class", "price_minor"),
        ("code,name,department,tax_class,price_minor,colour", "colour"),
        ("code,code,name,department,tax_class,price_minor", "twice"),
    ],
)
def test_a_file_with_other_columns_is_refused_whole(folder: Path, header: str, words: str) -> None:
    """Missing, unknown and doubled columns are named, and nothing is imported."""
    with pytest.raises(ImportFileError, match=words) as refused:
        prepare(_write(folder, header + "\na,b,c,reduced,1\n"), "EUR", CLASSES)
    assert "Nothing was imported" in str(refused.value)


def test_a_cut_off_gzip_is_refused_whole(folder: Path) -> None:
    """Half a download imports nothing."""
    packed = gzip.compress((HEADER + "a1,Tea,Food,reduced,100,,,,\n" * 500).encode())
    with pytest.raises(ImportFileError, match="cannot be read"):
        prepare(_write(folder, packed[: len(packed) // 2], "half.csv.gz"), "EUR", CLASSES)


def test_prices_are_exact_decimals(folder: Path) -> None:
    """A price column is read as decimal text, to a millionth, never as a binary fraction."""
    text = (
        "code,name,department,tax_class,price\na,Fuel,Car,standard,1.6790\nb,Bad,Car,standard,1e3\n"
    )
    prepared = prepare(_write(folder, text), "EUR", CLASSES)
    from native import PriceBook

    row = PriceBook.from_segment(prepared.segment).find_code("a")
    assert row is not None
    assert row.unit_price_micros == 1_679_000
    assert [error.row for error in prepared.errors] == [3]
