"""What an order still asks for, and the one place where cash rounding is decided.

Rounding belongs to the cash part of the order as a whole, never to one tender: whichever tender is
handed back and whichever comes in its place, the amount that stays in the drawer is one the coins
can pay. It counts once the cash on the counter covers the rounded part; until then, and for a
customer who counts out the exact amount in coins the store rounds away, nothing is rounded.

Notes of another currency are worth what no coins here may come to, and what is over comes back in
coins. So they count as a card does for what is rounded, and as cash does for when.

What goes back in cash is rounded for each sale it is of, together with what went back of that
before (`engine.order.coins_back`): pieces that come back one by one bring in all what they would
bring at once, never more.
"""

from __future__ import annotations

from attrs import frozen

from engine.order.coins_back import coins_back, coins_for
from engine.order.figures import Figures
from engine.order.state import Order
from engine.settings import StoreRules
from engine.taxation import CashStep


@frozen
class Due:
    """`left_minor` is total + rounding - tenders: positive to pay, negative to give back.

    `in_cash_minor` is what the next tender must be to settle all of it in cash; `rounding_minor`
    is what rounding adds to the total as things stand. All in minor units. `goes_back` says which
    way money goes: an order whose goods come to less than nothing is paid all the same where more
    of it is owed to nobody than is left to give back.
    """

    left_minor: int
    in_cash_minor: int
    rounding_minor: int
    goes_back: bool = False

    def is_due(self) -> bool:
        """Whether something is left that goes the way money goes here."""
        return self.left_minor < 0 if self.goes_back else self.left_minor > 0


def coin_of(figures: Figures, rules: StoreRules) -> CashStep:
    """How cash rounds for what comes to `figures`: as they say, else as the store's rules do now.

    Frozen figures always say it, but for those of a release that only had it from tax rules.
    """
    return figures.cash or CashStep(rules.cash_step_minor, rules.cash_mode)


def due_of(order: Order, figures: Figures, rules: StoreRules) -> Due:
    """What `order` still asks for when it comes to `figures`; cash rounds as `coin_of` says."""
    total_minor = figures.total_minor
    step = coin_of(figures, rules)
    cash_minor = sum(tender.amount_minor for tender in order.tenders if tender.kind == "cash")
    foreign_minor = sum(tender.amount_minor for tender in order.tenders if tender.foreign)
    cash_part = total_minor - (order.tendered_minor() - cash_minor)
    # Change for notes is part of what a sale comes to, less the notes: it rounds as the sale does,
    # though it is below zero. An even number of steps changes nothing else about a rounding.
    lift = -(-foreign_minor // (2 * step.step_minor)) * 2 * step.step_minor
    goes_back = total_minor < 0 and cash_part <= 0
    if goes_back:
        rounded = -coins_back(order, -cash_part, step)
    else:
        rounded = coins_for(cash_part + lift, step) - lift
    in_cash, rounding = rounded - cash_minor, rounded - cash_part
    settled = any(tender.is_cash() for tender in order.tenders) and (
        in_cash <= 0 if total_minor > 0 or cash_part > 0 else in_cash == 0
    )
    if settled:
        return Due(in_cash, in_cash, rounding, goes_back)
    return Due(cash_part - cash_minor, in_cash, 0, goes_back)
