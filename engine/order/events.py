"""Facts of an order's stream `order/<id>`. A completed order copies; nothing is computed twice."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

from attrs import frozen

from engine.coupon.model import CouponUse, Presented
from engine.decision import EVENTS
from engine.personal import Personal
from engine.promotion.model import LinePromotion
from engine.record import HeadMark
from engine.taxation import (
    CashStep,
    Dining,
    Exemption,
    LineTax,
    ReturnTax,
    RuleTax,
    TaxShare,
)


class DiscountKind(Enum):
    """How a discount's value reads: PERCENT in ppm, AMOUNT in minor units."""

    PERCENT = "percent"
    AMOUNT = "amount"


class Audience(Enum):
    """Who a note is for: INTERNAL goes to the kitchen, CUSTOMER to the receipt."""

    INTERNAL = "internal"
    CUSTOMER = "customer"


@frozen
class LineItem:
    """What a line sells, in the words and at the price of that moment.

    `factor_milli` is the stock a quantity of one stands for; `price_book` the catalog version.
    """

    item_id: str
    name: str
    variation: str
    department: str
    tax_class: str
    unit: str
    unit_price_micros: int
    code: str
    factor_milli: int
    price_book: int
    discountable: bool = True
    open_price: bool = False


@frozen
class ReturnOf:
    """Where a return line comes from and the exact money that goes back (all negative or zero).

    `taxes` are what of each tax goes back, where the sale was taxed by rules.
    """

    order_id: str
    line: int
    receipt_number: str
    rate_ppm: int
    total_minor: int
    tax_minor: int
    reason: str
    taxes: tuple[ReturnTax, ...] = ()


@frozen
class LineFigures:
    """One line's frozen amounts in minor units. net = amount + promotions + discounts + comp;
    total = base + tax. Sales of before there were promotions have none.

    `unit_price_micros` is the price that counted (-1 in sales of before there were price lists: the
    line's own), of `price_list` ("": the item's own), marked down from `was_micros` (0: it is not).
    `cost_minor` is what the goods cost the shop, 0 where nobody said.

    `taxes` are those that rules made, in the order they are counted; `rate_ppm` is then the sum of
    the percentages that are charged.
    """

    line: int
    amount_minor: int
    line_discount_minor: int
    order_discount_minor: int
    net_minor: int
    base_minor: int
    tax_minor: int
    total_minor: int
    rate_ppm: int
    promotions: tuple[LinePromotion, ...] = ()
    taxes: tuple[LineTax, ...] = ()
    unit_price_micros: int = -1
    price_list: str = ""
    was_micros: int = 0
    comp_minor: int = 0
    cost_minor: int = 0

    def promotion_minor(self) -> int:
        """What all promotions took off."""
        return sum(entry.amount_minor for entry in self.promotions)


@frozen
class TaxFigures:
    """One tax class and rate of the document, or one tax that rules made of it.

    For the latter `tax_class` is the rule's id, `rate_ppm` its percentage (nought for a tax by the
    unit) and `uncharged_minor` what it comes to where it is not charged.
    """

    tax_class: str
    rate_ppm: int
    base_minor: int
    tax_minor: int
    total_minor: int
    rule: RuleTax | None = None
    uncharged_minor: int = 0

    def key(self) -> tuple[str | int, ...]:
        """What tells it apart from every other tax, and the order reports list them in."""
        own = (self.tax_class, self.rate_ppm)
        return own if self.rule is None else (*own, *self.rule.key())

    def plus(self, other: TaxFigures) -> TaxFigures:
        """This with what the same tax comes to elsewhere."""
        return TaxFigures(
            self.tax_class,
            self.rate_ppm,
            self.base_minor + other.base_minor,
            self.tax_minor + other.tax_minor,
            self.total_minor + other.total_minor,
            self.rule,
            self.uncharged_minor + other.uncharged_minor,
        )


@frozen
class Figures:
    """Every amount of a document, computed once. `rules` names the policy that made them.

    `discount_minor` is all that came off, of which `promotion_minor` by promotions; `comp_minor`,
    what was given away, is apart from it. `tax_version` is that of the tax rules, nought where tax
    classes were used; `cash` is set where the rules say how cash rounds.
    """

    lines: tuple[LineFigures, ...]
    taxes: tuple[TaxFigures, ...]
    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int
    rules: str
    promotion_minor: int = 0
    tax_version: int = 0
    dining: Dining | None = None
    cash: CashStep | None = None
    comp_minor: int = 0

    def promotion_amount_minor(self, promotion: str) -> int:
        """What one promotion took off, zero or less."""
        entries = (entry for row in self.lines for entry in row.promotions)
        return sum(entry.amount_minor for entry in entries if entry.promotion == promotion)

    def settings_version(self) -> int:
        """Which version of the store's settings made these figures."""
        return int(self.rules.rpartition("/")[2])


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
    """A line was rung up. Quantity is net of tare, in thousandths."""

    order_id: str
    line: int
    item: LineItem
    quantity_milli: int
    tare_milli: int


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
    """The customer is of this group ("": of none); `member` is the customer's number, if any."""

    order_id: str
    group: str
    member: str
    operator: str
    approver: str


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


@EVENTS.name("order.tendering_started/1")
@frozen
class TenderingStarted:
    """The figures are fixed until every tender is undone."""

    order_id: str
    figures: Figures


@EVENTS.name("order.tendering_undone/1")
@frozen
class TenderingUndone:
    """Back to ringing up."""

    order_id: str


@EVENTS.name("order.cash_tendered/2")
@frozen
class CashTendered:
    """Cash handed over (negative: paid out). Rounding is the order's, not the tender's."""

    order_id: str
    tender: int
    amount_minor: int


@EVENTS.name("order.tender_undone/1")
@frozen
class TenderUndone:
    """A tender was handed back before completion."""

    order_id: str
    tender: int


@frozen
class TenderFigures:
    """One tender of a completed order."""

    tender: int
    kind: str
    amount_minor: int


@EVENTS.name("order.completed/1")
@frozen
class OrderCompleted:
    """A sale. Copies the frozen figures; total + rounding = tenders - change.

    `receipt_sequence` counts per register (and per training), without gaps; `cash_minor` is what
    the drawer gained. `head` is what the receipt says of the journal; sales of before that was
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
    | TenderingUndone
    | CashTendered
    | TenderUndone
    | OrderCompleted
    | OrderReturned
    | ReceiptReprinted
    | CustomerGroupChosen
    | ChannelChosen
    | PromotionChosen
    | CouponPresented
    | CouponWithdrawn
    | LineComped
    | OrderComped
)
