"""Which right every command needs. A command that is not here cannot be sent: default deny."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine import catalog, outbox, register, settings, staff, terminals, till
from engine.charge.decide import SetCharges
from engine.coupon.decide import IssueCoupons
from engine.credit.rules import SetReturnRules
from engine.order import commands as order
from engine.order.figures import DiscountKind
from engine.order.state import Line, Order
from engine.paylink import commands as paylink
from engine.payment import commands as payment
from engine.payment.ending_days import EndTerminalDay, HearTerminalDay
from engine.price_list.decide import SetPrices
from engine.price_list.model import CustomerGroup
from engine.price_list.upload import InstallPrices, StagePrices
from engine.promotion.decide import SetPromotions
from engine.settlement.decide import ExplainItem, ImportSettlement, SetTerms, StageSettlement
from engine.staff import Right
from engine.taxes import SetTaxes
from engine.terminal import CardEntry

RIGHTS: Final[dict[type, Right]] = {
    order.OpenOrder: Right.SELL,
    order.AddLine: Right.SELL,
    order.AddOpenLine: Right.OPEN_PRICE,
    order.ChangeQuantity: Right.SELL,
    order.OverridePrice: Right.PRICE_OVERRIDE,
    order.DiscountLine: Right.DISCOUNT,
    order.DiscountOrder: Right.DISCOUNT,
    order.AddNote: Right.SELL,
    order.ChooseDining: Right.SELL,
    order.ExemptOrder: Right.TAX_EXEMPT,
    order.VoidLine: Right.VOID_LINE,
    order.VoidOrder: Right.VOID_ORDER,
    order.SuspendOrder: Right.SELL,
    order.ResumeOrder: Right.SELL,
    order.AddReturnLine: Right.REFUND,
    order.AddReturnWithoutReceipt: Right.RETURN_WITHOUT_RECEIPT,
    order.StartTendering: Right.SELL,
    order.UndoTendering: Right.SELL,
    order.TenderCash: Right.SELL,
    order.TenderForeign: Right.SELL,
    order.TenderCredit: Right.SELL,
    order.RefundToCredit: Right.SELL,
    order.UndoTender: Right.SELL,
    order.CompleteOrder: Right.SELL,
    order.ReprintReceipt: Right.REPRINT,
    order.CompLine: Right.COMP,
    order.CompOrder: Right.COMP,
    order.ChooseCustomerGroup: Right.SELL,
    order.ChooseChannel: Right.SELL,
    order.ChoosePromotion: Right.DISCOUNT,
    order.ChooseReward: Right.SELL,
    order.ChooseTender: Right.SELL,
    order.TellGuests: Right.SELL,
    order.WaiveCharge: Right.DISCOUNT,
    order.PresentCoupon: Right.SELL,
    order.WithdrawCoupon: Right.SELL,
    payment.RequestPayment: Right.SELL,
    payment.AskTip: Right.SELL,
    payment.AnswerTip: Right.SELL,
    payment.LeaveTip: Right.SELL,
    payment.OpenTab: Right.SELL,
    payment.RaiseTab: Right.SELL,
    payment.AdjustTip: Right.SELL,
    payment.CaptureTab: Right.SELL,
    payment.ReleaseTab: Right.SELL,
    payment.CancelPayment: Right.SELL,
    payment.ReverseTender: Right.SELL,
    payment.ReverseAgain: Right.PAYMENT_EXCEPTIONS,
    payment.TakeBack: Right.EFFECTS,
    payment.SetPaymentAside: Right.PAYMENT_EXCEPTIONS,
    payment.CloseException: Right.PAYMENT_EXCEPTIONS,
    payment.KeepPayment: Right.EFFECTS,
    payment.HearPayment: Right.EFFECTS,
    payment.ReportUpload: Right.EFFECTS,
    payment.SetOfflinePolicy: Right.SETTINGS,
    EndTerminalDay: Right.Z_REPORT,
    HearTerminalDay: Right.EFFECTS,
    SetTerms: Right.SETTINGS,
    StageSettlement: Right.SETTINGS,
    ImportSettlement: Right.SETTINGS,
    ExplainItem: Right.PAYMENT_EXCEPTIONS,
    paylink.RequestPaylink: Right.SELL,
    paylink.CancelPaylink: Right.SELL,
    paylink.ReverseLinkTender: Right.SELL,
    paylink.SendBackPaylink: Right.PAYMENT_EXCEPTIONS,
    paylink.CloseLinkException: Right.PAYMENT_EXCEPTIONS,
    paylink.HearPaylink: Right.EFFECTS,
    paylink.ExpirePaylink: Right.EFFECTS,
    till.OpenTill: Right.TILL,
    till.PayIn: Right.PAID_IN_OUT,
    till.PayOut: Right.PAID_IN_OUT,
    till.OpenDrawer: Right.NO_SALE,
    till.CountTill: Right.TILL,
    till.CloseTill: Right.TILL,
    register.CloseDay: Right.Z_REPORT,
    register.StartTraining: Right.TRAINING,
    register.EndTraining: Right.TRAINING,
    staff.DefineRole: Right.STAFF,
    staff.AddOperator: Right.STAFF,
    staff.ChangePin: Right.STAFF,
    staff.SignOn: Right.NONE,
    staff.SignOff: Right.NONE,
    settings.ConfigureStore: Right.SETTINGS,
    settings.SetTaxClasses: Right.SETTINGS,
    settings.DefineRegister: Right.SETTINGS,
    settings.SetForeignCurrencies: Right.SETTINGS,
    settings.SetTenderRules: Right.SETTINGS,
    catalog.InstallSegment: Right.CATALOG,
    catalog.ChangeItem: Right.CATALOG,
    catalog.RemoveItem: Right.CATALOG,
    SetPromotions: Right.CATALOG,
    SetTaxes: Right.SETTINGS,
    SetPrices: Right.CATALOG,
    StagePrices: Right.CATALOG,
    InstallPrices: Right.CATALOG,
    SetCharges: Right.SETTINGS,
    SetReturnRules: Right.SETTINGS,
    IssueCoupons: Right.CATALOG,
    terminals.PairTerminal: Right.SETTINGS,
    terminals.UnpairTerminal: Right.SETTINGS,
    outbox.StartEffect: Right.EFFECTS,
    outbox.FinishEffect: Right.EFFECTS,
}


def right_of(body: Any) -> Right:
    """The right a command needs; a card number that is typed needs one of its own.

    Raises:
        KeyError: the command has none, so nobody may send it.
    """
    if isinstance(body, payment.RequestPayment) and body.entry is not CardEntry.READ:
        return Right.KEYED_CARDS
    return RIGHTS[type(body)]


def rights_of(
    body: Any, groups: Mapping[str, CustomerGroup], current: Order | None
) -> tuple[Right, ...]:
    """The rights a command needs at a register with that order: its own; the shop's own people's
    prices need another instead, more goods at a price that somebody gave need the right to give it
    too, as do fewer at an amount less, and fewer deposits the right to take a line out."""
    if isinstance(body, order.ChooseCustomerGroup):
        group = groups.get(body.group)
        if group is not None and group.employees:
            return (Right.EMPLOYEE_PRICES,)
    own, beside = right_of(body), None if current is None else _right_beside(body, current)
    return (own,) if beside in (None, own) else (own, beside)


def _right_beside(body: Any, current: Order) -> Right | None:
    """The right that `current` asks for beside the command's own, None where it asks for none."""
    match body:
        case order.AddLine() | order.AddOpenLine():
            return Right.COMP if current.comp else None
        case order.ChangeQuantity():
            quantity_milli = body.quantity_milli
        case order.VoidLine():
            quantity_milli = 0
        case _:
            return None
    line = current.line_at(body.line)
    if line is None or line.source is not None or quantity_milli == line.quantity_milli:
        return None
    if quantity_milli > line.quantity_milli:
        return _right_to_more(line, current)
    return _right_to_fewer(line, current, quantity_milli)


def _right_to_more(line: Line, current: Order) -> Right | None:
    """What is given away, sold at a price set by hand, be it of goods that have no other, or at a
    percentage less was allowed for so many goods: for more of them it is to be allowed again. A
    percentage off the whole order is for whatever the order will hold, and an amount off is the
    same for more goods."""
    if current.is_comped(line):
        return Right.COMP
    if line.overridden:
        return Right.PRICE_OVERRIDE
    if line.item.open_price:
        return Right.OPEN_PRICE
    has_percent = line.discount is not None and line.discount.kind is DiscountKind.PERCENT
    return Right.DISCOUNT if has_percent else None


def _right_to_fewer(line: Line, current: Order, left_milli: int) -> Right | None:
    """An amount off was allowed for so many goods too: off fewer of them it is a larger part. A
    deposit follows its goods by itself: fewer of it alone is part of it taken out."""
    if line.linked_to:
        return Right.VOID_LINE
    if current.is_comped(line) or not line.item.discountable:
        return None
    kept = (line.discount if left_milli else None, current.discount)
    has_amount = any(entry and entry.kind is DiscountKind.AMOUNT for entry in kept)
    return Right.DISCOUNT if has_amount else None
