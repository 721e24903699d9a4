"""How a provider signs what it posts: HMAC-SHA-256 over its time and the raw body.

The header `Paylink-Timestamp` is seconds since 1970, `Paylink-Signature` one or more `v1=` with 64
hexadecimal digits, separated by commas: while keys change, old and new sign both. Pure.

Source: RFC 2104 (HMAC), FIPS 180-4 (SHA-256).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence

from protocols.provider import limits

TIMESTAMP_HEADER = "paylink-timestamp"
SIGNATURE_HEADER = "paylink-signature"
_TIME = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNATURE = re.compile(r"v1=([0-9a-f]{64})", re.ASCII)


class SignatureError(Exception):
    """It is not the provider's, or of another time. `code` is `signature_wrong` or
    `time_too_far`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def sign(key: bytes, at_s: int, body: bytes) -> str:
    """The signature header of a body posted at a time."""
    return "v1=" + hmac.digest(key, _signed(str(at_s), body), "sha256").hex()


def check(
    keys: Sequence[bytes], timestamp: str, signature: str, body: bytes, *, now_s: int
) -> None:
    """Check a body against the keys, then its time; each comparison takes the same time.

    Raises:
        SignatureError: what was signed is not this, or was signed too long ago or ahead.
    """
    if not _TIME.fullmatch(timestamp):
        raise SignatureError("signature_wrong")
    given = [part.strip() for part in signature.split(",", limits.SIGNATURES_MAX)]
    found = [match[1] for part in given if (match := _SIGNATURE.fullmatch(part))]
    signed = _signed(timestamp, body)
    right = False
    for key in keys:
        wanted = hmac.digest(key, signed, "sha256").hex()
        for one in found[: limits.SIGNATURES_MAX]:
            right |= hmac.compare_digest(one, wanted)
    if not right:
        raise SignatureError("signature_wrong")
    if abs(now_s - int(timestamp)) > limits.CLOCK_S_MAX:
        raise SignatureError("time_too_far")


def _signed(timestamp: str, body: bytes) -> bytes:
    return b"v1." + timestamp.encode("ascii") + b"." + body


def keys_of(text: str) -> tuple[bytes, ...]:
    """The keys in a secret file, one a line.

    Raises:
        ValueError: none, too many, or one that could be guessed.
    """
    keys = tuple(line.strip().encode() for line in text.splitlines() if line.strip())
    if not 1 <= len(keys) <= limits.KEYS_MAX:
        raise ValueError(f"it has 1 to {limits.KEYS_MAX} keys, one a line")
    if any(len(key) < limits.KEY_BYTES_MIN for key in keys):
        raise ValueError(f"each key has at least {limits.KEY_BYTES_MIN} characters")
    return keys
