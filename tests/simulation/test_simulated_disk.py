"""The disk in memory forgets what was not synced, and the journal copes with that."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors import journal as journal_module
from actors.disk import Disk, FileHeldError, SystemDisk
from actors.journal import Journal, JournalFailedError
from benches.journal import sample_entry
from tests.simulation.disk import MemoryDisk
from tests.simulation.files import Op, broken

DATA = Path("/data")


@pytest.fixture
def disk(request: pytest.FixtureRequest) -> Iterator[MemoryDisk]:
    """A disk for one test."""
    made = MemoryDisk(f"memory-{request.node.name}"[:60], random.Random(7))
    yield made
    made.close()


@pytest.mark.parametrize("kind", ["system", "memory"])
def test_small_files_behave_the_same(kind: str, disk: MemoryDisk, tmp_path: Path) -> None:
    """Both disks pass one contract: whole files, names in order, locks, missing files."""
    used: Disk = SystemDisk() if kind == "system" else disk
    folder = tmp_path / "shop"
    used.make_folder(folder)
    assert used.size(folder / "b") is None
    assert [] == used.names(folder / "none")
    used.write_durably(folder / "b", b"second")
    used.write_durably(folder / "a", b"first", 0o600)
    used.write_durably(folder / "b", b"changed")
    assert ["a", "b"] == used.names(folder)
    assert b"chan" == used.read(folder / "b", 4)
    used.overwrite(folder / "b", b"CH")
    assert (b"CHanged", 7) == (used.read(folder / "b"), used.size(folder / "b"))
    let_go = used.hold(folder / "lock", b"me")
    with pytest.raises(FileHeldError):
        used.hold(folder / "lock", b"another")
    let_go()
    used.hold(folder / "lock", b"another")()
    used.remove(folder / "a")
    used.remove(folder / "a")
    with pytest.raises(FileNotFoundError):
        used.read(folder / "a")


def test_what_was_synced_survives_and_the_rest_is_up_to_chance(disk: MemoryDisk) -> None:
    """After many power cuts a durable file is whole, and an unsynced one was kept, lost, spoilt."""
    fates = set()
    disk.write_durably(DATA / "safe", b"s" * 5000)
    for _ in range(60):
        disk.write(DATA / "hasty", b"h" * 5000)
        disk.sync_folder(DATA)
        disk.lose_power()
        disk.start()
        assert b"s" * 5000 == disk.read(DATA / "safe")
        found = disk.read(DATA / "hasty")
        torn = found in (b"", b"h" * len(found))
        fates.add("kept" if len(found) == 5000 and torn else "torn" if torn else "garbled")
        disk.write(DATA / "hasty", b"")
        disk.sync(DATA / "hasty")
    assert fates == {"kept", "torn", "garbled"}


def test_a_name_nobody_synced_may_be_gone(disk: MemoryDisk) -> None:
    """A new file whose folder was not synced is there after a cut or not."""
    seen = set()
    for number in range(40):
        path = DATA / f"new-{number}"
        disk.write(path, b"x")
        disk.sync(path)
        disk.lose_power()
        disk.start()
        seen.add(disk.size(path))
    assert seen == {None, 1}


def _open(disk: MemoryDisk) -> Journal:
    return Journal.open(DATA / "journal.db", store_id="s", reserve_bytes=0, disk=disk)


def _restart(disk: MemoryDisk) -> None:
    disk.stop()
    disk.start()


def _append_with_failing_sync(disk: MemoryDisk, journal: Journal) -> None:
    def before(op: Op, path: str) -> None:
        if op is Op.SYNC:
            disk.before = None
            raise broken()

    disk.before = before
    with pytest.raises(JournalFailedError):
        journal.append([sample_entry(2)])
    journal.close()
    _restart(disk)


def test_what_a_failed_sync_left_is_durable_before_it_is_answered(disk: MemoryDisk) -> None:
    """A batch read back from memory after a failed sync is still there after a power cut."""
    journal = _open(disk)
    journal.append([sample_entry(1)])
    _append_with_failing_sync(disk, journal)
    again = _open(disk)
    position = again.head().position
    assert position == 2, "the system's memory still has it"
    disk.lose_power()
    disk.start()
    with _open(disk) as after:
        assert position == after.head().position
        assert position == after.verify_all().position


def test_without_settling_the_log_a_failed_sync_would_lose_what_was_answered(
    disk: MemoryDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk in memory really has the trap that the step at opening is there for."""
    monkeypatch.setattr(journal_module, "settle_log", lambda path, disk: None)
    lost = 0
    for _ in range(12):
        disk.files.clear()
        disk.kept_names.clear()
        journal = _open(disk)
        journal.append([sample_entry(1)])
        _append_with_failing_sync(disk, journal)
        position = _open(disk).head().position
        disk.lose_power()
        disk.start()
        with _open(disk) as after:
            lost += after.head().position < position
        _restart(disk)
    assert lost
