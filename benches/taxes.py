"""A scan in a store with tax rules, beside the same scan in a store with tax classes.

`python -m benches.taxes [--tiny]`: decides a scan into orders of 1, 8 and 40 lines under tax
classes, under two rules with one percentage, and under a stack of three taxes. Prints the
processor time of a decision, the ratios, and a digest of what the orders come to, the same in every
run of a size.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Callable

from engine.books import decide
from engine.decision import Command
from engine.order.commands import AddLine
from tests.shop import Shop
from tests.tax_shop import rule, ruled, setup

CODES = ("bread", "wine", "milk")
SIZES = (1, 8, 40)
FOOD = frozenset(("reduced",))
STACK = (
    rule("first", 60_000, affects_later=True),
    rule("second", 60_000, jurisdiction="bay", tax_type="state", after=("first",)),
    rule("third", 30_000, jurisdiction="port", tax_type="city", after=("second",)),
)


def plain() -> Shop:
    """Tax classes of 19 and 7 %."""
    return Shop.selling()


def single() -> Shop:
    """The same two percentages as rules."""
    low = rule("low", 70_000, included=True, categories=FOOD)
    return ruled(setup(rule("vat", 190_000, included=True), low))


def stacked() -> Shop:
    """Three taxes on top of one another."""
    return ruled(setup(*STACK))


def scan_ns(shop: Shop, lines: int, *, rounds: int, calls: int) -> tuple[int, int]:
    """(processor time of deciding one more scan, the best of `rounds`; the order's new total)."""
    for at in range(lines):
        shop.ok(AddLine(CODES[at % len(CODES)]))
    command = Command("scan", "1", "max", AddLine("bread"), shop.stamp())
    total = decide(command, shop.books).answer["total_minor"]
    best = 0
    for _ in range(rounds):
        began = time.process_time_ns()
        for _ in range(calls):
            decide(command, shop.books)
        took = (time.process_time_ns() - began) // calls
        best = min(best, took) if best else took
    return best, total


def main(arguments: list[str] | None = None) -> int:
    """Run and print; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benches.taxes", description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="seconds instead of a minute")
    tiny = parser.parse_args(arguments).tiny
    rounds, calls = (2, 5) if tiny else (60, 200)
    makers: tuple[Callable[[], Shop], ...] = (plain, single, stacked)
    totals = []
    print(f"{'scan into':<12} {'tax classes':>12} {'two rules':>18} {'stack of three':>18}")
    for lines in SIZES:
        found = [scan_ns(make(), lines, rounds=rounds, calls=calls) for make in makers]
        totals += [total for _, total in found]
        base = found[0][0]
        row = f"{lines:>4} lines   {base / 1_000:>9,.1f} us"
        for took, _ in found[1:]:
            row += f" {took / 1_000:>9,.1f} us {took / max(base, 1):>4.1f}x"
        print(row)
    digest = hashlib.sha256(repr(totals).encode()).hexdigest()[:16]
    print(f"digest {digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
