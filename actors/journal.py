"""The journal: all history of one store in one SQLite file, appended in batches, never changed.

Every record is chained to the one before it, one chain over all streams and kinds. A batch is one
transaction and one sync, and what it answers may be released only after `append` has returned. The
class is synchronous; its owner calls it on one thread at a time and never concurrently.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar, cast

import apsw

from actors import journal_read
from actors.checkpoints import (
    EVERY_RECORDS,
    Checkpoint,
    Signer,
    origin_of,
    publish_key,
)
from actors.disk import SYSTEM_DISK, Disk
from actors.journal_batch import Appended, Entry, Transaction, prepare, require_gapless
from actors.journal_lock import LOW_WATER_BYTES, RESERVE_BYTES, DiskSpace, JournalLock
from actors.journal_read import Head, Progress, Sealed, command_digest
from actors.journal_schema import (
    DiskFullError,
    JournalCorruptError,
    JournalError,
    JournalFailedError,
    JournalHeldError,
    JournalReadOnlyError,
    as_journal_error,
    beside,
    configure,
    connect,
    create,
    get_meta,
    identity,
    is_blank,
    migrate,
    require_journal,
    require_one_name,
    require_store_id,
    require_whole,
    set_meta,
    settle_log,
)
from engine.record import Record
from native import CoreError, TreeFrontier

T = TypeVar("T")

TAIL_RECORDS = 1_000
"""How many records at the end are checked at every opening."""

WAL_PAGES = 2_000
"""Beyond this the owner should call `checkpoint_wal` between batches: 8 MB."""

VERSIONS_MAX = 20_000
"""Of so many streams the last version is remembered."""

_EMERGENCY_BYTES = 1024 * 1024


class Journal:
    """Owns the database, its lock and reserve files, the tree's frontier and the signing key."""

    def __init__(
        self, path: Path, db: apsw.Connection, lock: JournalLock, space: DiskSpace
    ) -> None:
        """Used by `open` only."""
        self.path = path
        self.space = space
        self.disk = space.disk
        self.store_id = ""
        self._db = db
        self._lock = lock
        self._signer: Signer | None = None
        self._checkpoint_every = EVERY_RECORDS
        self._head = Head(1, 0, b"")
        self._tree = TreeFrontier()
        self._commands = 0
        self._versions: dict[str, int] = {}
        self._wal_pages = 0
        self._failure: JournalFailedError | None = None

    @staticmethod
    def open(
        path: Path,
        *,
        store_id: str | None = None,
        since: str = "",
        signer: Signer | None = None,
        checkpoint_every: int = EVERY_RECORDS,
        reserve_bytes: int = RESERVE_BYTES,
        low_water_bytes: int = LOW_WATER_BYTES,
        disk: Disk = SYSTEM_DISK,
    ) -> Journal:
        """Open the journal at `path`, or make a new one for `store_id`.

        `since` is the time of starting as text, for whoever is refused the lock. Without a
        `signer` the key is read from, or made in, `keys/journal.ed25519` beside the database, and
        its public half is in `keys/journal.ed25519.pub`. The last records are checked;
        `verify_all` checks all of them.

        Raises:
            JournalHeldError: another server has it open.
            JournalReadOnlyError: the disk or directory cannot be written.
            JournalCorruptError: the file is not what was written; it was kept.
            JournalError: not a journal, another store's, of a newer version, or under two names.
        """
        path = Path(path)
        if store_id is not None:
            require_store_id(store_id)
        with contextlib.ExitStack() as opened:
            try:
                disk.make_folder(path.parent)
                lock = JournalLock(path, since=since, disk=disk)
                opened.callback(lock.release)
                # On the disk of the file itself, where its path is a link.
                space = DiskSpace(beside(path, ".reserve"), reserve_bytes, low_water_bytes, disk)
                if space.free_bytes() < _EMERGENCY_BYTES:
                    space.release()
                require_one_name(path, disk)
                require_whole(path, disk)
                settle_log(path, disk)
                db = connect(path, disk=disk)
                opened.callback(db.close)
                journal = Journal(path, db, lock, space)
                key = None if signer else path.parent / "keys" / "journal.ed25519"
                journal._begin(store_id, may_be_new=key is None or disk.size(key) is None)
                journal._checkpoint_every = checkpoint_every
                journal._signer = signer if key is None else Signer.from_file(key, disk)
                if key is not None:
                    publish_key(key.with_name(key.name + ".pub"), journal.verifier_key(), disk)
                space.restore()
                disk.sync_folder(path.parent)
            except (apsw.Error, OSError, ValueError) as error:
                raise as_journal_error(path, error) from error
            opened.pop_all()
        return journal

    def _begin(self, store_id: str | None, *, may_be_new: bool) -> None:
        db = self._db
        if is_blank(db):
            if not may_be_new:
                # The key is made after the database, so a crash at the first start cannot be it.
                raise JournalCorruptError(
                    self.path, 1, "its signing key is there but the file is missing or empty"
                )
            if store_id is None:
                raise JournalError(
                    f"{self.path} is empty, and to begin a journal a store id is needed. "
                    "Nothing was changed. Restore the latest backup; where there is none, start "
                    "the store once, which begins the journal, and then try again."
                )
            create(db, store_id)
        require_journal(db, self.path)
        configure(db)
        self.store_id, epoch = identity(db, self.path)
        if store_id not in (None, self.store_id):
            raise JournalError(
                f"{self.path} belongs to store {self.store_id}, not to {store_id}. It was not "
                "touched. Name the right data directory or the right store."
            )
        self._wal_pages = 0
        db.set_wal_hook(self._count_wal_pages)
        self._head = journal_read.read_head(db, epoch)
        self._tree = self._load_tree()
        self._check_tail()
        # Only now: a file found damaged, or another store's, is kept as it is.
        migrate(db)
        # Rows are only ever added, so the last row's number is their count.
        row = db.execute("SELECT coalesce(max(rowid), 0) FROM commands").fetchone()
        self._commands = cast(tuple[int], row)[0]

    def _load_tree(self) -> TreeFrontier:
        saved = get_meta(self._db, "frontier")
        try:
            tree = TreeFrontier() if saved is None else TreeFrontier.from_bytes(saved)
        except (CoreError, TypeError) as error:
            raise JournalCorruptError(self.path, None, f"the saved tree: {error}") from None
        if tree.size > self._head.position:
            raise JournalCorruptError(
                self.path,
                self._head.position + 1,
                f"it is missing, a checkpoint covers {tree.size} records",
            )
        rows = self._db.execute(
            "SELECT position, hash FROM records WHERE position > ? ORDER BY position", (tree.size,)
        )
        for position, stored in cast(Iterator[tuple[int, Any]], rows):
            tree.append(journal_read.as_hash(self.path, position, stored))
        if tree.size != self._head.position:
            raise JournalCorruptError(self.path, None, "records are missing before the last one")
        return tree

    def _check_tail(self) -> None:
        after = max(0, self._head.position - TAIL_RECORDS)
        checked = after
        for entry in journal_read.read_sealed(
            self._db, self.path, self.store_id, after, TAIL_RECORDS
        ):
            checked = entry.position
        if checked != self._head.position:
            raise JournalCorruptError(self.path, checked + 1, "it is missing")

    def _count_wal_pages(self, _: apsw.Connection, __: str, pages: int) -> int:
        self._wal_pages = pages
        return apsw.SQLITE_OK

    def append(self, batch: Sequence[Entry]) -> Appended:
        """Store a batch whole and sync it; when this returns, all of it is durable.

        Raises:
            DiskFullError, JournalFailedError: nothing of the batch may be answered, and the
                journal refuses every further call. Never called again; the process ends.
        """
        return self._writing(lambda: self._append(batch))

    def _writing(self, work: Callable[[], T]) -> T:
        self._require_usable()
        try:
            return work()
        except BaseException as error:
            self._failure = _as_failure(self.path, error)
            if isinstance(error, Exception):
                raise self._failure from error
            raise

    def _append(self, batch: Sequence[Entry]) -> Appended:
        first = self._head.position + 1
        rows = prepare(self.store_id, self._head, batch)
        head, every = rows.head, self._checkpoint_every
        with Transaction(self._db):
            versions = require_gapless(batch, self.stream_version)
            rows.insert(self._db)
            for digest in rows.hashes():
                self._tree.append(digest)
            if self._tree.size // every > (first - 1) // every:
                self._write_checkpoint(head.epoch)
        self._head = head
        self._commands += len(rows.commands)
        if len(self._versions) > VERSIONS_MAX:
            self._versions.clear()
        else:
            self._versions |= versions
        return Appended(first, head.position, head.hash, tuple(row[2] for row in rows.commands))

    def stream_version(self, stream: str) -> int:
        """The version of a stream's last record, 0 where it has none."""
        self._require_usable()
        known = self._versions.get(stream)
        if known is None:
            row = self._db.execute(
                "SELECT max(stream_version) FROM records WHERE stream = ?", (stream,)
            ).fetchone()
            known = self._versions[stream] = cast(tuple[int | None], row)[0] or 0
        return known

    def answer_of(self, command_id: str) -> tuple[bytes, bytes] | None:
        """(body hash, answer) of a command that was ever appended, None for an unknown id."""
        row = self._reading(
            lambda: self._db.execute(
                "SELECT body_hash, answer, position, digest FROM commands WHERE id = ?",
                (command_id,),
            ).fetchone()
        )
        if row is None:
            return None
        body_hash, answer, position, digest = cast(tuple[bytes, bytes, int, bytes], row)
        if command_digest(command_id, body_hash, position, answer) != digest:
            raise JournalCorruptError(
                self.path, position, f"the stored answer to {command_id} was changed"
            )
        return body_hash, answer

    def read(self, after_position: int, limit: int) -> list[Record]:
        """Up to `limit` records with a greater position, in order, each checked in the chain.

        Raises:
            JournalCorruptError: naming the first record that is missing or changed.
        """
        self._require_usable()
        if after_position >= self._head.position:
            return []
        records = [
            record
            for record, _ in self._reading(lambda: list(self._chained(after_position, limit)))
        ]
        wanted = max(0, min(limit, self._head.position - after_position))
        if len(records) != wanted:
            raise JournalCorruptError(self.path, after_position + len(records) + 1, "it is missing")
        return records

    def read_sealed(self, after_position: int, limit: int) -> list[Sealed]:
        """As `read`, with the records checked but left unread.

        Raises:
            JournalCorruptError: naming the first record that is missing or changed.
        """
        wanted = max(0, min(limit, self._head.position - after_position))
        found = self._reading(
            lambda: list(
                journal_read.read_sealed(self._db, self.path, self.store_id, after_position, wanted)
            )
        )
        if len(found) != wanted:
            raise JournalCorruptError(self.path, after_position + len(found) + 1, "it is missing")
        return found

    def read_stream(self, stream: str) -> list[Record]:
        """Every record of a stream, by version.

        Raises:
            JournalCorruptError: one was changed or is missing.
        """
        return self._reading(
            lambda: journal_read.read_stream(self._db, self.path, self.store_id, stream)
        )

    def hash_at(self, position: int) -> bytes:
        """The chain hash of a position."""
        return self._reading(lambda: journal_read.hash_at(self._db, self.path, position))

    def is_ours(self, epoch: int, position: int, digest: bytes) -> bool:
        """Whether this journal holds exactly that record; asked of snapshots and anchors."""
        if position == 0 or position > self._head.position:
            return False
        row = self._reading(
            lambda: self._db.execute(
                "SELECT epoch, hash FROM records WHERE position = ?", (position,)
            ).fetchone()
        )
        return row == (epoch, digest)

    def head(self) -> Head:
        """Epoch, position and hash of the last durable record."""
        return self._head

    def verify_all(self, progress: Progress | None = None) -> Head:
        """Check every record, checkpoint, stored answer and page; takes seconds a million records.

        Raises:
            JournalCorruptError: naming the first bad record.
        """
        return self._reading(
            lambda: journal_read.verify_everything(self._db, self.path, self.store_id, progress)
        )

    def checkpoint(self) -> Checkpoint | None:
        """Sign the tree as it is now, at day close for example; None while nothing is stored."""
        if self._head.position == 0:
            return None
        return self._writing(self._checkpoint_now)

    def _checkpoint_now(self) -> Checkpoint:
        with Transaction(self._db):
            self._write_checkpoint(self._head.epoch)
        found = self.last_checkpoint()
        assert found is not None
        return found

    def _write_checkpoint(self, epoch: int) -> None:
        if self._signer is None:
            raise JournalError("the journal has no signing key")
        size, root = self._tree.size, self._tree.root()
        note = self._signer.sign(origin_of(self.store_id, epoch), size, root)
        self._db.execute(
            "INSERT INTO checkpoints (tree_size, root, public_key, note) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (tree_size) DO NOTHING",
            (size, root, self._signer.public_key, note),
        )
        set_meta(self._db, "frontier", self._tree.to_bytes())

    def last_checkpoint(self) -> Checkpoint | None:
        """The newest stored checkpoint, None where there is none yet."""
        row = self._reading(
            lambda: self._db.execute(
                "SELECT tree_size, root, note FROM checkpoints ORDER BY tree_size DESC LIMIT 1"
            ).fetchone()
        )
        return None if row is None else Checkpoint(*cast(tuple[int, bytes, str], row))

    def verifier_key(self) -> str:
        """The public key checkpoints are signed with, as `name+id+key`."""
        if self._signer is None:
            raise JournalError("the journal has no signing key")
        return self._signer.verifier_key(origin_of(self.store_id, self._head.epoch))

    def needs_wal_checkpoint(self) -> bool:
        """Whether the write-ahead log has grown enough to be moved into the database."""
        return self._wal_pages > WAL_PAGES

    def checkpoint_wal(self) -> None:
        """Move the write-ahead log into the database; called between batches.

        A reader in another process may keep part of it back; the next call goes on.

        Raises:
            JournalFailedError: as `append` does.
        """
        self._writing(self._checkpoint_wal)

    def _checkpoint_wal(self) -> None:
        with contextlib.suppress(apsw.BusyError):
            self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        self._wal_pages = 0

    def free_bytes(self) -> int:
        """Free space on the journal's disk, in bytes, without the reserve."""
        return self.space.free_bytes()

    def is_nearly_full(self) -> bool:
        """Whether new orders should be refused so that open ones can still be finished."""
        return self.space.is_nearly_full()

    def release_reserve(self) -> int:
        """Give up the reserve file to finish open orders; the bytes freed."""
        return self.space.release()

    def restore_reserve(self) -> bool:
        """Make the reserve file again once there is room; False while there is not."""
        return self.space.restore()

    def statistics(self) -> dict[str, int]:
        """Figures for metrics: position, epoch, commands, wal_pages, free_bytes."""
        return {
            "position": self._head.position,
            "epoch": self._head.epoch,
            "commands": self._commands,
            "wal_pages": self._wal_pages,
            "free_bytes": self.free_bytes(),
        }

    def close(self) -> None:
        """Close the database and give the lock back; a second call does nothing."""
        with contextlib.suppress(apsw.Error):
            if self._failure is None:
                # Closing the last connection then moves the log into the database; after a
                # failure it must not, because the next opening decides what the log holds.
                self._db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)
        with contextlib.suppress(apsw.Error):
            self._db.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _chained(self, after: int, limit: int) -> Any:
        return journal_read.read_chained(self._db, self.path, self.store_id, after, limit)

    def _reading(self, work: Callable[[], T]) -> T:
        self._require_usable()
        try:
            return work()
        except (apsw.Error, OSError) as error:
            raise as_journal_error(self.path, error) from error

    def _require_usable(self) -> None:
        if self._failure is not None:
            raise self._failure


def _as_failure(path: Path, error: BaseException) -> JournalFailedError:
    if isinstance(error, Exception):
        found = as_journal_error(path, error)
        if isinstance(found, JournalFailedError):
            return found
    return JournalFailedError(path, error)


__all__ = [
    "Appended",
    "DiskFullError",
    "Entry",
    "Head",
    "Journal",
    "JournalCorruptError",
    "JournalError",
    "JournalFailedError",
    "JournalHeldError",
    "JournalReadOnlyError",
]
