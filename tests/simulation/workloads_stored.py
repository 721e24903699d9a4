"""What cashiers do with cards while the bank is away, and at the end of a terminal's day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from tests.cuts.far_ends import Customer
from tests.simulation.fronts_errors import RefusedError
from tests.simulation.workloads import ring_up, workload
from tests.simulation.workloads_cards import finish

if TYPE_CHECKING:
    from tests.simulation.fronts import Front

_LATELY, _AT_ONCE = 0.3, 0.3
_ENDS_SILENTLY = 0.2
_PATIENT_S = 60.0


@workload(5, by_card=True)
async def cards_without_the_bank(front: Front) -> None:
    """The terminal has lost its bank: one customer or some pay all the same, until it is
    back; the bank refuses some of it then, and the
    terminal's day may be ended at that moment."""
    till = front.till
    till.terminal.is_offline = True
    away_s = front.chance.choice((1.0, 8.0, 40.0))
    front.sim.background.start_soon(_come_back, front, away_s)
    for _ in range(front.chance.choice((1, 1, 2, 3))):
        await ring_up(front)
        refused = front.chance.random() < _LATELY
        till.cards.expect(Customer(card="tap", keeps=None, refused_later=refused))
        await front.do("payment.request")
        state = await front.card_over()
        await front.look("payments.open")
        if front.chance.random() < 0.2:
            # It may be told while the customer is still there, and what was refused is due again.
            await front.sim.world.sleep_exactly(front.chance.uniform(1.0, 12.0))
            state = await front.look("register.state")
        front.cards.append(await finish(front, state))
    if front.chance.random() < _AT_ONCE:
        # Nobody asked what became of them yet, and the totals have it.
        till.terminal.is_offline = False
        await front.do("terminal.end_day")
        await _day_over(front)


async def _come_back(front: Front, after_s: float) -> None:
    await front.sim.world.sleep_exactly(after_s)
    front.till.terminal.is_offline = False


@workload(2, by_card=True)
async def terminal_ends_its_day(front: Front) -> None:
    """Its totals are held against the journal; now and then nobody hears how it ended."""
    terminal = front.till.terminal
    terminal.ends_silently = front.chance.random() < _ENDS_SILENTLY
    try:
        await front.do("terminal.end_day")
        await _day_over(front)
    finally:
        terminal.ends_silently = False
    await front.look("payments.open")


async def _day_over(front: Front) -> None:
    """Until it ended, as far as whoever is here may know; nobody waits for ever."""
    until_s = trio.current_time() + _PATIENT_S
    while trio.current_time() < until_s:
        await front.sim.world.sleep_exactly(1.0)
        try:
            view = await front.look("clearing.state")
        except RefusedError:
            return
        name = front.till.terminal_address
        if not any(one["terminal"] == name and one["is_asked"] for one in view["terminals"]):
            return
