"""Shop systems that price carts, each in a process of its own, on the carts of the comparison.

A peer is told the carts on standard input, once, and times itself: nothing of starting it, of
putting goods and carts in place, or of the way between the processes is counted. Input: `percent`
off each unit of `items`, `carts` as lists of (item, minor units), `rounds`: the best counts.
Output: `version`, `totals` in minor units, `ns` a cart.

* django-oscar's `Applicator` on an SQLite database in memory. It asks its database for the offers
  of each cart, which is how it works; a site may keep them.
* Vendure's `OrderCalculator` with its own entities, action and rounding, without a server: zones,
  tax rates and shipping are answered from memory, and nothing is read or written.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from attrs import frozen

_FOLDER: Final = Path(__file__).with_name("peers")
_TIMEOUT_S: Final = 900
OSCAR_MISSING: Final = (
    "django-oscar: not told where (in a virtual environment of its own: pip install django-oscar;"
    " then --oscar its python)"
)
VENDURE_MISSING: Final = (
    "Vendure: not told where (in a folder of its own: npm install @vendure/core;"
    " then --vendure that folder)"
)


@frozen
class Answer:
    """What a peer made of the carts, and how long it took for one at its best."""

    name: str
    totals: list[int]
    ns: float


class PeerError(Exception):
    """A peer did not answer; the words are its own last ones."""


@frozen
class Task:
    """The carts, and a percentage off each unit of some items."""

    percent: int
    items: Sequence[int]
    carts: Sequence[Sequence[tuple[int, int]]]


def oscar(python: str, task: Task, rounds: int) -> Answer:
    """django-oscar, by a Python that has it.

    Raises:
        PeerError: it did not answer.
    """
    return _asked("django-oscar", [python, str(_FOLDER / "oscar_offers.py")], task, rounds)


def vendure(folder: str, task: Task, rounds: int) -> Answer:
    """Vendure, from a folder in which it is installed.

    Raises:
        PeerError: it did not answer.
    """
    program = ["node", str(_FOLDER / "vendure_calculator.cjs"), str(Path(folder).resolve())]
    return _asked("Vendure", program, task, rounds)


def _asked(name: str, program: Sequence[str], task: Task, rounds: int) -> Answer:
    data = {
        "percent": task.percent,
        "items": list(task.items),
        "carts": [[list(row) for row in cart] for cart in task.carts],
        "rounds": rounds,
    }
    try:
        done = subprocess.run(
            program,
            input=json.dumps(data),
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except OSError as error:
        raise PeerError(f"{name} could not be started: {error}") from None
    if done.returncode:
        raise PeerError(f"{name} ended with: {done.stderr.strip().splitlines()[-1:]}")
    told = json.loads(done.stdout.splitlines()[-1])
    return Answer(f"{name} {told['version']}", told["totals"], told["ns"])
