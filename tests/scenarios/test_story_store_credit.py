"""Goods that come back without a receipt, and the store credit they are paid back with."""

from __future__ import annotations

import attrs
import pytest

from engine import limits
from engine.credit.rules import PriceRule, Refusal, ReturnRules, ReturnRulesSet, SetReturnRules
from engine.decision import Approval, Refused
from engine.document import BlockKind
from engine.image import books_from, image_of, state_hash
from engine.order.commands import (
    AddLine,
    AddOpenLine,
    AddReturnLine,
    AddReturnWithoutReceipt,
    CompleteOrder,
    RefundToCredit,
    ReprintReceipt,
    StartTendering,
    TenderCash,
    TenderCredit,
    TenderForeign,
    UndoTender,
    UndoTendering,
    VoidLine,
    VoidOrder,
)
from engine.order.credit_notes import held_in
from engine.order.events import OrderCompleted, ReturnLineAdded
from engine.order.refusal import Refusal as OrderRefusal
from engine.order.tender_events import CreditTendered
from engine.outbox import EffectRequested
from engine.payment.commands import RequestPayment
from engine.price_list.decide import SetPrices
from engine.price_list.model import PriceEntry, PriceList, PriceSet, QuantityPrice
from engine.promotion.decide import SetPromotions
from engine.promotion.model import Benefit, BenefitKind, Off, OffKind, Promotion, Selection
from engine.register import StartTraining
from engine.settings import DefineRegister
from engine.staff import Refusal as StaffRefusal
from engine.staff import SignedOn
from engine.tax_document import TaxKind, Unit
from engine.tax_rules import Window
from engine.till import CloseTill, CountTill
from engine.views.build import order_view
from engine.views.credit_shapes import CreditView, ReturnsView
from engine.views.credits import credit_view, credits_view, returns_view
from tests.card_shop import with_terminal
from tests.shop import Shop
from tests.tax_shop import by_rule, figures_of, rule, ruled, setup, sums_agree

ALLOWED = ReturnRules(without_receipt=True, ceiling_minor=5_000)
DAY_S = 86_400


def lenient(policy: ReturnRules = ALLOWED, operator: str = "max") -> Shop:
    """An open shop that takes goods back without a receipt."""
    shop = Shop.selling(operator)
    shop.ok(SetReturnRules(policy), admin=True)
    return shop


def back(code: str, quantity_milli: int = 1_000) -> AddReturnWithoutReceipt:
    """Take so much of it back."""
    return AddReturnWithoutReceipt(code, "", quantity_milli, "no receipt")


def ledger_of(shop: Shop, code: str) -> CreditView:
    """The note of a code, which has something left."""
    found = credit_view(code, shop.books)
    assert isinstance(found, CreditView)
    return found


def refusal_of(shop: Shop, code: str) -> str:
    """Why a code has no note."""
    found = credit_view(code, shop.books)
    assert isinstance(found, Refused)
    return found.code


def note_of(shop: Shop, *codes: str) -> str:
    """Take these back without a receipt; the code of the note that is issued."""
    for code in codes:
        shop.ok(back(code))
    code = str(shop.ok(RefundToCredit())["code"])
    shop.ok(CompleteOrder())
    return code


# ------------------------------------------------------------------------- what may come back


def test_nothing_comes_back_without_a_receipt_until_the_shop_says_so() -> None:
    """It is off by default, and off again once the shop says that."""
    shop = Shop.selling()
    wanted = OrderRefusal.RETURN_WITHOUT_RECEIPT_MUST_BE_ALLOWED
    assert wanted == shop.no(back("bread"))
    shop.ok(SetReturnRules(ALLOWED), admin=True)
    shop.ok(back("bread"))
    shop.ok(VoidOrder("no"))
    shop.ok(SetReturnRules(ReturnRules()), admin=True)
    assert wanted == shop.no(back("bread"))


@pytest.mark.feature("CHK-11")
def test_a_return_without_a_receipt_takes_a_right_and_ends_in_store_credit_alone() -> None:
    """A cashier needs somebody who may; cash, notes and cards are refused by name."""
    shop = lenient(operator="ana")
    assert StaffRefusal.RIGHT_MUST_BE_GRANTED == shop.no(back("wine"))
    order_id = shop.ok(back("wine"), approval=Approval("max", pin_correct=True))["order_id"]
    (fact,) = shop.events(ReturnLineAdded)
    assert (-799, -128, "no receipt") == (
        fact.source.total_minor, fact.source.tax_minor, fact.source.reason,
    )  # fmt: skip
    with_terminal(shop, "1")
    shop.given(SignedOn("ana", "1"))
    due = shop.ok(StartTendering())["cash_due_minor"]
    assert -799 == due
    assert OrderRefusal.REFUND_MUST_BE_STORE_CREDIT == shop.no(TenderCash(due))
    assert OrderRefusal.REFUND_MUST_BE_STORE_CREDIT == shop.no(RequestPayment())
    assert OrderRefusal.CURRENCY_MUST_BE_TAKEN == shop.no(TenderForeign("USD", 100))
    answer = shop.ok(RefundToCredit())
    assert (-799, 0, 799) == (answer["amount_minor"], answer["due_minor"], answer["left_minor"])
    shop.ok(CompleteOrder())
    (done,) = shop.events(OrderCompleted)
    assert (-799, 0, 0) == (done.returned_minor, done.cash_minor, done.till_session)
    shop.ok(ReprintReceipt(order_id, explained=True))
    assert ("Return without receipt", "-7.99") in [
        (block.left.strip(), block.right) for block in shop.printed()[-1].blocks
    ]
    view = order_view(shop.order(order_id), shop.books)
    assert view.lines[0].without_receipt
    assert answer["code"] == view.tenders[0].credit


def test_the_ceiling_is_of_all_goods_of_a_return() -> None:
    """What goes above it is refused with what is left; a line taken out makes room again."""
    shop = lenient(attrs.evolve(ALLOWED, ceiling_minor=800))
    shop.ok(back("bread", 2_000))
    refused = shop.refused(back("milk"))
    assert {"total_minor": 129, "left_minor": 100} == refused
    assert OrderRefusal.RETURN_MUST_BE_WITHIN_CEILING == shop.no(back("wine"))
    shop.ok(VoidLine(1))
    shop.ok(back("wine"))
    assert OrderRefusal.RETURN_MUST_BE_WITHIN_CEILING == shop.no(back("milk"))
    shop.ok(VoidOrder("no"))
    shop.ok(SetReturnRules(attrs.evolve(ALLOWED, ceiling_minor=479)), admin=True)
    shop.ok(back("bread"))
    shop.ok(back("milk"))


def test_it_stands_alone() -> None:
    """Nothing is sold with it and nothing with a receipt comes back with it, nor it with those."""
    shop = lenient()
    sold = shop.sell("wine")
    shop.ring("milk")
    alone = OrderRefusal.RETURN_WITHOUT_RECEIPT_MUST_STAND_ALONE
    assert alone == shop.no(back("bread"))
    shop.ok(VoidOrder("no"))
    shop.ok(back("bread"))
    assert alone == shop.no(AddLine("milk"))
    assert alone == shop.no(AddOpenLine("Repair", 1_000_000, "standard"))
    assert alone == shop.no(AddReturnLine(sold, 1, 1_000, "corked"))
    shop.ok(back("milk"))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (AddReturnWithoutReceipt("", "nothing", 1_000, "x"), OrderRefusal.ITEM_MUST_EXIST),
        (back("nothing"), OrderRefusal.CODE_MUST_BE_KNOWN),
        (back(" x"), OrderRefusal.CODE_MUST_BE_WELL_FORMED),
        (back("flowers"), OrderRefusal.PRICE_MUST_BE_GIVEN),
        (back("bread", 0), OrderRefusal.QUANTITY_MUST_BE_POSITIVE),
        (back("bread", -1_000), OrderRefusal.QUANTITY_MUST_BE_POSITIVE),
        (back("bread", 1_500), OrderRefusal.QUANTITY_MUST_BE_WHOLE),
        (back("cheese", 10**8), OrderRefusal.QUANTITY_MUST_BE_WITHIN_LIMIT),
        (AddReturnWithoutReceipt("bread", "", 1_000, " "), OrderRefusal.REASON_MUST_BE_GIVEN),
        (AddReturnWithoutReceipt("bread"), OrderRefusal.REASON_MUST_BE_GIVEN),
    ],
)
def test_what_is_no_return_is_refused_and_opens_no_order(
    body: AddReturnWithoutReceipt, code: str
) -> None:
    """Each has its name."""
    shop = lenient()
    assert code == shop.no(body)
    assert {} == shop.books.live.orders


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        (ReturnRules(without_receipt=True), Refusal.CEILING_MUST_BE_WITHIN_LIMIT),
        (ReturnRules(ceiling_minor=-1), Refusal.CEILING_MUST_BE_WITHIN_LIMIT),
        (attrs.evolve(ALLOWED, ceiling_minor=10**12), Refusal.CEILING_MUST_BE_WITHIN_LIMIT),
        (attrs.evolve(ALLOWED, days=31), Refusal.DAYS_MUST_BE_WITHIN_LIMIT),
        (attrs.evolve(ALLOWED, days=-1), Refusal.DAYS_MUST_BE_WITHIN_LIMIT),
    ],
)
def test_a_policy_that_cannot_be_is_refused(policy: ReturnRules, code: str) -> None:
    """Each fault has its name, and what was set stays."""
    shop = lenient()
    assert code == shop.no(SetReturnRules(policy), admin=True)
    assert ALLOWED == shop.books.returns
    assert [ALLOWED] == [event.rules for event in shop.events(ReturnRulesSet)]
    assert Refusal.STORE_MUST_BE_SET_UP == Shop().no(SetReturnRules(ALLOWED), admin=True)
    assert StaffRefusal.RIGHT_MUST_BE_GRANTED == lenient(operator="ana").no(SetReturnRules(policy))


# ------------------------------------------------------------------------------- at what price


def sale_price(price_minor: int, starts_s: int = 0, ends_s: int = 0) -> SetPrices:
    """A price list that names bread."""
    entry = PriceEntry("bread", price_minor * 10_000, tiers=(QuantityPrice(10_000, 10_000),))
    return SetPrices(
        PriceSet(lists=(PriceList("sale", "Sale", (entry,), starts_s=starts_s, ends_s=ends_s),))
    )


def test_the_price_is_what_anybody_pays_today() -> None:
    """A list of today counts, and a promotion that applies by itself; a charge does not."""
    shop = lenient()
    shop.ok(sale_price(300), admin=True)
    off = Benefit(BenefitKind.EACH, Off(OffKind.PERCENT, 100_000))
    shop.ok(SetPromotions((Promotion("tenth", "A tenth off", off),)), admin=True)
    assert -270 == shop.ok(back("bread"))["total_minor"]
    assert -540 == shop.ok(back("bread", 2_000))["total_minor"]
    assert -1_200 == shop.ok(back("book"))["total_minor"]  # is never discounted


def test_the_price_is_that_of_the_registers_own_counter() -> None:
    """What the phone counter sells a tenth cheaper comes back so there, and nowhere else."""
    shop = lenient()
    setup_1 = shop.books.settings.registers["1"]
    shop.ok(DefineRegister(attrs.evolve(setup_1, channel="phone")), admin=True)
    off = Benefit(BenefitKind.EACH, Off(OffKind.PERCENT, 100_000))
    promotion = Promotion("tenth", "A tenth off", off, (Selection(),), channels=("phone",))
    shop.ok(SetPromotions((promotion,)), admin=True)
    assert -315 == shop.ok(back("bread"))["total_minor"]
    assert -350 == shop.ok(back("bread"), "2")["total_minor"]


def test_the_lowest_price_of_the_last_days_counts_where_the_policy_says_so() -> None:
    """A sale that ended yesterday counts within the days, whatever the price is today."""
    shop = lenient()
    now_s = shop.now_ns // 10**9
    shop.ok(sale_price(200, now_s - 9 * DAY_S, now_s - 8 * DAY_S), admin=True)
    for days, total in ((0, -350), (7, -350), (9, -200), (30, -200)):
        policy = attrs.evolve(ALLOWED, price=PriceRule.LOWEST, days=days)
        shop.ok(SetReturnRules(policy), admin=True)
        assert total == shop.ok(back("bread"))["total_minor"]
        shop.ok(VoidOrder("no"))
    shop.ok(SetReturnRules(ALLOWED), admin=True)
    assert -350 == shop.ok(back("bread"))["total_minor"]


def test_a_price_of_now_that_is_the_lowest_counts_whatever_it_was() -> None:
    """Goods that were dearer come back at today's price."""
    shop = lenient(attrs.evolve(ALLOWED, price=PriceRule.LOWEST, days=30))
    now_s = shop.now_ns // 10**9
    shop.ok(sale_price(900, now_s - 9 * DAY_S, now_s - 8 * DAY_S), admin=True)
    assert -350 == shop.ok(back("bread"))["total_minor"]


def test_goods_of_a_budget_that_is_used_up_come_back_at_what_they_cost_then() -> None:
    """1.00 off the first bottle: it comes back for 6.99 where the lowest price counts, though the
    next one costs 7.99, and for 7.99 where today's does; nobody gains 1.00 by bringing it back."""
    shop = lenient(attrs.evolve(ALLOWED, price=PriceRule.LOWEST, days=7))
    off = Benefit(BenefitKind.EACH, Off(OffKind.AMOUNT, 100))
    first = Promotion("first", "The first", off, (Selection(("wine",)),), budget_minor=100)
    shop.ok(SetPromotions((first,)), admin=True)
    shop.ring("wine")
    assert -699 == shop.ok(back("wine"), "2")["total_minor"]
    shop.ok(VoidOrder("no"), "2")
    assert 699 == shop.pay()["total_minor"]
    assert -699 == shop.ok(back("wine"))["total_minor"]
    shop.ok(VoidOrder("no"))
    shop.ok(SetReturnRules(ALLOWED), admin=True)
    assert -799 == shop.ok(back("wine"))["total_minor"]


def test_no_more_turns_of_prices_are_looked_at_than_there_may_be() -> None:
    """The latest 64 before now: one second five days ago, at which bread was 1.00, is the last of
    them, and a list that begins with this very return takes no other's place."""
    shop = lenient(attrs.evolve(ALLOWED, price=PriceRule.LOWEST, days=30))
    at_s = shop.now_ns // 10**9 - 5 * DAY_S + 1_000
    cheap = PriceList(
        "cheap", "C", (PriceEntry("bread", 1_000_000),), starts_s=at_s, ends_s=at_s + 1
    )
    since = [PriceList(f"l{n}", "L", starts_s=at_s + 60 * n) for n in range(1, 64)]
    back_s = shop.now_ns // 10**9 + 2  # a command a second
    lists = (cheap, *since, PriceList("now", "N", starts_s=back_s))
    shop.ok(SetPrices(PriceSet(lists=lists)), admin=True)
    assert -100 == shop.ok(back("bread"))["total_minor"]
    assert back_s == shop.now_ns // 10**9
    shop.ok(VoidOrder("no"))
    one_more = attrs.evolve(lists[-1], starts_s=at_s + 30)
    shop.ok(SetPrices(PriceSet(lists=(*lists[:-1], one_more))), admin=True)
    assert -350 == shop.ok(back("bread"))["total_minor"]


def test_the_taxes_are_those_of_today() -> None:
    """Two rules, one of which began today, on the price of a sale that is over."""
    shop = ruled(
        setup(
            rule("vat", 100_000, included=True),
            rule("new", 50_000, tax_type="new", after=("vat",), affected_by_previous=False,
                 window=Window("2026-11-18")),
        )
    )  # fmt: skip
    policy = attrs.evolve(ALLOWED, price=PriceRule.LOWEST, days=30)
    shop.ok(SetReturnRules(policy), admin=True)
    now_s = shop.now_ns // 10**9
    shop.ok(sale_price(220, now_s - 20 * DAY_S, now_s - 19 * DAY_S), admin=True)
    order_id = shop.ok(back("bread", 2_000))["order_id"]
    shop.ok(RefundToCredit())
    shop.ok(CompleteOrder())
    figures = figures_of(shop, order_id)
    sums_agree(figures)
    assert {"vat": (-400, -40), "new": (-400, -20)} == by_rule(figures)
    assert -460 == figures.total_minor


def test_what_no_rule_can_tax_is_refused() -> None:
    """The same refusal as at a sale."""
    by_weight = rule("weight", 1_000_000, kind=TaxKind.PER_UNIT, unit=Unit.KG)
    shop = ruled(setup(by_weight))
    shop.ok(SetReturnRules(ALLOWED), admin=True)
    assert OrderRefusal.TAXES_MUST_APPLY == shop.no(back("wine"))
    shop.ok(back("cheese", 500))


def test_what_could_not_be_taxed_before_comes_back_today() -> None:
    """Pieces under a tax by the kilogram that ended yesterday: only the prices of then count."""
    by_weight = rule("weight", 1_000_000, kind=TaxKind.PER_UNIT, unit=Unit.KG,
                     window=Window("2026-01-01", "2026-11-18"))  # fmt: skip
    shop = ruled(setup(by_weight))
    policy = attrs.evolve(ALLOWED, price=PriceRule.LOWEST, days=7)
    shop.ok(SetReturnRules(policy), admin=True)
    assert -799 == shop.ok(back("wine"))["total_minor"]


# --------------------------------------------------------------------------------- store credit


@pytest.mark.feature("PAY-11")
def test_a_refund_to_credit_is_spent_later_bit_by_bit_with_a_ledger() -> None:
    """A note of 7.99 pays 3.50 today and 4.49 of 7.99 tomorrow, and then is spent."""
    shop = lenient()
    code = note_of(shop, "wine")
    issued = ledger_of(shop, code)
    number = shop.events(OrderCompleted)[0].receipt_number
    assert (799, 799, 0, number) == (
        issued.issued_minor, issued.left_minor, issued.held_minor, issued.receipt_number,
    )  # fmt: skip
    shop.ring("bread")
    typed = f" {code[:4].lower()}-{code[4:]} "
    answer = shop.ok(TenderCredit(typed))
    assert (350, 0, 449) == (answer["amount_minor"], answer["due_minor"], answer["left_minor"])
    assert 350 == ledger_of(shop, code).held_minor
    shop.ok(CompleteOrder())
    assert (449, 1) == (credits_view(shop.books, 9).left_minor, credits_view(shop.books, 9).notes)
    shop.ring("wine")
    answer = shop.ok(TenderCredit(code))
    assert (449, 350, 0) == (answer["amount_minor"], answer["due_minor"], answer["left_minor"])
    shop.ok(TenderCash(400))
    assert 50 == shop.ok(CompleteOrder())["change_minor"]
    assert (0, 0) == (credits_view(shop.books, 9).left_minor, credits_view(shop.books, 9).notes)
    shop.ring("milk")
    assert OrderRefusal.CREDIT_MUST_NOT_BE_SPENT == shop.no(TenderCredit(code))
    assert OrderRefusal.CREDIT_MUST_NOT_BE_SPENT == refusal_of(shop, code)
    assert Refused(OrderRefusal.CREDIT_MUST_NOT_BE_SPENT, {"code": code}) == credit_view(
        f" {code.lower()} ", shop.books
    )


def test_a_note_that_pays_twice_in_one_sale_says_what_is_left_after_both() -> None:
    """The receipt names one rest, at each of its two lines."""
    shop = lenient()
    code = note_of(shop, "wine")
    shop.ring("bread", "milk")
    shop.ok(TenderCredit(code, 1))
    shop.ok(TenderCredit(code, 349))
    shop.ok(TenderCash(350 + 129 - 350))
    shop.ok(CompleteOrder())
    (sale,) = [event for event in shop.events(OrderCompleted) if event.cash_minor]
    left = [tender.credit.left_minor for tender in sale.tenders if tender.credit is not None]
    assert [799 - 350] * 2 == left
    assert 799 - 350 == ledger_of(shop, code).left_minor


def test_a_register_offers_credit_only_while_some_is_left() -> None:
    """None before the first note, some while one has something left, none once it is spent; and
    the rules of returns as they are."""
    shop = lenient()
    assert ReturnsView(without_receipt=True) == returns_view(shop.books)
    code = note_of(shop, "milk")
    assert ReturnsView(without_receipt=True, takes_credit=True) == returns_view(shop.books)
    shop.ring("milk")
    shop.ok(TenderCredit(code))
    shop.ok(CompleteOrder())
    shop.ok(SetReturnRules(ReturnRules(store_credit=True)), admin=True)
    assert ReturnsView(to_credit=True) == returns_view(shop.books)


def test_what_pays_with_a_note_that_is_none_or_has_too_little_is_refused() -> None:
    """Unknown codes, more than is due, more than is left, nothing at all."""
    shop = lenient()
    code = note_of(shop, "milk")
    shop.ring("wine")
    assert OrderRefusal.CREDIT_MUST_BE_KNOWN == shop.no(TenderCredit("0" * 12))
    assert OrderRefusal.CREDIT_MUST_BE_KNOWN == shop.no(TenderCredit("x" * 100))
    assert OrderRefusal.AMOUNT_MUST_BE_POSITIVE == shop.no(TenderCredit(code, -1))
    assert OrderRefusal.AMOUNT_MUST_BE_WITHIN_DUE == shop.no(TenderCredit(code, 800))
    assert OrderRefusal.CREDIT_MUST_SUFFICE == shop.no(TenderCredit(code, 130))
    shop.ok(TenderCredit(code, 100))
    assert {"code": code, "left_minor": 29} == shop.refused(TenderCredit(code, 30))
    shop.ok(TenderCredit(code))
    assert OrderRefusal.CREDIT_MUST_SUFFICE == shop.no(TenderCredit(code))
    shop.ok(TenderCash(670))
    assert OrderRefusal.AMOUNT_MUST_STILL_BE_DUE == shop.no(TenderCredit(code))
    assert OrderRefusal.AMOUNT_MUST_STILL_BE_DUE == shop.no(RefundToCredit())
    assert OrderRefusal.CREDIT_MUST_BE_KNOWN == refusal_of(shop, "0")


def test_two_registers_never_spend_the_same_credit() -> None:
    """What one holds is not there for the other until it is handed back; then it is."""
    shop = lenient()
    code = note_of(shop, "wine")
    shop.ring("wine")
    held = shop.ok(TenderCredit(code, 500))["tender"]
    shop.ring("wine", register="2")
    assert 299 == shop.ok(TenderCredit(code), "2")["left_minor"] + 299
    assert OrderRefusal.CREDIT_MUST_SUFFICE == shop.no(TenderCredit(code), "2")
    assert 500 == shop.ok(UndoTender(held))["returned_minor"]
    shop.ok(TenderCredit(code, 500), "2")
    assert OrderRefusal.CREDIT_MUST_SUFFICE == shop.no(TenderCredit(code))
    shop.ok(CompleteOrder(), "2")
    assert OrderRefusal.CREDIT_MUST_NOT_BE_SPENT == shop.no(TenderCredit(code))


def test_a_note_is_good_once_its_return_is_completed_and_never_before() -> None:
    """An issue that is undone was none; its goods may go back another way or stay."""
    shop = lenient()
    shop.ok(back("wine"))
    first = shop.ok(RefundToCredit())
    shop.ring("milk", register="2")
    assert OrderRefusal.CREDIT_MUST_BE_KNOWN == shop.no(TenderCredit(first["code"]), "2")
    shop.ok(UndoTender(first["tender"]))
    shop.ok(UndoTendering())
    shop.ok(VoidOrder("kept"))
    assert OrderRefusal.CREDIT_MUST_BE_KNOWN == shop.no(TenderCredit(first["code"]), "2")
    assert 0 == credits_view(shop.books, 9).notes


def test_a_refund_may_be_more_than_one_note() -> None:
    """Each has a code of its own; together they are what is due."""
    shop = lenient()
    shop.ok(back("wine"))
    assert OrderRefusal.AMOUNT_MUST_BE_POSITIVE == shop.no(RefundToCredit(-5))
    assert OrderRefusal.AMOUNT_MUST_BE_WITHIN_DUE == shop.no(RefundToCredit(800))
    first, second = shop.ok(RefundToCredit(500)), shop.ok(RefundToCredit())
    shop.ok(CompleteOrder())
    assert first["code"] != second["code"]
    assert (500, 299) == (first["left_minor"], second["left_minor"])
    view = credits_view(shop.books, 1)
    assert (2, 799, 1) == (view.notes, view.left_minor, len(view.newest))


def test_goods_with_a_receipt_go_back_to_credit_where_the_policy_says_so() -> None:
    """Without it they go back to what paid; what a note paid goes back to a note in any case."""
    shop = lenient()
    sold = shop.sell("wine")
    shop.ok(AddReturnLine(sold, 1, 1_000, "corked"))
    assert OrderRefusal.STORE_CREDIT_MUST_BE_ALLOWED == shop.no(RefundToCredit())
    shop.ok(SetReturnRules(attrs.evolve(ALLOWED, store_credit=True)), admin=True)
    code = str(shop.ok(RefundToCredit())["code"])
    shop.ok(CompleteOrder())
    shop.ok(SetReturnRules(ReturnRules()), admin=True)
    bought = shop.ring("wine", "bread")
    shop.ok(TenderCredit(code))
    shop.ok(TenderCash(350))
    shop.ok(CompleteOrder())
    shop.ok(AddReturnLine(bought, 1, 1_000, "corked"))
    shop.ok(AddReturnLine(bought, 2, 1_000, "dry"))
    assert OrderRefusal.REFUND_MUST_GO_TO_ITS_TENDER == shop.no(TenderCash(-1_149))
    assert OrderRefusal.STORE_CREDIT_MUST_BE_ALLOWED == shop.no(RefundToCredit())
    answer = shop.ok(RefundToCredit(799))
    assert OrderRefusal.STORE_CREDIT_MUST_BE_ALLOWED == shop.no(RefundToCredit(1))
    shop.ok(TenderCash(-350))
    shop.ok(CompleteOrder())
    assert 799 == credits_view(shop.books, 9).left_minor
    assert answer["code"] != code


def test_a_note_gives_back_for_the_goods_it_paid_and_for_no_others() -> None:
    """A bottle that a note paid and one paid in cash: only the first goes back to a note."""
    shop = lenient()
    code = note_of(shop, "wine", "wine")
    shop.ok(SetReturnRules(ReturnRules()), admin=True)
    by_note = shop.ring("wine", "wine")
    shop.ok(TenderCredit(code))
    shop.ok(CompleteOrder())
    in_cash = shop.sell("wine")
    for sale in (by_note, in_cash):
        shop.ok(AddReturnLine(sale, 1, 1_000, "corked"))
    assert OrderRefusal.STORE_CREDIT_MUST_BE_ALLOWED == shop.no(RefundToCredit())
    shop.ok(RefundToCredit(799))
    shop.ok(TenderCash(-799))
    shop.ok(CompleteOrder())
    assert [799, 799] == [shop.order(sale).refunded_minor(1) for sale in (by_note, in_cash)]


def test_goods_of_two_sales_go_back_to_the_notes_that_paid_them() -> None:
    """A small note and a large one paid the first sale: of both together it gives what came back of
    it, and the second sale what came back of that."""
    shop = lenient()
    small, large, other = (note_of(shop, *goods) for goods in (["milk"], ["wine"], ["wine"]))
    first = shop.ring("wine", "milk")
    shop.ok(TenderCredit(small))
    shop.ok(TenderCredit(large))
    shop.ok(CompleteOrder())
    second = shop.ring("wine")
    shop.ok(TenderCredit(other))
    shop.ok(CompleteOrder())
    shop.ok(SetReturnRules(ReturnRules()), admin=True)
    for sale in (first, second):
        shop.ok(AddReturnLine(sale, 1, 1_000, "corked"))
    assert 2 * -799 == shop.ok(RefundToCredit())["amount_minor"]
    shop.ok(CompleteOrder())
    back = [shop.order(first).refunded_minor(1), shop.order(first).refunded_minor(2)]
    assert [129, 799 - 129] == back
    assert 799 == shop.order(second).refunded_minor(1)


def test_what_is_taken_back_of_a_note_never_comes_to_more_than_it_paid() -> None:
    """A refund that is undone gives its part back to be refunded again, once."""
    shop = lenient()
    code = note_of(shop, "wine")
    bought = shop.ring("wine")
    shop.ok(TenderCredit(code))
    shop.ok(CompleteOrder())
    shop.ok(SetReturnRules(ReturnRules()), admin=True)
    shop.ok(AddReturnLine(bought, 1, 1_000, "corked"))
    tender = shop.ok(RefundToCredit())["tender"]
    assert 799 == shop.order(bought).refunded_minor(1)
    shop.ok(UndoTender(tender))
    assert 0 == shop.order(bought).refunded_minor(1)
    shop.ok(RefundToCredit())
    shop.ok(CompleteOrder())
    assert 799 == credits_view(shop.books, 9).left_minor


def test_so_many_notes_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """One note more than the limit is refused; once one is spent there is room."""
    shop = lenient()
    code = note_of(shop, "milk")
    monkeypatch.setattr(limits, "CREDITS_MAX", 1)
    shop.ok(back("bread"))
    assert OrderRefusal.CREDITS_LIMIT_REACHED == shop.no(RefundToCredit())
    shop.ring("milk", register="2")
    shop.ok(TenderCredit(code), "2")
    shop.ok(CompleteOrder(), "2")
    shop.ok(RefundToCredit())


# --------------------------------------------------------------------------- paper and the day


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Store credit", "Return without receipt", "Left of it")),
        ("de", ("Guthaben", "Rückgabe ohne Beleg", "Davon übrig")),
        ("fr", ("Avoir", "Retour sans ticket", "Reste")),
    ],
)
def test_the_note_is_printed_with_its_code_in_the_shops_language(
    language: str, words: tuple[str, str, str]
) -> None:
    """One paper for the receipt, one for the note with a bar code; later receipts say the rest."""
    shop = Shop.selling(language=language)
    shop.ok(SetReturnRules(ALLOWED), admin=True)
    code = note_of(shop, "wine")
    receipt, note = shop.printed()[-2:]
    assert words[1] in str(receipt)
    assert words[0] in str(receipt)
    assert [code] == [block.data for block in note.blocks if block.kind is BlockKind.BARCODE]
    assert words[0] in note.title
    assert "7" in str([b.left for b in note.blocks if b.large])
    shop.ring("bread")
    shop.ok(TenderCredit(code))
    shop.ok(CompleteOrder())
    (paid,) = shop.printed()[2:]
    rows = [(block.left.strip(), block.right) for block in paid.blocks]
    assert any(left == words[2] and right.startswith("4") for left, right in rows)
    assert code in str(paid)


def test_neither_issuing_nor_spending_opens_the_drawer_and_the_z_tells_both() -> None:
    """The till must not even be open; the day's tenders have what was issued and spent."""
    shop = lenient()
    shop.ok(CountTill(()))
    shop.ok(CloseTill())
    before = len(shop.events(EffectRequested))
    code = note_of(shop, "wine")
    shop.ring("bread")
    shop.ok(TenderCredit(code))
    shop.ok(CompleteOrder())
    asked = shop.events(EffectRequested)[before:]
    assert {"printer/1"} == {event.address for event in asked}
    assert -449 == shop.books.live.position("1").totals.tenders["credit"]


def test_training_issues_nothing_that_can_be_spent() -> None:
    """A note of practice is on paper that says so, and in no ledger."""
    shop = lenient()
    shop.ok(StartTraining())
    code = note_of(shop, "wine")
    assert "TRAINING" in str(shop.printed()[-1])
    assert 0 == credits_view(shop.books, 9).notes
    shop.ring("milk")
    assert OrderRefusal.CREDIT_MUST_BE_KNOWN == shop.no(TenderCredit(code))


def test_replay_and_snapshots_have_the_same_ledger() -> None:
    """From every fact, and from a snapshot, come the same notes, holds and policy."""
    shop = lenient()
    code = note_of(shop, "wine")
    spent = note_of(shop, "milk")
    shop.ring("milk")
    shop.ok(TenderCredit(spent))
    shop.ok(CompleteOrder())
    shop.ring("bread")
    shop.ok(TenderCredit(code, 100))
    again = shop.replayed()
    assert state_hash(shop.books) == state_hash(again)
    restored = books_from(image_of(shop.books), None)
    assert state_hash(shop.books) == state_hash(restored)
    for books in (again, restored):
        assert 100 == held_in(books.live.orders.values(), code)
        assert books.credits.is_spent(spent)
        assert ALLOWED == books.returns


def test_a_note_has_a_code_of_its_own_whatever_its_command_is_called() -> None:
    """The same seed at another order makes another code while the first is known."""
    shop = lenient()
    codes = set()
    for _ in range(3):
        shop.sent = 100
        codes.add(note_of(shop, "milk"))
        assert all(len(code) == 12 and code.isalnum() and code.isupper() for code in codes)
    assert 3 == len(codes)
    assert 3 == len({event.credit.code for event in shop.events(CreditTendered)})
