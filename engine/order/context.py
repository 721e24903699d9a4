"""What an order decision may look at besides the order itself."""

from __future__ import annotations

from collections.abc import Container, Mapping

from attrs import field, frozen

from engine.coupon.redeemed import Redeemed
from engine.credit.ledger import Credits
from engine.credit.rules import ReturnRules
from engine.decision import Fact
from engine.offers import Offers
from engine.order.offered import Tariff
from engine.order.state import Order
from engine.promotion.model import Promotion
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
    is the journal's last durable record. `open_orders` are those of the register's side, by id.
    `is_terminal_at_work` says that a card terminal has not yet told what came of this order.
    `returns` is how goods come back, `credits` the ledger of store credit. `out_of_reach` are
    the card payments and reservations that a terminal was told to take back, and nobody knows that
    it did, or that it knows by a number of a day that is over; `moving_money` the orders that a
    terminal may be taking money for, or giving it back; `listed` the card payments that are before
    a person. `is_in_doubt` while a terminal does not tell what became of a payment of this order,
    and nobody set that aside.
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
    offers: Offers = field(factory=Offers)
    open_orders: Mapping[str, Order] = field(factory=dict)
    taxes: TaxBook | None = None
    is_terminal_at_work: bool = False
    returns: ReturnRules = field(factory=ReturnRules)
    credits: Credits = field(factory=Credits)
    out_of_reach: frozenset[str] = frozenset()
    moving_money: frozenset[str] = frozenset()
    listed: Container[str] = frozenset()
    is_in_doubt: bool = False

    def tariff(self) -> Tariff:
        """What orders are priced under at this moment."""
        stamp = self.stamp
        return Tariff(self.settings, self.offers, stamp.now_ns, stamp.utc_offset_s, self.taxes)

    def promotions(self) -> tuple[Promotion, ...]:
        """The promotions in force."""
        return () if self.offers.deals is None else self.offers.deals.promotions

    def coupons(self) -> tuple[Promotion, ...]:
        """Those of them that a coupon asks for."""
        return () if self.offers.deals is None else self.offers.deals.with_coupons

    def redeemed(self) -> Redeemed:
        """What was given so far."""
        return self.offers.redeemed

    def at(self) -> tuple[int, int, str]:
        """The stamp as `engine.order.state.evolve` takes it."""
        return (self.stamp.now_ns, self.stamp.utc_offset_s, self.stamp.business_date)

    def fact(self, event: object, order_id: str) -> Fact:
        """`event` on the order's stream."""
        return Fact(stream_of(order_id), event, self.training)


def stream_of(order_id: str) -> str:
    """The stream an order's facts are on."""
    return f"order/{order_id}"
