"""The rules of card payments: the terminal's own books are the truth, and nobody pays twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from tests.simulation.auditor import Auditor, Invariant, invariant
from tests.simulation.model import Row
from tests.simulation.model_cards import UNDOING, stands_for, untold
from tests.simulation.seen import Answered, Asked, Shown


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
        left = [one for one in cards.values() if one.is_left]
        for till in self.auditor.sim.tills:
            name, entries = till.terminal_address, till.entries()
            of_it = [one for one in left if one.asked["terminal"] == name]
            silent = untold(cards, name, entries)
            doubts = Counter(one.asked_signed_minor for one in of_it if one.is_in_doubt)
            moved = Counter(entry.signed_minor for entry in silent)
            if unwanted := moved - doubts - _halves(doubts - moved):
                self.broken(f"{name} moved {dict(unwanted)}, and nobody is left to look into it")
                return
            wanted = self.model.by_card.get(name, 0) + sum(one.moved_minor() for one in of_it)
            wanted += sum(entry.signed_minor for entry in silent)
            wanted -= sum(self.model.tendered.get(one, 0) for one in self._lost(name))
            booked = sum(entry.signed_minor for entry in entries)
            if booked != wanted:
                self.broken(f"{name} booked {booked}, the store's orders say {wanted}")
                return

    def _lost(self, name: str) -> list[str]:
        """The payments that a terminal took alone and the bank refused: those of a sale that was
        over by then are its tenders yet."""
        late = self.model.stored.late.items()
        return [one for one, entry in late if entry.payment.asked["terminal"] == name]


def _halves(doubts: Counter[int]) -> Counter[int]:
    """What moved where a card had no more than half of what was asked for; a cent at least."""
    half = {asked: max(1, abs(asked) // 2) * (1 if asked > 0 else -1) for asked in doubts}
    return sum((Counter({half[asked]: count}) for asked, count in doubts.items()), Counter())


@invariant("C3_the_screen_has_the_payment_in_hand")
class TheScreenHasThePaymentInHand(Invariant):
    """Of the order in hand a register shows the card payment it asked for last, or what takes that
    order's money back since; nothing that goes on by the way takes it off the screen."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._asked: dict[str, list[tuple[int, dict[str, Any]]]] = defaultdict(list)

    def on_record(self, row: Row) -> None:
        """At each payment that a register asks for."""
        if row.name == "payment.requested/1" and row.data["asked"]["kind"] not in UNDOING:
            asked = row.data["asked"]
            self._asked[asked["register"]].append((row.position, asked))

    def on_release(self, asked: Asked, answer: Answered) -> None:
        """At each look at a register, as it was where it was looked at."""
        if asked.name != "register.state" or not answer.ok or answer.data["order"] is None:
            return
        order_id, shown = answer.data["order"]["order_id"], answer.data["payment"]
        before = self._asked[answer.data["register"]]
        until = (one for at, one in reversed(before) if at <= answer.data["position"])
        last = next(until, None)
        if last is None or last["order_id"] != order_id:
            return
        if shown is None:
            self.broken(f"{order_id} asked for a card, and its register shows nothing of it")
        elif shown["kind"] not in UNDOING and shown["payment_id"] != last["payment_id"]:
            self.broken(f"{order_id} asked for {last['payment_id']}, shown is {shown}")


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
            if standing not in ("approved", "partially_approved", "offline_approved"):
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
        """Every transaction a terminal began was asked for in the journal; and once, where the
        terminal was told the payment it is for."""
        every = [entry for till in self.auditor.sim.tills for entry in till.entries()]
        if len(every) > len(self.model.cards):
            self.broken(
                f"terminals began {len(every)} transactions, asked for {len(self.model.cards)}"
            )
        names = Counter(entry.asked_as for entry in every if entry.asked_as)
        for name, count in names.items():
            if count > 1 or not stands_for(self.model.cards, name):
                self.broken(f"{name} was begun {count} times, the journal asked for it once or not")
