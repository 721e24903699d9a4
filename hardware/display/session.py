"""What to write so that a display shows two lines: only what differs from what it shows now."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import define

from hardware.display.codec import Message, Protocol, Reset, Write, encode, fit_line
from hardware.limits import DISPLAY_COLUMNS, DISPLAY_ROWS
from hardware.printer.codepages import DEFAULT_PAGE, Page

_BLANK = (b" " * DISPLAY_COLUMNS,) * DISPLAY_ROWS


@define
class DisplaySession:
    """One display; `page` is the character table it is set to."""

    protocol: Protocol = Protocol.EPSON
    page: Page = DEFAULT_PAGE
    shown: tuple[bytes, ...] = _BLANK

    def opened(self) -> bytes:
        """A new connection: what the display shows is not known, so begin blank."""
        self.shown = _BLANK
        return encode(Reset(self.page), self.protocol)

    def show(self, top: str, bottom: str) -> bytes:
        """Bytes that turn what is shown into these lines; none where it shows them already."""
        wanted = (fit_line(top, self.page), fit_line(bottom, self.page))
        messages = [message for row in range(DISPLAY_ROWS) for message in self._row(row, wanted)]
        self.shown = wanted
        return b"".join(encode(message, self.protocol) for message in messages)

    def _row(self, row: int, wanted: tuple[bytes, ...]) -> Iterator[Message]:
        old, new = self.shown[row], wanted[row]
        changed = [at for at in range(DISPLAY_COLUMNS) if old[at] != new[at]]
        if not changed:
            return
        if self.protocol is Protocol.CD5220:
            yield Write(row, 0, new)
        else:
            yield Write(row, changed[0], new[changed[0] : changed[-1] + 1])
