"""How much of the largest saving the floor finds on carts of a hundred lines: against CP-SAT.

`python -m tests.prove.deals [--carts N] [--seconds S] [--json FILE] [--keep]`; needs `ortools`,
which only the group `prove` has. First the model is held to trying every way, on small carts; then
made carts of every shape are priced by the floor and given to the solver. The same numbers make the
same carts on every machine. With `--keep` what the solver says of each cart is written beside this
file, for the test suite, which has no solver (`kept_answers`).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from attrs import define, frozen

import native
from tests.arguments import new_file, span, whole
from tests.native import promo_twin
from tests.native.promo_twin import Rule, Unit
from tests.prove.deals_model import Found, largest_saving
from tests.stopping import exit_with

LINES = 100
PPM = 1_000_000
GAP_PPM, WORST_PPM = 1_000, 5_000
KEPT = Path(__file__).with_name("deals_solved.json")
"""What the solver said of each cart, by shape and in the order of their numbers."""
LineTuple = tuple[int, int, int, bool, bool, int]


@frozen
class Cart:
    """Rules of a shop with so many items, and (item, minor units, pieces) of each line."""

    rules: list[Rule]
    items: int
    rows: list[tuple[int, int, int]]

    def lines(self) -> list[LineTuple]:
        """As the floor takes them."""
        return [
            (item, minor * 10_000, count * 1_000, True, True, 0) for item, minor, count in self.rows
        ]

    def units(self) -> list[Unit]:
        """As the twin takes them."""
        return [Unit(minor, 0, item) for item, minor, count in self.rows for _ in range(count)]

    def saving_minor(self) -> int:
        """What the floor takes off."""
        compiled = native.PromotionSet(self.rules, self.items)
        return -native.price_cart(compiled, self.lines()).discount_minor

    def digest(self) -> str:
        """Which cart it is: an answer is kept for this cart and no other."""
        content = json.dumps([self.rules, self.rows], separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()[:16]


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
    rows = [
        (item, prices[item], 1 + (chance.random() < 0.15))
        for item in chance.sample(range(items), lines)
    ]
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
    rules: list[Rule] = []
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


def small_cart(chance: random.Random) -> Cart:
    """Rules and rows so few that every way to share the goods can be tried."""
    rules = [
        rule(number, [chance.randrange(4) for _ in range(3)], benefit(chance))
        for number in range(1, 5)
    ]
    rows = [(chance.randrange(4), price(chance), chance.randint(1, 2)) for _ in range(4)]
    return Cart(rules, 4, rows[: chance.randint(2, 4)])


def by_every_way(cart: Cart) -> int:
    """The largest saving, found by trying every way; minor units."""
    units = cart.units()
    return sum(unit.amount for unit in units) - promo_twin.total(cart.rules, units)


def check_model(carts: int) -> None:
    """Hold the model to trying every way, on carts small enough for that."""
    for seed in range(carts):
        cart = small_cart(random.Random(seed))
        expected = by_every_way(cart)
        found = largest_saving(cart.rules, cart.units(), seconds=10)
        if found is None or found.saving_minor != expected or cart.saving_minor() != expected:
            raise AssertionError(f"cart {seed}: {expected} by every way, {found} by the model")


@define
class Outcome:
    """What carts of one shape came to."""

    shape: str
    floor_minor: int = 0
    best_minor: int = 0
    worst_ppm: int = 0
    carts: int = 0
    proven: int = 0

    def add(self, own_minor: int, best: Found) -> None:
        """Count one cart; where the solver ran out of time the floor may have saved more."""
        most = max(own_minor, best.saving_minor)
        self.carts += 1
        self.proven += best.bound_minor <= most
        self.floor_minor += own_minor
        self.best_minor += most
        self.worst_ppm = max(self.worst_ppm, gap_ppm(own_minor, most))

    def row(self) -> dict[str, Any]:
        """A row of the table."""
        gap = gap_ppm(self.floor_minor, self.best_minor)
        whole, worst = (f"{ppm / 10_000:.3f} %" for ppm in (PPM - gap, self.worst_ppm))
        return {
            "what": f"saving on {self.carts} carts of {LINES} lines against CP-SAT, {self.shape}",
            "figure": f"{whole} of its saving, worst gap {worst}, {self.proven} proven largest",
            "aim": "99.9 %, worst gap 0.5 %",
            "ok": self.carts > 0 and gap <= GAP_PPM and self.worst_ppm <= WORST_PPM,
            "command": f"python -m tests.prove.deals --carts {self.carts}",
        }


def gap_ppm(own: int, best: int) -> int:
    """How far one saving falls short of another, in parts per million, rounded up."""
    return -((own - best) * PPM // best) if best else 0


Answers = list[tuple[str, int, int]]
"""(cart's digest, minor units saved, minor units nobody saves more than) of each cart."""


def kept_answers() -> dict[str, Answers]:
    """What the solver said when it was last asked, by shape."""
    kept = json.loads(KEPT.read_text())["carts"]
    rows = {shape: [line.split() for line in lines] for shape, lines in kept.items()}
    return {
        shape: [(digest, int(saved), int(bound)) for digest, saved, bound in answers]
        for shape, answers in rows.items()
    }


def keep(told: dict[str, Answers], options: argparse.Namespace) -> None:
    """Write down what the solver said, and how it was asked."""
    asked = f"--carts {options.carts} --seconds {options.seconds:g} --keep"
    kept = {
        "made": f"python -m tests.prove.deals {asked}",
        "solver": f"CP-SAT of ortools {version('ortools')}",
        "each": "cart, minor units saved, minor units that nobody can save more than",
        "carts": {
            shape: [" ".join(map(str, answer)) for answer in answers]
            for shape, answers in told.items()
        },
    }
    KEPT.write_text(json.dumps(kept, indent=1) + "\n")


def measure(shape: str, carts: int, seconds: float) -> tuple[Outcome, Answers]:
    """Price carts of one shape both ways, and tell what the solver said of each."""
    outcome = Outcome(shape)
    answers: Answers = []
    for seed in range(carts):
        cart = SHAPES[shape](random.Random(seed))
        own = cart.saving_minor()
        best = largest_saving(cart.rules, cart.units(), seconds=seconds)
        if best is None:
            raise AssertionError(f"cart {seed}, {shape}: too many deals for the model")
        if own > best.bound_minor:
            raise AssertionError(f"cart {seed}, {shape}: {own} saved, above the bound of {best}")
        outcome.add(own, best)
        answers.append((cart.digest(), best.saving_minor, best.bound_minor))
    return outcome, answers


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; the exit code."""
    parser = argparse.ArgumentParser(prog="tests.prove.deals", description=__doc__)
    parser.add_argument("--carts", type=whole(1), default=20, help="of each shape")
    parser.add_argument("--small", type=whole(0), default=60, help="carts the model is checked on")
    parser.add_argument("--seconds", type=span, default=20, help="for the solver, a cart")
    parser.add_argument(
        "--if-installed", action="store_true", help="without it end well, and say so"
    )
    parser.add_argument("--json", type=new_file)
    parser.add_argument("--keep", action="store_true", help=f"write {KEPT.name} for the tests")
    options = parser.parse_args(arguments)
    if find_spec("ortools") is None:
        sys.stdout.write("ortools is not installed: `uv sync --group prove` gets it.\n")
        return 0 if options.if_installed else 2
    began = time.monotonic()
    check_model(options.small)
    rows = []
    told: dict[str, Answers] = {}
    for shape in SHAPES:
        outcome, told[shape] = measure(shape, options.carts, options.seconds)
        rows.append(outcome.row())
        sys.stdout.write(f"{rows[-1]['what']}: {rows[-1]['figure']}\n")
        sys.stdout.flush()
    if options.keep:
        keep(told, options)
    if options.json:
        seconds = round(time.monotonic() - began, 1)
        figures = {"part": "deals", "seconds": seconds, "rows": rows}
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0 if all(row["ok"] for row in rows) else 1


if __name__ == "__main__":
    exit_with(main)
