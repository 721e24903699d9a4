"""From one fact about an order to its decision: the answer needs the order as it will be."""

from __future__ import annotations

from collections.abc import Sequence

from engine import limits
from engine.altered import altered
from engine.decision import Decision, refuse
from engine.money import MICROS_PER_MAJOR, minor_digits
from engine.order.context import OrderContext
from engine.order.events import (
    OrderEvent,
)
from engine.order.pricing import below_floor, preview, price_shown
from engine.order.refusal import Refusal
from engine.order.state import Line, Order, evolve


def answer_of(order: Order, context: OrderContext, **fields: object) -> dict[str, object]:
    """What a command on an order answers: which order, its total, and what the command adds."""
    total = price_shown(order, context.tariff()).total_minor
    return {"order_id": order.id, "total_minor": total, "due_minor": total, **fields}


def with_lines(
    order: Order, changed: Sequence[tuple[Line, OrderEvent]], context: OrderContext
) -> Decision:
    """The decision that these lines, old or new, are now so, with the order's new total; the answer
    is about the first. Refuses absurd totals, whatever comes off them."""
    lines = {line.line: line for line in order.lines}
    lines |= {line.line: line for line, _ in changed}
    after = altered(order, lines=tuple(lines[number] for number in sorted(lines)))
    first = changed[0][0]
    if _whole_minor(after, context) > limits.AMOUNT_MINOR_MAX:
        return _beyond_reason()
    total, net = preview(after, context.tariff(), first.line)
    if abs(total) > limits.AMOUNT_MINOR_MAX:
        return _beyond_reason()
    answer = {
        "order_id": order.id,
        "line": first.line,
        "name": first.item.name,
        "net_minor": net,
        "total_minor": total,
        "due_minor": total,
    }
    return Decision(tuple(context.fact(event, order.id) for _, event in changed), answer)


def _whole_minor(order: Order, context: OrderContext) -> int:
    """What the goods come to at their own prices before anything comes off, in whole minor units.

    What is given away today may be charged for tomorrow, and the floor counts it meanwhile.
    """
    digits = minor_digits(context.settings.required().currency)
    sold = (line for line in order.live_lines() if line.source is None)
    micros = sum(line.item.unit_price_micros * line.quantity_milli for line in sold)
    unit: int = limits.PIECE_MILLI * MICROS_PER_MAJOR // 10**digits
    return micros // unit


def _beyond_reason() -> Decision:
    """No order comes to more than the largest amount there is."""
    most = limits.AMOUNT_MINOR_MAX
    return refuse(Refusal.AMOUNT_MUST_BE_WITHIN_LIMIT, maximum_minor=most)


def applied(
    order: Order, event: OrderEvent, context: OrderContext, *more: OrderEvent, **fields: object
) -> Decision:
    """The decision for facts whose answer needs the order as it will be."""
    after, events = order, (event, *more)
    for entry in events:
        after = evolve(after, entry, at=context.at())
    facts = tuple(context.fact(entry, order.id) for entry in events)
    return Decision(facts, answer_of(after, context, **fields))


def settled(order: Order, found: OrderEvent | Decision, context: OrderContext) -> Decision:
    """The decision for a choice: refused, or one fact that leaves every line lawful and the total
    within reason."""
    if isinstance(found, Decision):
        return found
    after = evolve(order, found, at=context.at())
    refused = made_unlawful(order, after, context)
    if refused is not None:
        return refused
    decision = applied(order, found, context)
    most = limits.AMOUNT_MINOR_MAX
    if abs(decision.answer["total_minor"]) <= most:
        return decision
    # One that is beyond reason already may be mended step by step.
    before = price_shown(order, context.tariff()).total_minor
    return _beyond_reason() if abs(before) <= most else decision


def made_unlawful(before: Order, after: Order, context: OrderContext) -> Decision | None:
    """Why a change must not be, or None: it brings a line below its lowest lawful price.

    An order that is below one already may be mended step by step; it cannot be tendered.
    """
    low = below_floor(after, context.tariff())
    if low is None or below_floor(before, context.tariff()) is not None:
        return None
    line, floor = low
    return refuse(Refusal.PRICE_MUST_NOT_BE_BELOW_FLOOR, line=line, floor_micros=floor)
