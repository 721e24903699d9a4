"""Snapshots of the books: files that spare a start the long replay, and nothing else.

A snapshot is believed only if the journal still holds exactly the record it was made at; one that
is damaged, cut off or of another history is passed over, and replay does the work instead.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from attrs import frozen

from actors.disk import SYSTEM_DISK, Disk

KEEP = 2
_FORMAT = "countertop.snapshot/1"
_SUFFIX = ".snapshot"
_LONGEST_HEADER_BYTES = 1_000


@frozen
class Snapshot:
    """The books as they were after the record at `position`, which had this epoch and hash."""

    position: int
    epoch: int
    hash: bytes
    state: bytes


def save(
    directory: Path,
    position: int,
    epoch: int,
    digest: bytes,
    state: bytes,
    disk: Disk = SYSTEM_DISK,
) -> Path:
    """Write a snapshot whole or not at all, then remove all but the newest `KEEP`.

    Raises:
        OSError: it could not be written; older ones are still there.
    """
    disk.make_folder(directory)
    header = {
        "format": _FORMAT,
        "position": position,
        "epoch": epoch,
        "hash": digest.hex(),
        "size": len(state),
        "sha256": hashlib.sha256(state).hexdigest(),
    }
    path = directory / f"{epoch:06d}-{position:015d}{_SUFFIX}"
    disk.write_durably(path, json.dumps(header).encode() + b"\n" + state)
    for old in _newest_first(directory, disk)[KEEP:]:
        with contextlib.suppress(OSError):
            disk.remove(old)
    return path


def load_latest(
    directory: Path,
    is_ours: Callable[[int, int, bytes], bool],
    disk: Disk = SYSTEM_DISK,
) -> Snapshot | None:
    """The newest snapshot that is whole and whose (epoch, position, hash) `is_ours` accepts.

    None means: replay from the start. No file here is ever a reason not to open the shop.
    """
    return next((found for _, found in believed(directory, is_ours, disk)), None)


def believed(
    directory: Path, is_ours: Callable[[int, int, bytes], bool], disk: Disk = SYSTEM_DISK
) -> Iterator[tuple[Path, Snapshot]]:
    """Those a start would believe, the newest first."""
    for path in _newest_first(directory, disk):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            snapshot = _read(path, disk)
            if is_ours(snapshot.epoch, snapshot.position, snapshot.hash):
                yield path, snapshot


def _newest_first(directory: Path, disk: Disk) -> list[Path]:
    names = [name for name in disk.names(directory) if name.endswith(_SUFFIX)]
    return [directory / name for name in sorted(names, reverse=True)]


def _read(path: Path, disk: Disk) -> Snapshot:
    line, _, state = disk.read(path).partition(b"\n")
    header = json.loads(line[:_LONGEST_HEADER_BYTES])
    if header["format"] != _FORMAT or header["size"] != len(state):
        raise ValueError("not a whole snapshot of this format")
    if header["sha256"] != hashlib.sha256(state).hexdigest():
        raise ValueError("the state was changed")
    return Snapshot(
        int(header["position"]), int(header["epoch"]), bytes.fromhex(header["hash"]), state
    )
