"""Lines drawn as black and white dots, for text a printer's own characters cannot show.

Shape: a `Bitmap` is rows from the top, each padded to whole bytes, most significant bit leftmost,
1 is black; the same as GS v 0 takes.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path

from attrs import frozen
from PIL import Image, ImageDraw, ImageFont, features

from engine.document import Align
from hardware.printer.codepages import text_width
from hardware.printer.layout import TextLine
from hardware.printer.profile import CELL_DOTS_TALL, CELL_DOTS_WIDE

_LINE_GAP_DOTS = 6
_FONT_FOLDERS = (
    Path("/usr/share/fonts/truetype/dejavu"),
    Path("/usr/share/fonts/dejavu-sans-mono-fonts"),
    Path("/usr/share/fonts/TTF"),
    Path("/usr/share/fonts/opentype/noto"),
    Path("/usr/share/fonts/truetype/noto"),
    Path("/usr/share/fonts/google-noto-sans-mono-cjk-vf-fonts"),
    Path("/Library/Fonts"),
)
_FONT_NAMES = {
    False: ("DejaVuSansMono.ttf", "NotoSansMonoCJK-Regular.ttc", "NotoSansCJK-Regular.ttc",
            "DejaVuSans.ttf"),
    True: ("DejaVuSansMono-Bold.ttf", "NotoSansMonoCJK-Bold.ttc", "NotoSansCJK-Bold.ttc",
           "DejaVuSans-Bold.ttf"),
}  # fmt: skip
_MISSING = "\U0010fffe"

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@frozen
class Bitmap:
    """Dots of a picture; see the module for their order."""

    width: int
    height: int
    bits: bytes

    @property
    def row_bytes(self) -> int:
        """Bytes of one row of dots."""
        return (self.width + 7) // 8

    @property
    def ink(self) -> int:
        """How many dots are black."""
        return int.from_bytes(self.bits, "big").bit_count()


def to_image(bitmap: Bitmap) -> Image.Image:
    """A 1-bit image, black on white."""
    inverted = bytes(byte ^ 0xFF for byte in bitmap.bits)
    padded = Image.frombytes("1", (bitmap.row_bytes * 8, bitmap.height), inverted)
    return padded.crop((0, 0, bitmap.width, bitmap.height))


def from_image(image: Image.Image) -> Bitmap:
    """Dots of an image; darker than half is black."""
    mono = image.convert("L").point(lambda level: 255 if level < 128 else 0).convert("1")
    return Bitmap(mono.width, mono.height, mono.tobytes())


@cache
def font_files(*, bold: bool) -> tuple[Path, ...]:
    """Fonts of this machine to draw with, best first; empty means Pillow's own."""
    found = (folder / name for name in _FONT_NAMES[bold] for folder in _FONT_FOLDERS)
    return tuple(path for path in found if path.is_file())


@cache
def fonts(size_dots: int, *, bold: bool) -> tuple[Font, ...]:
    """Loaded fonts, best first; never empty."""
    loaded = tuple(ImageFont.truetype(str(path), size_dots) for path in font_files(bold=bold))
    return loaded or (ImageFont.load_default(size_dots),)


@cache
def _has_glyph(font: Font, char: str) -> bool:
    if char.isspace() or unicodedata.category(char) in ("Cf", "Mn"):
        return True
    return bytes(font.getmask(char)) != bytes(font.getmask(_MISSING))


def _font_for(text: str, size_dots: int, *, bold: bool) -> Font:
    choices = fonts(size_dots, bold=bold)
    return next((f for f in choices if all(_has_glyph(f, char) for char in text)), choices[0])


def _is_rtl(char: str) -> bool:
    return unicodedata.bidirectional(char) in ("R", "AL")


def base_is_rtl(text: str) -> bool:
    """Whether the first character with a direction runs right to left."""
    first = next((c for c in text if unicodedata.bidirectional(c) in ("L", "R", "AL")), "L")
    return _is_rtl(first)


def visual_runs(text: str) -> list[tuple[str, bool]]:
    """Runs of one direction in the order they stand on paper, each with whether it is RTL.

    A small part of Unicode UAX 9, enough for receipts: the line's direction is that of its first
    strong character; numbers and Latin words keep their own order inside a right to left line.
    """
    runs: list[tuple[str, bool]] = []
    base = base_is_rtl(text)
    for char in text:
        kind = unicodedata.bidirectional(char)
        if kind in ("R", "AL"):
            rtl = True
        elif kind in ("L", "EN", "AN"):
            rtl = False
        else:
            rtl = runs[-1][1] if runs and runs[-1][1] == base else base
        if runs and runs[-1][1] == rtl:
            runs[-1] = (runs[-1][0] + char, rtl)
        else:
            runs.append((char, rtl))
    return runs[::-1] if base else runs


def draw_line(line: TextLine, dots_wide: int) -> Bitmap:
    """`line` as dots, as tall as a printed line with its gap, aligned within `dots_wide`."""
    scale = 2 if line.large else 1
    tall = CELL_DOTS_TALL * scale
    image = Image.new("L", (dots_wide, tall + _LINE_GAP_DOTS), 255)
    draw = ImageDraw.Draw(image)
    # Columns are padded with spaces inside. What is read first stands where reading starts.
    columns = [part for part in line.text.split("  ") if part.strip()]
    if len(columns) == 2 and text_width(line.text) * CELL_DOTS_WIDE * scale >= dots_wide:
        sides = (Align.RIGHT, Align.LEFT) if base_is_rtl(line.text) else (Align.LEFT, Align.RIGHT)
        for text, side in zip(columns, sides, strict=True):
            _draw_part(draw, text.strip(), side, dots_wide, tall, bold=line.bold)
    else:
        turned = line.align is Align.LEFT and base_is_rtl(line.text)
        align = Align.RIGHT if turned else line.align
        _draw_part(draw, line.text, align, dots_wide, tall, bold=line.bold)
    return from_image(image)


def _draw_part(
    draw: ImageDraw.ImageDraw, text: str, align: Align, dots_wide: int, tall: int, *, bold: bool
) -> None:
    size = tall * 4 // 5
    pieces = []
    for run, rtl in visual_runs(text):
        font = _font_for(run, size, bold=bold)
        shaped = features.check("raqm")
        shown = run if shaped or not rtl else run[::-1]
        direction = ("rtl" if rtl else "ltr") if shaped else None
        length = int(draw.textlength(shown, font=font, direction=direction))
        pieces.append((shown, font, direction, length))
    total = sum(piece[3] for piece in pieces)
    start = {
        Align.LEFT: 0,
        Align.CENTER: max(0, (dots_wide - total) // 2),
        Align.RIGHT: max(0, dots_wide - total),
    }[align]
    for shown, font, direction, length in pieces:
        draw.text((start, 0), shown, fill=0, font=font, direction=direction)
        start += length
