"""How the threads of a node take turns with the interpreter."""

from __future__ import annotations

import sys

TURN_S = 0.000_5
"""How long one thread keeps the interpreter while another waits for it."""


def take_short_turns() -> None:
    """Have a batch that was synced, or views that are folded, wait no longer than `TURN_S` for
    their turn, nor make an answer wait longer. Python's own five milliseconds are longer than all
    that the store does for a command.
    """
    sys.setswitchinterval(TURN_S)
