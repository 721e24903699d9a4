"""The seal of local messages: encrypted and authenticated under a key both sides were given.

What is sealed is the whole message as JSON. The MAC is over the plain text, so nothing may be told
of a broken seal but that it is broken: how it broke would help who tries keys out.

Source: Adyen Terminal API, protect local communications, read 2026-11; checked against the
published library `@adyen/api-library` 32.1.0.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from binascii import Error as BinasciiError
from functools import lru_cache

from attrs import field, frozen
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from hardware.terminal.nexo import limits
from hardware.terminal.nexo.reading import MessageError

_SALT = b"AdyenNexoV1Salt"
_ROUNDS = 4_000
_HMAC_BYTES, _CIPHER_BYTES, _BLOCK_BYTES = 32, 32, 16
NONCE_BYTES = 16
CRYPTO_VERSION = 1
_PASSPHRASE_CHARS_MAX = 255


class KeyRefusedError(ValueError):
    """A key both sides could not use alike; `code` is `passphrase_must_be_ascii`,
    `passphrase_must_not_be_empty`, `passphrase_too_long` or `key_must_be_named`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@frozen
class SecurityKey:
    """What a shop and its terminal share. Printable ASCII only: implementations disagree how
    anything else becomes bytes, and neither side would say why nothing can be read."""

    identifier: str
    version: int
    passphrase: str = field(repr=False)

    def __attrs_post_init__(self) -> None:
        """Refuse what would not work at the terminal."""
        if not self.identifier or not 0 <= self.version < 2**31:
            raise KeyRefusedError("key_must_be_named")
        if not self.passphrase:
            raise KeyRefusedError("passphrase_must_not_be_empty")
        if not all(" " <= letter <= "~" for letter in self.passphrase):
            raise KeyRefusedError("passphrase_must_be_ascii")
        if len(self.passphrase) > _PASSPHRASE_CHARS_MAX:
            raise KeyRefusedError("passphrase_too_long")


@frozen
class Sealed:
    """A sealed message: base64 texts, and which key it is sealed with."""

    blob: str
    mac: str
    nonce: str
    key_identifier: str
    key_version: int
    crypto_version: int = CRYPTO_VERSION


@frozen
class _Derived:
    mac_key: bytes = field(repr=False)
    cipher_key: bytes = field(repr=False)
    start: bytes = field(repr=False)


@lru_cache(maxsize=16)
def _derived(passphrase: str) -> _Derived:
    """Takes milliseconds, so it is done once for each passphrase."""
    count = _HMAC_BYTES + _CIPHER_BYTES + _BLOCK_BYTES
    made = hashlib.pbkdf2_hmac("sha1", passphrase.encode("ascii"), _SALT, _ROUNDS, count)
    cipher_at, start_at = _HMAC_BYTES, _HMAC_BYTES + _CIPHER_BYTES
    return _Derived(made[:cipher_at], made[cipher_at:start_at], made[start_at:])


def _cipher(key: _Derived, nonce: bytes) -> Cipher[modes.CBC]:
    start = bytes(ours ^ theirs for ours, theirs in zip(key.start, nonce, strict=True))
    return Cipher(algorithms.AES(key.cipher_key), modes.CBC(start))


def _mac(key: _Derived, plain: bytes) -> bytes:
    return hmac.digest(key.mac_key, plain, "sha256")


def seal(plain: bytes, key: SecurityKey, nonce: bytes) -> Sealed:
    """`plain` under `key`. `nonce` is 16 random bytes, never used twice."""
    if len(nonce) != NONCE_BYTES:
        raise ValueError("a nonce has 16 bytes")
    derived = _derived(key.passphrase)
    padder = PKCS7(_BLOCK_BYTES * 8).padder()
    encryptor = _cipher(derived, nonce).encryptor()
    blob = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    return Sealed(
        b64encode(blob).decode(),
        b64encode(_mac(derived, plain)).decode(),
        b64encode(nonce).decode(),
        key.identifier,
        key.version,
    )


def unseal(sealed: Sealed, key: SecurityKey) -> bytes:
    """The plain text.

    Raises:
        MessageError: in this order `crypto_version_other`, `key_identifier_other`,
            `key_version_other`, `nonce_wrong`, `blob_wrong`; `seal_broken` for everything that
            needs the key to be noticed.
    """
    if sealed.crypto_version != CRYPTO_VERSION:
        raise MessageError("crypto_version_other", str(sealed.crypto_version))
    if sealed.key_identifier != key.identifier:
        raise MessageError("key_identifier_other")
    if sealed.key_version != key.version:
        raise MessageError("key_version_other", str(sealed.key_version))
    nonce = _bytes_of(sealed.nonce)
    if nonce is None or len(nonce) != NONCE_BYTES:
        raise MessageError("nonce_wrong")
    blob = _bytes_of(sealed.blob)
    if not blob or len(blob) % _BLOCK_BYTES or len(blob) > limits.MESSAGE_BYTES_MAX:
        raise MessageError("blob_wrong")
    derived = _derived(key.passphrase)
    decryptor = _cipher(derived, nonce).decryptor()
    padded = decryptor.update(blob) + decryptor.finalize()
    unpadder = PKCS7(_BLOCK_BYTES * 8).unpadder()
    try:
        plain, is_padded = unpadder.update(padded) + unpadder.finalize(), True
    except ValueError:
        plain, is_padded = padded, False
    # The MAC is reckoned either way, so that time does not tell which of the two was wrong.
    is_same = hmac.compare_digest(_mac(derived, plain), _bytes_of(sealed.mac) or b"")
    if not (is_padded and is_same):
        raise MessageError("seal_broken")
    return plain


def _bytes_of(text: str) -> bytes | None:
    """Base64 in its one strict form; None for anything else."""
    try:
        data = b64decode(text, validate=True)
    except (BinasciiError, ValueError):
        return None
    return data if b64encode(data).decode() == text else None
