"""What the store offers: its promotions, prices and charges, and what is left of their limits."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from engine.charge.decide import Charges
from engine.coupon.redeemed import Redeemed
from engine.price_list.decide import Prices
from engine.promotion.deals import Deals
from engine.promotion.held import Holder


@frozen(eq=False)
class Offers:
    """`deals` is None where no promotion is in force; `redeemed` is the books' own, to read, as are
    `open_orders`, by id: those of live sales, which hold what they have of limited promotions."""

    deals: Deals | None = None
    prices: Prices = field(factory=Prices)
    redeemed: Redeemed = field(factory=Redeemed)
    charges: Charges = field(factory=Charges)
    open_orders: Mapping[str, Holder] = field(factory=dict)
