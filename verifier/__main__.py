"""`python -m verifier FILE`: is this journal whole, unchanged, and the one that was anchored?

Checked, in this order, for every record: positions 1, 2, 3 … without a gap; the hash

    SHA-256("countertop.record.v1" 0x00 ‖ len(store) store ‖ len(kind) kind ‖ epoch ‖ position ‖
            previous hash ‖ SHA-256(payload))

with lengths as 4 and numbers as 8 bytes, big end first, and 32 zero bytes before position 1; the
columns against the payload they repeat; each stream's versions 1, 2, 3 …; epochs that never fall
and begin with a `journal.restored/1`; a stored answer for the record's command, unchanged. For each
checkpoint: its root over the record hashes (RFC 6962 §2.1), its note and its Ed25519 signature
(C2SP tlog-checkpoint). Then what was anchored elsewhere: `--head` hashes and `--key`.

A chain alone cannot show that its end was cut off, nor that a whole new one was written: give the
heads printed on receipts with `--head` and the public key with `--key`.

Exit code: 0 all well, 1 something is wrong, 2 the file could not be checked.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from verifier import ed25519

APPLICATION_ID = 0x4354504A
LAYOUT = 1
RESTORED = "journal.restored/1"
RECORDS = """SELECT r.position, r.epoch, r.kind, r.stream, r.stream_version, r.name, r.command_id,
    r.payload, r.hash, c.id IS NOT NULL
    FROM records AS r LEFT JOIN commands AS c ON c.id = r.command_id ORDER BY r.position"""
REPEATED = ("stream", "stream_version", "name", "command_id")
SHORTEST_HEAD = 8


class CannotCheckError(Exception):
    """The file is not a journal this program can read."""


class Wrong(Exception):  # noqa: N818 (a finding, not a failure of this program)
    """Something is not as it was written; `position` is the record it was found at."""

    def __init__(self, position: int, what: str) -> None:
        super().__init__(f"record {position}: {what}")
        self.position = position
        self.what = what


@dataclass
class Report:
    """What was found. `problems` is empty where all is well."""

    file: str
    store: str = ""
    records: int = 0
    epoch: int = 0
    head: str = "00" * 32
    root: str = ""
    checkpoints: int = 0
    keys: list[str] = field(default_factory=list)
    anchors: int = 0
    problems: list[dict[str, Any]] = field(default_factory=list)
    proof: dict[str, Any] | None = None

    def add(self, problem: Wrong) -> None:
        """Note a problem."""
        self.problems.append({"position": problem.position, "what": problem.what})


class Tree:
    """The right edge of an RFC 6962 tree: one node for each bit that is set in its size."""

    def __init__(self) -> None:
        self.size = 0
        self._nodes: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add a leaf hash on the right."""
        size = self.size
        while size & 1:
            leaf = node_hash(self._nodes.pop(), leaf)
            size >>= 1
        self._nodes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root of all leaves so far."""
        if not self._nodes:
            return hashlib.sha256(b"").digest()
        root = self._nodes[-1]
        for node in reversed(self._nodes[:-1]):
            root = node_hash(node, root)
        return root


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


def root_by_path(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that a leaf and its audit path lead to. Source: RFC 9162 §2.1.3.2."""
    node, last = leaf, size - 1
    for sibling in path:
        if index & 1 or index == last:
            node = node_hash(sibling, node)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        index, last = index >> 1, last >> 1
    return node


def record_hash(
    store: str, kind: str, epoch: int, position: int, previous: bytes, payload: bytes
) -> bytes:
    """The chain hash, as the module's docstring writes it down."""
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


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that leaves the file, its log and their directory as they are.

    A file alone is opened as immutable. With a log and a shared memory file a server may be using
    it: it is read in place, as one moment. With a log only, both are copied and the copy is read.
    """
    log, shared = (path.with_name(path.name + end) for end in ("-wal", "-shm"))
    uri = "file:" + quote(str(path.absolute()))
    if not log.exists() or log.stat().st_size == 0:
        with closing(sqlite3.connect(uri + "?mode=ro&immutable=1", uri=True)) as db:
            yield db
    elif shared.exists():
        with closing(sqlite3.connect(uri + "?mode=ro", uri=True)) as db:
            yield db
    else:
        with tempfile.TemporaryDirectory() as directory:
            copy = Path(directory) / "journal.db"
            shutil.copyfile(path, copy)
            shutil.copyfile(log, copy.with_name("journal.db-wal"))
            with closing(sqlite3.connect(copy)) as db:
                yield db


class Verification:
    """One pass over one file."""

    def __init__(self, db: sqlite3.Connection, report: Report, *, keep_leaves: bool) -> None:
        self._db = db
        self.report = report
        self.leaves: list[bytes] = []
        self._keep_leaves = keep_leaves
        self._tree = Tree()
        self._previous = bytes(32)
        self._versions: dict[str, int] = {}
        self._heads: dict[int, list[str]] = {}
        self._keys: list[bytes] = []
        self._checkpoints: dict[int, tuple[bytes, bytes, str]] = {}
        self.last_note = ""
        self.noted_size = 0

    def prepare(self, heads: list[tuple[int, str]], keys: list[bytes]) -> int:
        """Read who the journal belongs to and what to hold it against; how many records."""
        try:
            self._db.execute("BEGIN")
            found = self._db.execute("PRAGMA application_id").fetchone()[0]
            layout = self._db.execute("PRAGMA user_version").fetchone()[0]
            if found != APPLICATION_ID:
                raise CannotCheckError("it is a database but not a journal")
            if layout != LAYOUT:
                raise CannotCheckError(f"its layout is {layout}, this program reads {LAYOUT}")
            row = self._db.execute("SELECT value FROM meta WHERE key = 'store_id'").fetchone()
            self.report.store = str(row[0])
            rows = self._db.execute("SELECT tree_size, root, public_key, note FROM checkpoints")
            self._checkpoints = {size: (root, key, note) for size, root, key, note in rows}
            total = self._db.execute("SELECT max(position) FROM records").fetchone()[0] or 0
        except (sqlite3.Error, TypeError) as error:
            raise CannotCheckError(f"{error} (this is SQLite {sqlite3.sqlite_version})") from None
        for position, head in heads:
            self._heads.setdefault(position, []).append(head)
        self._keys = keys
        return int(total)

    def run(self, total: int) -> None:
        """Check all records, then that nothing anchored lies beyond the last one."""
        try:
            for row in self._rows():
                self._check_record(row)
                progress(self.report.records, total)
            self._check_answers()
        except Wrong as problem:
            self.report.add(problem)
        self.report.root = self._tree.root().hex()
        beyond = sorted({*self._checkpoints, *self._heads})
        if not self.report.problems and beyond:
            what = f"it is missing, but something anchored record {beyond[0]}"
            self.report.add(Wrong(self.report.records + 1, what))

    def _rows(self) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._db.execute(RECORDS)
        except sqlite3.Error as error:
            raise Wrong(self.report.records + 1, f"the file is damaged there: {error}") from None

    def _check_record(self, row: tuple[Any, ...]) -> None:
        position, epoch, kind, stream, version, name, command_id, payload, stored, answered = row
        expected = self.report.records + 1
        if position != expected:
            raise Wrong(expected, f"it is missing, {position} follows")
        try:
            found = record_hash(self.report.store, kind, epoch, position, self._previous, payload)
            body = json.loads(payload)
            inside = tuple(body[key] for key in REPEATED)
        except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
            raise Wrong(position, f"it cannot be read: {error!r}") from None
        if found != stored:
            raise Wrong(position, "its hash does not fit its content and the record before it")
        if inside != (stream, version, name, command_id):
            raise Wrong(position, "its columns do not fit its payload")
        if version != self._versions.get(stream, 0) + 1:
            raise Wrong(position, f"its stream lacks version {self._versions.get(stream, 0) + 1}")
        if epoch != self.report.epoch:
            self._check_epoch(position, epoch, name)
        if not answered:
            raise Wrong(position, "no answer is stored for its command")
        self._versions[stream] = version
        self._accept(position, epoch, stored)

    def _check_answers(self) -> None:
        columns = "id, body_hash, position, answer, digest"
        try:
            for row in self._db.execute(f"SELECT {columns} FROM commands ORDER BY rowid"):
                command_id, body_hash, position, answer, stored = row
                if command_digest(command_id, body_hash, position, answer) != stored:
                    raise Wrong(position, f"the stored answer to {command_id} was changed")
                if position > self.report.records:
                    raise Wrong(self.report.records + 1, f"missing, {command_id} was answered")
        except (sqlite3.Error, TypeError, AttributeError, OverflowError) as error:
            raise Wrong(self.report.records, f"the stored answers are damaged: {error}") from None

    def _check_epoch(self, position: int, epoch: int, name: str) -> None:
        if epoch < self.report.epoch:
            raise Wrong(position, "its epoch is older than that of the record before it")
        if name != RESTORED and (position, epoch) != (1, 1):
            raise Wrong(position, f"a new epoch begins without {RESTORED}")

    def _accept(self, position: int, epoch: int, stored: bytes) -> None:
        self._previous = stored
        self.report.records, self.report.epoch, self.report.head = position, epoch, stored.hex()
        leaf = leaf_hash(stored)
        self._tree.append(leaf)
        if self._keep_leaves:
            self.leaves.append(leaf)
        for head in self._heads.pop(position, []):
            if not stored.hex().startswith(head):
                raise Wrong(position, f"its hash is {stored.hex()}, anchored was {head}")
            self.report.anchors += 1
        if position in self._checkpoints:
            self._check_checkpoint(position, epoch, *self._checkpoints.pop(position))

    def _check_checkpoint(
        self, position: int, epoch: int, root: bytes, key: bytes, note: str
    ) -> None:
        if root != self._tree.root():
            raise Wrong(position, "the checkpoint's root does not fit the records up to it")
        origin = f"countertop/{self.report.store}/{epoch}"
        lines = [origin, str(position), base64.b64encode(root).decode()]
        text, gap, signature_lines = note.partition("\n\n")
        if not gap or text.split("\n")[:3] != lines:
            raise Wrong(position, "the checkpoint's note says something else than its row")
        if self._keys and key not in self._keys:
            raise Wrong(position, f"the checkpoint is signed with another key, {key.hex()}")
        if not is_signed(text + "\n", signature_lines, origin, key):
            raise Wrong(position, "the checkpoint's signature is not right")
        if key.hex() not in self.report.keys:
            self.report.keys.append(key.hex())
        self.report.checkpoints += 1
        self.last_note, self.noted_size = note, position


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
        except binascii.Error:
            continue
        if blob[:4] == key_id and ed25519.verify(key, text.encode(), blob[4:]):
            return True
    return False


def prove(checked: Verification, position: int) -> None:
    """Put the audit path of one record into the report, checked as a stranger would check it."""
    report = checked.report
    covered = checked.noted_size >= position
    size = checked.noted_size if covered else report.records
    if not 1 <= position <= size:
        report.add(Wrong(position, "there is no sound record to prove"))
        return
    leaves = checked.leaves[:size]
    leaf, path, root = leaves[position - 1], audit_path(leaves, position - 1), subtree_root(leaves)
    if root_by_path(leaf, position - 1, size, path) != root:
        report.add(Wrong(position, "its audit path does not lead to the root"))
    report.proof = {
        "position": position,
        "leaf": leaf.hex(),
        "path": [node.hex() for node in path],
        "tree_size": size,
        "root": root.hex(),
        "checkpoint": checked.last_note if covered else None,
    }


def read_key(path: Path) -> bytes:
    """A public key from a file: `name+id+key`, PEM, hexadecimal or base64."""
    try:
        text = path.read_text().strip()
        if text.startswith("-----"):
            text = "".join(line for line in text.splitlines() if not line.startswith("-"))
        elif named := re.fullmatch(r"[^+\s]+\+[0-9a-f]{8}\+(\S{44})", text):
            text = named[1]
        found = bytes.fromhex(text) if len(text) == 64 else base64.b64decode(text, validate=True)
    except (OSError, ValueError) as error:
        raise CannotCheckError(f"the key file {path} cannot be read: {error}") from None
    if len(found) < 32:
        raise CannotCheckError(f"the key file {path} does not hold an Ed25519 public key")
    return found[-32:]


def read_head(text: str) -> tuple[int, str]:
    """(position, hexadecimal digits) of `HASH@POSITION`."""
    digits, at, position = text.partition("@")
    digits = digits.lower()
    known = SHORTEST_HEAD <= len(digits) <= 64 and not set(digits) - set("0123456789abcdef")
    if not at or not known or not position.isdecimal() or int(position) < 1:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not HASH@POSITION with {SHORTEST_HEAD} to 64 hexadecimal digits"
        )
    return int(position), digits


def progress(done: int, total: int) -> None:
    """A line on the error channel now and then, for files that take more than a moment."""
    if total >= 50_000 and done % 25_000 == 0:
        end = "\r" if sys.stderr.isatty() and done < total else "\n"
        sys.stderr.write(f"checked {done:,} of {total:,} records{end}")
        sys.stderr.flush()


def describe(report: Report) -> str:
    """The report for people."""
    lines = [f"{report.file}: store {report.store}, {report.records:,} records, to the head"]
    lines.append(f"  {report.head}@{report.records} in epoch {report.epoch}")
    if report.checkpoints:
        keys = ", ".join(report.keys)
        lines.append(f"  {report.checkpoints:,} signed checkpoints, by key {keys}")
    if report.anchors:
        lines.append(f"  {report.anchors} anchored heads agree")
    if report.proof:
        proof = report.proof
        lines.append(f"Record {proof['position']} is in the tree of {proof['tree_size']} records:")
        lines.append(f"  leaf {proof['leaf']}")
        lines.extend(f"  with {node}" for node in proof["path"])
        lines.append(f"  root {proof['root']}")
        if proof["checkpoint"]:
            lines.extend("  | " + line for line in proof["checkpoint"].splitlines())
    lines += [f"WRONG at record {one['position']}: {one['what']}" for one in report.problems]
    lines.append("Something is wrong; keep the file as it is." if report.problems else "All well.")
    return "\n".join(lines)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="verifier", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("file", type=Path, help="the journal, or a copy of it")
    parser.add_argument("--prove-receipt", type=int, metavar="POSITION", help="prove one record")
    parser.add_argument(
        "--head",
        type=read_head,
        action="append",
        default=[],
        metavar="HASH@POSITION",
        help="a head printed on a receipt or kept elsewhere; may be given several times",
    )
    parser.add_argument(
        "--key",
        type=Path,
        action="append",
        default=[],
        metavar="PUBFILE",
        help="the only public keys that checkpoints may be signed with",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; the exit code."""
    options = parse(arguments)
    report = Report(str(options.file))
    try:
        if not options.file.is_file():
            raise CannotCheckError("there is no such file")
        keys = [read_key(path) for path in options.key]
        with opened(options.file) as db:
            keep = options.prove_receipt is not None
            checked = Verification(db, report, keep_leaves=keep)
            checked.run(checked.prepare(options.head, keys))
            if keep:
                prove(checked, options.prove_receipt)
    except (CannotCheckError, OSError, sqlite3.Error) as error:
        sys.stderr.write(f"{options.file} was not checked: {error}\n")
        return 2
    if options.json:
        sys.stdout.write(json.dumps(vars(report), indent=1) + "\n")
    else:
        sys.stdout.write(describe(report) + "\n")
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
