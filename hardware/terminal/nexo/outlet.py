"""Where a simulated terminal is plugged in: connections that can be pulled, cut and counted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

import trio

from hardware.plug import Plug, Ready

Serve = Callable[[trio.abc.Stream], Awaitable[None]]


class Outlet(Plug, ABC):
    """Accepts connections while it is plugged in, each served by a task of its own."""

    async def run(
        self, serve: Serve, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Serve for ever; started once the other side can connect."""

        async def live(ready: Ready) -> None:
            async with trio.open_nursery() as nursery:
                await self._open(nursery, serve)
                ready()
                await trio.sleep_forever()

        await self._while_plugged(live, task_status)

    @abstractmethod
    async def _open(self, nursery: trio.Nursery, serve: Serve) -> None:
        """Begin to accept, in tasks of `nursery`."""


class TcpOutlet(Outlet):
    """A port of this machine; the same one whenever it is plugged in again."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__()
        self.host, self.port = host, port

    async def _open(self, nursery: trio.Nursery, serve: Serve) -> None:
        listeners = await trio.open_tcp_listeners(self.port, host=self.host)
        self.port = listeners[0].socket.getsockname()[1]
        await nursery.start(trio.serve_listeners, serve, listeners)


class Meter(trio.abc.Stream):
    """A stream that counts, and that breaks where it is told to.

    `cut_after` breaks it after so many more bytes were sent, `deaf_after` after so many more were
    heard; what came before arrives.
    """

    def __init__(self, stream: trio.abc.Stream, limits: Limits) -> None:
        self._stream = stream
        self._limits = limits

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """As trio."""
        if self._limits.is_cut:
            await self._break()
        kept = self._limits.spend("cut_after", bytes(data))
        self._limits.sent_bytes += len(kept)
        await self._stream.send_all(kept)
        if self._limits.is_cut:
            await self._break()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """As trio."""
        if self._limits.is_cut:
            await self._break()
        data = bytes(await self._stream.receive_some(max_bytes))
        kept = self._limits.spend("deaf_after", data)
        self._limits.heard_bytes += len(kept)
        if self._limits.is_cut and not kept:
            await self._break()
        return kept

    async def wait_send_all_might_not_block(self) -> None:
        """As trio."""
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        """As trio."""
        await self._stream.aclose()

    async def _break(self) -> None:
        await trio.aclose_forcefully(self._stream)
        raise trio.BrokenResourceError("the cable was cut")


class Limits:
    """How many bytes may still pass; None for any. `is_cut` once one of them was reached."""

    def __init__(self) -> None:
        self.cut_after: int | None = None
        self.deaf_after: int | None = None
        self.is_cut = False
        self.sent_bytes = self.heard_bytes = 0

    def spend(self, name: str, data: bytes) -> bytes:
        """As much of `data` as passes."""
        left: int | None = getattr(self, name)
        if left is None:
            return b"" if self.is_cut else data
        kept = data[:left]
        setattr(self, name, left - len(kept))
        self.is_cut = self.is_cut or left <= len(data)
        return kept

    def mend(self) -> None:
        """Let everything pass again."""
        self.cut_after = self.deaf_after = None
        self.is_cut = False
