"""One batch on its way into the journal: entries, their rows with hashes, and the transaction."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import apsw
from attrs import field, frozen

from actors.journal_read import Head, command_digest
from engine.record import NewRecord, payload_bytes, record_hash

_INSERT_RECORD = (
    "INSERT INTO records (position, epoch, kind, stream, stream_version, name, command_id, "
    "payload, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_COMMAND = (
    "INSERT INTO commands (id, body_hash, position, answer, digest) VALUES (?, ?, ?, ?, ?)"
)


@frozen
class Entry:
    """One command's share of a batch: its id, the hash of its body, its answer and its facts.

    An entry may hold no records: a refusal whose answer is to be kept.
    """

    command_id: str
    body_hash: bytes
    answer: bytes
    records: tuple[NewRecord, ...] = ()


@frozen
class Appended:
    """A durable batch. `last_position` is `first_position` - 1 where it held no records.

    `positions` holds for each entry, in order, the position its answer was computed at.
    """

    first_position: int
    last_position: int
    head_hash: bytes
    positions: tuple[int, ...]


@frozen
class Prepared:
    """The rows of a batch in order, and where the journal ends once they are in it."""

    head: Head
    records: list[tuple[Any, ...]] = field(factory=list)
    commands: list[tuple[Any, ...]] = field(factory=list)

    def hashes(self) -> list[bytes]:
        """The chain hash of each record, in order."""
        return [row[-1] for row in self.records]

    def insert(self, db: apsw.Connection) -> None:
        """Put all rows in; the caller holds the transaction."""
        db.executemany(_INSERT_RECORD, self.records)
        db.executemany(_INSERT_COMMAND, self.commands)


def prepare(store_id: str, head: Head, batch: Sequence[Entry]) -> Prepared:
    """Give each record its position and hash, going on from `head`.

    Raises:
        ValueError: a record names another command than its entry.
    """
    epoch, position, previous = head
    records: list[tuple[Any, ...]] = []
    commands: list[tuple[Any, ...]] = []
    for entry in batch:
        for new in entry.records:
            if new.command_id != entry.command_id:
                raise ValueError(f"a record of {entry.command_id} names another command")
            position += 1
            payload = payload_bytes(new)
            previous = record_hash(store_id, new.kind, epoch, position, previous, payload)
            place = (position, epoch, new.kind, new.stream, new.stream_version)
            records.append((*place, new.name, new.command_id, payload, previous))
        digest = command_digest(entry.command_id, entry.body_hash, position, entry.answer)
        commands.append((entry.command_id, entry.body_hash, position, entry.answer, digest))
    return Prepared(Head(epoch, position, previous), records, commands)


def require_gapless(batch: Sequence[Entry], version_of: Callable[[str], int]) -> dict[str, int]:
    """Refuse a stream version that leaves a gap; `version_of` tells a stream's stored one.

    Returns the version each stream of the batch goes on to.

    Raises:
        ValueError: naming the stream and the version it should go on with.
    """
    versions: dict[str, int] = {}
    for entry in batch:
        for record in entry.records:
            stream = record.stream
            before = versions[stream] if stream in versions else version_of(stream)
            if record.stream_version != before + 1:
                raise ValueError(
                    f"stream {stream} goes on with version {before + 1}, "
                    f"not {record.stream_version}"
                )
            versions[stream] = record.stream_version
    return versions


class Transaction:
    """BEGIN IMMEDIATE … COMMIT, rolled back on any error; a failed COMMIT is never tried again."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._db.execute("COMMIT")
                return
        finally:
            if self._db.in_transaction:
                with contextlib.suppress(apsw.Error):
                    self._db.execute("ROLLBACK")
