"""Which tax rules are in force: one fact sets all of them, so that a set is never half changed.

A rate changes by date within a set; a new set replaces the one before, which stays in the journal.
In a store with rules every tax class is the name of a category, and its letter marks lines.
"""

from __future__ import annotations

from typing import Final

import attrs
from attrs import frozen

from engine import limits
from engine.altered import altered
from engine.decision import COMMANDS, EVENTS, Decision, Fact, refuse
from engine.money import minor_digits
from engine.packs import OBLIGATIONS, ReceiptNeeds, check_dated
from engine.settings import SetTaxClasses, Settings, Surroundings, TaxClass
from engine.settings import decide as decide_settings
from engine.tax_book import TaxBook, TaxSetup, tax_book
from engine.tax_document import TaxKind, TaxPolicy, tax_document
from engine.tax_rules import Fault, TaxRule, TaxRules, TaxRulesError, check_day
from native import CoreError

STREAM = "taxes"

# ------------------------------------------------------------------------------------- Events


@EVENTS.name("taxes.set/1")
@frozen
class TaxesSet:
    """These rules are in force from here on, and no others; None: tax classes alone."""

    setup: TaxSetup | None


# -------------------------------------------------------------------------------------- State


@frozen
class PastNeeds:
    """What receipts show from tax rules version `version` on."""

    version: int
    needs: ReceiptNeeds


@frozen
class Taxes:
    """The rules in force; `version` counts how often they were set.

    `past` keeps what receipts had to show: a copy shows it as it was.
    """

    setup: TaxSetup | None = None
    version: int = 0
    past: tuple[PastNeeds, ...] = ()
    _made: dict[int, TaxBook] = attrs.field(factory=dict, eq=False, repr=False, init=False)

    def book(self) -> TaxBook | None:
        """The rules as a book to ask; None where there are none."""
        if self.setup is None:
            return None
        found = self._made.get(self.version)
        if found is None:
            found = self._made[self.version] = tax_book(self.setup, self.version)
        return found

    def needs_at(self, version: int) -> ReceiptNeeds | None:
        """What receipts of that version's sales show; None where no rules were in force."""
        held = [entry.needs for entry in self.past if entry.version == version]
        return held[0] if held else None


def evolve(state: Taxes, event: TaxesSet) -> Taxes:
    """The rules after `event`."""
    version = state.version + 1
    past = state.past
    if event.setup is not None:
        past = (*past, PastNeeds(version, event.setup.receipt))
    return Taxes(event.setup, version, past)


# ----------------------------------------------------------------------------------- Commands


@COMMANDS.name("taxes.set")
@frozen
class SetTaxes:
    """Put these tax rules in force, in place of all there were; None: tax classes alone. With
    `classes` all tax classes are set with them, both or neither; empty leaves them as they are."""

    setup: TaxSetup | None = None
    classes: tuple[TaxClass, ...] = ()


class Refusal:
    """In precedence order; the codes of `tax_rules.Fault` are among them."""

    STORE_MUST_BE_SET_UP = "store_must_be_set_up"
    TAX_RULES_LIMIT_REACHED = "tax_rules_limit_reached"
    TAX_TEXT_MUST_BE_SHORT = "tax_text_must_be_short"
    TAX_CURRENCY_MUST_BE_THE_STORES = "tax_currency_must_be_the_stores"
    TAX_ID_MUST_BE_DISTINCT = "tax_id_must_be_distinct"
    TAX_JURISDICTION_MUST_EXIST = "tax_jurisdiction_must_exist"
    TAX_JURISDICTIONS_MUST_BE_A_TREE = "tax_jurisdictions_must_be_a_tree"
    TAX_DATE_MUST_EXIST = "tax_date_must_exist"
    TAX_WINDOW_MUST_OPEN = "tax_window_must_open"
    TAX_WINDOWS_MUST_NOT_OVERLAP = "tax_windows_must_not_overlap"
    TAX_CATEGORY_MUST_EXIST = "tax_category_must_exist"
    TAX_RATE_MUST_BE_IN_RANGE = "tax_rate_must_be_in_range"
    TAX_RULE_MUST_EXIST = "tax_rule_must_exist"
    TAX_ORDER_MUST_NOT_CIRCLE = "tax_order_must_not_circle"
    TAX_RULES_MUST_NOT_CONTEND = "tax_rules_must_not_contend"
    TAX_HOLIDAY_MUST_LEAVE_THRESHOLDS = "tax_holiday_must_leave_thresholds"
    TAX_BASE_MUST_BE_CHARGED = "tax_base_must_be_charged"
    TAX_RULE_MUST_BE_SOUND = "tax_rule_must_be_sound"
    TAX_CASH_MUST_BE_SOUND = "tax_cash_must_be_sound"
    TAX_CLASS_MUST_BE_A_CATEGORY = "tax_class_must_be_a_category"


_REFUSALS: Final = {
    Fault.ID_MUST_BE_DISTINCT: Refusal.TAX_ID_MUST_BE_DISTINCT,
    Fault.JURISDICTION_MUST_EXIST: Refusal.TAX_JURISDICTION_MUST_EXIST,
    Fault.JURISDICTIONS_MUST_BE_A_TREE: Refusal.TAX_JURISDICTIONS_MUST_BE_A_TREE,
    Fault.DATE_MUST_EXIST: Refusal.TAX_DATE_MUST_EXIST,
    Fault.WINDOW_MUST_OPEN: Refusal.TAX_WINDOW_MUST_OPEN,
    Fault.WINDOWS_MUST_NOT_OVERLAP: Refusal.TAX_WINDOWS_MUST_NOT_OVERLAP,
    Fault.CATEGORY_MUST_EXIST: Refusal.TAX_CATEGORY_MUST_EXIST,
    Fault.RATE_MUST_BE_IN_RANGE: Refusal.TAX_RATE_MUST_BE_IN_RANGE,
    Fault.RULE_MUST_EXIST: Refusal.TAX_RULE_MUST_EXIST,
    Fault.ORDER_MUST_NOT_CIRCLE: Refusal.TAX_ORDER_MUST_NOT_CIRCLE,
    Fault.RULES_MUST_NOT_CONTEND: Refusal.TAX_RULES_MUST_NOT_CONTEND,
    Fault.HOLIDAY_MUST_LEAVE_THRESHOLDS: Refusal.TAX_HOLIDAY_MUST_LEAVE_THRESHOLDS,
    Fault.BASE_MUST_BE_CHARGED: Refusal.TAX_BASE_MUST_BE_CHARGED,
}


# ------------------------------------------------------------------------------------- Decide


def decide(body: SetTaxes, settings: Settings, around: Surroundings) -> Decision:
    """Decide a new set of rules, and with it the tax classes where they are named.

    Refuses:
        As `Refusal` lists, in that order; then, of tax classes that are set too, those of
        settings.set_tax_classes.
    """
    if settings.rules is None:
        return refuse(Refusal.STORE_MUST_BE_SET_UP)
    decided = _set(None) if body.setup is None else _set_rules(body.setup, settings, body.classes)
    if decided.refused is not None or not body.classes:
        return decided
    categories = None if body.setup is None else body.setup.categories
    fitting = altered(around, tax_categories=categories)
    classes = decide_settings(settings, SetTaxClasses(body.classes), fitting)
    if classes.refused is not None:
        return classes
    return altered(decided, facts=(*decided.facts, *classes.facts))


def _set_rules(setup: TaxSetup, settings: Settings, classes: tuple[TaxClass, ...]) -> Decision:
    entries = len(setup.rules) + len(setup.jurisdictions) + len(setup.holidays)
    if entries + len(setup.categories) > limits.TAX_RULES_MAX:
        return refuse(Refusal.TAX_RULES_LIMIT_REACHED, maximum=limits.TAX_RULES_MAX)
    long = [text for text in _texts(setup) if len(text) > limits.NAME_LENGTH_MAX]
    if long:
        shown = long[0][: limits.ID_LENGTH_MAX]
        return refuse(Refusal.TAX_TEXT_MUST_BE_SHORT, text=shown, maximum=limits.NAME_LENGTH_MAX)
    currency = settings.required().currency
    if setup.currency != currency:
        return refuse(Refusal.TAX_CURRENCY_MUST_BE_THE_STORES, currency=currency)
    try:
        rules = setup.checked_rules()
        check_dated(setup.policies, setup.cash, rules)
        if setup.jurisdiction not in rules.jurisdictions:
            raise TaxRulesError(Fault.JURISDICTION_MUST_EXIST, setup.jurisdiction)
        if setup.compiled:
            check_day(setup.compiled, "compiled")
        _check_sizes(setup)
        _check_uncharged(rules)
    except TaxRulesError as error:
        detail = error.detail[: limits.NOTE_LENGTH_MAX]
        # A rate is told as that of a tax class is, in the same words.
        return refuse(_REFUSALS[error.code], detail=detail, tax_class=detail)
    held = [entry.id for entry in classes] or list(settings.tax_classes)
    return _unsound(setup) or _misfit(setup, held) or _set(setup)


def _set(setup: TaxSetup | None) -> Decision:
    entries = 0 if setup is None else len(setup.rules)
    return Decision((Fact(STREAM, TaxesSet(setup)),), {"rules": entries})


def _texts(setup: TaxSetup) -> list[str]:
    """Every text but the sources, which say as much as the law asks."""
    texts = [setup.jurisdiction, setup.pack, setup.compiled, *setup.categories]
    for place in setup.jurisdictions:
        texts += [place.id, place.parent]
    for rule in setup.rules:
        texts += [rule.id, rule.tax_type, *rule.customers, *rule.reverse_for]
        texts += [*rule.codes, *rule.codes.values()]
    texts += [entry.id for entry in setup.holidays]
    return [*texts, *setup.receipt.fields, *setup.receipt.words, *setup.receipt.words.values()]


def _check_sizes(setup: TaxSetup) -> None:
    """No amount so large that a sale of it could not be counted."""
    for rule in setup.rules:
        if rule.kind is TaxKind.PER_UNIT and rule.value > limits.UNIT_PRICE_MICROS_MAX:
            raise TaxRulesError(Fault.RATE_MUST_BE_IN_RANGE, rule.id)


def _check_uncharged(rules: TaxRules) -> None:
    """What a holiday or the customer's class takes off must be a tax that can be left out."""
    for rule in rules.rules:
        kept = rule.kind is TaxKind.DIVISION or (rule.included and rule.affects_later)
        if kept and (rule.reverse_for or _holidays_of(rule, rules)):
            raise TaxRulesError(Fault.BASE_MUST_BE_CHARGED, rule.id)


def _holidays_of(rule: TaxRule, rules: TaxRules) -> bool:
    return any(
        holiday.below_minor is None
        and (holiday.jurisdiction, holiday.tax_type) == (rule.jurisdiction, rule.tax_type)
        and holiday.window.meets(rule.window)
        for holiday in rules.holidays
    )


def _unsound(setup: TaxSetup) -> Decision | None:
    """Why the floor could not count by some entry, or None."""
    digits = minor_digits(setup.currency)
    for rule in setup.rules:
        for policy in (TaxPolicy(), *(entry.policy for entry in setup.policies)):
            try:
                tax_document((), (rule.tax(),), policy, digits)
            except CoreError as error:
                reason = str(error)[: limits.NOTE_LENGTH_MAX]
                return refuse(Refusal.TAX_RULE_MUST_BE_SOUND, rule=rule.id, reason=reason)
    for entry in setup.cash:
        step_is_sane = 1 <= entry.step_minor <= limits.CASH_STEPS_MINOR_MAX
        if not step_is_sane or entry.obligation not in OBLIGATIONS:
            return refuse(Refusal.TAX_CASH_MUST_BE_SOUND, jurisdiction=entry.jurisdiction)
    return None


def _misfit(setup: TaxSetup, tax_classes: list[str]) -> Decision | None:
    """The first tax class that no category is named after, or None."""
    for tax_class in tax_classes:
        if tax_class not in setup.categories:
            return refuse(Refusal.TAX_CLASS_MUST_BE_A_CATEGORY, tax_class=tax_class)
    return None
