"""A store just big enough for devices to run in: for the contract suite and for trying one out.

It is a real node with real mailboxes; only the outbox, the board of devices and one register are
stand-ins that write down what they hear.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import trio

from actors.actor import Actor
from actors.mailbox import Mailbox
from actors.messages import (
    Accepted,
    DeviceState,
    DeviceStatus,
    Failure,
    Finished,
    Perform,
    Proceed,
    Scanned,
    Started,
)
from actors.node import Node
from actors.world import SystemWorld, World
from engine.effects import EFFECTS
from hardware.device import DEVICES
from hardware.effects import OUTBOX

REGISTER = "register/1"
_PATIENCE_S = 10.0


class Rig:
    """Runs device actors and keeps what they say.

    `started` and `finished` are in the order heard; `on_started` is called before the answer, so
    that a test can look at the device at that very moment. `proceed` is the answer given.
    """

    def __init__(self, nursery: trio.Nursery, world: World) -> None:
        self.world = world
        self.node = Node("rig", world)
        self.post = self.node.post_for("rig")
        self.started: list[str] = []
        self.finished: list[Finished] = []
        self.scans: list[Scanned] = []
        self.statuses: list[DeviceStatus] = []
        self.proceed = Proceed(proceed=True)
        self.refuse_finished = 0
        self.on_started: Callable[[str], None] = lambda effect_id: None
        self._nursery = nursery
        self._changed = trio.Event()
        self._scopes: dict[str, trio.CancelScope] = {}
        nursery.start_soon(self._hear, self.node.open(OUTBOX))
        nursery.start_soon(self._hear, self.node.open(DEVICES, 1024))
        nursery.start_soon(self._hear, self.node.open(REGISTER))

    def start(self, actor: Actor) -> None:
        """Run a device until the end or `kill`."""
        self._nursery.start_soon(self._live, actor, self.node.open(actor.address))

    async def _live(self, actor: Actor, mailbox: Mailbox) -> None:
        with trio.CancelScope() as scope:
            self._scopes[actor.address] = scope
            await actor.run(mailbox, self.node.post_for(actor.address), self.world)

    async def kill(self, address: str) -> None:
        """End a device at once, as kill -9 of its node would; its address becomes free."""
        self._scopes.pop(address).cancel()
        self.node.close(address)
        await trio.lowlevel.checkpoint()

    async def perform(self, address: str, effect: object, effect_id: str, **options: Any) -> object:
        """Send an effect as the outbox does."""
        body = Perform(effect_id, EFFECTS.pack(effect), **options)
        return await self.post.ask(address, body, timeout_s=_PATIENCE_S)

    async def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until something the rig hears makes `condition` true.

        Raises:
            AssertionError: it did not within ten seconds; the message says what was awaited.
        """
        with trio.move_on_after(_PATIENCE_S):
            while not condition():
                await self._changed.wait()
            return
        raise AssertionError(f"waited in vain for {what}; last heard {self.statuses[-3:]}")

    async def wait_state(
        self, address: str, state: DeviceState, code: str | None = None, *, after: int = 0
    ) -> int:
        """Wait until `address` has said so, from the `after`th status on; how many were heard."""

        def said() -> bool:
            return any(
                status.address == address and status.state is state and code in (None, status.code)
                for status in self.statuses[after:]
            )

        await self.wait(said, f"{address} {state.value} {code or ''}")
        return len(self.statuses)

    async def wait_finished(self, effect_id: str) -> Finished:
        """Wait for the end of an effect; the first report of it."""
        await self.wait(
            lambda: any(end.effect_id == effect_id for end in self.finished),
            f"the end of {effect_id}",
        )
        return next(end for end in self.finished if end.effect_id == effect_id)

    async def _hear(self, mailbox: Mailbox) -> None:
        async for envelope in mailbox:
            envelope.answer(self._note(envelope.body))
            self._changed.set()
            self._changed = trio.Event()

    def _note(self, body: object) -> object:
        match body:
            case Started(effect_id):
                self.started.append(effect_id)
                self.on_started(effect_id)
                return self.proceed
            case Finished():
                if self.refuse_finished:
                    self.refuse_finished -= 1
                    return Failure("not_now")
                self.finished.append(body)
            case Scanned():
                self.scans.append(body)
            case DeviceStatus():
                self.statuses.append(body)
        return Accepted()


@asynccontextmanager
async def open_rig(world: World | None = None) -> AsyncIterator[Rig]:
    """A rig that ends, with all its devices, when the block does."""
    async with trio.open_nursery() as nursery:
        yield Rig(nursery, world or SystemWorld())
        nursery.cancel_scope.cancel()
