"""What each command answers when it is done, so that front ends have types for it.

The engine answers plain data; these classes describe it and decide nothing. A test runs the
engine and structures what it really answers into them.
"""

from __future__ import annotations

from typing import Any, Final

from attrs import frozen

from engine import catalog, register, settings, staff, terminals, till
from engine.charge.decide import SetCharges
from engine.coupon.decide import IssueCoupons
from engine.credit.rules import SetReturnRules
from engine.decision import COMMANDS
from engine.order import commands as order
from engine.paylink import commands as paylink
from engine.payment import commands as payment
from engine.payment.ending_days import EndTerminalDay
from engine.price_list.decide import SetPrices
from engine.price_list.upload import InstallPrices, StagePrices
from engine.promotion.decide import SetPromotions
from engine.settlement.decide import ExplainItem, ImportSettlement, SetTerms, StageSettlement
from engine.taxes import SetTaxes


@frozen
class Done:
    """Nothing to add."""


@frozen
class OrderAnswer:
    """The order it was about."""

    order_id: str


@frozen
class TotalAnswer:
    """The order, its total, and what is still to pay."""

    order_id: str
    total_minor: int
    due_minor: int


@frozen
class LineAnswer:
    """The line as it is now, and the order's new total. `net_minor` is after discounts; of a coupon
    `line` is 0 and `net_minor` what it takes off."""

    order_id: str
    line: int
    name: str
    net_minor: int
    total_minor: int
    due_minor: int


@frozen
class VoidedLineAnswer:
    """The line that is gone, and the order's new total."""

    order_id: str
    total_minor: int
    due_minor: int
    line: int


@frozen
class ReturnLineAnswer:
    """The return line; `total_minor` is what it gives back, negative."""

    order_id: str
    line: int
    total_minor: int


@frozen
class TenderingAnswer:
    """The frozen total; `cash_due_minor` is the same after cash rounding."""

    order_id: str
    total_minor: int
    due_minor: int
    cash_due_minor: int


@frozen
class TenderAnswer:
    """The tender; `due_minor` is left to pay, `change_minor` goes back at completion."""

    order_id: str
    tender: int
    total_minor: int
    due_minor: int
    change_minor: int
    rounding_minor: int


@frozen
class ForeignTenderAnswer:
    """Notes of another currency and the `worth_minor` they count for; the rest as `TenderAnswer`,
    all in the store's currency."""

    order_id: str
    tender: int
    total_minor: int
    due_minor: int
    change_minor: int
    rounding_minor: int
    worth_minor: int


@frozen
class CreditTenderAnswer:
    """A note of store credit as a tender: negative where it is issued, good once the order is
    completed. `left_minor` is what the note has after; `due_minor` is left to pay or to give."""

    order_id: str
    tender: int
    amount_minor: int
    total_minor: int
    due_minor: int
    code: str
    left_minor: int


@frozen
class UndoneTenderAnswer:
    """What goes back to the customer. Of notes of another `currency` ("": there are none) it is
    those, not the `returned_minor` that they counted for."""

    order_id: str
    returned_minor: int
    currency: str
    foreign_minor: int


@frozen
class CompletedAnswer:
    """The sale: its receipt number and the change to hand out."""

    order_id: str
    receipt_number: str
    total_minor: int
    rounding_minor: int
    change_minor: int


@frozen
class ReprintAnswer:
    """The receipt that prints again, as a copy."""

    receipt_number: str


@frozen
class TillOpenedAnswer:
    """The till session, counted from 1, and its float."""

    session: int
    float_minor: int


@frozen
class TillCountedAnswer:
    """The count against what was expected; a difference over nought is too much cash."""

    counted_minor: int
    expected_minor: int
    difference_minor: int
    foreign: tuple[till.ForeignDifference, ...]


@frozen
class TillClosedAnswer:
    """The session that ended."""

    session: int
    expected_minor: int
    counted_minor: int
    difference_minor: int
    foreign: tuple[till.ForeignDifference, ...]


@frozen
class DayClosedAnswer:
    """The Z, numbered from 1 per register."""

    z_number: int
    total_minor: int


@frozen
class TrainingAnswer:
    """Whether the register practises from here on."""

    training: bool


@frozen
class SignedOnAnswer:
    """Who is signed on now, and what they may do."""

    operator: str
    name: str
    role: str
    rights: tuple[str, ...]


@frozen
class SegmentAnswer:
    """How many items the new base has."""

    item_count: int


@frozen
class ItemAnswer:
    """The item that is new or different."""

    item_id: str


@frozen
class PromotionsAnswer:
    """How many promotions are in force now."""

    promotions: int


@frozen
class TaxesAnswer:
    """How many entries of tax rules are in force now."""

    rules: int


@frozen
class ChargesAnswer:
    """How many charges and deposits are in force now."""

    charges: int
    deposits: int


@frozen
class PricesAnswer:
    """How many price lists are in force now."""

    price_lists: int


@frozen
class PartAnswer:
    """The upload, and how many of its parts are here now."""

    upload: str
    parts: int


@frozen
class IssuedAnswer:
    """The coupon, and how many codes of the command are good."""

    coupon: str
    codes: int


@frozen
class PaylinkAnswer:
    """Where a payment by link stands now. `receipt_number` is that of the sale it completed, ""
    where it completed none."""

    paylink_id: str
    standing: str
    amount_minor: int
    receipt_number: str


@frozen
class PaymentAnswer:
    """The payment and where it stands; `amount_minor` is what was asked for, or approved."""

    payment_id: str
    standing: str
    amount_minor: int


@frozen
class TipAskedAnswer:
    """What the customer is asked for a tip on."""

    order_id: str
    amount_minor: int


@frozen
class PairedAnswer:
    """The terminal it was about."""

    terminal: str


@frozen
class TipAnswer:
    """The tip to be captured with the tab."""

    tip_minor: int


@frozen
class TerminalDayAnswer:
    """The end of day a terminal is asked for; what became of it is in `clearing.state`."""

    day_id: str
    terminal: str
    verdict: str
    differences: int


@frozen
class TermsAnswer:
    """How many acquirers have terms now."""

    acquirers: int


@frozen
class SettlementAnswer:
    """The settlement file, by its hash, and how many of its rows count now."""

    file: str
    rows: int


@frozen
class ExplainedAnswer:
    """The difference that has an explanation now."""

    item: str


COMMAND_ANSWERS: Final[dict[type, type]] = {
    order.OpenOrder: TotalAnswer,
    order.AddLine: LineAnswer,
    order.AddOpenLine: LineAnswer,
    order.AddReturnLine: ReturnLineAnswer,
    order.AddReturnWithoutReceipt: ReturnLineAnswer,
    order.ChangeQuantity: LineAnswer,
    order.OverridePrice: LineAnswer,
    order.DiscountLine: LineAnswer,
    order.DiscountOrder: TotalAnswer,
    order.CompLine: TotalAnswer,
    order.CompOrder: TotalAnswer,
    order.ChooseCustomerGroup: TotalAnswer,
    order.ChooseChannel: TotalAnswer,
    order.ChooseReward: TotalAnswer,
    order.ChooseTender: TotalAnswer,
    order.ChoosePromotion: TotalAnswer,
    order.TellGuests: TotalAnswer,
    order.WaiveCharge: TotalAnswer,
    order.PresentCoupon: LineAnswer,
    order.WithdrawCoupon: TotalAnswer,
    order.AddNote: TotalAnswer,
    order.ChooseDining: TotalAnswer,
    order.ExemptOrder: TotalAnswer,
    order.VoidLine: VoidedLineAnswer,
    order.VoidOrder: OrderAnswer,
    order.SuspendOrder: OrderAnswer,
    order.ResumeOrder: TotalAnswer,
    order.StartTendering: TenderingAnswer,
    order.UndoTendering: OrderAnswer,
    order.TenderCash: TenderAnswer,
    order.TenderForeign: ForeignTenderAnswer,
    order.TenderCredit: CreditTenderAnswer,
    order.RefundToCredit: CreditTenderAnswer,
    order.UndoTender: UndoneTenderAnswer,
    order.CompleteOrder: CompletedAnswer,
    order.ReprintReceipt: ReprintAnswer,
    payment.RequestPayment: PaymentAnswer,
    payment.AskTip: TipAskedAnswer,
    payment.AnswerTip: TipAnswer,
    payment.LeaveTip: OrderAnswer,
    payment.OpenTab: PaymentAnswer,
    payment.RaiseTab: PaymentAnswer,
    payment.AdjustTip: TipAnswer,
    payment.CaptureTab: PaymentAnswer,
    payment.ReleaseTab: PaymentAnswer,
    payment.CancelPayment: PaymentAnswer,
    payment.ReverseTender: PaymentAnswer,
    payment.ReverseAgain: PaymentAnswer,
    payment.SetPaymentAside: PaymentAnswer,
    payment.CloseException: PaymentAnswer,
    payment.SetOfflinePolicy: Done,
    EndTerminalDay: TerminalDayAnswer,
    SetTerms: TermsAnswer,
    StageSettlement: PartAnswer,
    ImportSettlement: SettlementAnswer,
    ExplainItem: ExplainedAnswer,
    paylink.RequestPaylink: PaylinkAnswer,
    paylink.CancelPaylink: PaylinkAnswer,
    paylink.ReverseLinkTender: PaylinkAnswer,
    paylink.SendBackPaylink: PaylinkAnswer,
    paylink.CloseLinkException: PaylinkAnswer,
    terminals.PairTerminal: PairedAnswer,
    terminals.UnpairTerminal: PairedAnswer,
    till.OpenTill: TillOpenedAnswer,
    till.PayIn: Done,
    till.PayOut: Done,
    till.OpenDrawer: Done,
    till.CountTill: TillCountedAnswer,
    till.CloseTill: TillClosedAnswer,
    register.CloseDay: DayClosedAnswer,
    register.StartTraining: TrainingAnswer,
    register.EndTraining: TrainingAnswer,
    staff.DefineRole: Done,
    staff.AddOperator: Done,
    staff.ChangePin: Done,
    staff.SignOn: SignedOnAnswer,
    staff.SignOff: Done,
    settings.ConfigureStore: Done,
    settings.SetTaxClasses: Done,
    settings.DefineRegister: Done,
    settings.SetForeignCurrencies: Done,
    settings.SetTenderRules: Done,
    catalog.InstallSegment: SegmentAnswer,
    catalog.ChangeItem: ItemAnswer,
    catalog.RemoveItem: Done,
    SetPromotions: PromotionsAnswer,
    SetTaxes: TaxesAnswer,
    SetPrices: PricesAnswer,
    StagePrices: PartAnswer,
    InstallPrices: PricesAnswer,
    SetCharges: ChargesAnswer,
    SetReturnRules: Done,
    IssueCoupons: IssuedAnswer,
}

# The register actor fills these in; from outside they are a forgery.
SYSTEM_FIELDS: Final[dict[type, frozenset[str]]] = {
    staff.AddOperator: frozenset(("pin_hash",)),
    staff.ChangePin: frozenset(("pin_hash",)),
    staff.SignOn: frozenset(("pin_correct",)),
}


def front_commands() -> list[tuple[str, type[Any]]]:
    """Every command a front end may send, by name; the store's own are not among them."""
    return [(name, cls) for name, cls in COMMANDS.items() if cls in COMMAND_ANSWERS]
