"""The rules of card payments: the terminal's own books are the truth, and nobody pays twice."""

from __future__ import annotations

from typing import Any

from engine.payment.events import Problem
from engine.payment.state import Payment
from engine.terminal import Kind
from tests.simulation.auditor import Auditor, Invariant, invariant
from tests.simulation.model import Row

_MOVING = (Kind.SALE, Kind.CAPTURE, Kind.REFUND)


@invariant("C1_money_is_the_terminals")
class MoneyIsTheTerminals(Invariant):
    """In the end each terminal booked what the store's orders say was paid there, to the cent."""

    def at_end(self) -> None:
        """Nothing is open, and nothing is left to a person."""
        store = self.auditor.store
        assert store is not None, "the store lives when everything is drained"
        left = store.books.payments.exceptions
        for till in self.auditor.sim.tills:
            name = f"terminal/{till.register}"
            wanted = self.model.by_card.get(name, 0)
            wanted += sum(_moved(e) for e in left.values() if e.asked.terminal == name)
            booked = till.terminal.ledger.booked_minor
            if booked != wanted:
                self.broken(f"{name} booked {booked}, the store's orders say {wanted}")
                return


def _moved(payment: Payment) -> int:
    """What an exception of a terminal moved, as the terminal said; nothing by reserving, and what
    its order has counts there."""
    answer = payment.answer
    if answer is not None and payment.problem is Problem.UNPAID:
        return answer.amount_minor if payment.asked.of_refund else -answer.amount_minor
    if payment.is_done:
        return 0
    if answer is None or not payment.is_approved or payment.asked.kind not in _MOVING:
        return 0
    return -answer.amount_minor if payment.asked.kind is Kind.REFUND else answer.amount_minor


@invariant("C2_asked_before_and_once")
class AskedBeforeAndOnce(Invariant):
    """A payment is in the journal before its terminal hears of it, ends once, and is a tender only
    once it was approved."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._tendered: set[str] = set()
        self._over: set[str] = set()

    def on_record(self, row: Row) -> None:
        """At each fact of a payment."""
        if row.name == "payment.heard/1":
            self._heard(row.data)
        elif row.name == "order.card_tendered/1":
            payment_id = row.data["card"]["payment_id"]
            standing = self.model.payments.get(payment_id)
            if payment_id in self._tendered:
                self.broken(f"payment {payment_id} is a tender twice")
            if standing not in ("approved", "partially_approved"):
                self.broken(f"payment {payment_id} is {standing} and paid all the same")
            self._tendered.add(payment_id)

    def _heard(self, data: dict[str, Any]) -> None:
        payment_id, standing = data["payment_id"], data["standing"]
        if payment_id not in self.model.payments:
            self.broken(f"a terminal was heard of payment {payment_id}, which nobody asked for")
        if payment_id in self._over:
            self.broken(f"payment {payment_id} ended twice, as {standing} the second time")
        if standing != "unknown":
            self._over.add(payment_id)

    def at_end(self) -> None:
        """Every transaction a terminal began was asked for in the journal."""
        begun = sum(len(till.terminal.ledger.entries) for till in self.auditor.sim.tills)
        if begun > len(self.model.payments):
            self.broken(
                f"terminals began {begun} transactions, asked for {len(self.model.payments)}"
            )
