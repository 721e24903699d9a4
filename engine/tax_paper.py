"""The taxes of a sale on paper and screen: letters of lines, a row a tax, who is free and why.

Nothing here computes an amount.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from string import ascii_uppercase

from engine.document import Block, columns, text
from engine.money import format_micros, format_minor, format_rate
from engine.order.figures import Figures, TaxFigures
from engine.order.state import Line, Order
from engine.settings import StoreRules, TaxClass
from engine.tax_document import Charge, TaxKind
from engine.taxation import RuleTax
from engine.words import words_of

_Taxation = tuple[object, ...]


def letters_of(
    lines: tuple[Line, ...], figures: Figures, classes: Mapping[str, TaxClass]
) -> dict[int, str]:
    """The letter of each line by its number: one for each way lines are taxed.

    A way has the letter of its tax class, or the next free one where that stands for another way.
    Where tax classes tax, every line has its class's letter.
    """
    rows = {row.line: row for row in figures.lines}
    held: dict[str, _Taxation] = {}
    found: dict[int, str] = {}
    own = {entry.letter for entry in classes.values()}
    free = [letter for letter in ascii_uppercase if letter not in own]
    for line in lines:
        row = rows[line.line]
        known = classes.get(line.item.tax_class)
        letter = "" if known is None else known.letter
        if figures.tax_version or row.taxes:
            taxes = tuple(tax.tax_index for tax in row.taxes)
            way = (*taxes,) if taxes else (line.item.tax_class, row.rate_ppm)
            letter = _letter(letter, way, held, free)
        found[line.line] = letter
    return found


def _letter(wanted: str, way: _Taxation, held: dict[str, _Taxation], free: list[str]) -> str:
    for letter, other in held.items():
        if other == way:
            return letter
    letter = wanted if wanted and wanted not in held else (free.pop(0) if free else "*")
    held.setdefault(letter, way)
    return letter


def letters_of_taxes(figures: Figures, letters: Mapping[int, str]) -> list[str]:
    """For each of the document's taxes the letters of the lines that have it, in order."""
    found: list[set[str]] = [set() for _ in figures.taxes]
    for row in figures.lines:
        for tax in row.taxes:
            found[tax.tax_index].add(letters.get(row.line, ""))
    return ["".join(sorted(entry)) for entry in found]


def rate_text(tax: RuleTax, rules: StoreRules) -> str:
    """`19 %`, or `0.25/litre` for a tax by the unit."""
    if tax.kind is TaxKind.PER_UNIT:
        return f"{format_micros(tax.value, rules.currency, rules.language)}/{tax.unit.value}"
    return format_rate(tax.value, rules.language)


def names_of(taxes: Iterable[TaxFigures]) -> list[str]:
    """What each tax is called, "" for a tax class; with its jurisdiction where there are several
    that call theirs the same."""
    rules = [row.rule for row in taxes]
    places: dict[str, set[str]] = {}
    for rule in rules:
        if rule is not None:
            places.setdefault(rule.name, set()).add(rule.jurisdiction)
    return [
        ""
        if rule is None
        else rule.name
        if len(places[rule.name]) == 1
        else f"{rule.name} {rule.jurisdiction}"
        for rule in rules
    ]


def rule_blocks(row: TaxFigures, name: str, letters: str, rules: StoreRules) -> list[Block]:
    """One tax that a rule made: its letters, name, rate, base and amount; below it why the
    customer does not pay it."""
    tax = row.rule
    assert tax is not None, "a tax class has no rule"
    words = words_of(rules.language)

    def amount(amount_minor: int) -> str:
        return format_minor(amount_minor, rules.currency, rules.language)

    mark = f"{letters} " if letters else ""
    left = f"{mark}{name} {rate_text(tax, rules)}  {words['net']} {amount(row.base_minor)}"
    blocks = [columns(left, amount(row.tax_minor))]
    if tax.charge is Charge.REVERSE:
        blocks.append(text(f"  {words['reverse_charge']} {amount(row.uncharged_minor)}"))
    elif tax.charge is Charge.EXEMPT:
        why = words["holiday"] if tax.holiday else words["exempt"]
        blocks.append(text(f"  {why}"))
    elif tax.holiday and not row.tax_minor:
        blocks.append(text(f"  {words['holiday']}"))
    return blocks


def untaxed_minor(figures: Figures) -> int:
    """What the marked prices hold of taxes that are not charged, negative or nought."""
    return -sum(
        row.uncharged_minor for row in figures.taxes if row.rule is not None and row.rule.included
    )


def exemption_blocks(order: Order, rules: StoreRules) -> list[Block]:
    """The certificate that freed the order of a tax; none where it freed it of nothing."""
    figures, exemption = order.figures, order.exemption
    if figures is None or exemption is None:
        return []
    used = any(
        row.rule is not None and row.rule.certificate == exemption.certificate != ""
        for row in figures.taxes
    )
    if not used:
        return []
    words = words_of(rules.language)
    return [
        text(f"{words['certificate']} {exemption.certificate}, {exemption.reason}"),
        text(f"  {exemption.customer}"),
    ]
