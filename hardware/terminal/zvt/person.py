"""Who stands at a simulated terminal: a plan made beforehand, or a person who presses its keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import trio
from attrs import define

KEYS = ("tap", "insert", "type_number", "pin", "wrong_pin", "tip", "partial", "decline",
        "lose_reply", "cancel", "time_out")  # fmt: skip
_AT_THE_CARD = frozenset(KEYS) - {"pin", "wrong_pin", "tip"}
_AT_THE_PIN = frozenset({"pin", "wrong_pin", "cancel", "time_out"})
PATIENCE_S = 60.0
TIP_MINOR_MAX = 100_000
_LOOK_EVERY_S = 0.05
Mind = Callable[[], None]  # raises where the register is gone meanwhile


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


@define
class Click:
    """One key pressed; an amount where it was typed, else nothing."""

    key: str
    amount_minor: int = 0


class Person:
    """Presses keys while the terminal waits for one; at any other moment a key does nothing.

    `may_tip` says whether the register allowed the terminal to ask for a tip.
    """

    def __init__(self) -> None:
        self.may_tip = False
        self._keys: frozenset[str] = frozenset()
        self._in, self._out = trio.open_memory_channel[Click](1)

    @property
    def keys(self) -> list[str]:
        """What may be pressed now, in the order of the keys."""
        return [key for key in KEYS if key in self._keys]

    def press(self, key: str, amount_minor: int = 0) -> bool:
        """One key; False where the terminal does not wait for it. A tip comes with its amount."""
        if key not in self._keys or (key == "tip") != (amount_minor > 0):
            return False
        self._keys = frozenset()
        self._in.send_nowait(Click(key, amount_minor))
        return True

    async def wait_at_card(self, mind: Mind) -> Click:
        """What the customer does when asked for a card; `time_out` where nobody comes."""
        return await self._wait(_AT_THE_CARD | {"tip"} if self.may_tip else _AT_THE_CARD, mind)

    async def wait_at_pin(self, mind: Mind) -> Click:
        """What the customer does when asked for a PIN; `time_out` where nobody types."""
        return await self._wait(_AT_THE_PIN, mind)

    async def _wait(self, keys: frozenset[str], mind: Mind) -> Click:
        # A key that was pressed for a payment that broke off is not for this one.
        self._in, self._out = trio.open_memory_channel[Click](1)
        self._keys = keys
        try:
            with trio.move_on_after(PATIENCE_S):
                while True:
                    mind()
                    with trio.move_on_after(_LOOK_EVERY_S):
                        return await self._out.receive()
        finally:
            self._keys = frozenset()
        return Click("time_out")
