"""The long proof's table: it tells what was measured, and hides neither a miss nor a skip."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.prove import __main__ as prove
from tests.prove.__main__ import PARTS, Part, main

SAYS = """
import json, sys
place = sys.argv[sys.argv.index("--json") + 1]
figures = {figures!r}
if figures is not None:
    open(place, "w").write(json.dumps(figures))
sys.exit({code})
"""
ROW = {"what": "sales lost", "figure": "0 of 100", "aim": "0", "command": "x"}


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Part, ...]:
    """Four parts: one that is well, one that misses its aim, one without its tool, one broken."""
    told = {
        "well": ({"part": "well", "seconds": 1, "rows": [{**ROW, "ok": True}]}, 0),
        "miss": ({"part": "miss", "seconds": 1, "rows": [{**ROW, "ok": False}]}, 1),
        "bare": (None, 0),
        "dead": (None, 1),
    }
    for name, (figures, code) in told.items():
        (tmp_path / f"{name}.py").write_text(SAYS.format(figures=figures, code=code))
    monkeypatch.setattr(prove, "TABLE", tmp_path / "prove.md")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tuple(Part(name, f"what {name} is about", (name,)) for name in told)


def test_what_is_well_ends_well(
    parts: tuple[Part, ...], capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Met aims and a missing tool end with 0; both stand in the table, which is kept."""
    assert main(["well", "bare"], parts) == 0
    out = capfd.readouterr().out
    assert "| sales lost | 0 of 100 | 0 | yes | `x` |" in out
    assert "| what bare is about | skipped: its tool is not installed | | – |" in out
    assert (tmp_path / "prove.md").read_text().strip() in out


@pytest.mark.parametrize(
    ("name", "line"),
    [("miss", "| 0 of 100 | 0 | **no** |"), ("dead", "code 1 and left no figures")],
)
def test_what_is_not_well_is_said(
    parts: tuple[Part, ...], capfd: pytest.CaptureFixture[str], name: str, line: str
) -> None:
    """A missed aim and a part that died end with 1 and are named, whatever else is well."""
    assert main(["well", name], parts) == 1
    assert line in capfd.readouterr().out


def test_an_unknown_part_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is run, and the parts there are are listed."""
    with pytest.raises(SystemExit, match="2"):
        main(["strom"])
    said = capsys.readouterr().err
    assert "no part strom; nothing was run" in said
    assert all(part.name in said for part in PARTS)
