"""The journal on a disk that fails, in a process that is killed, and with files cut off."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import apsw
import pytest

from actors.disk import SystemDisk
from actors.journal import (
    DiskFullError,
    Journal,
    JournalError,
    JournalFailedError,
    JournalHeldError,
    JournalReadOnlyError,
)
from actors.journal_lock import JournalLock
from actors.journal_schema import as_journal_error
from benches.journal import sample_entry

CHILD = """
import sys
from pathlib import Path
from actors.journal import Journal
from benches.journal import sample_entry
journal = Journal.open(Path(sys.argv[1]), store_id="shop-1", reserve_bytes=0)
number = journal.statistics()["commands"]
while True:
    journal.append([sample_entry(number + n) for n in range(3)])
    number += 3
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
    if number % 15 == 0:
        journal.checkpoint_wal()
"""


class FaultyFile(apsw.VFSFile):
    """Passes on to the real file until the disk's countdown ends."""

    def __init__(self, disk: FaultyDisk, name: Any, flags: list[int]) -> None:
        super().__init__(disk.base, name, flags)
        self._disk = disk

    def xWrite(self, data: bytes, offset: int) -> None:
        """Write, or fail as told."""
        self._disk.count("write")
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:
        """Sync, or fail as told."""
        self._disk.count("sync")
        super().xSync(flags)


class FaultyDisk(apsw.VFS):
    """An SQLite file system whose n-th write or sync, and all after it, raise `error`."""

    def __init__(self, name: str) -> None:
        self.base = apsw.vfs_names()[0]
        self.failing = ""
        self.left = 0
        self.error: type[apsw.Error] = apsw.IOError
        self.after_failure = 0
        super().__init__(name, self.base)

    def arm(self, failing: str, after: int, error: type[apsw.Error]) -> None:
        """Fail the operation once `after` more of its kind have passed."""
        self.failing, self.left, self.error, self.after_failure = failing, after, error, 0

    def count(self, operation: str) -> None:
        """Let one operation pass, or not."""
        if self.failing and self.left == 0:
            self.after_failure += 1
        if operation == self.failing:
            if self.left == 0:
                raise self.error(f"injected {operation} fault")
            self.left -= 1

    def xOpen(self, name: Any, flags: list[int]) -> FaultyFile:
        """Open a file of this disk."""
        return FaultyFile(self, name, flags)


@pytest.fixture
def disk(request: pytest.FixtureRequest) -> Iterator[FaultyDisk]:
    """A faulty disk, registered with SQLite for one test."""
    made = FaultyDisk(f"faulty-{abs(hash(request.node.name))}")
    yield made
    made.unregister()


def _open(path: Path, vfs: str | None = None) -> Journal:
    disk = SystemDisk(vfs)
    return Journal.open(path, store_id="shop-1", reserve_bytes=0, disk=disk, checkpoint_every=5)


def _fail_at(path: Path, disk: FaultyDisk, name: str, arm: Callable[[], None]) -> int | None:
    """Run a fixed script on a disk that fails; how many commands were answered, None if all."""
    acknowledged = 0
    journal = _open(path, name)
    arm()
    try:
        for batch in range(4):
            journal.append([sample_entry(batch * 2), sample_entry(batch * 2 + 1)])
            acknowledged += 2
            journal.checkpoint_wal()
    except JournalFailedError:
        disk.left = 0
        before = disk.after_failure
        with pytest.raises(JournalFailedError):
            journal.append([sample_entry(99)])
        with pytest.raises(JournalFailedError):
            journal.read(0, 10)
        journal.close()
        assert disk.after_failure == before, "a failed journal wrote or synced again"
        return acknowledged
    disk.failing = ""
    journal.close()
    return None


@pytest.mark.parametrize("error", [apsw.IOError, apsw.FullError])
@pytest.mark.parametrize("failing", ["write", "sync"])
def test_a_failing_disk_loses_no_answered_command(
    tmp_path: Path, disk: FaultyDisk, request: pytest.FixtureRequest, failing: str, error: Any
) -> None:
    """Each write and sync in turn fails for ever: no retry, and reopening finds every answer."""
    name = f"faulty-{abs(hash(request.node.name))}"
    failures = 0
    for after in range(500):
        path = tmp_path / f"{after}" / "journal.db"
        answered = _fail_at(path, disk, name, partial(disk.arm, failing, after, error))
        disk.failing = ""
        if answered is None:
            break
        failures += 1
        with _open(path) as journal:
            assert journal.verify_all().position == journal.statistics()["commands"] >= answered
            assert all(
                journal.answer_of(f"bench-{number:08d}") is not None for number in range(answered)
            )
    else:
        pytest.fail("the script never ran to its end")
    assert failures >= (4 if failing == "sync" else 20)


def test_a_full_disk_is_said_as_such(
    tmp_path: Path, disk: FaultyDisk, request: pytest.FixtureRequest
) -> None:
    """No space left is its own error, so that the operator learns what to do."""
    with _open(tmp_path / "journal.db", f"faulty-{abs(hash(request.node.name))}") as journal:
        journal.append([sample_entry(1)])
        disk.arm("write", 0, apsw.FullError)
        with pytest.raises(DiskFullError, match="disk is full"):
            journal.append([sample_entry(2)])


def test_errors_of_the_system_get_the_right_name(tmp_path: Path) -> None:
    """No space, no right and anything else are told apart."""
    full = as_journal_error(tmp_path, OSError(errno.ENOSPC, "No space left on device"))
    denied = as_journal_error(tmp_path, OSError(errno.EACCES, "Permission denied"))
    other = as_journal_error(tmp_path, OSError(errno.EIO, "Input/output error"))
    assert isinstance(full, DiskFullError)
    assert isinstance(denied, JournalReadOnlyError)
    assert type(other) is JournalFailedError


def test_kill_9_loses_no_answered_command(tmp_path: Path) -> None:
    """A process killed while writing, five times over, has kept every command it answered."""
    path = tmp_path / "journal.db"
    last_answered = 0
    for kill in range(5):
        with subprocess.Popen(
            [sys.executable, "-c", CHILD, str(path)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        ) as child:
            assert child.stdout is not None
            for _ in range(7 + 4 * kill):
                last_answered = int(child.stdout.readline())
            os.kill(child.pid, signal.SIGKILL)
            rest = child.stdout.read().split()
            last_answered = int(rest[-1]) if rest else last_answered
        with _open(path) as journal:
            assert journal.statistics()["commands"] >= last_answered
            assert journal.verify_all().position == journal.statistics()["commands"]
            assert journal.answer_of(f"bench-{last_answered - 1:08d}") is not None
    assert last_answered > 100


class NotingDisk(SystemDisk):
    """The machine's disk, with a note of what was synced and opened; `failing` fails its syncs."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[str] = []
        self.failing = False

    def sync(self, path: Path) -> None:
        """Note it, or fail as a dying disk does."""
        if self.failing:
            raise OSError(errno.EIO, "the disk is dying")
        super().sync(path)
        self.noted.append(f"sync {path.name}")

    def connect(self, path: Path, *, readonly: bool = False) -> apsw.Connection:
        """Note it."""
        self.noted.append(f"open {path.name}")
        return super().connect(path, readonly=readonly)


def test_what_a_crash_left_in_the_log_is_made_durable_first(
    tmp_path: Path, disk: FaultyDisk, request: pytest.FixtureRequest
) -> None:
    """Opening writes a dead process's log anew before it reads it: the kernel may never write it.

    After a failed sync its pages count as clean. A repeated command is answered from them, and a
    power cut would then take back what was acknowledged.
    """
    path = tmp_path / "journal.db"
    log = path.with_name("journal.db-wal")
    journal = _open(path, f"faulty-{abs(hash(request.node.name))}")
    journal.append([sample_entry(1)])
    disk.arm("sync", 0, apsw.IOError)
    with pytest.raises(JournalFailedError):
        journal.append([sample_entry(2)])
    disk.failing = ""
    journal.close()
    kept, written = log.read_bytes(), log.stat().st_ino
    machine = NotingDisk()
    machine.failing = True
    with pytest.raises(JournalError):
        Journal.open(path, reserve_bytes=0, disk=machine)
    assert log.read_bytes() == kept, "without its sync nothing stands for the log"
    machine.failing = False
    with Journal.open(path, reserve_bytes=0, disk=machine) as journal:
        assert log.read_bytes() == kept
        assert log.stat().st_ino != written, "the same bytes, on pages nobody calls clean"
        assert journal.verify_all().position == journal.statistics()["commands"] == 2
    first = machine.noted.index("open journal.db")
    assert "sync journal.db-wal.partial" in machine.noted[:first]


def test_a_database_cut_off_is_refused(tmp_path: Path) -> None:
    """A database shorter than its header says is refused, at opening, at every length."""
    path = tmp_path / "journal.db"
    with _open(path) as journal:
        journal.append([sample_entry(number) for number in range(50)])
    content = path.read_bytes()
    for length in (0, 1, 99, *range(511, len(content), 7_001)):
        path.write_bytes(content[:length])
        with pytest.raises(JournalError):
            _open(path)
        assert path.read_bytes() == content[:length]


def test_a_missing_database_is_not_replaced_by_an_empty_one(tmp_path: Path) -> None:
    """With the key or the log still there, a lost database is an error and not a new store."""
    path = tmp_path / "journal.db"
    with _open(path) as journal:
        journal.append([sample_entry(1)])
    path.unlink()
    with pytest.raises(JournalError, match="signing key is there"):
        _open(path)
    other = tmp_path / "other" / "journal.db"
    other.parent.mkdir()
    other.with_name("journal.db-wal").write_bytes(b"frames")
    with pytest.raises(JournalError, match="its log is not"):
        _open(other)


def test_a_log_is_looked_for_beside_the_file_and_not_beside_a_link(tmp_path: Path) -> None:
    """A journal that is a link to another disk is as guarded as one that is a file."""
    there = tmp_path / "disk" / "journal.db"
    there.parent.mkdir()
    there.touch()
    there.with_name("journal.db-wal").write_bytes(b"what was sold")
    link = tmp_path / "journal.db"
    link.symlink_to(there)
    with pytest.raises(JournalError, match="its log is not"):
        Journal.open(link, store_id="shop-1", reserve_bytes=0)


@pytest.mark.parametrize("linked", ["file", "folder"])
def test_a_journal_is_held_by_whatever_name_it_is_opened(tmp_path: Path, linked: str) -> None:
    """A link to the file or to its folder is the same journal, and is written by one server."""
    there = tmp_path / "disk" / "journal.db"
    other = tmp_path / "shop" / "journal.db"
    with Journal.open(there, store_id="shop-1", reserve_bytes=0):
        if linked == "file":
            other.parent.mkdir()
            other.symlink_to(there)
        else:
            other.parent.symlink_to(there.parent)
        with pytest.raises(JournalHeldError) as held:
            JournalLock(other, since="")
        assert str(os.getpid()) in str(held.value)
    JournalLock(other, since="").release()


def test_a_journal_under_two_names_is_opened_by_neither(tmp_path: Path) -> None:
    """Its lock and its log go by the name: a second server under a hard link would not be told, and
    would not see what the log of the other name holds. Once there is one name it opens."""
    path, other = tmp_path / "shop" / "journal.db", tmp_path / "other" / "journal.db"
    other.parent.mkdir()
    with _open(path) as journal:
        journal.append([sample_entry(1)])
        os.link(path, other)
        with pytest.raises(JournalError, match="has 2 names") as told:
            _open(other)
        assert "not started" in str(told.value)
        assert not other.with_name("journal.db-wal").exists()
        journal.append([sample_entry(2)])
    before = other.read_bytes()
    for name in (path, other):
        with pytest.raises(JournalError, match="has 2 names"):
            _open(name)
    assert before == other.read_bytes()
    other.unlink()
    with _open(path) as journal:
        assert journal.verify_all().position == 2


def test_a_journal_whose_disk_is_not_there_is_told_so(tmp_path: Path) -> None:
    """A link to a disk that is not mounted: no sale can be stored, and no writing failed."""
    link = tmp_path / "journal.db"
    link.symlink_to(tmp_path / "not mounted" / "journal.db")
    with pytest.raises(JournalReadOnlyError, match="No such file") as told:
        Journal.open(link, store_id="shop-1", reserve_bytes=0)
    assert "server was not started" in str(told.value)


@pytest.mark.parametrize("there", ["a folder in its place", "a file in its folder's place"])
def test_a_journal_that_cannot_lie_where_it_should_is_told_so(tmp_path: Path, there: str) -> None:
    """Nothing was being written, and no other name of it is to be looked for."""
    path = tmp_path / "data" / "journal.db"
    if there == "a folder in its place":
        path.mkdir(parents=True)
    else:
        path.parent.write_text("")
    with pytest.raises(JournalReadOnlyError, match=r"server was not started") as told:
        Journal.open(path, reserve_bytes=0)
    assert "hard links" not in str(told.value)
