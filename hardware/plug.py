"""A cable of a simulated thing, which can be pulled and put back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

Ready = Callable[[], None]


class Plug:
    """One end of a cable, at first plugged in."""

    def __init__(self) -> None:
        self._wanted = trio.Event()
        self._wanted.set()
        self._plugged = trio.Event()
        self._scope = trio.CancelScope()

    async def _while_plugged(
        self, live: Callable[[Ready], Awaitable[None]], task_status: trio.TaskStatus[None]
    ) -> None:
        """Run `live` for ever, anew whenever the cable is put back; pulling it cancels `live`.

        `live` calls what it is given once the other side can connect; the first such call says
        `started`.
        """

        def ready() -> None:
            nonlocal task_status
            self._plugged.set()
            task_status.started()
            task_status = trio.TASK_STATUS_IGNORED

        while True:
            # Whoever put it back may have pulled it again before this task went on.
            while not self._wanted.is_set():
                await self._wanted.wait()
            self._scope = trio.CancelScope()
            with self._scope:
                try:
                    await live(ready)
                finally:
                    if self._plugged.is_set():
                        self._plugged = trio.Event()

    @property
    def is_plugged(self) -> bool:
        """Whether the cable is in, or is being put back and nobody has pulled it since."""
        return self._wanted.is_set()

    async def unplug(self) -> None:
        """Pull the cable: every connection breaks and nobody can connect again."""
        if self._wanted.is_set():
            self._wanted = trio.Event()
        # Whoever is still putting it back has nothing to wait for any more.
        self._plugged.set()
        self._plugged = trio.Event()
        self._scope.cancel()
        await trio.lowlevel.checkpoint()

    async def plug(self) -> None:
        """Put the cable back at the same place and wait until one can connect, or somebody pulled
        it again."""
        self._wanted.set()
        await self._plugged.wait()
