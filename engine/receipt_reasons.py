"""The part of a receipt that says why each price is what it is; printed where somebody asks."""

from __future__ import annotations

from engine.document import Align, Block, columns, feed, rule, text
from engine.explain import LineReasons, Reason, ReasonKind
from engine.money import format_micros, format_minor, format_quantity, format_rate
from engine.settings import StoreRules
from engine.words import words_of


def reason_blocks(lines: tuple[LineReasons, ...], rules: StoreRules) -> list[Block]:
    """Each line, its reasons one below the other, and what they sum to."""
    words = words_of(rules.language)
    blocks = [feed(), text(words["reasons"], align=Align.CENTER, bold=True), rule()]
    for row in lines:
        quantity = format_quantity(row.quantity_milli, row.unit, rules.language)
        price = format_micros(row.unit_price_micros, rules.currency, rules.language)
        blocks.append(text(row.name))
        blocks.append(text(f"  {quantity} x {price}"))
        inside = [r for r in row.reasons if r.kind is ReasonKind.TAX_INCLUDED]
        blocks += [_reason(r, rules) for r in row.reasons if r.kind is not ReasonKind.TAX_INCLUDED]
        total = format_minor(row.total_minor, rules.currency, rules.language)
        blocks.append(columns(f"  = {words['total']}", total, bold=True))
        blocks += [_reason(r, rules) for r in inside]
    return blocks


def _reason(reason: Reason, rules: StoreRules) -> Block:
    words = words_of(rules.language)
    said = words[reason.kind.value]
    if reason.kind is ReasonKind.PROMOTION:
        said = reason.name
    elif reason.name:
        said = f"{said} ({reason.name})"
    if reason.rate_ppm:
        said = f"{said} {format_rate(reason.rate_ppm, rules.language)}"
    return columns(f"  {said}", format_minor(reason.amount_minor, rules.currency, rules.language))
