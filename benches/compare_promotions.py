"""The floor's promotions against other engines on the same carts, in one run.

`python -m benches.compare_promotions [--tiny] [--oscar PYTHON] [--vendure FOLDER]`: carts of a few
lines under percentages on items and deals that want the same units, priced by the floor, by the
Python twin that tries every way, and, where it is installed, by `zen-engine`, a rules engine: it is
asked for the percentages only, for it finds no deals. The same percentages are asked of
django-oscar's offers and of Vendure's order calculator where the bench is told where they are
(`benches/promotion_peers.py`). Where rules mean the same the answers must be equal, or the bench
fails. A peer that is not there is named. Ratios are to the floor, the crossing from Python
included.
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from typing import Any

from attrs import frozen

import native
from benches.native import best_ns
from benches.promotion_peers import (
    OSCAR_MISSING,
    VENDURE_MISSING,
    PeerError,
    Task,
    oscar,
    vendure,
)
from tests.native import promo_twin
from tests.native.promo_twin import Rule, Unit

ITEMS = 12
OSCAR_ROUNDS = 3
VENDURE_ROUNDS = 30  # it is compiled while it runs
LineTuple = tuple[int, int, int, bool, bool, int]


@frozen
class Basket:
    """(item, minor units) of each unit."""

    rows: tuple[tuple[int, int], ...]

    def lines(self) -> list[LineTuple]:
        """As the floor takes them."""
        return [(item, minor * 10_000, 1_000, True, True, 0) for item, minor in self.rows]

    def units(self) -> list[Unit]:
        """As the twin takes them."""
        return [Unit(minor, 0, item) for item, minor in self.rows]


@frozen
class Systems:
    """Where shop systems are, "" where they are not."""

    oscar: str = ""
    vendure: str = ""


NOWHERE = Systems()


@frozen
class Peer:
    """An engine: the total of a basket in minor units, and of which rules."""

    name: str
    total: Callable[[Basket], int]
    rules: Sequence[Rule]


def baskets(count: int, size: int) -> list[Basket]:
    """Made baskets, the same on every machine."""
    chance = random.Random(7)
    return [
        Basket(tuple((chance.randrange(ITEMS), 50 * chance.randint(2, 60)) for _ in range(size)))
        for _ in range(count)
    ]


def percentages() -> list[Rule]:
    """A tenth off each of six items: what any rules engine can say."""
    return [
        {
            "id": 1,
            "class": "item",
            "sets": [([0, 2, 4, 6, 8, 10], [])],
            "benefit": ("each", 0, ("percent", 100_000)),
        }
    ]


def deals() -> list[Rule]:
    """The same, and deals that want the same units."""
    return [
        *percentages(),
        {
            "id": 2,
            "class": "set",
            "sets": [([0, 1, 2, 3], [])],
            "benefit": ("bundle", [(0, 2)], ("price", 900)),
        },
        {
            "id": 3,
            "class": "set",
            "sets": [([2, 3, 4, 5], [])],
            "benefit": ("buy_get", 0, 1, 0, 1, ("percent", 1_000_000), "cheapest"),
        },
    ]


def floor(rules: Sequence[Rule]) -> Peer:
    """The floor, its promotions compiled once."""
    compiled = native.PromotionSet(list(rules), ITEMS)
    return Peer(
        "the floor",
        lambda basket: native.price_cart(compiled, basket.lines()).total_minor,
        rules,
    )


def twin(rules: Sequence[Rule]) -> Peer:
    """Every way tried, in Python."""
    return Peer("the Python twin", lambda basket: promo_twin.total(rules, basket.units()), rules)


def zen() -> Peer | str:
    """`zen-engine`: a decision table on each line; the sum is ours, for it has no carts."""
    if find_spec("zen") is None:
        return "zen-engine: not installed (PyPI zen-engine)"
    module: Any = importlib.import_module("zen")
    inside = percentages()[0]["sets"][0][0]
    node = {
        "rules": [{"_id": str(item), "item": str(item), "ppm": "100000"} for item in inside]
        + [{"_id": "rest", "item": "", "ppm": "0"}],
        "inputs": [{"id": "item", "name": "item", "field": "item"}],
        "outputs": [{"id": "ppm", "name": "ppm", "field": "ppm"}],
        "hitPolicy": "first",
    }
    content = {
        "nodes": [
            {"id": "in", "name": "in", "type": "inputNode"},
            {"id": "table", "name": "table", "type": "decisionTableNode", "content": node},
            {"id": "out", "name": "out", "type": "outputNode"},
        ],
        "edges": [
            {"id": "1", "sourceId": "in", "targetId": "table"},
            {"id": "2", "sourceId": "table", "targetId": "out"},
        ],
    }
    decision = module.ZenEngine().create_decision(json.dumps(content))

    def total(basket: Basket) -> int:
        price = 0
        for item, minor in basket.rows:
            ppm = int(decision.evaluate({"item": item})["result"]["ppm"])
            price += minor - (minor * ppm + 500_000) // 1_000_000
        return price

    return Peer("zen-engine (percentages only)", total, percentages())


def totals(peer: Peer, made: Sequence[Basket]) -> list[int]:
    """What each basket costs."""
    return [peer.total(basket) for basket in made]


def compare(own: Peer, others: Sequence[Peer], made: Sequence[Basket], repeats: int) -> list[str]:
    """Hold the answers equal, and time each engine over all baskets."""
    expected = totals(own, made)
    own_ns = best_ns(partial(totals, own, made), repeats)
    lines = [f"  {own.name:<32} {own_ns / len(made) / 1_000:>10,.2f} us a cart"]
    for peer in others:
        if totals(peer, made) != expected:
            raise AssertionError(f"{own.name} and {peer.name} disagree on a cart")
        peer_ns = best_ns(partial(totals, peer, made), 1, rounds=2)
        share = f"{peer_ns / max(1, own_ns):,.1f} x the floor's"
        lines.append(f"  {peer.name:<32} {peer_ns / len(made) / 1_000:>10,.2f} us a cart, {share}")
    return lines


def systems(own: Peer, made: Sequence[Basket], where: Systems, repeats: int) -> list[str]:
    """Ask the shop systems there are for the same percentages, and hold their answers equal."""
    inside = percentages()[0]["sets"][0][0]
    task = Task(10, inside, [basket.rows for basket in made])
    asked = [
        (where.oscar, OSCAR_MISSING, oscar, OSCAR_ROUNDS),
        (where.vendure, VENDURE_MISSING, vendure, VENDURE_ROUNDS),
    ]
    expected = totals(own, made)
    own_ns = best_ns(partial(totals, own, made), repeats) / len(made)
    lines = [f"the same by shop systems, the floor beside them {own_ns / 1_000:,.2f} us a cart:"]
    for place, missing, ask, rounds in asked:
        if not place:
            lines.append(f"  {missing}")
            continue
        answer = ask(place, task, rounds)
        if answer.totals != expected:
            raise AssertionError(f"{own.name} and {answer.name} disagree on a cart")
        share = f"{answer.ns / max(1, own_ns):,.1f} x the floor's"
        lines.append(f"  {answer.name:<32} {answer.ns / 1_000:>10,.2f} us a cart, {share}")
    return lines


def report(*, tiny: bool, where: Systems = NOWHERE) -> list[str]:
    """Measure everything; the lines to print."""
    made = baskets(5 if tiny else 40, 4 if tiny else 5)
    repeats = 2 if tiny else 200
    found = zen()
    peers = [] if isinstance(found, str) else [found]
    lines = [f"{len(made)} carts of {len(made[0].rows)} units, percentages on items:"]
    lines += compare(floor(percentages()), [twin(percentages()), *peers], made, repeats)
    lines += systems(floor(percentages()), made, where, repeats)
    lines.append("the same carts, and two deals that want the same units:")
    lines += compare(floor(deals()), [twin(deals())], made, repeats)
    lines += [found] if isinstance(found, str) else []
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="benches.compare_promotions", description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="few carts and calls only")
    parser.add_argument("--oscar", default="", help="a Python that has django-oscar")
    parser.add_argument(
        "--vendure", default="", help="a folder in which @vendure/core is installed"
    )
    options = parser.parse_args(arguments)
    where = Systems(options.oscar, options.vendure)
    try:
        sys.stdout.write("\n".join(report(tiny=options.tiny, where=where)) + "\n")
    except PeerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
