"""What promotions take off the units of a published case, by trying every way: slow, and plain.

Shares nothing with the engine. A basket is a list of units; every way to share them among the
promotions is worth a tuple, and the largest counts. For baskets of a few units only, as published
cases are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import combinations, groupby, permutations
from typing import Any

from attrs import define, field

from tests.native.twins import rounded
from tests.vectors.reading import (
    CART,
    Part,
    Rule,
    Unit,
    agreeing,
    comes_off,
    is_open,
    limit,
    picks_from_all,
    places_of,
    scaled,
    sizes,
    split,
    split_within,
    stack,
    takes,
    within_points,
)

UNNAMED = "\U0010ffff"  # after every name, where goods are in order
Worth = tuple[tuple[int, ...], int, int, int, int, int]


@define
class Basket:
    """A case on its way through the promotions."""

    case: Rule
    digits: int = field(init=False)
    amounts: list[int] = field(init=False)
    units: list[Unit] = field(init=False)
    rules: list[Rule] = field(init=False)
    levels: list[int] = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Read the case."""
        self.digits = self.case["currency"]["minor_digits"]
        self.amounts, self.units = [], []
        # Goods are told apart only as far as promotions do.
        named = {
            name
            for rule in self.case["promotions"]
            for selection in rule.get("selections", ())
            for names in selection.values()
            for name in names
        }
        for at, line in enumerate(self.case["lines"]):
            price, quantity = Fraction(line["unit_price"]), Fraction(line["quantity"])
            self.amounts.append(rounded(price * quantity * 10**self.digits, "half_up"))
            single = line.get("unit", "piece") != "piece" or quantity.denominator != 1
            count = 1 if single else int(quantity)
            per = 1 if not single else quantity
            floor = rounded(Fraction(line.get("floor", "0")) * per * 10**self.digits, "half_up")
            fixed = not line.get("discountable", True)
            for share in split(self.amounts[-1], [1] * count):
                name, department = (
                    line[key] if line.get(key) in named else UNNAMED
                    for key in ("item", "department")
                )
                number = len(self.units)
                if share > 0:  # what costs nothing is no unit of a deal
                    self.units.append(Unit(share, name, department, floor, fixed, at, number))
        self.units.sort()
        around = self.case.get("circumstances", {})
        points = around.get("points", 0)
        every = (within_points(rule, points) for rule in self.case["promotions"])
        self.rules = [rule for rule in every if is_open(rule, around)]
        self.rules.sort(key=lambda rule: -rule.get("priority", 0))
        strict = self.case["policies"].get("promotions") == "strict_priority"
        found = {rule.get("priority", 0) for rule in self.rules} if strict else {0}
        self.levels = sorted(found, reverse=True) if strict else []

    def has(self, rule: Rule, place: int, item: str, department: str) -> bool:
        """Whether goods are in a selection of a promotion."""
        chosen = rule.get("selections", [{}])[place]
        items, departments = chosen.get("items", ()), chosen.get("departments", ())
        inside = item in items or department in departments or not (items or departments)
        return inside and item not in chosen.get("except_items", ())

    def touches(self, rule: Rule, place: int, unit: Unit) -> bool:
        """Whether a promotion may take something off a unit of a selection."""
        return not unit.is_fixed and self.has(rule, place, unit.item, unit.department)

    def gates_hold(self, rule: Rule, nets: Sequence[int] | None = None) -> bool:
        """Whether the basket holds what a promotion asks for; `nets` are the lines' by now."""
        for gate in rule.get("gates", ()):
            place = gate.get("selection", 0)
            counted = [
                unit
                for unit in self.units
                if self.has(rule, place, unit.item, unit.department)
                and (rule.get("count_nondiscountable") or self.touches(rule, place, unit))
            ]
            if "min_quantity" in gate and len(counted) < gate["min_quantity"]:
                return False
            if "min_spend" in gate:
                lines = {unit.line for unit in counted}
                spent = sum(unit.amount for unit in counted)
                if nets is not None:
                    spent = sum(nets[at] for at in lines)
                if spent < scaled(gate["min_spend"], self.digits):
                    return False
        return True

    def best(self) -> list[Part]:
        """The way that is worth most."""
        mine = [one for one in self.rules if one["benefit"]["kind"] not in CART]
        mine = [one for one in mine if self.gates_hold(one)]
        self.taking = [one for one in mine if takes(one)]
        self.each = [one for one in mine if not takes(one)]
        ways = self.ways(tuple(self.units), (), ())
        return list(max(ways, key=self.worth))

    taking: list[Rule] = field(init=False, factory=list)
    each: list[Rule] = field(init=False, factory=list)

    def worth(self, way: Iterable[Part]) -> Worth:
        """Saving, then fewer applications, higher priority, earlier promotions, cheaper units,
        then the first."""
        parts = list(way)
        order = [one["id"] for one in self.case["promotions"]]
        places = sorted({unit[:5] for unit in self.units})
        saved = sum(part.off for part in parts)
        by_level = tuple(
            sum(part.off for part in parts if part.rule.get("priority", 0) == level)
            for level in self.levels
        )
        return (
            (*by_level, saved),
            -len(parts),
            sum(part.rule.get("priority", 0) for part in parts),
            -sum(order.index(part.rule["id"]) for part in parts),
            -sum(places.index(u[:5]) for part in parts if part.is_deal for u in part.units),
            -sum(unit.number for part in parts if part.is_deal for unit in part.units),
        )

    def ways(
        self, free: tuple[Unit, ...], lonely: tuple[Unit, ...], deals: tuple[Part, ...]
    ) -> Iterator[list[Part]]:
        """Every way: the first free unit stays alone, or is in a deal with some others."""
        if not free:
            found = list(deals)
            for _, same in groupby(sorted(lonely), key=lambda unit: unit[:5]):
                found += self.alone(tuple(same), None)
            yield found
            return
        first, others = free[0], free[1:]
        yield from self.ways(others, (*lonely, first), deals)
        seen = set()
        for rule in self.taking:
            before = [part for part in deals if part.rule is rule and part.is_deal]
            if len(before) >= limit(rule):
                continue
            for count in sizes(rule, len(others)):
                for chosen in combinations(range(len(others)), count):
                    deal = (first, *(others[at] for at in chosen))
                    alike = 7 if picks_from_all(rule) else 5
                    kind = (rule["id"], tuple(unit[:alike] for unit in deal))
                    if kind in seen:
                        continue
                    seen.add(kind)
                    rest = tuple(u for at, u in enumerate(others) if at not in chosen)
                    spent = sum(part.off for part in before)
                    for parts in self.dealt(rule, deal, spent):
                        yield from self.ways(rest, lonely, (*deals, *parts))

    def alone(self, units: tuple[Unit, ...], under: Rule | None) -> list[Part]:
        """What equal units have by promotions on each unit."""
        usable = [
            one
            for one in self.each
            if self.touches(one, one["benefit"].get("selection", 0), units[0])
            and (under is None or stack(one, under))
        ]
        whole = sum(unit.amount for unit in units)
        lowest = sum(min(unit.floor, unit.amount) for unit in units)
        found: list[list[Part]] = []
        for chosen in agreeing(usable):
            running, parts = whole, []
            for rule in chosen:
                off = comes_off(rule["benefit"]["off"], len(units), running, lowest, self.digits)
                running -= off
                if off:
                    even = tuple(split(off, [1] * len(units)))
                    parts.append(Part(rule, units, off, even, is_deal=False))
            found.append(parts)
        return max(found, key=self.worth)

    def dealt(self, rule: Rule, deal: tuple[Unit, ...], spent: int) -> Iterator[list[Part]]:
        """What a promotion and those that stack with it take off these very units; of a budget
        that `spent` was taken of the last time gets what is left."""
        if not any(self.touches(rule, place, deal[0]) for place in places_of(rule)):
            return
        under = [part for unit in deal for part in self.alone((unit,), rule)]
        price = {
            unit: unit.amount - sum(part.off for part in self.alone((unit,), rule)) for unit in deal
        }
        order = sorted(deal, key=lambda unit: (price[unit], unit))
        most = sum(price.values()) * len(deal)
        if "amount_left" in rule:
            most = scaled(rule["amount_left"], self.digits) - spent
        for off in {min(off, most) for off in self.own(rule, order, price)} - {0}:
            rooms = [price[unit] - min(unit.floor, price[unit]) for unit in order]
            shares = split_rows(off, order, [price[unit] for unit in order], rooms)
            yield [*under, Part(rule, tuple(order), off, tuple(shares), is_deal=True)]

    def own(self, rule: Rule, deal: list[Unit], price: dict[Unit, int]) -> Iterator[int]:
        """What a promotion may take from exactly these units, cheapest first."""
        benefit = rule["benefit"]
        match benefit["kind"]:
            case "each" if len(deal) == 1:
                yield self.from_rows(benefit["off"], deal, price)
            case "bundle":
                slots = [s.get("selection", 0) for s in benefit["slots"] for _ in range(s["count"])]
                if len(slots) == len(deal) and any(
                    all(self.touches(rule, at, unit) for at, unit in zip(row, deal, strict=True))
                    for row in set(permutations(slots))
                ):
                    yield self.from_sum(benefit["off"], deal, price)
            case "buy_get" if len(deal) == benefit["buy"] + benefit["get"]:
                yield from self.buy_get(rule, deal, price)
            case "tiers":
                place = benefit.get("selection", 0)
                if all(self.touches(rule, place, unit) for unit in deal):
                    yield self.tiers(benefit, deal, price)

    def from_sum(self, off: Rule, units: Sequence[Unit], price: dict[Unit, int]) -> int:
        """What comes off units together."""
        running = sum(price[unit] for unit in units)
        lowest = sum(min(unit.floor, unit.amount) for unit in units)
        return comes_off(off, 1, running, lowest, self.digits)

    def from_rows(self, off: Rule, units: Sequence[Unit], price: dict[Unit, int]) -> int:
        """What comes off each, equal ones reckoned together."""
        found = 0
        for _, same in groupby(sorted(units), key=lambda unit: unit[:5]):
            row = list(same)
            lowest = sum(min(unit.floor, unit.amount) for unit in row)
            running = sum(price[unit] for unit in row)
            found += comes_off(off, len(row), running, lowest, self.digits)
        return found

    def buy_get(self, rule: Rule, deal: list[Unit], price: dict[Unit, int]) -> Iterator[int]:
        """Some pay, others are rewarded."""
        benefit = rule["benefit"]
        buy, get, off = benefit["buy"], benefit["get"], benefit["off"]
        paid, given = benefit.get("selection", 0), benefit.get("get_selection", 0)
        cheapest = benefit.get("pick", "cheapest") == "cheapest"
        if buy and paid == given:
            if all(self.touches(rule, paid, unit) for unit in deal):
                yield self.from_rows(off, deal[:get] if cheapest else deal[-get:], price)
            return
        pool = [unit for unit in self.units if self.touches(rule, given, unit)]
        bought = sum(self.touches(rule, paid, unit) for unit in self.units)
        most = min(bought // buy if buy else len(pool), len(pool) // get, limit(rule))
        pool = (pool if cheapest else pool[::-1])[: most * get]
        for rewarded in combinations(range(len(deal)), get):
            pays = [unit for at, unit in enumerate(deal) if at not in rewarded]
            gets = [deal[at] for at in rewarded]
            if all(unit in pool for unit in gets) and all(
                self.touches(rule, paid, unit) for unit in pays
            ):
                yield self.from_rows(off, gets, price)

    def tiers(self, benefit: Rule, deal: list[Unit], price: dict[Unit, int]) -> int:
        """A price by quantity: of the highest step for all, or of each unit's own step."""
        order = deal if benefit.get("pick", "cheapest") == "dearest" else deal[::-1]
        rows: dict[int, list[Unit]] = {}
        for number, unit in enumerate(order, 1):
            reached = number if benefit.get("marginal") else len(order)
            steps = [at for at, tier in enumerate(benefit["tiers"]) if tier["from"] <= reached]
            if steps:
                rows.setdefault(steps[-1], []).append(unit)
        return sum(
            self.from_rows(benefit["tiers"][at]["off"], row, price) for at, row in rows.items()
        )


def split_rows(
    off: int, units: Sequence[Unit], prices: Sequence[int], rooms: Sequence[int]
) -> list[int]:
    """An amount over units by price: over equal ones together first, then evenly among them."""
    rows: dict[tuple[Any, ...], list[int]] = {}
    for at, unit in enumerate(units):
        rows.setdefault(unit[:5], []).append(at)
    weights = [sum(prices[at] for at in row) for row in rows.values()]
    most = [sum(rooms[at] for at in row) for row in rows.values()]
    shares = [0] * len(units)
    for row, share in zip(rows.values(), split_within(off, weights, most), strict=True):
        for at, part in zip(row, split(share, [1] * len(row)), strict=True):
            shares[at] = part
    return shares
