"""What cashiers do for customers who pay otherwise: other prices, no tax, another currency."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.facts import FRANC, FRANC_NOTE_MINOR, TO_GO, TRADE
from tests.simulation.workloads import CODES, ring_up, workload

if TYPE_CHECKING:
    from tests.simulation.fronts import Front


@workload(5)
async def sale_to_the_trade(front: Front) -> None:
    """Who the customer is comes out in the middle; sometimes it was a mistake."""
    await ring_up(front)
    await front.do("order.choose_customer_group", group=TRADE)
    await ring_up(front)
    if front.chance.random() < 0.3:
        await front.do("order.choose_customer_group", group="")
    due = (await front.do("order.start_tendering"))["cash_due_minor"]
    done = await front.pay(due)
    front.receipts.append(done["order_id"])


@workload(5)
async def sale_to_go(front: Front) -> None:
    """To take away, or after all to eat here."""
    await ring_up(front)
    await front.do("order.choose_dining", dining=TO_GO)
    if front.chance.random() < 0.3:
        await front.do("order.choose_dining", dining="eat_in")
    due = (await front.do("order.start_tendering"))["cash_due_minor"]
    done = await front.pay(due)
    front.receipts.append(done["order_id"])


@workload(7)
async def sale_without_tax(front: Front) -> None:
    """The customer has a certificate."""
    counts = [front.chance.choice((1, 2, 3)) for _ in range(2)]
    for count in counts:
        await front.do("order.add_line", code=front.chance.choice(CODES),
                       quantity_milli=1000 * count)  # fmt: skip
    await front.do("order.exempt", certificate="C-1", customer="Embassy", reason="Diplomat")
    due = (await front.do("order.start_tendering"))["cash_due_minor"]
    done = await front.pay(due)
    front.exempt.append((done["order_id"], counts))


@workload(7)
async def all_of_a_sale_without_tax_comes_back(front: Front) -> None:
    """Piece by piece, in any order, over two returns."""
    if not front.exempt:
        return
    order_id, counts = front.exempt.pop()
    pieces = [line for line, count in enumerate(counts, 1) for _ in range(count)]
    front.chance.shuffle(pieces)
    for some in (pieces[:1], pieces[1:]):
        for line in some:
            await front.do("order.add_return_line", order_id=order_id, line=line,
                           quantity_milli=1000, reason="not needed")  # fmt: skip
        due = (await front.do("order.start_tendering"))["cash_due_minor"]
        await front.pay(due)


@workload(5)
async def sale_for_francs(front: Front) -> None:
    """Notes of another currency, for all of it or some; change and rest are in the shop's own."""
    due = await ring_up(front)
    await front.do("order.start_tendering")
    notes = 1 + front.chance.randrange(1 + due // FRANC_NOTE_MINOR)
    taken = await front.do("order.tender_foreign", currency=FRANC,
                           amount_minor=notes * FRANC_NOTE_MINOR)  # fmt: skip
    if front.chance.random() < 0.2:
        await front.do("order.undo_tender", tender=taken["tender"])
        taken = {"due_minor": due}
    await front.pay(taken["due_minor"])
