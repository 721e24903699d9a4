"""From one fact about an order to its decision: the answer needs the order as it will be."""

from __future__ import annotations

import attrs

from engine import limits
from engine.decision import Decision, refuse
from engine.order.context import OrderContext
from engine.order.events import OrderEvent
from engine.order.pricing import below_floor, preview, price_shown
from engine.order.refusal import Refusal
from engine.order.state import Line, Order, evolve


def answer_of(order: Order, context: OrderContext, **fields: object) -> dict[str, object]:
    """What a command on an order answers: which order, its total, and what the command adds."""
    total = price_shown(order, context.tariff()).total_minor
    return {"order_id": order.id, "total_minor": total, "due_minor": total, **fields}


def with_line(
    order: Order, line: Line, event: object, context: OrderContext, *, added: bool = False
) -> Decision:
    """The decision that `line` is now so, with the order's new total; refuses absurd totals."""
    lines = order.lines if added else order.lines[: line.line - 1]
    rest = () if added else order.lines[line.line :]
    after = attrs.evolve(order, lines=(*lines, line, *rest))
    total, net = preview(after, context.tariff(), line.line)
    if abs(total) > limits.AMOUNT_MINOR_MAX:
        return refuse(Refusal.AMOUNT_MUST_BE_WITHIN_LIMIT, maximum_minor=limits.AMOUNT_MINOR_MAX)
    answer = {
        "order_id": order.id,
        "line": line.line,
        "name": line.item.name,
        "net_minor": net,
        "total_minor": total,
        "due_minor": total,
    }
    return Decision((context.fact(event, order.id),), answer)


def applied(order: Order, event: OrderEvent, context: OrderContext, **fields: object) -> Decision:
    """The decision for one event whose answer needs the order as it will be."""
    after = evolve(order, event, at=context.at())
    return Decision((context.fact(event, order.id),), answer_of(after, context, **fields))


def settled(order: Order, found: OrderEvent | Decision, context: OrderContext) -> Decision:
    """The decision for a choice: refused, or one fact that leaves every line lawful."""
    if isinstance(found, Decision):
        return found
    after = evolve(order, found, at=context.at())
    return made_unlawful(order, after, context) or applied(order, found, context)


def made_unlawful(before: Order, after: Order, context: OrderContext) -> Decision | None:
    """Why a change must not be, or None: it brings a line below its lowest lawful price.

    An order that is below one already may be mended step by step; it cannot be tendered.
    """
    low = below_floor(after, context.tariff())
    if low is None or below_floor(before, context.tariff()) is not None:
        return None
    line, floor = low
    return refuse(Refusal.PRICE_MUST_NOT_BE_BELOW_FLOOR, line=line, floor_micros=floor)
