"""Tenders of an order as screens show them."""

from __future__ import annotations

from engine.altered import altered
from engine.order.figures import TenderFigures
from engine.order.refunds import may_be_parked
from engine.order.state import Order, Phase
from engine.payment.state import Payments
from engine.views.shapes import TenderView


def tender_views(order: Order) -> tuple[TenderView, ...]:
    """The tenders of an order, each with what went back of it."""
    return tuple(
        altered(_tender(entry), refunded_minor=order.refunded_minor(entry.tender))
        for entry in order.tenders
    )


def may_wait(order: Order, payments: Payments) -> bool:
    """Whether an order in payment can be parked as it is: there is money in it, nobody at a till
    can hand any of it back, and no terminal is at work for it."""
    if order.phase is not Phase.TENDERING or payments.runs_for(order.id):
        return False
    is_in_doubt = payments.of_order(order.id) is not None
    return may_be_parked(order, payments.out_of_reach(), is_in_doubt=is_in_doubt)


def _tender(tender: TenderFigures) -> TenderView:
    card, link, credit, notes = tender.card, tender.link, tender.credit, tender.foreign
    own = (tender.tender, tender.kind, tender.amount_minor)
    if notes is not None:
        return TenderView(
            *own,
            currency=notes.currency,
            foreign_minor=notes.amount_minor,
            rate_micros=notes.rate_micros,
        )
    if credit is not None:
        return TenderView(*own, credit=credit.code, credit_left_minor=credit.left_minor)
    if link is not None:
        return TenderView(*own, reference=link.provider_reference, method=link.method)
    if card is None:
        return TenderView(*own)
    shown = (card.card.number, card.card.brand, card.tip_minor)
    return TenderView(*own, *shown, entry=card.entry.value)
