"""What memory the C library keeps of what was given back, and what is searched for garbage."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys

_MMAP_THRESHOLD = -3
_BLOCK_BYTES = 1 << 20


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
