"""How an order will be paid, chosen before money moves where promotions are for a means of payment.

The figures keep the choice where it made the price, and only such a tender pays them.
"""

from __future__ import annotations

from engine import limits
from engine.decision import Decision, refuse
from engine.order.commands import ChooseTender
from engine.order.context import OrderContext
from engine.order.events import TenderChosen
from engine.order.figures import Figures
from engine.order.refusal import Refusal
from engine.order.state import Order
from engine.promotion.payment import pays


def choose_tender(
    order: Order, body: ChooseTender, context: OrderContext
) -> TenderChosen | Decision:
    """A means of payment that some promotion in force is for; "" takes the choice back.

    Refuses:
        tender_must_be_offered.
    """
    name = body.tender.strip().casefold()
    offered = {one.casefold() for entry in context.promotions() for one in entry.tenders}
    if name and name not in offered:
        return refuse(Refusal.TENDER_MUST_BE_OFFERED, tender=name[: limits.ID_LENGTH_MAX])
    return TenderChosen(order.id, name, context.operator)


def why_not_paid_by(figures: Figures, kind: str, brand: str | None = None) -> Decision | None:
    """Why a tender of this kind (of this brand, where a card's is known) does not pay these
    figures, or None.

    Refuses:
        tender_must_be_as_chosen.
    """
    if pays(figures.tender, kind, brand):
        return None
    return refuse(Refusal.TENDER_MUST_BE_AS_CHOSEN, tender=figures.tender)
