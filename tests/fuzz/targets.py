"""What is fuzzed: every decoder that takes bytes from outside, under a name, with its seeds.

A *message* decoder takes its bytes whole, a *stream* decoder in any pieces. Each target says which
errors are its own: anything else it raises, a panic of the floor among it, is a finding.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from attrs import frozen

Pieces = Sequence[bytes]
Seeds = Callable[[], list[bytes]]

DEADLINE_S = 1.0
"""Processor time that one input may take; a small input takes a few milliseconds."""

MEMORY_BYTES_MAX = 8 << 20
"""What one input may make Python hold at once, besides what is in proportion to its size."""


@frozen(slots=False)
class Target:
    """One decoder. `take` gets the pieces and returns something to compare, or None.

    `seeds` are made by the project's own encoders. `hostile` are whole inputs that ask for too
    much: lengths that are only claimed, floods, depths; they may take `hostile_s`.
    """

    name: str
    about: str
    take: Callable[[Pieces], object]
    seeds: Seeds
    allowed: tuple[type[Exception], ...] = ()
    hostile: Seeds = list
    is_stream: bool = False
    hostile_s: float = DEADLINE_S
    memory_bytes_max: int = MEMORY_BYTES_MAX
    slow: bool = False

    @cached_property
    def valid(self) -> tuple[bytes, ...]:
        """The seeds, made once."""
        return tuple(self.seeds())


TARGETS: dict[str, Target] = {}


class UnknownTargetError(Exception):
    """Nobody registered that name; it says which names there are."""


def message(
    seeds: Seeds, **more: Any
) -> Callable[[Callable[[bytes], object]], Callable[[bytes], object]]:
    """Register a function of bytes under its own name; its docstring says what it is, `more` is of
    `Target`."""

    def register(take: Callable[[bytes], object]) -> Callable[[bytes], object]:
        _add(take, lambda pieces: take(b"".join(pieces)), seeds, **more)
        return take

    return register


def stream(
    seeds: Seeds, **more: Any
) -> Callable[[Callable[[Pieces], object]], Callable[[Pieces], object]]:
    """As `message`, for a function of pieces whose outcome must not depend on how they are cut."""

    def register(take: Callable[[Pieces], object]) -> Callable[[Pieces], object]:
        _add(take, take, seeds, is_stream=True, **more)
        return take

    return register


def _add(
    told: Callable[..., object], take: Callable[[Pieces], object], seeds: Seeds, **more: Any
) -> None:
    name, about = told.__name__, (told.__doc__ or "").strip()
    assert name not in TARGETS, f"{name} is registered twice"
    assert about, f"{name} has no docstring"
    TARGETS[name] = Target(name, about, take, seeds, **more)


def named(name: str) -> Target:
    """The target of that name.

    Raises:
        UnknownTargetError: there is none.
    """
    try:
        return TARGETS[name]
    except KeyError:
        raise UnknownTargetError(name) from None


@cache
def scratch() -> Path:
    """A folder of this process for decoders that read files; it goes when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="countertop-fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def fresh_folder(name: str) -> Path:
    """An empty folder within `scratch`."""
    folder = scratch() / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
