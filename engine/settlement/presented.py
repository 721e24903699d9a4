"""What an acquirer's file says of payments taken offline: paid, or declined when presented."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from engine.decision import Fact
from engine.limits import NS_PER_S
from engine.order.state import Order
from engine.payment.context import stream_of
from engine.payment.events import OfflineUploaded, UploadSource
from engine.payment.outcome import never_paid
from engine.payment.state import Payment, Payments
from engine.settlement.fees import acquirer_of, may_have
from engine.settlement.model import Acquirer, PresentedRow, RowKind, SettlementRow

DECLINED_IN_FILE = "declined_in_file"
_TELLING = (RowKind.PAYMENT, RowKind.DECLINED)


def presented(
    payments: Payments,
    rows: Iterable[SettlementRow],
    acquirers: tuple[Acquirer, ...],
    acquirer: str,
) -> tuple[PresentedRow, ...]:
    """What rows of an acquirer's file say of payments that are still at risk; of two that one row
    could mean, of none. What another acquirer's terminal took they say nothing of."""
    found = []
    own = next(one for one in acquirers if one.id == acquirer)
    offline = [one for one in payments.offline.values() if _may_tell(acquirers, own, one)]
    if offline:
        for row in rows:
            if row.kind in _TELLING:
                meant = [one for one in offline if _is_of(row, one)]
                if len(meant) == 1:
                    is_paid = row.kind is RowKind.PAYMENT
                    found.append(PresentedRow(meant[0].asked.payment_id, is_paid))
    return tuple(found)


def facts_of(
    payments: Payments, orders: Mapping[str, Order], rows: Iterable[PresentedRow]
) -> tuple[Fact, ...]:
    """One fact for each payment that nobody told of before, and where it was declined what that
    means for its order; `orders` are those that are open. Declined and paid in one file, it was
    tried again and is paid."""
    paid = {row.payment_id: False for row in rows}
    paid |= {row.payment_id: True for row in rows if row.is_paid}
    facts: list[Fact] = []
    for payment_id, is_paid in paid.items():
        payment = payments.offline.get(payment_id)
        if payment is None:
            continue
        code = "" if is_paid else DECLINED_IN_FILE
        told = OfflineUploaded(payment_id, is_paid, UploadSource.FILE, code)
        facts.append(Fact(stream_of(payment_id), told))
        if not is_paid:
            facts += never_paid(payment.asked, orders)
    return tuple(facts)


def day_of(told: str, local_s: int) -> str:
    """The ISO date of a terminal's day, MMDD, which has no year: the one nearest to a local time in
    seconds; "" where it told none."""
    local = date(1970, 1, 1) + timedelta(seconds=local_s)
    found: list[date] = []
    for year in (local.year - 1, local.year, local.year + 1):
        # The 29th of February is not in every year, and a terminal may tell no day at all.
        with contextlib.suppress(ValueError):
            found.append(date.fromisoformat(f"{year}{told}"))
    nearest = min(found, key=lambda day: abs((day - local).days), default=None)
    return "" if nearest is None or len(told) != 4 else nearest.isoformat()


def _may_tell(acquirers: tuple[Acquirer, ...], own: Acquirer, payment: Payment) -> bool:
    """Whether a payment is one of an acquirer's own, or nobody's, or was taken about the day that
    one acquirer follows another at its terminal."""
    terminal, taken_s = payment.asked.terminal, payment.requested_ns // NS_PER_S
    day = (date(1970, 1, 1) + timedelta(seconds=taken_s)).isoformat()
    is_nobodys = acquirer_of(acquirers, terminal, day) is None
    return is_nobodys or may_have(acquirers, own, terminal)


def _is_of(row: SettlementRow, payment: Payment) -> bool:
    """By a name both have; by the terminal's numbers, which count round, only on their day and for
    the same amount."""
    answer = payment.answer
    assert answer is not None, "what is approved was told"
    name = answer.identity
    references = {payment.asked.payment_id, name.reference, name.reference.rpartition(".")[2]}
    if (references - {""}) & {row.reference, row.own_reference}:
        return True
    pairs = ((row.trace, name.trace), (row.receipt, name.receipt))
    told = [(theirs, ours) for theirs, ours in pairs if theirs is not None and ours is not None]
    return (
        bool(told)
        and all(theirs == ours for theirs, ours in told)
        and row.terminal_id == name.terminal_id != ""
        and row.gross_minor == answer.amount_minor
        and row.date == day_of(name.date, payment.requested_ns // NS_PER_S) != ""
    )
