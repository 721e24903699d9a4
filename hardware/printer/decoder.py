"""ESC/POS as a printer hears it: bytes in any fragments become rows of paper and questions.

Nothing fed here raises or hangs: an unknown command is counted and its prefix skipped, memory is
bounded, and a command cut short simply waits for its rest.

Source: Epson ESC/POS command reference, TM-T88 family, and what python-escpos 3.1 sends.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Generator
from typing import Any

from attrs import evolve

from engine.document import Align
from hardware.limits import RASTER_BYTES_MAX
from hardware.printer.codepages import DEFAULT_PAGE, Page, cell_width, page_by_number
from hardware.printer.paper import (
    Ask,
    CutRow,
    FeedRow,
    Item,
    PulseRow,
    RasterRow,
    Span,
    Style,
    SymbolRow,
    TextRow,
)
from hardware.printer.raster import Bitmap

Need = Generator[None, None, bytes]
Run = Generator[None, None, None]
_ALIGN = (Align.LEFT, Align.CENTER, Align.RIGHT)
_LINE_DOTS = 30
_PRINTABLE = re.compile(rb"[\x20-\xff]+")
_PAGE_UNKNOWN = Page("unknown", -1, "ascii")
_BARCODES = ("upc_a", "upc_e", "ean13", "ean8", "code39", "itf", "codabar", "code93", "code128")

# Bytes after the opcode of commands that change nothing that is shown.
_ESC_IGNORED = {
    b" ": 1, b"$": 2, b"\\": 2, b"2": 0, b"3": 1, b"R": 1, b"r": 1, b"=": 1, b"?": 1, b"%": 1,
    b"{": 1, b"V": 1, b"L": 0, b"S": 0, b"T": 1, b"W": 8, b"c": 2, b"\x0c": 0, b"u": 1, b"v": 0,
    b"U": 1, b"<": 0, b"B": 2, b"Q": 1, b"9": 1, b"C": 1,
}  # fmt: skip
_GS_IGNORED = {
    b"#": 1, b"$": 2, b"/": 1, b":": 0, b"L": 2, b"W": 2, b"P": 2, b"\\": 2, b"b": 1, b"E": 1,
    b"c": 0, b"j": 1, b"T": 1, b"f": 1, b"g": 3, b"z": 2, b"C": 2, b"\x03": 0, b"\x05": 0,
    b"^": 3, b"i": 0,
}  # fmt: skip
_FS_IGNORED = {b".": 0, b"&": 0, b"!": 1, b"-": 1, b"C": 1, b"S": 2, b"W": 1, b"p": 2}


class Decoder:
    """A streaming interpreter. `width` is the paper in columns of font A.

    `unknown` counts commands by their first bytes in hexadecimal; at most 256 kinds are kept.
    """

    def __init__(self, width: int = 42) -> None:
        self.width = width
        self.unknown: Counter[str] = Counter()
        self._buffer = bytearray()
        self._at = 0
        self._out: list[Item] = []
        self._esc = self._esc_table()
        self._gs = self._gs_table()
        self._reset_modes()
        self._run = self._commands()
        next(self._run)

    def feed(self, data: bytes) -> list[Item]:
        """What `data` completes, in order."""
        self._buffer += data
        self._run.send(None)
        if self._at:
            del self._buffer[: self._at]
            self._at = 0
        items, self._out = self._out, []
        return items

    def reset(self) -> None:
        """Forget everything half received or half printed, as DLE DC4 8 or a power cycle does."""
        self._buffer.clear()
        self._at = 0
        self._reset_modes()
        self._run = self._commands()
        next(self._run)

    def _reset_modes(self) -> None:
        self._page = DEFAULT_PAGE
        self._style = Style()
        self._align = Align.LEFT
        self._spans: list[Span] = []
        self._columns = 0
        self._after_symbol = False
        self._bar_height = 162
        self._bar_width = 3
        self._bar_text = False
        self._qr_module = 3
        self._qr_data = b""
        self._graphics: RasterRow | None = None

    # Reading: each helper waits until enough bytes are there.

    def _take(self, count: int) -> Need:
        while len(self._buffer) - self._at < count:
            yield
        data = bytes(self._buffer[self._at : self._at + count])
        self._at += count
        return data

    def _drop(self, count: int) -> Run:
        """Skip `count` bytes without keeping them."""
        while count:
            if len(self._buffer) == self._at:
                yield
            step = min(count, len(self._buffer) - self._at)
            self._at += step
            count -= step
            if step:
                del self._buffer[: self._at]
                self._at = 0

    def _commands(self) -> Run:
        yield
        prefixes: dict[bytes, Callable[[], Run]] = {
            b"\x1b": self._escape,
            b"\x1d": self._group,
            b"\x1c": self._file,
            b"\x10": self._data_link,
        }
        while True:
            while len(self._buffer) == self._at:
                yield
            if self._buffer[self._at] >= 0x20:
                self._write(self._printable())
                continue
            byte = yield from self._take(1)
            if byte in prefixes:
                yield from prefixes[byte]()
            elif byte == b"\n":
                self._line_feed()
            elif byte == b"\t":
                self._write(b" " * (8 - self._columns % 8))
            elif byte in b"\x0c\x18":
                self._flush()

    def _printable(self) -> bytes:
        found = _PRINTABLE.match(self._buffer, self._at)
        assert found is not None, "its first byte was looked at"
        data, end = found.group(), found.end()
        self._at = end
        return data

    def _count_unknown(self, command: bytes) -> None:
        key = command.hex()
        if key in self.unknown or len(self.unknown) < 256:
            self.unknown[key] += 1

    # Printing.

    def _write(self, data: bytes) -> None:
        limit = self.width * 4 // 3 if self._style.small else self.width
        piece: list[str] = []
        text = self._page.decode(data)
        size = len(text) * self._style.wide
        if text.isascii() and self._columns + size <= limit:
            # Most lines: every character has one cell, and all of them have room.
            self._columns += size
            self._add_span(text)
            return
        for char in text:
            size = cell_width(char) * self._style.wide
            if self._columns + size > limit:
                self._add_span("".join(piece))
                piece.clear()
                self._flush()
            self._columns += size
            piece.append(char)
        self._add_span("".join(piece))

    def _add_span(self, text: str) -> None:
        if not text:
            return
        if self._spans and self._spans[-1].style == self._style:
            text = self._spans.pop().text + text
        self._spans.append(Span(text, self._style))

    def _flush(self) -> None:
        """Print the line so far, if there is anything on it."""
        if self._spans:
            self._out.append(TextRow(tuple(self._spans), self._align))
        self._spans, self._columns = [], 0

    def _line_feed(self) -> None:
        if self._spans:
            self._flush()
        elif not self._after_symbol:
            self._feed_dots(_LINE_DOTS)
        self._after_symbol = False

    def _feed_dots(self, dots: int) -> None:
        self._flush()
        if dots:
            self._out.append(FeedRow(dots))

    def _emit(self, item: Item) -> None:
        self._flush()
        self._out.append(item)
        # A symbol ends its line by itself; the line feed after it prints nothing.
        self._after_symbol = isinstance(item, SymbolRow)

    # ESC.

    def _escape(self) -> Run:
        code = yield from self._take(1)
        if code in self._esc:
            handler = self._esc[code]
            handler((yield from self._take(1)))
        elif code in _ESC_IGNORED:
            yield from self._drop(_ESC_IGNORED[code])
        elif code == b"@":
            self._flush()
            self._reset_modes()
        elif code == b"p":
            pin, on, _ = yield from self._take(3)
            self._out.append(PulseRow(5 if pin & 1 else 2, on * 2, real_time=False))
        elif code in b"im":
            self._emit(CutRow(partial=code == b"m"))
        elif code == b"*":
            yield from self._bit_image()
        elif code == b"D":
            yield from self._tab_stops()
        else:
            self._count_unknown(b"\x1b" + code)

    def _esc_table(self) -> dict[bytes, Callable[[bytes], None]]:
        return {
            b"!": self._set_print_mode,
            b"-": lambda n: self._restyle(underline=n[0] % 48 > 0),
            b"E": lambda n: self._restyle(bold=bool(n[0] & 1)),
            b"G": lambda n: self._restyle(bold=bool(n[0] & 1)),
            b"M": lambda n: self._restyle(small=n[0] % 48 == 1),
            b"a": self._set_align,
            b"d": lambda n: self._feed_lines(n[0]),
            b"e": lambda n: self._flush(),
            b"J": lambda n: self._feed_dots(n[0]),
            b"K": lambda n: self._flush(),
            b"t": self._set_page,
        }

    def _feed_lines(self, lines: int) -> None:
        pending = bool(self._spans)
        self._feed_dots(max(0, lines - pending) * _LINE_DOTS)

    def _restyle(self, **changes: Any) -> None:
        self._style = evolve(self._style, **changes)

    def _set_print_mode(self, n: bytes) -> None:
        mode = n[0]
        self._restyle(
            small=bool(mode & 0x01),
            bold=bool(mode & 0x08),
            tall=2 if mode & 0x10 else 1,
            wide=2 if mode & 0x20 else 1,
            underline=bool(mode & 0x80),
        )

    def _set_align(self, n: bytes) -> None:
        if n[0] % 48 < 3:
            self._align = _ALIGN[n[0] % 48]

    def _set_page(self, n: bytes) -> None:
        page = page_by_number(n[0])
        if page is None:
            self._count_unknown(b"\x1bt" + n)
        self._page = page or _PAGE_UNKNOWN

    def _bit_image(self) -> Run:
        """ESC *: columns of 8 or 24 dots, turned into rows of dots."""
        mode, low, high = yield from self._take(3)
        columns = low + high * 256
        column_bytes = 3 if mode in (32, 33) else 1
        if columns * column_bytes > RASTER_BYTES_MAX:
            yield from self._drop(columns * column_bytes)
            return
        data = yield from self._take(columns * column_bytes)
        height = column_bytes * 8
        row_bytes = (columns + 7) // 8
        bits = bytearray(row_bytes * height)
        for x in range(columns):
            strip = int.from_bytes(data[x * column_bytes : (x + 1) * column_bytes], "big")
            for y in range(height):
                if strip >> (height - 1 - y) & 1:
                    bits[y * row_bytes + x // 8] |= 0x80 >> x % 8
        if columns:
            self._emit(RasterRow(Bitmap(columns, height, bytes(bits)), self._align))
            # The line feed after it only moves past the picture.
            self._after_symbol = True

    def _tab_stops(self) -> Run:
        for _ in range(32):
            stop = yield from self._take(1)
            if stop == b"\x00":
                return

    # GS.

    def _group(self) -> Run:
        code = yield from self._take(1)
        if code in self._gs:
            handler = self._gs[code]
            handler((yield from self._take(1)))
        elif code in _GS_IGNORED:
            yield from self._drop(_GS_IGNORED[code])
        elif code == b"V":
            yield from self._cut()
        elif code == b"k":
            yield from self._barcode()
        elif code == b"v":
            yield from self._raster()
        elif code == b"(":
            yield from self._function(size_bytes=2)
        elif code == b"8":
            yield from self._function(size_bytes=4)
        elif code == b"*":
            x, y = yield from self._take(2)
            yield from self._drop(x * y * 8)
        else:
            self._count_unknown(b"\x1d" + code)

    def _gs_table(self) -> dict[bytes, Callable[[bytes], None]]:
        return {
            b"!": lambda n: self._restyle(wide=(n[0] >> 4 & 7) + 1, tall=(n[0] & 7) + 1),
            b"B": lambda n: self._restyle(inverse=bool(n[0] & 1)),
            b"h": lambda n: setattr(self, "_bar_height", max(1, n[0])),
            b"w": lambda n: setattr(self, "_bar_width", min(6, max(1, n[0]))),
            b"H": lambda n: setattr(self, "_bar_text", n[0] % 48 > 0),
            b"a": lambda n: self._out.append(Ask("auto", n[0])),
            b"r": lambda n: self._out.append(Ask("sensor", n[0] % 48)),
            b"I": lambda n: self._out.append(Ask("info", n[0])),
        }

    def _cut(self) -> Run:
        (mode,) = yield from self._take(1)
        if mode in (65, 66, 97, 98, 103, 104):
            yield from self._take(1)
        self._emit(CutRow(partial=mode in (1, 49, 66, 98, 104)))

    def _barcode(self) -> Run:
        (system,) = yield from self._take(1)
        data = bytearray()
        if system >= 65:
            (size,) = yield from self._take(1)
            data += yield from self._take(size)
            index = system - 65
        else:
            index = system
            while (byte := (yield from self._take(1))) != b"\x00" and len(data) < 255:
                data += byte
        kind = _BARCODES[index] if index < len(_BARCODES) else f"barcode{system}"
        text = bytes(data).decode("latin-1")
        if kind == "code128":
            text = text.removeprefix("{B").removeprefix("{A").replace("{{", "{")
        self._emit(
            SymbolRow(kind, text, self._align, self._bar_width, self._bar_height, self._bar_text)
        )

    def _raster(self) -> Run:
        """GS v 0: rows of dots, doubled in width or height by mode."""
        head = yield from self._take(6)
        if head[0] not in b"0":
            self._count_unknown(b"\x1dv" + head[:1])
            return
        row_bytes, rows = int.from_bytes(head[2:4], "little"), int.from_bytes(head[4:6], "little")
        mode = head[1] % 48
        if row_bytes * rows > RASTER_BYTES_MAX:
            self._count_unknown(b"\x1dv0")
            yield from self._drop(row_bytes * rows)
            return
        bits = yield from self._take(row_bytes * rows)
        if bits:
            bitmap = Bitmap(row_bytes * 8, rows, bits)
            self._emit(RasterRow(bitmap, self._align, 1 + (mode & 1), 1 + (mode >> 1 & 1)))

    def _function(self, *, size_bytes: int) -> Run:
        """GS ( x and GS 8 x: a length, then a function of that many bytes."""
        code = yield from self._take(1)
        size = int.from_bytes((yield from self._take(size_bytes)), "little")
        if size > RASTER_BYTES_MAX:
            self._count_unknown(b"\x1d(" + code)
            yield from self._drop(size)
            return
        body = yield from self._take(size)
        if code == b"k":
            self._two_dimensional(body)
        elif code == b"H" and len(body) >= 6 and body[:2] == b"00":
            self._emit(Ask("process", 48, body[2:6]))
        elif code == b"L":
            self._graphics_function(body)
        elif code not in b"ADEFKMNC":
            self._count_unknown(b"\x1d(" + code)

    def _two_dimensional(self, body: bytes) -> None:
        if len(body) < 3 or body[0] != 49:
            self._count_unknown(b"\x1d(k" + body[:2])
            return
        match body[1]:
            case 67:
                self._qr_module = min(16, max(1, body[2]))
            case 80:
                self._qr_data = body[3:]
            case 81:
                text = self._qr_data.decode("utf-8", "replace")
                self._emit(SymbolRow("qr", text, self._align, self._qr_module, 0))

    def _graphics_function(self, body: bytes) -> None:
        """GS ( L fn 112 stores a picture, fn 50 prints it."""
        if len(body) >= 10 and body[1] == 112:
            width = int.from_bytes(body[6:8], "little")
            height = int.from_bytes(body[8:10], "little")
            bits = body[10:]
            if width and height and len(bits) == (width + 7) // 8 * height:
                bitmap = Bitmap(width, height, bits)
                self._graphics = RasterRow(
                    bitmap, self._align, 2 if body[3] == 2 else 1, 2 if body[4] == 2 else 1
                )
        elif len(body) >= 2 and body[1] in (2, 50) and self._graphics is not None:
            self._emit(evolve(self._graphics, align=self._align))

    # FS and DLE.

    def _file(self) -> Run:
        code = yield from self._take(1)
        if code in _FS_IGNORED:
            yield from self._drop(_FS_IGNORED[code])
        elif code == b"(":
            yield from self._function(size_bytes=2)
        else:
            self._count_unknown(b"\x1c" + code)

    def _data_link(self) -> Run:
        """Real-time commands, met in their place among the data."""
        code = yield from self._take(1)
        if code == b"\x04":
            (number,) = yield from self._take(1)
            self._out.append(Ask("real_time", number))
        elif code == b"\x05":
            (number,) = yield from self._take(1)
            self._out.append(Ask("recover", number))
        elif code == b"\x14":
            (function,) = yield from self._take(1)
            if function == 1:
                pin, hundreds = yield from self._take(2)
                self._out.append(PulseRow(5 if pin else 2, hundreds * 100, real_time=True))
            elif function == 8:
                yield from self._drop(7)
                self._out.append(Ask("clear", 8))
            else:
                yield from self._drop(2)
        else:
            self._count_unknown(b"\x10" + code)
