"""Commands forked from a process that has imported a store: they start without the imports.

A test wants a store of its own, and the imports are more than half of a start and nearly all of a
command. Besides that it lives as `python -m countertop WORDS` does; that one itself is started from
nothing by the tests of what is read when a program begins, and of what it has in its memory.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import frozen

ROOT = Path(__file__).resolve().parents[1]
_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["tests.warmed"])
_NEW_NETWORK = 0x4000_0000
"""CLONE_NEWNET. Source: unshare(2), linux/sched.h."""


def fork(words: Sequence[str], told: Path, **environment: str) -> ForkServerProcess:
    """Begin the command `words` in a process of its own; what it says goes into `told`.

    Where it needs an environment of its own it begins from nothing, for what stands in that is read
    when a program begins.
    """
    process = _SERVER.Process(target=_live, args=(tuple(words), told, told, ROOT, environment))
    process.start()
    return process


def run(
    *words: str | Path, cwd: Path = ROOT, timeout_s: float = 60.0
) -> subprocess.CompletedProcess[str]:
    """`countertop WORDS` to its end, in a process of its own; what it said, and its exit code.

    Raises:
        subprocess.TimeoutExpired: it did not end in time, and was killed.
    """
    return _ended(_live, tuple(map(str, words)), cwd, timeout_s)


def run_verifier(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """`python -m verifier WORDS`, as `run`."""
    return _ended(_verify, tuple(map(str, words)), ROOT, 60.0)


def _ended(
    live: Callable[..., None], words: tuple[str, ...], cwd: Path, timeout_s: float
) -> subprocess.CompletedProcess[str]:
    with TemporaryDirectory(prefix="warm-") as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        process = Forked(_SERVER.Process(target=live, args=(words, out, err, cwd)))
        process.begin()
        try:
            code = process.wait(timeout_s)
        finally:
            process.kill()
        said = (place.read_text(encoding="utf-8") for place in (out, err))
        return subprocess.CompletedProcess(words, code, *said)


@frozen
class Forked:
    """A forked process, with what a `subprocess.Popen` has of what is used here."""

    _process: ForkServerProcess

    @classmethod
    def of(
        cls, target: Callable[..., None], *arguments: str, told: Path, network: bool = True
    ) -> Forked:
        """Begin `target(arguments)`; what it says goes to the end of `told`.

        Without `network` it has one of its own with nothing in it, which takes a superuser.
        """
        words = (target, list(arguments), told, network)
        process = cls(_SERVER.Process(target=_live_on, args=words))
        process.begin()
        return process

    def begin(self) -> None:
        """Have it live."""
        # Whoever waits for no end of it must not be waited for himself.
        self._process.daemon = True
        self._process.start()

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """How it ended, a signal below nought; None while it lives."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """As `returncode`."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it is gone; how it ended.

        Raises:
            subprocess.TimeoutExpired: it lives on after so many seconds.
        """
        self._process.join(timeout)
        code = self.returncode
        if code is None:
            assert timeout is not None
            raise subprocess.TimeoutExpired(self._process.name, timeout)
        return code

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def kill(self) -> None:
        """kill -9, where it lives."""
        self._process.kill()


def _say_into(out: Path, err: Path, anew: int = 0) -> None:
    for descriptor, place in ((1, out), (2, err)):
        output = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND | anew, 0o600)
        os.dup2(output, descriptor)
        os.close(output)


def _live(
    words: tuple[str, ...],
    out: Path,
    err: Path,
    cwd: Path,
    environment: Mapping[str, str] | None = None,
) -> None:
    from countertop import cli

    _say_into(out, err, os.O_TRUNC)
    os.chdir(cwd)
    if environment:
        program = (sys.executable, "-m", "countertop", *words)
        os.execve(program[0], program, {**os.environ, **environment})
    sys.argv = ["countertop", *words]
    cli.main()


def _verify(words: tuple[str, ...], out: Path, err: Path, cwd: Path) -> None:
    from verifier import __main__ as verifier

    _say_into(out, err)
    os.chdir(cwd)
    sys.argv = ["verifier", *words]
    sys.exit(verifier.main())


def _live_on(
    target: Callable[[list[str]], None], arguments: list[str], told: Path, network: bool
) -> None:
    _say_into(told, told)
    os.chdir(ROOT)
    if not network and ctypes.CDLL(None, use_errno=True).unshare(_NEW_NETWORK):
        raise OSError(ctypes.get_errno(), "no network of its own can be made")
    target(arguments)
