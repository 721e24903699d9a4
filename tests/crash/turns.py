"""Who may run beside whom: lives run side by side, but one whose start is timed starts alone."""

from __future__ import annotations

import trio
from attrs import define, field


@define(eq=False)
class Turns:
    """How many lives there are, and whether one of them is being timed.

    A shop's machine has the store to itself. A start that shares its processors with other lives
    would be timed by how many there are.
    """

    lives: int = 0
    timing: bool = False
    _change: trio.Condition = field(factory=trio.Condition)

    async def begin(self, *, alone: bool) -> None:
        """Wait for the turn of a life; one that is to be `alone` waits until no other is left, and
        none begins until `timed`."""
        async with self._change:
            while self.timing:
                await self._change.wait()
            if alone:
                self.timing = True
                try:
                    while self.lives:
                        await self._change.wait()
                except BaseException:
                    self.timing = False
                    self._change.notify_all()
                    raise
            self.lives += 1

    async def timed(self) -> None:
        """The life that is alone has been timed, or never will be."""
        async with self._change:
            self.timing = False
            self._change.notify_all()

    async def end(self) -> None:
        """A life is over."""
        async with self._change:
            self.lives -= 1
            self._change.notify_all()
