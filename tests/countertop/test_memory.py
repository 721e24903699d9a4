"""What PIN hashes took is given back, and large pages change nothing but where memory is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MANY_SIGN_ONS = """
import threading
from pathlib import Path
from actors.pins import Pins
from countertop.memory import give_back_large_blocks

def resident_kb():
    rows = Path("/proc/self/status").read_text().splitlines()
    return next(int(row.split()[1]) for row in rows if row.startswith("VmRSS"))

give_back_large_blocks()
pins = Pins(bytes(32))
before = resident_kb()
for _ in range(2):
    threads = [threading.Thread(target=pins.hash, args=("1234",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print(resident_kb() - before)
"""
LARGE_PAGES = """
from countertop.memory import use_large_pages

kept = [bytes([number % 251]) * 4096 for number in range(4096)]
before = use_large_pages()
assert use_large_pages() >= before, "what is in large pages stays there"
assert all(one == bytes([number % 251]) * 4096 for number, one in enumerate(kept))
print(before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc keeps large blocks")
def test_memory_of_pin_hashes_is_given_back() -> None:
    """After eight at once, twice, less is kept than one hash takes."""
    done = subprocess.run(
        [sys.executable, "-c", MANY_SIGN_ONS], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 19_456


def test_large_pages_hold_what_was_in_small_ones() -> None:
    """Where the system has them, some are made of what is there; nothing is lost by it, nor by
    asking twice, nor where the system has none."""
    done = subprocess.run(
        [sys.executable, "-c", LARGE_PAGES], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) >= 0
