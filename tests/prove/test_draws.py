"""Properties with more examples: what held is counted, what did not is told, nothing is no yes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.draws import USUAL, examples
from tests.prove import draws

ONE = "tests/engine/test_engine_altered.py"
SAID = """
tests/a.py::test_sums:

  - during reuse phase (0.01 seconds):
    - 2 passing, 0 failing, and 0 invalid test cases
  - during generate phase (1.92 seconds):
    - 398 passing, 1 failing, and 14 invalid test cases

================== 1 failed, 2 passed, 40 deselected in 3.52s ==================
"""


def test_a_property_says_how_many_and_a_profile_how_many_times_that() -> None:
    """A profile with fewer than usual asks for no fewer."""
    before = settings().max_examples
    settings.register_profile("test_draws_few", max_examples=USUAL // 3)
    settings.register_profile("test_draws_many", max_examples=USUAL * 7)
    settings.load_profile("test_draws_few")
    few = examples(40)
    settings.load_profile("test_draws_many")
    many = examples(40)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
    assert (few, many) == (40, 280)
    assert settings().max_examples == before


def test_properties_are_run_with_their_examples_and_counted(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """One file's only property, whose usual 200 examples are doubled."""
    path = tmp_path / "figures.json"
    assert draws.main([ONE, "--times", "2", "--json", str(path)]) == 0
    assert "tried with new examples: 1 with 400 examples" in capsys.readouterr().out
    told = json.loads(path.read_text())
    assert (told["part"], [row["ok"] for row in told["rows"]]) == ("draws", [True, True])


def test_where_nothing_was_tried_nothing_is_proven(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A folder without properties and one that is not there; pytest's own words are shown."""
    for path in ("tests/prove/test_prove.py", "tests/nowhere"):
        figures = tmp_path / "figures.json"
        assert draws.main([path, "--json", str(figures)]) == 2
        assert "tried nothing; it says why above" in capfd.readouterr().err
        assert not figures.exists()


def test_what_did_not_hold_is_a_miss(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Its example is printed, and the figure is against its aim."""
    monkeypatch.setattr(draws, "draw", lambda *_: (1, SAID, ["tests/a.py::test_sums: no"]))
    path = tmp_path / "figures.json"
    assert draws.main(["--json", str(path)]) == 1
    said = capsys.readouterr()
    assert "398 passing, 1 failing" in said.err
    assert "3 with 400 examples" in said.out
    held = json.loads(path.read_text())["rows"][1]
    assert (held["figure"], held["aim"], held["ok"]) == ("1", "0", False)
