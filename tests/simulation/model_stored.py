"""What the auditor knows of cards taken without the bank, and of terminals' days: what is at risk,
what became of it, and what each terminal took since its last end of day."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from attrs import define, field

from tests.simulation.model_cards import UNDOING, CardPayment, Cards

_MOVED: Final = ("approved", "partially_approved", "offline_approved")
_OPEN: Final = ("requested", "unknown")
_COUNTED: Final = ("sale", "capture", "refund", "reversal")
STORABLE: Final = ("sale", "reservation", "capture")


@define
class AtRisk:
    """All that may turn out to be unpaid at one position of the journal."""

    position: int
    minor: int
    count: int


@define
class Late:
    """A payment that the bank refused afterwards: from which position on it is before a person, and
    until which."""

    payment: CardPayment
    since: int
    until: int | None = None


@define(eq=False)
class Stored:
    """`stored` are the payments that a terminal approved alone and nobody knows more of, `working`
    those that it may approve so; `said` is what was told of each later; `history` how much was at
    risk, after each record that changed it; `days` what each terminal took, in parts cut by ends of
    day of which nobody heard. `part_of` is the part that a payment was asked for in, until that day
    is over; then `ended` is the end of day it came before, and `late_minor` what became known of
    such a day afterwards, of which the bank refused `late_refused_minor` in the end."""

    stored: dict[str, CardPayment] = field(factory=dict)
    working: dict[str, CardPayment] = field(factory=dict)
    said: dict[str, bool] = field(factory=dict)
    kept_minor: dict[str, int] = field(factory=dict)
    late: dict[str, Late] = field(factory=dict)
    history: list[AtRisk] = field(factory=list)
    days: dict[str, list[int]] = field(factory=lambda: defaultdict(lambda: [0]))
    part_of: dict[str, int] = field(factory=dict)
    ended: dict[str, str] = field(factory=dict)
    late_ids: set[str] = field(factory=set)
    late_minor: dict[str, int] = field(factory=lambda: defaultdict(int))
    late_refused_minor: dict[str, int] = field(factory=lambda: defaultdict(int))

    def after(self, cards: Cards, position: int, name: str, data: dict[str, Any]) -> None:
        """Take in one record of payments that the model of cards has taken in."""
        match name:
            case "payment.requested/1":
                asked = data["asked"]
                self.part_of[asked["payment_id"]] = len(self.days[asked["terminal"]]) - 1
                if asked["offline_allowed"]:
                    self.working[asked["payment_id"]] = cards[asked["payment_id"]]
            case "payment.kept/1":
                answer = data["answer"]
                if answer["is_offline"]:
                    self.kept_minor[data["payment_id"]] = answer["amount_minor"]
            case "payment.heard/1":
                self._heard(cards, data)
            case "payment.uploaded/1":
                self._told(data, position)
            case "payment.exception_closed/1":
                late = self.late.get(data["payment_id"])
                if late is not None and late.until is None:
                    late.until = position
                else:
                    self.stored.pop(data["payment_id"], None)
            case "terminal.day_heard/1":
                self._day_heard(cards, data)
        minor = sum(self._at_risk())
        self.history.append(AtRisk(position, minor, len(self.stored)))

    def _heard(self, cards: Cards, data: dict[str, Any]) -> None:
        payment_id, payment = data["payment_id"], cards[data["payment_id"]]
        asked, kind = payment.asked, payment.asked["kind"]
        if payment.standing not in _OPEN:
            self.working.pop(payment_id, None)
        if payment.standing not in _MOVED:
            return
        if kind in _COUNTED:
            part = self.part_of.get(payment_id)
            if part is None:
                self.late_minor[self.ended[payment_id]] += _signed(payment)
                self.late_ids.add(payment_id)
            else:
                self.days[asked["terminal"]][part] += _signed(payment)
        if payment.standing == "offline_approved" and kind in STORABLE:
            self.stored[payment_id] = payment
        if kind in UNDOING and payment.problem in ("", "unpaid"):
            self.stored.pop(asked["of_payment"], None)
            late = self.late.get(asked["of_payment"])
            if late is not None:
                late.until = self.history[-1].position

    def _told(self, data: dict[str, Any], position: int) -> None:
        payment_id = data["payment_id"]
        payment = self.stored.pop(payment_id, None)
        if payment is None:
            return
        self.said[payment_id] = data["is_paid"]
        if data["is_paid"]:
            return
        self.late[payment_id] = Late(payment, position)
        if payment_id in self.late_ids:
            self.late_refused_minor[self.ended[payment_id]] += payment.charged_minor
        part = self.part_of.pop(payment_id, None)
        if part is not None:
            self.days[payment.asked["terminal"]][part] -= payment.charged_minor

    def _day_heard(self, cards: Cards, data: dict[str, Any]) -> None:
        terminal = data["terminal"]
        if data["verdict"] == "unknown":
            self.days[terminal].append(0)
        elif data["verdict"] == "approved":
            self.days[terminal] = [0]
            for payment_id in list(self.part_of):
                if cards[payment_id].asked["terminal"] == terminal:
                    del self.part_of[payment_id]
                    self.ended[payment_id] = data["day_id"]

    def _at_risk(self) -> Iterator[int]:
        """Of each payment that may turn out to be unpaid, how much that is: what is stored, and
        what a terminal that works on it may store."""
        for payment in self.stored.values():
            yield payment.charged_minor
        for payment_id, payment in self.working.items():
            asked = payment.asked
            wanted = int(asked["amount_minor"]) + int(asked["tip_on_top_minor"])
            yield self.kept_minor.get(payment_id) or wanted

    def at(self, position: int) -> AtRisk:
        """How much was at risk once that record was written."""
        index = bisect_right(self.history, position, key=lambda entry: entry.position)
        return self.history[index - 1] if index else AtRisk(0, 0, 0)


def _signed(payment: CardPayment) -> int:
    """What it moved, towards the store, by the terminal's word."""
    asked = payment.asked
    minor = payment.charged_minor or int(asked["amount_minor"])
    goes_out = asked["kind"] == "refund"
    goes_out |= asked["kind"] == "reversal" and not asked["of_refund"]
    return -minor if goes_out else minor
