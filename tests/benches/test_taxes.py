"""The bench of tax rules runs, and what it rings up comes to the same each time."""

from __future__ import annotations

import pytest

from benches.taxes import SIZES, main


def test_the_small_run_prints_a_row_a_size_and_its_digest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Two runs come to the same totals."""
    digests = []
    for _ in range(2):
        assert main(["--tiny"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 1 + len(SIZES) + 1
        digests.append(lines[-1])
    assert digests[0] == digests[1]
    assert digests[0].startswith("digest ")
