"""What people gave an order beside its goods: discounts and promotions by hand, words, charges let
go, money back."""

from __future__ import annotations

from attrs import frozen

from engine.order.events import Audience
from engine.order.figures import DiscountKind
from engine.order.tender_events import TenderRefunded


@frozen
class Discount:
    """A manual discount; PERCENT in ppm, AMOUNT in minor units."""

    kind: DiscountKind
    value: int
    reason: str


@frozen
class Note:
    """Words on a line or an order."""

    audience: Audience
    text: str


@frozen
class Refunded:
    """How much of a tender went back by an order, or by a refund that none has; positive."""

    tender: int
    amount_minor: int
    by_order: str = ""


@frozen
class Chosen:
    """A promotion an operator gives, and why."""

    promotion: str
    reason: str


@frozen
class Waived:
    """A charge that was let go, and why."""

    charge: str
    reason: str


def refunded_after(refunded: tuple[Refunded, ...], event: TenderRefunded) -> tuple[Refunded, ...]:
    """What went back of a sale's tenders, after an event."""
    given = (event.tender, event.by_order)
    others = [entry for entry in refunded if (entry.tender, entry.by_order) != given]
    before_minor = sum(entry.amount_minor for entry in refunded if entry not in others)
    minor = before_minor + event.amount_minor
    # Journals of before say of a refund that no order has only that it was taken back.
    kept = [Refunded(event.tender, minor, event.by_order)] if minor > 0 else []
    return (*others, *kept)
