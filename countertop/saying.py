"""What a command line says: lines for whoever reads them, and what becomes of those nobody can."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable

from countertop.errors import UnsaidError


def say(text: str = "") -> None:
    """Have a line read at once, or, without one, what was written and waits to be.

    Raises:
        UnsaidError: there is no room for it; what it tells of is done all the same.
        BrokenPipeError: nobody reads any more.
    """
    try:
        if text:
            sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UnsaidError(
            f"What there was to say could not be written ({error.strerror}). What was done before "
            "stays done. See how things stand before running it again, with room for its words."
        ) from None


def show_progress(what: str, unit: str) -> Callable[[int, int], None]:
    """A line that grows; only on a terminal, and never more than a few times a second."""

    def show(done: int, total: int) -> None:
        if sys.stderr.isatty():
            share = 100 * done // total if total else 100
            sys.stderr.write(f"\r{what}: {share:3d} % ({done:,} of {total:,} {unit})")
            if done >= total:
                sys.stderr.write("\n")
            sys.stderr.flush()

    return show


def nobody_reads() -> bool:
    """Whether it is the standard output that has no reader any more, as before `| head`."""
    watched = select.poll()
    watched.register(sys.stdout.fileno(), 0)
    return any(told & select.POLLERR for _, told in watched.poll(0))


def leave_unsaid() -> None:
    """What cannot be said goes nowhere, or the interpreter would tell of it again as it ends."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
