"""The store as real processes that are killed for good, its terminal outside of them.

A store node with its devices and integrations nodes live on real files as `countertop serve` runs
them, forked by the crash rig's zygote; the terminal is played here, at the other end of a real
socket or pty. What the store knows is read from its journal, as its next start would read it.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import apsw
import attrs
import trio
from attrs import define, field

from actors.asks import Reply
from actors.errors import PostError
from actors.history import replay_record
from actors.journal_read import read_sealed
from actors.world import World
from countertop.config import Config
from engine.books import Books
from tests.crash.forking import signal_node
from tests.crash.plans import DEVICES, FROM_MARK, WHEN_ASKED, NodePlan
from tests.crash.rig import Life, Rig, config_of, words_of
from tests.cuts.far_ends import Far, far_end
from tests.cuts.scene import LOOK_S, PATIENCE_S, POLICY, TIP_CHOICES, Scene, WrongError
from tests.cuts.stage import HurriedWorld
from tests.store.harness import Shop, insist, open_link

REGISTER = "1"
_TERMINAL = f"terminal/{REGISTER}"
_CHILD_AGAIN_S = 0.1
_KILLED = -int(signal.SIGKILL)


@define(eq=False)
class Reader:
    """Folds a journal that another process writes, as far as it was committed."""

    config: Config
    books: Books = field(factory=Books)

    def follow(self) -> Books:
        """The books as of the last record."""
        path = self.config.journal_path
        db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            db.set_busy_timeout(10_000)
            after = self.books.position
            for sealed in read_sealed(db, path, self.config.store_id, after, -1):
                replay_record(self.books, sealed.record(), self.config.data)
        finally:
            db.close()
        return self.books


@define(eq=False)
class Processes(Scene):
    """One store with one register. `victim` is the node that kills itself when it is armed; `kills`
    counts how often it did."""

    rig: Rig
    victim: str
    config: Config
    folder: Path
    fars: dict[str, Far]
    world: World
    shop: Shop
    reader: Reader = field(init=False)
    life: Life | None = None
    kills: int = 0
    _told: int = 0
    _is_struck: bool = False
    _devices: int = 0
    _armed: int = 0
    _greetings: int = 0

    def __attrs_post_init__(self) -> None:
        """Read from the journal's beginning."""
        self.reader = Reader(self.config)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Start the store again whenever it was killed, until cancelled; then it is gone.

        Raises:
            WrongError: it ended otherwise.
        """
        try:
            while True:
                plan = self.rig.plan(self.config, self.folder, self.kills, **self._harm())
                plan = attrs.evolve(plan, child_again_s=_CHILD_AGAIN_S)
                self._told = 0
                self.life = await self.rig.start(plan, may_be_cold=False)
                task_status.started()
                task_status = trio.TASK_STATUS_IGNORED
                code = await self.life.wait()
                self._is_struck = self._is_struck or bool(self.life.fired())
                await self.life.wait_alone(at_once=False)
                await self.rig.end(self.life)
                if code != _KILLED:
                    raise WrongError(f"the store ended with {code}: {words_of(plan)}")
        finally:
            with trio.CancelScope(shield=True):
                if self.life is not None:
                    await self.rig.end(self.life)
                    await self.life.wait_alone(at_once=True)

    def _harm(self) -> dict[str, NodePlan]:
        return {self.victim: NodePlan(step=WHEN_ASKED, since=FROM_MARK)}

    # ------------------------------------------------------------------------------- what is done

    async def arm(self, step: int) -> None:
        """From now on the victim counts its steps, and dies just before that one."""
        life = self.life
        assert life is not None
        life.plan.asked.write_text(f"{step}")
        self._is_struck, self._told, self._armed = False, len(life.report()), self._devices
        await life.signal(self.victim, signal.SIGUSR1)
        with trio.fail_after(PATIENCE_S):
            while not any(line.startswith("armed") for line in life.report()[self._told :]):
                await self.world.sleep(LOOK_S / 10)

    @property
    def has_struck(self) -> bool:
        """Whether the victim came to its step."""
        life = self.life
        assert life is not None
        lines = life.report()[self._told :]
        return self._is_struck or any(line.startswith("kill step") for line in lines)

    async def disarm(self) -> bool:
        """Whether the victim came to its step; killed here where it did not, or it still might. The
        devices node, which dies either way, is gone."""
        has_struck, life = self.has_struck, self.life
        assert life is not None
        if has_struck:
            self.kills += 1
        else:
            await life.kill(self.victim)
        with trio.fail_after(PATIENCE_S):
            while await self._devices_now() == self._armed:
                await self.world.sleep(LOOK_S / 10)
        return has_struck

    # ---------------------------------------------------------------------------------- as `Scene`

    @property
    def books(self) -> Books:
        """As `Scene`."""
        return self.reader.follow()

    @property
    def has_books(self) -> bool:
        """As `Scene`: the journal is there whoever lives."""
        return True

    async def wish(self, name: str, register: str, /, **data: Any) -> Reply:
        """As `Scene`."""
        command_id = ""
        with trio.fail_after(PATIENCE_S):
            while True:
                command_id, reply = await insist(
                    self.shop, name, register, data, command_id=command_id
                )
                if reply.fault != "register_absent":
                    return reply
                # A store that is closing, or only starts, says so.
                await self.world.sleep(LOOK_S)
        raise AssertionError

    async def look(self, name: str, register: str) -> Any:
        """As `Scene`."""
        with trio.fail_after(PATIENCE_S):
            while True:
                with contextlib.suppress(PostError):
                    reply = await self.shop.ask(name, register, query=True)
                    if reply.ok:
                        return reply.data
                await self.world.sleep(LOOK_S)

    async def up(self, register: str) -> None:
        """As `Scene`."""
        await self.idle(register)

    async def idle(self, register: str) -> None:
        """As `Scene`: the devices node that lives now has logged on, and over ZVT was told its
        terminal's last transaction."""
        with trio.fail_after(PATIENCE_S):
            await self.world.sleep(LOOK_S)
            while not await self._is_idle(register):
                await self.mended(register)
                await self.world.sleep(LOOK_S)

    async def _is_idle(self, register: str) -> bool:
        if not await self._is_ready(register) or self.may_be_open(register):
            return False
        life = self.life
        assert life is not None
        devices, greetings = await self._devices_now(), self.fars[register].greetings
        is_listening = f"ready {DEVICES} {devices}" in life.report()
        is_known = self._devices == devices or greetings > self._greetings
        if not (devices and is_listening and is_known):
            return False
        self._devices, self._greetings = devices, greetings
        return True

    async def _devices_now(self) -> int:
        """The devices node's process id, 0 where there is none."""
        assert self.life is not None
        return await signal_node(self.life.plan, DEVICES, 0)

    async def _is_ready(self, register: str) -> bool:
        view = await self.look("register.state", register)
        found = [one for one in view["devices"] if one["address"] == _TERMINAL]
        return bool(found) and found[0]["state"] == "ready"


@asynccontextmanager
async def open_processes(rig: Rig, carrier: str, victim: str) -> AsyncIterator[Processes]:
    """A store on a copy of the rig's, whose register has that terminal and nothing else."""
    folder, world = rig.new_folder(), HurriedWorld()
    far = far_end(carrier, world, folder, "one")
    async with trio.open_nursery() as nursery:
        await nursery.start(far.run)
        config = attrs.evolve(config_of(folder), devices=(far.settings(_TERMINAL, folder),))
        async with open_link(config, f"cards-{folder.name}") as shop:
            scene = Processes(rig, victim, config, folder, {REGISTER: far}, world, shop)
            await nursery.start(scene.run)
            await _furnish(scene)
            await scene.idle(REGISTER)
            yield scene
            nursery.cancel_scope.cancel()


async def _furnish(scene: Processes) -> None:
    setup: dict[str, Any] = {
        "id": REGISTER,
        "name": "Register 1",
        "tips": True,
        "tip_choices": TIP_CHOICES,
    }
    setup |= dict.fromkeys(("printer", "drawer", "display", "scanner"), "")
    setup["terminal"] = _TERMINAL
    await insist(scene.shop, "store.state", "_office", {})
    await scene.shop.office("settings.define_register", setup=setup)
    await scene.shop.office("payment.set_offline_policy", policy=POLICY)
