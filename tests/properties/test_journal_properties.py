"""Whatever a crash leaves of the journal's files is recovered to a prefix, or refused."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.journal import Journal, JournalError
from benches.journal import sample_entry
from engine.record import NewRecord, payload_bytes, payload_says, record_from_payload
from engine.stamp import Stamp
from tests.draws import examples

BATCHES = 12


@frozen
class Shop:
    """A journal's files as a crash found them: the log's length and head after each batch."""

    database: bytes
    log: bytes
    answered: tuple[tuple[int, int, bytes], ...]  # (log length, position, head hash)


@pytest.fixture(scope="module", params=[0, 5], ids=["all in the log", "part in the database"])
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    """Files of a journal that was never closed."""
    directory = Path(tempfile.mkdtemp())
    path = directory / "journal.db"
    log = directory / "journal.db-wal"
    answered: list[tuple[int, int, bytes]] = []
    with Journal.open(path, store_id="s", reserve_bytes=0, checkpoint_every=7) as journal:
        answered.append((log.stat().st_size, 0, journal.head().hash))
        for batch in range(BATCHES):
            journal.append([sample_entry(batch * 3 + number) for number in range(3)])
            answered.append((log.stat().st_size, journal.head().position, journal.head().hash))
            if batch + 1 == request.param:
                journal.checkpoint_wal()
                answered.clear()
                answered.append((0, journal.head().position, journal.head().hash))
        yield Shop(path.read_bytes(), log.read_bytes(), tuple(answered))
    shutil.rmtree(directory)


def _reopen(database: bytes, log: bytes) -> tuple[int, bytes] | None:
    """(position, head hash) of what opens and verifies, None if it is refused."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "journal.db"
        path.write_bytes(database)
        path.with_name("journal.db-wal").write_bytes(log)
        try:
            with Journal.open(path, store_id="s", reserve_bytes=0) as journal:
                head = journal.verify_all()
                read = journal.read(0, 10_000)
                assert [record.data["line"] for record in read] == [1] * head.position
                assert head.position == journal.statistics()["commands"]
                return head.position, head.hash
        except JournalError:
            return None


@settings(max_examples=examples(60), deadline=None)
@given(data=st.data())
def test_a_log_cut_off_anywhere_gives_a_prefix_of_whole_batches(
    shop: Shop, data: st.DataObject
) -> None:
    """What was synced before the cut is all there; nothing opens that was never a state."""
    length = data.draw(st.integers(0, len(shop.log)))
    found = _reopen(shop.database, shop.log[:length])
    states = {(position, digest): at for at, position, digest in shop.answered}
    assert found is not None
    assert found in states
    # The log is written over from its start once it was moved, so lengths say nothing then.
    if shop.answered[0][0]:
        promised = [position for at, position, _ in shop.answered if at <= length]
        assert found[0] >= max(promised, default=0)


@settings(max_examples=examples(80), deadline=None)
@given(data=st.data())
def test_a_flipped_bit_anywhere_is_never_misread(shop: Shop, data: st.DataObject) -> None:
    """One wrong byte in either file leaves a state that once was, or the file is refused."""
    database, log = bytearray(shop.database), bytearray(shop.log)
    target = data.draw(st.sampled_from([database, log] if database else [log]))
    target[data.draw(st.integers(0, len(target) - 1))] ^= data.draw(st.integers(1, 255))
    found = _reopen(bytes(database), bytes(log))
    states = {(position, digest) for _, position, digest in shop.answered}
    assert found is None or found in states


@settings(max_examples=examples(40), deadline=None)
@given(data=st.data())
def test_a_database_cut_off_or_zeroed_is_never_misread(shop: Shop, data: st.DataObject) -> None:
    """A page lost from the database leaves a state that once was, or the file is refused."""
    pages = len(shop.database) // 4_096
    page = data.draw(st.integers(0, max(0, pages - 1))) * 4_096
    zeroed = shop.database[:page] + bytes(4_096) + shop.database[page + 4_096 :]
    cut = shop.database[: data.draw(st.integers(0, len(shop.database)))]
    states = {(position, digest) for _, position, digest in shop.answered}
    for database in (zeroed, cut):
        found = _reopen(database, shop.log)
        assert found is None or found in states


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(
    texts=st.tuples(*[st.text(max_size=30)] * 5),
    version=st.integers(1, 2**62),
    now_ns=st.integers(-(2**62), 2**62),
    data=st.dictionaries(st.text(max_size=8), json_values, max_size=5),
)
def test_a_payload_gives_its_record_back(
    texts: tuple[str, str, str, str, str], version: int, now_ns: int, data: dict[str, object]
) -> None:
    """Decoding the stored bytes gives the record, and encoding it the same bytes."""
    stream, name, command_id, operator, register = texts
    stamp = Stamp(now_ns, -3_600, "2026-11-23")
    new = NewRecord("training", stream, version, name, command_id, operator, register, stamp, data)
    payload = payload_bytes(new)
    record = record_from_payload(9, 2, "training", payload)
    assert record == new.at(9, 2)
    assert payload_bytes(record) == payload
    assert payload_says(payload, stream, version, name, command_id)
    assert not payload_says(payload, stream + "x", version, name, command_id)
    assert not payload_says(payload, stream, version + 1, name, command_id)
    assert not payload_says(payload, stream, version, name + '"', command_id)
    assert not payload_says(payload, stream, version, name, command_id + "y")
