"""Taxes as people look at them: those of an order, its exemption, and the rules in force."""

from __future__ import annotations

from collections.abc import Mapping

from engine.order.figures import Figures
from engine.order.state import Order
from engine.settings import TaxClass
from engine.tax_book import TaxSetup
from engine.tax_paper import letters_of_taxes, names_of
from engine.tax_rules import Context
from engine.taxation import Dining
from engine.views.offer_shapes import ExemptionView
from engine.views.shapes import TaxesView, TaxView


def tax_views(
    figures: Figures, classes: Mapping[str, TaxClass], letters: Mapping[int, str]
) -> tuple[TaxView, ...]:
    """The document's taxes in their order."""
    marks = letters_of_taxes(figures, letters)
    found = []
    for row, name, mark in zip(figures.taxes, names_of(figures.taxes), marks, strict=True):
        rule = row.rule
        known = classes.get(row.tax_class)
        if rule is None:
            shown = row.tax_class if known is None else known.name
            letter = "" if known is None else known.letter
            sums = (row.rate_ppm, row.base_minor, row.tax_minor)
            found.append(TaxView(row.tax_class, shown, *sums, letter))
            continue
        found.append(
            TaxView(
                row.tax_class,
                name,
                row.rate_ppm,
                row.base_minor,
                row.tax_minor,
                mark,
                rule.rule,
                rule.jurisdiction,
                rule.tax_type,
                rule.kind,
                rule.value,
                rule.unit,
                rule.charge,
                row.uncharged_minor,
                rule.certificate,
                rule.holiday,
            )
        )
    return tuple(found)


def exemption_view(order: Order, *, internal: bool) -> ExemptionView | None:
    """The order's exemption; its customer only for those who ring it up."""
    held = order.exemption
    if held is None:
        return None
    return ExemptionView(
        held.certificate,
        held.customer if internal else "",
        held.reason,
        held.valid_until,
        held.customer_class,
        tuple(sorted(held.jurisdictions)),
        tuple(sorted(held.tax_types)),
        tuple(sorted(held.categories)),
    )


def taxes_view(setup: TaxSetup | None) -> TaxesView | None:
    """The rules in force; None where there are none."""
    if setup is None:
        return None
    contexts = {rule.context for rule in setup.rules}
    classes = {name for rule in setup.rules for name in (*rule.customers, *rule.reverse_for)}
    where = _around(setup)
    own = [rule for rule in setup.rules if rule.jurisdiction in where]
    return TaxesView(
        setup.pack,
        setup.compiled,
        setup.jurisdiction,
        tuple(sorted(setup.categories)),
        tuple(sorted({rule.tax_type for rule in setup.rules})),
        setup.dining,
        tuple(entry for entry in Dining if Context(entry.value) in contexts),
        tuple(sorted(classes)),
        tuple(name for name in where if any(rule.jurisdiction == name for rule in own)),
        tuple(sorted({rule.tax_type for rule in own})),
    )


def _around(setup: TaxSetup) -> tuple[str, ...]:
    """The jurisdictions the store lies in, the widest first."""
    parents = {one.id: one.parent for one in setup.jurisdictions}
    found = [setup.jurisdiction]
    while parent := parents.get(found[-1], ""):
        found.append(parent)
    return tuple(reversed(found))
