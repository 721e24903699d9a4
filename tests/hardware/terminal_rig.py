"""A simulated terminal, the device that talks to it, and a store around them."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import trio
from attrs import define, field

from actors.disk import SystemDisk
from actors.messages import Accepted, DeviceState, Failure
from actors.terminal_messages import Keep, Over, Progress
from actors.world import ManualWorld, SystemWorld, World
from engine.terminal import Answer, Identity, Kind, Transaction
from hardware.carrier import Carrier, PtyCarrier, TcpCarrier
from hardware.rig import Rig, open_rig
from hardware.terminal.device import TerminalDevice
from hardware.terminal.zvt.codec import Profile
from hardware.terminal.zvt.device import ZvtDevice
from hardware.terminal.zvt.fake import TerminalFake
from hardware.transport import Place, parse_transport
from tests.simulation.streams import SimulatedCarrier

ADDRESS = "terminal/one"
KEEPER = "payments/test"


@define(eq=False)
class Shop:
    """All of it. `kept` is what the keeper wrote down of results, while `refusals` are left it
    cannot; `doubts` is what it wrote down before they were begun, if it `may_begin`; `over` are the
    requests it was told of that nobody waited for."""

    rig: Rig
    fake: TerminalFake
    device: ZvtDevice
    make: Callable[[], ZvtDevice]
    kept: list[Answer] = field(factory=list)
    progress: list[str] = field(factory=list)
    shown: list[str] = field(factory=list)
    refusals: int = 0
    doubts: list[Answer] = field(factory=list)
    over: list[str] = field(factory=list)
    may_begin: bool = True

    async def ready(self, *, after: int = 0) -> int:
        """Wait until the terminal takes payments."""
        return await self.rig.wait_state(ADDRESS, DeviceState.READY, after=after)

    async def idle(self) -> None:
        """Wait until the device has logged on and nothing runs."""
        session = self.device.session
        while not (session.is_idle and session.condition.is_ready):  # noqa: ASYNC110
            await trio.sleep(0.01)

    async def reconnected(self, was: int) -> None:
        """Wait until the device has connected once more than `was` times and nothing runs."""
        while self.device.connections <= was:  # noqa: ASYNC110
            await trio.sleep(0.005)
        await self.idle()

    async def restarted(self) -> None:
        """Kill the devices node, and wait until the next has its terminal."""
        await self.rig.kill(ADDRESS)
        self.device = self.make()
        self.rig.start(self.device)
        await self.idle()

    async def _keeper(self) -> None:
        async for envelope in self.rig.node.open(KEEPER):
            match envelope.body:
                case Keep(_, answer) if answer.code == "begun":
                    self.doubts.append(answer)
                    envelope.answer(Accepted() if self.may_begin else Failure("disk_full"))
                case Keep(_, answer) if self.refusals == 0:
                    self.kept.append(answer)
                    envelope.answer(Accepted())
                case Keep():
                    self.refusals -= 1
                    envelope.answer(Failure("disk_full"))
                case Over(request_id):
                    self.over.append(request_id)
                case Progress(_, code, text):
                    self.progress.append(code)
                    self.shown.append(text)


class BrokenDisk(SystemDisk):
    """A disk that refuses, as long as it `is_full` or `is_unreadable`."""

    is_full = False
    is_unreadable = False

    def write(self, path: Path, content: bytes, mode: int = 0o644) -> None:
        """As `Disk`."""
        if self.is_full:
            raise OSError(errno.ENOSPC, "no space left")
        super().write(path, content, mode)

    def read(self, path: Path, limit: int = -1) -> bytes:
        """As `Disk`."""
        if self.is_unreadable:
            raise OSError(errno.EIO, "cannot be read")
        return super().read(path, limit)


def asked_for(device: TerminalDevice) -> str:
    """The request that runs, by its id."""
    (request_id,) = (one.about for one in device.requests.running.values() if one.about)
    return request_id


def sale(amount_minor: int = 1250, *, partial_allowed: bool = False) -> Transaction:
    """A card sale in euro."""
    return Transaction(Kind.SALE, amount_minor, 978, partial_allowed=partial_allowed)


def about(kind: Kind, original: Identity, amount_minor: int = 1250) -> Transaction:
    """A transaction that refers to another."""
    return Transaction(kind, amount_minor, 978, original)


@asynccontextmanager
async def open_shop(
    carrier: Carrier | SimulatedCarrier,
    *,
    is_serial: bool = False,
    world: World | None = None,
    profile: Profile | None = None,
    folder: Path | None = None,
) -> AsyncIterator[Shop]:
    """A shop whose terminal is ready; its device has its files in `folder`."""
    world = world or SystemWorld()
    async with trio.open_nursery() as nursery, open_rig(world) as rig:
        fake = TerminalFake(carrier, is_serial=is_serial, world=world)
        await nursery.start(fake.run)
        place: Place = (
            carrier if isinstance(carrier, SimulatedCarrier) else parse_transport(carrier.url)
        )
        make = partial(
            ZvtDevice, ADDRESS, place, profile or Profile(), is_serial=is_serial, folder=folder
        )
        device = make()
        shop = Shop(rig, fake, device, make)
        nursery.start_soon(shop._keeper)
        rig.start(device)
        if profile is None:
            await shop.ready()
            await shop.idle()
        yield shop
        nursery.cancel_scope.cancel()


def simulated() -> tuple[SimulatedCarrier, World]:
    """A cable without a machine, and a world whose clock is trio's."""
    return SimulatedCarrier("terminal"), ManualWorld(follow=True)


def real(kind: str, folder: Path) -> tuple[Carrier, bool]:
    """A socket or a pty, and whether it is a serial line."""
    return (TcpCarrier(), False) if kind == "tcp" else (PtyCarrier(folder), True)
