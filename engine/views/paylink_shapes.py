"""The shapes of payments by link people and programs read; amounts in minor units."""

from __future__ import annotations

from attrs import frozen


@frozen
class PaylinkView:
    """A payment by link as it stands.

    `url` is what the customer opens, "" until the provider told it. `problem` says why a person
    must look at it, "" where nobody must. `left_s` is how long it may still be paid, `age_s` how
    long ago it was asked for.
    """

    paylink_id: str
    order_id: str
    register: str
    operator: str
    provider: str
    kind: str
    standing: str
    problem: str
    amount_minor: int
    currency: str
    url: str
    reference: str
    method: str
    code: str
    age_s: int
    left_s: int
    is_cancel_asked: bool


@frozen
class PaylinkShown:
    """What a customer is asked to pay by link, until `expires_ns`."""

    paylink_id: str
    amount_minor: int
    url: str
    expires_ns: int


@frozen
class PaylinksView:
    """Payments by link that are not settled: those for a person, and those whose provider is still
    asked; both oldest first."""

    exceptions: tuple[PaylinkView, ...]
    open: tuple[PaylinkView, ...]
