"""Receipts a ZVT terminal sends: whose each is, what is wanted on paper, and what is signed."""

from __future__ import annotations

from typing import Any

import pytest

from engine.terminal import Answer, Kind, Slip, Transaction, Verdict
from hardware.terminal.zvt import codec
from hardware.terminal.zvt.outcome import answer
from hardware.terminal.zvt.slips import SlipReader
from native import ZvtMessage, zvt_decode, zvt_encode

SALE = Transaction(Kind.SALE, 1250, 978)
NONE, SIGNATURE, PIN_AND_SIGNATURE = b"\x00", b"\x01", b"\x07"


def told(control: int, fields: codec.Fields) -> ZvtMessage:
    """A message of the terminal."""
    return zvt_decode(zvt_encode(control, fields), False)


def by_line(*slips: tuple[str, ...], kind: int = 0) -> SlipReader:
    """Receipts line by line, the last line of each marked as such."""
    reader = SlipReader()
    named: codec.Fields = [(0x06, [(0x1F07, bytes([kind]))])] if kind else []
    for lines in slips:
        for text in lines[:-1]:
            reader.line(told(codec.PRINT_LINE, [("attribute", 0), ("text", text.encode())]))
        last: codec.Fields = [("attribute", 0x81), ("text", lines[-1].encode())]
        assert reader.line(told(codec.PRINT_LINE, [*last, *named]))
    return reader


def block(reader: SlipReader, kind: int, bits: int | None) -> None:
    """A receipt as a block, with what to do with it where that is told."""
    lines: list[tuple[int, Any]] = [(0x09, b"\x00"), (0x07, b"SHOP"), (0x09, b"\x80")]
    objects: list[tuple[int, Any]] = [(0x1F07, bytes([kind])), (0x25, lines)]
    if bits is not None:
        objects.append((0x1F37, bytes([bits])))
    reader.block(told(codec.PRINT_BLOCK, [(0x06, objects)]))


def ended(reader: SlipReader, verification: bytes = NONE, result: int = 0) -> Answer:
    """What is known of a sale whose card's owner was asked so, and whose receipts came."""
    fields: codec.Fields = [(0x27, result), (0x04, 1250), (0x0B, 5), (0x29, 52500001), (0x87, 10)]
    info = told(codec.STATUS_INFO, [*fields, (0x06, [(0x2F, [(0x1F10, verification)])])])
    return answer(SALE, codec.status_info(info), reader, None)


def kinds(slips: tuple[Slip, ...]) -> list[str]:
    """Whose they are."""
    return [slip.kind for slip in slips]


def test_of_two_receipts_by_line_the_first_is_the_merchants() -> None:
    """Lines do not say whose they are; a lone one is the customer's. All are wanted on paper."""
    two = ended(by_line(("SHOP'S",), ("YOURS",))).slips
    assert ["merchant", ""] == kinds(two)
    assert ["SHOP'S", "YOURS"] == [slip.lines[0].text for slip in two]
    assert all(slip.must_print and not slip.needs_signature for slip in two)
    (one,) = ended(by_line(("YOURS",))).slips
    assert ("", True, False) == (one.kind, one.must_print, one.needs_signature)
    assert ["customer", "customer"] == kinds(ended(by_line(("A",), ("B",), kind=2)).slips)


@pytest.mark.parametrize("verification", [SIGNATURE, PIN_AND_SIGNATURE])
def test_what_the_card_is_signed_for_is_signed_on_the_merchants_lines(verification: bytes) -> None:
    """Lines do not say that either; how the card's owner was asked does."""
    two = ended(by_line(("SHOP'S", "Sign: ____"), ("YOURS",)), verification).slips
    assert [True, False] == [slip.needs_signature for slip in two]
    (one,) = ended(by_line(("SHOP'S",)), verification).slips
    assert one.needs_signature
    (yours,) = ended(by_line(("YOURS",), kind=2), verification).slips
    assert not yours.needs_signature


def test_a_receipt_of_a_payment_that_was_declined_is_printed_and_not_signed() -> None:
    """It is on paper because the terminal sends it."""
    heard = ended(by_line(("DECLINED",)), SIGNATURE, result=5)
    assert Verdict.DECLINED is heard.verdict
    (one,) = heard.slips
    assert (True, False) == (one.must_print, one.needs_signature)


def test_a_block_says_itself_what_to_do_with_it() -> None:
    """Where it says so; else it is as one by line. Source: PA00P015 revision 13.08, tag 1F37."""
    reader = SlipReader()
    for kind, bits in ((1, 0x82), (2, 0x01)):
        block(reader, kind, bits)
    merchant, customer = ended(reader, SIGNATURE).slips
    assert (True, True) == (merchant.must_print, merchant.needs_signature)
    assert (False, False) == (customer.must_print, customer.needs_signature)
    reader = SlipReader()
    block(reader, 1, 0x80)
    assert not ended(reader, SIGNATURE).slips[0].needs_signature, "it was signed elsewhere"
    reader = SlipReader()
    block(reader, 1, None)
    (bare,) = ended(reader, SIGNATURE).slips
    assert (True, True) == (bare.must_print, bare.needs_signature)
