"""A scanner that writes real bytes to a pty or a socket."""

from __future__ import annotations

import trio

from hardware.carrier import Carrier
from hardware.scanner.codec import Scan, encode_scan


class ScannerFake:
    """A serial scanner with a trigger. Bytes sent to it are kept in `heard`, at most 4 KiB."""

    def __init__(self, carrier: Carrier, *, terminator: bytes = b"\r") -> None:
        self.carrier = carrier
        self.terminator = terminator
        self.heard = bytearray()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve for ever; started once a device can connect."""
        await self.carrier.run(self._received, task_status=task_status)

    async def _received(self, data: bytes) -> None:
        self.heard += data[: 4096 - len(self.heard)]
        await trio.lowlevel.checkpoint()

    async def scan(self, code: str, symbology: str = "") -> None:
        """Read a label."""
        await self.carrier.send(encode_scan(Scan(code, symbology), self.terminator))

    async def send(self, data: bytes) -> None:
        """Send any bytes, such as noise or half a read."""
        await self.carrier.send(data)
