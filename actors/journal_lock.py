"""Who holds a journal and how much room its disk has: the lock file and the reserve file."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

from attrs import define, field

from actors.disk import SYSTEM_DISK, Disk, FileHeldError
from actors.journal_schema import JournalHeldError, beside

RESERVE_BYTES = 64 * 1024 * 1024
LOW_WATER_BYTES = 32 * 1024 * 1024


class JournalLock:
    """The right to write one database: an flock on `<database>.lock`, which names its holder. Of a
    link it is that of the file, so one journal is held once, whatever it is called.

    The kernel drops the lock with the process, so a killed server leaves nothing to clean up; the
    file's text is only for people.
    """

    def __init__(self, database: Path, *, since: str, disk: Disk = SYSTEM_DISK) -> None:
        """Take the lock. `since` is the time as text, empty where nobody told it.

        Raises:
            JournalHeldError: another process, or this one a second time, holds it.
            OSError: the lock file cannot be made.
        """
        path = beside(database, ".lock")
        text = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": since})
        self._let_go: Callable[[], None] | None = None
        try:
            self._let_go = disk.hold(path, text.encode() + b"\n")
        except FileHeldError as error:
            raise JournalHeldError(database, _holder_text(error.holder)) from None

    def release(self) -> None:
        """Give the lock back; a second call does nothing."""
        let_go, self._let_go = self._let_go, None
        if let_go is not None:
            let_go()


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
    disk: Disk = SYSTEM_DISK
    _reserved: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._reserved = self.disk.size(self.path) is not None

    def free_bytes(self) -> int:
        """What an ordinary process may still write, in bytes, without the reserve."""
        return self.disk.free_bytes(self.path.parent)

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
        self._reserved = self.disk.reserve(self.path, self.reserve_bytes)
        return self._reserved

    def release(self) -> int:
        """Give the reserve to whoever writes next; the bytes freed, 0 if it was already out."""
        if not self._reserved:
            return 0
        freed = self.disk.size(self.path) or 0
        self.disk.remove(self.path)
        self._reserved = False
        return freed
