"""What comes off a published case in all: units, then the cart class by class, then discounts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from attrs import define, field

from tests.native.twins import rounded
from tests.vectors.deals import Basket
from tests.vectors.reading import (
    CART,
    Part,
    Rule,
    agreeing,
    class_of,
    comes_off,
    exclude,
    limit,
    scaled,
    split,
    split_within,
)


@define
class Outcome:
    """What came off, in minor units: by line and promotion, by line, and what vendors pay."""

    promotions: list[dict[str, int]]
    lines: list[int] = field(factory=list)
    order: list[int] = field(factory=list)
    vendor: dict[str, int] = field(factory=dict)
    points: dict[str, int] = field(factory=dict)

    def all_off(self) -> list[int]:
        """All that comes off each line."""
        rows = zip(self.promotions, self.lines, self.order, strict=True)
        return [sum(row.values()) + line + order for row, line, order in rows]


def on_cart(
    basket: Basket, nets: list[int], touched: list[list[Rule]]
) -> list[tuple[Rule, list[int]]]:
    """What promotions on the cart take off each line, class by class."""
    used: list[Rule] = []
    found: list[tuple[Rule, list[int]]] = []
    mine = [one for one in basket.rules if one["benefit"]["kind"] in CART]
    for kind in ("cart", "coupon", "manual", "employees", "costs_points", "tenders"):
        layer = [one for one in mine if class_of(one) == kind and basket.gates_hold(one, nets)]
        layer = [one for one in layer if not any(exclude(one, other) for other in used)]
        chosen = max(
            (taken_in(basket, rules, nets, touched) for rules in agreeing(layer)),
            key=lambda way: basket.worth(
                Part(rule, (), sum(off), (), is_deal=False) for rule, off in way
            ),
        )
        for rule, off in chosen:
            used.append(rule)
            nets[:] = [net - part for net, part in zip(nets, off, strict=True)]
        found += chosen
    return found


def taken_in(
    basket: Basket, rules: Iterable[Rule], nets: Sequence[int], touched: list[list[Rule]]
) -> list[tuple[Rule, list[int]]]:
    """What promotions take one after the other; those that take nothing left out."""
    running, found = list(nets), []
    for rule in rules:
        off = from_cart(basket, rule, running, touched)
        if any(off):
            running = [net - part for net, part in zip(running, off, strict=True)]
            found.append((rule, off))
    return found


def from_cart(basket: Basket, rule: Rule, nets: list[int], touched: list[list[Rule]]) -> list[int]:
    """What a promotion on the cart takes off each line."""
    benefit = rule["benefit"]
    lines = {
        unit.line
        for unit in basket.units
        if basket.touches(rule, benefit.get("selection", 0), unit)
        and not any(exclude(rule, other) for other in touched[unit.line])
    }
    floors = [
        sum(min(unit.floor, unit.amount) for unit in basket.units if unit.line == at)
        for at in range(len(nets))
    ]
    whole = sum(nets[at] for at in lines)
    rooms = [max(0, nets[at] - floors[at]) if at in lines else 0 for at in range(len(nets))]
    if benefit["kind"] == "cart":
        off = comes_off(benefit["off"], 1, whole, whole - sum(rooms), basket.digits)
    else:
        steps = min(max(0, whole) // scaled(benefit["step"], basket.digits), limit(rule))
        off = min(steps * scaled(benefit["off"]["amount"], basket.digits), sum(rooms))
    if "amount_left" in rule:
        off = min(off, scaled(rule["amount_left"], basket.digits))
    return split_within(off, [nets[at] if at in lines else 0 for at in range(len(nets))], rooms)


def reduced(amount: int, discounts: Iterable[Rule], digits: int) -> int:
    """What given discounts take, each off what those before it left."""
    off = 0
    for one in discounts:
        if "percent" in one:
            off += rounded(Fraction(one["percent"]) * (amount - off) / 100, "half_up")
        else:
            off += scaled(one["amount"], digits)
    return off


def vendors(rule: Rule, off: int) -> int:
    """The vendor's part of one application."""
    return rounded(Fraction(rule.get("vendor_percent", "0")) * off / 100, "half_up")


def outcome(case: Rule) -> Outcome:
    """Everything that comes off; where rewards together want more points than there are, the higher
    priority keeps its times first, then the one named first, and all of it is found again."""
    found = all_off(case)
    points = case.get("circumstances", {}).get("points", 0)
    if sum(found.points.values()) <= points:
        return found
    times = {}
    for one in sorted(case["promotions"], key=lambda one: -one.get("priority", 0)):
        if costs := one.get("costs_points", 0):
            times[one["id"]] = min(found.points[one["id"]], points) // costs
            points -= times[one["id"]] * costs
    rules = [
        one | {"limit_per_cart": times[one["id"]]} if one["id"] in times else one
        for one in case["promotions"]
        if times.get(one["id"], 1)
    ]
    again = all_off(case | {"promotions": rules})
    for one in case["promotions"]:
        for row in (*again.promotions, again.vendor, again.points):
            row.setdefault(one["id"], 0)
    names = [one["id"] for one in case["promotions"]]
    again.promotions = [{name: row[name] for name in names} for row in again.promotions]
    again.vendor = {name: again.vendor[name] for name in names}
    return again


def all_off(case: Rule) -> Outcome:
    """Everything that comes off: promotions, then lines' discounts, then the order's."""
    basket = Basket(case)
    names = [one["id"] for one in case["promotions"]]
    found = Outcome([dict.fromkeys(names, 0) for _ in case["lines"]])
    found.vendor, found.points = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    touched: list[list[Rule]] = [[] for _ in case["lines"]]
    for part in basket.best() if names else ():
        found.vendor[part.rule["id"]] += vendors(part.rule, part.off)
        found.points[part.rule["id"]] += part.rule.get("costs_points", 0)
        for unit, share in zip(part.units, part.shares, strict=True):
            found.promotions[unit.line][part.rule["id"]] += share
            touched[unit.line].append(part.rule)
    offs = [sum(row.values()) for row in found.promotions]
    nets = [amount - off for amount, off in zip(basket.amounts, offs, strict=True)]
    for rule, off in on_cart(basket, nets, touched) if names else ():
        found.vendor[rule["id"]] += vendors(rule, sum(off))
        found.points[rule["id"]] += rule.get("costs_points", 0)
        for at, share in enumerate(off):
            found.promotions[at][rule["id"]] += share
    for at, line in enumerate(case["lines"]):
        given = reduced(nets[at], line.get("discounts", ()), basket.digits)
        found.lines.append(given)
        nets[at] -= given
    found.order = [0] * len(nets)
    free = [line.get("discountable", True) for line in case["lines"]]
    for one in case.get("discounts", ()):
        weights = [max(0, net) if good else 0 for net, good in zip(nets, free, strict=True)]
        whole = min(reduced(sum(weights), [one], basket.digits), sum(weights))
        shares = split(whole, weights)
        found.order = [a + b for a, b in zip(found.order, shares, strict=True)]
        nets = [net - share for net, share in zip(nets, shares, strict=True)]
    return found
