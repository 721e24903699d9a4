"""A shop with a card terminal: what a test lets the terminal answer, in the store's own types."""

from __future__ import annotations

from typing import Any

import attrs

from engine.order.commands import AddLine
from engine.payment.commands import HearPayment, KeepPayment, RequestPayment, SetPaymentAside
from engine.payment.state import Payment
from engine.settings import DefineRegister, TipChoices
from engine.terminal import Answer, CardShown, Identity, Kind, Slip, SlipLine, Verdict
from tests.shop import Shop

VISA = CardShown("476173******0119", "Visa", "A0000000031010", "VISA DEBIT", "chip", "online_pin")


def card_shop(**changes: Any) -> Shop:
    """A shop that sells at two registers, each with a terminal of its own."""
    shop = Shop.selling(**changes)
    for register in ("1", "2"):
        with_terminal(shop, register)
    return shop


def with_terminal(shop: Shop, register: str, *, tips: bool = True) -> None:
    """Give a register a terminal that may ask for a tip, or may not."""
    setup = shop.books.settings.registers[register]
    here = attrs.evolve(setup, terminal=f"terminal/{register}", tips=tips)
    shop.ok(DefineRegister(here), admin=True)


def with_tip_screen(shop: Shop, register: str = "1", **changes: Any) -> None:
    """Ask the customers of a register with a terminal on our own screen: 5, 10 %, 2.00 or own."""
    offered = attrs.evolve(TipChoices((50_000, 100_000), (200,), 5000), **changes)
    setup = shop.books.settings.registers[register]
    shop.ok(DefineRegister(attrs.evolve(setup, tip_choices=offered)), admin=True)


def told(payment: Payment, verdict: Verdict, number: int = 1, **changes: Any) -> Answer:
    """What a terminal says of a payment: approved whole unless told otherwise."""
    asked = payment.asked
    paid = verdict in (Verdict.APPROVED, Verdict.PARTIALLY_APPROVED)
    charged = asked.amount_minor + asked.tip_on_top_minor
    base: dict[str, Any] = {
        "verdict": verdict,
        "kind": asked.kind,
        "asked_minor": asked.amount_minor,
        "amount_minor": charged if paid else 0,
        "tip_minor": asked.tip_on_top_minor if paid else 0,
        "currency_code": asked.currency_code,
        "identity": Identity("29001234", number, number, "1126", "101500"),
        "before": Identity("29001234", number - 1, number - 1, "1126", "101000"),
        "card": CardShown(
            "476173******0119", "Visa", "A0000000031010", "VISA DEBIT", "chip", "online_pin"
        ),
        "authorisation": "A1B2C3",
        "partial_allowed": asked.kind is Kind.SALE,
    }
    return Answer(**{**base, **changes})


def running(shop: Shop, register: str = "1") -> Payment:
    """The payment a register's terminal works on."""
    payment = shop.books.payments.at_terminal(f"terminal/{register}")
    assert payment is not None
    return payment


def hear(
    shop: Shop,
    verdict: Verdict,
    number: int = 1,
    *,
    register: str = "1",
    is_inquiry: bool = False,
    payment: Payment | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """The terminal of a register answers."""
    payment = payment or running(shop, register)
    body = HearPayment(
        payment.asked.payment_id, told(payment, verdict, number, **changes), is_inquiry
    )
    return shop.ok(body, register, admin=True)


def keep(shop: Shop, verdict: Verdict, number: int = 1, register: str = "1") -> dict[str, Any]:
    """The terminal has its result written down before it goes on."""
    payment = running(shop, register)
    body = KeepPayment(payment.asked.payment_id, told(payment, verdict, number))
    return shop.ok(body, register, admin=True)


def paid_by_card(shop: Shop, *codes: str, number: int = 1) -> str:
    """Sell at register 1 and have the terminal approve; the order's id, still to be completed."""
    order_id = ""
    for code in codes:
        order_id = shop.ok(AddLine(code))["order_id"]
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, number)
    return order_id


def slip(kind: str, *lines: str, **changes: Any) -> Slip:
    """A slip of these lines."""
    return Slip(tuple(SlipLine(line) for line in lines), kind, **changes)


def set_aside(shop: Shop) -> Payment:
    """A payment of a bottle of wine at register 1 that was set aside, and the wine paid in cash."""
    shop.ring("wine")
    shop.ok(RequestPayment())
    payment = running(shop)
    hear(shop, Verdict.UNKNOWN, code="no_answer")
    shop.ok(SetPaymentAside(payment.asked.payment_id, "the customer left"))
    shop.pay(799)
    return payment
