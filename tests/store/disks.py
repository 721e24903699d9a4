"""Small real disks for tests: file systems of their own, mounted where one may."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

MIB = 1024 * 1024
_BALLAST = "other-files"
_TRIES = 20


def _run(*command: str) -> str:
    """Run a command of the system; why it failed, "" where it did not."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return "" if done.returncode == 0 else done.stderr.strip() or f"exit code {done.returncode}"


@contextlib.contextmanager
def mounted(place: Path, size_mib: int) -> Iterator[Path]:
    """A disk in memory, of that size, at `place` for as long as the block lasts.

    Skips the test where this user may not mount; it runs as root on Linux.
    """
    place.mkdir()
    _or_skip(_run("mount", "-t", "tmpfs", "-o", f"size={size_mib}m", "tmpfs", str(place)))
    try:
        yield place
    finally:
        _unmount(place)


@contextlib.contextmanager
def mounted_ext4(place: Path, size_mib: int) -> Iterator[Path]:
    """A disk with the usual file system, in an image beside `place`; skips as `mounted` does."""
    place.mkdir()
    image = _image(place)
    with image.open("wb") as file:
        file.truncate(size_mib * MIB)
    _or_skip(_run("mkfs.ext4", "-q", str(image)))
    _or_skip(_run("mount", "-o", "loop", str(image), str(place)))
    try:
        yield place
    finally:
        _unmount(place)


def remount(place: Path, how: str) -> None:
    """Make a disk nobody writes to read-only (`ro`), or writable again (`rw`)."""
    _or_skip(_run("mount", "-o", f"remount,{how}", str(place)))


def turn_read_only(place: Path) -> None:
    """Do to a `mounted_ext4` in use what Linux does on an error of the device: nothing more is
    written, and whoever tries is told that it is read-only."""
    _or_skip(_run("mount", "-o", "remount,abort", str(place)))


def mend(place: Path) -> None:
    """Check a disk that turned read-only, and mount it writable again."""
    _unmount(place)
    _run("e2fsck", "-p", str(_image(place)))
    _or_skip(_run("mount", "-o", "loop", str(_image(place)), str(place)))


def _image(place: Path) -> Path:
    return place.with_name(place.name + ".img")


def _or_skip(why: str) -> None:
    if why:
        pytest.skip(f"no disk can be mounted here ({why}); run this test as root on Linux")


def _unmount(place: Path) -> None:
    if _run("umount", str(place)):
        # Something still has a file open: the name goes now, the rest when that ends.
        _run("umount", "-l", str(place))


def free_bytes(disk: Path) -> int:
    """What may still be written."""
    status = os.statvfs(disk)
    return status.f_bavail * status.f_frsize


def leave_free(disk: Path, wanted_bytes: int) -> None:
    """Let other files grow, or shrink, until so much is free."""
    fd = os.open(disk / _BALLAST, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        for _ in range(_TRIES):
            size = max(0, os.fstat(fd).st_size + free_bytes(disk) - wanted_bytes)
            os.ftruncate(fd, size)
            try:
                if size:
                    os.posix_fallocate(fd, 0, size)
                return
            except OSError as error:
                # Somebody else wrote meanwhile; what was not got counts as free again.
                if error.errno != errno.ENOSPC:
                    raise
                os.ftruncate(fd, 0)
    finally:
        os.close(fd)
    raise AssertionError(f"{disk} is written to faster than it can be filled")
