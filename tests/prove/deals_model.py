"""The largest saving on a cart as a constraint model, for carts far past what can be tried through.

The model speaks of the very deals that the Python twin counts when it tries every way
(`tests/native/promo_twin.py`): each set of units one rule may take together is a variable, worth
what the twin says it is worth. A price by quantity takes any number of units, so it is written
tier by tier instead. What no deal takes stands alone and is worth what the twin says of so many
equal units. CP-SAT then chooses. Rules on the cart, and marginal tiers, have no place here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from attrs import define, field, frozen

from tests.native.promo_twin import Rule, Unit, Units, limit

DEALS_MAX = 60_000


@frozen
class Deal:
    """What a rule may take together: how many of each row, and minor units saved."""

    rule: int
    counts: tuple[tuple[int, int], ...]
    saving_minor: int


@frozen
class Found:
    """What the solver found and what it proved; minor units."""

    saving_minor: int
    bound_minor: int

    @property
    def proven(self) -> bool:
        """Whether nothing better is possible."""
        return self.saving_minor == self.bound_minor


class CachedUnits(Units):
    """The twin's search, remembering what equal units save alone."""

    def __init__(self, rules: Sequence[Rule], units: Sequence[Unit]) -> None:
        super().__init__(rules, units)
        self.known: dict[tuple[Unit, int, int | None], int] = {}

    def alone(self, unit: Unit, count: int, under: Rule | None) -> int:
        """What equal units save by rules on each unit."""
        key = (unit, count, None if under is None else int(under["id"]))
        if key not in self.known:
            self.known[key] = super().alone(unit, count, under)
        return self.known[key]


@define
class Model:
    """A cart's rows, deals and tiers."""

    units: CachedUnits
    rows: list[Unit] = field(init=False)
    members: list[list[int]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Gather equal units into rows."""
        counted = Counter(self.units.units)
        self.rows = sorted(counted)
        self.members = []
        first = 0
        for row in self.rows:
            self.members.append(list(range(first, first + counted[row])))
            first += counted[row]

    def rule_rows(self, rule: Rule) -> list[int]:
        """The rows that any of a rule's sets holds."""
        count = len(rule.get("sets", [(None, [])]))
        return [
            at
            for at, members in enumerate(self.members)
            if any(self.units.within(rule, number, members[0]) for number in range(count))
        ]

    def deals(self) -> Iterator[Deal]:
        """Every deal of every rule that takes a fixed number of units."""
        for number, rule in enumerate(self.units.taking):
            size = taken_together(rule)
            if not size:
                continue
            for counts in self.choices(self.rule_rows(rule), size):
                chosen = tuple(at for row, count in counts for at in self.members[row][:count])
                own = max(self.units.own(rule, chosen), default=0)
                if own > 0:
                    under = sum(self.units.alone(self.units.units[at], 1, rule) for at in chosen)
                    yield Deal(number, counts, own + under)

    def choices(self, rows: Sequence[int], size: int) -> Iterator[tuple[tuple[int, int], ...]]:
        """Every way to take so many units of rows, equal units being one as good as another."""
        if not size:
            yield ()
        elif rows:
            first, *others = rows
            for count in range(min(size, len(self.members[first])) + 1):
                for rest in self.choices(others, size - count):
                    yield ((first, count), *rest) if count else rest


def taken_together(rule: Rule) -> int:
    """How many units one deal of a rule takes; nought where it takes any number."""
    kind, *rest = rule["benefit"]
    match kind:
        case "each":
            return 1
        case "bundle":
            return sum(int(count) for _, count in rest[0])
        case "buy_get":
            return int(rest[1]) + int(rest[3])
        case _:
            return 0


def largest_saving(rules: Sequence[Rule], units: Sequence[Unit], *, seconds: float) -> Found | None:
    """What CP-SAT saves within a time; none where the cart has too many deals to list."""
    from ortools.sat.python import cp_model

    order = sorted(rules, key=lambda rule: (-rule.get("priority", 0), rule["id"]))
    cart = Model(CachedUnits(order, units))
    deals = []
    for deal in cart.deals():
        deals.append(deal)
        if len(deals) > DEALS_MAX:
            return None
    model = cp_model.CpModel()
    gains: list[Any] = []
    used: list[list[Any]] = [[] for _ in cart.rows]
    by_rule: dict[int, list[Any]] = {}
    for number, deal in enumerate(deals):
        most = min(len(cart.members[row]) // count for row, count in deal.counts)
        most = min(most, limit(cart.units.taking[deal.rule]))
        times = model.new_int_var(0, most, f"deal {number}")
        gains.append(deal.saving_minor * times)
        by_rule.setdefault(deal.rule, []).append(times)
        for row, count in deal.counts:
            used[row].append(count * times)
    for number, variables in by_rule.items():
        most = limit(cart.units.taking[number])
        if most < len(cart.units.units):
            model.add(sum(variables) <= most)
    for taking in cart.units.taking:
        if taking["benefit"][0] == "tiers":
            add_tiers(model, cart, taking, used, gains)
    for row, members in enumerate(cart.members):
        alone = [model.new_bool_var(f"alone {row} {count}") for count in range(len(members) + 1)]
        model.add_exactly_one(alone)
        for count, chosen in enumerate(alone):
            if count:
                gains.append(cart.units.alone(cart.rows[row], count, None) * chosen)
                used[row].append(count * chosen)
        model.add(sum(used[row]) == len(members))
    model.maximize(sum(gains))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 2
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return Found(round(solver.objective_value), int(solver.best_objective_bound + 1e-6))


def add_tiers(model: Any, cart: Model, rule: Rule, used: list[list[Any]], gains: list[Any]) -> None:
    """A price by quantity: the tier its number of units reaches is for all of them."""
    _, number, tiers, marginal, _ = rule["benefit"]
    if marginal:
        raise ValueError("a marginal price by quantity has no place in the model")
    rows = [
        at for at in cart.rule_rows(rule) if cart.units.within(rule, number, cart.members[at][0])
    ]
    reached = []
    for place, (start, off) in enumerate(tiers):
        chosen = model.new_bool_var("")
        reached.append(chosen)
        count_terms = []
        for row in rows:
            members = cart.members[row]
            counts = [model.new_bool_var("") for _ in members]
            model.add(sum(counts) <= chosen)
            for count, here in enumerate(counts, 1):
                own = cart.units.by_row(rule, off, members[:count])
                under = cart.units.alone(cart.rows[row], 1, rule) * count
                gains.append((own + under) * here)
                used[row].append(count * here)
                count_terms.append(count * here)
        model.add(sum(count_terms) >= start * chosen)
        if place + 1 < len(tiers):
            model.add(sum(count_terms) <= tiers[place + 1][0] - 1).only_enforce_if(chosen)
    model.add(sum(reached) <= 1)
