"""The comparison of promotion engines runs, and says what is not installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from benches import compare_promotions


def test_the_comparison_runs_small(capsys: pytest.CaptureFixture[str]) -> None:
    """`--tiny` prices a few carts by every engine there is; answers that differ would end it."""
    assert compare_promotions.main(["--tiny"]) == 0
    told = capsys.readouterr().out
    assert told.count("the Python twin") == 2
    assert "pip install django-oscar" in told
    assert "npm install @vendure/core" in told
    assert ("zen-engine: not installed" in told) == (find_spec("zen") is None)


def test_a_shop_system_that_does_not_answer_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """One that is told where it is and is not there ends the comparison, with its name."""
    assert compare_promotions.main(["--tiny", "--oscar", "/nowhere/python"]) == 1
    assert "django-oscar could not be started" in capsys.readouterr().err


def test_a_shop_system_with_another_answer_ends_the_comparison(tmp_path: Path) -> None:
    """What is compared for speed has to mean the same."""
    other = tmp_path / "python"
    other.write_text('#!/bin/sh\necho \'{"version": "0", "totals": [1], "ns": 1.0}\'\n')
    other.chmod(0o755)
    with pytest.raises(AssertionError, match="django-oscar 0 disagree"):
        compare_promotions.main(["--tiny", "--oscar", str(other)])
