"""What a check leaves to the build machine: pages in other sizes, themes and languages, the rarer
ways through a page that is gone through anyhow, every other planted bug of the simulator, and a
whole simulated day.

A page that is clean on a wide screen and on a phone is mostly clean in the dark, too, and what the
store answers to a mishap has a test without a browser. All of it takes longer than a person waits:
`./run check` has each page's main ways, and the build machine (`./run check --whole`), or pytest
called by itself, everything.

COUNTERTOP_BREADTH=less is how `run` says so. Tests marked `breadth` are left out then, and
`some_of` leaves out of a list what comes later in it: the most telling come first.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

import pytest

BREADTH = "COUNTERTOP_BREADTH"
LESS = "less"
breadth = pytest.mark.breadth
T = TypeVar("T")


def is_less() -> bool:
    """Whether a part of each is enough."""
    return os.environ.get(BREADTH) == LESS


def some_of(everything: Sequence[T], at_least: int) -> list[T]:
    """All of `everything`, or where less is enough the first `at_least`."""
    return list(everything[:at_least] if is_less() else everything)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is the same again, where less is enough."""
    if not is_less():
        return
    left = [item for item in items if item.get_closest_marker("breadth")]
    items[:] = [item for item in items if not item.get_closest_marker("breadth")]
    config.hook.pytest_deselected(items=left)
