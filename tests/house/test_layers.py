"""Imports point inward, and each thing that is dangerous to share has one home."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("native", "engine", "actors", "hardware", "protocols", "countertop")
SQLITE_HOMES = (
    "actors/disk",
    "actors/journal",
    "actors/personal",
    "actors/snapshot",
    "actors/view",
)
WORLD = "actors/world.py"


def python_files(*rooms: str) -> list[Path]:
    """Every Python file of the rooms that exist, in order."""
    return sorted(file for room in rooms for file in (ROOT / room).rglob("*.py"))


def shown(path: Path) -> str:
    """A path as a reader knows it."""
    return path.relative_to(ROOT).as_posix()


@cache
def imports(path: Path) -> tuple[tuple[int, str], ...]:
    """Line and full module name of everything a file imports, at any depth."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append((node.lineno, node.module))
    return tuple(found)


def report(problems: list[str], advice: str) -> None:
    """Fail with every problem on its own line, then what to do about them."""
    assert not problems, "\n".join(["", *sorted(problems), "", advice])


def test_imports_point_inward() -> None:
    """The import contracts of pyproject.toml hold."""
    missing = [room for room in ROOMS if not (ROOT / room / "__init__.py").is_file()]
    if missing:
        pytest.skip(f"these rooms are not built yet: {', '.join(missing)}")
    done = subprocess.run(
        [sys.executable, "-c", "import sys, importlinter.cli as c; sys.exit(c.lint_imports())"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (
        f"{done.stdout}{done.stderr}\n"
        "Move the code to the room that may know both, or turn the call round: the inner room "
        "returns a value or an effect, and the outer one acts on it."
    )


def test_sqlite_has_one_home() -> None:
    """Only the journal, its snapshots and the views speak to SQLite."""
    problems = [
        f"{shown(path)}:{line} imports {module}"
        for path in python_files(*ROOMS)
        for line, module in imports(path)
        if module.split(".")[0] in {"apsw", "sqlite3"} and not shown(path).startswith(SQLITE_HOMES)
    ]
    report(problems, f"Ask the actor that owns the file. Homes: {', '.join(SQLITE_HOMES)}.")


def test_the_verifier_trusts_nobody() -> None:
    """The verifier imports nothing of the house: it must not repeat the house's mistakes."""
    if not (ROOT / "verifier").is_dir():
        pytest.skip("verifier/ is not built yet")
    problems = [
        f"{shown(path)}:{line} imports {module}"
        for path in python_files("verifier")
        for line, module in imports(path)
        if module.split(".")[0] in ROOMS
    ]
    report(problems, "Write it again from the journal's description: that is what a verifier is.")


def _run_imports(path: Path) -> Iterator[tuple[int, str]]:
    """As `imports`, but for what only a type checker reads."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    unread = {
        node
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for inner in block.body
        for node in ast.walk(inner)
    }
    for node in ast.walk(tree):
        if node in unread:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def test_the_auditor_shares_nothing_with_what_it_judges() -> None:
    """The simulator's auditor, its rules, its books and those of its bank import nothing of the
    house, not for types either; nor does anything of the tests that they run with."""
    folder = ROOT / "tests" / "simulation"
    judges = [folder / f"{name}.py" for name in ("auditor", "bank", "facts", "seen")]
    judges += [*folder.glob("invariants*.py"), *folder.glob("model*.py")]
    assert len(judges) > 12, "the modules of judgment were renamed: name them here"
    problems = [
        f"{shown(path)}:{line} imports {module}"
        for path in judges
        for line, module in imports(path)
        if module.split(".")[0] in ROOMS
    ]
    waiting, known = list(judges), set(judges)
    while waiting:
        path = waiting.pop()
        for line, module in _run_imports(path):
            if module.split(".")[0] in ROOMS and path not in judges:
                problems.append(f"{shown(path)}:{line} imports {module}, and a judge imports it")
            named = ROOT.joinpath(*module.split(".")).with_suffix(".py")
            if module.startswith("tests.") and named.is_file() and named not in known:
                known.add(named)
                waiting.append(named)
    report(
        problems,
        "Judge by what the journal says, or have tests/simulation/window.py hand it over plain.",
    )


def _reaches_the_world(node: ast.AST) -> str | None:
    """The clock, dice or thread a node reaches for past the seam, or None."""
    match node:
        case ast.Attribute(value=ast.Name(id="datetime" | "date"), attr="now" | "utcnow" | "today"):
            return f"datetime.{node.attr}"
        case ast.Attribute(value=ast.Attribute(attr="datetime"), attr="now" | "utcnow"):
            return f"datetime.{node.attr}"
        case ast.Attribute(value=ast.Name(id="os"), attr="urandom" | "getrandom"):
            return f"os.{node.attr}"
        case ast.Attribute(value=ast.Name(id="trio"), attr="to_thread" | "from_thread"):
            return f"trio.{node.attr}"
    return None


def test_clock_dice_and_threads_have_one_home() -> None:
    """Nothing but actors/world.py reads the clock, draws lots or starts a thread, by any name."""
    problems = []
    for path in python_files(*ROOMS):
        if shown(path) == WORLD:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if found := _reaches_the_world(node):
                problems.append(f"{shown(path)}:{getattr(node, 'lineno', 0)}: {found}")
    report(
        problems, "Take a World as an argument and ask it, so that one seed repeats a whole day."
    )


def test_native_is_the_engines_floor_alone() -> None:
    """Only the engine and the front door stand on `native` (benches and tests may measure it).

    Card terminals do too: their bytes are read there and nowhere else, so that no card number is
    ever an object of Python.
    """
    problems = [
        f"{shown(path)}:{line} imports {module}"
        for path in python_files("hardware", "protocols")
        for line, module in imports(path)
        if module.split(".")[0] == "native" and not shown(path).startswith("hardware/terminal/")
    ]
    report(problems, "Ask the engine for it: the floor's interface may change without notice.")
