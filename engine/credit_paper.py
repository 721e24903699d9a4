"""Store credit on paper: what a receipt says of a note, and the note itself."""

from __future__ import annotations

from engine.credit.ledger import CreditPaid
from engine.document import Align, Block, Document, barcode, columns, feed, rule, text
from engine.money import format_minor, format_money
from engine.settings import StoreRules
from engine.words import words_of


def note_blocks(credit: CreditPaid, rules: StoreRules) -> list[Block]:
    """What stands below a tender: the note's code and what is left of it."""
    words = words_of(rules.language)
    left = format_minor(credit.left_minor, rules.currency, rules.language)
    return [text(f"  {credit.code}"), columns(f"  {words['credit_left']}", left)]


def note_document(
    credit: CreditPaid, rules: StoreRules, receipt_number: str, *, training: bool = False
) -> Document:
    """A note that was issued: how much it is good for, and the code that spends it."""
    words = words_of(rules.language)
    worth = format_money(credit.left_minor, rules.currency, rules.language)
    blocks = [
        text(rules.name, align=Align.CENTER, bold=True, large=True),
        *(text(line, align=Align.CENTER) for line in rules.address),
        feed(),
    ]
    if training:
        blocks.append(text(words["training"], align=Align.CENTER, bold=True))
    blocks += [
        text(words["credit"], align=Align.CENTER, bold=True, large=True),
        text(worth, align=Align.CENTER, bold=True, large=True),
        feed(),
        barcode(credit.code),
        feed(),
        text(words["credit_how"]),
        rule(),
        text(f"{words['receipt']} {receipt_number}"),
    ]
    return Document(f"{words['credit']} {credit.code}", tuple(blocks), rules.language)
