"""From a stored event to the class of today: pure steps, one per change of a wire version.

A step takes the data of one version to the next; what a version lost or gained, and why, is said
beside it. Each has a golden journal in `tests/golden/journals/`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from engine.decision import EVENTS
from engine.record import RESTORED, Record, Restored
from engine.wire import structure

Step = Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]


def _cash_tendered_1(data: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Version 1 kept the rounding with the tender; it is the order's, and follows from its cash."""
    kept = {key: value for key, value in data.items() if key != "rounding_minor"}
    return "order.cash_tendered/2", kept


STEPS: Final[dict[str, Step]] = {"order.cash_tendered/1": _cash_tendered_1}


def event_of(record: Record) -> Any:
    """The event a record holds, brought up to date.

    Raises:
        WireError: a name or shape this version does not know.
    """
    name, data = record.name, record.data
    if name == RESTORED:
        return structure(data, Restored)
    while name in STEPS:
        name, data = STEPS[name](data)
    return structure(data, EVENTS.class_of(name))
