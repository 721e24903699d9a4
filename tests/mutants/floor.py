"""Mutants of the Rust floor: cargo-mutants changes native/core, its own Rust tests must notice.

What lives is listed in native_survivors.toml with its reason.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.mutants.report import Row, finish, say, table
from tests.mutants.survivors import Change, Survivors, as_entries
from tests.mutants.tree import ROOT, TARGET

COMMAND = "python -m tests.mutants native"
LIST = Path(__file__).with_name("native_survivors.toml")
TOOLS = ROOT / ".cache" / "cargo-tools"
INSTALL = f"cargo install cargo-mutants --locked --root {TOOLS.relative_to(ROOT)}"
AIM_PERCENT = 85
SHARD = "0/100"
"""Of 5,000 mutants each hundredth is tried unless told otherwise: each builds the crate anew."""

_OUTPUT = TARGET.with_name("mutants-native")
# Without debug information the crate's tests link in a third of the time.
_ENVIRONMENT = {"CARGO_PROFILE_DEV_DEBUG": "0"}
_TIMEOUT_S = 60
_KILLED = ("CaughtMutant", "Timeout")
_PLACE = re.compile(r"^(\S+?):\d+:\d+: ")


def run(json_file: Path | None, *, shard: str | None, if_installed: bool, propose: bool) -> int:
    """Mutate native/core; 1 where too many live, or one lives without a reason."""
    began = time.monotonic()
    program = TOOLS / "bin" / "cargo-mutants"
    if shutil.which("cargo") is None or not (program.exists() or shutil.which("cargo-mutants")):
        say(f"cargo-mutants is not here (`{INSTALL}` brings it); the floor was not mutated.")
        return 0 if if_installed else 1
    known = Survivors.load(LIST)
    outcomes = _mutate(str(program) if program.exists() else "cargo-mutants", shard)
    if outcomes is None:
        return 1
    return _tell(outcomes, known, shard, time.monotonic() - began, json_file, propose=propose)


def _mutate(program: str, shard: str | None) -> list[dict[str, Any]] | None:
    """Every mutant's outcome as cargo-mutants tells it; None where the tests fail without any."""
    environment = {**os.environ, **_ENVIRONMENT}
    environment.pop("CARGO_TARGET_DIR", None)
    part = ("--shard", shard, "--sharding", "round-robin") if shard else ()
    # One job: each builds a crate, and cargo already builds with every processor.
    command = (
        program, "mutants", "--dir", str(ROOT), "--package", "countertop-core", "--jobs", "1",
        "--timeout", str(_TIMEOUT_S), "--no-shuffle", "--colors", "never", "--output",
        str(_OUTPUT), *part, "--", "--lib",
    )  # fmt: skip
    _OUTPUT.mkdir(parents=True, exist_ok=True)
    code = subprocess.run(command, env=environment, check=False, stdout=sys.stderr).returncode
    # 2: some mutants live; 3: some ran out of time.
    if code not in (0, 2, 3):
        say(f"cargo-mutants ended with {code}; there is no figure.")
        return None
    told = json.loads((_OUTPUT / "mutants.out" / "outcomes.json").read_text())
    return [entry for entry in told["outcomes"] if isinstance(entry["scenario"], dict)]


def change_of(mutant: dict[str, Any]) -> Change:
    """What a mutant changes, without its line: where in the file it stands may move."""
    words = _PLACE.sub("", mutant["name"])
    where = mutant["file"].removeprefix("native/core/src/").removesuffix(".rs")
    function = mutant.get("function") or {}
    name = function.get("function_name", "")
    return Change(f"{where}: {name}" if name else where, words.removesuffix(f" in {name}"))


def _tell(
    outcomes: list[dict[str, Any]],
    known: Survivors,
    shard: str | None,
    seconds: float,
    json_file: Path | None,
    *,
    propose: bool,
) -> int:
    ended: dict[str, Counter[str]] = {}
    living = []
    for outcome in outcomes:
        mutant, summary = outcome["scenario"]["Mutant"], outcome["summary"]
        # What does not compile is no mutant.
        if summary != "Unviable":
            ended.setdefault(mutant["file"], Counter())[summary] += 1
            if summary not in _KILLED:
                living.append(change_of(mutant))
    killed = {file: sum(count[how] for how in _KILLED) for file, count in ended.items()}
    table(
        ("file", "mutants", "killed", "%"),
        [
            (file, str(count.total()), str(killed[file]), f"{_percent(killed[file], count):.1f}")
            for file, count in sorted(ended.items())
        ],
    )
    unexplained = known.unexplained(living)
    if unexplained:
        say(f"\n{len(unexplained)} live without a reason in {LIST.name}:")
        shown = [f"  {change.function}: {change.change}" for change in unexplained]
        say(as_entries(unexplained) if propose else "\n".join(shown))
    whole = sum(ended.values(), Counter())
    percent, of = _percent(sum(killed.values()), whole), f", shard {shard}" if shard else ""
    figure = f"{percent:.1f} % ({sum(killed.values())} of {whole.total()}{of})"
    rows = [
        Row("mutants of the Rust floor killed", figure, f"{AIM_PERCENT} %",
            percent >= AIM_PERCENT, COMMAND),
        Row("survivors without a reason", str(len(unexplained)), "0", not unexplained, COMMAND),
    ]  # fmt: skip
    return finish("mutants-native", seconds, rows, json_file)


def _percent(killed: int, of: Counter[str]) -> float:
    return 100 * killed / max(1, of.total())
