"""A copy of the checkout in which bugs are planted; the checkout itself never changes."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "target" / "mutants"
"""Where cargo keeps what it built of the copies, so that only the mutated crate is built anew."""

_LEFT_OUT = ("frontends/", "docs/", "countertop/web/")
BUILT = ("native/_native.abi3.so", "native/_native.pyd", "native/_native.so")


@frozen
class Ended:
    """How a program ended: its exit code, None where its time ran out, and what it said."""

    code: int | None
    said: str


@frozen
class Tree:
    """A copy of what is in the checkout, in a folder of its own."""

    path: Path

    def environment(self) -> dict[str, str]:
        """For programs in the copy: what they import comes from there."""
        return {
            **os.environ,
            "PYTHONPATH": str(self.path),
            "CARGO_TARGET_DIR": str(TARGET),
            "HYPOTHESIS_PROFILE": "mutants",
            "COUNTERTOP_SCHEDULE": "mutants",
            "COUNTERTOP_SHARED": os.environ.get("COUNTERTOP_SHARED", str(ROOT.parent / "shared")),
        }

    def run(self, *command: str, timeout_s: float) -> Ended:
        """Run a program in the copy and hear what it says."""
        # A group of its own, so that servers it started end with it; no session, which would get a
        # share of the processors of its own, whatever the one who started it has.
        process = subprocess.Popen(
            command,
            cwd=self.path,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            process_group=0,
        )
        try:
            said, _ = process.communicate(timeout=timeout_s)
        except BaseException as error:
            os.killpg(process.pid, 9)
            said, _ = process.communicate()
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            return Ended(None, said)
        return Ended(process.returncode, said)

    def watch(self, *command: str, timeout_s: float) -> int | None:
        """Run a program in the copy and pass on what it says; None where its time ran out."""
        with subprocess.Popen(
            command, cwd=self.path, env=self.environment(), process_group=0
        ) as process:
            try:
                return process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                return None
            finally:
                # Whatever ended the wait, nothing that was started stays.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, 9)

    def pytest(self, *arguments: str, timeout_s: float = 600) -> Ended:
        """Run tests of the copy."""
        return self.run(
            sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *arguments,
            timeout_s=timeout_s,
        )  # fmt: skip

    @contextlib.contextmanager
    def changed(self, file: str, old: str, new: str) -> Iterator[None]:
        """While it lasts, `file` has `new` in the one place where it has `old`."""
        text = (self.path / file).read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise LookupError(f"{file} holds the old text {text.count(old)} times, not once")
        with self.rewritten(file, text.replace(old, new)):
            yield

    @contextlib.contextmanager
    def rewritten(self, file: str, new: str) -> Iterator[None]:
        """While it lasts, `file` is `new`."""
        path = self.path / file
        text = path.read_text(encoding="utf-8")
        self._write(path, new)
        try:
            yield
        finally:
            self._write(path, text)

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        if path.suffix == ".py":
            # Byte code is told from its source by size and second, and both may be alike.
            Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)


def files() -> list[str]:
    """What the copy holds: every file of the checkout that git knows or has not seen yet."""
    told = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    names = [name for name in told.stdout.split("\0") if name and not name.startswith(_LEFT_OUT)]
    return [name for name in [*names, *BUILT] if (ROOT / name).is_file()]


@contextlib.contextmanager
def copied() -> Iterator[Tree]:
    """A fresh copy, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        for name in files():
            target = Path(folder) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            # Not with its time: cargo would take what it built of the last copy, a mutant and all,
            # for newer than an old source.
            shutil.copy(ROOT / name, target)
        yield Tree(Path(folder))
