"""What the engine really answers is what the protocol's types promise, for every command."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine import catalog, register, settings, staff, terminals, till
from engine.charge.decide import SetCharges
from engine.charge.model import ChargeKind, ChargeRule
from engine.coupon.decide import IssueCoupons
from engine.coupon.model import CouponKind, CouponRule
from engine.credit.rules import ReturnRules, SetReturnRules
from engine.foreign import ForeignCurrency
from engine.order import commands as order
from engine.order.events import (
    Audience,
)
from engine.order.figures import DiscountKind
from engine.paylink import commands as paylink
from engine.payment import commands as payment
from engine.payment.ending_days import EndTerminalDay
from engine.payment.events import OfflinePolicy
from engine.price_list.decide import SetPrices
from engine.price_list.model import PriceSet
from engine.price_list.upload import InstallPrices, StagePrices
from engine.promotion.decide import SetPromotions
from engine.promotion.model import Benefit, BenefitKind, Off, OffKind, Promotion
from engine.provider import LinkState
from engine.settlement.decide import ExplainItem, ImportSettlement, SetTerms, StageSettlement
from engine.settlement.model import Acquirer, RowKind, SettlementRow
from engine.staff import Right
from engine.taxation import Dining
from engine.taxes import SetTaxes
from engine.tender_rules import TenderRule
from engine.terminal import Verdict
from engine.till import Denomination
from engine.wire import canonical, parse, structure
from native import ItemRow, PriceBook, SegmentBuilder
from protocols.front.answers import COMMAND_ANSWERS
from tests.card_shop import hear, with_terminal, with_tip_screen
from tests.link_shop import hear as heard
from tests.link_shop import with_provider
from tests.shop import TAXES, Shop, item, rules

CENT_OFF = Benefit(BenefitKind.CART, Off(OffKind.AMOUNT, 1))
CHARGES = (ChargeRule("service", "Service", ChargeKind.SERVICE, 100_000),)
PROMOTIONS = (
    Promotion("sorry", "Sorry", CENT_OFF, manual=True),
    Promotion("hello", "Hello", CENT_OFF, coupon=CouponRule("c1", CouponKind.GENERIC, "HELLO")),
    Promotion("coffee", "Coffee", CENT_OFF, costs_points=100),
    Promotion("in-cash", "In cash", CENT_OFF, tenders=("cash",)),
    Promotion("own", "Own", CENT_OFF, coupon=CouponRule("c2", CouponKind.ISSUED)),
)


def test_every_command_answers_what_its_type_says() -> None:
    """A day on which each command is sent once: every answer has exactly the promised fields."""
    shop = Shop.open()
    shop.ok(SetPromotions(PROMOTIONS), admin=True)
    answered: dict[type, Any] = {}

    def send(body: Any, **how: Any) -> Any:
        answer = parse(canonical(shop.ok(body, **how)))
        answered[type(body)] = structure(answer, COMMAND_ANSWERS[type(body)])
        return answer

    send(staff.SignOn("max", pin_correct=True))
    send(till.OpenTill((Denomination(1000, 10),)))
    send(till.PayIn(500, "change"))
    send(till.PayOut(100, "stamps"))
    send(till.OpenDrawer("change"))
    sold = send(order.OpenOrder())["order_id"]
    send(order.AddLine("bread"))
    send(order.AddOpenLine("Repair", 2_000_000, "standard"))
    send(order.AddLine("milk"))
    send(order.ChangeQuantity(1, 2_000))
    send(order.OverridePrice(2, 3_000_000, "agreed"))
    send(order.DiscountLine(1, DiscountKind.PERCENT, 100_000))
    send(order.DiscountOrder(DiscountKind.AMOUNT, 10))
    send(order.CompLine(2, "sorry"))
    send(order.CompLine(2, withdraw=True))
    send(order.CompOrder("sorry"))
    send(order.CompOrder(withdraw=True))
    send(order.ChooseCustomerGroup("", "77", 250))
    send(order.ChooseReward("coffee"))
    send(order.ChooseTender("cash"))
    send(order.ChooseTender())
    send(order.ChooseChannel("phone"))
    send(order.ChoosePromotion("sorry", "cold coffee"))
    send(SetCharges(CHARGES), admin=True)
    send(order.TellGuests(6))
    send(order.WaiveCharge("service", "slow kitchen"))
    send(order.PresentCoupon("HELLO"))
    send(order.WithdrawCoupon("HELLO"))
    assert 0 == send(order.AddLine("HELLO"))["line"]
    send(order.AddNote(Audience.INTERNAL, "cold"))
    send(order.ChooseDining(Dining.EAT_IN))
    send(order.ExemptOrder())
    send(order.VoidLine(3, "wrong"))
    send(order.SuspendOrder("table 4"))
    send(order.ResumeOrder(sold))
    due = send(order.StartTendering())["cash_due_minor"]
    send(order.UndoTendering())
    tender = send(order.TenderCash(due))["tender"]
    send(order.UndoTender(tender))
    send(settings.SetForeignCurrencies((ForeignCurrency("USD", 921_000),)), admin=True)
    send(settings.SetTenderRules((TenderRule("foreign", gives_change=False),)), admin=True)
    notes = send(order.TenderForeign("USD", 100))
    assert 92 == notes["worth_minor"]
    assert 100 == send(order.UndoTender(notes["tender"]))["foreign_minor"]
    send(order.TenderCash(due + 100))
    assert 100 == send(order.CompleteOrder())["change_minor"]
    send(order.ReprintReceipt(sold))
    send(order.AddReturnLine(sold, 1, 1_000, "stale"))
    send(order.VoidOrder("kept"))
    send(SetReturnRules(ReturnRules(without_receipt=True, ceiling_minor=5_000)), admin=True)
    send(order.AddReturnWithoutReceipt("bread", reason="stale"))
    code = send(order.RefundToCredit())["code"]
    send(order.CompleteOrder())
    shop.ring("milk")
    spent = send(order.TenderCredit(code))
    assert 350 == spent["total_minor"] + spent["left_minor"]
    send(order.CompleteOrder())
    dollars = till.ForeignCount("USD", (Denomination(100, 3),))
    assert (
        300
        == send(till.CountTill((Denomination(1000, 10),), (dollars,)))["foreign"][0][
            "difference_minor"
        ]
    )
    send(till.CloseTill())
    send(register.CloseDay())
    send(register.StartTraining())
    send(register.EndTraining())
    send(staff.SignOff())
    send(staff.DefineRole("helper", (Right.SELL,)), admin=True)
    send(staff.AddOperator("eva", "Eva", "helper", pin_hash="hash"), admin=True)
    send(staff.ChangePin("eva", pin_hash="other"), admin=True)
    send(settings.ConfigureStore(rules(name="Corner")), admin=True)
    send(settings.SetTaxClasses(TAXES), admin=True)
    send(settings.DefineRegister(settings.RegisterSetup("3", "Yard")), admin=True)
    send(catalog.ChangeItem(item("tea", "Tea", 200)), admin=True)
    send(catalog.RemoveItem("tea"), admin=True)
    send(SetPromotions(PROMOTIONS), admin=True)
    send(IssueCoupons("c2", ("A1",)), admin=True)
    send(SetPrices(PriceSet()), admin=True)
    send(StagePrices("u", 0, PriceSet()), admin=True)
    send(InstallPrices("u", 1), admin=True)
    send(SetCharges(()), admin=True)
    send(SetTaxes(None), admin=True)
    _pay_by_card(shop, send)
    _pay_by_link(shop, send)
    send(terminals.PairTerminal("terminal/2", "tcp://127.0.0.1:20007", "52500001"), admin=True)
    send(terminals.UnpairTerminal("terminal/2"), admin=True)
    builder = SegmentBuilder()
    builder.put_item(ItemRow("kale", "Kale", "", "Food", "reduced", 1_990_000))
    shop.books.segments["hash"] = PriceBook.from_segment(builder.build())
    version = shop.books.catalog.version
    send(catalog.InstallSegment("hash", version, 1, "kale.csv"), admin=True)
    assert set(COMMAND_ANSWERS) == set(answered)


def _pay_by_link(shop: Shop, send: Callable[..., Any]) -> None:
    """Every command about a payment by link: asked, cancelled, taken back, sent back, closed."""
    with_provider(shop, "2")
    at = {"register": "2"}
    shop.ok(staff.SignOn("max", pin_correct=True), **at)
    shop.ring("wine", "wine", **at)
    first = send(paylink.RequestPaylink(799), **at)["paylink_id"]
    heard(shop, first, LinkState.PAID, **at)
    back = send(paylink.ReverseLinkTender(1), **at)["paylink_id"]
    second = shop.ok(paylink.RequestPaylink(), **at)["paylink_id"]
    send(paylink.CancelPaylink(second), **at)
    shop.ok(order.UndoTendering(), **at)
    shop.ok(order.VoidOrder("gone"), **at)
    heard(shop, second, LinkState.PAID, **at)
    send(paylink.SendBackPaylink(second), **at)
    heard(shop, back, LinkState.FAILED, **at)
    send(paylink.CloseLinkException(back, "paid out by hand"), **at)


def _pay_by_card(shop: Shop, send: Callable[..., Any]) -> None:
    """Every command about a card payment: asked, cancelled, taken back, set aside, looked into."""
    with_terminal(shop, "1")
    shop.ok(staff.SignOn("max", pin_correct=True))
    send(payment.SetOfflinePolicy(OfflinePolicy()))
    shop.ring("wine")
    send(payment.CancelPayment(send(payment.RequestPayment())["payment_id"]))
    hear(shop, Verdict.APPROVED)
    shop.ok(payment.ReverseTender(1))
    hear(shop, Verdict.APPROVED, 2)
    with_tip_screen(shop)
    send(payment.AskTip())
    send(payment.LeaveTip("max", pin_correct=True))
    shop.ok(payment.AskTip())
    send(payment.AnswerTip(200))
    shop.ok(payment.RequestPayment())
    hear(shop, Verdict.APPROVED, 3)
    with_terminal(shop, "1")
    send(payment.ReverseTender(2))
    hear(shop, Verdict.DECLINED, 4)
    failed = next(iter(shop.books.payments.exceptions))
    send(payment.ReverseAgain(failed))
    send(payment.CloseException(failed, "returned by hand"))
    hear(shop, Verdict.APPROVED, 5)
    shop.ok(order.UndoTendering())
    send(payment.OpenTab(2000))
    hear(shop, Verdict.APPROVED, 6)
    send(payment.RaiseTab(3000))
    hear(shop, Verdict.DECLINED, 7)
    send(payment.AdjustTip(50))
    shop.ok(order.StartTendering())
    send(payment.CaptureTab())
    hear(shop, Verdict.DECLINED, 7)
    send(payment.ReleaseTab())
    hear(shop, Verdict.APPROVED, 8)
    unknown = shop.ok(payment.RequestPayment())["payment_id"]
    hear(shop, Verdict.UNKNOWN)
    send(payment.SetPaymentAside(unknown, "fell"))
    send(EndTerminalDay())
    _settle(send)


def _settle(send: Callable[..., Any]) -> None:
    """Terms, a settlement file, and what a difference is."""
    send(SetTerms((Acquirer("bank", "Bank"),)), admin=True)
    file = "0" * 64
    rows = (SettlementRow(RowKind.PAYMENT, 100),)
    send(StageSettlement(file, 0, "bank", rows), admin=True)
    send(ImportSettlement(file, "june.csv", 1, 1), admin=True)
    send(ExplainItem("unknown_here/1", "asked"))
