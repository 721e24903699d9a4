"""Looks whether a terminal answers at a place, and keeps the terminals that are paired running."""

from __future__ import annotations

import os
import socket
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Network
from pathlib import Path

import attrs
import trio
from attrs import define, field
from serial.tools.list_ports import comports

from actors.actor import Post
from actors.mailbox import Envelope, Mailbox
from actors.messages import Accepted, Failure
from actors.terminal_messages import Locate, Located, Pairings, Probe, Probed
from actors.world import World
from engine import terminals
from engine.terminals import PairedTerminal, TerminalProtocol
from hardware.limits import CONNECT_TIMEOUT_S, PROBE_S, SERIAL_PROBE_S
from hardware.terminal.zvt.codec import Profile
from hardware.terminal.zvt.probe import probe, probe_port
from hardware.transport import (
    SerialPlace,
    TcpPlace,
    TransportError,
    is_called,
    parse_transport,
)

Places = Callable[[], dict[str, str]]
Ports = Callable[[], tuple[str, ...]]
MeetNexo = Callable[[TcpPlace], Awaitable[Probed]]
Repair = Callable[[tuple[PairedTerminal, ...]], Awaitable[None]]
# Of RFC 5737: nobody's, and a datagram socket that is connected sends nothing.
_SOMEWHERE = ("192.0.2.1", 9)
# Where nobody spoke ZVT; a place that only kept silent is asked nothing more.
_NO_ZVT = ("no_terminal", "unreachable")
_NAMED_PORTS = "/dev/serial/by-id"


@define(eq=False)
class Finder:
    """*Owns* nothing but the turn of who is paired. *Receives* `Probe`, `Locate`, `Pairings`.
    *Sends* nothing: `repair` starts and stops terminals, `places` says where this node has one,
    `meet_nexo` says which nexo terminal is at a place, where the shop may have any, `ports` which
    serial ports there are. *If it dies* the desk asks again.

    A ZVT terminal is asked to log on and how it is, one of nexo only for its certificate.
    """

    repair: Repair
    places: Places
    meet_nexo: MeetNexo | None = None
    ports: Ports = field(factory=lambda: serial_ports)
    address: str = "finder"
    _turn: trio.Lock = field(factory=trio.Lock)

    async def run(self, mailbox: Mailbox, post: Post, world: World) -> None:
        """Each is answered by a task of its own."""
        async with trio.open_nursery() as nursery:
            async for envelope in mailbox:
                nursery.start_soon(self._answer, envelope, world)

    async def _answer(self, envelope: Envelope, world: World) -> None:
        match envelope.body:
            case Probe(transport):
                envelope.answer(await self._look(transport, world))
            case Locate():
                envelope.answer(Located(own_network(), self.ports()))
            case Pairings(paired):
                async with self._turn:
                    await self.repair(paired)
                envelope.answer(Accepted())
            case other:
                envelope.answer(Failure("unknown_message", type(other).__name__))

    async def _look(self, transport: str, world: World) -> Probed:
        """What is there, or at the port beside it: whoever names no port does not know which."""
        place = parse_transport(transport)
        if isinstance(place, SerialPlace):
            return await self._on_line(place.path, world)
        if self.meet_nexo is None:
            return await self._as_zvt(place, world)
        if place.port == terminals.NEXO_PORT:
            return await self._as_nexo(place, self.meet_nexo)
        if place.port != terminals.PORT:
            with trio.move_on_after(PROBE_S):
                told = await self._as_zvt(place, world)
                return await self._as_nexo(place, self.meet_nexo) if told.code in _NO_ZVT else told
            return Probed("no_answer")
        beside = Probed("no_answer")

        async def look_beside(meet_nexo: MeetNexo) -> None:
            nonlocal beside
            beside = await self._as_nexo(TcpPlace(place.host, terminals.NEXO_PORT), meet_nexo)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(look_beside, self.meet_nexo)
            told = await self._as_zvt(place, world)
            if told.is_met:
                # A host is one terminal.
                nursery.cancel_scope.cancel()
        return told if told.is_met or not beside.is_met else beside

    async def _on_line(self, port: str, world: World) -> Probed:
        for url, serial in self.places().items():
            there = parse_transport(url)
            if isinstance(there, SerialPlace) and _same_file(there.path, port):
                return Probed("in_use", serial, url)
        with trio.move_on_after(SERIAL_PROBE_S):
            try:
                return await probe_port(port, Profile(), world)
            except TransportError as error:
                is_there = error.code != "unplugged"
                code = f"port_{error.code}" if is_there else error.code
                return Probed(code, "", f"serial://{port}", is_trusted=not is_there)
        return Probed("no_answer")

    async def _as_zvt(self, place: TcpPlace, world: World) -> Probed:
        with trio.move_on_after(PROBE_S):
            if (known := await self._in_use(place, TerminalProtocol.ZVT)) is not None:
                return known
            try:
                told = await probe(place, Profile(), world)
            except TransportError as error:
                return Probed(error.code)
            return attrs.evolve(told, transport=_url(place))
        return Probed("no_answer")

    async def _as_nexo(self, place: TcpPlace, meet_nexo: MeetNexo) -> Probed:
        with trio.move_on_after(PROBE_S):
            if (known := await self._in_use(place, TerminalProtocol.NEXO)) is not None:
                return known
            return await meet_nexo(place)
        return Probed("no_answer")

    async def _in_use(self, place: TcpPlace, protocol: TerminalProtocol) -> Probed | None:
        """One that has its conversation already is not spoken to twice, by whatever name it is
        called in the configuration file."""
        here, places = _url(place), self.places()
        if here in places:
            return Probed("in_use", places[here], here, protocol)
        with trio.move_on_after(CONNECT_TIMEOUT_S):
            for url, serial in places.items():
                if await is_called(url, place):
                    return Probed("in_use", serial, here, protocol)
        return None


def _url(place: TcpPlace) -> str:
    return f"tcp://{place.host}:{place.port}"


def _same_file(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def serial_ports() -> tuple[str, ...]:
    """The serial ports of this machine, each by the name it keeps when it is plugged in anew, where
    it has one."""
    try:
        kept = sorted(str(path) for path in Path(_NAMED_PORTS).iterdir())
    except OSError:
        kept = []
    by_file = {os.path.realpath(path): path for path in kept if terminals.is_port(path)}
    found = {by_file.get(os.path.realpath(port.device), port.device) for port in comports()}
    return tuple(sorted(path for path in found if terminals.is_port(path)))


def own_network() -> str:
    """The network of 256 this machine is in, such as `192.168.1.0/24`; "" where it is in none of
    a shop's own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe_socket:
        try:
            probe_socket.connect(_SOMEWHERE)
            host = probe_socket.getsockname()[0]
        except OSError:
            return ""
    network = IPv4Network(f"{host}/24", strict=False)
    return str(network) if network.is_private and not network.is_loopback else ""
