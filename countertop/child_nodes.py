"""The devices and integrations nodes: what lives beside the store, in processes of their own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Container, Iterable
from functools import partial
from pathlib import Path
from typing import assert_never

import attrs
import structlog
import trio
from attrs import define, field

from actors.actor import Actor
from actors.anchor_keeper import AnchorActor
from actors.link import RawDialer
from actors.links import LinkEvent, Links
from actors.node import Node
from actors.supervisor import Death, Supervisor, supervise
from actors.world import SystemWorld, World
from countertop.config import Config, from_data
from countertop.ending import end_in_any_case, run_to_an_end
from countertop.memory import keep_collections_short, use_large_pages
from engine.terminals import PairedTerminal, TerminalProtocol
from engine.wire import parse
from hardware.limits import CONNECT_TIMEOUT_S
from hardware.settings import (
    KINDS,
    DeviceSettings,
    NexoShop,
    SettingsError,
    Unusable,
    require_apart,
)
from hardware.transport import TcpPlace, is_called, is_same_host, parse_transport
from hardware.turn import Turn
from protocols.provider.settings import ProviderSettings

log = structlog.get_logger()
DEVICE_KINDS = KINDS
LOOK_UP_AGAIN_S = 60.0


def report_death(death: Death) -> None:
    """Log an actor's death."""
    log.warning(
        "actor_died",
        address=death.address,
        error=repr(death.error),
        deaths=death.deaths,
        again_in_s=death.again_in_s,
        held=death.held,
    )


def report_link(event: LinkEvent) -> None:
    """Log what happens on a link."""
    log.info("link", peer=event.peer, kind=event.kind, detail=event.detail)


async def run_child(
    name: str,
    config: Config,
    world: World,
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Live as node `name`, linked to the store, until cancelled; started once its actors live."""
    node = Node(name, world)
    node.route("", "store")
    links = Links(node, on_event=report_link)
    dialer = RawDialer(config.link_url)
    links.dial(dialer, "store")
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(links.run)
            async with supervise(node, on_death=report_death) as supervisor:
                supervisor.start(partial(AnchorActor, config.anchors, name))
                if name == "devices":
                    make = partial(_device, config.device_files)
                    for settings in config.devices:
                        supervisor.start(partial(make, settings))
                    pairing = Pairing(config.devices, supervisor, make, config.nexo)
                    supervisor.start(partial(_finder, pairing))
                    nursery.start_soon(pairing.keep_apart, world)
                if name == "integrations":
                    for provider in config.providers:
                        supervisor.start(partial(_provider, provider), capacity=256)
                task_status.started()
                await trio.sleep_forever()
    finally:
        dialer.close()


@define(eq=False)
class Pairing:
    """The terminals of this node: those of the configuration, and over them those that are paired.

    `make` makes a terminal's actor. `nexo` is what the shop says of all its nexo terminals.
    `running` are the terminals that are here otherwise than the configuration says, and `doubled`
    those of the configuration that turned out to be another of them by another name.
    """

    configured: tuple[DeviceSettings, ...]
    supervisor: Supervisor
    make: Callable[[DeviceSettings], Actor]
    nexo: NexoShop | None = None
    running: dict[str, DeviceSettings | Unusable] = field(factory=dict)
    doubled: dict[str, Unusable] = field(factory=dict)
    _turn: Turn = field(factory=Turn)

    def places(self) -> dict[str, str]:
        """Where a terminal of this node is, and the number it must have."""
        now = {**{entry.address: entry for entry in self.configured}, **self.running}
        return {
            entry.transport: entry.serial
            for entry in now.values()
            if isinstance(entry, DeviceSettings) and entry.kind == "terminal"
        }

    async def repair(self, terminals: tuple[PairedTerminal, ...]) -> None:
        """Run each paired terminal where it is now, and no other; a conversation that stays as it
        is goes on undisturbed."""
        async with self._turn:
            known = {entry.address: entry for entry in self.configured}
            reached = {
                one.terminal: self._reached(one, known.get(one.terminal)) for one in terminals
            }
            wanted = {name: await self._alone(entry, reached) for name, entry in reached.items()}
            plain: dict[str, DeviceSettings | Unusable] = {**known, **self.doubled}
            for name in {**wanted, **self.running}:
                now = self.running.get(name, plain.get(name))
                then = wanted.get(name, plain.get(name))
                if now == then:
                    continue
                await self.supervisor.stop(name)
                if then is not None:
                    self.supervisor.start(partial(self._made, then))
            self.running = wanted

    async def keep_apart(self, world: World) -> None:
        """See now and then that no terminal is spoken to under two names of its host."""
        while await self.look_apart():
            await world.sleep(LOOK_UP_AGAIN_S)

    async def look_apart(self) -> bool:
        """Take out a terminal that the configuration has twice by two names of one host, which
        nobody could know before they were looked up: of two conversations with it each would take
        the other's payments for its own. The one that is written first stays. Whether to look once
        more: a name leads nowhere yet, or two lead to one place, as a router has them that knows
        neither; the one that was taken out is put back then."""
        is_settled, places = True, self._terminals_on_the_network()
        for number, (device, there) in enumerate(places):
            same: DeviceSettings | None = None
            is_known = True
            for one, here in places[:number]:
                is_same = await _is_same_terminal(here, there)
                is_known &= is_same is not None
                same = same or (one if is_same and one.address not in self.running else None)
            if same is not None:
                await self._take_out(
                    device, f"{same.address} is there already, as {same.transport}"
                )
            elif is_known:
                await self._put_back(device)
            is_settled &= is_known and same is None
        return not is_settled

    def _terminals_on_the_network(self) -> list[tuple[DeviceSettings, TcpPlace]]:
        terminals = [one for one in self.configured if one.kind == "terminal"]
        places = [(one, parse_transport(one.transport)) for one in terminals]
        return [(one, place) for one, place in places if isinstance(place, TcpPlace)]

    async def _take_out(self, device: DeviceSettings, why: str) -> None:
        name = device.address
        if name not in self.doubled:
            stopped = _unusable(name, f"{name} was stopped: {why}")
            await self._replace(name, stopped, {**self.doubled, name: stopped})

    async def _put_back(self, device: DeviceSettings) -> None:
        name = device.address
        if name in self.doubled:
            others = {one: why for one, why in self.doubled.items() if one != name}
            await self._replace(name, device, others)

    async def _replace(
        self, name: str, then: DeviceSettings | Unusable, doubled: dict[str, Unusable]
    ) -> None:
        """Have another in its place, unless one that is paired is there."""
        async with self._turn:
            self.doubled = doubled
            if name not in self.running:
                await self.supervisor.stop(name)
                self.supervisor.start(partial(self._made, then))

    def _made(self, entry: DeviceSettings | Unusable) -> Actor:
        return _stand_in(entry) if isinstance(entry, Unusable) else self.make(entry)

    async def _alone(
        self, entry: DeviceSettings | Unusable, names: Container[str]
    ) -> DeviceSettings | Unusable:
        """Not beside a device of the file that is that very one: of two conversations with one
        terminal each would take the other's transactions for its own. `names` are not the file's
        any more."""
        if isinstance(entry, Unusable):
            return entry
        others = [one for one in self.configured if one.address not in names]
        try:
            require_apart((*others, entry))
        except SettingsError as error:
            return _unusable(entry.address, str(error))
        if (named := await _by_name(entry.transport, others)) is not None:
            why = f"{named.address} is there already, as {named.transport}"
            return _unusable(entry.address, f"{entry.address} was not started: {why}")
        return entry

    def _reached(
        self, pairing: PairedTerminal, known: DeviceSettings | None
    ) -> DeviceSettings | Unusable:
        """How it is reached; what the file says of that very terminal beside its place stays."""
        name, place, serial = pairing.terminal, pairing.transport, pairing.serial
        if known is not None and (known.protocol or "zvt") == pairing.protocol.value:
            return attrs.evolve(known, transport=place, serial=serial)
        match pairing.protocol:
            case TerminalProtocol.ZVT:
                return DeviceSettings(name, "terminal", place, serial=serial)
            case TerminalProtocol.NEXO if self.nexo is not None:
                return self.nexo.reached(name, place, serial)
            case TerminalProtocol.NEXO:
                # Nor is the file's terminal of that name paid at: it is not the one that was meant.
                why = "it was paired, and speaks nexo; the configuration file has no [nexo]"
                return _unusable(name, f"{name} was not started: {why}")
            case _:
                assert_never(pairing.protocol)


async def _is_same_terminal(here: TcpPlace, there: TcpPlace) -> bool | None:
    """Whether two places are one; None where nobody can say now."""
    if here.port != there.port:
        return False
    with trio.move_on_after(CONNECT_TIMEOUT_S):
        return await is_same_host(here, there)
    return None


async def _by_name(transport: str, devices: Iterable[DeviceSettings]) -> DeviceSettings | None:
    """Which of the devices is at that place by a name; one whose name nobody can say anything of
    within a few seconds is not."""
    place = parse_transport(transport)
    if not isinstance(place, TcpPlace):
        return None
    with trio.move_on_after(CONNECT_TIMEOUT_S):
        for device in devices:
            if device.kind != "drawer" and await is_called(device.transport, place):
                return device
    return None


def _stand_in(told: Unusable) -> Actor:
    from hardware.unusable import UnusableDevice

    return UnusableDevice(told)


def _unusable(address: str, reason: str) -> Unusable:
    log.error("device_not_started", address=address, reason=reason)
    return Unusable(address, reason)


def _finder(pairing: Pairing) -> Actor:
    from hardware.compose import meet_nexo
    from hardware.terminal.finder import Finder

    meet = None if pairing.nexo is None else meet_nexo(pairing.nexo)
    return Finder(pairing.repair, pairing.places, meet)


def _device(folder: Path, settings: DeviceSettings) -> Actor:
    """The device's actor; where its settings cannot be, one that says so: the others go on."""
    # What drives devices takes a sixth of the store node's start to import, and it drives none.
    from hardware.compose import build_device

    try:
        return build_device(settings, folder)
    except SettingsError as error:
        return _stand_in(_unusable(settings.address, str(error)))


def _provider(settings: ProviderSettings) -> Actor:
    # TLS takes its time to import, and most shops have no provider.
    from protocols.provider.actor import ProviderActor

    return ProviderActor(settings)


async def _main(name: str, config: Config) -> None:
    world = SystemWorld()
    async with trio.open_nursery() as nursery:
        await nursery.start(run_child, name, config, world)
        keep_collections_short()
        nursery.start_soon(end_in_any_case, world)
        nursery.start_soon(world.in_thread, use_large_pages)
        # The parent holds the other end; when it is gone, however it went, so is this node.
        async with trio.lowlevel.FdStream(0) as parent:
            await parent.receive_some()
        nursery.cancel_scope.cancel()


def main(name: str) -> None:
    """Entry of a child process: configuration on the first line of standard input."""
    line = sys.stdin.buffer.readline()
    if not line:
        sys.exit(f"The {name} node is started by the store node, which tells it what to do.")
    config = from_data(parse(line), "the store node's message")
    config.run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    run_to_an_end(_main, name, config)
