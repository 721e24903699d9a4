"""The second judge of the floor: the Python tests that call it, on an extension with the mutant in.

What a shop relies on (published prices, taxes, books, what a terminal says) is mostly told there.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from tests.mutants.tree import BUILT, TARGET, Ended, Tree

PROFILE = "mutants"
# Built anew for each mutant and then run for seconds: a little optimised, nothing to debug.
_PROFILE_TEXT = f'\n[profile.{PROFILE}]\ninherits = "dev"\ndebug = false\nopt-level = 1\n'

_VECTORS = "tests/countertop/test_conform.py::test_the_engine_meets_every_published_case"
_BOOKS = (
    "tests/native/test_floor.py", "tests/properties/test_native_catalog.py",
    "tests/properties/test_native_log.py", "tests/properties/test_native_pricing.py",
    "tests/engine/test_engine_catalog.py", "tests/engine/test_engine_transcript.py", _VECTORS,
)  # fmt: skip
_PROMOTIONS = (
    "tests/native/test_promotions.py", "tests/properties/test_native_promotions.py", _VECTORS,
    "tests/engine/test_engine_promotion.py", "tests/engine/test_engine_promotion_edges.py",
    "tests/engine/test_engine_why_not.py", "tests/engine/test_engine_rewards.py",
    "tests/engine/test_engine_transcript.py", "tests/properties/test_explained_prices.py",
)  # fmt: skip
_TAXES = (
    _VECTORS, "tests/countertop/test_tax_files.py", "tests/engine/test_engine_tax.py",
    "tests/engine/test_engine_taxes.py", "tests/properties/test_native_tax_documents.py",
    "tests/native/test_floor.py",
)  # fmt: skip
_TERMINALS = (
    "tests/native/test_terminal.py", "tests/native/test_terminal_peers.py",
    "tests/hardware/test_nexo_codec.py", "tests/hardware/test_nexo_crypto.py",
    "tests/hardware/test_nexo_session.py", "tests/hardware/test_terminal_session.py",
    "tests/hardware/test_terminal_damage.py", "tests/hardware/test_terminal_dissector.py",
)  # fmt: skip
_CALLERS = (
    (("promo",), _PROMOTIONS),
    (("tax", "rational"), _TAXES),
    (("terminal", "emv"), _TERMINALS),
    (("",), _BOOKS),
)

_LIBRARIES = ("lib_native.so", "lib_native.dylib", "_native.dll")
_BUILD_S = 600
_SOUND_S = 600
_TESTS_S = 120
# pytest's endings that say a test noticed: it failed, or its file could not even be collected.
_NOTICED = (1, 2)
_FAILED = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - |$)", re.MULTILINE)


class JudgeError(RuntimeError):
    """The tests cannot judge: they fail without a mutant, or could not run at all."""


def callers_of(file: str) -> tuple[str, ...]:
    """The tests that a mutant in `file` of native/core/src has to pass."""
    within = file.removeprefix("native/core/src/")
    return next(tests for prefixes, tests in _CALLERS if within.startswith(prefixes))


def all_callers() -> list[str]:
    """Every test named for any file, each once."""
    return list(dict.fromkeys(test for _, tests in _CALLERS for test in tests))


def prepare(tree: Tree) -> None:
    """Make the copy fast to build, and see that all its tests pass without a mutant.

    Raises:
        JudgeError: it cannot be built, or a test fails.
    """
    with (tree.path / "Cargo.toml").open("a", encoding="utf-8") as manifest:
        manifest.write(_PROFILE_TEXT)
    built = _build(tree)
    ended = tree.pytest(*all_callers(), timeout_s=_SOUND_S) if built.code == 0 else built
    if ended.code != 0:
        tail = "\n".join(ended.said.splitlines()[-25:])
        raise JudgeError(f"Without any mutant the floor fails (exit {ended.code}):\n{tail}")


def judge(tree: Tree, mutant: dict[str, Any]) -> str | None:
    """Which test noticed, or nothing where the mutant lives; None where it cannot be built.

    Raises:
        JudgeError: the tests did not run.
    """
    text = (tree.path / mutant["file"]).read_text(encoding="utf-8")
    with tree.rewritten(mutant["file"], with_mutant(text, mutant)):
        if _build(tree).code != 0:
            return None
        return noticed(tree.pytest(*callers_of(mutant["file"]), timeout_s=_TESTS_S))


def with_mutant(text: str, mutant: dict[str, Any]) -> str:
    """A file's text with what the mutant puts in the place of its span."""
    lines = text.splitlines(keepends=True)

    def at(place: dict[str, int]) -> int:
        return sum(map(len, lines[: place["line"] - 1])) + place["column"] - 1

    start, end = at(mutant["span"]["start"]), at(mutant["span"]["end"])
    return f"{text[:start]}{mutant['replacement']}{text[end:]}"


def noticed(ended: Ended) -> str:
    """Which test noticed, or nothing where all passed.

    Raises:
        JudgeError: they did not run.
    """
    if ended.code == 0:
        return ""
    if ended.code is None:
        return "a test that did not end"
    if ended.code < 0:
        return f"signal {-ended.code}"
    failed = _FAILED.search(ended.said)
    if ended.code not in _NOTICED or failed is None:
        raise JudgeError(f"pytest ended with {ended.code}:\n{ended.said[-2_000:]}")
    return failed[1]


def _build(tree: Tree) -> Ended:
    """Build the extension and put it where the copy imports it from."""
    ended = tree.run(
        "cargo", "build", "--quiet", "--package", "countertop-native", "--profile", PROFILE,
        timeout_s=_BUILD_S,
    )  # fmt: skip
    if ended.code == 0:
        libraries = (TARGET / PROFILE / name for name in _LIBRARIES)
        shutil.copyfile(next(filter(Path.exists, libraries)), tree.path / BUILT[0])
    return ended
