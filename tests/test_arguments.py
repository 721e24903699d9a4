"""Hours of proof are not begun with a number, a time or a file that cannot be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.arguments import new_file, span
from tests.crash.__main__ import parse as parse_crash
from tests.cuts.__main__ import main as main_cuts
from tests.fuzz.__main__ import main as main_fuzz
from tests.prove import deals, draws
from tests.prove.__main__ import main as main_prove
from tests.simulation import seeds as kept_seeds
from tests.simulation.__main__ import main as main_simulation
from tests.simulation.run import Plan
from tests.simulation.seeds import Kept, keep_seed, read_seeds

_SIMULATE = ["simulate", "1", "--sales", "3", "--no-keep"]


@pytest.mark.parametrize(
    ("main", "asked"),
    [
        (main_simulation, [*_SIMULATE, "--until", "-5"]),
        (main_simulation, [*_SIMULATE, "--until", "0"]),
        (main_simulation, [*_SIMULATE, "--until", "nan"]),
        (main_simulation, ["simulate", "1", "--sales", "0"]),
        (main_simulation, ["simulate", "--night", "--jobs", "0"]),
        (main_simulation, ["simulate", "--night", "--minutes", "-1"]),
        (main_simulation, ["check", "--seeds", "1-2", "--jobs", "many"]),
        (parse_crash, ["storm", "--kills", "-1"]),
        (parse_crash, ["storm", "--minutes", "0"]),
        (parse_crash, ["steps", "--every", "0"]),
        (main_cuts, ["memory", "--every", "0"]),
        (main_fuzz, ["run", "--seconds", "0"]),
        (main_prove, ["draws", "--minutes", "0"]),
        (draws.main, ["--times", "0"]),
        (deals.main, ["--carts", "0"]),
    ],
)
def test_a_number_that_cannot_be_is_refused_before_anything_runs(
    main: Callable[[list[str]], Any], asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """What was written, what is wanted, and that nothing was run."""
    with pytest.raises(SystemExit, match="2"):
        main(asked)
    said = capsys.readouterr()
    assert "nothing was run" in said.err
    assert repr(asked[-1]) in said.err
    assert said.out == ""


@pytest.mark.parametrize("asked", [["simulate"], ["simulate", "3", "--night"]])
def test_a_seed_or_a_night_is_asked_for_and_not_both(
    asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A night that began at another seed than the one that was written would be no answer."""
    with pytest.raises(SystemExit, match="2"):
        main_simulation(asked)
    assert "either a seed or --night is needed" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_refused_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder, and a file in a folder that is not there."""
    for path in (tmp_path, tmp_path / "none" / "figures.json"):
        for main, asked in ((main_simulation, _SIMULATE), (main_cuts, ["memory"])):
            with pytest.raises(SystemExit, match="2"):
                main([*asked, "--json", str(path)])
            assert "name another file" in capsys.readouterr().err
    assert new_file(str(tmp_path / "figures.json")) == tmp_path / "figures.json"


def test_a_time_that_was_asked_for_is_kept_as_it_was(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The line in the file of seeds has the plan that failed, to the last digit."""
    path = tmp_path / "seeds.txt"
    path.write_text("")
    monkeypatch.setattr(kept_seeds, "SEEDS", path)
    plans = [Plan(3, 9, {}, span(text)) for text in ("0.0014", "299.1254", "1234.567", "1e6", "4")]
    for plan in plans:
        assert keep_seed(Kept(plan, "why"))
    assert plans == [kept.plan for kept in read_seeds()]
