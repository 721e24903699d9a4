"""Looking for terminals: what answers at a place, within what time, and without a payment."""

from __future__ import annotations

import os
import termios
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio
import trio.testing

from actors.messages import Accepted, Failure
from actors.terminal_messages import Locate, Located, Pairings, Probe, Probed
from actors.world import ManualWorld, SystemWorld
from countertop.child_nodes import LOOK_UP_AGAIN_S, Pairing
from engine import terminals
from engine.terminals import PairedTerminal, TerminalProtocol
from hardware.carrier import Handle, PtyCarrier, TcpCarrier
from hardware.compose import build_device, meet_nexo
from hardware.rig import Rig, open_rig
from hardware.settings import DeviceSettings, NexoShop, SettingsError, Unusable
from hardware.terminal.finder import Finder, own_network, serial_ports
from hardware.terminal.nexo.fake import NexoFake
from hardware.terminal.nexo.outlet import TcpOutlet
from hardware.terminal.nexo.papers import Papers, new_authority
from hardware.terminal.zvt.fake import TerminalFake
from hardware.transport import SerialPlace, open_serial, parse_transport
from tests.hardware.nexo_rig import KEY, POI_ID, authority, now, papers


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
async def finder(
    *configured: DeviceSettings, nexo: NexoShop | None = None
) -> AsyncIterator[tuple[Rig, Wards, Pairing]]:
    """A finder in a store just big enough."""
    wards = Wards()
    pairing = Pairing(configured, wards, build_device, nexo)  # type: ignore[arg-type]
    async with open_rig(SystemWorld()) as rig:
        meet = None if nexo is None else meet_nexo(nexo)
        rig.start(Finder(pairing.repair, pairing.places, meet))
        yield rig, wards, pairing


@pytest.fixture
def shop(tmp_path: Path) -> NexoShop:
    """What a shop with nexo terminals says of them."""
    file = tmp_path / "authority.pem"
    file.write_text(authority().pem)
    return NexoShop(str(file), KEY.identifier, KEY.passphrase)


@asynccontextmanager
async def nexo_terminal(shown: Papers | None = None) -> AsyncIterator[tuple[NexoFake, TcpOutlet]]:
    """A nexo terminal on a socket, with these papers."""
    outlet = TcpOutlet()
    fake = NexoFake(outlet, (shown or papers()).server(), KEY, poi_id=POI_ID, world=SystemWorld())
    async with trio.open_nursery() as nursery:
        await nursery.start(fake.run)
        yield fake, outlet
        nursery.cancel_scope.cancel()


def place_of(outlet: TcpOutlet) -> str:
    """Where it is."""
    return f"tcp://{outlet.host}:{outlet.port}"


def vouched(outlet: TcpOutlet) -> Probed:
    """What is told of the shop's own."""
    return Probed("vouched", POI_ID, place_of(outlet), TerminalProtocol.NEXO)


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
        assert Probed("ready", "52500077", fake.carrier.url) == found
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
        place = "tcp://127.0.0.1:1"
        assert Probed("in_use", "52500001", place) == await ask(rig, Probe(place))
        assert isinstance(await ask(rig, "else"), Failure)
        assert Located(own_network(), serial_ports()) == await ask(rig, Locate())


async def test_one_that_the_file_calls_by_name_is_known_by_its_address() -> None:
    """A search by addresses says nothing to a terminal whose conversation was begun by name, and
    does not offer it a second time; a name that leads nowhere keeps nobody from being found."""
    async with trio.open_nursery() as nursery:
        fake = TerminalFake(TcpCarrier(), terminal_id=52500007)
        await nursery.start(fake.run)
        place = str(fake.carrier.url)
        port = place.rpartition(":")[2]
        named = DeviceSettings("terminal/1", "terminal", f"tcp://localhost:{port}")
        nowhere = DeviceSettings("terminal/2", "terminal", f"tcp://nobody.invalid:{port}")
        async with finder(nowhere, named) as (rig, _, _):
            assert Probed("in_use", "", place) == await ask(rig, Probe(place))
            assert [] == fake.heard
        async with finder(nowhere) as (rig, _, _):
            told = await ask(rig, Probe(place))
            assert isinstance(told, Probed)
            assert "52500007" == told.serial
        nursery.cancel_scope.cancel()


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
        first, second = pairing.running["terminal/1"], pairing.running["terminal/2"]
        assert isinstance(first, DeviceSettings)
        assert isinstance(second, DeviceSettings)
        assert ("tcp://127.0.0.1:4", "52500004", "123456") == (
            first.transport,
            first.serial,
            first.password,
        )
        assert "" == second.protocol
        assert "tcp://127.0.0.1:1" not in pairing.places()
        wards.running.clear()
        assert Accepted() == await ask(rig, Pairings((moved, more, other)))
        assert [] == wards.running
        assert Accepted() == await ask(rig, Pairings((more, other)))
        assert ["terminal/1"] == wards.running
        assert "tcp://127.0.0.1:1" in pairing.places()


@pytest.mark.feature("HW-07", part="two devices cannot be set to one address")
@pytest.mark.parametrize(
    "paired",
    [
        PairedTerminal("terminal/1", "tcp://127.0.0.1:2", "52500002"),
        PairedTerminal("terminal/1", "tcp://127.0.0.1:2", "52500009"),
        PairedTerminal("terminal/1", "tcp://127.0.0.1:7", "52500002"),
    ],
    ids=["that very one", "its place", "its number elsewhere"],
)
async def test_no_second_conversation_is_begun_with_one_terminal(paired: PairedTerminal) -> None:
    """Two registers would take each other's transactions for their own: what is paired where the
    file has a terminal of another name is there only to say so, until that one is elsewhere."""
    there = DeviceSettings("terminal/2", "terminal", "tcp://127.0.0.1:2", serial="52500002")
    async with finder(there) as (rig, wards, pairing):
        assert Accepted() == await ask(rig, Pairings((paired,)))
        told = pairing.running["terminal/1"]
        assert isinstance(told, Unusable)
        assert told.reason.startswith("terminal/1 was not started: terminal/2 is ")
        assert ["terminal/1"] == wards.running
        assert {"tcp://127.0.0.1:2": "52500002"} == pairing.places()
        moved = PairedTerminal("terminal/2", "tcp://127.0.0.1:8", "52500008")
        assert Accepted() == await ask(rig, Pairings((paired, moved)))
        assert isinstance(pairing.running["terminal/1"], DeviceSettings)
        assert {paired.transport, "tcp://127.0.0.1:8"} == set(pairing.places())


@pytest.mark.feature("HW-07", part="two devices cannot be set to one address")
async def test_no_second_conversation_is_begun_with_one_that_the_file_calls_by_name() -> None:
    """The file has it by the name of its host and says no number, and it is paired by its address:
    the paired one is there only to say so. A name that leads nowhere keeps nobody."""
    nowhere = DeviceSettings("terminal/3", "terminal", "tcp://nobody.invalid:2")
    printer = DeviceSettings("printer/1", "printer", "tcp://localhost:3")
    named = DeviceSettings("terminal/2", "terminal", "tcp://localhost:2")
    paired = PairedTerminal("terminal/1", "tcp://127.0.0.1:2", "52500002")
    async with finder(nowhere, printer, named) as (rig, wards, pairing):
        assert Accepted() == await ask(rig, Pairings((paired,)))
        why = "terminal/1 was not started: terminal/2 is there already, as tcp://localhost:2"
        assert Unusable("terminal/1", why) == pairing.running["terminal/1"]
        assert ["terminal/1"] == wards.running
        beside = PairedTerminal("terminal/1", "tcp://127.0.0.1:4", "52500002")
        assert Accepted() == await ask(rig, Pairings((beside,)))
        assert isinstance(pairing.running["terminal/1"], DeviceSettings)
        same = PairedTerminal("terminal/2", "tcp://127.0.0.1:2", "52500002")
        assert Accepted() == await ask(rig, Pairings((same,)))
        assert isinstance(pairing.running["terminal/2"], DeviceSettings)


@pytest.mark.feature("HW-07", part="two devices cannot be set to one address")
async def test_one_terminal_that_the_file_has_by_two_names_has_one_conversation() -> None:
    """The file has one terminal by the name of its host and once more by its address: the second is
    taken out and says so, also after others were paired and went. Neighbours at other ports, what
    hangs on a cable, and what is no terminal stay."""
    named = DeviceSettings("terminal/1", "terminal", "tcp://localhost:2")
    same = DeviceSettings("terminal/2", "terminal", "tcp://127.0.0.1:2")
    beside = DeviceSettings("terminal/3", "terminal", "tcp://127.0.0.1:3")
    cabled = DeviceSettings("terminal/4", "terminal", "serial:///dev/ttyS9")
    printer = DeviceSettings("printer/1", "printer", "tcp://127.0.0.1:2")
    drawer = DeviceSettings("drawer/1", "drawer", drawer_via="printer/1")
    async with finder(named, same, beside, cabled, printer, drawer) as (rig, wards, pairing):
        assert await pairing.look_apart()
        why = "terminal/2 was stopped: terminal/1 is there already, as tcp://localhost:2"
        assert {"terminal/2": Unusable("terminal/2", why)} == pairing.doubled
        assert ["terminal/2"] == wards.running
        paired = PairedTerminal("terminal/2", "tcp://127.0.0.1:8", "52500008")
        assert Accepted() == await ask(rig, Pairings((paired,)))
        assert isinstance(pairing.running["terminal/2"], DeviceSettings)
        assert Accepted() == await ask(rig, Pairings(()))
        assert ["terminal/2"] == wards.running
        assert {} == pairing.running


async def test_names_of_terminals_are_looked_up_again_while_they_do_not_lead_apart(
    autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shop's names are served by a router that starts later than the store, and that has every
    name it does not know lead to itself. Until a name leads anywhere nobody can say whose terminal
    it is, and both are tried; while both lead to one place the second is out; and once they lead
    apart it is back, and nobody looks any more."""
    first = DeviceSettings("terminal/1", "terminal", "tcp://pay-1.lan:2")
    second = DeviceSettings("terminal/2", "terminal", "tcp://pay-2.lan:2")
    wards = Wards()
    pairing = Pairing((first, second), wards, build_device)  # type: ignore[arg-type]
    led: list[dict[str, str]] = [
        {"pay-1.lan": "192.0.2.7"},
        {"pay-1.lan": "192.0.2.1", "pay-2.lan": "192.0.2.1"},
        {"pay-1.lan": "192.0.2.7", "pay-2.lan": "192.0.2.8"},
    ]
    began_s, out = trio.current_time(), []

    async def looked_up(host: str, port: int) -> list[tuple[object, ...]]:
        await trio.lowlevel.checkpoint()
        now = led[int((trio.current_time() - began_s) // LOOK_UP_AGAIN_S)]
        out.append(set(pairing.doubled))
        if host not in now:
            raise OSError("no such name")
        return [(0, 0, 0, "", (now[host], port))]

    monkeypatch.setattr(trio.socket, "getaddrinfo", looked_up)
    await pairing.keep_apart(ManualWorld(follow=True))
    assert trio.current_time() - began_s == pytest.approx(2 * LOOK_UP_AGAIN_S)
    assert out[0] == out[2] == set()
    assert out[-1] == {"terminal/2"}
    assert {} == pairing.doubled
    # Stopped twice, begun twice: as one that is out, and as itself.
    assert wards.running == ["terminal/2"]


# ------------------------------------------------------------------------------- on a serial line


class Line(PtyCarrier):
    """A pty whose far end hears nothing but noise at another speed than its own."""

    def __init__(self, folder: Path, speed: int) -> None:
        super().__init__(folder, "terminal")
        self.speed = speed
        self.heard_at: list[int] = []

    @property
    def port(self) -> str:
        """As a machine names its ports."""
        return os.path.realpath(self.path)

    async def _serve(self, handle: Handle) -> None:
        async def at_its_speed(data: bytes) -> None:
            speed = termios.tcgetattr(self._ours)[5]
            self.heard_at.append(speed)
            await handle(data if speed == self.speed else bytes(len(data)))

        await super()._serve(at_its_speed)


@pytest.mark.feature("HW-07", part="found on a serial line, at its own speed")
@pytest.mark.parametrize(
    ("speed", "baud"), [(termios.B9600, 9600), (termios.B19200, 19_200), (termios.B57600, 57_600)]
)
async def test_a_terminal_on_a_serial_line_is_found_at_its_speed_and_nothing_is_paid(
    tmp_path: Path, speed: int, baud: int
) -> None:
    """Logged on to and asked how it is, and no more; what was found is a place to connect to."""
    async with trio.open_nursery() as nursery, finder() as (rig, _, _):
        line = Line(tmp_path, speed)
        fake = TerminalFake(line, is_serial=True, terminal_id=52500066)
        await nursery.start(fake.run)
        with trio.fail_after(20):
            found = await ask(rig, Probe(f"serial://{line.port}"))
        place = terminals.line_of(line.port, baud=baud)
        assert Probed("ready", "52500066", place) == found
        assert SerialPlace(line.port, baud, stop=2) == parse_transport(place)
        assert {0x0600, 0x0501, 0x0620} >= {c for c in fake.heard if c < 0x8000}
        assert 0 == fake.ledger.booked_minor
        assert speed == line.heard_at[-1]
        nursery.cancel_scope.cancel()


async def test_a_serial_port_without_a_terminal_costs_a_bounded_time(tmp_path: Path) -> None:
    """Whatever hangs there keeps silent, or says something else at every speed."""
    for word in (b"", b"\x06\x15+000.00kg\r\n"):
        async with trio.open_nursery() as nursery, finder() as (rig, _, _):
            carrier = PtyCarrier(tmp_path, "scale")

            async def babble(data: bytes, word: bytes = word, to: PtyCarrier = carrier) -> None:
                await to.send(word)

            await nursery.start(carrier.run, babble)
            with trio.fail_after(14):
                found = await ask(rig, Probe(f"serial://{os.path.realpath(carrier.path)}"))
            assert isinstance(found, Probed)
            assert not found.is_told
            nursery.cancel_scope.cancel()


async def test_a_port_that_is_not_free_is_said_and_left_alone(tmp_path: Path) -> None:
    """Another program's, or a device of ours; a terminal of ours is told by its number, by whatever
    name the port is called; a port that is not there is nothing."""
    async with trio.open_nursery() as nursery:
        carrier = PtyCarrier(tmp_path, "scanner")
        heard: list[bytes] = []

        async def note(data: bytes) -> None:
            heard.append(data)

        await nursery.start(carrier.run, note)
        port = os.path.realpath(carrier.path)
        held = open_serial(parse_transport(f"serial://{port}"))  # type: ignore[arg-type]
        async with finder() as (rig, _, _):
            told = Probed("port_in_use", "", f"serial://{port}", is_trusted=False)
            assert told == await ask(rig, Probe(f"serial://{port}"))
            gone = await ask(rig, Probe("serial:///dev/ttyNONE9"))
            assert isinstance(gone, Probed)
            assert ("unplugged", False) == (gone.code, gone.is_told)
        ours = DeviceSettings("terminal/1", "terminal", carrier.url, serial="52500001")
        async with finder(ours) as (rig, _, _):
            told = Probed("in_use", "52500001", carrier.url)
            assert told == await ask(rig, Probe(f"serial://{port}"))
        await held.aclose()
        assert [] == heard
        nursery.cancel_scope.cancel()


def test_ports_are_offered_by_the_name_they_keep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plugged into another socket, the same converter is the same port; one without such a name is
    offered by its file, and what is named like nothing here is left out."""
    monkeypatch.setattr("hardware.terminal.finder._NAMED_PORTS", str(tmp_path))
    (tmp_path / "usb-FTDI-if00").symlink_to("/dev/ttyUSB7")
    monkeypatch.setattr(terminals, "is_port", lambda path: "odd" not in path)

    @attrs.frozen
    class Found:
        device: str

    listed = [Found("/dev/ttyUSB7"), Found("/dev/ttyS0"), Found("/dev/odd port")]
    monkeypatch.setattr("hardware.terminal.finder.comports", lambda: listed)
    assert ("/dev/ttyS0", f"{tmp_path}/usb-FTDI-if00") == serial_ports()


# -------------------------------------------------------------------------------------- and nexo


@pytest.mark.feature("HW-07", part="one of nexo found by its certificate")
async def test_a_nexo_terminal_is_found_by_its_certificate_and_nothing_is_said_to_it(
    shop: NexoShop,
) -> None:
    """Whoever it is stands in what it shows; a shop without the table does not look for it."""
    async with nexo_terminal() as (fake, outlet), finder(nexo=shop) as (rig, _, _):
        with trio.fail_after(20):
            assert vouched(outlet) == await ask(rig, Probe(place_of(outlet)))
        assert fake.heard == []
    async with nexo_terminal() as (_, outlet), finder() as (rig, _, _):
        found = await ask(rig, Probe(place_of(outlet)))
        assert isinstance(found, Probed)
        assert not found.is_met


async def test_who_names_no_port_finds_either(
    shop: NexoShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The port of each protocol is looked at, of nexo too where ZVT only keeps silent."""
    monkeypatch.setattr("hardware.terminal.finder.PROBE_S", 1.0)
    async with trio.open_nursery() as nursery, nexo_terminal() as (_, outlet):
        zvt = TerminalFake(TcpCarrier(), terminal_id=52500077)
        await nursery.start(zvt.run)
        (silent,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        quiet = f"tcp://127.0.0.1:{silent.socket.getsockname()[1]}"
        met = Probed("ready", "52500077", zvt.carrier.url)
        async with finder(nexo=shop) as (rig, _, _):
            for zvt_at, nexo_at, told in (
                (zvt.carrier.url, "tcp://127.0.0.1:9", met),
                (zvt.carrier.url, place_of(outlet), met),
                ("tcp://127.0.0.1:9", place_of(outlet), vouched(outlet)),
                (quiet, place_of(outlet), vouched(outlet)),
                ("tcp://127.0.0.1:9", quiet, Probed("unreachable")),
            ):
                monkeypatch.setattr(terminals, "PORT", int(zvt_at.rsplit(":", 1)[1]))
                monkeypatch.setattr(terminals, "NEXO_PORT", int(nexo_at.rsplit(":", 1)[1]))
                with trio.fail_after(9):
                    assert told == await ask(rig, Probe(zvt_at))
            assert vouched(outlet) != await ask(rig, Probe(nexo_at))
            monkeypatch.setattr(terminals, "NEXO_PORT", outlet.port)
            assert vouched(outlet) == await ask(rig, Probe(place_of(outlet)))
        await silent.aclose()
        nursery.cancel_scope.cancel()


def _of_others() -> Papers:
    return new_authority(now(), "Somebody").vouch(f"{POI_ID}.live.terminal.adyen.com", now())


def _expired() -> Papers:
    name = f"{POI_ID}.live.terminal.adyen.com"
    return authority().vouch(name, now(), from_days=-9, to_days=-2)


@pytest.mark.parametrize(
    ("shown", "code"),
    [
        (_of_others, "certificate_unknown"),
        (_expired, "certificate_expired"),
        (lambda: papers(f"{POI_ID}.test.terminal.adyen.com"), "other_purpose"),
    ],
)
async def test_one_that_cannot_be_trusted_is_told_with_the_reason(
    shop: NexoShop, shown: Callable[[], Papers], code: str
) -> None:
    """It says who it is, and that is not believed: nobody need wonder why nothing was found."""
    async with nexo_terminal(shown()) as (_, outlet), finder(nexo=shop) as (rig, _, _):
        told = attrs.evolve(vouched(outlet), code=code, is_trusted=False)
        with trio.fail_after(20):
            assert told == await ask(rig, Probe(place_of(outlet)))
        # A shop that tries things out takes those for trials, and no others.
        trials = attrs.evolve(shop, is_test=True)
        async with finder(nexo=trials) as (other, _, _):
            again = await ask(other, Probe(place_of(outlet)))
            assert isinstance(again, Probed)
            assert again.is_trusted is (code == "other_purpose")


@pytest.mark.parametrize("text", [None, "", "no certificate", "zertifikät"])
async def test_a_certificate_nobody_can_read_vouches_for_nobody(
    shop: NexoShop, text: str | None
) -> None:
    """The terminal is told as one that is not trusted: there the settings are wrong."""
    file = Path(shop.authority_file)
    if text is None:
        await trio.Path(file).unlink()
    else:
        await trio.Path(file).write_text(text, "utf-8")
    async with nexo_terminal() as (_, outlet), finder(nexo=shop) as (rig, _, _):
        told = attrs.evolve(vouched(outlet), code="certificate_unknown", is_trusted=False)
        with trio.fail_after(20):
            assert told == await ask(rig, Probe(place_of(outlet)))


@pytest.mark.parametrize(
    "name",
    [
        "router.local",
        "legacy-terminal-certificate.live.terminal.adyen.com",
        f"{POI_ID}.live.terminal.adyen.com.example.org",
    ],
)
async def test_whoever_else_shows_a_certificate_is_no_terminal(shop: NexoShop, name: str) -> None:
    """Neither with papers of the same authority nor with others."""
    for shown in (papers(name), new_authority(now(), "Somebody").vouch(name, now())):
        async with nexo_terminal(shown) as (_, outlet), finder(nexo=shop) as (rig, _, _):
            with trio.fail_after(20):
                found = await ask(rig, Probe(place_of(outlet)))
            assert isinstance(found, Probed)
            assert not found.is_met


async def test_a_nexo_terminal_in_its_conversation_is_not_disturbed(shop: NexoShop) -> None:
    """It is told as in use."""
    place = "tcp://127.0.0.1:8443"
    here = shop.reached("terminal/1", place, POI_ID)
    async with finder(here, nexo=shop) as (rig, _, _):
        used = Probed("in_use", POI_ID, place, TerminalProtocol.NEXO)
        assert used == await ask(rig, Probe(place))
        assert used == await ask(rig, Probe("tcp://127.0.0.1:20007"))


async def test_a_paired_nexo_terminal_has_the_key_of_the_shop_or_of_the_file(
    shop: NexoShop,
) -> None:
    """What the file says of that very terminal stays; one for which there is no key is there only
    to say so, also in the place of the one of the file that has its name."""
    own = attrs.evolve(shop.reached("terminal/2", "tcp://127.0.0.1:2", POI_ID), passphrase="own")
    zvt = DeviceSettings("terminal/3", "terminal", "tcp://127.0.0.1:3")
    paired = tuple(
        PairedTerminal(f"terminal/{at}", f"tcp://127.0.0.1:9{at}", f"X-{at}", TerminalProtocol.NEXO)
        for at in (1, 2, 3)
    )
    async with finder(own, zvt, nexo=shop) as (rig, wards, pairing):
        assert Accepted() == await ask(rig, Pairings(paired))
        assert ["terminal/1", "terminal/2", "terminal/3"] == sorted(wards.running)
        for number, passphrase in (("1", KEY.passphrase), ("2", "own"), ("3", KEY.passphrase)):
            told = pairing.running[f"terminal/{number}"]
            assert isinstance(told, DeviceSettings)
            place = f"tcp://127.0.0.1:9{number}"
            assert (told.protocol, told.transport, told.serial) == ("nexo", place, f"X-{number}")
            assert told.passphrase == passphrase
    async with finder(own, zvt) as (rig, wards, pairing):
        wards.running.append("terminal/3")
        assert Accepted() == await ask(rig, Pairings(paired))
        assert ["terminal/1", "terminal/2", "terminal/3"] == sorted(wards.running)
        for name in ("terminal/1", "terminal/3"):
            told = pairing.running[name]
            assert isinstance(told, Unusable)
            assert "speaks nexo; the configuration file has no [nexo]" in told.reason
        assert "tcp://127.0.0.1:3" not in pairing.places()
        wards.running.clear()
        assert Accepted() == await ask(rig, Pairings(()))
        assert ["terminal/2", "terminal/3"] == sorted(wards.running)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"authority_file": ""}, "authority_file names the certificate"),
        ({"carrier": "pigeon"}, "carrier is one of https, websocket"),
        ({"passphrase": "pässword"}, "passphrase_must_be_ascii"),
        ({"passphrase": ""}, "passphrase_must_not_be_empty"),
        ({"key_identifier": ""}, "key_must_be_named"),
        ({"key_version": -1}, "key_must_be_named"),
    ],
)
def test_a_shop_that_cannot_be_spoken_for_is_refused(
    shop: NexoShop, change: dict[str, Any], problem: str
) -> None:
    """What is wrong is said as the store starts, and no secret with it."""
    with pytest.raises(SettingsError, match=problem) as caught:
        attrs.evolve(shop, **change)
    assert str(caught.value).startswith("[nexo] cannot be used: ")
    assert KEY.passphrase not in f"{caught.value} {shop}"
