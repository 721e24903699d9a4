"""Threads take turns short enough that none makes an answer wait."""

from __future__ import annotations

import sys

from countertop.threads import TURN_S, take_short_turns


def test_turns_are_short() -> None:
    """A tenth of what Python gives by itself."""
    before = sys.getswitchinterval()
    try:
        take_short_turns()
        assert sys.getswitchinterval() == TURN_S < 0.001
    finally:
        sys.setswitchinterval(before)
