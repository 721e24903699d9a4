"""What coins can pay, by schoolbook arithmetic: what is paid in cash comes to a multiple of the
smallest coin, for the order as a whole and not for one tender of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.model import Order


def to_coins(amount_minor: int, coin_minor: int, *, goes_up: bool) -> int:
    """The nearest multiple of a coin. What lies in the middle goes up, or down to the next."""
    if goes_up:
        return (2 * amount_minor + coin_minor) // (2 * coin_minor) * coin_minor
    return -to_coins(-amount_minor, coin_minor, goes_up=True)


def rounding_minor(order: Order) -> int:
    """What coins add to what an order comes to, by those there were as it began to be paid; nothing
    where no cash had to do with it, and nothing for who counts out to the cent what the store would
    round up.

    Of a refund the middle goes to the customer, as of a sale it goes to the shop. Change for notes
    of another currency is of the sale, though it goes out.
    """
    if not order.tenders and not order.notes:
        return 0
    total = order.total_minor()
    in_cash, given = total - order.paid_minor(), sum(order.tenders.values())
    due = to_coins(in_cash, order.coin_minor, goes_up=in_cash >= 0 or bool(order.notes))
    is_settled = given >= due if total > 0 else given == due
    return due - in_cash if is_settled else 0
