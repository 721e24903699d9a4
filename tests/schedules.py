"""The order in which trio's tasks go on is drawn anew for each test, from a seed that can be named.

Trio shuffles the tasks that are ready, on purpose: what must not depend on their order is so found
out. A failure is only of use where it can be had again, and a build machine should say the same of
the same commit twice. So each test's order is drawn from its name and the run's schedule: `CI` has
one of its own, anyone else gets a new one each time, told in the header, and `COUNTERTOP_SCHEDULE`
sets it. Real sockets and processes keep a mind of their own.
"""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
import trio

SCHEDULE = "COUNTERTOP_SCHEDULE"
# As `actors/world.py`. That the order follows from this at all, pytest-trio sees to.
_SCHEDULER: Any = trio._core._run


def _drawn() -> str:
    given = os.environ.get(SCHEDULE)
    return given or ("ci" if os.environ.get("CI") else str(random.randrange(1_000_000)))


schedule = _drawn()


def pytest_report_header() -> str:
    """How to have the same orders again."""
    return f"schedule: {SCHEDULE}={schedule}"


def draw(name: str) -> None:
    """Begin the order of that name."""
    _SCHEDULER._r.seed(f"{schedule} {name}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Begin this test's order."""
    draw(item.nodeid)
