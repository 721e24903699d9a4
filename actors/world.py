"""One seam for time, randomness, ids, threads and the disk; nothing else touches them.

Production runs on `SystemWorld`. Tests run on `ManualWorld`, where the clock is set by hand and
everything random follows from one seed. The simulator runs on `SimulatedWorld` within
`run_simulated`, where the seed decides the scheduler's order too: time stands still while anybody
has something to do, and jumps to the next deadline when nobody has.
"""

from __future__ import annotations

import contextlib
import heapq
import math
import os
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, ParamSpec, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import trio

from actors.disk import SYSTEM_DISK, Disk
from actors.limits import BRIEF_NS, NS_PER_S, PAUSES_TO_ONE
from engine.stamp import Stamp

P = ParamSpec("P")
T = TypeVar("T")

_DAY_S = 86_400
_NS_PER_MS = 1_000_000
_TAIL_BITS = 74  # what a version 7 id has besides its time, its version and its variant
_STEP_BYTES = 4


class World(ABC):
    """Time, randomness, ids, threads and the disk, as every actor receives them."""

    disk: Disk = SYSTEM_DISK

    def __init__(self) -> None:
        self._id_ms = -1
        self._id_tail = 0
        self._stamped: tuple[tuple[int, str, int], int, str] | None = None

    @abstractmethod
    def now_ns(self) -> int:
        """UTC nanoseconds since 1970. It may jump either way: never measure a duration with it."""

    @abstractmethod
    def monotonic_ns(self) -> int:
        """Nanoseconds since some moment of this process; never goes back."""

    @abstractmethod
    def random_bytes(self, count: int) -> bytes:
        """`count` random bytes, fit for secrets on `SystemWorld`."""

    @abstractmethod
    def random(self) -> float:
        """A number in [0, 1), for jitter and for nothing that must be secret."""

    @abstractmethod
    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function` on a worker thread and wait for it.

        It is never abandoned: a cancellation is delivered only once the thread is done, so a write
        under way is always known to have ended.
        """

    async def briefly(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `in_thread`, for what mostly takes less time than to hand it to a thread and back: it
        may be run at once, while everything else waits for it."""
        return await self.in_thread(function, *args, **kwargs)

    async def sleep(self, seconds: float) -> None:
        """Wait; a negative or zero time is one checkpoint."""
        await trio.sleep(max(0.0, seconds))

    def new_id(self) -> str:
        """A UUID of version 7 in lower case, greater as text than every one before it here.

        Source: RFC 9562, sections 5.7 and 6.2 (method 2, the random part counts on).
        """
        now_ms = self.now_ns() // _NS_PER_MS
        if now_ms > self._id_ms:
            self._begin_millisecond(now_ms)
        else:
            self._id_tail += 1 + int.from_bytes(self.random_bytes(_STEP_BYTES), "big")
            if self._id_tail >> _TAIL_BITS:
                self._begin_millisecond(self._id_ms + 1)
        high = (self._id_ms << 16) | 0x7000 | (self._id_tail >> 62)
        low = (0b10 << 62) | (self._id_tail & ((1 << 62) - 1))
        text = f"{high & ((1 << 64) - 1):016x}{low:016x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def _begin_millisecond(self, now_ms: int) -> None:
        self._id_ms = now_ms
        tail = int.from_bytes(self.random_bytes(10), "big")
        self._id_tail = tail & ((1 << (_TAIL_BITS - 1)) - 1)

    def stamp(self, time_zone: str, cutoff_s: int) -> Stamp:
        """The stamp of a decision made now, in the store's zone (an IANA name).

        A trading day ends `cutoff_s` seconds after local midnight by the wall clock, 0 to 86,399.
        The cut-off is turned into one instant a day, so the business date never steps back when
        clocks do.

        Raises:
            ValueError: no such zone, or a cut-off outside a day.
        """
        now_ns = self.now_ns()
        # All decisions of one second share their place in the day, and there may be hundreds.
        asked = (now_ns // NS_PER_S, time_zone, cutoff_s)
        if self._stamped is None or self._stamped[0] != asked:
            self._stamped = (asked, *_place_in_day(*asked))
        _, utc_offset_s, business_date = self._stamped
        return Stamp(now_ns=now_ns, utc_offset_s=utc_offset_s, business_date=business_date)


def _place_in_day(now_s: int, time_zone: str, cutoff_s: int) -> tuple[int, str]:
    """The offset from UTC in seconds and the trading day."""
    if not 0 <= cutoff_s < _DAY_S:
        raise ValueError(f"a cut-off lies within 0 and {_DAY_S - 1} seconds, got {cutoff_s}")
    zone = _zone(time_zone)
    instant = datetime.fromtimestamp(now_s, UTC)
    local = instant.astimezone(zone)
    offset = local.utcoffset() or timedelta()
    day = local.date()
    if instant < _cutoff(day, cutoff_s, zone):
        day -= timedelta(days=1)
    return offset.days * _DAY_S + offset.seconds, day.isoformat()


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"no time zone is called {name!r}") from error


def _cutoff(day: date, cutoff_s: int, zone: ZoneInfo) -> datetime:
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    return (midnight + timedelta(seconds=cutoff_s)).astimezone(UTC)


class Pace:
    """How long something took lately, and when it ended: whether all else may wait for it.

    A slow disk, or a moment of it, must not hold up what has nothing to do with it. And where one
    follows the other, more is done in the same time if the next are gathered meanwhile.
    """

    def __init__(self) -> None:
        self._took_ns = self._ended_ns = 0

    def is_easy(self, now_ns: int) -> bool:
        """Whether it has been quick lately, and there was a pause since."""
        pause_ns = now_ns - self._ended_ns
        return self._took_ns < BRIEF_NS and pause_ns > PAUSES_TO_ONE * self._took_ns

    @contextlib.contextmanager
    def taken(self, clock_ns: Callable[[], int]) -> Iterator[None]:
        """Time what the block does. What was slow is remembered for a while."""
        began_ns = clock_ns()
        yield
        self._ended_ns = clock_ns()
        took_ns = self._ended_ns - began_ns
        self._took_ns = max(took_ns, self._took_ns * 7 // 8)


class SystemWorld(World):
    """The real thing: the machine's clocks, its entropy and its threads."""

    def __init__(self) -> None:
        super().__init__()
        self._pace = Pace()

    def now_ns(self) -> int:
        """UTC nanoseconds by the machine's clock."""
        return time.time_ns()

    def monotonic_ns(self) -> int:
        """Nanoseconds by the machine's steady clock."""
        return time.monotonic_ns()

    def random_bytes(self, count: int) -> bytes:
        """Bytes from the operating system."""
        return os.urandom(count)

    def random(self) -> float:
        """From Python's generator, seeded by the operating system."""
        return random.random()

    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """On trio's worker threads."""
        return await trio.to_thread.run_sync(
            lambda: function(*args, **kwargs), abandon_on_cancel=False
        )

    async def briefly(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """At once while that is quick and seldom, else on a thread."""
        pace, now_ns = self._pace, time.monotonic_ns
        await trio.lowlevel.checkpoint_if_cancelled()
        if pace.is_easy(now_ns()):
            with pace.taken(now_ns):
                return function(*args, **kwargs)

        def timed() -> T:
            with pace.taken(now_ns):
                return function(*args, **kwargs)

        return await self.in_thread(timed)


class ManualWorld(World):
    """A world that moves only when told: for tests and the simulator.

    With `follow` it also moves with trio's own clock, so that a `trio.testing.MockClock` drives
    sleeping, deadlines and stamps alike.
    """

    def __init__(
        self, seed: int = 0, start_ns: int = 1_780_000_000 * NS_PER_S, *, follow: bool = False
    ) -> None:
        super().__init__()
        self._random = random.Random(seed)
        self._now_ns = start_ns
        self._monotonic_ns = 0
        self._follow = follow

    def _followed_ns(self) -> int:
        return int(trio.current_time() * NS_PER_S) if self._follow else 0

    def now_ns(self) -> int:
        """The time as set, plus trio's where that is followed."""
        return self._now_ns + self._followed_ns()

    def monotonic_ns(self) -> int:
        """The sum of all advances, plus trio's time where that is followed."""
        return self._monotonic_ns + self._followed_ns()

    def advance(self, seconds: float) -> None:
        """Let time pass on both clocks; `seconds` is not negative."""
        if seconds < 0:
            raise ValueError("a steady clock never goes back; use set_now_ns to move the date")
        step_ns = int(seconds * NS_PER_S)
        self._now_ns += step_ns
        self._monotonic_ns += step_ns

    def set_now_ns(self, now_ns: int) -> None:
        """Set the date, as an administrator does; the steady clock does not notice."""
        self._now_ns = now_ns - self._followed_ns()

    def random_bytes(self, count: int) -> bytes:
        """Bytes that follow from the seed."""
        return self._random.randbytes(count)

    def random(self) -> float:
        """A number that follows from the seed."""
        return self._random.random()

    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """At once and inline, between two checkpoints, so that a seed always runs the same way."""
        await trio.lowlevel.checkpoint()
        result = function(*args, **kwargs)
        await trio.lowlevel.cancel_shielded_checkpoint()
        return result


# Trio shuffles tasks on purpose. Its own test of determinism uses these two names, and trio is
# pinned; where they are gone, a seed would mean nothing, so nothing is run.
_SCHEDULER: Any = trio._core._run
_SWITCH, _CHANCE, _IO = "_ALLOW_DETERMINISTIC_SCHEDULING", "_r", "TheIOManager"
_LOOKS_EVERY = 1_000  # turns of the scheduler between two looks at the machine: for Ctrl-C
_STANDSTILLS_MAX = 1_000
_STANDSTILL_S = 0.001
_SLOW_THREAD_S = 0.005
_BEATS_NS = (250_000_000, 100_000_000, 20_000_000)


class StandstillError(RuntimeError):
    """Nobody has anything to do and nothing is due: the simulation would wait for ever."""


class SimulatedClock(trio.abc.Clock):
    """Time that jumps to the next deadline whenever every task waits.

    It wakes its own sleepers: a sleep of trio's is a scope that is cancelled, which costs several
    times as much, and most of what a simulated shop does is sleep.
    """

    def __init__(self) -> None:
        self.now_ns = 0
        self._now_s = 0.0
        self._stood = 0
        self._sleepers: list[tuple[int, int, trio.lowlevel.Task]] = []
        self._begun = 0
        self._cancelled: set[int] = set()

    async def sleep_until(self, due_ns: int) -> None:
        """Wait until that time, or be cancelled."""
        if due_ns <= self.now_ns:
            await trio.lowlevel.checkpoint()
            return
        self._begun += 1
        number = self._begun
        heapq.heappush(self._sleepers, (due_ns, number, trio.lowlevel.current_task()))

        def abort(_: object) -> trio.lowlevel.Abort:
            self._cancelled.add(number)
            return trio.lowlevel.Abort.SUCCEEDED

        await trio.lowlevel.wait_task_rescheduled(abort)

    def _wake_sleepers(self, deadline_ns: float) -> bool:
        """Let time pass up to the earliest sleepers that are due no later, and wake them; False
        where there are none."""
        sleepers = self._sleepers
        while sleepers and sleepers[0][1] in self._cancelled:
            self._cancelled.discard(heapq.heappop(sleepers)[1])
        if not sleepers or sleepers[0][0] > deadline_ns:
            return False
        self.now_ns = sleepers[0][0]
        self._now_s = self.now_ns / NS_PER_S
        while sleepers and sleepers[0][0] <= self.now_ns:
            _, number, task = heapq.heappop(sleepers)
            if number in self._cancelled:
                self._cancelled.discard(number)
            else:
                trio.lowlevel.reschedule(task)
        return True

    def start_clock(self) -> None:
        """Nothing to start."""

    def current_time(self) -> float:
        """Simulated seconds since the beginning."""
        return self._now_s

    def deadline_to_sleep_time(self, deadline: float) -> float:
        """Asked by trio when no task can run: the deadline is now."""
        if self._wake_sleepers(deadline * NS_PER_S):
            self._stood = 0
            return 0.0
        if deadline == math.inf:
            # Trio itself may still have something to hand over, as while it starts and ends.
            self._stood += 1
            if self._stood > _STANDSTILLS_MAX:
                raise StandstillError("every task waits and no deadline is set")
            return _STANDSTILL_S
        self._stood = 0
        if deadline > self._now_s:
            self._now_s = deadline
            self.now_ns = max(self.now_ns, int(deadline * NS_PER_S))
        return 0.0


class SimulatedChance(random.Random):
    """What trio shuffles by; `random` alone is asked, once for each but the first."""

    def shuffle(self, x: Any) -> None:
        """As any shuffle, several times as quick."""
        for index in range(len(x) - 1, 0, -1):
            other = int(self.random() * (index + 1))
            x[index], x[other] = x[other], x[index]


class SimulatedWorld(ManualWorld):
    """Time by the simulated clock, chance from a seed, threads inline, files on `disk`.

    Made within `run_simulated`, whose clock it follows. `slow_threads` is the chance that a thread
    takes its time.
    """

    def __init__(self, seed: int, disk: Disk, start_ns: int) -> None:
        super().__init__(seed, start_ns)
        self.disk = disk
        self.slow_threads = 0.1
        clock = trio.lowlevel.current_clock()
        assert isinstance(clock, SimulatedClock)
        self._clock = clock

    def now_ns(self) -> int:
        """The time as set, plus what passed since."""
        return self._now_ns + self._clock.now_ns

    def monotonic_ns(self) -> int:
        """What passed since the beginning."""
        return self._clock.now_ns

    def set_now_ns(self, now_ns: int) -> None:
        """Set the date, as an administrator does; the steady clock does not notice."""
        self._now_ns = now_ns - self._clock.now_ns

    async def sleep(self, seconds: float) -> None:
        """Wait until the next beat after that time: what ticks then ticks together, which is many
        times faster to simulate than one wake-up each."""
        if seconds <= 0:
            await trio.lowlevel.checkpoint()
            return
        pause_ns = int(seconds * NS_PER_S)
        beat_ns = next((beat_ns for beat_ns in _BEATS_NS if beat_ns <= pause_ns), _BEATS_NS[-1])
        beats = -(-(self._clock.now_ns + pause_ns) // beat_ns)
        await self._clock.sleep_until(beats * beat_ns)

    async def sleep_exactly(self, seconds: float) -> None:
        """Wait that long, whatever the beat."""
        await self._clock.sleep_until(self._clock.now_ns + int(seconds * NS_PER_S))

    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Inline, after a moment in which others run, most often the shortest there is; and now and
        then its end is heard of late, so that what it wrote is there before anybody is told.
        """
        if self._random.random() < self.slow_threads:
            await self.sleep_exactly(self._random.random() * _SLOW_THREAD_S)
        else:
            await trio.lowlevel.checkpoint()
        result = function(*args, **kwargs)
        if self._random.random() < self.slow_threads:
            await self.sleep_exactly(self._random.random() * _SLOW_THREAD_S)
        return result


def require_deterministic_trio() -> None:
    """Check that this trio can be told how to shuffle.

    Raises:
        RuntimeError: it cannot; another version was installed than the locked one.
    """
    if not hasattr(_SCHEDULER, _SWITCH) or not isinstance(
        getattr(_SCHEDULER, _CHANCE, None), random.Random
    ):
        raise RuntimeError(
            f"trio {trio.__version__} does not let its scheduler be seeded. Nothing was simulated. "
            "Install the locked version: ./run build"
        )


def _without_looking(io: type) -> type:
    """Trio's way to the machine, asked nothing while somebody has something to do: in a simulation
    nothing comes from there, and asking costs a call of the system each turn."""

    class SimulatedIO(io):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self._turns = 0

        def get_events(self, timeout: float) -> Any:
            self._turns += 1
            if timeout or self._turns % _LOOKS_EVERY == 0:
                return super().get_events(timeout)
            return ()

    return SimulatedIO


def run_simulated(seed: int, main: Callable[..., Awaitable[T]], *args: Any) -> T:
    """Run `main` under trio with the scheduler's order and the clock following from `seed`."""
    require_deterministic_trio()
    own = {
        _SWITCH: True,
        _CHANCE: SimulatedChance(seed),
        _IO: _without_looking(getattr(_SCHEDULER, _IO)),
    }
    before = {name: getattr(_SCHEDULER, name) for name in own}
    for name, value in own.items():
        setattr(_SCHEDULER, name, value)
    try:
        return trio.run(main, *args, clock=SimulatedClock())
    finally:
        for name, value in before.items():
            setattr(_SCHEDULER, name, value)
