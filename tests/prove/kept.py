"""Figures kept of parts that were proven: a night's work that is ended begins where it stopped.

A part's figures hold for the code they were measured on, and for no other: they are kept under a
digest of every file of the checkout but its documents, so that the README may repeat them.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attrs import asdict, frozen

DOCUMENT = ".md"


@frozen
class Kept:
    """What a command measured, of which code, and when (a date)."""

    command: list[str]
    code: str
    date: str
    seconds: float
    rows: list[dict[str, Any]]


def code_digest(root: Path) -> str:
    """Twelve hex digits of the names and contents of all that git knows or would take in, without
    documents; "" where this is not a git checkout, so that nothing is kept."""
    asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(asked, cwd=root, capture_output=True, text=True, check=False)
    if found.returncode:
        return ""
    whole = hashlib.sha256()
    for name in sorted(set(found.stdout.split("\0"))):
        path = root / name
        if name and path.suffix != DOCUMENT and path.is_file():
            whole.update(f"{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()[:12]


def keep(
    folder: Path, name: str, command: list[str], code: str, seconds: float, rows: list[Any]
) -> None:
    """Write down what was measured today."""
    if not code:
        return
    kept = Kept(command, code, f"{datetime.now(UTC):%Y-%m-%d}", seconds, rows)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(asdict(kept), indent=1) + "\n")


def kept(folder: Path, name: str, command: list[str], code: str) -> Kept | None:
    """What the same command measured of the same code, if it did."""
    try:
        found = Kept(**json.loads((folder / f"{name}.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return found if code and (found.command, found.code) == (command, code) else None
