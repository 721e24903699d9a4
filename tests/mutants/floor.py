"""Mutants of the Rust floor: cargo-mutants says what to change, and the tests must notice.

The crate's own Rust tests judge first. What they let live is judged by the Python tests that call
the floor (`callers`). What lives then is listed in native_survivors.toml with its reason.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from attrs import frozen

from tests.mutants import callers
from tests.mutants.callers import NOBODY, PYTHON, RUST
from tests.mutants.report import Row, finish, say, table
from tests.mutants.survivors import Change, Survivors, as_entries
from tests.mutants.tree import ROOT, Tree, copied

COMMAND = "python -m tests.mutants native"
LIST = Path(__file__).with_name("native_survivors.toml")
TOOLS = ROOT / ".cache" / "cargo-tools"
INSTALL = f"cargo install cargo-mutants --locked --root {TOOLS.relative_to(ROOT)}"
AIM_PERCENT = 85
SHARD = (0, 60)
"""Of 5,000 mutants each sixtieth is tried unless told otherwise: each builds the crate anew."""

_LIST_S = 120
_PLACE = re.compile(r"^(\S+?):\d+:\d+: ")


@frozen
class Judged:
    """A mutant that compiles: its file, what it changes, and whose tests noticed."""

    file: str
    change: Change
    by: str


def run(
    json_file: Path | None, *, shard: tuple[int, int], if_installed: bool, propose: bool
) -> int:
    """Mutate native/core; 1 where too many live, or one lives without a reason, 2 where nothing
    could be tried."""
    began = time.monotonic()
    program = TOOLS / "bin" / "cargo-mutants"
    if shutil.which("cargo") is None or not (program.exists() or shutil.which("cargo-mutants")):
        say(f"cargo-mutants is not here (`{INSTALL}` brings it); the floor was not mutated.")
        return 0 if if_installed else 2
    known = Survivors.load(LIST)
    with copied() as tree:
        try:
            mutants = _mutants(tree, str(program) if program.exists() else "cargo-mutants")
            chosen = part(mutants, shard)
            say(f"{len(chosen)} of {len(mutants)} mutants; first the tests without any ...")
            callers.prepare(tree)
            judged = [found for mutant in chosen if (found := judge(tree, mutant))]
        except callers.JudgeError as error:
            say(f"{error}\nThere is no figure.")
            return 2
    return _tell(judged, known, shard, time.monotonic() - began, json_file, propose=propose)


def _mutants(tree: Tree, program: str) -> list[dict[str, Any]]:
    """Every mutant cargo-mutants knows, in the order of files and lines.

    Raises:
        JudgeError: it lists none.
    """
    ended = tree.run(
        program, "mutants", "--dir", str(tree.path), "--package", "countertop-core", "--list",
        "--json", timeout_s=_LIST_S,
    )  # fmt: skip
    if ended.code != 0:
        raise callers.JudgeError(f"cargo-mutants ended with {ended.code}:\n{ended.said}")
    found: list[dict[str, Any]] = json.loads(ended.said)
    return found


def part(mutants: list[dict[str, Any]], shard: tuple[int, int]) -> list[dict[str, Any]]:
    """Every N-th mutant from the K-th on, where `shard` is K and N."""
    first, every = shard
    return mutants[first::every]


def judge(tree: Tree, mutant: dict[str, Any]) -> Judged | None:
    """Whose tests notice a mutant; None where it does not compile, for then it is none."""
    began = time.monotonic()
    verdict = callers.judge(tree, mutant)
    told = f"{verdict.by} ({verdict.test})" if verdict and verdict.by else "LIVES"
    seconds = time.monotonic() - began
    say(f"{mutant['name']}: {told if verdict else 'does not compile'}, {seconds:.0f} s")
    return Judged(mutant["file"], change_of(mutant), verdict.by) if verdict else None


def change_of(mutant: dict[str, Any]) -> Change:
    """What a mutant changes, without its line: where in the file it stands may move."""
    words = _PLACE.sub("", mutant["name"])
    where = mutant["file"].removeprefix("native/core/src/").removesuffix(".rs")
    function = mutant.get("function") or {}
    name = function.get("function_name", "")
    return Change(f"{where}: {name}" if name else where, words.removesuffix(f" in {name}"))


def _tell(
    judged: list[Judged],
    known: Survivors,
    shard: tuple[int, int],
    seconds: float,
    json_file: Path | None,
    *,
    propose: bool,
) -> int:
    files = sorted({found.file for found in judged})
    told = [cells(file, (found for found in judged if found.file == file)) for file in files]
    table(("file", "mutants", RUST, PYTHON, "killed %"), [*told, cells("all", judged)])
    unexplained = known.unexplained(found.change for found in judged if found.by == NOBODY)
    if unexplained:
        say(f"\n{len(unexplained)} live without a reason in {LIST.name}:")
        shown = [f"  {change.function}: {change.change}" for change in unexplained]
        say(as_entries(unexplained) if propose else "\n".join(shown))
    by = Counter(found.by for found in judged)
    killed, of = by[RUST] + by[PYTHON], len(judged)
    percent, whose = 100 * killed / max(1, of), f"{by[RUST]} {RUST}, {by[PYTHON]} {PYTHON}"
    which = "{}/{}".format(*shard)
    figure = f"{percent:.1f} % ({killed} of {of}, {whose}, shard {which})"
    command = COMMAND if shard == SHARD else f"{COMMAND} --shard {which}"
    rows = [
        Row("mutants of the Rust floor killed", figure, f"{AIM_PERCENT} %",
            percent >= AIM_PERCENT, command),
        Row("survivors without a reason", str(len(unexplained)), "0", not unexplained, command),
    ]  # fmt: skip
    return finish("mutants-native", seconds, rows, json_file)


def cells(name: str, judged: Iterable[Judged]) -> tuple[str, ...]:
    """A line of the table: how many there are, whose tests killed how many, and the share."""
    by = Counter(found.by for found in judged)
    percent = 100 * (by[RUST] + by[PYTHON]) / max(1, by.total())
    return name, str(by.total()), str(by[RUST]), str(by[PYTHON]), f"{percent:.1f}"
