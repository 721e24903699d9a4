"""A kill at every step of a sale: the n-th task step or file call, for n = 1, 2, 3 … to its end.

One store lives on and on. Each life finishes the sale the last one was killed in, rests until its
queue is empty, is marked, and rings up one more whole sale, paper and drawer included; the node
counts from the mark and kills itself at its n, and half the time the power goes with it. The sweep
is over when a sale came to its end, twice running, before its n was reached.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
import trio
from attrs import define

from tests.crash.plans import DEVICES, FROM_MARK, INTEGRATIONS, STORE, Harm, NodePlan
from tests.crash.rig import Life, Rig
from tests.crash.storm import Round

STEP, CALL = "task step", "file call"
NODES = ((STORE, STEP), (STORE, CALL), (DEVICES, STEP), (INTEGRATIONS, STEP))
UNREACHED_TO_END = 2


@define
class Sweep:
    """Which node, counted how, from which n in which strides; `at` and `kills` say
    how far it is."""

    node: str
    kind: str
    first: int = 1
    every: int = 1
    last: int = 100_000
    at: int = 0
    kills: int = 0

    def plan(self, n: int) -> NodePlan:
        """The plan for the n-th."""
        if self.kind == STEP:
            return NodePlan(step=n, since=FROM_MARK)
        return NodePlan(Harm("kill", at=n), since=FROM_MARK)


@define(eq=False)
class SweepRound(Round):
    """A round whose tills sell one sale at a time, when told."""

    sweep: Sweep = attrs.field(factory=lambda: Sweep(STORE, STEP))
    tell: Callable[[str], object] = str

    async def sweep_all(self) -> None:
        """Every n, then the audit.

        Raises:
            Broken: a promise was not kept.
        """
        await self.run_script(self._all)

    async def _all(self) -> None:
        for till in self.tills:
            till.is_plain = True
            till.allow(0)
        unreached, n = 0, self.sweep.first
        while unreached < UNREACHED_TO_END and n <= self.sweep.last:
            self.sweep.at = n
            killed = await self._one(n)
            unreached = 0 if killed else unreached + 1
            self.sweep.kills += killed
            self.tell(f"{self.sweep.node}: {self.sweep.kind} {n}, {self.sweep.kills} kills")
            n += self.sweep.every
        for till in self.tills:
            till.allow(1)
        await self.last_life()

    async def _one(self, n: int) -> bool:
        """One life with its n; whether it was reached."""
        async with self.life({self.sweep.node: self.sweep.plan(n)}) as life:
            await self.wait_rest()
            await life.mark(self.sweep.node)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._until_dead, life, nursery.cancel_scope)
                self.tills[0].allow(1)
                await self.wait_rest()
                nursery.cancel_scope.cancel()
            reached = bool(life.fired())
            await life.kill()
            await life.wait()
        await self.bury(life, power=self.dice.random() < 0.5)
        return reached

    async def _until_dead(self, life: Life, scope: trio.CancelScope) -> None:
        await life.wait()
        scope.cancel()


async def run_sweep(rig: Rig, sweep: Sweep, tell: Callable[[str], object]) -> None:
    """One sweep.

    Raises:
        Broken: a promise was not kept; `sweep.at` is the n at which.
    """
    seed = f"{sweep.node} {sweep.kind}"
    await SweepRound(rig, seed, [], sweep=sweep, tell=tell).sweep_all()
