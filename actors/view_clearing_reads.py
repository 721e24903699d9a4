"""What the views answer about card money on its way: clearing, its items, what payments cost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

import apsw
import attrs

from actors.view_clearing_folds import terms_of
from actors.view_clearing_schema import row_of, rows_of
from engine.payment.terminal_day import TerminalDayHeard
from engine.queries import ClearingState, FindPaymentFees
from engine.settlement.judge import Account, ItemKind, judge
from engine.settlement.model import Acquirer
from engine.views.clearing_shapes import (
    AcquirerView,
    ClearingDay,
    ClearingView,
    DifferenceView,
    FileView,
    PaymentFeeView,
    TerminalDayView,
)
from engine.wire import parse, structure

DAYS_MAX: Final = 366
ITEMS_MAX: Final = 500
FEES_MAX: Final = 500
FILES_SHOWN: Final = 20
# These are beside clearing: what was kept too much, and what the acquirer still has.
_BESIDE: Final = (ItemKind.FEE_DIFFERS.value, ItemKind.PAYOUT_DIFFERS.value)


def clearing_view(db: apsw.Connection, query: ClearingState, today: str) -> ClearingView:
    """How card money stands on `today`, an ISO date."""
    limit = max(1, min(query.limit, ITEMS_MAX))
    acquirers = [
        entry
        for entry in terms_of(db).acquirers
        if not query.acquirer or query.acquirer == entry.id
    ]
    items: list[DifferenceView] = []
    unknown: list[DifferenceView] = []
    more = 0
    views: list[AcquirerView] = []
    for acquirer in acquirers:
        due_day = _due_day(db, acquirer, today)
        found = list(_items(db, acquirer.id, due_day, today))
        in_items = sum(entry.difference_minor for entry in found if entry.kind not in _BESIDE)
        views.append(_acquirer_view(db, acquirer, due_day, in_items))
        items += found
        some, count = _unknown(db, acquirer.id, today, limit, everything=query.explained)
        unknown += some
        more += count - len(some)
    if not query.acquirer:
        items += _day_items(db, today)
        if not acquirers:
            views.append(_acquirer_view(db, Acquirer("", ""), "", 0))
    items = _explained(db, [*items, *unknown], everything=query.explained)
    items.sort(key=lambda entry: (entry.business_date, entry.id))
    return ClearingView(
        today,
        tuple(views),
        _days(db, query),
        tuple(items[:limit]),
        len(items) + more,
        tuple(_terminals(db)),
        _files(db, query.acquirer),
    )


def _due_day(db: apsw.Connection, acquirer: Acquirer, today: str) -> str:
    """What was taken on this day or before should be in a file by now; "" before the first file."""
    first = row_of(db, "SELECT 1 FROM settlement_files WHERE acquirer = ? LIMIT 1", (acquirer.id,))
    if first is None:
        return ""
    return (date.fromisoformat(today) - timedelta(days=acquirer.days)).isoformat()


def _acquirer_view(
    db: apsw.Connection, acquirer: Acquirer, due_day: str, in_items: int
) -> AcquirerView:
    figures = row_of(
        db,
        "SELECT coalesce(sum(captured_minor), 0), coalesce(sum(cleared_minor), 0), "
        "coalesce(sum(fee_expected_minor), 0) FROM clearing_days WHERE acquirer = ?",
        (acquirer.id,),
    )
    captured, cleared, fee_expected = figures
    # A row that no payment is known for was settled all the same.
    (unknown,) = row_of(
        db,
        "SELECT coalesce(sum(gross_minor), 0) FROM settlement_rows WHERE acquirer = ? "
        "AND root = '' AND kind IN ('payment', 'refund', 'chargeback')",
        (acquirer.id,),
    )
    (charged,) = row_of(
        db,
        "SELECT coalesce(sum(fee_minor), 0) FROM settlement_rows WHERE acquirer = ? "
        "AND kind NOT IN ('payout', 'other')",
        (acquirer.id,),
    )
    net, paid_out, other = row_of(
        db,
        "SELECT coalesce(sum(net_minor), 0), coalesce(sum(paid_out_minor), 0), "
        "coalesce(sum(other_minor), 0) FROM batches WHERE acquirer = ?",
        (acquirer.id,),
    )
    clearing = captured - cleared - unknown
    return AcquirerView(
        acquirer.id,
        acquirer.name,
        captured,
        cleared + unknown,
        clearing,
        clearing - in_items + unknown,
        fee_expected,
        charged,
        paid_out,
        other,
        net + other - paid_out,
        due_day,
    )


def _days(db: apsw.Connection, query: ClearingState) -> tuple[ClearingDay, ...]:
    rows = rows_of(
        db,
        "SELECT day, acquirer, payments, captured_minor, cleared_minor, "
        "captured_minor - cleared_minor, fee_expected_minor, fee_charged_minor FROM clearing_days "
        "WHERE (? = '' OR acquirer = ?1) AND day IN (SELECT DISTINCT day FROM clearing_days "
        "WHERE day <> '' AND (?1 = '' OR acquirer = ?1) ORDER BY day DESC LIMIT ?2) "
        "AND (payments OR captured_minor OR cleared_minor) ORDER BY day DESC, acquirer",
        (query.acquirer, max(1, min(query.days, DAYS_MAX))),
    )
    return tuple(ClearingDay(*row) for row in rows)


# -------------------------------------------------------------------------------------- items


def _items(
    db: apsw.Connection, acquirer: str, due_day: str, today: str
) -> Iterator[DifferenceView]:
    rows = rows_of(
        db,
        "SELECT root, body FROM accounts WHERE acquirer = ? AND over = 0 AND (told = 1 "
        "OR paid_day <= ?)",
        (acquirer, due_day),
    )
    for root, body in rows:
        account = structure(parse(body), Account)
        yield from _account_items(db, acquirer, root, account, (due_day, today))
    yield from _batch_items(db, acquirer, today)


def _unknown(
    db: apsw.Connection, acquirer: str, today: str, limit: int, *, everything: bool
) -> tuple[list[DifferenceView], int]:
    """Rows that no payment is known for, the oldest, and how many there are to look at."""
    of_acquirer = (
        "FROM settlement_rows LEFT JOIN explained ON item = 'unknown_here/' || row "
        "WHERE acquirer = ? AND root = '' AND kind IN ('payment', 'refund', 'chargeback') "
        "AND (? OR item IS NULL)"
    )
    (count,) = row_of(db, f"SELECT count(*) {of_acquirer}", (acquirer, everything))
    rows = rows_of(
        db,
        "SELECT row, file, line, batch, day, gross_minor, reference, brand "
        f"{of_acquirer} ORDER BY day, row LIMIT ?",
        (acquirer, everything, limit),
    )
    found = [_unknown_item(acquirer, row, today) for row in rows]
    return found, count


def _unknown_item(acquirer: str, row: tuple[Any, ...], today: str) -> DifferenceView:
    name, file, line, batch, day, gross_minor, reference, brand = row
    return DifferenceView(
        f"{ItemKind.UNKNOWN_HERE.value}/{name}",
        ItemKind.UNKNOWN_HERE.value,
        acquirer,
        day,
        _age(day, today),
        -gross_minor,
        0,
        gross_minor,
        brand=brand,
        reference=reference,
        batch=batch,
        file=file,
        line=line,
        is_back=gross_minor < 0,
    )


def _account_items(
    db: apsw.Connection, acquirer: str, root: str, account: Account, days: tuple[str, str]
) -> Iterator[DifferenceView]:
    due_day, today = days
    findings = judge(account, due_day).findings
    if not findings:
        return
    order_id, card, brand = row_of(
        db,
        "SELECT order_id, card, brand FROM card_money WHERE root = ? "
        "ORDER BY payment_id = root DESC LIMIT 1",
        (root,),
    )
    last = row_of(
        db,
        "SELECT file, line, batch, reference FROM settlement_rows WHERE root = ? "
        "ORDER BY rowid DESC LIMIT 1",
        (root,),
    ) or ("", 0, "", "")
    for entry in findings:
        day = (entry.is_back and account.back_day) or account.paid_day or account.back_day
        side = "back" if entry.is_back else "paid"
        yield DifferenceView(
            f"{entry.kind.value}/{root}/{side}/{entry.difference_minor}",
            entry.kind.value,
            acquirer,
            day,
            _age(day, today),
            entry.difference_minor,
            entry.ours_minor,
            entry.theirs_minor,
            root,
            order_id,
            card,
            brand,
            last[3],
            last[2],
            last[0],
            last[1],
            is_back=entry.is_back,
        )


def _batch_items(db: apsw.Connection, acquirer: str, today: str) -> Iterator[DifferenceView]:
    """Payouts that are not what their batch comes to; what names no batch says nothing of it."""
    rows = rows_of(
        db,
        "SELECT batch, day, net_minor + other_minor, paid_out_minor FROM batches "
        "WHERE acquirer = ? AND batch <> '' AND payouts > 0 "
        "AND net_minor + other_minor <> paid_out_minor",
        (acquirer,),
    )
    for batch, day, ours, theirs in rows:
        kind = ItemKind.PAYOUT_DIFFERS.value
        yield DifferenceView(
            f"{kind}/{acquirer}/{batch}/{ours - theirs}",
            kind,
            acquirer,
            day,
            _age(day, today),
            ours - theirs,
            ours,
            theirs,
            batch=batch,
        )


def _day_items(db: apsw.Connection, today: str) -> Iterator[DifferenceView]:
    for day, body in rows_of(db, "SELECT day, body FROM day_items"):
        yield attrs.evolve(structure(parse(body), DifferenceView), age_days=_age(day, today))


def _explained(
    db: apsw.Connection, items: list[DifferenceView], *, everything: bool
) -> list[DifferenceView]:
    """Items with what somebody found; those nobody needs to look at any more only if wanted."""
    found = []
    for item in items:
        row = row_of(db, "SELECT operator, finding FROM explained WHERE item = ?", (item.id,))
        if row is None:
            found.append(item)
        elif everything:
            found.append(attrs.evolve(item, explained_by=row[0], finding=row[1]))
    return found


def _age(day: str, today: str) -> int:
    if not day:
        return 0
    return max(0, (date.fromisoformat(today) - date.fromisoformat(day)).days)


# ----------------------------------------------------------------------- terminals, files, fees


def _terminals(db: apsw.Connection) -> Iterator[TerminalDayView]:
    rows = rows_of(db, "SELECT terminal, asked, at_ns, body FROM terminal_days ORDER BY terminal")
    for terminal, asked, at_ns, body in rows:
        event = None if body is None else structure(parse(body), TerminalDayHeard)
        yield TerminalDayView(
            terminal,
            "" if event is None else event.day_id,
            "" if event is None else event.verdict.value,
            "" if event is None else event.code,
            "" if event is None else event.detail,
            at_ns,
            None if event is None else event.told_minor,
            () if event is None else event.told,
            () if event is None else event.ours,
            () if event is None else event.differences,
            bool(asked),
        )


def _files(db: apsw.Connection, acquirer: str) -> tuple[FileView, ...]:
    rows = rows_of(
        db,
        "SELECT file, acquirer, name, at_ns, rows, seen FROM settlement_files "
        "WHERE ? = '' OR acquirer = ?1 ORDER BY rowid DESC LIMIT ?2",
        (acquirer, FILES_SHOWN),
    )
    return tuple(FileView(*row) for row in rows)


def payment_fees(db: apsw.Connection, query: FindPaymentFees) -> tuple[PaymentFeeView, ...]:
    """Payments of a business date with what each costs, in the order they were taken."""
    rows = rows_of(
        db,
        "SELECT payment_id, order_id, card_money.acquirer, day, kind, presence, brand, card, "
        "amount_minor, fee_minor, has_rate, body, of_refund, root FROM card_money "
        "JOIN accounts USING (root) WHERE day = ? AND amount_minor > 0 "
        "AND (? = '' OR card_money.acquirer = ?2) ORDER BY card_money.rowid LIMIT ?3",
        (query.business_date, query.acquirer, max(1, min(query.limit, FEES_MAX))),
    )
    return tuple(_fee_view(row) for row in rows)


def _fee_view(row: tuple[Any, ...]) -> PaymentFeeView:
    payment_id, order_id, acquirer, day, kind, presence, brand, card = row[:8]
    amount_minor, fee_minor, has_rate, body, of_refund, root = row[8:]
    account = structure(parse(body), Account)
    goes_out = kind == "refund" or (kind == "reversal" and not of_refund)
    settled = account.settled_back_rows if goes_out else account.settled_rows
    is_own = payment_id == root and account.fee_rows > 0
    return PaymentFeeView(
        payment_id,
        order_id,
        acquirer,
        day,
        kind,
        presence,
        brand,
        card,
        -amount_minor if goes_out else amount_minor,
        fee_minor,
        bool(has_rate),
        settled > 0,
        account.fee_charged_minor if is_own else None,
    )
