"""Cables in memory: the far end is a carrier for the fakes, the near end a place to connect to."""

from __future__ import annotations

from collections import deque

import trio
from attrs import define, field

from actors.waking import Wake
from hardware.carrier import Carrier, Handle
from hardware.transport import TransportError


@define(eq=False)
class Wire:
    """One direction of a cable. Bytes that were sent arrive, even after the other end let go."""

    chunks: deque[bytes] = field(factory=deque)
    is_cut: bool = False
    news: Wake = field(factory=Wake)

    def push(self, data: bytes) -> None:
        """Send."""
        if data:
            self.chunks.append(data)
            self.news.wake()

    def cut(self) -> None:
        """Nothing more comes, and what was on the way is lost."""
        self.is_cut = True
        self.chunks.clear()
        self.news.wake()

    async def take(self) -> bytes:
        """All there is; none once it is cut."""
        if self.chunks or self.is_cut:
            await trio.lowlevel.checkpoint()
        while not self.chunks and not self.is_cut:
            await self.news.wait()
        data = b"".join(self.chunks)
        self.chunks.clear()
        return data


@define(eq=False)
class Stream:
    """The near end of one connection, as `hardware.transport.ByteStream`."""

    outgoing: Wire = field(factory=Wire)
    incoming: Wire = field(factory=Wire)

    async def send_all(self, data: bytes) -> None:
        """Write; the cable may be pulled while this waits for its turn."""
        await trio.lowlevel.checkpoint()
        if self.outgoing.is_cut:
            raise trio.BrokenResourceError("the cable was pulled")
        self.outgoing.push(bytes(data))

    async def receive_some(self) -> bytes:
        """Some bytes."""
        data = await self.incoming.take()
        if not data:
            raise trio.BrokenResourceError("the cable was pulled")
        return data

    async def aclose(self) -> None:
        """Let go; both ends notice."""
        self.cut()
        await trio.lowlevel.checkpoint()

    def cut(self) -> None:
        """Pull the cable."""
        self.outgoing.cut()
        self.incoming.cut()


class SimulatedCarrier(Carrier):
    """The far end of a cable; it serves one connection at a time, as printers do. What it says
    takes `slow_s`."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.url = f"simulated://{address}"
        self.slow_s = 0.0
        self._is_in = False
        self._stream: Stream | None = None
        self._called = trio.lowlevel.ParkingLot()
        self._waiting: deque[Stream] = deque()

    async def open(self) -> Stream:
        """Connect, as `hardware.transport.OtherPlace`.

        Raises:
            TransportError: the cable is out.
        """
        await trio.lowlevel.checkpoint()
        if not self._is_in:
            raise TransportError("unplugged", f"{self.url} is not there; check the cable")
        stream = Stream()
        self._waiting.append(stream)
        self._called.unpark()
        return stream

    async def _open(self) -> None:
        self._is_in = True
        await trio.lowlevel.checkpoint()

    async def _serve(self, handle: Handle) -> None:
        while True:
            while not self._waiting:
                await self._called.park()
            self._stream = self._waiting.popleft()
            while data := await self._stream.outgoing.take():
                await handle(data)
            self._hang_up()

    def _hang_up(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.cut()

    async def _close(self) -> None:
        self._is_in = False
        self._hang_up()
        while self._waiting:
            self._waiting.popleft().cut()
        await trio.lowlevel.checkpoint()

    async def _send(self, data: bytes) -> None:
        stream = self._stream
        if self.slow_s:
            await trio.sleep(self.slow_s)
        if stream is not None and stream is self._stream:
            stream.incoming.push(data)
