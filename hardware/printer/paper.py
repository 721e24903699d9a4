"""What stands on the paper of a virtual printer: rows with their styles, cuts and pulses."""

from __future__ import annotations

from attrs import define, field, frozen

from engine.document import Align
from hardware.limits import PAPER_BYTES_MAX, PAPER_ROWS_MAX
from hardware.printer.raster import Bitmap


@frozen
class Style:
    """How characters look. `wide` and `tall` are factors 1 to 8; `small` is font B."""

    bold: bool = False
    underline: bool = False
    inverse: bool = False
    wide: int = 1
    tall: int = 1
    small: bool = False


@frozen
class Span:
    """Characters of one style."""

    text: str
    style: Style


@frozen
class TextRow:
    """One printed line."""

    spans: tuple[Span, ...]
    align: Align

    @property
    def text(self) -> str:
        """The characters without their styles."""
        return "".join(span.text for span in self.spans)


@frozen
class RasterRow:
    """A picture. `wide` and `tall` are 1 or 2 and multiply its dots."""

    bitmap: Bitmap
    align: Align
    wide: int = 1
    tall: int = 1


@frozen
class SymbolRow:
    """A QR code or bar code the printer drew itself. `kind` is `qr`, `code128`, `ean13` …"""

    kind: str
    data: str
    align: Align
    module_dots: int
    height_dots: int
    readable: bool = False


@frozen
class FeedRow:
    """Blank paper, `dots` tall."""

    dots: int


@frozen
class CutRow:
    """The blade."""

    partial: bool


@frozen
class PulseRow:
    """A drawer kick. `pin` 2 or 5; `on_ms` how long the current was on."""

    pin: int
    on_ms: int
    real_time: bool


PaperRow = TextRow | RasterRow | SymbolRow | FeedRow | CutRow | PulseRow


@frozen
class Ask:
    """Something the printer was asked to send back.

    `kind`: `real_time` (DLE EOT), `sensor` (GS r), `info` (GS I), `auto` (GS a), `process`
    (GS ( H), `clear` (DLE DC4 8), `recover` (DLE ENQ). `number` is the command's parameter.
    """

    kind: str
    number: int
    data: bytes = b""


Item = PaperRow | Ask


def _weight(row: PaperRow) -> int:
    match row:
        case TextRow():
            return 64 + sum(len(span.text) for span in row.spans)
        case RasterRow():
            return 64 + len(row.bitmap.bits)
        case SymbolRow():
            return 64 + len(row.data)
        case _:
            return 64


@define
class Paper:
    """Rows since the last cut; bounded, and what did not fit is counted in `lost_rows`."""

    rows: list[PaperRow] = field(factory=list)
    lost_rows: int = 0
    _bytes: int = 0

    def add(self, row: PaperRow) -> None:
        """Append, or count as lost where the paper is full."""
        weight = _weight(row)
        if len(self.rows) >= PAPER_ROWS_MAX or self._bytes + weight > PAPER_BYTES_MAX:
            self.lost_rows += 1
            return
        self.rows.append(row)
        self._bytes += weight

    def take(self) -> tuple[PaperRow, ...]:
        """The rows so far; the paper is blank afterwards."""
        rows = tuple(self.rows)
        self.rows.clear()
        self._bytes = 0
        return rows


def receipts(rows: tuple[PaperRow, ...]) -> list[tuple[PaperRow, ...]]:
    """Split at cuts; a cut ends its receipt and stays in it. A tail without a cut is the last."""
    parts: list[list[PaperRow]] = [[]]
    for row in rows:
        parts[-1].append(row)
        if isinstance(row, CutRow):
            parts.append([])
    return [tuple(part) for part in parts if part]
