"""The disk of a node: SQLite databases and the small files beside them, behind one interface.

`SystemDisk` is the machine's own. The simulator has one in memory whose unsynced writes get lost,
so whatever must survive a power cut has to go through here.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import apsw

_HOLDER_BYTES_MAX = 1_000


class FileHeldError(Exception):
    """Another process holds the file; `holder` is what it wrote there."""

    def __init__(self, holder: bytes) -> None:
        super().__init__(holder)
        self.holder = holder


class Disk(ABC):
    """Where a node keeps what must outlive it. Every call may raise `OSError`."""

    @abstractmethod
    def connect(self, path: Path, *, readonly: bool = False) -> apsw.Connection:
        """Open the database at `path`, made where it is missing unless `readonly`."""

    @abstractmethod
    def make_folder(self, path: Path, mode: int = 0o777) -> None:
        """Make a folder and those above it; one that is there already is left as it is."""

    @abstractmethod
    def size(self, path: Path) -> int | None:
        """Bytes of a file, None where there is none."""

    @abstractmethod
    def name_count(self, path: Path) -> int:
        """How many names a file has: more than one where others are hard links to it."""

    @abstractmethod
    def names(self, folder: Path) -> list[str]:
        """What lies in a folder, in order; nothing where there is no folder."""

    @abstractmethod
    def read(self, path: Path, limit: int = -1) -> bytes:
        """The first `limit` bytes of a file, all where it is negative.

        Raises:
            FileNotFoundError: there is none.
        """

    @abstractmethod
    def write(self, path: Path, content: bytes, mode: int = 0o644) -> None:
        """Make or replace a file; a power cut may still take it until `sync` has returned."""

    @abstractmethod
    def sync(self, path: Path) -> None:
        """Make a file's content durable."""

    @abstractmethod
    def sync_folder(self, path: Path) -> None:
        """Make the names in a folder durable."""

    @abstractmethod
    def replace(self, source: Path, target: Path) -> None:
        """Give a file another name, in place of whatever has it."""

    @abstractmethod
    def remove(self, path: Path) -> None:
        """Remove a file; a missing one passes."""

    @abstractmethod
    def overwrite(self, path: Path, content: bytes) -> None:
        """Write over a file's own bytes, where they lie, and sync them.

        Raises:
            FileNotFoundError: there is none.
        """

    @abstractmethod
    def hold(self, path: Path, text: bytes) -> Callable[[], None]:
        """Lock a file against others, with `text` in it for people; call the result to let go.

        Raises:
            FileHeldError: somebody has it.
        """

    @abstractmethod
    def free_bytes(self, folder: Path) -> int:
        """What an ordinary process may still write there."""

    @abstractmethod
    def reserve(self, path: Path, size: int) -> bool:
        """Make a file that takes up `size` bytes; False, and no file, where there is no room."""

    def write_durably(self, path: Path, content: bytes, mode: int = 0o644) -> None:
        """Put `content` at `path` as a whole or not at all, synced with its folder."""
        partial = path.with_name(path.name + ".partial")
        self.write(partial, content, mode)
        self.sync(partial)
        self.replace(partial, path)
        self.sync_folder(path.parent)


class SystemDisk(Disk):
    """The machine's file systems; `vfs` names another SQLite file system than the usual one."""

    def __init__(self, vfs: str | None = None) -> None:
        self._vfs = vfs

    def connect(self, path: Path, *, readonly: bool = False) -> apsw.Connection:
        """As `Disk`."""
        flags = apsw.SQLITE_OPEN_URI
        if readonly:
            flags |= apsw.SQLITE_OPEN_READONLY
        else:
            flags |= apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        return apsw.Connection("file:" + quote(str(path.absolute())), flags=flags, vfs=self._vfs)

    def make_folder(self, path: Path, mode: int = 0o777) -> None:
        """As `Disk`."""
        path.mkdir(mode=mode, parents=True, exist_ok=True)

    def size(self, path: Path) -> int | None:
        """As `Disk`."""
        try:
            return path.stat().st_size
        except FileNotFoundError:
            return None

    def name_count(self, path: Path) -> int:
        """As `Disk`."""
        try:
            found = path.stat()
        except FileNotFoundError:
            return 0
        # A folder counts those within it, too; that it is no file is said by who opens it.
        return 1 if stat.S_ISDIR(found.st_mode) else found.st_nlink

    def names(self, folder: Path) -> list[str]:
        """As `Disk`."""
        try:
            return sorted(path.name for path in folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []

    def read(self, path: Path, limit: int = -1) -> bytes:
        """As `Disk`."""
        with path.open("rb") as file:
            return file.read(limit)

    def write(self, path: Path, content: bytes, mode: int = 0o644) -> None:
        """As `Disk`."""
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
        with os.fdopen(fd, "wb") as file:
            file.write(content)
            os.fchmod(fd, mode)

    def sync(self, path: Path) -> None:
        """As `Disk`."""
        _sync(path, os.O_RDONLY)

    def sync_folder(self, path: Path) -> None:
        """As `Disk`."""
        _sync(path, os.O_RDONLY | os.O_DIRECTORY)

    def replace(self, source: Path, target: Path) -> None:
        """As `Disk`."""
        source.replace(target)

    def remove(self, path: Path) -> None:
        """As `Disk`."""
        path.unlink(missing_ok=True)

    def overwrite(self, path: Path, content: bytes) -> None:
        """As `Disk`."""
        with path.open("r+b") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def hold(self, path: Path, text: bytes) -> Callable[[], None]:
        """As `Disk`; the kernel lets go with the process, so a killed one leaves nothing."""
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        with contextlib.ExitStack() as failed:
            failed.callback(os.close, fd)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise FileHeldError(os.pread(fd, _HOLDER_BYTES_MAX, 0)) from None
            try:
                os.ftruncate(fd, 0)
                os.pwrite(fd, text, 0)
            except OSError as error:
                # The lock counts, its text does not: a full disk must not keep a shop from opening.
                if error.errno != errno.ENOSPC:
                    raise
            failed.pop_all()
        return lambda: os.close(fd)

    def free_bytes(self, folder: Path) -> int:
        """As `Disk`."""
        status = os.statvfs(folder)
        return status.f_bavail * status.f_frsize

    def reserve(self, path: Path, size: int) -> bool:
        """As `Disk`."""
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(fd, 0, size)
        except OSError as error:
            path.unlink()
            if error.errno != errno.ENOSPC:
                raise
            return False
        finally:
            os.close(fd)
        return True


def _sync(path: Path, flags: int) -> None:
    fd = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


SYSTEM_DISK = SystemDisk()
