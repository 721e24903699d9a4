"""A kill at every await point between a card's intent and its commit.

From the moment a command that moves money is sent until nothing is open any more, every step of
every task is counted: each is where some task had awaited something. At the n-th, for n = 1, 2, 3 …
to the end, the store is killed, or its power cut, or the devices node killed, or the cable pulled.
It comes back, and what the order holds must be what the terminal booked.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import trio
from attrs import define, field

from actors.world import run_simulated
from tests.cuts.dialogues import Dialogue, Lane, close, conclude, judge
from tests.cuts.far_ends import ZVT_IN_MEMORY
from tests.cuts.scene import LOOK_S, UnsettledError, WrongError
from tests.cuts.stage import Stage, open_simulated, prepare
from tests.cuts.wires import Tally, arrange, told
from tests.simulation.disk import MemoryDisk

STORE, POWER, DEVICES, WIRE = "store killed", "power cut", "devices node killed", "cable pulled"
HARMS = (STORE, POWER, DEVICES, WIRE)
_AT_ONE_STORE = 40
_names = itertools.count()


@define(eq=False)
class StepCounter(trio.abc.Instrument):
    """Counts each time a task goes on, once armed, and acts at the `at`-th time."""

    at: int
    act: Callable[[], None]
    steps: int = 0
    is_armed: bool = False
    has_struck: bool = False

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        """As `trio.abc.Instrument`."""
        if not self.is_armed:
            return
        self.steps += 1
        if self.steps == self.at:
            self.has_struck = True
            self.act()


@define(eq=False)
class Sweep:
    """One dialogue, one harm, every `step`-th step, at a terminal that takes back what was not
    acknowledged or `keeps` it; `at` says how far it is."""

    dialogue: Dialogue
    harm: str
    step: int = 1
    carrier: str = ZVT_IN_MEMORY
    keeps: bool = False
    at: int = 1
    is_over: bool = False
    tally: Tally = field(factory=Tally)

    def run(self, tell: Callable[[str], object] = str) -> Tally:
        """Until a dialogue came to its end before its step was reached."""
        prepare()
        while not self.is_over:
            disk = MemoryDisk(f"kills-{next(_names)}")
            try:
                run_simulated(self.at, self._some, disk)
            finally:
                disk.close()
        kind = f"{self.harm}, keeps" if self.keeps else self.harm
        tell(f"{self.carrier}, {self.dialogue.name}, {kind}: {told(self.tally)}")
        for wrong in self.tally.wrong:
            tell(f"WRONG {wrong}")
        return self.tally

    async def _some(self, disk: MemoryDisk) -> None:
        async with open_simulated(self.carrier, disk, self.at) as stage:
            lane = Lane(stage, "1")
            for _ in range(1 if self.dialogue.is_first else _AT_ONE_STORE):
                try:
                    struck = await self._one(lane)
                except (WrongError, AssertionError, trio.TooSlowError) as error:
                    self.tally.wrong.append(
                        f"{self.dialogue.name}, {self.harm} at {self.at}: {error}"
                    )
                    self.at += self.step
                    return
                self.at += self.step
                if not struck:
                    self.is_over = True
                    break
            await self._closed(lane)

    async def _closed(self, lane: Lane) -> None:
        try:
            await close(lane)
            self.tally.closes += 1
        except (WrongError, AssertionError, trio.TooSlowError) as error:
            self.tally.wrong.append(f"the end of the day before {self.at}: {error}")

    async def _one(self, lane: Lane) -> bool:
        """One dialogue struck at its step; whether the step was reached."""
        stage = lane.stage
        assert isinstance(stage, Stage)
        await arrange(lane, self.dialogue, keeps=self.keeps)
        counter = StepCounter(self.at, self._act(stage))
        trio.lowlevel.add_instrument(counter)
        try:
            counter.is_armed = True
            await self.dialogue.ask(lane)
            await stage.settle(lane.register)
        except UnsettledError as error:
            self.tally.unresolved += 1
            raise WrongError(str(error)) from error
        finally:
            trio.lowlevel.remove_instrument(counter)
        # Pulled at the very last step, the cable goes only now.
        await stage.world.sleep(LOOK_S)
        if lane.far.is_broken:
            await lane.far.mend()
        await stage.up(lane.register)
        self._count(lane, struck=counter.has_struck)
        before = lane.listed
        await conclude(lane)
        self.tally.listed += lane.listed - before
        return counter.has_struck

    def _count(self, lane: Lane, *, struck: bool) -> None:
        moved = lane.far.moved().since(lane.before)
        self.tally.second_charges += max(0, moved.payments - 1) + max(0, moved.refunds - 1)
        if struck:
            self.tally.struck += 1
            self.tally.by[self.dialogue.name] += 1
        self.tally.ends[judge(lane)] += 1

    def _act(self, stage: Stage) -> Callable[[], None]:
        match self.harm:
            case "store killed":
                return stage.kill_store
            case "power cut":
                return lambda: stage.kill_store(power=True)
            case "devices node killed":
                return stage.kill_devices
            case _:
                return stage.pull_soon
