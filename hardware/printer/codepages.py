"""Which ESC/POS character page can print a text, and which text needs a picture instead.

Source: Epson ESC/POS reference, ESC t (select character code table), page numbers of the TM series;
the tables themselves are those of Python's codecs.
"""

from __future__ import annotations

import unicodedata

from attrs import frozen


@frozen
class Page:
    """One character table: `number` for ESC t, `codec` as Python names it.

    `unsafe` are characters the codec has and some printers' tables do not.
    """

    name: str
    number: int
    codec: str
    unsafe: frozenset[str] = frozenset()

    def encode(self, text: str) -> bytes | None:
        """`text` in this table, None where a character is missing or doubtful."""
        if not self.unsafe.isdisjoint(text):
            return None
        try:
            return text.encode(self.codec)
        except UnicodeEncodeError:
            return None

    def decode(self, data: bytes) -> str:
        """Text of `data`; what the table does not hold becomes U+FFFD."""
        return data.decode(self.codec, "replace")


# Greek tables older than 2003 have nothing at A4, where the codec puts the euro sign.
_ISO_GREEK_UNSAFE = frozenset("\u20ac\u20af\u037a")

PAGES: tuple[Page, ...] = (
    Page("CP437", 0, "cp437"),
    Page("CP858", 19, "cp858"),
    Page("WPC1252", 16, "cp1252"),
    Page("CP850", 2, "cp850"),
    Page("CP852", 18, "cp852"),
    Page("CP866", 17, "cp866"),
    Page("CP737", 14, "cp737"),
    Page("ISO8859-7", 15, "iso8859_7", _ISO_GREEK_UNSAFE),
    Page("CP857", 13, "cp857"),
    Page("CP860", 3, "cp860"),
    Page("CP863", 4, "cp863"),
    Page("CP865", 5, "cp865"),
    Page("CP775", 33, "cp775"),
    Page("CP855", 34, "cp855"),
    Page("CP861", 35, "cp861"),
    Page("CP869", 38, "cp869"),
    Page("ISO8859-2", 39, "iso8859_2"),
    Page("ISO8859-15", 40, "iso8859_15"),
    Page("WPC1250", 45, "cp1250"),
    Page("WPC1251", 46, "cp1251"),
    Page("WPC1253", 47, "cp1253"),
    Page("WPC1254", 48, "cp1254"),
    Page("WPC1257", 51, "cp1257"),
)

_BY_NUMBER = {page.number: page for page in PAGES}
_BY_NAME = {page.name: page for page in PAGES}
DEFAULT_PAGE = _BY_NUMBER[0]

# Every printer this was written for has these; a profile may allow more.
COMMON_PAGES = ("CP437", "CP858", "WPC1252", "CP850", "CP852", "CP866", "CP737", "ISO8859-7")


def page_by_number(number: int) -> Page | None:
    """The page ESC t `number` selects, None for one that is not listed here."""
    return _BY_NUMBER.get(number)


def pages_by_name(names: tuple[str, ...]) -> tuple[Page, ...]:
    """Pages in the order given.

    Raises:
        ValueError: a name is not one of ours; the message lists those that are.
    """
    unknown = [name for name in names if name not in _BY_NAME]
    if unknown:
        raise ValueError(f"unknown code page {unknown[0]}; known are {', '.join(_BY_NAME)}")
    return tuple(_BY_NAME[name] for name in names)


def find_runs(text: str, pages: tuple[Page, ...], current: Page) -> list[tuple[Page, bytes]] | None:
    """`text` as runs of one page each, with their bytes; few runs, the current page preferred.

    None where a character is in no page, or where the text runs right to left or joins
    characters: such a line is printed as a picture, because a table cannot turn or join.
    """
    if needs_picture(text):
        return None
    runs: list[tuple[Page, bytes]] = []
    at = 0
    while at < len(text) or not runs:
        page, size = _longest(text[at:], (current, *pages))
        if not size and text:
            return None
        runs.append((page, page.encode(text[at : at + size]) or b""))
        current, at = page, at + size
    return runs


def _longest(text: str, pages: tuple[Page, ...]) -> tuple[Page, int]:
    """The page that reaches furthest into `text`, the first of equals, and how far."""
    best, reach = pages[0], 0
    for page in pages:
        if page.encode(text) is not None:
            return page, len(text)
        size = next(at for at, char in enumerate(text) if page.encode(char) is None)
        if size > reach:
            best, reach = page, size
    return best, reach


def needs_picture(text: str) -> bool:
    """Whether a printer's own characters would come out wrong whatever the page."""
    return not text.isascii() and any(
        unicodedata.combining(char) or unicodedata.bidirectional(char) in ("R", "AL", "AN")
        for char in text
    )


def cell_width(char: str) -> int:
    """Columns one character takes: 0, 1 or 2.

    Source: Unicode UAX 11, classes W and F are two columns; ambiguous ones count as one.
    """
    if char.isascii():
        return 1
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def text_width(text: str) -> int:
    """Columns a text takes at single width."""
    if text.isascii():
        return len(text)
    return sum(map(cell_width, text))
