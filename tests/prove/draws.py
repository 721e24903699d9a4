"""Every property with many more examples than a check has: `python -m tests.prove.draws [PATH …]`.

A build machine should say the same of the same commit twice, so it draws the same examples every
time and never finds a second bug. Here they are new each time, and as many times more as
`--times` says. What fails is printed with its example; Hypothesis keeps that in `.hypothesis/`, so
that the next run of the test here tries it first. Write it into the test as an `@example`.
Exit code: 0 every property held, 1 one did not, 2 none was tried.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.arguments import new_file, whole
from tests.draws import DRAWS, TIMES
from tests.stopping import exit_with

ROOT = Path(__file__).resolve().parents[2]
# Pages are tried by whole conversations, and a property there costs a browser.
LEFT_OUT = "tests/e2e"
HELD, FAILED = 0, 1


def draw(paths: list[str], times: int) -> tuple[int, str, list[str]]:
    """Run the properties of these folders; pytest's exit code, what it printed at its end, and a
    line for each failure."""
    with tempfile.TemporaryDirectory(prefix="countertop-draws-") as folder:
        failures = Path(folder) / "failures.txt"
        command = [sys.executable, "-m", "pytest", "-m", "hypothesis", f"--ignore={LEFT_OUT}"]
        command += ["--hypothesis-show-statistics", f"--failures-file={failures}", *paths]
        # Elsewhere than on a build machine the order of trio's tasks is drawn anew, too.
        environment = {key: value for key, value in os.environ.items() if key != "CI"}
        environment |= {"HYPOTHESIS_PROFILE": "draws", DRAWS: str(times)}
        said: list[str] = []
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        ) as running:
            assert running.stdout is not None
            for line in running.stdout:
                said.append(line)
                if "%]" in line:
                    sys.stdout.write(line)
                    sys.stdout.flush()
        told = failures.read_text().splitlines() if failures.exists() else []
        return running.returncode, "".join(said), told


def rows_of(said: str, failures: list[str], times: int) -> list[dict[str, Any]]:
    """The figures of a run."""
    last = said.rstrip().rpartition("\n")[2]
    properties = sum(int(count) for count in re.findall(r"(\d+) (?:passed|failed)\b", last))
    # Hypothesis' statistics tell of each property how many examples it held for.
    held = sum(int(count) for count in re.findall(r"(\d+) passing\b", said))
    command = f"python -m tests.prove.draws --times {times}"
    figure = f"{properties} with {held:,} examples"
    return [
        {
            "what": "properties tried with new examples",
            "figure": figure,
            "aim": "",
            "ok": held > 0,
            "command": command,
        },
        {
            "what": "properties that did not hold",
            "figure": str(len(failures)),
            "aim": "0",
            "ok": not failures,
            "command": command,
        },
    ]


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; the exit code."""
    parser = argparse.ArgumentParser(prog="tests.prove.draws", description=__doc__)
    parser.add_argument("paths", nargs="*", metavar="PATH", default=["tests"])
    parser.add_argument("--times", type=whole(1), default=TIMES, help="as many examples as a check")
    parser.add_argument("--json", type=new_file)
    options = parser.parse_args(arguments)
    began = time.monotonic()
    code, said, failures = draw(options.paths, options.times)
    rows = rows_of(said, failures, options.times)
    if code != HELD:
        sys.stderr.write(said)
    for row in rows:
        sys.stdout.write(f"{row['what']}: {row['figure']}\n")
    if code not in (HELD, FAILED) or not rows[0]["ok"]:
        sys.stderr.write(f"pytest ended with code {code} and tried nothing; it says why above.\n")
        return 2
    if options.json:
        seconds = round(time.monotonic() - began, 1)
        figures = {"part": "draws", "seconds": seconds, "rows": rows}
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0 if code == HELD and all(row["ok"] for row in rows) else 1


if __name__ == "__main__":
    exit_with(main)
