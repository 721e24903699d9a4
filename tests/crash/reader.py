"""Reads a round's journal after each life: all of it by the verifier, or only what is new.

A life that was killed, or met an error, leaves the records before it as they were: what follows the
last one that was read is chained on to it, and that is all that is computed anew. After a power cut
and at the end of a round the verifier reads everything, and so it does wherever what is new does
not continue what was there.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from attrs import define, field

from tests.crash.audit import Evidence, Fact, copied, gather
from tests.crash.work import Ledger
from verifier.hashes import command_digest, record_hash

_STORE = "SELECT value FROM meta WHERE key = 'store_id'"
_HASH_AT = "SELECT hash FROM records WHERE position = ?"
_LAST = "SELECT position, hash FROM records ORDER BY position DESC LIMIT 1"
_LAST_ANSWER = "SELECT rowid, id FROM commands ORDER BY rowid DESC LIMIT 1"
_ANSWER_AT = "SELECT id FROM commands WHERE rowid = ?"
_NEW = """SELECT position, epoch, kind, name, command_id, payload, hash FROM records
    WHERE position > ? ORDER BY position"""
_NEW_ANSWERS = """SELECT rowid, id, body_hash, position, answer, digest FROM commands
    WHERE rowid > ? ORDER BY rowid"""


class _Otherwise(Exception):  # noqa: N818 (a reason to read everything, no failure)
    """What is new does not continue what was there."""


@define(eq=False)
class Reader:
    """*Owns* what was read of one journal, up to which record and which answer."""

    journal: Path
    ledger: Ledger
    evidence: Evidence | None = None
    _last: tuple[int, bytes] = (0, bytes(32))
    _last_answer: tuple[int, str] = (0, "")
    _heads: set[int] = field(factory=set)

    def read(self, *, whole: bool) -> Evidence:
        """The evidence as of now."""
        if not whole and self.evidence is not None:
            try:
                with copied(self.journal) as copy, closing(sqlite3.connect(copy)) as db:
                    return self._go_on(db, self.evidence)
            except (_Otherwise, sqlite3.Error, ValueError, KeyError, TypeError):
                pass  # the verifier finds words for it, or that all is well
        self.evidence = found = gather(self.journal, self.ledger)
        if found.verdict:
            self.evidence = None
        else:
            self._remember()
        return found

    def _remember(self) -> None:
        with copied(self.journal) as copy, closing(sqlite3.connect(copy)) as db:
            self._last = db.execute(_LAST).fetchone()
            self._last_answer = db.execute(_LAST_ANSWER).fetchone()
        self._heads = set(self.ledger.heads)

    def _go_on(self, db: sqlite3.Connection, known: Evidence) -> Evidence:
        """Take in what is new.

        Raises:
            _Otherwise: it does not continue what was there.
        """
        facts, last = self._new_facts(db)
        answers, last_answer = self._new_answers(db)
        heads = self.ledger.heads.keys() - self._heads
        for position in heads:
            told = db.execute(_HASH_AT, (position,)).fetchone()
            if told is None or told[0].hex() != self.ledger.heads[position]:
                raise _Otherwise
        self._last, self._last_answer = last, last_answer
        self._heads |= heads
        self.evidence = Evidence(
            self.ledger, [*known.facts, *facts], {**known.answers, **answers}, ""
        )
        return self.evidence

    def _new_facts(self, db: sqlite3.Connection) -> tuple[list[Fact], tuple[int, bytes]]:
        """Facts after the last one read, and the last of them."""
        last, previous = self._last
        if db.execute(_HASH_AT, (last,)).fetchone() != (previous,):
            raise _Otherwise
        store = str(db.execute(_STORE).fetchone()[0])
        facts = []
        for position, epoch, kind, name, command_id, payload, stored in db.execute(_NEW, (last,)):
            chained = record_hash(store, kind, epoch, position, previous, payload)
            if position != last + 1 or chained != stored:
                raise _Otherwise
            body = json.loads(payload)
            facts.append(Fact(position, name, command_id, body["register"], body["data"]))
            last, previous = position, stored
        return facts, (last, previous)

    def _new_answers(
        self, db: sqlite3.Connection
    ) -> tuple[dict[str, dict[str, Any]], tuple[int, str]]:
        """Answers after the last one read, and the last of them."""
        last, last_id = self._last_answer
        if db.execute(_ANSWER_AT, (last,)).fetchone() != (last_id,):
            raise _Otherwise
        answers = {}
        for row, command_id, body_hash, at, answer, digest in db.execute(_NEW_ANSWERS, (last,)):
            if row != last + 1 or command_digest(command_id, body_hash, at, answer) != digest:
                raise _Otherwise
            answers[command_id] = json.loads(answer)
            last, last_id = row, command_id
        return answers, (last, last_id)
