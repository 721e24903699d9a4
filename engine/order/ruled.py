"""The taxes of an order in a store with tax rules: one document, taxed once, and what goes back.

What a line comes to after promotions and discounts is decided before; here it is taxed. A return
line is no part of the document: it copies each tax's share of what was paid.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from attrs import frozen

from engine.measures import measured
from engine.order.figures import LineFigures, TaxFigures
from engine.order.state import Line
from engine.promotion.model import LinePromotion
from engine.tax_book import Chosen, OrderFacts, TaxBook
from engine.tax_document import LineInput, TaxKind, Unit
from engine.tax_rules import TaxRulesError
from engine.taxation import LineTax, ReturnTax, RuleTax
from native import CoreError, PricedLine, TaxedDocument, TaxedLine, tax_document

# What the floor calls the unit of an item. It has no metres; what is sold by them is only refused
# where a tax is by the unit, since every other tax asks for no more than the amount.
_METRES: Final = Unit.DEGREE.value
_UNITS: Final = {
    "piece": Unit.PIECE.value,
    "kg": Unit.KG.value,
    "l": Unit.LITRE.value,
    "m": _METRES,
}
_NO_MEASURES: Final[list[tuple[str, int]]] = []


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


class Left(Protocol):
    """What taxes look at of a line that discounts were taken off."""

    @property
    def line_discount_minor(self) -> int: ...
    @property
    def order_discount_minor(self) -> int: ...
    @property
    def net_minor(self) -> int: ...


@frozen
class Untouched:
    """A line nothing comes off of: what its amount is need not be known to tax it."""

    line_discount_minor: int = 0
    order_discount_minor: int = 0
    net_minor: int = 1


UNTOUCHED: Final = Untouched()
Taken = Sequence[tuple[Line, Left, tuple[LinePromotion, ...]]]


def is_taxed(line: Line) -> bool:
    """Whether rules tax it: what goes back was taxed when it was sold, some charges never are."""
    return line.source is None and line.item.tax_class != ""


def ruled(priced: Taken, sale: OrderFacts, book: TaxBook, digits: int) -> Ruled:
    """Tax what is sold.

    Raises:
        UntaxableError: the rules have no taxes for a line, or a sum leaves 64 bits.
    """
    places = tuple(at for at, (line, _, _) in enumerate(priced) if is_taxed(line))
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
    priced: Taken, places: tuple[int, ...], sale: OrderFacts, book: TaxBook, digits: int
) -> Ruled:
    chosen = book.chosen(frozenset([priced[at][0].item.tax_class for at in places]), sale)
    inputs = [_input(*priced[at], chosen) for at in places]
    document = tax_document(inputs, chosen.inputs, book.policy_input(sale.day), digits)
    return Ruled(places, chosen, document)


def _input(
    line: Line, row: Left, promotions: tuple[LinePromotion, ...], chosen: Chosen
) -> LineInput:
    item = line.item
    taxes = chosen.places[item.tax_class]
    unit = _UNITS[item.unit]
    if unit == _METRES and any(chosen.table[at].kind is TaxKind.PER_UNIT for at in taxes):
        raise UntaxableError("a tax by the unit is not known by the metre", item.tax_class)
    price, off = item.unit_price_micros, -row.line_discount_minor - row.order_discount_minor
    if promotions:
        off -= sum(entry.amount_minor for entry in promotions)
    if off and not row.net_minor:
        # What is free is free to the last fraction, however the policy rounds what comes off.
        price = off = 0
    return price, line.quantity_milli, unit, off, taxes, _measures(line)


def _measures(line: Line) -> list[tuple[str, int]]:
    item = line.item
    if item.measures is None:
        return _NO_MEASURES
    return measured(item.measures, line.quantity_milli, item.factor_milli)


_Key = tuple[str | int, ...]


class _Table:
    """The document's taxes, told in the order they are counted: each at the latest place that some
    line has it at."""

    def __init__(self) -> None:
        self._rows: dict[_Key, TaxFigures] = {}
        self._ranks: dict[_Key, int] = {}
        self._places: dict[_Key, int] = {}

    def add(self, row: TaxFigures, rank: int = 0) -> None:
        """Count a part of a tax."""
        key = row.key()
        before = self._rows.get(key)
        self._rows[key] = row if before is None else before.plus(row)
        self._ranks[key] = max(rank, self._ranks.get(key, 0))

    def close(self) -> tuple[TaxFigures, ...]:
        """The taxes in their order; `place` knows them from here on."""
        order = sorted(self._rows, key=lambda key: (self._ranks[key], key))
        self._places = {key: at for at, key in enumerate(order)}
        return tuple(self._rows[key] for key in order)

    def place(self, tax: RuleTax) -> int:
        """Where a tax stands; -1 for one that no line has."""
        return self._places.get((tax.rule, tax.percent_ppm(), *tax.key()), -1)


def _tax_row(tax: RuleTax, base_minor: int, tax_minor: int, uncharged_minor: int) -> TaxFigures:
    return TaxFigures(
        tax.rule,
        tax.percent_ppm(),
        base_minor,
        tax_minor,
        base_minor if tax.base_with_tax else base_minor + tax_minor,
        tax,
        uncharged_minor,
    )


def line_figures(
    priced: Priced, found: Ruled | None, rates: Sequence[int]
) -> tuple[tuple[LineFigures, ...], tuple[TaxFigures, ...]]:
    """(every line's figures, the document's taxes) of lines, some of which rules taxed.

    `rates` are those in ppm of the lines that tax classes tax.
    """
    table = _Table()
    sold: dict[int, TaxedLine] = {}
    if found is not None:
        sold = dict(zip(found.lines, found.document.lines, strict=True))
        for one in found.document.taxes:
            at = one.tax_index
            sums = (one.base_minor, one.tax_minor, one.uncharged_minor)
            table.add(_tax_row(found.chosen.table[at], *sums), found.chosen.ranks[at])
    for at, (line, row, _) in enumerate(priced):
        for part in _rows_of(line, row, rates[at], sold.get(at)):
            table.add(*part)
    taxes = table.close()
    chosen = None if found is None else found.chosen
    places = [] if chosen is None else [table.place(tax) for tax in chosen.table]
    lines = []
    for at, (line, row, promotions) in enumerate(priced):
        taxed = sold.get(at)
        if taxed is not None and chosen is not None:
            rate = chosen.rates_ppm[line.item.tax_class]
            lines.append(_by_rules(line, row, promotions, taxed, rate, places))
        else:
            lines.append(_by_class(line, row, promotions, rates[at], table))
    return tuple(lines), taxes


def _rows_of(
    line: Line, row: PricedLine, rate_ppm: int, taxed: TaxedLine | None
) -> list[tuple[TaxFigures, int]]:
    """(a part of a tax, its rank) of a line, beside what the document's sums tell."""
    if line.source is not None and line.source.taxes:
        backs = [(entry.tax, entry.share) for entry in line.source.taxes]
        return [
            (_tax_row(tax, -share.base_minor, -share.tax_minor, -share.uncharged_minor), rank)
            for rank, (tax, share) in enumerate(backs)
        ]
    if taxed is None:
        sums = (row.base_minor, row.tax_minor, row.total_minor)
        return [(TaxFigures(line.item.tax_class, rate_ppm, *sums), 0)]
    if taxed.taxes:
        return []
    # What no rule taxes is told all the same, so that the day knows its turnover.
    return [(TaxFigures(line.item.tax_class, 0, taxed.net_minor, 0, taxed.gross_minor), 0)]


def _by_rules(
    line: Line,
    row: PricedLine,
    promotions: tuple[LinePromotion, ...],
    taxed: TaxedLine,
    rate_ppm: int,
    places: list[int],
) -> LineFigures:
    off = row.line_discount_minor + row.order_discount_minor
    if promotions:
        off += sum(entry.amount_minor for entry in promotions)
    return LineFigures(
        line.line,
        taxed.price_minor - off,
        row.line_discount_minor,
        row.order_discount_minor,
        taxed.price_minor,
        taxed.net_minor,
        taxed.tax_minor,
        taxed.gross_minor,
        rate_ppm,
        promotions,
        tuple(
            [
                LineTax(places[tax.tax_index], tax.base_minor, tax.tax_minor, tax.uncharged_minor)
                for tax in taxed.taxes
            ]
        ),
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
    taxes = tuple(
        LineTax(
            table.place(entry.tax),
            -entry.share.base_minor,
            -entry.share.tax_minor,
            -entry.share.uncharged_minor,
        )
        for entry in back
    )
    off = sum(entry.amount_minor for entry in promotions)
    amount, net = row.amount_minor - off, row.net_minor
    if back:
        amount = net = _marked_minor(row.total_minor, back)
    return LineFigures(
        line.line,
        amount,
        row.line_discount_minor,
        row.order_discount_minor,
        net,
        row.base_minor,
        row.tax_minor,
        row.total_minor,
        rate_ppm,
        promotions,
        taxes,
    )


def _marked_minor(total_minor: int, back: Sequence[ReturnTax]) -> int:
    """What goes back as its price was marked: without the taxes that came on top of it, and with
    those inside that were not charged. As with goods that are sold, the taxes make the rest."""
    marked_minor = total_minor
    for entry in back:
        share = entry.share
        marked_minor += -share.uncharged_minor if entry.tax.included else share.tax_minor
    return marked_minor
