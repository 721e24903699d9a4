"""The scanner actor: reads codes and tells its register."""

from __future__ import annotations

from collections import deque

import trio

from actors.messages import DeviceState, Scanned
from hardware.device import CableDevice
from hardware.limits import RETRY_FIRST_S, SCAN_KEPT_NS, SCANS_QUEUED_MAX
from hardware.scanner.codec import Scan, ScanDecoder
from hardware.scanner.session import ScannerSession
from hardware.transport import ByteStream, Place

_UNREADABLE = "scans_unreadable"
_UNREADABLE_DETAIL = (
    "what the scanner sends is no code that ends as it should, and nothing of it was rung up; set "
    "its ending to the terminator of the settings (cr unless told), and its speed and parity too"
)


class ScannerDevice(CableDevice):
    """A scanner on a serial line or a socket.

    Owns: the cable, and the few codes its register has not taken yet.
    Receives: nothing.
    Sends: `Scanned` to its register, in the order read; `DeviceStatus` to `devices`, with code
    `scans_lost` once a code could not be delivered, `scans_unreadable` while what comes is no code.
    If it dies: codes not yet delivered are gone, and the cashier scans again.
    """

    def __init__(
        self,
        address: str,
        place: Place,
        *,
        register: str,
        terminator: bytes = b"\r",
        same_code_ns: int = 0,
    ) -> None:
        super().__init__(address, place)
        self.register = register
        self.session = ScannerSession(ScanDecoder(terminator), same_code_ns=same_code_ns)
        self.lost = 0
        self._waiting: deque[tuple[int, Scan]] = deque()
        self._wake = trio.Event()

    async def live(self) -> None:
        """Read and deliver side by side, so that a busy register does not stop the reading."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._deliver)
            nursery.start_soon(super().live)

    async def converse(self, stream: ByteStream) -> None:
        """Read until the cable breaks."""
        self.session.opened()
        self.board.show(DeviceState.READY)
        while True:
            data = await stream.receive_some()
            now_ns = self.world.monotonic_ns()
            before = self.session.decoder.garbage
            scans = self.session.received(data, now_ns)
            self._show(is_read=bool(scans), is_garbage=self.session.decoder.garbage > before)
            for scan in scans:
                self._waiting.append((now_ns, scan))
            self._wake.set()
            # Rather let bytes wait in the line's own buffer than drop a code that was read.
            while len(self._waiting) >= SCANS_QUEUED_MAX:
                await self.world.sleep(RETRY_FIRST_S)

    def _show(self, *, is_read: bool, is_garbage: bool) -> None:
        """Say it where no read ends as it should: a scanner set to another ending would look well
        and bring nothing, for ever."""
        if is_garbage and not is_read:
            self.board.show(DeviceState.FAILED, _UNREADABLE, _UNREADABLE_DETAIL)
        elif is_read and self.board.status.code == _UNREADABLE:
            self.board.show(DeviceState.READY)

    async def _deliver(self) -> None:
        while True:
            while not self._waiting:
                self._wake = trio.Event()
                await self._wake.wait()
            read_ns, scan = self._waiting[0]
            message = Scanned(self.address, scan.code, scan.symbology)
            if self.post.tell_nowait(self.register, message):
                self._waiting.popleft()
            elif self.world.monotonic_ns() - read_ns > SCAN_KEPT_NS:
                self._waiting.popleft()
                self._lose()
            else:
                await self.world.sleep(RETRY_FIRST_S)

    def _lose(self) -> None:
        self.lost += 1
        detail = f"{self.lost} codes never reached {self.register}; scan those items again"
        self.board.show(self.board.status.state, "scans_lost", detail)
