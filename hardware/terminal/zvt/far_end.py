"""The simulated terminal's end of the cable: frames in and out, and where the cable breaks."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod

import trio

from actors.world import SystemWorld, World
from hardware.carrier import Carrier
from hardware.terminal.limits import NS_PER_S, REPLY_NS, SERIAL_REPLY_NS
from hardware.terminal.zvt import codec
from hardware.terminal.zvt.line import Heard, Line, SerialLine, TcpLine
from native import ZvtLink, ZvtMessage, zvt_encode

TICK_S = 0.05
IDLE_TICK_S = 0.5  # a network has nothing that is due sooner
_INBOX_MAX = 64


class GoneError(Exception):
    """The register is not there any more, or does not answer."""


class FarEnd(ABC):
    """Frames of a terminal, over a cable that can be pulled at any byte.

    `cut_after` pulls it after so many more bytes were sent, `deaf_after` after so many more were
    heard; `is_cutting` from that byte until it is out. `hangs` hears and says nothing. A frame that
    came is in the inbox; `_tell` waits for the register's reply to one that was sent.
    """

    def __init__(self, carrier: Carrier, *, is_serial: bool, world: World | None) -> None:
        self.carrier = carrier
        self.hangs = False
        self.cut_after: int | None = None
        self.deaf_after: int | None = None
        self.is_cutting = False
        self.sent_bytes = self.heard_bytes = 0
        self.heard: list[int] = []
        self._is_serial = is_serial
        self._reply_s = (SERIAL_REPLY_NS if is_serial else REPLY_NS) / NS_PER_S
        self._world = world or SystemWorld()
        self._inbox_in, self._inbox = trio.open_memory_channel[ZvtMessage](_INBOX_MAX)
        self._talk = self._inbox
        self._reset_line()

    @property
    def is_plugged(self) -> bool:
        """Whether the cable is in."""
        return self.carrier.is_plugged

    @abstractmethod
    async def _serve(self) -> None:
        """Answer commands for ever."""

    @abstractmethod
    def _abort_asked(self) -> None:
        """The register wants the end of what runs."""

    def _forget_register(self) -> None:
        """Whoever waits for a reply of the register that was, hears that it is gone."""
        self._inbox_in.close()
        self._inbox_in, self._inbox = trio.open_memory_channel[ZvtMessage](_INBOX_MAX)
        self._abort = False

    def _reset_line(self) -> None:
        self._link = ZvtLink(self._is_serial)
        self._line: Line = SerialLine() if self._is_serial else TcpLine()
        self._forget_register()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve for ever; started once a register can connect."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._tick)
            nursery.start_soon(self._serve)
            await nursery.start(self.carrier.run, self._received)
            task_status.started()

    async def _received(self, data: bytes) -> None:
        if self.hangs:
            return
        if self.deaf_after is not None:
            if len(data) >= self.deaf_after:
                data, self.deaf_after = data[: self.deaf_after], None
                self.is_cutting = True
                await self._hear(data)
                await self.cut()
                return
            self.deaf_after -= len(data)
        await self._hear(data)

    async def _hear(self, data: bytes) -> None:
        self.heard_bytes += len(data)
        for event in self._link.feed(data):
            await self._obey(self._line.heard(event, self._world.monotonic_ns()))
        now_ns = self._world.monotonic_ns()
        self._line.gap(is_partial=self._link.is_partial, now_ns=now_ns)

    async def _obey(self, heard: Heard) -> None:
        if heard.drops_partial:
            self._link.drop_partial()
        if heard.write:
            await self._write(heard.write)
        message = heard.message
        if message is None:
            return
        self.heard.append(message.control)
        if message.control == codec.REGISTER:
            # A register that logs on anew has given up whatever ran.
            self._forget_register()
        if message.control == codec.ABORT:
            self._abort = True
            await self._send(codec.ACKNOWLEDGE)
            self._abort_asked()
            return
        # A register that talks without waiting for its answers is not heard.
        with contextlib.suppress(trio.WouldBlock):
            self._inbox_in.send_nowait(message)

    async def _tick(self) -> None:
        while True:
            await self._world.sleep(TICK_S if self._is_serial else IDLE_TICK_S)
            if not self.hangs:
                await self._obey(self._line.tick(self._world.monotonic_ns()))

    async def _send(self, message: bytes) -> None:
        data = self._line.send(message, self._world.monotonic_ns())
        if data:
            await self._write(data)

    async def _write(self, data: bytes) -> None:
        if self.hangs:
            return
        if self.cut_after is not None and len(data) >= self.cut_after:
            part, self.cut_after = data[: self.cut_after], None
            self.is_cutting = True
            self.sent_bytes += len(part)
            await self.carrier.send(part)
            await self.cut()
            return
        if self.cut_after is not None:
            self.cut_after -= len(data)
        self.sent_bytes += len(data)
        await self.carrier.send(data)

    async def cut(self) -> None:
        """Pull the cable; whatever runs has lost its register."""
        self._reset_line()
        self.is_cutting = False
        await self.carrier.unplug()

    async def plug(self) -> None:
        """Put the cable back."""
        await self.carrier.plug()

    async def _tell(self, control: int, fields: codec.Fields, lose: tuple[int, ...] = ()) -> int:
        """Send a message and wait for its reply; the reply's control."""
        self._mind_the_cable()
        if control not in lose:
            await self._send(zvt_encode(control, fields))
        with trio.move_on_after(self._reply_s):
            while True:
                try:
                    reply = await self._talk.receive()
                except trio.EndOfChannel:
                    raise GoneError from None
                control = reply.control
                if control >> 8 in (0x80, 0x84):
                    return control
        raise GoneError

    def _mind_the_cable(self) -> None:
        if self._talk is not self._inbox:
            raise GoneError
