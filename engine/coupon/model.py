"""A coupon as the shop writes it down, and one that was presented."""

from __future__ import annotations

from enum import Enum

from attrs import frozen


class CouponKind(Enum):
    """What a coupon's codes look like; each says which fields of `CouponRule` it reads."""

    GENERIC = "generic"
    """`code`, the same for everybody."""
    PATTERN = "pattern"
    """Every code of `length` characters that begins with `code`; each is good once."""
    ISSUED = "issued"
    """The codes issued for it (`coupons.issue`); each is good once."""
    GS1_GCN = "gs1_gcn"
    """A GS1 global coupon number: `code` is its 13 digits. With a serial it is good once."""
    GS1_NORTH_AMERICAN = "gs1_north_american"
    """A North American coupon: `code` is its company prefix, `offer` its offer code."""


@frozen
class CouponRule:
    """Which codes are this coupon. With `check_digit` the digits of a pattern's codes end in the
    one that GS1 reckons for all before it."""

    id: str
    kind: CouponKind
    code: str = ""
    length: int = 0
    offer: str = ""
    check_digit: bool = False


@frozen
class Presented:
    """A coupon on an order. `key` tells a code that is good once from every other ("": it may be
    used again); `value_minor` is the most it gives, as its code says (0: as its promotion says)."""

    code: str
    coupon: str
    promotion: str
    key: str = ""
    value_minor: int = 0


@frozen
class CouponUse:
    """A coupon that gave something in a sale; `key` as presented."""

    coupon: str
    promotion: str
    key: str = ""
