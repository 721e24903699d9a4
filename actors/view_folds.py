"""The folds of the read models and their SQL: receipts, reports, counts, activity, people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import apsw
from attrs import frozen

from actors.view_clearing_rows import fold_clearing
from actors.view_clearing_schema import CLEARING_SCHEMA
from engine.order.events import (
    OrderCompleted,
)
from engine.queries import FindActivity
from engine.record import Record
from engine.register import DayClosed
from engine.staff import OperatorAdded, RoleDefined, SignedOff, SignedOn
from engine.till import Denomination, ForeignCount, TillClosed, TillCounted
from engine.upcast import event_of
from engine.views.activity import row_of
from engine.views.build import z_view
from engine.views.shapes import ActivityRow, ReceiptRow, ReportView
from engine.views.till_shapes import TillCountView
from engine.wire import canonical, parse, structure, unstructure

VERSION: Final = 12
ACTIVITY_ROWS_MAX: Final = 500
SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    """CREATE TABLE IF NOT EXISTS receipts (order_id TEXT PRIMARY KEY, number TEXT NOT NULL,
    register TEXT NOT NULL, operator TEXT NOT NULL, business_date TEXT NOT NULL,
    at_ns INTEGER NOT NULL, lines INTEGER NOT NULL, total_minor INTEGER NOT NULL,
    training INTEGER NOT NULL) STRICT""",
    "CREATE INDEX IF NOT EXISTS receipts_by_time ON receipts (at_ns)",
    """CREATE TABLE IF NOT EXISTS reports (register TEXT NOT NULL, training INTEGER NOT NULL,
    z_number INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (register, training, z_number)) STRICT""",
    """CREATE TABLE IF NOT EXISTS counts (register TEXT NOT NULL, training INTEGER NOT NULL,
    session INTEGER NOT NULL, body BLOB NOT NULL, closed INTEGER NOT NULL,
    PRIMARY KEY (register, training, session)) STRICT""",
    """CREATE TABLE IF NOT EXISTS activity (position INTEGER PRIMARY KEY, operator TEXT NOT NULL,
    approver TEXT NOT NULL, register TEXT NOT NULL, business_date TEXT NOT NULL,
    body BLOB NOT NULL) STRICT""",
    "CREATE TABLE IF NOT EXISTS roles (role TEXT PRIMARY KEY, rights TEXT NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS operators (operator TEXT PRIMARY KEY, role TEXT NOT NULL) STRICT",
    """CREATE TABLE IF NOT EXISTS signed_on (register TEXT PRIMARY KEY,
    operator TEXT NOT NULL) STRICT""",
    *CLEARING_SCHEMA,
)


def fold_receipts(db: apsw.Connection, record: Record) -> None:
    """Completed sales, to be found again."""
    if record.name != "order.completed/1":
        return
    event = event_of(record)
    assert isinstance(event, OrderCompleted)
    db.execute(
        "INSERT OR REPLACE INTO receipts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.order_id,
            event.receipt_number,
            event.register,
            event.operator,
            record.stamp.business_date,
            record.stamp.now_ns,
            len(event.figures.lines),
            event.figures.total_minor,
            int(record.kind == "training"),
        ),
    )


def fold_reports(db: apsw.Connection, record: Record) -> None:
    """Every Z as it was made."""
    if record.name != "register.day_closed/1":
        return
    event = event_of(record)
    assert isinstance(event, DayClosed)
    training = record.kind == "training"
    view = z_view(event, training=training, now_ns=record.stamp.now_ns)
    db.execute(
        "INSERT OR REPLACE INTO reports VALUES (?, ?, ?, ?)",
        (event.register, int(training), event.z_number, canonical(unstructure(view))),
    )


@frozen
class _Sheet:
    denominations: tuple[Denomination, ...]
    foreign: tuple[ForeignCount, ...]


def fold_counts(db: apsw.Connection, record: Record) -> None:
    """Count sheets of closed till sessions."""
    if record.name not in ("till.counted/1", "till.closed/1"):
        return
    event = event_of(record)
    training = int(record.kind == "training")
    if isinstance(event, TillCounted):
        counted = canonical(unstructure(_Sheet(event.denominations, event.foreign)))
        db.execute(
            "INSERT OR REPLACE INTO counts VALUES (?, ?, ?, ?, 0)",
            (event.register, training, event.session, counted),
        )
        return
    assert isinstance(event, TillClosed)
    key = (event.register, training, event.session)
    row = db.execute(
        "SELECT body FROM counts WHERE register = ? AND training = ? AND session = ?", key
    ).fetchone()
    assert row is not None, "a till is counted before it is closed"
    sheet = structure(parse(row[0]), _Sheet)
    view = TillCountView(
        event.register,
        event.session,
        event.operator,
        record.stamp.now_ns,
        sheet.denominations,
        event.expected_minor,
        event.counted_minor,
        event.difference_minor,
        event.foreign,
        sheet.foreign,
    )
    db.execute(
        "UPDATE counts SET body = ?, closed = 1 "
        "WHERE register = ? AND training = ? AND session = ?",
        (canonical(unstructure(view)), *key),
    )


def fold_activity(db: apsw.Connection, record: Record) -> None:
    """Every fact that somebody brought about, by person."""
    row = row_of(record)
    if row is not None:
        db.execute(
            "INSERT OR REPLACE INTO activity VALUES (?, ?, ?, ?, ?, ?)",
            (
                row.position,
                row.operator,
                row.approver,
                row.register,
                row.business_date,
                canonical(unstructure(row)),
            ),
        )


def fold_people(db: apsw.Connection, record: Record) -> None:
    """Who may read what: roles, operators and where they are signed on."""
    if record.stream != "staff":
        return
    match event_of(record):
        case RoleDefined(role=role, rights=rights):
            words = ",".join(right.value for right in rights)
            db.execute("INSERT OR REPLACE INTO roles VALUES (?, ?)", (role, words))
        case OperatorAdded(operator=operator, role=role):
            db.execute("INSERT OR REPLACE INTO operators VALUES (?, ?)", (operator, role))
        case SignedOn(operator=operator, register=register):
            db.execute("INSERT OR REPLACE INTO signed_on VALUES (?, ?)", (register, operator))
        case SignedOff(register=register):
            db.execute("DELETE FROM signed_on WHERE register = ?", (register,))
        case _:
            pass


Fold = Callable[[apsw.Connection, Record], None]
FOLDS: Final[dict[str, Fold]] = {
    "people": fold_people,
    "receipts": fold_receipts,
    "reports": fold_reports,
    "counts": fold_counts,
    "activity": fold_activity,
    "clearing": fold_clearing,
}


def find_receipts(db: apsw.Connection, text: str, limit: int) -> tuple[ReceiptRow, ...]:
    """Receipts whose number contains `text`, newest first: as they were folded, whatever the clock
    said."""
    pattern = "%" + "".join(c for c in text[:40] if c.isalnum() or c == "-") + "%"
    rows = db.execute(
        "SELECT * FROM receipts WHERE number LIKE ? ORDER BY rowid DESC LIMIT ?",
        (pattern, max(1, min(limit, 200))),
    )
    return tuple(_receipt_row(row) for row in rows)


def _receipt_row(row: tuple[Any, ...]) -> ReceiptRow:
    return ReceiptRow(*(*row[:-1], bool(row[-1])))


def find_activity(db: apsw.Connection, query: FindActivity) -> tuple[ActivityRow, ...]:
    """What a person did or allowed, newest first."""
    filters: dict[str, Any] = {
        "? IN (operator, approver)": query.operator,
        "register = ?": query.register,
        "business_date = ?": query.business_date,
        "position < ?": max(0, query.before),
    }
    chosen = {condition: value for condition, value in filters.items() if value}
    rows = db.execute(
        f"SELECT body FROM activity WHERE {' AND '.join(chosen) or 'TRUE'} "
        "ORDER BY position DESC LIMIT ?",
        (*chosen.values(), max(1, min(query.limit, ACTIVITY_ROWS_MAX))),
    )
    return tuple(structure(parse(row[0]), ActivityRow) for row in rows)


def till_counts(db: apsw.Connection, register: str, limit: int) -> tuple[TillCountView, ...]:
    """Closed sessions of a register, newest first."""
    rows = db.execute(
        "SELECT body FROM counts WHERE register = ? AND training = 0 AND closed = 1 "
        "ORDER BY session DESC LIMIT ?",
        (register, max(1, min(limit, 200))),
    )
    return tuple(structure(parse(row[0]), TillCountView) for row in rows)


def z_report(db: apsw.Connection, register: str, z_number: int) -> ReportView | None:
    """A Z by number, the last where it is 0; None where there is none."""
    condition = "z_number = ?" if z_number else "z_number > ?"
    row = db.execute(
        f"SELECT body FROM reports WHERE register = ? AND training = 0 AND {condition} "
        "ORDER BY z_number DESC LIMIT 1",
        (register, z_number),
    ).fetchone()
    return None if row is None else structure(parse(row[0]), ReportView)
