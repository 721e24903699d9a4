"""What a run tells: a line of progress, a table, figures, and the same figures as JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import attrs
from attrs import define, field, frozen


def say(text: str = "") -> None:
    """A line for whoever started the run."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@frozen
class Row:
    """One figure: what was measured, its value, what it should be, and how to measure it again."""

    what: str
    figure: str
    aim: str
    ok: bool
    command: str


@define
class Progress:
    """A line that is written over where there is a screen, and now and then where there is none."""

    of: int
    done: int = 0
    _said: float = field(factory=time.monotonic)

    def step(self, what: str) -> None:
        """One more is about to begin."""
        self.done += 1
        line = f"{self.done:>5} of {self.of}  {what}"
        if sys.stdout.isatty():
            sys.stdout.write(f"\r\033[K{line[:100]}")
            sys.stdout.flush()
        elif time.monotonic() - self._said >= 10:
            self._said = time.monotonic()
            say(line)

    def end(self) -> None:
        """Leave the line clear."""
        if sys.stdout.isatty():
            sys.stdout.write("\r\033[K")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns as wide as their widest cell."""
    lines = [tuple(heads), *(tuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    for line in lines:
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def finish(part: str, seconds: float, rows: Sequence[Row], json_file: Path | None) -> int:
    """Print the figures, write them where they were asked for; 1 if one misses its aim."""
    for row in rows:
        verdict = "ok" if row.ok else "MISSED"
        say(f"{row.what}: {row.figure} (aim: {row.aim}) {verdict}  [{row.command}]")
    if json_file is not None:
        told = {"part": part, "seconds": round(seconds, 1), "rows": list(map(attrs.asdict, rows))}
        json_file.write_text(json.dumps(told, indent=1) + "\n")
    return 0 if all(row.ok for row in rows) else 1
