"""One task waits until it is woken; what is cut short leaves no trace."""

from __future__ import annotations

import trio
import trio.testing

from actors.waking import Wake


async def test_a_wake_lets_the_one_that_waits_go_on() -> None:
    """Once for each wake; one that finds nobody is forgotten."""
    place, turns = Wake(), 0

    async def wait_twice() -> None:
        nonlocal turns
        for _ in range(2):
            await place.wait()
            turns += 1

    place.wake()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait_twice)
        await trio.testing.wait_all_tasks_blocked()
        assert turns == 0
        place.wake()
        place.wake()
        await trio.testing.wait_all_tasks_blocked()
        assert turns == 1
        place.wake()
    assert turns == 2


async def test_whoever_was_cancelled_waits_no_more() -> None:
    """The place is free for the next, and a wake finds nobody in between."""
    place = Wake()
    with trio.move_on_after(0) as scope:
        await place.wait()
    assert scope.cancelled_caught
    place.wake()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(place.wait)
        await trio.testing.wait_all_tasks_blocked()
        place.wake()
