"""Frames and objects that nothing else checks, with every bit flipped and cut off at every byte.

Those of ZVT are in `tests/hardware/test_terminal_damage.py`, the seals of nexo in
`tests/hardware/test_nexo_crypto.py`.
"""

from __future__ import annotations

from typing import Any

import pytest

import native
from benches.terminal import chip

MAX = 96
ECR17 = (b"000000010200000125091978          A011B010", b"AB", b"A")
CONCERT = (b"0100001250100978          A011B010", b"AB", b"A")
CHECKED = [("ecr17", data) for data in ECR17] + [("concert", data) for data in CONCERT]
# Six bytes at most: seven could hold a card number, which would be masked.
BEHIND_A_LENGTH = (b"", b"A", b"<Sale>", b"\0\1\2\3")
CRYPTOGRAM: list[tuple[int, Any]] = [
    (0x77, [(0x9F27, b"\x80"), (0x9F36, b"\0\x01"), (0x9F26, b"12345678"), (0x9F10, b"")]),
    (0x95, bytes(5)),
    (0xBF0C, [(0x70, [(0x50, b"VISA"), (0x50, b"DEBIT")])]),
    (0x9F10, b"a" * 200),
]


def flips(data: bytes) -> list[bytes]:
    """With each bit flipped in turn."""
    whole = int.from_bytes(data, "big")
    return [(whole ^ 1 << bit).to_bytes(len(data), "big") for bit in range(8 * len(data))]


def frames(events: list[bytes | str]) -> list[bytes]:
    """The data of frames, without what else a line says."""
    return [event for event in events if isinstance(event, bytes)]


@pytest.mark.parametrize(("profile", "data"), CHECKED)
def test_no_flipped_bit_passes_a_check_byte(profile: str, data: bytes) -> None:
    """A frame between STX and ETX with any bit flipped is no frame, and the frame after the next is
    read in any case."""
    good = native.CheckedFramer(profile, MAX).frame(data)
    for flipped in flips(good):
        framer = native.CheckedFramer(profile, MAX)
        assert frames(framer.feed(flipped + good * 2)) in ([data], [data] * 2), flipped.hex()


@pytest.mark.parametrize(("profile", "data"), CHECKED)
def test_a_checked_frame_cut_off_is_none_and_the_next_is_read(profile: str, data: bytes) -> None:
    """At every byte: whoever waits in vain for the rest forgets it, and hears it the next time."""
    good = native.CheckedFramer(profile, MAX).frame(data)
    for length in range(1, len(good)):
        framer = native.CheckedFramer(profile, MAX)
        assert framer.feed(good[:length]) == []
        assert framer.drop_partial()
        assert framer.is_clean
        assert framer.feed(good) == [data]


@pytest.mark.parametrize("width", [2, 4])
@pytest.mark.parametrize("data", BEHIND_A_LENGTH)
def test_a_frame_behind_a_length_is_whole_or_none(width: int, data: bytes) -> None:
    """Cut off at every byte it is none yet; with a bit of its length flipped no byte is told that
    did not come, and with one of its data flipped nothing but that is another."""
    good = native.LengthFramer(width, MAX).frame(data)
    for length in range(1, len(good)):
        framer = native.LengthFramer(width, MAX)
        assert framer.feed(good[:length]) == []
        assert framer.feed(good[length:]) == [data]
    for number, flipped in enumerate(reversed(flips(good))):
        framer = native.LengthFramer(width, MAX)
        heard = framer.feed(flipped)
        assert framer.is_partial or framer.is_clean or heard == ["too_long"]
        if number < 8 * width:
            assert frames(heard) != [data]
            assert sum(map(len, frames(heard))) <= len(data)
        else:
            assert heard == [flipped[width:]]


@pytest.mark.parametrize(
    "data", [chip(), native.emv_encode(CRYPTOGRAM)], ids=["31 objects", "nested"]
)
def test_objects_cut_off_are_refused_or_whole_ones(data: bytes) -> None:
    """Cut between two objects the first ones are told; cut anywhere else nothing is."""
    whole = native.emv_decode(data)
    ends = {len(native.emv_encode(whole[:count])): whole[:count] for count in range(len(whole))}
    for length in range(len(data)):
        if length in ends:
            assert native.emv_decode(data[:length]) == ends[length]
        else:
            with pytest.raises(native.CoreError, match="not TLV: "):
                native.emv_decode(data[:length])


@pytest.mark.parametrize(
    "data", [chip(), native.emv_encode(CRYPTOGRAM)], ids=["31 objects", "nested"]
)
def test_objects_with_a_flipped_bit_are_refused_or_other_ones(data: bytes) -> None:
    """None of them is told as if nothing had been; what is told can be told again."""
    whole, told = native.emv_decode(data), 0
    for flipped in flips(data):
        try:
            found = native.emv_decode(flipped)
        except native.CoreError as error:
            assert str(error).startswith("not TLV: ")  # noqa: PT017
            continue
        told += 1
        assert found != whole, flipped.hex()
        kept = [(tag, value) for tag, value in found if not _has_withheld(value)]
        assert native.emv_decode(native.emv_encode(kept)) == kept
    assert told > len(data), "most flips are of values"


def _has_withheld(value: Any) -> bool:
    return value is None or (isinstance(value, list) and any(_has_withheld(v) for _, v in value))
