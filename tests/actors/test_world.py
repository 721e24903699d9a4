"""The one seam for time, randomness, ids and threads."""

from __future__ import annotations

import threading
import time
import uuid
from datetime import UTC, datetime

import pytest
import trio
import trio.testing

from actors.limits import BRIEF_NS
from actors.world import ManualWorld, Pace, SystemWorld, World


def utc_ns(text: str) -> int:
    """UTC nanoseconds of an ISO time without a zone."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


def at(text: str) -> ManualWorld:
    """A world whose clock stands at `text`, UTC."""
    return ManualWorld(start_ns=utc_ns(text))


@pytest.mark.parametrize("world", [SystemWorld(), ManualWorld(7)])
def test_ids_are_version_7_and_grow(world: World) -> None:
    """Ids are UUIDs of version 7 that sort in the order they were made, many a millisecond."""
    ids = [world.new_id() for _ in range(5_000)]
    assert ids == sorted(set(ids))
    parsed = [uuid.UUID(text) for text in ids]
    assert {(u.version, u.variant) for u in parsed} == {(7, uuid.RFC_4122)}
    assert [str(u) for u in parsed] == ids


def test_ids_carry_the_time() -> None:
    """The first 48 bits of an id are UTC milliseconds."""
    world = at("2026-03-04T05:06:07")
    assert int(world.new_id().replace("-", "")[:12], 16) == utc_ns("2026-03-04T05:06:07") // 10**6


def test_ids_grow_when_the_date_is_set_back() -> None:
    """Setting the clock back an hour does not make later ids sort earlier."""
    world = ManualWorld(1)
    before = world.new_id()
    world.set_now_ns(world.now_ns() - 3_600 * 10**9)
    assert world.new_id() > before


def test_ids_grow_when_a_millisecond_is_used_up() -> None:
    """When the random part of one millisecond runs over, the id moves on to the next."""

    class Greedy(ManualWorld):
        def random_bytes(self, count: int) -> bytes:
            return b"\xff" * count

    world = Greedy()
    first = world.new_id()
    world._id_tail = (1 << 74) - 1
    assert world.new_id() > first
    assert uuid.UUID(world.new_id()).version == 7


def test_one_seed_one_world() -> None:
    """Two manual worlds of one seed give the same ids, bytes and numbers; another seed does not."""

    def draw(seed: int) -> list[object]:
        world = ManualWorld(seed)
        return [world.new_id(), world.random_bytes(9), world.random(), world.new_id()]

    assert draw(3) == draw(3)
    assert draw(3) != draw(4)


def test_a_manual_clock_moves_only_when_told() -> None:
    """Advancing moves both clocks; setting the date moves only the date."""
    world = ManualWorld(start_ns=5_000)
    world.advance(2.5)
    assert (world.now_ns(), world.monotonic_ns()) == (2_500_005_000, 2_500_000_000)
    world.set_now_ns(7)
    assert (world.now_ns(), world.monotonic_ns()) == (7, 2_500_000_000)
    with pytest.raises(ValueError, match="never goes back"):
        world.advance(-1)


async def test_a_following_world_moves_with_trio(autojump_clock: trio.testing.MockClock) -> None:
    """A world that follows trio's clock sees time pass while it sleeps."""
    world = ManualWorld(start_ns=0, follow=True)
    before = world.monotonic_ns()
    await world.sleep(3)
    assert world.monotonic_ns() - before == 3_000_000_000
    world.set_now_ns(11)
    assert world.now_ns() == 11


@pytest.mark.parametrize(
    ("utc", "zone", "cutoff_s", "offset_s", "day"),
    [
        ("2026-07-01T21:59:59", "Europe/Paris", 0, 7_200, "2026-07-01"),
        ("2026-07-01T22:00:00", "Europe/Paris", 0, 7_200, "2026-07-02"),
        ("2026-07-02T01:59:59", "Europe/Paris", 14_400, 7_200, "2026-07-01"),
        ("2026-07-02T02:00:00", "Europe/Paris", 14_400, 7_200, "2026-07-02"),
        ("2026-01-01T08:59:59", "America/Los_Angeles", 3_600, -28_800, "2025-12-31"),
        ("2026-06-15T18:29:59", "Asia/Kolkata", 0, 19_800, "2026-06-15"),
        # clocks go back in Paris at 01:00 UTC on 25 October: a 04:00 cut-off is 03:00 UTC
        ("2026-10-25T02:59:59", "Europe/Paris", 14_400, 3_600, "2026-10-24"),
        ("2026-10-25T03:00:00", "Europe/Paris", 14_400, 3_600, "2026-10-25"),
        # and forward at 01:00 UTC on 29 March: a 04:00 cut-off is 02:00 UTC
        ("2026-03-29T01:59:59", "Europe/Paris", 14_400, 7_200, "2026-03-28"),
        ("2026-03-29T02:00:00", "Europe/Paris", 14_400, 7_200, "2026-03-29"),
    ],
)
def test_the_business_date_ends_at_the_cut_off(
    utc: str, zone: str, cutoff_s: int, offset_s: int, day: str
) -> None:
    """The trading day turns at the store's cut-off by its wall clock, in winter and summer."""
    stamp = at(utc).stamp(zone, cutoff_s)
    assert (stamp.utc_offset_s, stamp.business_date) == (offset_s, day)
    assert stamp.now_ns == utc_ns(utc)


def test_the_business_date_never_steps_back() -> None:
    """A cut-off inside the hour that clocks repeat still turns the day once."""
    world = at("2026-10-24T23:00:00")
    days = []
    for _ in range(240):
        days.append(world.stamp("Europe/Paris", 9_000).business_date)
        world.advance(60)
    assert days == sorted(days)
    assert set(days) == {"2026-10-24", "2026-10-25"}


@pytest.mark.parametrize(("zone", "cutoff_s"), [("Mars/Olympus", 0), ("UTC", 86_400), ("UTC", -1)])
def test_an_impossible_calendar_is_refused(zone: str, cutoff_s: int) -> None:
    """Unknown zones and cut-offs outside a day are errors."""
    with pytest.raises(ValueError, match=r"zone|cut-off"):
        ManualWorld().stamp(zone, cutoff_s)


async def test_a_thread_is_never_abandoned() -> None:
    """A cancelled caller still waits until its thread has ended."""
    release, ended = threading.Event(), threading.Event()

    def work() -> None:
        release.wait(5)
        ended.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(SystemWorld().in_thread, work)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
        release.set()
    assert ended.is_set()


async def test_a_manual_thread_runs_inline() -> None:
    """In a manual world a threaded call runs on the caller's own thread, keywords and all."""
    here = threading.get_ident()
    assert await ManualWorld().in_thread(threading.get_ident) == here
    assert await SystemWorld().in_thread(threading.get_ident) != here
    assert await ManualWorld().in_thread(sorted, [1, 2], reverse=True) == [2, 1]


async def test_what_is_brief_runs_at_once_until_it_is_not() -> None:
    """An append runs where it is asked for while the disk is quick; after a slow one, and after
    one that has only just ended, on a thread, so that nothing else waits for it."""
    here, world = threading.get_ident(), SystemWorld()
    assert await world.briefly(threading.get_ident) == here
    await trio.sleep(0.01)
    assert await world.briefly(threading.get_ident) == here
    await world.briefly(time.sleep, 2 * BRIEF_NS / 1e9)
    await trio.sleep(0.05)
    assert await world.briefly(threading.get_ident) != here
    for _ in range(30):
        await world.briefly(threading.get_ident)
    await trio.sleep(0.05)
    assert await world.briefly(threading.get_ident) == here


def test_a_pause_is_needed_between_two_that_run_at_once() -> None:
    """Where one follows the other, the next are better gathered than each waited for."""
    pace, now_ns = Pace(), 1_000_000_000
    times = iter((now_ns, now_ns + 400_000))
    with pace.taken(lambda: next(times)):
        pass
    assert not pace.is_easy(now_ns + 1_200_000)
    assert pace.is_easy(now_ns + 1_200_001)


async def test_what_is_brief_is_not_begun_for_who_was_cancelled() -> None:
    """A stop before it began leaves it undone."""
    done: list[int] = []
    with trio.CancelScope() as scope:
        scope.cancel()
        await SystemWorld().briefly(done.append, 1)
    assert (scope.cancelled_caught, done) == (True, [])


async def test_a_manual_world_is_brief_as_it_is_threaded() -> None:
    """So a simulated kill finds the same moments in an append as ever."""
    assert await ManualWorld().briefly(sorted, [1, 2], reverse=True) == [2, 1]
