"""When and by whose calendar something was decided; made once by `actors.world`, then journaled."""

from __future__ import annotations

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
