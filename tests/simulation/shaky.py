"""What a process of the shop stands on and consists of, made so that it can go wrong within: a
world whose disk may be slow, actors that may fail."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import trio
from attrs import define, field

from actors.actor import Actor, Post
from actors.mailbox import Mailbox
from actors.world import SimulatedWorld, World

P = ParamSpec("P")
T = TypeVar("T")
SLOW_S, VERY_SLOW_S = 2.0, 10.0
_VERY_SLOW = 0.01


class ShopWorld(SimulatedWorld):
    """The simulated world, with a disk that may be slow: whatever waits for it waits, and nothing
    else does. `slowness` is where its pauses are drawn from, None while it is quick."""

    slowness: random.Random | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.journal_syncs = 0
        self._untold: list[tuple[int, int]] = []

    def told_ns(self, written_ns: int) -> int:
        """When the store was told that something of its journal is written, as it was by then."""
        ends = (end for start, end in self._untold if start <= written_ns <= end)
        return max(ends, default=written_ns)

    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As ever, after a pause or before one: what it wrote may be there long before it is
        told."""
        is_before = self.slowness is not None and self.slowness.random() < 0.5
        if is_before:
            await self._pause()
        has_synced = False

        def watched() -> T:
            nonlocal has_synced
            before = self.journal_syncs
            result = function(*args, **kwargs)
            has_synced = self.journal_syncs > before
            return result

        # Written is before synced, and a sync takes its time.
        start_ns = self.monotonic_ns()
        result = await super().in_thread(watched)
        if not is_before:
            await self._pause()
            if has_synced and self.monotonic_ns() > start_ns:
                self._untold.append((start_ns, self.monotonic_ns()))
        return result

    async def _pause(self) -> None:
        chance = self.slowness
        if chance is not None:
            very = chance.random() < _VERY_SLOW
            await self.sleep_exactly(VERY_SLOW_S if very else chance.uniform(0.0, SLOW_S))


class ActorFailedError(Exception):
    """An actor met something nobody had thought of."""


@define(eq=False)
class Shaky:
    """An actor that fails when it is told to, in the midst of whatever it does."""

    make: Callable[[], Actor]
    living: dict[str, Shaky]
    actor: Actor = field(init=False)
    address: str = field(init=False)
    _fails: trio.Event = field(factory=trio.Event)

    def __attrs_post_init__(self) -> None:
        """Make what it stands for."""
        self.actor = self.make()
        self.address = self.actor.address

    def fail(self) -> None:
        """Now."""
        self._fails.set()

    async def run(self, mailbox: Mailbox, post: Post, world: World) -> None:
        """Live as the actor does, until it fails."""
        self.living[self.address] = self
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.actor.run, mailbox, post, world)
                await self._fails.wait()
                raise ActorFailedError(self.address)
        finally:
            if self.living.get(self.address) is self:
                del self.living[self.address]
