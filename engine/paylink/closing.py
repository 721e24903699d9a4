"""A tender by link, and the end of the sale that it pays in full."""

from __future__ import annotations

from engine.altered import altered
from engine.decision import Decision, Fact
from engine.order.context import stream_of as order_stream
from engine.order.events import OrderCompleted
from engine.order.figures import GaveBack
from engine.order.refunds import refunded_facts
from engine.order.state import Order, tendered
from engine.order.tender_events import LinkTendered
from engine.order.tendering import complete
from engine.paylink.context import PaylinkContext
from engine.provider import LinkPaid


def with_tender(
    order: Order,
    link: LinkPaid,
    amount_minor: int,
    context: PaylinkContext,
    *,
    operator: str,
    shares: tuple[GaveBack, ...] = (),
) -> tuple[list[Fact], str]:
    """The facts of one tender more, and of the sale's end where it is paid by it; with the number
    of its receipt, "" where it goes on.

    Only the register that has the order ends it. Whatever else still keeps it open, such as a till
    that is shut with cash on the counter or a terminal at work, leaves the end to the cashier.
    """
    tender = LinkTendered(order.id, order.tender_count + 1, amount_minor, link, shares)
    facts = [Fact(order_stream(order.id), tender)]
    facts += [Fact(order_stream(sale), gone) for sale, gone in refunded_facts(order.id, shares)]
    around = altered(context.around, operator=operator)
    if order.register != around.register or around.training:
        return facts, ""
    ended: Decision = complete(tendered(order, tender), around)
    if ended.refused is not None:
        return facts, ""
    (number,) = (e.event.receipt_number for e in ended.facts if isinstance(e.event, OrderCompleted))
    return [*facts, *ended.facts], number
