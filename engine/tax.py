"""Which taxes a line of a sale has, in the order they are counted: a pure choice among rules.

The day that counts is that of the sale's completion in the store's own time, so an order that was
suspended over midnight is taxed anew when it is taken up.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from attrs import frozen

from engine.altered import altered
from engine.limits import NS_PER_S
from engine.stamp import Stamp
from engine.tax_document import (
    Charge,
    DocumentTax,
    Per,
    TaxKind,
    Threshold,
)
from engine.tax_rules import (
    Context,
    Fault,
    Holiday,
    TaxRule,
    TaxRules,
    TaxRulesError,
    Window,
    check_day,
    check_window,
)

_DAY_S = 86_400


@frozen
class Certificate:
    """A customer's right not to pay a tax, while it is valid.

    Empty `jurisdictions`, `tax_types` or `categories` are all of them. The window ends with the
    expiry: its `end` is the first day on which the certificate is worth nothing.
    """

    id: str
    customer: str
    window: Window
    reason: str
    jurisdictions: frozenset[str] = frozenset()
    tax_types: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()

    def frees(self, rule: TaxRule, category: str, day: str) -> bool:
        """Whether it frees a line of this category from a rule's tax on this day."""
        return (
            self.window.holds(day)
            and (not self.jurisdictions or rule.jurisdiction in self.jurisdictions)
            and (not self.tax_types or rule.tax_type in self.tax_types)
            and (not self.categories or category in self.categories)
        )


@frozen
class SaleFacts:
    """What of a sale decides its taxes: where, on which local day, how handed over, to whom.

    `jurisdiction` is the narrowest one; those it lies in ask their taxes too. `customer_class` is
    "" for an ordinary customer.
    """

    jurisdiction: str
    day: str
    context: Context = Context.TAKEAWAY
    customer_class: str = ""
    certificates: tuple[Certificate, ...] = ()


@frozen
class LineFacts:
    """What of a line decides its taxes."""

    category: str


@frozen
class AppliedTax:
    """One tax of a line, and the rule, certificate or holiday that made it so.

    `since` tells the rule's entry apart from its earlier and later ones.
    """

    rule: str
    since: str
    jurisdiction: str
    tax_type: str
    tax: DocumentTax
    certificate: str = ""
    holiday: str = ""

    def key(self) -> tuple[str, str, str, str]:
        """What tells it apart from every other tax of one sale."""
        return self.rule, self.since, self.certificate, self.holiday


def local_day(stamp: Stamp) -> str:
    """The ISO date in the store at a stamp, by its midnight and not by its business day."""
    return day_of(stamp.now_ns, stamp.utc_offset_s)


def day_of(now_ns: int, utc_offset_s: int) -> str:
    """The same of a moment and the store's offset from UTC then."""
    return _iso((now_ns // NS_PER_S + utc_offset_s) // _DAY_S)


@lru_cache(maxsize=16)
def _iso(days: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=days)).isoformat()


def day_after(day: str) -> str:
    """The ISO date that follows."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def taxes_for(line: LineFacts, sale: SaleFacts, rules: TaxRules) -> tuple[AppliedTax, ...]:
    """The taxes of a line, in the order they are counted.

    Of each jurisdiction's rules for one tax the narrowest that fits applies: one for the category
    before one for all, then one for the context, then one for the customer's class. Taxes are
    counted from the widest jurisdiction in, and after those their rule names.

    Raises:
        TaxRulesError: an unknown category, jurisdiction or day; a tax in the price that cannot be
            left uncharged: a division, or one that later taxes stand on.
    """
    if line.category not in rules.categories:
        raise TaxRulesError(Fault.CATEGORY_MUST_EXIST, line.category)
    if sale.jurisdiction not in rules.jurisdictions:
        raise TaxRulesError(Fault.JURISDICTION_MUST_EXIST, sale.jurisdiction)
    check_day(sale.day, "the sale")
    for certificate in sale.certificates:
        check_window(certificate.window, certificate.id)
    path = rules.path(sale.jurisdiction)
    chosen: dict[tuple[str, str], TaxRule] = {}
    for rule in rules.rules:
        if rule.jurisdiction not in path or not _fits(rule, line, sale):
            continue
        key = (rule.jurisdiction, rule.tax_type)
        if key not in chosen or rule.width() < chosen[key].width():
            chosen[key] = rule
    return tuple(_applied(rule, line, sale, rules) for rule in _in_order(chosen, path))


def _fits(rule: TaxRule, line: LineFacts, sale: SaleFacts) -> bool:
    return (
        rule.window.holds(sale.day)
        and (not rule.categories or line.category in rule.categories)
        and rule.context in (Context.ANY, sale.context)
        and (not rule.customers or sale.customer_class in rule.customers)
    )


def _in_order(chosen: dict[tuple[str, str], TaxRule], path: tuple[str, ...]) -> list[TaxRule]:
    """The widest jurisdiction first, each rule after those it names; ties by tax type."""
    waiting = sorted(
        chosen.values(), key=lambda rule: (path.index(rule.jurisdiction), rule.tax_type)
    )
    done: list[TaxRule] = []
    while waiting:
        open_ids = {rule.id for rule in waiting}
        # `checked` has ruled circles out, so one is always free.
        free = next(rule for rule in waiting if not open_ids.intersection(rule.after))
        waiting.remove(free)
        done.append(free)
    return done


def _applied(rule: TaxRule, line: LineFacts, sale: SaleFacts, rules: TaxRules) -> AppliedTax:
    tax = rule.tax()
    applied = AppliedTax(rule.id, rule.window.start, rule.jurisdiction, rule.tax_type, tax)
    for certificate in sale.certificates:
        if certificate.frees(rule, line.category, sale.day):
            freed = _uncharged(rule, tax, Charge.EXEMPT)
            return altered(applied, tax=freed, certificate=certificate.id)
    if sale.customer_class in rule.reverse_for:
        return altered(applied, tax=_uncharged(rule, tax, Charge.REVERSE))
    holiday = _holiday(rule, line, sale, rules)
    if holiday is None:
        return applied
    if holiday.below_minor is None:
        freed = _uncharged(rule, tax, Charge.EXEMPT)
    else:
        limit = Threshold(holiday.below_minor, holiday.exempt_at_amount, Per.ITEM, excess=False)
        freed = altered(tax, threshold=limit)
    return altered(applied, tax=freed, holiday=holiday.id)


def _uncharged(rule: TaxRule, tax: DocumentTax, charge: Charge) -> DocumentTax:
    """The tax, not charged. What is not charged is no part of what later taxes stand on."""
    if (rule.included and rule.affects_later) or rule.kind is TaxKind.DIVISION:
        raise TaxRulesError(Fault.BASE_MUST_BE_CHARGED, rule.id)
    return altered(tax, charge=charge, affects_later=False)


def _holiday(rule: TaxRule, line: LineFacts, sale: SaleFacts, rules: TaxRules) -> Holiday | None:
    for holiday in rules.holidays:
        if (
            (holiday.jurisdiction, holiday.tax_type) == (rule.jurisdiction, rule.tax_type)
            and holiday.window.holds(sale.day)
            and line.category in holiday.categories
        ):
            return holiday
    return None
