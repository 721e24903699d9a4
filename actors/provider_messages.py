"""What the store asks of a payment provider's actor, and what a door hands in of its callbacks."""

from __future__ import annotations

from attrs import frozen

from actors.messages import MESSAGES
from engine.provider import LinkKind, Told


@MESSAGES.name("provider.offer")
@frozen
class Offer:
    """Have it take a payment, or give one back. Answered `Told`, or `Failure`.

    Under one reference it is asked as often as need be and does it once. `until_s` is when a
    payment ends, in seconds since 1970; `original` the payment a refund gives back of.
    """

    reference: str
    kind: LinkKind
    amount_minor: int
    currency: str
    until_s: int = 0
    original: str = ""


@MESSAGES.name("provider.look")
@frozen
class LookUp:
    """What became of it? Answered `Told`, or `Failure`."""

    reference: str
    kind: LinkKind


@MESSAGES.name("provider.withdraw")
@frozen
class Withdraw:
    """End a payment unless it is paid. Answered `Told`, or `Failure`."""

    reference: str


@MESSAGES.name("provider.callback")
@frozen
class Callback:
    """What somebody posted as a word of this provider's, as it came. `provider` is its address.

    To its actor: answered `Told` where it is signed and can be read, else `Failure`. To `paylinks`:
    answered `Taken` once it is durable, else `Failure`.
    """

    provider: str
    timestamp: str
    signature: str
    body: bytes


@MESSAGES.name("provider.taken")
@frozen
class Taken:
    """The word is in the journal, or changes nothing. `refusal` is why it was not taken, as the
    engine calls it; "" where it was."""

    refusal: str = ""


# An answer that is a whole message: without a name it would not cross a link.
MESSAGES.name("provider.told")(Told)
