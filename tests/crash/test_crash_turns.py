"""A start that is timed has the machine to itself, and holds nobody up longer than that."""

from __future__ import annotations

import trio
import trio.testing

from tests.crash.turns import Turns


async def test_a_timed_life_waits_for_the_others_and_they_for_it() -> None:
    """It begins when the last of them is over; the next begins once it was timed, beside it."""
    turns, said = Turns(), []

    async def live(name: str, *, alone: bool) -> None:
        await turns.begin(alone=alone)
        said.append(name)

    async with trio.open_nursery() as nursery:
        await live("first", alone=False)
        nursery.start_soon(lambda: live("timed", alone=True))
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(lambda: live("next", alone=False))
        await trio.testing.wait_all_tasks_blocked()
        assert ["first"] == said
        await turns.end()
        await trio.testing.wait_all_tasks_blocked()
        assert ["first", "timed"] == said
        await turns.timed()
        await trio.testing.wait_all_tasks_blocked()
        assert ["first", "timed", "next"] == said
        assert turns.lives == 2


async def test_who_gives_up_its_turn_holds_nobody_up() -> None:
    """A life that is cancelled while it waits to be alone leaves the way free."""
    turns, scope = Turns(), trio.CancelScope()

    async def wait_alone() -> None:
        with scope:
            await turns.begin(alone=True)

    async with trio.open_nursery() as nursery:
        await turns.begin(alone=False)
        nursery.start_soon(wait_alone)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(lambda: turns.begin(alone=False))
        await trio.testing.wait_all_tasks_blocked()
        assert turns.lives == 1
        scope.cancel()
    assert turns.lives == 2
