"""A device's desk counts the time of an effect so that no way it took makes it longer."""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing

from actors.messages import Accepted, Finished, Outcome, Perform, Proceed
from actors.world import ManualWorld
from engine.effects import EFFECTS, KickDrawer
from hardware.effects import EffectDesk, Job

_SECOND_NS = 1_000_000_000


class SlowOutbox:
    """Answers a start after a while, with what is left at that moment of the effect's time."""

    def __init__(self, world: ManualWorld, until_ns: int, *, there_s: float, back_s: float) -> None:
        self._world, self._until_ns = world, until_ns
        self._there_s, self._back_s = there_s, back_s

    async def ask(self, to: str, body: object, *, timeout_s: float) -> Any:
        """The way there, the answer, the way back."""
        self._world.advance(self._there_s)
        left_ns = max(0, self._until_ns - self._world.monotonic_ns())
        self._world.advance(self._back_s)
        return Proceed(left_ns > 0, left_ns=left_ns)

    def tell_nowait(self, to: str, body: object) -> bool:
        """Nobody listens."""
        return True


def _job(desk: EffectDesk) -> Job:
    return next(iter(desk._jobs.values()))


async def _started(
    *, offer_s: float, there_s: float = 0.0, back_s: float = 0.0
) -> tuple[bool, int]:
    """Whether a kick of three seconds may begin, and how much too late the desk would do it."""
    world = ManualWorld()
    until_ns = 3 * _SECOND_NS
    desk = EffectDesk(
        "drawer/1",
        SlowOutbox(world, until_ns, there_s=there_s, back_s=back_s),
        world,
        (KickDrawer,),
    )
    world.advance(offer_s)
    # The offer says three seconds, for that is what was left when it was sent.
    desk.accept(Perform("e1", EFFECTS.pack(KickDrawer()), until_ns))
    begins = await desk.start(_job(desk))
    job_until_ns = _job(desk).until_ns
    assert job_until_ns is not None
    return begins, job_until_ns - until_ns


async def test_an_offer_that_was_long_on_its_way_gives_no_more_time() -> None:
    """A link that sent the offer again after two seconds does not let the drawer open late."""
    assert (True, 0) == await _started(offer_s=2.0)


async def test_the_way_to_the_outbox_and_back_is_counted_against_the_effect() -> None:
    """What is left is counted from the question, so a slow answer shortens it, never lengthens."""
    begins, beyond_ns = await _started(offer_s=0.5, there_s=0.5, back_s=0.5)
    assert begins
    assert beyond_ns == -_SECOND_NS // 2


async def test_an_answer_that_comes_too_late_begins_nothing() -> None:
    """Where the time was over by the time the answer was there, nothing is sent."""
    begins, _ = await _started(offer_s=1.0, there_s=0.5, back_s=2.0)
    assert not begins


class DeafOutbox:
    """Hears of every end but that of one effect."""

    def __init__(self, deaf_to: str) -> None:
        self._deaf_to = deaf_to

    async def ask(self, to: str, body: object, *, timeout_s: float) -> Any:
        """Accepted, or no word for ever."""
        assert isinstance(body, Finished)
        if body.effect_id == self._deaf_to:
            await trio.sleep_forever()
        return Accepted()

    def tell_nowait(self, to: str, body: object) -> bool:
        """Nobody listens."""
        return True


async def test_the_oldest_end_that_was_heard_of_is_forgotten_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where more were done than are remembered, an effect whose end nobody heard of is kept,
    however old; of the others the oldest goes, and those left are done once however often they
    come."""
    monkeypatch.setattr("hardware.effects.EFFECTS_REMEMBERED_MAX", 3)
    desk = EffectDesk("drawer/1", DeafOutbox("e0"), ManualWorld(), (KickDrawer,))
    done = []

    async def work(job: Job) -> tuple[Outcome, str]:
        done.append(job.effect_id)
        return Outcome.DONE, ""

    async with trio.open_nursery() as nursery:
        nursery.start_soon(desk.run, work)
        for number in (0, 1, 2, 3, 4, 0, 3, 4, 2):
            desk.accept(Perform(f"e{number}", EFFECTS.pack(KickDrawer()), None))
            await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert done == ["e0", "e1", "e2", "e3", "e4", "e2"]
    assert list(desk._jobs) == ["e0", "e4", "e2"]
