"""A published case as it is written: units, what comes off, which promotions are open and share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from fractions import Fraction
from itertools import combinations
from typing import Any, NamedTuple

from tests.native.twins import rounded

Rule = dict[str, Any]
CART = ("cart", "every_spend")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Unit(NamedTuple):
    """A unit for sale, in minor units; equal ones differ in the line and the number alone."""

    amount: int
    item: str
    department: str
    floor: int
    is_fixed: bool
    line: int
    number: int


class Part(NamedTuple):
    """What one application of a promotion takes off some units."""

    rule: Rule
    units: tuple[Unit, ...]
    off: int
    shares: tuple[int, ...]
    is_deal: bool


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """An amount by weights, the odd ones to the largest remainders, ties to the first."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    exact = [Fraction(amount * weight, whole) for weight in weights]
    shares = [int(part) for part in exact]
    order = sorted(range(len(weights)), key=lambda at: (shares[at] - exact[at], at))
    for at in order[: amount - sum(shares)]:
        shares[at] += 1
    return shares


def split_within(amount: int, weights: Sequence[int], rooms: Sequence[int]) -> list[int]:
    """The same, no share past its room; what does not fit goes to the others."""
    shares = [0] * len(weights)
    while left := min(amount, sum(rooms)) - sum(shares):
        have = [one < room for one, room in zip(shares, rooms, strict=True)]
        more = split(left, [w if free else 0 for w, free in zip(weights, have, strict=True)])
        if not any(more):
            break
        shares = [min(a + b, room) for a, b, room in zip(shares, more, rooms, strict=True)]
    return shares


def scaled(text: str, digits: int) -> int:
    """Decimal text in the last digit of the currency."""
    value = Fraction(text) * 10**digits
    assert value.denominator == 1, text
    return value.numerator


def comes_off(off: Rule, times: int, running: int, lowest: int, digits: int) -> int:
    """What a benefit takes from a sum that now costs `running` and must cost `lowest`."""
    if "percent" in off:
        wanted = rounded(Fraction(off["percent"]) * running / 100, "half_up")
    elif "amount" in off:
        wanted = scaled(off["amount"], digits) * times
    else:
        wanted = running - scaled(off["price"], digits) * times
    return max(0, min(wanted, running - lowest))


def stack(one: Rule, other: Rule) -> bool:
    """Whether two promotions may share: tags agree both ways, and no group forbids it."""
    agree = set(one.get("tags", ())) & set(other.get("stacks_with", ()))
    back = set(other.get("tags", ())) & set(one.get("stacks_with", ()))
    return bool(agree and back) and not exclude(one, other)


def exclude(one: Rule, other: Rule) -> bool:
    """Whether two promotions are of one exclusive group."""
    group = one.get("exclusive_group")
    return group is not None and group == other.get("exclusive_group")


def agreeing(rules: Sequence[Rule]) -> Iterator[tuple[Rule, ...]]:
    """Every choice of promotions of which each two may share."""
    for count in range(len(rules) + 1):
        for chosen in combinations(rules, count):
            if all(stack(*pair) for pair in combinations(chosen, 2)):
                yield chosen


def is_open(rule: Rule, around: Rule) -> bool:
    """Whether the circumstances let a promotion be had."""
    at = datetime.fromisoformat(around.get("at", "1970-01-01T00:00:00+00:00"))
    if "starts" in rule and at < datetime.fromisoformat(rule["starts"]):
        return False
    if "ends" in rule and at >= datetime.fromisoformat(rule["ends"]):
        return False
    if "weekly" in rule and not any(in_hours(at, hours) for hours in rule["weekly"]):
        return False
    for many, one in (
        ("customer_groups", "customer_group"),
        ("channels", "channel"),
        ("stores", "store"),
    ):
        if rule.get(many) and around.get(one, "") not in rule[many]:
            return False
    if "coupon" in rule and rule["coupon"].lower() not in map(str.lower, around.get("coupons", ())):
        return False
    if rule.get("tenders") and not is_paid_by(rule["tenders"], around.get("tender", "")):
        return False
    if around.get("points", 0) < rule.get("costs_points", 0):
        return False
    if rule.get("costs_points") and not rule.get("by_itself"):
        return rule["id"] in around.get("chosen", ())
    return not rule.get("manual") or rule["id"] in around.get("given", ())


def is_paid_by(names: Iterable[str], tender: str) -> bool:
    """Whether a means of payment is one of those named; a card of a brand is a card."""
    mine = {tender.lower(), tender.lower().partition(":")[0]}
    return any(name.lower() in mine for name in names)


def within_points(rule: Rule, points: int) -> Rule:
    """A rule that applies no more often than there are points for."""
    costs = rule.get("costs_points", 0)
    if not costs:
        return rule
    most = [points // costs, *([rule["limit_per_cart"]] if rule.get("limit_per_cart") else [])]
    return rule | {"limit_per_cart": min(most)}


def in_hours(at: datetime, hours: str) -> bool:
    """Whether a moment is in hours such as `Mon-Fri 16:00-18:00`, the end outside."""
    days, _, clock = hours.lower().partition(" ")
    first, _, last = days.partition("-")
    start, end = (60 * int(text[:-3]) + int(text[-2:]) for text in clock.split("-"))
    for back in range(2 if end <= start else 1):
        day = (at.weekday() - back) % 7
        minute = 60 * at.hour + at.minute + 1440 * back
        span = (DAYS.index(last or first) - DAYS.index(first)) % 7
        until = end + (1440 if end <= start else 0)
        if (day - DAYS.index(first)) % 7 <= span and start <= minute < until:
            return True
    return False


def takes(rule: Rule) -> bool:
    """Whether a promotion takes units together, or counts them."""
    counts = "limit_per_cart" in rule or "amount_left" in rule
    return rule["benefit"]["kind"] != "each" or counts


def limit(rule: Rule) -> int:
    """How often a promotion may apply."""
    most = int(rule.get("limit_per_cart", 10**9))
    return min(most, 1) if rule["benefit"]["kind"] == "tiers" else most


def sizes(rule: Rule, most: int) -> Iterable[int]:
    """How many more units a deal may have."""
    benefit = rule["benefit"]
    if benefit["kind"] == "tiers":
        return range(most + 1)
    if benefit["kind"] == "bundle":
        return (sum(slot["count"] for slot in benefit["slots"]) - 1,)
    return (benefit["buy"] + benefit["get"] - 1 if benefit["kind"] == "buy_get" else 0,)


def picks_from_all(rule: Rule) -> bool:
    """Whether rewards are picked among all units of a basket, so that equal ones are not alike."""
    benefit = rule["benefit"]
    if benefit["kind"] != "buy_get":
        return False
    return not benefit["buy"] or benefit.get("selection", 0) != benefit.get("get_selection", 0)


def places_of(rule: Rule) -> set[int]:
    """The selections a benefit reads."""
    benefit = rule["benefit"]
    if benefit["kind"] == "bundle":
        return {slot.get("selection", 0) for slot in benefit["slots"]}
    named = {benefit.get("selection", 0)}
    return named | ({benefit.get("get_selection", 0)} if benefit["kind"] == "buy_get" else set())


def class_of(rule: Rule) -> str:
    """When a promotion on the cart has its turn."""
    kinds = ("coupon", "manual", "employees", "costs_points", "tenders")
    return next((kind for kind in kinds if rule.get(kind)), "cart")
