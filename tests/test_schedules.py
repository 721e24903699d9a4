"""The order of tasks follows from the name of the test, and can be had again."""

from __future__ import annotations

import trio

from tests import schedules


def _order(name: str) -> list[int]:
    """In which order twenty tasks go on, three times each."""
    went: list[int] = []

    async def go(number: int) -> None:
        for _ in range(3):
            await trio.lowlevel.checkpoint()
            went.append(number)

    async def all_of_them() -> None:
        async with trio.open_nursery() as nursery:
            for number in range(20):
                nursery.start_soon(go, number)

    schedules.draw(name)
    trio.run(all_of_them)
    return went


def test_an_order_can_be_had_again() -> None:
    """The same name gives the same order, another name another."""
    assert _order("a sale") == _order("a sale")
    assert _order("a sale") != _order("a refund")
