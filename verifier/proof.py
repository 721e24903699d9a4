"""One record proven alone: made from a whole journal, checked with nothing else at hand.

A proof holds the record's payload as it was hashed, what else went into its hash, the audit path
from its leaf to the root of a signed checkpoint, the checkpoint and the public key. Whoever trusts
the key, or has the head that is printed on the receipt, needs no journal and no store.
"""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

from verifier.hashes import (
    audit_path,
    leaf_hash,
    note_problem,
    origin_of,
    record_hash,
    root_by_path,
    subtree_root,
)
from verifier.inputs import CannotCheckError, Head
from verifier.journal import Verification, Wrong

FORMAT = "countertop.proof/1"
FIELDS = {
    *("format", "store", "position", "epoch", "kind", "previous", "payload"),
    *("leaf", "path", "tree_size", "root", "checkpoint", "key"),
}
COMPLETED = "order.completed/1"
OF_NAME = "SELECT position, payload FROM records NOT INDEXED WHERE name = ? ORDER BY position"
AT = "SELECT kind, epoch, payload FROM records WHERE position = ?"
HASH_AT = "SELECT hash FROM records WHERE position = ?"
UNSIGNED = (
    "no signed checkpoint covers it yet, so it proves nothing alone; "
    "there is one after the day was closed"
)
_NUMBER = re.compile(r"[0-9]{1,19}")


def find_receipt(db: sqlite3.Connection, number: str) -> int:
    """The position of the sale with a receipt number as printed; leading zeros may be left out."""
    register, _, sequence = number.rpartition("-")
    if not register or not _NUMBER.fullmatch(sequence):
        raise CannotCheckError(f"{number!r} is no receipt number; they look like 1-000042")
    for position, payload in db.execute(OF_NAME, (COMPLETED,)):
        there, _, count = str(json.loads(payload)["data"]["receipt_number"]).rpartition("-")
        if there == register and int(count) == int(sequence):
            return int(position)
    raise Wrong(0, f"there is no receipt {number} in this journal")


def prove(checked: Verification, db: sqlite3.Connection, position: int) -> None:
    """Put a record's proof into the report, checked as a stranger would check it."""
    report = checked.report
    covered = checked.noted_size >= position
    size = checked.noted_size if covered else report.records
    if not 1 <= position <= size:
        report.add(Wrong(position, "there is no sound record to prove"))
        return
    leaves = checked.leaves[:size]
    kind, epoch, payload = db.execute(AT, (position,)).fetchone()
    before = db.execute(HASH_AT, (position - 1,)).fetchone()
    report.proof = {
        "format": FORMAT,
        "store": report.store,
        "position": position,
        "epoch": epoch,
        "kind": kind,
        "previous": (before[0] if before else bytes(32)).hex(),
        "payload": payload.decode(),
        "leaf": leaves[position - 1].hex(),
        "path": [node.hex() for node in audit_path(leaves, position - 1)],
        "tree_size": size,
        "root": subtree_root(leaves).hex(),
        "checkpoint": checked.last_note if covered else None,
        "key": checked.noted_key.hex() if covered else None,
    }
    if covered:
        for problem in problems_of(report.proof, [], []):
            report.add(problem)


def read_proof(path: Path) -> dict[str, Any]:
    """A proof from its file."""
    try:
        proof = json.loads(path.read_bytes())
        if proof["format"] != FORMAT:
            raise ValueError(f"its format is not {FORMAT}")
        if set(proof) != FIELDS:
            raise ValueError(f"its fields are not {', '.join(sorted(FIELDS))}")
        for name in ("position", "epoch", "tree_size"):
            if type(proof[name]) is not int or not 1 <= proof[name] < 1 << 63:
                raise ValueError(f"{name} is no number that a journal has")
        for name in ("store", "kind", "payload", "previous", "leaf", "root"):
            if type(proof[name]) is not str:
                raise ValueError(f"{name} is not text")
        path_read = proof["path"]
        if type(path_read) is not list or len(path_read) > 64:
            raise ValueError("path is no list of hashes")
        # JSON can spell half of a character, which no journal holds and no hash is taken of.
        json.dumps(proof, ensure_ascii=False).encode()
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, OSError):
            raise CannotCheckError(str(error)) from None
        why = str(error) if type(error) is ValueError else "it cannot be read as one"
        raise CannotCheckError(f"it is no proof: {why}") from None
    return dict(proof)


def problems_of(proof: dict[str, Any], keys: list[bytes], heads: list[Head]) -> list[Wrong]:
    """What is wrong with a proof, nothing where it proves its record.

    Raises:
        CannotCheckError: a head is given that the proof says nothing of.
    """
    position, size = proof["position"], proof["tree_size"]
    try:
        previous, root = _hash(proof["previous"]), _hash(proof["root"])
        path = [_hash(node) for node in proof["path"]]
        payload = proof["payload"].encode()
        sealed = record_hash(
            proof["store"], proof["kind"], proof["epoch"], position, previous, payload
        )
        key = b"" if proof["key"] is None else _hash(proof["key"])
    except (ValueError, TypeError) as error:
        return [Wrong(position, f"the proof holds something that cannot be: {error}")]
    found = []
    leaf = leaf_hash(sealed)
    if leaf.hex() != proof["leaf"]:
        found.append(Wrong(position, "its content is not what was hashed"))
    if root_by_path(leaf, position - 1, size, path) != root:
        found.append(Wrong(position, "its audit path does not lead to the root"))
    found += _note_problems(proof, root, key, keys)
    hashes = {position: sealed.hex(), position - 1: previous.hex()}
    for head in heads:
        if head.position not in hashes:
            known = f"it has the hashes of records {position - 1} and {position}"
            raise CannotCheckError(f"the proof says nothing of record {head.position}; {known}")
        if not hashes[head.position].startswith(head.digits):
            what = f"its hash is {hashes[head.position]}, not {head.digits}, by {head.source}"
            found.append(Wrong(head.position, what))
    return found


def _hash(text: str) -> bytes:
    """32 bytes in the one way they are written."""
    found = bytes.fromhex(text)
    if len(found) != 32 or found.hex() != text:
        raise ValueError(f"{text[:80]!r} is not 64 hexadecimal digits")
    return found


def _note_problems(
    proof: dict[str, Any], root: bytes, key: bytes, keys: list[bytes]
) -> list[Wrong]:
    position, size, note = proof["position"], proof["tree_size"], proof["checkpoint"]
    if type(note) is not str:
        return [Wrong(position, UNSIGNED)]
    # The checkpoint may be of a later epoch than the record, after a restore.
    origin = note.partition("\n")[0]
    epoch = origin.rpartition("/")[2]
    if not _NUMBER.fullmatch(epoch) or origin != origin_of(proof["store"], int(epoch)):
        return [Wrong(position, "the checkpoint is of another store")]
    if int(epoch) < proof["epoch"]:
        return [Wrong(position, "the checkpoint is of an epoch before the record's")]
    problem = note_problem(note, origin, size, root, key)
    found = [Wrong(position, problem)] if problem else []
    if keys and key not in keys:
        found.append(Wrong(position, f"the checkpoint is signed with another key, {key.hex()}"))
    return found


def receipt_of(proof: dict[str, Any]) -> str:
    """What the proven record says for people: the receipt's number and what is printed on it."""
    try:
        data = json.loads(proof["payload"])["data"]
        told = f"Receipt {data['receipt_number']}, total {data['figures']['total_minor']} minor"
        mark = data.get("head")
        return f"{told}, printed head {mark['position']}·{mark['digits']}" if mark else told
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""
