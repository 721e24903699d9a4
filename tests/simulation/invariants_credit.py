"""The rules of store credit: G1 it is conserved, G2 it is all that goes back without a receipt.

The auditor keeps each note's balance from the tenders of completed orders, and nothing else.
"""

from __future__ import annotations

from tests.simulation.auditor import Auditor, Invariant, invariant
from tests.simulation.facts import CEILING_MINOR, PRICES
from tests.simulation.model import Row
from tests.simulation.seen import Shown


@invariant("G1_credit_is_conserved")
class CreditIsConserved(Invariant):
    """A note is issued once and never pays more than it was issued for: all that was issued is
    spent or still there, after any crash too."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._left: dict[str, int] = {}
        self._issued_minor = self._spent_minor = 0

    def on_record(self, row: Row) -> None:
        """At each completed order, tender by tender."""
        if row.name != "order.completed/1" or row.kind != "live":
            return
        order = self.model.orders[row.data["order_id"]]
        for code, minor in order.credits.values():
            if minor < 0:
                if code in self._left:
                    self.broken(f"note {code} was issued a second time by {order.id}")
                self._left[code] = -minor
                self._issued_minor -= minor
                continue
            left_minor = self._left.get(code, 0)
            if minor > left_minor:
                self.broken(f"note {code} paid {minor} of {order.id}, and had {left_minor}")
            self._left[code] = left_minor - minor
            self._spent_minor += minor
        for tender in row.data["tenders"]:
            credit = tender.get("credit")
            if credit is not None and credit["left_minor"] != self._left[credit["code"]]:
                self.broken(f"{order.receipt} says {credit} where {self._left} is left")

    def on_store_open(self, store: Shown) -> None:
        """What the disk held is the same ledger, as far as the auditor has read it."""
        if store.position() == self.auditor.position:
            self._compare(store)

    def at_end(self) -> None:
        """Issued, spent and open, by the auditor's books and by the store's."""
        store = self.auditor.store
        assert store is not None, "the store lives when everything is drained"
        self._compare(store)
        open_minor = sum(store.credit_left().values())
        if self._issued_minor != self._spent_minor + open_minor:
            self.broken(
                f"{self._issued_minor} was issued, {self._spent_minor} spent, {open_minor} is open"
            )

    def _compare(self, store: Shown) -> None:
        held = store.credit_left()
        wanted = {code: minor for code, minor in self._left.items() if minor}
        if held != wanted:
            self.broken(f"the store's notes are {held}, issued and not spent are {wanted}")


@invariant("G2_no_cash_without_a_receipt")
class NoCashWithoutAReceipt(Invariant):
    """Goods without a receipt come back at the shop's price, up to its ceiling, for credit alone;
    and nothing else is in their order."""

    def on_record(self, row: Row) -> None:
        """At each completed order that has some."""
        if row.name != "order.completed/1" or row.kind != "live":
            return
        order = self.model.orders[row.data["order_id"]]
        loose = [e for e in order.lines.values() if e.source is not None and not e.source[0]]
        if not loose:
            return
        worth = sum(PRICES[line.item] * line.quantity for line in loose)
        if sum(line.refund_minor for line in loose) != worth or len(loose) < len(order.lines):
            self.broken(f"goods without a receipt: {order.lines}, worth {worth}")
        if -worth > CEILING_MINOR:
            self.broken(f"{-worth} came back without a receipt in {order.id}")
        kinds = {tender["kind"] for tender in row.data["tenders"]}
        if kinds != {"credit"}:
            self.broken(f"goods without a receipt were paid back by {kinds} in {order.id}")
