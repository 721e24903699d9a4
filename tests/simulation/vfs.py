"""SQLite's view of a disk in memory: a file system without shared memory, one process a file."""

from __future__ import annotations

import errno
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import apsw

from tests.simulation.files import SECTOR_BYTES, Change, File, Op, PowerLostError

if TYPE_CHECKING:
    from tests.simulation.disk import MemoryDisk


def is_ghost(disk: MemoryDisk, boot: int) -> bool:
    """Whether a process of that boot is gone: what it still does counts for nothing."""
    return disk.is_off or boot != disk.boots


class MemoryVfs(apsw.VFS):
    """SQLite's view of a `MemoryDisk`, for the process that lives now."""

    def __init__(self, disk: MemoryDisk) -> None:
        self._disk = disk
        self._boot = disk.boots
        self.name = f"{disk.name}-{disk.boots}"
        super().__init__(self.name, None)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        """Open or make a file."""
        assert name is not None, "temporary files stay in SQLite's memory"
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        create = bool(flags[0] & apsw.SQLITE_OPEN_CREATE)
        is_new = path not in self._disk.files
        with _AsSqlite(apsw.SQLITE_CANTOPEN):
            file = self._disk.open_file(path, create=create)
        is_log = bool(flags[0] & (apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL))
        flags[1] = flags[0]
        made = MemoryFile(self._disk, path, file, syncs_name=is_new and is_log)
        # SQLite asks for these methods, not for this class, which would want a file system below.
        return cast(apsw.VFSFile, made)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        """Remove a file, durably where asked."""
        if filename not in self._disk.files or is_ghost(self._disk, self._boot):
            return
        with _AsSqlite(apsw.SQLITE_IOERR_DELETE):
            self._disk.remove(Path(filename))
            if syncdir:
                self._disk.sync_folder(Path(filename).parent)

    def xAccess(self, pathname: str, flags: int) -> bool:
        """Whether there is such a file."""
        return pathname in self._disk.files

    def xFullPathname(self, name: str) -> str:
        """Paths are whole already."""
        return name

    def xRandomness(self, numbytes: int) -> bytes:
        """The salts of logs; they only must differ from one log to the next."""
        return random.Random(f"{self._disk.boots}/{self._disk.acts}").randbytes(numbytes)

    def xCurrentTimeInt64(self) -> int:
        """No statement of ours asks for the time."""
        return 0

    def xSleep(self, microseconds: int) -> int:
        """Nobody else has the file, so there is nothing to wait for."""
        return microseconds

    def excepthook(self, *_: object) -> bool:
        """Errors are raised where they happen; what SQLite passes over, it passes over."""
        return True

    def xGetLastError(self) -> tuple[int, str]:
        """No system stands behind this one."""
        return 0, ""


class MemoryFile:
    """An open file of a `MemoryDisk`, as SQLite uses it; it dies with the process that opened it.

    It has no shared memory, so WAL mode works in exclusive locking mode only.
    """

    def __init__(self, disk: MemoryDisk, path: str, file: File, *, syncs_name: bool) -> None:
        self._disk, self._path, self._file = disk, path, file
        self._boot = disk.boots
        self._syncs_name = syncs_name

    def excepthook(self, *_: object) -> bool:
        """Errors while a dead process's files are closed are nobody's."""
        return True

    def xRead(self, amount: int, offset: int) -> bytes:
        """Bytes, fewer at the end of the file."""
        if not is_ghost(self._disk, self._boot):
            with _AsSqlite(apsw.SQLITE_IOERR_READ):
                self._disk.act(Op.READ, self._path)
        return bytes(self._file.live[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:
        """Write, waiting for a sync."""
        disk = self._disk
        if disk.is_off or self._boot != disk.boots:
            return
        change = Change(offset, data)
        if disk.before is None and not disk.is_quiet:
            # Nothing strikes, which is so nearly always, and this is called thousands of times.
            disk.acts += 1
            self._file.change(change)
            return
        try:
            disk.act(Op.WRITE, self._path)
        except OSError as error:
            if isinstance(error, PowerLostError):
                # The power went during this very write: part of it may have got there.
                self._file.waiting.append(change)
            raise _as_sqlite(error, apsw.SQLITE_IOERR_WRITE) from error
        self._file.change(change)

    def xTruncate(self, newsize: int) -> None:
        """Cut off, waiting for a sync."""
        if is_ghost(self._disk, self._boot):
            return
        with _AsSqlite(apsw.SQLITE_IOERR_TRUNCATE):
            self._disk.act(Op.WRITE, self._path)
        self._file.change(Change(newsize, None))

    def xSync(self, flags: int) -> None:
        """Make what waits durable, and a new log's name with it."""
        if is_ghost(self._disk, self._boot):
            return
        with _AsSqlite(apsw.SQLITE_IOERR_FSYNC):
            self._disk.sync_file(self._path, self._file)
            if self._syncs_name:
                self._disk.keep_name(self._path)

    def xFileSize(self) -> int:
        """Bytes."""
        return len(self._file.live)

    def xLock(self, level: int) -> None:
        """There is nobody to lock out."""

    def xUnlock(self, level: int) -> None:
        """Nor to let in."""

    def xCheckReservedLock(self) -> bool:
        """Nobody else has a lock."""
        return False

    def xFileControl(self, op: int, pointer: int) -> bool:
        """Nothing special is known here."""
        return False

    def xSectorSize(self) -> int:
        """As common disks."""
        return SECTOR_BYTES

    def xDeviceCharacteristics(self) -> int:
        """As SQLite supposes of the machine's own: a write spoils nothing beside it."""
        return apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE

    def xClose(self) -> None:
        """Nothing to give back."""


def _as_sqlite(error: OSError, code: int) -> Exception:
    """The error SQLite expects of a file system; where there is no room, that."""
    full = error.errno == errno.ENOSPC
    told: Any = apsw.FullError(str(error)) if full else apsw.IOError(str(error))
    told.extendedresult = apsw.SQLITE_FULL if full else code
    return cast(Exception, told)


class _AsSqlite:
    """Turns an `OSError` into the error SQLite expects of a file system."""

    def __init__(self, code: int) -> None:
        self._code = code

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise _as_sqlite(error, self._code) from error
