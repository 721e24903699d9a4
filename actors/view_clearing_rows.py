"""The rows of settlement files, folded: each counted once, however many files have it."""

from __future__ import annotations

from hashlib import sha256

import apsw

from actors.view_clearing_folds import (
    find_payment,
    fold_payment,
    fold_terminal_days,
    fold_terms,
    keys_of,
    recount,
)
from actors.view_clearing_schema import row_of
from engine.record import Record
from engine.settlement.decide import SettlementImported, SettlementPartStaged
from engine.settlement.model import RowKind, SettlementRow
from engine.upcast import event_of
from engine.wire import canonical, parse, structure, unstructure

_ABOUT_PAYMENTS = (RowKind.PAYMENT, RowKind.REFUND, RowKind.CHARGEBACK)


def fold_clearing(db: apsw.Connection, record: Record) -> None:
    """Everything card money on its way is made of."""
    match record.name:
        case "payment.requested/1" | "payment.heard/1" | "payment.uploaded/1":
            fold_payment(db, record)
        case "settlement.part_staged/1" | "settlement.imported/1":
            _fold_file(db, record)
        case "settlement.terms_set/1" | "settlement.item_explained/1":
            fold_terms(db, record)
        case "terminal.day_asked/1" | "terminal.day_heard/1":
            fold_terminal_days(db, record)
        case _:
            pass


def _fold_file(db: apsw.Connection, record: Record) -> None:
    match event_of(record):
        case SettlementPartStaged(file, part, _, rows):
            if not part:
                db.execute("DELETE FROM settlement_staged")
            values = (file, part, canonical(unstructure(rows)))
            db.execute("INSERT INTO settlement_staged VALUES (?, ?, ?)", values)
        case SettlementImported() as event:
            _import(db, event, record.stamp.now_ns)


def _import(db: apsw.Connection, event: SettlementImported, now_ns: int) -> None:
    """Count the rows of a whole file; one part at a time is in memory."""
    line, seen = 0, 0
    db.execute("DELETE FROM row_counts")
    for part in range(event.parts):
        (body,) = row_of(
            db, "SELECT body FROM settlement_staged WHERE file = ? AND part = ?", (event.file, part)
        )
        roots: set[str] = set()
        for row in structure(parse(body), tuple[SettlementRow, ...]):
            line += 1
            found = _take(db, event, line, row)
            if found is None:
                seen += 1
            else:
                roots.add(found)
        recount(db, roots - {""})
    db.execute("DELETE FROM row_counts")
    db.execute("DELETE FROM settlement_staged")
    values = (event.file, event.acquirer, event.name, now_ns, line, seen)
    db.execute("INSERT INTO settlement_files VALUES (?, ?, ?, ?, ?, ?)", values)


def _take(
    db: apsw.Connection, event: SettlementImported, line: int, row: SettlementRow
) -> str | None:
    """Count a row; the account it is of, "" where it has none, None where it was there before."""
    said = sha256(canonical([event.acquirer, unstructure(row)])).digest()[:16]
    (times,) = row_of(
        db,
        "INSERT INTO row_counts VALUES (?, 1) ON CONFLICT DO UPDATE SET n = n + 1 RETURNING n",
        (said,),
    )
    name = f"{said.hex()}.{times}"
    if row_of(db, "SELECT 1 FROM settlement_rows WHERE row = ?", (name,)) is not None:
        return None
    db.execute(
        f"INSERT INTO settlement_rows VALUES ({', '.join('?' * 12)})",
        (
            name,
            event.acquirer,
            event.file,
            line,
            row.kind.value,
            "",
            row.batch,
            row.date,
            row.gross_minor,
            row.fee_minor,
            row.own_reference or row.reference,
            row.brand,
        ),
    )
    _count_in_batch(db, event.acquirer, row)
    if row.kind not in _ABOUT_PAYMENTS:
        return ""
    keys = keys_of(
        (row.own_reference, row.reference), row.terminal_id, row.date, (row.trace, row.receipt)
    )
    db.executemany(
        "INSERT OR IGNORE INTO row_keys VALUES (?, ?, ?)",
        ((key, rank, name) for rank, key in enumerate(keys)),
    )
    return find_payment(db, name)


def _count_in_batch(db: apsw.Connection, acquirer: str, row: SettlementRow) -> None:
    net_minor = row.gross_minor - (row.fee_minor or 0)
    is_payout, is_other = row.kind is RowKind.PAYOUT, row.kind is RowKind.OTHER
    db.execute(
        "INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
        "day = max(day, excluded.day), net_minor = net_minor + excluded.net_minor, "
        "paid_out_minor = paid_out_minor + excluded.paid_out_minor, "
        "other_minor = other_minor + excluded.other_minor, payouts = payouts + excluded.payouts",
        (
            acquirer,
            row.batch,
            row.date,
            0 if is_payout or is_other else net_minor,
            -net_minor if is_payout else 0,
            net_minor if is_other else 0,
            int(is_payout),
        ),
    )
