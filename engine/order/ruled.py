"""The taxes of an order in a store with tax rules: one document, taxed once, and what goes back.

What a line comes to after promotions and discounts is decided before; here it is taxed. A return
line is no part of the document: it copies each tax's share of what was paid.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs
from attrs import frozen

from engine.order.events import LineFigures, TaxFigures
from engine.order.state import Line
from engine.promotion.model import LinePromotion
from engine.tax_book import Chosen, Circumstances, TaxBook
from engine.tax_document import Charge, LineInput, TaxKind, Unit
from engine.tax_rules import TaxRulesError
from engine.taxation import LineTax, RuleTax, TaxShare
from native import CoreError, PricedLine, TaxedDocument, TaxedLine, tax_document

# What the floor calls the unit of an item. It has no metres; what is sold by them is only refused
# where a tax is by the unit, since every other tax asks for no more than the amount.
_UNITS: Final = {"piece": Unit.PIECE, "kg": Unit.KG, "l": Unit.LITRE, "m": Unit.DEGREE}


class UntaxableError(ValueError):
    """Lines that the rules in force have no taxes for: `reason` says why, `category` of what.

    Whoever adds such a line must be refused; nothing was taxed.
    """

    def __init__(self, reason: str, category: str = "") -> None:
        super().__init__(reason)
        self.reason, self.category = reason, category


@frozen
class Ruled:
    """What the rules make of an order's sold lines; `lines` are places among the order's."""

    lines: tuple[int, ...]
    chosen: Chosen
    document: TaxedDocument


Priced = Sequence[tuple[Line, PricedLine, tuple[LinePromotion, ...]]]
"""The order's lines with what promotions and discounts leave of them."""


def ruled(priced: Priced, sale: Circumstances, book: TaxBook, digits: int) -> Ruled:
    """Tax what is sold.

    Raises:
        UntaxableError: the rules have no taxes for a line, or a sum leaves 64 bits.
    """
    places = tuple(at for at, (line, _, _) in enumerate(priced) if line.source is None)
    try:
        return _taxed(priced, places, sale, book, digits)
    except (TaxRulesError, CoreError) as error:
        reason = str(error)
    for at in places:
        try:
            _taxed(priced, (at,), sale, book, digits)
        except (TaxRulesError, CoreError):
            raise UntaxableError(reason, priced[at][0].item.tax_class) from None
    raise UntaxableError(reason)


def _taxed(
    priced: Priced, places: tuple[int, ...], sale: Circumstances, book: TaxBook, digits: int
) -> Ruled:
    chosen = book.chosen(frozenset([priced[at][0].item.tax_class for at in places]), sale)
    inputs = [_input(*priced[at], chosen) for at in places]
    document = tax_document(inputs, chosen.inputs, book.policy_input(sale.day), digits)
    return Ruled(places, chosen, document)


def _input(
    line: Line, row: PricedLine, promotions: tuple[LinePromotion, ...], chosen: Chosen
) -> LineInput:
    item = line.item
    taxes = chosen.places[item.tax_class]
    unit = _UNITS[item.unit]
    if unit is Unit.DEGREE and any(chosen.table[at].kind is TaxKind.PER_UNIT for at in taxes):
        raise UntaxableError("a tax by the unit is not known by the metre", item.tax_class)
    off = -(row.line_discount_minor + row.order_discount_minor)
    if promotions:
        off -= sum(entry.amount_minor for entry in promotions)
    # What is free is free to the last fraction, however the policy rounds what discounts come off.
    price = 0 if off and not row.net_minor else item.unit_price_micros
    taken = 0 if not price else off
    return price, line.quantity_milli, unit.value, taken, taxes, []


class _Table:
    """The document's taxes as lines name them, told in the order they are counted: each at the
    latest place that some line has it at."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str | int, ...], TaxFigures] = {}
        self._ranks: dict[tuple[str | int, ...], int] = {}
        self._places: dict[tuple[str | int, ...], int] = {}

    def add(self, row: TaxFigures, rank: int) -> int:
        """Count a line's part of a tax; the tax's place until `placed` puts it where it belongs."""
        key = row.key()
        before = self._rows.get(key)
        self._rows[key] = row if before is None else before.plus(row)
        self._ranks[key] = max(rank, self._ranks.get(key, 0))
        return self._places.setdefault(key, len(self._places))

    def placed(
        self, lines: list[LineFigures]
    ) -> tuple[tuple[LineFigures, ...], tuple[TaxFigures, ...]]:
        """(the lines with their taxes' places, the taxes)."""
        order = sorted(self._rows, key=lambda key: (self._ranks[key], key))
        if not any(line.taxes for line in lines):
            return tuple(lines), tuple(self._rows[key] for key in order)
        place = {self._places[key]: at for at, key in enumerate(order)}
        moved = tuple(
            attrs.evolve(
                line,
                taxes=tuple(
                    attrs.evolve(tax, tax_index=place[tax.tax_index]) for tax in line.taxes
                ),
            )
            for line in lines
        )
        return moved, tuple(self._rows[key] for key in order)


def percent_ppm(tax: RuleTax) -> int:
    """The rate of a tax the customer pays a percentage of; nought for every other."""
    return 0 if tax.kind is TaxKind.PER_UNIT else tax.value


def _tax_row(tax: RuleTax, share: TaxShare) -> TaxFigures:
    with_tax = 0 if tax.base_with_tax else share.tax_minor
    return TaxFigures(
        tax.rule,
        percent_ppm(tax),
        share.base_minor,
        share.tax_minor,
        share.base_minor + with_tax,
        tax,
        share.uncharged_minor,
    )


def line_figures(
    priced: Priced, found: Ruled | None, rates: Sequence[int]
) -> tuple[tuple[LineFigures, ...], tuple[TaxFigures, ...]]:
    """(every line's figures, the document's taxes) of lines, some of which rules taxed.

    `rates` are those in ppm of the lines that tax classes tax.
    """
    table = _Table()
    sold = {} if found is None else dict(zip(found.lines, found.document.lines, strict=True))
    rules = () if found is None else found.chosen.table
    rows = []
    for at, (line, row, promotions) in enumerate(priced):
        taxed = sold.get(at)
        if taxed is None:
            rows.append(_by_class(line, row, promotions, rates[at], table))
        else:
            rows.append(_by_rules(line, row, promotions, taxed, rules, table))
    return table.placed(rows)


def _by_rules(
    line: Line,
    row: PricedLine,
    promotions: tuple[LinePromotion, ...],
    taxed: TaxedLine,
    rules: tuple[RuleTax, ...],
    table: _Table,
) -> LineFigures:
    taxes = []
    rate_ppm = 0
    for rank, tax in enumerate(taxed.taxes):
        rule = rules[tax.tax_index]
        share = TaxShare(tax.base_minor, tax.tax_minor, tax.uncharged_minor)
        place = table.add(_tax_row(rule, share), rank)
        taxes.append(LineTax(place, tax.base_minor, tax.tax_minor, tax.uncharged_minor))
        rate_ppm += percent_ppm(rule) if rule.charge is Charge.CHARGED else 0
    if not taxes:
        # What no rule taxes is told all the same, so that the day knows its turnover.
        sums = (taxed.net_minor, 0, taxed.gross_minor)
        table.add(TaxFigures(line.item.tax_class, 0, *sums), 0)
    off = row.line_discount_minor + row.order_discount_minor
    return LineFigures(
        line.line,
        taxed.price_minor - off - sum(entry.amount_minor for entry in promotions),
        row.line_discount_minor,
        row.order_discount_minor,
        taxed.price_minor,
        taxed.net_minor,
        taxed.tax_minor,
        taxed.gross_minor,
        rate_ppm,
        promotions,
        tuple(taxes),
    )


def _by_class(
    line: Line,
    row: PricedLine,
    promotions: tuple[LinePromotion, ...],
    rate_ppm: int,
    table: _Table,
) -> LineFigures:
    """A line that a tax class taxed, or one that goes back with the taxes it was sold with."""
    back = () if line.source is None else line.source.taxes
    taxes = []
    for rank, entry in enumerate(back):
        share = TaxShare().less(entry.share)
        place = table.add(_tax_row(entry.tax, share), rank)
        taxes.append(LineTax(place, share.base_minor, share.tax_minor, share.uncharged_minor))
    if not back:
        sums = (row.base_minor, row.tax_minor, row.total_minor)
        table.add(TaxFigures(line.item.tax_class, rate_ppm, *sums), 0)
    return LineFigures(
        line.line,
        row.amount_minor - sum(entry.amount_minor for entry in promotions),
        row.line_discount_minor,
        row.order_discount_minor,
        row.net_minor,
        row.base_minor,
        row.tax_minor,
        row.total_minor,
        rate_ppm,
        promotions,
        tuple(taxes),
    )
