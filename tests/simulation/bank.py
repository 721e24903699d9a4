"""The bank that pays out what the terminals took: its own books, and the files it sends of them.

It lists each movement once, as the terminals' memories have it; now and then it says a cent less,
keeps a cent too much, lists what nobody took here, or says again what an earlier file said. What
must differ in the end is known from that alone, and from what no store heard of.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import orjson
from attrs import define, field, frozen

from tests.simulation.facts import BANK, FEE_FIXED_MINOR, FEE_PPM
from tests.simulation.model_cards import untold
from tests.simulation.seen import Entry

if TYPE_CHECKING:
    from tests.simulation.machines import Till
    from tests.simulation.run import Simulation

ROWS_EACH_PART = 3
_DAY = "2026-11-26"  # what the terminals' own clocks say, always
_STRANGE_TRACE = 900_000
_WRONG = 0.4
Row = dict[str, Any]
Key = tuple[str, int]


@frozen
class BankFile:
    """A file as it came; `hash` names it."""

    name: str
    rows: tuple[Row, ...]

    @property
    def hash(self) -> str:
        """The SHA-256 of what it says."""
        return hashlib.sha256(orjson.dumps([self.name, self.rows])).hexdigest()

    @property
    def parts(self) -> list[tuple[Row, ...]]:
        """Its rows as they are handed in."""
        starts = range(0, len(self.rows), ROWS_EACH_PART)
        return [self.rows[at : at + ROWS_EACH_PART] for at in starts] or [()]


@define(eq=False)
class Bank:
    """`told` is how the store says card money stands once all files are in."""

    sim: Simulation
    chance: random.Random
    files: list[BankFile] = field(factory=list)
    gross_minor: int = 0
    fee_minor: int = 0
    told: dict[str, Any] | None = None
    _listed: dict[Key, int] = field(factory=dict)
    _erred: dict[Key, str] = field(factory=dict)
    _strange: Counter[tuple[str, int]] = field(factory=Counter)
    _rows: list[Row] = field(factory=list)

    def send(self, *, is_last: bool = False) -> BankFile:
        """Another file with what is new; `is_last` has all that is left."""
        rows = [row for till in self.sim.tills for row in self._of(till, is_last=is_last)]
        again = self.chance.sample(self._rows, min(len(self._rows), self.chance.randrange(3)))
        if self.chance.random() < _WRONG:
            rows.append(self._stranger())
        self._rows += rows
        rows += again
        self.chance.shuffle(rows)
        file = BankFile(f"file {len(self.files) + 1}", tuple(rows))
        self.files.append(file)
        return file

    def wrong(self) -> Counter[tuple[str, int]]:
        """What must differ now: the differences it made, and what no store ever heard of."""
        cards, found = self.sim.auditor.model.cards, Counter(self._strange)
        for till in self.sim.tills:
            entries = till.entries()
            silent = untold(cards, till.terminal_address, entries)
            for at, entry in enumerate(entries):
                erred = self._erred.get((till.register, at), "")
                if entry in silent:
                    found["unknown_here", (erred == "amount_differs") - entry.signed_minor] += 1
                elif erred:
                    found[erred, 1] += 1
        return found

    def _of(self, till: Till, *, is_last: bool) -> list[Row]:
        """What a terminal moved and no file has yet. A terminal may still take back what it did
        last; what went to customers waits for the last file."""
        found: list[Row] = []
        entries = till.entries()
        for at, entry in enumerate(entries):
            key = (till.register, at)
            if key in self._listed:
                found += self._back(till, key, entry)
            elif entry.signed_minor and (is_last or (at + 1 < len(entries) and _comes_in(entry))):
                found.append(self._take(till, key, entry))
        return found

    def _take(self, till: Till, key: Key, entry: Entry) -> Row:
        gross = entry.signed_minor
        self._listed[key] = gross
        if gross < 0:
            return self._row(till, entry, gross, 0)
        fee = (gross * FEE_PPM + 500_000) // 1_000_000 + FEE_FIXED_MINOR
        if self.chance.random() < _WRONG / 4 and gross > 1:
            self._erred[key] = "amount_differs"
            return self._row(till, entry, gross - 1, fee)
        if self.chance.random() < _WRONG / 4:
            self._erred[key] = "fee_differs"
            return self._row(till, entry, gross, fee + 1)
        return self._row(till, entry, gross, fee)

    def _back(self, till: Till, key: Key, entry: Entry) -> list[Row]:
        """What was listed and then taken back goes the other way."""
        gross = self._listed[key]
        if not gross or not entry.is_reversed:
            return []
        self._listed[key] = 0
        backs = [
            one
            for one in till.entries()
            if one.kind == "reversal" and one.is_booked and one.original == entry.receipt
        ]
        return [self._row(till, backs[-1], -gross, 0)]

    def _stranger(self) -> Row:
        """A payment of another shop."""
        gross = self.chance.randrange(100, 10_000)
        self._strange["unknown_here", -gross] += 1
        trace = _STRANGE_TRACE + len(self.files)
        return self._said("payment", gross, 0, terminal_id="99999999", trace=trace)

    def _row(self, till: Till, entry: Entry, gross: int, fee: int) -> Row:
        kind = "payment" if gross > 0 else "refund"
        return self._said(kind, gross, fee, **till.cards.names(entry))

    def _said(self, kind: str, gross: int, fee: int, **names: Any) -> Row:
        self.gross_minor += gross
        self.fee_minor += fee
        return {"kind": kind, "gross_minor": gross, "fee_minor": fee, "date": _DAY, **names}


def _comes_in(entry: Entry) -> bool:
    return entry.kind != "refund" and not entry.is_stored


def stage(file: BankFile, part: int) -> dict[str, Any]:
    """What a part of a file is handed in with."""
    return {"file": file.hash, "part": part, "acquirer": BANK, "rows": file.parts[part]}


def whole(file: BankFile) -> dict[str, Any]:
    """What a file is imported with."""
    return {"file": file.hash, "name": file.name, "parts": len(file.parts), "rows": len(file.rows)}
