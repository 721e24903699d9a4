"""The journal's promises on a disk that works."""

from __future__ import annotations

import os
import sqlite3
import stat
from base64 import b64decode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw
import attrs
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from actors.checkpoints import key_id
from actors.journal import (
    Entry,
    Journal,
    JournalCorruptError,
    JournalError,
    JournalFailedError,
    JournalHeldError,
    JournalReadOnlyError,
)
from benches.journal import main as bench_main
from benches.journal import sample_entry
from engine.record import GENESIS, payload_bytes, record_from_payload
from engine.wire import WireError
from tests.unguarded import take_guards_off


def _open(path: Path, **options: object) -> Journal:
    settings: dict[str, object] = {"store_id": "shop-1", "reserve_bytes": 0, **options}
    return Journal.open(path, **settings)  # type: ignore[arg-type]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A new, empty journal."""
    with _open(tmp_path / "journal.db") as opened:
        yield opened


def _edit(path: Path, *statements: str) -> None:
    db = sqlite3.connect(path)
    take_guards_off(db)
    for statement in statements:
        assert db.execute(statement).rowcount == 1
    db.commit()
    db.close()


def test_a_new_journal_is_at_position_zero(journal: Journal) -> None:
    """A new journal has epoch 1, position 0 and the genesis hash."""
    assert journal.head() == (1, 0, GENESIS)
    assert journal.read(0, 10) == []
    assert journal.statistics()["commands"] == 0
    assert journal.checkpoint() is None


def test_append_numbers_records_without_gaps(journal: Journal) -> None:
    """Positions go on from batch to batch, and each entry learns the position of its answer."""
    first = journal.append([sample_entry(1, records=2), sample_entry(2)])
    second = journal.append([sample_entry(3, records=3)])
    assert (first.first_position, first.last_position, first.positions) == (1, 3, (2, 3))
    assert (second.first_position, second.last_position) == (4, 6)
    assert second.head_hash == journal.head().hash == journal.hash_at(6)
    assert [record.position for record in journal.read(0, 100)] == [1, 2, 3, 4, 5, 6]


def test_read_returns_what_was_appended(journal: Journal) -> None:
    """Records come back equal to what went in, from any position, up to a limit."""
    entries = [sample_entry(number, records=2) for number in range(5)]
    journal.append(entries)
    facts = [fact for entry in entries for fact in entry.records]
    assert journal.read(0, 100) == [fact.at(n, 1) for n, fact in enumerate(facts, 1)]
    assert [record.position for record in journal.read(3, 4)] == [4, 5, 6, 7]
    assert journal.read(10, 5) == []
    assert [record.stream_version for record in journal.read_stream("order/3")] == [1, 2]
    assert journal.read_stream("order/none") == []


def test_an_answer_is_kept_with_the_hash_of_its_body(journal: Journal) -> None:
    """A command id finds its body hash and answer; an unknown id finds nothing."""
    journal.append([sample_entry(1, answer=b"done")])
    body_hash = sample_entry(1).body_hash
    assert journal.answer_of("bench-00000001") == (body_hash, b"done")
    assert journal.answer_of("bench-00000002") is None


def test_each_command_of_a_batch_keeps_its_own_answer(journal: Journal) -> None:
    """Of commands stored together none is answered what another was told."""
    journal.append([sample_entry(number, answer=f"told {number}".encode()) for number in range(3)])
    told = [journal.answer_of(sample_entry(number).command_id) for number in range(3)]
    assert [row and row[1] for row in told] == [b"told 0", b"told 1", b"told 2"]


def test_a_refusal_without_facts_keeps_its_answer(journal: Journal) -> None:
    """An entry without records stores an answer at the position it was computed at."""
    journal.append([sample_entry(1)])
    appended = journal.append([Entry("refused-1", b"h", b"no")])
    assert (appended.first_position, appended.last_position) == (2, 1)
    assert appended.positions == (1,)
    assert journal.answer_of("refused-1") == (b"h", b"no")
    assert journal.statistics()["commands"] == 2


def test_training_and_live_share_one_chain(journal: Journal) -> None:
    """Both kinds take positions from one sequence, and the kind is part of the hash."""
    live = sample_entry(1)
    training = attrs.evolve(
        sample_entry(2), records=(attrs.evolve(sample_entry(2).records[0], kind="training"),)
    )
    journal.append([live, training])
    assert [record.kind for record in journal.read(0, 9)] == ["live", "training"]
    assert journal.verify_all().position == 2
    journal.close()
    _edit(journal.path, "UPDATE records SET kind = 'live' WHERE position = 2")
    with pytest.raises(JournalCorruptError) as caught:
        _open(journal.path)
    assert caught.value.position == 2


def test_reopening_goes_on_where_it_ended(tmp_path: Path) -> None:
    """A closed journal opens at the same head and continues stream, chain and tree."""
    path = tmp_path / "journal.db"
    with _open(path, checkpoint_every=4) as journal:
        journal.append([sample_entry(1, records=7)])
        head = journal.head()
    with _open(path, store_id=None) as journal:
        assert journal.head() == head
        assert journal.store_id == "shop-1"
        assert journal.statistics()["commands"] == 1
        assert journal.stream_version("order/1") == 7
        journal.append([sample_entry(2)])
        journal.checkpoint()
        assert journal.verify_all().position == 8


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(sample_entry(1), id="a command id a second time"),
        pytest.param(attrs.evolve(sample_entry(1), command_id="other"), id="foreign record"),
        pytest.param(
            Entry(
                "bench-00000002",
                b"",
                b"",
                (attrs.evolve(sample_entry(2).records[0], stream_version=2),),
            ),
            id="a stream version left out",
        ),
        pytest.param(
            Entry(
                "bench-00000002",
                b"",
                b"",
                (attrs.evolve(sample_entry(2).records[0], data={"x": object()}),),
            ),
            id="data that is not JSON",
        ),
    ],
)
def test_a_faulty_batch_stores_nothing_and_ends_the_journal(tmp_path: Path, entry: Entry) -> None:
    """A batch the books should never make is rolled back whole, and nothing is taken after it."""
    path = tmp_path / "journal.db"
    with _open(path) as journal:
        journal.append([sample_entry(1)])
        with pytest.raises(JournalFailedError, match="not answered"):
            journal.append([sample_entry(9), entry])
        with pytest.raises(JournalFailedError):
            journal.append([sample_entry(10)])
        with pytest.raises(JournalFailedError):
            journal.answer_of("bench-00000001")
    with _open(path) as journal:
        assert journal.head().position == 1
        assert journal.answer_of("bench-00000009") is None


def test_any_thread_may_carry_a_call(journal: Journal) -> None:
    """The owner's worker threads take turns; none of them owns the connection."""
    for number in range(3):
        with ThreadPoolExecutor(max_workers=1) as thread:
            thread.submit(journal.append, [sample_entry(number)]).result()
            assert thread.submit(journal.verify_all).result().position == number + 1


def test_records_cannot_be_changed_by_sql(journal: Journal) -> None:
    """The tables refuse an update and a delete of a record."""
    journal.append([sample_entry(1)])
    db = apsw.Connection(str(journal.path))
    for statement in ("UPDATE records SET epoch = 2", "DELETE FROM records"):
        with pytest.raises(apsw.ConstraintError, match="never"):
            db.execute(statement)
    db.close()


def test_an_older_journal_gets_the_newer_guards(tmp_path: Path) -> None:
    """A file of the first layout opens with all that it held, and is append-only from then on; one
    that is damaged is left in its layout."""
    path = tmp_path / "journal.db"
    with _open(path) as journal:
        journal.append([sample_entry(1)])
    db = sqlite3.connect(path)
    for name in ("records_once", "commands_once", "commands_stay", "commands_remain"):
        db.execute(f"DROP TRIGGER {name}")
    db.execute("PRAGMA user_version = 1")
    db.close()
    with _open(path) as journal:
        journal.append([sample_entry(2)])
        assert journal.verify_all().position == 2
    db = sqlite3.connect(path)
    for table in ("records", "commands"):
        with pytest.raises(sqlite3.IntegrityError, match="never replaced"):
            db.execute(f"REPLACE INTO {table} SELECT * FROM {table}")
    db.rollback()
    db.execute("PRAGMA user_version = 1")
    db.close()
    _edit(path, "UPDATE records SET payload = x'00' WHERE position = 2")
    with pytest.raises(JournalCorruptError):
        _open(path)
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA user_version").fetchone() == (1,)
    db.close()


def test_a_second_server_is_refused_by_name(tmp_path: Path) -> None:
    """Opening a held journal names the holder's process, host and time; closing frees it."""
    path = tmp_path / "journal.db"
    with _open(path, since="2026-11-23T08:00:00Z"):
        with pytest.raises(JournalHeldError) as caught:
            _open(path)
        assert f"process {os.getpid()} on " in str(caught.value)
        assert "since 2026-11-23T08:00:00Z" in str(caught.value)
        assert "was not started" in str(caught.value)
    _open(path).close()


@pytest.mark.parametrize(
    ("statement", "position"),
    [
        ("UPDATE records SET payload = replace(payload, 'loaf', 'bun') WHERE position = 3", 3),
        ("UPDATE records SET hash = zeroblob(32) WHERE position = 5", 5),
        ("UPDATE records SET name = 'sale.other/1' WHERE position = 2", 2),
        ("UPDATE records SET command_id = 'x' WHERE position = 4", 4),
        ("UPDATE records SET epoch = 2 WHERE position = 6", 6),
        ("DELETE FROM records WHERE position = 4", 4),
        ("DELETE FROM records WHERE position = 1", 1),
    ],
)
def test_a_changed_record_is_named_at_opening(
    tmp_path: Path, statement: str, position: int
) -> None:
    """A record changed or taken out by hand refuses the opening, by its position."""
    path = tmp_path / "journal.db"
    with _open(path) as journal:
        journal.append([sample_entry(number) for number in range(6)])
    statement = statement.replace(
        "replace(payload, 'loaf', 'bun')",
        "CAST(replace(CAST(payload AS TEXT), 'loaf', 'bun') AS BLOB)",
    )
    _edit(path, statement)
    before = path.read_bytes()
    with pytest.raises(JournalCorruptError, match="was kept") as caught:
        _open(path)
    if "DELETE" not in statement:
        assert caught.value.position == position
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE records SET payload = x'7b7d'",
        "UPDATE records SET stream = 'order/elsewhere'",
        "UPDATE records SET stream_version = 9",
        "UPDATE records SET name = 'order.completed/1'",
        "UPDATE records SET command_id = 'x'",
        "UPDATE records SET epoch = 2",
        "DELETE FROM records",
    ],
)
def test_damage_before_the_tail_is_found_by_reading_and_in_full(
    tmp_path: Path, change: str
) -> None:
    """What opening does not look at is found when read, and by `verify_all`, by position."""
    path = tmp_path / "journal.db"
    with _open(path) as journal:
        journal.append([sample_entry(number) for number in range(1_100)])
    _edit(path, f"{change} WHERE position = 50")
    with _open(path) as journal:
        checks = (
            lambda: journal.read(40, 20),
            lambda: journal.read_sealed(40, 20),
            journal.verify_all,
        )
        for check in checks:
            with pytest.raises(JournalCorruptError) as caught:
                check()
            assert caught.value.position == 50
        if "payload" in change:
            with pytest.raises(JournalCorruptError):
                journal.read_stream("order/49")
        assert len(journal.read(60, 20)) == 20


def test_a_garbled_page_is_found_by_every_way_of_reading(tmp_path: Path) -> None:
    """Where SQLite itself stumbles, the record is named all the same, and the file is kept."""
    path = tmp_path / "journal.db"
    with _open(path) as journal:
        journal.append([sample_entry(number) for number in range(1_100)])
        journal.checkpoint_wal()
        text = b'{"command_id":"bench-00000050"'
        at = path.read_bytes().index(text) // 4_096 * 4_096
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\xff" * 4_096)
    with _open(path) as journal:
        for read in (journal.read, journal.read_sealed):
            with pytest.raises(JournalCorruptError, match="was kept") as caught:
                read(0, 1_100)
            assert caught.value.position is not None


def test_a_cut_off_tail_under_a_checkpoint_is_refused(tmp_path: Path) -> None:
    """Records a checkpoint covers cannot vanish from the end unnoticed."""
    path = tmp_path / "journal.db"
    with _open(path) as journal:
        journal.append([sample_entry(number) for number in range(6)])
        journal.checkpoint()
    _edit(path, "DELETE FROM records WHERE position = 6")
    with pytest.raises(JournalCorruptError) as caught:
        _open(path)
    assert caught.value.position == 6


def test_a_changed_answer_is_never_given(tmp_path: Path) -> None:
    """Bit rot in a stored answer is an error and not another answer."""
    path = tmp_path / "journal.db"
    with _open(path) as journal:
        journal.append([sample_entry(1)])
    _edit(path, "UPDATE commands SET answer = x'00'")
    with _open(path) as journal:
        with pytest.raises(JournalCorruptError, match="bench-00000001"):
            journal.answer_of("bench-00000001")
        with pytest.raises(JournalCorruptError):
            journal.verify_all()


@pytest.mark.parametrize("content", [b"not a database at all " * 400, b"\x00" * 8192])
def test_a_file_that_is_no_database_is_kept(tmp_path: Path, content: bytes) -> None:
    """Garbage is refused and left as it was."""
    path = tmp_path / "journal.db"
    path.write_bytes(content)
    with pytest.raises(JournalCorruptError, match="was kept"):
        _open(path)
    assert path.read_bytes() == content


def test_another_database_is_refused(tmp_path: Path) -> None:
    """A database of another program is named as such and not touched."""
    path = tmp_path / "journal.db"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE songs (title TEXT)")
    db.commit()
    db.close()
    before = path.read_bytes()
    with pytest.raises(JournalError, match="not a journal"):
        _open(path)
    assert path.read_bytes() == before


def test_a_newer_layout_is_refused(tmp_path: Path) -> None:
    """A journal of a newer version says which version it needs."""
    path = tmp_path / "journal.db"
    _open(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(JournalError, match="newer version"):
        _open(path)


def test_a_journal_belongs_to_one_store(tmp_path: Path) -> None:
    """Another store's id, no id for a new journal, and an id that is no name are refused."""
    path = tmp_path / "journal.db"
    with pytest.raises(JournalError, match="store id is needed"):
        Journal.open(path, reserve_bytes=0)
    _open(path).close()
    with pytest.raises(JournalError, match="belongs to store shop-1"):
        _open(path, store_id="shop-2")
    with pytest.raises(JournalError, match="letters"):
        _open(tmp_path / "new.db", store_id="two words")


def test_a_disk_that_cannot_be_written_is_said_at_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read-only disk is named before anything is stored."""
    opening = os.open

    def read_only(path: str, flags: int, mode: int = 0o777) -> int:
        if flags & (os.O_RDWR | os.O_WRONLY):
            raise OSError(30, "Read-only file system")
        return opening(path, flags, mode)

    monkeypatch.setattr("actors.journal_lock.os.open", read_only)
    with pytest.raises(JournalReadOnlyError, match="Read-only file system"):
        _open(tmp_path / "journal.db")


def test_an_old_sqlite_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An SQLite that can lose a page in a checkpoint is not used."""
    monkeypatch.setattr("apsw.sqlite_lib_version", lambda: "3.51.2")
    with pytest.raises(JournalError, match=r"3\.51\.3 is needed"):
        _open(tmp_path / "journal.db")


def test_the_reserve_makes_room_once(tmp_path: Path) -> None:
    """The reserve file exists while all is well, frees its bytes, and comes back with room."""
    path = tmp_path / "journal.db"
    with _open(path, reserve_bytes=1 << 20, low_water_bytes=1) as journal:
        reserve = tmp_path / "journal.db.reserve"
        assert reserve.stat().st_size == 1 << 20
        assert not journal.is_nearly_full()
        assert journal.release_reserve() == 1 << 20
        assert not reserve.exists()
        assert journal.is_nearly_full()
        assert journal.release_reserve() == 0
        assert journal.restore_reserve()
        assert not journal.is_nearly_full()
        journal.space.low_water_bytes = 1 << 62
        assert journal.is_nearly_full()


def test_the_reserve_of_a_linked_journal_lies_where_its_data_does(tmp_path: Path) -> None:
    """A journal may be a link to another disk: it is that one which fills."""
    (tmp_path / "other disk").mkdir()
    file, link = tmp_path / "other disk" / "data.db", tmp_path / "journal.db"
    link.symlink_to(file)
    with _open(link, reserve_bytes=1 << 20, low_water_bytes=1) as journal:
        assert journal.space.path == file.with_name("data.db.reserve")
        assert journal.space.path.stat().st_size == 1 << 20


def test_checkpoints_are_signed_notes(tmp_path: Path) -> None:
    """Every so many records and on request a note is signed that an Ed25519 library accepts."""
    with _open(tmp_path / "journal.db", checkpoint_every=10) as journal:
        journal.append([sample_entry(number) for number in range(9)])
        assert journal.last_checkpoint() is None
        journal.append([sample_entry(number) for number in range(9, 12)])
        automatic = journal.last_checkpoint()
        assert automatic is not None
        assert automatic.tree_size == 12
        journal.append([sample_entry(13)])
        asked = journal.checkpoint()
        assert asked is not None
        assert journal.checkpoint() == asked
        text, _, signatures = asked.note.partition("\n\n")
        assert text.split("\n")[:2] == ["countertop/shop-1/1", "13"]
        assert b64decode(text.split("\n")[2]) == asked.root
        dash, name, blob = signatures.rstrip("\n").split(" ")
        assert (dash, name) == ("\N{EM DASH}", "countertop/shop-1/1")
        public_key = b64decode(journal.verifier_key().split("+", 2)[2])[1:]
        assert b64decode(blob)[:4] == key_id(name, public_key)
        Ed25519PublicKey.from_public_bytes(public_key).verify(
            b64decode(blob)[4:], (text + "\n").encode()
        )


def test_the_signing_key_is_private_and_kept(tmp_path: Path) -> None:
    """The key file is readable by its owner only and stays the same."""
    with _open(tmp_path / "journal.db") as journal:
        key = journal.verifier_key()
    assert stat.S_IMODE((tmp_path / "keys/journal.ed25519").stat().st_mode) == 0o600
    with _open(tmp_path / "journal.db") as journal:
        assert journal.verifier_key() == key


def test_the_log_is_moved_into_the_database_between_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner is told when the write-ahead log has grown, and can move it."""
    monkeypatch.setattr("actors.journal.WAL_PAGES", 20)
    with _open(tmp_path / "journal.db") as journal:
        assert not journal.needs_wal_checkpoint()
        journal.append([sample_entry(number) for number in range(200)])
        assert journal.needs_wal_checkpoint()
        before = journal.path.stat().st_size
        journal.checkpoint_wal()
        assert not journal.needs_wal_checkpoint()
        assert journal.path.stat().st_size > before


def test_is_ours_knows_its_own_records(journal: Journal) -> None:
    """A place is ours only with the same epoch, position and hash."""
    journal.append([sample_entry(1, records=3)])
    digest = journal.hash_at(2)
    assert journal.is_ours(1, 2, digest)
    assert not journal.is_ours(2, 2, digest)
    assert not journal.is_ours(1, 3, digest)
    assert not journal.is_ours(1, 4, digest)


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"stream_version": "1"},
        {"stamp": {}},
        {"stamp": {"now_ns": 1.5, "utc_offset_s": 0, "business_date": ""}},
        {"data": []},
        {"name": None},
    ],
)
def test_a_payload_of_another_shape_is_an_error(change: dict[str, object]) -> None:
    """A payload with a field more, or one of another type, is not taken for a record."""
    body = orjson.loads(payload_bytes(sample_entry(1).records[0])) | change
    with pytest.raises(WireError):
        record_from_payload(1, 1, "live", orjson.dumps(body))
    with pytest.raises(WireError, match="kind"):
        record_from_payload(1, 1, "rehearsal", payload_bytes(sample_entry(1).records[0]))


def test_the_bench_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The bench prints its ratios and the same digest each time."""
    assert bench_main(["--tiny", "--dir", str(tmp_path)]) == 0
    first = capsys.readouterr().out.splitlines()
    assert bench_main(["--tiny", "--dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == first[-1]
    assert "% of fdatasync" in first[1]
