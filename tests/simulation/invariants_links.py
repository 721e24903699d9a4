"""The rules of payments by link: Q. The provider's own books are the truth."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.simulation.auditor import Auditor, Invariant, invariant
from tests.simulation.model import Row

_MOVED = ("paid", "refunded")


@invariant("Q1_a_link_is_confirmed_once")
class ALinkIsConfirmedOnce(Invariant):
    """A payment by link is a tender once, for what the provider says was paid, and only of the
    order that asked for it."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._asked: dict[str, dict[str, Any]] = {}
        self._confirmed: dict[str, str] = {}
        self._tendered: set[str] = set()

    def on_record(self, row: Row) -> None:
        """At each fact of a link, and where one is a tender."""
        data = row.data
        if row.name == "paylink.requested/1":
            self._asked[data["asked"]["paylink_id"]] = data["asked"]
        elif row.name == "paylink.confirmed/1":
            self._at_confirmation(row, data)
        elif row.name == "order.link_tendered/1":
            self._at_tender(row, data)

    def _at_confirmation(self, row: Row, data: dict[str, Any]) -> None:
        paylink_id, told = data["paylink_id"], data["told"]
        if paylink_id in self._confirmed:
            self.broken(f"link {paylink_id} was confirmed twice")
        self._confirmed[paylink_id] = "" if data.get("problem") else row.command_id
        provider = self.auditor.sim.provider
        held = provider.holds().get(paylink_id)
        twice = provider.twice.get(paylink_id)
        paid = 0 if held is None or held.state not in _MOVED else held.amount_minor
        if told["amount_minor"] not in (paid, paid if twice is None else twice) or not paid:
            self.broken(f"link {paylink_id} was confirmed as {told}, the provider holds {held}")

    def _at_tender(self, row: Row, data: dict[str, Any]) -> None:
        paylink_id, minor = data["link"]["paylink_id"], data["amount_minor"]
        asked = self._asked.get(paylink_id)
        if paylink_id in self._tendered:
            self.broken(f"link {paylink_id} is a tender twice")
        self._tendered.add(paylink_id)
        if asked is None:
            # What is given back is a tender in the very command that asks for it.
            if minor > 0 or row.command_id != paylink_id:
                self.broken(f"link {paylink_id} of {minor} was not asked for")
        elif (asked["order_id"], asked["amount_minor"]) != (data["order_id"], minor):
            self.broken(f"link {paylink_id} was asked as {asked}, and is the tender {data}")
        elif self._confirmed.get(paylink_id) not in (None, row.command_id):
            self.broken(f"link {paylink_id} was confirmed for nobody, and is a tender")

    def at_end(self) -> None:
        """Whoever was confirmed without a problem is a tender, and nobody else is."""
        wanted = {
            paylink_id
            for paylink_id, command in self._confirmed.items()
            if command and self._asked[paylink_id]["kind"] == "payment"
        }
        lost = sorted(self._tendered - self._asked.keys())
        if lost:
            self.broken(f"{lost} went back by the receipt, and no provider was asked for it")
            return
        sold = {e for e in self._tendered if self._asked[e]["kind"] == "payment"}
        if wanted != sold:
            self.broken(f"confirmed and tenders differ: {sorted(wanted ^ sold)}")


@invariant("Q2_no_link_money_is_lost")
class NoLinkMoneyIsLost(Invariant):
    """In the end all that customers paid, a second time too, and all that went back to them, is in
    the journal: as a tender, or before a person."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._paid: Counter[str] = Counter()
        self._back: Counter[str] = Counter()
        self._kinds: dict[str, str] = {}

    def on_record(self, row: Row) -> None:
        """What of each reference is told to have moved."""
        data = row.data
        if row.name == "paylink.requested/1":
            self._kinds[data["asked"]["paylink_id"]] = data["asked"]["kind"]
        elif row.name == "paylink.confirmed/1":
            is_refund = self._kinds[data["paylink_id"]] == "refund"
            place = self._back if is_refund else self._paid
            place[data["told"]["reference"]] += data["told"]["amount_minor"]
        elif row.name == "paylink.strayed/1":
            self._paid[data["told"]["reference"]] += data["told"]["amount_minor"]

    def at_end(self) -> None:
        """Reference by reference."""
        provider = self.auditor.sim.provider
        paid: Counter[str] = Counter()
        back: Counter[str] = Counter()
        for reference, held in provider.holds().items():
            if held.state == "paid":
                paid[reference] += held.amount_minor
            elif held.state == "refunded":
                back[reference] += held.amount_minor
        for reference, minor in provider.twice.items():
            paid[reference] += minor
        for what, wanted, found in (("paid", paid, self._paid), ("given back", back, self._back)):
            wrong = sorted(e for e in wanted | found if wanted[e] != found[e])
            if wrong:
                reference = wrong[0]
                self.broken(
                    f"by link {reference} {wanted[reference]} was {what}, the journal says "
                    f"{found[reference]}"
                )


@invariant("Q3_asked_before_and_signed")
class AskedBeforeAndSigned(Invariant):
    """Nothing is asked of a provider before the platter holds it, and no word counts that is not
    signed."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        auditor.sim.provider.before_put = self._before_put

    def _before_put(self, reference: str) -> None:
        self.auditor.pull()
        if not self.auditor.is_durable(reference):
            self.broken(f"a provider was asked for {reference}, and the disk does not know it")
