"""Receipts a terminal sends, line by line (`06 D1`) or as blocks (`06 D3`), unchanged.

Source: PA00P015 revision 13.08, chapters 3.5 (print line), 3.6 (print text block) and 9.4.2 (tags).
"""

from __future__ import annotations

from typing import Any

import attrs
from attrs import define, field

from engine.terminal import Slip, SlipLine, is_signed
from hardware.terminal.limits import SLIP_LINE_CHARS_MAX, SLIP_LINES_MAX, SLIPS_MAX
from hardware.terminal.zvt import codes
from hardware.terminal.zvt.letters import decoded
from hardware.terminal.zvt.objects import find, find_anywhere
from native import ZvtMessage, mask_card_numbers

_RESERVED, _LAST, _FEED = 0x80, 0x80, 0xFF
_COUNT_MAX = 0x1F  # below the letters: a count of empty lines, and no text
_CENTRED, _WIDE, _TALL = 0x40, 0x20, 0x10
_MUST_PRINT, _SIGNATURE = 0x80, 0x02
_EMPTY = SlipLine("")
_CHARSETS = {0x00: "ascii", 0xFE: "utf-8", 0xFF: "cp437"}


def charset_of(objects: object) -> str:
    """The character set of the texts in a container, empty where it is not told."""
    code = find_anywhere(objects, 0x14)
    if not (isinstance(code, bytes) and code):
        return ""
    number = code[0]
    if 0x01 <= number <= 0x10 and number != 0x0C:
        return f"iso8859-{number}"
    return _CHARSETS.get(number, "cp437")


def lines_of(attribute: int, data: bytes, charset: str = "") -> list[SlipLine]:
    """The lines that one text, or a feed, makes; `charset` where it is told."""
    if attribute == _FEED:
        return [_EMPTY] * (data[0] if data else 1)
    # The floor searched the bytes; what letters of another charset make of them is searched again.
    text = mask_card_numbers(decoded(data, charset))
    return [
        SlipLine(
            text[:SLIP_LINE_CHARS_MAX],
            centred=bool(attribute & _CENTRED),
            wide=bool(attribute & _WIDE),
            tall=bool(attribute & _TALL),
            indent=0 if attribute & _CENTRED else attribute & 0x0F,
        )
    ]


def _is_count(data: bytes) -> bool:
    """Whether what follows a feed within a block is a number of lines, and not a text."""
    return len(data) == 1 and data[0] <= _COUNT_MAX


def _is_mark(data: bytes) -> bool:
    return bool(data) and _is_last(data[0])


def _is_last(attribute: int) -> bool:
    """Whether a line with this attribute is the last of its receipt."""
    return bool(attribute & _LAST) and attribute not in (_RESERVED, _FEED)


@define
class SlipReader:
    """Collects the receipts of one command. Lines beyond the limits are counted in `dropped`, and
    the last receipt says at its end how many."""

    slips: list[Slip] = field(factory=list)
    dropped: int = 0
    _lines: list[SlipLine] = field(factory=list)
    _room: int = SLIP_LINES_MAX
    _bare: list[int] = field(factory=list)
    _kind: str = ""
    _bits: int | None = None

    def line(self, message: ZvtMessage) -> bool:
        """Take a `06 D1`; whether it ended a receipt."""
        attribute = message.fields.get("attribute", 0)
        self._kind = _kind_of(message.fields.get(0x06)) or self._kind
        text = message.fields.get("text") or b""
        if attribute != _RESERVED:
            self._add(lines_of(attribute, text))
        if _is_last(attribute):
            self.end()
            return True
        return False

    def block(self, message: ZvtMessage) -> bool:
        """Take a `06 D3`; whether it ended a receipt. One receipt may have several: a mark behind
        its last line ends it, or that the next is somebody else's. Whose it is and what to do with
        it may stand in any of them."""
        objects = message.fields.get(0x06)
        ended_before, kind = len(self.slips), _kind_of(objects)
        if self._kind and kind and kind != self._kind:
            self.end()
        self._kind = kind or self._kind
        info = find_anywhere(objects, 0x1F37)
        if isinstance(info, bytes) and info:
            self._bits = info[0]
        self.texts(find(objects, 0x25) or [], charset_of(objects))
        return len(self.slips) > ended_before

    def texts(self, items: list[tuple[int, Any]], charset: str) -> None:
        """The lines of a block. Of its marks the last counts at its end: one that stands before the
        last line, as attributes do, leaves it its line."""
        told = [(tag, value) for tag, value in items if isinstance(value, bytes)]
        marks = [at for at, (tag, value) in enumerate(told) if tag == 0x09 and _is_mark(value)]
        attribute = 0
        for at, (tag, value) in enumerate([*told, (0x09, b"\0")]):
            is_fed = attribute == _FEED
            if is_fed and tag == 0x07 and (not value or _is_count(value)):
                self._add(lines_of(_FEED, value, charset))
                attribute = 0
                continue
            if is_fed and tag in (0x07, 0x09):
                self._add([_EMPTY])
                attribute = 0
            if tag == 0x07:
                self._add(lines_of(attribute & ~_LAST, value, charset))
            elif tag == 0x09 and value:
                attribute = value[0]
            if at in marks[:-1]:
                self.end()
        if marks:
            self.end()

    def _add(self, lines: list[SlipLine]) -> None:
        kept = lines[: self._room]
        self._lines += kept
        self._room -= len(kept)
        self.dropped += len(lines) - len(kept)

    def end(self) -> None:
        """Whatever has come is a receipt. Where nothing says what to do with it, as with lines, it
        is wanted on paper."""
        told = _MUST_PRINT if self._bits is None else self._bits
        if self._lines and len(self.slips) < SLIPS_MAX:
            must_print, needs_signature = bool(told & _MUST_PRINT), bool(told & _SIGNATURE)
            self._bare += [len(self.slips)] if self._bits is None else []
            self.slips.append(Slip(tuple(self._lines), self._kind, must_print, needs_signature))
        elif self._lines:
            self.dropped += len(self._lines)
        self._lines, self._kind, self._bits = [], "", None

    @property
    def kept(self) -> tuple[Slip, ...]:
        """The receipts that ended, with what was cut said on the last."""
        if not (self.dropped and self.slips):
            return tuple(self.slips)
        *others, last = self.slips
        cut = SlipLine(f"[{self.dropped} more lines, not kept]")
        return (*others, attrs.evolve(last, lines=(*last.lines, cut)))

    def of_payment(self, verification: str) -> tuple[Slip, ...]:
        """The receipts of one payment. Of two that nobody says are whose, the first is the
        merchant's. `verification` is how its card's owner was asked: what was to be signed for is
        signed on the merchant's, where nothing else says so."""
        slips = list(self.kept)
        kinds = [slip.kind for slip in slips]
        if kinds.count("") > 1 and "merchant" not in kinds:
            kinds[kinds.index("")] = "merchant"
        signed = next((kinds.index(kind) for kind in ("merchant", "") if kind in kinds), None)
        is_bare = signed in self._bare
        if not (is_bare and is_signed(verification)):
            signed = None
        return tuple(
            attrs.evolve(slip, kind=kind, needs_signature=slip.needs_signature or at == signed)
            for at, (slip, kind) in enumerate(zip(slips, kinds, strict=True))
        )


def _kind_of(objects: Any) -> str:
    kind = find_anywhere(objects, 0x1F07)
    return codes.SLIP_KINDS.get(kind[0], "") if isinstance(kind, bytes) and kind else ""
