"""Serial scanners: bytes to codes, and what time does to them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.limits import SCAN_CHARS_MAX, SCAN_GAP_NS
from hardware.scanner.codec import Scan, ScanDecoder, encode_scan
from hardware.scanner.session import ScannerSession

_CODES = st.text(
    alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40
).filter(lambda code: not code.startswith("]"))
_SCANS = st.lists(st.builds(Scan, _CODES, st.sampled_from(["", "]E0", "]C1", "]Q3"])), max_size=8)


@given(_SCANS, st.sampled_from([b"\r", b"\n", b"\r\n", b"\t", b""]), st.integers(1, 9))
def test_what_is_scanned_is_read(scans: list[Scan], terminator: bytes, step: int) -> None:
    """Codes come back whole and in order, whatever ends them and however they are cut."""
    framed = not terminator
    data = b"".join(encode_scan(scan, terminator, framed=framed) for scan in scans)
    decoder = ScanDecoder(terminator)
    found = [s for at in range(0, len(data), step) for s in decoder.feed(data[at : at + step])]
    assert found == scans
    assert decoder.garbage == 0


@pytest.mark.parametrize(
    ("data", "scan"),
    [
        (b"4006381333931\r", Scan("4006381333931")),
        (b"]E04006381333931\r", Scan("4006381333931", "]E0")),
        (b"]C10104006381333931\x1d10AB\r", Scan("0104006381333931\x1d10AB", "]C1")),
        (b"\n4006381333931\r", Scan("4006381333931")),
        (b"\x02]E04006381333931\x03\r", Scan("4006381333931", "]E0")),
        (b"half\x02whole\x03", Scan("whole")),
        ("Käse\r".encode(), Scan("Käse")),
        ("Käse\r".encode("latin-1"), Scan("Käse")),
        (b"]\r", Scan("]")),
    ],
)
def test_vectors(data: bytes, scan: Scan) -> None:
    """Reads as scanners send them: plain, with AIM identifier, framed, with separators."""
    assert ScanDecoder().feed(data) == [scan]


def test_garbage_is_counted_not_passed_on() -> None:
    """Noise and overlong reads are counted; the next code is whole."""
    decoder = ScanDecoder()
    assert decoder.feed(b"\x00\xff\x07\r") == []
    assert decoder.feed(b"x" * (SCAN_CHARS_MAX + 50)) == []
    assert decoder.feed(b"xx\r") == []
    assert decoder.garbage == 2
    assert decoder.feed(b"\r\r\n12345678\r") == [Scan("12345678")]


@given(st.binary(max_size=2_000))
def test_any_bytes(noise: bytes) -> None:
    """No bytes raise, and what is kept of an unfinished read is bounded."""
    decoder = ScanDecoder()
    for scan in decoder.feed(noise):
        assert 0 < len(scan.code) <= SCAN_CHARS_MAX + 1
    decoder.drop_partial()
    assert not decoder.partial


def test_noise_from_plugging_in_is_forgotten() -> None:
    """A fragment followed by a pause does not spoil the next code; one without a pause joins it."""
    session = ScannerSession()
    assert session.received(b"\x7f?", 0) == []
    assert session.received(b"123\r", SCAN_GAP_NS + 1) == [Scan("123")]
    assert session.received(b"12", 10 * SCAN_GAP_NS) == []
    assert session.received(b"3\r", 10 * SCAN_GAP_NS + 1) == [Scan("123")]
    assert session.decoder.garbage == 1


def test_same_code_window() -> None:
    """By default every read counts; with a window a label left in the beam counts once."""
    assert len(ScannerSession().received(b"1\r1\r1\r", 0)) == 3
    session = ScannerSession(same_code_ns=100)
    times = (0, 90, 180, 290, 295)
    codes = (b"1\r", b"1\r", b"1\r", b"1\r", b"2\r")
    passed = [len(session.received(code, ns)) for code, ns in zip(codes, times, strict=True)]
    assert passed == [1, 0, 0, 1, 1]
    assert session.repeats == 2
