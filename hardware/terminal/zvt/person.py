"""What a person does at a simulated ZVT terminal, planned beforehand."""

from __future__ import annotations

from typing import Any

from attrs import define


@define
class Plan:
    """What happens at the terminal in one transaction.

    `card` is insert, tap, keyed (its number is typed), none (nobody comes) or ask (a person
    decides). `lose` are controls of messages that never reach the register; with `breaks` the cable
    breaks for a moment just before the result is told, and money moved all the same.
    `partial_minor` approves less (below nothing: half) of all that is no reversal, `decline` is a
    result code, `says_minor` an amount and `says_card` a card number it tells instead of the true
    ones. `extra` are more fields of its result and `objects` more objects in its container, `shows`
    is displayed and told meanwhile, `slip_lines` stand on its receipts, and `why` is told with an
    end that is none. `host_result` is what the host says of it later, where it was taken offline: 0
    pays. `prints` sends receipts, and `prints_declined` those of what came to nothing; `by_line`
    sends them line by line. Without `names_tip` a tip is charged and not named, as by terminals
    that only were asked with one.
    """

    card: str = "insert"
    decline: int = 0
    partial_minor: int | None = None
    tip_minor: int = 0
    says_minor: int | None = None
    says_card: str = ""
    lose: tuple[int, ...] = ()
    breaks: bool = False
    prints: bool = True
    prints_declined: bool = False
    by_line: bool = False
    slip_lines: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    why: str = ""
    extra: tuple[tuple[int | str, Any], ...] = ()
    objects: tuple[tuple[int, Any], ...] = ()
    names_tip: bool = True
    host_result: int = 0
