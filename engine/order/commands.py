"""What may be asked of orders. A register's current order is meant unless an id is given."""

from __future__ import annotations

from attrs import frozen

from engine.decision import COMMANDS
from engine.order.events import (
    Audience,
)
from engine.order.figures import DiscountKind
from engine.taxation import Dining


@COMMANDS.name("order.open")
@frozen
class OpenOrder:
    """Begin an order at this register. `order_id` is the client's; empty takes the command's id."""

    order_id: str = ""


@COMMANDS.name("order.add_line")
@frozen
class AddLine:
    """Ring up a code, or an item by id where `code` is empty; opens an order if there is none. A
    code that is a coupon's is presented; the answer's line is 0 then.

    `quantity_milli` is gross; `tare_milli` is taken off.
    """

    code: str = ""
    item_id: str = ""
    quantity_milli: int = 1000
    tare_milli: int = 0


@COMMANDS.name("order.add_open_line")
@frozen
class AddOpenLine:
    """Ring up something that is not in the catalog, by name, price and tax class."""

    name: str
    unit_price_micros: int
    tax_class: str
    quantity_milli: int = 1000
    department: str = ""


@COMMANDS.name("order.change_quantity")
@frozen
class ChangeQuantity:
    """Set a line's quantity."""

    line: int
    quantity_milli: int


@COMMANDS.name("order.override_price")
@frozen
class OverridePrice:
    """Set a line's unit price, with the reason."""

    line: int
    unit_price_micros: int
    reason: str


@COMMANDS.name("order.discount_line")
@frozen
class DiscountLine:
    """Set a line's discount; value 0 takes it off."""

    line: int
    kind: DiscountKind
    value: int
    reason: str = ""


@COMMANDS.name("order.discount_order")
@frozen
class DiscountOrder:
    """Set the order's discount; value 0 takes it off."""

    kind: DiscountKind
    value: int
    reason: str = ""


@COMMANDS.name("order.comp_line")
@frozen
class CompLine:
    """Give a line away, with the reason; `withdraw` takes that back."""

    line: int
    reason: str = ""
    withdraw: bool = False


@COMMANDS.name("order.comp_order")
@frozen
class CompOrder:
    """Give the whole order away, with the reason; `withdraw` takes that back."""

    reason: str = ""
    withdraw: bool = False


@COMMANDS.name("order.choose_customer_group")
@frozen
class ChooseCustomerGroup:
    """Price the order for a customer of this group, of none where it is empty; opens an order if
    there is none. `member` is the customer's number, for limits that count by it, and `points` what
    the member has to spend on rewards."""

    group: str = ""
    member: str = ""
    points: int = 0


@COMMANDS.name("order.choose_reward")
@frozen
class ChooseReward:
    """Spend the member's points on a reward; `withdraw` takes it back."""

    promotion: str
    withdraw: bool = False


@COMMANDS.name("order.choose_channel")
@frozen
class ChooseChannel:
    """Say how the order came in; empty is across the counter. Opens an order if there is none."""

    channel: str = ""


@COMMANDS.name("order.choose_promotion")
@frozen
class ChoosePromotion:
    """Give a promotion that is an operator's to give, with the reason; `withdraw` takes it back."""

    promotion: str
    reason: str = ""
    withdraw: bool = False


@COMMANDS.name("order.choose_tender")
@frozen
class ChooseTender:
    """Say how the order will be paid, where promotions are for a means of payment: cash, card, or
    card: and a brand. Empty takes it back."""

    tender: str = ""


@COMMANDS.name("order.tell_guests")
@frozen
class TellGuests:
    """Say how many people the order is for; charges may go by it. 0: nobody said."""

    guests: int


@COMMANDS.name("order.waive_charge")
@frozen
class WaiveCharge:
    """Let a charge go, with the reason; `withdraw` takes that back."""

    charge: str
    reason: str = ""
    withdraw: bool = False


@COMMANDS.name("order.present_coupon")
@frozen
class PresentCoupon:
    """Put a coupon on the order, by its code; opens an order if there is none."""

    code: str


@COMMANDS.name("order.withdraw_coupon")
@frozen
class WithdrawCoupon:
    """Take a coupon off the order; its code is good again."""

    code: str


@COMMANDS.name("order.note")
@frozen
class AddNote:
    """Write a note on a line, or on the order where line is 0."""

    audience: Audience
    text: str
    line: int = 0


@COMMANDS.name("order.choose_dining")
@frozen
class ChooseDining:
    """Say how the order is handed over."""

    dining: Dining


@COMMANDS.name("order.exempt")
@frozen
class ExemptOrder:
    """Free the order of taxes by a certificate, by the customer's class, or by both.

    `valid_until` is the certificate's last day, "" for good; empty lists are all of them. Neither a
    certificate nor a class takes the exemption off.
    """

    certificate: str = ""
    customer: str = ""
    reason: str = ""
    valid_until: str = ""
    jurisdictions: frozenset[str] = frozenset()
    tax_types: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    customer_class: str = ""


@COMMANDS.name("order.void_line")
@frozen
class VoidLine:
    """Take a line out."""

    line: int
    reason: str = ""


@COMMANDS.name("order.void")
@frozen
class VoidOrder:
    """End the order without a sale."""

    reason: str


@COMMANDS.name("order.suspend")
@frozen
class SuspendOrder:
    """Park the current order under a label."""

    label: str = ""


@COMMANDS.name("order.resume")
@frozen
class ResumeOrder:
    """Take up a suspended order here."""

    order_id: str


@COMMANDS.name("order.add_return_line")
@frozen
class AddReturnLine:
    """Take back part of a sold line at the price actually paid. `quantity_milli` is positive."""

    order_id: str
    line: int
    quantity_milli: int
    reason: str


@COMMANDS.name("order.add_return_without_receipt")
@frozen
class AddReturnWithoutReceipt:
    """Take back goods nobody has a receipt of, by a code or by an item's id, at the price the
    store's rules say and for store credit alone. `quantity_milli` is positive."""

    code: str = ""
    item_id: str = ""
    quantity_milli: int = 1000
    reason: str = ""


@COMMANDS.name("order.start_tendering")
@frozen
class StartTendering:
    """Freeze the figures."""


@COMMANDS.name("order.undo_tendering")
@frozen
class UndoTendering:
    """Go back to ringing up; every tender must be undone first."""


@COMMANDS.name("order.tender_cash")
@frozen
class TenderCash:
    """Take cash in minor units, or pay a refund out (negative, exactly what is due).

    Starts tendering if need be.
    """

    amount_minor: int


@COMMANDS.name("order.tender_foreign")
@frozen
class TenderForeign:
    """Take notes of another currency, in its own minor units, at the rate that is set for it.

    Starts tendering if need be. Change comes in the store's currency.
    """

    currency: str
    amount_minor: int


@COMMANDS.name("order.tender_credit")
@frozen
class TenderCredit:
    """Take what is due, or `amount_minor` of it, from a note of store credit; where `amount_minor`
    is 0, as much as the note has. Starts tendering if need be."""

    code: str
    amount_minor: int = 0


@COMMANDS.name("order.refund_to_credit")
@frozen
class RefundToCredit:
    """Give what is due back, or `amount_minor` (positive) of it, as a new note of store credit,
    which is good once the order is completed. Starts tendering if need be."""

    amount_minor: int = 0


@COMMANDS.name("order.undo_tender")
@frozen
class UndoTender:
    """Hand a tender back."""

    tender: int


@COMMANDS.name("order.complete")
@frozen
class CompleteOrder:
    """Close the sale: number, receipt, drawer."""


@COMMANDS.name("order.reprint_receipt")
@frozen
class ReprintReceipt:
    """Print a completed order's receipt again, marked COPY; `explained` adds why each price."""

    order_id: str
    explained: bool = False


OrderCommand = (
    OpenOrder
    | AddLine
    | AddOpenLine
    | ChangeQuantity
    | OverridePrice
    | DiscountLine
    | DiscountOrder
    | AddNote
    | ChooseDining
    | ExemptOrder
    | VoidLine
    | VoidOrder
    | SuspendOrder
    | ResumeOrder
    | AddReturnLine
    | StartTendering
    | UndoTendering
    | TenderCash
    | UndoTender
    | CompleteOrder
    | ReprintReceipt
    | CompLine
    | CompOrder
    | ChooseCustomerGroup
    | ChooseChannel
    | ChoosePromotion
    | TellGuests
    | WaiveCharge
    | PresentCoupon
    | WithdrawCoupon
    | TenderForeign
    | AddReturnWithoutReceipt
    | TenderCredit
    | RefundToCredit
    | ChooseReward
    | ChooseTender
)
