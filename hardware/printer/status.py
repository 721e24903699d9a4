"""What a printer says of itself: bytes from the printer to status, markers and answers.

Source: Epson ESC/POS command reference: DLE EOT, GS a (automatic status back), GS r, GS I,
GS ( H. The kinds are told apart by fixed bits: real-time status is 0xx1xx10, the first byte of
automatic status 0xx1xx00 and its three others 0xx0xxxx, headed answers begin 37 or 5F hex.
"""

from __future__ import annotations

from attrs import evolve, frozen

PAPER_OK, PAPER_NEAR_END, PAPER_OUT = "ok", "near_end", "out"
_BODY_BYTES_MAX = 80
REST_BYTES = 3  # of an automatic status behind its first byte


@frozen
class PrinterStatus:
    """The printer as last heard. `drawer_high` is the level of the drawer plug's pin 3.

    `fault` is empty or one of `cutter`, `unrecoverable`, `recoverable`, `overheated`.
    """

    offline: bool = False
    cover_open: bool = False
    paper: str = PAPER_OK
    fault: str = ""
    drawer_high: bool | None = None

    @property
    def blocked(self) -> bool:
        """Whether data sent now would not come out on paper."""
        return bool(self.offline or self.cover_open or self.paper == PAPER_OUT or self.fault)

    @property
    def code(self) -> str:
        """One stable word, the most useful for the person at the printer first."""
        if self.cover_open:
            return "cover_open"
        if self.paper == PAPER_OUT:
            return "paper_out"
        if self.fault:
            return f"{self.fault}_error"
        if self.offline:
            return "offline"
        return "paper_near_end" if self.paper == PAPER_NEAR_END else "ok"

    def with_real_time(self, number: int, byte: int) -> PrinterStatus:
        """The status after the answer `byte` to DLE EOT `number`."""
        match number:
            case 1:
                return evolve(self, offline=bool(byte & 0x08), drawer_high=bool(byte & 0x04))
            case 2:
                paper = self.paper
                if byte & 0x20:
                    paper = PAPER_OUT
                fault = (self.fault or "recoverable") if byte & 0x40 else ""
                return evolve(self, cover_open=bool(byte & 0x04), paper=paper, fault=fault)
            case 3:
                return evolve(self, fault=_fault(byte >> 2 & 1, byte >> 3, byte >> 5, byte >> 6))
            case 4:
                return evolve(self, paper=_paper(byte & 0x0C, byte & 0x60))
            case _:
                return self

    def with_auto(self, data: bytes) -> PrinterStatus:
        """The status after four bytes of automatic status back."""
        first, second, third = data[0], data[1], data[2]
        return PrinterStatus(
            offline=bool(first & 0x08),
            cover_open=bool(first & 0x20),
            paper=_paper(third & 0x03, third & 0x0C),
            fault=_fault(second >> 2, second >> 3, second >> 5, second >> 6),
            drawer_high=bool(first & 0x04),
        )


def _fault(recoverable: int, cutter: int, unrecoverable: int, heated: int) -> str:
    if unrecoverable & 1:
        return "unrecoverable"
    if cutter & 1:
        return "cutter"
    if heated & 1:
        return "overheated"
    return "recoverable" if recoverable & 1 else ""


def _paper(near_end: int, end: int) -> str:
    if end:
        return PAPER_OUT
    return PAPER_NEAR_END if near_end else PAPER_OK


def real_time_byte(number: int, status: PrinterStatus) -> int:
    """What a printer in `status` answers to DLE EOT `number`; the fake's side of it."""
    byte = 0x12
    match number:
        case 1:
            byte |= (0x04 if status.drawer_high else 0) | (0x08 if status.blocked else 0)
        case 2:
            byte |= 0x04 if status.cover_open else 0
            byte |= 0x20 if status.paper == PAPER_OUT else 0
            byte |= 0x40 if status.fault else 0
        case 3:
            byte |= _FAULT_BITS.get(status.fault, 0)
        case 4:
            byte |= _sensor(status.paper, near_end=0x0C, end=0x60)
    return byte


def auto_bytes(status: PrinterStatus) -> bytes:
    """The four bytes of automatic status back for `status`; the fake's side of it."""
    first = 0x10 | (0x04 if status.drawer_high else 0) | (0x08 if status.blocked else 0)
    first |= 0x20 if status.cover_open else 0
    third = _sensor(status.paper, near_end=0x03, end=0x0C)
    return bytes([first, _FAULT_BITS.get(status.fault, 0), third, 0x0F])


_FAULT_BITS = {"recoverable": 0x04, "cutter": 0x08, "unrecoverable": 0x20, "overheated": 0x40}


def _sensor(paper: str, *, near_end: int, end: int) -> int:
    if paper == PAPER_OUT:
        return near_end | end
    return near_end if paper == PAPER_NEAR_END else 0


@frozen
class RealTimeStatus:
    """One byte answered to DLE EOT; which question it answers is the session's to know."""

    byte: int


@frozen
class AutoStatus:
    """Four bytes the printer sent by itself."""

    data: bytes


@frozen
class ProcessDone:
    """Everything before GS ( H with this marker is on paper."""

    marker: bytes


@frozen
class BufferCleared:
    """DLE DC4 8 has been carried out."""


@frozen
class Info:
    """An answer to GS I, such as a model name."""

    text: str


@frozen
class Sensor:
    """One byte answered in turn with the data, to GS r."""

    byte: int


Incoming = RealTimeStatus | AutoStatus | ProcessDone | BufferCleared | Info | Sensor


class StatusReader:
    """Splits the printer's bytes; what fits nothing is counted in `noise_bytes`.

    Without its first byte, which one wrong bit takes away, the rest of an automatic status looks
    like answers to GS r, each of which would say that a receipt is on paper: what looks so right
    after noise is taken for noise, and a receipt whose answer that was comes again marked COPY.
    """

    def __init__(self) -> None:
        self.noise_bytes = 0
        self._buffer = bytearray()
        self._doubted = 0

    def feed(self, data: bytes) -> list[Incoming]:
        """Messages that `data` completes, in order."""
        self._buffer += data
        found: list[Incoming] = []
        while self._buffer:
            used, message = self._next()
            if not used:
                break
            del self._buffer[:used]
            if message is None:
                self.noise_bytes += used
                self._doubted = REST_BYTES
            elif isinstance(message, Sensor) and self._doubted:
                self._doubted -= 1
                self.noise_bytes += 1
            else:
                self._doubted = 0
                found.append(message)
        return found

    def _next(self) -> tuple[int, Incoming | None]:
        """(bytes used, message); (0, None) asks for more bytes, (n, None) is noise."""
        first = self._buffer[0]
        if first & 0x93 == 0x12:
            return 1, RealTimeStatus(first)
        if first & 0x93 == 0x10:
            rest = self._buffer[1:4]
            if any(byte & 0x90 for byte in rest):
                return 1, None
            return (4, AutoStatus(bytes(self._buffer[:4]))) if len(rest) == 3 else (0, None)
        if first in (0x37, 0x5F):
            return self._headed(first)
        if first & 0x90 == 0:
            return 1, Sensor(first)
        return 1, None

    def _headed(self, first: int) -> tuple[int, Incoming | None]:
        end = self._buffer.find(b"\x00")
        if end < 0:
            return (0, None) if len(self._buffer) <= _BODY_BYTES_MAX else (1, None)
        if end > _BODY_BYTES_MAX:
            return 1, None
        body = bytes(self._buffer[1:end])
        if first == 0x5F:
            return end + 1, Info(body.decode("latin-1"))
        if body[:1] == b"\x22" and len(body) == 5:
            return end + 1, ProcessDone(body[1:])
        if body == b"\x25":
            return end + 1, BufferCleared()
        return 1, None
