"""Commands of two-line customer displays as bytes, and a virtual display that obeys them.

Two command sets: Epson DM-D (ESC/POS for displays), and CD5220, which most clones speak.
Source: Epson DM-D110 user's manual, command list; CD5220 command set as printed in the manuals of
its clones (Partner CD-7220, Birch DSP-800).
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Generator
from enum import Enum

from attrs import define, field, frozen

from hardware.limits import DISPLAY_COLUMNS, DISPLAY_ROWS
from hardware.printer.codepages import DEFAULT_PAGE, Page, page_by_number


class Protocol(Enum):
    """Which command set a display speaks."""

    EPSON = "epson"
    CD5220 = "cd5220"


@frozen
class Reset:
    """Blank screen, no cursor to be seen, writing overwrites; `page` is the character table."""

    page: Page


@frozen
class Write:
    """Put `data`, in the selected table, at 0-based `column` of 0-based `row`."""

    row: int
    column: int
    data: bytes


Message = Reset | Write
_INIT = b"\x1b@"


def encode(message: Message, protocol: Protocol) -> bytes:
    """`message` in a display's command set.

    A CD5220 line is always written whole, so its `Write` begins at column 0.
    """
    match message:
        case Reset(page):
            if protocol is Protocol.CD5220:
                return _INIT + b"\x0c\x1b\x11\x1b_\x00"
            return _INIT + b"\x1bt" + bytes([page.number]) + b"\x1f\x01\x1fC\x00\x0c"
        case Write(row, column, data):
            if protocol is Protocol.CD5220:
                assert column == 0, "a CD5220 line is written whole"
                return b"\x1bQ" + (b"A" if row == 0 else b"B") + data + b"\r"
            return b"\x1f$" + bytes([column + 1, row + 1]) + data


_FOLDED = {"€": "E", "£": "L", "–": "-", "—": "-", "−": "-", "×": "x", "…": ".", "’": "'"}


def fit_line(text: str, page: Page) -> bytes:
    """`text` as exactly one line of cells: unknown letters lose their accents, then become `?`."""
    cells = bytearray()
    for char in unicodedata.normalize("NFC", text):
        if unicodedata.category(char) in ("Mn", "Me", "Cf"):
            continue
        plain = char if char.isprintable() else " "
        data = page.encode(plain)
        if data is None:
            folded = _FOLDED.get(plain) or unicodedata.normalize("NFKD", plain)[0]
            data = folded.encode("ascii", "replace")[:1]
        cells += data
    return bytes(cells[:DISPLAY_COLUMNS].ljust(DISPLAY_COLUMNS))


Need = Generator[None, None, int]
Run = Generator[None, None, None]
_CELLS = DISPLAY_ROWS * DISPLAY_COLUMNS

# Bytes after the opcode of commands that change no cell.
_ESC_IGNORED = {0x52: 1, 0x3D: 1, 0x25: 1, 0x3F: 1, 0x57: 6, 0x2A: 1, 0x63: 1, 0x66: 1,
                0x11: 0, 0x12: 0, 0x13: 0}  # fmt: skip
_US_IGNORED = {0x01: 0, 0x02: 0, 0x03: 0, 0x58: 1, 0x45: 1, 0x72: 1, 0x23: 2, 0x54: 2, 0x55: 0,
               0x3A: 0, 0x5E: 2, 0x40: 0, 0x2C: 1, 0x3B: 1, 0x2E: 1}  # fmt: skip


@define
class VirtualDisplay:
    """Two lines of cells that obey either command set, fed in any fragments.

    Nothing fed here raises or hangs; commands that fit nothing are counted in `unknown`.
    """

    protocol: Protocol = Protocol.EPSON
    cells: bytearray = field(factory=lambda: bytearray(b" " * _CELLS))
    cursor: int = 0
    cursor_shown: bool = True
    unknown: Counter[str] = field(factory=Counter)
    received_bytes: int = 0
    _page: Page = DEFAULT_PAGE
    _input: bytearray = field(factory=bytearray)
    _run: Run = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Start listening."""
        self._run = self._commands()
        next(self._run)

    @property
    def lines(self) -> tuple[str, str]:
        """What a customer reads, both lines at full width."""
        text = self._page.decode(bytes(self.cells))
        return text[:DISPLAY_COLUMNS], text[DISPLAY_COLUMNS:]

    def render(self) -> str:
        """The display as a drawing of characters."""
        edge = "+" + "-" * DISPLAY_COLUMNS + "+"
        return "\n".join((edge, *(f"|{line}|" for line in self.lines), edge)) + "\n"

    def feed(self, data: bytes) -> None:
        """Obey `data`."""
        self.received_bytes += len(data)
        self._input += data
        self._run.send(None)

    def _byte(self) -> Need:
        while not self._input:
            yield
        return self._input.pop(0)

    def _commands(self) -> Run:
        yield
        while True:
            byte = yield from self._byte()
            if byte >= 0x20:
                self._put(byte)
            elif byte == 0x1B:
                yield from self._escape()
            elif byte == 0x1F:
                yield from self._unit()
            else:
                self._control(byte)

    def _put(self, byte: int) -> None:
        self.cells[self.cursor] = byte
        self.cursor = (self.cursor + 1) % _CELLS

    def _control(self, byte: int) -> None:
        row, column = divmod(self.cursor, DISPLAY_COLUMNS)
        match byte:
            case 0x0C:
                self._clear()
            case 0x0B:
                self.cursor = 0
            case 0x18:
                start = row * DISPLAY_COLUMNS
                self.cells[start : start + DISPLAY_COLUMNS] = b" " * DISPLAY_COLUMNS
                self.cursor = start
            case 0x08:
                self.cursor = (self.cursor - 1) % _CELLS
            case 0x09:
                self.cursor = (self.cursor + 1) % _CELLS
            case 0x0A:
                self.cursor = (self.cursor + DISPLAY_COLUMNS) % _CELLS
            case 0x0D:
                self.cursor -= column
            case _:
                self._count(bytes([byte]))

    def _clear(self) -> None:
        self.cells[:] = b" " * _CELLS
        self.cursor = 0

    def _count(self, command: bytes) -> None:
        if len(self.unknown) < 256 or command.hex() in self.unknown:
            self.unknown[command.hex()] += 1

    def _skip(self, count: int) -> Run:
        for _ in range(count):
            yield from self._byte()

    def _move(self) -> Run:
        x = yield from self._byte()
        y = yield from self._byte()
        if 1 <= x <= DISPLAY_COLUMNS and 1 <= y <= DISPLAY_ROWS:
            self.cursor = (y - 1) * DISPLAY_COLUMNS + x - 1

    def _escape(self) -> Run:
        code = yield from self._byte()
        if code == 0x40:
            self._clear()
            self.cursor_shown, self._page = True, DEFAULT_PAGE
        elif code == 0x74:
            number = yield from self._byte()
            self._page = page_by_number(number) or DEFAULT_PAGE
        elif code == 0x51 and self.protocol is Protocol.CD5220:
            yield from self._whole_line()
        elif code == 0x6C and self.protocol is Protocol.CD5220:
            yield from self._move()
        elif code == 0x5F and self.protocol is Protocol.CD5220:
            self.cursor_shown = bool((yield from self._byte()) & 1)
        elif code in _ESC_IGNORED:
            yield from self._skip(_ESC_IGNORED[code])
        else:
            self._count(bytes([0x1B, code]))

    def _whole_line(self) -> Run:
        """ESC Q A and ESC Q B: text up to CR, the rest of the line blank."""
        which = yield from self._byte()
        data = bytearray()
        while (byte := (yield from self._byte())) != 0x0D:
            if len(data) < DISPLAY_COLUMNS:
                data.append(byte)
        if which in (0x41, 0x42):
            start = (which - 0x41) * DISPLAY_COLUMNS
            self.cells[start : start + DISPLAY_COLUMNS] = data.ljust(DISPLAY_COLUMNS)

    def _unit(self) -> Run:
        code = yield from self._byte()
        if code == 0x24:
            yield from self._move()
        elif code == 0x43:
            self.cursor_shown = bool((yield from self._byte()) & 1)
        elif code == 0x42:
            self.cursor = _CELLS - 1
        elif code in _US_IGNORED:
            yield from self._skip(_US_IGNORED[code])
        else:
            self._count(bytes([0x1F, code]))
