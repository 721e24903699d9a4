"""What a decision about payments by link may look at, and how it says what it decided."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from engine.decision import Decision, Fact
from engine.order.context import OrderContext
from engine.order.state import Order
from engine.paylink.events import PaylinkEvent
from engine.paylink.state import Paylinks


@frozen
class PaylinkContext:
    """The books around one command. `order` is the register's current one, `orders` are those of
    the live side; `around` is what the order's own decisions look at."""

    links: Paylinks
    order: Order | None
    orders: Mapping[str, Order]
    around: OrderContext

    def fact(self, paylink_id: str, event: PaylinkEvent) -> Fact:
        """`event` on the stream of a payment by link."""
        return Fact(stream_of(paylink_id), event)


def stream_of(paylink_id: str) -> str:
    """The stream of one of them."""
    return f"paylink/{paylink_id}"


def answered(
    paylink_id: str,
    standing: str,
    *facts: Fact,
    amount_minor: int = 0,
    receipt_number: str = "",
) -> Decision:
    """The decision whose answer says where it stands now, and the receipt that was made by it."""
    answer = {
        "paylink_id": paylink_id,
        "standing": standing,
        "amount_minor": amount_minor,
        "receipt_number": receipt_number,
    }
    return Decision(facts, answer)
