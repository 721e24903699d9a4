"""What a process holds in its memory, searched for card numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.canaries import Canaries, Leak

_SPAN = 1 << 24


def _memory(pid: int) -> Iterator[bytes]:
    """Everything a process has in its memory and can write."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if found is None or line.endswith(("[vvar]", "[vsyscall]")):
                continue
            start, end = (int(number, 16) for number in found.groups())
            for at in range(start, end, _SPAN):
                try:
                    memory.seek(at)
                    # A little of the next span too, so that nothing lies between two.
                    yield memory.read(min(_SPAN + 256, end - at))
                except OSError:
                    break


def in_memory(canaries: Canaries, pid: int) -> list[Leak]:
    """Every number in it, as letters or half bytes."""
    where = f"process {pid}"
    return [leak for piece in _memory(pid) for leak in canaries.search_raw(piece, where)]
