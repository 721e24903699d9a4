"""When and by whose calendar something was decided; made once by `actors.world`, then journaled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from attrs import frozen


@frozen
class Stamp:
    """The time of a decision.

    `now_ns` is UTC nanoseconds since 1970; `utc_offset_s` the store's offset at that moment, in
    seconds, positive east; `business_date` the ISO date of the trading day it belongs to, which
    ends at the store's cut-off and not at midnight. Order is position; time is an attribute, so a
    clock set back changes stamps and nothing else.
    """

    now_ns: int
    utc_offset_s: int
    business_date: str


def local_time(now_ns: int, utc_offset_s: int) -> str:
    """`2026-11-23 14:03` at the store."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=now_ns // 10**9 + utc_offset_s)
    return moment.strftime("%Y-%m-%d %H:%M")
