"""What coins pay of money that goes back in cash, for each sale that it is of.

A sale's returns bring in coins what all of them are worth by then, rounded once, less the coins
that went back of it before. Those are counted as they were paid, not worked out anew: the smallest
coin may be another by now, and one register may have undone what another had counted on. And all
of them together never bring more than the sale brought in, or who counts out to the cent, and comes
back with one piece after the other, or when the smallest coin is another, would be given more.

What nothing can mend: of two registers that pay back of one sale, the second may have counted on
what the first undoes. Its coins are with the customer by then, less than one coin too many or too
few for its own goods; whatever else goes back of that sale makes up for them.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from engine.altered import altered
from engine.order.figures import CashBack, GaveBack
from engine.order.given import Refunded
from engine.order.refunds import GOODS, given_minor, goods_minor, originals_of, paid_of, tender_at
from engine.order.state import Order
from engine.taxation import CashStep
from native import cash_round


@frozen
class _InCash:
    """A completed sale's cash, goods it was paid with and notes of another currency included: what
    each tender brought to the cent, and what all of them brought in coins."""

    paid: Mapping[int, int]
    came_minor: int


def coins_for(minor: int, step: CashStep) -> int:
    """What coins pay of an amount by itself, in minor units."""
    coins: int = cash_round(minor, step.step_minor, step.mode.value)
    return coins


def cash_before(
    order: Order, originals: Mapping[str, Order], step: CashStep
) -> tuple[CashBack, ...]:
    """What other orders gave back in cash of the sales that goods of `order` came from. Empty where
    nothing of it changes what coins pay: then each amount is rounded like any other."""
    sales = [_cash_back(order, original, step) for original in originals_of(order, originals)]
    is_rounded = step.step_minor > 1
    matters = (is_rounded and len(sales) > 1) or any(
        (is_rounded and sale.went_minor)
        or sale.coins_minor != sale.went_minor
        or _coins_of(sale, sale.left_minor, step) != coins_for(sale.left_minor, step)
        for sale in sales
    )
    return tuple(sales) if matters else ()


def _cash_back(order: Order, original: Order, step: CashStep) -> CashBack:
    cash = _in_cash(original, step)
    gone = [
        entry
        for entry in original.refunded
        if entry.tender in cash.paid and entry.by_order != order.id
    ]
    went_minor = sum(entry.amount_minor for entry in gone)
    left_minor = 0
    for number, paid_minor in cash.paid.items():
        went = sum(entry.amount_minor for entry in gone if entry.tender == number)
        left_minor += max(0, paid_minor - went)
    return CashBack(original.id, went_minor, left_minor, _coins_gone(gone, step), cash.came_minor)


def _in_cash(original: Order, step: CashStep) -> _InCash:
    completion = original.completion
    assert completion is not None
    paid = {
        number: minor
        for number, minor in paid_of(original).items()
        if number == GOODS or tender_at(original, number).is_cash()
    }
    coins = sum(entry.amount_minor for entry in completion.tenders if entry.kind == "cash")
    # Change is coins, whatever it is given for.
    coins -= completion.change_minor
    # Goods and notes of another currency came in for what they are worth: what coins make of all of
    # that is nobody's gain, and change is part of what went out for it.
    worth = paid.get(GOODS, 0)
    worth += sum(entry.amount_minor for entry in completion.tenders if entry.foreign is not None)
    return _InCash(paid, coins + max(worth, coins_for(worth, step)))


def _coins_gone(gone: list[Refunded], step: CashStep) -> int:
    """The coins that went back. What facts of before do not say, is what they come to now."""
    unknown_minor = sum(entry.amount_minor for entry in gone if entry.coins_minor is None)
    known_minor = sum(entry.coins_minor for entry in gone if entry.coins_minor is not None)
    return known_minor + coins_for(unknown_minor, step)


def cash_by_sale(order: Order, back_minor: int) -> list[tuple[CashBack, int]]:
    """How much of `back_minor` that `order` gives back in cash is of which sale, where that is
    known; as `in_cash` shares it."""
    shares: list[tuple[CashBack, int]] = []
    others = [tender for tender in order.tenders if not tender.is_cash()]
    for sale in order.cash_back:
        most_minor = goods_minor(order, sale.order_id) - given_minor(others, sale.order_id)
        share_minor = max(0, min(sale.left_minor, most_minor, back_minor))
        shares.append((sale, share_minor))
        back_minor -= share_minor
    return shares


def coins_back(order: Order, back_minor: int, step: CashStep) -> int:
    """What coins pay of `back_minor` that `order` gives back in cash, all of its tenders in cash
    together."""
    shares = cash_by_sale(order, back_minor)
    rest_minor = back_minor - sum(minor for _, minor in shares)
    known_minor = sum(_coins_of(sale, minor, step) for sale, minor in shares)
    return coins_for(rest_minor, step) + known_minor


def _coins_of(sale: CashBack, minor: int, step: CashStep) -> int:
    """What coins pay of `minor` that goes back of a sale now. Never below zero."""
    went = sale.went_minor
    # Facts of before do not say how many coins went back.
    given = coins_for(went, step) if sale.coins_minor is None else sale.coins_minor
    whole = given // step.step_minor * step.step_minor
    coins = coins_for(went + minor - (given - whole), step) - whole
    if sale.came_minor is not None:
        coins = min(coins, (sale.came_minor - given) // step.step_minor * step.step_minor)
    return max(0, coins)


def with_coins(order: Order, shares: tuple[GaveBack, ...], step: CashStep) -> tuple[GaveBack, ...]:
    """The shares of a refund in cash that `order` is about to give, with the coins that each sale's
    part is paid in, on the first share of that sale."""
    before = [share for tender in order.tenders if tender.is_cash() for share in tender.gave_back]
    of_sales: dict[str, int] = {}
    for share in (*before, *shares):
        of_sales[share.order_id] = of_sales.get(share.order_id, 0) + share.amount_minor
    sales = {sale.order_id: sale for sale in order.cash_back}
    found: list[GaveBack] = []
    for share in shares:
        coins = 0
        if share.order_id in of_sales:
            minor, sale = of_sales.pop(share.order_id), sales.get(share.order_id)
            coins = coins_for(minor, step) if sale is None else _coins_of(sale, minor, step)
            paid = (e for e in before if e.order_id == share.order_id)
            coins -= sum(entry.coins_minor or 0 for entry in paid)
        found.append(altered(share, coins_minor=coins))
    return tuple(found)
