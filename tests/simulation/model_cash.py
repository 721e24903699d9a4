"""What coins can pay, by schoolbook arithmetic: what is paid in cash comes to a multiple of the
smallest coin, for the order as a whole and not for one tender of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.simulation.model import Model, Order


def to_coins(amount_minor: int, coin_minor: int, *, goes_up: bool) -> int:
    """The nearest multiple of a coin. What lies in the middle goes up, or down to the next."""
    if goes_up:
        return (2 * amount_minor + coin_minor) // (2 * coin_minor) * coin_minor
    return -to_coins(-amount_minor, coin_minor, goes_up=True)


def rounding_minor(order: Order) -> int:
    """What coins add to what an order comes to, by those there were as it began to be paid; nothing
    where no cash had to do with it, and nothing for who counts out to the cent what the store would
    round up.

    Change for notes of another currency is of the sale, though it goes out.
    """
    if not order.tenders and not order.notes:
        return 0
    total = order.total_minor()
    in_cash, given = total - order.paid_minor(), sum(order.tenders.values())
    if total < 0 and in_cash <= 0:
        back = [order.coins_back[tender] for tender in order.tenders]
        gave = -sum(coins.total() for _, coins in back)
        is_settled = (in_cash, given) == (-sum(exact for exact, _ in back), gave)
        return given - in_cash if is_settled else 0
    due = to_coins(in_cash, order.coin_minor, goes_up=in_cash >= 0 or bool(order.notes))
    is_settled = given >= due if total > 0 or in_cash > 0 else given == due
    return due - in_cash if is_settled else 0


def coins_back(
    model: Model, order: Order, shares: list[dict[str, Any]]
) -> tuple[int, Counter[str]]:
    """What a refund in cash gives back to the cent, and in coins by sale: of each what coins pay of
    all cash that went back of it by then, less the coins that did, and no more than are left of
    those that came. The middle goes to the customer, as of a sale it goes to the shop."""
    parts: Counter[str] = Counter()
    for share in shares:
        parts[share["order_id"]] += share["amount_minor"]
    coins, coin = Counter[str](), order.coin_minor
    for sale, part in parts.items():
        odd = model.coins_out[sale] % coin
        whole = model.coins_out[sale] - odd
        asked = to_coins(model.cash_back[sale] + part - odd, coin, goes_up=True) - whole
        kept, goods = model.came[sale]
        came = kept + max(goods, to_coins(goods, coin, goes_up=True))
        left = came - model.coins_out[sale]
        coins[sale] = max(0, min(asked, left // coin * coin))
    return parts.total(), coins


def came_in(order: Order) -> tuple[int, int]:
    """What a sale that is complete brought in coins, less change, and in goods and notes at what
    they count for. Goods for which something was given back, in an exchange that was paid too, or
    which were owed to nobody, brought so much less."""
    kept = order.total_minor() - order.paid_minor() + rounding_minor(order)
    goods = -sum(line.refund_minor for line in order.lines.values() if line.source is not None)
    others = [*order.cards.values(), *order.left_out.values()]
    others += [minor for _, minor in (*order.credits.values(), *order.links.values())]
    if kept > 0 or order.notes or any(minor > 0 for minor in others):
        goods = max(0, goods + sum(min(0, minor) for minor in others))
    worth = sum(worth for *_, worth in order.notes.values())
    return kept if order.tenders or order.notes else 0, goods + worth


def tender_refunded(model: Model, order: Order, tender: int, amount_minor: int) -> None:
    """Count what went back of a sale in cash: of its coins and notes, or of goods it took back."""
    if tender == 0 or tender in order.tenders or tender in order.notes:
        model.cash_back[order.id] += amount_minor
