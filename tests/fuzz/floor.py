"""libFuzzer on the Rust floor itself: `native/fuzz`, built with coverage on the stable tool chain.

No nightly and no cargo-fuzz: the coverage pass is LLVM's own, switched on by flags that stable
rustc passes on. Overflow checks and debug assertions are on, so a wrong sum is a panic too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from tests.fuzz.guided import ROOT, Outcome, options, watched
from tests.fuzz.targets_floor import frontiers, numbers, searches, segments
from tests.fuzz.targets_nexo import connections as nexo_carried
from tests.fuzz.targets_nexo import messages as nexo_messages
from tests.fuzz.targets_terminal import cut_lines, objects

_COVERAGE = "-Cllvm-args=-sanitizer-coverage-"
FLAGS = (
    f"--cfg fuzzing -Ccodegen-units=1 -Cpasses=sancov-module {_COVERAGE}level=4 "
    f"{_COVERAGE}inline-8bit-counters {_COVERAGE}pc-table {_COVERAGE}trace-compares"
)
SEEDS: dict[str, Callable[[], list[bytes]]] = {
    "core_segment": segments,
    "core_frontier": frontiers,
    "core_search": searches,
    "core_sums": numbers,
    "core_tlv": objects,
    "core_zvt": cut_lines,
    "core_nexo": nexo_messages,
    "core_web": nexo_carried,
}
HOW_TO_INSTALL = (
    "no cargo was found, so the Rust floor was not fuzzed. Install a Rust tool chain of 1.88 or "
    "newer (https://rustup.rs) and a C++ compiler."
)


class BuildFailedError(Exception):
    """The fuzzers of the floor could not be built; it says what the tool chain said."""


def is_installed() -> bool:
    """Whether there is a tool chain to build with."""
    return shutil.which("cargo") is not None


@cache
def build() -> Path:
    """Build the fuzzers, all of them; the folder they are in.

    Raises:
        BuildFailedError: cargo said no.
    """
    triple = _run(["rustc", "-vV"]).split("host: ")[1].split("\n")[0]
    # With a target named, the flags are for the fuzzers alone and not for build scripts.
    place = ["--target", triple, "--target-dir", "target/fuzz"]
    crate = ["--manifest-path", "native/fuzz/Cargo.toml"]
    _run(["cargo", "build", "--release", "--locked", "--quiet", *crate, *place])
    return ROOT / "target" / "fuzz" / triple / "release"


def _run(command: list[str]) -> str:
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "RUSTFLAGS": FLAGS},
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        said = ended.stderr.strip()[-800:]
        raise BuildFailedError(
            f"`{' '.join(command)}` failed, so the floor was not fuzzed:\n{said}"
        )
    return ended.stdout


def run(name: str, seconds: float) -> Outcome:
    """Fuzz one program of the floor for so long, from seeds our own encoders make.

    Raises:
        BuildFailedError: it could not be built.
    """
    program = build() / name
    with tempfile.TemporaryDirectory(prefix="countertop-fuzz-") as corpus:
        for number, seed in enumerate(SEEDS[name]()):
            (Path(corpus) / f"seed-{number:04d}").write_bytes(seed)
        return watched(name, [str(program), corpus, *options(seconds)], seconds)


def repeat(name: str, file: Path) -> bool:
    """Run one kept input again, saying what happens; whether it passed."""
    return subprocess.run([str(build() / name), str(file)], check=False).returncode == 0
