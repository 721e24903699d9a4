"""The shapes of what a store offers, frees of, and of why an offer takes nothing off an order."""

from __future__ import annotations

from attrs import frozen

from engine.charge.model import ChargeKind


@frozen
class OfferView:
    """A promotion by what people call it."""

    promotion: str
    name: str


@frozen
class RewardView:
    """A promotion that costs points, each time it applies; those that apply by themselves are not
    chosen."""

    promotion: str
    name: str
    costs_points: int
    by_itself: bool


@frozen
class PriceListView:
    """A price list by what people call it."""

    price_list: str
    name: str


@frozen
class PromotionReasonView:
    """What a promotion takes off an order, zero or less; where it is zero, `why` names the first of
    its clauses that fails, in a word of `CouponView.why`, or coupon_missing.

    Of quantity_too_small `have` and `need` are units, of spend_too_small minor units. `by` is the
    name of the promotion it lost to, and `alone_minor`, zero or less, what it would take off if
    there were no other. `item` is the name of the goods that are excepted. `asked_by` says what a
    promotion waits for that does not come by itself: coupon | operator | member | "". Of
    held_by_open_order `held_at` is the register of the other order, "" where it is parked.
    """

    promotion: str
    name: str
    amount_minor: int
    why: str
    have: int
    need: int
    by: str
    alone_minor: int
    item: str
    asked_by: str
    held_at: str = ""


@frozen
class OrderPromotionsView:
    """The promotions in force and an order: those that take something off first, then those that
    nearly do. `left_out` is how many there are besides."""

    order_id: str
    promotions: tuple[PromotionReasonView, ...]
    left_out: int


@frozen
class CouponView:
    """A coupon on an order and what it takes off, zero or less; `why` it takes nothing ("" where it
    does): outside_window | other_store | other_channel | other_customer_group | limit_reached |
    held_by_open_order (another has it) | no_item | item_excluded |
    quantity_too_small | spend_too_small | price_floor | no_saving | units_consumed |
    lost_to_better | not_in_force."""

    code: str
    promotion: str
    name: str
    amount_minor: int
    why: str


@frozen
class ChargeView:
    """A charge of an order in minor units, as it is priced; `amount_minor` 0 and `waived` why where
    somebody let it go. `kind`: service | gratuity | fee."""

    line: int
    charge: str
    name: str
    kind: ChargeKind
    percent_ppm: int
    amount_minor: int
    returned: bool
    waived: str = ""


@frozen
class ChosenView:
    """A promotion an operator gave, and why."""

    promotion: str
    name: str
    reason: str


@frozen
class ExemptionView:
    """Why the order is free of taxes. Of a class of customers alone there is no certificate.

    `customer` is personal, "" where the reader must not see it. Free of which taxes is told by
    their jurisdictions, their types and the goods' categories; none of one of these is all of them.
    """

    certificate: str
    customer: str
    reason: str
    valid_until: str
    customer_class: str
    jurisdictions: tuple[str, ...] = ()
    tax_types: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
