"""What a drawer's plug says: levels of pin 3 to open and closed. The bytes are the printer's.

Source: Epson ESC/POS command reference, DLE EOT 1 bit 2 and automatic status back byte 1 bit 2;
which level means open depends on how the drawer's switch is wired.
"""

from __future__ import annotations

from enum import Enum


class DrawerState(Enum):
    """What is known of the drawer."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"


def decode_level(high: bool | None, open_level: str) -> DrawerState:
    """The state for a level of pin 3; `open_level` is `high`, `low`, or `none` for no switch."""
    if high is None or open_level == "none":
        return DrawerState.UNKNOWN
    return DrawerState.OPEN if high == (open_level == "high") else DrawerState.CLOSED
