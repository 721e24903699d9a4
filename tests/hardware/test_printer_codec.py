"""Our ESC/POS: what is sent, in which table, and what never is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document import (
    Align,
    Document,
    barcode,
    columns,
    feed,
    qr,
    rule,
    text,
)
from hardware.limits import CHUNK_BYTES_TARGET
from hardware.printer import codec
from hardware.printer.codepages import DEFAULT_PAGE, PAGES, find_runs
from hardware.printer.decoder import Decoder
from hardware.printer.layout import TextLine, lay_out
from hardware.printer.paper import Ask, CutRow, PaperRow, RasterRow, SymbolRow, TextRow
from hardware.printer.profile import PROFILES, profile
from hardware.printer.raster import Bitmap, draw_line
from hardware.printer.render import to_text

GOLDEN = Path(__file__).parent.parent / "golden" / "printer"
EPSON = PROFILES["epson"]

SALE = Document(
    "Receipt 1-42",
    (
        text("Corner Shop", align=Align.CENTER, bold=True, large=True),
        text("12 Market Street", align=Align.CENTER),
        rule(),
        columns("2 x Flat white with oat milk and hazelnut syrup", "8,60 €"),
        columns("Käsekuchen", "3,20 €"),
        columns("Чай чёрный", "2,10 €"),
        columns("TOTAL", "13,90 €", bold=True, large=True),
        columns("Cash", "20,00 €"),
        columns("Change", "6,10 €"),
        rule(),
        text("24.11.2026 09:14   register 1", align=Align.RIGHT),
        barcode("1-42"),
        qr("https://shop.example/r/1-42"),
        feed(2),
        text("Thank you!", align=Align.CENTER),
    ),
    language="de",
)


def _paper(data: bytes, width: int) -> tuple[PaperRow, ...]:
    return tuple(item for item in Decoder(width).feed(data) if not isinstance(item, Ask))


def _encoded(document: Document, width: int, *, copy: bool = False) -> bytes:
    return b"".join(codec.encode(lay_out(document, width, copy=copy), profile("epson", width)))


@pytest.mark.parametrize("width", [32, 42, 48])
@pytest.mark.parametrize("copy", [False, True], ids=["original", "copy"])
def test_golden_receipts(width: int, copy: bool) -> None:
    """A sale's bytes and its paper are those kept with the tests; see the folder's README."""
    data = _encoded(SALE, width, copy=copy)
    name = f"sale-{width}{'-copy' if copy else ''}"
    shown = to_text(_paper(data, width), width)
    assert shown == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
    assert data.hex(" ", 32) == (GOLDEN / f"{name}.hex").read_text().replace("\n", " ").strip()


_PRINTABLE = st.text(alphabet="aZ09 .,-€äß£éЖяσΩłő", min_size=1, max_size=30).filter(str.strip)


@given(st.lists(_PRINTABLE, max_size=8), st.booleans(), st.sampled_from(Align))
def test_what_is_laid_out_is_what_is_printed(texts: list[str], bold: bool, align: Align) -> None:
    """Decoding our bytes gives the lines back, with their style."""
    document = Document("R", tuple(text(one, bold=bold, align=align) for one in texts))
    lines = [line for line in lay_out(document, 42) if isinstance(line, TextLine) and line.text]
    rows = [row for row in _paper(_encoded(document, 42), 42) if isinstance(row, TextRow)]
    assert [row.text for row in rows] == [line.text for line in lines]
    for row in rows:
        assert row.align is align
        assert all(span.style.bold is bold for span in row.spans)


def test_pages_are_changed_only_when_needed() -> None:
    """Plain text needs no table; the euro takes CP858, Cyrillic CP866, and ASCII keeps the last."""
    found = []
    page = DEFAULT_PAGE
    for line in ("Tea 1.00", "1,00 €", "Tea", "Чай", "Καφές", "żółć", "Чай 2,10 €"):
        runs = find_runs(line, EPSON.pages, page)
        assert runs is not None
        assert "".join(used.decode(data) for used, data in runs) == line
        page = runs[-1][0]
        found.append("+".join(used.name for used, _ in runs))
    assert found == ["CP437", "CP858", "CP858", "CP866", "CP737", "CP852", "CP866+CP858"]


def test_old_greek_table_never_prints_the_euro() -> None:
    """ISO8859-7 is not used for the euro sign, which older printers' tables lack."""
    greek = next(page for page in PAGES if page.name == "ISO8859-7")
    assert find_runs("3,80 €", (greek,), DEFAULT_PAGE) is None
    assert find_runs("Καφές", (greek,), DEFAULT_PAGE) is not None


@pytest.mark.parametrize("written", ["日本茶", "Tea 茶", "קפה 12.00", "قهوة", "क\u093c"])
def test_the_rest_is_drawn(written: str) -> None:
    """A line no single table holds is a picture with ink, never question marks."""
    rows = _paper(_encoded(Document("R", (text(written),)), 42), 42)
    pictures = [row for row in rows if isinstance(row, RasterRow)]
    assert sum(row.bitmap.height for row in pictures) == 30
    assert sum(row.bitmap.ink for row in pictures) > 50
    assert not any(isinstance(row, TextRow) for row in rows)


def test_right_to_left_starts_at_the_right() -> None:
    """A Hebrew line is drawn at the right edge, its amount at the left."""
    line = TextLine("קפה" + " " * 34 + "12.00")
    bitmap = draw_line(line, 504)
    half = bitmap.row_bytes // 2
    rows = [bitmap.bits[at : at + bitmap.row_bytes] for at in range(0, len(bitmap.bits), 63)]
    left = sum(any(row[:8]) for row in rows)
    right = sum(any(row[-8:]) for row in rows)
    middle = sum(any(row[half - 8 : half + 8]) for row in rows)
    assert left
    assert right
    assert not middle


@given(st.binary(min_size=1, max_size=400))
def test_pictures_never_spell_real_time_commands(bits: bytes) -> None:
    """Whatever is drawn, no band contains a status request or a drawer kick."""
    seeded = bits.replace(b"\x00", b"\x10\x14\x01\x00").replace(b"\x01", b"\x10\x04")
    bitmap = Bitmap(8, len(seeded), seeded)
    for band in codec.raster(bitmap):
        picture = band[8:]
        assert not any(head in picture for head in (b"\x10\x04", b"\x10\x05", b"\x10\x14"))


def test_chunks_are_small_and_whole() -> None:
    """A long receipt leaves in small chunks, each of whole commands."""
    document = Document("R", tuple(text(f"{number} 日本茶") for number in range(20)))
    chunks = codec.encode(lay_out(document, 48), profile("epson", 48))
    assert len(chunks) > 10
    assert max(map(len, chunks)) <= 3 * CHUNK_BYTES_TARGET
    decoder = Decoder(48)
    for chunk in chunks:
        decoder.feed(chunk)
        kick = [item for item in decoder.feed(b"\x1bp\x00\x19\x19") if not isinstance(item, Ask)]
        assert len(kick) == 1
    assert not decoder.unknown


def test_codes_fall_back_to_text() -> None:
    """A code that does not fit or cannot be coded is printed in letters."""
    for data in ("x" * 60, "Tee für 2"):
        rows = _paper(_encoded(Document("R", (barcode(data),)), 32), 32)
        assert not any(isinstance(row, SymbolRow) for row in rows)
        assert "".join(row.text for row in rows if isinstance(row, TextRow)) == data


def test_codes_say_what_they_should() -> None:
    """A brace is doubled for CODE128 and comes back single; a QR code holds UTF-8."""
    rows = _paper(_encoded(Document("R", (barcode("a{b"), qr("Tée/1"))), 42), 42)
    assert [row.data for row in rows if isinstance(row, SymbolRow)] == ["a{b", "Tée/1"]


def test_every_job_starts_fresh_and_cuts() -> None:
    """A job begins with a reset and ends with a cut, so jobs cannot colour each other."""
    data = _encoded(Document("R", (text("x", bold=True),)), 42)
    assert data.startswith(codec.INIT)
    assert isinstance(_paper(data, 42)[-1], CutRow)


@pytest.mark.parametrize(
    ("pin", "on_ms", "real_time", "in_turn"),
    [
        (2, 100, b"\x10\x14\x01\x00\x01", b"\x1bp\x00\x32\x32"),
        (5, 150, b"\x10\x14\x01\x01\x02", b"\x1bp\x01\x4b\x4b"),
        (2, 5_000, b"\x10\x14\x01\x00\x08", b"\x1bp\x00\xff\xff"),
    ],
)
def test_kicks(pin: int, on_ms: int, real_time: bytes, in_turn: bytes) -> None:
    """Kicks name the pin and a time within what the command can say."""
    assert codec.real_time_pulse(pin=pin, on_ms=on_ms) == real_time
    assert codec.pulse(pin=pin, on_ms=on_ms) == in_turn


def test_wrong_pin_is_a_bug() -> None:
    """There is no pin 3 to kick."""
    with pytest.raises(ValueError, match="pin 2 or pin 5"):
        codec.pulse(pin=3, on_ms=100)
