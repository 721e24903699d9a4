"""A server process that ends where nothing else ends it."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from countertop import ending

_PROGRAM = """
import resource, trio
from actors.world import SystemWorld
from countertop import ending

ending.LOOK_S, ending.CLOSE_WITHIN_S = 0.05, 0.2

async def closes_slowly():
    try:
        await trio.sleep_forever()
    finally:
        with trio.CancelScope(shield=True):
            await trio.sleep({closing_s})

async def main():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ending.end_in_any_case, SystemWorld())
        nursery.start_soon(closes_slowly)
        await trio.sleep(0.3)
        {then}
        await trio.sleep(0.3)
        nursery.cancel_scope.cancel()

ending.run_to_an_end(main)
"""
_NO_ROOM = "resource.setrlimit(resource.RLIMIT_AS, (1 << 20, resource.RLIM_INFINITY))"


def _run(then: str, closing_s: float) -> subprocess.CompletedProcess[str]:
    program = _PROGRAM.format(then=then, closing_s=closing_s)
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=30
    )


@pytest.mark.parametrize(
    ("then", "closing_s", "code", "words"),
    [
        ("pass", 0.0, 0, ""),
        (_NO_ROOM, 0.0, ending.NO_MEMORY, "given no more memory"),
        ("pass", 60.0, -signal.SIGALRM, ""),
        ("raise ValueError", 60.0, -signal.SIGALRM, ""),
    ],
)
def test_it_ends_in_any_case(then: str, closing_s: float, code: int, words: str) -> None:
    """In order where it can; by itself without memory, and where its closing does not end."""
    ended = _run(then, closing_s)
    assert (ended.returncode, words in ended.stderr) == (code, True), ended.stderr
    assert bool(ended.stderr) == bool(words)
