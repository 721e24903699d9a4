"""The rules of coins and of the calendar: D what is paid in cash, J which day is closed.

Which coin is the smallest the journal says; what it makes of an amount is worked out once more.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from attrs import define

from tests.simulation.auditor import Auditor, Invariant, invariant
from tests.simulation.facts import CUTOFF_HOURS, REGISTERS, TIME_ZONE
from tests.simulation.model import Row
from tests.simulation.model_cash import rounding_minor

_ZONE = ZoneInfo(TIME_ZONE)
_NS_PER_S = 1_000_000_000


@invariant("D2_cash_is_what_coins_can_pay")
class CashIsWhatCoinsCanPay(Invariant):
    """What stays in the drawer, or leaves it, is so many of the smallest coin; what that adds to
    the sale is told with it and in the day's Z, and nothing else is rounded."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._of_day: Counter[str] = Counter()

    def on_record(self, row: Row) -> None:
        """At each completed sale, and each Z."""
        if row.kind != "live":
            return
        data = row.data
        if row.name == "order.completed/1":
            order = self.model.orders[data["order_id"]]
            wanted = rounding_minor(order)
            if data["rounding_minor"] != wanted:
                self.broken(f"coins add {wanted} to {order.id}, not {data['rounding_minor']}")
            kept = sum(order.tenders.values()) - data["change_minor"]
            if data["cash_minor"] != kept or (wanted and kept % order.coin_minor):
                self.broken(f"{order.id} leaves {data['cash_minor']} in the drawer, not {kept}")
            self._of_day[data["register"]] += wanted
        elif row.name == "register.day_closed/1":
            told, wanted = data["totals"]["rounding_minor"], self._of_day.pop(data["register"], 0)
            if told != wanted:
                self.broken(f"the Z of {data['register']} says coins added {told}, not {wanted}")


@define
class _Open:
    """What of a register is in no Z yet; `next` is the number its next receipt has."""

    next: int = 1
    first: int = 0
    last: int = 0
    day: str = ""


@invariant("J4_a_day_is_what_stands_before_its_close")
class ADayIsWhatStandsBeforeItsClose(Invariant):
    """Order is the order of the journal, whatever a clock said: a Z has its register's receipts
    since the last one, each in one Z alone, and none that stands after it. It is of the latest
    business day of them by the calendar, and of none that is still to come."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._open = {register: _Open() for register in REGISTERS}

    def on_record(self, row: Row) -> None:
        """At each record of a register; at each of its sales, and each Z."""
        if row.register not in REGISTERS:
            return
        stamp = row.body["stamp"]
        offset_s, today = _calendar(stamp["now_ns"])
        if (stamp["utc_offset_s"], stamp["business_date"]) != (offset_s, today):
            self.broken(f"record {row.position} is of {today}, and stamped {stamp}")
        if row.kind != "live":
            return
        since = self._open[row.register]
        if row.name == "order.completed/1":
            since.first = since.first or since.next
            since.last, since.next = since.next, since.next + 1
            since.day = max(since.day, today)
        elif row.name == "register.day_closed/1":
            self._closed(row.data, since, today)
            self._open[row.register] = _Open(since.next)

    def _closed(self, data: dict[str, Any], since: _Open, today: str) -> None:
        totals = data["totals"]
        told = totals["receipt_first"], totals["receipt_last"], data["business_date"]
        wanted = since.first, since.last, min(since.day or today, today)
        if told != wanted:
            self.broken(f"Z {data['register']}-{data['z_number']} is of {told}, not of {wanted}")


def _calendar(now_ns: int) -> tuple[int, str]:
    """The store's offset from UTC and its business day, which ends some hours after midnight."""
    local = datetime.fromtimestamp(now_ns // _NS_PER_S, UTC).astimezone(_ZONE)
    offset = local.utcoffset() or timedelta()
    return int(offset.total_seconds()), (local - timedelta(hours=CUTOFF_HOURS)).date().isoformat()
