"""What a terminal tells for the paper it leaves to the register: who the merchant is, whose copy
must be printed, and what a chip has to say on each.

Source: PA00P015 revision 13.08, chapters 6.3 and 6.4 (what a receipt has), 9.4.5 (tags 45 to 47, 66
to 68).
"""

from __future__ import annotations

import re
from typing import Any

from engine.terminal import ForPaper, SlipLine, Wanted
from hardware.terminal.zvt.letters import decoded
from hardware.terminal.zvt.objects import find_anywhere
from hardware.terminal.zvt.slips import SlipReader, charset_of, lines_of

_LINES_MAX = 64
_RULES = {0: Wanted.NONE, 1: Wanted.APPROVED, 2: Wanted.ALL}
_BREAKS = re.compile(rb"[\r\n]+")


def for_paper(fields: dict[int | str, Any]) -> ForPaper:
    """All of it that a `04 0F` tells. Where it approves, its additional text (field 3C) is for both
    copies; where it does not, that is the reason."""
    objects = fields.get(0x06)
    rule = find_anywhere(objects, 0x45)
    digits = rule[0] if isinstance(rule, bytes) and rule else 0xFF
    said = _texts(fields.get(0x3C), "") if fields.get(0x27) == 0 else []
    sequence = fields.get(0x17)
    return ForPaper(
        merchant_number=_text(fields.get(0x2A)),
        card_sequence="" if sequence is None else str(sequence),
        host_code=_host_code(fields.get(0xA0)),
        merchant=_RULES.get(digits >> 4, Wanted.UNTOLD),
        customer=_RULES.get(digits & 0x0F, Wanted.UNTOLD),
        merchant_lines=_lines(objects, 0x47, 0x67, said),
        customer_lines=_lines(objects, 0x46, 0x66, said),
    )


def _lines(objects: object, chip: int, whole: int, said: list[SlipLine]) -> tuple[SlipLine, ...]:
    """What is told for one copy: of its chip, which may stand within all that is told for it, and
    how the transaction went."""
    charset = charset_of(objects)
    lines = _texts(find_anywhere(objects, chip), charset)
    outcome = find_anywhere(find_anywhere(objects, whole), 0x68)
    if isinstance(outcome, list):
        reader = SlipReader()
        reader.texts(outcome, charset)
        reader.end()
        lines += [line for slip in reader.slips for line in slip.lines]
    return tuple((lines + said)[:_LINES_MAX])


def _texts(data: object, charset: str) -> list[SlipLine]:
    if not isinstance(data, bytes):
        return []
    parts = [part for part in _BREAKS.split(data.rstrip(b"\0 ")) if part]
    return [line for part in parts for line in lines_of(0, part, charset)]


def _text(data: object) -> str:
    return decoded(data.strip(b"\0 ")) if isinstance(data, bytes) else ""


def _host_code(code: object) -> str:
    return f"{code:02}" if isinstance(code, int) and code else ""
