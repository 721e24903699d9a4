"""A terminal's screen, printer and keys beside payments: what is asked, and what was answered.

No money moves by it, so it has no place in the session. Card numbers that somebody types are masked
before they are read, as in all that a terminal sends.

Source: Adyen Terminal API, display, print and input requests, read 2026-11.
"""

from __future__ import annotations

from typing import Final

from actors.terminal_messages import Said, Say, Use
from hardware.terminal.limits import NS_PER_S
from hardware.terminal.nexo import codes, limits
from hardware.terminal.nexo import messages as m

_COMMANDS: Final = {
    Use.CONFIRM: "GetConfirmation",
    Use.CHOOSE: "GetMenuEntry",
    Use.DIGITS: "DigitString",
    Use.TEXT: "TextString",
}


def ask_of(say: Say) -> m.DisplayAsk | m.PrintAsk | m.InputAsk:
    """The question that goes out."""
    lines = tuple(m.Line(text) for text in say.lines)
    match say.use:
        case Use.SHOW:
            return m.DisplayAsk(lines)
        case Use.PRINT:
            return m.PrintAsk(lines)
        case Use.CHOOSE:
            return m.InputAsk(
                _COMMANDS[say.use], say.title, entries=say.lines, seconds_max=say.seconds_max
            )
        case _:
            return m.InputAsk(_COMMANDS[say.use], say.title, say.lines, seconds_max=say.seconds_max)


def within_ns(say: Say) -> int:
    """How long its answer is waited for: where nobody has to press a key, as for any question."""
    keys_ns = say.seconds_max * NS_PER_S if say.use in _COMMANDS else 0
    return keys_ns + limits.SHORT_NS


def said(told: m.Told) -> Said:
    """What the terminal made of it."""
    if isinstance(told, m.RejectedTold):
        return Said("not_delivered")
    if not isinstance(told, m.OutputTold | m.InputTold):
        return Said("other_message")
    if not told.outcome.is_success:
        return Said(codes.failure(told.outcome.condition)[1])
    if isinstance(told, m.OutputTold):
        return Said("ok")
    return Said("ok", told.is_confirmed, told.entry_index, told.text)
