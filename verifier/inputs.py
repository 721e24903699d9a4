"""What a journal is held against: heads from paper, anchor files, public keys."""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

ANCHOR_FORMAT = "countertop.anchor/1"
SHORTEST_HEAD = 8
_PRINTED = re.compile(r"(?P<position>\d+) ?[·:] ?(?P<digits>[0-9a-f]+)")
_HASH = re.compile(r"[0-9a-f]{64}")
_ANCHORED = ("position", "epoch", "hash", "store_id")
# Nothing, a signed note's word for Ed25519, and DER's (RFC 8410): another kind of key is none.
_BEFORE_A_KEY = (b"", b"\x01", bytes.fromhex("302a300506032b6570032100"))
_SIGNED = re.compile(r"(?P<digits>[0-9a-f]+)@(?P<position>\d+)")


class CannotCheckError(Exception):
    """What was given cannot be read, so nothing was checked."""


class _AnchorError(ValueError):
    """An anchor file that can be read and is none; the words say why."""


@dataclass(frozen=True)
class Head:
    """A record's hash, or how it begins, as somebody outside saw it.

    Paper does not say the epoch or the store: they are 0 and "" then.
    """

    position: int
    digits: str
    source: str
    epoch: int = 0
    store: str = ""


def read_head(text: str) -> Head:
    """A head as a receipt shows it, `POSITION·HASH` or `POSITION:HASH`, or `HASH@POSITION`."""
    found = _PRINTED.fullmatch(text.lower()) or _SIGNED.fullmatch(text.lower())
    if found and SHORTEST_HEAD <= len(found["digits"]) <= 64 and int(found["position"]) >= 1:
        return Head(int(found["position"]), found["digits"], f"the head {text}")
    raise argparse.ArgumentTypeError(
        f"{text!r} is not POSITION:HASH with {SHORTEST_HEAD} to 64 hexadecimal digits"
    )


def read_anchor(path: Path) -> Head:
    """The head that a node's anchor file holds.

    Its `check` is SHA-256 over the format's name, a line feed and the rest as JSON with sorted keys
    and no white space.
    """
    try:
        data = json.loads(path.read_bytes())
        told, check = data.pop("format"), data.pop("check")
        rest = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        digest = hashlib.sha256(f"{ANCHOR_FORMAT}\n{rest}".encode()).hexdigest()
        if told != ANCHOR_FORMAT or check != digest:
            raise _AnchorError("its check sum does not fit")
        position, epoch, digits, store = (data[name] for name in _ANCHORED)
        if type(position) is not int or type(epoch) is not int or min(position, epoch) < 1:
            raise _AnchorError("its position or its epoch is no number that a journal has")
        if type(store) is not str or type(digits) is not str or not _HASH.fullmatch(digits):
            raise _AnchorError("its store is no text, or its hash is not 64 hexadecimal digits")
        return Head(position, digits, f"the anchor {path}", epoch, store)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        is_told = isinstance(error, OSError | _AnchorError)
        why = error if is_told else "it is no anchor file, or not all of one"
        raise CannotCheckError(f"the anchor {path} cannot be read: {why}") from None


def read_key(path: Path) -> bytes:
    """A public key from a file: `name+id+key`, PEM, hexadecimal or base64."""
    try:
        text = path.read_text().strip()
        if text.startswith("-----"):
            text = "".join(line for line in text.splitlines() if not line.startswith("-"))
        elif named := re.fullmatch(r"[^+\s]+\+[0-9a-f]{8}\+(\S{44})", text):
            text = named[1]
        found = bytes.fromhex(text) if len(text) == 64 else base64.b64decode(text, validate=True)
    except OSError as error:
        raise CannotCheckError(f"the key file {path} cannot be read: {error}") from None
    except ValueError:
        found = b""
    if found[:-32] not in _BEFORE_A_KEY or len(found) < 32:
        raise CannotCheckError(f"the key file {path} does not hold an Ed25519 public key")
    return found[-32:]
