"""The rules of card money on its way to the bank: U. The terminals' and the bank's books are the
truth."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.simulation.auditor import Auditor, Invariant, invariant
from tests.simulation.model import Row


@invariant("U1_a_file_counts_whole_and_once")
class AFileCountsWholeAndOnce(Invariant):
    """What counts is a file the bank sent, with each of its rows, and no file counts twice."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._staged: list[dict[str, Any]] = []
        self._imported: set[str] = set()

    def on_record(self, row: Row) -> None:
        """At each part, and where a file counts."""
        data = row.data
        if row.name == "settlement.part_staged/1":
            self._staged = [*self._staged, data] if data["part"] else [data]
        elif row.name == "settlement.imported/1":
            file, name = data["file"], data["name"]
            if file in self._imported:
                self.broken(f"{name} counts twice")
            self._imported.add(file)
            sent = [one for one in self.auditor.sim.bank.files if one.hash == file]
            rows = [(one.get("trace"), one["gross_minor"], one["fee_minor"])
                    for part in self._staged for one in part["rows"]]  # fmt: skip
            wanted = [(one["trace"], one["gross_minor"], one["fee_minor"])
                      for entry in sent for one in entry.rows]  # fmt: skip
            if rows != wanted or any(part["file"] != file for part in self._staged):
                self.broken(f"{name} counts with the rows {rows}, the bank sent {wanted}")

    def at_end(self) -> None:
        """All that the bank sent is in."""
        missing = [
            one.name for one in self.auditor.sim.bank.files if one.hash not in self._imported
        ]
        if missing:
            self.broken(f"{missing} do not count")


@invariant("U2_clearing_is_what_the_bank_owes")
class ClearingIsWhatTheBankOwes(Invariant):
    """Once every file is in, clearing holds what the terminals took less what the bank lists, each
    row once; it all is in items, and those are the differences the bank made, and no others."""

    def at_end(self) -> None:
        """To the cent."""
        sim, bank = self.auditor.sim, self.auditor.sim.bank
        assert bank.told is not None, "files are handed in before the end"
        (account,) = bank.told["acquirers"]
        booked = sum(entry.signed_minor for till in sim.tills for entry in till.entries())
        figures = {
            "captured_minor": booked,
            "cleared_minor": bank.gross_minor,
            "clearing_minor": booked - bank.gross_minor,
            "waiting_minor": 0,
            "fee_charged_minor": bank.fee_minor,
            "held_minor": bank.gross_minor - bank.fee_minor,
        }
        told = {name: account[name] for name in figures}
        items = Counter((item["kind"], item["difference_minor"]) for item in bank.told["items"])
        if told != figures:
            self.broken(f"card money stands at {told}, the books say {figures}; items {items}")
        elif items != bank.wrong:
            self.broken(
                f"listed and not made by the bank: {items - bank.wrong}, made and not listed: "
                f"{bank.wrong - items}"
            )
