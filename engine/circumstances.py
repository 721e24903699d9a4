"""What an order's prices and promotions hang on besides its goods: for whom, where and when."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from engine.limits import NS_PER_S

DINING_OPTIONS: Final = ("eat_in", "takeaway", "delivery")
IN_STORE: Final = "in_store"
_WEEK_S: Final = 7 * 86_400
_MONDAY_S: Final = 4 * 86_400  # 5 January 1970 was a Monday


@frozen
class Circumstances:
    """`now_s` is seconds since 1970, `week_s` and `business_week_s` since Monday 00:00 on the
    store's clock and by the business day. `dining` is one of `DINING_OPTIONS`, "" for none;
    `points` are what the member has to spend, `tender` is how it will be paid ("": nobody said).
    """

    customer_group: str = ""
    channel: str = IN_STORE
    dining: str = ""
    store: str = ""
    now_s: int = 0
    week_s: int = 0
    business_week_s: int = 0
    points: int = 0
    tender: str = ""


def week_second(now_ns: int, utc_offset_s: int, cutoff_s: int = 0) -> int:
    """Seconds since Monday 00:00 on the store's clock, by the business day where its cut-off is
    given."""
    return (now_ns // NS_PER_S + utc_offset_s - cutoff_s - _MONDAY_S) % _WEEK_S
