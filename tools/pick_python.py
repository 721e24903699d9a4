"""Choose the Python that an environment is made of: `python3 tools/pick_python.py FIRST`.

Two of one release differ by a fifth by how they were compiled: a distribution's is trained on what
programs do (profile-guided optimisation), one that a version manager builds at home mostly is not,
and comes first on PATH. Neither says so where it could be read, so each is timed. FIRST, the path
of one that is new enough, is kept unless another on PATH is quicker by a tenth at least.

Prints the path of the chosen one on standard output; what it was chosen for, to people, on standard
error.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

TIMEOUT_S = 20
BETTER_BY = 0.9
NAMES = re.compile(r"python3(\.\d+)?")

# A distribution's bare Python lacks parts of its library: the first line asks for those that are
# needed. Then what programs do most: calls, attributes, texts, dicts and sums. The shortest of many
# short times is what it takes while nothing else is in its way.
PROBE = """
import bz2, ctypes, json, lzma, os, socket, sqlite3, ssl, sys, sysconfig, time, unicodedata, zlib
if sys.implementation.name != "cpython" or sys.version_info < (3, 11):
    sys.exit(1)
if sys.version_info.releaselevel != "final" or sysconfig.get_config_var("Py_GIL_DISABLED"):
    sys.exit(1)

class Line:
    def __init__(self, number):
        self.number = number
    def worth(self, price):
        return self.number * price

def work():
    began = time.process_time()
    kept = {}
    for number in range(4_000):
        line = Line(number & 255)
        kept[number & 1023] = [line.worth(7), str(number)]
        sum(entry for entry in (line.number, number))
    return time.process_time() - began

print(min(work() for _ in range(60)))
print(os.path.realpath(sys.executable))
"""


def timed(program: str) -> tuple[str, float] | None:
    """The interpreter that `program` starts, and the seconds it takes; None where it does not run,
    is none that will do, or lacks parts of the library."""
    try:
        told = subprocess.run(
            [program, "-I", "-c", PROBE],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=True,
        )
        seconds, path = told.stdout.split("\n")[:2]
        return path, float(seconds)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def on_path(path: str) -> list[str]:
    """All programs of the name python3 or python3.N in the folders of `path`, in their order."""
    found: list[str] = []
    for folder in path.split(os.pathsep):
        try:
            entries = sorted(Path(folder or ".").iterdir())
        except OSError:
            continue
        found += [str(entry) for entry in entries if NAMES.fullmatch(entry.name)]
    return found


def pick(first: str, others: Iterable[str]) -> str:
    """The path to take: `first`, or that of the quickest where it is quicker by enough."""
    own = timed(first)
    if own is None:
        return first
    of_all = {own[0]: own[1]}
    # One program has many names; a version manager's leads to one that is known by its own only.
    tried = {os.path.realpath(first)}
    for program in others:
        real = os.path.realpath(program)
        told = None if real in tried else timed(program)
        tried.add(real)
        if told is not None:
            of_all.setdefault(*told)
    best = min(of_all, key=of_all.__getitem__)
    return best if of_all[best] <= BETTER_BY * own[1] else first


def main(arguments: list[str]) -> int:
    """Say which is chosen, and why if it is not the one given."""
    if len(arguments) != 1:
        sys.stderr.write("One argument: the path of a Python that will do. Nothing was chosen.\n")
        return 2
    path = pick(arguments[0], on_path(os.environ.get("PATH", "")))
    if path != arguments[0]:
        sys.stderr.write(f"    python: {path}, which is quicker than {arguments[0]}\n")
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
