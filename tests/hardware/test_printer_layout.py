"""Documents on paper: wrapping, columns, wide characters, the COPY mark."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document import Align, Block, BlockKind, Document, columns, feed, qr, rule, text
from hardware.limits import DOCUMENT_BLOCKS_MAX
from hardware.printer.codepages import text_width
from hardware.printer.layout import (
    FeedLine,
    LayoutError,
    SymbolLine,
    TextLine,
    clean,
    copy_banner,
    lay_out,
    wrap,
)

_WORDS = st.text(alphabet="ab c€ßЖ日本\u0301שْ-", max_size=60)
_AMOUNTS = st.from_regex(r"-?[0-9]{1,3}(\.[0-9]{3})?,[0-9]{2}( €)?", fullmatch=True)


def _texts(document: Document, width: int) -> list[str]:
    return [line.text for line in lay_out(document, width) if isinstance(line, TextLine)]


def _document(*blocks: Block) -> Document:
    return Document("Receipt", blocks)


@given(st.lists(st.builds(columns, _WORDS, _AMOUNTS, bold=st.booleans(), large=st.booleans())),
       st.sampled_from((32, 42, 48)))  # fmt: skip
def test_columns_fit_and_amounts_stay_whole(blocks: list[Block], width: int) -> None:
    """No line is wider than the paper, and every amount stands whole at the right edge."""
    for block in blocks:
        lines = lay_out(_document(block), width)
        for line in lines:
            assert isinstance(line, TextLine)
            assert text_width(line.text) <= (width // 2 if line.large else width)
        last = lines[-1]
        assert isinstance(last, TextLine)
        assert last.text.endswith(clean(block.right))
        assert text_width(last.text) == (width // 2 if last.large else width)


@given(st.text(max_size=200), st.integers(10, 64))
def test_wrap_keeps_every_character_but_spaces(written: str, width: int) -> None:
    """Wrapping loses only white space, in order, and no line is too wide."""
    cleaned = clean(written)
    lines = wrap(cleaned, width)
    assert all(text_width(line) <= width for line in lines)
    assert "".join("".join(lines).split(" ")) == "".join(cleaned.replace("\n", "").split(" "))


def test_wraps_at_words() -> None:
    """Lines break at spaces; an indent stays on the first line."""
    assert wrap("  one two three", 9) == ["  one two", "three"]


def test_long_word_is_cut() -> None:
    """A word longer than the paper is cut where the paper ends."""
    assert wrap("a " + "b" * 25, 10) == ["a", "b" * 10, "b" * 10, "b" * 5]


def test_amount_on_the_last_line() -> None:
    """A long name wraps beside its amount, which ends flush right on the last line."""
    lines = _texts(_document(columns("2 x Flat white with oat milk and syrup", "7,60")), 32)
    assert lines == ["2 x Flat white with oat", "milk and syrup              7,60"]


def test_large_columns_fall_back() -> None:
    """Large columns become plain size where the amount would leave no room for the name."""
    (line,) = lay_out(_document(columns("Total", "12.345.678,00", large=True)), 32)
    assert isinstance(line, TextLine)
    assert (line.large, line.text) == (False, "Total              12.345.678,00")


def test_wide_characters_take_two_columns() -> None:
    """Chinese and Japanese characters count twice, so amounts still line up."""
    (line,) = _texts(_document(columns("日本茶", "380")), 32)
    assert line == "日本茶" + " " * 23 + "380"


def test_marks_stay_with_their_character() -> None:
    """A combining mark is never moved to the next line alone."""
    assert wrap("x\u0301" * 4, 2) == ["x\u0301x\u0301", "x\u0301x\u0301"]


def test_right_to_left_stays_logical() -> None:
    """Hebrew keeps the order it is typed in; turning it is the picture's business."""
    assert _texts(_document(columns("קפה", "12.00")), 32)[0].startswith("קפה")


def test_control_characters_do_nothing() -> None:
    """Escape sequences hidden in a product name become spaces."""
    (line,) = _texts(_document(text("Tea\x1bp\x00\x19\x19 \x10\x14 hot\u00ad")), 42)
    assert line == "Tea p       hot"


def test_copy_banner_above_and_below() -> None:
    """A copy says so first and last, in bold."""
    banner = TextLine(copy_banner("en"), Align.CENTER, bold=True, large=True)
    for lines in (
        lay_out(_document(rule()), 42, copy=True),
        lay_out(Document("Receipt", (rule(),), copy=True), 42),
    ):
        assert lines == (banner, TextLine("-" * 42), banner)


def test_symbols_and_feeds_pass() -> None:
    """Codes and blank lines keep what they say."""
    assert lay_out(_document(qr("x"), feed(3)), 42) == (SymbolLine(BlockKind.QR, "x"), FeedLine(3))


@pytest.mark.parametrize(
    "document",
    [_document(*[rule()] * (DOCUMENT_BLOCKS_MAX + 1)), _document(qr("x" * 5_000))],
    ids=["blocks", "code"],
)
def test_unprintable_documents_are_refused(document: Document) -> None:
    """A document no printer could take is refused with a reason, not half printed."""
    with pytest.raises(LayoutError, match="over"):
        lay_out(document, 42)
