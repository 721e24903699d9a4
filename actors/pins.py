"""PINs: hashed with argon2id and a pepper of the store, on a thread, never journaled or logged."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Protocol

import trio
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from actors.world import World
from engine.limits import PIN_DIGITS_MAX, PIN_DIGITS_MIN

# RFC 9106 asks for more memory than a till's rush allows; these are OWASP's minimum, about 30 ms.
_MEMORY_KIB = 19_456
_PASSES = 2
_AT_ONCE = 1
# Nobody's hash: of all noughts, at the same cost. To make a real one would hold up each start.
NOBODY = f"$argon2id$v=19$m={_MEMORY_KIB},t={_PASSES},p=1${'A' * 22}${'A' * 43}"


def pin_is_well_formed(pin: str) -> bool:
    """Only digits, neither too short nor too long."""
    return pin.isascii() and pin.isdigit() and PIN_DIGITS_MIN <= len(pin) <= PIN_DIGITS_MAX


class Hasher(Protocol):
    """A slow, salted hash, as `argon2.PasswordHasher` is one."""

    def hash(self, password: str) -> str:
        """A new hash, with the salt and the costs in it."""
        ...

    def verify(self, hash: str, password: str) -> bool:
        """True, or a `VerificationError` or `InvalidHashError` where it is another password."""
        ...


class Pins:
    """*Owns* the store's pepper, in a file of its own, so that a copied journal is no PIN list.

    Hold `turn` around `hash` and `check`: they take a core and 19 MiB each, and when fifty people
    sign on at once, selling must not wait for them.
    """

    def __init__(self, pepper: bytes, hasher: Hasher | None = None) -> None:
        self._pepper = pepper
        self._hasher = hasher or PasswordHasher(_PASSES, _MEMORY_KIB, 1)
        self.turn = trio.CapacityLimiter(_AT_ONCE)

    @staticmethod
    def from_file(path: Path, world: World, hasher: Hasher | None = None) -> Pins:
        """Read the pepper, or make one; without a `hasher` argon2id is used."""
        disk = world.disk
        if disk.size(path) is None:
            disk.make_folder(path.parent, 0o700)
            disk.write_durably(path, world.random_bytes(32), 0o600)
        return Pins(disk.read(path), hasher)

    def _peppered(self, pin: str) -> str:
        return hmac.new(self._pepper, pin.encode(), hashlib.sha256).hexdigest()

    def hash(self, pin: str) -> str:
        """The hash to store; takes about 30 ms, so call it on a thread."""
        return self._hasher.hash(self._peppered(pin))

    def check(self, pin_hash: str, pin: str) -> bool:
        """Whether `pin` is the one; as slow for an unknown operator ("") as for a known one."""
        try:
            self._hasher.verify(pin_hash or NOBODY, self._peppered(pin))
        except (VerificationError, InvalidHashError):
            return False
        return bool(pin_hash)
