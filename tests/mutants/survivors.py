"""The lists of mutants that live, each with the reason why it may."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

from attrs import field, frozen


@frozen(order=True)
class Change:
    """What a mutant changes: in which function, from which lines to which."""

    function: str
    change: str


@frozen
class Survivors:
    """Reasons by change, as a file lists them; `everywhere` are changes that may live anywhere."""

    path: Path
    reasons: dict[Change, str] = field(factory=dict)
    everywhere: tuple[re.Pattern[str], ...] = ()

    @staticmethod
    def load(path: Path) -> Survivors:
        """The list in `path`; empty where there is none.

        Raises:
            ValueError: an entry has no reason or stands there twice.
        """
        told = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        reasons: dict[Change, str] = {}
        for entry in [*told.get("survivor", []), *told.get("everywhere", [])]:
            if not entry.get("reason", "").strip():
                raise ValueError(f"{path.name}: no reason for {entry}")
        for entry in told.get("survivor", []):
            for text in entry["changes"]:
                change = Change(entry["function"], text)
                if change in reasons:
                    raise ValueError(f"{path.name}: {change.function}: {text} is there twice")
                reasons[change] = entry["reason"]
        everywhere = (re.compile(entry["pattern"]) for entry in told.get("everywhere", []))
        return Survivors(path, reasons, tuple(everywhere))

    def unexplained(self, found: Iterable[Change]) -> list[Change]:
        """Those of `found` that have no reason here."""
        return sorted(
            change
            for change in set(found) - self.reasons.keys()
            if not any(pattern.search(change.change) for pattern in self.everywhere)
        )

    def gone(self, found: Iterable[Change]) -> list[Change]:
        """Those listed here that are no longer found: they die, or their line was changed."""
        living = set(found)
        return sorted(change for change in self.reasons if change not in living)


def as_entries(changes: Iterable[Change]) -> str:
    """Changes in the form of the list, with the reason left to be written."""
    by_function: dict[str, list[str]] = {}
    for change in changes:
        by_function.setdefault(change.function, []).append(change.change)
    entries = []
    for function, texts in by_function.items():
        lines = "".join(f"  '''{text}''',\n" for text in texts)
        entries.append(
            f'[[survivor]]\nfunction = "{function}"\nchanges = [\n{lines}]\nreason = ""\n'
        )
    return "\n".join(entries)
