"""What a shop asks of a payment provider and what it is told, the same for every protocol.

A provider takes money from a customer's phone by a link or the QR code of one, and says later that
it did. Amounts are minor units and positive; the kind says which way money goes. Nothing here has a
place for a card number or for anything about the person who pays.
"""

from __future__ import annotations

from enum import Enum

from attrs import frozen


class LinkKind(Enum):
    """Which way money goes."""

    PAYMENT = "payment"
    REFUND = "refund"


class LinkState(Enum):
    """What a provider says of a payment or a refund.

    OPEN: it has it, and nothing moved yet. PAID and REFUNDED: the money moved, once. CANCELLED,
    EXPIRED, FAILED: it never will. NOT_FOUND: it was never asked for it. REFUSED: it will say
    nothing of a refund, nor do it now, and that says not whether it went back. UNREADABLE: it
    answers, and what it says is no word of the protocol, so that nobody knows.
    """

    OPEN = "open"
    PAID = "paid"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    FAILED = "failed"
    NOT_FOUND = "not_found"
    REFUSED = "refused"
    UNREADABLE = "unreadable"


@frozen
class Told:
    """What a provider said. `reference` is ours, `provider_reference` its own name for it.

    `currency` is ISO 4217's letters. `url` is what the customer opens, while it is open. `method`
    is how it was paid, a short word such as `wallet`; `code` why it was not: a short word, or where
    a refund was refused, or nothing could be read, the status and what its provider said.
    """

    reference: str
    state: LinkState
    amount_minor: int = 0
    currency: str = ""
    provider_reference: str = ""
    method: str = ""
    url: str = ""
    code: str = ""


@frozen
class LinkPaid:
    """What an order keeps of a payment by link: enough for its receipt, and to give it back."""

    paylink_id: str
    provider: str
    provider_reference: str
    method: str = ""
