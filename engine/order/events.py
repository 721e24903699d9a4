"""Facts of an order's stream `order/<id>`. A completed order copies; nothing is computed twice."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

from attrs import frozen

from engine.coupon.model import CouponUse, Presented
from engine.decision import EVENTS
from engine.order.figures import (
    DiscountKind,
    Figures,
    LineItem,
    ReturnOf,
    TenderFigures,
)
from engine.order.tender_events import (
    CardTendered,
    CashTendered,
    CashWentBack,
    CreditTendered,
    ForeignTendered,
    LinkTendered,
    NotOwedTendered,
    TabClosed,
    TabOpened,
    TenderingStarted,
    TenderingUndone,
    TenderRefunded,
    TenderUndone,
    TenderUnpaid,
    TipAdjusted,
    TipAnswered,
    TipAsked,
    TipLeft,
)
from engine.personal import Personal
from engine.promotion.held import Held
from engine.promotion.model import PromotionShare
from engine.record import HeadMark
from engine.taxation import (
    Dining,
    Exemption,
    TaxShare,
)


class Audience(Enum):
    """Who a note is for: INTERNAL goes to the kitchen, CUSTOMER to the receipt."""

    INTERNAL = "internal"
    CUSTOMER = "customer"


@EVENTS.name("order.opened/1")
@frozen
class OrderOpened:
    """An order began at a register, on its channel ("": across the counter)."""

    order_id: str
    register: str
    operator: str
    channel: str = ""


@EVENTS.name("order.line_added/1")
@frozen
class LineAdded:
    """A line was rung up. Quantity is net of tare, in thousandths. `linked_to` is the line whose
    deposit this one is, 0 where it is none."""

    order_id: str
    line: int
    item: LineItem
    quantity_milli: int
    tare_milli: int
    linked_to: int = 0


@EVENTS.name("order.return_line_added/1")
@frozen
class ReturnLineAdded:
    """A line goes back. `quantity_milli` is negative; the money is what was paid for it."""

    order_id: str
    line: int
    item: LineItem
    quantity_milli: int
    source: ReturnOf


@EVENTS.name("order.line_quantity_changed/1")
@frozen
class LineQuantityChanged:
    """Another quantity."""

    order_id: str
    line: int
    quantity_milli: int


@EVENTS.name("order.line_price_overridden/1")
@frozen
class LinePriceOverridden:
    """Another unit price: old, new, who and why."""

    order_id: str
    line: int
    old_unit_price_micros: int
    new_unit_price_micros: int
    operator: str
    approver: str
    reason: str


@EVENTS.name("order.line_discounted/1")
@frozen
class LineDiscounted:
    """A line's discount is now this one; value 0 takes it off."""

    order_id: str
    line: int
    kind: DiscountKind
    value: int
    reason: str
    operator: str
    approver: str


@EVENTS.name("order.discounted/1")
@frozen
class OrderDiscounted:
    """The whole order's discount is now this one; value 0 takes it off."""

    order_id: str
    kind: DiscountKind
    value: int
    reason: str
    operator: str
    approver: str


@EVENTS.name("order.customer_group_chosen/1")
@frozen
class CustomerGroupChosen:
    """The customer is of this group ("": of none); `member` is the customer's number, if any, and
    `points` are what was told of the member's balance."""

    order_id: str
    group: str
    member: str
    operator: str
    approver: str
    points: int = 0


@EVENTS.name("order.reward_chosen/1")
@frozen
class RewardChosen:
    """The member spends points on a reward, or, `withdrawn`, no longer does."""

    order_id: str
    promotion: str
    operator: str
    withdrawn: bool = False


@EVENTS.name("order.channel_chosen/1")
@frozen
class ChannelChosen:
    """How the order came in; "" is across the counter."""

    order_id: str
    channel: str


@EVENTS.name("order.promotion_chosen/1")
@frozen
class PromotionChosen:
    """An operator gives a promotion; an empty reason takes it back."""

    order_id: str
    promotion: str
    reason: str
    operator: str
    approver: str


@EVENTS.name("order.tender_chosen/1")
@frozen
class TenderChosen:
    """The order will be paid so, in lower case; "" is as it comes."""

    order_id: str
    tender: str
    operator: str


@EVENTS.name("order.coupon_presented/1")
@frozen
class CouponPresented:
    """A coupon is on the order; while it is, a code that is good once is on no other."""

    order_id: str
    presented: Presented


@EVENTS.name("order.coupon_withdrawn/1")
@frozen
class CouponWithdrawn:
    """A coupon is no longer on the order."""

    order_id: str
    code: str


@EVENTS.name("order.promotions_held/1")
@frozen
class PromotionsHeld:
    """What the order, while it is rung up, has of promotions that are limited for each member or
    by a budget: no other order of that member, or no other at all, has so much of them. All of it,
    in place of what it held before. Older journals tell nothing of a budget."""

    order_id: str
    held: tuple[Held, ...]


@EVENTS.name("order.guests_told/1")
@frozen
class GuestsTold:
    """How many people the order is for."""

    order_id: str
    guests: int
    operator: str


@EVENTS.name("order.charge_waived/1")
@frozen
class ChargeWaived:
    """A charge was let go, with the reason; an empty reason brings it back."""

    order_id: str
    charge: str
    reason: str
    operator: str
    approver: str


@EVENTS.name("order.line_comped/1")
@frozen
class LineComped:
    """A line is given away for this reason; an empty one takes that back."""

    order_id: str
    line: int
    reason: str
    operator: str
    approver: str


@EVENTS.name("order.comped/1")
@frozen
class OrderComped:
    """The whole order is given away for this reason; an empty one takes that back."""

    order_id: str
    reason: str
    operator: str
    approver: str


@EVENTS.name("order.noted/1")
@frozen
class Noted:
    """A note on a line, or on the order where line is 0. `text` is personal of the order."""

    order_id: str
    line: int
    audience: Audience
    text: Annotated[str, Personal("order_id")]


@EVENTS.name("order.dining_chosen/1")
@frozen
class DiningChosen:
    """How the order is handed over."""

    order_id: str
    dining: Dining
    operator: str


@EVENTS.name("order.exempted/1")
@frozen
class OrderExempted:
    """The order's exemption is now this one; neither a certificate nor a class takes it off.

    The fields are those of `Exemption`; `customer` is personal of the order.
    """

    order_id: str
    certificate: str
    customer: Annotated[str, Personal("order_id")]
    reason: str
    valid_until: str
    jurisdictions: frozenset[str]
    tax_types: frozenset[str]
    categories: frozenset[str]
    customer_class: str
    operator: str
    approver: str

    def exemption(self) -> Exemption | None:
        """What it makes of the order."""
        if not self.certificate and not self.customer_class:
            return None
        return Exemption(
            self.certificate,
            self.customer,
            self.reason,
            self.valid_until,
            self.jurisdictions,
            self.tax_types,
            self.categories,
            self.customer_class,
        )


@EVENTS.name("order.line_voided/1")
@frozen
class LineVoided:
    """A line no longer counts; it stays on record."""

    order_id: str
    line: int
    reason: str
    operator: str


@EVENTS.name("order.voided/1")
@frozen
class OrderVoided:
    """The order ended without a sale."""

    order_id: str
    register: str
    reason: str
    operator: str
    approver: str
    total_minor: int


@EVENTS.name("order.suspended/1")
@frozen
class OrderSuspended:
    """Parked; any register may take it. `label` is personal of the order."""

    order_id: str
    register: str
    label: Annotated[str, Personal("order_id")]


@EVENTS.name("order.resumed/1")
@frozen
class OrderResumed:
    """Taken up at a register."""

    order_id: str
    register: str
    operator: str


@EVENTS.name("order.completed/1")
@frozen
class OrderCompleted:
    """A sale. Copies the frozen figures; total + rounding = tenders - change.

    `receipt_sequence` counts per register (and per training), without gaps; `cash_minor` is what
    the drawer gained in the store's currency: below zero too where change was given for notes of
    another. `head` is what the receipt says of the journal; sales of before that was
    printed have none. `coupons` gave something and are used up where they are good once;
    `restored` are the keys of coupons whose sale went back whole; `member` is the customer's.
    """

    order_id: str
    register: str
    operator: str
    receipt_number: str
    receipt_sequence: int
    figures: Figures
    tenders: tuple[TenderFigures, ...]
    rounding_minor: int
    change_minor: int
    cash_minor: int
    till_session: int
    returned_minor: int
    open_price_minor: int
    voided_lines: int
    head: HeadMark | None = None
    coupons: tuple[CouponUse, ...] = ()
    restored: tuple[str, ...] = ()
    member: str = ""


@EVENTS.name("order.returned/1")
@frozen
class OrderReturned:
    """On the original's stream: part of a line went back in another completed order."""

    order_id: str
    line: int
    quantity_milli: int
    total_minor: int
    tax_minor: int
    by_order: str
    taxes: tuple[TaxShare, ...] = ()
    promotions: tuple[PromotionShare, ...] = ()


@EVENTS.name("order.receipt_reprinted/1")
@frozen
class ReceiptReprinted:
    """A copy of a receipt was asked for, with or without the reasons of its prices."""

    order_id: str
    register: str
    operator: str
    receipt_number: str
    explained: bool = False


OrderEvent = (
    OrderOpened
    | LineAdded
    | ReturnLineAdded
    | LineQuantityChanged
    | LinePriceOverridden
    | LineDiscounted
    | OrderDiscounted
    | Noted
    | DiningChosen
    | OrderExempted
    | LineVoided
    | OrderVoided
    | OrderSuspended
    | OrderResumed
    | TenderingStarted
    | CashWentBack
    | TenderingUndone
    | CashTendered
    | CardTendered
    | ForeignTendered
    | CreditTendered
    | LinkTendered
    | NotOwedTendered
    | TenderRefunded
    | TabOpened
    | TipAdjusted
    | TipAsked
    | TipAnswered
    | TipLeft
    | TabClosed
    | TenderUndone
    | TenderUnpaid
    | OrderCompleted
    | OrderReturned
    | ReceiptReprinted
    | CustomerGroupChosen
    | ChannelChosen
    | PromotionChosen
    | CouponPresented
    | CouponWithdrawn
    | GuestsTold
    | ChargeWaived
    | LineComped
    | OrderComped
    | RewardChosen
    | TenderChosen
    | PromotionsHeld
)

Circumstance = (
    CustomerGroupChosen
    | ChannelChosen
    | PromotionChosen
    | CouponPresented
    | CouponWithdrawn
    | OrderComped
    | GuestsTold
    | ChargeWaived
    | RewardChosen
    | TenderChosen
    | DiningChosen
    | OrderExempted
    | PromotionsHeld
)
