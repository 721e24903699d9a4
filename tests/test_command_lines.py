"""What the long runs and tools say to words they cannot use: before anything is begun."""

from __future__ import annotations

import importlib
import subprocess
from pathlib import Path

import pytest

from benches import saturday
from tools import schemas

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    ("module", "words", "said"),
    [
        ("tests.hardware.terminal_cuts", ["no such"], "there is no dialogue no such"),
        ("tests.hardware.terminal_cuts", ["--json", "/nowhere/x"], "nothing was run"),
        ("tests.verifier.damage", ["--json", "/nowhere/x"], "nothing was run"),
        ("benches.close", ["--json", "/nowhere/x"], "nothing was run"),
    ],
)
def test_what_it_cannot_use_is_told_first(
    module: str, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name there is not, and a file that could not be written, are told before the long run."""
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(module).main(words)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_a_token_that_cannot_be_read_is_told(tmp_path: Path, content: bytes | None) -> None:
    """A file that is not there, and one that is none, are no traceback."""
    token = tmp_path / "token"
    if content is not None:
        token.write_bytes(content)
    with pytest.raises(SystemExit, match=r"cannot be read as a token .* nothing was sold"):
        saturday.main(["--url", "ws://127.0.0.1:1/ws", "--token-file", str(token)])


def test_a_misspelt_check_writes_no_schema(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever asked to compare finds nothing written."""
    monkeypatch.setattr(schemas, "ROOT", tmp_path)
    with pytest.raises(SystemExit):
        schemas.main(["--chek"])
    assert "unrecognized arguments: --chek" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_bench_there_is_not_is_named_with_those_there_are() -> None:
    """`./run bench NAME` says so itself; the shell's own part is asked, with nothing built."""
    text = (ROOT / "run").read_text(encoding="utf-8")
    part = text[text.index("run_bench() {") : text.index("task=${1:-help}")]
    script = "say() { printf '%s\\n' \"$*\" >&2; }\nPY=false\n" + part + "\nrun_bench nosuch --tiny"
    done = subprocess.run(
        ["sh", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "There is no bench `nosuch`; nothing was run" in done.stderr
    assert "    saturday\n" in done.stderr
    assert "big_day" not in done.stderr
