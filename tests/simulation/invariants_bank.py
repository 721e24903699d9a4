"""The rules of card money on its way to the bank: U. The terminals' and the bank's books are the
truth."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.simulation.auditor import Auditor, Invariant, invariant
from tests.simulation.facts import BANK
from tests.simulation.model import Row
from tests.simulation.model_cards import untold


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
            rows = [_named(one) for part in self._staged for one in part["rows"]]
            wanted = [_named(one) for entry in sent for one in entry.rows]
            if rows != wanted or any(part["file"] != file for part in self._staged):
                self.broken(f"{name} counts with the rows {rows}, the bank sent {wanted}")

    def at_end(self) -> None:
        """All that the bank sent is in."""
        missing = [
            one.name for one in self.auditor.sim.bank.files if one.hash not in self._imported
        ]
        if missing:
            self.broken(f"{missing} do not count")


def _named(row: dict[str, Any]) -> tuple[Any, ...]:
    """By which name a row moves how much."""
    return row.get("trace"), row.get("reference", ""), row["gross_minor"], row["fee_minor"]


@invariant("U2_clearing_is_what_the_bank_owes")
class ClearingIsWhatTheBankOwes(Invariant):
    """Once every file is in, clearing holds what the terminals took less what the bank lists, each
    row once; it all is in items, and those are the differences the bank made and what no store
    heard of, and no others."""

    def at_end(self) -> None:
        """To the cent."""
        sim, bank = self.auditor.sim, self.auditor.sim.bank
        assert bank.told is not None, "files are handed in before the end"
        account = next(one for one in bank.told["acquirers"] if one["acquirer"] == BANK)
        booked = 0
        for till in sim.tills:
            entries = till.entries()
            silent = untold(self.model.cards, till.terminal_address, entries)
            booked += sum(one.signed_minor for one in entries)
            booked -= sum(one.signed_minor for one in silent)
        figures = {
            "captured_minor": booked,
            "cleared_minor": bank.gross_minor,
            "clearing_minor": booked - bank.gross_minor,
            "waiting_minor": 0,
            "fee_charged_minor": bank.fee_minor,
            "held_minor": bank.gross_minor - bank.fee_minor,
        }
        told = {name: account[name] for name in figures}
        # What ends of terminals' days differed in is another rule's.
        items = Counter(
            (item["kind"], item["difference_minor"])
            for item in bank.told["items"]
            if not item["kind"].startswith("day_")
        )
        if told != figures:
            self.broken(f"card money stands at {told}, the books say {figures}; items {items}")
        elif items != (wrong := bank.wrong()):
            self.broken(
                f"listed and not made by the bank: {items - wrong}, made and not listed: "
                f"{wrong - items}"
            )


@invariant("U3_money_by_link_is_what_its_provider_holds")
class MoneyByLinkIsWhatItsProviderHolds(Invariant):
    """What customers paid by link, less what went back to them, is with nobody whose terms are
    known: by the provider's own books, a second payment and one that fits no order with it."""

    def at_end(self) -> None:
        """To the cent, and none of it settled."""
        sim = self.auditor.sim
        assert sim.bank.told is not None, "files are handed in before the end"
        told = [one for one in sim.bank.told["acquirers"] if one["acquirer"] != BANK]
        found = [(one["captured_minor"], one["cleared_minor"]) for one in told]
        signs = {"paid": 1, "refunded": -1}
        minor = sum(sim.provider.twice.values())
        for held in sim.provider.holds().values():
            minor += signs.get(held.state, 0) * held.amount_minor
        if found != ([(minor, 0)] if minor else []):
            self.broken(f"money by link stands at {found}, the provider holds {minor}")
