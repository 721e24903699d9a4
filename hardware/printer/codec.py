"""ESC/POS towards the printer: each command as bytes, and a laid out document as chunks.

A chunk is a run of whole commands. Between two chunks a drawer kick or a status request may go
out; inside one it may not, because it would land in the middle of another command.

Source: Epson ESC/POS command reference, TM-T88 family; the command is named at each function.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import define, field

from engine.document import Align, BlockKind
from hardware.limits import CHUNK_BYTES_TARGET, RASTER_BAND_DOTS
from hardware.printer.codepages import DEFAULT_PAGE, Page, find_runs
from hardware.printer.layout import FeedLine, Line, SymbolLine, TextLine, clean, wrap
from hardware.printer.profile import Profile
from hardware.printer.raster import Bitmap, draw_line

INIT = b"\x1b@"  # ESC @
CANCEL_KANJI = b"\x1c."  # FS .: bytes above 7F are ours, not double-byte characters
LINE_FEED = b"\n"
CUT = b"\x1dVB\x00"  # GS V 66 0: feed to the blade, cut leaving one point
AUTO_STATUS_ON = b"\x1da\x0f"  # GS a 15: drawer, on-line, error and paper changes
PAPER_STATUS = b"\x1dr\x01"  # GS r 1: answered when everything before it is done
CLEAR_BUFFER = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"  # DLE DC4 8: acts even inside a command
RECOVER = b"\x10\x05\x02"  # DLE ENQ 2: recover from an error, drop what is buffered

_ALIGN = {Align.LEFT: 0, Align.CENTER: 1, Align.RIGHT: 2}
_REAL_TIME_STARTS = (b"\x10\x04", b"\x10\x05", b"\x10\x14")
_CODE128_MODULES_PER_CHAR = 11
_QR_MODULE_DOTS = 5


def select_page(number: int) -> bytes:
    """ESC t: character table `number`."""
    return b"\x1bt" + bytes([number])


def set_bold(on: bool) -> bytes:
    """ESC E."""
    return b"\x1bE" + bytes([on])


def set_large(on: bool) -> bytes:
    """GS !: twice as wide and high, or plain."""
    return b"\x1d!" + (b"\x11" if on else b"\x00")


def set_align(align: Align) -> bytes:
    """ESC a; printers obey at the start of a line only."""
    return b"\x1ba" + bytes([_ALIGN[align]])


def feed(lines: int) -> bytes:
    """ESC d: print and feed `lines`, 0 to 255."""
    return b"\x1bd" + bytes([lines])


def status_request(number: int) -> bytes:
    """DLE EOT `number`, 1 to 4: printer, off-line cause, error cause, paper. Acts in real time."""
    return b"\x10\x04" + bytes([number])


def pulse(*, pin: int, on_ms: int) -> bytes:
    """ESC p: kick in turn with the print data. `pin` 2 or 5; `on_ms` rounds up to 2 ms."""
    ticks = max(1, min(255, -(-on_ms // 2)))
    return b"\x1bp" + bytes([_connector(pin), ticks, ticks])


def real_time_pulse(*, pin: int, on_ms: int) -> bytes:
    """DLE DC4 1: kick at once, even out of paper. `pin` 2 or 5; `on_ms` rounds up to 100 ms."""
    hundreds = max(1, min(8, -(-on_ms // 100)))
    return b"\x10\x14\x01" + bytes([_connector(pin), hundreds])


def _connector(pin: int) -> int:
    if pin not in (2, 5):
        raise ValueError(f"a drawer is wired to pin 2 or pin 5, not {pin}")
    return 0 if pin == 2 else 1


def process_id(marker: bytes) -> bytes:
    """GS ( H fn 48: answer with `marker` (4 bytes, 20 to 7E hex) once printed up to here."""
    if len(marker) != 4 or not all(0x20 <= byte <= 0x7E for byte in marker):
        raise ValueError("a process id is four printable characters")
    return b"\x1d(H\x06\x00\x30\x30" + marker


def qr_code(data: bytes) -> bytes:
    """GS ( k 49: QR model 2, error correction M, store `data` and print it."""
    stored = len(data) + 3
    return b"".join(
        (
            b"\x1d(k\x04\x001A2\x00",
            b"\x1d(k\x03\x001C" + bytes([_QR_MODULE_DOTS]),
            b"\x1d(k\x03\x001E1",
            b"\x1d(k" + stored.to_bytes(2, "little") + b"1P0" + data,
            b"\x1d(k\x03\x001Q0",
        )
    )


def code128(data: str, *, dots_wide: int) -> bytes | None:
    """GS k 73 in set B with its text below; None where it does not fit or set B lacks a character.

    Set C is never used: its digit pairs can spell a real-time command inside the data.
    """
    if not data or not all(" " <= char <= "~" for char in data):
        return None
    modules = _CODE128_MODULES_PER_CHAR * (len(data) + 3) + 2
    module_dots = min(3, dots_wide // modules)
    if module_dots < 2 or len(data) > 250:
        return None
    payload = b"{B" + data.replace("{", "{{").encode("ascii")
    if len(payload) > 255:
        return None
    setup = b"\x1dh\x50\x1dw" + bytes([module_dots]) + b"\x1dH\x02\x1df\x00"
    return setup + b"\x1dkI" + bytes([len(payload)]) + payload


def raster(bitmap: Bitmap) -> Iterator[bytes]:
    """GS v 0 in bands of a few dots, so that no band holds up a drawer kick for long."""
    row_bytes = bitmap.row_bytes
    for top in range(0, bitmap.height, RASTER_BAND_DOTS):
        rows = min(RASTER_BAND_DOTS, bitmap.height - top)
        data = bitmap.bits[top * row_bytes : (top + rows) * row_bytes]
        head = row_bytes.to_bytes(2, "little") + rows.to_bytes(2, "little")
        yield b"\x1dv0\x00" + head + _defuse(data)


def _defuse(data: bytes) -> bytes:
    """Blacken one dot wherever the picture would read as a real-time command.

    Printers look for DLE EOT, DLE ENQ and DLE DC4 in everything they receive; a grey patch that
    happened to contain one would open the drawer.
    """
    if not any(start in data for start in _REAL_TIME_STARTS):
        return data
    safe = bytearray(data)
    for index in range(len(safe) - 1):
        if safe[index] == 0x10 and safe[index + 1] in (0x04, 0x05, 0x14):
            safe[index + 1] |= 0x08
    return bytes(safe)


@define
class Encoder:
    """Turns lines into chunks, sending a style only when it changes."""

    profile: Profile
    _page: Page = DEFAULT_PAGE
    _bold: bool = False
    _large: bool = False
    _align: Align = Align.LEFT
    _pending: bytearray = field(factory=bytearray)

    def encode(self, lines: tuple[Line, ...]) -> Iterator[bytes]:
        """Chunks of a whole job: init, the lines, feed and cut."""
        self._pending += INIT + CANCEL_KANJI + select_page(self._page.number)
        for line in lines:
            for command in self._line(line):
                self._pending += command
                if len(self._pending) >= CHUNK_BYTES_TARGET:
                    yield self._take()
        self._pending += self._style(bold=False, large=False, align=Align.LEFT)
        self._pending += feed(1) + CUT
        yield self._take()

    def _take(self) -> bytes:
        chunk = bytes(self._pending)
        self._pending.clear()
        return chunk

    def _line(self, line: Line) -> Iterator[bytes]:
        match line:
            case TextLine():
                yield from self._text(line)
            case SymbolLine():
                yield from self._symbol(line)
            case FeedLine():
                yield feed(line.lines) if line.lines else b""

    def _text(self, line: TextLine) -> Iterator[bytes]:
        runs = find_runs(line.text, self.profile.pages, self._page)
        if runs is None:
            yield self._style(bold=False, large=False, align=Align.LEFT)
            yield from raster(draw_line(line, self.profile.dots_wide))
            return
        command = self._style(bold=line.bold, large=line.large, align=line.align)
        for page, data in runs:
            if page is not self._page:
                command += select_page(page.number)
                self._page = page
            command += data
        yield command + LINE_FEED

    def _symbol(self, line: SymbolLine) -> Iterator[bytes]:
        yield self._style(bold=False, large=False, align=Align.CENTER)
        if line.kind is BlockKind.QR:
            data = line.data.encode()
            if not any(byte < 0x20 for byte in data):
                yield qr_code(data) + LINE_FEED
                return
        else:
            bars = code128(line.data, dots_wide=self.profile.dots_wide)
            if bars is not None:
                yield bars + LINE_FEED
                return
        # A code that cannot be drawn is still of use to a person who can type it.
        for text in wrap(clean(line.data), self.profile.width):
            yield from self._text(TextLine(text, Align.CENTER))

    def _style(self, *, bold: bool, large: bool, align: Align) -> bytes:
        changes = b""
        if bold is not self._bold:
            changes += set_bold(bold)
        if large is not self._large:
            changes += set_large(large)
        if align is not self._align:
            changes += set_align(align)
        self._bold, self._large, self._align = bold, large, align
        return changes


def encode(lines: tuple[Line, ...], profile: Profile) -> tuple[bytes, ...]:
    """Chunks that print `lines` on a printer of this profile and cut."""
    return tuple(Encoder(profile).encode(lines))
