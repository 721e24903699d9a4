"""A file of promotions: TOML that a shop can write by hand, read into the command that sets them.

The keys are those of `engine/promotion/model.py`. Two are easier to write: `starts` and `ends` are
dates and times with an offset, and `weekly` lists hours such as `Mon-Fri 16:00-18:00`.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from countertop.errors import CommandFailedError
from countertop.toml_files import NOT_READ, read_toml, refuse_nothing
from engine.promotion.decide import SetPromotions
from engine.wire import WireError, structure

_NONE: Final = "promotion = []"
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MINUTES: Final = 1_440
_WEEK_MINUTES: Final = 7 * _DAY_MINUTES
_HOURS: Final = re.compile(
    r"(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))? "
    r"(?P<from>\d{1,2}:\d{2})-(?P<until>\d{1,2}:\d{2})",
    re.IGNORECASE,
)


def read_promotions(file: Path) -> SetPromotions:
    """The command a file stands for.

    Raises:
        CommandFailedError: it cannot be read; the words say where and why.
    """
    document = read_toml(file, _NONE)
    unknown = sorted(set(document) - {"policy", "promotion"})
    if unknown:
        raise CommandFailedError(
            f"{file} has the key {unknown[0]!r}; there are policy and [[promotion]]. {NOT_READ}"
        )
    written = document.get("promotion", [])
    if not isinstance(written, list) or not all(isinstance(row, dict) for row in written):
        raise CommandFailedError(f"{file}: write each promotion as [[promotion]]. {NOT_READ}")
    rows = [_plain(file, row) for row in written]
    data: dict[str, Any] = {"promotions": rows}
    if "policy" in document:
        data["policy"] = document["policy"]
    try:
        command = structure(data, SetPromotions)
    except WireError as error:
        raise CommandFailedError(f"{file}: {'; '.join(error.problems)}. {NOT_READ}") from None
    if "promotion" not in document:
        refuse_nothing(file, _NONE)  # a policy alone is what is left where they were lost
    return command


def exclusions(command: SetPromotions) -> list[str]:
    """Which promotions exclude each other, a line a group: lawful, and easily not meant."""
    groups: dict[str, list[str]] = {}
    for one in command.promotions:
        if one.exclusive_group:
            groups.setdefault(one.exclusive_group, []).append(one.id)
    return [
        f"{', '.join(names)} exclude each other: one unit gets one of them."
        for names in groups.values()
        if len(names) > 1
    ]


def _plain(file: Path, row: dict[str, Any]) -> dict[str, Any]:
    """A promotion with its times as the command has them."""
    plain = {key: value for key, value in row.items() if key not in ("starts", "ends", "weekly")}
    for key in ("starts", "ends"):
        if key in row:
            plain[f"{key}_s"] = read_instant(file, key, row[key])
    if "weekly" in row:
        listed = row["weekly"] if isinstance(row["weekly"], list) else [row["weekly"]]
        plain["weekly"] = [span for hours in listed for span in read_hours(file, hours)]
    return plain


def read_instant(file: Path, key: str, value: Any) -> int:
    """Seconds since 1970 of a date and time with an offset.

    Raises:
        CommandFailedError: it has none.
    """
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise CommandFailedError(
            f"{file}: {key} = {value} has no offset; write it as 2026-12-01T00:00:00+01:00. "
            f"{NOT_READ}"
        )
    return int(value.timestamp())


def read_hours(file: Path, hours: Any) -> list[dict[str, int]]:
    """Minutes of the week; hours that end before they begin go on into the next day."""
    found = _HOURS.fullmatch(hours) if isinstance(hours, str) else None
    days: list[str] = []
    clock: list[int] = []
    if found is not None:
        days = [day.lower() for day in (found["first"], found["last"] or found["first"])]
        clock = [_minutes(found["from"]), _minutes(found["until"])]
    if not days or not set(days) <= set(_DAYS) or -1 in clock or clock[0] == clock[1]:
        raise CommandFailedError(
            f"{file}: {hours!r} are no hours; write them as 'Mon-Fri 16:00-18:00'. {NOT_READ}"
        )
    first, last = (_DAYS.index(day) for day in days)
    count = (last - first) % len(_DAYS) + 1
    length = clock[1] - clock[0] + (0 if clock[1] > clock[0] else _DAY_MINUTES)
    spans = []
    for day in range(first, first + count):
        start = (day * _DAY_MINUTES + clock[0]) % _WEEK_MINUTES
        end = start + length
        spans.append({"from_minute": start, "until_minute": min(end, _WEEK_MINUTES)})
        if end > _WEEK_MINUTES:
            spans.append({"from_minute": 0, "until_minute": end - _WEEK_MINUTES})
    return spans


def _minutes(text: str) -> int:
    """Minutes since midnight; -1 where there is no such time."""
    hour, minute = (int(part) for part in text.split(":"))
    total = 60 * hour + minute
    return total if minute < 60 and total <= _DAY_MINUTES else -1
