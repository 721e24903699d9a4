"""What a simulated terminal says of its transactions, as fields of messages."""

from __future__ import annotations

from typing import Any

from hardware.terminal.played import amount
from hardware.terminal.zvt import codec
from hardware.terminal.zvt.ledger import KEYED, NO_CARD, Entry
from hardware.terminal.zvt.person import Plan

ATTRIBUTE = b"123456\0\0"
"""What a bank calls whatever it says yes to: the authorisation attribute, field 3B."""


def result(entry: Entry, terminal_id: int, plan: Plan | None = None) -> codec.Fields:
    """A `04 0F`, with what a plan has it say instead or besides."""
    plan = plan or Plan()
    amount_minor = entry.amount_minor if plan.says_minor is None else plan.says_minor
    is_shown = entry.entry != NO_CARD
    objects: list[tuple[int, Any]] = [*plan.objects, *(_card(entry) if is_shown else ())]
    if entry.tip_minor and entry.names_tip:
        objects.append((0x1F36, bytes.fromhex(f"{entry.tip_minor:012}")))
    fields: codec.Fields = [
        (0x27, entry.result),
        (0x04, amount_minor),
        (0x0B, entry.trace),
        (0x0C, entry.time),
        (0x0D, entry.date),
        (0x19, 0x40 if entry.is_offline else 0x60),
    ]
    if is_shown:
        fields.append((0x22, plan.says_card or "541333******0010"))
    fields += [(0x29, terminal_id), (0x2A, b"455600000599   ")]
    if entry.result == 0:
        fields.append((0x3B, ATTRIBUTE))
    fields += [(0x49, 978), (0x87, entry.receipt)]
    if is_shown:
        fields.append((0x8A, 0x06))
    if objects:
        fields.append((0x06, objects))
    return [*fields, *plan.extra]


def _card(entry: Entry) -> list[tuple[int, Any]]:
    """How a card was shown and its owner asked, and what kind of card it is."""
    payment = [(0x1F10, b"\x02" if entry.entry == 1 else b"\x00")]
    if entry.entry != KEYED:
        payment.append((0x1F12, bytes([entry.entry])))
    kind = [(0x43, bytes.fromhex("A0000000041010")), (0x44, b"Mastercard")]
    return [(0x2F, payment), (0x60, kind)]


def presented(entry: Entry, terminal_id: int) -> codec.Fields:
    """A `04 0F` once more, of one taken offline: what its host said of it."""
    fields = dict(result(entry, terminal_id))
    fields |= {0x27: entry.host_result, 0x19: 0x60}
    if entry.host_result:
        fields.pop(0x3B, None)
    return list(fields.items())


def slip(entry: Entry, kind: int, plan: Plan) -> list[tuple[int, codec.Fields]]:
    """The messages of a receipt, as their controls and fields; `kind` is 1 for the merchant and 2
    for the customer."""
    plain = (amount(entry.amount_minor), f"Receipt {entry.receipt:04}", *plan.slip_lines)
    head = "PAYMENT DECLINED" if entry.result else "CARD PAYMENT"
    texts = [(0x40, head), *((0, line) for line in plain)]
    if plan.by_line:
        told = [*texts, (0x81, "")]
        return [(codec.PRINT_LINE, [("attribute", attribute), ("text", text.encode("cp437"))])
                for attribute, text in told]  # fmt: skip
    lines: list[tuple[int, bytes]] = []
    for attribute, text in (*texts, (0, "")):
        lines += [(0x09, bytes([attribute])), (0x07, text.encode("cp437"))]
    lines.append((0x09, b"\x81"))
    block = [(0x1F07, bytes([kind])), (0x25, lines), (0x1F37, b"\x81")]
    return [(codec.PRINT_BLOCK, [(0x06, block)])]


def day(total_minor: int, count: int) -> codec.Fields:
    """The `04 0F` of an end of day, all of it as the kind of card it has, never below nothing."""
    block = bytearray(bytes.fromhex("00010001") + bytes(49))
    if count and total_minor > 0:
        block[18:25] = bytes([count % 256]) + bytes.fromhex(f"{total_minor:012}")
    return [(0x27, 0), (0x04, max(0, total_minor)), (0x60, bytes(block))]
