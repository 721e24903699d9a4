"""A node with one actor of the store in it, and stand-ins for whoever it talks to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import trio
from attrs import define, field

from actors.actor import Actor
from actors.mailbox import Mailbox
from actors.node import Node
from actors.supervisor import Supervisor, supervise
from actors.world import SystemWorld, World

PATIENCE_S = 10.0


@define(eq=False)
class Stand:
    """`heard` keeps what each stand-in was sent, in order; a stand-in may change its answer."""

    node: Node
    supervisor: Supervisor
    nursery: trio.Nursery
    heard: dict[str, list[Any]] = field(factory=dict)
    changed: trio.Event = field(factory=trio.Event)

    def play(self, address: str, answer: Callable[[Any], Any] = lambda body: True) -> None:
        """Live at `address`, keep what comes and answer it by `answer`."""
        self.heard[address] = []
        self.nursery.start_soon(self._play, self.node.open(address, 512), answer)

    async def _play(self, mailbox: Mailbox, answer: Callable[[Any], Any]) -> None:
        async for envelope in mailbox:
            self.heard[mailbox.address].append(envelope.body)
            envelope.answer(answer(envelope.body))
            self.changed.set()
            self.changed = trio.Event()

    def start(self, make: Callable[[], Actor]) -> None:
        """Keep an actor alive."""
        self.supervisor.start(make, capacity=512)

    async def ask(self, to: str, body: object) -> Any:
        """Ask an actor."""
        return await self.node.ask(to, body, timeout_s=PATIENCE_S)

    def tell(self, to: str, body: object) -> None:
        """Tell an actor."""
        assert self.node.tell_nowait(to, body)

    async def wait_heard(self, address: str, count: int) -> list[Any]:
        """Wait until a stand-in was sent that many messages; all of them."""
        with trio.fail_after(PATIENCE_S):
            while len(self.heard[address]) < count:
                await self.changed.wait()
        return self.heard[address]

    async def settle(self) -> None:
        """Until nobody has anything to do."""
        await trio.testing.wait_all_tasks_blocked()


@asynccontextmanager
async def open_stand(world: World | None = None) -> AsyncIterator[Stand]:
    """A stand that ends, with everybody on it, when the block does."""
    node = Node("stand", world or SystemWorld())
    async with trio.open_nursery() as nursery, supervise(node) as supervisor:
        yield Stand(node, supervisor, nursery)
        nursery.cancel_scope.cancel()
