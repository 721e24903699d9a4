"""The display actor: keeps a customer display showing the latest two lines."""

from __future__ import annotations

import trio

from actors.mailbox import Envelope
from actors.messages import Accepted, DeviceState, ShowLines
from hardware.device import CableDevice
from hardware.display.codec import Protocol
from hardware.display.session import DisplaySession
from hardware.printer.codepages import Page
from hardware.transport import ByteStream, Place


class DisplayDevice(CableDevice):
    """A customer display of two lines.

    Owns: the cable, and the lines it should show.
    Receives: `ShowLines`; the latest wins, and a slow display skips those between.
    Sends: `DeviceStatus` to `devices`.
    If it dies: it starts blank and shows the next lines it is told.
    """

    def __init__(self, address: str, place: Place, *, protocol: Protocol, page: Page) -> None:
        super().__init__(address, place)
        self.session = DisplaySession(protocol, page)
        self._wanted = ShowLines("", "")
        self._changed = trio.Event()

    async def receive(self, envelope: Envelope) -> None:
        """Take the newest lines; writing them is another task's work."""
        if isinstance(envelope.body, ShowLines):
            self._wanted = envelope.body
            self._changed.set()
            envelope.answer(Accepted())
        else:
            await super().receive(envelope)

    async def converse(self, stream: ByteStream) -> None:
        """Write changes, and read only to notice a pulled cable."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._listen, stream)
            await stream.send_all(self.session.opened())
            self.board.show(DeviceState.READY)
            while True:
                self._changed = trio.Event()
                data = self.session.show(self._wanted.top, self._wanted.bottom)
                if data:
                    await stream.send_all(data)
                await self._changed.wait()

    async def _listen(self, stream: ByteStream) -> None:
        while True:
            await stream.receive_some()
