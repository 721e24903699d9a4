"""What a front end can follow, and what the view of it is asked for with."""

from __future__ import annotations

from typing import Final

OFFICE = "_office"  # the register actor of the store itself, for what belongs to no register
STATUS = "store.status"
EVENTS = "events"
NOTICE = "notice"
SCANS = "scans"

# What a snapshot topic's view is asked for with; `events`, `notice` and `scans` have no view.
TOPICS: Final[dict[str, str]] = {
    "register": "register.state",
    "display": "display.state",
    "status": STATUS,
    EVENTS: "",
    NOTICE: "",
    SCANS: "",
}
