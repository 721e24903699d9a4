"""The floor's mutants: each is put where it belongs, has its tests, and dies for a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.mutants import callers, floor
from tests.mutants.survivors import Change
from tests.mutants.tree import ROOT, Ended, Tree

CASH = "native/core/src/cash.rs"
TEXT = "fn cash(amount: i64) -> i64 {\n    // 5 ¢\n    amount *\n        5\n}\n"


def mutant(file: str = CASH) -> dict[str, Any]:
    """As cargo-mutants tells it."""
    return {
        "name": f"{file}:3:12: replace * with + in cash",
        "file": file,
        "function": {"function_name": "cash"},
        "span": {"start": {"line": 3, "column": 12}, "end": {"line": 3, "column": 13}},
        "replacement": "+",
    }


def outcome(summary: str) -> dict[str, Any]:
    """A mutant after the Rust tests."""
    return {"scenario": {"Mutant": mutant()}, "summary": summary}


def test_a_mutant_is_put_in_place_of_its_span() -> None:
    """On one line or over several; the rest stays."""
    assert callers.with_mutant(TEXT, mutant()) == TEXT.replace("*", "+")
    over_lines = mutant() | {
        "span": {"start": {"line": 1, "column": 30}, "end": {"line": 5, "column": 2}},
        "replacement": "0",
    }
    assert callers.with_mutant(TEXT, over_lines) == TEXT[:29] + "0\n"


def test_every_file_of_the_floor_has_callers() -> None:
    """Each file is judged by tests of what it serves, and what is named is there."""
    assert "tests/native/test_promotions.py" in callers.callers_of("native/core/src/promo/exact.rs")
    assert "tests/native/test_terminal.py" in callers.callers_of("native/core/src/emv/tlv.rs")
    assert "tests/countertop/test_tax_files.py" in callers.callers_of("native/core/src/tax.rs")
    assert "tests/native/test_floor.py" in callers.callers_of(CASH)
    for path in (ROOT / "native" / "core" / "src").rglob("*.rs"):
        assert callers.callers_of(path.relative_to(ROOT).as_posix())
    named = {Path(test.partition("::")[0]) for test in callers.all_callers()}
    assert [path for path in sorted(named) if not (ROOT / path).is_file()] == []


@pytest.mark.parametrize(
    ("ended", "test"),
    [
        (Ended(0, "3 passed"), ""),
        (Ended(1, "FAILED tests/x.py::test_x[a b] - assert 350 == 351\n1 failed"),
         "tests/x.py::test_x[a b]"),
        (Ended(2, "ERROR tests/x.py\n1 error"), "tests/x.py"),
        (Ended(None, ""), "a test that did not end"),
        (Ended(-11, ""), "signal 11"),
    ],
)  # fmt: skip
def test_a_mutant_dies_by_a_test_that_fails_or_never_ends(ended: Ended, test: str) -> None:
    """A crash counts as a failure, as it does for the Rust tests."""
    assert callers.noticed(ended) == test


@pytest.mark.parametrize("code", [3, 4, 5, 1])
def test_tests_that_could_not_run_judge_nothing(code: int) -> None:
    """A wrong name or an inner error is no test that failed."""
    with pytest.raises(callers.JudgeError, match=str(code)):
        callers.noticed(Ended(code, "ERROR: file or directory not found: tests/x.py"))


def test_python_is_asked_only_about_what_rust_lets_live(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What does not compile is no mutant; what no test notices lives."""
    answers = iter(["tests/x.py::test_x", "", None])
    monkeypatch.setattr(callers, "judge", lambda *_: next(answers))
    tree, change = Tree(tmp_path), Change("cash: cash", "replace * with +")

    def by(summary: str) -> str | None:
        found = floor.judge(tree, outcome(summary))
        assert found is None or (found.file, found.change) == (CASH, change)
        return found.by if found else None

    assert [by("CaughtMutant"), by("Timeout"), by("Unviable")] == [floor.RUST, floor.RUST, None]
    assert [by("MissedMutant") for _ in range(3)] == [floor.PYTHON, floor.NOBODY, None]


def test_the_share_counts_both_judges() -> None:
    """A line tells who killed how many."""
    change = Change("cash: cash", "replace * with +")
    judges = [floor.RUST, floor.RUST, floor.PYTHON, floor.NOBODY]
    judged = [floor.Judged(CASH, change, by) for by in judges]
    assert floor.cells("all", judged) == ("all", "4", "2", "1", "75.0")


def test_the_extension_is_built_with_the_mutant_and_then_without(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The tests run while the mutant is in its file, and it is out again after them."""
    path = tmp_path / CASH
    path.parent.mkdir(parents=True)
    path.write_text(TEXT)
    seen: list[str] = []

    def ended(*_: object, **__: object) -> Ended:
        seen.append(path.read_text())
        return Ended(0, "")

    monkeypatch.setattr(callers, "_build", ended)
    monkeypatch.setattr(Tree, "pytest", ended)
    assert callers.judge(Tree(tmp_path), mutant()) == ""
    assert seen == [TEXT.replace("*", "+")] * 2
    assert path.read_text() == TEXT
