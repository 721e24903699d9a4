"""What cashiers do with payments by link: ask, wait, lose patience; give back; look into what
nobody wanted. What customers do is `provider.py`'s."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import trio

from tests.simulation.tidying import is_offered
from tests.simulation.workloads import ring_up, workload

if TYPE_CHECKING:
    from tests.simulation.fronts import Front

_LOOK_S = 1.0
_BACK_AT_ONCE = 0.25


async def _by_link(front: Front, paylink_id: str) -> dict[str, Any] | None:
    """Wait for the customer, not for ever; the order if it goes on, None where it is paid and over.

    The sale is counted where the link ended it.
    """
    patience_s = front.chance.choice((3.0, 6.0, 12.0))
    while True:
        state: dict[str, Any] = await front.look("register.state")
        order, link = state["order"], state["paylink"]
        if order is None or order["phase"] in ("completed", "voided"):
            front.sold += 1
            return None
        if link is None or link["paylink_id"] != paylink_id or not is_offered(link):
            return order
        if patience_s <= 0:
            await front.do("paylink.cancel", paylink_id=paylink_id)
            return order
        patience_s -= _LOOK_S
        await trio.sleep(_LOOK_S)


@workload(4)
async def sale_by_link(front: Front) -> None:
    """All of it on the customer's phone; where that comes to nothing, in cash."""
    await ring_up(front)
    order_id = (await front.look("register.state"))["order"]["order_id"]
    asked = await front.do("paylink.request")
    order = await _by_link(front, asked["paylink_id"])
    if order is None:
        front.kept["links"].append(order_id)
        if front.chance.random() < _BACK_AT_ONCE:
            await _give_back(front, order_id)
        return
    await front.pay(order["cash_due_minor"])


@workload(2)
async def part_by_link(front: Front) -> None:
    """Some by link, the rest in cash; sometimes the link is given back first."""
    due = await ring_up(front)
    asked = await front.do("paylink.request", amount_minor=max(1, due // 2))
    order = await _by_link(front, asked["paylink_id"])
    if order is None:
        return
    order = (await front.look("register.state"))["order"]
    for tender in order["tenders"]:
        if tender["kind"] == "link" and front.chance.random() < 0.3:
            await front.do("paylink.reverse_tender", tender=tender["tender"])
    order = (await front.look("register.state"))["order"]
    done = await front.pay(order["cash_due_minor"] if order["due_minor"] else 0)
    front.kept["links"].append(done["order_id"])


@workload(2)
async def link_gets_its_money_back(front: Front) -> None:
    """Goods come back, and the provider pays their customer back."""
    if front.kept["links"]:
        await _give_back(front, front.chance.choice(front.kept["links"]))


async def _give_back(front: Front, order_id: str) -> None:
    await front.do("order.add_return_line", order_id=order_id, line=1, quantity_milli=1000,
                   reason="damaged")  # fmt: skip
    await front.do("order.start_tendering")
    asked = await front.do("paylink.request")
    if asked["receipt_number"]:
        front.sold += 1
        return
    order = (await front.look("register.state"))["order"]
    await front.pay(order["cash_due_minor"] if order["due_minor"] else 0)


@workload(1)
async def look_into_links(front: Front) -> None:
    """What came too late is sent back, and what did not arrive is tried once more."""
    for link in (await front.look("paylinks.open"))["exceptions"][:2]:
        if link["problem"] in ("late", "not_returned", "not_known", "refused", "unreadable"):
            await front.do("paylink.send_back", paylink_id=link["paylink_id"])
        else:
            await front.do("paylink.close_exception", paylink_id=link["paylink_id"],
                           finding="The customer was paid back by the provider")  # fmt: skip
