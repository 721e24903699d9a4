"""Goods that money moved for already: what takes them back holds them against other orders.

A refund by card or link cannot be handed back over the counter, nor can what a card paid for an
exchange, which its terminal may not take back. So the order that has such a part, or has a terminal
make it, is first, though it completes later. Others see its sale as it will be then.
"""

from __future__ import annotations

from engine.order.context import OrderContext
from engine.order.events import OrderReturned
from engine.order.state import Order, evolve


def with_held(original: Order, order: Order, context: OrderContext) -> Order:
    """A sale as other orders leave it that money moved for: those goods alone that `order` may
    still take back are left. Whoever has such a part itself is held by nobody, or two that do would
    keep each other from ending."""
    return original if has_moved_money(order) else as_others_leave(original, order, context)


def as_others_leave(original: Order, order: Order, context: OrderContext) -> Order:
    """A sale as every order but `order` leaves it that money moved for."""
    for other in context.open_orders.values():
        holds = other.id in context.moving_money or has_moved_money(other)
        if holds and other.id != order.id:
            for sale, returned in returned_facts(other):
                if sale == original.id:
                    original = evolve(original, returned, at=context.at())
    return original


def has_moved_money(order: Order) -> bool:
    """Whether a card paid or has money back already, or a link has."""
    return any(
        tender.card is not None or (tender.amount_minor < 0 and tender.link is not None)
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
