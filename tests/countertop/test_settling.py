"""What the import of a settlement file says when it counted before, or is not counted yet."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field

from countertop import settling
from countertop.errors import CommandFailedError
from protocols.front.client_types import Answer, RefusedError

RULES = {"currency": "EUR", "time_zone": "Europe/Vienna", "language": "en"}
ACCOUNT = {"clearing_minor": 100_000, "waiting_minor": 70_000, "held_minor": 0}
IMPORTED_AT = 99


@define
class Store:
    """A store whose views stand at `positions`, one after the other, once they were asked `anew`
    times while they were made, and that may hold the file already, for the acquirer `has`."""

    positions: list[int] = field(factory=lambda: [IMPORTED_AT])
    has: str = ""
    anew: int = 0

    async def query(self, name: str, /, **_: Any) -> Answer:
        """Its rules, or clearing."""
        if name == "store.state":
            return Answer({"rules": RULES}, 1, 1)
        if self.anew:
            self.anew -= 1
            raise RefusedError("views_must_be_complete", {"position": 5})
        at = self.positions.pop(0) if len(self.positions) > 1 else self.positions[0]
        return Answer({"acquirers": [ACCOUNT], "files": [], "item_count": 2}, 1, at)

    async def command(self, name: str, /, **_: Any) -> Answer:
        """Take a part of a file, or all of it."""
        if name == "settlement.stage" and self.has:
            raise RefusedError("settlement_file_must_be_new", {"acquirer": self.has})
        return Answer({}, 1, IMPORTED_AT)


def _import(monkeypatch: pytest.MonkeyPatch, folder: Path, store: Store) -> list[str]:
    """What is said when a file is imported into it for the acquirer `bank`."""

    @contextlib.asynccontextmanager
    async def client(*_: Any, **__: Any) -> AsyncIterator[Store]:
        yield store

    monkeypatch.setattr(settling, "client_of", client)
    monkeypatch.setattr(settling, "VIEW_AGAIN_S", 0.01)
    file = folder / "bank.csv"
    file.write_text("kind,currency,gross\npayment,EUR,1.00\n")
    said: list[str] = []
    settling.import_settlement(
        file,
        "bank",
        "own",
        folder,
        check_only=False,
        say=said.append,
        progress=lambda *_: lambda *_: None,
    )
    return said


def test_a_file_that_counts_for_another_acquirer_is_told_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whose it counts as, that nothing was imported, and what to do; for the same one, nothing is
    wrong."""
    with pytest.raises(CommandFailedError) as told:
        _import(monkeypatch, tmp_path, Store(has="web"))
    words = str(told.value)
    assert "bank.csv counts already, for 'web'" in words
    assert "for 'bank' nothing was imported" in words
    assert "explain there what differs because of it" in words
    assert "Import no changed copy" in words
    said = _import(monkeypatch, tmp_path, Store(has="bank"))
    assert said == ["bank.csv was imported before, to the byte. Nothing changed."]


def test_figures_are_told_once_the_file_is_counted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Those of before are waited over."""
    said = _import(monkeypatch, tmp_path, Store([5, 5, IMPORTED_AT]))
    assert said[0] == "Imported 1 rows."
    assert "Clearing holds" in said[1]
    assert "the rest is in 2 differences" in said[1]


def test_figures_of_before_are_not_told_as_those_of_after(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file that is not counted in time is said to be so, with where its figures will be seen."""
    monkeypatch.setattr(settling, "VIEW_PATIENCE_S", 0.1)
    (said,) = _import(monkeypatch, tmp_path, Store([5]))
    assert said.startswith("Imported 1 rows. The store is still counting them")
    assert "Card money at the register" in said
    assert "Clearing holds" not in said


def test_views_that_are_made_anew_do_not_refuse_an_import(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The file counts already when it is asked what it came to: that is waited for, not refused."""
    said = _import(monkeypatch, tmp_path, Store(anew=3))
    assert "Imported 1 rows" in said[-2]
    assert "Clearing holds" in said[-1]
