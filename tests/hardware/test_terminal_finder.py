"""Looking for terminals: what answers at a place, within what time, and without a payment."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from actors.messages import Accepted, Failure
from actors.terminal_messages import Locate, Located, Pairings, Probe, Probed
from actors.world import SystemWorld
from countertop.child_nodes import Pairing
from engine.terminals import PairedTerminal
from hardware.carrier import TcpCarrier
from hardware.rig import Rig, open_rig
from hardware.settings import DeviceSettings
from hardware.terminal.finder import Finder, own_network
from hardware.terminal.zvt.fake import TerminalFake


class Wards:
    """A supervisor that only remembers what runs."""

    def __init__(self) -> None:
        self.running: list[str] = []

    async def stop(self, address: str) -> None:
        """As `actors.supervisor.Supervisor`."""
        await trio.lowlevel.checkpoint()
        if address in self.running:
            self.running.remove(address)

    def start(self, make: object) -> None:
        """As `actors.supervisor.Supervisor`."""
        device = make()  # type: ignore[operator]
        self.running.append(device.address)


@asynccontextmanager
async def finder(*configured: DeviceSettings) -> AsyncIterator[tuple[Rig, Wards, Pairing]]:
    """A finder in a store just big enough."""
    wards = Wards()
    pairing = Pairing(configured, wards)  # type: ignore[arg-type]
    async with open_rig(SystemWorld()) as rig:
        rig.start(Finder(pairing.repair, pairing.places))
        yield rig, wards, pairing


async def ask(rig: Rig, body: object) -> object:
    return await rig.post.ask("finder", body, timeout_s=15)


@pytest.mark.feature("HW-07", part="found at a place, by its own number")
async def test_a_terminal_is_found_and_nothing_is_paid() -> None:
    """Logged on to, asked how it is and for its last; no other command, and it pays afterwards."""
    async with trio.open_nursery() as nursery, finder() as (rig, _, _):
        fake = TerminalFake(TcpCarrier(), terminal_id=52500077)
        await nursery.start(fake.run)
        with trio.fail_after(20):
            found = await ask(rig, Probe(fake.carrier.url))
        assert Probed("ready", "52500077") == found
        assert {0x0600, 0x0501, 0x0620} >= {c for c in fake.heard if c < 0x8000}
        assert 0 == fake.ledger.booked_minor
        nursery.cancel_scope.cancel()


async def test_places_without_a_terminal() -> None:
    """Nobody there, somebody silent, and somebody who says something else: no terminal."""
    async with trio.open_nursery() as nursery, finder() as (rig, _, _):
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        port = listener.socket.getsockname()[1]

        async def babble(stream: trio.SocketStream) -> None:
            await stream.receive_some()
            await stream.send_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            await stream.aclose()

        nursery.start_soon(trio.serve_listeners, babble, [listener])
        with trio.fail_after(20):
            other = await ask(rig, Probe(f"tcp://127.0.0.1:{port}"))
            gone = await ask(rig, Probe("tcp://127.0.0.1:9"))
        assert isinstance(other, Probed)
        assert "" == other.serial
        assert Probed("unreachable") == gone
        nursery.cancel_scope.cancel()


async def test_a_silent_place_costs_a_bounded_time() -> None:
    """Something takes the connection and never says a word: after six seconds it is nothing."""
    async with trio.open_nursery() as nursery, finder() as (rig, _, _):
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        port = listener.socket.getsockname()[1]

        async def sleep(stream: trio.SocketStream) -> None:
            await trio.sleep_forever()

        nursery.start_soon(trio.serve_listeners, sleep, [listener])
        with trio.fail_after(9):
            assert Probed("no_answer") == await ask(rig, Probe(f"tcp://127.0.0.1:{port}"))
        nursery.cancel_scope.cancel()


async def test_one_that_has_its_conversation_is_not_spoken_to_twice() -> None:
    """It is told as in use, by the number the shop expects."""
    here = DeviceSettings("terminal/1", "terminal", "tcp://127.0.0.1:1", serial="52500001")
    async with finder(here) as (rig, _, _):
        assert Probed("in_use", "52500001") == await ask(rig, Probe("tcp://127.0.0.1:1"))
        assert isinstance(await ask(rig, "else"), Failure)
        assert Located(own_network()) == await ask(rig, Locate())


async def test_pairings_start_move_and_end_terminals_and_leave_the_others() -> None:
    """What is paired counts over the file; forgotten, the file counts again."""
    old = DeviceSettings(
        "terminal/1", "terminal", "tcp://127.0.0.1:1", serial="52500001", password="123456"
    )
    nexo = DeviceSettings(
        "terminal/2",
        "terminal",
        "tcp://127.0.0.1:2",
        protocol="nexo",
        authority_file="x.pem",
        serial="V400m-324688179",
        key_identifier="shop",
        passphrase="p@ssw0rd123456",
    )
    printer = DeviceSettings("printer/1", "printer", "tcp://127.0.0.1:3")
    moved = PairedTerminal("terminal/1", "tcp://127.0.0.1:4", "52500004")
    more = PairedTerminal("terminal/9", "tcp://127.0.0.1:5", "52500005")
    other = PairedTerminal("terminal/2", "tcp://127.0.0.1:6", "52500006")
    async with finder(old, nexo, printer) as (rig, wards, pairing):
        assert Accepted() == await ask(rig, Pairings((moved, more, other)))
        assert ["terminal/1", "terminal/2", "terminal/9"] == sorted(wards.running)
        first = pairing.running["terminal/1"]
        assert ("tcp://127.0.0.1:4", "52500004", "123456") == (
            first.transport,
            first.serial,
            first.password,
        )
        assert "" == pairing.running["terminal/2"].protocol
        assert "tcp://127.0.0.1:1" not in pairing.places()
        wards.running.clear()
        assert Accepted() == await ask(rig, Pairings((moved, more, other)))
        assert [] == wards.running
        assert Accepted() == await ask(rig, Pairings((more, other)))
        assert ["terminal/1"] == wards.running
        assert "tcp://127.0.0.1:1" in pairing.places()
