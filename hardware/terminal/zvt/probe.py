"""A short conversation with whatever is at a place: is it a ZVT terminal, and which one?"""

from __future__ import annotations

import math

import attrs
import trio

from actors.terminal_messages import Probed
from actors.world import World
from engine.terminals import SERIAL_RATES, line_of
from hardware.limits import PROBE_S, SERIAL_REPLY_S, SERIAL_WORD_S
from hardware.terminal.zvt.codec import Profile
from hardware.terminal.zvt.jobs import Action, Send
from hardware.terminal.zvt.line import Line, SerialLine, TcpLine
from hardware.terminal.zvt.session import ZvtSession
from hardware.transport import SerialPlace, SerialStream, TcpPlace, TcpStream, connect
from native import ZvtLink

_SILENT = Probed("no_answer")


async def probe(place: TcpPlace, profile: Profile, world: World) -> Probed:
    """Log on and hear how it is. Who calls it bounds the time.

    Raises:
        TransportError: nothing takes a connection there.
    """
    return await _meet(place, profile, world)


async def probe_port(port: str, profile: Profile, world: World) -> Probed:
    """The same on a serial line, at each speed in turn: at another than its own a terminal hears
    nothing that it could take for a command.

    Raises:
        TransportError: the port is not there, is another's or may not be used.
    """
    for baud in SERIAL_RATES:
        told = _SILENT
        with trio.move_on_after(PROBE_S):
            told = await _meet(SerialPlace(port, baud, stop=2), profile, world)
        if told.code != _SILENT.code:
            return attrs.evolve(told, transport=line_of(port, baud=baud))
    return _SILENT


async def _meet(place: TcpPlace | SerialPlace, profile: Profile, world: World) -> Probed:
    stream = await connect(place)
    assert isinstance(stream, TcpStream | SerialStream)
    line: Line = SerialLine() if isinstance(place, SerialPlace) else TcpLine()
    with trio.CancelScope() as patience:
        try:
            return await _Talk(stream, line, ZvtSession(profile), world, patience).held()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return Probed("no_terminal")
        finally:
            with trio.CancelScope(shield=True):
                await stream.aclose()
    return _SILENT


@attrs.define
class _Talk:
    """One conversation. Whoever is at a serial line and no terminal mostly keeps silent: `patience`
    ends where nothing was said."""

    stream: TcpStream | SerialStream
    line: Line
    session: ZvtSession
    world: World
    patience: trio.CancelScope

    async def held(self) -> Probed:
        """From logging on to what it said of itself."""
        link = ZvtLink(self.line.is_serial)
        if self.line.is_serial:
            self._wait_for(SERIAL_WORD_S)
        await self._do(self.session.opened(self.world.monotonic_ns()))
        while True:
            try:
                await trio.lowlevel.wait_readable(self.stream.descriptor)
                link.is_enquiry = self.session.expects_enquiry
                events = link.read_from(self.stream.descriptor)
            except (EOFError, OSError, ValueError):
                # It closed, or what it says is no ZVT.
                return Probed("no_terminal")
            for event in events or ():
                heard = self.line.heard(event, self.world.monotonic_ns())
                if heard.is_broken or (isinstance(event, str) and not self.line.is_serial):
                    return Probed("no_terminal")
                if heard.write:
                    await self.stream.send_all(heard.write)
                if event == "ack" and self.patience.deadline < math.inf:
                    self._wait_for(SERIAL_REPLY_S)
                if heard.message is None:
                    continue
                self.patience.deadline = math.inf
                await self._do(self.session.received(heard.message, self.world.monotonic_ns()))
                # Some tell their number only with their last transaction.
                if not self.session.is_telling:
                    return Probed(self.session.condition.code, self.session.terminal_id)

    def _wait_for(self, seconds: float) -> None:
        self.patience.deadline = trio.current_time() + seconds

    async def _do(self, actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, Send):
                data = self.line.send(action.message, self.world.monotonic_ns())
                if data:
                    await self.stream.send_all(data)
