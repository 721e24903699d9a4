"""A virtual customer display at the end of a real cable."""

from __future__ import annotations

import trio

from hardware.carrier import Carrier
from hardware.display.codec import Protocol, VirtualDisplay


class DisplayFake:
    """A display that can be read."""

    def __init__(self, carrier: Carrier, *, protocol: Protocol = Protocol.EPSON) -> None:
        self.carrier = carrier
        self.display = VirtualDisplay(protocol)
        self._changed = trio.Event()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve for ever; started once a device can connect."""
        await self.carrier.run(self._received, task_status=task_status)

    async def _received(self, data: bytes) -> None:
        self.display.feed(data)
        self._changed.set()
        self._changed = trio.Event()
        await trio.lowlevel.checkpoint()

    async def wait_shows(self, top: str, bottom: str) -> None:
        """Wait until these two lines stand there, ends trimmed."""
        while tuple(line.strip() for line in self.display.lines) != (top, bottom):
            await self._changed.wait()

    async def send(self, data: bytes) -> None:
        """Send any bytes; displays are silent, so whatever comes is noise."""
        await self.carrier.send(data)
