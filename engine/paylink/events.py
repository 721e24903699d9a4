"""What happened to payments by link. One's id is that of the command that asked for it, and the
reference by which its provider knows it."""

from __future__ import annotations

from enum import Enum

from attrs import frozen

from engine.decision import EVENTS
from engine.provider import LinkKind, Told


class Standing(Enum):
    """Where it stands here. REQUESTED: the provider has not answered yet. WAITING: it has, and the
    customer may pay. The others are ends; of an EXPIRED one the provider may still owe its word."""

    REQUESTED = "requested"
    WAITING = "waiting"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    FAILED = "failed"


class LinkProblem(Enum):
    """Why a person must look at it, "" aside: nobody needs to.

    LATE: paid when its order no longer wanted it. DIFFERS: another amount or currency was paid.
    UNASKED: paid, and nobody here asked for it. NOT_RETURNED: money that should have gone back has
    not. NOT_KNOWN: its provider does not know of a refund; REFUSED: its provider will say nothing
    of it, and do nothing. UNREADABLE: what its provider answers cannot be read, of a refund, or of
    a payment whose time is over; it is asked on. Whether money moved none of the three says.
    """

    NONE = ""
    LATE = "late"
    DIFFERS = "differs"
    UNASKED = "unasked"
    NOT_RETURNED = "not_returned"
    NOT_KNOWN = "not_known"
    REFUSED = "refused"
    UNREADABLE = "unreadable"


# Its provider was asked often, and nothing says whether the money moved.
UNTOLD = (LinkProblem.NOT_KNOWN, LinkProblem.REFUSED, LinkProblem.UNREADABLE)


@frozen
class LinkAsked:
    """What is asked of a provider, and for whom.

    `expires_ns`, by the clock of stamps, is until when it may be paid; 0 for a refund. A refund
    names by `original` the payment it gives back of, as the provider knows it, and by `of_paylink`
    as it is known here; `source_order` and `source_tender` are the tender it gives back of.
    """

    paylink_id: str
    order_id: str
    register: str
    operator: str
    provider: str
    kind: LinkKind
    amount_minor: int
    currency: str
    expires_ns: int = 0
    original: str = ""
    of_paylink: str = ""
    source_order: str = ""
    source_tender: int = 0


@EVENTS.name("paylink.requested/1")
@frozen
class PaylinkRequested:
    """A provider is about to be asked. Journaled before anything leaves the shop."""

    asked: LinkAsked


@EVENTS.name("paylink.offered/1")
@frozen
class PaylinkOffered:
    """The provider has it: what the customer opens, or that a refund was accepted. Of one that was
    listed because nothing could be read: it can be, now."""

    paylink_id: str
    provider_reference: str
    url: str


@EVENTS.name("paylink.cancel_asked/1")
@frozen
class PaylinkCancelAsked:
    """Somebody at the register wants it to end; the provider says whether it was in time."""

    paylink_id: str
    operator: str


@EVENTS.name("paylink.confirmed/1")
@frozen
class PaylinkConfirmed:
    """The money moved, by the provider's signed or asked-for word. `problem` puts it before a
    person; without one it is a tender of its order, or gone back."""

    paylink_id: str
    told: Told
    problem: LinkProblem = LinkProblem.NONE


@EVENTS.name("paylink.ended/1")
@frozen
class PaylinkEnded:
    """The provider says that no money moves by it, and why; or it does not know of it, and nobody
    asks any more (`not_known`, or `refused`; the standing is as before). With `unreadable` nobody
    knows what it says, the standing is as before, and it is asked on."""

    paylink_id: str
    standing: Standing
    code: str
    problem: LinkProblem = LinkProblem.NONE


@EVENTS.name("paylink.expired/1")
@frozen
class PaylinkExpired:
    """Its time is over here. The provider is still asked what became of it."""

    paylink_id: str


@EVENTS.name("paylink.asked_again/1")
@frozen
class PaylinkAskedAgain:
    """Somebody has its provider asked once more for a refund that it did not know, or said nothing
    of, under the same reference: should it know it after all, it is done once."""

    paylink_id: str
    operator: str


@EVENTS.name("paylink.strayed/1")
@frozen
class PaylinkStrayed:
    """A provider took money that nobody here asked for, or a second time. `paylink_id` is made of
    both references."""

    paylink_id: str
    provider: str
    told: Told


@EVENTS.name("paylink.exception_closed/1")
@frozen
class LinkExceptionClosed:
    """A person looked into it and says what they found. No money moves by this."""

    paylink_id: str
    operator: str
    finding: str


PaylinkEvent = (
    PaylinkRequested
    | PaylinkOffered
    | PaylinkCancelAsked
    | PaylinkConfirmed
    | PaylinkEnded
    | PaylinkExpired
    | PaylinkAskedAgain
    | PaylinkStrayed
    | LinkExceptionClosed
)
