"""Ctrl-C while a long run is under way: a sentence, exit code 130, and nothing made up.

Struck within a simulated store, an interrupt would pass for a fault of it: SQLite, a view or an
actor that it happened to strike would fail, and a rule would break that holds. So it is heard
between seeds, or ends the process then and there.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import NoReturn

from attrs import define

INTERRUPTED = 130
GIVEN_UP = "interrupted: what was under way was given up, and no figures were written of it"


@define
class Stopping:
    """Whether somebody asked to stop."""

    is_asked: bool = False


@contextlib.contextmanager
def ends_at_once(words: str) -> Iterator[None]:
    """An interrupt says `words` and ends the process, and those that run seeds for it."""

    def end(number: int, frame: FrameType | None) -> None:
        for child in multiprocessing.active_children():
            child.kill()
        sys.stdout.flush()
        sys.stderr.write(f"\n{words}\n")
        sys.stderr.flush()
        os._exit(INTERRUPTED)

    before = signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def between_seeds() -> Iterator[Stopping]:
    """An interrupt is noted, for whoever looks between two seeds; a second one is heard as before
    this began."""
    stopping = Stopping()

    def note(number: int, frame: FrameType | None) -> None:
        stopping.is_asked = True
        signal.signal(signal.SIGINT, before)
        sys.stderr.write("\nstopping once the seeds under way have ended; again: at once\n")
        sys.stderr.flush()

    before = signal.signal(signal.SIGINT, note)
    try:
        yield stopping
    finally:
        signal.signal(signal.SIGINT, before)


def not_for_us() -> None:
    """For a process that only runs seeds: an interrupt is its parent's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def exit_with(main: Callable[[], int]) -> NoReturn:
    """End the program as `main` says, or with a sentence where an interrupt ended that."""
    try:
        code = main()
    except (KeyboardInterrupt, BaseExceptionGroup) as error:
        if isinstance(error, BaseExceptionGroup) and error.subgroup(KeyboardInterrupt) is None:
            raise
        sys.stdout.flush()
        sys.stderr.write(f"\n{GIVEN_UP}\n")
        code = INTERRUPTED
    sys.exit(code)
