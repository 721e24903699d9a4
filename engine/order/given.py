"""What people gave an order beside its goods: discounts and promotions by hand, words, charges let
go, money back."""

from __future__ import annotations

from attrs import frozen

from engine.order.events import Audience
from engine.order.figures import DiscountKind


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
