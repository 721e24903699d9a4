"""What PIN hashes took is given back."""

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


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc keeps large blocks")
def test_memory_of_pin_hashes_is_given_back() -> None:
    """After eight at once, twice, less is kept than one hash takes."""
    done = subprocess.run(
        [sys.executable, "-c", MANY_SIGN_ONS], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 19_456
