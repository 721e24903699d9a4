"""What cashiers do with store credit: give it for goods that come back, with or without a receipt,
and take it; and what they try that the shop does not allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulation.facts import CEILING_MINOR, PRICES
from tests.simulation.fronts_errors import RefusedError
from tests.simulation.tidying import credit_back
from tests.simulation.workloads import CODES, ring_up, workload

if TYPE_CHECKING:
    from tests.simulation.fronts import Front


@workload(3)
async def goods_without_a_receipt(front: Front) -> None:
    """For store credit alone; more than the ceiling is refused, and so is cash."""
    pieces = front.chance.choice((1, 1, 2, 3))
    codes = [front.chance.choice(CODES) for _ in range(pieces)]
    worth = 0
    for code in codes:
        try:
            await front.do("order.add_return_without_receipt", code=code, reason="no receipt")
        except RefusedError as error:
            if error.code != "return_must_be_within_ceiling" or not worth:
                raise
            front.sim.count_refusal(error)
            break
        worth += PRICES[code]
    if front.chance.random() < 0.2:
        # Cash for it: refused, and put right as after any refusal.
        await front.pay((await front.do("order.start_tendering"))["cash_due_minor"])
    await credit_back(front)


@workload(2)
async def refund_as_credit(front: Front) -> None:
    """Goods with a receipt come back, and the customer would rather have credit; or after all
    cash."""
    if not front.receipts:
        return
    order_id = front.chance.choice(front.receipts)
    await front.do("order.add_return_line", order_id=order_id, line=1, quantity_milli=1000,
                   reason="changed their mind")  # fmt: skip
    due = (await front.do("order.start_tendering"))["cash_due_minor"]
    if front.chance.random() < 0.3:
        note = await front.do("order.refund_to_credit")
        await front.do("order.undo_tender", tender=note["tender"])
        await front.pay(due)
    else:
        await credit_back(front)


@workload(5)
async def sale_for_credit(front: Front) -> None:
    """A note pays what it has; it may be spent, or be in another register's hands just now."""
    notes = [code for other in front.sim.fronts for code in other.kept["credit"]]
    if not notes:
        return
    code = front.chance.choice(notes)
    due = await ring_up(front)
    amount = front.chance.choice((0, 0, 1 + due // 3))
    try:
        taken: dict[str, Any] = await front.do(
            "order.tender_credit", code=code, amount_minor=amount
        )
    except RefusedError as error:
        if not error.code.startswith("credit_must"):
            raise
        front.sim.count_refusal(error)
        if error.code == "credit_must_not_be_spent":
            for other in front.sim.fronts:
                if code in other.kept["credit"]:
                    other.kept["credit"].remove(code)
        await front.pay(due)
        return
    if front.chance.random() < 0.15:
        await front.do("order.undo_tender", tender=taken["tender"])
        await front.pay(due)
        return
    done = await front.pay(taken["due_minor"])
    front.receipts.append(done["order_id"])


assert min(PRICES.values()) < CEILING_MINOR < max(PRICES.values()) * 2
