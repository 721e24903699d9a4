"""What cashiers do with offers that come back in pieces: spirits, pies, treats, service, and beer
that is cheaper for who pays so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.facts import BEER, CAKE, GIN, PARTY, PIE, TRADE
from tests.simulation.workloads import CODES, workload

if TYPE_CHECKING:
    from tests.simulation.fronts import Front

CHARGE = -1  # the line that a charge is told on
POINTS = (0, 39, 40, 100, 130)
_BACK_AT_ONCE = 0.4


async def _sell(front: Front, kind: str, codes: list[str], *, guests: int = 0) -> None:
    """Sell a line of each, and keep what it was for whoever brings it back."""
    counts = [front.chance.choice((1, 2, 3)) for _ in codes]
    for code, count in zip(codes, counts, strict=True):
        await front.do("order.add_line", code=code, quantity_milli=1000 * count)
    if guests:
        await front.do("order.tell_guests", guests=guests)
    await _paid(front, kind, counts)


async def _paid(front: Front, kind: str, counts: list[int]) -> None:
    due = (await front.do("order.start_tendering"))["cash_due_minor"]
    done = await front.pay(due)
    pieces = [line for line, count in enumerate(counts, 1) for _ in range(count)]
    front.kept[kind].append((done["order_id"], pieces))
    if front.chance.random() < _BACK_AT_ONCE:
        await _bring_back(front, kind)


async def _bring_back(front: Front, kind: str) -> None:
    """Piece by piece, in any order, over two returns; another register may be at the same sale."""
    sales = [(other, sale) for other in front.sim.fronts for sale in other.kept[kind]]
    if not sales:
        return
    other, sale = front.chance.choice(sales)
    if front.chance.random() < 0.8:
        other.kept[kind].remove(sale)
    order_id, pieces = sale
    if kind == "feast":
        pieces = [*pieces, *[CHARGE] * front.chance.choice((1, 2, 3))]
    pieces = front.chance.sample(pieces, len(pieces))
    first = front.chance.randrange(1, len(pieces) + 1)
    for some in (pieces[:first], pieces[first:]):
        for line in some:
            await front.do("order.add_return_line", order_id=order_id, line=line,
                           quantity_milli=1000, reason="not liked")  # fmt: skip
        if some:
            due = (await front.do("order.start_tendering"))["cash_due_minor"]
            await front.pay(due)


@workload(3)
async def sale_of_spirits(front: Front) -> None:
    """Two taxes on top of the price, the second on the first too."""
    await _sell(front, "spirits", [GIN] * front.chance.choice((1, 2)))


@workload(1)
async def spirits_come_back(front: Front) -> None:
    """Each tax with its piece."""
    await _bring_back(front, "spirits")


@workload(3)
async def sale_of_pies(front: Front) -> None:
    """Something is off all of them."""
    await _sell(front, "pies", [PIE, front.chance.choice(CODES)])


@workload(1)
async def pies_come_back(front: Front) -> None:
    """What stays keeps its part of what came off."""
    await _bring_back(front, "pies")


@workload(3)
async def sale_to_a_feast(front: Front) -> None:
    """So many that service is charged on what they eat."""
    await _sell(front, "feast", [front.chance.choice(CODES) for _ in range(2)], guests=PARTY)


@workload(1)
async def a_feast_comes_back(front: Front) -> None:
    """The service too, before, between or after the goods."""
    await _bring_back(front, "feast")


@workload(3)
async def treat(front: Front) -> None:
    """Cakes for points, as far as they go; the customer has second thoughts."""
    count = front.chance.choice((1, 2, 3, 4))
    await front.do("order.add_line", code=CAKE, quantity_milli=1000 * count)
    member = {"group": TRADE, "member": "M-1", "points": front.chance.choice(POINTS)}
    await front.do("order.choose_customer_group", **member)
    await front.do("order.choose_reward", promotion="treat")
    if front.chance.random() < 0.3:
        await front.do("order.choose_reward", promotion="treat", withdraw=True)
        if front.chance.random() < 0.5:
            await front.do("order.choose_reward", promotion="treat")
    await _paid(front, "treats", [count])


@workload(1)
async def treats_come_back(front: Front) -> None:
    """The points are the member's again."""
    await _bring_back(front, "treats")


@workload(4)
async def beer_for_who_pays_so(front: Front) -> None:
    """The price is made for cash or a card; whoever tries to pay otherwise is told no."""
    await front.do("order.add_line", code=BEER, quantity_milli=front.chance.choice((1000, 6000)))
    tender = front.chance.choice(("cash", "card"))
    await front.do("order.choose_tender", tender=tender)
    due = (await front.do("order.start_tendering"))["cash_due_minor"]
    if tender == "card" or front.chance.random() < 0.3:
        # By the other way: refused, and put right as after any refusal.
        await (front.pay(due) if tender == "card" else front.do("payment.request"))
    await front.pay(due)
