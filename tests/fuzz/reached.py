"""What the targets' seeds reach: the functions of the project, and the entry points of the floor.

Every seed is given to its target under Python's profiler, which tells each call, of a method of the
extension too. What is reached so is fuzzed: the same call stands on the way of every spoiled seed.
"""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any

from attrs import frozen

from tests.fuzz.all_targets import TARGETS

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("actors", "countertop", "hardware", "protocols", "verifier", "engine")
STUB = ROOT / "native" / "_native.pyi"
READERS = frozenset((
    "json.loads", "orjson.loads", "tomllib.loads", "csv.reader", "base64.b64decode", "b64decode",
    "urlsafe_b64decode", "int.from_bytes", "bytes.fromhex", "h11.Connection", "urlsplit",
    "parse_qsl", "parse", "structure", "read_gs1", "x509.load_der_x509_certificate",
))  # fmt: skip
"""Calls that make something of bytes or text that might be anybody's."""
METHODS = frozenset(("unpack", "unpack_from", "feed", "receive_data", "read_text", "fullmatch"))
"""The same as methods, of whatever object."""


@frozen
class Reached:
    """`functions` by file and name, `entries` of the floor as `Class.method` or `function`."""

    functions: frozenset[tuple[str, str]]
    entries: frozenset[str]


@cache
def reached() -> Reached:
    """Run every seed of every target once, in a process in which nothing was computed before."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.reached"], cwd=ROOT, capture_output=True, check=True
    )
    functions, entries = json.loads(told.stdout)
    return Reached(frozenset(map(tuple, functions)), frozenset(entries))


def _reach() -> tuple[set[tuple[str, str]], set[str]]:
    codes: set[CodeType] = set()
    entries: set[str] = set()

    def note(frame: FrameType, event: str, called: Any) -> None:
        if event == "call":
            codes.add(frame.f_code)
        elif event == "c_call":
            entries.add(_entry(called))

    for target in TARGETS.values():
        seeds = target.valid
        sys.setprofile(note)
        try:
            for seed in seeds:
                target.take((seed,))
        finally:
            sys.setprofile(None)
    named = {(code.co_filename.removeprefix(f"{ROOT}/"), code.co_qualname) for code in codes}
    return named, entries


def _entry(called: Any) -> str:
    owner = getattr(called, "__self__", None)
    if owner is None or isinstance(owner, ModuleType):
        return str(getattr(called, "__qualname__", ""))
    owner = owner if inspect.isclass(owner) else type(owner)
    return f"{owner.__name__}.{called.__name__}"


def entry_points() -> Iterator[str]:
    """What the floor's stub says can be called with something: every function that takes any."""
    for node in ast.parse(STUB.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.args.args:
            yield node.name
        if isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and _takes_something(method):
                    yield f"{node.name}.{method.name}"


def _takes_something(method: ast.FunctionDef) -> bool:
    is_static = any(ast.unparse(one) == "staticmethod" for one in method.decorator_list)
    return len(method.args.args) > (0 if is_static else 1)


def constructed() -> set[str]:
    """The classes that targets make objects of; the profiler tells nothing of that."""
    texts = (path.read_text("utf-8") for path in Path(__file__).parent.glob("targets_*.py"))
    calls = (
        one for text in texts for one in ast.walk(ast.parse(text)) if isinstance(one, ast.Call)
    )
    return {call.func.id for call in calls if isinstance(call.func, ast.Name)}


def decoders() -> Iterator[tuple[str, str]]:
    """Every function of the project that calls one of the readers: its file and name."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for name in decoders_in(tree.body):
                yield path.relative_to(ROOT).as_posix(), name


def decoders_in(body: list[ast.stmt], prefix: str = "") -> Iterator[str]:
    """The names of the functions in a module, or a class, that call one of the readers."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from decoders_in(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            calls = (one.func for one in ast.walk(node) if isinstance(one, ast.Call))
            if any(map(_reads, calls)):
                yield f"{prefix}{node.name}"


def _reads(called: ast.expr) -> bool:
    is_method = isinstance(called, ast.Attribute) and called.attr in METHODS
    return is_method or ast.unparse(called) in READERS


if __name__ == "__main__":
    sys.stdout.write(json.dumps([sorted(found) for found in _reach()]))
