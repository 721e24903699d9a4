"""A printed document before it meets a printer: blocks in order, no widths, no bytes.

`hardware.printer` lays blocks out for a paper width and encodes them; the receipt view in a front
end shows the same blocks. Text is already in the receipt's language and amounts already formatted,
so a printer can add nothing and change nothing.
"""

from __future__ import annotations

from enum import Enum

from attrs import evolve, field, frozen

from engine.limits import DOCUMENT_BYTES_MAX
from engine.wire import canonical, unstructure


class Align(Enum):
    """Where a block stands on the paper."""

    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


class BlockKind(Enum):
    """What a block is; the fields of `Block` that matter follow from it."""

    TEXT = "text"  # left (wrapped at words), align, bold, large
    COLUMNS = "columns"  # left wraps, right is flush right and never broken
    RULE = "rule"  # a line across the paper
    BARCODE = "barcode"  # data: CODE128
    QR = "qr"  # data
    FEED = "feed"  # lines: blank lines


@frozen
class Block:
    """One block. A single class with a kind keeps the wire form flat and forward readable."""

    kind: BlockKind
    left: str = ""
    right: str = ""
    align: Align = Align.LEFT
    bold: bool = False
    large: bool = False
    data: str = ""
    lines: int = 1


@frozen
class Document:
    """Blocks from top to bottom, then cut. `title` names the job for people ("Receipt 1-42")."""

    title: str
    blocks: tuple[Block, ...]
    language: str = "en"
    copy: bool = field(default=False)


def text(left: str, *, align: Align = Align.LEFT, bold: bool = False, large: bool = False) -> Block:
    """A paragraph."""
    return Block(BlockKind.TEXT, left=left, align=align, bold=bold, large=large)


def columns(left: str, right: str, *, bold: bool = False, large: bool = False) -> Block:
    """A line with something flush right, such as an amount."""
    return Block(BlockKind.COLUMNS, left=left, right=right, bold=bold, large=large)


def rule() -> Block:
    """A line across the paper."""
    return Block(BlockKind.RULE)


def qr(data: str) -> Block:
    """A QR code in the centre."""
    return Block(BlockKind.QR, data=data, align=Align.CENTER)


def barcode(data: str) -> Block:
    """A CODE128 bar code in the centre, with its text below."""
    return Block(BlockKind.BARCODE, data=data, align=Align.CENTER)


def feed(lines: int = 1) -> Block:
    """Blank lines."""
    return Block(BlockKind.FEED, lines=lines)


def in_parts(document: Document) -> tuple[Document, ...]:
    """`document` as printers are given it: itself, or several that each end by saying which of how
    many they are, where a link could not carry it whole."""
    sizes = [len(canonical(unstructure(block))) for block in document.blocks]
    if sum(sizes) <= DOCUMENT_BYTES_MAX:
        return (document,)
    parts: list[list[Block]] = []
    room = 0
    for block, size in zip(document.blocks, sizes, strict=True):
        if size > room:
            parts.append([])
            room = DOCUMENT_BYTES_MAX
        parts[-1].append(block)
        room -= size
    return tuple(
        _part(document, blocks, f"{document.title} ({number}/{len(parts)})")
        for number, blocks in enumerate(parts, 1)
    )


def _part(document: Document, blocks: list[Block], title: str) -> Document:
    foot = text(title, align=Align.CENTER)
    return evolve(document, title=title, blocks=(*blocks, foot))
