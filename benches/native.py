"""The Rust floor against its Python twins, in one run.

`python -m benches.native [--tiny]`: extends an amount, prices orders and taxes documents of 8 and
200 lines, prices carts under promotions, checks stored records in their chain, looks up codes and
searches names among 100,000 made items. The twins are those the properties compare with
(`tests/native/`); the floor's figure includes the crossing from Python and back. Prints a table,
the ratios, what the price book takes in memory, and a digest of the results, the same in every run
of the same size. A twin that would take minutes is left out and shows as `-`: those searches are
compared with it in the `--tiny` run.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from attrs import frozen

import native
from benches import deals
from benches.journal import sample_entry
from engine.record import GENESIS, payload_bytes
from tests.native import promo_twin, tax_twin, twins
from tests.native.catalog_twin import Catalog, Item, search_names, words

RATES = [190_000, 70_000, 0]
ORDER_DISCOUNTS = [(1, 50_000), (2, 250)]
FIRST_CODE = 4_000_000_000_000
HEADS = ("whole", "fine", "dark", "light", "garden", "river", "golden", "little", "old", "fresh")
SOUNDS = ("ba", "ko", "li", "mer", "no", "pas", "ri", "sol", "ta", "ver")
KINDS = ("bread", "cheese", "juice", "coffee", "yoghurt", "biscuits", "chocolate", "crème", "tea")
# What is typed, and whether a twin without an index answers in seconds: errors cost it minutes.
QUERIES = (
    ("whole chee", True),
    ("crem", True),
    ("golden te 12", True),
    ("likobababa", False),
    ("choclate dark", False),
    ("yogurt merko", False),
    ("wholecheese", False),
)


@frozen
class Figure:
    """One comparison: nanoseconds a call, native and twin (0: left out), and what it gave."""

    name: str
    native_ns: int
    twin_ns: int
    result: str

    def line(self) -> str:
        """A row of the table."""
        row = f"{self.name:<32} {self.native_ns / 1_000:>11,.2f} us"
        if not self.twin_ns:
            return f"{row}  {'-':>16}  {'-':>9}"
        ratio = self.twin_ns / max(1, self.native_ns)
        return f"{row}  {self.twin_ns / 1_000:>13,.2f} us  {ratio:>7,.1f} x"


def best_ns(call: Callable[[], object], repeats: int, rounds: int = 5) -> int:
    """The fastest of some rounds, a call of it: what the work costs without the neighbours."""
    best = sys.maxsize
    for _ in range(rounds):
        begun = time.perf_counter_ns()
        for _ in range(repeats):
            call()
        best = min(best, (time.perf_counter_ns() - begun) // repeats)
    return best


def calibration_ns(rounds: int) -> int:
    """A loop of 1,000 xorshift steps in Python, to compare machines by."""

    def steps() -> int:
        state = 1
        for _ in range(1_000):
            state ^= state << 13 & 0xFFFF_FFFF_FFFF_FFFF
            state ^= state >> 7
            state ^= state << 17 & 0xFFFF_FFFF_FFFF_FFFF
        return state

    return best_ns(steps, rounds)


def order_lines(count: int) -> list[twins.LineTuple]:
    """Lines as a basket has them: some weighed, some discounted, a return at each tenth."""
    lines: list[twins.LineTuple] = []
    for number in range(count):
        tax = number % len(RATES)
        if number % 10 == 9:
            lines.append((0, 0, tax, 9, 0, False, -119, -19 if tax == 0 else 0))
            continue
        price = 990_000 + 370_000 * (number % 23)
        quantity = 1_000 if number % 3 else 731
        kind, value = ((0, 0), (1, 100_000), (2, 25))[number % 5 % 3]
        lines.append((price, quantity, tax, kind, value, number % 4 != 0, 0, 0))
    return lines


def made_items(count: int) -> list[Item]:
    """Items with names of common words and, two by two, a word of their own."""
    items = []
    for number in range(count):
        rare = "".join(SOUNDS[int(digit)] for digit in f"{number // 2:05}"[::-1])
        name = f"{HEADS[number // 7 % 10]} {KINDS[number % 9]} {rare} {number % 250}g"
        items.append(Item(f"item-{number:06}", name, department=KINDS[number % 9], tax_class="s"))
    return items


def pricing(count: int, repeats: int) -> Figure:
    """Price one order both ways."""
    lines = order_lines(count)

    def with_floor() -> native.PricedOrder:
        return native.price_order(
            lines, ORDER_DISCOUNTS, RATES, True, "rate_document", "half_up", 2
        )

    def with_twin() -> twins.Order:
        return twins.price_order(lines, ORDER_DISCOUNTS, RATES, True, "rate_document", "half_up", 2)

    order, expected = with_floor(), with_twin()
    if (order.total_minor, order.tax_minor) != (expected.total, expected.tax):
        raise AssertionError(f"the floor and its twin disagree on an order of {count} lines")
    return Figure(
        f"price an order of {count} lines",
        best_ns(with_floor, repeats),
        best_ns(with_twin, max(1, repeats // 50), rounds=2),
        f"{order.subtotal_minor} {order.discount_minor} {order.tax_minor} {order.total_minor}",
    )


def taxing(count: int, repeats: int) -> Figure:
    """Tax one document both ways, each line by one of three rates inside its price."""
    lines: list[tax_twin.LineTuple] = [
        (price, quantity, "piece", 0, [index], [])
        for price, quantity, index, kind, *_ in order_lines(count)
        if kind != twins.FIXED
    ]
    taxes: list[tax_twin.TaxTuple] = [
        ("percent", rate, "", True, False, True, "charged", None, None) for rate in RATES
    ]
    policy = ("rate_document", "half_up", "tax_first", "largest", "rounded", "half_up", "gross")

    def with_floor() -> native.TaxedDocument:
        return native.tax_document(lines, taxes, policy, 2)

    def with_twin() -> dict[str, Any]:
        return tax_twin.tax_document(lines, taxes, policy, 2)

    done, expected = with_floor(), with_twin()
    if (done.net_minor, done.tax_minor) != (expected["net_minor"], expected["tax_minor"]):
        raise AssertionError(f"the floor and its twin disagree on a document of {count} lines")
    return Figure(
        f"tax a document of {count} lines",
        best_ns(with_floor, repeats),
        best_ns(with_twin, max(1, repeats // 100), rounds=2),
        f"{done.net_minor} {done.tax_minor} {done.gross_minor}",
    )


def amounts(repeats: int) -> Figure:
    """Extend one amount both ways."""
    return Figure(
        "extend an amount",
        best_ns(lambda: native.extend_amount(12_345_678, 1_275, 2), repeats),
        best_ns(lambda: twins.extend_amount(12_345_678, 1_275, 2), max(1, repeats // 10)),
        str(native.extend_amount(12_345_678, 1_275, 2)),
    )


def offers(count: int) -> list[promo_twin.Rule]:
    """Promotions of every other kind, each on a few of twelve items."""
    benefits: list[tuple[object, ...]] = [
        ("each", 0, ("percent", 100_000)),
        ("bundle", [(0, 2)], ("price", 500)),
        ("buy_get", 0, 2, 0, 1, ("percent", 1_000_000), "cheapest"),
        ("tiers", 0, [(3, ("percent", 150_000))], False, "cheapest"),
    ]
    return [
        {
            "id": number,
            "class": "coupon",
            "sets": [([number % 12, number * 5 % 12], [])],
            "benefit": benefits[number % len(benefits)],
        }
        for number in range(count)
    ]


def promotions(repeats: int) -> list[Figure]:
    """A small cart both ways; a larger one, and one scan of it, natively only."""
    rows = [(number % 12, 1_990_000 + 700_000 * (number % 5)) for number in range(8)]
    lines = [(item, price, 1_000, True, True, 0) for item, price in rows]
    units = [promo_twin.Unit(price // 10_000, 0, item) for item, price in rows[:5]]
    few, many = native.PromotionSet(offers(4), 12), native.PromotionSet(offers(20), 12)
    small, large = native.price_cart(few, lines[:5]), native.price_cart(many, lines)
    if small.total_minor != promo_twin.total(offers(4), units):
        raise AssertionError("the floor and its twin disagree on a cart under promotions")
    cart = native.Cart(many)
    for line in lines:
        cart.add_line(line)
    one, two = lines[0], (*lines[0][:2], 2_000, *lines[0][3:])

    def scan_twice() -> int:
        cart.change_line(0, two)
        return cart.change_line(0, one)[1]

    return [
        Figure(
            "5 lines, 4 promotions",
            best_ns(lambda: native.price_cart(few, lines[:5]), repeats),
            best_ns(lambda: promo_twin.total(offers(4), units), 1, rounds=2),
            f"{small.total_minor} {small.proof}",
        ),
        Figure(
            "8 lines, 20 promotions",
            best_ns(lambda: native.price_cart(many, lines), repeats),
            0,
            f"{large.total_minor} {large.proof}",
        ),
        Figure("change a line of 8, and back", best_ns(scan_twice, repeats), 0, str(scan_twice())),
        Figure("ask a cart its total", best_ns(lambda: cart.total_minor, repeats), 0, ""),
    ]


def commands(repeats: int) -> list[Figure]:
    """What promotions cost the engine at a command, and what one scan of a kept cart takes."""
    shop = deals.shop_deals()
    figures = []
    for count in (10, 50, 200):
        call = deals.take_off(shop, count)
        off = sum(one.amount_minor for line in call() for one in line)
        name = f"take off {count} lines, 500 rules"
        figures.append(Figure(name, best_ns(call, repeats), 0, str(off)))
    for count in (10, 200):
        shortest_ns, total_minor = deals.scan_ns(shop, count, repeats)
        figures.append(Figure(f"scan line {count}, 500 rules", shortest_ns, 0, str(total_minor)))
    return figures


def chaining(count: int, repeats: int) -> Figure:
    """Check that stored records follow one another and say what their columns do, both ways."""
    rows: list[twins.Row] = []
    previous = GENESIS
    for entry in map(sample_entry, range(count)):
        (fact,) = entry.records
        payload, position = payload_bytes(fact), len(rows) + 1
        columns = (fact.stream, fact.stream_version, fact.name, fact.command_id)
        previous = native.chain_hash("s", "live", 1, position, previous, payload)
        rows.append((position, 1, "live", *columns, payload, previous))

    def with_floor() -> int:
        return native.chained_count("s", rows, 0, 1, GENESIS)

    def with_twin() -> int:
        return twins.chained_count("s", rows, 1, GENESIS)

    if not with_floor() == with_twin() == count:
        raise AssertionError("the floor and its twin disagree on records that follow one another")
    return Figure(
        f"check {count} records in the chain",
        best_ns(with_floor, repeats),
        best_ns(with_twin, max(1, repeats // 50), rounds=2),
        previous.hex(),
    )


def lookups(book: native.PriceBook, twin: Catalog, repeats: int) -> Figure:
    """Find the same codes in the book and in a dictionary of Python objects."""
    codes = [str(FIRST_CODE + number * 37 % len(twin.codes)) for number in range(50)]

    def from_twin() -> list[Item]:
        return [twin.items[twin.codes[code][0]] for code in codes]

    found = [book.find_code(code) for code in codes]
    return Figure(
        "find 50 codes (twin: two dicts)",
        best_ns(lambda: [book.find_code(code) for code in codes], repeats),
        best_ns(from_twin, repeats),
        " ".join(row.item_id if row else "-" for row in found),
    )


def searches(
    book: native.PriceBook, named: Sequence[tuple[Item, Sequence[str]]], repeats: int, *, tiny: bool
) -> list[Figure]:
    """Search as people type: prefixes, typing errors, words written together."""
    figures = []
    for query, quick in QUERIES:
        found = [row.item_id for row in book.search(query, 20)]
        twin_ns = 0
        if quick or tiny:
            begun = time.perf_counter_ns()
            expected = search_names(named, query, 20)
            twin_ns = time.perf_counter_ns() - begun
            if found != expected:
                raise AssertionError(f"the floor and its twin disagree on the search {query!r}")
        native_ns = best_ns(partial(book.search, query, 20), repeats)
        figures.append(Figure(f"search {query!r}", native_ns, twin_ns, " ".join(found)))
    return figures


# Run by itself, so that nothing freed before hides what the book takes.
LOAD = """
import sys, time
from pathlib import Path
from typing import Any
import native

def resident_kb():
    rows = dict(row.split(":", 1) for row in Path("/proc/self/status").read_text().splitlines())
    return int(rows["VmRSS"].split()[0])

data = sys.stdin.buffer.read()
before, begun = resident_kb(), time.perf_counter_ns()
book = native.PriceBook.from_segment(data)
print((time.perf_counter_ns() - begun) // 1_000_000, resident_kb() - before)
"""


def loading(data: bytes) -> str:
    """What reading a segment costs, in a process of its own."""
    head = f"segment of {len(data) / 1_000_000:.1f} MB"
    if not Path("/proc/self/status").exists():
        return f"{head}; what it takes in memory is measured on Linux only"
    done = subprocess.run([sys.executable, "-c", LOAD], input=data, capture_output=True, check=True)
    elapsed_ms, grown_kb = (int(figure) for figure in done.stdout.split())
    return f"{head} read and indexed in {elapsed_ms} ms, {grown_kb / 1_024:.1f} MB resident"


def catalogs(items: Sequence[Item]) -> tuple[bytes, Catalog]:
    """The items, each with a code, as a segment and as Python objects."""
    builder, twin = native.SegmentBuilder(), Catalog()
    for number, item in enumerate(items):
        code = str(FIRST_CODE + number)
        builder.put_item(item.row())
        builder.put_code(code, item.item_id)
        twin.items[item.item_id] = item
        twin.codes[code] = (item.item_id, -1, 1_000)
    return builder.build(), twin


def report(*, tiny: bool) -> list[str]:
    """Measure everything; the lines to print."""
    items = made_items(200 if tiny else 100_000)
    data, twin = catalogs(items)
    book = native.PriceBook.from_segment(data)
    named = [(item, words(item.name)) for item in items]
    figures = [
        amounts(100 if tiny else 20_000),
        pricing(8, 10 if tiny else 2_000),
        pricing(200, 2 if tiny else 200),
        taxing(8, 10 if tiny else 2_000),
        taxing(200, 2 if tiny else 200),
        *promotions(5 if tiny else 2_000),
        *commands(2 if tiny else 200),
        chaining(256, 2 if tiny else 200),
        lookups(book, twin, 2 if tiny else 500),
        *searches(book, named, 1 if tiny else 10, tiny=tiny),
    ]
    digest = hashlib.sha256("\n".join(figure.result for figure in figures).encode())
    return [
        f"a loop of 1,000 steps: {calibration_ns(1 if tiny else 20) / 1_000:,.2f} us",
        f"{'':<32} {'native':>14}  {'Python twin':>16}  {'ratio':>9}",
        *(figure.line() for figure in figures),
        f"{book.item_count:,} items: {loading(data)}",
        f"digest {digest.hexdigest()[:16]}",
    ]


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="benches.native", description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="200 items and a few calls only")
    options = parser.parse_args(arguments)
    sys.stdout.write("\n".join(report(tiny=options.tiny)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
