"""A test shop whose taxes are data: three places that lie in one another, and the shipped packs."""

from __future__ import annotations

from typing import Any

import attrs

from countertop.pack_files import load_pack
from countertop.tax_files import setup_of
from engine.catalog import ItemChanged
from engine.order.figures import Figures, TaxFigures
from engine.settings import TaxClass, TaxClassesSet
from engine.tax_book import TaxSetup
from engine.tax_rules import Jurisdiction, JurisdictionKind, TaxRule, Window
from engine.taxes import SetTaxes
from tests.shop import Shop, item

PLACES = (
    Jurisdiction("shore", JurisdictionKind.COUNTRY),
    Jurisdiction("bay", JurisdictionKind.STATE, "shore"),
    Jurisdiction("port", JurisdictionKind.CITY, "bay"),
)
ALWAYS = Window("2020-01-01")
CLASSES = (TaxClass("standard", "VAT", 190_000, "A"), TaxClass("reduced", "VAT", 70_000, "B"))


def rule(rule_id: str, value: int, **changes: Any) -> TaxRule:
    """A rule of the shore for everything, for good, on top of the price."""
    base: dict[str, Any] = {"jurisdiction": "shore", "tax_type": "VAT", "window": ALWAYS}
    return TaxRule(id=rule_id, value=value, **{**base, **changes})


def setup(*rules: TaxRule, **changes: Any) -> TaxSetup:
    """A set of rules for a shop in the port."""
    base: dict[str, Any] = {
        "jurisdiction": "port",
        "currency": "EUR",
        "jurisdictions": PLACES,
        "categories": frozenset(("standard", "reduced", "meal")),
    }
    return TaxSetup(rules=rules, **{**base, **changes})


def ruled(taxes: TaxSetup, operator: str = "max", **changes: Any) -> Shop:
    """An open shop with these rules in force."""
    shop = Shop.selling(operator, **changes)
    shop.ok(SetTaxes(taxes), admin=True)
    return shop


def pack_setup(country: str, jurisdiction: str = "", **changes: Any) -> TaxSetup:
    """The rules of a shipped pack for a store in a jurisdiction, its country unless said."""
    return attrs.evolve(setup_of(load_pack(country), jurisdiction), **changes)


def in_country(country: str, jurisdiction: str = "", **changes: Any) -> Shop:
    """A shop under a shipped pack: bread, wine and book as there are categories for them."""
    taxes = pack_setup(country, jurisdiction)
    shop = Shop.selling(currency=taxes.currency, **changes)
    letters = "ABCDEFGH"
    names = sorted(taxes.categories, key=lambda name: (name != "standard", name))
    classes = tuple(
        TaxClass(name, name, 0, letter) for name, letter in zip(names, letters, strict=False)
    )
    shop.given(TaxClassesSet(classes))
    for entry in classes:
        shop.given(ItemChanged(item(entry.id, entry.id.title(), 1000, tax_class=entry.id)))
    shop.ok(SetTaxes(taxes), admin=True)
    return shop


def figures_of(shop: Shop, order_id: str) -> Figures:
    """The frozen figures of an order."""
    figures = shop.order(order_id).figures
    assert figures is not None
    return figures


def by_rule(figures: Figures) -> dict[str, tuple[int, int]]:
    """Base and tax of each of the document's taxes by its rule."""
    return {row.tax_class: (row.base_minor, row.tax_minor) for row in figures.taxes}


def sums_agree(figures: Figures) -> None:
    """Lines sum to the document, and every tax to its lines' parts of it."""
    assert figures.total_minor == sum(row.total_minor for row in figures.lines)
    assert figures.tax_minor == sum(row.tax_minor for row in figures.lines)
    assert figures.subtotal_minor == sum(row.amount_minor for row in figures.lines)
    assert figures.tax_minor == sum(row.tax_minor for row in figures.taxes)
    parts: dict[int, list[int]] = {}
    for row in figures.lines:
        assert row.total_minor == row.base_minor + row.tax_minor
        off = row.line_discount_minor + row.order_discount_minor + row.promotion_minor()
        assert row.net_minor == row.amount_minor + off
        if row.taxes:
            assert row.tax_minor == sum(tax.tax_minor for tax in row.taxes)
        for tax in row.taxes:
            held = parts.setdefault(tax.tax_index, [0, 0, 0])
            held[0] += tax.base_minor
            held[1] += tax.tax_minor
            held[2] += tax.uncharged_minor
    for at, sums in parts.items():
        assert sums == _sums(figures.taxes[at])


def _sums(row: TaxFigures) -> list[int]:
    return [row.base_minor, row.tax_minor, row.uncharged_minor]
