"""What a process holds in its memory, and what the kernel dumps of it, for a search."""

from __future__ import annotations

import os
import re
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import trio

from tests.canaries import Canaries, Leak

_SPAN = 1 << 24
_PATTERN = Path("/proc/sys/kernel/core_pattern")


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


def dumps_to_files() -> bool:
    """Whether this machine writes a memory dump into the folder its process was in."""
    if not _PATTERN.exists() or "/" in (pattern := _PATTERN.read_text()) or pattern[:1] == "|":
        return False
    return resource.getrlimit(resource.RLIMIT_CORE)[1] == resource.RLIM_INFINITY


def parent_of(pid: int) -> int:
    """Who started a process."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def children_of(pid: int) -> dict[str, int]:
    """The nodes a store started, by name."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
            if b"node" in words and parent_of(int(place.name)) == pid:
                found[words[words.index(b"node") + 1].decode()] = int(place.name)
        except OSError:
            continue
    return found


def _is_over(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


async def dump(pid: int) -> Path:
    """Have a process die, and the kernel write its memory into the folder it is in.

    Only where `dumps_to_files`. The file is named after the process.
    """
    place = Path(f"/proc/{pid}/cwd").resolve()
    resource.prlimit(pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    os.kill(pid, signal.SIGABRT)
    while not _is_over(pid):  # noqa: ASYNC110 - the kernel tells nobody
        await trio.sleep(0.05)
    (found,) = [*place.glob("core"), *place.glob(f"core.{pid}")]
    return found.rename(place / f"dump-{pid}")
