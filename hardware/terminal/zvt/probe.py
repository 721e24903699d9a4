"""A short conversation with whatever is at a place: is it a ZVT terminal, and which one?"""

from __future__ import annotations

import trio

from actors.terminal_messages import Probed
from actors.world import World
from hardware.terminal.zvt.codec import Profile
from hardware.terminal.zvt.jobs import Action, Send
from hardware.terminal.zvt.session import ZvtSession
from hardware.transport import TcpPlace, TcpStream, connect
from native import ZvtLink


async def probe(place: TcpPlace, profile: Profile, world: World) -> Probed:
    """Log on and hear how it is. Who calls it bounds the time.

    Raises:
        TransportError: nothing takes a connection there.
    """
    stream = await connect(place)
    assert isinstance(stream, TcpStream)
    try:
        return await _talk(stream, ZvtSession(profile), world)
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        return Probed("no_terminal")
    finally:
        with trio.CancelScope(shield=True):
            await stream.aclose()


async def _talk(stream: TcpStream, session: ZvtSession, world: World) -> Probed:
    link = ZvtLink(False)
    await _do(stream, session.opened(world.monotonic_ns()))
    while True:
        try:
            await trio.lowlevel.wait_readable(stream.descriptor)
            link.is_enquiry = session.expects_enquiry
            events = link.read_from(stream.descriptor)
        except (EOFError, OSError, ValueError):
            # It closed, or what it says is no ZVT.
            return Probed("no_terminal")
        for event in events or ():
            if isinstance(event, str):
                return Probed("no_terminal")
            await _do(stream, session.received(event, world.monotonic_ns()))
            # Some tell their number only with their last transaction.
            if not session.is_telling:
                return Probed(session.condition.code, session.terminal_id)


async def _do(stream: TcpStream, actions: list[Action]) -> None:
    for action in actions:
        if isinstance(action, Send):
            await stream.send_all(action.message)
