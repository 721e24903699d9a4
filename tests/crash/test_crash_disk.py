"""The files a power cut is made of, where a kill came between a change of names and its entry."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest
from attrs import define

from tests.crash.disk import Disk, LogError

OLD, NEW = b"the old anchor", b"the new one"


@define
class Folder:
    """A folder with one file that is safe, and the log of what is asked of it next."""

    root: Path
    disk: Disk
    written: bytes = b""

    @property
    def anchor(self) -> Path:
        return self.root / "store.anchor"

    @property
    def partial(self) -> Path:
        return self.root / "store.anchor.partial"

    def note(self, kind: str, path: Path, rest: bytes = b"") -> None:
        name = str(path).encode()
        entry = kind.encode() + struct.pack("<H", len(name)) + name + rest
        self.written += struct.pack("<I", len(entry)) + entry

    def put(self, content: bytes) -> None:
        """Make the partial file as a store does, and note it."""
        self.partial.write_bytes(content)
        self.note("C", self.partial)
        self.note("W", self.partial, struct.pack("<Q", 0) + content)

    def follow(self) -> None:
        log = self.root.parent / "log"
        log.write_bytes(self.written)
        self.written = b""
        self.disk.follow(log)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """One anchor, safe."""
    root = tmp_path / "anchors"
    root.mkdir()
    (root / "store.anchor").write_bytes(OLD)
    return Folder(root, Disk.adopt(root))


def test_a_rename_that_came_about(folder: Folder) -> None:
    """Nothing differs, and a cut takes either name."""
    folder.put(NEW)
    folder.note("R", folder.partial, str(folder.anchor).encode())
    folder.partial.rename(folder.anchor)
    folder.follow()
    assert folder.disk.differences() == []
    assert folder.disk.under_way() > 0


def test_a_rename_that_was_noted_and_never_came_about(folder: Folder) -> None:
    """Both files are what they were, also where the next process empties the partial one."""
    folder.put(NEW)
    folder.note("R", folder.partial, str(folder.anchor).encode())
    folder.follow()
    assert folder.disk.differences() == []
    folder.note("T", folder.partial, struct.pack("<Q", 0))
    folder.partial.write_bytes(b"")
    folder.follow()
    assert folder.disk.differences() == []
    folder.disk.cut(random.Random(1))
    assert folder.anchor.read_bytes() == OLD


def test_a_process_that_comes_back_in_the_same_life(folder: Folder) -> None:
    """The same where the one that was killed is started again before the log is read."""
    folder.put(NEW)
    folder.note("R", folder.partial, str(folder.anchor).encode())
    folder.note("T", folder.partial, struct.pack("<Q", 0))
    folder.partial.write_bytes(b"")
    folder.follow()
    assert folder.disk.differences() == []


def test_a_file_that_was_made_and_never_noted(folder: Folder) -> None:
    """It is there, empty, and on its way to the platter like any other."""
    folder.partial.touch()
    folder.note("T", folder.partial, struct.pack("<Q", 0))
    folder.follow()
    assert folder.disk.differences() == []
    assert folder.disk.under_way() == 2
    folder.disk = Disk.adopt(folder.root)
    (folder.root / "other").touch()
    folder.follow()
    assert folder.disk.differences() == []


def test_a_removal_that_was_noted_and_never_came_about(folder: Folder) -> None:
    """The file stays what it was."""
    folder.note("U", folder.anchor)
    folder.follow()
    assert folder.disk.differences() == []
    folder.disk.cut(random.Random(1))
    assert folder.anchor.read_bytes() == OLD


def test_a_name_that_was_no_file_of_this_disk(folder: Folder) -> None:
    """A socket's name that goes leaves nothing to put back."""
    folder.note("U", folder.root / "front.ipc")
    folder.follow()
    folder.disk.cut(random.Random(1))
    assert [path.name for path in folder.root.iterdir()] == ["store.anchor"]


def test_a_file_the_shim_did_not_see_is_told(folder: Folder) -> None:
    """What is full and was never noted was not made in the moment of a kill."""
    folder.partial.write_bytes(NEW)
    folder.follow()
    assert folder.disk.differences() == [f"{folder.partial} is there and should not be"]


def test_an_entry_nobody_knows_is_an_error(folder: Folder) -> None:
    """The shim and its reader do not fit."""
    folder.note("X", folder.anchor)
    with pytest.raises(LogError, match="unknown kind 'X'"):
        folder.follow()
