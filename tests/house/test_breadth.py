"""What a check leaves to the build machine, and that nobody else leaves anything out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.breadth import BREADTH, LESS, some_of

ROOT = Path(__file__).resolve().parents[2]


def test_the_first_are_enough_only_where_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of a list, unless less is enough; never fewer than there are to have."""
    monkeypatch.delenv(BREADTH, raising=False)
    assert [1, 2, 3] == some_of([1, 2, 3], 2)
    monkeypatch.setenv(BREADTH, LESS)
    assert [1, 2] == some_of([1, 2, 3], 2)
    assert [1] == some_of([1], 2)


@pytest.mark.parametrize(("said", "ran"), [("", "2 passed"), (LESS, "1 passed, 1 deselected")])
def test_marked_tests_are_left_out_and_counted(tmp_path: Path, said: str, ran: str) -> None:
    """Left out means not run, and it is said of how many."""
    suite = "from tests.breadth import *\n\n\ndef test_one() -> None:\n    pass\n\n\n@breadth\n"
    (tmp_path / "test_two.py").write_text(suite + "def test_again() -> None:\n    pass\n")
    told = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.breadth", "-c", os.devnull, tmp_path],
        cwd=ROOT,
        env={**os.environ, BREADTH: said},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran in told.stdout
