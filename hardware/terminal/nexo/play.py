"""What happens in one transaction of a simulated terminal, and what it makes of its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from attrs import define

from engine.terminal import CardShown, ForPaper, Slip, SlipLine
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo.ledger import Entry
from hardware.terminal.nexo.money import to_major
from hardware.terminal.played import (
    APPROVED,
    CANCELLED,
    DECLINED,
    NO_BANK,
    NO_PAPER,
    TOO_MANY_PINS,
)

SHOP = ForPaper(merchant_number="SIMULATED")
"""What the terminal calls the shop it is in."""
Failed = tuple[str, str]  # an error condition, and why
REFUSALS: dict[str, Failed] = {
    "declined": ("Refusal", "05 Do not honour"),
    "cancelled": ("Cancel", "by the customer"),
    "nobody": ("Cancel", "nobody came"),
    "too_many_pins": ("WrongPIN", TOO_MANY_PINS),
}
_ENDS = {"Cancel": CANCELLED, "Aborted": CANCELLED, "UnreachableHost": NO_BANK,
         "DeviceOut": NO_PAPER, "NotFound": "nothing to take back",
         "NotAllowed": "taken back already"}  # fmt: skip


@define
class Plan:
    """What happens at the terminal in one transaction.

    `card` is insert, tap, none (nobody comes) or ask (a person plays). `decline` is an error
    condition, `partial_minor` approves less, `says` is an amount it tells wrongly, as it stands in
    the message. `lose` is empty, `request` (nothing arrived) or `reply`. `status` is that of HTTP.
    `prints` sends receipts, and with `prints_declined` also those of a payment that was declined.
    `host_refusal` is why the host refuses it later, where it was taken offline.
    `extra` is put over the payment's response, `clear` stands beside what is sealed and under no
    seal, `mangle` changes the bytes of the answer. `tells` are messages of its own, sent where
    notices go once it waits for a card.
    """

    card: str = "tap"
    decline: str = ""
    reason: str = ""
    partial_minor: int | None = None
    tip_minor: int = 0
    says: str = ""
    lose: str = ""
    delay_s: float = 0
    status: int = 200
    is_rejected: bool = False
    prints: bool = True
    prints_declined: bool = False
    host_refusal: str = ""
    extra: dict[str, Any] | None = None
    clear: dict[str, Any] | None = None
    mangle: Callable[[bytes], bytes] | None = None
    tells: tuple[bytes, ...] = ()


def failed(
    ask: m.PaymentAsk | m.ReversalAsk, condition: str, why: str, poi: m.PoiTransaction | None = None
) -> m.PaymentTold | m.ReversalTold:
    """The answer to one that came to nothing; named only where it was begun."""
    outcome = m.Outcome("Failure", condition, {"refusalReason": why} if why else {})
    if isinstance(ask, m.ReversalAsk):
        return m.ReversalTold(outcome)
    return m.PaymentTold(outcome, ask.transaction_id, poi, currency=ask.currency, paper=SHOP)


def ended(entry: Entry) -> str:
    """How it ended, in words for a person."""
    if entry.told is None:
        return "running"
    if entry.reversed_minor:
        return "reversed" if entry.reversed_minor >= entry.amount_minor else "reversed in part"
    if entry.is_stored:
        return "stored"
    if entry.is_offline:
        return "approved later" if entry.is_booked else "refused later"
    return APPROVED if entry.is_booked else _ENDS.get(entry.told.outcome.condition, DECLINED)


def card(plan: Plan, ask: m.PaymentAsk) -> CardShown:
    """The card that was used, and how its owner was asked."""
    entry = "chip" if plan.card == "insert" else "contactless"
    return CardShown(
        "541333******0010",
        "mc",
        entry="keyed" if ask.entry else entry,
        verification="online_pin" if plan.card == "insert" else "",
    )


def slips(entry: Entry) -> tuple[Slip, ...]:
    """What it wants printed."""
    currency = entry.ask.currency
    lines = (
        SlipLine("CARD PAYMENT" if entry.is_booked else "PAYMENT DECLINED", centred=True),
        SlipLine(f"{currency}  {to_major(entry.amount_minor, currency)}"),
        SlipLine(f"No {entry.number}"),
    )
    return Slip(lines, "merchant"), Slip(lines, "customer")


def over(plain: bytes, plan: Plan) -> bytes:
    """The same answer with what the plan puts over it."""
    message = orjson.loads(plain)
    body = message["SaleToPOIResponse"].get("PaymentResponse")
    if body is None:
        return plain
    if plan.says:
        body["PaymentResult"]["AmountsResp"]["AuthorizedAmount"] = orjson.Fragment(plan.says)
    _merge(body, plan.extra or {})
    return orjson.dumps(message)


def beside(sealed: bytes, clear: dict[str, Any]) -> bytes:
    """An envelope with more in it that nobody sealed."""
    message = orjson.loads(sealed)
    for envelope in message.values():
        envelope |= clear
    return orjson.dumps({**clear, **message})


def _merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = value
