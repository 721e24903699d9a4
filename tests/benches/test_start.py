"""The start bench: its figures are there, and the first sale after each start is the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from benches import start


def test_from_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    """`--tiny` imports 500 articles, starts both stores and sells at each."""
    assert start.main(["--tiny"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines[:4]] == [
        "Python and imports",
        "demo catalog",
        "642 articles",
        "import by command",
    ]
    assert all(" s " in f"{line} " for line in lines[:4])
    assert "Imported 500 rows." in lines[3]
    assert lines[-1] == "digest 68a0f955cbd153ba"


def test_the_made_catalog_has_codes_of_its_own(tmp_path: Path) -> None:
    """Each row another code, so that every row can be imported."""
    lines = start.made_catalog(tmp_path / "made.csv", 50).read_text().splitlines()
    assert len({line.split(",")[0] for line in lines[1:]}) == 50
