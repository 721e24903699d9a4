"""A bakery's real half year, sold over nng on four registers: the Zs are the sums of the file."""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterator
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field

from benches.load import Plan
from benches.own_store import PIN, own_store, set_up, work_directory
from benches.saturday import load_store, places_of
from countertop.seed import DEMO_TAXES

REGISTERS = 4
NONE = "NONE"


@define
class Item:
    """A row of the price list, and the code it is given here."""

    code: str
    price_minor: int
    department: str
    tax_class: str


@define
class Expected:
    """What one register's Z should hold, reckoned from the file alone."""

    sales: int = 0
    total_minor: int = 0
    tax_minor: Counter[str] = field(factory=Counter)
    gross_minor: Counter[str] = field(factory=Counter)


def price_list(path: Path) -> dict[str, Item]:
    """Every item by name."""
    with path.open(encoding="utf-8", newline="") as file:
        return {
            row["item"]: Item(
                f"B{number:03}", int(row["price_minor"]), row["department"], row["tax_class"]
            )
            for number, row in enumerate(csv.DictReader(file), 1)
        }


def transactions(path: Path) -> tuple[list[list[str]], int]:
    """The items of each transaction in the order of the till, and how many rows say NONE."""
    found: dict[int, list[str]] = defaultdict(list)
    nothing = 0
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["item"] == NONE:
                nothing += 1
            else:
                found[int(row["transaction"])].append(row["item"])
    return [found[number] for number in sorted(found)], nothing


def half_up(amount: Fraction) -> int:
    """A positive amount to the nearest whole number, a half upwards."""
    return floor(amount + Fraction(1, 2))


def expected(baskets: list[list[str]], items: dict[str, Item]) -> Expected:
    """The sums of some transactions: prices include tax, rounded per rate and sale."""
    rates = {entry.id: Fraction(entry.rate_ppm, 1_000_000) for entry in DEMO_TAXES}
    sums = Expected(sales=len(baskets))
    for basket in baskets:
        of_class: Counter[str] = Counter()
        for name in basket:
            of_class[items[name].tax_class] += items[name].price_minor
        for tax_class, total in of_class.items():
            rate = rates[tax_class]
            sums.tax_minor[tax_class] += half_up(total * rate / (1 + rate))
            sums.gross_minor[tax_class] += total
        sums.total_minor += of_class.total()
    return sums


def write_catalog(path: Path, items: dict[str, Item]) -> None:
    """The price list as the import reads it."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("code", "name", "department", "tax_class", "price_minor"))
        for name, item in items.items():
            writer.writerow((item.code, name, item.department, item.tax_class, item.price_minor))


@pytest.fixture(scope="module")
def half_year(shared_data: Path) -> Iterator[tuple[dict[str, Item], list[list[str]], Any]]:
    """The price list, the transactions, and the result of selling all of them."""
    items = price_list(shared_data / "bakery_items.csv")
    baskets, nothing = transactions(shared_data / "bakery_transactions.csv.gz")
    assert nothing == 786
    codes = tuple(tuple(items[name].code for name in basket) for basket in baskets)
    prices = {item.code: item.price_minor for item in items.values()}
    places = places_of(REGISTERS, "", "", PIN)
    with work_directory() as directory, own_store(directory) as store:
        catalog = directory / "bakery.csv"
        write_catalog(catalog, items)
        set_up(store, places, catalog)
        yield items, baskets, load_store(store, Plan(places, codes, prices_minor=prices))


@pytest.mark.slow
def test_every_z_is_the_sum_of_the_file(half_year: Any) -> None:
    """Sales, total, cash, and each tax class with its tax equal an independent sum."""
    items, baskets, result = half_year
    assert result.tally.errors == {}
    assert sorted(result.zs) == ["1", "2", "3", "4"]
    for number in range(REGISTERS):
        wanted = expected(baskets[number::REGISTERS], items)
        totals = result.zs[str(number + 1)]["totals"]
        assert totals["sales"] == wanted.sales
        assert totals["total_minor"] == totals["tenders"]["cash"] == wanted.total_minor
        assert {row["tax_class"]: row["tax_minor"] for row in totals["taxes"]} == wanted.tax_minor
        assert {
            row["tax_class"]: row["total_minor"] for row in totals["taxes"]
        } == wanted.gross_minor
        assert (totals["receipt_first"], totals["receipt_last"]) == (1, wanted.sales)


@pytest.mark.slow
def test_nothing_of_the_file_is_left_out(half_year: Any) -> None:
    """All transactions that hold an item were sold, every row once."""
    _, baskets, result = half_year
    assert sum(entry.sales for entry in result.tally.sums.values()) == len(baskets)
    assert len(result.tally.waits_ns["order.add_line"]) == sum(map(len, baskets))
