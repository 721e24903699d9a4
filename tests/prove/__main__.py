"""The long proof: `./run prove [PART …] [--sample] [--minutes M] [--again]`; one table with its
commit.

Each part is a command of its own that writes its figures as JSON; this program runs one after the
other, shows what they say, and puts their figures into one table. All of it takes the better part
of a day, so the figures of a part that met its aims are kept (`tests.prove.kept`): the next run of
the same code takes them over and goes on with the rest, unless `--again` is asked for. `--sample`
is the same table in about an hour: of each part as much as its command says, or all of it where
that is kept. A part whose tool is not installed is skipped and named. Exit code: 0 all aims met,
1 not, 2 nothing was run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from tests.arguments import span
from tests.prove.kept import code_digest, keep, kept
from tests.stopping import INTERRUPTED, exit_with

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "artefacts" / "prove.md"
KEPT = ROOT / "artefacts" / "prove"


MINUTES = 120
SAMPLE_MINUTES = 20


@frozen
class Part:
    """One command; `share` is its part of the minutes given, 0 where it takes what it takes.
    `sample` makes it a part of itself."""

    name: str
    about: str
    command: tuple[str, ...]
    share: float = 0.0
    sample: tuple[str, ...] = ()


PARTS = (
    Part(
        "simulator", "store days from new seeds", ("tests.simulation", "simulate", "--night"), 0.4
    ),
    Part(
        "day",
        "a store-day on one seed",
        ("tests.simulation", "simulate", "1", "--sales", "2000"),
    ),
    Part(
        "crash",
        "kills and I/O faults on real processes",
        ("tests.crash", "storm", "--if-installed"),
        0.6,
        ("--kills", "400", "--faults", "600"),
    ),
    Part(
        "steps",
        "a kill at every step of a sale",
        ("tests.crash", "steps", "--if-installed"),
        sample=("--every", "8"),
    ),
    Part(
        "planted",
        "planted bugs that must be caught",
        ("tests.mutants", "planted"),
        sample=("--sample", "4"),
    ),
    Part(
        "native",
        "cargo-mutants on the Rust floor",
        ("tests.mutants", "native", "--if-installed"),
        sample=("--shard", "0/240"),
    ),
    Part(
        "engine",
        "mutants of the deciders",
        ("tests.mutants", "engine", "--if-installed"),
        sample=("--sample", "128"),
    ),
    Part(
        "fuzz",
        "coverage-guided fuzzing",
        ("tests.fuzz", "run", "--if-installed"),
        sample=("--seconds", "4"),
    ),
    Part(
        "draws",
        "properties with twelve times the examples, new ones",
        ("tests.prove.draws",),
        sample=("--times", "2"),
    ),
    Part(
        "deals",
        "promotions against CP-SAT on long carts",
        ("tests.prove.deals", "--if-installed"),
        sample=("--carts", "4"),
    ),
    Part("cuts", "the wire to a terminal, cut at every byte", ("tests.hardware.terminal_cuts",)),
    Part(
        "kills",
        "a card payment cut off at every await point",
        ("tests.cuts", "kills"),
        sample=("--every", "4"),
    ),
    Part(
        "bytes",
        "a card payment cut off at every byte, in memory",
        ("tests.cuts", "memory"),
        sample=("--every", "32"),
    ),
    Part(
        "sockets",
        "the same on real sockets and ptys",
        ("tests.cuts", "real"),
        sample=("--every", "128"),
    ),
    Part(
        "processes",
        "real processes killed during a card payment",
        ("tests.cuts", "cards", "--if-installed"),
        sample=("--every", "64"),
    ),
    Part("verifier", "a flip in every byte of a journal", ("tests.verifier.damage",)),
    Part("close", "the Z and the replay of a big day", ("benches.close",)),
)


@define
class Outcome:
    """How a part ended: its figures, or why it has none."""

    part: Part
    rows: list[dict[str, Any]] = field(factory=list)
    seconds: float = 0.0
    trouble: str = ""
    skipped: bool = False
    date: str = ""

    @property
    def ok(self) -> bool:
        """Whether it ran and met every aim, or could not run here."""
        return self.skipped or (not self.trouble and all(row["ok"] for row in self.rows))


def command_of(part: Part, minutes: float, *, is_sample: bool = False) -> list[str]:
    """What `python -m` is to run."""
    limits = ("--minutes", f"{minutes * part.share:g}") if part.share else ()
    return [*part.command, *limits, *(part.sample if is_sample else ())]


def run_part(part: Part, command: list[str]) -> Outcome:
    """Run one part by its command to its end and read its figures."""
    with tempfile.TemporaryDirectory(prefix="countertop-prove-") as folder:
        figures = Path(folder) / "figures.json"
        whole = [sys.executable, "-m", *command, "--json", str(figures)]
        code = subprocess.run(whole, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode
        if code == 0 and not figures.exists():
            # Its tool is missing; it has said which one, and how to get it.
            return Outcome(part, trouble="skipped: its tool is not installed", skipped=True)
        try:
            found = json.loads(figures.read_text())
            outcome = Outcome(part, list(found["rows"]), float(found["seconds"]))
        except (OSError, ValueError, KeyError) as error:
            told = f"it ended with code {code} and left no figures ({error.__class__.__name__})"
            return Outcome(part, trouble=told)
        if code and outcome.ok:
            outcome.trouble = f"it ended with code {code} although its figures look well"
        return outcome


def prove_part(part: Part, minutes: float, *, is_sample: bool, again: bool) -> Outcome:
    """What a part comes to: as it is kept, or else measured now. All of it will do for a sample."""
    code, command = code_digest(ROOT), command_of(part, minutes, is_sample=is_sample)
    name = f"{part.name}-sample" if is_sample else part.name
    ways = [(name, command)]
    if is_sample:
        ways.insert(0, (part.name, command_of(part, MINUTES)))
    known = [] if again else [kept(KEPT, one, words, code) for one, words in ways]
    if found := next((one for one in known if one is not None), None):
        print(f"    measured on {found.date} and kept; --again measures anew", flush=True)
        return Outcome(part, found.rows, found.seconds, date=found.date)
    outcome = run_part(part, command)
    outcome.date = f"{datetime.now(UTC):%Y-%m-%d}"
    if outcome.ok and not outcome.skipped and code_digest(ROOT) == code:
        keep(KEPT, name, command, code, outcome.seconds, outcome.rows)
    return outcome


def commit() -> str:
    """The commit that is proven, and whether files differ from it."""
    asked = ["git", "describe", "--always", "--dirty=, with changes", "--abbrev=12"]
    found = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "not a git checkout"


def table(outcomes: list[Outcome], *, is_sample: bool = False) -> str:
    """Everything in Markdown, for the terminal and for the README."""
    now = datetime.now(UTC)
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    sample = ", a sample of each part" if is_sample else ""
    lines = [
        f"Commit {commit()}, {now:%Y-%m-%d}, {machine}{sample}.",
        "",
        "| what | figure | aim | met | on | command |",
        "|---|---|---|---|---|---|",
    ]
    for outcome in outcomes:
        for row in outcome.rows:
            met = "yes" if row["ok"] else "**no**"
            command = f"`{row['command']}`"
            cells = (row["what"], row["figure"], row["aim"], met, outcome.date, command)
            lines.append(f"| {' | '.join(cells)} |")
        if outcome.trouble:
            met = "–" if outcome.skipped else "**no**"
            command = f"`python -m {' '.join(outcome.part.command)}`"
            cells = (outcome.part.about, outcome.trouble, "", met, outcome.date, command)
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None, parts: tuple[Part, ...] = PARTS) -> int:
    """Run the parts named, or all of them."""
    names = ", ".join(part.name for part in parts)
    parser = argparse.ArgumentParser(prog="./run prove", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {names}; all where none")
    parser.add_argument("--sample", action="store_true", help="a part of each, in about an hour")
    parser.add_argument(
        "--minutes", type=span, help=f"for the storms and seeds; {MINUTES}, of a sample "
        f"{SAMPLE_MINUTES}",
    )  # fmt: skip
    parser.add_argument("--again", action="store_true", help="measure what is kept, too")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.parts) - {part.name for part in parts})
    if unknown:
        parser.error(f"there is no part {', '.join(unknown)}; nothing was run. There are: {names}.")
    outcomes: list[Outcome] = []
    is_sample = options.sample
    minutes = options.minutes or (SAMPLE_MINUTES if is_sample else MINUTES)
    chosen = [part for part in parts if not options.parts or part.name in options.parts]
    for number, part in enumerate(chosen, 1):
        print(f"==> {number} of {len(chosen)}: {part.name}, {part.about}", flush=True)
        try:
            outcome = prove_part(part, minutes, is_sample=is_sample, again=options.again)
        except KeyboardInterrupt:
            print(f"\n{table(outcomes, is_sample=is_sample)}")
            print(
                f"interrupted: {part.name} was given up. What is above and met its aims is kept "
                "while the code stays as it is; the same command goes on there."
            )
            return INTERRUPTED
        outcomes.append(outcome)
        TABLE.parent.mkdir(exist_ok=True)
        TABLE.write_text(table(outcomes, is_sample=is_sample))
    print(f"\n{table(outcomes, is_sample=is_sample)}")
    return 0 if all(outcome.ok for outcome in outcomes) else 1


if __name__ == "__main__":
    exit_with(main)
