"""What an order decision may look at besides the order itself."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from engine.decision import Fact
from engine.order.pricing import Tariff
from engine.order.state import Order
from engine.promotion.deals import Deals
from engine.record import HeadMark
from engine.settings import Settings
from engine.stamp import Stamp
from engine.tax_book import TaxBook
from native import PriceBook


@frozen
class OrderContext:
    """Facts around one order command.

    `approver` is "" unless someone else let it through. `till_session` is 0 while the till is
    closed. `originals` are the completed orders named by return lines, fetched beforehand. `head`
    is the journal's last durable record.
    """

    command_id: str
    register: str
    operator: str
    approver: str
    stamp: Stamp
    settings: Settings
    book: PriceBook
    book_version: int
    training: bool
    till_session: int
    next_receipt: int
    orders_open: int
    disk_nearly_full: bool
    originals: Mapping[str, Order]
    head: HeadMark | None = None
    deals: Deals | None = None
    taxes: TaxBook | None = None

    def tariff(self) -> Tariff:
        """What orders are priced under at this moment."""
        stamp = self.stamp
        return Tariff(self.settings, self.deals, stamp.now_ns, stamp.utc_offset_s, self.taxes)

    def fact(self, event: object, order_id: str) -> Fact:
        """`event` on the order's stream."""
        return Fact(stream_of(order_id), event, self.training)


def stream_of(order_id: str) -> str:
    """The stream an order's facts are on."""
    return f"order/{order_id}"
