"""The rules of tabs and tips: W what is reserved, I what is given on top."""

from __future__ import annotations

from typing import Any

from tests.simulation.auditor import Auditor, Invariant, invariant
from tests.simulation.model import Row
from tests.simulation.seen import Entry


@invariant("W1_a_tab_is_captured_once_or_let_go")
class ATabIsCapturedOnceOrLetGo(Invariant):
    """By the terminal's own books a reservation is captured once or released, never both, and none
    is left but those a person is told of."""

    def at_end(self) -> None:
        """Terminal by terminal."""
        told = {
            (payment.asked["terminal"], receipt)
            for payment in self.model.cards.values()
            if payment.is_left
            for receipt in payment.receipts()
        }
        for till in self.auditor.sim.tills:
            name, entries = f"terminal/{till.register}", till.entries()
            for entry in entries:
                if entry.kind == "reservation" and entry.is_booked:
                    self._look(name, entry, entries, is_told=(name, entry.receipt) in told)

    def _look(self, name: str, held: Entry, entries: list[Entry], *, is_told: bool) -> None:
        captures = [
            entry for entry in entries
            if entry.kind == "capture" and entry.original == held.receipt and entry.is_booked
            and not entry.is_reversed
        ]  # fmt: skip
        if len(captures) + held.is_reversed > 1:
            self.broken(f"{name}: reservation {held.receipt} was captured and more: {captures}")
        if not captures and not held.is_reversed and not is_told:
            self.broken(f"{name}: reservation {held.receipt} is left, and nobody is told")


@invariant("W2_a_tab_is_closed_with_its_order")
class ATabIsClosedWithItsOrder(Invariant):
    """No order ends, and no other reservation takes its place, while an amount is reserved."""

    def on_record(self, row: Row) -> None:
        """At each end, and at each capture."""
        if row.name in ("order.completed/1", "order.voided/1"):
            order = self.model.orders.get(row.data["order_id"])
            if order is not None and order.tab:
                self.broken(f"{row.name} of {order.id} with a tab open")
        elif row.name == "order.tab_opened/1":
            order = self.model.orders[row.data["order_id"]]
            asked = self.model.cards[row.data["tab"]["card"]["payment_id"]].asked
            if asked["of_payment"] != order.tab:
                self.broken(f"a reservation of {order.id} took the place of another's")


@invariant("I1_a_tip_is_what_was_said")
class ATipIsWhatWasSaid(Invariant):
    """The tip that a card paid is the last word on it: the answer on the screen for that very
    amount, or what was written on the tab. It is in the day's tips and in no sale."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._of_day: dict[str, int] = {}

    def on_record(self, row: Row) -> None:
        """At each card, each sale and each Z."""
        if row.kind != "live":
            return
        data = row.data
        if row.name == "order.card_tendered/1" and data["amount_minor"] > 0:
            self._tendered(data)
        elif row.name == "order.completed/1":
            tips = self.model.orders[data["order_id"]].tips
            register = data["register"]
            self._of_day[register] = self._of_day.get(register, 0) + sum(tips.values())
        elif row.name == "register.day_closed/1":
            told = sum(data["totals"]["tips"].values())
            if told != self._of_day.pop(data["register"], 0):
                self.broken(f"the Z of {data['register']} says {told} of tips")

    def _tendered(self, data: dict[str, Any]) -> None:
        order, card = self.model.orders[data["order_id"]], data["card"]
        payment = self.model.cards[card["payment_id"]]
        asked = payment.asked
        goods_minor = asked["amount_minor"] - asked["tip_minor"]
        if asked["kind"] == "capture":
            # The goods are paid first, and what is left of it is the tip.
            over_minor = max(0, payment.charged_minor - goods_minor)
            wanted = min(order.tab_tip_minor, over_minor)
        else:
            is_of_it = order.tip_of_minor == asked["amount_minor"]
            wanted = (order.tip_minor or 0) if is_of_it else 0
        # A card with too little on it pays what it pays, and the terminal says what of it is tip.
        is_whole = data["amount_minor"] == goods_minor
        if is_whole and card["tip_minor"] != wanted:
            self.broken(f"{order.id} was tipped {wanted}, and the card paid {card['tip_minor']}")
