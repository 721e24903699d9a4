"""The activity log as a table for other programs, read from the journal and checked on the way."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import TextIO

from actors.history import following
from actors.journal_read import read_file
from actors.journal_schema import JournalError
from countertop.config import Config
from countertop.errors import CommandFailedError
from engine.views.activity import row_of
from engine.views.shapes import ActivityRow

HEADINGS = (
    "position",
    "time",
    "business_date",
    "register",
    "person",
    "approved_by",
    "what",
    "about",
    "amount_minor",
    "reason",
    "training",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_activity(
    data_dir: Path, out: TextIO, *, person: str = "", since: str = "", until: str = ""
) -> int:
    """Write one CSV row a fact, oldest first, as of one moment; how many there were.

    `person` takes what somebody did or allowed; the business dates are inclusive.

    Raises:
        CommandFailedError: `since` or `until` is no date; nothing was written.
        JournalError: there is no journal, or a record was changed or is impossible; rows before it
            were written.
    """
    for told in filter(None, (since, until)):
        _require_date(told)
    path = Config(str(data_dir)).journal_path
    if not path.exists():
        raise JournalError(
            f"There is no journal at {path}. Nothing was written. Name the store's data directory."
        )
    table = csv.writer(out, lineterminator="\n")
    table.writerow(HEADINGS)
    count = 0
    for record in read_file(path):
        with following(record, data_dir):
            row = row_of(record)
            if row is None or (person and person not in (row.operator, row.approver)):
                continue
            if row.business_date < since or (until and row.business_date > until):
                continue
            cells = _cells(row)
        table.writerow(cells)
        count += 1
    return count


def _require_date(text: str) -> None:
    """A date that is none would leave every row out, and look as if nothing had happened."""
    try:
        is_date = date.fromisoformat(text).isoformat() == text
    except ValueError:
        is_date = False
    if not is_date:
        raise CommandFailedError(
            f"{text!r} is no business date. Nothing was written; write it as 2026-11-25."
        )


def _cells(row: ActivityRow) -> tuple[str, ...]:
    zone = timezone(timedelta(seconds=row.utc_offset_s))
    at = datetime.fromtimestamp(row.at_ns // 1_000_000_000, UTC).astimezone(zone)
    return (
        str(row.position),
        at.isoformat(),
        row.business_date,
        _text(row.register),
        _text(row.operator),
        _text(row.approver),
        row.fact,
        _text(row.subject),
        "" if row.amount_minor is None else str(row.amount_minor),
        _text(row.reason),
        "yes" if row.training else "no",
    )


def _text(value: str) -> str:
    """A cell that no spreadsheet takes for a formula: people type these texts."""
    return "'" + value if value.startswith(_FORMULA) else value
