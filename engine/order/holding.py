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
from engine.order.figures import Figures
from engine.order.pricing import price_shown
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
    held = _of_figures(price_shown(after, context.tariff()), limited) if limited else ()
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


def _of_figures(figures: Figures, limited: tuple[Promotion, ...]) -> tuple[Held, ...]:
    found = ((one.id, -figures.promotion_amount_minor(one.id)) for one in limited)
    return tuple(Held(promotion, minor) for promotion, minor in found if minor > 0)
