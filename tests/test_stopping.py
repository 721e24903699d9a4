"""Ctrl-C during a long run: told in a sentence, and never taken for what the run is looking for."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stopping import between_seeds, exit_with

pytestmark = pytest.mark.usefixtures("hears_interrupts")
ROOT = Path(__file__).resolve().parents[1]
ENDS = """
import signal, sys
from tests.stopping import ends_at_once
with ends_at_once("given up"):
    try:
        print("begun")
        signal.raise_signal(signal.SIGINT)
    except BaseException:
        print("taken for a fault")
"""


def _interrupted() -> int:
    raise KeyboardInterrupt


def _interrupted_in_tasks() -> int:
    raise BaseExceptionGroup("tasks", [BaseExceptionGroup("more", [KeyboardInterrupt()])])


@pytest.mark.parametrize("main", [_interrupted, _interrupted_in_tasks])
def test_an_interrupted_program_says_so(main: object, capsys: pytest.CaptureFixture[str]) -> None:
    """Its exit code is that of an interrupt, from one task or from several."""
    assert callable(main)
    with pytest.raises(SystemExit) as ended:
        exit_with(main)
    assert ended.value.code == 130
    assert "interrupted: what was under way was given up" in capsys.readouterr().err


def test_what_else_went_wrong_is_raised() -> None:
    """A bug is no interrupt, alone or among tasks; an exit code stays what it is."""

    def fails() -> int:
        raise BaseExceptionGroup("tasks", [ValueError("a bug")])

    with pytest.raises(BaseExceptionGroup, match="tasks"):
        exit_with(fails)
    with pytest.raises(SystemExit) as ended:
        exit_with(lambda: 7)
    assert ended.value.code == 7


def test_nothing_within_hears_of_an_end_at_once() -> None:
    """What was said before is said, and whatever catches everything catches nothing."""
    done = subprocess.run(
        [sys.executable, "-c", ENDS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "begun\n", "\ngiven up\n")


def test_between_seeds_one_interrupt_is_noted_and_the_next_one_heard(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The first is looked at when a seed has ended; a second one is what it always was."""
    with between_seeds() as stopping:
        assert not stopping.is_asked
        signal.raise_signal(signal.SIGINT)
        assert stopping.is_asked
        assert "again: at once" in capsys.readouterr().err
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
