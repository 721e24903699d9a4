"""A whole store that takes cards: bookkeeper, journal, payments, link, devices node, terminals.

All of it is production's but the terminals and, in the simulated world, the machine. The store node
and the devices node can be killed at any step; each comes back, the store on the disk it had.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

import structlog
import trio
from attrs import define, field

from actors.asks import Reply
from actors.errors import PostError
from actors.link_simulated import SimulatedLink
from actors.links import Links
from actors.node import Node
from actors.supervisor import supervise
from actors.world import SimulatedWorld, SystemWorld, World, run_simulated
from countertop.config import Config
from countertop.store import Store, open_store, run_store
from engine.books import Books
from engine.image import state_hash
from tests.cuts.far_ends import Far, far_end
from tests.cuts.scene import LOOK_S, PATIENCE_S, POLICY, TIP_CHOICES, Scene
from tests.simulation.disk import MemoryDisk
from tests.simulation.facts import START_NS
from tests.simulation.shop import QuickHasher
from tests.store.harness import Shop, own_config

_DOWN_S = 0.05
_IN_MEMORY = Config("/cuts", "cuts", one_process=True, reserve_mib=0)


class HurriedWorld(SystemWorld):
    """Real sockets and files, and pauses that are `speed` times as short: what waits on the wire is
    as slow as it is, what only waits is not waited for."""

    speed = 4

    def monotonic_ns(self) -> int:
        """Runs as fast as the pauses are short."""
        return super().monotonic_ns() * self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait a part of it."""
        await super().sleep(seconds / self.speed)


@define(eq=False)
class Stage(Scene):
    """All of it. `store` is None while it is down; `starts` counts its lives."""

    world: World
    config: Config
    fars: dict[str, Far]
    disk: MemoryDisk | None = None
    store: Store | None = None
    starts: int = 0
    link: SimulatedLink = field(init=False)
    _store_scope: trio.CancelScope = field(factory=trio.CancelScope)
    _devices_scope: trio.CancelScope = field(factory=trio.CancelScope)
    _is_power_lost: bool = False
    _is_killed: bool = False
    _nursery: Any = None

    def __attrs_post_init__(self) -> None:
        """Lay the link between the two nodes."""
        self.link = SimulatedLink(self.world)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Live until cancelled; started once every terminal is ready."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            for far in self.fars.values():
                await nursery.start(far.run)
            nursery.start_soon(self._store)
            nursery.start_soon(self._devices)
            await self._ready()
            task_status.started()

    async def _ready(self) -> None:
        for register in self.fars:
            await self.up(register)

    async def _is_ready(self, register: str) -> bool:
        if self.store is None:
            return False
        try:
            view = await self.shop.look("register.state", register)
        except PostError:
            return False
        found = [one for one in view["devices"] if one["address"] == f"terminal/{register}"]
        return bool(found) and found[0]["state"] == "ready"

    # ---------------------------------------------------------------------------------- the nodes

    async def _store(self) -> None:
        while True:
            self._store_scope = trio.CancelScope()
            store = open_store(self.config, self.world, QuickHasher())
            self.link.mend()
            self.store, self._is_killed = store, False
            self.starts += 1
            with self._store_scope:
                try:
                    await run_store(store, with_children=False, port=self.link.listening)
                except* Exception:
                    if not self._is_killed:
                        raise
            self._buried()
            await self.world.sleep(_DOWN_S)
            if self.disk is not None:
                self.disk.start()

    def _buried(self) -> None:
        """The process is gone, and what it had not synced with it where the power went."""
        self.store = None
        self.link.cut()
        self.link.listening.forget()
        if self.disk is not None:
            self.disk.stop()
            if self._is_power_lost:
                self.disk.lose_power()
        self._is_power_lost = False

    async def _devices(self) -> None:
        while True:
            self._devices_scope = trio.CancelScope()
            with self._devices_scope:
                await self._device_node()
            self.link.cut()
            self.link.dialling.forget()
            await self.world.sleep(_DOWN_S)
            self.link.mend()

    async def _device_node(self) -> None:
        node = Node("devices", self.world)
        node.route("", "store")
        links = Links(node)
        links.dial(self.link.dialling, "store")
        async with trio.open_nursery() as nursery:
            await nursery.start(links.run)
            async with supervise(node) as supervisor:
                for register, far in self.fars.items():
                    supervisor.start(
                        partial(far.device, f"terminal/{register}", self.config.device_files)
                    )
                await trio.sleep_forever()

    def kill_store(self, *, power: bool = False) -> None:
        """kill -9, or with `power` a power cut, which ends the devices node too; at this step."""
        if self.store is None:
            return
        assert self.disk is not None, "only a store on a disk in memory dies within a process"
        self._is_killed, self._is_power_lost = True, power
        self.disk.stop()
        self.link.cut()
        self._store_scope.cancel()
        if power:
            self._devices_scope.cancel()

    def kill_devices(self) -> None:
        """kill -9: what it knew is gone."""
        self.link.cut()
        self._devices_scope.cancel()

    def pull_soon(self) -> None:
        """Pull the cable of every terminal, as the next thing that is done."""
        for far in self.fars.values():
            self._nursery.start_soon(far.cut)

    # --------------------------------------------------------------------------------- the tills

    @property
    def books(self) -> Books:
        """As `Scene`."""
        assert self.store is not None
        return self.store.books

    @property
    def has_books(self) -> bool:
        """As `Scene`."""
        return self.store is not None

    @property
    def shop(self) -> Shop:
        """Asks the store as a door would."""
        assert self.store is not None
        return Shop(self.store.node, self.world)

    async def look(self, name: str, register: str) -> Any:
        """As `Scene`."""
        return await self.shop.look(name, register)

    async def wish(self, name: str, register: str, /, **data: Any) -> Reply:
        """As `Scene`."""
        command_id = self.world.new_id()
        with trio.fail_after(PATIENCE_S):
            while True:
                asked = await self._once(name, register, data, command_id)
                if asked is not None:
                    return asked
                await self.world.sleep(LOOK_S)
        raise AssertionError

    async def _once(
        self, name: str, register: str, data: dict[str, Any], command_id: str
    ) -> Reply | None:
        """One try; None where nobody answered, as while the store is down."""
        if self.store is None:
            return None
        starts = self.starts
        answers: list[Reply] = []

        async def ask() -> None:
            try:
                answers.append(await self.shop.ask(name, register, data, command_id=command_id))
            except PostError:
                pass
            scope.cancel()

        async with trio.open_nursery() as nursery:
            scope = nursery.cancel_scope
            nursery.start_soon(ask)
            while self._is_up and self.starts == starts:
                await self.world.sleep(LOOK_S)
            scope.cancel()
        return answers[0] if answers else None

    @property
    def _is_up(self) -> bool:
        return self.store is not None

    async def up(self, register: str) -> None:
        """As `Scene`."""
        with trio.fail_after(PATIENCE_S):
            while not await self._is_ready(register):
                await self.mended(register)
                await self.world.sleep(LOOK_S)

    async def idle(self, register: str) -> None:
        """As `Scene`."""
        with trio.fail_after(PATIENCE_S):
            await self.world.sleep(LOOK_S)
            while not self.fars[register].is_idle:
                await self.mended(register)
                await self.world.sleep(LOOK_S)

    def hash(self) -> str:
        """The state hash of the books."""
        assert self.store is not None
        return state_hash(self.store.books)


async def _furnish(store: Store, world: World, registers: Sequence[str]) -> None:
    shop = Shop(store.node, world)
    await shop.seed(registers=registers)
    await shop.office("payment.set_offline_policy", policy=POLICY)
    for register in registers:
        setup: dict[str, Any] = {
            "id": register,
            "name": f"Register {register}",
            "tips": True,
            "tip_choices": TIP_CHOICES,
        }
        setup |= dict.fromkeys(("printer", "drawer", "display", "scanner"), "")
        await shop.office(
            "settings.define_register", setup={**setup, "terminal": f"terminal/{register}"}
        )
        await shop.open_register(register)


async def _set_up(config: Config, world: World, registers: Sequence[str]) -> None:
    store = open_store(config, world, QuickHasher())
    async with trio.open_nursery() as nursery:
        port = SimulatedLink(world).listening
        await nursery.start(partial(run_store, store, with_children=False, port=port))
        await _furnish(store, world, registers)
        nursery.cancel_scope.cancel()


@cache
def _image() -> dict[str, bytes]:
    """The files of a store with one register, as it is before its first sale."""
    disk = MemoryDisk("cuts-prepared")

    async def prepare() -> None:
        world = SimulatedWorld(0, disk, START_NS - 3_600_000_000_000)
        await _set_up(_IN_MEMORY, world, ("1",))

    try:
        run_simulated(0, prepare)
        return disk.image()
    finally:
        disk.close()


def quiet() -> None:
    """The warnings of a shop whose cables are cut are not news."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
        cache_logger_on_first_use=False,
    )


def prepare() -> None:
    """Set the simulated store up, outside of any run."""
    quiet()
    _image()


@asynccontextmanager
async def open_simulated(
    carrier: str, disk: MemoryDisk, seed: int, *, far: Far | None = None
) -> AsyncIterator[Stage]:
    """A store with one register on a disk in memory, and at it `far`, where it is not a terminal of
    the usual make; within `run_simulated`, after `prepare`."""
    disk.load(_image())
    world = SimulatedWorld(seed, disk, START_NS)
    at_it = far or far_end(carrier, world, Path(), "one")
    stage = Stage(world, _IN_MEMORY, {"1": at_it}, disk)
    async with trio.open_nursery() as nursery:
        await nursery.start(stage.run)
        yield stage
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def open_real(
    carrier: str, folder: Path, lanes: int, *, hurried: bool
) -> AsyncIterator[Stage]:
    """A store with so many registers whose terminals hang on real sockets or ptys."""
    world = HurriedWorld() if hurried else SystemWorld()
    config = own_config(folder)
    registers = tuple(str(number + 1) for number in range(lanes))
    await _set_up(config, world, registers)
    fars = {one: far_end(carrier, world, folder, one) for one in registers}
    stage = Stage(world, config, fars)
    async with trio.open_nursery() as nursery:
        await nursery.start(stage.run)
        yield stage
        nursery.cancel_scope.cancel()
