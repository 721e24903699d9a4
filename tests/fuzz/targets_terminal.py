"""Decoders at a card terminal's cable, and the seeds of the floor's own."""

from __future__ import annotations

from functools import cache
from typing import Any

from engine.terminal import Kind, Transaction
from hardware.terminal.zvt import codec
from hardware.terminal.zvt.codec import Profile
from hardware.terminal.zvt.line import SerialLine, TcpLine
from hardware.terminal.zvt.session import ZvtSession
from native import (
    CheckedFramer,
    CoreError,
    LengthFramer,
    ZvtLink,
    ZvtMessage,
    emv_decode,
    emv_encode,
    zvt_encode,
    zvt_frame,
)
from tests.fuzz.targets import Pieces, message, stream

_SALE = Transaction(Kind.SALE, 1250, 978)
_FRAME_BYTES = 512


@cache
def said() -> list[bytes]:
    """A terminal's day: log-on, state, a sale with its receipts, an abortion, totals."""
    payment = [(0x2F, [(0x1F10, b"\x02"), (0x1F12, b"\x01")]), (0x46, b"AID A0000000041010")]
    lines = [(0x1F07, b"\x02"), (0x25, [(0x09, b"\x40"), (0x07, b"SHOP"), (0x09, b"\x81")])]
    made: list[tuple[int, codec.Fields]] = [
        (0x8000, []),
        (codec.COMPLETION, [(0x29, 52500001), (0x49, 978)]),
        (codec.INTERMEDIATE, [("status", 0x0A), ("timeout_minutes", 2), (0x06, [(0x24, [])])]),
        (
            codec.STATUS_INFO,
            [(0x27, 0), (0x04, 1250), (0x0B, 5), (0x22, "541333******0010"), (0x29, 52500001),
             (0x3C, b"OK"), (0x87, 10), (0x8B, b"Visa\0"), (0x06, payment)],
        ),
        (codec.PRINT_LINE, [("attribute", 0x40), ("text", b"SHOP")]),
        (codec.PRINT_LINE, [("attribute", 0x81), ("text", b"")]),
        (codec.PRINT_BLOCK, [(0x06, lines)]),
        (codec.ABORTION, [("result", 0x6C)]),
        (codec.STATUS_INFO, [(0x27, 0), (0x60, bytes(53))]),
    ]  # fmt: skip
    return [zvt_encode(control, fields) for control, fields in made]


def _floods() -> list[bytes]:
    return [b"\x04\x0f\xff\xff\xff", b"\x06\x0f\x00" * 9_000, b"\x10\x02" * 9_000,
            b"\xff" * 20_000, b"\x06" * 20_000, b"\x10\x02" + b"a" * 70_000,
            b"\x04\x0f\x01\x06" * 5_000]  # fmt: skip


@cache
def tcp_lines() -> list[bytes]:
    """A terminal's day on TCP."""
    return [*said(), b"".join(said())]


@cache
def serial_lines() -> list[bytes]:
    """A terminal's day on a serial line, acknowledgements between."""
    return [*map(zvt_frame, said()), b"\x06".join(map(zvt_frame, said())) + b"\x15"]


def _told(event: ZvtMessage | str) -> object:
    if isinstance(event, str):
        return event
    return event.control, event.fields, event.withheld, event.fault, event.check


def _link(pieces: Pieces, *, is_serial: bool) -> object:
    link = ZvtLink(is_serial)
    events = [event for piece in pieces for event in link.feed(piece)]
    assert link.is_partial or link.is_clean
    return [_told(event) for event in events], link.garbage_bytes


@stream(tcp_lines, hostile=_floods, hostile_s=6.0)
def terminal_tcp(pieces: Pieces) -> object:
    """A ZVT terminal on TCP."""
    return _link(pieces, is_serial=False)


@stream(serial_lines, hostile=_floods, hostile_s=6.0)
def terminal_serial(pieces: Pieces) -> object:
    """A ZVT terminal on a serial line."""
    return _link(pieces, is_serial=True)


@message(tcp_lines, hostile=_floods, hostile_s=6.0)
def terminal_session(data: bytes) -> None:
    """A ZVT terminal that says whatever it likes, in the middle of a payment."""
    for line in (TcpLine(), SerialLine()):
        session = ZvtSession(Profile())
        session.opened(0)
        session.transact("j", _SALE, 0)
        link = ZvtLink(line.is_serial)
        for event in link.feed(zvt_frame(data) if line.is_serial else data):
            heard = line.heard(event, 1)
            if heard.message is not None:
                session.received(heard.message, 1)
                session.kept("j", 1, is_kept=True)
        session.tick(10**15)
        session.closed()
        assert not session.is_open


@cache
def framed() -> list[bytes]:
    """Frames between STX and ETX, and behind lengths."""
    data = (b"000000010200000125091978          A011B010", b"", b"AB")
    framers: list[Any] = [CheckedFramer("concert", _FRAME_BYTES),
                          CheckedFramer("ecr17", _FRAME_BYTES),
                          LengthFramer(2, _FRAME_BYTES), LengthFramer(4, _FRAME_BYTES)]  # fmt: skip
    return [b"".join(map(framer.frame, data)) for framer in framers]


@stream(framed, hostile=_floods, hostile_s=6.0)
def terminal_frames(pieces: Pieces) -> object:
    """Framings of the terminals to come."""
    found: list[object] = []
    for framer in (
        CheckedFramer("concert", _FRAME_BYTES),
        CheckedFramer("ecr17", _FRAME_BYTES),
        LengthFramer(2, _FRAME_BYTES),
        LengthFramer(4, _FRAME_BYTES),
    ):
        for piece in pieces:
            found += framer.feed(piece)
        assert framer.is_partial or framer.is_clean
    return found


@cache
def objects() -> list[bytes]:
    """What chips say: a cryptogram's answer, lists within lists, long and empty values."""
    answer = [(0x77, [(0x9F27, b"\x80"), (0x9F36, b"\0\x01"), (0x9F26, bytes(8)), (0x9F10, b"")])]
    deep: list[tuple[int, Any]] = [(0x50, b"VISA")]
    for _ in range(14):
        deep = [(0x70, deep)]
    card = [(0x5A, bytes.fromhex("5413330000000010")), (0x57, bytes(19)), (0x5F20, b"A/B")]
    return [emv_encode(one) for one in (answer, deep, card, [(0x9F4B, bytes(300))], [])]


def _hostile_objects() -> list[bytes]:
    return [b"\x70\x82" * 9_000, b"\x50\x84\xff\xff\xff\xff", b"\x50\0" * 32_000,
            b"\x9f" * 20_000, b"\x70\x7f" * 20_000, b"4" * 60_000]  # fmt: skip


@message(objects, allowed=(CoreError,), hostile=_hostile_objects, hostile_s=6.0)
def chip_objects(data: bytes) -> None:
    """BER-TLV as chips and terminals write it."""
    told = emv_decode(data)
    assert emv_decode(emv_encode(_kept(told))) is not None


def _kept(told: list[tuple[int, Any]]) -> list[tuple[int, Any]]:
    """Without what was withheld, which cannot be written again."""
    return [
        (tag, _kept(value) if isinstance(value, list) else value)
        for tag, value in told
        if value is not None
    ]


def cut_lines() -> list[bytes]:
    """Seeds of the floor's framers: a step, then a line."""
    return [bytes([step]) + line for step, line in enumerate((*tcp_lines(), *serial_lines()), 1)]
