"""What cashiers do with cards: sell, split, give back; and what customers do at the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.cuts.far_ends import Customer
from tests.simulation.fronts_errors import GaveUpError, RefusedError
from tests.simulation.terminals import NexoTerminal
from tests.simulation.workloads import ring_up, workload

if TYPE_CHECKING:
    from tests.simulation.fronts import Front

_CUSTOMERS = (
    (Customer(card="tap", keeps=None), 10),
    (Customer(keeps=None), 5),
    (Customer(declined=True, keeps=None), 2),
    (Customer(partial_minor=-1, keeps=None), 1),
    (Customer(answer_is_lost=True, keeps=None), 1),
)
_NOBODY = Customer(nobody_comes=True, keeps=None)
# Of ZVT a reply that is lost while the cable holds costs the register three minutes: not there.
_AT_NEXO = (
    *_CUSTOMERS,
    (Customer(question_is_lost=True, keeps=None), 1),
    (Customer(delay_s=4.0, keeps=None), 1),
    (Customer(delay_s=25.0, keeps=None), 1),
    (_NOBODY, 2),
)
_HANGS = 0.03


def somebody_comes(front: Front) -> None:
    """A customer who taps, is declined, has too little, or whose terminal breaks in the middle; at
    a nexo terminal also one who takes long or does not come, whom it never hears of, or where it
    hears and says nothing for a while."""
    cards = front.till.cards
    is_nexo = isinstance(cards, NexoTerminal)
    every, weights = zip(*(_AT_NEXO if is_nexo else _CUSTOMERS), strict=True)
    customer = front.chance.choices(every, weights)[0]
    cards.expect(customer)
    if is_nexo and front.chance.random() < _HANGS:
        front.sim.background.start_soon(_hang, front, front.chance.uniform(5.0, 40.0))
    if customer.nobody_comes or customer.delay_s:
        front.sim.background.start_soon(_call_off, front, front.chance.uniform(0.5, 20.0))


async def _hang(front: Front, for_s: float) -> None:
    front.till.terminal.hangs = True
    await front.sim.world.sleep_exactly(for_s)
    front.till.terminal.hangs = False


async def _call_off(front: Front, after_s: float) -> None:
    """The cashier does not wait for a card: what the terminal is at is called off, also where it
    has just been paid or is another payment by now."""
    await front.sim.world.sleep_exactly(after_s)
    try:
        payment = (await front.look("register.state"))["payment"]
        if payment is not None and payment["standing"] in ("requested", "unknown"):
            await front.do("payment.cancel", payment_id=payment["payment_id"])
    except (GaveUpError, RefusedError) as error:
        front.sim.count_refusal(error)


async def finish(front: Front, state: dict[str, Any]) -> str:
    """Whatever the card did not pay is paid in cash; the sale's id."""
    order = state["order"]
    done = await front.pay(order["cash_due_minor"] if order["due_minor"] else 0)
    order_id: str = done["order_id"]
    return order_id


@workload(20, by_card=True)
async def sale_by_card(front: Front) -> None:
    """Paid by card; where that does not go, or nobody knows, in cash."""
    await ring_up(front)
    await _take_card(front)


async def _take_card(front: Front) -> None:
    somebody_comes(front)
    await front.do("payment.request")
    patient = front.chance.random() < 0.7
    order_id = await finish(front, await front.card_over(patient=patient))
    front.cards.append(order_id)


@workload(4, by_card=True)
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


@workload(4, by_card=True)
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


@workload(2, by_card=True)
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


@workload(6, by_card=True)
async def payment_nobody_waits_for(front: Front) -> None:
    """The cable is out as a card is charged, and the customer has no time: it is set aside and paid
    in cash. Somebody puts the cable back sooner or later; now and then it is the next customer,
    whose card is there as the terminal is asked what became of the first."""
    is_alike = front.chance.random() < 0.5
    await _ring_up_one(front, is_alike=is_alike)
    terminal, back_s = front.till.terminal, front.chance.choice((0.0, 1.0, 5.0, 30.0))
    keeps = front.chance.random() < 0.7
    front.till.cards.expect(Customer(card="tap", keeps=keeps, untold=True))
    await front.do("payment.request")
    await front.sim.world.sleep_exactly(front.chance.uniform(0.1, 1.5))
    await terminal.cut()
    is_next_there = front.chance.random() < 0.5
    # Where nothing comes of the next one, somebody still puts it back.
    front.sim.background.start_soon(_plug_in, front, 60.0 if is_next_there else back_s)
    await _set_aside(front)
    if is_next_there:
        await _ring_up_one(front, is_alike=is_alike)
        await _pay_as_it_comes_back(front)


async def _ring_up_one(front: Front, *, is_alike: bool) -> None:
    """Of two customers who buy alike, each payment could be the other's."""
    if is_alike:
        await front.do("order.add_line", code="tea", quantity_milli=1000)
    else:
        await ring_up(front)


async def _pay_as_it_comes_back(front: Front) -> None:
    """The terminal takes its time to say what it did last, and a card is there meanwhile."""
    cable = front.till.cable
    cable.slow_s = front.chance.choice((0.0, 0.1, 0.4))
    await cable.plug()
    await front.sim.world.sleep_exactly(front.chance.uniform(0.0, 12 * cable.slow_s + 0.5))
    try:
        await _take_card(front)
    finally:
        cable.slow_s = 0.0


async def _set_aside(front: Front) -> None:
    """A payment that nobody waits for; cash pays."""
    state = await front.card_over(patient=False)
    payment = state["payment"]
    if payment is not None and payment["standing"] == "unknown":
        await front.do("payment.set_aside", payment_id=payment["payment_id"], reason="no time")
        state = await front.look("register.state")
    await finish(front, state)


async def _plug_in(front: Front, after_s: float) -> None:
    await front.sim.world.sleep_exactly(after_s)
    await front.till.terminal.plug()
