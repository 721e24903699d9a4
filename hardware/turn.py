"""One writer at a time on a cable."""

from __future__ import annotations

import trio


class Turn:
    """A lock that lets in whoever comes first, and nobody waits where nobody is before them.

    Trio's own lock gives way to other tasks each time it is taken, and what is written under it
    does so once more.
    """

    def __init__(self) -> None:
        self._is_taken = False
        self._waiting = trio.lowlevel.ParkingLot()

    async def acquire(self) -> None:
        """Take it; waits only for somebody who has it."""
        if self._is_taken:
            # Whoever lets go hands it over: it stays taken in between.
            await self._waiting.park()
        self._is_taken = True

    def release(self) -> None:
        """Let go."""
        if self._waiting:
            self._waiting.unpark()
        else:
            self._is_taken = False

    async def __aenter__(self) -> None:
        await self.acquire()

    async def __aexit__(self, *_: object) -> None:
        self.release()
