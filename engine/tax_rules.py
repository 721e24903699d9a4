"""Tax rules as data: who asks what tax of what, where, how and when.

All dates are ISO dates of the store's own calendar. A window begins at the store's midnight of its
`start` and ends at that of its `end`, which it leaves out; no `end` is for good.
"""

from __future__ import annotations

from datetime import date
from enum import Enum

import attrs
from attrs import frozen

from engine.tax_document import Cap, DocumentTax, TaxKind, Threshold, Unit


class TaxRulesError(ValueError):
    """Rules, or a question to them, that have no one answer: `code` is stable, `detail` says what.

    Whoever keeps the rules must act; nothing was taxed.
    """

    def __init__(self, code: str, detail: str) -> None:
        """`code` is one of `Fault`."""
        self.code, self.detail = code, detail
        super().__init__(f"{code}: {detail}")


class Fault:
    """Every code of `TaxRulesError`, named as the condition required."""

    ID_MUST_BE_DISTINCT = "tax_id_must_be_distinct"
    JURISDICTION_MUST_EXIST = "tax_jurisdiction_must_exist"
    JURISDICTIONS_MUST_BE_A_TREE = "tax_jurisdictions_must_be_a_tree"
    DATE_MUST_EXIST = "tax_date_must_exist"
    WINDOW_MUST_OPEN = "tax_window_must_open"
    WINDOWS_MUST_NOT_OVERLAP = "tax_windows_must_not_overlap"
    CATEGORY_MUST_EXIST = "tax_category_must_exist"
    RATE_MUST_BE_IN_RANGE = "tax_rate_must_be_in_range"
    RULE_MUST_EXIST = "tax_rule_must_exist"
    ORDER_MUST_NOT_CIRCLE = "tax_order_must_not_circle"
    RULES_MUST_NOT_CONTEND = "tax_rules_must_not_contend"
    BASE_MUST_BE_CHARGED = "tax_base_must_be_charged"
    HOLIDAY_MUST_LEAVE_THRESHOLDS = "tax_holiday_must_leave_thresholds"


class JurisdictionKind(Enum):
    """How far a jurisdiction reaches; taxes are counted from the widest in."""

    COUNTRY = "country"
    STATE = "state"
    COUNTY = "county"
    CITY = "city"
    DISTRICT = "district"


class Context(Enum):
    """How goods are handed over; a rule for any is for all of these."""

    ANY = "any"
    EAT_IN = "eat_in"
    TAKEAWAY = "takeaway"
    DELIVERY = "delivery"


@frozen
class Jurisdiction:
    """Somebody who may ask a tax. `parent` is the wider one it lies in, "" for a country."""

    id: str
    kind: JurisdictionKind
    parent: str = ""


@frozen
class Window:
    """Store-local days from `start`, up to and without `end`; "" is for good."""

    start: str
    end: str = ""

    def holds(self, day: str) -> bool:
        """Whether an ISO date lies in it."""
        return self.start <= day and (not self.end or day < self.end)

    def meets(self, other: Window) -> bool:
        """Whether some day lies in both."""
        return (not other.end or self.start < other.end) and (
            not self.end or other.start < self.end
        )


@frozen
class TaxRule:
    """One dated entry of a rule. Entries of one `id` follow each other; a new rate is a new entry.

    `value` is ppm, or micros of the major unit for each `unit`. An empty `categories` or
    `customers` is for all of them. `reverse_for` names customer classes that account for the tax
    themselves. `after` names rules of the same sale that are counted before this one. `codes` says
    what fiscal systems call it; `source` is the law and the date it was read.
    """

    id: str
    jurisdiction: str
    tax_type: str
    window: Window
    value: int
    kind: TaxKind = TaxKind.PERCENT
    unit: Unit = Unit.PIECE
    categories: frozenset[str] = frozenset()
    context: Context = Context.ANY
    customers: frozenset[str] = frozenset()
    reverse_for: frozenset[str] = frozenset()
    threshold: Threshold | None = None
    cap: Cap | None = None
    included: bool = False
    affects_later: bool = False
    affected_by_previous: bool = True
    after: tuple[str, ...] = ()
    codes: dict[str, str] = attrs.field(factory=dict)
    source: str = ""

    def tax(self) -> DocumentTax:
        """As the floor counts it where it is charged."""
        return DocumentTax(
            self.kind,
            self.value,
            self.unit,
            self.included,
            self.affects_later,
            self.affected_by_previous,
            threshold=self.threshold,
            cap=self.cap,
        )

    def width(self) -> tuple[int, int, int]:
        """How general it is; of the rules that fit, the narrowest of its kind applies."""
        return (
            len(self.categories) == 0,
            self.context is Context.ANY,
            len(self.customers) == 0,
        )


@frozen
class Holiday:
    """Days on which a tax is not asked of some goods; of items below `below_minor`, if set."""

    id: str
    jurisdiction: str
    tax_type: str
    window: Window
    categories: frozenset[str]
    below_minor: int | None = None
    exempt_at_amount: bool = False
    source: str = ""


@frozen
class TaxRules:
    """A whole set of rules, as checked by `checked`."""

    jurisdictions: dict[str, Jurisdiction]
    categories: frozenset[str]
    rules: tuple[TaxRule, ...]
    holidays: tuple[Holiday, ...] = ()

    def path(self, jurisdiction: str) -> tuple[str, ...]:
        """A jurisdiction and all it lies in, the widest first."""
        found: list[str] = []
        while jurisdiction:
            found.append(jurisdiction)
            jurisdiction = self.jurisdictions[jurisdiction].parent
        return tuple(reversed(found))


def checked(
    jurisdictions: tuple[Jurisdiction, ...],
    categories: frozenset[str],
    rules: tuple[TaxRule, ...],
    holidays: tuple[Holiday, ...] = (),
) -> TaxRules:
    """The rules, if every question to them has one answer.

    Raises:
        TaxRulesError: as `Fault` lists, in that order.
    """
    by_id = {place.id: place for place in jurisdictions}
    if len(by_id) != len(jurisdictions) or len({h.id for h in holidays}) != len(holidays):
        raise TaxRulesError(Fault.ID_MUST_BE_DISTINCT, "jurisdictions and holidays")
    _check_tree(by_id)
    asked: tuple[TaxRule | Holiday, ...] = (*rules, *holidays)
    for entry in asked:
        if entry.jurisdiction not in by_id:
            raise TaxRulesError(Fault.JURISDICTION_MUST_EXIST, entry.jurisdiction)
        check_window(entry.window, entry.id)
    _check_windows(rules)
    for entry in asked:
        unknown = entry.categories - categories
        if unknown:
            raise TaxRulesError(Fault.CATEGORY_MUST_EXIST, f"{min(unknown)} of {entry.id}")
    for rule in rules:
        _check_rate(rule)
    _check_order(rules)
    _check_contention(rules)
    for holiday in holidays:
        _check_holiday(holiday, rules)
    return TaxRules(by_id, categories, rules, holidays)


_REACH = list(JurisdictionKind)


def _check_tree(by_id: dict[str, Jurisdiction]) -> None:
    for entry in by_id.values():
        if not entry.parent:
            if entry.kind is not JurisdictionKind.COUNTRY:
                raise TaxRulesError(Fault.JURISDICTIONS_MUST_BE_A_TREE, entry.id)
            continue
        parent = by_id.get(entry.parent)
        if parent is None:
            raise TaxRulesError(Fault.JURISDICTION_MUST_EXIST, entry.parent)
        # Each reaches less far than its parent, so no chain of parents comes round again.
        if _REACH.index(entry.kind) <= _REACH.index(parent.kind):
            raise TaxRulesError(Fault.JURISDICTIONS_MUST_BE_A_TREE, entry.id)


def check_day(day: str, what: str) -> None:
    """Refuse what is no ISO date.

    Raises:
        TaxRulesError: no such day, or written otherwise than 2026-01-31.
    """
    try:
        if date.fromisoformat(day).isoformat() == day:
            return
    except ValueError:
        pass
    raise TaxRulesError(Fault.DATE_MUST_EXIST, f"{day[:20]} of {what}")


def check_window(window: Window, what: str) -> None:
    """Refuse a window with a day that does not exist, or in which no day lies.

    Raises:
        TaxRulesError: as said.
    """
    check_day(window.start, what)
    if window.end:
        check_day(window.end, what)
        if window.end <= window.start:
            raise TaxRulesError(Fault.WINDOW_MUST_OPEN, what)


def _check_windows(rules: tuple[TaxRule, ...]) -> None:
    """Entries of one rule follow each other."""
    last: dict[str, TaxRule] = {}
    for rule in sorted(rules, key=lambda rule: (rule.id, rule.window.start)):
        before = last.get(rule.id)
        if before is not None and before.window.meets(rule.window):
            raise TaxRulesError(
                Fault.WINDOWS_MUST_NOT_OVERLAP, f"{rule.id} from {rule.window.start}"
            )
        last[rule.id] = rule


_RATES_PPM_MAX = {TaxKind.PERCENT: 10_000_000, TaxKind.DIVISION: 999_999}


def _check_rate(rule: TaxRule) -> None:
    most = _RATES_PPM_MAX.get(rule.kind)
    if rule.value < 0 or (most is not None and rule.value > most):
        raise TaxRulesError(Fault.RATE_MUST_BE_IN_RANGE, rule.id)


def _check_order(rules: tuple[TaxRule, ...]) -> None:
    """What comes after what must have a beginning."""
    ids = {rule.id for rule in rules}
    waits: dict[str, set[str]] = {rule.id: set() for rule in rules}
    for rule in rules:
        for earlier in rule.after:
            if earlier not in ids:
                raise TaxRulesError(Fault.RULE_MUST_EXIST, f"{earlier} before {rule.id}")
            waits[rule.id].add(earlier)
    while waits:
        free = {name for name, earlier in waits.items() if not earlier & waits.keys()}
        if not free:
            raise TaxRulesError(Fault.ORDER_MUST_NOT_CIRCLE, ", ".join(sorted(waits)))
        waits = {name: earlier for name, earlier in waits.items() if name not in free}


def _check_contention(rules: tuple[TaxRule, ...]) -> None:
    """Two rules of one tax, equally narrow, must never both fit a line."""
    groups: dict[tuple[object, ...], list[TaxRule]] = {}
    for rule in rules:
        key = (rule.jurisdiction, rule.tax_type, rule.width(), rule.context)
        groups.setdefault(key, []).append(rule)
    for group in groups.values():
        for at, one in enumerate(group):
            for other in group[at + 1 :]:
                if (
                    one.id != other.id
                    and one.window.meets(other.window)
                    and _meet(one.categories, other.categories)
                    and _meet(one.customers, other.customers)
                ):
                    raise TaxRulesError(Fault.RULES_MUST_NOT_CONTEND, f"{one.id} and {other.id}")


def _meet(one: frozenset[str], other: frozenset[str]) -> bool:
    return not one or not other or not one.isdisjoint(other)


def _check_holiday(holiday: Holiday, rules: tuple[TaxRule, ...]) -> None:
    """A holiday with a limit works as a threshold, so it cannot meet another one."""
    for rule in rules:
        if (
            holiday.below_minor is not None
            and (rule.threshold is not None or rule.kind is not TaxKind.PERCENT)
            and (rule.jurisdiction, rule.tax_type) == (holiday.jurisdiction, holiday.tax_type)
            and rule.window.meets(holiday.window)
            and _meet(rule.categories, holiday.categories)
        ):
            raise TaxRulesError(Fault.HOLIDAY_MUST_LEAVE_THRESHOLDS, f"{holiday.id} and {rule.id}")
