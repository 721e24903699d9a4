"""What the whole process holds, the floor and other C in it, which Python's own counter cannot see.

Linux tells the most a process held in pages since it was told to begin anew, and the most it ever
laid out, which a length that is only claimed makes larger without touching a page.

Source: proc(5), `/proc/pid/clear_refs` (5, since Linux 4.0) and `/proc/pid/status`; malloc_trim(3).
"""

from __future__ import annotations

import ctypes
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from attrs import define, frozen

_STATUS = Path("/proc/self/status")
_BEGIN_ANEW = Path("/proc/self/clear_refs")
_FENCE_BYTES = 2 << 30


@frozen
class _Sizes:
    """In bytes: pages now and at most, addresses laid out now and at most."""

    held: int
    held_most: int
    laid_out: int
    laid_out_most: int


@define
class Weight:
    """The most memory that was `held` and `claimed` at once, above what there was before.

    Of what was claimed only that is seen that goes beyond the most this process ever laid out.
    """

    held_bytes: int = 0
    claimed_bytes: int = 0


def is_measured() -> bool:
    """Whether this system tells; elsewhere nothing is weighed here."""
    return _give_back() is not None


@contextmanager
def weighed() -> Iterator[Weight]:
    """Weigh what happens within; what is told is right after the end.

    Within it the process cannot lay out more than two GiB beyond what it has: whatever runs away
    fails or aborts before the machine has no memory left.
    """
    weight, give_back = Weight(), _give_back()
    if give_back is None:
        yield weight
        return
    # Memory that was freed and kept for later would hide what is taken from it.
    give_back(0)
    _BEGIN_ANEW.write_bytes(b"5")
    before = _sizes()
    try:
        with _fence(before.laid_out + _FENCE_BYTES):
            yield weight
    finally:
        after = _sizes()
        weight.held_bytes = after.held_most - before.held
        if after.laid_out_most > before.laid_out_most:
            weight.claimed_bytes = after.laid_out_most - before.laid_out


def _sizes() -> _Sizes:
    told = dict(line.split(b":", 1) for line in _STATUS.read_bytes().splitlines())
    names = (b"VmRSS", b"VmHWM", b"VmSize", b"VmPeak")
    return _Sizes(*(int(told[name].split()[0]) << 10 for name in names))


@contextmanager
def _fence(most: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    allowed = [limit for limit in (soft, hard, most) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(allowed), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@cache
def _give_back() -> Callable[[int], object] | None:
    """What gives freed memory back to the system, where this one can do all that is needed here."""
    try:
        _BEGIN_ANEW.write_bytes(b"5")
        _sizes()
        trim: Callable[[int], object] = ctypes.CDLL(None).malloc_trim
    except (OSError, KeyError, AttributeError):
        return None
    return trim
