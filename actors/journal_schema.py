"""The journal's file: its errors, its tables, its numbered migrations and how it is opened.

One SQLite database in WAL mode with `synchronous=FULL`: a commit returns after the write-ahead log
was synced. `PRAGMA user_version` counts the migrations applied, `application_id` marks the file.
"""

from __future__ import annotations

import contextlib
import errno
import os
import string
from pathlib import Path
from typing import Any, cast

import apsw

from actors.disk import SYSTEM_DISK, Disk
from actors.errors import ToldError

APPLICATION_ID = 0x4354504A
"""ASCII `CTPJ`."""

OLDEST_SQLITE = (3, 51, 3)
"""Earlier versions can lose a WAL page when a reset races a commit (fixed in 3.51.3)."""

_LEAST_BYTES = 512
"""The smallest page SQLite has; a shorter file is passed over as if it were new."""

_NAME_CHARACTERS = frozenset(string.ascii_letters + string.digits + "-_.")

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID",
        """CREATE TABLE records (
            position INTEGER PRIMARY KEY CHECK (position >= 1),
            epoch INTEGER NOT NULL CHECK (epoch >= 1),
            kind TEXT NOT NULL CHECK (kind IN ('live', 'training')),
            stream TEXT NOT NULL,
            stream_version INTEGER NOT NULL CHECK (stream_version >= 1),
            name TEXT NOT NULL,
            command_id TEXT NOT NULL,
            payload BLOB NOT NULL,
            hash BLOB NOT NULL CHECK (length(hash) = 32)
        ) STRICT""",
        "CREATE UNIQUE INDEX records_by_stream ON records (stream, stream_version)",
        """CREATE TABLE commands (
            id TEXT PRIMARY KEY,
            body_hash BLOB NOT NULL,
            position INTEGER NOT NULL,
            answer BLOB NOT NULL,
            digest BLOB NOT NULL CHECK (length(digest) = 32)
        ) STRICT""",
        """CREATE TABLE checkpoints (
            tree_size INTEGER PRIMARY KEY CHECK (tree_size >= 1),
            root BLOB NOT NULL CHECK (length(root) = 32),
            public_key BLOB NOT NULL CHECK (length(public_key) = 32),
            note TEXT NOT NULL
        ) STRICT""",
        """CREATE TRIGGER records_stay BEFORE UPDATE ON records
            BEGIN SELECT RAISE(ABORT, 'journal records are never changed'); END""",
        """CREATE TRIGGER records_remain BEFORE DELETE ON records
            BEGIN SELECT RAISE(ABORT, 'journal records are never deleted'); END""",
    ),
    (
        # REPLACE deletes what is in its way without asking the triggers that guard deletion.
        """CREATE TRIGGER records_once BEFORE INSERT ON records
            WHEN EXISTS (SELECT 1 FROM records WHERE position = NEW.position)
            OR EXISTS (SELECT 1 FROM records
                WHERE stream = NEW.stream AND stream_version = NEW.stream_version)
            BEGIN SELECT RAISE(ABORT, 'journal records are never replaced'); END""",
        """CREATE TRIGGER commands_once BEFORE INSERT ON commands
            WHEN EXISTS (SELECT 1 FROM commands WHERE id = NEW.id)
            OR EXISTS (SELECT 1 FROM commands WHERE rowid = NEW.rowid)
            BEGIN SELECT RAISE(ABORT, 'stored answers are never replaced'); END""",
        """CREATE TRIGGER commands_stay BEFORE UPDATE ON commands
            BEGIN SELECT RAISE(ABORT, 'stored answers are never changed'); END""",
        """CREATE TRIGGER commands_remain BEFORE DELETE ON commands
            BEGIN SELECT RAISE(ABORT, 'stored answers are never deleted'); END""",
    ),
)

DATABASE_ERROR = apsw.Error
"""Whatever SQLite raises, for those who copy a database and know it by nothing else."""

DAMAGED = (apsw.CorruptError, apsw.NotADBError, UnicodeDecodeError)
"""What is raised of a file that is no database any more, or of a text in it that is none."""


class JournalError(ToldError):
    """The journal cannot be used as asked."""


class JournalHeldError(JournalError):
    """Another server holds the database. `holder` says who, `undone` what was not done for that
    and what to do next; a server was not started, unless another command knows better."""

    def __init__(
        self,
        path: Path,
        holder: str,
        undone: str = "This server was not started. Stop the other one, or start this one with "
        "another data directory.",
    ) -> None:
        super().__init__(f"The journal {path} is in use by {holder}. {undone}")
        self.path, self.holder = path, holder


class JournalReadOnlyError(JournalError):
    """The disk or directory does not allow writing; nothing was changed. `undone` is as that of
    `JournalHeldError`."""

    def __init__(
        self,
        path: Path,
        cause: object,
        undone: str = "No sale can be stored, so the server was not started. Make the disk and the "
        "directory writable, then start again.",
    ) -> None:
        super().__init__(f"The journal {path} cannot be written ({cause}). {undone}")
        self.path, self.cause = path, cause


class JournalCorruptError(JournalError):
    """The file is not what was written. `position` is the first bad record, None if unknown."""

    def __init__(self, path: Path, position: int | None, what: str) -> None:
        where = "" if position is None else f" at record {position}"
        super().__init__(
            f"The journal {path} is damaged{where}: {what}. The file was kept as it is and nothing "
            "was written to it. Copy it to a safe place, then restore the latest backup."
        )
        self.position = position


class RecordNotFollowedError(JournalError):
    """The chain holds, and yet the books cannot follow the record at `position`."""

    def __init__(self, path: Path, position: int, name: str, why: str) -> None:
        super().__init__(
            f"Record {position} of the journal {path} ({name}) cannot be followed, although its "
            f"hashes hold: {why}. A newer version wrote it, or it was changed and hashed anew, or "
            "this program has a fault. No books were made of it, and nothing was changed. Install "
            "the newest version; where that cannot follow it either, copy the journal to a safe "
            "place and restore the latest backup that countertop replay follows to its end."
        )
        self.position = position


class JournalFailedError(JournalError):
    """A write failed; what was answered before is safe, what was being written may not be.

    The journal refuses everything from then on: after a failed sync the file's state is known
    only by opening it anew.
    """

    def __init__(self, path: Path, cause: object) -> None:
        super().__init__(
            f"Writing the journal {path} failed ({cause}). The commands being written were not "
            "answered. The server must stop; starting it again restores all it has answered."
        )
        self.path, self.cause = path, cause


class DiskFullError(JournalFailedError):
    """As `JournalFailedError`, because no space was left."""

    def __init__(self, path: Path, cause: object) -> None:
        super().__init__(path, f"the disk is full: {cause}; make room on it first")


def connect(path: Path, *, readonly: bool = False, disk: Disk = SYSTEM_DISK) -> apsw.Connection:
    """Open the database as this project uses it; `readonly` never writes the database itself.

    Raises:
        apsw.Error: as SQLite says.
    """
    require_sqlite()
    db = disk.connect(path, readonly=readonly)
    try:
        db.set_busy_timeout(5_000)
        # A foreign file may hold views and triggers that call functions; ours holds none.
        db.execute("PRAGMA trusted_schema = OFF")
        db.execute("PRAGMA cell_size_check = ON")
        # A file found damaged must stay as it is, so closing does not touch it unless told to.
        db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    except BaseException:
        db.close()
        raise
    return db


def configure(db: apsw.Connection) -> None:
    """Set WAL mode and full syncing; only for a database known to be a journal, or blank."""
    mode = db.pragma("journal_mode", "WAL")
    if mode != "wal":
        raise apsw.CantOpenError(f"WAL mode was refused, the file stays in {mode} mode")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA fullfsync = ON")
    db.execute("PRAGMA checkpoint_fullfsync = ON")
    db.execute("PRAGMA wal_autocheckpoint = 0")
    db.execute("PRAGMA temp_store = MEMORY")


def require_sqlite() -> None:
    """Refuse an SQLite that can lose a page.

    Raises:
        JournalError: older than `OLDEST_SQLITE`.
    """
    found = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if found < OLDEST_SQLITE:
        wanted = ".".join(map(str, OLDEST_SQLITE))
        raise JournalError(
            f"SQLite {apsw.sqlite_lib_version()} is too old for the journal; {wanted} is needed. "
            "Nothing was opened. Install a newer apsw."
        )


def is_blank(db: apsw.Connection) -> bool:
    """Whether the database holds no table yet, as after a crash while it was being made."""
    return bool(
        db.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
        and db.pragma("application_id") == 0
    )


def require_journal(db: apsw.Connection, path: Path) -> None:
    """Refuse a database that is not a journal, or one of a newer version.

    Raises:
        JournalError: as said.
    """
    if db.pragma("application_id") != APPLICATION_ID:
        raise JournalError(
            f"{path} is a database but not a journal. It was not touched. Name the right file."
        )
    version = db.pragma("user_version")
    if version > len(MIGRATIONS):
        raise JournalError(
            f"{path} was written by a newer version (layout {version}, this one knows "
            f"{len(MIGRATIONS)}). It was not touched. Install the newer version."
        )


def migrate(db: apsw.Connection) -> None:
    """Apply the migrations that are missing, all in one transaction."""
    version = db.pragma("user_version")
    if version == len(MIGRATIONS):
        return
    with db:
        for statements in MIGRATIONS[version:]:
            for statement in statements:
                db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def require_one_name(path: Path, disk: Disk = SYSTEM_DISK) -> None:
    """Refuse a journal that is under another name, too. Its log and its lock go by the name it was
    opened by: under the other one nobody would see that it is held, nor, after a crash, what was
    sold last, and both would write over one another.

    Source: sqlite.org/howtocorrupt.html, section 2.4, read 2026-11-29.

    Raises:
        JournalError: it has hard links.
    """
    count = disk.name_count(path)
    if count > 1:
        raise JournalError(
            f"The journal {path} has {count} names on its disk (hard links), and another server "
            "may be using it by another one. This server was not started, and nothing was changed. "
            "See that no server runs on any of them, keep the name that has a file ending in -wal "
            f"beside it, and remove the others: find them with find -samefile {path}."
        )


def require_whole(path: Path, disk: Disk = SYSTEM_DISK) -> None:
    """Refuse what SQLite would take for a new, empty database although something was there.

    Raises:
        JournalCorruptError: less than a header is left, or a log without its database.
    """
    size = disk.size(path) or 0
    if 0 < size < _LEAST_BYTES:
        raise JournalCorruptError(path, 1, f"only {size} bytes are left of the file")
    has_log = bool(disk.size(_log_of(path)))
    if size == 0 and has_log:
        raise JournalCorruptError(path, 1, "the file is missing or empty, its log is not")
    # With a log, a crash may have left the last page half moved; the log then still has it whole.
    if size and not has_log:
        page_bytes = int.from_bytes(disk.read(path, 18)[16:], "big")
        if page_bytes >= _LEAST_BYTES and size % page_bytes:
            raise JournalCorruptError(path, None, "the file ends within a page")


def settle_log(path: Path, disk: Disk = SYSTEM_DISK) -> None:
    """Write the log that a dead process left once more, durably, before it is answered from.

    Its end may be nowhere but in the system's memory: after a kill nobody knows whether the sync
    had ended, and after a sync that failed the system calls the pages clean, so that no later sync
    writes them. A command read back from there would be called durable, and be gone with the power.

    Source: Rebello et al., Can Applications Recover from fsync Failures?, USENIX ATC 2020.
    """
    log = _log_of(path)
    if not disk.size(log):
        return
    content = disk.read(log)
    try:
        # Beside it and then in its place: written over, a power cut could spoil what is safe.
        disk.write_durably(log, content)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        # A full disk has no room beside it, and must not keep open orders from being finished.
        disk.remove(log.with_name(log.name + ".partial"))
        disk.overwrite(log, content)


def beside(database: Path, suffix: str) -> Path:
    """What belongs to a database, as its log does: SQLite keeps it beside the file itself, not
    beside a link to it."""
    # A link that leads round in a circle is told by whoever opens it.
    file = Path(os.path.realpath(database)) if database.is_symlink() else database
    return file.with_name(file.name + suffix)


def _log_of(path: Path) -> Path:
    return beside(path, "-wal")


def create(db: apsw.Connection, store_id: str) -> None:
    """Make the tables of a new journal and move them into the database file itself."""
    configure(db)
    with db:
        migrate(db)
        set_meta(db, "store_id", store_id)
        set_meta(db, "epoch", 1)
    db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)


def get_meta(db: apsw.Connection, key: str) -> Any:
    """A value of the meta table, None where it has none."""
    row = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else cast(tuple[Any], row)[0]


def set_meta(db: apsw.Connection, key: str, value: int | str | bytes) -> None:
    """Put a value into the meta table; the caller holds the transaction."""
    db.execute(
        "INSERT INTO meta (key, value) VALUES (?, ?) "
        "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, value),
    )


def identity(db: apsw.Connection, path: Path) -> tuple[str, int]:
    """(store id, epoch) of a journal.

    Raises:
        JournalCorruptError: they are gone.
    """
    store_id, epoch = get_meta(db, "store_id"), get_meta(db, "epoch")
    if not isinstance(store_id, str) or not isinstance(epoch, int):
        raise JournalCorruptError(path, None, "the store id or the epoch is missing")
    return store_id, epoch


def require_store_id(store_id: str) -> None:
    """Refuse a store id that could not stand in a checkpoint's origin line.

    Raises:
        JournalError: saying what an id may hold.
    """
    if not 1 <= len(store_id) <= 64 or not _NAME_CHARACTERS.issuperset(store_id):
        raise JournalError(
            f"{store_id!r} cannot be a store id: it takes 1 to 64 letters, digits, '-', '_', '.'."
        )


_NOT_THERE = frozenset(
    (
        errno.EROFS,
        errno.EACCES,
        errno.EPERM,
        errno.ENOENT,
        errno.EISDIR,
        errno.ENOTDIR,
        errno.EEXIST,
    )
)


def as_journal_error(path: Path, error: Exception) -> JournalError:
    """What an error while opening or reading means to a person."""
    if isinstance(error, JournalError):
        return error
    if isinstance(error, (*DAMAGED, apsw.SQLError)):
        # Our statements are sound: one that asks for what is not there met a damaged schema.
        return JournalCorruptError(path, None, str(error) or "not an SQLite database")
    if isinstance(error, apsw.ReadOnlyError | apsw.CantOpenError):
        return JournalReadOnlyError(path, error)
    if isinstance(error, apsw.FullError):
        return DiskFullError(path, error)
    if isinstance(error, OSError):
        if error.errno in _NOT_THERE:
            return JournalReadOnlyError(path, error.strerror)
        if error.errno == errno.ENOSPC:
            return DiskFullError(path, error.strerror)
    if isinstance(error, apsw.IOError) and _is_full(path):
        # SQLite has no better word where not a data page but its index of the log found no room.
        return DiskFullError(path, error)
    return JournalFailedError(path, error)


def _is_full(path: Path) -> bool:
    with contextlib.suppress(OSError):
        return os.statvfs(path.parent).f_bavail == 0
    return False
