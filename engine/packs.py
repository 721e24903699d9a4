"""A country's rules as data: what a pack file says, read strictly and checked as a whole.

A pack holds dated entries. A rate changes by a new entry and the end of the one before it, never by
editing what was; two entries of one rule that share a day are refused by name.
"""

from __future__ import annotations

import itertools
from typing import TypeVar

from attrs import frozen

from engine.fields import Fields, FieldsError
from engine.settings import RoundingMode
from engine.tax_document import (
    Amounts,
    Cap,
    Capped,
    DivisionBase,
    Extract,
    Level,
    Per,
    Residual,
    TaxKind,
    TaxPolicy,
    Threshold,
    Unit,
)
from engine.tax_rules import (
    Context,
    Fault,
    Holiday,
    Jurisdiction,
    JurisdictionKind,
    TaxRule,
    TaxRules,
    TaxRulesError,
    Window,
    check_window,
    checked,
)

_MICROS, _PPM = 6, 4


@frozen
class DatedPolicy:
    """How documents are rounded in a window."""

    window: Window
    policy: TaxPolicy
    source: str


@frozen
class CashRounding:
    """The coins there are in a window, and whether law, custom or the shop rounds to them."""

    window: Window
    jurisdiction: str
    step_minor: int
    mode: RoundingMode
    obligation: str
    source: str


@frozen
class ReceiptNeeds:
    """What receipts must show: `fields` by name, `words` as they must be printed, by purpose."""

    fields: tuple[str, ...]
    words: dict[str, str]
    source: str


@frozen
class CountryPack:
    """One country's rules. `notes` say what is left out and why."""

    country: str
    name: str
    compiled: str
    currency: str
    minor_digits: int
    prices_include_tax: bool
    rules: TaxRules
    policies: tuple[DatedPolicy, ...]
    cash: tuple[CashRounding, ...]
    receipt: ReceiptNeeds
    notes: tuple[str, ...]

    def policy_on(self, day: str) -> TaxPolicy:
        """The rounding in force on a store-local ISO date; the ordinary one where none is named."""
        return policy_on(self.policies, day)

    def cash_on(self, day: str, jurisdiction: str) -> CashRounding | None:
        """How cash is rounded on a day in a jurisdiction, the narrowest rule first; None: not."""
        return cash_on(self.cash, self.rules.path(jurisdiction), day)


def policy_on(policies: tuple[DatedPolicy, ...], day: str) -> TaxPolicy:
    """The rounding in force on a store-local ISO date; the ordinary one where none is named."""
    found = [entry.policy for entry in policies if entry.window.holds(day)]
    return found[0] if found else TaxPolicy()


def cash_on(cash: tuple[CashRounding, ...], path: tuple[str, ...], day: str) -> CashRounding | None:
    """How cash is rounded on a day, by the last jurisdiction of `path` that says so; None: not."""
    for place in reversed(path):
        for entry in cash:
            if entry.jurisdiction == place and entry.window.holds(day):
                return entry
    return None


OBLIGATIONS = ("mandatory", "customary", "optional")


def parse_pack(value: object) -> CountryPack:
    """A pack from parsed JSON.

    Raises:
        FieldsError: a field that is missing, unknown or not what it should be.
        TaxRulesError: rules without one answer, entries that share a day.
    """
    fields = Fields(value, "")
    country, name = fields.text("country"), fields.text("name")
    compiled = fields.text("compiled")
    check_window(Window(compiled), "compiled")
    currency, digits = fields.text("currency"), fields.whole("minor_digits")
    if not 0 <= digits <= 4:
        raise FieldsError("minor_digits_must_be_0_to_4", "minor_digits", digits)
    included = fields.flag("prices_include_tax", default=False)
    places = tuple(_jurisdiction(entry) for entry in fields.objects("jurisdictions"))
    categories = frozenset(fields.texts("categories"))
    rules = tuple(
        entry for rule in fields.objects("rules") for entry in _rule(rule, digits, included)
    )
    holidays = tuple(_holiday(entry, digits) for entry in fields.objects("holidays"))
    checked_rules = checked(places, categories, rules, holidays)
    policies = tuple(_policy(entry) for entry in fields.objects("policies"))
    cash = tuple(_cash(entry, digits) for entry in fields.objects("cash_rounding"))
    pack = CountryPack(
        country,
        name,
        compiled,
        currency,
        digits,
        included,
        checked_rules,
        policies,
        cash,
        _receipt(fields),
        tuple(fields.texts("notes")),
    )
    fields.done()
    check_dated(policies, cash, checked_rules)
    return pack


def check_dated(
    policies: tuple[DatedPolicy, ...], cash: tuple[CashRounding, ...], rules: TaxRules
) -> None:
    """Refuse rounding of which two entries hold on one day, or of a place there is none.

    Raises:
        TaxRulesError: as said.
    """
    _distinct(policies, "policies")
    for place in sorted({entry.jurisdiction for entry in cash}):
        if place not in rules.jurisdictions:
            raise TaxRulesError(Fault.JURISDICTION_MUST_EXIST, place)
        here = tuple(entry for entry in cash if entry.jurisdiction == place)
        _distinct(here, f"cash_rounding of {place}")


_Dated = TypeVar("_Dated", DatedPolicy, CashRounding)


def _distinct(entries: tuple[_Dated, ...], what: str) -> None:
    """Refuse entries of which two share a day."""
    for entry in entries:
        check_window(entry.window, what)
    ordered = sorted(entries, key=lambda entry: entry.window.start)
    for before, after in itertools.pairwise(ordered):
        if before.window.meets(after.window):
            raise TaxRulesError(Fault.WINDOWS_MUST_NOT_OVERLAP, f"{what} from {after.window.start}")


def _jurisdiction(fields: Fields) -> Jurisdiction:
    kind = fields.word("kind", JurisdictionKind, JurisdictionKind.COUNTRY)
    found = Jurisdiction(fields.text("id"), kind, fields.text("parent", ""))
    fields.done()
    return found


def _window(fields: Fields) -> Window:
    return Window(fields.text("start"), fields.text("end", ""))


def _source(fields: Fields) -> str:
    source = fields.text("source")
    if not source.strip():
        raise FieldsError("source_must_be_named", fields.at("source"))
    return source


def _rule(fields: Fields, digits: int, included: bool) -> list[TaxRule]:
    """The entries of a rule, each with its own window, value and source."""
    rule_id, jurisdiction = fields.text("id"), fields.text("jurisdiction")
    tax_type = fields.text("tax_type")
    kind = fields.word("kind", TaxKind, TaxKind.PERCENT)
    unit = fields.word("unit", Unit, Unit.PIECE)
    categories = frozenset(fields.texts("categories"))
    context = fields.word("context", Context, Context.ANY)
    customers = frozenset(fields.texts("customers"))
    reverse_for = frozenset(fields.texts("reverse_for"))
    in_price = fields.flag("price_included", default=included)
    affects = fields.flag("affects_later", default=False)
    affected = fields.flag("affected_by_previous", default=True)
    after = tuple(fields.texts("after"))
    codes = _words(fields, "codes")
    found = []
    for entry in fields.objects("entries"):
        window = _window(entry)
        value = entry.number("value", _MICROS if kind is TaxKind.PER_UNIT else _PPM)
        threshold, cap = entry.inner("threshold"), entry.inner("cap")
        found.append(
            TaxRule(
                rule_id,
                jurisdiction,
                tax_type,
                window,
                value,
                kind,
                unit,
                categories,
                context,
                customers,
                reverse_for,
                None if threshold is None else read_threshold(threshold, digits),
                None if cap is None else read_cap(cap, digits),
                in_price,
                affects,
                affected,
                after,
                _words(entry, "codes") or codes,
                _source(entry),
            )
        )
        entry.done()
    if not found:
        raise FieldsError("entries_must_be_present", fields.at("entries"), rule_id)
    fields.done()
    return found


def read_threshold(fields: Fields, digits: int) -> Threshold:
    """A threshold as packs and published cases write it.

    Raises:
        FieldsError: as `Fields` says.
    """
    amount = fields.number("amount", digits)
    exempt_at = fields.flag("exempt_at_amount", default=False)
    per = fields.word("per", Per, Per.ITEM)
    then = fields.text("then", "whole")
    if then not in ("whole", "excess"):
        raise FieldsError("word_must_be_known", fields.at("then"), then)
    fields.done()
    return Threshold(amount, exempt_at, per, excess=then == "excess")


def read_cap(fields: Fields, digits: int) -> Cap:
    """A cap as packs and published cases write it.

    Raises:
        FieldsError: as `Fields` says.
    """
    of = fields.word("of", Capped, Capped.TAX)
    cap = Cap(of, fields.number("amount", digits), fields.word("per", Per, Per.ITEM))
    fields.done()
    return cap


def read_policy(fields: Fields) -> TaxPolicy:
    """A policy as packs and published cases write it; what is left out is as usual.

    Raises:
        FieldsError: a word that is none.
    """
    return TaxPolicy(
        fields.word("rounding", Level, Level.LINE),
        fields.word("mode", RoundingMode, RoundingMode.HALF_UP),
        fields.word("extract", Extract, Extract.TAX_FIRST),
        fields.word("residual", Residual, Residual.LARGEST),
        fields.word("amounts", Amounts, Amounts.ROUNDED),
        fields.word("amount_mode", RoundingMode, RoundingMode.HALF_UP),
        fields.word("division_base", DivisionBase, DivisionBase.GROSS),
    )


def _holiday(fields: Fields, digits: int) -> Holiday:
    found = Holiday(
        fields.text("id"),
        fields.text("jurisdiction"),
        fields.text("tax_type"),
        _window(fields),
        frozenset(fields.texts("categories")),
        fields.number_or_none("below", digits),
        fields.flag("exempt_at_amount", default=False),
        _source(fields),
    )
    fields.done()
    return found


def _policy(fields: Fields) -> DatedPolicy:
    found = DatedPolicy(_window(fields), read_policy(fields), _source(fields))
    fields.done()
    return found


def _cash(fields: Fields, digits: int) -> CashRounding:
    obligation = fields.text("obligation")
    if obligation not in OBLIGATIONS:
        raise FieldsError("word_must_be_known", fields.at("obligation"), obligation)
    found = CashRounding(
        _window(fields),
        fields.text("jurisdiction"),
        fields.number("step", digits),
        fields.word("mode", RoundingMode, RoundingMode.HALF_UP),
        obligation,
        _source(fields),
    )
    if found.step_minor < 1:
        raise FieldsError("cash_step_must_be_positive", fields.at("step"))
    fields.done()
    return found


def _receipt(fields: Fields) -> ReceiptNeeds:
    receipt = Fields(fields.take("receipt"), "receipt")
    needs = tuple(receipt.texts("fields"))
    found = ReceiptNeeds(needs, _words(receipt, "words"), _source(receipt))
    receipt.done()
    return found


def _words(fields: Fields, name: str) -> dict[str, str]:
    """An object of texts."""
    inner = fields.inner(name)
    if inner is None:
        return {}
    return {key: inner.text(key) for key in inner.names()}
