"""Mutants of the Rust floor: cargo-mutants changes native/core, and the tests must notice.

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

from attrs import evolve, frozen

from tests.mutants import callers
from tests.mutants.report import Row, finish, say, table
from tests.mutants.survivors import Change, Survivors, as_entries
from tests.mutants.tree import ROOT, TARGET, Tree, copied

COMMAND = "python -m tests.mutants native"
LIST = Path(__file__).with_name("native_survivors.toml")
TOOLS = ROOT / ".cache" / "cargo-tools"
INSTALL = f"cargo install cargo-mutants --locked --root {TOOLS.relative_to(ROOT)}"
AIM_PERCENT = 85
SHARD = "0/60"
"""Of 5,000 mutants each sixtieth is tried unless told otherwise: each builds the crate anew."""

RUST, PYTHON, NOBODY = "by Rust", "by Python", ""

_OUTPUT = TARGET.with_name("mutants-native")
_TIMEOUT_S = 60
_ALL_S = 7 * 24 * 3_600
_KILLED = ("CaughtMutant", "Timeout")
_PLACE = re.compile(r"^(\S+?):\d+:\d+: ")


@frozen
class Judged:
    """A mutant that compiles: its file, what it changes, and whose tests noticed."""

    file: str
    change: Change
    by: str


def run(json_file: Path | None, *, shard: str | None, if_installed: bool, propose: bool) -> int:
    """Mutate native/core; 1 where too many live, or one lives without a reason."""
    began = time.monotonic()
    program = TOOLS / "bin" / "cargo-mutants"
    if shutil.which("cargo") is None or not (program.exists() or shutil.which("cargo-mutants")):
        say(f"cargo-mutants is not here (`{INSTALL}` brings it); the floor was not mutated.")
        return 0 if if_installed else 1
    known = Survivors.load(LIST)
    with copied() as tree:
        try:
            callers.prepare(tree)
            outcomes = _mutate(str(program) if program.exists() else "cargo-mutants", tree, shard)
            judged = [found for outcome in outcomes if (found := judge(tree, outcome))]
        except callers.JudgeError as error:
            say(f"{error}\nThere is no figure.")
            return 1
    return _tell(judged, known, shard, time.monotonic() - began, json_file, propose=propose)


def _mutate(program: str, tree: Tree, shard: str | None) -> list[dict[str, Any]]:
    """Every mutant's outcome by the Rust tests, as cargo-mutants tells it.

    Raises:
        JudgeError: they fail without any mutant.
    """
    part = ("--shard", shard, "--sharding", "round-robin") if shard else ()
    _OUTPUT.mkdir(parents=True, exist_ok=True)
    code = tree.watch(
        program, "mutants", "--dir", str(tree.path), "--in-place", "--package", "countertop-core",
        "--profile", callers.PROFILE, "--timeout", str(_TIMEOUT_S), "--no-shuffle", "--colors",
        "never", "--output", str(_OUTPUT), *part, "--", "--lib", timeout_s=_ALL_S,
    )  # fmt: skip
    # 2: some mutants live; 3: some ran out of time.
    if code not in (0, 2, 3):
        raise callers.JudgeError(f"cargo-mutants ended with {code}.")
    told = json.loads((_OUTPUT / "mutants.out" / "outcomes.json").read_text())
    return [entry for entry in told["outcomes"] if isinstance(entry["scenario"], dict)]


def judge(tree: Tree, outcome: dict[str, Any]) -> Judged | None:
    """Whose tests notice a mutant, if the Rust tests have not; None where it does not compile."""
    mutant, summary = outcome["scenario"]["Mutant"], outcome["summary"]
    found = Judged(mutant["file"], change_of(mutant), RUST)
    if summary in _KILLED:
        return found
    # What does not compile is no mutant.
    test = None if summary == "Unviable" else callers.judge(tree, mutant)
    if test is None:
        return None
    say(f"{mutant['name']}: {f'noticed by {test}' if test else 'LIVES'}")
    return evolve(found, by=PYTHON if test else NOBODY)


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
    shard: str | None,
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
    percent, part = 100 * killed / max(1, of), f", shard {shard}" if shard else ""
    figure = f"{percent:.1f} % ({killed} of {of}, {by[RUST]} {RUST}, {by[PYTHON]} {PYTHON}{part})"
    rows = [
        Row("mutants of the Rust floor killed", figure, f"{AIM_PERCENT} %",
            percent >= AIM_PERCENT, COMMAND),
        Row("survivors without a reason", str(len(unexplained)), "0", not unexplained, COMMAND),
    ]  # fmt: skip
    return finish("mutants-native", seconds, rows, json_file)


def cells(name: str, judged: Iterable[Judged]) -> tuple[str, ...]:
    """A line of the table: how many there are, whose tests killed how many, and the share."""
    by = Counter(found.by for found in judged)
    percent = 100 * (by[RUST] + by[PYTHON]) / max(1, by.total())
    return name, str(by.total()), str(by[RUST]), str(by[PYTHON]), f"{percent:.1f}"
