"""Reading the journal without trusting it: every record read is checked against the chain."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple, cast

import apsw

from actors.journal_schema import (
    DAMAGED,
    JournalCorruptError,
    as_journal_error,
    connect,
    identity,
    require_journal,
)
from engine.record import (
    GENESIS,
    RESTORED,
    Record,
    payload_says,
    record_from_payload,
    record_hash,
)
from engine.wire import WireError
from native import TreeFrontier, chained_count

Progress = Callable[[int, int], None]
"""Called with (done, of how many) now and then."""

_COLUMNS = "position, epoch, kind, stream, stream_version, name, command_id, payload, hash"
_AFTER = f"SELECT {_COLUMNS} FROM records WHERE position > ? ORDER BY position LIMIT ?"
_OF_STREAM = (
    f"SELECT {_COLUMNS}, coalesce((SELECT p.hash FROM records AS p WHERE p.position = "
    "r.position - 1), x'') FROM records AS r WHERE stream = ? ORDER BY stream_version"
)
_PROGRESS_EVERY = 10_000
_ROWS = 256
"""How many rows are checked at once: enough that asking costs nothing, and little to hold."""


class Head(NamedTuple):
    """Where a journal ends: position 0 and 32 zero bytes where it holds nothing."""

    epoch: int
    position: int
    hash: bytes


class Chained(NamedTuple):
    """A record with the hash that seals it."""

    record: Record
    hash: bytes


class Sealed(NamedTuple):
    """A record whose place in the chain and whose columns are checked, and that is not read yet."""

    position: int
    epoch: int
    kind: str
    stream: str
    name: str
    payload: bytes
    hash: bytes

    def record(self) -> Record:
        """What it says.

        Raises:
            WireError: its payload, though sealed as it is, is not one of this version's.
        """
        return record_from_payload(self.position, self.epoch, self.kind, self.payload)


# What of a row is kept: all but its version and command. A long replay takes half a million rows.
_OF_SEALED = itemgetter(0, 1, 2, 3, 5, 7, 8)
# A damaged file may have anything in a column, whatever its schema says.
_KINDS_OF_COLUMNS = (int, int, str, str, int, str, str, bytes, bytes)
_SEAL: Callable[[tuple[Any, ...]], Sealed] = partial(tuple.__new__, Sealed)


def read_sealed(
    db: apsw.Connection, path: Path, store_id: str, after: int, limit: int
) -> Iterator[Sealed]:
    """Records with position > `after`, in order, each checked against the one before it.

    Raises:
        JournalCorruptError: naming the first record that is missing or changed.
    """
    expected = after + 1
    broken: Exception | None = None
    try:
        previous = GENESIS if after == 0 else hash_at(db, path, after)
        cursor = db.execute(_AFTER, (after, limit))
    except DAMAGED as error:
        raise JournalCorruptError(path, expected, str(error)) from None
    while broken is None:
        rows: list[tuple[Any, ...]] = []
        try:
            # What was read before a page that cannot be is kept, and told first.
            rows.extend(islice(cast(Iterator[tuple[Any, ...]], cursor), _ROWS))
        except DAMAGED as error:
            broken = error
        if not rows and broken is None:
            return
        if rows:
            yield from _all_sealed(path, store_id, rows, expected, previous)
            previous = rows[-1][-1]
            expected += len(rows)
    raise JournalCorruptError(path, expected, str(broken))


def _all_sealed(
    path: Path, store_id: str, rows: list[tuple[Any, ...]], expected: int, previous: bytes
) -> Iterator[Sealed]:
    """Rows that follow one another. The floor counts how many are as they must be, and whichever
    it does not count is looked at here: it is the first that is wrong, or one it cannot tell of."""
    done = 0
    while done < len(rows):
        sound = chained_count(store_id, rows, done, expected + done, previous)
        yield from map(_SEAL, map(_OF_SEALED, islice(rows, done, done + sound)))
        done += sound
        if done == len(rows):
            return
        if sound:
            previous = rows[done - 1][-1]
        found = _sealed(path, store_id, rows[done], expected + done, previous)
        yield found
        previous = found.hash
        done += 1


def read_chained(
    db: apsw.Connection, path: Path, store_id: str, after: int, limit: int
) -> Iterator[Chained]:
    """As `read_sealed`, and each is read.

    Raises:
        JournalCorruptError: naming the first record that is missing, changed or not to be read.
    """
    for sealed in read_sealed(db, path, store_id, after, limit):
        yield Chained(_read(path, sealed), sealed.hash)


def read_file(path: Path) -> Iterator[Record]:
    """Every record of a journal's file, in order, as of one moment; a server may be writing it.

    Raises:
        JournalError: not a journal, or damaged: `JournalCorruptError` names the record.
    """
    try:
        with contextlib.closing(connect(path, readonly=True)) as db:
            db.execute("BEGIN")
            require_journal(db, path)
            store_id, _ = identity(db, path)
            for record, _ in read_chained(db, path, store_id, 0, -1):
                yield record
    except apsw.Error as error:
        raise as_journal_error(path, error) from error


def read_stream(db: apsw.Connection, path: Path, store_id: str, stream: str) -> list[Record]:
    """All records of a stream by version, each checked alone against its predecessor's hash.

    Raises:
        JournalCorruptError: a record was changed, or a version is missing.
    """
    records: list[Record] = []
    try:
        for row in db.execute(_OF_STREAM, (stream,)):
            *columns, previous = cast(tuple[Any, ...], row)
            before = GENESIS if columns[0] == 1 else as_hash(path, columns[0] - 1, previous)
            record = _read(path, _sealed(path, store_id, tuple(columns), columns[0], before))
            if record.stream_version != len(records) + 1:
                raise JournalCorruptError(
                    path, columns[0], f"stream {stream} lacks version {len(records) + 1}"
                )
            records.append(record)
    except DAMAGED as error:
        raise JournalCorruptError(path, None, str(error)) from None
    return records


def _read(path: Path, sealed: Sealed) -> Record:
    try:
        return sealed.record()
    except WireError as error:
        raise JournalCorruptError(path, sealed.position, str(error)) from None


def _sealed(
    path: Path, store_id: str, row: tuple[Any, ...], expected: int, previous: bytes
) -> Sealed:
    """A row as stored: the expected one, sealed after `previous`, its columns what it says."""
    if tuple(map(type, row)) != _KINDS_OF_COLUMNS or row[1] < 1:
        raise JournalCorruptError(path, expected, "one of its columns is not what it must be")
    position, epoch, kind, stream, version, name, command_id, payload, stored = row
    if position != expected:
        raise JournalCorruptError(path, expected, f"it is missing, {position} follows")
    if record_hash(store_id, kind, epoch, position, previous, payload) != stored:
        raise JournalCorruptError(path, position, "its hash does not fit its content")
    if not payload_says(payload, stream, version, name, command_id):
        raise JournalCorruptError(path, position, "its columns do not fit its payload")
    return Sealed(position, epoch, kind, stream, name, payload, stored)


def hash_at(db: apsw.Connection, path: Path, position: int) -> bytes:
    """The stored hash of a position.

    Raises:
        JournalCorruptError: there is no such record, or what it has is no hash.
    """
    row = db.execute("SELECT hash FROM records WHERE position = ?", (position,)).fetchone()
    if row is None:
        raise JournalCorruptError(path, position, "it is missing")
    return as_hash(path, position, cast(tuple[Any], row)[0])


def as_hash(path: Path, position: int, stored: Any) -> bytes:
    """What a damaged file has in the place of a record's hash may be anything, or nothing.

    Raises:
        JournalCorruptError: it is no hash.
    """
    if type(stored) is not bytes or len(stored) != len(GENESIS):
        raise JournalCorruptError(path, position, "what it has is no hash")
    return stored


def read_head(db: apsw.Connection, epoch: int) -> Head:
    """The last record's place and hash; `epoch` is the journal's own, which may be one ahead."""
    row = db.execute("SELECT position, hash FROM records ORDER BY position DESC LIMIT 1").fetchone()
    if row is None:
        return Head(epoch, 0, GENESIS)
    position, head = cast(tuple[int, bytes], row)
    return Head(epoch, position, head)


def command_digest(command_id: str, body_hash: bytes, position: int, answer: bytes) -> bytes:
    """Guards a commands row, which no chain covers, against bit rot."""
    text = command_id.encode()
    digest = hashlib.sha256(b"countertop.command.v1\0")
    for part in (text, body_hash, answer):
        digest.update(len(part).to_bytes(4, "big"))
        digest.update(part)
    digest.update(position.to_bytes(8, "big"))
    return digest.digest()


def verify_everything(
    db: apsw.Connection, path: Path, store_id: str, progress: Progress | None = None
) -> Head:
    """Check every record, epoch, checkpoint root, stored answer and page; the head if all is well.

    Raises:
        JournalCorruptError: naming the first bad record.
    """
    total = read_head(db, 0).position
    roots = _stored_roots(db)
    tree = TreeFrontier()
    head = Head(1, 0, GENESIS)
    for record, digest in read_chained(db, path, store_id, 0, -1):
        _check_epoch(path, head, record)
        tree.append(digest)
        if roots.pop(record.position, None) not in (None, tree.root()):
            raise JournalCorruptError(path, record.position, "the checkpoint there differs")
        head = Head(record.epoch, record.position, digest)
        if progress and record.position % _PROGRESS_EVERY == 0:
            progress(record.position, total)
    if roots:
        raise JournalCorruptError(path, head.position + 1, "a checkpoint covers it, it is missing")
    _verify_commands(db, path, head.position)
    _verify_pages(db, path)
    if progress:
        progress(total, total)
    return head


def _stored_roots(db: apsw.Connection) -> dict[int, bytes]:
    rows = db.execute("SELECT tree_size, root FROM checkpoints").fetchall()
    return dict(cast(list[tuple[int, bytes]], rows))


def _check_epoch(path: Path, before: Head, record: Record) -> None:
    if record.epoch == before.epoch:
        return
    if record.epoch < before.epoch:
        raise JournalCorruptError(path, record.position, "its epoch is older than the one before")
    if record.name != RESTORED:
        raise JournalCorruptError(path, record.position, f"a new epoch begins without {RESTORED}")


def _verify_commands(db: apsw.Connection, path: Path, last: int) -> None:
    rows = db.execute("SELECT id, body_hash, position, answer, digest FROM commands")
    try:
        for row in rows:
            _verify_command(path, cast(tuple[Any, ...], row), last)
    except DAMAGED as error:
        raise JournalCorruptError(path, None, str(error)) from None


def _verify_command(path: Path, row: tuple[Any, ...], last: int) -> None:
    if tuple(map(type, row)) != (str, bytes, int, bytes, bytes) or row[2] < 0:
        raise JournalCorruptError(path, None, "an answer's row is not what it must be")
    command_id, body_hash, position, answer, digest = row
    if command_digest(command_id, body_hash, position, answer) != digest:
        raise JournalCorruptError(path, position, f"the answer to {command_id} was changed")
    if position > last:
        raise JournalCorruptError(path, last + 1, f"{command_id} was answered beyond the end")


def _verify_pages(db: apsw.Connection, path: Path) -> None:
    found = [cast(tuple[str], row)[0] for row in db.execute("PRAGMA integrity_check(1)")]
    if found != ["ok"]:
        raise JournalCorruptError(path, None, found[0])
