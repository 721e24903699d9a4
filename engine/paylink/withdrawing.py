"""An order that has ended asks nobody to pay any more: what is offered for it is withdrawn."""

from __future__ import annotations

from engine.altered import altered
from engine.decision import Decision, Fact
from engine.order.events import OrderCompleted, OrderVoided
from engine.paylink.context import stream_of
from engine.paylink.events import PaylinkCancelAsked
from engine.paylink.state import Paylinks


def with_links_withdrawn(decision: Decision, links: Paylinks, operator: str) -> Decision:
    """`decision`, and the wish that a code stops being payable whose order it ends. Money that was
    quicker is late, as ever."""
    ends = (OrderCompleted, OrderVoided)
    ended = [fact.event.order_id for fact in decision.facts if isinstance(fact.event, ends)]
    offered = [link for link in map(links.offered_for, ended) if link is not None]
    if not offered:
        return decision
    ids = [link.asked.paylink_id for link in offered]
    facts = [Fact(stream_of(one), PaylinkCancelAsked(one, operator)) for one in ids]
    return altered(decision, facts=(*decision.facts, *facts))
