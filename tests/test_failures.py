"""What failed is told once more in a file, with why, whatever way it failed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.left_behind import ROOT

FILES = {
    "test_ways.py": """
import pytest

def test_passes():
    pass

def test_is_wrong():
    assert 1 + 1 == 3, "sums are wrong"

@pytest.fixture
def broken():
    raise OSError("no such device")

def test_has_no_device(broken):
    pass

def test_leaves_something(tmp_path):
    (tmp_path / "journal").write_text("what was sold")
    raise RuntimeError("it stopped")
""",
    "test_unread.py": "import a_module_nobody_has\n",
}
LINES = {
    "test_ways.py::test_is_wrong (call)": "AssertionError: sums are wrong",
    "test_ways.py::test_has_no_device (setup)": "OSError: no such device",
    "test_ways.py::test_leaves_something (call)": "RuntimeError: it stopped",
    "test_unread.py": "No module named 'a_module_nobody_has'",
}


def test_each_failure_has_a_line_with_its_reason(tmp_path: Path) -> None:
    """What is wrong, what broke before it, and what cannot be read, each with its reason."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    told = tmp_path / "told" / "lane.txt"
    words = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    options = ["--failures-file", str(told), "--continue-on-collection-errors"]
    done = subprocess.run(
        [*words, *options, f"--rootdir={tmp_path}", "-c", os.devnull, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    lines = told.read_text().splitlines()
    assert len(lines) == len(LINES), lines
    for name, reason in LINES.items():
        (line,) = (one for one in lines if one.startswith(f"{name}: "))
        assert reason in line
        folder = re.search(r" \[it left (.*)\]$", line)
        assert (folder is not None) == ("leaves_something" in name)
        if folder is not None:
            (left,) = Path(folder[1]).glob("test_leaves_something0/journal")
            assert left.read_text() == "what was sold"
