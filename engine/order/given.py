"""What people gave an order beside its goods: promotions by hand, charges let go, money back."""

from __future__ import annotations

from attrs import frozen


@frozen
class Refunded:
    """How much of a tender went back so far, positive."""

    tender: int
    amount_minor: int


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
