"""The house keeps itself tidy: lengths, docstrings, words, integers; failures say what to do."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
from attrs import frozen

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    "native", "engine", "actors", "hardware", "protocols", "countertop",
    "benches", "verifier", "tools",
)  # fmt: skip
FUNCTION_LINES_MAX = 70
MODULE_LINES_MAX = 500
COLUMNS_MAX = 100
MAY_PRINT = ("countertop/", "benches/", "tools/", "verifier/")

# Spelt in pieces, so that this file does not find itself.
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|HA" + r"CK)\b")
MACHINE_PATH = re.compile(r"(?<![\w.:/}-])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me)/\w")
FIRST_PERSON = re.compile(
    r"\bI(?:'m|'ve|'ll|'d| am| have| will| think| was| did)\b|\b(?:[Mm]y|[Ww]e|us)\b"
)
# A comment, or a text that may have a # in it: ten times as quick as taking the file to pieces.
TEXT_OR_COMMENT = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""'
    r"|'''(?:[^'\\]|\\.|'(?!''))*'''"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'(?:[^'\\\n]|\\.)*'"
    r"|(?P<comment>\#[^\n]*)",
    re.DOTALL,
)
TEXT = {
    ".py", ".pyi", ".rs", ".toml", ".md", ".csv", ".json", ".ts", ".svelte", ".js", ".css",
    ".html", ".yaml", ".yml", ".sh", ".txt", ".lock", "",
}  # fmt: skip


def python_files(*rooms: str) -> list[Path]:
    """Every Python file of the rooms that exist, in order."""
    return sorted(file for room in rooms for file in (ROOT / room).rglob("*.py"))


def shown(path: Path) -> str:
    """A path as a reader knows it."""
    return path.relative_to(ROOT).as_posix()


def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=shown(path))


def comments_of(source: str) -> Iterator[tuple[int, str]]:
    """Each comment's line and words, without the sign."""
    line, at = 1, 0
    for match in TEXT_OR_COMMENT.finditer(source):
        if match["comment"] is not None:
            line += source.count("\n", at, match.start())
            at = match.start()
            yield line, match["comment"].lstrip("#").strip()


@cache
def comments(path: Path) -> tuple[tuple[int, str], ...]:
    """Those of a file."""
    return tuple(comments_of(path.read_text(encoding="utf-8")))


@frozen
class Function:
    """A function of a file: where it begins, and whether it says what it is for."""

    line: int
    name: str
    lines: int
    has_docstring: bool


@frozen
class Outline:
    """What is asked of every file; its syntax tree is made once for all that ask."""

    has_docstring: bool
    functions: tuple[Function, ...]
    docstrings: tuple[tuple[int, str], ...]
    prints: tuple[int, ...]


@cache
def outline(path: Path) -> Outline:
    """Of a file."""
    functions, docstrings, prints, has_docstring = [], [], [], False
    for node in ast.walk(parsed(path)):
        match node:
            case ast.Module() | ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                words = ast.get_docstring(node) or ""
                if words:
                    docstrings.append((node.body[0].lineno, words))
                says = bool(words.strip())
                if isinstance(node, ast.Module):
                    has_docstring = says
                elif not isinstance(node, ast.ClassDef):
                    lines = (node.end_lineno or node.lineno) - node.lineno + 1
                    functions.append(Function(node.lineno, node.name, lines, says))
            case ast.Call(func=ast.Name(id="print")):
                prints.append(node.lineno)
    return Outline(has_docstring, tuple(functions), tuple(docstrings), tuple(prints))


def committed_files() -> list[Path]:
    """What git tracks, as text; skips outside a checkout."""
    try:
        told = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout, so nobody can say which files are committed")
    files = [ROOT / name for name in told.stdout.split("\0") if name]
    return [file for file in files if file.suffix in TEXT and file.is_file()]


def report(problems: Iterable[str], advice: str) -> None:
    """Fail with every problem on its own line, then what to do about them."""
    found = sorted(problems)
    assert not found, "\n".join(["", *found, "", advice])


def test_functions_fit_on_a_screen() -> None:
    """No function is longer than 70 lines, its docstring included."""
    problems = []
    for path in python_files(*ROOMS):
        for one in outline(path).functions:
            if one.lines > FUNCTION_LINES_MAX:
                problems.append(f"{shown(path)}:{one.line} {one.name}: {one.lines} lines")
    report(problems, "Split it where a comment already names the next step; name the piece so.")


def test_modules_fit_in_a_head() -> None:
    """No module is longer than 500 lines."""
    problems = []
    for path in python_files(*ROOMS):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > MODULE_LINES_MAX:
            problems.append(f"{shown(path)}: {lines} lines")
    report(problems, "Turn it into a package of the same name, one file a subject.")


def test_lines_fit_beside_another_file() -> None:
    """No line of Python or Rust is wider than 100 columns."""
    files = python_files(*ROOMS, "tests")
    files += [*(ROOT / "native").rglob("*.rs"), *(ROOT / "native").rglob("*.pyi")]
    problems = []
    for path in files:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if len(line) > COLUMNS_MAX:
                problems.append(f"{shown(path)}:{number}: {len(line)} columns")
    report(problems, "`./run fix` wraps code; a long string or comment wants a person.")


def test_every_module_says_what_it_is() -> None:
    """Every module, tests included, begins with a docstring."""
    problems = [
        shown(path) for path in python_files(*ROOMS, "tests") if not outline(path).has_docstring
    ]
    report(problems, "Say in one line at the top what it is and owns, for whoever opens it first.")


def test_every_test_says_what_it_proves() -> None:
    """Every test states, in its docstring, the behaviour that it proves."""
    problems = []
    for path in python_files("tests"):
        if path.name.startswith("test_"):
            for one in outline(path).functions:
                if one.name.startswith("test_") and not one.has_docstring:
                    problems.append(f"{shown(path)}:{one.line} {one.name}")
    report(problems, "Add one line that says what the shop may rely on while this test passes.")


def test_test_files_have_names_of_their_own() -> None:
    """No two test files share a name: pytest imports them side by side."""
    seen: dict[str, list[str]] = {}
    for path in python_files("tests"):
        if path.name.startswith("test_"):
            seen.setdefault(path.name, []).append(shown(path))
    report((" and ".join(paths) for paths in seen.values() if len(paths) > 1), "Rename one.")


def test_nothing_is_left_for_later() -> None:
    """No committed source carries a note to finish it."""
    problems = []
    for path in committed_files():
        if path.suffix in {".py", ".pyi", ".rs", ".ts", ".svelte", ".js", ".toml", ".md", ""}:
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                if UNFINISHED.search(line):
                    problems.append(f"{shown(path)}:{number}: {line.strip()[:80]}")
    report(problems, "Finish it, or open an issue and take the note out.")


def _looks_like_code(words: str) -> bool:
    """Whether a comment's words are a Python statement rather than a sentence."""
    try:
        body = ast.parse(words).body
    except (SyntaxError, ValueError):
        return False
    for node in body:
        if isinstance(node, ast.AnnAssign):
            return node.value is not None
        if isinstance(node, ast.Expr):
            return isinstance(node.value, ast.Call | ast.Await)
        return not isinstance(node, ast.Pass | ast.Break | ast.Continue)
    return False


def test_no_code_sleeps_in_comments() -> None:
    """No comment is a statement somebody switched off."""
    problems = [
        f"{shown(path)}:{number}: # {words[:80]}"
        for path in python_files(*ROOMS, "tests")
        for number, words in comments(path)
        if _looks_like_code(words)
    ]
    report(problems, "Take it out: git remembers. If it explains something, make it a sentence.")


def _inexact(node: ast.AST) -> str | None:
    """What is inexact about a node, or None."""
    match node:
        case ast.Constant(value=float() | complex() as value):
            return f"the float {value}"
        case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
            return "a true division"
        case ast.Call(func=ast.Name(id="round" | "float" as name)):
            return f"{name}()"
    return None


def test_the_engine_counts_in_integers() -> None:
    """The engine and the native floor's Python hold no float, no `/` and no round()."""
    problems = []
    for path in python_files("engine", "native"):
        for node in ast.walk(parsed(path)):
            if found := _inexact(node):
                problems.append(f"{shown(path)}:{getattr(node, 'lineno', 0)}: {found}")
    report(problems, "Use minor units, thousandths or ppm, and engine/money.py to split and round.")


def test_only_the_front_door_prints() -> None:
    """print() is for programs a person called; the rest answers, logs or raises."""
    problems = []
    for path in python_files(*ROOMS):
        if shown(path).startswith(MAY_PRINT):
            continue
        problems += [f"{shown(path)}:{line}" for line in outline(path).prints]
    report(problems, "Return the words, or log them with structlog.")


def test_the_house_speaks_in_its_own_voice() -> None:
    """Comments and docstrings speak of the shop and the code, never of their author."""
    problems = []
    for path in python_files(*ROOMS, "tests"):
        for number, words in [*comments(path), *outline(path).docstrings]:
            if found := FIRST_PERSON.search(words):
                problems.append(f"{shown(path)}:{number}: “{found[0]}”")
    report(problems, "Say who or what does it: the store, the printer, the caller.")


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    """No committed file names a folder of somebody's machine."""
    problems = []
    for path in committed_files():
        text = path.read_text(errors="replace")
        for number, line in enumerate(text.splitlines() if MACHINE_PATH.search(text) else (), 1):
            if MACHINE_PATH.search(line):
                problems.append(f"{shown(path)}:{number}: {line.strip()[:80]}")
    report(problems, "Make it relative to the checkout, or a setting.")


def _planted(source: str) -> list[str]:
    """What the integer rule finds in a piece of source."""
    return [found for node in ast.walk(ast.parse(source)) if (found := _inexact(node))]


def test_the_rules_find_what_is_planted() -> None:
    """The searches above find what they are for, and leave innocent text alone."""
    assert ["a true division"] == _planted("a = b / c")
    assert ["the float 0.5"] == _planted("a = 0.5")
    assert ["round()"] == _planted("round(a)")
    assert [] == _planted("a = b // c")
    assert _looks_like_code("total = total + 1")
    assert _looks_like_code("print(total)")
    assert not _looks_like_code("the printer is told first")
    assert MACHINE_PATH.search("see /ro" + "ot/notes")
    assert not MACHINE_PATH.search("https://shop.example/ho" + "me/x")
    assert FIRST_PERSON.search("here we go")
    assert not FIRST_PERSON.search("US sales tax")


def test_comments_are_those_that_python_sees() -> None:
    """Behind texts of every kind, with signs, quotes and backslashes in them."""
    lines = [
        "a = 1  # why",
        '"""A # "none\\" ',
        '""" # "one',
        "b = r\"\\\\\" + '\"#' # it's two",
        "c = '''#''' '' \"\\\"\" # three '''",
        'd = f"{a!r} # {b}" #: four',
        "'' # five",
    ]
    source = "\n".join(lines) + "\n"
    seen = [
        (token.start[0], token.string.lstrip("#").strip())
        for token in tokenize.tokenize(io.BytesIO(source.encode()).readline)
        if token.type == tokenize.COMMENT
    ]
    assert seen == list(comments_of(source))
    assert ["why", '"one', "it's two", "three '''", ": four", "five"] == [one for _, one in seen]
