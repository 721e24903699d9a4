"""One writer at a time, first come first served, and nobody waits who need not."""

from __future__ import annotations

import trio
import trio.testing

from hardware.turn import Turn


async def test_writers_take_turns_in_the_order_they_came() -> None:
    """Whoever comes while another writes waits; one that gives up meanwhile is passed over."""
    turn, wrote = Turn(), list[str]()

    async def write(name: str, patience_s: float) -> None:
        with trio.move_on_after(patience_s):
            async with turn:
                wrote.append(f"{name} begins")
                await trio.sleep(0.05)
                wrote.append(f"{name} ends")

    async with trio.open_nursery() as nursery:
        for name, patience_s in (("a", 9.0), ("b", 9.0), ("c", 0.02), ("d", 9.0)):
            nursery.start_soon(write, name, patience_s)
            await trio.testing.wait_all_tasks_blocked()
    assert wrote == ["a begins", "a ends", "b begins", "b ends", "d begins", "d ends"]


async def test_a_free_turn_is_taken_at_once() -> None:
    """No other task comes in between."""
    turn, others = Turn(), list[str]()

    async def other() -> None:
        others.append("ran")
        await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(other)
        async with turn:
            assert not others


async def test_a_writer_that_fails_lets_go() -> None:
    """The next has its turn all the same."""
    turn = Turn()
    try:
        async with turn:
            raise trio.BrokenResourceError
    except trio.BrokenResourceError:
        pass
    with trio.fail_after(1):
        async with turn:
            pass
