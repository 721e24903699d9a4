"""The store's rules as journaled facts: currency, tax, rounding, calendar, registers, words.

Money settings are facts, not configuration: a report can always say under which rule it was made.
"""

from __future__ import annotations

from enum import Enum
from typing import assert_never

import attrs
from attrs import frozen

from engine import limits
from engine.altered import altered
from engine.decision import COMMANDS, EVENTS, Decision, Fact, refuse
from engine.foreign import ForeignCurrency
from engine.money import digits_are_known
from engine.tender_rules import COUNTED, KINDS, TenderRule

STREAM = "settings"

# ------------------------------------------------------------------------------------- Events


class RoundingScope(Enum):
    """Where tax is rounded once. Lines always sum to the document."""

    LINE = "line"
    RATE_DOCUMENT = "rate_document"


class RoundingMode(Enum):
    """How a half, or any remainder, falls. Up and down are away from and towards zero."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    UP = "up"
    DOWN = "down"


@frozen
class StoreRules:
    """One complete set of the store's money and calendar rules.

    `cutoff_s` is how many seconds after local midnight the business day ends. `cash_step_minor`
    1 means no cash rounding. `currency` is ISO 4217, `time_zone` an IANA name, `language` a
    catalogue. Prices and promotions of one store of several name it by its `store_id`.
    """

    name: str
    address: tuple[str, ...]
    tax_number: str
    currency: str
    prices_include_tax: bool
    rounding_scope: RoundingScope
    rounding_mode: RoundingMode
    cash_step_minor: int
    cash_mode: RoundingMode
    time_zone: str
    cutoff_s: int
    language: str
    receipt_footer: str
    store_id: str = ""


@frozen
class TaxClass:
    """What items are taxed as; `letter` marks lines on the receipt."""

    id: str
    name: str
    rate_ppm: int
    letter: str


@frozen
class TipChoices:
    """What a customer is offered for a tip on our own screen: shares of the amount in ppm, amounts
    in minor units, and how much they may name themselves (`own_minor_max`, 0: not at all)."""

    percents_ppm: tuple[int, ...] = ()
    amounts_minor: tuple[int, ...] = ()
    own_minor_max: int = 0


@frozen
class RegisterSetup:
    """A selling position and its devices by address; empty where it has none.

    `channel` is how its orders come in, "" across the counter. `tips` lets its terminal ask for a
    tip; with `tip_choices` our own screen asks instead, before the card. `provider` is the address
    of whom it asks for payments by link. `merchant_copies` has the merchant's copy of every card
    payment on paper, `declined_slips` paper for whoever was declined; without them only what a
    terminal wants there, and what is to be signed.
    """

    id: str
    name: str
    printer: str = ""
    drawer: str = ""
    display: str = ""
    scanner: str = ""
    channel: str = ""
    terminal: str = ""
    tips: bool = False
    provider: str = ""
    tip_choices: TipChoices | None = None
    merchant_copies: bool = False
    declined_slips: bool = False


@EVENTS.name("settings.store_configured/1")
@frozen
class StoreConfigured:
    """The store's rules from here on."""

    rules: StoreRules


@EVENTS.name("settings.tax_classes_set/1")
@frozen
class TaxClassesSet:
    """All tax classes from here on; a rate changes by a new fact, never by editing an old one."""

    classes: tuple[TaxClass, ...]


@EVENTS.name("settings.register_defined/1")
@frozen
class RegisterDefined:
    """A register exists, or has other devices from here on."""

    setup: RegisterSetup


@EVENTS.name("settings.foreign_currencies_set/1")
@frozen
class ForeignCurrenciesSet:
    """All currencies whose notes are taken, each at its rate, from here on."""

    currencies: tuple[ForeignCurrency, ...]


@EVENTS.name("settings.tender_rules_set/1")
@frozen
class TenderRulesSet:
    """All that the house decided of kinds of tender, from here on."""

    rules: tuple[TenderRule, ...]


SettingsEvent = (
    StoreConfigured | TaxClassesSet | RegisterDefined | ForeignCurrenciesSet | TenderRulesSet
)

# -------------------------------------------------------------------------------------- State


@frozen
class PastRules:
    """What a receipt was made under, from settings version `version` on."""

    version: int
    rules: StoreRules
    tax_classes: tuple[TaxClass, ...]


@frozen
class Settings:
    """The rules in force. `rules` is None until the store is set up; `foreign` are the currencies
    whose notes are taken, `tenders` what the house decided of kinds of tender.

    `past` holds every set of rules and tax classes there was, oldest first, the last being those
    in force: a copy of a receipt shows the shop as it was.
    """

    rules: StoreRules | None = None
    tax_classes: dict[str, TaxClass] = attrs.field(factory=dict)
    registers: dict[str, RegisterSetup] = attrs.field(factory=dict)
    version: int = 0
    past: tuple[PastRules, ...] = ()
    foreign: dict[str, ForeignCurrency] = attrs.field(factory=dict)
    tenders: dict[str, TenderRule] = attrs.field(factory=dict)

    def at(self, version: int) -> Settings:
        """The settings with the rules and tax classes that were in force at `version`."""
        held = [entry for entry in self.past if entry.version <= version]
        if not held:
            return self
        classes = {entry.id: entry for entry in held[-1].tax_classes}
        return altered(self, rules=held[-1].rules, tax_classes=classes, version=version)

    def required(self) -> StoreRules:
        """The rules; asserts that the store is set up."""
        assert self.rules is not None, "the store is not set up"
        return self.rules


def evolve(state: Settings, event: SettingsEvent) -> Settings:
    """The settings after `event`."""
    version = state.version + 1
    match event:
        case StoreConfigured():
            kept = state.rules is None or state.rules.currency == event.rules.currency
            # A rate to another currency says nothing about this one.
            foreign = state.foreign if kept else {}
            changed = altered(state, rules=event.rules, version=version, foreign=foreign)
            return _remembered(changed)
        case TaxClassesSet():
            classes = {entry.id: entry for entry in event.classes}
            return _remembered(altered(state, tax_classes=classes, version=version))
        case RegisterDefined():
            registers = {**state.registers, event.setup.id: event.setup}
            return altered(state, registers=registers, version=version)
        case ForeignCurrenciesSet():
            taken = {entry.currency: entry for entry in event.currencies}
            return altered(state, foreign=taken, version=version)
        case TenderRulesSet():
            decided = {entry.kind: entry for entry in event.rules}
            return altered(state, tenders=decided, version=version)
        case _:
            assert_never(event)


def _remembered(state: Settings) -> Settings:
    if state.rules is None:
        return state
    now = PastRules(state.version, state.rules, tuple(state.tax_classes.values()))
    return altered(state, past=(*state.past, now))


# ----------------------------------------------------------------------------------- Commands


@COMMANDS.name("settings.configure_store")
@frozen
class ConfigureStore:
    """Set the store's rules; currency and tax mode are fixed once anything was sold."""

    rules: StoreRules


@COMMANDS.name("settings.set_tax_classes")
@frozen
class SetTaxClasses:
    """Set every tax class at once."""

    classes: tuple[TaxClass, ...]


@COMMANDS.name("settings.define_register")
@frozen
class DefineRegister:
    """Add a register or change its devices."""

    setup: RegisterSetup


@COMMANDS.name("settings.set_foreign_currencies")
@frozen
class SetForeignCurrencies:
    """Set every currency whose notes are taken, and its rate, at once; none where it is empty."""

    currencies: tuple[ForeignCurrency, ...]


@COMMANDS.name("settings.set_tender_rules")
@frozen
class SetTenderRules:
    """Set what the house allows of each kind of tender, at once; a kind left out is as usual."""

    rules: tuple[TenderRule, ...]


SettingsCommand = (
    ConfigureStore | SetTaxClasses | DefineRegister | SetForeignCurrencies | SetTenderRules
)


class Refusal:
    """In precedence order."""

    CURRENCY_MUST_BE_ISO_4217 = "currency_must_be_iso_4217"
    CURRENCY_MUST_NOT_CHANGE = "currency_must_not_change"
    CURRENCY_MUST_NOT_BE_IN_USE = "currency_must_not_be_in_use"
    TAX_MODE_MUST_NOT_CHANGE = "tax_mode_must_not_change"
    CASH_STEP_MUST_BE_POSITIVE = "cash_step_must_be_positive"
    CUTOFF_MUST_BE_WITHIN_A_DAY = "cutoff_must_be_within_a_day"
    TIME_ZONE_MUST_EXIST = "time_zone_must_exist"
    TEXT_MUST_BE_SHORT = "text_must_be_short"
    TAX_CLASSES_MUST_BE_DISTINCT = "tax_classes_must_be_distinct"
    TAX_CLASSES_LIMIT_REACHED = "tax_classes_limit_reached"
    TAX_RATE_MUST_BE_IN_RANGE = "tax_rate_must_be_in_range"
    TAX_CLASS_MUST_BE_A_CATEGORY = "tax_class_must_be_a_category"
    TAX_CLASS_MUST_NOT_BE_IN_USE = "tax_class_must_not_be_in_use"
    REGISTER_ID_MUST_BE_SHORT = "register_id_must_be_short"
    REGISTERS_LIMIT_REACHED = "registers_limit_reached"
    TIP_CHOICES_MUST_BE_IN_RANGE = "tip_choices_must_be_in_range"
    STORE_MUST_BE_SET_UP = "store_must_be_set_up"
    CURRENCIES_LIMIT_REACHED = "currencies_limit_reached"
    CURRENCIES_MUST_BE_DISTINCT = "currencies_must_be_distinct"
    CURRENCY_MUST_BE_FOREIGN = "currency_must_be_foreign"
    CURRENCY_MUST_HAVE_KNOWN_DIGITS = "currency_must_have_known_digits"
    RATE_MUST_BE_IN_RANGE = "rate_must_be_in_range"
    NOTE_MUST_NOT_BE_NEGATIVE = "note_must_not_be_negative"
    TENDER_KIND_MUST_EXIST = "tender_kind_must_exist"
    TENDER_KINDS_MUST_BE_DISTINCT = "tender_kinds_must_be_distinct"
    OVER_MUST_BE_IN_RANGE = "over_must_be_in_range"


# ------------------------------------------------------------------------------------- Decide


@frozen
class Surroundings:
    """What a change of rules must fit.

    `sold` says whether anything was ever sold, `tax_classes` are those on open orders and
    `time_zones` the names this machine knows (empty: it was not asked). `tax_categories` are those
    of the tax rules, None where the store has none. `is_counting` says that amounts stand open,
    of an order, a till or a day.
    """

    sold: bool = False
    tax_classes: frozenset[str] = frozenset()
    time_zones: frozenset[str] = frozenset()
    tax_categories: frozenset[str] | None = None
    is_counting: bool = False


def decide(state: Settings, body: SettingsCommand, around: Surroundings) -> Decision:
    """Decide a change of rules.

    Refuses:
        As `Refusal` lists, in that order.
    """
    match body:
        case ConfigureStore():
            return _configure(state, body.rules, around)
        case SetTaxClasses():
            return _set_tax_classes(body.classes, around)
        case DefineRegister():
            return _define_register(state, body.setup)
        case SetForeignCurrencies():
            return _set_foreign(state, body.currencies)
        case SetTenderRules():
            return _set_tender_rules(body.rules)
        case _:
            assert_never(body)


def _configure(state: Settings, rules: StoreRules, around: Surroundings) -> Decision:
    if len(rules.currency) != 3 or not rules.currency.isalpha() or not rules.currency.isupper():
        return refuse(Refusal.CURRENCY_MUST_BE_ISO_4217, currency=rules.currency)
    kept = around.sold or around.tax_categories is not None
    if state.rules is not None and state.rules.currency != rules.currency:
        if kept:
            return refuse(Refusal.CURRENCY_MUST_NOT_CHANGE, currency=state.rules.currency)
        if around.is_counting:
            return refuse(Refusal.CURRENCY_MUST_NOT_BE_IN_USE, currency=state.rules.currency)
    before = state.rules if around.sold else None
    if before is not None and before.prices_include_tax != rules.prices_include_tax:
        return refuse(
            Refusal.TAX_MODE_MUST_NOT_CHANGE, prices_include_tax=before.prices_include_tax
        )
    if not 1 <= rules.cash_step_minor <= limits.CASH_STEPS_MINOR_MAX:
        return refuse(Refusal.CASH_STEP_MUST_BE_POSITIVE, cash_step_minor=rules.cash_step_minor)
    if not 0 <= rules.cutoff_s < 86_400:
        return refuse(Refusal.CUTOFF_MUST_BE_WITHIN_A_DAY, cutoff_s=rules.cutoff_s)
    # A fact with a zone nobody knows could never be followed by another: no stamp could be made.
    if around.time_zones and rules.time_zone not in around.time_zones:
        return refuse(Refusal.TIME_ZONE_MUST_EXIST, time_zone=rules.time_zone[:64])
    texts = (
        rules.name,
        rules.tax_number,
        rules.language,
        rules.store_id,
        *rules.address,
    )
    if (
        any(len(text) > limits.NAME_LENGTH_MAX for text in texts)
        or len(rules.address) > limits.ADDRESS_LINES_MAX
        or len(rules.receipt_footer) > limits.NOTE_LENGTH_MAX
    ):
        return refuse(Refusal.TEXT_MUST_BE_SHORT, maximum=limits.NAME_LENGTH_MAX)
    return Decision((Fact(STREAM, StoreConfigured(rules)),), {})


def _set_tax_classes(classes: tuple[TaxClass, ...], around: Surroundings) -> Decision:
    if len({entry.id for entry in classes}) != len(classes) or not classes:
        return refuse(Refusal.TAX_CLASSES_MUST_BE_DISTINCT)
    if len(classes) > limits.TAX_CLASSES_MAX:
        return refuse(Refusal.TAX_CLASSES_LIMIT_REACHED, maximum=limits.TAX_CLASSES_MAX)
    for entry in classes:
        if not 0 <= entry.rate_ppm <= limits.PPM:
            return refuse(Refusal.TAX_RATE_MUST_BE_IN_RANGE, tax_class=entry.id)
    for entry in classes:
        if around.tax_categories is not None and entry.id not in around.tax_categories:
            return refuse(Refusal.TAX_CLASS_MUST_BE_A_CATEGORY, tax_class=entry.id)
    missing = around.tax_classes - {entry.id for entry in classes}
    if missing:
        return refuse(Refusal.TAX_CLASS_MUST_NOT_BE_IN_USE, tax_class=min(missing))
    return Decision((Fact(STREAM, TaxClassesSet(classes)),), {})


def _define_register(state: Settings, setup: RegisterSetup) -> Decision:
    if not 1 <= len(setup.id) <= 12 or not setup.id.isalnum():
        return refuse(Refusal.REGISTER_ID_MUST_BE_SHORT, register=setup.id)
    if setup.id not in state.registers and len(state.registers) >= limits.REGISTERS_MAX:
        return refuse(Refusal.REGISTERS_LIMIT_REACHED, maximum=limits.REGISTERS_MAX)
    if setup.tip_choices is not None and not _is_fit(setup.tip_choices):
        return refuse(Refusal.TIP_CHOICES_MUST_BE_IN_RANGE, maximum=limits.TIP_CHOICES_MAX)
    return Decision((Fact(STREAM, RegisterDefined(setup)),), {})


def _is_fit(choices: TipChoices) -> bool:
    """Whether what is offered fits a screen, is more than nothing, and something is offered."""
    count = len(choices.percents_ppm) + len(choices.amounts_minor)
    return (
        count <= limits.TIP_CHOICES_MAX
        and (count > 0 or choices.own_minor_max > 0)
        and all(0 < entry <= limits.PPM for entry in choices.percents_ppm)
        and all(0 < entry <= limits.AMOUNT_MINOR_MAX for entry in choices.amounts_minor)
        and 0 <= choices.own_minor_max <= limits.AMOUNT_MINOR_MAX
    )


def _set_foreign(state: Settings, currencies: tuple[ForeignCurrency, ...]) -> Decision:
    if state.rules is None:
        return refuse(Refusal.STORE_MUST_BE_SET_UP)
    if len(currencies) > limits.FOREIGN_CURRENCIES_MAX:
        return refuse(Refusal.CURRENCIES_LIMIT_REACHED, maximum=limits.FOREIGN_CURRENCIES_MAX)
    if len({entry.currency for entry in currencies}) != len(currencies):
        return refuse(Refusal.CURRENCIES_MUST_BE_DISTINCT)
    for entry in currencies:
        currency = entry.currency[:3]
        if entry.currency == state.rules.currency:
            return refuse(Refusal.CURRENCY_MUST_BE_FOREIGN, currency=currency)
        if not digits_are_known(entry.currency):
            return refuse(Refusal.CURRENCY_MUST_HAVE_KNOWN_DIGITS, currency=currency)
        if not 1 <= entry.rate_micros <= limits.UNIT_PRICE_MICROS_MAX:
            return refuse(Refusal.RATE_MUST_BE_IN_RANGE, currency=currency)
        if not 0 <= entry.note_minor <= limits.AMOUNT_MINOR_MAX:
            return refuse(Refusal.NOTE_MUST_NOT_BE_NEGATIVE, currency=currency)
    return Decision((Fact(STREAM, ForeignCurrenciesSet(currencies)),), {})


def _set_tender_rules(rules: tuple[TenderRule, ...]) -> Decision:
    for entry in rules:
        if entry.kind not in KINDS:
            return refuse(Refusal.TENDER_KIND_MUST_EXIST, tender=entry.kind[:12])
    if len({entry.kind for entry in rules}) != len(rules):
        return refuse(Refusal.TENDER_KINDS_MUST_BE_DISTINCT)
    for entry in rules:
        # What is taken exactly is never over; to say that it may be would promise change.
        over_max = limits.AMOUNT_MINOR_MAX if entry.kind in COUNTED else 0
        if not 0 <= (entry.over_minor_max or 0) <= over_max:
            fields = {"tender": entry.kind, "maximum_minor": over_max}
            return refuse(Refusal.OVER_MUST_BE_IN_RANGE, **fields)
    return Decision((Fact(STREAM, TenderRulesSet(rules)),), {})
