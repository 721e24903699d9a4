"""Commands forked from a process that has imported a store: they start without the imports.

A browser test wants a store of its own, and the imports are more than half of a start. Besides that
it lives as `python -m countertop WORDS` does; one from nothing is started by `tests/store`.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["tests.e2e.warmed"])


def fork(words: Sequence[str], told: Path, **environment: str) -> ForkServerProcess:
    """Begin the command `words` in a process of its own; what it says goes into `told`.

    Where it needs an environment of its own it begins from nothing, for what stands in that is read
    when a program begins.
    """
    process = _SERVER.Process(target=_live, args=(tuple(words), str(told), environment))
    process.start()
    return process


def _live(words: tuple[str, ...], told: str, environment: Mapping[str, str]) -> None:
    from countertop import cli

    output = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    if environment:
        program = (sys.executable, "-m", "countertop", *words)
        os.execve(program[0], program, {**os.environ, **environment})
    sys.argv = ["countertop", *words]
    cli.main()
