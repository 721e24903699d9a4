"""Which Python an environment is made of, where a machine has several."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tools import pick_python
from tools.pick_python import BETTER_BY, on_path, pick, timed


def program(folder: Path, name: str, seconds: float | None) -> str:
    """An interpreter that says of itself how quick it is, or that does not run."""
    path = folder / name
    says = "exit 1" if seconds is None else f"echo {seconds}; echo {path}"
    path.write_text(f"#!/bin/sh\n{says}\n")
    path.chmod(0o755)
    return str(path)


def test_one_that_is_quicker_by_a_tenth_is_taken(tmp_path: Path) -> None:
    """The quickest of all; the first one as long as none is that much quicker."""
    first = program(tmp_path, "python3", 1.0)
    nearly = program(tmp_path, "python3.11", BETTER_BY + 0.01)
    quicker = program(tmp_path, "python3.12", 0.8)
    quickest = program(tmp_path, "python3.13", 0.7)
    assert first == pick(first, [nearly])
    assert quickest == pick(first, [nearly, quicker, quickest])


def test_one_that_does_not_run_or_lacks_something_is_passed_over(tmp_path: Path) -> None:
    """A name with nothing behind it is no find, nor one that says no times; and if the first cannot
    be timed, nothing is known to be quicker."""
    first = program(tmp_path, "python3", 1.0)
    broken = program(tmp_path, "python3.11", None)
    mute = tmp_path / "python3.12"
    mute.write_text("#!/bin/sh\necho Hello\n")
    mute.chmod(0o755)
    nowhere = str(tmp_path / "python3.14")
    assert first == pick(first, [broken, str(mute), nowhere])
    assert broken == pick(broken, [first])


def test_a_program_of_many_names_is_timed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of links to one interpreter only the first is started."""
    first = program(tmp_path, "python3.11", 1.0)
    (tmp_path / "python3").symlink_to(first)
    started: list[str] = []

    def timing(path: str) -> tuple[str, float] | None:
        started.append(path)
        return timed(path)

    monkeypatch.setattr(pick_python, "timed", timing)
    assert first == pick(first, on_path(str(tmp_path)))
    assert [first] == started


def test_what_could_be_one_is_found_on_path(tmp_path: Path) -> None:
    """Each folder in its order; folders that are not there, and names of other things, are none."""
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
    wanted = [program(two, "python3", 1.0), program(two, "python3.13", 1.0)]
    wanted.append(program(one, "python3.11", 1.0))
    for name in ("python", "python2.7", "python3-config", "python3.11-config", "python3.13t"):
        program(two, name, 1.0)
    assert wanted == on_path(f"{two}:{tmp_path / 'three'}:{one}")


def test_this_one_is_timed_and_told_by_its_own_name() -> None:
    """A link to an interpreter, as an environment has one, leads to that itself."""
    told = timed(sys.executable)
    assert told is not None
    path, seconds = told
    assert str(Path(sys.executable).resolve()) == path
    assert 0 < seconds < pick_python.TIMEOUT_S


def test_one_path_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """Without it nothing is chosen, and that is said."""
    assert 2 == pick_python.main([])
    told = capsys.readouterr()
    assert "Nothing was chosen" in told.err
    assert "" == told.out
