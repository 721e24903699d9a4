"""The wire cut after every byte, in either direction, with the store's intents above it."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import TypeVar

import trio
from attrs import define, evolve, field, frozen

from actors.world import run_simulated
from tests.cuts.dialogues import Dialogue, Lane, close, conclude, judge
from tests.cuts.far_ends import PLACES
from tests.cuts.scene import LOOK_S, UnsettledError, WrongError
from tests.cuts.stage import Stage, open_real, open_simulated, prepare
from tests.simulation.disk import MemoryDisk

LANES = 6
WHOLE = (0, 1)
_AT_ONE_STORE = 400
_TOLD_EVERY = 500
T = TypeVar("T")
_names = itertools.count()


@frozen
class Cut:
    """One cut: in which dialogue, where, after how many bytes, at which kind of terminal."""

    dialogue: Dialogue
    place: str
    after: int
    keeps: bool = False

    def __str__(self) -> str:
        """As it is told where it went wrong."""
        kind = ", keeps" if self.keeps else ""
        return f"{self.dialogue.name}: {self.place} {self.after}{kind}"


@define(eq=False)
class Tally:
    """What cuts came to. `struck` counts those that really cut something; `by` the same by
    dialogue; `second_charges` and `unresolved` are to stay at nought. `told` is how many there were
    when somebody was last told."""

    struck: int = 0
    missed: int = 0
    told: int = 0
    second_charges: int = 0
    unresolved: int = 0
    listed: int = 0
    closes: int = 0
    by: Counter[str] = field(factory=Counter)
    ends: Counter[str] = field(factory=Counter)
    wrong: list[str] = field(factory=list)

    def add(self, other: Tally) -> None:
        """Take another's figures in."""
        for name in ("struck", "missed", "second_charges", "unresolved", "listed", "closes"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.by += other.by
        self.ends += other.ends
        self.wrong += other.wrong

    @property
    def ok(self) -> bool:
        """Whether something was cut, nobody charged twice, and nothing left open or wrong."""
        return self.struck > 0 and not (self.wrong or self.second_charges or self.unresolved)


async def arrange(lane: Lane, dialogue: Dialogue, *, keeps: bool) -> None:
    """All that comes before the cut, and the customer."""
    await dialogue.prepare(lane)
    await lane.stage.idle(lane.register)
    lane.far.expect(evolve(dialogue.customer, keeps=keeps))


async def _one(lane: Lane, cut: Cut, tally: Tally) -> None:
    """One dialogue with its cut, to the end of its order."""
    await arrange(lane, cut.dialogue, keeps=cut.keeps)
    if cut.dialogue.cut_later:
        await cut.dialogue.ask(lane)
        if lane.far.is_broken:
            await lane.far.mend()
        lane.far.arm(cut.place, cut.after)
    else:
        lane.far.arm(cut.place, cut.after)
        await cut.dialogue.ask(lane)
    told_before = lane.far.counts()[cut.place]
    try:
        await lane.stage.settle(lane.register)
    except UnsettledError as error:
        tally.unresolved += 1
        raise WrongError(str(error)) from error
    # Where the cut comes behind the last byte that was needed, the cable may still be whole.
    struck = lane.far.counts()[cut.place] >= told_before and await _is_struck(lane, cut.place)
    lane.far.arm(cut.place, 0)
    if lane.far.is_broken:
        await lane.far.mend()
    await _judged(lane, cut, tally, struck=struck)


async def _is_struck(lane: Lane, place: str) -> bool:
    """Whether the cut came, or comes with what is still on its way."""
    for _ in range(20):
        if not lane.far.is_armed(place):
            return True
        await lane.stage.world.sleep(LOOK_S)
    return False


async def _judged(lane: Lane, cut: Cut, tally: Tally, *, struck: bool) -> None:
    moved = lane.far.moved().since(lane.before)
    tally.second_charges += max(0, moved.payments - 1) + max(0, moved.refunds - 1)
    if struck:
        tally.struck += 1
        tally.by[cut.dialogue.name] += 1
    else:
        tally.missed += 1
    tally.ends[judge(lane)] += 1
    before = lane.listed
    await conclude(lane)
    tally.listed += lane.listed - before


async def measure(stage: Stage, dialogue: Dialogue) -> dict[str, int]:
    """How many bytes a dialogue takes in each direction, undisturbed, by the name of the cut."""
    lane = Lane(stage, "1")
    await _sold_before(lane, dialogue)
    await arrange(lane, dialogue, keeps=False)
    if dialogue.cut_later:
        await dialogue.ask(lane)
        before = lane.far.counts()
        if lane.far.is_broken:
            await lane.far.mend()
    else:
        before = lane.far.counts()
        await dialogue.ask(lane)
    await stage.settle(lane.register)
    after = lane.far.counts()
    await conclude(lane)
    return {place: after[place] - before[place] for place in PLACES}


async def _sold_before(lane: Lane, dialogue: Dialogue) -> None:
    """A sale before the first that is cut, unless that is to be a terminal's very first: else its
    bytes would be those of one, and a terminal that is never paid at stays without a first."""
    if not dialogue.is_first:
        await lane.ring_up()
        await lane.undisturbed("payment.request")
        await conclude(lane)


async def _lane(
    stage: Stage, register: str, cuts: list[Cut], tally: Tally, tell: Callable[[str], object]
) -> None:
    """Cut after cut, and the end of the day behind them."""
    lane, is_new = Lane(stage, register), True
    while cuts:
        cut = cuts.pop()
        try:
            if is_new:
                await _sold_before(lane, cut.dialogue)
                is_new = False
            await _one(lane, cut, tally)
        except (WrongError, AssertionError, trio.TooSlowError) as error:
            tally.wrong.append(f"{cut}: {error}")
            tell(f"WRONG {tally.wrong[-1]}")
            # What is wrong here would be told again of every cut that follows.
            return
        if tally.struck + tally.missed - tally.told >= _TOLD_EVERY:
            tally.told = tally.struck + tally.missed
            tell(f"  {cut.dialogue.name}, so far: {told(tally)}")
    try:
        await close(lane)
        tally.closes += 1
    except (WrongError, AssertionError, trio.TooSlowError) as error:
        tally.wrong.append(f"the end of the day of register {register}: {error}")
        tell(f"WRONG {tally.wrong[-1]}")


def cuts_of(
    dialogue: Dialogue,
    lengths: dict[str, int],
    step: int,
    keeps: tuple[bool, ...],
    shard: tuple[int, int],
) -> list[Cut]:
    """Every `step`th byte, and always the first and the last; of these the cuts of one shard."""
    found = []
    for keep in keeps:
        for place in PLACES:
            last = lengths[place]
            every = range(1, last + 1)
            points = sorted({1, last, *range(step, last + 1, step)}) if step > 1 else every
            found += [Cut(dialogue, place, after, keep) for after in points]
    first, every_nth = shard
    return found[first::every_nth]


def in_memory(
    carrier: str,
    dialogue: Dialogue,
    *,
    step: int = 1,
    keeps: tuple[bool, ...] = (False,),
    shard: tuple[int, int] = WHOLE,
    tell: Callable[[str], object] = str,
) -> Tally:
    """Cut a dialogue in the simulated world."""
    prepare()
    lengths = _simulated(carrier, partial(measure, dialogue=dialogue))
    tally = Tally()
    cuts = cuts_of(dialogue, lengths, step, keeps, shard)
    at_one_store = 1 if dialogue.is_first else _AT_ONE_STORE
    for first in range(0, len(cuts), at_one_store):
        some = cuts[first : first + at_one_store]
        _simulated(carrier, partial(_lane, register="1", cuts=some, tally=tally, tell=tell))
    tell(f"{carrier}, {dialogue.name}, {lengths}: {told(tally)}")
    return tally


def _simulated(carrier: str, act: Callable[[Stage], Awaitable[T]]) -> T:
    disk = MemoryDisk(f"cuts-{next(_names)}")

    async def run() -> T:
        async with open_simulated(carrier, disk, 0) as stage:
            return await act(stage)
        raise AssertionError

    try:
        return run_simulated(0, run)
    finally:
        disk.close()


async def on_real(
    carrier: str,
    dialogues: tuple[Dialogue, ...],
    folder: Path,
    *,
    step: int = 1,
    keeps: tuple[bool, ...] = (False,),
    shard: tuple[int, int] = WHOLE,
    lanes: int = LANES,
    hurried: bool = True,
    tell: Callable[[str], object] = str,
) -> dict[str, Tally]:
    """Cut dialogues on real sockets or ptys, at many registers of one store at once; a very first
    one at as many stores as it takes. Where much else runs on the machine, patience should not be
    `hurried`."""
    found = {}
    numbers = itertools.count()

    def opened(lanes: int) -> AbstractAsyncContextManager[Stage]:
        place = folder / f"store-{next(numbers)}"
        place.mkdir()
        return open_real(carrier, place, lanes, hurried=hurried)

    for dialogue in (one for one in dialogues if one.is_first):
        async with opened(1) as stage:
            lengths = await measure(stage, dialogue)
        tally, cuts = Tally(), cuts_of(dialogue, lengths, step, keeps, shard)
        for first in range(0, len(cuts), lanes):
            async with opened(lanes) as stage:
                await _at_once(stage, [[cut] for cut in cuts[first : first + lanes]], tally, tell)
        found[dialogue.name] = tally
        tell(f"{carrier}, {dialogue.name}, {lengths}: {told(tally)}")
    later = [one for one in dialogues if not one.is_first]
    if later:
        async with opened(lanes) as stage:
            for dialogue in later:
                lengths, tally = await measure(stage, dialogue), Tally()
                cuts = cuts_of(dialogue, lengths, step, keeps, shard)
                await _at_once(stage, [cuts] * lanes, tally, tell)
                found[dialogue.name] = tally
                tell(f"{carrier}, {dialogue.name}, {lengths}: {told(tally)}")
    return found


async def _at_once(
    stage: Stage, cuts: Sequence[list[Cut]], tally: Tally, tell: Callable[[str], object]
) -> None:
    """Each register takes from its list; a list may be that of several."""
    async with trio.open_nursery() as nursery:
        for register, some in zip(stage.fars, cuts, strict=False):
            nursery.start_soon(_lane, stage, register, some, tally, tell)


def told(tally: Tally) -> str:
    """In one line."""
    ends = ", ".join(f"{count} {end}" for end, count in sorted(tally.ends.items()))
    return (
        f"{tally.struck} cuts ({ends}), {tally.second_charges} second charges, "
        f"{tally.unresolved} unresolved, {tally.listed} to a person"
    )
