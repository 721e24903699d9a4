"""A promotion as the shop writes it down: goods by id and department, amounts in minor units.

The meaning of each kind of benefit, and how promotions compete, is the native floor's
(`native/core/src/promo/`); `engine/promotion/deals.py` translates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum

from attrs import frozen

from engine.coupon.model import CouponRule


class OffKind(Enum):
    """How an `Off` reads: ppm off, minor units off, or the minor units that are left to pay."""

    PERCENT = "percent"
    AMOUNT = "amount"
    PRICE = "price"


class BenefitKind(Enum):
    """What a promotion gives; each says which fields of `Benefit` it reads beside `off`."""

    EACH = "each"
    """Off every unit of `selection`."""
    BUNDLE = "bundle"
    """Off units that fill all `slots` together: n for a price, n for a percentage, a fixed set."""
    BUY_GET = "buy_get"
    """`buy` units of `selection` pay, `get` of `get_selection` are rewarded as `pick` says."""
    TIERS = "tiers"
    """A price by quantity of `selection`, by `tiers` instead of `off`."""
    CART = "cart"
    """Off the sum of `selection`."""
    EVERY_SPEND = "every_spend"
    """An AMOUNT off for every full `step_minor` spent on `selection`."""


class Pick(Enum):
    """Which units are rewarded."""

    CHEAPEST = "cheapest"
    DEAREST = "dearest"


class GateKind(Enum):
    """What a cart must hold: so many units, so much spent in minor units, or some of several."""

    MIN_QUANTITY = "min_quantity"
    MIN_SPEND = "min_spend"
    MIN_SETS = "min_sets"


class Policy(Enum):
    """How promotions that want the same units are settled."""

    BEST = "best"
    """The largest saving for the customer."""
    STRICT_PRIORITY = "strict_priority"
    """The higher priority first, whatever it saves."""


class ReturnPolicy(Enum):
    """What of a promotion goes back with some of its goods."""

    KEEP = "keep"
    """What it left to pay for them: the other goods keep their part of it."""
    REEVALUATE = "reevaluate"
    """What was paid, less what the goods that stay cost under the promotions of the sale."""


@frozen
class Selection:
    """Goods by item id and by department, every one where neither is named; less the exceptions."""

    items: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    except_items: tuple[str, ...] = ()


@frozen
class Off:
    """What comes off; `value` reads as `kind` says."""

    kind: OffKind
    value: int


@frozen
class Slot:
    """A part of a bundle: `count` units of the selection at that place."""

    selection: int
    count: int


@frozen
class Tier:
    """From so many units on, this comes off each."""

    from_count: int
    off: Off


@frozen
class Benefit:
    """What a promotion gives. Selections are named by their place in the promotion."""

    kind: BenefitKind
    off: Off | None = None
    selection: int = 0
    slots: tuple[Slot, ...] = ()
    buy: int = 0
    get: int = 0
    get_selection: int = 0
    pick: Pick = Pick.CHEAPEST
    tiers: tuple[Tier, ...] = ()
    marginal: bool = False
    step_minor: int = 0


@frozen
class Gate:
    """What the cart must hold of a selection: units, or minor units, as `kind` says.

    MIN_SETS asks for `value` units of each of at least `least` of the `selections`.
    """

    kind: GateKind
    value: int
    selection: int = 0
    selections: tuple[int, ...] = ()
    least: int = 0


@frozen
class Span:
    """Minutes of the store's local week, from Monday 00:00; `until_minute` is outside."""

    from_minute: int
    until_minute: int


@frozen
class LinePromotion:
    """What a promotion took off a line, zero or less in minor units; `name` is what people read.

    `coupon` is the rule of the coupon that asked for it, `vendor_minor` the vendor's part of the
    amount; the rest is the store's. Sales of before there were coupons have neither.
    `rounding_micro` is the amount less its exact share of what the promotion took off in all, in
    millionths of a minor unit. `points` is the line's part of the points it cost the member.
    """

    promotion: str
    name: str
    amount_minor: int
    coupon: str = ""
    vendor_minor: int = 0
    rounding_micro: int = 0
    points: int = 0


@frozen
class PromotionShare:
    """What comes back of a promotion's part with goods that do, in minor units; below zero where
    the goods that stay get more of it than before. `vendor_minor` is the vendor's part of it,
    `points` are the member's again."""

    promotion: str
    name: str
    amount_minor: int
    vendor_minor: int = 0
    points: int = 0

    def mapped(self, change: Callable[[int], int]) -> PromotionShare:
        """The same promotion, each of its amounts changed."""
        return PromotionShare(
            self.promotion,
            self.name,
            change(self.amount_minor),
            change(self.vendor_minor),
            change(self.points),
        )

    def plus(self, other: PromotionShare) -> PromotionShare:
        """This and more of the same promotion, under its latest name."""
        return PromotionShare(
            self.promotion,
            other.name,
            self.amount_minor + other.amount_minor,
            self.vendor_minor + other.vendor_minor,
            self.points + other.points,
        )

    def less(self, other: PromotionShare | None) -> PromotionShare:
        """This without that of the same promotion."""
        if other is None:
            return self
        return self.plus(other.mapped(lambda minor: -minor))

    def at_least_nothing(self) -> PromotionShare:
        """This where it is above zero."""
        return self.mapped(lambda minor: max(0, minor))

    def is_some(self) -> bool:
        """Whether any of it is not zero."""
        return bool(self.amount_minor or self.vendor_minor or self.points)


def promotion_shares_sum(shares: Iterable[PromotionShare]) -> tuple[PromotionShare, ...]:
    """One share a promotion, by its id."""
    found: dict[str, PromotionShare] = {}
    for share in shares:
        known = found.get(share.promotion)
        found[share.promotion] = share if known is None else known.plus(share)
    return tuple(found[key] for key in sorted(found))


def taken_by(entries: Iterable[LinePromotion]) -> tuple[PromotionShare, ...]:
    """What promotions took off, as it would all come back: one share a promotion, by its id."""
    return promotion_shares_sum(
        PromotionShare(one.promotion, one.name, -one.amount_minor, -one.vendor_minor, one.points)
        for one in entries
    )


@frozen
class Promotion:
    """One promotion. `name` is what the customer reads.

    `starts_s` and `ends_s` are seconds since 1970 (0: open), the end outside; `weekly` restricts it
    to hours of the week; with `business_day` both go by the business day, which begins at the
    store's cut-off, and not by its clock. `limit_per_cart` 0 is none. Two promotions share a unit
    only where the `tags` of each are among what the other `stacks_with`. `vendor_ppm` is the
    vendor's part of the cost, the rest is the store's.

    Who gets it: customers of `customer_groups` (one suffices), on `channels`, in `stores`; whoever
    presents the `coupon`; with `manual` whoever an operator gives it to, with a reason; with
    `employees` the shop's own people, for whom it goes after all others. What is left of it:
    `sales_per_member` and `yearly_minor` are for one member (nobody without a number gets it),
    `budget_minor` for the whole store; 0 is no limit. `returns` says what goes back with goods.

    A reward costs the member `costs_points` each time it applies (`each`: for each unit), as often
    as there are points; it applies where it was chosen, `by_itself` without that. With `tenders` it
    is for orders that will be paid so: `cash`, `card`, or `card:` and a brand as terminals tell it.
    """

    id: str
    name: str
    benefit: Benefit
    selections: tuple[Selection, ...] = (Selection(),)
    gates: tuple[Gate, ...] = ()
    priority: int = 0
    exclusive_group: str = ""
    tags: tuple[str, ...] = ()
    stacks_with: tuple[str, ...] = ()
    starts_s: int = 0
    ends_s: int = 0
    weekly: tuple[Span, ...] = ()
    limit_per_cart: int = 0
    count_nondiscountable: bool = False
    vendor_ppm: int = 0
    customer_groups: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    coupon: CouponRule | None = None
    manual: bool = False
    employees: bool = False
    sales_per_member: int = 0
    yearly_minor: int = 0
    budget_minor: int = 0
    business_day: bool = False
    returns: ReturnPolicy = ReturnPolicy.KEEP
    costs_points: int = 0
    by_itself: bool = False
    tenders: tuple[str, ...] = ()

    def is_chosen(self) -> bool:
        """Whether it is a reward that somebody has to choose."""
        return self.costs_points > 0 and not self.by_itself


@frozen
class LineFloor:
    """A line's lowest lawful unit price in micros."""

    line: int
    unit_price_micros: int


@frozen
class Recorded:
    """The promotions that took something off a sale, without their conditions, which held: what
    its goods are priced under when some of them come back. `floors` are of the lines that have one.
    """

    promotions: tuple[Promotion, ...]
    policy: Policy
    floors: tuple[LineFloor, ...] = ()
