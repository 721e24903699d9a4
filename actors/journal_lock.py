"""Who holds a journal and how much room its disk has: the lock file and the reserve file."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import socket
from pathlib import Path

from attrs import define, field

from actors.journal_schema import JournalHeldError

RESERVE_BYTES = 64 * 1024 * 1024
LOW_WATER_BYTES = 32 * 1024 * 1024


class JournalLock:
    """The right to write one database: an flock on `<database>.lock`, which names its holder.

    The kernel drops the lock with the process, so a killed server leaves nothing to clean up; the
    file's text is only for people.
    """

    def __init__(self, database: Path, *, since: str) -> None:
        """Take the lock. `since` is the time as text, empty where nobody told it.

        Raises:
            JournalHeldError: another process, or this one a second time, holds it.
            OSError: the lock file cannot be made.
        """
        path = database.with_name(database.name + ".lock")
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            text = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": since})
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, text.encode() + b"\n", 0)
        except BlockingIOError:
            holder = _holder_text(os.pread(self._fd, 1_000, 0))
            os.close(self._fd)
            raise JournalHeldError(database, holder) from None
        except OSError as error:
            # The lock counts, its text does not: a full disk must not keep the shop from opening.
            if error.errno != errno.ENOSPC:
                os.close(self._fd)
                raise

    def release(self) -> None:
        """Give the lock back; a second call does nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _holder_text(text: bytes) -> str:
    try:
        holder = json.loads(text)
        since = f" since {holder['since']}" if holder["since"] else ""
        return f"process {holder['pid']} on {holder['host']}{since}"
    except (ValueError, KeyError, TypeError):
        return "another process that did not say its name"


@define
class DiskSpace:
    """Room on the journal's disk, with a reserve file that can be given up to finish open orders.

    `low_water_bytes` of free space are the point below which no new order should begin.
    """

    path: Path
    reserve_bytes: int = RESERVE_BYTES
    low_water_bytes: int = LOW_WATER_BYTES
    _reserved: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._reserved = self.path.exists()

    def free_bytes(self) -> int:
        """What an ordinary process may still write, in bytes, without the reserve."""
        status = os.statvfs(self.path.parent)
        return status.f_bavail * status.f_frsize

    def is_nearly_full(self) -> bool:
        """Whether new orders should be refused: below the low water mark or the reserve is out."""
        if self.reserve_bytes and not self._reserved:
            return True
        return self.free_bytes() < self.low_water_bytes

    def restore(self) -> bool:
        """Make the reserve where it is missing and there is room for it; False if there is not."""
        if self._reserved or not self.reserve_bytes:
            return True
        if self.free_bytes() < self.reserve_bytes + self.low_water_bytes:
            return False
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(fd, 0, self.reserve_bytes)
        except OSError as error:
            self.path.unlink()
            if error.errno != errno.ENOSPC:
                raise
            return False
        finally:
            os.close(fd)
        self._reserved = True
        return True

    def release(self) -> int:
        """Give the reserve to whoever writes next; the bytes freed, 0 if it was already out."""
        if not self._reserved:
            return 0
        freed = 0
        with contextlib.suppress(FileNotFoundError):
            freed = self.path.stat().st_size
            self.path.unlink()
        self._reserved = False
        return freed
