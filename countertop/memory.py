"""What memory the C library keeps of what was given back, what is searched for garbage, in how
large pages memory is, and whether there is more."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import mmap
import re
import sys
from pathlib import Path

_MMAP_THRESHOLD = -3
_BLOCK_BYTES = 1 << 20
_LARGE_PAGE_BYTES = 2 << 20
_MADV_COLLAPSE = 25
_ROOM_BYTES = 1 << 20
_MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw-p \S+ \S+ 0 *(?:\[heap\])?", re.ASCII)


def give_back_large_blocks() -> None:
    """Have blocks of a megabyte and more go back to the system the moment they are freed.

    glibc raises that bound to the largest block it has seen freed and then keeps such blocks, for
    each thread its own: one hash of a PIN takes 19 MiB, and after fifty sign-ons a store held
    hundreds of megabytes of nothing. Elsewhere than on glibc this does nothing.
    Source: mallopt(3), M_MMAP_THRESHOLD.
    """
    if sys.platform != "linux":
        return
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _BLOCK_BYTES)


def keep_collections_short() -> None:
    """Take what the program is made of out of the garbage collector's sight; call once it is up.

    A full collection otherwise walks every class and function of it, a hundred thousand objects
    and up to 80 ms, while every register waits. What comes later is collected as before.
    """
    gc.collect()
    gc.freeze()


def use_large_pages() -> int:
    """Put what is in memory now into pages of two megabytes; how many. Call once, on a thread.

    A payment comes after a pause and touches a little of everything; in pages of four kilobytes the
    processor first has to find each of them, and in a virtual machine that takes two walks. It
    asks for nothing that is not there: where the system has no such pages, nothing happens.
    Source: madvise(2), MADV_COLLAPSE.
    """
    if sys.platform != "linux":
        return 0
    try:
        madvise = ctypes.CDLL(None).madvise
        rows = Path("/proc/self/maps").read_text().splitlines()
    except (AttributeError, OSError):
        return 0
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    done = 0
    for found in filter(None, map(_MAPPING.fullmatch, rows)):
        begin, end = (int(found[which], 16) for which in (1, 2))
        first = -(-begin // _LARGE_PAGE_BYTES) * _LARGE_PAGE_BYTES
        for address in range(first, end - _LARGE_PAGE_BYTES + 1, _LARGE_PAGE_BYTES):
            done += madvise(address, _LARGE_PAGE_BYTES, _MADV_COLLAPSE) == 0
    return done


def has_room() -> bool:
    """Whether the system would give a megabyte; it is given back untouched."""
    try:
        mmap.mmap(-1, _ROOM_BYTES).close()
    except (OSError, MemoryError):
        return False
    return True
