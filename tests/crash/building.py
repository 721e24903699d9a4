"""Finds the preloaded shim, and has cargo build it where it is missing or older than its source."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "countertop-crash-shim"
SOURCE = Path(__file__).parent / "shim"
LIBRARY = ROOT / "target" / "release" / "libcrash_shim.so"


class NoShimError(Exception):
    """There is no shim here, and the message says how to get one."""


def shim() -> Path:
    """The library to preload.

    Raises:
        NoShimError: not Linux on 64 bits, no cargo, or the build failed.
    """
    if sys.platform != "linux" or sys.maxsize < 2**32:
        raise NoShimError("the crash rig preloads a library as 64-bit Linux does; run it there")
    sources = [ROOT / "Cargo.lock", SOURCE / "Cargo.toml", *SOURCE.rglob("*.rs")]
    newest = max(path.stat().st_mtime for path in sources)
    if not LIBRARY.exists() or LIBRARY.stat().st_mtime < newest:
        _build()
    return LIBRARY


def _build() -> None:
    cargo = shutil.which("cargo")
    if cargo is None:
        raise NoShimError(
            "the crash rig's shim is not built and there is no cargo on the PATH; install Rust "
            f"(https://rustup.rs), then run: cargo build --release -p {PACKAGE}"
        )
    told = subprocess.run(
        [cargo, "build", "--release", "--quiet", "--package", PACKAGE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode != 0:
        raise NoShimError(f"the crash rig's shim could not be built:\n{told.stderr}")
    # Cargo leaves a library alone that is the same as before; its time must not ask again.
    LIBRARY.touch()
