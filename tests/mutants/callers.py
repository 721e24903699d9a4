"""The two judges of the floor: the crate's own Rust tests, then the Python tests that call it.

What a shop relies on (published prices, taxes, books, what a terminal says) is mostly told there.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import frozen

from tests.mutants.tree import BUILT, TARGET, Ended, Tree

PROFILE = "mutants"
# The floor is built anew for each mutant, so quickly; what it stands on once, so that it runs fast.
_PROFILE_TEXT = f"""
[profile.{PROFILE}]
inherits = "dev"
debug = false
[profile.{PROFILE}.package."*"]
opt-level = 3
"""

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


_RUST_FAILED = re.compile(r"^---- (\S+) stdout ----$", re.MULTILINE)
_NO_END = "a test that did not end"
RUST, PYTHON, NOBODY = "by Rust", "by Python", ""


@frozen
class Verdict:
    """Whose tests noticed a mutant, and which of them; nobody's where it lives."""

    by: str
    test: str


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
    """Make the copy fast to build, and see that both judges are content without a mutant.

    Raises:
        JudgeError: it cannot be built, or a test fails.
    """
    with (tree.path / "Cargo.toml").open("a", encoding="utf-8") as manifest:
        manifest.write(_PROFILE_TEXT)
    steps: tuple[Callable[[], Ended], ...] = (
        lambda: _rust(tree, timeout_s=_SOUND_S),
        lambda: _extension(tree),
        lambda: tree.pytest(*all_callers(), timeout_s=_SOUND_S),
    )
    for step in steps:
        if (ended := step()).code != 0:
            tail = "\n".join(ended.said.splitlines()[-25:])
            raise JudgeError(f"Without any mutant the floor fails (exit {ended.code}):\n{tail}")


def judge(tree: Tree, mutant: dict[str, Any]) -> Verdict | None:
    """Whose tests noticed, and which; None where it does not compile.

    Raises:
        JudgeError: the Python tests did not run.
    """
    text = (tree.path / mutant["file"]).read_text(encoding="utf-8")
    with tree.rewritten(mutant["file"], with_mutant(text, mutant)):
        if _rust(tree, "--no-run", timeout_s=_BUILD_S).code != 0:
            return None
        # Those beside it first, without the laws, which are slow; then all.
        for chosen in ((room_of(mutant["file"]), "--", "--skip", "laws"), ()):
            ended = _rust(tree, *chosen, timeout_s=_TESTS_S)
            if ended.code != 0:
                failed = _RUST_FAILED.search(ended.said)
                return Verdict(RUST, failed[1] if failed else _NO_END)
        if _extension(tree).code != 0:
            return None
        test = noticed(tree.pytest(*callers_of(mutant["file"]), timeout_s=_TESTS_S))
        return Verdict(PYTHON if test else NOBODY, test)


def room_of(file: str) -> str:
    """Words in the names of the Rust tests beside a file: its folder, or itself."""
    return file.removeprefix("native/core/src/").removesuffix(".rs").partition("/")[0]


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
        return _NO_END
    if ended.code < 0:
        return f"signal {-ended.code}"
    failed = _FAILED.search(ended.said)
    if ended.code not in _NOTICED or failed is None:
        raise JudgeError(f"pytest ended with {ended.code}:\n{ended.said[-2_000:]}")
    return failed[1]


def _rust(tree: Tree, *arguments: str, timeout_s: float) -> Ended:
    """Build the crate's Rust tests and run them."""
    return tree.run(
        "cargo", "test", "--quiet", "--package", "countertop-core", "--lib", "--profile", PROFILE,
        *arguments, timeout_s=timeout_s,
    )  # fmt: skip


def _extension(tree: Tree) -> Ended:
    """Build the extension and put it where the copy imports it from."""
    ended = tree.run(
        "cargo", "build", "--quiet", "--package", "countertop-native", "--profile", PROFILE,
        timeout_s=_BUILD_S,
    )  # fmt: skip
    if ended.code == 0:
        libraries = (TARGET / PROFILE / name for name in _LIBRARIES)
        shutil.copyfile(next(filter(Path.exists, libraries)), tree.path / BUILT[0])
    return ended
