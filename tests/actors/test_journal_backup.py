"""Backups of a journal in use, restoring in a new epoch, and snapshots of the books."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from actors import journal_backup, snapshots
from actors.journal import Journal, JournalCorruptError, JournalError, JournalHeldError
from actors.journal_backup import backup, restore, verify_file
from benches.journal import sample_entry
from engine.record import RESTORED
from engine.stamp import Stamp

STAMP = Stamp(1_795_000_000_000_000_000, 0, "2026-11-23")


def _open(path: Path) -> Journal:
    return Journal.open(path, store_id="shop-1", reserve_bytes=0)


def _restore(source: Path, data_dir: Path, *, force: bool = False) -> tuple[int, int, bytes]:
    return restore(
        source,
        data_dir,
        reason="disk replaced",
        operator="owner",
        command_id=f"restore-{data_dir.name}-{force}",
        stamp=STAMP,
        force=force,
    )


def test_a_backup_of_a_journal_in_use_is_one_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches appended while the copy is made are not in it, and it verifies by itself."""
    monkeypatch.setattr("actors.journal_backup._PAGES_A_STEP", 20)
    steps: list[tuple[int, int]] = []
    with _open(tmp_path / "journal.db") as journal:
        journal.append([sample_entry(number) for number in range(1_200)])
        head = journal.head()

        def sell_on(done: int, total: int) -> None:
            steps.append((done, total))
            journal.append([sample_entry(2_000 + len(steps))])

        assert backup(journal.path, tmp_path / "copy.db", sell_on) == head
        assert journal.head().position > 1_200
    assert len(steps) > 9
    assert verify_file(tmp_path / "copy.db") == head
    assert sorted(path.name for path in tmp_path.glob("copy*")) == ["copy.db"]


def test_a_backup_never_overwrites(tmp_path: Path) -> None:
    """An existing destination and a missing source are refused."""
    with _open(tmp_path / "journal.db") as journal:
        journal.append([sample_entry(1)])
        (tmp_path / "copy.db").write_bytes(b"precious")
        with pytest.raises(JournalError, match="exists"):
            backup(journal.path, tmp_path / "copy.db")
        with pytest.raises(JournalError, match="no journal at"):
            backup(tmp_path / "none.db", tmp_path / "other.db")
    assert (tmp_path / "copy.db").read_bytes() == b"precious"


def test_a_restored_backup_begins_a_new_epoch(tmp_path: Path) -> None:
    """Restoring appends where it goes on from and why; the next sale is in the new epoch."""
    with _open(tmp_path / "journal.db") as journal:
        journal.append([sample_entry(number) for number in range(5)])
        backup(journal.path, tmp_path / "copy.db")
        head = journal.head()
    assert _restore(tmp_path / "copy.db", tmp_path / "new")[:2] == (2, 6)
    with _open(tmp_path / "new/journal.db") as journal:
        (record,) = journal.read(5, 10)
        assert (record.epoch, record.name, record.stamp) == (2, RESTORED, STAMP)
        assert record.data == {
            "previous_epoch": 1,
            "previous_position": 5,
            "previous_hash": head.hash.hex(),
            "reason": "disk replaced",
        }
        journal.append([sample_entry(7)])
        assert journal.read(6, 1)[0].epoch == 2
        assert journal.verify_all().position == 7


def test_restoring_over_a_journal_moves_it_aside(tmp_path: Path) -> None:
    """Unforced, nothing changes; forced, the old journal is kept and no epoch is used twice."""
    data_dir = tmp_path / "data"
    with _open(data_dir / "journal.db") as journal:
        journal.append([sample_entry(number) for number in range(5)])
        backup(journal.path, tmp_path / "copy.db")
        with pytest.raises(JournalHeldError):
            _restore(tmp_path / "copy.db", data_dir, force=True)
        journal.append([sample_entry(6)])
        lost = journal.head()
    with pytest.raises(JournalError, match="exists"):
        _restore(tmp_path / "copy.db", data_dir)
    assert verify_file(data_dir / "journal.db") == lost
    assert _restore(tmp_path / "copy.db", data_dir, force=True)[0] == 2
    assert verify_file(data_dir / "journal.db.aside-1") == lost
    (data_dir / "journal.db-wal").write_bytes(b"left over")
    assert _restore(tmp_path / "copy.db", data_dir, force=True)[0] == 3
    assert verify_file(data_dir / "journal.db.aside-1") == lost
    with _open(data_dir / "journal.db") as journal:
        assert journal.verify_all().position == 6


def test_a_linked_journal_is_restored_where_it_lies(tmp_path: Path) -> None:
    """A journal that is a link to another disk stays one: the restored file is on that disk, and
    so is the one that was there, with its log. Where the disk is empty it is put there."""
    data_dir, disk = tmp_path / "data", tmp_path / "disk"
    there, link = disk / "shop.db", data_dir / "journal.db"
    with _open(there) as journal:
        journal.append([sample_entry(number) for number in range(5)])
        backup(journal.path, tmp_path / "copy.db")
        lost = journal.head()
    data_dir.mkdir()
    link.symlink_to(there)
    with pytest.raises(JournalError, match="exists"):
        _restore(tmp_path / "copy.db", data_dir)
    assert _restore(tmp_path / "copy.db", data_dir, force=True)[0] == 2
    there.with_name("shop.db-wal").write_bytes(b"left over")
    for epoch in (3, 1):
        assert link.is_symlink()
        assert [link.name] == sorted(path.name for path in data_dir.iterdir())
        assert verify_file(disk / "shop.db.aside-1") == lost
        assert verify_file(there).position == 6
        if epoch == 3:
            assert _restore(tmp_path / "copy.db", data_dir, force=True)[0] == epoch
            assert b"left over" == (disk / "shop.db.aside-2-wal").read_bytes()
    there.unlink()
    assert _restore(tmp_path / "copy.db", data_dir)[0] == 2
    assert link.is_symlink()
    assert verify_file(link).position == 6


@pytest.mark.parametrize("leads", ["to no disk", "to itself"])
def test_a_journal_linked_to_nowhere_is_not_restored(tmp_path: Path, leads: str) -> None:
    """The disk a link names is not there: nothing is put anywhere else instead, and it is told."""
    data_dir = tmp_path / "data"
    with _open(tmp_path / "journal.db") as journal:
        journal.append([sample_entry(1)])
        backup(journal.path, tmp_path / "copy.db")
    data_dir.mkdir()
    link = data_dir / "journal.db"
    link.symlink_to(link if leads == "to itself" else tmp_path / "not mounted" / "journal.db")
    with pytest.raises(JournalError, match="Nothing was restored"):
        _restore(tmp_path / "copy.db", data_dir, force=True)
    assert [link] == [path for path in data_dir.iterdir() if not path.name.endswith(".lock")]
    assert link.is_symlink()


def test_a_damaged_backup_is_not_restored(tmp_path: Path) -> None:
    """A backup that does not verify leaves the data directory without a journal."""
    with _open(tmp_path / "journal.db") as journal:
        journal.append([sample_entry(number) for number in range(5)])
        backup(journal.path, tmp_path / "copy.db")
    content = (tmp_path / "copy.db").read_bytes()
    (tmp_path / "copy.db").write_bytes(content.replace(b"Sourdough", b"Sourd0ugh"))
    with pytest.raises(JournalCorruptError) as caught:
        _restore(tmp_path / "copy.db", tmp_path / "new")
    assert caught.value.position is not None
    assert not (tmp_path / "new/journal.db").exists()


def test_the_newest_snapshot_of_this_history_is_loaded(tmp_path: Path) -> None:
    """Two are kept; the newest whose record the journal holds is given."""
    with _open(tmp_path / "journal.db") as journal:
        for number in range(4):
            journal.append([sample_entry(number)])
            epoch, position, digest = journal.head()
            snapshots.save(tmp_path / "s", position, epoch, digest, f"state {number}".encode())
        assert len(list((tmp_path / "s").iterdir())) == snapshots.KEEP
        found = snapshots.load_latest(tmp_path / "s", journal.is_ours)
        assert found is not None
        assert (found.position, found.state) == (4, b"state 3")
        snapshots.save(tmp_path / "s", 9, 1, bytes(32), b"another history")
        again = snapshots.load_latest(tmp_path / "s", journal.is_ours)
        assert again == found
        assert snapshots.load_latest(tmp_path / "none", journal.is_ours) is None


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "garbage"])
def test_a_damaged_snapshot_is_passed_over(tmp_path: Path, damage: str) -> None:
    """A bad newest snapshot means the one before it, and with none whole, replay."""
    older = snapshots.save(tmp_path, 1, 1, bytes(32), b"older state")
    newer = snapshots.save(tmp_path, 2, 1, bytes(32), b"newer state")
    for path, expected in ((newer, b"older state"), (older, None)):
        content = path.read_bytes()
        changed = {
            "flip": content[:-1] + bytes([content[-1] ^ 1]),
            "cut": content[:-3],
            "empty": b"",
            "garbage": b"\xff\x00" * 300,
        }
        path.write_bytes(changed[damage])
        found = snapshots.load_latest(tmp_path, lambda *_: True)
        assert (found.state if found else None) == expected


@pytest.mark.parametrize("way", ["backup", "restore"])
def test_a_copy_for_which_there_is_no_room_is_told_of_the_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """A full stick is no fault of the store that is being copied: nobody is told to stop it, nor
    that its journal could not be written, and both files are as they were."""
    source, there = tmp_path / "journal.db", tmp_path / "there"
    there.mkdir()
    with _open(source) as journal:
        journal.append([sample_entry(1)])
    before = source.read_bytes()

    def full(_: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(journal_backup, "_sync", full)
    copy = backup if way == "backup" else _restore
    with pytest.raises(JournalError) as told:
        copy(source, there / "copy.db" if way == "backup" else there)
    words = str(told.value)
    assert "No space left on device" in words
    assert str(there) in words
    assert ("No backup was made" if way == "backup" else "Nothing was restored") in words
    assert "must stop" not in words
    assert source.read_bytes() == before
    assert [path.name for path in there.iterdir() if path.suffix != ".lock"] == []
