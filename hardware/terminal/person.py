"""Who stands at a simulated terminal, whatever it speaks: a person who presses its keys."""

from __future__ import annotations

from collections.abc import Callable

import trio
from attrs import define

CARDS = ("tap", "insert", "type_number")
KEYS = (*CARDS, "pin", "wrong_pin", "tip", "partial", "decline", "lose_reply", "cancel",
        "time_out")  # fmt: skip
ALWAYS = frozenset({"decline", "lose_reply", "cancel", "time_out"})
_AT_THE_PIN = frozenset({"pin", "wrong_pin", "cancel", "time_out"})
PATIENCE_S = 60.0
TIP_MINOR_MAX = 100_000
_LOOK_EVERY_S = 0.05
Mind = Callable[[], None]  # raises where nobody waits for the customer any more


@define
class Click:
    """One key pressed; an amount where it was typed, else nothing."""

    key: str
    amount_minor: int = 0


class Person:
    """Presses keys while the terminal waits for one; at any other moment a key does nothing."""

    def __init__(self) -> None:
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

    async def wait_at_card(self, keys: frozenset[str], mind: Mind) -> Click:
        """What the customer does when asked for a card, of `keys` and what can always be done;
        `time_out` where nobody comes."""
        return await self._wait(keys | ALWAYS, mind)

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
