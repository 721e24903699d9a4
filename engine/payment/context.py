"""What a decision about payments may look at, and how it says what it decided."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from engine.decision import Decision, Fact
from engine.order.context import OrderContext
from engine.order.state import Order
from engine.payment.events import PaymentEvent
from engine.payment.state import Payments


@frozen
class PaymentContext:
    """The books around one payment command. `order` is the register's current one.

    `orders` are those of the live side; money never moves in training. `around` is what the
    order's own decisions look at.
    """

    payments: Payments
    order: Order | None
    orders: Mapping[str, Order]
    around: OrderContext

    def fact(self, payment_id: str, event: PaymentEvent) -> Fact:
        """`event` on the payment's stream."""
        return Fact(stream_of(payment_id), event)


def stream_of(payment_id: str) -> str:
    """The stream a payment's facts are on."""
    return f"payment/{payment_id}"


def answered(payment_id: str, standing: str, *facts: Fact, amount_minor: int = 0) -> Decision:
    """The decision whose answer says where a payment stands now."""
    answer = {"payment_id": payment_id, "standing": standing, "amount_minor": amount_minor}
    return Decision(facts, answer)
