"""The store's rules: what may be set, what is refused and in which order."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from engine import limits
from engine.order.commands import ResumeOrder, SuspendOrder, VoidOrder
from engine.register import CloseDay, StartTraining
from engine.settings import (
    ConfigureStore,
    DefineRegister,
    Refusal,
    RegisterDefined,
    RegisterSetup,
    SetTaxClasses,
    StoreConfigured,
    TaxClass,
    TaxClassesSet,
)
from engine.staff import SignedOn
from engine.till import CloseTill, CountTill, Denomination, OpenTill
from tests.shop import TAXES, Shop, rules


def test_rules_are_set_by_one_fact() -> None:
    """Configuring the store records the whole set of rules and they are in force at once."""
    shop = Shop()
    shop.ok(ConfigureStore(rules(name="New name")), "", admin=True)
    assert shop.events(StoreConfigured) == [StoreConfigured(rules(name="New name"))]
    assert shop.books.settings.required().name == "New name"
    assert shop.books.settings.version == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"currency": "eur"}, Refusal.CURRENCY_MUST_BE_ISO_4217),
        ({"currency": "EURO"}, Refusal.CURRENCY_MUST_BE_ISO_4217),
        ({"currency": ""}, Refusal.CURRENCY_MUST_BE_ISO_4217),
        ({"currency": "E1R"}, Refusal.CURRENCY_MUST_BE_ISO_4217),
        ({"cash_step_minor": 0}, Refusal.CASH_STEP_MUST_BE_POSITIVE),
        ({"cash_step_minor": -5}, Refusal.CASH_STEP_MUST_BE_POSITIVE),
        ({"cash_step_minor": 10_001}, Refusal.CASH_STEP_MUST_BE_POSITIVE),
        ({"cutoff_s": -1}, Refusal.CUTOFF_MUST_BE_WITHIN_A_DAY),
        ({"cutoff_s": 86_400}, Refusal.CUTOFF_MUST_BE_WITHIN_A_DAY),
        ({"name": "n" * 121}, Refusal.TEXT_MUST_BE_SHORT),
        ({"address": ("line",) * 11}, Refusal.TEXT_MUST_BE_SHORT),
        ({"receipt_footer": "f" * 281}, Refusal.TEXT_MUST_BE_SHORT),
    ],
)
def test_rules_that_cannot_be_are_refused(changes: dict[str, Any], code: str) -> None:
    """A rule out of range is refused by name and nothing changes."""
    shop = Shop.open()
    before = shop.books.settings
    assert shop.no(ConfigureStore(rules(**changes)), admin=True) == code
    assert shop.books.settings == before


def test_a_zone_nobody_knows_is_refused() -> None:
    """Where the machine says which time zones it knows, another one is refused."""
    shop = Shop.open()
    shop.books.time_zones = frozenset(("Europe/Berlin", "UTC"))
    wrong = ConfigureStore(rules(time_zone="Mars/Base"))
    assert shop.no(wrong, admin=True) == Refusal.TIME_ZONE_MUST_EXIST
    shop.ok(ConfigureStore(rules(time_zone="UTC")), admin=True)


def test_currency_and_tax_mode_are_fixed_by_the_first_sale() -> None:
    """Both change freely before anything was sold, and not once after."""
    shop = Shop.open()
    shop.ok(ConfigureStore(rules(currency="CHF")), admin=True)
    shop.ok(ConfigureStore(rules(prices_include_tax=False)), admin=True)
    shop.ok(ConfigureStore(rules()), admin=True)
    shop.given(SignedOn("max", "1"))
    shop.ok(OpenTill(()))
    shop.sell("bread")
    dollars = ConfigureStore(rules(currency="USD"))
    assert shop.no(dollars, admin=True) == Refusal.CURRENCY_MUST_NOT_CHANGE
    exclusive = ConfigureStore(rules(prices_include_tax=False))
    assert shop.no(exclusive, admin=True) == Refusal.TAX_MODE_MUST_NOT_CHANGE
    shop.ok(ConfigureStore(rules(receipt_footer="Bye")), admin=True)


@pytest.mark.parametrize("practising", [False, True])
def test_the_currency_stays_while_money_is_counted_in_it(practising: bool) -> None:
    """An open order, an open till and a day before its Z hold amounts of one currency, and each
    keeps it; once all are finished, nothing was sold and it may change."""
    shop = Shop.open()
    shop.given(SignedOn("max", "1"))
    if practising:
        shop.ok(StartTraining())
    francs, footer = ConfigureStore(rules(currency="CHF")), ConfigureStore(rules(language="de"))

    def stays() -> None:
        assert shop.no(francs, admin=True) == Refusal.CURRENCY_MUST_NOT_BE_IN_USE
        shop.ok(footer, admin=True)

    shop.ring("bread")
    assert shop.refused(francs, admin=True) == {"currency": "EUR"}
    stays()
    shop.ok(SuspendOrder())
    stays()
    (parked,) = shop.books.side(training=practising).orders
    shop.ok(ResumeOrder(parked))
    shop.ok(VoidOrder("wrong"))
    shop.ok(OpenTill((Denomination(1000, 10),)))
    stays()
    shop.ok(CountTill((Denomination(1000, 9),)))
    shop.ok(CloseTill())
    if not practising:
        stays()
        shop.ok(CloseDay())
    shop.ok(francs, admin=True)


def test_tax_classes_are_set_all_at_once() -> None:
    """One fact names every tax class there is from here on."""
    shop = Shop.open()
    zero = TaxClass("zero", "No tax", 0, "Z")
    shop.ok(SetTaxClasses((*TAXES, zero)), admin=True)
    assert shop.events(TaxClassesSet) == [TaxClassesSet((*TAXES, zero))]
    assert list(shop.books.settings.tax_classes) == ["standard", "reduced", "zero"]


def test_tax_classes_that_cannot_be_are_refused() -> None:
    """None, the same twice, too many, or a rate out of range: each by its own name."""
    shop = Shop.open()
    assert shop.no(SetTaxClasses(()), admin=True) == Refusal.TAX_CLASSES_MUST_BE_DISTINCT
    twice = SetTaxClasses((TAXES[0], TAXES[0]))
    assert shop.no(twice, admin=True) == Refusal.TAX_CLASSES_MUST_BE_DISTINCT
    many = tuple(TaxClass(str(n), "x", 0, "") for n in range(limits.TAX_CLASSES_MAX + 1))
    assert shop.no(SetTaxClasses(many), admin=True) == Refusal.TAX_CLASSES_LIMIT_REACHED
    shop.ok(SetTaxClasses(many[1:]), admin=True)
    for rate_ppm in (-1, limits.PPM + 1):
        wrong = SetTaxClasses((attrs.evolve(TAXES[0], rate_ppm=rate_ppm),))
        assert shop.no(wrong, admin=True) == Refusal.TAX_RATE_MUST_BE_IN_RANGE


def test_a_tax_class_on_an_open_order_stays() -> None:
    """A class that an open or parked order is taxed by cannot be dropped; afterwards it can."""
    shop = Shop.selling()
    shop.ring("wine")
    only = SetTaxClasses((TAXES[1],))
    assert shop.no(only, admin=True) == Refusal.TAX_CLASS_MUST_NOT_BE_IN_USE
    shop.pay()
    shop.ok(only, admin=True)


def test_registers_are_defined_and_changed() -> None:
    """Defining a register twice gives it other devices, not another register."""
    shop = Shop.open()
    shop.ok(DefineRegister(RegisterSetup("3", "Bar")), admin=True)
    shop.ok(DefineRegister(RegisterSetup("3", "Bar", "printer/9")), admin=True)
    assert len(shop.events(RegisterDefined)) == 2
    assert shop.books.settings.registers["3"].printer == "printer/9"


@pytest.mark.parametrize("register_id", ["", "a" * 13, "front desk", "a-b"])
def test_register_ids_are_short_words(register_id: str) -> None:
    """A register's id stands on receipts: one to twelve letters and digits."""
    body = DefineRegister(RegisterSetup(register_id, "Bar"))
    assert Shop.open().no(body, admin=True) == Refusal.REGISTER_ID_MUST_BE_SHORT


def test_registers_have_a_limit() -> None:
    """One register too many is refused; a change of one that exists is not."""
    shop = Shop.open()
    for number in range(3, limits.REGISTERS_MAX + 1):
        shop.given(RegisterDefined(RegisterSetup(str(number), "")))
    over = DefineRegister(RegisterSetup("one", ""))
    assert shop.no(over, admin=True) == Refusal.REGISTERS_LIMIT_REACHED
    shop.ok(DefineRegister(RegisterSetup("2", "Still here")), admin=True)


def test_the_rules_of_any_version_are_kept() -> None:
    """Each set of rules is found under every version it was in force at."""
    shop = Shop.open()
    for name in ("First", "Second", "Third"):
        shop.ok(ConfigureStore(rules(name=name)), admin=True)
    now = shop.books.settings.version
    names = [shop.books.settings.at(now - back).required().name for back in range(3)]
    assert names == ["Third", "Second", "First"]
