"""The seal of nexo in plain Python, over `cryptography`: what the floor's is held against."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

_BLOCK_BITS = 128


@lru_cache(maxsize=256)
def _derived(passphrase: str) -> tuple[bytes, bytes, bytes]:
    made = hashlib.pbkdf2_hmac("sha1", passphrase.encode("ascii"), b"AdyenNexoV1Salt", 4_000, 80)
    return made[:32], made[32:64], made[64:]


def _cipher(cipher_key: bytes, start: bytes, nonce: bytes) -> Cipher[modes.CBC]:
    first = bytes(ours ^ theirs for ours, theirs in zip(start, nonce, strict=True))
    return Cipher(algorithms.AES(cipher_key), modes.CBC(first))


def seal(plain: bytes, passphrase: str, nonce: bytes) -> tuple[str, str]:
    """Blob and MAC in base64."""
    mac_key, cipher_key, start = _derived(passphrase)
    padder = PKCS7(_BLOCK_BITS).padder()
    encryptor = _cipher(cipher_key, start, nonce).encryptor()
    blob = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    return b64encode(blob).decode(), b64encode(hmac.digest(mac_key, plain, "sha256")).decode()


def unseal(blob: str, mac: str, passphrase: str, nonce: bytes) -> bytes:
    """The plain text. Raises `ValueError` where the seal is broken."""
    mac_key, cipher_key, start = _derived(passphrase)
    decryptor = _cipher(cipher_key, start, nonce).decryptor()
    padded = decryptor.update(b64decode(blob)) + decryptor.finalize()
    unpadder = PKCS7(_BLOCK_BITS).unpadder()
    plain = unpadder.update(padded) + unpadder.finalize()
    if not hmac.compare_digest(hmac.digest(mac_key, plain, "sha256"), b64decode(mac)):
        raise ValueError("the seal is broken")
    return plain
