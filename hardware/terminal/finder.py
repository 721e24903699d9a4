"""Looks whether a terminal answers at a place, and keeps the terminals that are paired running."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Network

import trio
from attrs import define, field

from actors.actor import Post
from actors.mailbox import Envelope, Mailbox
from actors.messages import Accepted, Failure
from actors.terminal_messages import Locate, Located, Pairings, Probe, Probed
from actors.world import World
from engine.terminals import PairedTerminal
from hardware.limits import PROBE_S
from hardware.terminal.zvt.codec import Profile
from hardware.terminal.zvt.probe import probe
from hardware.transport import TcpPlace, TransportError, parse_transport

Places = Callable[[], dict[str, str]]
Repair = Callable[[tuple[PairedTerminal, ...]], Awaitable[None]]
# Of RFC 5737: nobody's, and a datagram socket that is connected sends nothing.
_SOMEWHERE = ("192.0.2.1", 9)


@define(eq=False)
class Finder:
    """*Owns* nothing but the turn of who is paired. *Receives* `Probe`, `Locate`, `Pairings`.
    *Sends* nothing: `repair` starts and stops terminals, `places` says
    where this node has one. *If it dies* the desk asks again.

    A terminal is asked to log on and how it is, and for nothing else.
    """

    repair: Repair
    places: Places
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
                # One that has its conversation already is not spoken to twice.
                if (serial := self.places().get(transport)) is not None:
                    envelope.answer(Probed("in_use", serial))
                else:
                    envelope.answer(await _look_at(transport, world))
            case Locate():
                envelope.answer(Located(own_network()))
            case Pairings(terminals):
                async with self._turn:
                    await self.repair(terminals)
                envelope.answer(Accepted())
            case other:
                envelope.answer(Failure("unknown_message", type(other).__name__))


async def _look_at(transport: str, world: World) -> Probed:
    place = parse_transport(transport)
    assert isinstance(place, TcpPlace), "only a network is searched"
    with trio.move_on_after(PROBE_S):
        try:
            return await probe(place, Profile(), world)
        except TransportError as error:
            return Probed(error.code)
    return Probed("no_answer")


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
