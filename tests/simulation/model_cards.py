"""What the auditor knows of card payments, from what the journal says of each: what was asked, what
was heard of it, and which of them wait for a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from attrs import define, field

from tests.simulation.seen import Entry

_APPROVED: Final = ("approved", "partially_approved", "offline_approved")
_TAKING: Final = ("sale", "capture")
UNDOING: Final = ("reversal", "release")
_STANDS: Final = ("", "unpaid")  # what is wrong by the others did not take anything back for good


@define
class CardPayment:
    """One payment: `asked` and `answer` as they are written down; `problem` puts it before a person
    and `is_left` says that it still is there."""

    asked: dict[str, Any]
    standing: str = "requested"
    answer: dict[str, Any] = field(factory=dict)
    problem: str = ""
    is_left: bool = False

    @property
    def charged_minor(self) -> int:
        """What its terminal said of it, tip and all."""
        return int(self.answer.get("amount_minor", 0))

    @property
    def is_in_doubt(self) -> bool:
        """Whether nobody knows what became of it."""
        return self.standing == "unknown"

    @property
    def asked_signed_minor(self) -> int:
        """What it moves, towards the store, where it is what it was asked to be."""
        amount_minor = int(self.asked["amount_minor"])
        return -amount_minor if self.asked["kind"] == "refund" else amount_minor

    def moved_minor(self) -> int:
        """What it moved of its own, towards the store, that no order's tender stands for.

        Where a sale was completed with a tender that was taken back, the tender still stands and
        the money does not. What went to another card than it should is a tender all the same.
        """
        if self.problem == "unpaid":
            return self.charged_minor if self.asked.get("of_refund") else -self.charged_minor
        if self.problem in ("not_its_card", "upload_declined") or self.standing not in _APPROVED:
            return 0
        if self.asked["kind"] == "refund":
            return -self.charged_minor
        return self.charged_minor if self.asked["kind"] in _TAKING else 0

    def receipts(self) -> set[int | None]:
        """The numbers under which its terminal knows it and what it was about."""
        told = self.answer.get("identity"), self.asked.get("original")
        return {identity["receipt"] for identity in told if identity}


Cards = dict[str, CardPayment]


def _told(cards: Cards, terminal: str) -> Iterator[int | None]:
    """The receipts of a terminal that the store knows what to think of, the newest first."""
    for one in reversed(cards.values()):
        if one.asked["terminal"] == terminal and not one.is_in_doubt:
            yield from one.receipts()


def untold(cards: Cards, terminal: str, entries: list[Entry]) -> list[Entry]:
    """What moved money at a terminal, and is nothing that the store knows of."""
    told = set(_told(cards, terminal))
    return [entry for entry in entries if entry.signed_minor and entry.receipt not in told]


def can_be_found_out(cards: Cards, terminal: str, tells: list[Entry]) -> bool:
    """Whether anything that a terminal tells whoever asks is in doubt still. What it took back
    comes to nothing there, and is news all the same."""
    left: set[int | None] = {
        entry.receipt
        for entry in tells
        if entry.signed_minor or (entry.kind == "reversal" and entry.is_booked)
    }
    if not left:
        return False
    # Asked often; what is left is most likely among the newest.
    for receipt in _told(cards, terminal):
        left.discard(receipt)
        if not left:
            return False
    return True


def stands_for(cards: Cards, told: str) -> str:
    """The payment that a terminal was told the name of. The floor by which a simulated terminal
    reads masks a run of digits that could be a card number, and one name in seven hundred has one;
    "" where no payment, or more than one, can be meant."""
    if told in cards or "*" not in told:
        return told if told in cards else ""
    meant = [
        name
        for name in cards
        if len(name) == len(told)
        and all(mark in ("*", letter) for letter, mark in zip(name, told, strict=True))
    ]
    return meant[0] if len(meant) == 1 else ""


def requested(cards: Cards, data: dict[str, Any]) -> None:
    """A terminal is about to be asked."""
    cards[data["asked"]["payment_id"]] = CardPayment(data["asked"])


def kept(cards: Cards, data: dict[str, Any]) -> None:
    """It told something on the way."""
    cards[data["payment_id"]].answer = data["answer"]


def heard(cards: Cards, data: dict[str, Any]) -> None:
    """What became of it. Where it took another back for good, that one and all that was tried
    before wait for nobody."""
    payment = cards[data["payment_id"]]
    payment.standing, payment.answer = data["standing"], data["answer"]
    payment.problem = data.get("problem", "")
    # In doubt still, it is left to a person where it was set aside before.
    payment.is_left = bool(payment.problem)
    is_undone = payment.standing in _APPROVED and payment.problem in _STANDS
    if not is_undone or payment.asked["kind"] not in UNDOING:
        return
    of_payment = payment.asked["of_payment"]
    for payment_id, other in cards.items():
        is_try = other.asked["kind"] in UNDOING and other.asked["of_payment"] == of_payment
        if payment_id == of_payment or (is_try and other is not payment):
            other.is_left = False


def set_aside(cards: Cards, data: dict[str, Any]) -> None:
    """Nobody waits for it any more, and a person is told."""
    payment = cards[data["payment_id"]]
    payment.problem, payment.is_left = "unresolved", True


def uploaded(cards: Cards, data: dict[str, Any]) -> None:
    """The bank paid what a terminal had taken alone, or refused it: then it is before a person,
    also where it was that for another reason. Of what went back before nothing is new."""
    payment = cards[data["payment_id"]]
    if not data["is_paid"]:
        payment.problem, payment.is_left = "upload_declined", True


def closed(cards: Cards, data: dict[str, Any]) -> None:
    """A person looked into it."""
    cards[data["payment_id"]].is_left = False
