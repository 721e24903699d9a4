"""Goods that money went back for already: what takes them back holds them against other orders.

A refund by card or link cannot be handed back over the counter, so the order that gave it, or has a
terminal give it, is first, though it completes later. Others see its sale as it will be then.
"""

from __future__ import annotations

from engine.order.context import OrderContext
from engine.order.events import OrderReturned
from engine.order.state import Order, evolve


def with_held(original: Order, order: Order, context: OrderContext) -> Order:
    """A sale as other orders leave it that gave money back for its goods: those alone that `order`
    may still take back are left. Whoever gave back itself is held by nobody, or two that did so
    would keep each other from ending."""
    if _gave_back(order):
        return original
    for other in context.open_orders.values():
        holds = other.id in context.giving_back or _gave_back(other)
        if holds and other.id != order.id:
            for sale, returned in returned_facts(other):
                if sale == original.id:
                    original = evolve(original, returned, at=context.at())
    return original


def _gave_back(order: Order) -> bool:
    """Whether money went back by card or link already."""
    return any(
        tender.amount_minor < 0 and (tender.card is not None or tender.link is not None)
        for tender in order.tenders
    )


def returned_facts(order: Order) -> list[tuple[str, OrderReturned]]:
    """What an order takes back, by original order: (order id, event)."""
    return [
        (
            line.source.order_id,
            OrderReturned(
                line.source.order_id,
                line.source.line,
                -line.quantity_milli,
                -line.source.total_minor,
                -line.source.tax_minor,
                order.id,
                tuple(entry.share for entry in line.source.taxes),
                line.source.promotions,
            ),
        )
        for line in order.live_lines()
        if line.source is not None and line.source.has_receipt()
    ]
