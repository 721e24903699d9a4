"""A file of a disk in memory: what programs see, what the platter holds, what waits in between."""

from __future__ import annotations

import errno
import os
import random
from enum import Enum
from typing import NamedTuple

from attrs import define, field

SECTOR_BYTES = 4096


class Op(Enum):
    """What is asked of the disk, as far as faults care."""

    READ = "read"
    WRITE = "write"
    SYNC = "sync"
    NAME = "name"


class PowerLostError(OSError):
    """The machine is off: nothing can be read or written any more."""

    def __init__(self) -> None:
        super().__init__(errno.EIO, "the power is gone")


class Change(NamedTuple):
    """A write that waits for a sync; no `data` cuts the file off at `offset`."""

    offset: int
    data: bytes | None


@define(eq=False)
class File:
    """One file; its two contents differ by what waits, and by what a failed sync passed over."""

    live: bytearray = field(factory=bytearray)
    durable: bytearray = field(factory=bytearray)
    waiting: list[Change] = field(factory=list)

    def change(self, change: Change) -> None:
        """Do it where programs see it; the platter waits."""
        offset, data = change
        live = self.live
        if data is not None and offset <= len(live):
            live[offset : offset + len(data)] = data
        else:
            apply(live, change)
        self.waiting.append(change)

    def settle(self) -> list[Change]:
        """Take what waits to the platter, as a sync does; what that was."""
        done, self.waiting = self.waiting, []
        durable = self.durable
        for change in done:
            offset, data = change
            if data is not None and offset <= len(durable):
                durable[offset : offset + len(data)] = data
            else:
                apply(durable, change)
        return done

    def fail_sync(self, chance: random.Random) -> None:
        """The system calls the pages clean, whatever became of them, and never writes them again.

        Programs go on seeing them: only the platter knows.
        """
        failed, self.waiting = self.waiting, []
        for change in failed:
            apply_fate(self.durable, change, chance)

    def lose_power(self, chance: random.Random) -> None:
        """Each waiting write is kept, lost, torn or garbled; then only the platter is left."""
        self.fail_sync(chance)
        self.live = bytearray(self.durable)


def apply(content: bytearray, change: Change) -> None:
    """Carry out one change on bytes."""
    offset, data = change
    if data is None:
        del content[offset:]
        return
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


def apply_fate(content: bytearray, change: Change, chance: random.Random) -> None:
    """Carry out a change as a machine does that loses power meanwhile."""
    fate = chance.choice(("kept", "lost", "torn", "garbled"))
    if fate == "lost" or (change.data is None and fate != "kept"):
        return
    if fate == "kept" or change.data is None:
        apply(content, change)
    elif fate == "torn":
        apply(content, Change(change.offset, change.data[: chance.randrange(len(change.data) + 1)]))
    else:
        at = chance.randrange(len(change.data)) if change.data else 0
        length = chance.randrange(1, SECTOR_BYTES)
        noise = chance.randbytes(min(length, len(change.data) - at))
        garbled = change.data[:at] + noise + change.data[at + len(noise) :]
        apply(content, Change(change.offset, garbled))


def no_room() -> OSError:
    """The disk is full."""
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def broken() -> OSError:
    """The disk failed."""
    return OSError(errno.EIO, os.strerror(errno.EIO))
