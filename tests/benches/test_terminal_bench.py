"""The bench of a terminal's messages still runs, and says what it should."""

from __future__ import annotations

import re

from benches.terminal import report


def test_it_says_a_figure_and_a_ratio_for_each() -> None:
    """Each line has the floor's time and, beside a twin or a peer, how many times that takes."""
    head, *lines = report(tiny=True)
    assert "ratio" in head
    assert len(lines) >= 4
    assert all(re.search(r"\d\.\d\d us", line) for line in lines)
    assert all(re.search(r"(?:\d x|-)$", line) for line in lines)
