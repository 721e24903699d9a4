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
    assert ["promo", "cash"] == list(map(callers.room_of, ["native/core/src/promo/a/b.rs", CASH]))
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


def planted(monkeypatch: pytest.MonkeyPatch, folder: Path, *codes: int) -> list[str]:
    """The file's text at each step that ends with one of `codes`: Rust, Rust, pytest and so on."""
    path = folder / CASH
    path.parent.mkdir(parents=True)
    path.write_text(TEXT)
    seen: list[str] = []
    endings = iter(codes)

    def ended(*_: object, **__: object) -> Ended:
        seen.append(path.read_text())
        code = next(endings)
        return Ended(code, "---- cash::tests::pays stdout ----" if code == 101 else "FAILED x - y")

    for owner, name in ((callers, "_extension"), (Tree, "pytest"), (Tree, "run")):
        monkeypatch.setattr(owner, name, ended)
    return seen


@pytest.mark.parametrize(
    ("codes", "by", "test"),
    [
        ((0, 101), callers.RUST, "cash::tests::pays"),
        ((0, 0, 101), callers.RUST, "cash::tests::pays"),
        ((0, 0, 0, 0, 1), callers.PYTHON, "x"),
        ((0, 0, 0, 0, 0), callers.NOBODY, ""),
    ],
)
def test_each_judge_is_asked_about_what_the_one_before_lets_live(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, codes: tuple[int, ...], by: str, test: str
) -> None:
    """The mutant is in its file at every step, and out of it again after the last."""
    seen = planted(monkeypatch, tmp_path, *codes)
    assert callers.judge(Tree(tmp_path), mutant()) == callers.Verdict(by, test)
    assert seen == [TEXT.replace("*", "+")] * len(codes)
    assert (tmp_path / CASH).read_text() == TEXT


@pytest.mark.parametrize("codes", [(101,), (0, 0, 0, 101)])
def test_what_does_not_compile_is_no_mutant(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, codes: tuple[int, ...]
) -> None:
    """Neither the crate nor the extension; it is told and not counted."""
    planted(monkeypatch, tmp_path, *codes)
    assert floor.judge(Tree(tmp_path), mutant()) is None


def test_a_sample_is_spread_over_all_files() -> None:
    """Each so many, from the place named."""
    mutants = [mutant(f"native/core/src/{number}.rs") for number in range(10)]
    assert floor.part(mutants, (1, 4)) == [mutants[1], mutants[5], mutants[9]]
    assert floor.part(mutants, (0, 1)) == mutants


def test_the_share_counts_both_judges() -> None:
    """A line tells who killed how many."""
    change = Change("cash: cash", "replace * with +")
    judges = [callers.RUST, callers.RUST, callers.PYTHON, callers.NOBODY]
    judged = [floor.Judged(CASH, change, by) for by in judges]
    assert floor.cells("all", judged) == ("all", "4", "2", "1", "75.0")
