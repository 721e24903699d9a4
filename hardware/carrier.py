"""The far end of a cable, for fakes: real sockets and ptys that can be pulled and put back.

A fake runs a carrier with a handler for the bytes that arrive and sends through it; the device
side connects to `url` with its ordinary transport.
"""

from __future__ import annotations

import contextlib
import os
import tty
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from pathlib import Path

import trio

from hardware.limits import READ_BYTES_MAX
from hardware.plug import Plug, Ready
from hardware.turn import Turn

Handle = Callable[[bytes], Awaitable[None]]


class Carrier(Plug, ABC):
    """One end of a cable. `url` is what the device side connects to, once `run` has started."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self._sending = Turn()

    async def run(
        self, handle: Handle, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Hand arriving bytes to `handle` for ever; started once the other side can connect."""

        async def live(ready: Ready) -> None:
            await self._open()
            try:
                ready()
                await self._serve(handle)
            finally:
                with trio.CancelScope(shield=True):
                    await self._close()

        await self._while_plugged(live, task_status)

    async def send(self, data: bytes) -> None:
        """Write to the other side; lost where nobody is connected."""
        async with self._sending:
            await self._send(data)

    @abstractmethod
    async def _send(self, data: bytes) -> None: ...

    @abstractmethod
    async def _open(self) -> None: ...

    @abstractmethod
    async def _serve(self, handle: Handle) -> None: ...

    @abstractmethod
    async def _close(self) -> None: ...


class TcpCarrier(Carrier):
    """Listens on a socket and serves one connection at a time, as printers do."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__()
        self.host, self.port = host, port
        self._listeners: list[trio.SocketListener] = []
        self._stream: trio.SocketStream | None = None

    async def _open(self) -> None:
        self._listeners = await trio.open_tcp_listeners(self.port, host=self.host)
        self.port = self._listeners[0].socket.getsockname()[1]
        self.url = f"tcp://{self.host}:{self.port}"

    async def _serve(self, handle: Handle) -> None:
        while True:
            self._stream = await self._listeners[0].accept()
            try:
                while data := await self._stream.receive_some(READ_BYTES_MAX):
                    await handle(bytes(data))
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                pass
            finally:
                await self._hang_up()

    async def _hang_up(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            with trio.CancelScope(shield=True):
                await stream.aclose()

    async def _close(self) -> None:
        await self._hang_up()
        for listener in self._listeners:
            await listener.aclose()

    async def _send(self, data: bytes) -> None:
        if self._stream is None or not data:
            return
        with contextlib.suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            await self._stream.send_all(data)


class PtyCarrier(Carrier):
    """A pty whose device file appears as `folder/name` while the cable is in."""

    def __init__(self, folder: Path, name: str = "tty") -> None:
        super().__init__()
        self.path = folder / name
        self.url = f"serial://{self.path}?baud=115200"
        self._ours = self._theirs = -1

    async def _open(self) -> None:
        # Holding the other end open too lets programs come and go, as a real port does.
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        os.set_blocking(self._ours, False)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(self._theirs))
        await trio.lowlevel.checkpoint()

    async def _serve(self, handle: Handle) -> None:
        while True:
            try:
                data = os.read(self._ours, READ_BYTES_MAX)
            except BlockingIOError:
                await trio.lowlevel.wait_readable(self._ours)
                continue
            await handle(data)

    async def _close(self) -> None:
        self.path.unlink(missing_ok=True)
        trio.lowlevel.notify_closing(self._ours)
        os.close(self._ours)
        os.close(self._theirs)
        self._ours = self._theirs = -1
        await trio.lowlevel.checkpoint()

    async def _send(self, data: bytes) -> None:
        """Bytes that nobody reads are lost once the port's buffer is full."""
        await trio.lowlevel.checkpoint()
        rest = memoryview(data)
        while rest and self._ours >= 0:
            try:
                rest = rest[os.write(self._ours, rest) :]
            except BlockingIOError:
                with trio.move_on_after(1) as scope:
                    await trio.lowlevel.wait_writable(self._ours)
                if scope.cancelled_caught:
                    return
            except (OSError, trio.ClosedResourceError):
                return
