"""What the views answer about card money on its way: clearing, its items, what payments cost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

import apsw
import attrs
from attrs import frozen

from actors.view_clearing_match import terms_of
from actors.view_clearing_schema import row_of, rows_of
from engine.payment.terminal_day import TerminalDayHeard
from engine.queries import ClearingState, FindPaymentFees
from engine.settlement.judge import Account, ItemKind
from engine.settlement.model import Acquirer, PresentedRow, RowKind
from engine.views.clearing_shapes import (
    AcquirerView,
    ClearingDay,
    ClearingView,
    DifferenceView,
    FileView,
    PaymentFeesView,
    PaymentFeeView,
    TerminalDayView,
)
from engine.wire import parse, structure

DAYS_MAX: Final = 366
ITEMS_MAX: Final = 500
FEES_MAX: Final = 500
FILES_SHOWN: Final = 20


def clearing_view(db: apsw.Connection, query: ClearingState, today: str) -> ClearingView:
    """How card money stands on `today`, an ISO date."""
    limit = max(1, min(query.limit, ITEMS_MAX))
    terms = terms_of(db)
    found: list[_Found] = []
    views: list[AcquirerView] = []
    for acquirer in (*terms.acquirers, *terms.former, Acquirer("", "")):
        if query.acquirer not in ("", acquirer.id):
            continue
        asked = _Asked(acquirer.id, _due_day(db, acquirer, today), today, limit, query.explained)
        view = _acquirer_view(db, acquirer, asked.due_day)
        own = [source(db, asked) for source in (_account_items, _unknown, _batch_items)]
        # Whoever has no terms is told of while there is something open.
        view = attrs.evolve(view, item_count=sum(count for _, count in own))
        is_open = view.clearing_minor or view.held_minor or view.item_count
        if is_open or acquirer in terms.acquirers or not (terms.acquirers or acquirer.id):
            views.append(view)
            found += own
    if not query.acquirer:
        found.append(_day_items(db, _Asked("", "", today, limit, query.explained)))
    items = [item for some, _ in found for item in some]
    items.sort(key=lambda entry: (entry.business_date, entry.id))
    return ClearingView(
        today,
        tuple(views),
        _days(db, query),
        tuple(_explained(db, item) for item in items[:limit]),
        sum(count for _, count in found),
        tuple(_terminals(db)),
        _files(db, query.acquirer),
    )


def _due_day(db: apsw.Connection, acquirer: Acquirer, today: str) -> str:
    """What was taken on this day or before should be in a file by now; "" before the first file."""
    first = row_of(db, "SELECT 1 FROM settlement_files WHERE acquirer = ? LIMIT 1", (acquirer.id,))
    if first is None:
        return ""
    return (date.fromisoformat(today) - timedelta(days=acquirer.days)).isoformat()


def _acquirer_view(db: apsw.Connection, acquirer: Acquirer, due_day: str) -> AcquirerView:
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
    (in_items,) = row_of(
        db,
        "SELECT coalesce(sum(difference_minor), 0) FROM account_items "
        "WHERE acquirer = ? AND due <= ? AND kind <> ?",
        (acquirer.id, due_day, ItemKind.FEE_DIFFERS.value),
    )
    net, paid_out, other, charged = row_of(
        db,
        "SELECT coalesce(sum(net_minor), 0), coalesce(sum(paid_out_minor), 0), "
        "coalesce(sum(other_minor), 0), coalesce(sum(fee_minor), 0) FROM batches "
        "WHERE acquirer = ?",
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


@frozen
class _Asked:
    """Whose items are asked for: no more than `limit`, the oldest, those with a finding too where
    `everything` is."""

    acquirer: str
    due_day: str
    today: str
    limit: int
    everything: bool


# Items, the oldest, and how many there are to look at.
_Found = tuple[list[DifferenceView], int]


def _account_items(db: apsw.Connection, asked: _Asked) -> _Found:
    """What differs in the accounts of payments, once it is due."""
    whose = (asked.acquirer, asked.due_day)
    (count,) = row_of(
        db, "SELECT count(*) FROM account_items WHERE acquirer = ? AND due <= ?", whose
    )
    if not asked.everything:
        # Few have a finding, so these are counted rather than those that have none.
        (explained,) = row_of(
            db,
            "SELECT count(*) FROM explained CROSS JOIN account_items USING (item) "
            "WHERE acquirer = ? AND due <= ?",
            whose,
        )
        count -= explained
    rows = rows_of(
        db,
        "SELECT item, root, kind, day, difference_minor, ours_minor, theirs_minor, is_back "
        "FROM account_items WHERE acquirer = ? AND due <= ? "
        "AND (? OR item NOT IN (SELECT item FROM explained)) ORDER BY day, item LIMIT ?",
        (*whose, asked.everything, asked.limit),
    )
    return [_account_item(db, asked, row) for row in rows], count


def _account_item(db: apsw.Connection, asked: _Asked, row: tuple[Any, ...]) -> DifferenceView:
    name, root, kind, day, difference_minor, ours_minor, theirs_minor, is_back = row
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
    return DifferenceView(
        name,
        kind,
        asked.acquirer,
        day,
        _age(day, asked.today),
        difference_minor,
        ours_minor,
        theirs_minor,
        root,
        order_id,
        card,
        brand,
        last[3],
        last[2],
        last[0],
        last[1],
        is_back=bool(is_back),
    )


def _unknown(db: apsw.Connection, asked: _Asked) -> _Found:
    """Rows that no payment is known for."""
    of_acquirer = (
        "FROM settlement_rows LEFT JOIN explained ON item = 'unknown_here/' || row "
        "WHERE acquirer = ? AND root = '' AND kind IN ('payment', 'refund', 'chargeback') "
        "AND (? OR item IS NULL)"
    )
    whose = (asked.acquirer, asked.everything)
    (count,) = row_of(db, f"SELECT count(*) {of_acquirer}", whose)
    rows = rows_of(
        db,
        "SELECT row, file, line, batch, day, gross_minor, reference, brand "
        f"{of_acquirer} ORDER BY day, row LIMIT ?",
        (*whose, asked.limit),
    )
    return [_unknown_item(asked.acquirer, row, asked.today) for row in rows], count


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


def _batch_items(db: apsw.Connection, asked: _Asked) -> _Found:
    """Payouts that are not what their batch comes to; what names no batch says nothing of it."""
    of_acquirer = (
        "FROM (SELECT *, net_minor + other_minor AS ours, 'payout_differs/' || acquirer || '/' "
        "|| batch || '/' || (net_minor + other_minor - paid_out_minor) AS name FROM batches "
        "WHERE acquirer = ? AND batch <> '' AND payouts > 0) LEFT JOIN explained ON item = name "
        "WHERE ours <> paid_out_minor AND (? OR item IS NULL)"
    )
    whose = (asked.acquirer, asked.everything)
    (count,) = row_of(db, f"SELECT count(*) {of_acquirer}", whose)
    rows = rows_of(
        db,
        f"SELECT name, batch, day, ours, paid_out_minor {of_acquirer} ORDER BY day, name LIMIT ?",
        (*whose, asked.limit),
    )
    found = [
        DifferenceView(
            name,
            ItemKind.PAYOUT_DIFFERS.value,
            asked.acquirer,
            day,
            _age(day, asked.today),
            ours - theirs,
            ours,
            theirs,
            batch=batch,
        )
        for name, batch, day, ours, theirs in rows
    ]
    return found, count


def _day_items(db: apsw.Connection, asked: _Asked) -> _Found:
    """What terminals' ends of day told otherwise than the journal."""
    of_all = "FROM day_items WHERE (? OR item NOT IN (SELECT item FROM explained))"
    (count,) = row_of(db, f"SELECT count(*) {of_all}", (asked.everything,))
    rows = rows_of(
        db,
        f"SELECT day, body {of_all} ORDER BY day, item LIMIT ?",
        (asked.everything, asked.limit),
    )
    found = [
        attrs.evolve(structure(parse(body), DifferenceView), age_days=_age(day, asked.today))
        for day, body in rows
    ]
    return found, count


def _explained(db: apsw.Connection, item: DifferenceView) -> DifferenceView:
    """An item with what somebody found, where somebody did."""
    row = row_of(db, "SELECT operator, finding FROM explained WHERE item = ?", (item.id,))
    return item if row is None else attrs.evolve(item, explained_by=row[0], finding=row[1])


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


def said_of(db: apsw.Connection, payment_ids: tuple[str, ...]) -> tuple[PresentedRow, ...]:
    """What the rows of files say became of payments that were taken offline, however long before
    the payment they came: paid, or declined; one that says neither of one is not in it.

    As when a file counts, a name tells for itself; the terminal's numbers only with the amount.
    """
    found = []
    for payment_id in payment_ids:
        rows = rows_of(
            db,
            "SELECT DISTINCT settlement_rows.kind "
            "FROM settlement_rows JOIN card_money USING (root) "
            "WHERE root = ? AND payment_id = root "
            "AND settlement_rows.kind IN ('payment', 'declined') AND (gross_minor = amount_minor "
            "OR EXISTS(SELECT 1 FROM card_keys WHERE card_keys.root = settlement_rows.root "
            "AND key = 'r:' || reference))",
            (payment_id,),
        )
        kinds = [kind for (kind,) in rows]
        if kinds:
            # Declined and paid, it was tried again and is paid.
            found.append(PresentedRow(payment_id, RowKind.PAYMENT.value in kinds))
    return tuple(found)


def payment_fees(db: apsw.Connection, query: FindPaymentFees) -> PaymentFeesView:
    """A page of a business date's payments with what each costs, in the order they were taken."""
    of_day = (
        "FROM card_money JOIN accounts USING (root) WHERE day = ?1 AND amount_minor > 0 "
        "AND (?2 = '' OR card_money.acquirer = ?2)"
    )
    whose = (query.business_date, query.acquirer)
    (count,) = row_of(db, f"SELECT count(*) {of_day}", whose)
    rows = rows_of(
        db,
        "SELECT payment_id, order_id, card_money.acquirer, day, kind, presence, brand, card, "
        f"amount_minor, fee_minor, has_rate, body, of_refund, root {of_day} "
        "AND card_money.rowid > coalesce((SELECT rowid FROM card_money WHERE payment_id = ?3), 0) "
        "ORDER BY card_money.rowid LIMIT ?4",
        (*whose, query.after, max(1, min(query.limit, FEES_MAX))),
    )
    return PaymentFeesView(tuple(_fee_view(row) for row in rows), count)


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
