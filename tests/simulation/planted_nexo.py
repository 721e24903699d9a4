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
from hardware.terminal.nexo.inquiry import Inquiry
from tests.simulation.planted import Bug
from tests.simulation.planted_money import Planted


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


NEXO_BUGS: dict[str, Bug] = {
    "lost_is_not_paid": Bug(lost_is_not_paid, ("C1_money_is_the_terminals",), sales=40, seed=43),
    "at_it_is_not_paid": Bug(
        at_it_is_not_paid,
        ("C1_money_is_the_terminals",),
        ("devices_kill", "store_kill", "devices_link_bad"),
        sales=60,
        seed=63,
    ),
    "stored_never_told": Bug(stored_never_told, ("L1_everything_drains",), sales=40, seed=43),
}
