"""The comparison of promotion engines runs, and says what is not installed."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from benches import compare_promotions


def test_the_comparison_runs_small(capsys: pytest.CaptureFixture[str]) -> None:
    """`--tiny` prices a few carts by every engine there is; answers that differ would end it."""
    assert compare_promotions.main(["--tiny"]) == 0
    told = capsys.readouterr().out
    assert told.count("the Python twin") == 2
    assert ("zen-engine: not installed" in told) == (find_spec("zen") is None)
