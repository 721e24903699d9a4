"""Ed25519 signatures checked with integers only, for where no library is installed.

Fast enough for a few thousand checkpoints. It checks public data, so its timing gives nothing away.

Source: RFC 8032 §5.1 (curve, encoding, verification, without the cofactor).
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, PRIME - 2, PRIME) % PRIME
ROOT_OF_MINUS_ONE = pow(2, (PRIME - 1) // 4, PRIME)


class Point(NamedTuple):
    """A curve point in extended coordinates: x = X/Z, y = Y/Z, x·y = T/Z."""

    x: int
    y: int
    z: int
    t: int


NEUTRAL = Point(0, 1, 1, 0)


def add(one: Point, two: Point) -> Point:
    """The sum of two points; also right when they are the same."""
    a = (one.y - one.x) * (two.y - two.x) % PRIME
    b = (one.y + one.x) * (two.y + two.x) % PRIME
    c = 2 * one.t * two.t * D % PRIME
    d = 2 * one.z * two.z % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return Point(e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME)


def multiply(factor: int, point: Point) -> Point:
    """`factor` times a point, by doubling and adding."""
    result = NEUTRAL
    while factor:
        if factor & 1:
            result = add(result, point)
        point = add(point, point)
        factor >>= 1
    return result


def same(one: Point, two: Point) -> bool:
    """Whether two representations are one point."""
    return (one.x * two.z - two.x * one.z) % PRIME == 0 and (
        one.y * two.z - two.y * one.z
    ) % PRIME == 0


def decode(data: bytes) -> Point | None:
    """The point behind 32 bytes, None where they are not one."""
    if len(data) != 32:
        return None
    number = int.from_bytes(data, "little")
    odd, y = number >> 255, number & (2**255 - 1)
    if y >= PRIME:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, PRIME - 2, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * ROOT_OF_MINUS_ONE % PRIME
    if (x * x - square) % PRIME or (x == 0 and odd):
        return None
    if x & 1 != odd:
        x = PRIME - x
    return Point(x, y, 1, x * y % PRIME)


def _base() -> Point:
    point = decode((4 * pow(5, PRIME - 2, PRIME) % PRIME).to_bytes(32, "little"))
    assert point is not None
    return point


BASE = _base()


def verify_slowly(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` (64 bytes) over `message` was made by the owner of `public_key`."""
    if len(signature) != 64:
        return False
    key, commitment = decode(public_key), decode(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or scalar >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public_key + message).digest()
    challenge = int.from_bytes(digest, "little") % ORDER
    return same(multiply(scalar, BASE), add(commitment, multiply(challenge, key)))


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """As `verify_slowly`, by the `cryptography` library where it is installed."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return verify_slowly(public_key, message, signature)
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
