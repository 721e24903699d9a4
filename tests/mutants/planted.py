"""Planted bugs: each hurts a shop, and each must be caught by the detector it names."""

from __future__ import annotations

import re
import shutil
import sys
import time
import tomllib
from pathlib import Path

from attrs import frozen

from tests.mutants.report import Progress, Row, finish, say, table
from tests.mutants.tree import ROOT, Ended, Tree, copied

FOLDER = Path(__file__).with_name("planted")
COMMAND = "python -m tests.mutants planted"
LEAST = 25

_KINDS = ("pytest", "simulation", "crash", "cargo")
_TIMEOUT_S = 300
# What pytest shows of an exception: behind an E, or behind a bar where several came together.
_FAILURE = re.compile(r"^(?:E  | *\|).*$", re.MULTILINE)
# A bug that cannot even be imported was not caught by what a test knows of shops.
_BROKEN = re.compile(
    r"\b(?:Syntax|Indentation|Import|ModuleNotFound|Name|UnboundLocal)Error\b"
    r"|error\[E\d+\]|could not compile"
)


@frozen
class Mutant:
    """A bug. `caught_by` is a detector: `pytest <node ids>`, `simulation <options of check>`,
    `crash <arguments>` or `cargo <filter>`. `says` must be in what the detector says, where that
    is something other than a failed assertion; one of several, where ` | ` is between them.
    """

    name: str
    shop: str
    file: str
    old: str
    new: str
    caught_by: str
    says: str = ""

    @property
    def kind(self) -> str:
        """What sort of detector it is."""
        return self.caught_by.split()[0]


@frozen
class Verdict:
    """Whether a mutant was caught; `why` where it was not."""

    mutant: Mutant
    caught: bool
    seconds: float
    why: str = ""


def load(folder: Path = FOLDER) -> list[Mutant]:
    """Every planted bug, file by file."""
    mutants = []
    for path in sorted(folder.glob("*.toml")):
        entries = tomllib.loads(path.read_text(encoding="utf-8"))["mutant"]
        mutants += [Mutant(**entry) for entry in entries]
    return mutants


def problems(mutants: list[Mutant]) -> list[str]:
    """What is wrong with the list itself, in words."""
    found = []
    names = [mutant.name for mutant in mutants]
    found += [f"{name} is there twice" for name in sorted(set(names)) if names.count(name) > 1]
    if len(mutants) < LEAST:
        found.append(f"{len(mutants)} mutants are fewer than {LEAST}")
    for mutant in mutants:
        path = ROOT / mutant.file
        count = path.read_text(encoding="utf-8").count(mutant.old) if path.is_file() else 0
        if count != 1:
            found.append(f"{mutant.name}: its old text stands {count} times in {mutant.file}")
        if mutant.old == mutant.new:
            found.append(f"{mutant.name} changes nothing")
        if mutant.kind not in _KINDS:
            found.append(f"{mutant.name}: no detector is called {mutant.kind}")
        if not mutant.shop.endswith("."):
            found.append(f"{mutant.name}: say in a sentence what it does to a shop")
    return found


def detect(tree: Tree, caught_by: str) -> Ended:
    """Run a detector in the copy."""
    kind, *rest = caught_by.split()
    match kind:
        case "pytest":
            return tree.pytest(*rest, timeout_s=_TIMEOUT_S)
        case "cargo":
            test = ("cargo", "test", "--quiet", "--package", "countertop-core", *rest)
            return tree.run(*test, timeout_s=_TIMEOUT_S)
        case _:
            module = f"tests.{kind}"
            return tree.run(sys.executable, "-m", module, *rest, timeout_s=_TIMEOUT_S)


def judge(mutant: Mutant, ended: Ended) -> str:
    """Why the detector's ending is not the catch it should be, or nothing."""
    if ended.code is None:
        return f"the detector did not end within {_TIMEOUT_S} s"
    if ended.code == 0:
        return "survived: the detector is content"
    shown = "\n".join(_FAILURE.findall(ended.said)) if mutant.kind == "pytest" else ended.said
    if broken := _BROKEN.search(shown):
        return f"the bug does not run: {broken[0]}"
    if mutant.says:
        is_said = any(words in ended.said for words in mutant.says.split(" | "))
        return "" if is_said else f"failed without saying {mutant.says!r}"
    if mutant.kind == "pytest" and (ended.code != 1 or not re.search(r"(?i)assert|DID NOT", shown)):
        return f"the detector ended with {ended.code} and no failed assertion"
    if mutant.kind == "cargo" and "test result: FAILED" not in shown:
        return "no test of the crate failed"
    if mutant.kind == "simulation" and "BROKEN" not in shown:
        return "no invariant was broken"
    return ""


def check_sound(tree: Tree, mutants: list[Mutant]) -> list[str]:
    """The detectors that fail without any bug, and how."""
    nodes = {
        node
        for mutant in mutants
        if mutant.kind == "pytest"
        for node in mutant.caught_by.split()[1:]
    }
    together = [f"pytest {' '.join(sorted(nodes))}"] if nodes else []
    others = sorted({mutant.caught_by for mutant in mutants if mutant.kind != "pytest"})
    found = []
    for detector in together + others:
        ended = detect(tree, detector)
        if ended.code != 0:
            tail = "\n".join(ended.said.splitlines()[-25:])
            found.append(f"{detector[:200]} fails without any mutant (exit {ended.code}):\n{tail}")
    return found


def try_one(tree: Tree, mutant: Mutant) -> Verdict:
    """Plant one bug, run its detector, take it out."""
    began = time.monotonic()
    with tree.changed(mutant.file, mutant.old, mutant.new):
        ended = detect(tree, mutant.caught_by)
    why = judge(mutant, ended)
    return Verdict(mutant, not why, time.monotonic() - began, why)


def run(name: str | None, json_file: Path | None, *, sample: int = 1) -> int:
    """All planted bugs, or one, or every `sample`-th; 1 if one survives, 2 if none is tried."""
    began = time.monotonic()
    mutants = load()
    if wrong := problems(mutants):
        say("\n".join(["The list of planted bugs is not in order; nothing was run.", *wrong]))
        return 2
    chosen = [mutant for mutant in mutants if name in (None, mutant.name)][::sample]
    if not chosen:
        say(f"No planted bug is called {name!r}; nothing was run. There are:")
        say("\n".join(f"  {mutant.name}" for mutant in mutants))
        return 2
    if shutil.which("cargo") is None:
        skipped = [mutant.name for mutant in chosen if mutant.kind == "cargo"]
        chosen = [mutant for mutant in chosen if mutant.kind != "cargo"]
        say(f"Skipped, because there is no cargo here: {', '.join(skipped) or 'none'}.")
    with copied() as tree:
        say(f"The detectors of {len(chosen)} mutants, without any mutant ...")
        if unsound := check_sound(tree, chosen):
            say("\n".join([*unsound, "A detector that always fails catches nothing."]))
            return 2
        progress, verdicts = Progress(len(chosen)), []
        for mutant in chosen:
            progress.step(mutant.name)
            verdicts.append(try_one(tree, mutant))
        progress.end()
    command = COMMAND if sample == 1 else f"{COMMAND} --sample {sample}"
    return _tell(verdicts, command, time.monotonic() - began, json_file)


def _tell(verdicts: list[Verdict], command: str, seconds: float, json_file: Path | None) -> int:
    def cells(verdict: Verdict) -> tuple[str, str, str]:
        who = verdict.mutant.caught_by if verdict.caught else f"NOT CAUGHT: {verdict.why}"
        return verdict.mutant.name, who, f"{verdict.seconds:.1f}"

    table(("mutant", "caught by", "seconds"), map(cells, verdicts))
    for verdict in verdicts:
        if not verdict.caught:
            say(f"{verdict.mutant.name}: {verdict.why}. {verdict.mutant.shop}")
    caught = sum(verdict.caught for verdict in verdicts)
    simulated = sum(verdict.mutant.kind == "simulation" for verdict in verdicts)
    row = Row(
        f"planted mutants caught, {simulated} of them by the simulator",
        f"{caught} of {len(verdicts)}",
        "all",
        caught == len(verdicts),
        command,
    )
    return finish("mutants-planted", seconds, [row], json_file)
