"""The shapes of card money on its way to the bank, in minor units, positive to the store."""

from __future__ import annotations

from attrs import frozen

from engine.payment.terminal_day import DayDifference, Taken
from engine.terminal import SettledTotal


@frozen
class DifferenceView:
    """A difference that is for a person. `id` names it until it changes.

    `difference_minor` is what clearing holds for it; of a fee, what was kept too much. `payment_id`
    and `order_id` are "" where the journal knows of none. `finding` is what somebody found, ""
    while nobody did, and `explained_by` who that was.

    Kinds that begin with `day_` are of the end of day of `terminal`: `theirs` are its figures, and
    none of them is in clearing.
    """

    id: str
    kind: str
    acquirer: str
    business_date: str
    age_days: int
    difference_minor: int
    ours_minor: int
    theirs_minor: int
    payment_id: str = ""
    order_id: str = ""
    card: str = ""
    brand: str = ""
    reference: str = ""
    batch: str = ""
    file: str = ""
    line: int = 0
    is_back: bool = False
    finding: str = ""
    explained_by: str = ""
    terminal: str = ""
    ours_count: int = 0
    theirs_count: int = 0


@frozen
class ClearingDay:
    """What terminals took on one business date of one acquirer's, and what of it was settled.

    `cleared_minor` is gross, `open_minor` the rest. `fee_expected_minor` is by the rate cards,
    `fee_charged_minor` what files told of these payments.
    """

    business_date: str
    acquirer: str
    payments: int
    captured_minor: int
    cleared_minor: int
    open_minor: int
    fee_expected_minor: int
    fee_charged_minor: int


@frozen
class AcquirerView:
    """The clearing account of an acquirer since the store's first card payment.

    `clearing_minor` is captured less cleared: `waiting_minor` is not due yet, the rest is in items.
    `held_minor` is what files say is cleared, less fees and payouts: with the acquirer still.
    `overdue_day` is the last business date that should be settled by now, `item_count` how many of
    its items are for a person.
    """

    acquirer: str
    name: str
    captured_minor: int
    cleared_minor: int
    clearing_minor: int
    waiting_minor: int
    fee_expected_minor: int
    fee_charged_minor: int
    paid_out_minor: int
    other_minor: int
    held_minor: int
    overdue_day: str
    item_count: int = 0


@frozen
class TerminalDayView:
    """A terminal's last end of day, and whether one is asked for. `day_id` is "" before its first.
    Differences are items too, and stay on the list until somebody explains them."""

    terminal: str
    day_id: str
    verdict: str
    code: str
    detail: str
    at_ns: int
    told_minor: int | None
    told: tuple[SettledTotal, ...]
    ours: tuple[Taken, ...]
    differences: tuple[DayDifference, ...]
    is_asked: bool


@frozen
class FileView:
    """A settlement file that counts. `rows` are counted so far, `seen_before` of them were in an
    earlier file."""

    file: str
    acquirer: str
    name: str
    at_ns: int
    rows: int
    seen_before: int


@frozen
class ClearingView:
    """Card money on its way: by acquirer, by day (newest first), every difference (oldest first, of
    `item_count`), the terminals' last ends of day, and the newest files."""

    business_date: str
    acquirers: tuple[AcquirerView, ...]
    days: tuple[ClearingDay, ...]
    items: tuple[DifferenceView, ...]
    item_count: int
    terminals: tuple[TerminalDayView, ...]
    files: tuple[FileView, ...]


@frozen
class PaymentFeeView:
    """A card payment, refund or reversal with what it costs.

    `presence` is how the card was there, `has_rate` whether the rate card has a line for it.
    `amount_minor` is below nought for what went back. `settled` says whether a file has it, and
    `fee_charged_minor` what was kept for it and its refunds, None where none told.
    """

    payment_id: str
    order_id: str
    acquirer: str
    business_date: str
    kind: str
    presence: str
    brand: str
    card: str
    amount_minor: int
    fee_minor: int
    has_rate: bool
    settled: bool
    fee_charged_minor: int | None


@frozen
class PaymentFeesView:
    """A page of a business date's card payments, in the order they were taken; `payment_count` is
    how many there are in all. The next page is asked for after the last one of this."""

    payments: tuple[PaymentFeeView, ...]
    payment_count: int
