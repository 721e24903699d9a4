"""A store's tax rules as one set, and as a book that is asked for the taxes of a sale.

What was answered is remembered: of a store's few categories and circumstances each is asked again
and again, and a scan must not pay for choosing among rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import Any, Final

import attrs
from attrs import frozen

from engine.packs import CashRounding, DatedPolicy, ReceiptNeeds, cash_on, policy_on
from engine.tax import AppliedTax, Certificate, LineFacts, SaleFacts, day_after, taxes_for
from engine.tax_document import (
    DivisionBase,
    PolicyInput,
    TaxInput,
    TaxKind,
    TaxPolicy,
    policy_input,
    tax_input,
)
from engine.tax_rules import (
    Context,
    Holiday,
    Jurisdiction,
    TaxRule,
    TaxRules,
    Window,
    checked,
)
from engine.taxation import CashStep, Dining, Exemption, RuleTax

_REMEMBERED_MAX: Final = 512
_BEGINNING: Final = "0001-01-01"
_END: Final = "9999-12-31"  # the last day there is a name for
OPTIONAL: Final = "optional"


@frozen
class TaxSetup:
    """Everything that decides the taxes of a store.

    `jurisdiction` is the narrowest one the store lies in. A line's tax class names one of
    `categories`. Amounts are minor units of `currency`. `pack` and `compiled` name what the rules
    were taken from, "" where the shop wrote them itself. `dining` is how an order is handed over
    unless it says otherwise.
    """

    jurisdiction: str
    currency: str
    jurisdictions: tuple[Jurisdiction, ...]
    categories: frozenset[str]
    rules: tuple[TaxRule, ...]
    holidays: tuple[Holiday, ...] = ()
    policies: tuple[DatedPolicy, ...] = ()
    cash: tuple[CashRounding, ...] = ()
    receipt: ReceiptNeeds = attrs.field(factory=lambda: ReceiptNeeds((), {}, ""))
    pack: str = ""
    compiled: str = ""
    dining: Dining = Dining.TAKEAWAY

    def checked_rules(self) -> TaxRules:
        """The rules, if every question to them has one answer.

        Raises:
            TaxRulesError: as `tax_rules.checked`.
        """
        return checked(self.jurisdictions, self.categories, self.rules, self.holidays)


@frozen
class OrderFacts:
    """What of a sale decides its taxes, beside what it sells: the day in the store's calendar, how
    it is handed over, and to whom."""

    day: str
    dining: Dining
    exemption: Exemption | None = None


@frozen(eq=False)
class Chosen:
    """The taxes of some categories: a table of them, as shown and as the native floor takes them,
    and for each category its places in the table, in the order they are counted. `ranks` say how
    late in that order some category has each; `rates_ppm` sum the percentages each is charged."""

    table: tuple[RuleTax, ...]
    inputs: list[TaxInput]
    places: Mapping[str, list[int]]
    ranks: tuple[int, ...]
    rates_ppm: Mapping[str, int]


@frozen(eq=False)
class TaxBook:
    """The rules in force. It changes in nothing but what it remembers."""

    setup: TaxSetup
    version: int
    rules: TaxRules
    names: Mapping[str, str]
    codes: Mapping[tuple[str, str], dict[str, str]]
    _applied: dict[tuple[str, OrderFacts], tuple[AppliedTax, ...]] = attrs.field(factory=dict)
    _chosen: dict[tuple[frozenset[str], OrderFacts], Chosen] = attrs.field(factory=dict)
    _policies: dict[str, PolicyInput] = attrs.field(factory=dict)

    def order_facts(
        self, day: str, dining: Dining | None, exemption: Exemption | None
    ) -> OrderFacts:
        """Those of an order; None for `dining` is the store's own way."""
        return OrderFacts(day, dining or self.setup.dining, exemption)

    def chosen(self, categories: frozenset[str], sale: OrderFacts) -> Chosen:
        """The taxes of a sale of such categories.

        Raises:
            TaxRulesError: as `tax.taxes_for`.
        """
        key = (categories, sale)
        found = self._chosen.get(key)
        if found is None:
            _forget_some(self._chosen)
            found = self._chosen[key] = self._choose(categories, sale)
        return found

    def _choose(self, categories: frozenset[str], sale: OrderFacts) -> Chosen:
        rows = {category: self._taxes(category, sale) for category in sorted(categories)}
        # In an order of their own: which line was rung up first must not decide where a cent goes.
        table = sorted(
            {one.key(): one for row in rows.values() for one in row}.items(), key=itemgetter(0)
        )
        place = {key: at for at, (key, _) in enumerate(table)}
        places = {category: [place[one.key()] for one in row] for category, row in rows.items()}
        rules = tuple(self._rule_tax(one, sale.day) for _, one in table)
        return Chosen(
            rules,
            [tax_input(one.tax) for _, one in table],
            places,
            tuple(
                max(row.index(at) for row in places.values() if at in row)
                for at in range(len(rules))
            ),
            {
                category: sum(rules[at].charged_ppm() for at in row)
                for category, row in places.items()
            },
        )

    def _taxes(self, category: str, sale: OrderFacts) -> tuple[AppliedTax, ...]:
        key = (category, sale)
        found = self._applied.get(key)
        if found is None:
            _forget_some(self._applied)
            facts = _facts(self.setup.jurisdiction, sale)
            found = self._applied[key] = taxes_for(LineFacts(category), facts, self.rules)
        return found

    def _rule_tax(self, one: AppliedTax, day: str) -> RuleTax:
        gross = self.policy(day).division_base is DivisionBase.GROSS
        return RuleTax(
            one.rule,
            one.since,
            one.jurisdiction,
            one.tax_type,
            self.names[one.tax_type],
            one.tax.kind,
            one.tax.value,
            one.tax.unit,
            one.tax.included,
            one.tax.charge,
            one.certificate,
            one.holiday,
            self.codes[one.rule, one.since],
            one.tax.kind is TaxKind.DIVISION and gross,
        )

    def policy(self, day: str) -> TaxPolicy:
        """How documents of a day are rounded."""
        return policy_on(self.setup.policies, day)

    def policy_input(self, day: str) -> PolicyInput:
        """The same as the native floor takes it."""
        found = self._policies.get(day)
        if found is None:
            _forget_some(self._policies)
            found = self._policies[day] = policy_input(self.policy(day))
        return found

    def cash(self, day: str) -> CashStep | None:
        """How cash rounds on a day; None where that is the shop's own choice."""
        found = cash_on(self.setup.cash, self.rules.path(self.setup.jurisdiction), day)
        if found is None or found.obligation == OPTIONAL:
            return None
        return CashStep(found.step_minor, found.mode)


def _forget_some(held: dict[Any, Any]) -> None:
    if len(held) >= _REMEMBERED_MAX:
        held.clear()


def _facts(jurisdiction: str, sale: OrderFacts) -> SaleFacts:
    exemption = sale.exemption
    context = Context(sale.dining.value)
    if exemption is None:
        return SaleFacts(jurisdiction, sale.day, context)
    certificates: tuple[Certificate, ...] = ()
    if exemption.certificate:
        last = exemption.valid_until
        end = day_after(last) if last and last < _END else ""
        certificates = (
            Certificate(
                exemption.certificate,
                exemption.customer,
                Window(_BEGINNING, end),
                exemption.reason,
                exemption.jurisdictions,
                exemption.tax_types,
                exemption.categories,
            ),
        )
    return SaleFacts(jurisdiction, sale.day, context, exemption.customer_class, certificates)


def tax_book(setup: TaxSetup, version: int) -> TaxBook:
    """The book of a setup that was checked.

    A pack's word for tax stands for its only tax; where there are several, each has its own name.

    Raises:
        TaxRulesError: as `tax_rules.checked`.
    """
    types = {rule.tax_type for rule in setup.rules}
    word = setup.receipt.words.get("tax", "")
    names = {entry: word if word and len(types) == 1 else entry for entry in sorted(types)}
    codes = {(rule.id, rule.window.start): rule.codes for rule in setup.rules}
    return TaxBook(setup, version, setup.checked_rules(), names, codes)
