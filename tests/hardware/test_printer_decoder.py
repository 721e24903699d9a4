"""The virtual printer's ear: any bytes, in any fragments; python-escpos as an independent hand."""

from __future__ import annotations

from itertools import pairwise

import pytest
from escpos.printer import Dummy
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.document import Align, Document, qr, rule, text
from hardware.limits import PAPER_ROWS_MAX, RASTER_BYTES_MAX
from hardware.printer import codec
from hardware.printer.decoder import Decoder
from hardware.printer.layout import lay_out
from hardware.printer.paper import (
    Ask,
    CutRow,
    FeedRow,
    Item,
    Paper,
    PulseRow,
    RasterRow,
    SymbolRow,
    TextRow,
    receipts,
)
from hardware.printer.profile import PROFILES

_HEADS = st.sampled_from(
    [b"\x1b", b"\x1d", b"\x1c", b"\x10\x04", b"\x10\x14", b"\x1d(k", b"\x1dv0", b"\x1dk", b"\x1b*",
     b"\x1d8L", b"\x1bD", b"tea\n", b"\x1dV"]
)  # fmt: skip
_NOISE = st.lists(_HEADS | st.binary(max_size=12), max_size=40).map(b"".join)


def _feed_in_pieces(data: bytes, cuts: list[int]) -> list[Item]:
    decoder = Decoder()
    items: list[Item] = []
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    for start, end in pairwise(edges):
        items += decoder.feed(data[start:end])
    return items


@given(_NOISE, st.lists(st.integers(0, 5_000), max_size=20))
def test_fragments_change_nothing(data: bytes, cuts: list[int]) -> None:
    """The same bytes give the same paper however they are cut, and nothing raises."""
    whole = _feed_in_pieces(data, [])
    assert _feed_in_pieces(data, cuts) == whole
    assert _feed_in_pieces(data, list(range(len(data)))) == whole


@given(_NOISE)
def test_recovers_after_garbage(noise: bytes) -> None:
    """After any garbage and a reset, the next receipt prints whole."""
    decoder = Decoder()
    decoder.feed(noise)
    decoder.reset()
    items = decoder.feed(b"Tea 1.00\n\x1dVB\x00")
    assert [type(item) for item in items] == [TextRow, CutRow]


def test_unknown_commands_are_counted() -> None:
    """What nobody knows is counted by its first bytes, and the text after it still prints."""
    decoder = Decoder()
    items = decoder.feed(b"\x1b\x7fA\x1d\x7fB\x1c\x7fC\x10\x7fD\n")
    assert [item.text for item in items if isinstance(item, TextRow)] == ["ABCD"]
    assert set(decoder.unknown) == {"1b7f", "1d7f", "1c7f", "107f"}


def test_oversized_pictures_are_skipped() -> None:
    """A picture beyond the limit is skipped without being kept, and the next line prints."""
    decoder = Decoder()
    head = b"\x1dv0\x00\xff\x0f\xff\x0f"
    size = 0x0FFF * 0x0FFF
    assert size > RASTER_BYTES_MAX
    assert decoder.feed(head) == []
    for _ in range(size // 65_536):
        assert decoder.feed(bytes(65_536)) == []
    (row,) = decoder.feed(bytes(size % 65_536) + b"ok\n")
    assert isinstance(row, TextRow)
    assert row.text == "ok"


def test_paper_is_bounded() -> None:
    """A printer that is never cut keeps a bounded number of rows and counts the rest."""
    paper = Paper()
    for _ in range(PAPER_ROWS_MAX + 5):
        paper.add(FeedRow(30))
    assert (len(paper.rows), paper.lost_rows) == (PAPER_ROWS_MAX, 5)
    assert len(paper.take()) == PAPER_ROWS_MAX
    assert paper.rows == []


def test_long_lines_wrap_at_the_paper() -> None:
    """Text wider than the paper goes on in the next line, as on a printer."""
    items = Decoder(32).feed(b"x" * 40 + b"\n")
    assert [item.text for item in items if isinstance(item, TextRow)] == ["x" * 32, "x" * 8]


def test_receipts_end_at_cuts() -> None:
    """Rows are told apart by the blade; an unfinished tail is a receipt of its own."""
    first = (FeedRow(30), CutRow(partial=True))
    assert receipts((*first, *first, FeedRow(1))) == [first, first, (FeedRow(1),)]


def test_questions_are_passed_on() -> None:
    """Everything a printer must answer comes out as a question, in its place."""
    data = (
        codec.status_request(4)
        + codec.AUTO_STATUS_ON
        + codec.PAPER_STATUS
        + codec.process_id(b"ab12")
        + b"\x1dI\x43"
        + codec.CLEAR_BUFFER
    )
    assert Decoder().feed(data) == [
        Ask("real_time", 4),
        Ask("auto", 15),
        Ask("sensor", 1),
        Ask("process", 48, b"ab12"),
        Ask("info", 0x43),
        Ask("clear", 8),
    ]


# python-escpos, an encoder of other people.


def _oracle() -> Dummy:
    return Dummy(profile="TM-T88V")


def _rows(printer: Dummy) -> list[Item]:
    decoder = Decoder(42)
    items = decoder.feed(printer.output)
    assert not decoder.unknown
    return items


def test_oracle_text_and_styles() -> None:
    """Text, alignment, size and weight as python-escpos sends them."""
    printer = _oracle()
    printer.set(align="center", bold=True, double_width=True, double_height=True)
    printer.text("Shop\n")
    printer.set(align="right", bold=False, normal_textsize=True, underline=1)
    printer.text("3.80\n")
    shop, price = (item for item in _rows(printer) if isinstance(item, TextRow))
    assert (shop.text, shop.align) == ("Shop", Align.CENTER)
    style = shop.spans[0].style
    assert (style.bold, style.wide, style.tall) == (True, 2, 2)
    assert (price.text, price.align) == ("3.80", Align.RIGHT)
    assert (price.spans[0].style.bold, price.spans[0].style.underline) == (False, True)


@pytest.mark.parametrize(
    ("page", "written"),
    [("CP858", "Käse 3,80 €"), ("CP866", "Чай"), ("CP437", "½ crème"), ("CP852", "żółć")],
)
def test_oracle_code_pages(page: str, written: str) -> None:
    """Page numbers and tables agree with those of python-escpos."""
    printer = _oracle()
    printer.charcode(page)
    printer.text(written + "\n")
    assert [item.text for item in _rows(printer) if isinstance(item, TextRow)] == [written]


def test_oracle_codes() -> None:
    """QR code, EAN-13 and CODE128 say what python-escpos was told."""
    printer = _oracle()
    printer.qr("https://shop.example/1", native=True, size=6)
    printer.barcode("4006381333931", "EAN13", height=80, width=2)
    printer.barcode("{B1-42", "CODE128", function_type="B")
    codes = [item for item in _rows(printer) if isinstance(item, SymbolRow)]
    assert [(code.kind, code.data) for code in codes] == [
        ("qr", "https://shop.example/1"),
        ("ean13", "4006381333931"),
        ("code128", "1-42"),
    ]
    assert (codes[0].module_dots, codes[1].module_dots, codes[1].height_dots) == (6, 2, 80)


@pytest.mark.parametrize("way", ["bitImageRaster", "graphics", "bitImageColumn"])
def test_oracle_pictures(way: str) -> None:
    """A picture comes out dot for dot by each of the three ways to send one."""
    image = Image.new("1", (64, 24), 1)
    for at in range(24):
        image.putpixel((at * 2, at), 0)
    printer = _oracle()
    printer.image(image, impl=way)
    (row,) = (item for item in _rows(printer) if isinstance(item, RasterRow))
    assert (row.bitmap.width, row.bitmap.height, row.bitmap.ink) == (64, 24, 24)
    for at in range(24):
        assert row.bitmap.bits[at * 8 + at * 2 // 8] == 0x80 >> (at * 2 % 8)


@pytest.mark.parametrize("pin", [2, 5])
def test_oracle_drawer_and_cut(pin: int) -> None:
    """The drawer kick names its pin; the cut ends the receipt."""
    printer = _oracle()
    printer.cashdraw(pin)
    printer.cut()
    items = _rows(printer)
    (kick,) = (item for item in items if isinstance(item, PulseRow))
    assert (kick.pin, kick.on_ms, kick.real_time) == (pin, 100, False)
    assert isinstance(items[-1], CutRow)


def test_oracle_reads_our_sizes_the_same_way() -> None:
    """A receipt of ours and the same one by python-escpos give the same text rows."""
    document = Document("R", (text("Corner Shop", bold=True), rule(), qr("x")))
    ours = Decoder(42).feed(b"".join(codec.encode(lay_out(document, 42), PROFILES["epson"])))
    printer = _oracle()
    printer.set(bold=True)
    printer.text("Corner Shop\n")
    printer.set(bold=False)
    printer.text("-" * 42 + "\n")
    theirs = _rows(printer)
    assert [row for row in ours if isinstance(row, TextRow)] == [
        row for row in theirs if isinstance(row, TextRow)
    ]
