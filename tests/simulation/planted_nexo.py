"""Bugs in the conversation with nexo terminals, planted as those of `planted.py`; they show on
seeds that have one (`terminals.py`)."""

from __future__ import annotations

from typing import Any
from unittest import mock

import attrs

from actors.terminal_messages import Forwarded
from engine.terminal import Verdict
from hardware.terminal.nexo import outcome
from hardware.terminal.nexo.device import NexoDevice
from hardware.terminal.nexo.inquiry import Inquiry, taken_back
from hardware.terminal.nexo.session import NexoSession
from tests.simulation.planted import Bug
from tests.simulation.planted_money import Planted
from tests.simulation.terminals import NEXO_EVERY, NEXO_FIRST


def lost_is_not_paid() -> Planted:
    """A payment whose answer does not come was none."""
    unknown = outcome.unknown

    def settled(*args: Any, **names: Any) -> Any:
        return attrs.evolve(unknown(*args, **names), verdict=Verdict.ABORTED)

    return mock.patch.object(outcome, "unknown", settled)


def at_it_is_not_paid() -> Planted:
    """A terminal that is at the payment it is asked about is taken for one that has none."""

    def hasty(self: Inquiry, now_ns: int) -> Any:
        return attrs.evolve(self.doubt, verdict=Verdict.ABORTED, code="not_found")

    return mock.patch.object(Inquiry, "_later", hasty)


def stored_never_told() -> Planted:
    """What the bank said of cards that were taken without it is asked of no terminal."""

    async def deaf(self: NexoDevice, forward: Any) -> Any:
        return Forwarded("ok")

    return mock.patch.object(NexoDevice, "forward", deaf)


def taken_back_by_word_alone() -> Planted:
    """What the books could not keep is said to be taken back, and the terminal is not asked to."""
    kept = NexoSession.kept

    def careless(self: NexoSession, job_id: str, now_ns: int, **said: Any) -> Any:
        job = self._job
        is_its = job is not None and job.job_id == job_id
        if is_its and job is not None and job.answer and not said["is_kept"]:
            return self._finish(job, taken_back(job.answer), now_ns)
        return kept(self, job_id, now_ns, **said)

    return mock.patch.object(NexoSession, "kept", careless)


_SEEDS = range(NEXO_FIRST, 24 * NEXO_EVERY + NEXO_FIRST, NEXO_EVERY)
NEXO_BUGS: dict[str, Bug] = {
    "lost_is_not_paid": Bug(
        lost_is_not_paid, ("C1_money_is_the_terminals",), sales=30, seed=68, seeds=_SEEDS
    ),
    "at_it_is_not_paid": Bug(
        at_it_is_not_paid,
        ("C1_money_is_the_terminals",),
        ("devices_kill", "store_kill"),
        sales=40,
        seed=68,
        seeds=_SEEDS,
    ),
    "stored_never_told": Bug(
        stored_never_told, ("L1_everything_drains",), sales=30, seed=80, seeds=_SEEDS
    ),
    "taken_back_by_word_alone": Bug(
        taken_back_by_word_alone,
        ("C1_money_is_the_terminals",),
        ("link_partitioned", "devices_link_bad", "link_cut"),
        sales=40,
        seed=116,
        seeds=_SEEDS,
    ),
}
