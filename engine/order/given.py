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
    """How much of a tender went back by an order, or by a refund that none has; positive.

    `coins_minor` is what was paid of it in coins, None where that is not known.
    """

    tender: int
    amount_minor: int
    by_order: str = ""
    coins_minor: int | None = None


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
    before = [entry for entry in refunded if entry not in others]
    minor = sum(entry.amount_minor for entry in before) + event.amount_minor
    coins = [*(entry.coins_minor for entry in before), event.coins_minor]
    known = [entry for entry in coins if entry is not None]
    coins_minor = sum(known) if len(known) == len(coins) else None
    # Journals of before say of a refund that no order has only that it was taken back.
    kept = [Refunded(event.tender, minor, event.by_order, coins_minor)] if minor > 0 else []
    return (*others, *kept)
