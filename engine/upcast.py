"""From a stored event to the class of today: pure steps, one per change of a wire version.

There is no older version yet; the first change adds its step here and a golden journal to tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from engine.decision import EVENTS
from engine.record import RESTORED, Record, Restored
from engine.wire import structure

Step = Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]
STEPS: Final[dict[str, Step]] = {}


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
