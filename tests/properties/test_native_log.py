"""The floor's chain and tree agree with hashlib and the RFC's own recursion."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import native
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
