"""Rounds that can be told again by their seed, run side by side until there were enough."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Awaitable, Callable

import trio
from attrs import define, field, frozen

from tests.crash import scenes
from tests.crash.lies import Lie, run_lie
from tests.crash.rig import Rig
from tests.crash.storm import Broken, Figures, Round

KILLS_A_ROUND, FAULTS_A_ROUND = 4, 6
LIE_EVERY = 10
LANES_A_CORE, LANES_MAX = 3, 8  # a life waits about as long as it computes


@frozen
class Spec:
    """What makes a round: its seed, how many of each happen in it, the bug that was planted."""

    seed: str
    kills: int = KILLS_A_ROUND
    faults: int = FAULTS_A_ROUND
    bug: str = ""

    def command(self) -> str:
        """What repeats it."""
        bug = f" --bug {self.bug}" if self.bug else ""
        return (
            f"python -m tests.crash round {self.seed} --kills {self.kills} "
            f"--faults {self.faults}{bug}"
        )

    def scenes(self) -> list[scenes.Scene]:
        """What will happen, drawn from the seed."""
        dice = random.Random(f"{self.seed} scenes")
        drawn = [scenes.draw(scenes.KILLS, dice) for _ in range(self.kills)]
        drawn += [scenes.draw(scenes.FAULTS, dice) for _ in range(self.faults)]
        dice.shuffle(drawn)
        return drawn


class RoundFailedError(Exception):
    """A round found something. The message says what, and the command that repeats it."""

    def __init__(self, found: object, command: str) -> None:
        super().__init__(f"{found}\n\nRepeat it: {command}")
        self.found = str(found)
        self.command = command


def lanes_here() -> int:
    """How many rounds at a time keep this machine's processors busy."""
    return min(LANES_A_CORE * (os.cpu_count() or 1), LANES_MAX)


async def run_round(rig: Rig, spec: Spec, goes_on: Callable[[], bool] = lambda: True) -> Figures:
    """One round; when it is not to go on, its other scenes are left out and it ends as always.

    Raises:
        RoundFailedError: a promise was not kept.
    """
    try:
        return await Round(rig, spec.seed, spec.scenes(), spec.bug, goes_on).run()
    except Broken as broken:
        raise RoundFailedError(broken, spec.command()) from None


@define(eq=False)
class Storm:
    """Many rounds in `lanes` at a time, until `kills` and `faults` were done, time is over, or it
    is told to stop. Rounds are numbered, after those of an earlier storm where `rounds` says so."""

    rig: Rig
    seed: int
    kills: int
    faults: int
    minutes: float = float("inf")
    lanes: int = field(factory=lanes_here)
    bug: str = ""
    figures: Figures = field(factory=Figures)
    lies: list[Lie] = field(factory=list)
    failures: list[RoundFailedError] = field(factory=list)
    rounds: int = 0
    shown: int = 0
    began: float = 0.0
    stopping: bool = False
    _planned: list[int] = field(factory=lambda: [0, 0])

    async def run(self, progress: Callable[[Storm], None] = lambda _: None) -> None:
        """Run it; failures are kept, not raised."""
        self.began = time.monotonic()
        # The shortest storm has a whole start to tell of.
        self.rig.is_cold_due = True

        async def lane() -> None:
            while self.goes_on() and (work := self._next()) is not None:
                try:
                    await work()
                except RoundFailedError as failed:
                    self.failures.append(failed)
                progress(self)

        async with trio.open_nursery() as nursery:
            for _ in range(self.lanes):
                nursery.start_soon(lane)

    def stop(self) -> None:
        """Let the rounds under way come to their end and begin no more."""
        self.stopping = True

    def goes_on(self) -> bool:
        """Whether there is time for more."""
        return not self.stopping and time.monotonic() - self.began < 60 * self.minutes

    def left_s(self) -> float:
        """How long it takes yet, as it went until now; infinite where nothing was done."""
        done = sum(self.done())
        took_s = time.monotonic() - self.began
        wanted = max(0, self.kills + self.faults - done)
        by_events_s = took_s / done * wanted if done else float("inf")
        return min(by_events_s, max(0.0, 60 * self.minutes - took_s))

    def _next(self) -> Callable[[], Awaitable[None]] | None:
        """The next round, or None once enough was planned and done."""
        kills = min(KILLS_A_ROUND, self.kills - self._planned[0])
        faults = min(FAULTS_A_ROUND, self.faults - self._planned[1])
        if kills <= 0 and faults <= 0:
            return None
        self.rounds += 1
        seed = f"{self.seed}-{self.rounds}"
        if self.rounds % LIE_EVERY == LIE_EVERY // 2 and faults > 0 and not self.bug:
            self._planned[1] += 1
            return lambda: self._lie(seed)
        spec = Spec(seed, max(0, kills), max(0, faults), self.bug)
        self._planned[0] += spec.kills
        self._planned[1] += spec.faults
        return lambda: self._round(spec)

    async def _round(self, spec: Spec) -> None:
        try:
            figures = await run_round(self.rig, spec, self.goes_on)
        except RoundFailedError:
            self._give_back(spec.kills, spec.faults)
            raise
        self.figures.add(figures)
        # What the store never came to is planned again.
        self._give_back(spec.kills - figures.kills.total(), spec.faults - figures.faults.total())

    def _give_back(self, kills: int, faults: int) -> None:
        if len(self.failures) < 10:
            self._planned[0] -= kills
            self._planned[1] -= faults

    async def _lie(self, seed: str) -> None:
        try:
            lie = await run_lie(self.rig, seed)
        except Broken as broken:
            raise RoundFailedError(broken, f"python -m tests.crash lie {seed}") from None
        self.lies.append(lie)
        self.figures.faults["lying sync, then a power cut"] += 1

    def done(self) -> tuple[int, int]:
        """Kills and faults that were done."""
        return self.figures.kills.total(), self.figures.faults.total()
