"""Signed tree heads of the journal in the form witnesses understand.

A checkpoint says: the tree over the first `size` record hashes has this root. It is a signed note:
the origin, the size and the base64 root on a line each, an empty line, then a signature line with
the key's name and base64 of its four-byte id and the Ed25519 signature over the text before the
empty line.

Source: C2SP tlog-checkpoint v1.0.0 and signed-note v1.0.0; RFC 6962 §2.1; RFC 8032.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from pathlib import Path

from attrs import frozen
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from actors.disk import SYSTEM_DISK, Disk
from actors.journal_schema import JournalError

EVERY_RECORDS = 1_000
_ED25519 = b"\x01"


@frozen
class Checkpoint:
    """A stored checkpoint: tree size, its root, and the signed note as text."""

    tree_size: int
    root: bytes
    note: str


class SigningKeyError(JournalError):
    """The file of the signing key holds no key of ours; the journal itself is as it was."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"The signing key {path} is damaged or another kind of key. The journal was not "
            "changed and nothing was started. Put the key back from the latest backup, or move "
            "it away: a new one is made then, and whoever checks the journal needs the public "
            "halves of both."
        )


class Signer:
    """Signs the notes of one store. Owns the private key; only its public half leaves."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public_key = key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )

    @staticmethod
    def from_file(path: Path, disk: Disk = SYSTEM_DISK) -> Signer:
        """The key in `path` (PKCS #8 PEM, mode 0600), made there if the file is missing.

        Raises:
            OSError: the file cannot be read or written.
            SigningKeyError: it holds no such key.
        """
        if disk.size(path) is None:
            _write_key(path, Ed25519PrivateKey.generate(), disk)
        content = disk.read(path)
        try:
            key = serialization.load_pem_private_key(content, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            # Damaged, with a password, or of a kind that nobody knows.
            raise SigningKeyError(path) from None
        if not isinstance(key, Ed25519PrivateKey):
            raise SigningKeyError(path)
        return Signer(key)

    def sign(self, origin: str, tree_size: int, root: bytes) -> str:
        """The whole note, signature line included."""
        text = f"{origin}\n{tree_size}\n{b64encode(root).decode()}\n"
        signature = self._key.sign(text.encode())
        blob = b64encode(key_id(origin, self.public_key) + signature).decode()
        return f"{text}\n\N{EM DASH} {origin} {blob}\n"

    def verifier_key(self, origin: str) -> str:
        """The public key as `name+id+key`, the form witnesses and `verifier --key` take."""
        return verifier_key(origin, self.public_key)


def origin_of(store_id: str, epoch: int) -> str:
    """The log's name. A restored backup is a declared fork, so each epoch is a log of its own."""
    return f"countertop/{store_id}/{epoch}"


def key_id(name: str, public_key: bytes) -> bytes:
    """Four bytes that name a key in signature lines. Source: signed-note, section Signatures."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:4]


def verifier_key(name: str, public_key: bytes) -> str:
    """`name+id+key`: the id in hexadecimal, the key in base64 with its type byte."""
    encoded = b64encode(_ED25519 + public_key).decode()
    return f"{name}+{key_id(name, public_key).hex()}+{encoded}"


def _write_key(path: Path, key: Ed25519PrivateKey, disk: Disk) -> None:
    disk.make_folder(path.parent, 0o700)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    disk.write_durably(path, pem, 0o600)


def publish_key(path: Path, key: str, disk: Disk = SYSTEM_DISK) -> None:
    """Keep the public key in a file of its own, for those who check from outside."""
    line = key.encode() + b"\n"
    if disk.size(path) is None or disk.read(path) != line:
        disk.write_durably(path, line)


def write_durably(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Put `content` on the machine's disk as a whole or not at all, synced with its directory."""
    SYSTEM_DISK.write_durably(path, content, mode)


def sync_directory(path: Path) -> None:
    """Make names in a directory of the machine's disk durable."""
    SYSTEM_DISK.sync_folder(path)
