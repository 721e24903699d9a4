"""Virtual paper made visible."""

from __future__ import annotations

import io
from html.parser import HTMLParser

from PIL import Image

from engine.document import Align
from hardware.limits import PICTURE_DOTS_TALL_MAX
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
from hardware.printer.raster import Bitmap
from hardware.printer.render import joined, modules, to_html, to_png, to_text

BLACK = RasterRow(Bitmap(16, 8, b"\xff" * 16), Align.LEFT)
ROWS: tuple[PaperRow, ...] = (
    TextRow((Span("Tea & <co>", Style(bold=True)),), Align.CENTER),
    TextRow((Span("TOTAL  1.00", Style(wide=2, tall=2)),), Align.LEFT),
    FeedRow(60),
    BLACK,
    BLACK,
    SymbolRow("qr", "https://shop.example/1", Align.CENTER, 4, 0),
    SymbolRow("code128", "1-42", Align.CENTER, 2, 60, readable=True),
    PulseRow(2, 100, real_time=False),
    CutRow(partial=True),
)


def test_text() -> None:
    """Plain lines, codes and pictures named in brackets."""
    assert to_text(ROWS, 32).splitlines() == [
        "           Tea & <co>",
        "TOTAL             1.00",
        "",
        "",
        "[picture 16 x 16 dots]",
        "[QR code: https://shop.example/1]",
        "    [bar code CODE128: 1-42]",
        "[drawer kick, pin 2, 100 ms]",
        "- " * 16,
    ]


def test_bands_of_a_picture_are_joined() -> None:
    """A picture sent in bands is one picture again."""
    rows = joined(ROWS)
    (picture,) = (row for row in rows if isinstance(row, RasterRow))
    assert (picture.bitmap.height, picture.bitmap.ink) == (16, 256)
    assert len(rows) == len(ROWS) - 1


class _Outline(HTMLParser):
    """Collects open tags, labels and text."""

    def __init__(self) -> None:
        super().__init__()
        self.labels: list[str] = []
        self.text = ""
        self.language = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.language = self.language or named.get("lang") or ""
        if tag in ("svg", "img"):
            self.labels.append(named.get("aria-label") or named.get("alt") or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_is_text_with_labels() -> None:
    """Text stays text, escaped; every drawing says what it is; the language is declared."""
    page = to_html(ROWS, 32, title="Receipt 1", language="de")
    outline = _Outline()
    outline.feed(page)
    assert outline.language == "de"
    assert "Tea & <co>" in outline.text
    assert "<co>" not in page
    assert outline.labels == [
        "Picture of printed text",
        "QR code: https://shop.example/1",
        "bar code CODE128: 1-42",
    ]


def test_png_has_the_paper_and_its_ink() -> None:
    """One pixel a dot plus margins; large text is bigger than plain; the picture is black."""
    image = Image.open(io.BytesIO(to_png(ROWS, 32)))
    assert image.width == 32 * 12 + 48
    ink = sum(1 for level in image.convert("L").tobytes() if level < 128)
    assert ink > 256
    plain = Image.open(io.BytesIO(to_png((TextRow((Span("x", Style()),), Align.LEFT),), 32)))
    large = Image.open(io.BytesIO(to_png((TextRow((Span("x", Style(tall=2)),), Align.LEFT),), 32)))
    assert large.height - plain.height == 24


def test_codes_are_real_codes() -> None:
    """The drawn QR code and bars are those of the standards' own encoders."""
    qr = modules(SymbolRow("qr", "x", Align.LEFT, 1, 0))
    assert qr is not None
    assert qr[0][:7] == [True] * 7
    ean = modules(SymbolRow("ean13", "4006381333931", Align.LEFT, 1, 50))
    assert ean is not None
    assert len(ean[0]) == 95
    assert modules(SymbolRow("ean13", "not digits", Align.LEFT, 1, 50)) is None


def test_nothing_printed() -> None:
    """Blank paper renders without fault."""
    assert to_text((), 42) == "\n"
    assert Image.open(io.BytesIO(to_png((), 42))).height == 48


def test_codes_and_letters_that_have_no_picture() -> None:
    """Bar codes with letters they lack are words, and controls among text leave an empty cell."""
    code = SymbolRow("code39", "\x00", Align.LEFT, 3, 162)
    assert modules(code) is None
    assert modules(SymbolRow("code128", "", Align.LEFT, 3, 162)) is None
    rows = (code, SymbolRow("code128", "a\x85b\x1c", Align.LEFT, 3, 162, True))
    assert to_png(rows, 42).startswith(b"\x89PNG")


def test_a_picture_has_an_end() -> None:
    """Paper without end is drawn three metres long, and told whole in its text."""
    rows = (FeedRow(255), TextRow((Span("Tea", Style()),), Align.LEFT)) * 500
    picture = Image.open(io.BytesIO(to_png(rows, 42)))
    assert PICTURE_DOTS_TALL_MAX - 300 < picture.height <= PICTURE_DOTS_TALL_MAX
    assert to_text(rows, 42).count("Tea") == 500
