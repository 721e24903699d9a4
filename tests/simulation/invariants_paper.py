"""The rules of what is told afterwards: P the figures on paper, J the head that is printed there,
Y what views show.

What is on paper is held against the auditor's own sums, and against the journal as the auditor
read it; the store's own word for it counts for nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from attrs import field, frozen

from tests.simulation.auditor import Auditor, Invariant, invariant
from tests.simulation.model import Row
from tests.simulation.model_cash import rounding_minor

_HEADER, _END, _CUT = "Corner Shop", "Thank you", "- - - -"
_TITLE = re.compile(r"(?:Receipt (\d+-\d{6})  |Z report (\d+-\d+))")
# A printer may die within any line: a cut one does not end in an amount or in a whole hash.
_AMOUNT = r"(-?)€?(\d[\d,]*\.\d\d) *$"
_TOTAL = re.compile(rf"^(?:Total|Refund|Total sales) +{_AMOUNT}", re.MULTILINE)
_TAX = re.compile(rf"^\w+ .* Net (-?)(\d[\d,]*\.\d\d) +{_AMOUNT}", re.MULTILINE)
_ROUNDING = re.compile(rf"^Rounding +{_AMOUNT}", re.MULTILINE)
_MARK = re.compile(r"^ *Journal (\d+)·([0-9a-f]{8}) *$", re.MULTILINE)


@frozen
class _Told:
    """What a paper must say: its total, each tax with its base, and the record it is made of."""

    total_minor: int | None
    position: int
    taxes: Counter[tuple[int, int]] = field(factory=Counter)
    rounding_minor: int = 0


def _minor(sign: str, digits: str) -> int:
    amount = int(digits.replace(",", "").replace(".", ""))
    return -amount if sign else amount


class _OfPapers(Invariant):
    """A rule about receipts and Z reports, which are known by their titles."""

    printer = ""
    """At which register the paper came out."""

    def on_paper(self, register: str, text: str) -> None:
        """A slip may hold a piece that a dying printer left, and then a whole document."""
        self.printer = register
        for piece in text.split(_HEADER)[1:]:
            found = _TITLE.search(piece)
            if found is not None:
                self.at_paper(found[1] or f"Z {found[2]}", piece[found.end() :])

    def at_paper(self, title: str, text: str) -> None:
        """A receipt or a Z report came out, or a piece of one that has at least its title."""


@invariant("P2_paper_says_what_was_sold")
class PaperSaysWhatWasSold(_OfPapers):
    """The total on a receipt is what its goods cost, the taxes on it are those of the sale, and a
    Z says what its register sold."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._told: dict[str, _Told] = {}

    def on_record(self, row: Row) -> None:
        """At each sale and each Z, by the model's sums."""
        data = row.data
        if row.kind != "live":
            return
        if row.name == "order.completed/1":
            taxes = Counter((e["base_minor"], e["tax_minor"]) for e in data["figures"]["taxes"])
            order = self.model.orders[data["order_id"]]
            rounding = rounding_minor(order)
            told = _Told(order.total_minor(), row.position, taxes, rounding)
            self._told[data["receipt_number"]] = told
        elif row.name == "register.day_closed/1":
            total = self.model.day(data["register"]).total_minor
            self._told[f"Z {data['register']}-{data['z_number']}"] = _Told(total, row.position)

    def at_paper(self, title: str, text: str) -> None:
        """What can be read of it."""
        told = self._told.get(title)
        if told is None:
            self.broken(f"{title} came out, and nothing was sold under that number")
            return
        found = _TOTAL.search(text)
        if found is not None and _minor(*found.groups()) != told.total_minor:
            self.broken(f"{title} says {found[0].split()[-1]}, it came to {told.total_minor}")
        if found is not None and told.taxes and _END in text:
            printed = _taxes_of(text)
            if printed != told.taxes:
                self.broken(f"{title} says the taxes {printed}, the sale has {told.taxes}")
            rounded = _ROUNDING.search(text)
            coins_minor = 0 if rounded is None else _minor(*rounded.groups())
            if coins_minor != told.rounding_minor:
                self.broken(f"{title} says coins add {coins_minor}, not {told.rounding_minor}")


def _taxes_of(text: str) -> Counter[tuple[int, int]]:
    rows = (found.groups() for found in _TAX.finditer(text))
    return Counter((_minor(*row[:2]), _minor(*row[2:])) for row in rows)


@invariant("P3_paper_names_who_and_how")
class PaperNamesWhoAndHow(_OfPapers):
    """Paper comes out where it belongs. A receipt names who served, each tender in cash and the
    change; a Z has each of its figures."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._at: dict[str, tuple[str, Counter[tuple[str, str]]]] = {}

    def on_record(self, row: Row) -> None:
        """What must be read of each sale and each Z, at which register."""
        data = row.data
        if row.kind != "live":
            return
        if row.name == "order.completed/1":
            order = self.model.orders[data["order_id"]]
            wanted = Counter(("Cash", _plain(minor)) for minor in order.tenders.values())
            wanted.update(("CHF", _plain(worth)) for *_, worth in order.notes.values())
            wanted["Served by", data["operator"].capitalize()] += 1
            given = sum(order.tenders.values()) + order.paid_minor()
            change = given - order.total_minor() - rounding_minor(order)
            if change:
                wanted["Change", _plain(change)] += 1
            self._at[data["receipt_number"]] = row.register, wanted
        elif row.name == "register.day_closed/1":
            # Whether these figures are right is for the rules of the day to say.
            title = f"Z {data['register']}-{data['z_number']}"
            self._at[title] = row.register, Counter(_on_a_z(data).items())

    def at_paper(self, title: str, text: str) -> None:
        """What can be read of it."""
        register, wanted = self._at.get(title, (self.printer, Counter()))
        if self.printer != register:
            self.broken(f"{title} came out at register {self.printer}")
        is_z = title.startswith("Z")
        if not wanted or _CUT not in text or (not is_z and _END not in text):
            return
        printed = Counter((found[1], found[2]) for found in (_Z if is_z else _PAID).finditer(text))
        if printed != wanted:
            self.broken(f"{title} says {printed - wanted}, and not {wanted - printed}")


_PAID = re.compile(r"^(Cash|Change|CHF|Served by) +(?:.* )?(\S+) *$", re.MULTILINE)
_LABELS = {
    "Sales": "sales", "Gross sales": "gross_minor", "Discounts": "discount_minor",
    "Rounding": "rounding_minor", "Paid in": "paid_in_minor", "Paid out": "paid_out_minor",
    "Over / short": "over_short_minor", "Voided orders": "voided_orders",
    "Voided lines": "voided_lines", "Drawer opened without sale": "no_sales",
}  # fmt: skip
_Z = re.compile(rf"^({'|'.join([*_LABELS, 'Returns', 'Grand total'])}) +(\S+) *$", re.MULTILINE)


def _on_a_z(data: dict[str, Any]) -> dict[str, str]:
    totals = data["totals"]
    figures = {
        label: _plain(totals[name]) if name.endswith("_minor") else str(totals[name])
        for label, name in _LABELS.items()
    }
    returns = {"Returns": _plain(-totals["returned_minor"])}
    return {**figures, **returns, "Grand total": _plain(data["grand_total_minor"])}


def _plain(minor: int) -> str:
    """An amount as it stands on paper."""
    whole, cents = divmod(abs(minor), 100)
    return f"{'-' if minor < 0 else ''}{whole:,}.{cents:02}"


@invariant("P4_practice_says_so")
class PracticeSaysSo(Invariant):
    """A receipt of practice says that it is none, and one of a sale does not."""

    _NUMBER = re.compile(r"Receipt (T?)\d+-\d{6}  ")

    def on_paper(self, register: str, text: str) -> None:
        """The words stand above the number."""
        for piece in text.split(_HEADER)[1:]:
            found = self._NUMBER.search(piece)
            if found is not None and bool(found[1]) != ("TRAINING" in piece):
                self.broken(f"at register {register} came out: {piece}")


@invariant("J5_a_printed_head_is_in_the_journal")
class APrintedHeadIsInTheJournal(_OfPapers):
    """The head on a receipt is a record before the sale, with the hash that it has."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._hashes: list[str] = [""]
        self._at: dict[str, int] = {}

    def on_record(self, row: Row) -> None:
        """Note each hash, and where each sale stands."""
        self._hashes.append(row.hash.hex())
        if row.name == "order.completed/1":
            self._at[row.data["receipt_number"]] = row.position

    def at_paper(self, title: str, text: str) -> None:
        """Where it could be read."""
        found = _MARK.search(text)
        if found is None:
            if _END in text and _CUT in text:
                self.broken(f"{title} has no head of the journal on it")
            return
        position, digits = int(found[1]), found[2]
        if not 1 <= position < self._at.get(title, 0):
            self.broken(f"{title} names record {position}, its sale is {self._at.get(title)}")
        elif not self._hashes[position].startswith(digits):
            self.broken(f"{title} says {digits} of record {position}: {self._hashes[position]}")


@invariant("Y1_no_view_stands_still")
class NoViewStandsStill(Invariant):
    """Every view folds every record: what the office searches is what happened."""

    def on_batch(self) -> None:
        """While selling goes on."""
        self._look()

    def at_end(self) -> None:
        """And when everything is drained."""
        self._look()

    def _look(self) -> None:
        store = self.auditor.store
        if store is not None and (stopped := store.views_stopped()):
            self.broken(f"views stopped: {stopped}")
