"""`kill -9` of a real store or devices node at every task step of a card payment.

From the moment a command that moves money is sent until nothing is open any more, the node counts
the steps of its tasks and kills itself just before the n-th, for n = 1, 2, 3 … A dialogue is swept
once it came to its end, twice running, before its n was reached: real processes do not take the
same steps each time.
"""

from __future__ import annotations

from collections.abc import Callable

import trio
from attrs import define, field

from tests.crash.plans import DEVICES, STORE
from tests.crash.rig import Rig
from tests.cuts import kills
from tests.cuts.dialogues import Dialogue, Lane, close, conclude, dialogues_of, judge
from tests.cuts.far_ends import REAL
from tests.cuts.processes import REGISTER, Processes, open_processes
from tests.cuts.scene import UnsettledError, WrongError
from tests.cuts.wires import Tally, arrange, told
from tests.store.harness import verify

VICTIMS = {kills.STORE: STORE, kills.DEVICES: DEVICES}
CARRIERS = REAL
LANES = 4
UNREACHED_TO_END = 2


def swept(carrier: str) -> tuple[Dialogue, ...]:
    """The dialogues that are swept at a terminal of that kind: all but the very first of a store,
    for a store lives on here."""
    return tuple(one for one in dialogues_of(carrier) if not one.is_first)


@define(eq=False)
class CardSweep:
    """Some dialogues at a victim and a carrier, in every `step`-th step from `first`, at so many
    stores at once, with a terminal that takes back what was not acknowledged or `keeps` it."""

    rig: Rig
    victim: str
    carrier: str
    dialogues: tuple[Dialogue, ...]
    step: int = 1
    first: int = 1
    lanes: int = LANES
    keeps: bool = False
    tally: Tally = field(factory=Tally)
    tell: Callable[[str], object] = str

    async def run(self) -> Tally:
        """Sweep them all, and end each store's day."""
        lines = [Line(self, dialogue, self.first) for dialogue in self.dialogues]
        async with trio.open_nursery() as nursery:
            for _ in range(self.lanes):
                nursery.start_soon(self._store, lines)
        kind = f"{self.victim} killed, {self.carrier}{', keeps' if self.keeps else ''}"
        for line in lines:
            self.tell(f"{kind}, {line.dialogue.name}: to step {line.last}")
        self.tell(f"{kind}: {told(self.tally)}")
        return self.tally

    async def _store(self, lines: list[Line]) -> None:
        try:
            async with open_processes(self.rig, self.carrier, self.victim) as scene:
                lane = Lane(scene, REGISTER)
                for line in lines:
                    await line.run(lane)
                await close(lane)
                self.tally.closes += 1
                verdict = verify(scene.config)
            if verdict.returncode:
                raise WrongError(f"the verifier says: {verdict.stdout}{verdict.stderr}")
        except* (WrongError, AssertionError, trio.TooSlowError) as group:
            self.wrong(f"{self.carrier}: {_innermost(group)!r}")

    def wrong(self, what: str) -> None:
        """Note what must not be."""
        self.tally.wrong.append(what)
        self.tell(f"WRONG {what}")


@define(eq=False)
class Line:
    """One dialogue; `at` is the step that comes next, `last` the greatest that was reached."""

    sweep: CardSweep
    dialogue: Dialogue
    at: int
    unreached: int = 0
    last: int = 0

    async def run(self, lane: Lane) -> None:
        """Take the next step until the dialogue is over before it is reached.

        Raises:
            WrongError: the order does not hold what the terminal booked.
        """
        while self.unreached < UNREACHED_TO_END:
            at = self.at
            self.at += self.sweep.step
            try:
                has_struck = await self._one(lane, at)
            except (AssertionError, trio.TooSlowError) as error:
                name = f"{self.dialogue.name}, {self.sweep.victim} killed at {at}"
                raise WrongError(f"{name}: {type(error).__name__} {error}") from error
            self.unreached = 0 if has_struck else self.unreached + 1
            self.last = max(self.last, at) if has_struck else self.last

    async def _one(self, lane: Lane, at: int) -> bool:
        """One dialogue, struck at its step; whether it was reached."""
        scene, tally = lane.stage, self.sweep.tally
        assert isinstance(scene, Processes)
        await arrange(lane, self.dialogue, keeps=self.sweep.keeps)
        await scene.arm(at)
        await self.dialogue.ask(lane)
        try:
            await scene.settle(lane.register)
        except UnsettledError as error:
            tally.unresolved += 1
            raise WrongError(str(error)) from error
        has_struck = await scene.disarm()
        await scene.idle(lane.register)
        moved = lane.far.moved().since(lane.before)
        tally.second_charges += max(0, moved.payments - 1) + max(0, moved.refunds - 1)
        if has_struck:
            tally.struck += 1
            tally.by[self.dialogue.name] += 1
        tally.ends[judge(lane)] += 1
        before = lane.listed
        await conclude(lane)
        tally.listed += lane.listed - before
        return has_struck


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
