"""Keeps actors alive: what happens when one dies, how soon it comes back, and when it does not."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable
from enum import Enum

import trio
from attrs import define, field, frozen

from actors.actor import Actor
from actors.limits import (
    MAILBOX_CAPACITY,
    NS_PER_S,
    RESTART_DELAY_S_FIRST,
    RESTART_DELAY_S_MAX,
    RESTART_HOLD_S,
    RESTART_WINDOW_S,
    RESTARTS_IN_WINDOW,
)
from actors.mailbox import Mailbox
from actors.node import Node

Make = Callable[[], Actor]


class Policy(Enum):
    """What an actor's death means."""

    EDGE = "edge"
    """It is made anew after a pause: a printer that fails must not take the shop down. Of a lack of
    memory the process ends, too: it is everybody's, and nothing within the process mends it."""
    CORE = "core"
    """The process ends: replay is how the core recovers, not a second try on doubtful state."""


class Life(Enum):
    """How an actor is, as its supervisor sees it."""

    RUNNING = "running"
    WAITING = "waiting"
    HELD = "held"
    STOPPED = "stopped"


class ActorReturnedError(Exception):
    """An actor came back from `run`, which lives until it is cancelled."""


@frozen
class Death:
    """One death, for the log. `again_in_s` is when it will be made anew, None where it will not.

    `held` says it died too often: until then its mailbox answers absent.
    """

    address: str
    policy: Policy
    error: BaseException
    deaths: int
    asks_lost: int
    again_in_s: float | None
    held: bool


@frozen
class ActorStatistics:
    """One supervised actor; `last_error` is empty where it never died."""

    address: str
    policy: Policy
    life: Life
    deaths: int
    last_error: str


@frozen
class RestartLimits:
    """How eagerly a dead actor is made anew; the house's own where nothing else is said."""

    delay_s_first: float = RESTART_DELAY_S_FIRST
    delay_s_max: float = RESTART_DELAY_S_MAX
    deaths_in_window: int = RESTARTS_IN_WINDOW
    window_s: float = RESTART_WINDOW_S
    hold_s: float = RESTART_HOLD_S


@define(eq=False)
class _Ward:
    address: str
    make: Make
    policy: Policy
    mailbox: Mailbox
    scope: trio.CancelScope = field(factory=trio.CancelScope)
    ended: trio.Event = field(factory=trio.Event)
    life: Life = Life.RUNNING
    deaths: int = 0
    in_a_row: int = 0
    last_error: str = ""
    recent_ns: deque[int] = field(factory=deque)


class Supervisor:
    """Runs actors, each as one task of one nursery; made by `supervise`."""

    def __init__(
        self,
        node: Node,
        nursery: trio.Nursery,
        on_death: Callable[[Death], None] | None,
        limits: RestartLimits,
    ) -> None:
        self._node = node
        self._nursery = nursery
        self._on_death = on_death
        self._limits = limits
        self._wards: dict[str, _Ward] = {}

    def start(
        self, make: Make, *, policy: Policy = Policy.EDGE, capacity: int = MAILBOX_CAPACITY
    ) -> str:
        """Open the address of the actor `make` makes and keep it alive; returns the address.

        `make` is called now for the address, and the actor it gives is the first to live; after a
        death it is called for a fresh one. The mailbox outlives every death.
        """
        actor = make()
        mailbox = self._node.open(actor.address, capacity)
        ward = _Ward(actor.address, make, policy, mailbox)
        self._wards[ward.address] = ward
        self._nursery.start_soon(self._keep, ward, actor, name=f"actor {ward.address}")
        return ward.address

    async def stop(self, address: str) -> None:
        """Cancel the actor, close its mailbox and wait until both are done; unknown ones pass."""
        ward = self._wards.get(address)
        if ward is None:
            await trio.lowlevel.checkpoint()
            return
        ward.scope.cancel()
        await ward.ended.wait()

    async def _keep(self, ward: _Ward, actor: Actor) -> None:
        try:
            with ward.scope:
                await self._live(ward, actor)
                while True:
                    await self._live(ward, None)
        finally:
            ward.life = Life.STOPPED
            ward.mailbox.fail_open_asks("it was stopped before it answered")
            self._node.close(ward.address)
            self._wards.pop(ward.address, None)
            ward.ended.set()

    async def _live(self, ward: _Ward, actor: Actor | None) -> None:
        born_ns = self._node.world.monotonic_ns()
        post = self._node.post_for(ward.address)
        pause_s = 0.0
        errors: list[Exception] = []
        try:
            ward.life = Life.RUNNING
            actor = actor or ward.make()
            await actor.run(ward.mailbox, post, self._node.world)
            raise ActorReturnedError(f"{ward.address} came back from run; it should live on")
        except* Exception as group:
            # A cancellation beside the error is raised again right after this clause, so whatever
            # must be known of the death is noted here.
            errors.append(_plainest(group))
            pause_s = self._bury(ward, errors[0], born_ns)
        if _is_final(ward, errors[0]):
            raise errors[0]
        await self._node.world.sleep(pause_s)
        if ward.life is Life.HELD:
            ward.recent_ns.clear()
            ward.in_a_row = 0
            ward.mailbox.release()

    def _bury(self, ward: _Ward, error: Exception, born_ns: int) -> float:
        """Note a death and report it; returns the seconds until the next life."""
        now_ns = self._node.world.monotonic_ns()
        window_ns = int(self._limits.window_s * NS_PER_S)
        if now_ns - born_ns > window_ns:
            ward.in_a_row = 0
        ward.deaths += 1
        ward.last_error = f"{type(error).__name__}: {error}"
        ward.recent_ns.append(now_ns)
        while ward.recent_ns[0] < now_ns - window_ns:
            ward.recent_ns.popleft()
        lost = ward.mailbox.fail_open_asks("it failed before it answered")
        if _is_final(ward, error):
            self._report(ward, error, lost, None)
            return 0.0
        if len(ward.recent_ns) >= self._limits.deaths_in_window:
            ward.life = Life.HELD
            ward.mailbox.hold()
            pause_s = self._limits.hold_s
        else:
            ward.life = Life.WAITING
            pause_s = self._pause_s(ward.in_a_row)
            ward.in_a_row += 1
        self._report(ward, error, lost, pause_s)
        return pause_s

    def _pause_s(self, in_a_row: int) -> float:
        # Half of the pause is left to chance, so that actors felled together do not rise together.
        full_s = min(
            self._limits.delay_s_first * 2.0 ** min(in_a_row, 60), self._limits.delay_s_max
        )
        return full_s * (0.5 + self._node.world.random() / 2)

    def _report(self, ward: _Ward, error: Exception, lost: int, again_in_s: float | None) -> None:
        if self._on_death is not None:
            self._on_death(
                Death(
                    address=ward.address,
                    policy=ward.policy,
                    error=error,
                    deaths=ward.deaths,
                    asks_lost=lost,
                    again_in_s=again_in_s,
                    held=ward.life is Life.HELD,
                )
            )

    def statistics(self) -> tuple[ActorStatistics, ...]:
        """Every supervised actor, by address."""
        return tuple(
            ActorStatistics(w.address, w.policy, w.life, w.deaths, w.last_error)
            for _, w in sorted(self._wards.items())
        )


def _is_final(ward: _Ward, error: Exception) -> bool:
    """Whether the process ends of it."""
    return ward.policy is Policy.CORE or _is_of_memory(error)


def _is_of_memory(error: Exception) -> bool:
    """Whether memory was lacking, be it one of several errors: whoever is short of it seldom ends
    without a second."""
    if isinstance(error, ExceptionGroup):
        return error.subgroup(MemoryError) is not None
    return isinstance(error, MemoryError)


def _plainest(group: BaseExceptionGroup[Exception]) -> Exception:
    """The single error inside, however deep the groups around it; else the group itself."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error if isinstance(error, Exception) else RuntimeError(repr(error))


@contextlib.asynccontextmanager
async def supervise(
    node: Node,
    *,
    on_death: Callable[[Death], None] | None = None,
    limits: RestartLimits | None = None,
) -> AsyncIterator[Supervisor]:
    """Run supervised actors for as long as the block lasts; leaving it cancels them all.

    A CORE actor's error ends the block and is raised from it, and so is any lack of memory.
    """
    async with trio.open_nursery() as nursery:
        yield Supervisor(node, nursery, on_death, limits or RestartLimits())
        nursery.cancel_scope.cancel()
