"""Decoders of what somebody hands the verifier beside a journal: a proof, an anchor."""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import io
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from actors.anchors import Anchor, AnchorFile
from tests.fuzz.targets import fresh_folder, message
from tests.fuzz.targets_files import journals, payloads
from verifier import ed25519
from verifier.__main__ import main as verify
from verifier.hashes import leaf_hash
from verifier.inputs import ANCHOR_FORMAT, CannotCheckError, read_anchor, read_head, read_key

_DEEP = "[" * 100_000


@cache
def _proofs() -> list[bytes]:
    """A proof that is right, and the same with a receipt's payload, which is told for people."""
    folder = fresh_folder("proofs")
    (folder / "journal.db").write_bytes(journals()[0])
    out = folder / "proof.json"
    words = [str(folder / "journal.db"), "--prove-receipt", "3", "--out", str(out)]
    with contextlib.redirect_stdout(io.StringIO()):
        assert verify(words) == 0
    sound = json.loads(out.read_bytes())
    payload = next(one.decode() for one in payloads() if b'"receipt_number"' in one)
    sold = {**sound, "payload": payload, "leaf": leaf_hash(bytes(32)).hex()}
    return [out.read_bytes(), json.dumps(sold).encode()]


def _hostile_proofs() -> list[bytes]:
    """Half of a character, depth or thousands of digits, wherever a proof has text."""
    sound: dict[str, Any] = json.loads(_proofs()[0])
    note = sound["checkpoint"]
    origin = note.partition("\n")[0]
    sale = {"receipt_number": "\ud800", "figures": {"total_minor": 1}}
    changes: list[dict[str, Any]] = [
        *({name: "\ud800"} for name in ("store", "kind", "leaf", "root", "payload", "previous")),
        {"path": ["\ud800"]},
        {"checkpoint": note.replace("\n\n", "\n\ud800\n\n", 1)},
        {"checkpoint": note.replace(origin, origin[:-1] + "9" * 6_000)},
        {"checkpoint": note.replace(origin, origin[:-1] + "\N{ARABIC-INDIC DIGIT ONE}")},
        {"payload": _DEEP},
        {"payload": json.dumps({"data": sale})},
    ]
    forged = [json.dumps({**sound, **change}).encode() for change in changes]
    return [*forged, _DEEP.encode(), b'{"format":' + b"9" * 6_000 + b"}"]


def _verified(*words: str) -> int:
    """The verifier's exit code; what it prints goes where only UTF-8 may go."""
    with (
        io.TextIOWrapper(io.BytesIO(), "utf-8") as told,
        contextlib.redirect_stdout(told),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        return verify(list(words))


@message(_proofs, hostile=_hostile_proofs)
def verifier_proof(data: bytes) -> None:
    """A receipt's proof from anybody: 0 proven, 1 wrong, 2 not to be checked."""
    path = fresh_folder("proof") / "proof.json"
    path.write_bytes(data)
    plain, as_json = _verified("--proof", str(path)), _verified("--proof", str(path), "--json")
    assert plain == as_json
    assert plain in (0, 1, 2)


@cache
def _anchors() -> list[bytes]:
    """Anchors as a node keeps them, and what is in one, which the target seals afresh."""
    folder = fresh_folder("anchors")
    found = []
    for epoch, position in ((1, 3), (7, 900)):
        anchor = AnchorFile(folder, f"node-{epoch}")
        anchor.keep(Anchor("shop-1", epoch, position, "07" * 32))
        found.append(anchor.path.read_bytes())
    return found


def _hostile_anchors() -> list[bytes]:
    sound = json.loads(_anchors()[0])
    changes: list[dict[str, Any]] = [{"position": 10**40}, {"position": float("inf")}]
    changes += [{"hash": ""}, {"hash": ["07" * 32]}, {"store_id": "\ud800"}, {"epoch": True}]
    deep = b'{"format":"countertop.anchor/1","check":"","x":' + b"[" * 900 + b"]" * 900 + b"}"
    forged = [json.dumps({**sound, **change}).encode() for change in changes]
    return [*forged, _DEEP.encode(), deep, b'{"position":' + b"9" * 6_000 + b"}"]


@message(_anchors, allowed=(CannotCheckError,), hostile=_hostile_anchors)
def verifier_anchor(data: bytes) -> None:
    """An anchor from anybody, as it is and under a check sum that fits."""
    folder = fresh_folder("anchor")
    path = folder / "front.anchor"
    with contextlib.suppress(ValueError, RecursionError):
        path.write_bytes(_sealed(json.loads(data)))
        with contextlib.suppress(CannotCheckError):
            _require_sound(path)
    path.write_bytes(data)
    _require_sound(path)


def _sealed(anchor: Any) -> bytes:
    """The same with the check sum that anybody can make."""
    if not isinstance(anchor, dict):
        raise ValueError("there is nothing to seal")
    inside = {name: value for name, value in anchor.items() if name not in ("format", "check")}
    rest = json.dumps(inside, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(f"{ANCHOR_FORMAT}\n{rest}".encode()).hexdigest()
    return json.dumps({**inside, "format": ANCHOR_FORMAT, "check": digest}).encode()


def _require_sound(path: Path) -> None:
    head = read_anchor(path)
    assert head.position >= 1
    assert head.epoch >= 1
    assert re.fullmatch("[0-9a-f]{64}", head.digits)
    head.store.encode()


@cache
def _keys() -> list[bytes]:
    """A key in each of its four forms."""
    private = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    raw = private.public_key().public_bytes_raw()
    named = f"shop-1/1+0a1b2c3d+{base64.b64encode(bytes([1]) + raw).decode()}"
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return [raw.hex().encode(), base64.b64encode(raw), named.encode(), pem]


@message(
    _keys,
    allowed=(CannotCheckError,),
    hostile=lambda: [b"-----" + b"A" * 300_000, b"a+" * 90_000, b"+" * 200_000, b"\xff" * 64],
)
def verifier_key(data: bytes) -> None:
    """A public key from anybody, in whatever form."""
    path = fresh_folder("key") / "journal.pub"
    path.write_bytes(data)
    assert len(read_key(path)) == 32


@message(
    lambda: [b"3:" + b"0a" * 16, "12·0a1b2c3d4e".encode(), b"0a1b2c3d4e5f@7"],
    allowed=(argparse.ArgumentTypeError,),
    hostile=lambda: ["٣".encode() * 4_000 + b":" + b"a" * 8, b"1:" + b"a" * 300_000],
)
def verifier_head(data: bytes) -> None:
    """The head of a journal as somebody copies it from paper."""
    head = read_head(data.decode("utf-8", "replace"))
    assert head.position >= 1


def _signatures() -> list[bytes]:
    """A key, a signature and what was signed."""
    private = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    raw = private.public_key().public_bytes_raw()
    return [raw + private.sign(text) + text for text in (b"", b"shop-1\n3\n")]


@message(_signatures, slow=True)
def verifier_signature(data: bytes) -> None:
    """A signature by the verifier's own arithmetic: as the library judges it, whoever made it."""
    key, signature, text = data[:32], data[32:96], data[96:]
    assert ed25519.verify_slowly(key, text, signature) == ed25519.verify(key, text, signature)
