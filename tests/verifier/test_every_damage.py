"""Every way a record can be damaged is named by the verifier, at the record it happened to."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actors.anchors import AnchorFile, head_of
from actors.journal import Journal
from actors.journal_backup import restore
from benches.journal import sample_entry
from engine.stamp import Stamp
from native import TreeFrontier
from tests.unguarded import take_guards_off
from tests.verifier import damage
from tests.verifier.damage import Sound, connect, judge_flip, offsets_of, sound_journal
from verifier.__main__ import main
from verifier.inputs import CannotCheckError, Head
from verifier.journal import Report, Verification

SAMPLE = 13


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Sound:
    """A journal of fourteen commands, some with two facts and some with none."""
    return sound_journal(tmp_path_factory.mktemp("damage"))


def _first(db: sqlite3.Connection, *heads: Head) -> int | None:
    """The position of the first thing that is wrong, None where nothing is."""
    report = Report("damaged")
    checked = Verification(db, report, keep_leaves=False)
    checked.run(checked.prepare(list(heads), []))
    return report.problems[0]["position"] if report.problems else None


def _edited(sound: Sound, *statements: str) -> sqlite3.Connection:
    """The journal with something done to it by whoever knows SQL."""
    db = connect(sound.data)
    take_guards_off(db)
    for statement in statements:
        db.execute(statement)
    db.commit()
    return db


def _hash(sound: Sound, position: int) -> str:
    return str(sound.reading["records"][position - 1][-1].hex())


def test_the_journal_that_is_damaged_below_is_whole(sound: Sound) -> None:
    """Nothing is found where nothing was done, and the heads of all records fit."""
    heads = (Head(n, _hash(sound, n), "here") for n in range(1, sound.records + 1))
    assert _first(connect(sound.data), *heads) is None
    assert set(damage.TABLES) < set(sound.pages.values())


@pytest.mark.feature("NEW-12", part="one flipped bit is named")
def test_a_flipped_bit_that_a_reader_sees_is_named(sound: Sound) -> None:
    """A sample of all bytes that hold records, answers, checkpoints and their indexes.

    `python -m tests.verifier.damage --bits 8` flips every bit of the whole file.
    """
    flips = [
        judge_flip(sound, at, at // SAMPLE % 8)
        for at in offsets_of(sound, damage.TABLES)
        if at % SAMPLE == 0
    ]
    assert [flip for flip in flips if flip.missed] == []
    assert sum(flip.outcome == "named" for flip in flips) > 500


@pytest.mark.feature("NEW-12", part="one flipped bit is named")
def test_every_byte_of_two_records_is_named(sound: Sound) -> None:
    """Payload and hash of one record in the middle and of the last one, byte by byte."""
    for record in (7, sound.records):
        payload, sealed = sound.reading["records"][record - 1][-2:]
        at = sound.data.index(payload + sealed)
        if judge_flip(sound, at, 0).outcome == "seen by no reader":
            # What lies there first is a remnant of before the page was split.
            at = sound.data.index(payload + sealed, at + 1)
        for offset in range(at, at + len(payload) + len(sealed)):
            flip = judge_flip(sound, offset, offset % 8)
            assert (flip.outcome, flip.missed) == ("named", ""), f"record {record}: {flip}"


@pytest.mark.feature("NEW-12", part="a deleted record is named")
def test_every_deleted_record_is_named(sound: Sound) -> None:
    """Each one alone, whether its command's answer stays or goes with it."""
    for number in range(1, sound.records + 1):
        gone = f"DELETE FROM records WHERE position = {number}"
        assert _first(_edited(sound, gone)) == number
        command = sound.reading["records"][number - 1][6].decode()
        answer = f"DELETE FROM commands WHERE id = '{command}'"
        found = _first(_edited(sound, gone, answer))
        first = min(row[0] for row in sound.reading["records"] if row[6].decode() == command)
        assert found == (number if first == number else first)


@pytest.mark.feature("NEW-12", part="a deleted record is named")
def test_a_gap_that_is_closed_up_is_named(sound: Sound) -> None:
    """Moving all later records up by one hides no deleted one: its successor does not fit."""
    for number in range(1, sound.records):
        moved = (
            f"UPDATE records SET position = -position WHERE position > {number}",
            "UPDATE records SET position = -position - 1 WHERE position < 0",
        )
        db = connect(sound.data)
        db.execute("PRAGMA ignore_check_constraints = ON")
        take_guards_off(db)
        db.execute(f"DELETE FROM records WHERE position = {number}")
        for statement in moved:
            db.execute(statement)
        db.commit()
        assert _first(db) == number


@pytest.mark.feature("NEW-12", part="swapped records are named")
def test_every_pair_of_swapped_records_is_named(sound: Sound) -> None:
    """Neighbours and records far apart, by their place or by their content; the first is named."""
    columns = ("epoch", "kind", "name", "command_id", "payload", "hash")
    keep = "CREATE TEMP TABLE old AS SELECT * FROM records WHERE position IN"
    for first in range(1, sound.records):
        for second in {first + 1, sound.records}:
            places = _edited(sound)
            places.execute("PRAGMA ignore_check_constraints = ON")
            for old, new in ((first, -1), (second, first), (-1, second)):
                places.execute("UPDATE records SET position = ? WHERE position = ?", (new, old))
            places.commit()
            assert _first(places) == first
            contents = _edited(
                sound,
                f"{keep} ({first}, {second})",
                *(
                    f"UPDATE records SET {column} = (SELECT {column} FROM old WHERE old.position = "
                    f"{first + second} - records.position) WHERE position IN ({first}, {second})"
                    for column in columns
                ),
            )
            assert _first(contents) == first


def _cut(sound: Sound, last: int) -> tuple[str, ...]:
    """What a forger does to end a journal earlier without leaving a trace in it."""
    sizes = [row[0] for row in sound.reading["checkpoints"] if row[0] <= last]
    tree = TreeFrontier()
    for number in range(1, (sizes[-1] if sizes else 0) + 1):
        tree.append(bytes.fromhex(_hash(sound, number)))
    saved = f"UPDATE meta SET value = x'{tree.to_bytes().hex()}' WHERE key = 'frontier'"
    return (
        f"DELETE FROM records WHERE position > {last}",
        f"DELETE FROM commands WHERE position > {last}",
        f"DELETE FROM checkpoints WHERE tree_size > {last}",
        saved if sizes else "DELETE FROM meta WHERE key = 'frontier'",
    )


@pytest.mark.feature("NEW-12", part="a truncated record is named")
def test_every_cut_tail_is_named_by_what_was_anchored(sound: Sound) -> None:
    """Cut with all that would tell in the file, it is missed by any head of beyond the cut."""
    ends = {row[3] for row in sound.reading["commands"]}
    for last in range(sound.records):
        cut = _cut(sound, last)
        assert _first(_edited(sound, *cut[:1])) == last + 1
        for seen in (last + 1, sound.records):
            head = Head(seen, _hash(sound, seen)[:8], "paper")
            found = _first(_edited(sound, *cut), head)
            # Within a command the cut also leaves facts without their answer.
            own = [r[0] for r in sound.reading["records"] if r[0] > 0]
            assert found in (last + 1, *([] if last in ends else own[:last]))
        if last in ends:
            assert _first(_edited(sound, *cut)) is None, "no file can show what it never had"


def test_a_file_that_ends_early_is_never_accepted(
    sound: Sound, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cut at any page and within pages; what can still be read is read, and the rest is missed."""
    path = tmp_path / "journal.db"
    for size in range(0, len(sound.data), 1_365):
        path.write_bytes(sound.data[:size])
        assert main([str(path)]) != 0, f"{size} bytes"
        assert "Traceback" not in capsys.readouterr().err


@pytest.fixture
def open_journal(tmp_path: Path) -> Any:
    """A journal in use, whose newest records are in its log."""
    with Journal.open(tmp_path / "use" / "journal.db", store_id="shop-1", reserve_bytes=0) as used:
        used.append([sample_entry(number) for number in range(4)])
        used.checkpoint_wal()
        for number in range(4, 9):
            used.append([sample_entry(number)])
        yield used


def test_a_log_that_is_damaged_loses_nothing_unnamed(
    open_journal: Journal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """SQLite drops a damaged log's end without a word; an anchor names the first record lost."""
    head = open_journal.head()
    copy = tmp_path / "copy" / "journal.db"
    copy.parent.mkdir()
    shutil.copy(open_journal.path, copy)
    log = Path(f"{open_journal.path}-wal").read_bytes()
    anchored = f"{head.position}·{head.hash.hex()[:8]}"
    kept = []
    for at in range(0, len(log), 1_201):
        flipped = bytearray(log)
        flipped[at] ^= 16
        copy.with_name("journal.db-wal").write_bytes(flipped)
        code = main([str(copy), "--head", anchored, "--json"])
        report = json.loads(capsys.readouterr().out)
        assert code == (0 if report["records"] == head.position else 1)
        if code:
            assert report["problems"][0]["position"] == report["records"] + 1
        kept.append(report["records"])
    assert min(kept) < head.position


# ------------------------------------------------------------------------------------ anchor files


def _report(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, Any]]:
    code = main([*map(str, arguments), "--json"])
    out = capsys.readouterr().out
    return code, json.loads(out) if out else {}


@pytest.fixture
def anchored(open_journal: Journal, tmp_path: Path) -> tuple[Journal, Path]:
    """A journal and the anchor of its head in a node's file."""
    head = head_of(open_journal)
    assert head is not None
    file = AnchorFile(tmp_path / "anchors", "devices")
    file.load()
    file.keep(head)
    return open_journal, file.path


def test_a_nodes_anchor_is_held_against_the_journal(
    anchored: tuple[Journal, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """It agrees while the journal goes on, and counts as one anchored head."""
    journal, anchor = anchored
    assert _report(capsys, journal.path, "--anchor", anchor)[1]["anchors"] == 1
    journal.append([sample_entry(50)])
    code, report = _report(capsys, journal.path, "--anchor", anchor)
    assert (code, report["anchors"], report["problems"]) == (0, 1, [])


def test_a_restore_is_explained_by_the_anchor(
    anchored: tuple[Journal, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Records that a restore left out are named as such, short of the end or beyond it."""
    journal, anchor = anchored
    early = tmp_path / "early" / "journal.db"
    with Journal.open(early, store_id="shop-1", reserve_bytes=0) as begun:
        begun.append([sample_entry(number) for number in range(4)])
    restore(
        early,
        tmp_path / "new",
        reason="test",
        operator="owner",
        command_id="restore-1",
        stamp=Stamp(1, 0, "2026-11-25"),
    )
    restored = tmp_path / "new" / "journal.db"
    for first in (60, 80):
        code, report = _report(capsys, restored, "--anchor", anchor)
        assert (code, report["problems"][0]["position"]) == (1, 5)
        assert "records 5-9 of epoch 1 are missing" in report["problems"][0]["what"]
        with Journal.open(restored, reserve_bytes=0) as goes_on:
            goes_on.append([sample_entry(number) for number in range(first, first + 9)])
    printed = f"9·{journal.hash_at(9).hex()[:8]}"
    code, report = _report(capsys, restored, "--head", printed)
    assert (code, report["problems"][0]["position"]) == (1, 9)
    assert "in the restore at record 5" in report["problems"][0]["what"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data[:-9], "cannot be read"),
        (lambda data: data.replace(b'"position":9', b'"position":7'), "check sum"),
        (lambda data: b"", "cannot be read"),
        (lambda data: b"[]", "cannot be read"),
    ],
)
def test_a_damaged_anchor_is_not_held_against_anything(
    anchored: tuple[Journal, Path],
    capsys: pytest.CaptureFixture[str],
    change: Callable[[bytes], bytes],
    words: str,
) -> None:
    """It is named, nothing is checked, and the exit code says so."""
    journal, anchor = anchored
    anchor.write_bytes(change(anchor.read_bytes()))
    assert main([str(journal.path), "--anchor", str(anchor)]) == 2
    assert words in capsys.readouterr().err


def test_another_stores_anchor_is_not_held_against_a_journal(
    anchored: tuple[Journal, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The wrong file was named: that is no finding."""
    other = tmp_path / "other" / "journal.db"
    with Journal.open(other, store_id="shop-2", reserve_bytes=0) as journal:
        journal.append([sample_entry(number) for number in range(9)])
    assert main([str(other), "--anchor", str(anchored[1])]) == 2
    assert "belongs to store shop-1" in capsys.readouterr().err


def test_what_is_no_journal_at_all_is_said(sound: Sound) -> None:
    """A journal without its own name or epoch is not checked."""
    db = _edited(sound, "DELETE FROM meta WHERE key = 'store_id'")
    with pytest.raises(CannotCheckError):
        _first(db)
    changed = _edited(sound, "UPDATE meta SET value = 2 WHERE key = 'epoch'")
    assert _first(changed) == sound.records
