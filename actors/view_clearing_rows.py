"""The rows of settlement files, folded: each counted once, however many files have it."""

from __future__ import annotations

from hashlib import sha256

import apsw
from attrs import frozen

from actors.view_clearing_days import fold_terminal_days
from actors.view_clearing_folds import fold_payment, fold_terms, recount
from actors.view_clearing_links import fold_link
from actors.view_clearing_match import Terms, find_payment, keys_of_row, terms_of
from actors.view_clearing_schema import row_of
from engine.record import Record
from engine.settlement.decide import SettlementImported, SettlementPartStaged
from engine.settlement.model import RowKind, SettlementRow
from engine.upcast import event_of
from engine.wire import canonical, parse, structure, unstructure

_ABOUT_PAYMENTS = (RowKind.PAYMENT, RowKind.REFUND, RowKind.CHARGEBACK, RowKind.DECLINED)


@frozen
class _Source:
    """The file that rows are counted of, whose it is, and the terms in force."""

    file: str
    acquirer: str
    terms: Terms


def fold_clearing(db: apsw.Connection, record: Record) -> None:
    """Everything card money on its way is made of."""
    match record.name:
        case (
            "payment.requested/1"
            | "payment.heard/1"
            | "payment.uploaded/1"
            | "payment.exception_closed/1"
        ):
            fold_payment(db, record)
        case (
            "paylink.requested/1"
            | "paylink.offered/1"
            | "paylink.confirmed/1"
            | "paylink.ended/1"
            | "paylink.strayed/1"
            | "settings.store_configured/1"
        ):
            fold_link(db, record)
        case "settlement.part_staged/1" | "settlement.imported/1":
            _fold_file(db, record)
        case "settlement.terms_set/1":
            # What a file told of before keeps its fee, whenever it is counted.
            while count_some(db):
                pass
            fold_terms(db, record)
        case "settlement.item_explained/1":
            fold_terms(db, record)
        case "terminal.day_asked/1" | "terminal.day_heard/1":
            fold_terminal_days(db, record)
        case _:
            pass


def _fold_file(db: apsw.Connection, record: Record) -> None:
    match event_of(record):
        case SettlementPartStaged(file, part, _, rows):
            if not part:
                # Another file that was on its way never will count.
                db.execute(
                    "DELETE FROM settlement_staged WHERE file NOT IN "
                    "(SELECT file FROM settlement_files WHERE counted < parts)"
                )
            values = (file, part, canonical(unstructure(rows)))
            db.execute("INSERT INTO settlement_staged VALUES (?, ?, ?)", values)
        case SettlementImported(file, acquirer, name, parts):
            at = (record.stamp.now_ns, record.position)
            db.execute(
                "INSERT INTO settlement_files VALUES (?, ?, ?, ?, 0, 0, ?, 0, ?, '')",
                (file, acquirer, name, at[0], parts, at[1]),
            )


def count_some(db: apsw.Connection) -> bool:
    """Count a part of the oldest file that is not counted yet; False where every one is.

    A file has many thousand rows, and whoever asks for a receipt meanwhile must not wait for all.
    """
    found = row_of(
        db,
        "SELECT file, acquirer, rows, parts, counted, behind FROM settlement_files "
        "WHERE counted < parts ORDER BY position LIMIT 1",
    )
    if found is None:
        return False
    file, acquirer, line, parts, part, behind = found
    if not part:
        db.execute("DELETE FROM row_counts")
    (body,) = row_of(
        db, "SELECT body FROM settlement_staged WHERE file = ? AND part = ?", (file, part)
    )
    seen, source = 0, _Source(file, acquirer, terms_of(db))
    roots: set[str] = set()
    for row in structure(parse(body), tuple[SettlementRow, ...]):
        line += 1
        said = _said(acquirer, row, behind or file)
        if _has_a_name(row):
            behind = said.hex()
        root = _take(db, source, line, row, said)
        seen += root is None
        roots.add(root or "")
    recount(db, roots - {""})
    if part + 1 == parts:
        db.execute("DELETE FROM settlement_staged WHERE file = ?", (file,))
    db.execute(
        "UPDATE settlement_files SET counted = ?, rows = ?, seen = seen + ?, behind = ? "
        "WHERE file = ?",
        (part + 1, line, seen, behind, file),
    )
    return True


def counted_until(db: apsw.Connection) -> int | None:
    """Up to which record files are counted; None where all are."""
    (position,) = row_of(db, "SELECT min(position) FROM settlement_files WHERE counted < parts")
    return None if position is None else int(position) - 1


def _has_a_name(row: SettlementRow) -> bool:
    """Whether a row has anything by which it could be known again in another file."""
    names = (row.reference, row.own_reference, row.batch, row.date)
    return any(names) or row.trace is not None or row.receipt is not None


def _said(acquirer: str, row: SettlementRow, place: str) -> bytes:
    """What a row says, by which it is the same one in another file; a row without any name says it
    at its `place`."""
    what = [acquirer, unstructure(row)]
    if not _has_a_name(row):
        what.append(place)
    return sha256(canonical(what)).digest()[:16]


def _take(
    db: apsw.Connection, source: _Source, line: int, row: SettlementRow, said: bytes
) -> str | None:
    """Count a row of an acquirer's file; the account it is of, "" where it has none, None where it
    was there before."""
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
            source.acquirer,
            source.file,
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
    _count_in_batch(db, source.acquirer, row)
    if row.kind not in _ABOUT_PAYMENTS:
        return ""
    keys = keys_of_row(
        (row.own_reference, row.reference), row.terminal_id, row.date, (row.trace, row.receipt)
    )
    db.executemany(
        "INSERT OR IGNORE INTO row_keys VALUES (?, ?, ?)",
        ((key, rank, name) for rank, key in enumerate(keys)),
    )
    return find_payment(db, source.terms, name)


def _count_in_batch(db: apsw.Connection, acquirer: str, row: SettlementRow) -> None:
    # Of what was declined nothing is paid, though it may have cost something.
    gross_minor = 0 if row.kind is RowKind.DECLINED else row.gross_minor
    net_minor = gross_minor - (row.fee_minor or 0)
    is_payout, is_other = row.kind is RowKind.PAYOUT, row.kind is RowKind.OTHER
    db.execute(
        "INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
        "day = max(day, excluded.day), net_minor = net_minor + excluded.net_minor, "
        "paid_out_minor = paid_out_minor + excluded.paid_out_minor, "
        "other_minor = other_minor + excluded.other_minor, payouts = payouts + excluded.payouts, "
        "fee_minor = fee_minor + excluded.fee_minor",
        (
            acquirer,
            row.batch,
            row.date,
            0 if is_payout or is_other else net_minor,
            -net_minor if is_payout else 0,
            net_minor if is_other else 0,
            int(is_payout),
            0 if is_payout or is_other else row.fee_minor or 0,
        ),
    )
