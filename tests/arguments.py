"""What the command lines of the tests take: a number too small, or a file that could not be
written, is refused before hours are spent, and not after them."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path


def whole(least: int) -> Callable[[str], int]:
    """An argparse type: a whole number from `least` on."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            raise argparse.ArgumentTypeError(
                f"{text!r} is no whole number from {least} on; nothing was run"
            )
        return number

    return read


def span(text: str) -> float:
    """An argparse type: a length of time, at least a thousandth of its unit, and no finer."""
    try:
        length = round(float(text), 3)
    except ValueError:
        length = 0.0
    if not (math.isfinite(length) and length > 0):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time of a thousandth or more; nothing was run"
        )
    return length


def shard(text: str) -> tuple[int, int]:
    """An argparse type: one part of several that add up to all, written as `0/4` to `3/4`."""
    try:
        first, every = map(int, text.split("/"))
    except ValueError:
        first, every = 0, 0
    if not 0 <= first < every:
        raise argparse.ArgumentTypeError(
            f"{text} is no shard: 0/4 to 3/4 are the four of four; nothing was run"
        )
    return first, every


def new_file(text: str) -> Path:
    """An argparse type: a file that can be written, as far as can be told without writing it."""
    path = Path(text)
    if path.is_dir() or not path.parent.is_dir():
        raise argparse.ArgumentTypeError(
            f"{text!r} is a folder, or is in none that there is; nothing was run. "
            "Make the folder, or name another file"
        )
    return path
