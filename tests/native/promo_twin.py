"""Slow and obviously right: promotions as the Rust floor applies them, by trying every way.

A cart is a list of units. Promotions on units share them in the way that saves most; then those on
the cart follow, class by class. For carts of a few units at most: every way to share is tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations, groupby, permutations
from typing import Any, NamedTuple

from tests.native.twins import rounded

Rule = dict[str, Any]
Off = tuple[str, int]
CLASSES = ("cart", "coupon", "manual", "employee", "loyalty", "tender")


class Unit(NamedTuple):
    """One unit for sale: minor units, and the item's place in the price book."""

    amount: int
    floor: int
    item: int


def has(rule: Rule, number: int, item: int) -> bool:
    """Whether an item is in a set of a rule."""
    items, without = rule.get("sets", [(None, [])])[number]
    return (items is None or item in items) and item not in without


def on_cart(rule: Rule) -> bool:
    """Whether a rule acts on the cart as a whole."""
    return rule["benefit"][0] in ("cart", "every_spend")


def stacks(one: Rule, other: Rule) -> bool:
    """Whether two rules may share a unit: tags agree both ways, and no group forbids it."""
    group = one.get("group")
    agree = one.get("tags", 0) & other.get("stacks_with", 0)
    back = other.get("tags", 0) & one.get("stacks_with", 0)
    return bool(agree and back) and (group is None or group != other.get("group"))


def taken(rule: Rule, off: Off, times: int, original: int, running: int, lowest: int) -> int:
    """What comes off something that cost `original` and now costs `running`."""
    kind, value = off
    base = original if rule.get("base") == "original" else running
    wanted = {
        "percent": rounded(Fraction(base * value, 10**6), "half_up"),
        "amount": value * times,
        "price": base - value * times,
    }[kind]
    return max(0, min(wanted, running - lowest))


def choices(rules: Sequence[Rule]) -> Iterator[tuple[Rule, ...]]:
    """Every choice of rules that all agree with one another, in the order they apply."""
    for count in range(len(rules) + 1):
        for chosen in combinations(rules, count):
            if all(stacks(one, other) for one, other in combinations(chosen, 2)):
                yield chosen


class Units:
    """The search over promotions on units."""

    def __init__(self, rules: Sequence[Rule], units: Sequence[Unit]) -> None:
        mine = [rule for rule in rules if not on_cart(rule) and gates_hold(rule, units)]
        self.each = [rule for rule in mine if not takes(rule)]
        self.taking = [rule for rule in mine if takes(rule)]
        self.units = sorted(units)

    def best(self) -> int:
        """The largest saving."""
        return max(self.share(tuple(range(len(self.units))), (), ()))

    def share(
        self, free: tuple[int, ...], lonely: tuple[int, ...], used: tuple[int, ...]
    ) -> Iterator[int]:
        """Every saving: the first free unit stays alone, or is in a deal with some others."""
        if not free:
            equal = groupby(sorted(self.units[at] for at in lonely))
            yield sum(self.alone(unit, len(list(same)), None) for unit, same in equal)
            return
        first, others = free[0], free[1:]
        yield from self.share(others, (*lonely, first), used)
        for count in range(len(others) + 1):
            for with_first in combinations(others, count):
                deal = (first, *with_first)
                rest = tuple(at for at in others if at not in with_first)
                for number, rule in enumerate(self.taking):
                    if used.count(number) >= limit(rule):
                        continue
                    under = sum(self.alone(self.units[at], 1, rule) for at in deal)
                    for own in set(self.own(rule, deal)) - {0}:
                        for more in self.share(rest, lonely, (*used, number)):
                            yield under + own + more

    def alone(self, unit: Unit, count: int, under: Rule | None) -> int:
        """What equal units save by promotions on each unit."""
        open_ = [rule for rule in self.each if has(rule, rule["benefit"][1], unit.item)]
        if under is not None:
            open_ = [rule for rule in open_ if stacks(rule, under)]
        best = 0
        whole, lowest = unit.amount * count, min(unit.floor, unit.amount) * count
        for chosen in choices(open_):
            running = whole
            for rule in chosen:
                running -= taken(rule, rule["benefit"][2], count, whole, running, lowest)
            best = max(best, whole - running)
        return best

    def sums(self, rule: Rule, deal: Sequence[int]) -> tuple[int, int, int]:
        """What units cost at first, cost under the rule, and must cost."""
        found = [self.units[at] for at in deal]
        running = sum(unit.amount - self.alone(unit, 1, rule) for unit in found)
        lowest = sum(min(unit.floor, unit.amount) for unit in found)
        return sum(unit.amount for unit in found), running, lowest

    def by_row(self, rule: Rule, off: Off, deal: Sequence[int]) -> int:
        """What comes off units, equal ones reckoned together."""
        rows = groupby(sorted(deal, key=lambda at: self.units[at]), key=lambda at: self.units[at])
        members = [list(row) for _, row in rows]
        return sum(taken(rule, off, len(row), *self.sums(rule, row)) for row in members)

    def by_price(self, rule: Rule, deal: Sequence[int]) -> list[int]:
        """Units, the cheapest under the rule first."""
        price = {at: self.sums(rule, [at])[1] for at in deal}
        return sorted(deal, key=lambda at: (price[at], self.units[at]))

    def own(self, rule: Rule, deal: tuple[int, ...]) -> Iterator[int]:
        """What a rule may take from exactly these units."""
        kind, *rest = rule["benefit"]
        inside = [{number for number in range(2) if self.within(rule, number, at)} for at in deal]
        match kind:
            case "each" if len(deal) == 1 and rest[0] in inside[0]:
                yield taken(rule, rest[1], 1, *self.sums(rule, deal))
            case "bundle":
                slots = [number for number, count in rest[0] for _ in range(count)]
                if len(slots) == len(deal) and any(
                    all(slot in sets for slot, sets in zip(order, inside, strict=True))
                    for order in set(permutations(slots))
                ):
                    yield taken(rule, rest[1], 1, *self.sums(rule, deal))
            case "buy_get":
                yield from self.buy_get(rule, deal)
            case "tiers" if all(rest[0] in sets for sets in inside):
                yield self.tiers(rule, deal)

    def within(self, rule: Rule, number: int, at: int) -> bool:
        """Whether a unit is in a set of a rule that has so many."""
        sets = rule.get("sets", [(None, [])])
        return number < len(sets) and has(rule, number, self.units[at].item)

    def buy_get(self, rule: Rule, deal: tuple[int, ...]) -> Iterator[int]:
        """What buying some and being rewarded for others takes."""
        _, buy_set, buy, get_set, get, off, pick = rule["benefit"]
        if len(deal) != buy + get:
            return
        if buy and buy_set == get_set:
            if all(self.within(rule, buy_set, at) for at in deal):
                order = self.by_price(rule, deal)
                yield self.by_row(rule, off, order[:get] if pick == "cheapest" else order[-get:])
            return
        everything = range(len(self.units))
        pool = [at for at in everything if self.within(rule, get_set, at)]
        bought = sum(self.within(rule, buy_set, at) for at in everything)
        most = min(bought // buy if buy else len(pool), len(pool) // get, limit(rule))
        pool = (pool if pick == "cheapest" else pool[::-1])[: most * get]
        for rewarded in combinations(deal, get):
            pays = [at for at in deal if at not in rewarded]
            good = all(at in pool for at in rewarded)
            if good and all(self.within(rule, buy_set, at) for at in pays):
                yield self.by_row(rule, off, rewarded)

    def tiers(self, rule: Rule, deal: tuple[int, ...]) -> int:
        """What a price by quantity takes."""
        _, _, tiers, marginal, pick = rule["benefit"]
        order = self.by_price(rule, deal)
        if pick == "cheapest":
            order.reverse()
        by_tier: dict[int, list[int]] = {}
        for place, at in enumerate(order, 1):
            reached = [
                number
                for number, (start, _) in enumerate(tiers)
                if start <= (place if marginal else len(order))
            ]
            if reached:
                by_tier.setdefault(reached[-1], []).append(at)
        return sum(self.by_row(rule, tiers[number][1], row) for number, row in by_tier.items())


def takes(rule: Rule) -> bool:
    """Whether a rule takes units together, or counts them."""
    return rule["benefit"][0] != "each" or rule.get("limit_per_cart") is not None


def limit(rule: Rule) -> int:
    """How often a rule may apply."""
    most = rule.get("limit_per_cart")
    most = 10**9 if most is None else int(most)
    return min(most, 1) if rule["benefit"][0] == "tiers" else most


def gates_hold(rule: Rule, units: Sequence[Unit], spent: int | None = None) -> bool:
    """Whether all gates hold; for a rule on the cart, whose sets hold all, for what is spent."""
    for kind, number, *asked in rule.get("gates", []):
        if kind == "min_sets":
            count, least = asked
            held = [sum(has(rule, each, unit.item) for unit in units) for each in number]
            if sum(one >= count for one in held) < least:
                return False
            continue
        (least,) = asked
        inside = [unit for unit in units if has(rule, number, unit.item)]
        amount = sum(unit.amount for unit in inside) if spent is None else spent
        if (len(inside) if kind == "min_quantity" else amount) < least:
            return False
    return True


def total(rules: Sequence[Rule], units: Sequence[Unit]) -> int:
    """What a cart costs. Rules on the cart are on all of its lines, and floors then nought."""
    order = sorted(rules, key=lambda rule: (-rule.get("priority", 0), rule["id"]))
    price = sum(unit.amount for unit in units) - (Units(order, units).best() if units else 0)
    for kind in CLASSES:
        start = price
        mine = [rule for rule in order if on_cart(rule) and rule["class"] == kind]
        mine = [rule for rule in mine if gates_hold(rule, units, start)]
        for chosen in choices(mine):
            running = start
            for rule in chosen:
                running -= from_cart(rule, start, running)
            price = min(price, running)
    return price


def from_cart(rule: Rule, start: int, running: int) -> int:
    """What a rule on the cart takes."""
    name, _, *rest = rule["benefit"]
    if name == "cart":
        return taken(rule, rest[0], 1, start, running, 0)
    step, off = rest
    return min(min(running // step, limit(rule)) * off, running)
