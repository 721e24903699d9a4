"""What a simulated provider knows and does: payments and refunds, each once under its reference.
Pure; the clock is given."""

from __future__ import annotations

from collections.abc import Callable

import attrs
from attrs import define, field, frozen

from engine.provider import LinkKind, LinkState, Told


@frozen
class Held:
    """One payment or refund. `payment` is what a refund gives back of."""

    told: Told
    kind: LinkKind
    callback_url: str
    until_s: int = 0
    payment: str = ""


class LedgerError(Exception):
    """It will not do this. `status` is the HTTP status it says so with."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


@define
class Ledger:
    """Everything it holds. `taken_minor` is the money it has of customers now; `auto_refund` gives
    back at once, else a refund waits for `finish`."""

    page_url: Callable[[str], str]
    held: dict[str, Held] = field(factory=dict)
    taken_minor: int = 0
    auto_refund: bool = True

    def put(self, asked: Held) -> Held:
        """Take a payment or a refund on. The same again is answered with how it stands.

        Raises:
            LedgerError: another one under the reference, or more than was paid.
        """
        reference = asked.told.reference
        known = self.held.get(reference)
        number = f"SIM-{len(self.held) + 1:06d}"
        if known is not None and known.told.amount_minor == 0:
            # It was cancelled before it was known, and stays so.
            dead = attrs.evolve(
                asked.told, state=LinkState.CANCELLED, provider_reference=number, url=""
            )
            self.held[reference] = attrs.evolve(asked, told=dead)
            return self.held[reference]
        if known is not None:
            same = (known.kind, known.payment) == (asked.kind, asked.payment)
            amounts = (known.told.amount_minor, known.told.currency)
            was_asked = amounts == (asked.told.amount_minor, asked.told.currency)
            if not same or (not was_asked and known.told.state is LinkState.OPEN):
                raise LedgerError(409, "other_request")
            return known
        told = attrs.evolve(asked.told, provider_reference=number)
        if asked.kind is LinkKind.PAYMENT:
            told = attrs.evolve(told, url=self.page_url(reference))
            self.held[reference] = attrs.evolve(asked, told=told)
            return self.held[reference]
        self._require_left(asked)
        self.held[reference] = attrs.evolve(asked, told=told)
        if self.auto_refund:
            self.finish(reference)
        return self.held[reference]

    def _require_left(self, asked: Held) -> None:
        paid = self.held.get(asked.payment)
        if paid is None or paid.told.state is not LinkState.PAID:
            raise LedgerError(422, "payment_not_paid")
        back = sum(
            entry.told.amount_minor
            for entry in self.held.values()
            if entry.payment == asked.payment and entry.told.state is not LinkState.FAILED
        )
        fits = asked.told.currency == paid.told.currency
        if not fits or back + asked.told.amount_minor > paid.told.amount_minor:
            raise LedgerError(422, "more_than_paid")

    def get(self, reference: str, kind: LinkKind, now_s: int) -> Held | None:
        """How one stands now; a payment whose time is over has expired."""
        held = self.held.get(reference)
        if held is None or held.kind is not kind or held.told.amount_minor == 0:
            return None
        if held.told.state is LinkState.OPEN and 0 < held.until_s <= now_s:
            held = self._become(held, LinkState.EXPIRED)
        return held

    def cancel(self, reference: str) -> Held | None:
        """End a payment unless it is paid. One that is not known will never be: None."""
        held = self.held.get(reference)
        if held is None:
            dead = Told(reference, LinkState.CANCELLED, provider_reference="none")
            self.held[reference] = Held(dead, LinkKind.PAYMENT, "")
            return None
        return self._become(held, LinkState.CANCELLED) if self._is_open(held) else held

    def pay(
        self, reference: str, now_s: int, *, amount_minor: int = 0, currency: str = ""
    ) -> Held | None:
        """The customer pays, another amount where one is given; None where it is not open."""
        held = self.get(reference, LinkKind.PAYMENT, now_s)
        if held is None or not self._is_open(held):
            return None
        told = attrs.evolve(
            held.told,
            amount_minor=amount_minor or held.told.amount_minor,
            currency=currency or held.told.currency,
            method="wallet",
        )
        self.taken_minor += told.amount_minor
        return self._become(attrs.evolve(held, told=told), LinkState.PAID)

    def refuse(self, reference: str) -> Held | None:
        """The customer's bank says no; None where it is not open."""
        held = self.held.get(reference)
        if held is None or not self._is_open(held):
            return None
        return self._become(held, LinkState.FAILED, "declined")

    def finish(self, reference: str, *, is_paid_back: bool = True) -> Held:
        """A refund went through, or did not."""
        held = self.held[reference]
        if is_paid_back:
            self.taken_minor -= held.told.amount_minor
            return self._become(held, LinkState.REFUNDED)
        return self._become(held, LinkState.FAILED, "account_closed")

    @staticmethod
    def _is_open(held: Held) -> bool:
        return held.told.state is LinkState.OPEN and held.told.amount_minor > 0

    def _become(self, held: Held, state: LinkState, code: str = "") -> Held:
        told = attrs.evolve(held.told, state=state, url="", code=code)
        changed = attrs.evolve(held, told=told)
        self.held[told.reference] = changed
        return changed
