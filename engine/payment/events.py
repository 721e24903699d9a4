"""What happened to card payments. A payment's id is that of the command that asked for it."""

from __future__ import annotations

from enum import Enum

from attrs import frozen

from engine.decision import EVENTS
from engine.terminal import Answer, CardEntry, Identity, Kind


class Standing(Enum):
    """Where a payment stands. REQUESTED and UNKNOWN are open; the others are ends."""

    REQUESTED = "requested"
    UNKNOWN = "unknown"
    APPROVED = "approved"
    PARTIALLY_APPROVED = "partially_approved"
    OFFLINE_APPROVED = "offline_approved"
    DECLINED = "declined"
    ABORTED = "aborted"
    ABANDONED = "abandoned"


class Problem(Enum):
    """Why a person must look at a payment, "" aside: nobody needs to.

    LATE: approved when its order no longer wanted it. DIFFERS: the terminal took another amount
    than it was asked for. OFFLINE: approved offline against the shop's rules. UNRESOLVED: set aside
    before anybody knew. NOT_REVERSED: money stands that should not. UPLOAD_DECLINED: taken offline
    and refused afterwards. OTHER_CARD: of another brand than its price was made for. UNTOLD: taken
    offline so long ago that somebody should have said what became of it; only ever shown. UNPAID:
    taken back after a sale was completed with it. NOT_ITS_CARD: given back, as it should be, to a
    card that is not the one that paid.
    """

    NONE = ""
    LATE = "late"
    DIFFERS = "differs"
    OFFLINE = "offline"
    UNRESOLVED = "unresolved"
    NOT_REVERSED = "not_reversed"
    UPLOAD_DECLINED = "upload_declined"
    OTHER_CARD = "other_card"
    UNTOLD = "untold"
    UNPAID = "unpaid"
    NOT_ITS_CARD = "not_its_card"


class UploadSource(Enum):
    """Who told what became of a payment taken offline: its terminal, or the acquirer's file."""

    NONE = ""
    TERMINAL = "terminal"
    FILE = "file"


@frozen
class BrandCeiling:
    """How much of one brand may be at risk, in minor units; 0: that brand is not taken offline."""

    brand: str
    limit_minor: int


@frozen
class OfflinePolicy:
    """How much may be taken that nobody has authorised yet, in minor units; 0 allows nothing.

    Each ceiling counts what is stored and not known to be paid, and what terminals may be storing
    now. `age_s` is how old the oldest of it may be. `brands` are the cards taken so; empty: all.
    `brand_limits` are ceilings of single brands: what a card is, the terminal says with its answer,
    so until then a payment that it may approve alone counts for each. `tip_minor_max` is the most
    that a customer may add at a terminal, as it is set up there; 0: nobody knows.
    """

    payment_minor: int = 0
    operator_minor: int = 0
    register_minor: int = 0
    total_minor: int = 0
    age_s: int = 0
    brands: tuple[str, ...] = ()
    brand_limits: tuple[BrandCeiling, ...] = ()
    tip_minor_max: int = 0


@frozen
class Asked:
    """What was asked of a terminal, and for whom.

    `tender` is what a reversal undoes of its order; `of_payment` the payment it takes back, or the
    reservation it comes instead of.
    `source_order` and `source_tender` are what a refund gives back of. `tip_minor` is the part of
    `amount_minor` that a capture takes for a tip. `brand` is that of the card that what is given or
    taken back was paid with, and `of_refund` says that what a reversal takes back was a refund.
    `tip_on_top_minor` comes to `amount_minor` of a sale, since the customer said so on our own
    screen. `entry` marks a number that is typed at the terminal: it costs more and is at the shop's
    risk. `card_ends` are the last four digits of the card that a refund should go to, or that
    paid or reserved what is taken back or captured, where known.
    `offline_allowed`: as far as is known before, the shop takes it without a bank. With
    `alone_minor_max` above 0 the terminal is told so, and that is the most that can come of it, a
    tip from its own screen included; at 0, one that can be told asks its bank.
    `authorisation` is what the bank called the reservation that a capture takes from.
    """

    payment_id: str
    order_id: str
    register: str
    operator: str
    terminal: str
    kind: Kind
    amount_minor: int
    currency_code: int
    original: Identity | None = None
    of_payment: str = ""
    tender: int = 0
    source_order: str = ""
    source_tender: int = 0
    tip_allowed: bool = False
    offline_allowed: bool = False
    tip_minor: int = 0
    brand: str = ""
    of_refund: bool = False
    tip_on_top_minor: int = 0
    entry: CardEntry = CardEntry.READ
    card_ends: str = ""
    alone_minor_max: int = 0
    authorisation: str = ""


@EVENTS.name("payment.requested/1")
@frozen
class PaymentRequested:
    """A terminal is about to be asked. Journaled before it hears the first byte.

    `remembered` is the newest payment that this terminal told by a name of its own, if any.
    """

    asked: Asked
    remembered: Identity | None = None


@EVENTS.name("payment.kept/1")
@frozen
class PaymentKept:
    """What a terminal told on the way, written down before it hears that it arrived."""

    payment_id: str
    answer: Answer


@EVENTS.name("payment.cancel_asked/1")
@frozen
class PaymentCancelAsked:
    """Somebody at the register wants it to end; the terminal decides whether it is in time."""

    payment_id: str
    operator: str


@EVENTS.name("payment.heard/1")
@frozen
class PaymentHeard:
    """What became of it, in the terminal's own words. `problem` puts it before a person.

    `back_waits`: it is to be taken back, and its terminal is at something else; of a try to take
    another back, that it never began, so that the other waits once more.
    """

    payment_id: str
    standing: Standing
    answer: Answer
    problem: Problem = Problem.NONE
    back_waits: bool = False


@EVENTS.name("payment.not_found/1")
@frozen
class PaymentNotFound:
    """An idle terminal that remembers what came before does not know it; `times` in a row."""

    payment_id: str
    times: int


@EVENTS.name("payment.set_aside/1")
@frozen
class PaymentSetAside:
    """Nobody waits for it any more: the terminal takes other payments, a person looks into it."""

    payment_id: str
    operator: str
    reason: str


@EVENTS.name("payment.exception_closed/1")
@frozen
class ExceptionClosed:
    """A person looked into it and says what they found. No money moves by this; what was taken
    offline, and nobody told of, is no longer counted as at risk."""

    payment_id: str
    operator: str
    finding: str


@EVENTS.name("payment.uploaded/1")
@frozen
class OfflineUploaded:
    """A payment taken offline was presented, and paid or declined. `code` and `detail` are the
    reason in the words of whoever told it, `source`."""

    payment_id: str
    is_paid: bool
    source: UploadSource = UploadSource.NONE
    code: str = ""
    detail: str = ""


@EVENTS.name("payment.offline_policy_set/1")
@frozen
class OfflinePolicySet:
    """How much may be taken offline from here on."""

    policy: OfflinePolicy


PaymentEvent = (
    PaymentRequested
    | PaymentKept
    | PaymentCancelAsked
    | PaymentHeard
    | PaymentNotFound
    | PaymentSetAside
    | ExceptionClosed
    | OfflineUploaded
    | OfflinePolicySet
)
