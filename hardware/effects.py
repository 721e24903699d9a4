"""A device's desk for effects: done in order, each end told until heard.

An id that is done is never done again, however often it is asked for. One that failed or ended
unknown is tried again when the outbox, having heard of that, asks again.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable

import trio
from attrs import define

from actors.actor import Post
from actors.errors import BusyError, PostError
from actors.messages import Accepted, Finished, Outcome, Perform, Proceed, Started
from actors.world import World
from engine.effects import EFFECTS
from engine.wire import WireError
from hardware.limits import (
    EFFECTS_QUEUED_MAX,
    EFFECTS_REMEMBERED_MAX,
    OUTBOX_TIMEOUT_S,
    RETRY_FIRST_S,
    RETRY_MAX_S,
)

OUTBOX = "outbox"
# The outbox heard of these and may ask for another try under the same id.
_MAY_TRY_AGAIN = (Outcome.FAILED, Outcome.UNKNOWN)


@define(eq=False)
class Job:
    """One try of an effect. `end` is None until it ended; `tries` counts those so far.

    `until_ns` is by the steady clock, None for ever.
    """

    effect_id: str
    effect: object
    until_ns: int | None
    may_have_happened: bool
    fault: str = ""
    tries: int = 1
    started: bool = False
    end: Finished | None = None
    reporting: bool = False


Work = Callable[[Job], Awaitable[tuple[Outcome, str]]]


class EffectDesk:
    """Owns a device's queue of effects and the memory of those done.

    `accepts` are the effect classes the device can do; others end FAILED and send nothing.
    """

    def __init__(
        self, address: str, post: Post, world: World, accepts: tuple[type, ...] = ()
    ) -> None:
        self._address = address
        self._post = post
        self._world = world
        self._accepts = accepts
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._queue: deque[Job] = deque()
        self._wake = trio.Event()

    @property
    def waiting(self) -> int:
        """Effects not begun."""
        return len(self._queue)

    def accept(self, perform: Perform) -> Accepted | BusyError:
        """Queue an effect, or recognise it; the end of an id already done is told once more."""
        job = self._jobs.get(perform.effect_id)
        if job is not None and (job.end is None or job.reporting):
            return Accepted()
        if len(self._queue) >= EFFECTS_QUEUED_MAX:
            return BusyError(self._address, "its queue is full; nothing was taken")
        if job is None or (job.end is not None and job.end.outcome in _MAY_TRY_AGAIN):
            tries = job.tries if job is not None else 0
            job = self._new_job(perform, tries + 1)
            self._jobs[job.effect_id] = job
            self._jobs.move_to_end(job.effect_id)
            self._forget_oldest()
        self._queue.append(job)
        self._wake.set()
        return Accepted()

    def _new_job(self, perform: Perform, tries: int) -> Job:
        effect: object = None
        fault = ""
        try:
            effect = EFFECTS.unpack(perform.effect)
        except WireError as error:
            fault = f"the effect cannot be read ({error}); nothing was done"
        if not fault and not isinstance(effect, self._accepts):
            fault = f"{self._address} cannot do {EFFECTS.name_of(effect)}; nothing was done"
        until_ns = None
        if perform.left_ns is not None:
            until_ns = self._world.monotonic_ns() + perform.left_ns
        return Job(perform.effect_id, effect, until_ns, perform.may_have_happened, fault, tries)

    def _forget_oldest(self) -> None:
        while len(self._jobs) > EFFECTS_REMEMBERED_MAX:
            # Nearly always the first; a copy of so many for each effect was a fiftieth of a day.
            told = (one for one, job in self._jobs.items() if job.end and not job.reporting)
            if (oldest := next(told, None)) is None:
                return
            del self._jobs[oldest]

    async def run(self, work: Work) -> None:
        """Do effects one at a time by `work`, for ever."""
        async with trio.open_nursery() as nursery:
            while True:
                while not self._queue:
                    self._wake = trio.Event()
                    await self._wake.wait()
                job = self._queue.popleft()
                if job.end is None:
                    outcome, reason = await self._do(job, work)
                    job.end = Finished(job.effect_id, outcome, reason)
                job.reporting = True
                nursery.start_soon(self._report, job)

    async def _do(self, job: Job, work: Work) -> tuple[Outcome, str]:
        if job.fault:
            return Outcome.FAILED, job.fault
        if self.expired(job):
            return Outcome.EXPIRED, "it was too late when its turn came; nothing was sent"
        return await work(job)

    def expired(self, job: Job) -> bool:
        """Whether the effect is worthless by now."""
        return job.until_ns is not None and self._world.monotonic_ns() >= job.until_ns

    def seconds_left(self, job: Job) -> float:
        """Time until it expires, infinite for never, 0 at the least."""
        if job.until_ns is None:
            return float("inf")
        return max(0, job.until_ns - self._world.monotonic_ns()) / 1_000_000_000

    async def start(self, job: Job) -> bool:
        """Ask the outbox to journal the start; False means send nothing.

        Waits as long as the outbox is away and the effect is worth something. Sets the job's
        `may_have_happened` where the outbox knows of an earlier try.
        """
        delay_s = RETRY_FIRST_S
        while not self.expired(job):
            asked_ns = self._world.monotonic_ns()
            try:
                answer = await self._post.ask(
                    OUTBOX, Started(job.effect_id), timeout_s=OUTBOX_TIMEOUT_S
                )
            except PostError:
                await self._world.sleep(delay_s)
                delay_s = min(2 * delay_s, RETRY_MAX_S)
                continue
            if not isinstance(answer, Proceed) or not answer.proceed:
                return False
            if answer.left_ns is not None:
                # The offer may have been long on its way; this is no later than the outbox means.
                job.until_ns = asked_ns + answer.left_ns
            if self.expired(job):
                return False
            job.started = True
            job.may_have_happened = job.may_have_happened or answer.may_have_happened
            return True
        return False

    async def _report(self, job: Job) -> None:
        delay_s = RETRY_FIRST_S
        while True:
            try:
                answer = await self._post.ask(OUTBOX, job.end, timeout_s=OUTBOX_TIMEOUT_S)
            except PostError:
                answer = None
            if isinstance(answer, Accepted):
                job.reporting = False
                return
            await self._world.sleep(delay_s)
            delay_s = min(2 * delay_s, RETRY_MAX_S)
