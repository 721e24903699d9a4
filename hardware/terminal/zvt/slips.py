"""Receipts a terminal sends, line by line (`06 D1`) or as blocks (`06 D3`), unchanged.

Source: PA00P015 revision 13.08, chapters 3.7 (print line) and 3.8 (print text block).
"""

from __future__ import annotations

from typing import Any

import attrs
from attrs import define, field

from engine.terminal import Slip, SlipLine, is_signed
from hardware.terminal.limits import SLIP_LINE_CHARS_MAX, SLIP_LINES_MAX, SLIPS_MAX
from hardware.terminal.zvt import codes
from hardware.terminal.zvt.codec import find, find_anywhere
from native import ZvtMessage, mask_card_numbers

_RESERVED, _LAST, _FEED = 0x80, 0x80, 0xFF
_CENTRED, _WIDE, _TALL = 0x40, 0x20, 0x10
_MUST_PRINT, _SIGNATURE = 0x80, 0x02
_CHARSETS = {0x00: "ascii", 0xFE: "utf-8", 0xFF: "cp437"}


def _charset(objects: object) -> str:
    code = find_anywhere(objects, 0x14)
    number = code[0] if isinstance(code, bytes) and code else 0xFF
    if 0x01 <= number <= 0x10 and number != 0x0C:
        return f"iso8859-{number}"
    return _CHARSETS.get(number, "cp437")


def _line(attribute: int, data: bytes, charset: str) -> list[SlipLine]:
    if attribute == _FEED:
        return [SlipLine("")] * (data[0] if data else 1)
    # The floor searched the bytes; what letters of another charset make of them is searched again.
    text = mask_card_numbers(data.decode(charset, "replace"))
    return [
        SlipLine(
            text[:SLIP_LINE_CHARS_MAX],
            centred=bool(attribute & _CENTRED),
            wide=bool(attribute & _WIDE),
            tall=bool(attribute & _TALL),
            indent=0 if attribute & _CENTRED else attribute & 0x0F,
        )
    ]


@define
class SlipReader:
    """Collects the receipts of one command. Lines beyond the limits are counted in `dropped`."""

    slips: list[Slip] = field(factory=list)
    dropped: int = 0
    _lines: list[SlipLine] = field(factory=list)
    _bare: list[Slip] = field(factory=list)
    _kind: str = ""

    def line(self, message: ZvtMessage) -> bool:
        """Take a `06 D1`; whether it ended a receipt."""
        attribute = message.fields.get("attribute", 0)
        self._kind = _kind_of(message.fields.get(0x06)) or self._kind
        text = message.fields.get("text") or b""
        if attribute != _RESERVED:
            self._add(_line(attribute, text, "cp437"))
        if attribute & _LAST and attribute not in (_RESERVED, _FEED):
            self.end()
            return True
        return False

    def block(self, message: ZvtMessage) -> bool:
        """Take a `06 D3`; whether it ended a receipt, which it always does."""
        objects = message.fields.get(0x06)
        charset, attribute = _charset(objects), 0
        self._kind = _kind_of(objects) or self._kind
        for tag, value in find(objects, 0x25) or []:
            if tag == 0x09 and isinstance(value, bytes) and value:
                attribute = value[0]
            elif tag == 0x07 and isinstance(value, bytes):
                self._add(_line(attribute & 0x7F, value, charset))
        info = find_anywhere(objects, 0x1F37)
        self.end(info[0] if isinstance(info, bytes) and info else None)
        return True

    def _add(self, lines: list[SlipLine]) -> None:
        room = SLIP_LINES_MAX - len(self._lines)
        self._lines += lines[:room]
        self.dropped += len(lines[room:]) if room < len(lines) else 0

    def end(self, bits: int | None = None) -> None:
        """Whatever has come is a receipt. `bits` says what to do with it; lines have none, and what
        comes so is wanted on paper."""
        told = _MUST_PRINT if bits is None else bits
        if self._lines and len(self.slips) < SLIPS_MAX:
            must_print, needs_signature = bool(told & _MUST_PRINT), bool(told & _SIGNATURE)
            self.slips.append(Slip(tuple(self._lines), self._kind, must_print, needs_signature))
            self._bare += [self.slips[-1]] if bits is None else []
        elif self._lines:
            self.dropped += len(self._lines)
        self._lines, self._kind = [], ""

    def of_payment(self, verification: str) -> tuple[Slip, ...]:
        """The receipts of one payment. Of two that nobody says are whose, the first is the
        merchant's. `verification` is how its card's owner was asked: what was to be signed for is
        signed on the merchant's, where nothing else says so."""
        slips = list(self.slips)
        kinds = [slip.kind for slip in slips]
        if kinds.count("") > 1 and "merchant" not in kinds:
            kinds[kinds.index("")] = "merchant"
        signed = next((kinds.index(kind) for kind in ("merchant", "") if kind in kinds), None)
        is_bare = signed is not None and slips[signed] in self._bare
        if not (is_bare and is_signed(verification)):
            signed = None
        return tuple(
            attrs.evolve(slip, kind=kind, needs_signature=slip.needs_signature or at == signed)
            for at, (slip, kind) in enumerate(zip(slips, kinds, strict=True))
        )


def _kind_of(objects: Any) -> str:
    kind = find_anywhere(objects, 0x1F07)
    return codes.SLIP_KINDS.get(kind[0], "") if isinstance(kind, bytes) and kind else ""
