"""The seal of local messages: encrypted and authenticated under a key both sides were given.

The floor opens and seals (`native/core/src/terminal/nexo/`). What a terminal says in plain text is
never an object here, only what may be told of it.

Source: Adyen Terminal API, protect local communications, read 2026-11; checked against the
published library `@adyen/api-library` 32.1.0.
"""

from __future__ import annotations

from base64 import b64encode
from functools import lru_cache
from typing import Any

from attrs import field, frozen

from hardware.terminal.nexo.reading import MessageError, Number
from native import CoreError, NexoKey, NexoLink

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


@lru_cache(maxsize=16)
def _native(key: SecurityKey) -> NexoKey:
    """Takes milliseconds, so it is done once for each key."""
    return NexoKey(key.identifier, key.version, key.passphrase)


def link(kind: str, key: SecurityKey, poi_id: str, nonce: bytes | None = None) -> NexoLink:
    """A reader of a connection to the terminal of that name; what comes on it is opened with
    `key`, and nothing else."""
    return NexoLink(kind, _native(key), Number, nonce, poi_id)


def seal(plain: bytes, key: SecurityKey, nonce: bytes) -> Sealed:
    """`plain` under `key`. `nonce` is 16 random bytes, never used twice."""
    blob, mac = _native(key).seal(plain, nonce)
    return Sealed(blob, mac, b64encode(nonce).decode(), key.identifier, key.version)


def unseal(
    envelope: bytes, key: SecurityKey, poi_id: str = ""
) -> tuple[str, dict[str, Any] | None, dict[str, Any]]:
    """Of a sealed message its side, its clear header, and what may be told of what is sealed.
    `poi_id` is as `read_json` has it.

    Raises:
        MessageError: it is no envelope (`not_sealed` where nobody sealed anything); then in this
            order `crypto_version_other`, `key_identifier_other`, `key_version_other`,
            `nonce_wrong`, `blob_wrong`; `seal_broken` for everything that needs the key to be
            noticed; then those of `read_json`.
    """
    try:
        return _native(key).open(envelope, Number, poi_id)
    except CoreError as error:
        raise MessageError(*error.args) from None
