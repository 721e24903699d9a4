"""Card payments on paper: what the terminal wants printed, unchanged, else what identifies them.

Where the terminal sends no lines of its own, the schemes ask for the application's label and id,
the masked number, the authorisation and the terminal.
"""

from __future__ import annotations

from engine.credit_paper import note_blocks
from engine.document import Align, Block, Document, columns, rule, text
from engine.money import format_micros, format_minor
from engine.order.figures import CardPaid, TenderFigures
from engine.settings import StoreRules
from engine.terminal import CardEntry, Slip, of_customer
from engine.words import words_of


def tender_blocks(tender: TenderFigures, rules: StoreRules) -> list[Block]:
    """One tender of a receipt, with the tip below and, for a card or a link, what identifies it;
    notes of another currency with their rate, one of store credit with what is left of it."""
    words = words_of(rules.language)
    amount = format_minor(tender.amount_minor, rules.currency, rules.language)
    notes = tender.foreign
    if notes is not None:
        handed = format_minor(notes.amount_minor, notes.currency, rules.language)
        rate = format_micros(notes.rate_micros, rules.currency, rules.language)
        return [columns(f"{notes.currency} {handed} {words['at_rate']} {rate}", amount)]
    blocks = [columns(words.get(tender.kind, tender.kind), amount)]
    if tender.credit is not None:
        return [*blocks, *note_blocks(tender.credit, rules)]
    card, link = tender.card, tender.link
    if link is not None:
        told = ((words["paid_with"], link.method), (words["reference"], link.provider_reference))
        return [*blocks, *(columns(f"  {name}", value) for name, value in told if value)]
    if card is None:
        return blocks
    if card.tip_minor:
        charged = abs(tender.amount_minor) + card.tip_minor
        for word, minor in (("tip", card.tip_minor), ("charged", charged)):
            shown = format_minor(minor, rules.currency, rules.language)
            blocks.append(columns(f"  {words[word]}", shown))
    if card.entry is not CardEntry.READ:
        blocks.append(text(f"  {words[f'entry_{card.entry.value}']}"))
    if not of_customer(card.slips):
        blocks += _field_blocks(card, rules)
    return blocks


def _field_blocks(card: CardPaid, rules: StoreRules) -> list[Block]:
    words, shown, told = words_of(rules.language), card.card, card.identity
    label = shown.application_label or shown.brand
    fields = (
        (label or words["card"], shown.number),
        ("AID", shown.application_id),
        (words["authorisation"], card.authorisation),
        (words["terminal"], told.terminal_id),
        (words["receipt_number"], _slip_number(card)),
    )
    blocks = [columns(f"  {name}", value) for name, value in fields if value]
    if card.is_offline:
        blocks.append(text(f"  {words['offline']}"))
    return blocks


def _slip_number(card: CardPaid) -> str:
    """What the terminal calls its slip; a name it made for a message is no number for people."""
    told = card.identity
    return "" if told.receipt is None or told.reference else str(told.receipt)


def customer_slips(tenders: tuple[TenderFigures, ...]) -> list[Block]:
    """What terminals want the customer to read, below the receipt, line by line as they sent it."""
    blocks: list[Block] = []
    for tender in tenders:
        for slip in () if tender.card is None else of_customer(tender.card.slips):
            blocks += [rule(), *slip_blocks(slip)]
    return blocks


def slip_blocks(slip: Slip) -> list[Block]:
    """A slip's lines, unchanged."""
    return [
        text(
            " " * line.indent + line.text,
            align=Align.CENTER if line.centred else Align.LEFT,
            large=line.wide or line.tall,
        )
        for line in slip.lines
    ]


def slip_document(slip: Slip, rules: StoreRules) -> Document:
    """A slip on paper of its own: the merchant's copy, or that of a payment that was declined."""
    words = words_of(rules.language)
    blocks = slip_blocks(slip)
    if slip.needs_signature:
        blocks += [text(""), rule(), text(words["signature"])]
    return Document(words["card_slip"], tuple(blocks), rules.language)
