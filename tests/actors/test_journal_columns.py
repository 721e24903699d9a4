"""A damaged file may have anything where the schema wants a hash or a text: it is named, like any
other damage, and ends nothing in a fault of the program's own."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import apsw
import pytest

from actors.journal import Journal
from actors.journal_schema import JournalCorruptError
from benches.journal import sample_entry

RECORDS, CHANGED = 6, 4
ANYTHING: tuple[Any, ...] = (None, -1, 1.5, "text", b"bytes")
COLUMNS = {
    "records": [
        "epoch",
        "kind",
        "stream",
        "stream_version",
        "name",
        "command_id",
        "payload",
        "hash",
    ],
    "commands": ["id", "body_hash", "position", "answer", "digest"],
}
PARTS = [(table, column) for table, columns in COLUMNS.items() for column in columns]


def write(path: Path) -> None:
    """A journal of six records, each with its answer, all of it in the database file."""
    with Journal.open(path, store_id="s", reserve_bytes=0) as journal:
        for number in range(RECORDS):
            journal.append([sample_entry(number)])


def put(path: Path, table: str, column: str, value: Any) -> None:
    """Write what no schema would let in, as a damaged page has it; the schema stays as it was."""
    own = "SELECT sql FROM sqlite_schema WHERE name = ?"
    guards = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?"
    anew = "UPDATE sqlite_schema SET sql = ? WHERE name = ?"
    with contextlib.closing(apsw.Connection(str(path))) as db:
        ((schema,),) = db.execute(own, (table,)).fetchall()
        triggers = db.execute(guards, (table,)).fetchall()
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        key = "id PRIMARY KEY" if table == "commands" else "position INTEGER PRIMARY KEY"
        others = ", ".join(name for name in COLUMNS[table] if name != "id")
        db.execute("PRAGMA writable_schema = ON")
        db.execute(anew, (f"CREATE TABLE {table} ({key}, {others})", table))
    with contextlib.closing(apsw.Connection(str(path))) as db:
        db.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, CHANGED))
        db.execute("PRAGMA writable_schema = ON")
        db.execute(anew, (schema, table))
    with contextlib.closing(apsw.Connection(str(path))) as db:
        for _, trigger in triggers:
            db.execute(str(trigger))


def opened(path: Path) -> None:
    """Open it and check all of it, as a store and `countertop verify` do."""
    with Journal.open(path, store_id="s", reserve_bytes=0) as journal:
        journal.verify_all()
        for number in range(RECORDS):
            journal.read_stream(f"order/{number}")


@pytest.mark.parametrize(("table", "column"), PARTS, ids=map("/".join, PARTS))
def test_whatever_is_in_a_column_is_named(tmp_path: Path, table: str, column: str) -> None:
    """A hash that is gone, a text that is a number: the journal is damaged, and says so."""
    for number, value in enumerate(ANYTHING):
        path = tmp_path / str(number) / "journal.db"
        write(path)
        put(path, table, column, value)
        with pytest.raises(JournalCorruptError, match="is damaged"):
            opened(path)
