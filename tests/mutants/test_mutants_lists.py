"""The lists of survivors are in order, and a mutant is named by what it changes."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from tests.mutants import deciders, floor, planted
from tests.mutants.survivors import Change, Survivors, as_entries
from tests.mutants.tree import ROOT

MUTATED = '''
def x_total__mutmut_orig(a, b):
    """Sum."""
    return a + b

def x_total__mutmut_1(a, b):
    """Sum."""
    return a - b

class Till:
    def xǁTillǁis_open__mutmut_orig(self):
        return True

    def xǁTillǁis_open__mutmut_1(self):
        return False
'''


@pytest.mark.parametrize("path", [deciders.LIST, floor.LIST])
def test_every_listed_survivor_has_a_reason(path: Path) -> None:
    """Each list is read, and what it lists counts as explained."""
    listed = Survivors.load(path)
    assert listed.reasons
    assert listed.unexplained(listed.reasons) == []


def test_a_survivor_without_a_reason_is_refused(tmp_path: Path) -> None:
    """An entry as `--propose` prints it says nothing yet; twice the same is refused too."""
    path = tmp_path / "list.toml"
    entry = as_entries([Change("till: total", "a + b → a - b")])
    path.write_text(entry)
    with pytest.raises(ValueError, match="no reason"):
        Survivors.load(path)
    path.write_text(2 * (entry.replace('reason = ""', 'reason = "it is the same"') + "\n"))
    with pytest.raises(ValueError, match="twice"):
        Survivors.load(path)
    assert Survivors.load(tmp_path / "none").unexplained([Change("f", "c")]) == [Change("f", "c")]


def test_what_no_longer_lives_is_named(tmp_path: Path) -> None:
    """A reason outlives its mutant only until somebody runs them all."""
    change = Change("till: total", "a + b → a - b")
    listed = Survivors(tmp_path, {change: "it is the same"})
    assert listed.gone([change]) == []
    assert listed.gone([]) == [change]


def test_a_mutant_is_named_by_its_function_and_its_lines() -> None:
    """Functions and methods, without mutmut's numbers, which move."""
    assert deciders.changes_in(MUTATED, "engine.till") == {
        "x_total__mutmut_1": Change("engine.till.total", "return a + b → return a - b"),
        "xǁTillǁis_open__mutmut_1": Change(
            "engine.till.Till.is_open", "return True → return False"
        ),
    }
    told = {
        "name": "native/core/src/cash.rs:8:19: replace < with <= in cash_round",
        "file": "native/core/src/cash.rs",
        "function": {"function_name": "cash_round"},
    }
    assert floor.change_of(told) == Change("cash: cash_round", "replace < with <=")


def test_every_mutated_file_is_there() -> None:
    """No decider is left out because it was renamed."""
    assert [file for file in deciders.MODULES if not (ROOT / file).is_file()] == []


def decides(tree: ast.Module) -> bool:
    """Whether a module refuses, makes a decision, or has a `decide` or an `evolve` of its own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name in ("decide", "evolve"):
            return True
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Name) and called.id in ("refuse", "Decision", "Refused"):
            return True
    return False


def test_every_module_that_decides_is_mutated() -> None:
    """A decider that is added is mutated with the others, whoever added it."""
    deciding = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "engine").rglob("*.py"))
        if decides(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert "engine/paylink/hearing.py" in deciding
    assert "engine/limits.py" not in deciding
    assert sorted(set(deciding) - set(deciders.MODULES)) == []


def test_what_cannot_be_tried_is_no_survivor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the tool, or of a bug or a decider that there is not: 2, and not 1, which says that
    something lived; asked to do nothing then, 0."""
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    how: dict[str, Any] = {"propose": False}
    for if_installed, code in ((False, 2), (True, 0)):
        how["if_installed"] = if_installed
        assert floor.run(None, shard=floor.SHARD, **how) == code
        assert "cargo-mutants is not here" in capsys.readouterr().out
        assert deciders.run("", None, sample=1, begin=0, **how) == code
        assert "mutmut is not here" in capsys.readouterr().out
    assert planted.run("nothing", None) == 2
    assert "No planted bug is called 'nothing'; nothing was run" in capsys.readouterr().out
