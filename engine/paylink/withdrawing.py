"""An order that has ended asks nobody to pay any more: what is offered for it is withdrawn."""

from __future__ import annotations

from engine.altered import altered
from engine.decision import Decision, Fact
from engine.order.events import OrderCompleted, OrderVoided
from engine.paylink.context import stream_of
from engine.paylink.events import PaylinkCancelAsked, PaylinkConfirmed
from engine.paylink.state import Paylinks


def with_links_withdrawn(decision: Decision, links: Paylinks, operator: str) -> Decision:
    """`decision`, and the wish that each code stops being payable whose order it ends, but for the
    one whose payment ends it. Money that was quicker is late, as ever."""
    ends = (OrderCompleted, OrderVoided)
    ended = [fact.event.order_id for fact in decision.facts if isinstance(fact.event, ends)]
    paid = [
        fact.event.paylink_id for fact in decision.facts if isinstance(fact.event, PaylinkConfirmed)
    ]
    ids = [
        link.asked.paylink_id
        for link in links.open.values()
        if link.is_offered and link.asked.order_id in ended and link.asked.paylink_id not in paid
    ]
    if not ids:
        return decision
    facts = [Fact(stream_of(one), PaylinkCancelAsked(one, operator)) for one in ids]
    return altered(decision, facts=(*decision.facts, *facts))
