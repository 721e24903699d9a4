"""What cashiers do with cards: sell, split, give back; and what customers do at the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hardware.terminal.zvt.person import Plan
from tests.simulation.workloads import ring_up, workload

if TYPE_CHECKING:
    from tests.simulation.fronts import Front

_DECLINED = 0x05


def somebody_comes(front: Front) -> None:
    """A customer who taps, is declined, has too little, or whose terminal breaks in the middle."""
    plans = (
        Plan(card="tap"),
        Plan(card="insert"),
        Plan(decline=_DECLINED),
        Plan(partial_minor=-1),
        Plan(breaks=True),
    )
    # A reply that is lost while the cable holds costs the register three minutes: not here.
    weights = (10, 5, 2, 1, 1)
    terminal = front.till.terminal
    terminal.plans.clear()
    terminal.plans.append(front.chance.choices(plans, weights)[0])


async def finish(front: Front, state: dict[str, Any]) -> str:
    """Whatever the card did not pay is paid in cash; the sale's id."""
    order = state["order"]
    done = await front.pay(order["cash_due_minor"] if order["due_minor"] else 0)
    order_id: str = done["order_id"]
    return order_id


@workload(20)
async def sale_by_card(front: Front) -> None:
    """Paid by card; where that does not go, or nobody knows, in cash."""
    await ring_up(front)
    somebody_comes(front)
    await front.do("payment.request")
    patient = front.chance.random() < 0.7
    order_id = await finish(front, await front.card_over(patient=patient))
    front.cards.append(order_id)


@workload(4)
async def split_sale(front: Front) -> None:
    """Part by card, part in cash, the rest by another card."""
    due = await ring_up(front)
    somebody_comes(front)
    await front.do("payment.request", amount_minor=max(1, due // 3))
    order = (await front.card_over())["order"]
    if order["due_minor"] > 1:
        await front.do("order.tender_cash", amount_minor=order["due_minor"] // 2)
        somebody_comes(front)
        await front.do("payment.request")
        order = (await front.card_over())["order"]
    front.cards.append(await finish(front, {"order": order}))


@workload(4)
async def card_gets_its_money_back(front: Front) -> None:
    """Goods of a sale by card come back; what was paid in cash goes back in cash."""
    if not front.cards:
        return
    order_id = front.chance.choice(front.cards)
    await front.do("order.add_return_line", order_id=order_id, line=1, quantity_milli=1000,
                   reason="damaged")  # fmt: skip
    await front.do("order.start_tendering")
    somebody_comes(front)
    await front.do("payment.request")
    await finish(front, await front.card_over())


@workload(2)
async def card_is_handed_back(front: Front) -> None:
    """The customer changes their mind: the terminal takes it back, and it is paid in cash."""
    await ring_up(front)
    somebody_comes(front)
    await front.do("payment.request")
    state = await front.card_over()
    for tender in state["order"]["tenders"]:
        await front.do("payment.reverse_tender", tender=tender["tender"])
        state = await front.card_over()
    await finish(front, state)
