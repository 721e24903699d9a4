"""Promotions that are limited for each member or by a budget, held by the open orders that have
them.

As with a coupon that is good once: the order that has it first keeps it, on whatever register or
parked, until it has it no longer or ends. So two registers never give together what one alone may
not give. An order that is being rung up says what it holds by a fact, or whoever came second could
take it away again; one that is being paid holds what its frozen figures have.
"""

from __future__ import annotations

from engine.decision import Decision
from engine.order.context import OrderContext, stream_of
from engine.order.events import OrderOpened, PromotionsHeld
from engine.order.offered import taken_now
from engine.order.state import Order, Phase, evolve, opened
from engine.promotion.held import Held, is_held
from engine.promotion.model import Promotion


def with_promotions_held(
    order: Order | None, decision: Decision, context: OrderContext
) -> Decision:
    """`decision`, with what the order it leaves behind holds from here on, where that changed."""
    limited = _limited(context)
    if not decision.facts or not (limited or (order is not None and order.held)):
        return decision
    after = _after(order, decision, context)
    if after is None or after.phase is not Phase.OPEN or after.training:
        return decision
    held = _of_limited(after, limited, context)
    if held == after.held:
        return decision
    fact = context.fact(PromotionsHeld(after.id, held), after.id)
    return Decision((*decision.facts, fact), decision.answer, decision.refused)


def _limited(context: OrderContext) -> tuple[Promotion, ...]:
    deals = context.offers.deals
    if deals is None:
        return ()
    return tuple(deals.promotions[at] for at in deals.capped if is_held(deals.promotions[at]))


def _after(order: Order | None, decision: Decision, context: OrderContext) -> Order | None:
    """The order that a decision is about, after it."""
    after = order
    for fact in decision.facts:
        if isinstance(fact.event, OrderOpened):
            after = opened(fact.event, training=fact.training, at=context.at())
        elif after is not None and fact.stream == stream_of(after.id):
            after = evolve(after, fact.event, at=context.at())
    return after


def _of_limited(
    order: Order, limited: tuple[Promotion, ...], context: OrderContext
) -> tuple[Held, ...]:
    """What each of `limited` takes off an order now, where it does."""
    if not limited:
        return ()
    minor = dict.fromkeys((one.id for one in limited), 0)
    for entry in (entry for entries in taken_now(order, context.tariff()) for entry in entries):
        if entry.promotion in minor:
            minor[entry.promotion] -= entry.amount_minor
    return tuple(Held(promotion, taken) for promotion, taken in minor.items() if taken > 0)
