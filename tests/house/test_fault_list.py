"""Each numbered fault is brought about somewhere, and where is written down."""

from __future__ import annotations

import re
from pathlib import Path

from tests.simulation.fault_list import FAULT_LIST
from tests.simulation.run import require_faults

ROOT = Path(__file__).resolve().parents[2]
NUMBERS = 22


def test_every_number_is_there() -> None:
    """In order, each once, and something brings each of them about."""
    assert [listed.number for listed in FAULT_LIST] == list(range(1, NUMBERS + 1))
    bare = [listed.number for listed in FAULT_LIST if not (listed.tests or listed.simulated)]
    assert not bare, f"{bare}: name the test or the simulated fault that brings it about"


def test_what_is_named_exists() -> None:
    """Each test stands in its file, and each fault of the simulator is registered."""
    missing = []
    for listed in FAULT_LIST:
        require_faults(listed.simulated)
        for node in listed.tests:
            path, _, name = node.partition("::")
            file = ROOT / path
            found = file.is_file() and re.search(
                rf"^(?:async )?def {re.escape(name)}\(",
                file.read_text(encoding="utf-8"),
                re.MULTILINE,
            )
            if not name.startswith("test_") or not found:
                missing.append(f"fault {listed.number}: {node}")
    assert not missing, "\n".join(
        ["", *missing, "", "A test was renamed or went: name what brings the fault about now."]
    )
