"""Who is at a register, and what managers do in between: what cashiers may do changes, the day is
closed and another begun, the smallest coin is another."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from engine.wire import unstructure
from tests.shop import rules
from tests.simulation.facts import (
    CASHIER,
    COINS,
    FLOAT,
    MORE_RIGHTS,
    OPERATOR,
    PINS,
    RIGHTS,
    WRONG_PIN,
)
from tests.simulation.fronts_errors import RefusedError
from tests.simulation.tidying import sign_on
from tests.simulation.workloads import ring_up, workload

if TYPE_CHECKING:
    from tests.simulation.fronts import Front


@workload(6)
async def change_hands(front: Front) -> None:
    """The cashier takes over, unless she mistypes until she is locked out, or whoever may do
    everything."""
    operator = front.chance.choice((CASHIER, CASHIER, OPERATOR))
    if operator == CASHIER and front.chance.random() < 0.3:
        for _ in range(front.chance.choice((1, 6))):
            with contextlib.suppress(RefusedError):
                await front.do("staff.sign_on", operator=operator, pin=WRONG_PIN)
    await front.do("staff.sign_on", operator=operator, pin=PINS[operator])


@workload(3)
async def leave_the_register(front: Front) -> None:
    """Nobody is signed on for a moment: nothing can be rung up or looked into until somebody is."""
    await front.do("staff.sign_off")
    with contextlib.suppress(RefusedError):
        await front.do("order.add_line", code="tea")
    with contextlib.suppress(RefusedError):
        await front.look("report.x")
    await sign_on(front)


@workload(4)
async def look_at_the_day(front: Front) -> None:
    """An X, by whoever may see what the drawer should hold; to others it is not told."""
    if front.chance.random() < 0.7:
        await front.do("staff.sign_on", operator=OPERATOR, pin=PINS[OPERATOR])
    with contextlib.suppress(RefusedError):
        await front.look("report.x")


@workload(3)
async def practise(front: Front) -> None:
    """Somebody new rings up, is paid and opens the drawer, and nothing of it counts."""
    await front.do("register.start_training")
    if not (await front.look("register.state"))["till"]["is_open"]:
        await front.do("till.open", denominations=FLOAT)
    await ring_up(front)
    due = (await front.do("order.start_tendering"))["cash_due_minor"]
    await front.pay(due)
    if front.chance.random() < 0.5:
        await front.do("till.no_sale", reason="how it opens")
    await front.do("register.end_training")


@workload(3)
async def other_rights(front: Front) -> None:
    """Cashiers may do more from now on, or less."""
    more = [right for right in MORE_RIGHTS if front.chance.random() < 0.5]
    await front.do("staff.define_role", role="cashier", rights=[*RIGHTS, *more])


@workload(3)
async def close_the_day(front: Front) -> None:
    """The Z is made, and selling goes on."""
    await front.do("till.count", denominations=[{"value_minor": 1000, "count": 12}])
    await front.do("till.close")
    await front.do("register.close_day")
    await front.do("till.open", denominations=FLOAT)


@workload(5)
async def other_coins(front: Front) -> None:
    """The bank has no small ones any more, or has them again."""
    coin_minor = front.chance.choice(COINS)
    await front.do("settings.configure_store", rules=unstructure(rules(cash_step_minor=coin_minor)))
