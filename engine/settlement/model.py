"""Acquirers with their rate cards, and the rows of the files they send; amounts in minor units."""

from __future__ import annotations

from enum import Enum

from attrs import frozen

from engine.settings import RoundingMode


class Presence(Enum):
    """How a card was there, which is what acquirers price by."""

    IN_PERSON = "in_person"
    ONLINE = "online"
    KEYED = "keyed"


@frozen
class Rate:
    """A line of a rate card: a percentage of the amount and so much besides.

    `brand` is "" for all brands. `since` and `until` are the first and the last business date it is
    in force, ISO, "" for ever. A refund costs `refund_fixed_minor`; of the percentage nothing comes
    back. The percentage is rounded once, by `rounding`, before the rest is added.
    """

    presence: Presence
    rate_ppm: int = 0
    fixed_minor: int = 0
    brand: str = ""
    since: str = ""
    until: str = ""
    refund_fixed_minor: int = 0
    rounding: RoundingMode = RoundingMode.HALF_UP


@frozen
class Acquirer:
    """Who pays out what terminals took, and what providers of payments by link did.

    `terminals` and `providers` are addresses. Naming neither, it has every terminal that no other
    acquirer has; a provider's takings are only with whoever names it. `since` is the first business
    date, ISO, whose payments its files are held against; of two that have one terminal or provider
    it is the later one's from then on. What they do not have `days` days after it was taken is
    missing.
    """

    id: str
    name: str
    terminals: tuple[str, ...] = ()
    days: int = 4
    rates: tuple[Rate, ...] = ()
    since: str = ""
    providers: tuple[str, ...] = ()

    @property
    def has_the_rest(self) -> bool:
        """Whether it has every terminal that no other acquirer has."""
        return not self.terminals and not self.providers


class RowKind(Enum):
    """What a row of a settlement file does."""

    PAYMENT = "payment"
    REFUND = "refund"
    CHARGEBACK = "chargeback"
    FEE = "fee"
    PAYOUT = "payout"
    OTHER = "other"
    DECLINED = "declined"


@frozen
class SettlementRow:
    """One row of a settlement file.

    A row of a declined payment has what was asked for as its `gross_minor`; nothing of it is paid.
    `gross_minor` is positive towards the store: negative for a refund, a chargeback, a payout to
    the bank; a payout above nought is what the acquirer took from the bank. `fee_minor` is what the
    acquirer keeps, None where the file does not say. `reference` is the acquirer's name of the
    payment, `own_reference` its name of this refund or capture, where it has one. `date` is the day
    of the transaction at the terminal, ISO.
    """

    kind: RowKind
    gross_minor: int
    fee_minor: int | None = None
    batch: str = ""
    date: str = ""
    reference: str = ""
    own_reference: str = ""
    terminal_id: str = ""
    trace: int | None = None
    receipt: int | None = None
    brand: str = ""


@frozen
class PresentedRow:
    """What a row of a file says became of a payment that was taken offline."""

    payment_id: str
    is_paid: bool
