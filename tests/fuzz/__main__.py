"""`python -m tests.fuzz run | repeat | list`: coverage-guided fuzzing of every decoder.

    run [--target NAME …] [--seconds S] [--json FILE] [--if-installed]
    repeat TARGET FILE
    list

Exit code: 0 nothing found, 1 something was found, 2 it could not be done.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from tests.arguments import new_file, span
from tests.fuzz import floor, guided
from tests.fuzz.all_targets import TARGETS, UnknownTargetError, named
from tests.fuzz.judge import Finding, judge_both_ways
from tests.stopping import exit_with

SECONDS = 10.0


def all_names() -> list[str]:
    """Every target, of the decoders and of the floor."""
    return [*TARGETS, *floor.SEEDS]


def require_known(names: list[str]) -> None:
    """Refuse names nobody registered.

    Raises:
        UnknownTargetError: with the names there are.
    """
    unknown = [name for name in names if name not in all_names()]
    if unknown:
        raise UnknownTargetError(
            f"There is no target {', '.join(unknown)}. Nothing was run. "
            f"Known are {', '.join(all_names())}."
        )


def say(text: str) -> None:
    """A line for people."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def run(arguments: argparse.Namespace) -> int:
    """Fuzz the wanted targets one after the other."""
    names = arguments.target or all_names()
    require_known(names)
    missing = []
    if not guided.is_installed() and any(name in TARGETS for name in names):
        missing.append(guided.HOW_TO_INSTALL)
        names = [name for name in names if name not in TARGETS]
    if not floor.is_installed() and any(name in floor.SEEDS for name in names):
        missing.append(floor.HOW_TO_INSTALL)
        names = [name for name in names if name not in floor.SEEDS]
    for words in missing:
        say(f"SKIPPED: {words}")
    began = time.monotonic()
    outcomes = []
    for number, name in enumerate(names, 1):
        outcome = run_one(name, arguments.seconds)
        outcomes.append(outcome)
        say(f"[{number}/{len(names)}] {described(outcome)}")
    found = [outcome for outcome in outcomes if outcome.problem]
    inputs = sum(outcome.inputs for outcome in outcomes)
    say(f"{len(outcomes)} targets, {inputs:,} inputs, {len(found)} findings.")
    if arguments.json:
        report = report_of(outcomes, missing, arguments.seconds, time.monotonic() - began)
        arguments.json.write_text(json.dumps(report, indent=1) + "\n")
    if found:
        return 1
    return 2 if missing and not arguments.if_installed else 0


def run_one(name: str, seconds: float) -> guided.Outcome:
    """Fuzz one target for so long."""
    if name in TARGETS:
        return guided.run(named(name), seconds)
    try:
        return floor.run(name, seconds)
    except floor.BuildFailedError as error:
        return guided.Outcome(name, 0, 0, 0.0, str(error))


def described(outcome: guided.Outcome) -> str:
    """One line about one target, and the command that repeats what was found."""
    head = (
        f"{outcome.target}: {outcome.inputs:,} inputs in {outcome.seconds:.0f} s, "
        f"{outcome.covered:,} places reached"
    )
    if not outcome.problem:
        return head
    how = ""
    if outcome.kept is not None:
        how = f"\n    repeat it: {guided.repeat_command(outcome.target, outcome.kept)}"
    return f"{head}\n    FOUND {outcome.problem}{how}"


def report_of(
    outcomes: list[guided.Outcome], missing: list[str], asked_s: float, seconds: float
) -> dict[str, Any]:
    """The figures as `./run prove` reads them: one row of all, and one of each that found
    something or was given nothing."""
    inputs = sum(outcome.inputs for outcome in outcomes)
    poor = [outcome for outcome in outcomes if outcome.problem or not outcome.inputs]
    whole = {
        "what": f"fuzz {len(outcomes)} decoders of bytes from outside",
        "figure": f"{inputs:,} inputs, something found in {len(poor)}",
        "aim": "nothing found",
        "ok": not poor,
        "command": f"python -m tests.fuzz run --seconds {asked_s:g}",
    }
    rows = [whole] if outcomes else []
    rows += [
        {
            "what": f"fuzz {outcome.target}",
            "figure": f"{outcome.inputs:,} inputs, {outcome.problem or 'nothing tried'}",
            "aim": "nothing found",
            "ok": False,
            "command": f"python -m tests.fuzz run --target {outcome.target} --seconds {asked_s:g}",
        }
        for outcome in poor
    ]
    rows += [
        {"what": "fuzz", "figure": f"skipped: {words}", "aim": "installed", "ok": True,
         "command": "python -m tests.fuzz run"}
        for words in missing
    ]  # fmt: skip
    return {"part": "fuzz", "seconds": round(seconds, 1), "rows": rows}


def repeat(arguments: argparse.Namespace) -> int:
    """Give one kept input to its target again."""
    require_known([arguments.name])
    if arguments.name in floor.SEEDS:
        return 0 if floor.repeat(arguments.name, arguments.file) else 1
    try:
        data = arguments.file.read_bytes()
    except OSError as error:
        say(f"{arguments.file} cannot be read: {error.strerror}. Nothing was repeated.")
        return 2
    try:
        outcome = judge_both_ways(named(arguments.name), data)
    except Finding as finding:
        if finding.__cause__ is not None:
            sys.excepthook(
                type(finding.__cause__), finding.__cause__, finding.__cause__.__traceback__
            )
        say(f"FOUND {finding}")
        return 1
    say(f"Nothing wrong: {arguments.name} came to {outcome!r:.300}")
    return 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Fuzz the decoders.")
    tasks = parser.add_subparsers(dest="task", required=True)
    running = tasks.add_parser("run", help="fuzz all targets, or some")
    running.add_argument("--target", action="append", metavar="NAME", help="may be given again")
    running.add_argument("--seconds", type=span, default=SECONDS, help="for each target")
    running.add_argument("--json", type=new_file, metavar="FILE", help="write the figures there")
    running.add_argument(
        "--if-installed", action="store_true", help="what is not installed is no failure"
    )
    repeating = tasks.add_parser("repeat", help="run one kept input again")
    repeating.add_argument("name", metavar="TARGET")
    repeating.add_argument("file", type=Path, metavar="FILE")
    tasks.add_parser("list", help="say which targets there are")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; the exit code."""
    chosen = parse(arguments)
    try:
        if chosen.task == "run":
            return run(chosen)
        if chosen.task == "repeat":
            return repeat(chosen)
    except UnknownTargetError as error:
        say(str(error))
        return 2
    for target in TARGETS.values():
        say(f"{target.name:20} {target.about.splitlines()[0]}")
    for name in floor.SEEDS:
        say(f"{name:20} the same in Rust, without Python: native/fuzz/src/bin/{name}.rs")
    return 0


if __name__ == "__main__":
    exit_with(main)
