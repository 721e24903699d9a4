"""Every way to say no is said by the engine, tested by name, and refused in words of one style."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "engine"
TESTS = (ROOT / "tests" / "engine", ROOT / "tests" / "scenarios")
CODE = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")

Names = dict[str, str]


def module_name(path: Path) -> str:
    """`engine/order/refusal.py` is `engine.order.refusal`."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


@cache
def refusal_classes() -> tuple[tuple[str, ast.ClassDef], ...]:
    """(module, class) of every `Refusal` of the engine."""
    return tuple(
        (module_name(path), node)
        for path in sorted(ENGINE.rglob("*.py"))
        if "class Refusal" in (source := path.read_text())
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and node.name == "Refusal"
    )


@cache
def constants() -> dict[tuple[str, str], str]:
    """(module, constant) to code."""
    found = {}
    for module, node in refusal_classes():
        for entry in node.body:
            if isinstance(entry, ast.Assign) and isinstance(entry.value, ast.Constant):
                (target,) = entry.targets
                assert isinstance(target, ast.Name)
                found[module, target.id] = str(entry.value.value)
    return found


def aliases(tree: ast.Module, module: str) -> tuple[Names, Names]:
    """Local names that mean a module's `Refusal`, and local names of whole modules."""
    refusals, modules = {"Refusal": module}, {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for entry in node.names:
                local = entry.asname or entry.name
                if entry.name == "Refusal":
                    refusals[local] = node.module
                else:
                    modules[local] = f"{node.module}.{entry.name}"
    return refusals, modules


@cache
def used(path: Path) -> frozenset[tuple[str, str]]:
    """(module, constant) of every refusal a file names as `Refusal.X` or `noun.Refusal.X`."""
    source = path.read_text()
    if "Refusal" not in source:
        return frozenset()
    tree = ast.parse(source)
    refusals, modules = aliases(tree, module_name(path))
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=local), attr=name) if local in refusals:
                found.add((refusals[local], name))
            case ast.Attribute(
                value=ast.Attribute(value=ast.Name(id=local), attr="Refusal"), attr=name
            ) if local in modules:
                found.add((modules[local], name))
    return frozenset(found)


def used_in(*folders: Path) -> set[tuple[str, str]]:
    """The refusals that any file below the folders names."""
    files = [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    return {one for file in files for one in used(file)}


def shown(entries: set[tuple[str, str]]) -> str:
    """For a failing test: one a line."""
    return "".join(f"\n  {module}.Refusal.{name}" for module, name in sorted(entries))


def test_there_are_refusals_to_look_at() -> None:
    """The search finds the deciders' refusals: an empty list cannot pass for a full one."""
    modules = {module for module, _ in constants()}
    assert {"engine.order.refusal", "engine.till", "engine.staff", "engine.catalog"} <= modules
    assert len(constants()) > 80


def test_every_refusal_is_given_somewhere() -> None:
    """A code the engine never answers with is a promise nobody keeps."""
    dead = constants().keys() - used_in(ENGINE)
    assert not dead, f"{shown(set(dead))}\nTake these out, or refuse with them where they belong."


def test_every_refusal_is_tested() -> None:
    """A test names each code beside the command that is refused with it."""
    untested = constants().keys() - used_in(*TESTS)
    assert not untested, (
        f"{shown(set(untested))}\nFor each, write in tests/engine: given …, `shop.no(command) == "
        "Refusal.X`."
    )


def test_refusals_used_exist() -> None:
    """No test or decider names a refusal that is not there."""
    unknown = (used_in(ENGINE) | used_in(*TESTS)) - constants().keys()
    assert not unknown, shown(unknown)


@pytest.mark.parametrize(("module", "name"), sorted(constants()))
def test_codes_are_named_after_the_condition(module: str, name: str) -> None:
    """A code is its constant in lower case and says what must be so, or which limit was reached."""
    code = constants()[module, name]
    assert code == name.lower()
    assert CODE.fullmatch(code)
    assert "_must_" in code or code.endswith("_limit_reached")


def test_one_class_never_gives_a_code_twice() -> None:
    """Within one noun each code is one constant."""
    for module, node in refusal_classes():
        codes = [
            entry.value.value
            for entry in node.body
            if isinstance(entry, ast.Assign) and isinstance(entry.value, ast.Constant)
        ]
        assert len(codes) == len(set(codes)), module
