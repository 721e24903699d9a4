"""What somebody does first who wants to change a journal: take the guards off its tables."""

from __future__ import annotations

import sqlite3

import apsw


def take_guards_off(db: sqlite3.Connection | apsw.Connection) -> None:
    """Drop every trigger of a database."""
    guards = db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    assert guards, "a journal is guarded"
    for (found,) in guards:
        # Some connections here read text as bytes.
        name = found.decode() if isinstance(found, bytes) else found
        db.execute(f"DROP TRIGGER {name}")
