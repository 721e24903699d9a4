"""What every card terminal can be asked, whatever it speaks."""

from __future__ import annotations

from typing import Protocol

from engine.terminal import Answer, Condition, Settlement, Transaction


class CardTerminal(Protocol):
    """What every terminal can be asked, one thing at a time."""

    async def request(self, transaction: Transaction) -> Answer:
        """Do it and wait for the end; never raises for what happens at the terminal."""
        ...

    async def reverse(self, original: Answer) -> Answer:
        """Undo an approved transaction whole."""
        ...

    async def inquire(self, doubt: Answer) -> Answer:
        """Ask what became of an unknown one; the same doubt again where that cannot be told."""
        ...

    async def abort(self) -> bool:
        """Ask for an end of what runs; its answer says whether that was in time. False: nothing
        ran."""
        ...

    async def status(self) -> Condition:
        """How it is now."""
        ...

    async def settle(self) -> Settlement:
        """End its day."""
        ...
