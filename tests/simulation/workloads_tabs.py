"""What cashiers do with tabs and tips: reserve, raise, write a tip, capture or let go; and the tip
asked on the screen before the card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.facts import OPERATOR, PIN
from tests.simulation.workloads import ring_up, workload
from tests.simulation.workloads_cards import finish, somebody_comes

if TYPE_CHECKING:
    from tests.simulation.fronts import Front

OPENED_MINOR = 5_000
WRITTEN_MINOR = (0, 50, 250, 700)


@workload(3)
async def tab(front: Front) -> None:
    """A card is shown once; the bill grows over two rounds and is captured, or paid otherwise."""
    await ring_up(front)
    somebody_comes(front)
    await front.do("payment.open_tab", amount_minor=OPENED_MINOR)
    order = (await front.card_over())["order"]
    await ring_up(front)
    if order["tab"] is not None:
        if front.chance.random() < 0.4:
            somebody_comes(front)
            await front.do("payment.raise_tab", amount_minor=2 * OPENED_MINOR)
            await front.card_over()
        for tip_minor in front.chance.sample(WRITTEN_MINOR, front.chance.choice((0, 1, 2))):
            await front.do("payment.adjust_tip", tip_minor=tip_minor)
    await _close_tab(front)


async def _close_tab(front: Front) -> None:
    """Capture what it came to; a card that says no, or a guest with cash, is let go of."""
    await front.do("order.start_tendering")
    front.till.cards.forget_customers()
    order = (await front.card_over())["order"]
    if order["tab"] is not None:
        wanted = front.chance.choice(("capture_tab", "capture_tab", "capture_tab", "release_tab"))
        await front.do(f"payment.{wanted}")
        order = (await front.card_over())["order"]
    if order["tab"] is not None:
        await front.do("payment.release_tab")
    front.cards.append(await finish(front, await front.card_over()))


@workload(3, by_card=True)
async def tip_on_the_screen(front: Front) -> None:
    """The customer is asked before their card is; they answer, correct a wrong answer, or leave,
    and nothing else goes on meanwhile."""
    await ring_up(front)
    asked = await front.do("payment.ask_tip")
    if front.chance.random() < 0.2:
        await front.do("payment.leave_tip", operator=OPERATOR, pin=PIN)
    else:
        share = (2 * asked["amount_minor"] * 50_000 + 1_000_000) // 2_000_000
        await front.do("payment.answer_tip", tip_minor=front.chance.choice((0, 200, share, 123)))
    somebody_comes(front)
    # Of a part of it nobody said anything.
    part = front.chance.choice((0, 0, 0, 1))
    await front.do("payment.request", amount_minor=part * max(1, asked["amount_minor"] // 2))
    front.cards.append(await finish(front, await front.card_over()))


@workload(1)
async def order_behind_the_customers_back(front: Front) -> None:
    """While the customer is asked, the register takes nothing else."""
    await ring_up(front)
    await front.do("payment.ask_tip")
    await front.do("order.add_line", code="tea")
