"""Receipts a ZVT terminal sends: whose each is, what is wanted on paper, and what is signed."""

from __future__ import annotations

from typing import Any

import pytest

from engine.terminal import Answer, Kind, Slip, Transaction, Verdict
from hardware.terminal.limits import SLIP_LINES_MAX, SLIPS_MAX
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
    lines: list[tuple[int, Any]] = [(0x09, b"\x00"), (0x07, b"SHOP"), (0x09, b"\x81")]
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


def told_block(*items: tuple[int, bytes], kind: int = 0, bits: int | None = None) -> ZvtMessage:
    """A block of these lines and marks."""
    objects: list[tuple[int, Any]] = [(0x1F07, bytes([kind]))] if kind else []
    objects.append((0x25, list(items)))
    if bits is not None:
        objects.append((0x1F37, bytes([bits])))
    return told(codec.PRINT_BLOCK, [(0x06, objects)])


def papers(reader: SlipReader) -> list[tuple[str, list[str]]]:
    """Whose each receipt is, and what it says."""
    reader.end()
    return [(slip.kind, [line.text for line in slip.lines]) for slip in reader.kept]


END = (0x09, b"\x81")


# Source: PA00P015 revision 13.08, chapter 3.6; the dialogue in 5.1 has two receipts in four blocks.
def test_a_receipt_in_several_blocks_is_one() -> None:
    """Whose it is and what to do with it is told in the first, and holds for the rest: nothing of
    the merchant's becomes the customer's."""
    reader = SlipReader()
    for message, is_whole in (
        (told_block((0x07, b"SHOP'S"), kind=1, bits=0x83), False),
        (told_block((0x07, b"Sign: ____"), END), True),
        (told_block((0x07, b"YOURS"), (0x09, b"\x80"), kind=2, bits=0x01), False),
        (told_block((0x07, b"Thank you"), END), True),
    ):
        assert reader.block(message) == is_whole
    assert papers(reader) == [
        ("merchant", ["SHOP'S", "Sign: ____"]),
        ("customer", ["YOURS", "Thank you"]),
    ]
    assert [(one.must_print, one.needs_signature) for one in reader.kept] == [
        (True, True),
        (False, False),
    ]


def test_a_receipt_without_a_mark_ends_where_another_begins() -> None:
    """That of somebody else, or none: the command ends."""
    reader = SlipReader()
    assert not reader.block(told_block((0x07, b"SHOP'S"), kind=1))
    assert not reader.block(told_block((0x07, b"TOTAL"), kind=1))
    assert reader.block(told_block((0x07, b"YOURS"), kind=2))
    assert papers(reader) == [("merchant", ["SHOP'S", "TOTAL"]), ("customer", ["YOURS"])]


def test_two_receipts_in_one_block() -> None:
    """Each mark ends one, and a mark that stands before its line, as in a line of its own, leaves
    that line to its receipt."""
    reader = SlipReader()
    reader.block(told_block((0x07, b"A"), END, (0x07, b"B"), (0x09, b"\xc0"), (0x07, b"B2")))
    assert papers(reader) == [("", ["A"]), ("", ["B", "B2"])]
    assert reader.kept[1].lines[1].centred


@pytest.mark.parametrize(
    ("feed", "count"),
    [
        (((0x09, b"\xff"), (0x07, b"\x02"), (0x09, b"\x00")), 2),
        (((0x09, b"\xff"), (0x07, b"\x03")), 3),
        (((0x09, b"\xff"),), 1),
        (((0x09, b"\xff"), (0x07, b"")), 1),
        (((0x09, b"\xff"), (0x09, b"\x00")), 1),
    ],
)
def test_a_feed_in_a_block_is_empty_lines(feed: tuple[tuple[int, bytes], ...], count: int) -> None:
    """As many as are told, or one; it is no letter. Source: PA00P015 revision 13.08, table 16."""
    reader = SlipReader()
    reader.block(told_block((0x07, b"A"), *feed, (0x07, b"B"), END))
    assert papers(reader) == [("", ["A", *[""] * count, "B"])]
    reader = SlipReader()
    reader.block(told_block((0x07, b"A"), *feed, END))
    assert papers(reader) == [("", ["A", *[""] * count])]


def test_a_long_receipt_has_all_its_lines() -> None:
    """An end of day that lists its payments, in messages of six lines."""
    reader = SlipReader()
    for number in range(200):
        texts = [(0x07, b"%d" % (6 * number + at)) for at in range(6)]
        assert not reader.block(told_block(*texts, kind=3))
    assert reader.block(told_block((0x07, b"TOTAL"), END, kind=3))
    ((kind, lines),) = papers(reader)
    assert kind == "administrative"
    assert lines == [*map(str, range(1200)), "TOTAL"]


def test_what_is_cut_is_said() -> None:
    """A terminal without end has no more than its share, and the paper says that it is not all."""
    reader = SlipReader()
    for _ in range(SLIP_LINES_MAX // 100 + 1):
        reader.block(told_block(*[(0x07, b"x")] * 100))
    reader.block(told_block((0x07, b"TOTAL"), END))
    (slip,) = reader.kept
    assert len(slip.lines) == SLIP_LINES_MAX + 1
    assert slip.lines[-1].text == "[101 more lines, not kept]"
    reader = by_line(*[("A", "B")] * (SLIPS_MAX + 2))
    assert len(reader.kept) == SLIPS_MAX
    assert reader.kept[-1].lines[-1].text == "[4 more lines, not kept]"


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


@pytest.mark.parametrize("by_line", [True, False])
@pytest.mark.parametrize(
    ("written", "text"),
    [
        (b"** H\xc4NDLERBELEG **", "** HÄNDLERBELEG **"),
        (b"Gr\xf6\xdfe best\xe4tigen", "Größe bestätigen"),
        (b"Re\xe7u du caf\xe9", "Reçu du café"),
        (b"H\x8eNDLER, Stra\xe1e", "HÄNDLER, Straße"),
        (b"Stra\xe1e", "Straße"),
        (b"\xc4\xc4\xc4\xc4", "────"),
        (b"25 \xf8C", "25 °C"),
        (b"H\xc4NDLER \xb3", "H─NDLER │"),
    ],
)
def test_letters_of_a_terminal_that_does_not_say_how_it_writes(
    by_line: bool, written: bytes, text: str
) -> None:
    """One of a large acquirer writes Latin letters where the specification has signs for frames:
    read by it alone, the customer's receipt had strokes in the middle of its words."""
    reader = SlipReader()
    if by_line:
        reader.line(told(codec.PRINT_LINE, [("attribute", 0x81), ("text", written)]))
    else:
        reader.block(told_block((0x07, written), (0x09, b"\x81")))
    ((_, (line,)),) = papers(reader)
    assert text == line


@pytest.mark.parametrize(("code", "text"), [(b"\xff", "H─NDLER"), (b"\x01", "HÄNDLER")])
def test_what_a_terminal_says_of_its_letters_is_believed(code: bytes, text: str) -> None:
    """Named, the character set is the one that is named."""
    reader = SlipReader()
    lines: list[tuple[int, Any]] = [(0x07, b"H\xc4NDLER"), (0x09, b"\x81")]
    reader.block(told(codec.PRINT_BLOCK, [(0x06, [(0x14, code), (0x25, lines)])]))
    ((_, (line,)),) = papers(reader)
    assert text == line
