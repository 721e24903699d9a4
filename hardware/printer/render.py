"""Virtual paper made visible: as text, as an accessible HTML page, as a PNG picture."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from html import escape
from itertools import groupby

import barcode
import segno
from PIL import Image, ImageDraw

from engine.document import Align
from hardware.limits import PICTURE_DOTS_TALL_MAX
from hardware.printer.codepages import cell_width, text_width
from hardware.printer.paper import (
    CutRow,
    FeedRow,
    PaperRow,
    PulseRow,
    RasterRow,
    Span,
    Style,
    SymbolRow,
    TextRow,
)
from hardware.printer.profile import CELL_DOTS_TALL, CELL_DOTS_WIDE
from hardware.printer.raster import Bitmap, fonts, to_image

_LINE_DOTS = 30
_MARGIN_DOTS = 24
_QUIET_DOTS = 12
_GREY = 160
_MODULES_MAX = 2_000

Rows = tuple[PaperRow, ...]


def joined(rows: Rows) -> Rows:
    """The rows with the bands of one picture put together again."""
    out: list[PaperRow] = []
    for key, group in groupby(rows, key=_band_key):
        bands = list(group)
        first = bands[0]
        if key is None or not isinstance(first, RasterRow):
            out.extend(bands)
            continue
        maps = [band.bitmap for band in bands if isinstance(band, RasterRow)]
        height = sum(bitmap.height for bitmap in maps)
        bits = b"".join(bitmap.bits for bitmap in maps)
        whole = Bitmap(maps[0].width, height, bits)
        out.append(RasterRow(whole, first.align, first.wide, first.tall))
    return tuple(out)


def _band_key(row: PaperRow) -> tuple[int, Align, int, int] | None:
    if isinstance(row, RasterRow):
        return (row.bitmap.width, row.align, row.wide, row.tall)
    return None


# Text.


def to_text(rows: Rows, width: int) -> str:
    """The receipt as plain lines; what is no text stands in brackets."""
    lines: list[str] = []
    for row in joined(rows):
        lines.extend(_text_lines(row, width))
    return "\n".join(lines) + "\n"


def _text_lines(row: PaperRow, width: int) -> Iterator[str]:
    match row:
        case TextRow():
            text = _spread(row)
            yield _placed(text, text_width(text), row.align, width)
        case FeedRow(dots):
            yield from [""] * (dots // _LINE_DOTS)
        case RasterRow(bitmap):
            label = f"[picture {bitmap.width * row.wide} x {bitmap.height * row.tall} dots]"
            yield _placed(label, len(label), row.align, width)
        case SymbolRow():
            label = f"[{symbol_label(row)}]"
            yield _placed(label, text_width(label), row.align, width)
        case CutRow():
            yield "- " * (width // 2)
        case PulseRow():
            yield f"[drawer kick, pin {row.pin}, {row.on_ms} ms]"


def _spread(row: TextRow) -> str:
    """The text, its widest gap opened as far as double width letters reach on paper."""
    text = row.text
    missing = _columns(row) - text_width(text)
    if missing <= 0 or row.align is not Align.LEFT:
        return text
    gaps = list(re.finditer(" {2,}", text))
    if not gaps:
        return text
    end = gaps[-1].end()
    return text[:end] + " " * missing + text[end:]


def _columns(row: TextRow) -> int:
    return sum(text_width(span.text) * span.style.wide for span in row.spans)


def _placed(text: str, columns: int, align: Align, width: int) -> str:
    room = max(0, width - columns)
    indent = {Align.LEFT: 0, Align.CENTER: room // 2, Align.RIGHT: room}[align]
    return (" " * indent + text).rstrip(" ")


def symbol_label(row: SymbolRow) -> str:
    """What a code is and says, for people who cannot see or scan it."""
    kind = "QR code" if row.kind == "qr" else f"bar code {row.kind.upper().replace('_', '-')}"
    return f"{kind}: {row.data}"


# HTML.

_STYLE = """
body { margin: 0; background: #e9e9e6; color: #111; }
main { width: max-content; margin: 1.5rem auto; padding: 1rem 1.25rem; background: #fff;
  font: 15px/1.3 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
p { margin: 0; white-space: pre; min-height: 1.3em; }
.center { text-align: center; } .right { text-align: right; }
.inverse { background: #111; color: #fff; } .underline { text-decoration: underline; }
figure { margin: .5rem 0; } svg, img { max-width: 100%; } figcaption { font-size: 13px; }
hr { border: 0; border-top: 1px dashed #666; margin: .75rem 0 0; }
"""


def to_html(rows: Rows, width: int, *, title: str = "Receipt", language: str = "en") -> str:
    """A page of its own: text stays text, codes are drawings with a label, pictures have a name."""
    body = "\n".join(_html_row(row) for row in joined(rows))
    return (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{escape(title)}</title>\n'
        f"<style>{_STYLE}main {{ min-width: {width}ch; }}</style>\n</head>\n<body>\n"
        f'<main aria-label="{escape(title)}">\n{body}\n</main>\n</body>\n</html>\n'
    )


def _html_row(row: PaperRow) -> str:
    match row:
        case TextRow():
            spans = "".join(map(_html_span, row.spans))
            return f'<p class="{row.align.value}" dir="auto">{spans}</p>'
        case FeedRow(dots):
            return f'<p style="min-height:{dots * 13 // 10 // 2}px"></p>'
        case RasterRow():
            data = base64.b64encode(_png(_raster_image(row))).decode()
            label = "Picture of printed text"
            source = f"data:image/png;base64,{data}"
            return f'<figure class="{row.align.value}"><img src="{source}" alt="{label}"></figure>'
        case SymbolRow():
            return _html_symbol(row)
        case CutRow():
            return '<hr aria-label="Paper cut">'
        case PulseRow():
            return f"<p><small>drawer kick, pin {row.pin}</small></p>"


def _html_span(span: Span) -> str:
    text = escape(span.text)
    style = span.style
    classes = [name for name in ("inverse", "underline") if getattr(style, name)]
    size = ""
    if style.wide > 1 or style.tall > 1 or style.small:
        percent = 75 if style.small else 100
        size = f' style="font-size:{percent * max(style.wide, style.tall)}%"'
    tag = "strong" if style.bold else "span"
    names = f' class="{" ".join(classes)}"' if classes else ""
    return f"<{tag}{names}{size}>{text}</{tag}>"


def _html_symbol(row: SymbolRow) -> str:
    label = escape(symbol_label(row), quote=True)
    grid = modules(row)
    if grid is None:
        return f'<p class="{row.align.value}">{label}</p>'
    wide, tall = len(grid[0]), len(grid)
    stretch = 1 if row.kind == "qr" else 40
    path = "".join(
        f"M{x},{y * stretch}h1v{stretch}h-1z"
        for y, line in enumerate(grid)
        for x, dark in enumerate(line)
        if dark
    )
    scale = 4 if row.kind == "qr" else 2
    caption = f"<figcaption>{escape(row.data)}</figcaption>" if row.readable else ""
    return (
        f'<figure class="{row.align.value}"><svg role="img" aria-label="{label}" '
        f'width="{wide * scale}" height="{tall * stretch * (4 if row.kind == "qr" else 1)}" '
        f'viewBox="0 0 {wide} {tall * stretch}" preserveAspectRatio="none" '
        f'shape-rendering="crispEdges"><path d="{path}"/></svg>{caption}</figure>'
    )


def modules(row: SymbolRow) -> list[list[bool]] | None:
    """Dark and light of a code from the top; a bar code is one line. None: it cannot be drawn."""
    try:
        if row.kind == "qr":
            matrix = segno.make_qr(row.data, error="m", boost_error=False).matrix
            return [[bool(dark) for dark in line] for line in matrix]
        name = row.kind.replace("_", "")
        bars = barcode.get(name, row.data).build()[0]
    except (ValueError, LookupError, barcode.errors.BarcodeError, segno.DataOverflowError):
        return None  # a LookupError is how python-barcode says that a letter or all is missing
    if not bars or len(bars) > _MODULES_MAX:
        return None
    return [[bar == "1" for bar in bars]]


# PNG.


def to_png(rows: Rows, width: int) -> bytes:
    """The receipt as a picture, one pixel a dot, with white margins.

    Beyond `PICTURE_DOTS_TALL_MAX` nothing more is drawn: the text and the page have all of it.
    """
    dots_wide = width * CELL_DOTS_WIDE
    strips: list[tuple[Image.Image, PaperRow]] = []
    height = 2 * _MARGIN_DOTS
    for row in joined(rows):
        strip = _strip(row, dots_wide)
        if strip is None:
            continue
        if height + strip.height > PICTURE_DOTS_TALL_MAX:
            break
        strips.append((strip, row))
        height += strip.height
    paper = Image.new("L", (dots_wide + 2 * _MARGIN_DOTS, height), 255)
    top = _MARGIN_DOTS
    for strip, row in strips:
        align = getattr(row, "align", Align.LEFT)
        room = dots_wide - strip.width
        left = {Align.LEFT: 0, Align.CENTER: room // 2, Align.RIGHT: room}[align]
        paper.paste(strip, (_MARGIN_DOTS + max(0, left), top))
        top += strip.height
    return _png(paper)


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _strip(row: PaperRow, dots_wide: int) -> Image.Image | None:
    match row:
        case TextRow():
            return _text_strip(row, dots_wide)
        case FeedRow(dots):
            return Image.new("L", (dots_wide, dots), 255)
        case RasterRow():
            return _raster_image(row)
        case SymbolRow():
            return _symbol_strip(row, dots_wide)
        case CutRow():
            strip = Image.new("L", (dots_wide, _LINE_DOTS), 255)
            draw = ImageDraw.Draw(strip)
            for x in range(0, dots_wide, 12):
                draw.line((x, _LINE_DOTS // 2, x + 6, _LINE_DOTS // 2), fill=_GREY)
            return strip
        case PulseRow():
            return None


def _raster_image(row: RasterRow) -> Image.Image:
    image = to_image(row.bitmap).convert("L")
    return image.resize((image.width * row.wide, image.height * row.tall), Image.Resampling.NEAREST)


def _text_strip(row: TextRow, dots_wide: int) -> Image.Image:
    tall = max(span.style.tall for span in row.spans)
    wide = min(dots_wide, _columns(row) * CELL_DOTS_WIDE)
    strip = Image.new("L", (max(1, wide), tall * CELL_DOTS_TALL + _LINE_DOTS - CELL_DOTS_TALL), 255)
    left = 0
    for span in row.spans:
        piece = _span_image(span)
        strip.paste(piece, (left, (tall - span.style.tall) * CELL_DOTS_TALL))
        left += piece.width
    return strip


def _span_image(span: Span) -> Image.Image:
    """Each character in a cell of its own, so columns stand as they do on paper."""
    style: Style = span.style
    font = fonts(CELL_DOTS_TALL * 5 // 6, bold=style.bold)[0]
    columns = max(1, text_width(span.text))
    image = Image.new("L", (columns * CELL_DOTS_WIDE, CELL_DOTS_TALL), 255)
    draw = ImageDraw.Draw(image)
    at = 0
    for char in span.text:
        # Some controls make the text layouter fail; none has a picture.
        if char.isprintable():
            draw.text((at * CELL_DOTS_WIDE, 0), char, fill=0, font=font)
        at += cell_width(char)
    if style.underline:
        draw.line((0, CELL_DOTS_TALL - 2, image.width, CELL_DOTS_TALL - 2), fill=0, width=2)
    if style.inverse:
        image = image.point(lambda level: 255 - level)
    size = (image.width * style.wide, image.height * style.tall)
    return image.resize(size, Image.Resampling.BICUBIC) if size != image.size else image


def _symbol_strip(row: SymbolRow, dots_wide: int) -> Image.Image:
    grid = modules(row)
    if grid is None:
        label = symbol_label(row)[: dots_wide // CELL_DOTS_WIDE]
        return _text_strip(TextRow((Span(label, Style()),), row.align), dots_wide)
    image = Image.new("L", (len(grid[0]), len(grid)), 255)
    image.putdata([0 if dark else 255 for line in grid for dark in line])
    tall = row.module_dots if row.kind == "qr" else row.height_dots
    size = (image.width * row.module_dots, image.height * tall)
    image = image.resize(size, Image.Resampling.NEAREST)
    below = _LINE_DOTS if row.readable else 0
    strip = Image.new("L", (size[0], size[1] + 2 * _QUIET_DOTS + below), 255)
    strip.paste(image, (0, _QUIET_DOTS))
    if row.readable:
        text = _span_image(Span(row.data, Style()))
        strip.paste(text, (max(0, (strip.width - text.width) // 2), _QUIET_DOTS + size[1] + 4))
    return strip
