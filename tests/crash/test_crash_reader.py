"""What is new in a journal is read for what it is, and anything odd goes to the verifier."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.crash import reader as reading
from tests.crash.reader import Reader
from tests.crash.rig import Rig
from tests.crash.work import Ledger
from tests.unguarded import take_guards_off
from verifier.hashes import command_digest, record_hash


@pytest.fixture
def reader(rig: Rig, tmp_path: Path) -> Reader:
    """A reader that has read all of the store that the rig set up."""
    shutil.copytree(rig.template, tmp_path / "data")
    found = Reader(tmp_path / "data" / "journal.db", Ledger())
    evidence = found.read(whole=True)
    assert evidence.verdict == ""
    assert evidence.facts
    return found


def append(journal: Path, name: str, *, spoilt: bool = False) -> None:
    """Put one more record into a journal as a store would, or with a hash that is not its own."""
    with closing(sqlite3.connect(journal)) as db, db:
        position, epoch, previous = db.execute(
            "SELECT position, epoch, hash FROM records ORDER BY position DESC LIMIT 1"
        ).fetchone()
        store = db.execute("SELECT value FROM meta WHERE key = 'store_id'").fetchone()[0]
        body = {"stream": "x/1", "stream_version": 1, "name": name, "command_id": "c-1"}
        payload = json.dumps({**body, "register": "1", "data": {}}).encode()
        stored = record_hash(store, "live", epoch, position + 1, previous, payload)
        db.execute(
            "INSERT INTO records VALUES (?, ?, 'live', 'x/1', 1, ?, 'c-1', ?, ?)",
            (position + 1, epoch, name, payload, bytes(32) if spoilt else stored),
        )
        answer = b'{"data": {"x": 1}}'
        digest = command_digest("c-1", bytes(32), position + 1, answer)
        row = ("c-1", bytes(32), position + 1, answer, digest)
        db.execute("INSERT INTO commands VALUES (?, ?, ?, ?, ?)", row)


def test_what_is_new_is_read_alone(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its facts and answers are added to those known, and nobody reads the rest again."""
    known = reader.evidence
    assert known is not None
    monkeypatch.delattr(reading, "gather")
    append(reader.journal, "order.completed/1")
    evidence = reader.read(whole=False)
    assert [*known.facts, evidence.facts[-1]] == evidence.facts
    assert evidence.facts[-1].name == "order.completed/1"
    assert {**known.answers, "c-1": {"data": {"x": 1}}} == evidence.answers
    assert evidence.facts == reader.read(whole=False).facts


def test_a_record_that_is_not_chained_on_is_found(reader: Reader) -> None:
    """The verifier says what is wrong with it."""
    append(reader.journal, "order.completed/1", spoilt=True)
    assert "its hash does not fit" in reader.read(whole=False).verdict


def test_a_record_that_went_is_found(reader: Reader) -> None:
    """Where the last record that was read is no more, everything is read anew."""
    reader.ledger.heads[reader._last[0]] = reader._last[1].hex()
    with closing(sqlite3.connect(reader.journal)) as db, db:
        take_guards_off(db)
        db.execute("DELETE FROM records WHERE position = ?", (reader._last[0],))
    assert "missing" in reader.read(whole=False).verdict


def test_an_answer_that_was_changed_is_found(reader: Reader) -> None:
    """A new answer is held against what guards it."""
    append(reader.journal, "order.completed/1")
    with closing(sqlite3.connect(reader.journal)) as db, db:
        take_guards_off(db)
        db.execute("UPDATE commands SET answer = x'7b7d' WHERE id = 'c-1'")
    assert "c-1" in reader.read(whole=False).verdict


def test_a_head_that_was_shown_and_is_not_there_is_found(reader: Reader) -> None:
    """Also where the chain itself goes on well: a till has seen another one."""
    append(reader.journal, "order.completed/1")
    reader.ledger.heads[reader._last[0] + 1] = "ab" * 32
    assert "its hash is" in reader.read(whole=False).verdict


def test_a_row_that_lacks_what_every_row_has_is_told(reader: Reader) -> None:
    """A lying disk can leave pages of another time; that is a verdict, not an end of the search."""
    with closing(sqlite3.connect(reader.journal)) as db, db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute(
            "UPDATE sqlite_schema SET sql = replace(sql, 'payload BLOB NOT NULL', 'payload BLOB')"
        )
    with closing(sqlite3.connect(reader.journal)) as db, db:
        take_guards_off(db)
        db.execute("UPDATE records SET payload = NULL WHERE position = 2")
    evidence = reader.read(whole=True)
    assert "the verifier" in evidence.verdict
    assert "cannot be read" in evidence.verdict
