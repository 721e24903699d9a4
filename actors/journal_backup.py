"""Copies of the journal while it is in use, and the way back from one.

A restored backup lacks what was sold after it was made, so it is a fork of the history: it begins
a new epoch, which enters every later hash, and its first record says from where it goes on.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import apsw
import attrs

from actors.checkpoints import sync_directory
from actors.journal_batch import Entry, Transaction, prepare
from actors.journal_lock import JournalLock
from actors.journal_read import Head, Progress, read_head, verify_everything
from actors.journal_schema import (
    JournalError,
    as_journal_error,
    beside,
    configure,
    connect,
    identity,
    migrate,
    require_journal,
    set_meta,
)
from engine.record import JOURNAL_STREAM, RESTORED, NewRecord, Restored
from engine.stamp import Stamp
from engine.wire import canonical

DATABASE_NAME = "journal.db"
_PAGES_A_STEP = 256
_COMPANIONS = ("", "-wal", "-shm")


def backup(source: Path, destination: Path, progress: Progress | None = None) -> Head:
    """Copy a journal, in use or not, as of one moment; verify the copy; the head it holds.

    The copy is one file that needs no other. The signing key and the keys of persons are not in
    it. `progress` is called with pages while copying, then with records while verifying.

    Raises:
        JournalError: the source is no journal, the destination exists, or the copy is not whole.
    """
    if destination.exists():
        raise JournalError(f"{destination} exists. No backup was made. Name a new file.")
    if not source.exists():
        raise JournalError(
            f"There is no journal at {source}. No backup was made. Name the store's data directory."
        )
    partial = destination.with_name(destination.name + ".partial")
    _remove(partial)
    try:
        _copy(source, partial, progress)
        head = verify_file(partial, progress)
        _sync(partial)
        partial.replace(destination)
        sync_directory(destination.parent)
    except (apsw.Error, OSError) as error:
        what = _said(error)
        words = f"{source} could not be copied to {destination} ({what}). No backup was made"
        raise _not_copied(source, words, error) from error
    finally:
        _remove(partial)
    return head


def verify_file(path: Path, progress: Progress | None = None) -> Head:
    """Check a journal file in full without writing it; its head.

    Raises:
        JournalError: not a journal, or damaged: `JournalCorruptError` names the record.
    """
    try:
        with contextlib.closing(connect(path, readonly=True)) as db:
            require_journal(db, path)
            store_id, _ = identity(db, path)
            return verify_everything(db, path, store_id, progress)
    except (apsw.Error, OSError) as error:
        raise as_journal_error(path, error) from error


def restore(
    source: Path,
    data_dir: Path,
    *,
    reason: str,
    operator: str,
    command_id: str,
    stamp: Stamp,
    force: bool = False,
    epoch_min: int = 1,
    progress: Progress | None = None,
    companions: Callable[[], None] | None = None,
) -> Head:
    """Make a backup the journal of `data_dir`, in a new epoch; where it goes on from.

    An existing journal is refused, or with `force` moved aside under a new name, never deleted. Of
    a link the file it names is replaced, and moved aside there: the data stays where it was put.
    The source is copied and stays as it is; it may be the very journal that is moved aside.
    `epoch_min` is for whoever knows of an epoch that neither of the two files has seen.
    `companions` brings what the journal needs beside it, before it is there: a store that found it
    without would make keys of its own, which open no PIN and no name.

    Raises:
        JournalHeldError: a server is running on that directory.
        JournalError: the backup is damaged, a journal is in the way, or its link leads nowhere.
    """
    link = data_dir / DATABASE_NAME
    database, partial = _file_of(link), beside(link, ".restoring")
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = JournalLock(database, since="")
        try:
            if database.exists() and not force:
                raise JournalError(
                    f"{link} exists. Nothing was restored. Restore into another directory, "
                    "or force it: the journal there is then moved aside and kept."
                )
            _remove(partial)
            _copy(source, partial, progress)
            verify_file(partial, progress)
            epoch = max(epoch_min, 1 + max(_epoch_of(partial), _epoch_of(database)))
            entry = _restored_entry(partial, reason, operator, command_id, stamp)
            head = _begin_epoch(partial, epoch, entry)
            _sync(partial)
            if companions is not None:
                companions()
            _move_aside(database)
            partial.replace(database)
            sync_directory(database.parent)
            sync_directory(data_dir)
        finally:
            _remove(partial)
            lock.release()
    except (apsw.Error, OSError) as error:
        words = (
            f"{source} could not be restored into {data_dir} ({_said(error)}). Nothing was "
            "restored; a journal that was there is kept, at its place or as "
            f"{database.name}.aside-1 or later"
        )
        raise _not_copied(source, words, error) from error
    return head


def _file_of(link: Path) -> Path:
    """The file that a journal's name leads to, there or not."""
    file = beside(link, "")
    if file.is_symlink():
        raise JournalError(
            f"{link} is a link that leads round in a circle. Nothing was restored. Remove it, or "
            "make it lead to where the journal is to lie."
        )
    return file


def _said(error: Exception) -> str:
    """What an error says; of a copy SQLite's own words may say "not an error"."""
    if isinstance(error, apsw.FullError):
        return "the disk is full"
    if isinstance(error, apsw.IOError):
        return "the disk cannot be read or written, or allows no file of that size"
    return str(error)


def _not_copied(source: Path, words: str, error: Exception) -> JournalError:
    """What went wrong with a copy. It is no fault of the store that is copied, unless damaged."""
    if isinstance(error, apsw.CorruptError | apsw.NotADBError):
        return as_journal_error(source, error)
    return JournalError(
        f"{words}. See that both disks are there, can be written and have room, then try again."
    )


def _copy(source: Path, destination: Path, progress: Progress | None) -> None:
    with (
        contextlib.closing(connect(source, readonly=True)) as old,
        contextlib.closing(connect(destination)) as new,
    ):
        require_journal(old, source)
        # An open read transaction pins one moment; without it every commit of a busy server would
        # make the copy start again.
        old.execute("BEGIN")
        old.execute("SELECT count(*) FROM meta").fetchall()
        with new.backup("main", old, "main") as copying:
            while not copying.done:
                copying.step(_PAGES_A_STEP)
                if progress:
                    progress(copying.page_count - copying.remaining, copying.page_count)
        old.execute("COMMIT")
        new.pragma("journal_mode", "DELETE")


def _epoch_of(path: Path) -> int:
    if not path.exists():
        return 0
    try:
        with contextlib.closing(connect(path, readonly=True)) as db:
            require_journal(db, path)
            return identity(db, path)[1]
    except (apsw.Error, JournalError):
        # The journal in the way may be the damaged one that is being replaced.
        return 0


def _restored_entry(path: Path, reason: str, operator: str, command_id: str, stamp: Stamp) -> Entry:
    with contextlib.closing(connect(path, readonly=True)) as db:
        head = read_head(db, identity(db, path)[1])
        row = db.execute(
            "SELECT coalesce(max(stream_version), 0) FROM records WHERE stream = ?",
            (JOURNAL_STREAM,),
        ).fetchone()
    fact = NewRecord(
        "live",
        JOURNAL_STREAM,
        1 + int(str(row[0] if row else 0)),
        RESTORED,
        command_id,
        operator,
        "",
        stamp,
        attrs.asdict(Restored(head.epoch, head.position, head.hash.hex(), reason)),
    )
    return Entry(command_id, b"", canonical({"epoch_began": True}), (fact,))


def _begin_epoch(path: Path, epoch: int, entry: Entry) -> Head:
    with contextlib.closing(connect(path)) as db:
        configure(db)
        migrate(db)
        store_id, _ = identity(db, path)
        before = read_head(db, epoch)
        rows = prepare(store_id, before, [entry])
        with Transaction(db):
            set_meta(db, "epoch", epoch)
            rows.insert(db)
        db.pragma("journal_mode", "DELETE")
    return rows.head


def _move_aside(database: Path) -> None:
    number = 1
    while database.with_name(f"{database.name}.aside-{number}").exists():
        number += 1
    # The log first: left beside the restored database it would be taken for that one's.
    for companion in reversed(_COMPANIONS):
        found = database.with_name(database.name + companion)
        if found.exists():
            found.replace(database.with_name(f"{database.name}.aside-{number}{companion}"))


def _remove(partial: Path) -> None:
    for companion in (*_COMPANIONS, "-journal"):
        partial.with_name(partial.name + companion).unlink(missing_ok=True)


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
