"""Card payments on paper: what the terminal wants printed, unchanged, else what identifies them.

Where the terminal sends no lines of its own, the schemes ask for what was done and whose copy it
is, the application's label and id, the masked number, how the card was read and its owner verified,
the authorisation, the shop's number with the acquirer, and the terminal with its time and numbers.
"""

from __future__ import annotations

from engine.credit_paper import note_blocks
from engine.document import Align, Block, Document, columns, feed, rule, text
from engine.money import format_micros, format_minor
from engine.order.figures import CardPaid, TenderFigures
from engine.settings import StoreRules
from engine.stamp import Stamp, local_time
from engine.terminal import Answer, CardEntry, Identity, Kind, Slip, Verdict, of_customer
from engine.words import words_of

_KINDS = {
    Kind.REFUND: "card_refund",
    Kind.REVERSAL: "card_reversal",
    Kind.RESERVATION: "card_reservation",
    Kind.RELEASE: "card_release",
}
VERIFIED = {
    "none": "verified_none",
    "online_pin": "verified_pin",
    "offline_pin": "verified_pin",
    "online_pin_and_signature": "verified_pin_and_signature",
    "offline_pin_and_signature": "verified_pin_and_signature",
    "signature": "verified_signature",
    "signature_capture": "verified_signature_capture",
}
"""The word of each way to verify a card's owner."""


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
    blocks += _charged_blocks(tender.amount_minor, card, rules)
    if not of_customer(card.slips):
        kind = Kind.REFUND if tender.amount_minor < 0 else Kind.SALE
        blocks += _field_blocks(kind, card, rules)
    return blocks


def _charged_blocks(amount_minor: int, card: CardPaid, rules: StoreRules) -> list[Block]:
    """What came on top of the amount, and whether the card's number was typed."""
    words, blocks = words_of(rules.language), []
    if card.tip_minor:
        charged = abs(amount_minor) + card.tip_minor
        for word, minor in (("tip", card.tip_minor), ("charged", charged)):
            shown = format_minor(minor, rules.currency, rules.language)
            blocks.append(columns(f"  {words[word]}", shown))
    if card.entry is not CardEntry.READ:
        blocks.append(text(f"  {words[f'entry_{card.entry.value}']}"))
    return blocks


def _field_blocks(
    kind: Kind, card: CardPaid, rules: StoreRules, copy: str = "customer"
) -> list[Block]:
    words, shown, told = words_of(rules.language), card.card, card.identity
    label = shown.application_label or shown.brand
    read = "" if card.entry is not CardEntry.READ else words.get(f"read_{shown.entry}", "")
    fields = (
        (words[_KINDS.get(kind, "card_sale")], words[f"{copy}_copy"]),
        # A terminal may tell which card it was and no number.
        (label or words["card"], shown.number) if shown.number else (words["card"], label),
        (words["card_sequence"], card.paper.card_sequence),
        ("AID", shown.application_id),
        (words["read"], read),
        (words["verified"], words.get(VERIFIED.get(shown.verification, ""), "")),
        (words["authorisation"], card.authorisation),
        (words["host_code"], card.paper.host_code),
        (words["merchant_number"], card.paper.merchant_number),
        (words["terminal"], told.terminal_id),
        (words["terminal_time"], _terminal_time(told)),
        (words["receipt_number"], _slip_number(told)),
        (words["trace"], "" if told.trace is None else str(told.trace)),
    )
    blocks = [columns(f"  {name}", value) for name, value in fields if value]
    if card.is_offline:
        blocks.append(text(f"  {words['offline']}"))
    is_merchants = copy == "merchant"
    lines = card.paper.merchant_lines if is_merchants else card.paper.customer_lines
    return [*blocks, *slip_blocks(Slip(lines))]


def _slip_number(told: Identity) -> str:
    """What the terminal calls its slip; a name it made for a message is no number for people."""
    return "" if told.receipt is None or told.reference else str(told.receipt)


def _terminal_time(told: Identity) -> str:
    """`11-26 10:15:00` on the terminal's clock, which with some is that of the whole world."""
    if len(told.date) != 4 or len(told.time) != 6:
        return ""
    month, day = told.date[:2], told.date[2:]
    zone = " UTC" if told.reference.partition(" ")[0].endswith("Z") else ""
    return f"{month}-{day} {told.time[:2]}:{told.time[2:4]}:{told.time[4:]}{zone}"


def customer_slips(tenders: tuple[TenderFigures, ...]) -> list[Block]:
    """What terminals want the customer to read, below the receipt, line by line as they sent it."""
    blocks: list[Block] = []
    for tender in tenders:
        for slip in () if tender.card is None else of_customer(tender.card.slips):
            blocks += [rule(), *slip_blocks(slip)]
    return blocks


def slip_blocks(slip: Slip) -> list[Block]:
    """A slip's lines, unchanged. What is to be tall alone is bold: large is wide, too, and a line
    that filled the terminal's paper would be broken in two."""
    return [
        text(
            " " * line.indent + line.text,
            align=Align.CENTER if line.centred else Align.LEFT,
            bold=line.tall and not line.wide,
            large=line.wide,
        )
        for line in slip.lines
    ]


def card_document(
    kind: Kind,
    amount_minor: int,
    card: CardPaid,
    rules: StoreRules,
    stamp: Stamp,
    *,
    copy: str,
    is_signed: bool = False,
) -> Document:
    """A copy of our own making of what moved money, `merchant` or `customer`, by a terminal that
    sends none."""
    words = words_of(rules.language)
    amount = format_minor(amount_minor, rules.currency, rules.language)
    blocks = [
        *_head(rules, stamp),
        columns(words["card"], f"{rules.currency} {amount}"),
        *_charged_blocks(amount_minor, card, rules),
        *_field_blocks(kind, card, rules, copy),
    ]
    if is_signed:
        blocks += [text(""), rule(), text(words["signature"])]
    return Document(words["card_slip"], tuple(blocks), rules.language)


def declined_document(
    answer: Answer, card: CardPaid, rules: StoreRules, stamp: Stamp, *, copy: str
) -> Document:
    """A slip of our own making of what was declined or broken off: that nothing was paid, what was
    asked for, with which card, and why as far as the terminal told."""
    words = words_of(rules.language)
    asked_minor = answer.asked_minor + answer.asked_tip_minor
    amount = format_minor(asked_minor, rules.currency, rules.language)
    ended = "card_declined" if answer.verdict is Verdict.DECLINED else "card_aborted"
    blocks = [
        *_head(rules, stamp),
        text(words[ended], align=Align.CENTER, bold=True, large=True),
        text(words["nothing_moved"], align=Align.CENTER),
        text(words["no_receipt"], align=Align.CENTER),
        feed(),
        columns(words["card_asked"], f"{rules.currency} {amount}"),
        *_field_blocks(answer.kind, card, rules, copy),
        columns(f"  {words['card_reason']}", answer.detail or answer.code),
    ]
    return Document(words["card_slip"], tuple(blocks), rules.language)


def _head(rules: StoreRules, stamp: Stamp) -> list[Block]:
    """The shop, and when by its own calendar: that of a terminal has no year."""
    words = words_of(rules.language)
    return [
        text(rules.name, align=Align.CENTER, bold=True, large=True),
        *(text(line, align=Align.CENTER) for line in rules.address),
        feed(),
        columns(words["card_slip"], local_time(stamp.now_ns, stamp.utc_offset_s)),
    ]


def slip_document(slip: Slip, rules: StoreRules) -> Document:
    """A terminal's slip on paper of its own: the merchant's, or of a payment that was declined."""
    words = words_of(rules.language)
    blocks = slip_blocks(slip)
    if slip.needs_signature:
        blocks += [text(""), rule(), text(words["signature"])]
    return Document(words["card_slip"], tuple(blocks), rules.language)
