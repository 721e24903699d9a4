"""The fuzzers' command: what it refuses, what it keeps, and that the judge can find something."""

from __future__ import annotations

import ctypes
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from native import PriceBook, SegmentBuilder
from tests.fuzz import floor, guided
from tests.fuzz.__main__ import main, report_of
from tests.fuzz.all_targets import TARGETS
from tests.fuzz.guided import ROOT
from tests.fuzz.judge import Finding, judge, judge_in_pieces
from tests.fuzz.targets import Pieces, Target, message
from tests.fuzz.targets_floor import row
from tests.fuzz.weight import is_measured

_WEIGHED = pytest.mark.skipif(not is_measured(), reason="weighed on Linux alone, with glibc")
_LIMITS = resource.getrlimit(resource.RLIMIT_AS)


class PanicException(BaseException):
    """As the floor's panics come to Python: no `Exception`."""


def _target(take: Callable[[Pieces], object]) -> Target:
    return Target("planted", "Planted.", take, lambda: [b"x"], (LookupError,))


def _raise(error: BaseException) -> Callable[[Pieces], object]:
    def take(_: Pieces) -> object:
        raise error

    return take


def test_only_a_targets_own_errors_are_refusals() -> None:
    """What a decoder may raise is an outcome; any other error, and a panic, is a finding."""
    assert judge(_target(_raise(KeyError("x"))), (b"x",)) == ("refused", "KeyError")
    for error in (ValueError("stray"), PanicException("index out of bounds")):
        with pytest.raises(Finding, match=type(error).__name__):
            judge(_target(_raise(error)), (b"x",))


def test_a_hang_is_found() -> None:
    """A decoder that does not end is given up, even one that swallows every error."""

    def stubborn(_: Pieces) -> object:
        while True:
            try:
                time.monotonic()
            except Exception:  # noqa: BLE001 - as careless as a decoder could be
                continue

    with pytest.raises(Finding, match="still at it after"):
        judge(_target(stubborn), (b"x",), deadline_s=0.1)


def test_a_flood_is_found() -> None:
    """Memory for a length that was only claimed is a finding, though it is given back."""
    target = _target(lambda pieces: len(bytearray(16 << 20)))
    with pytest.raises(Finding, match="Python held 16"):
        judge(target, (b"x",), weigh=True)


@_WEIGHED
@pytest.mark.parametrize("weigh", [False, True])
@pytest.mark.parametrize(("size", "is_found"), [(4 << 20, False), (32 << 20, True)])
def test_a_flood_outside_of_python_is_found(size: int, *, is_found: bool, weigh: bool) -> None:
    """What C or the floor took and gave back is weighed, though Python never counted it."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    libc.free.argtypes = (ctypes.c_void_p,)

    def taken(_: Pieces) -> object:
        place = libc.malloc(ctypes.c_size_t(size))
        ctypes.memset(place, 1, size)
        libc.free(place)
        return "taken"

    if is_found:
        with pytest.raises(Finding, match="the process held 3"):
            judge(_target(taken), (b"x",), weigh=weigh)
    else:
        assert judge(_target(taken), (b"x",), weigh=weigh) == "taken"


_CLAIMING = """
import ctypes
from tests.fuzz.guided import ROOT
from tests.fuzz.judge import judge
from tests.fuzz.targets import Target
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = (ctypes.c_void_p,)
take = lambda pieces: libc.free(libc.malloc(ctypes.c_size_t(768 << 20)))
judge(Target("planted", "Planted.", take, list), (b"x",))
"""


@_WEIGHED
def test_a_claim_without_a_touch_is_found() -> None:
    """Room that is laid out for a length nobody checked is seen, though no page of it is used."""
    # In a process of its own: what was laid out once is never again the most there was.
    ended = subprocess.run(
        [sys.executable, "-c", _CLAIMING], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "Finding: planted: the process claimed 7" in ended.stderr


@_WEIGHED
def test_a_flood_of_the_floor_is_found() -> None:
    """Rust's own allocator is weighed: many items that Python never sees take room, and more than
    other tests may have left free, which would be used again."""
    builder = SegmentBuilder()

    def taken(_: Pieces) -> object:
        for number in range(80_000):
            builder.put_item(row(f"{number:05d}" + "i" * 60, "n" * 120, number))
        return len(builder.build())

    with pytest.raises(Finding, match="the process held"):
        judge(
            Target("planted", "Planted.", taken, lambda: [b"x"], memory_bytes_max=1 << 20), (b"x",)
        )


@_WEIGHED
def test_nothing_runs_away_with_the_machines_memory() -> None:
    """Beyond two GiB more there is none while an input is judged, and afterwards there is again."""
    with pytest.raises(Finding, match="MemoryError"):
        judge(_target(lambda pieces: len(bytearray(3 << 30))), (b"x",))
    assert resource.getrlimit(resource.RLIMIT_AS) == _LIMITS


def test_dependence_on_the_wires_cuts_is_found() -> None:
    """A stream decoder that forgets between two pieces is caught."""
    target = _target(lambda pieces: [piece.count(b"ab") for piece in pieces if piece][:1])
    judge_in_pieces(target, b"abab", [b"abab"])
    with pytest.raises(Finding, match="cut into"):
        judge_in_pieces(target, b"abab", [b"a", b"bab"])


@pytest.mark.parametrize("arguments", [["run", "--target", "nobody"], ["repeat", "nobody", "x"]])
def test_an_unknown_target_is_told_with_the_known(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A slip of the pen runs nothing and lists the names there are."""
    assert main(arguments) == 2
    said = capsys.readouterr().out
    assert "no target nobody" in said
    assert all(name in said for name in (*TARGETS, *floor.SEEDS))


def test_what_is_not_installed_is_skipped_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Without atheris or cargo the command says what to install; only `prove` may go on."""
    monkeypatch.setattr(guided, "is_installed", lambda: False)
    monkeypatch.setattr(floor, "is_installed", lambda: False)
    assert main(["run"]) == 2
    said = capsys.readouterr().out
    assert "uv sync --group prove" in said
    assert "https://rustup.rs" in said
    report = tmp_path / "fuzz.json"
    assert main(["run", "--if-installed", "--json", str(report)]) == 0
    rows = json.loads(report.read_text())["rows"]
    assert [row["figure"].split(":")[0] for row in rows] == ["skipped", "skipped"]


def test_all_targets_are_one_row_and_each_find_another() -> None:
    """A table of proofs says how much was tried, and names only what fell."""
    well, fell, idle = (
        guided.Outcome("a", 900, 3, 1.0),
        guided.Outcome("b", 100, 3, 1.0, "raised TypeError"),
        guided.Outcome("c", 0, 0, 1.0),
    )
    (row,) = report_of([well], [], 4, 1)["rows"]
    assert (row["figure"], row["ok"]) == ("900 inputs, something found in 0", True)
    whole, *poor = report_of([well, fell, idle], [], 4, 1)["rows"]
    assert (whole["figure"], whole["ok"]) == ("1,000 inputs, something found in 2", False)
    assert [(one["what"], one["ok"]) for one in poor] == [("fuzz b", False), ("fuzz c", False)]


@pytest.fixture
def planted() -> Iterator[str]:
    """A decoder with a bug, registered for one test."""

    @message(lambda: [b"x"])
    def planted_bug(data: bytes) -> None:
        """Falls over one letter."""
        assert data != b"?"

    yield "planted_bug"
    del TARGETS["planted_bug"]


def test_a_kept_input_is_repeated(
    planted: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`repeat` shows the finding again, says so when it is mended, and when there is no file."""
    kept = tmp_path / "crash"
    kept.write_bytes(b"?")
    assert main(["repeat", planted, str(kept)]) == 1
    assert "FOUND planted_bug: raised AssertionError" in capsys.readouterr().out
    kept.write_bytes(b"x")
    assert main(["repeat", planted, str(kept)]) == 0
    assert main(["repeat", planted, str(tmp_path / "none")]) == 2


def test_what_libfuzzer_finds_is_kept_under_the_targets_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The input of a crash is kept, and its words and counts are read from what was said."""
    monkeypatch.setattr(guided, "KEPT", tmp_path)
    script = (
        "echo '#128 NEW cov: 42 ft: 43'; echo 'tests.fuzz.judge.Finding: scanner: raised X'; "
        f"printf x > {tmp_path}/crash-1; echo 'stat::number_of_executed_units: 130'; exit 77"
    )
    outcome = guided.watched("scanner", ["sh", "-c", script], 5)
    assert (outcome.inputs, outcome.covered) == (130, 42)
    assert "scanner: raised X" in outcome.problem
    assert outcome.kept == tmp_path / "scanner-crash-1"
    assert (
        guided.watched("scanner", ["sh", "-c", "echo 'Done 7 runs in 1 second(s)'"], 5).inputs == 7
    )


def test_the_floors_seeds_are_what_its_fuzzers_read() -> None:
    """A program of `native/fuzz` for each entry, and segments that the floor takes."""
    programs = {path.stem for path in (guided.ROOT / "native/fuzz/src/bin").glob("*.rs")}
    assert programs == set(floor.SEEDS)
    assert [PriceBook.from_segment(seed).item_count for seed in floor.SEEDS["core_segment"]()][
        :2
    ] == [
        0,
        1,
    ]
