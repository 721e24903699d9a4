"""Store credit as shown. Amounts in minor units."""

from __future__ import annotations

from attrs import frozen


@frozen
class CreditView:
    """A note: what it was issued for, what is left, and what of that open orders hold, all in minor
    units; the receipt that issued it, and when."""

    code: str
    issued_minor: int
    left_minor: int
    held_minor: int
    receipt_number: str
    business_date: str


@frozen
class CreditsView:
    """How many notes have something left and how much in all, with the newest of them."""

    notes: int
    left_minor: int
    newest: tuple[CreditView, ...]


@frozen
class ReturnsView:
    """What a register may do beside selling: `without_receipt` takes goods back without one,
    `to_credit` gives store credit for those with one, `takes_credit` says there are notes to pay
    with."""

    without_receipt: bool = False
    to_credit: bool = False
    takes_credit: bool = False
