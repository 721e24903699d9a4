"""Starts, signals and buries the processes of the server under test, and makes its first store."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import attrs
import trio
from attrs import define, field

from countertop.config import Config, DoorsConfig, to_data
from countertop.counter import Counter
from tests.crash import forking
from tests.crash.building import ROOT, shim
from tests.crash.plans import DEVICES, INTEGRATIONS, STORE, LifePlan, NodePlan, to_plain
from tests.crash.turns import Turns
from tests.store.harness import insist, open_link

PATIENCE_S = 60.0
PAUSE_S = 0.005
COLD_EVERY = 200


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait until something is so that another process does, of which no event tells."""
    while True:
        value = condition()
        if value if isinstance(value, bool) else await value:
            return
        await trio.sleep(PAUSE_S)


class RigError(Exception):
    """The rig itself failed: nothing is proven either way."""


@define(eq=False)
class Life:
    """One life of a server. `began` is trio's time of its start; `before` counts the answers that
    the tills had by then."""

    plan: LifePlan
    process: forking.ForkedProcess | trio.Process
    began: float
    is_cold: bool
    before: int = 0
    has_answered: bool = False
    is_over: bool = False

    @property
    def code(self) -> int | None:
        """How it ended; None while it lives."""
        return self.process.returncode

    def report(self) -> list[str]:
        """What the shim and the step counters did."""
        return self.plan.report.read_text().splitlines() if self.plan.report.exists() else []

    def fired(self) -> list[str]:
        """The harm that was done so far, a line each."""
        words = ("ready", "armed", "seen")
        return [line for line in self.report() if not line.startswith(words)]

    async def kill(self, role: str = STORE) -> bool:
        """kill -9 a node; whether there was one."""
        return await self.signal(role, signal.SIGKILL)

    async def mark(self, role: str) -> None:
        """Tell a node that its plan begins now, and wait until it has heard."""
        if await self.signal(role, signal.SIGUSR1):
            with trio.fail_after(PATIENCE_S):
                await until(lambda: self.code is not None or self.heard(role))

    def heard(self, role: str) -> bool:
        """Whether a node has said that it counts."""
        return any(line.startswith(f"armed {role}") for line in self.report())

    async def signal(self, role: str, number: int) -> bool:
        """Send a signal to a node; whether there was one."""
        if role == STORE and isinstance(self.process, trio.Process):
            if self.process.returncode is None:
                self.process.send_signal(number)
            return True
        return bool(await forking.signal_node(self.plan, role, number))

    async def wait(self) -> int:
        """Wait for the store's end."""
        code = await self.process.wait()
        assert code is not None
        return code

    async def last_words(self) -> str:
        """Have a process that hangs say where, and end; the last of what was said."""
        if self.code is None:
            await self.signal(STORE, signal.SIGABRT)
            with trio.move_on_after(PATIENCE_S):
                await self.wait()
        return words_of(self.plan)

    async def wait_alone(self, *, at_once: bool) -> None:
        """Wait until the child nodes are gone too, as they go by themselves; or `at_once`.

        Raises:
            RigError: one outlived its store.
        """
        for role in (DEVICES, INTEGRATIONS):
            with trio.move_on_after(PATIENCE_S) as waiting:
                await until(partial(self._is_gone, role, signal.SIGKILL if at_once else 0))
            if waiting.cancelled_caught:
                raise RigError(f"the {role} node outlived its store: {words_of(self.plan)}")

    async def _is_gone(self, role: str, number: int) -> bool:
        return not await self.signal(role, number)

    async def stop(self) -> int:
        """Ask it to end in order; its exit code, -6 where it had to be told twice."""
        await self.signal(STORE, signal.SIGTERM)
        with trio.move_on_after(PATIENCE_S):
            return await self.wait()
        await self.signal(STORE, signal.SIGABRT)
        return await self.wait()


@define(eq=False)
class Rig:
    """A zygote, and a store set up once whose files every round begins with. `is_cold_due` asks for
    a whole start, until one was timed to its first answer."""

    place: Path
    zygote: str
    library: Path
    turns: Turns = field(factory=Turns)
    rounds: int = 0
    starts: int = 0
    is_cold_due: bool = False

    @property
    def template(self) -> Path:
        """The data directory of the store that was set up."""
        return self.place / "first" / "data"

    async def start(self, plan: LifePlan, *, may_be_cold: bool = True) -> Life:
        """Start a server: forked, or now and then, where that may be, from nothing, as an operator
        starts it, and then with the machine to itself until it answers. Whoever starts one calls
        `end`."""
        plan.report.unlink(missing_ok=True)
        self.starts += may_be_cold
        self.is_cold_due |= may_be_cold and self.starts % COLD_EVERY == 0
        is_cold = may_be_cold and self.is_cold_due
        self.is_cold_due &= not is_cold
        await self.turns.begin(alone=is_cold)
        try:
            began = trio.current_time()
            if not is_cold:
                return Life(plan, await forking.fork(plan, STORE), began, is_cold=False)
            return Life(plan, await self._start_cold(plan), began, is_cold=True)
        except BaseException:
            with trio.CancelScope(shield=True):
                await self._give_turn(is_cold=is_cold)
            raise

    async def _start_cold(self, plan: LifePlan) -> trio.Process:
        file = plan.place / "plan.json"
        file.write_text(json.dumps(to_plain(plan)))
        with plan.words.open("a") as words:
            return await trio.lowlevel.open_process(
                [sys.executable, "-m", "tests.crash.life", str(file)],
                cwd=ROOT,
                env=environment(self.place, self.library),
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                start_new_session=True,
            )

    async def note_first_answer(self, life: Life) -> float:
        """A life has answered: others may begin. The seconds it took since its start."""
        life.has_answered = True
        taken_s = trio.current_time() - life.began
        if life.is_cold:
            await self.turns.timed()
        return taken_s

    async def end(self, life: Life) -> None:
        """Kill a life where it still lives, wait until it is gone, and let others have its turn."""
        if not life.is_over:
            life.is_over = True
            await life.kill()
            await life.wait()
            never_answered = life.is_cold and not life.has_answered
            self.is_cold_due |= never_answered
            await self._give_turn(is_cold=never_answered)

    async def _give_turn(self, *, is_cold: bool) -> None:
        if is_cold:
            await self.turns.timed()
        await self.turns.end()

    def new_folder(self) -> Path:
        """A folder for a round, with a copy of the store that was set up."""
        self.rounds += 1
        folder = self.place / f"{self.rounds}"
        folder.mkdir()
        shutil.copytree(self.template, folder / "data")
        return folder

    def plan(self, config: Config, folder: Path, seed: int, **nodes: NodePlan) -> LifePlan:
        """The plan of a life."""
        return LifePlan(to_data(config), str(folder), seed, self.zygote, nodes)

    async def set_up(self) -> None:
        """Make the first store: rules, people, goods, two registers with open tills."""
        folder = self.place / "first"
        folder.mkdir()
        config = config_of(folder)
        life = await self.start(self.plan(config, folder, 0))
        try:
            with trio.fail_after(2 * PATIENCE_S):
                async with open_link(config, "office") as office:
                    await insist(office, "store.state", "_office", {})
                    await office.seed(devices=True)
                    for register in ("1", "2"):
                        await office.open_register(register)
        except BaseException as error:
            raise RigError(f"no store could be set up: {words_of(life.plan)}") from error
        else:
            code = await life.stop()
        finally:
            with trio.CancelScope(shield=True):
                await self.end(life)
        if code:
            raise RigError(f"the first store ended with {code}: {words_of(life.plan)}")
        for left in ("run", "shim.log"):
            shutil.rmtree(self.template / left, ignore_errors=True)


def environment(place: Path, library: Path) -> dict[str, str]:
    """The variables of a process under test. It finds its modules compiled, as an installed one
    does: whoever wants none of that beside the sources has it below the rig's `place`."""
    found = {**os.environ, "LD_PRELOAD": str(library)}
    if found.pop("PYTHONDONTWRITEBYTECODE", ""):
        found["PYTHONPYCACHEPREFIX"] = str(place / "compiled")
    return found


def words_of(plan: LifePlan) -> str:
    """The last of what the nodes said."""
    return "\n".join(plan.words.read_text().splitlines()[-60:]) if plan.words.exists() else ""


def config_of(folder: Path, port: int = 0) -> Config:
    """The configuration of a store under test."""
    return Config(str(folder / "data"), "shop-1", doors=DoorsConfig(port), reserve_mib=0)


def with_devices(config: Config, counter: Counter) -> Config:
    """The same with a counter's devices."""
    return attrs.evolve(config, devices=counter.devices())


@contextmanager
def open_rig() -> Iterator[Rig]:
    """A rig for as long as the block lasts, outside of trio; all it started ends with it.

    Raises:
        NoShimError: the shim cannot be had here.
        RigError: no store could be set up.
    """
    library = shim()
    with tempfile.TemporaryDirectory(prefix="crash-") as name:
        place = Path(name)
        socket = place / "zygote"
        with (place / "zygote.log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.crash.zygote", str(socket)],
                cwd=ROOT,
                env=environment(place, library),
                stdin=subprocess.PIPE,
                stderr=log,
                # An interrupt from the keyboard is the rig's; it ends what it started in order.
                start_new_session=True,
            )
        try:
            rig = Rig(place, str(socket), library)
            trio.run(_set_up, rig, process)
            yield rig
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


async def _set_up(rig: Rig, zygote: subprocess.Popen[bytes]) -> None:
    socket = Path(rig.zygote)
    with trio.move_on_after(3 * PATIENCE_S):
        await until(lambda: socket.exists() or zygote.poll() is not None)
    if not socket.exists():
        raise RigError(f"no zygote: {(rig.place / 'zygote.log').read_text()}")
    await rig.set_up()
