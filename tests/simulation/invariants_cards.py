"""The rules of card payments: the terminal's own books are the truth, and nobody pays twice."""

from __future__ import annotations

from typing import Any

from tests.simulation.auditor import Auditor, Invariant, invariant
from tests.simulation.model import Row
from tests.simulation.seen import Shown


@invariant("C1_money_is_the_terminals")
class MoneyIsTheTerminals(Invariant):
    """In the end each terminal booked what the store's orders say was paid there, to the cent, and
    what else it moved waits for a person, from the record on that leaves it to one."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._is_news = False

    def after_record(self, row: Row) -> None:
        """At each fact of a payment."""
        self._is_news |= row.name.startswith("payment.")

    def on_batch(self) -> None:
        """As soon as the store's books are where the journal is."""
        store = self.auditor.store
        if self._is_news and store is not None and store.position() == self.auditor.position:
            self._is_news = False
            self._tell(store)

    def _tell(self, store: Shown) -> None:
        """What is left to a person is what the journal leaves there."""
        left = store.payments_left()
        told = {payment_id: one.get("problem", "") for payment_id, one in left.items()}
        cards = self.model.cards.items()
        wanted = {payment_id: one.problem for payment_id, one in cards if one.is_left}
        if told != wanted:
            self.broken(f"a person is told of {told}, the journal leaves them {wanted}")

    def at_end(self) -> None:
        """Of every terminal, and of the list once more."""
        store, cards = self.auditor.store, self.model.cards
        assert store is not None, "the store lives when everything is drained"
        self._tell(store)
        left = {payment_id: one for payment_id, one in cards.items() if one.is_left}
        for till in self.auditor.sim.tills:
            name = f"terminal/{till.register}"
            wanted = self.model.by_card.get(name, 0)
            wanted += sum(e.moved_minor() for e in left.values() if e.asked["terminal"] == name)
            booked = sum(entry.signed_minor for entry in till.entries())
            if booked != wanted:
                self.broken(f"{name} booked {booked}, the store's orders say {wanted}")
                return


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
            payment = self.model.cards.get(payment_id)
            standing = None if payment is None else payment.standing
            if payment_id in self._tendered:
                self.broken(f"payment {payment_id} is a tender twice")
            if standing not in ("approved", "partially_approved"):
                self.broken(f"payment {payment_id} is {standing} and paid all the same")
            self._tendered.add(payment_id)

    def _heard(self, data: dict[str, Any]) -> None:
        payment_id, standing = data["payment_id"], data["standing"]
        if payment_id not in self.model.cards:
            self.broken(f"a terminal was heard of payment {payment_id}, which nobody asked for")
        if payment_id in self._over:
            self.broken(f"payment {payment_id} ended twice, as {standing} the second time")
        if standing != "unknown":
            self._over.add(payment_id)

    def at_end(self) -> None:
        """Every transaction a terminal began was asked for in the journal."""
        begun = sum(len(till.entries()) for till in self.auditor.sim.tills)
        if begun > len(self.model.cards):
            self.broken(f"terminals began {begun} transactions, asked for {len(self.model.cards)}")
