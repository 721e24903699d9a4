"""Terminals' bytes through the floor: cuts change nothing, and no card number comes out."""

from __future__ import annotations

import base64
import os
import random
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

import native
from tests.canaries import Canaries
from tests.native import terminal_twin as twin

MAX = 96
CARD = "4111111111111111"
CANARIES = Canaries.seeded(20261127)
BYTES = st.binary(max_size=60)


@st.composite
def cards(draw: st.DrawFn) -> str:
    """A card number as an issuer gives it out."""
    first = draw(st.sampled_from("23456"))
    rest = draw(st.text("0123456789", min_size=11, max_size=17))
    return first + rest + twin.luhn_digit(first + rest)


def hidden(card: str) -> str:
    """What may be told of it."""
    return card[:6] + "*" * (len(card) - 10) + card[-4:]


def half_bytes(card: str) -> bytes:
    """A card number as a terminal sends it."""
    return bytes.fromhex(card + "F" * (len(card) % 2))


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """Data cut at places."""
    places = sorted({cut % (len(data) + 1) for cut in cuts})
    return [data[begin:end] for begin, end in zip([0, *places], [*places, len(data)], strict=True)]


def told(events: list[native.ZvtMessage | str]) -> list[object]:
    """Events as something that can be compared."""
    return [
        event if isinstance(event, str) else (event.control, event.fields, event.fault, event.check)
        for event in events
    ]


# ----------------------------------------------------------------------------------------- framers


def test_published_check_value() -> None:
    """CRC-16/KERMIT has its published check value. Source: the catalogue of parametrised CRCs."""
    assert native.crc_kermit(b"123456789") == 0x2189


@given(st.binary(max_size=300))
def test_check_value_as_bit_by_bit(data: bytes) -> None:
    """The check value is the one counted bit by bit."""
    assert native.crc_kermit(data) == twin.kermit(data)


@given(st.lists(BYTES, max_size=4), st.lists(st.integers(0, 500), max_size=9), st.booleans())
def test_serial_cuts_change_nothing(
    messages: list[bytes], cuts: list[int], is_serial: bool
) -> None:
    """A ZVT line says the same however the wire cuts it, and leaves nothing behind."""
    whole = [native.zvt_encode(0x06D1, [("attribute", 0), ("text", text)]) for text in messages]
    line = b"\x06".join(map(native.zvt_frame, whole)) if is_serial else b"".join(whole)
    at_once, cut = native.ZvtLink(is_serial), native.ZvtLink(is_serial)
    expected = told(at_once.feed(line))
    assert [event for piece in pieces(line, cuts) for event in told(cut.feed(piece))] == expected
    assert len([event for event in expected if isinstance(event, tuple)]) == len(messages)
    assert at_once.is_clean
    assert cut.is_clean


@given(st.lists(st.one_of(BYTES, BYTES.map(native.zvt_frame)), max_size=5).map(b"".join))
def test_serial_line_as_its_twin(line: bytes) -> None:
    """Noise and frames are told apart as the twin does."""
    link = native.ZvtLink(is_serial=True)
    heard = ["frame" if not isinstance(one, str) else one for one in link.feed(line)]
    expected = list(twin.dle_frames(line, 65_540))
    assert len(heard) == len(expected)
    for said, meant in zip(heard, expected, strict=True):
        # A frame whose head does not fit its length is a frame to the twin.
        assert said == meant or (isinstance(meant, bytes) and said in ("frame", "bad_form"))


@pytest.mark.parametrize("profile", ["concert", "ecr17"])
@given(
    st.lists(st.one_of(BYTES, st.sampled_from([b"\x06\x03\x79", b"\x05", b"\x15"])), max_size=5),
    st.lists(st.binary(max_size=20).map(lambda data: bytes(b | 0x80 for b in data)), max_size=3),
    st.lists(st.integers(0, 500), max_size=9),
)
def test_checked_frames_as_their_twin(
    profile: str, noise: list[bytes], data: list[bytes], cuts: list[int]
) -> None:
    """Frames between STX and ETX are found as the twin finds them, in any pieces."""
    framer = native.CheckedFramer(profile, MAX)
    mixed: list[bytes] = [*noise, *map(framer.frame, data)]
    line = b"".join(sorted(mixed))
    heard = [event for piece in pieces(line, cuts) for event in framer.feed(piece)]
    reference = list(twin.Checked(profile, MAX).read(line))
    assert [screened(event) for event in reference] == heard


def screened(event: bytes | str) -> bytes | str:
    """A frame nobody has read, as the floor would tell it: short made frames hold no card."""
    if isinstance(event, str) or len(event) < 7:
        return event
    framer = native.LengthFramer(2, MAX)
    (said,) = framer.feed(len(event).to_bytes(2, "big") + event)
    return said


@pytest.mark.parametrize("width", [2, 4])
@given(st.lists(st.binary(max_size=6), max_size=5), st.lists(st.integers(0, 99), max_size=9))
def test_length_frames_as_their_twin(width: int, data: list[bytes], cuts: list[int]) -> None:
    """Frames behind a length are found in any pieces; one too long ends the stream."""
    framer = native.LengthFramer(width, 5)
    line = b"".join(map(framer.frame, data))
    heard = [event for piece in pieces(line, cuts) for event in framer.feed(piece)]
    assert heard == list(twin.length_frames(line, width, 5))


# ------------------------------------------------------------------------------ what is kept back


@pytest.mark.feature("PAY-08", part="what the floor tells of a ZVT terminal's bytes")
@given(cards(), st.booleans())
def test_no_card_number_comes_out_of_zvt(card: str, is_serial: bool) -> None:
    """A terminal that tells a whole card number everywhere it can is told masked."""
    digits, data = card.encode(), half_bytes(card)
    message = native.zvt_encode(
        0x040F,
        [
            (0x27, 0),
            (0x04, 1250),
            (0x22, card),
            (0x23, data + b"\xd2\x51\x20"),
            (0x24, data),
            (0x2D, b"B" + digits + b"^TEST/CARD^2512"),
            (0x3C, b"CARD " + digits + b" OK"),
            (0xA7, data),
            (
                0x06,
                [
                    (0x46, digits),
                    (0x60, [(0x44, b"VISA " + digits)]),
                    (0x5A, data),
                    (0x57, data + b"\xd2\x51\x20"),
                    (0xDF8129, digits),
                    (0x1F14, b"\xff\xaa" + half_bytes(card) + b"\xff"),
                ],
            ),
        ],
    )
    link = native.ZvtLink(is_serial)
    (event,) = link.feed(native.zvt_frame(message) if is_serial else message)
    assert isinstance(event, native.ZvtMessage)
    assert event.fault is None
    assert event.fields[0x04] == 1250
    assert event.fields[0x22] == hidden(card)
    assert event.fields[0x3C] == b"CARD " + hidden(card).encode() + b" OK"
    assert event.withheld == ["field 23", "field 24", "field 2D", "field A7"]
    objects = dict(event.fields[0x06])
    assert objects[0x57] is None
    assert objects[0xDF8129] is None
    said = repr(event) + repr(event.fields)
    for form in (card, data.hex(), repr(data)[2:-1], repr(digits)[2:-1]):
        assert form not in said
    assert link.is_clean


@pytest.mark.feature("PAY-08", part="what a ZVT terminal tells of a stripe, a holder and keys")
@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (0x1F08, b"B4111111111111111^TEST/CARD^25122010000"),
        (0x1F09, half_bytes("6725900000001234567D25122010000")),
        (0x1F0A, half_bytes("0159672000000012345D9280000")),
        (0x1F2A, b"Kto/12345678"),
        (0x1F31, bytes.fromhex("0411223344556677")),
        (0x1F3E, bytes.fromhex("a1b2c3d4")),
        (0x1F46, bytes.fromhex("00b2010c00")),
        (0x1F5C, bytes.fromhex("a1b2c3d4e5f60718")),
        (0x1F5D, bytes.fromhex("a1b2c3d4e5f60718")),
    ],
)
def test_nothing_is_told_of_an_object_that_holds_card_data(tag: int, value: bytes) -> None:
    """Tracks that a terminal sends in the container where it knows the card not, as in fields 23,
    24 and 2D, whatever their check digits; their like with them, within other objects too."""
    objects = [(tag, value), (0x60, [(tag, value)])]
    message = native.zvt_decode(native.zvt_encode(0x040F, [(0x06, objects)]))
    assert message.fault is None
    assert message.fields[0x06] == [(tag, None), (0x60, [(tag, None)])]


@given(cards(), st.sampled_from(["", " ", "-"]))
def test_no_card_number_stays_in_text(card: str, between: str) -> None:
    """A card number in any text is masked, written in groups or not, and what is masked stays."""
    text = f"KARTE {between.join(card[at : at + 4] for at in range(0, len(card), 4))} DANKE"
    masked = native.mask_card_numbers(text)
    kept = [char for char in masked if char.isdigit()]
    assert "".join(kept) == card[:6] + card[-4:]
    assert len(masked) == len(text)
    assert native.mask_card_numbers(masked) == masked


@pytest.mark.parametrize(
    "between", [".", "/", "  ", "\u00a0", "\u2009", "_", ":", "\t", " - ", "|", ",", "\\"]
)
@pytest.mark.parametrize("card", CANARIES.cards)
def test_no_card_number_stays_in_text_whatever_parts_it(card: str, between: str) -> None:
    """More than a space or a dash between its groups does not hide a number."""
    text = f"KARTE {between.join(card[at : at + 4] for at in range(0, len(card), 4))} DANKE"
    masked = native.mask_card_numbers(text)
    assert "".join(char for char in masked if char.isdigit()) == card[:6] + card[-4:]
    assert len(masked) == len(text)


def _within(card: str) -> dict[str, bytes]:
    """A number as what stands where nobody looks for it."""
    packed = half_bytes(card)
    track = half_bytes(f"{card}D2512201000001230")
    return {
        "a chip's number": bytes([0x5A, len(packed)]) + packed,
        "a chip's number and more": bytes([0x5A, len(packed)]) + packed + b"\x5f\x34\x01\x01",
        "a chip's track": bytes([0x57, len(track)]) + track,
        "deeper": bytes([0xDF, 0x02, len(packed) + 2, 0x5A, len(packed)]) + packed,
        "a track": track,
        "a length before it": bytes([len(packed)]) + packed,
        "a field before it": b"\x22\xf0\xf8" + packed,
        "digits before it": b"\x12\x34\x00" + packed,
        "hexadecimal": card.encode().hex().encode(),
        "base64": base64.b64encode(card.encode()),
    }


@pytest.mark.feature("PAY-08", part="a number or a track within an object nobody knows")
@pytest.mark.parametrize("tag", [0x0A, 0xC1, 0x1F2B, 0x1F7E, 0x9F7C, 0xDF01])
@pytest.mark.parametrize("form", _within(CARD))
def test_no_card_number_comes_out_of_an_object_nobody_knows(form: str, tag: int) -> None:
    """A number within other bytes, or within objects that no tag tells of, is masked; nothing of a
    track is told but the number, masked."""
    for card in CANARIES.cards:
        value = _within(card)[form]
        message = native.zvt_decode(native.zvt_encode(0x040F, [(0x06, [(tag, value)])]))
        assert message.fault is None
        ((_, told),) = message.fields[0x06]
        assert told != value
        assert len(told) == len(value)
        assert Canaries((card,)).search(told) == []
        assert "2512201" not in told.hex()


def test_no_card_number_is_a_whole_text() -> None:
    """Half bytes that are all of a text are told of no card, whatever letters they would be."""
    for card in Canaries.seeded(20261128).cards:
        fields: list[tuple[int | str, object]] = [(0x3C, half_bytes(card)), (0x27, 0)]
        told = native.zvt_decode(native.zvt_encode(0x040F, fields)).fields[0x3C]
        assert Canaries((card,)).search(told) == []


@pytest.mark.parametrize("form", ["half bytes", "half bytes behind letters", *_within(CARD)])
def test_no_card_number_comes_out_of_a_text(form: str) -> None:
    """Half bytes, hexadecimal and base64 of a number are in no text that is told. Half bytes that
    could all be letters are a text."""
    for card in CANARIES.cards:
        packed = half_bytes(card)
        if all(byte >= 0x20 for byte in packed):
            continue
        forms = {"half bytes": packed, "half bytes behind letters": b"Visa " + packed}
        value = {**_within(card), **forms}[form]
        fields: list[tuple[int | str, object]] = [
            *((tag, value) for tag in (0x3C, 0x8B, 0xE1, 0xF1)),
            (0x06, [(tag, value) for tag in (0x07, 0x42, 0x44, 0x46, 0x4A, 0x1F17)]),
        ]
        message = native.zvt_decode(native.zvt_encode(0x040F, fields))
        assert message.fault is None
        objects = message.fields.pop(0x06)
        for told in (*message.fields.values(), *(told for _, told in objects)):
            assert told != value
            assert Canaries((card,)).search(told) == []


def test_what_is_no_card_number_comes_out_whole() -> None:
    """Of cryptograms, dates, counters and applications' names nothing is masked, but what looks
    like a number by chance: of ten thousand made ones no more than twenty."""
    chance = random.Random(20261127)
    changed = 0
    for _ in range(2_000):
        values = [chance.randbytes(8), chance.randbytes(18), chance.randbytes(32)]
        values += [bytes.fromhex(f"{chance.randrange(10**12):012}"), b"\xa0" + chance.randbytes(6)]
        message = native.zvt_encode(0x040F, [(0x06, [(0xDF01, value) for value in values])])
        told = [value for _, value in native.zvt_decode(message).fields[0x06]]
        changed += sum(one != other for one, other in zip(told, values, strict=True))
    assert changed <= 20


def test_totals_are_told_as_such_or_not_at_all() -> None:
    """Field 60 is told where it can be totals; a number in its place is not."""
    block = bytes(4) + bytes.fromhex("03000000012345") * 7
    for card in CANARIES.cards:
        for number in (card.encode(), half_bytes(card)):
            for value in (number, bytes(4) + number + bytes(49 - len(number)), number + block):
                message = native.zvt_decode(native.zvt_encode(0x040F, [(0x27, 0), (0x60, value)]))
                assert message.fields == {0x27: 0}
                assert message.withheld == ["field 60"]
    message = native.zvt_decode(native.zvt_encode(0x040F, [(0x60, block)]))
    assert message.fields == {0x60: block}


@pytest.mark.parametrize(
    ("body", "status"),
    [("f0", 0xF0), ("f6", 0xF6), ("f00600", 0xF0), ("00", 0), ("f0f0f25631f0", 0xF0)],
)
def test_a_state_is_told_from_a_version(body: str, status: int) -> None:
    """A state whose first half byte is F is no length of a version."""
    data = bytes.fromhex(body)
    message = native.zvt_decode(b"\x06\x0f" + bytes([len(data)]) + data, is_enquiry=True)
    assert message.fault is None
    assert message.fields["status"] == status


@given(cards())
def test_no_card_number_comes_out_of_other_frames(card: str) -> None:
    """Frames nobody has read yet are searched too."""
    for framer in (
        native.CheckedFramer("ecr17", MAX),
        native.CheckedFramer("concert", MAX),
        native.LengthFramer(4, MAX),
    ):
        (said,) = framer.feed(framer.frame(b'{"PAN":"' + card.encode() + b'"}'))
        assert said == b'{"PAN":"' + hidden(card).encode() + b'"}'
        assert framer.is_clean


@given(cards())
def test_no_card_number_comes_out_of_a_chip(card: str) -> None:
    """The card number of a chip is masked, its track is not told."""
    data = half_bytes(card)
    told = native.emv_decode(
        native.emv_encode([(0x70, [(0x5A, data), (0x57, data), (0x5F20, b"A B"), (0x9A, b"\x26")])])
    )
    ((tag, objects),) = told
    assert tag == 0x70
    assert objects[1:] == [(0x57, None), (0x5F20, None), (0x9A, b"\x26")]
    masked = objects[0][1].hex().upper()
    assert masked.rstrip("F") == card[:6] + "E" * (len(card) - 10) + card[-4:]


# ------------------------------------------------------------------------------------------ reading


def test_read_straight_from_a_socket() -> None:
    """The floor reads a descriptor itself: nothing yet, a message in two pieces, the end."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    link = native.ZvtLink(is_serial=False)
    assert link.read_from(ours.fileno()) is None
    theirs.sendall(b"\x06\x1e\x01")
    assert link.read_from(ours.fileno()) == []
    assert link.is_partial
    assert not link.is_clean
    theirs.sendall(b"\x6c")
    (event,) = link.read_from(ours.fileno()) or ["nothing"]
    assert isinstance(event, native.ZvtMessage)
    assert (event.control, event.fields) == (0x061E, {"result": 0x6C})
    assert link.is_clean
    theirs.close()
    with pytest.raises(EOFError):
        link.read_from(ours.fileno())
    ours.close()
    for wrong in (-1, 9_999):
        with pytest.raises(OSError, match=r"."):
            link.read_from(wrong)


def test_read_straight_from_a_pty() -> None:
    """A serial line is read the same way."""
    ours, theirs = os.openpty()
    os.set_blocking(ours, False)
    link = native.ZvtLink(is_serial=True)
    assert link.read_from(ours) is None
    os.write(theirs, native.zvt_frame(b"\x80\x00\x00"))
    (event,) = link.read_from(ours) or ["nothing"]
    assert isinstance(event, native.ZvtMessage)
    assert event.control == 0x8000
    assert event.check == 0x1FF5
    os.close(theirs)
    os.close(ours)


TAGS = st.sampled_from([0x50, 0x9F02, 0x82, 0x5F2A, 0x9F26, 0xC1])
TREES = st.recursive(
    st.lists(st.tuples(TAGS, st.binary(max_size=6)), max_size=4),
    lambda inner: st.lists(
        st.one_of(
            st.tuples(TAGS, st.binary(max_size=200)),
            st.tuples(st.sampled_from([0x70, 0x77, 0xBF0C]), inner),
        ),
        max_size=4,
    ),
    max_leaves=12,
)


@given(TREES)
def test_objects_as_their_twin(objects: list[tuple[int, object]]) -> None:
    """What is written is read back by the twin whole, and by the floor but for what it hides."""
    data = native.emv_encode(objects)
    assert twin.tlv_objects(data) == objects
    told = native.emv_decode(b"\0" + data + b"\0")
    assert native.emv_decode(native.emv_encode(told)) == told


@given(st.binary(max_size=80))
def test_any_bytes_are_objects_or_refused(data: bytes) -> None:
    """No bytes do anything but read or be refused by name."""
    try:
        native.emv_decode(data)
    except native.CoreError as error:
        assert str(error).startswith("not TLV: ")  # noqa: PT017


def test_refusals_of_what_cannot_be_written() -> None:
    """Lists nested without end and wrong values are refused, not crashed on."""
    endless: list[tuple[int, object]] = []
    endless.append((0x70, endless))
    with pytest.raises(native.CoreError, match="16 deep"):
        native.emv_encode(endless)
    with pytest.raises(native.CoreError, match="field 04 takes no such value"):
        native.zvt_encode(0x0601, [(0x04, 10**12)])
    with pytest.raises(native.CoreError, match="field 5F is not known"):
        native.zvt_encode(0x0601, [(0x5F, 1)])
    with pytest.raises(ValueError, match="no field"):
        native.zvt_encode(0x0601, [("colour", 1)])
    with pytest.raises(native.CoreError, match="as its head says"):
        native.zvt_decode(b"\x06\x0f\x02\x00")


def test_results_in_words() -> None:
    """Bits of results have names. Source: EMV Book 3, annex C; Book 4, table 37."""
    assert native.emv_tvr(bytes.fromhex("0000048000")) == [
        "online_verification_captured",
        "floor_limit_exceeded",
    ]
    assert native.emv_tsi(bytes.fromhex("6800")) == [
        "cardholder_verification_performed",
        "card_risk_management_performed",
        "terminal_risk_management_performed",
    ]
    assert [native.emv_cryptogram(code) for code in (0, 0x40, 0x80)] == [
        "declined",
        "approved",
        "go_online",
    ]
    assert native.emv_verification(bytes.fromhex("420302")) == (
        "online_pin",
        "terminal_supports_method",
        "successful",
        True,
    )
    assert native.emv_tag_name(0x9F02) == "amount_authorised"
    assert native.emv_tag_name(0x9F99) is None
    wanted = native.emv_dol(bytes.fromhex("9F0206 5F2A02"))
    assert wanted == [(0x9F02, 6), (0x5F2A, 2)]
    built = native.emv_dol_build(bytes.fromhex("9F0206 5F2A02"), [(0x9F02, b"\x12\x50")])
    assert built.hex() == "0000000012500000"


@pytest.mark.parametrize("bit", range(8))
def test_flipped_bits_of_a_serial_frame_never_pass(bit: int) -> None:
    """No flipped bit of a framed approval is taken for it, and the next frame is found."""
    message = native.zvt_encode(0x040F, [(0x27, 0), (0x04, 1250), (0x87, 10)])
    frame = native.zvt_frame(message)
    for place in range(len(frame)):
        line = bytearray(frame)
        line[place] ^= 1 << bit
        link = native.ZvtLink(is_serial=True)
        events = link.feed(bytes(line) + frame + frame)
        messages = [event for event in events if not isinstance(event, str)]
        assert 1 <= len(messages) <= 2
        assert {event.fields[0x04] for event in messages} == {1250}
