"""What a shop asks of a card terminal and what it is told, the same for every protocol.

Amounts are minor units and positive; the kind of a transaction says which way money goes. No type
here has a place for a card number: `CardShown.number` comes masked from the floor.
"""

from __future__ import annotations

from enum import Enum

from attrs import field, frozen

BEGUN = "begun"
"""The code of a doubt that is written down before a terminal hears of a transaction."""
ALREADY_REVERSED = "already_reversed"
"""The code of a refusal to take back what the terminal took back before."""
IDENTITY_TAKEN = "identity_taken"
"""The code of a doubt about which a terminal named a transaction that is another payment's."""
UNSENT = ("not_sent", "terminal_busy")
"""Codes of what a terminal provably heard nothing of."""


class Verdict(Enum):
    """What became of a transaction, as far as the terminal has said."""

    APPROVED = "approved"
    PARTIALLY_APPROVED = "partially_approved"
    DECLINED = "declined"
    ABORTED = "aborted"
    UNKNOWN = "unknown"

    @property
    def is_approved(self) -> bool:
        """Whether a terminal says that money moved, all that was asked for or a part."""
        return self in (Verdict.APPROVED, Verdict.PARTIALLY_APPROVED)


class Kind(Enum):
    """What a transaction does with money."""

    SALE = "sale"
    REFUND = "refund"
    REVERSAL = "reversal"
    RESERVATION = "reservation"
    CAPTURE = "capture"
    RELEASE = "release"


UNDOING = (Kind.REVERSAL, Kind.RELEASE)
"""What takes another transaction back."""
STORABLE = (Kind.SALE, Kind.RESERVATION, Kind.CAPTURE)
"""What the shop may lose where no bank was asked: money comes, or is held. What goes back is gone
whether a bank was asked or not."""


class CardEntry(Enum):
    """How a terminal comes by a card: it reads it, or its number is typed there, with the card at
    hand or for a customer who orders by phone or mail."""

    READ = ""
    KEYED = "keyed"
    PHONE = "phone"


@frozen
class Identity:
    """How the terminal itself names one of its transactions.

    Empty and None stand for what it did not tell. `date` is MMDD and `time` HHMMSS, on its clock.
    `reference` is its own name for the transaction where that is a text. `is_of_payment`: a refund
    that was asked for by its payment; it goes to that card without the card, the terminal counts it
    as a reversal, and nothing takes it back.
    """

    terminal_id: str = ""
    trace: int | None = None
    receipt: int | None = None
    date: str = ""
    time: str = ""
    reference: str = ""
    is_of_payment: bool = False

    @property
    def is_told(self) -> bool:
        """Whether it names one transaction."""
        return bool(self.terminal_id) and (self.trace is not None or self.receipt is not None)

    def is_same(self, other: Identity) -> bool:
        """Whether both name one transaction of one terminal, by each number both have. A number
        begins anew after a while, at some terminals every day: of another day it is another."""
        if not self.terminal_id or self.terminal_id != other.terminal_id:
            return False
        if self.date and other.date and self.date != other.date:
            return False
        traces = self.trace is not None and other.trace is not None
        receipts = self.receipt is not None and other.receipt is not None
        if (traces and self.trace != other.trace) or (receipts and self.receipt != other.receipt):
            return False
        return traces or receipts


@frozen
class Transaction:
    """One thing to do with a card.

    `currency_code` is ISO 4217, numeric. `original` names what a reversal, capture or release is
    about. `tip_allowed` lets the terminal ask for a tip, `partial_allowed` lets it approve less,
    `offline_allowed` lets it approve without asking anybody. `tip_minor` comes on top of the
    amount: the customer said so before the card is asked. With an `entry` other than READ the
    number is typed at the terminal. `authorisation` is what the bank called the reservation that a
    capture takes from, where it was told.
    """

    kind: Kind
    amount_minor: int
    currency_code: int
    original: Identity | None = None
    tip_allowed: bool = False
    partial_allowed: bool = False
    offline_allowed: bool = False
    tip_minor: int = 0
    entry: CardEntry = CardEntry.READ
    authorisation: str = ""

    def __attrs_post_init__(self) -> None:
        """An amount is positive, and what refers to another transaction names it."""
        if not 0 < self.amount_minor < 10**12:
            raise ValueError("amount_minor must be 1 to 999999999999")
        if not 0 <= self.tip_minor < 10**12 - self.amount_minor:
            raise ValueError("tip_minor must be 0 or more, and fit with amount_minor")
        refers = self.kind in (Kind.REVERSAL, Kind.CAPTURE, Kind.RELEASE)
        if refers and (self.original is None or self.original.receipt is None):
            raise ValueError(f"a {self.kind.value} must name its original by receipt")


@frozen
class CardShown:
    """What may be told of a card. `number` is masked: six digits, stars, four digits."""

    number: str = ""
    brand: str = ""
    application_id: str = ""
    application_label: str = ""
    entry: str = ""
    verification: str = ""

    def ends(self) -> str:
        """Its last four digits, "" where they are not known."""
        last = self.number[-4:]
        return last if len(last) == 4 and last.isdecimal() else ""


@frozen
class SlipLine:
    """One line a terminal wants printed, unchanged."""

    text: str
    centred: bool = False
    wide: bool = False
    tall: bool = False
    indent: int = 0


@frozen
class Slip:
    """A receipt in the terminal's own words. `kind` is merchant, customer, administrative or
    empty; `must_print` and `needs_signature` where the terminal says so."""

    lines: tuple[SlipLine, ...] = ()
    kind: str = ""
    must_print: bool = False
    needs_signature: bool = False


class Wanted(Enum):
    """Of which transactions a terminal wants a copy on paper; UNTOLD where it does not say."""

    UNTOLD = ""
    NONE = "none"
    APPROVED = "approved"
    ALL = "all"

    def covers(self, *, is_approved: bool) -> bool:
        """Whether it wants one of a transaction that ended so."""
        return self is Wanted.ALL or (self is Wanted.APPROVED and is_approved)


@frozen
class ForPaper:
    """What a terminal tells for the paper that it leaves to the register to make.

    `merchant_number` is what the acquirer calls the shop, `card_sequence` tells cards of one number
    apart, `host_code` is the number of the bank's yes or no. `merchant` and `customer` say of which
    transactions each must have a copy, and `needs_signature` that the merchant's is signed.
    `merchant_lines` and `customer_lines` are printed on that copy unchanged, such as what the
    card's chip said.
    """

    merchant_number: str = ""
    card_sequence: str = ""
    host_code: str = ""
    merchant: Wanted = Wanted.UNTOLD
    customer: Wanted = Wanted.UNTOLD
    needs_signature: bool = False
    merchant_lines: tuple[SlipLine, ...] = ()
    customer_lines: tuple[SlipLine, ...] = ()


def is_signed(verification: str) -> bool:
    """Whether that way to ask a card's owner is a signature on paper, alone or with a PIN."""
    return verification.endswith("signature")


def of_customer(slips: tuple[Slip, ...]) -> tuple[Slip, ...]:
    """Those for the customer to keep: what is not said to be anybody's is theirs too, but for what
    they sign, which stays with the shop."""
    return tuple(
        slip for slip in slips if slip.kind == "customer" or not (slip.kind or slip.needs_signature)
    )


@frozen
class Answer:
    """What is known of a transaction now.

    `code` is a stable word for why, `detail` the terminal's own. `amount_minor` is what it
    approved, tip included; a difference to `asked_minor` is the terminal's truth and for a person
    to look at. `asked_tip_minor` was asked for on top of `asked_minor`.
    `before` is the terminal's last transaction as it was before this one was asked for,
    None where nobody knows: an inquiry compares with it.
    """

    verdict: Verdict
    kind: Kind
    asked_minor: int
    code: str = "ok"
    detail: str = ""
    amount_minor: int = 0
    tip_minor: int = 0
    currency_code: int = 0
    identity: Identity = field(factory=Identity)
    before: Identity | None = None
    card: CardShown = field(factory=CardShown)
    authorisation: str = ""
    is_offline: bool = False
    partial_allowed: bool = False
    slips: tuple[Slip, ...] = ()
    asked_tip_minor: int = 0
    paper: ForPaper = field(factory=ForPaper)


@frozen
class Condition:
    """How the terminal is. `code` is a stable word, `ready` where it takes a payment."""

    is_ready: bool
    code: str
    detail: str = ""


@frozen
class SettledTotal:
    """What a terminal counted of one kind of card since its last end of day.

    `reversed_count` of the transactions took back another, where a terminal tells these apart.
    """

    name: str
    count: int
    amount_minor: int
    reversed_count: int = 0


@frozen
class Settlement:
    """The end of a terminal's day; totals only where it told them."""

    verdict: Verdict
    code: str = "ok"
    detail: str = ""
    amount_minor: int | None = None
    totals: tuple[SettledTotal, ...] = ()
    slips: tuple[Slip, ...] = ()
