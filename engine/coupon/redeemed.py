"""What was given so far: codes used up, codes issued, and how much each promotion has cost.

A hundred thousand codes are kept as eight bytes each, in order, so that they cost less than a
megabyte and one look takes a few steps.
"""

from __future__ import annotations

import sys
from array import array
from base64 import b64decode, b64encode
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from hashlib import sha256

from attrs import define, field, frozen

from engine.coupon.model import CouponUse

_KEY_BYTES = 8


def key_of(coupon: str, code: str) -> str:
    """What is remembered of a code that is good once: 64 bits of its SHA-256, hexadecimal."""
    return sha256(f"{coupon}\0{code}".encode()).hexdigest()[: 2 * _KEY_BYTES]


class CodeSet:
    """Keys of codes, eight bytes each."""

    __slots__ = ("_keys",)

    def __init__(self, packed: str = "") -> None:
        """`packed` is what `packed()` gave.

        Raises:
            ValueError: it is not.
        """
        self._keys = array("Q", b64decode(packed, validate=True))
        if sys.byteorder == "little":
            self._keys.byteswap()

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: str) -> bool:
        at = self._place(key)
        return at < len(self._keys) and self._keys[at] == int(key, 16)

    def _place(self, key: str) -> int:
        return bisect_left(self._keys, int(key, 16))

    def add(self, keys: Iterable[str]) -> None:
        """Take keys in; those that are there already stay once."""
        for key in keys:
            at = self._place(key)
            if at == len(self._keys) or self._keys[at] != int(key, 16):
                self._keys.insert(at, int(key, 16))

    def remove(self, keys: Iterable[str]) -> None:
        """Let keys go; those that are not there are no fault."""
        for key in keys:
            at = self._place(key)
            if at < len(self._keys) and self._keys[at] == int(key, 16):
                del self._keys[at]

    def size_bytes(self) -> int:
        """What the keys take in memory."""
        return sys.getsizeof(self._keys)

    def packed(self) -> str:
        """The same on every machine: Base64 of the keys in order, big end first."""
        keys = array("Q", self._keys)
        if sys.byteorder == "little":
            keys.byteswap()
        return b64encode(keys.tobytes()).decode()


@frozen
class Given:
    """How many sales had a promotion, and what it took off them: minor units, zero or more."""

    sales: int = 0
    amount_minor: int = 0

    def more(self, amount_minor: int) -> Given:
        """One sale more."""
        return Given(self.sales + 1, self.amount_minor + amount_minor)


NOTHING = Given()


@define
class Redeemed:
    """`given` is by promotion, `to_members` by `member_key`; live sales only. What goes back gives
    a code back when all of its sale does, and no budget."""

    used: CodeSet = field(factory=CodeSet)
    issued: dict[str, CodeSet] = field(factory=dict)
    given: dict[str, Given] = field(factory=dict)
    to_members: dict[str, Given] = field(factory=dict)

    def follow_sale(
        self,
        taken: Mapping[str, int],
        uses: Iterable[CouponUse],
        restored: Iterable[str],
        *,
        member: str,
        business_date: str,
    ) -> None:
        """Count what a completed sale gave (minor units by promotion, above zero) and what it took
        back."""
        for promotion, amount_minor in taken.items():
            self.given[promotion] = self.given.get(promotion, NOTHING).more(amount_minor)
            if member:
                for key in (
                    member_key(promotion, member),
                    member_key(promotion, member, business_date[:4]),
                ):
                    self.to_members[key] = self.to_members.get(key, NOTHING).more(amount_minor)
        self.used.add(use.key for use in uses if use.key)
        self.used.remove(restored)

    def issue(self, coupon: str, keys: Iterable[str]) -> None:
        """More codes of a coupon are good."""
        self.issued.setdefault(coupon, CodeSet()).add(keys)


def member_key(promotion: str, member: str, year: str = "") -> str:
    """Where what a member had of a promotion is counted, in a year or ever."""
    return f"{promotion}\0{member}\0{year}"


@frozen
class RedeemedImage:
    """The same as plain data."""

    used: str = ""
    issued: dict[str, str] = field(factory=dict)
    given: dict[str, Given] = field(factory=dict)
    to_members: dict[str, Given] = field(factory=dict)


def image_of(redeemed: Redeemed) -> RedeemedImage:
    """What a snapshot stores."""
    issued: Mapping[str, CodeSet] = redeemed.issued
    return RedeemedImage(
        redeemed.used.packed(),
        {coupon: codes.packed() for coupon, codes in issued.items()},
        dict(redeemed.given),
        dict(redeemed.to_members),
    )


def redeemed_from(image: RedeemedImage) -> Redeemed:
    """What a snapshot holds.

    Raises:
        ValueError: its codes are not as `image_of` packs them.
    """
    return Redeemed(
        CodeSet(image.used),
        {coupon: CodeSet(packed) for coupon, packed in image.issued.items()},
        dict(image.given),
        dict(image.to_members),
    )
