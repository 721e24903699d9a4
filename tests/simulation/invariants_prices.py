"""The rules of what is charged and given: V vouchers, C charges and comps, B bundles, T taxes,
X exemptions, F foreign notes.

Their figures are the auditor's own: the shop's few offers worked out once more (`model.py`).
"""

from __future__ import annotations

from typing import Any

from tests.simulation.auditor import Auditor, Invariant, invariant
from tests.simulation.facts import BUN, FRANC, FRANC_MICROS, GIN, PRICES
from tests.simulation.model import Order, Row, buns_free, tax_within


@invariant("V1_a_voucher_is_good_once")
class AVoucherIsGoodOnce(Invariant):
    """A code takes something off one sale, and off another only when all of that went back."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._used: dict[str, str] = {}

    def on_record(self, row: Row) -> None:
        """At each completed sale that had one."""
        if row.name != "order.completed/1" or row.kind != "live":
            return
        order = self.model.orders[row.data["order_id"]]
        if not order.has_voucher_used():
            return
        before = self._used.get(order.voucher)
        if before is not None and not is_back(self.model.orders[before]):
            self.broken(f"voucher {order.voucher} of order {before} was good again in {order.id}")
        self._used[order.voucher] = order.id


def is_back(order: Order) -> bool:
    return all(line.returned == line.quantity for line in order.lines.values())


@invariant("C1_lines_and_charges_are_the_total")
class LinesAndChargesAreTheTotal(Invariant):
    """What a completed order's lines and charges come to, each told for itself, is its total."""

    def on_record(self, row: Row) -> None:
        """At each completed sale."""
        if row.name == "order.completed/1":
            figures = row.data["figures"]
            told = sum(line["total_minor"] for line in figures["lines"])
            if told != figures["total_minor"]:
                self.broken(f"lines and charges come to {told} of {figures['total_minor']}")


@invariant("C2_comps_are_no_discounts")
class CompsAreNoDiscounts(Invariant):
    """What is given away stands apart: it is all of the line, and in no discount."""

    def on_record(self, row: Row) -> None:
        """At each completed sale."""
        if row.name != "order.completed/1" or row.kind != "live":
            return
        figures, order = row.data["figures"], self.model.orders[row.data["order_id"]]
        given = sum(
            line.unit_minor * line.quantity for line in order.lines.values() if line.is_given_away
        )
        if figures.get("comp_minor", 0) != -given:
            self.broken(f"{given} was given away, the figures say {figures.get('comp_minor', 0)}")
        discounts = sum(map(_discounted, figures["lines"]))
        if figures["discount_minor"] != discounts:
            self.broken(f"discounts are {discounts}, the figures say {figures['discount_minor']}")


def _discounted(line: dict[str, Any]) -> int:
    promotions = sum(entry["amount_minor"] for entry in line.get("promotions", ()))
    return int(line["line_discount_minor"] + line["order_discount_minor"] + promotions)


@invariant("T3_tax_is_in_every_line")
class TaxIsInEveryLine(Invariant):
    """The tax of what is sold is within its price, worked out once more; a sale's is its lines'."""

    def on_record(self, row: Row) -> None:
        """At each completed sale; T2 looks at gin, X1 at who pays none, T1 at what comes back."""
        if row.name != "order.completed/1" or row.kind != "live":
            return
        figures, order = row.data["figures"], self.model.orders[row.data["order_id"]]
        told = sum(entry["tax_minor"] for entry in figures["lines"])
        by_tax = sum(entry["tax_minor"] for entry in figures["taxes"])
        if not figures["tax_minor"] == told == by_tax:
            self.broken(f"{figures['tax_minor']} of tax, {told} by line, {by_tax} by tax")
        for entry in figures["lines"]:
            line = order.lines.get(entry["line"])
            if line is None or line.source is not None or line.item == GIN or order.is_exempt:
                continue
            if entry["tax_minor"] != tax_within(entry["total_minor"]):
                self.broken(f"{line.item} for {entry['total_minor']} has {entry['tax_minor']} tax")


@invariant("B1_bundles_come_back_at_what_they_cost")
class BundlesComeBackAtWhatTheyCost(Invariant):
    """For buns that came back, what was paid less what those that stay cost was given back."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._touched: set[str] = set()

    def on_record(self, row: Row) -> None:
        """Note whose goods come back: the lines of a return stand together in their commit."""
        if row.name == "order.returned/1" and row.kind == "live":
            self._touched.add(row.data["order_id"])

    def on_batch(self) -> None:
        """All lines are in."""
        for order_id in sorted(self._touched):
            self._look(self.model.orders[order_id])
        self._touched.clear()

    def _look(self, order: Order) -> None:
        if order.is_exempt:
            return  # less tax, as `X1_without_tax_in_and_out` has it
        lines = [e for e in order.lines.values() if e.item == BUN and e.source is None]
        sold = sum(line.quantity for line in lines)
        left = sold - sum(line.returned for line in lines)
        wanted = _cost_minor(sold) - _cost_minor(left)
        given_back = sum(line.returned_minor for line in lines)
        if given_back != wanted:
            self.broken(f"{left} of {sold} buns stay: {given_back} went back, not {wanted}")


def _cost_minor(buns: int) -> int:
    return (buns - buns_free(buns)) * PRICES[BUN]


@invariant("X1_without_tax_in_and_out")
class WithoutTaxInAndOut(Invariant):
    """Who pays no tax gets none back, and in the end exactly what was paid."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._paid: dict[str, int] = {}
        self._touched: set[str] = set()

    def on_record(self, row: Row) -> None:
        """Note what was paid without tax, and what of it comes back."""
        if row.kind != "live":
            return
        order_id = row.data.get("order_id", "")
        if row.name == "order.completed/1" and self.model.orders[order_id].is_exempt:
            figures = row.data["figures"]
            self._paid[order_id] = figures["total_minor"]
            if figures["tax_minor"]:
                self.broken(f"{figures['tax_minor']} of tax is in exempt order {order_id}")
        elif row.name == "order.returned/1" and order_id in self._paid:
            self._touched.add(order_id)

    def on_batch(self) -> None:
        """All lines of a return are in."""
        for order_id in sorted(self._touched):
            order, paid = self.model.orders[order_id], self._paid[order_id]
            back = sum(line.returned_minor for line in order.lines.values())
            if back > paid or (is_back(order) and back != paid):
                self.broken(f"{back} of the {paid} of exempt order {order_id} went back")
        self._touched.clear()


@invariant("F1_notes_lie_apart")
class NotesLieApart(Invariant):
    """Notes of another currency count for what the set rate makes of them, and as many of them are
    expected in the drawer as were taken."""

    def on_record(self, row: Row) -> None:
        """At each tender, and when the till is closed."""
        data = row.data
        if row.name == "order.foreign_tendered/1":
            notes = data["notes"]
            worth = (2 * notes["amount_minor"] * FRANC_MICROS + 1_000_000) // 2_000_000
            if (notes["currency"], data["amount_minor"]) != (FRANC, worth):
                self.broken(f"{notes} counts for {data['amount_minor']}, not {worth}")
        elif row.name == "till.closed/1" and row.kind == "live":
            till = self.model.tills[data["register"]]
            told = {each["currency"]: each["expected_minor"] for each in data["foreign"]}
            taken = {name: amount for name, amount in till.notes.items() if amount}
            if {name: amount for name, amount in told.items() if amount} != taken:
                self.broken(f"notes taken: {taken}, expected at closing: {told}")


@invariant("T1_no_more_tax_back_than_paid")
class NoMoreTaxBackThanPaid(Invariant):
    """No line gives back more tax than was paid on it, and all of it when all went back."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._paid: dict[str, dict[int, int]] = {}
        self._touched: set[str] = set()

    def on_record(self, row: Row) -> None:
        """Note what was paid, and whose goods come back."""
        if row.kind != "live":
            return
        if row.name == "order.completed/1":
            lines = row.data["figures"]["lines"]
            self._paid[row.data["order_id"]] = {e["line"]: e["tax_minor"] for e in lines}
        elif row.name == "order.returned/1":
            self._touched.add(row.data["order_id"])

    def on_batch(self) -> None:
        """All lines of a return are in."""
        for order_id in sorted(self._touched):
            order = self.model.orders[order_id]
            for number, line in order.lines.items():
                if line.source is not None:
                    continue  # what came back in an exchange does not go out again
                paid, back = self._paid[order_id][number], line.returned_tax_minor
                if back > paid or (is_back(order) and back != paid):
                    self.broken(f"{back} of {paid} tax on {line.item} went back")
        self._touched.clear()
