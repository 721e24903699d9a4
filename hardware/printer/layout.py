"""A document on paper of a given width: blocks in, lines out. No bytes, no fonts.

Text stays in logical order; a line that runs right to left is turned only when it is drawn.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import assert_never

from attrs import frozen

from engine.document import Align, Block, BlockKind, Document
from engine.words import words_of
from hardware.limits import DOCUMENT_BLOCKS_MAX, SYMBOL_BYTES_MAX
from hardware.printer.codepages import cell_width, text_width

_LEFT_COLUMNS_MIN = 8
_FEED_LINES_MAX = 50


@frozen
class TextLine:
    """One line that fits the paper. `large` is double width and height, so it holds half."""

    text: str
    align: Align = Align.LEFT
    bold: bool = False
    large: bool = False


@frozen
class SymbolLine:
    """A QR code or a CODE128 bar code, centred."""

    kind: BlockKind
    data: str


@frozen
class FeedLine:
    """Blank lines."""

    lines: int


Line = TextLine | SymbolLine | FeedLine


class LayoutError(ValueError):
    """A document that cannot be printed at all, such as one with thousands of blocks."""


def lay_out(document: Document, width: int, *, copy: bool = False) -> tuple[Line, ...]:
    """Lines of `document` for paper of `width` columns, with its language's word for a copy above
    and below if it is one.

    Raises:
        LayoutError: more blocks or longer symbol data than a printer is given.
    """
    if len(document.blocks) > DOCUMENT_BLOCKS_MAX:
        raise LayoutError(f"the document has over {DOCUMENT_BLOCKS_MAX} blocks; print it in parts")
    banner = [TextLine(copy_banner(document.language), Align.CENTER, bold=True, large=True)]
    marks = banner if copy or document.copy else []
    lines: list[Line] = list(marks)
    for block in document.blocks:
        lines.extend(_block(block, width))
    lines.extend(marks)
    return tuple(lines)


def copy_banner(language: str) -> str:
    """What says on paper that it is not the first: COPY, KOPIE, DUPLICATA."""
    return f"*** {words_of(language)['copy']} ***"


def _block(block: Block, width: int) -> Iterator[Line]:
    match block.kind:
        case BlockKind.TEXT:
            columns = width // 2 if block.large else width
            for text in wrap(clean(block.left), columns):
                yield TextLine(text, block.align, block.bold, block.large)
        case BlockKind.COLUMNS:
            yield from _columns(block, width)
        case BlockKind.RULE:
            yield TextLine("-" * width)
        case BlockKind.BARCODE | BlockKind.QR:
            yield _symbol(block)
        case BlockKind.FEED:
            yield FeedLine(max(0, min(block.lines, _FEED_LINES_MAX)))
        case _:
            assert_never(block.kind)


def _symbol(block: Block) -> SymbolLine:
    if len(block.data.encode()) > SYMBOL_BYTES_MAX:
        raise LayoutError(f"a code holds over {SYMBOL_BYTES_MAX} bytes; shorten what it says")
    return SymbolLine(block.kind, block.data)


def _columns(block: Block, width: int) -> Iterator[TextLine]:
    """Left wraps, right ends flush right on the last line and is never broken.

    Large falls back to normal size where the right side alone would fill half the paper.
    """
    left, right = clean(block.left), clean(block.right)
    large = block.large and text_width(right) + _LEFT_COLUMNS_MIN < width // 2
    columns = width // 2 if large else width
    room = columns - text_width(right) - 1
    if room >= _LEFT_COLUMNS_MIN:
        *upper, last = wrap(left, room)
        for text in upper:
            yield TextLine(text, Align.LEFT, block.bold, large)
        gap = columns - text_width(last) - text_width(right)
        yield TextLine(last + " " * gap + right, Align.LEFT, block.bold, large)
        return
    for text in wrap(left, columns) if left else []:
        yield TextLine(text, Align.LEFT, block.bold, large)
    for text in _split(right, columns):
        gap = columns - text_width(text)
        yield TextLine(" " * gap + text, Align.LEFT, block.bold, large)


def clean(text: str) -> str:
    """Composed text without control characters, so nothing a person typed becomes a command."""
    if text.isascii() and text.isprintable():
        return text
    composed = unicodedata.normalize("NFC", text)
    kept = (
        char if char == "\n" or unicodedata.category(char) not in ("Cc", "Cs") else " "
        for char in composed
        if char != "\u00ad"
    )
    return "".join(kept)


def wrap(text: str, columns: int) -> list[str]:
    """Lines of at most `columns`, broken at spaces; a longer word is cut. Never empty.

    Leading spaces of a paragraph stay, as an indent; those at a break go.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines.extend(_wrap_paragraph(paragraph, columns))
    return lines


def _wrap_paragraph(paragraph: str, columns: int) -> Iterator[str]:
    if text_width(paragraph) <= columns:
        yield paragraph.rstrip(" ")
        return
    body = paragraph.lstrip(" ")
    line = " " * min(len(paragraph) - len(body), columns // 2)
    used = len(line)
    fresh = True
    for word in body.split(" "):
        joint = "" if fresh else " "
        if used + len(joint) + text_width(word) <= columns:
            line = line + joint + word
            used, fresh = text_width(line), False
            continue
        if not fresh:
            yield line.rstrip(" ")
            line, used = "", 0
        *full, line = _split(line + word, columns)
        yield from full
        used, fresh = text_width(line), False
    yield line.rstrip(" ")


def _split(text: str, columns: int) -> list[str]:
    """Cut `text` every `columns`, keeping a mark with the character it belongs to."""
    pieces: list[str] = []
    start = used = 0
    for index, char in enumerate(text):
        size = cell_width(char)
        if size and used + size > columns:
            pieces.append(text[start:index])
            start, used = index, 0
        used += size
    return [*pieces, text[start:]]
