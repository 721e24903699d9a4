"""The long proof's table: it tells what was measured, and hides neither a miss nor a skip."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.prove import __main__ as prove
from tests.prove.__main__ import PARTS, Part, command_of, main
from tests.prove.kept import code_digest

SAYS = """
import json, sys
place = sys.argv[sys.argv.index("--json") + 1]
figures = {figures!r}
open({log!r}, "a").write({name!r} + "\\n")
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
        log = str(tmp_path / "log")
        said = SAYS.format(figures=figures, code=code, log=log, name=name)
        (tmp_path / f"{name}.py").write_text(said)
    monkeypatch.setattr(prove, "TABLE", tmp_path / "prove.md")
    monkeypatch.setattr(prove, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(prove, "code_digest", lambda _: (tmp_path / "code").read_text())
    (tmp_path / "code").write_text("abc")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tuple(Part(name, f"what {name} is about", (name,)) for name in told)


def test_what_is_well_ends_well(
    parts: tuple[Part, ...], capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Met aims and a missing tool end with 0; both stand in the table, which is kept."""
    assert main(["well", "bare"], parts) == 0
    out = capfd.readouterr().out
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert f"| sales lost | 0 of 100 | 0 | yes | {today} | `x` |" in out
    assert "| what bare is about | skipped: its tool is not installed |  | – |" in out
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


def test_a_run_goes_on_where_one_of_the_same_code_stopped(
    parts: tuple[Part, ...], capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What met its aims is taken over with its date, and what did not is measured again; all of it
    is where the code is another, or where somebody says so."""
    log, code = tmp_path / "log", tmp_path / "code"
    assert main(["well"], parts) == 0
    capfd.readouterr()
    assert main(["well", "miss", "bare"], parts) == 1
    assert "| sales lost | 0 of 100 | 0 | yes |" in capfd.readouterr().out
    assert main(["miss"], parts) == 1
    assert log.read_text().split() == ["well", "miss", "bare", "miss"]
    assert main(["well", "--again"], parts) == 0
    code.write_text("another")
    assert main(["well"], parts) == 0
    code.write_text("")
    assert main(["well"], parts) == 0
    assert main(["well"], parts) == 0, "outside of a checkout nobody knows which code it is"
    assert log.read_text().split()[4:] == ["well"] * 4


def test_an_interrupted_proof_shows_what_it_has(
    parts: tuple[Part, ...],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ctrl-C in one part: the table of those before, which one was given up, and how to go on."""
    real = prove.run_part

    def interrupted(part: Part, command: list[str]) -> prove.Outcome:
        if part.name == "miss":
            raise KeyboardInterrupt
        return real(part, command)

    monkeypatch.setattr(prove, "run_part", interrupted)
    assert main(["well", "miss", "dead"], parts) == 130
    out = capfd.readouterr().out
    assert "| sales lost | 0 of 100 | 0 | yes |" in out
    assert "interrupted: miss was given up" in out
    assert "dead" not in out


@pytest.mark.parametrize("module", sorted({one.command[0] for one in PARTS} - {"benches.close"}))
def test_each_part_hears_an_interrupt(module: str) -> None:
    """None of them ends with a traceback at Ctrl-C, and none takes it for a fault of the shop."""
    place = prove.ROOT / module.replace(".", "/")
    file = place / "__main__.py" if place.is_dir() else place.with_suffix(".py")
    assert "exit_with(" in file.read_text() or "ends_at_once(" in file.read_text(), file


def test_figures_of_fewer_minutes_are_not_those_of_more(
    parts: tuple[Part, ...], tmp_path: Path
) -> None:
    """A short storm is no long one."""
    storm = (Part("well", "a storm", ("well",), share=0.5),)
    assert main(["--minutes", "2"], storm) == 0
    assert main(["--minutes", "9"], storm) == 0
    assert main(["--minutes", "9"], storm) == 0
    assert (tmp_path / "log").read_text().split() == ["well", "well"]


def test_a_sample_is_a_part_of_each(
    parts: tuple[Part, ...], capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """It is kept by itself and says what it is; all of a part, where that is kept, is better, and
    is never taken from a sample."""
    one = (Part("well", "cuts", ("well",), sample=("--every", "8")),)
    assert command_of(one[0], 9, is_sample=True) == ["well", "--every", "8"]
    log = tmp_path / "log"
    for _ in range(2):
        assert main(["--sample"], one) == 0
        assert ", a sample of each part." in capfd.readouterr().out
    assert log.read_text().split() == ["well"]
    assert main([], one) == 0
    assert ", a sample" not in capfd.readouterr().out
    assert log.read_text().split() == ["well"] * 2
    (tmp_path / "kept" / "well-sample.json").unlink()
    assert main(["--sample"], one) == 0
    assert log.read_text().split() == ["well"] * 2


def test_every_long_part_has_a_sample() -> None:
    """What takes what it takes, in a sample too, takes minutes at most."""
    whole = {part.name for part in PARTS if not part.sample}
    assert whole == {"simulator", "day", "cuts", "verifier", "close"}


def test_the_code_is_all_but_the_documents(tmp_path: Path) -> None:
    """A change to code, a new file and a deleted one are another code; a README is not."""

    def run(*words: str) -> None:
        subprocess.run(("git", *words), cwd=tmp_path, check=True, capture_output=True)

    assert code_digest(tmp_path) == "", "no checkout"
    run("init", "-q")
    (tmp_path / "till.py").write_text("x = 1\n")
    (tmp_path / "README.md").write_text("A till.\n")
    run("add", ".")
    first = code_digest(tmp_path)
    (tmp_path / "README.md").write_text("A till that is proven.\n")
    assert code_digest(tmp_path) == first
    seen = {first}
    for name, text in (("till.py", "x = 2\n"), ("drawer.py", "x = 1\n"), ("till.py", None)):
        if text is None:
            (tmp_path / name).unlink()
        else:
            (tmp_path / name).write_text(text)
        seen.add(code_digest(tmp_path))
    assert len(seen) == 4
