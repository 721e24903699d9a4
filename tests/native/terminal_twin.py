"""The framers again, in plain Python: a byte at a time, no tricks."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import define, field

DLE, STX, ETX, SOH, EOT, ENQ, ACK, NAK = 0x10, 0x02, 0x03, 0x01, 0x04, 0x05, 0x06, 0x15
WORDS = {ACK: "ack", NAK: "nak", ENQ: "enq", EOT: "eot"}
Heard = bytes | str


def kermit(data: bytes) -> int:
    """CRC-16/KERMIT, bit by bit."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
    return crc


def dle_frames(line: bytes, bytes_max: int) -> Iterator[Heard]:
    """What a ZVT serial line says, read whole."""
    state, body, low = "idle", bytearray(), 0
    for byte in line:
        if state == "idle":
            if byte in (ACK, NAK):
                yield WORDS[byte]
            state = "begun" if byte == DLE else "idle"
        elif state == "begun":
            if byte == STX:
                body.clear()
            state = "body" if byte == STX else "begun" if byte == DLE else "idle"
        elif state == "body" and byte == DLE:
            state = "escaped"
        elif state == "body" or (state == "escaped" and byte == DLE):
            state = "body"
            body.append(byte)
            if len(body) > bytes_max:
                state = "idle"
                yield "too_long"
        elif state == "escaped":
            state = "low" if byte == ETX else "body" if byte == STX else "idle"
            if byte != ETX:
                body.clear()
                yield "bad_form"
        elif state == "low":
            state, low = "high", byte
        else:
            state = "idle"
            yield bytes(body) if kermit(bytes(body) + b"\x03") == byte << 8 | low else "bad_check"


def length_frames(line: bytes, width: int, bytes_max: int) -> Iterator[Heard]:
    """Frames behind a big-endian length."""
    at = 0
    while at + width <= len(line):
        size = int.from_bytes(line[at : at + width], "big")
        if size > bytes_max:
            yield "too_long"
            return
        at += width
        if at + size > len(line):
            return
        yield line[at : at + size]
        at += size


@define
class Checked:
    """STX, data, ETX and a check byte: `concert` or `ecr17`."""

    profile: str
    bytes_max: int
    _state: str = "idle"
    _body: bytearray = field(factory=bytearray)
    _control: int = 0

    def check(self, data: bytes) -> int:
        """The check byte of data."""
        check = ETX if self.profile == "concert" else 0x7F
        for byte in data:
            check ^= byte
        return check

    def read(self, line: bytes) -> Iterator[Heard]:
        """What the line says."""
        for byte in line:
            yield from getattr(self, f"_{self._state}")(byte)

    def _begin(self) -> None:
        self._state = "in_body"
        self._body.clear()

    def _end(self, said: Heard) -> Iterator[Heard]:
        self._state = "idle"
        yield said

    def _idle(self, byte: int) -> Iterator[Heard]:
        is_framed = self.profile == "ecr17"
        if byte == STX:
            self._begin()
        elif is_framed and byte in (ACK, NAK):
            self._state, self._control = "control_end", byte
        elif is_framed and byte == SOH:
            self._state = "progress"
            self._body.clear()
        elif byte in WORDS:
            yield WORDS[byte]

    def _in_body(self, byte: int) -> Iterator[Heard]:
        if byte == STX:
            self._begin()
            yield "bad_form"
        elif byte == ETX:
            self._state = "checking"
        else:
            self._body.append(byte)
            if len(self._body) > self.bytes_max:
                yield from self._end("too_long")

    def _checking(self, byte: int) -> Iterator[Heard]:
        is_good = byte == self.check(bytes(self._body))
        yield from self._end(bytes(self._body) if is_good else "bad_check")

    def _control_end(self, byte: int) -> Iterator[Heard]:
        if byte == ETX:
            self._state = "control_check"
        elif byte == STX:
            self._begin()
            yield "bad_form"
        else:
            yield from self._end("bad_form")

    def _control_check(self, byte: int) -> Iterator[Heard]:
        is_good = byte == 0x7F ^ self._control
        yield from self._end(WORDS[self._control] if is_good else "bad_check")

    def _progress(self, byte: int) -> Iterator[Heard]:
        if byte == EOT and len(self._body) == 20:
            yield from self._end(bytes(self._body))
        elif byte == STX:
            self._begin()
            yield "bad_form"
        elif len(self._body) == 20:
            yield from self._end("bad_form")
        else:
            self._body.append(byte)


def tlv_objects(data: bytes) -> list[tuple[int, object]]:
    """BER-TLV of well-formed bytes, nothing hidden."""
    found: list[tuple[int, object]] = []
    at = 0
    while at < len(data):
        if data[at] == 0:
            at += 1
            continue
        begun = at
        at += 1
        if data[begun] & 0x1F == 0x1F:
            while data[at] & 0x80:
                at += 1
            at += 1
        tag = int.from_bytes(data[begun:at], "big")
        size, at = data[at], at + 1
        if size > 0x80:
            many = size & 0x7F
            size, at = int.from_bytes(data[at : at + many], "big"), at + many
        held = data[at : at + size]
        found.append((tag, tlv_objects(held) if data[begun] & 0x20 else held))
        at += size
    return found


def luhn_digit(digits: str) -> str:
    """The check digit that makes `digits` a card number."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled // 10 + doubled % 10
    return str(-total % 10)
