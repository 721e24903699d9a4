"""A log that cannot be written stops nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = """
import sys
import structlog
from countertop.logs import configure

configure()
for _ in range(500):
    structlog.get_logger().warning("node_ended", reason="x" * 100)
try:
    raise ValueError
except ValueError:
    structlog.get_logger().exception("engine_fault")
sys.stdout.write("sells on")
sys.stdout.flush()
"""


@pytest.mark.parametrize("sink", ["/dev/full", "a pipe nobody reads"])
def test_a_log_that_takes_nothing_more_stops_nobody(sink: str) -> None:
    """The disk of the log is full, or whoever read it is gone: the lines are lost, no more."""
    if sink.startswith("/"):
        end = os.open(sink, os.O_WRONLY)
    else:
        reader, end = os.pipe()
        os.close(reader)
    try:
        ran = subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            stdout=subprocess.PIPE,
            stderr=end,
            text=True,
            check=False,
            timeout=60,
            cwd=Path(__file__).parents[2],
        )
    finally:
        os.close(end)
    assert ran.stdout == "sells on"
