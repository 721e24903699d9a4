"""A journal that somebody changed and hashed anew: its chain holds, and what it says need not."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from engine.record import GENESIS, record_hash
from engine.wire import canonical, parse

_COLUMNS = "position, epoch, kind, stream, stream_version, name, command_id, payload"
_GUARDS = ("records_stay", "records_remain", "records_once")


def forge(database: Path, name: str, change: Callable[[dict[str, Any]], None]) -> int:
    """Change the last record called `name` by its payload, and hash all from there on anew; its
    position. Whatever was derived from the hashes is gone: checkpoints, snapshots, anchors, views.
    """
    with closing(sqlite3.connect(database)) as db, db:
        for guard in _GUARDS:
            db.execute(f"DROP TRIGGER {guard}")
        row = db.execute("SELECT max(position) FROM records WHERE name = ?", (name,)).fetchone()
        forged: int = row[0]
        (store_id,) = db.execute("SELECT value FROM meta WHERE key = 'store_id'").fetchone()
        previous = GENESIS
        for row in db.execute(f"SELECT {_COLUMNS} FROM records ORDER BY position").fetchall():
            position, epoch, kind, payload = row[0], row[1], row[2], row[7]
            if position == forged:
                body = parse(payload)
                change(body)
                payload = canonical(body)
            previous = record_hash(store_id, kind, epoch, position, previous, payload)
            db.execute(
                "UPDATE records SET payload = ?, hash = ?, name = ?, stream = ? WHERE position = ?",
                (payload, previous, parse(payload)["name"], parse(payload)["stream"], position),
            )
        db.execute("DELETE FROM checkpoints")
        db.execute("DELETE FROM meta WHERE key = 'frontier'")
    for folder in ("snapshots", "anchors"):
        for file in (database.parent / folder).glob("*"):
            file.unlink()
    for file in database.parent.glob("views.db*"):
        file.unlink()
    return forged
