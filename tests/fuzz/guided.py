"""Coverage-guided fuzzing of every target by atheris, each in a process of its own.

atheris marks which bytecode of the decoder ran and keeps inputs that reach new places. The parent
sees to the end, to hangs nothing inside could interrupt, and to keeping what was found.

Source: atheris 3.0 (libFuzzer), its README.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from attrs import frozen

from tests.fuzz.targets import Target

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "artefacts" / "fuzz"
HOW_TO_INSTALL = (
    "atheris is not installed for this Python, so no coverage-guided fuzzing of the decoders was "
    "done. It comes with the dependency group `prove` (uv sync --group prove), on Linux with "
    "Python 3.11 to 3.13."
)
MEMORY_MIB_MAX = 1_024
INPUT_BYTES_MAX = 8_192
GRACE_S = 30.0
INSTRUMENTED = ("actors", "engine", "hardware", "protocols", "countertop", "verifier")
_RUNS = re.compile(
    r"Done (\d+) runs|stat::number_of_executed_units:\s+(\d+)|^#(\d+)\s", re.MULTILINE
)
_COVERED = re.compile(r"cov: (\d+)")


@frozen
class Outcome:
    """What a run of one target came to; `problem` is empty where nothing was found."""

    target: str
    inputs: int
    covered: int
    seconds: float
    problem: str = ""
    kept: Path | None = None


def is_installed() -> bool:
    """Whether atheris can be imported here."""
    return importlib.util.find_spec("atheris") is not None


def repeat_command(target: str, file: Path) -> str:
    """What somebody types to see a finding again."""
    shown = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
    return f"python -m tests.fuzz repeat {target} {shown}"


def run(target: Target, seconds: float) -> Outcome:
    """Fuzz a target for so long, from its own seeds."""
    with tempfile.TemporaryDirectory(prefix="countertop-fuzz-") as corpus:
        for number, seed in enumerate(target.valid):
            (Path(corpus) / f"seed-{number:04d}").write_bytes(seed)
        command = [sys.executable, "-m", "tests.fuzz.guided_child", target.name, corpus]
        return watched(target.name, [*command, *options(seconds)], seconds)


def options(seconds: float) -> list[str]:
    """libFuzzer's limits: how long in all, and for one input its length, time and memory."""
    KEPT.mkdir(parents=True, exist_ok=True)
    return [
        f"-max_total_time={max(1, int(seconds))}",
        f"-max_len={INPUT_BYTES_MAX}",
        "-timeout=20",
        f"-rss_limit_mb={MEMORY_MIB_MAX}",
        f"-artifact_prefix={KEPT}/",
        "-print_final_stats=1",
    ]


def watched(name: str, command: list[str], seconds: float) -> Outcome:
    """Run a libFuzzer program; what it found is in `KEPT`, under the target's name."""
    began, before = time.monotonic(), set(KEPT.iterdir())
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    # A process is started for the life of one target and is ended by its own id.
    try:
        ended = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds + GRACE_S + 60,
            check=False,
        )
        said, code = ended.stdout.decode(errors="replace"), ended.returncode
    except subprocess.TimeoutExpired as late:
        said, code = (late.stdout or b"").decode(errors="replace"), -1
    took = time.monotonic() - began
    runs = [int(found) for groups in _RUNS.findall(said) for found in groups if found]
    covered = [int(found) for found in _COVERED.findall(said)]
    outcome = Outcome(name, max(runs, default=0), max(covered, default=0), took)
    if code == 0:
        return outcome
    return _with_finding(outcome, said, sorted(set(KEPT.iterdir()) - before), code)


def _with_finding(outcome: Outcome, said: str, new: list[Path], code: int) -> Outcome:
    lines = [line.strip() for line in said.splitlines()]
    wanted = ("Finding", "panicked", "ERROR: libFuzzer", "Error:")
    problem = next((line for word in wanted for line in lines if word in line), "")
    if code == -1:
        problem = "it did not end by itself; the last input hangs where nothing can interrupt it"
    problem = problem or (lines[-1] if lines else f"ended with {code} and said nothing")
    kept = None
    if new:
        kept = new[0].with_name(f"{outcome.target}-{new[0].name}")
        new[0].rename(kept)
    return Outcome(
        outcome.target, outcome.inputs, outcome.covered, outcome.seconds, problem[:400], kept
    )
