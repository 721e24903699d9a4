"""What a completed sale makes of the ledger of store credit."""

from __future__ import annotations

from engine.credit.ledger import CreditNote, Credits
from engine.order.events import OrderCompleted
from engine.stamp import Stamp


def follow_sale(credits: Credits, event: OrderCompleted, stamp: Stamp) -> None:
    """Issue and spend what a live sale's tenders did."""
    for tender in event.tenders:
        if tender.credit is None:
            continue
        code, minor = tender.credit.code, tender.amount_minor
        if minor > 0:
            credits.spend(code, minor)
        else:
            own = (event.order_id, event.receipt_number, stamp.business_date)
            credits.issue(CreditNote(code, -minor, -minor, *own))
