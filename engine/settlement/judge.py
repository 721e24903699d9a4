"""How a payment stands against what its acquirer's files say; pure, whatever order they came in.

A payment, its refunds and what took it back are one account. What clearing holds of it is what the
store took less what was settled, and each cent of that either waits or is an item: nothing else.
"""

from __future__ import annotations

from enum import Enum

from attrs import frozen


class ItemKind(Enum):
    """What differs, and who has it.

    MISSING_THERE: taken here, and in no file when it was due. UNKNOWN_HERE: in a file, and no
    payment of the journal. NOT_TAKEN_HERE: in a file, and the journal says that no money moved.
    """

    MISSING_THERE = "missing_there"
    UNKNOWN_HERE = "unknown_here"
    NOT_TAKEN_HERE = "not_taken_here"
    AMOUNT_DIFFERS = "amount_differs"
    PAID_TWICE = "paid_twice"
    CHARGED_BACK = "charged_back"
    FEE_DIFFERS = "fee_differs"
    PAYOUT_DIFFERS = "payout_differs"


# So many refunds taken back are told apart; of one payment there are never more.
_APART_MAX = 12


@frozen
class TakenBack:
    """A refund that was taken back: its amount, and what taking it back costs by the rate card."""

    amount_minor: int
    fee_minor: int = 0


@frozen
class Account:
    """A payment with its refunds, and the rows of files about them; every figure 0 or above but
    `charged_minor`, which is below for a chargeback.

    `reversed_minor` was taken back whole before or after it was settled: acquirers leave both out,
    or list both. So they do with each of `taken_back`, refunds that were taken back, which
    `back_minor` leaves out, and with the row that takes one back as a payment, or as what undoes a
    chargeback. `paid_day` and `back_day` are the business dates of the payment and of the latest
    of what went back, ISO, "" where there is none. Fees are by the rate card; `fee_rows` counts the
    rows that told one.
    """

    paid_minor: int = 0
    reversed_minor: int = 0
    back_minor: int = 0
    paid_day: str = ""
    back_day: str = ""
    settled_minor: int = 0
    settled_rows: int = 0
    settled_back_minor: int = 0
    settled_back_rows: int = 0
    charged_minor: int = 0
    fee_paid_minor: int = 0
    fee_back_minor: int = 0
    fee_reversed_minor: int = 0
    fee_charged_minor: int = 0
    fee_rows: int = 0
    taken_back: tuple[TakenBack, ...] = ()

    @property
    def is_reversal_listed(self) -> bool:
        """Whether the acquirer lists what was taken back, as a payment and as money back."""
        is_told = self.settled_rows > 0 or self.settled_back_minor > self.back_minor
        return self.reversed_minor > 0 and is_told

    @property
    def listed_minor(self) -> int:
        """What of `reversed_minor` the acquirer lists."""
        return self.reversed_minor if self.is_reversal_listed else 0

    @property
    def listed_back(self) -> TakenBack:
        """What of `taken_back` it lists, as money back and as a payment, in all: those of them that
        come nearest to what it lists beyond the rest; of several, the most, as one that is listed
        one way may yet be listed the other."""
        paid_minor = self.paid_minor - self.reversed_minor + self.listed_minor
        more_back = self.settled_back_minor - self.back_minor - self.listed_minor
        more_paid = self.settled_minor + self.charged_minor - paid_minor
        sums = () if more_back <= 0 and more_paid <= 0 else _sums_of(self.taken_back)
        return min(
            sums,
            default=TakenBack(0),
            key=lambda one: (
                abs(more_back - one.amount_minor) + abs(more_paid - one.amount_minor),
                -one.amount_minor,
            ),
        )

    @property
    def listed_back_minor(self) -> int:
        """The amount of it."""
        return self.listed_back.amount_minor

    @property
    def fee_expected_minor(self) -> int:
        """What all of it costs by the rate card; what was never settled costs nothing."""
        is_settled = self.is_reversal_listed or not self.reversed_minor
        return (self.fee_paid_minor if is_settled else 0) + self.fee_expected_back_minor

    @property
    def fee_expected_back_minor(self) -> int:
        """What of it what went back costs."""
        listed = self.fee_reversed_minor if self.is_reversal_listed else 0
        return self.fee_back_minor + listed + self.listed_back.fee_minor


def _sums_of(taken_back: tuple[TakenBack, ...]) -> list[TakenBack]:
    """What any of them, one at least, come to together."""
    apart, rest = taken_back[: _APART_MAX - 1], taken_back[_APART_MAX - 1 :]
    if rest:
        apart = (*apart, _sum_of(rest))
    sums = {0: TakenBack(0)}
    for one in apart:
        for known in list(sums.values()):
            more = _sum_of((known, one))
            sums.setdefault(more.amount_minor, more)
    return [one for minor, one in sums.items() if minor]


def _sum_of(several: tuple[TakenBack, ...]) -> TakenBack:
    minor = sum(one.amount_minor for one in several)
    return TakenBack(minor, sum(one.fee_minor for one in several))


@frozen
class Finding:
    """One difference of an account: what clearing holds for it (fees: what was kept too much).

    `due` is the business date from whose being due on it is one, ISO: until then a file may still
    tell of it. "" is at once.
    """

    kind: ItemKind
    difference_minor: int
    ours_minor: int
    theirs_minor: int
    is_back: bool = False
    due: str = ""


@frozen
class Standing:
    """An account judged. `captured` and `cleared` are of the payment's own day, `back` figures of
    the day money went back; what is neither cleared nor found waits."""

    captured_minor: int
    cleared_minor: int
    captured_back_minor: int
    cleared_back_minor: int
    findings: tuple[Finding, ...]
    waiting_minor: int


def judge(account: Account, due_day: str) -> Standing:
    """How an account stands; what was taken on `due_day` (ISO) or before and is in no file is
    missing. "" takes nothing for missing."""
    listed_back = account.listed_back_minor
    paid_minor = account.paid_minor - account.reversed_minor + account.listed_minor + listed_back
    back_minor = account.back_minor + account.listed_minor + listed_back
    back_day = account.back_day or account.paid_day
    # What takes a refund back may be told as a chargeback that was undone.
    undone = min(listed_back, max(account.charged_minor, 0))
    settled, charged = account.settled_minor + undone, account.charged_minor - undone
    paid_rows = account.settled_rows + (undone > 0)
    paid_day = back_day if listed_back and paid_rows else account.paid_day
    findings: list[Finding] = []
    waiting_minor = 0
    sides = (
        (paid_minor, settled, paid_rows, paid_day, 1),
        (back_minor, account.settled_back_minor, account.settled_back_rows, back_day, -1),
    )
    for ours, theirs, rows, day, sign in sides:
        if ours == theirs:
            continue
        kind, difference = _fault(ours, theirs, rows), sign * (ours - theirs)
        # Of several refunds, and of what took one back, the latest may be in a file yet to come.
        has_several = 0 < theirs < ours and (sign < 0 or listed_back > 0)
        may_come = kind is ItemKind.MISSING_THERE or has_several
        if may_come and not (day and day <= due_day):
            waiting_minor += difference
        else:
            due = day if may_come else ""
            findings.append(Finding(kind, difference, sign * ours, sign * theirs, sign < 0, due))
    if charged:
        findings.append(Finding(ItemKind.CHARGED_BACK, -charged, 0, charged))
    if all(ours == theirs or not rows for ours, theirs, rows, _, _ in sides):
        # Where an amount that is told differs its fee does too, and that is no other difference.
        findings += _fee(account)
    return Standing(
        paid_minor,
        settled,
        -back_minor,
        charged - account.settled_back_minor,
        tuple(findings),
        waiting_minor,
    )


def _fault(ours: int, theirs: int, rows: int) -> ItemKind:
    if not rows:
        return ItemKind.MISSING_THERE
    if not ours:
        return ItemKind.NOT_TAKEN_HERE
    return ItemKind.PAID_TWICE if rows > 1 and theirs > ours else ItemKind.AMOUNT_DIFFERS


def _fee(account: Account) -> tuple[Finding, ...]:
    """What was told costs what the rate card says of that, whatever is still to be told."""
    expected = account.fee_paid_minor if account.settled_rows else 0
    if account.settled_back_rows:
        expected += account.fee_expected_back_minor
    charged = account.fee_charged_minor
    if not account.fee_rows or expected == charged:
        return ()
    return (Finding(ItemKind.FEE_DIFFERS, charged - expected, expected, charged),)
