"""The floor's chain and tree agree with hashlib and the RFC's own recursion."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import native
from engine.record import GENESIS, NewRecord, payload_bytes
from engine.stamp import Stamp
from tests.native import twins

hashes = st.binary(min_size=32, max_size=32)
u64 = st.integers(0, 2**64 - 1)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
trees = st.integers(1, 70).map(lambda n: [twins.sha256(bytes([i])) for i in range(n)])


@given(names, names, u64, u64, hashes, st.binary(max_size=100))
def test_chain_agrees(
    store: str, kind: str, epoch: int, position: int, previous: bytes, payload: bytes
) -> None:
    """The hash of any record is the one `struct` and hashlib give."""
    arguments = (store, kind, epoch, position, previous, payload)
    assert native.chain_hash(*arguments) == twins.chain_hash(*arguments)


texts = names | st.sampled_from(['"', "\\", "\n", "é", '},"name":"x","operator":"'])


@st.composite
def chains(draw: st.DrawFn) -> list[twins.Row]:
    """Rows as a journal stores them, with whatever texts, from position 1."""
    rows: list[twins.Row] = []
    previous = GENESIS
    for position in range(1, draw(st.integers(1, 6)) + 1):
        stream, name, command_id = draw(texts), draw(texts), draw(texts)
        version = draw(st.integers(1, 2**40))
        data = {"name": draw(texts), "more": {"name": draw(texts)}}
        fact = NewRecord(
            "live", stream, version, name, command_id, draw(texts), "1", Stamp(1, 2, "3"), data
        )
        payload = payload_bytes(fact)
        epoch = draw(st.integers(1, 2))
        stored = native.chain_hash("s", "live", epoch, position, previous, payload)
        rows.append((position, epoch, "live", stream, version, name, command_id, payload, stored))
        previous = stored
    return rows


def _is_bare(row: twins.Row) -> bool:
    texts = row[3] + row[5] + row[6]
    return not any(letter < " " or letter in '"\\' for letter in texts)


@given(chains())
def test_a_sound_chain_is_counted_as_far_as_its_texts_are_bare(rows: list[twins.Row]) -> None:
    """The floor counts what the twin does, and stops where it cannot tell without reading."""
    assert twins.chained_count("s", rows, 1, GENESIS) == len(rows)
    bare = next((at for at, row in enumerate(rows) if not _is_bare(row)), len(rows))
    assert native.chained_count("s", rows, 0, 1, GENESIS) == bare
    after = len(rows) // 2
    previous = rows[after - 1][-1] if after else GENESIS
    expected = max(0, bare - after) if all(map(_is_bare, rows[:after])) else None
    counted = native.chained_count("s", rows, after, after + 1, previous)
    assert expected is None or counted == expected


@given(chains(), st.data())
def test_a_row_that_was_changed_ends_the_count(rows: list[twins.Row], data: st.DataObject) -> None:
    """Whichever column is another, or of another kind, the floor counts no further than there."""
    at = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(st.integers(0, len(rows[at]) - 1))
    old = rows[at][column]
    wrong: tuple[object, ...] = (None, 1.5, "x", b"x", -1, 2**64, bytes(32), "", rows[at][5])
    new = data.draw(st.sampled_from([entry for entry in wrong if entry != old]))
    changed: list[tuple[object, ...]] = list(rows)
    changed[at] = (*rows[at][:column], new, *rows[at][column + 1 :])
    assert native.chained_count("s", changed, 0, 1, GENESIS) <= at
    changed[at] = rows[at][:-1]
    assert native.chained_count("s", changed, 0, 1, GENESIS) <= at
    assert native.chained_count("other", rows, 0, 1, GENESIS) == 0
    assert native.chained_count("s", rows, 0, 2, GENESIS) == 0
    assert native.chained_count("s", rows, len(rows) + 1, 1, GENESIS) == 0


@given(trees)
def test_root_agrees_at_every_size(leaves: list[bytes]) -> None:
    """After each record the root is the recursion's, also when the frontier was stored between."""
    frontier = native.TreeFrontier()
    for count, leaf in enumerate(leaves, start=1):
        frontier.append(leaf)
        frontier = native.TreeFrontier.from_bytes(frontier.to_bytes())
        assert frontier.size == count
        assert frontier.root() == twins.tree_root(leaves[:count])
        assert len(frontier.to_bytes()) == 8 + 32 * count.bit_count()


@given(trees, st.data())
def test_proofs_agree_and_verify(leaves: list[bytes], data: st.DataObject) -> None:
    """A proof is the recursion's path, and verifies for its record, place, size and root alone."""
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof = native.inclusion_proof(leaves, index)
    root = twins.tree_root(leaves)
    assert proof == twins.audit_path(leaves, index)
    assert twins.root_from_path(leaves[index], index, len(leaves), proof) == root
    assert native.verify_inclusion(leaves[index], index, len(leaves), proof, root)


@given(trees, st.data())
def test_tampered_proofs_fail(leaves: list[bytes], data: st.DataObject) -> None:
    """One bit changed anywhere, a step more or less, another place: none of it is a proof."""
    size = len(leaves)
    index = data.draw(st.integers(0, size - 1))
    proof = native.inclusion_proof(leaves, index)
    root = twins.tree_root(leaves)
    parts = [leaves[index], root, *proof]
    which = data.draw(st.integers(0, len(parts) - 1))
    bit = data.draw(st.integers(0, 255))
    changed = bytearray(parts[which])
    changed[bit // 8] ^= 1 << bit % 8
    parts[which] = bytes(changed)
    assert not native.verify_inclusion(parts[0], index, size, parts[2:], parts[1])
    extra = [*proof, data.draw(hashes)]
    assert not native.verify_inclusion(leaves[index], index, size, extra, root)
    assert not native.verify_inclusion(leaves[index], index, size, proof[:-1] or extra, root)
    other = data.draw(st.integers(0, 2 * size).filter(lambda at: at != index))
    assert not native.verify_inclusion(leaves[index], other, size, proof, root)


@given(st.binary(max_size=100))
def test_wild_frontiers_are_read_or_refused(data: bytes) -> None:
    """Any bytes are either exactly a frontier or refused."""
    try:
        frontier = native.TreeFrontier.from_bytes(data)
    except native.CoreError:
        return
    assert frontier.to_bytes() == data
