"""A sale taxed by rules alone, without an order or a shop: what tests of the rules look at."""

from __future__ import annotations

from operator import itemgetter

import attrs
from attrs import frozen

from engine.tax import AppliedTax, LineFacts, SaleFacts, taxes_for
from engine.tax_document import DocumentLine, TaxPolicy, tax_document
from engine.tax_rules import TaxRules
from native import TaxedDocument


@frozen
class TaxedSale:
    """A taxed document beside what it was taxed by.

    `tax_index` of the figures is a place in `applied`, which is sorted by rule.
    """

    applied: tuple[AppliedTax, ...]
    figures: TaxedDocument


def tax_sale(
    lines: tuple[tuple[LineFacts, DocumentLine], ...],
    sale: SaleFacts,
    rules: TaxRules,
    policy: TaxPolicy,
    minor_digits: int,
) -> TaxedSale:
    """Tax every line by the rules, as one document; the lines' own `taxes` are not looked at.

    Raises:
        TaxRulesError: as `taxes_for`.
        CoreError: as `native.tax_document`.
    """
    found = {facts: taxes_for(facts, sale, rules) for facts, _ in lines}
    # In an order of their own: which line was rung up first must not decide where a cent goes.
    table = sorted(
        {one.key(): one for row in found.values() for one in row}.items(), key=itemgetter(0)
    )
    place = {key: at for at, (key, _) in enumerate(table)}
    listed = [
        attrs.evolve(line, taxes=tuple(place[one.key()] for one in found[facts]))
        for facts, line in lines
    ]
    figures = tax_document(tuple(listed), tuple(one.tax for _, one in table), policy, minor_digits)
    return TaxedSale(tuple(one for _, one in table), figures)
