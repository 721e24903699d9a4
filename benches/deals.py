"""What promotions cost a command of the engine: `Deals.take_off` on whole carts, and one scan.

Rows of `benches.native`. The shop has 5,000 items and 500 promotions, six in ten on each unit, each
on 20 items, so that an item is in two of them; the engine prices the whole cart at every command,
thoroughly, and a scan that is only shown is what `native.Cart` takes more for one line.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns

from attrs import frozen

import native
from engine.circumstances import Circumstances, week_second
from engine.limits import NS_PER_S
from engine.promotion.deals import Deals, Left, compiled
from engine.promotion.model import (
    Benefit,
    BenefitKind,
    LinePromotion,
    Off,
    OffKind,
    Policy,
    Promotion,
    Selection,
    Slot,
    Tier,
)

ITEMS = 5_000
PROMOTIONS = 500
ITEMS_EACH = 20
NOW_NS = 1_800_000_000_000_000_000
AROUND = Circumstances(
    channel="till",
    store="store-1",
    now_s=NOW_NS // NS_PER_S,
    week_s=week_second(NOW_NS, 3_600),
    business_week_s=week_second(NOW_NS, 3_600),
)


@frozen
class Goods:
    """An article by the piece."""

    item_id: str
    unit_price_micros: int
    department: str = "food"
    unit: str = "piece"
    discountable: bool = True


@frozen
class Anybody:
    """A customer who is nobody in particular, at the only till."""

    around: Circumstances = AROUND
    promotions: frozenset[str] = frozenset()

    def left(self, promotion: Promotion) -> tuple[Left, ...]:
        """No promotion here has limits of its own."""
        return ()


def shop_deals() -> Deals:
    """500 promotions, compiled for the shop."""
    promotions = tuple(_promotion(number) for number in range(PROMOTIONS))
    return compiled(promotions, Policy.BEST, {_id(at): "food" for at in range(ITEMS)})


def _id(item: int) -> str:
    return f"item-{item:05}"


def _promotion(number: int) -> Promotion:
    off = Off(OffKind.PERCENT, 50_000 * (1 + number * 7 % 8))
    benefits = {
        6: Benefit(BenefitKind.BUNDLE, off, slots=(Slot(0, 2),)),
        7: Benefit(BenefitKind.BUNDLE, off, slots=(Slot(0, 3),)),
        8: Benefit(BenefitKind.BUY_GET, Off(OffKind.PERCENT, 1_000_000), buy=2, get=1),
        9: Benefit(BenefitKind.TIERS, tiers=(Tier(3, off),)),
    }
    items = tuple(_id((number * 131 + at * 977) % ITEMS) for at in range(ITEMS_EACH))
    benefit = benefits.get(number % 10, Benefit(BenefitKind.EACH, off))
    return Promotion(f"deal-{number}", f"Deal {number}", benefit, (Selection(items),))


def cart_of(count: int) -> list[tuple[Goods, int, int]]:
    """A cart of so many lines of one to three pieces."""
    return [
        (
            Goods(_id(at * 389 % ITEMS), 990_000 + 370_000 * (at % 23)),
            1_000 * (1 + (at % 7 == 0) + (at % 11 == 0)),
            0,
        )
        for at in range(count)
    ]


def take_off(deals: Deals, count: int) -> Callable[[], list[tuple[LinePromotion, ...]]]:
    """Price a cart of so many lines as a command does."""
    lines, asked = cart_of(count), Anybody()

    def call() -> list[tuple[LinePromotion, ...]]:
        return deals.take_off(lines, asked, 2)

    return call


def scan_ns(deals: Deals, count: int, rounds: int) -> tuple[int, int]:
    """The last scan of a cart of so many lines, from Python: nanoseconds, the shortest of some
    rounds; and what the cart then comes to, in minor units."""
    lines = [
        (deals.place(item), item.unit_price_micros, quantity, True, item.discountable, floor)
        for item, quantity, floor in cart_of(count)
    ]
    cart = native.Cart(deals.compiled, effort="quick")
    for line in lines[:-1]:
        cart.add_line(line)
    # Scanned and taken out again over and over, so only the scans are timed.
    taken_ns = []
    for number in range(count - 1, count - 1 + max(1, rounds)):
        begun = perf_counter_ns()
        cart.add_line(lines[-1])
        taken_ns.append(perf_counter_ns() - begun)
        total_minor = cart.total_minor
        cart.remove_line(number)
    return min(taken_ns), total_minor
