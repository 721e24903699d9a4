"""How many commands a second the journal makes durable, against what the disk can sync.

`python -m benches.journal [--tiny] [--dir DIR]`: batches of 1, 10 and 100 commands, one record of
about 400 bytes each, next to the rate of plain fdatasync on a preallocated file of the same disk in
the same run. Prints a table, the ratios, and a digest of the content that is the same in every run.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from actors.journal import Entry, Journal
from engine.record import NewRecord
from engine.stamp import Stamp

_STAMP = Stamp(1_795_000_000_000_000_000, 3_600, "2026-11-23")
_BATCHES = (1, 10, 100)
_BLOCK_BYTES = 4_096


@frozen
class Figure:
    """One measurement: `entries` durable commands in `commits` transactions."""

    batch: int
    commits: int
    elapsed_ns: int
    head_hash: bytes

    def commits_per_s(self) -> int:
        """Transactions a second."""
        return self.commits * 1_000_000_000 // max(1, self.elapsed_ns)

    def entries_per_s(self) -> int:
        """Commands a second."""
        return self.commits_per_s() * self.batch


def sample_entry(number: int, *, records: int = 1, answer: bytes = b'{"ok":true}') -> Entry:
    """A command like a scan: `records` facts of about 400 bytes in a stream of their own."""
    command_id = f"bench-{number:08d}"
    facts = tuple(
        NewRecord(
            kind="live",
            stream=f"order/{number}",
            stream_version=version,
            name="sale.line_added/1",
            command_id=command_id,
            operator="operator-1",
            register="register-1",
            stamp=_STAMP,
            data={
                "code": f"{4_000_000_000_000 + number}",
                "item_id": f"item-{number % 997}",
                "line": version,
                "name": "Sourdough loaf, whole grain, 750 g",
                "quantity_milli": 1_000,
                "unit_price_micros": 4_950_000,
            },
        )
        for version in range(1, records + 1)
    )
    return Entry(command_id, hashlib.sha256(command_id.encode()).digest(), answer, facts)


def measure_sync(directory: Path, syncs: int) -> int:
    """fdatasync of a 4 kB block in a preallocated file, in syncs a second."""
    path = directory / "sync.bin"
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.posix_fallocate(fd, 0, 64 * _BLOCK_BYTES)
        os.fsync(fd)
        block = os.urandom(_BLOCK_BYTES)
        begun = time.perf_counter_ns()
        for number in range(syncs):
            os.pwrite(fd, block, (number % 64) * _BLOCK_BYTES)
            os.fdatasync(fd)
        return syncs * 1_000_000_000 // (time.perf_counter_ns() - begun)
    finally:
        os.close(fd)


def measure_append(directory: Path, batch: int, commits: int) -> Figure:
    """Append `commits` batches of `batch` commands to a new journal."""
    path = directory / str(batch) / "journal.db"
    entries = [sample_entry(number) for number in range(batch * (commits + 1))]
    with Journal.open(path, store_id="bench", reserve_bytes=0) as journal:
        # The first commit creates the log; it is not what a running store pays.
        journal.append(entries[:batch])
        begun = time.perf_counter_ns()
        for first in range(batch, len(entries), batch):
            journal.append(entries[first : first + batch])
            if journal.needs_wal_checkpoint():
                journal.checkpoint_wal()
        elapsed_ns = time.perf_counter_ns() - begun
        return Figure(batch, commits, elapsed_ns, journal.head().hash)


@contextlib.contextmanager
def _work_directory(parent: Path | None) -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="countertop-bench-", dir=parent))
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


def report(directory: Path, *, tiny: bool) -> list[str]:
    """Measure everything; the lines to print."""
    commits = 20 if tiny else 1_500
    syncs_per_s = measure_sync(directory, commits)
    lines = [f"fdatasync      {syncs_per_s:>9,} syncs/s     (the disk's own limit)"]
    digest = hashlib.sha256()
    for batch in _BATCHES:
        figure = measure_append(directory, batch, commits if batch < 100 else commits // 2)
        digest.update(figure.head_hash)
        ratio_percent = figure.commits_per_s() * 100 // max(1, syncs_per_s)
        lines.append(
            f"batch of {batch:>4}  {figure.entries_per_s():>9,} commands/s  "
            f"{figure.commits_per_s():>7,} commits/s = {ratio_percent} % of fdatasync"
        )
    lines.append(f"digest {digest.hexdigest()[:16]}")
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="benches.journal", description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="a few commits only")
    parser.add_argument("--dir", type=Path, default=None, help="where to write, for its disk")
    options = parser.parse_args(arguments)
    with _work_directory(options.dir) as directory:
        sys.stdout.write("\n".join(report(directory, tiny=options.tiny)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
