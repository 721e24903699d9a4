"""How records are hashed, chained and put into a tree, and how a tree's head is signed."""

from __future__ import annotations

import base64
import binascii
import hashlib

from verifier import ed25519


class Tree:
    """The right edge of an RFC 6962 tree: one node for each bit that is set in its size."""

    def __init__(self) -> None:
        self.size = 0
        self.nodes: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add a leaf hash on the right."""
        size = self.size
        while size & 1:
            leaf = node_hash(self.nodes.pop(), leaf)
            size >>= 1
        self.nodes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root of all leaves so far."""
        if not self.nodes:
            return hashlib.sha256(b"").digest()
        root = self.nodes[-1]
        for node in reversed(self.nodes[:-1]):
            root = node_hash(node, root)
        return root

    def saved(self) -> bytes:
        """As the journal keeps it: the size in 8 bytes, then the nodes from the left."""
        return self.size.to_bytes(8, "big") + b"".join(self.nodes)


def leaf_hash(record_hash: bytes) -> bytes:
    """SHA-256(0x00 ‖ record hash)."""
    return hashlib.sha256(b"\x00" + record_hash).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def subtree_root(leaves: list[bytes]) -> bytes:
    """The root over a list of leaf hashes."""
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def audit_path(leaves: list[bytes], index: int) -> list[bytes]:
    """What must be hashed with leaf `index`, from the leaf up. Source: RFC 6962 §2.1.1."""
    if len(leaves) == 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if index < split:
        return [*audit_path(leaves[:split], index), subtree_root(leaves[split:])]
    return [*audit_path(leaves[split:], index - split), subtree_root(leaves[:split])]


def root_by_path(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """The root that a leaf and its audit path lead to, None where no tree has such a path.

    Source: RFC 9162 §2.1.3.2.
    """
    if not 0 <= index < size:
        return None
    node, last = leaf, size - 1
    for sibling in path:
        if last == 0:
            return None
        if index & 1 or index == last:
            node = node_hash(sibling, node)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        index, last = index >> 1, last >> 1
    return node if last == 0 else None


def record_hash(
    store: str, kind: str, epoch: int, position: int, previous: bytes, payload: bytes
) -> bytes:
    """The chain hash of a record.

    SHA-256("countertop.record.v1" 0x00 ‖ len(store) store ‖ len(kind) kind ‖ epoch ‖ position ‖
    previous hash ‖ SHA-256(payload)) with lengths as 4 and numbers as 8 bytes, big end first.
    """
    digest = hashlib.sha256(b"countertop.record.v1\x00")
    for text in (store.encode(), kind.encode()):
        digest.update(len(text).to_bytes(4, "big") + text)
    digest.update(epoch.to_bytes(8, "big") + position.to_bytes(8, "big"))
    digest.update(previous + hashlib.sha256(payload).digest())
    return digest.digest()


def command_digest(command_id: str, body_hash: bytes, position: int, answer: bytes) -> bytes:
    """What guards a stored answer, which is in no chain, against damage (not against forgery).

    SHA-256("countertop.command.v1" 0x00, then id, body hash and answer each after its length in 4
    bytes, then the position in 8).
    """
    digest = hashlib.sha256(b"countertop.command.v1\x00")
    for part in (command_id.encode(), body_hash, answer):
        digest.update(len(part).to_bytes(4, "big") + part)
    digest.update(position.to_bytes(8, "big"))
    return digest.digest()


def origin_of(store: str, epoch: int) -> str:
    """The name of a store's log in notes and signatures."""
    return f"countertop/{store}/{epoch}"


def is_signed(text: str, signature_lines: str, origin: str, key: bytes) -> bool:
    """Whether one of a note's signature lines is that key's. Source: C2SP signed-note."""
    key_id = hashlib.sha256(origin.encode() + b"\n\x01" + key).digest()[:4]
    for line in signature_lines.split("\n"):
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.rpartition(" ")
        if dash != "\N{EM DASH}" or name != origin:
            continue
        try:
            blob = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            continue
        # One signature has one form: base64 can spell the same bytes in several ways.
        if (
            base64.b64encode(blob).decode() == encoded
            and blob[:4] == key_id
            and ed25519.verify(key, text.encode(), blob[4:])
        ):
            return True
    return False


def note_problem(note: str, origin: str, size: int, root: bytes, key: bytes) -> str:
    """What is wrong with a signed tree head, "" where nothing is. Source: C2SP tlog-checkpoint."""
    text, gap, signature_lines = note.partition("\n\n")
    lines = [origin, str(size), base64.b64encode(root).decode()]
    if not gap or text.split("\n")[:3] != lines:
        return "the checkpoint's note says something else than its row"
    if not is_signed(text + "\n", signature_lines, origin, key):
        return "the checkpoint's signature is not right"
    return ""
