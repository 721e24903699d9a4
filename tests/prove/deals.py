"""How much of the largest saving the floor finds on carts of a hundred lines: against CP-SAT.

`python -m tests.prove.deals [--carts N] [--seconds S] [--json FILE]`; needs `ortools`. First the
model is held to trying every way, on small carts; then made carts of every shape are priced by
the floor and given to the solver. The same numbers make the same carts on every machine.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from attrs import frozen

import native
from tests.native import promo_twin
from tests.native.promo_twin import Rule, Unit
from tests.prove.deals_model import largest_saving

LINES = 100
LineTuple = tuple[int, int, int, bool, bool, int]


@frozen
class Cart:
    """Rules of a shop with so many items, and (item, minor units, pieces) of each line."""

    rules: list[Rule]
    items: int
    rows: list[tuple[int, int, int]]

    def lines(self) -> list[LineTuple]:
        """As the floor takes them."""
        return [(item, minor * 10_000, count * 1_000, True, True, 0) for item, minor, count in self.rows]

    def units(self) -> list[Unit]:
        """As the twin takes them."""
        return [Unit(minor, 0, item) for item, minor, count in self.rows for _ in range(count)]

    def saving_minor(self) -> int:
        """What the floor takes off."""
        compiled = native.PromotionSet(self.rules, self.items)
        return -native.price_cart(compiled, self.lines()).discount_minor


def benefit(chance: random.Random) -> tuple[object, ...]:
    """Six in ten on each unit, the others on several together, as shops have them."""
    percent = ("percent", 50_000 * chance.randint(1, 8))
    free = ("percent", 1_000_000)
    kind = chance.randrange(20)
    if kind < 10:
        return ("each", 0, percent)
    if kind < 13:
        return ("bundle", [(0, chance.randint(2, 3))], percent)
    if kind < 15:
        return ("bundle", [(0, chance.randint(2, 3))], ("price", 100 * chance.randint(3, 20)))
    if kind < 18:
        return ("buy_get", 0, chance.randint(1, 2), 0, 1, free, "cheapest")
    return ("tiers", 0, [(chance.randint(2, 4), percent)], False, "cheapest")


def price(chance: random.Random) -> int:
    """Many cheap things, few dear ones; mostly on a nine."""
    minor = int(chance.lognormvariate(5.8, 0.8))
    return max(29, minor - minor % 10 + 9)


def rule(number: int, items: Sequence[int], gives: tuple[object, ...]) -> Rule:
    """A rule on a set of items."""
    return {"id": number, "class": "coupon", "sets": [(sorted(set(items)), [])], "benefit": gives}


def shop(chance: random.Random, links: int, lines: int = LINES) -> Cart:
    """Rules scattered over a shop, about so many on each item the cart has."""
    items, size = 400, 8
    count = items * links // size
    rules = [
        rule(number, [chance.randrange(items) for _ in range(size)], benefit(chance))
        for number in range(1, count + 1)
    ]
    prices = [price(chance) for _ in range(items)]
    rows = [(item, prices[item], 1 + (chance.random() < 0.15)) for item in chance.sample(range(items), lines)]
    return Cart(rules, items, rows)


def one_link(chance: random.Random) -> Cart:
    """About one rule an item."""
    return shop(chance, 1)


def ten_links(chance: random.Random) -> Cart:
    """About ten rules an item."""
    return shop(chance, 10)


def contested(chance: random.Random) -> Cart:
    """Departments of many lines that several rules want at once, and rules across them."""
    items, size = LINES, 20
    rules = []
    for department in range(items // size):
        inside = range(department * size, (department + 1) * size)
        for _ in range(3):
            rules.append(rule(len(rules) + 1, list(inside), benefit(chance)))
    for _ in range(8):
        across = chance.sample(range(items), 12)
        rules.append(rule(len(rules) + 1, across, benefit(chance)))
    rows = [(item, price(chance), 1) for item in range(items)]
    return Cart(rules, items, rows)


SHAPES: dict[str, Callable[[random.Random], Cart]] = {
    "about one rule an item": one_link,
    "about ten rules an item": ten_links,
    "contested departments": contested,
}


def check_model(carts: int) -> None:
    """Hold the model to trying every way, on carts small enough for that."""
    for seed in range(carts):
        chance = random.Random(seed)
        rules = [
            rule(number, [chance.randrange(4) for _ in range(3)], benefit(chance))
            for number in range(1, 5)
        ]
        rows = [(chance.randrange(4), price(chance), chance.randint(1, 2)) for _ in range(4)]
        small = Cart(rules, 4, rows[: chance.randint(2, 4)])
        units = small.units()
        expected = sum(unit.amount for unit in units) - promo_twin.total(rules, units)
        found = largest_saving(rules, units, seconds=10)
        if found is None or found.saving_minor != expected or small.saving_minor() != expected:
            raise AssertionError(f"cart {seed}: {expected} by every way, {found} by the model")


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; the exit code."""
    parser = argparse.ArgumentParser(prog="tests.prove.deals", description=__doc__)
    parser.add_argument("--carts", type=int, default=10, help="of each shape")
    parser.add_argument("--small", type=int, default=60, help="carts the model is checked on")
    parser.add_argument("--seconds", type=float, default=60, help="for the solver, a cart")
    parser.add_argument("--shape", type=int, default=-1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    if find_spec("ortools") is None:
        sys.stdout.write("ortools is not installed: `uv sync --group prove` gets it\n")
        return 0
    began = time.monotonic()
    check_model(options.small)
    print("model ok", time.monotonic() - began)
    for at, (name, make) in enumerate(SHAPES.items()):
        if options.shape not in (-1, at):
            continue
        for seed in range(options.carts):
            cart = make(random.Random(seed))
            t = time.monotonic()
            own = cart.saving_minor()
            t1 = time.monotonic()
            best = largest_saving(cart.rules, cart.units(), seconds=options.seconds)
            t2 = time.monotonic()
            gap = 100 * (1 - own / best.saving_minor) if best else -1
            print(name, seed, own, best, f"gap {gap:.3f} % {1e3*(t1-t):.1f} ms {t2-t1:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
