"""Money that goes back by card or by link: for each bottle once, whoever asks for it, and how."""

from __future__ import annotations

import pytest

from engine.image import state_hash
from engine.order.commands import (
    AddLine,
    AddOpenLine,
    AddReturnLine,
    CompleteOrder,
    DiscountLine,
    ResumeOrder,
    StartTendering,
    SuspendOrder,
    TenderCash,
    UndoTender,
    UndoTendering,
    VoidLine,
    VoidOrder,
)
from engine.order.figures import DiscountKind
from engine.order.refunds import left_of
from engine.order.refusal import Refusal
from engine.paylink.commands import RequestPaylink, ReverseLinkTender, SendBackPaylink
from engine.paylink.refusal import Refusal as LinkRefusal
from engine.payment.commands import RequestPayment, ReverseAgain, ReverseTender, SetPaymentAside
from engine.payment.ending_days import EndTerminalDay, HearTerminalDay
from engine.payment.events import Problem
from engine.payment.refusal import Refusal as PaymentRefusal
from engine.provider import LinkState
from engine.register import CloseDay, EndTraining, StartTraining
from engine.terminal import Identity, Settlement, Verdict
from engine.till import CloseTill, CountTill, Denomination, OpenTill
from engine.views.build import order_view
from tests.card_shop import card_shop, running
from tests.card_shop import hear as terminal_says
from tests.link_shop import asked, hear, link_of, link_shop, refunds, sold, with_provider
from tests.shop import Shop


def mixed_shop() -> Shop:
    """A shop whose two registers take cards and links."""
    shop = card_shop()
    for register in ("1", "2"):
        with_provider(shop, register)
    return shop


def sold_by_card(shop: Shop, *codes: str) -> str:
    """A sale paid by card whole; the order's id."""
    shop.ring(*codes)
    shop.ok(RequestPayment())
    terminal_says(shop, Verdict.APPROVED, 1)
    order_id: str = shop.ok(CompleteOrder())["order_id"]
    return order_id


def sold_by_both(shop: Shop) -> str:
    """Two bottles, one paid by card and one by link; the order's id."""
    shop.ring("wine", "wine")
    shop.ok(RequestPayment(799))
    terminal_says(shop, Verdict.APPROVED, 1)
    paylink_id = shop.ok(RequestPaylink())["paylink_id"]
    hear(shop, paylink_id, LinkState.OPEN)
    hear(shop, paylink_id, LinkState.PAID)
    return link_of(shop, paylink_id).asked.order_id


def sold_by_card_and_cash(shop: Shop) -> str:
    """Two bottles, one paid by card and one in cash; the order's id."""
    shop.ring("wine", "wine")
    shop.ok(RequestPayment(799))
    terminal_says(shop, Verdict.APPROVED, 1)
    shop.ok(TenderCash(799))
    order_id: str = shop.ok(CompleteOrder())["order_id"]
    return order_id


def begun_at_both(shop: Shop, sale: str) -> None:
    """The same goods are being paid back at both registers."""
    for register in ("1", "2"):
        shop.ok(AddReturnLine(sale, 1, 1000, "broken"), register)
        shop.ok(StartTendering(), register)


def ends_undone(shop: Shop, register: str) -> None:
    """What paid nothing back yet is no burden: it is undone and gone."""
    shop.ok(UndoTendering(), register)
    shop.ok(VoidOrder("came back at the other register"), register)
    assert shop.books.live.current(register) is None


def test_goods_of_a_link_are_paid_back_by_one_register() -> None:
    """Both have frozen what goes back before the first gives it: the second is refused before its
    provider hears of anything, and is not stuck."""
    shop = link_shop()
    begun_at_both(shop, sold(shop, "wine", "wine"))
    shop.ok(RequestPaylink(), "1")
    assert shop.no(RequestPaylink(), "2") == Refusal.RETURN_MUST_BE_WITHIN_SOLD
    ends_undone(shop, "2")


@pytest.mark.parametrize("has_ended", [False, True])
def test_goods_of_a_card_are_paid_back_by_one_register(*, has_ended: bool) -> None:
    """Whether the first terminal still gives the money back or its return is completed."""
    shop = card_shop()
    begun_at_both(shop, sold_by_card(shop, "wine", "wine"))
    shop.ok(RequestPayment(), "1")
    if has_ended:
        terminal_says(shop, Verdict.APPROVED, 2)
        shop.ok(CompleteOrder())
    assert shop.no(RequestPayment(), "2") == Refusal.RETURN_MUST_BE_WITHIN_SOLD
    ends_undone(shop, "2")


def test_goods_whose_refund_nobody_knows_are_held() -> None:
    """Set aside, the customer may have it all the same; once that return is gone, its goods are
    free, and only the card's own money is kept."""
    shop = card_shop()
    sale = sold_by_card(shop, "wine", "wine")
    begun_at_both(shop, sale)
    shop.ok(RequestPayment())
    payment_id = running(shop).asked.payment_id
    terminal_says(shop, Verdict.UNKNOWN, code="no_answer")
    shop.ok(SetPaymentAside(payment_id, "no answer"))
    assert shop.no(RequestPayment(), "2") == Refusal.RETURN_MUST_BE_WITHIN_SOLD
    ends_undone(shop, "1")
    shop.ok(RequestPayment(), "2")


@pytest.mark.parametrize("is_parked", [False, True])
def test_a_refund_that_was_set_aside_is_the_returns_while_it_is_owed(*, is_parked: bool) -> None:
    """Told late that the customer has it, a return that still owes that much ends with it: nothing
    else could end it, for what is with the customer is not given once more."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment(500))
    terminal_says(shop, Verdict.APPROVED, 1)
    shop.ok(RequestPayment())
    terminal_says(shop, Verdict.APPROVED, 2)
    sale = shop.ok(CompleteOrder())["order_id"]
    order_id = shop.ok(AddReturnLine(sale, 1, 1000, "corked"))["order_id"]
    shop.ok(RequestPayment(0, sale, 2))
    final = Identity("29001234", 3, 3, "1126", "101500", is_of_payment=True)
    terminal_says(shop, Verdict.APPROVED, 3, identity=final)
    shop.ok(RequestPayment())
    refund = running(shop)
    terminal_says(shop, Verdict.UNKNOWN, code="no_answer")
    shop.ok(SetPaymentAside(refund.asked.payment_id, "no answer"))
    if is_parked:
        shop.ok(SuspendOrder("comes again"))
    terminal_says(shop, Verdict.APPROVED, 4, payment=refund, is_inquiry=True)
    assert shop.books.payments.exceptions == {}
    if is_parked:
        shop.ok(ResumeOrder(order_id))
    assert shop.ok(CompleteOrder())["total_minor"] == -799
    assert left_of(shop.order(sale)) == {}


def test_a_refund_that_was_set_aside_is_listed_where_it_is_owed_no_more() -> None:
    """The customer had it in cash meanwhile: now they have it twice, and a person sees that."""
    shop = card_shop()
    sale = sold_by_card_and_cash(shop)
    shop.ok(AddReturnLine(sale, 1, 1000, "corked"))
    shop.ok(RequestPayment())
    refund = running(shop)
    terminal_says(shop, Verdict.UNKNOWN, code="no_answer")
    shop.ok(SetPaymentAside(refund.asked.payment_id, "no answer"))
    shop.ok(TenderCash(-799))
    terminal_says(shop, Verdict.APPROVED, 2, payment=refund, is_inquiry=True)
    (listed,) = shop.books.payments.exceptions.values()
    assert listed.problem is Problem.LATE


@pytest.mark.parametrize("is_approved", [False, True])
def test_goods_of_an_exchange_that_a_card_pays_are_held(*, is_approved: bool) -> None:
    """From the moment its terminal is asked. Taken back at the other register meanwhile, the
    exchange could not end; and where its terminal did not take the card's money back, neither could
    it be undone."""
    shop = card_shop()
    sale = sold_by_card_and_cash(shop)
    shop.ok(AddReturnLine(sale, 1, 1000, "corked"))
    shop.ring("wine", "bread")
    shop.ok(RequestPayment())
    if is_approved:
        terminal_says(shop, Verdict.APPROVED, 2)
    shop.ok(AddReturnLine(sale, 2, 1000, "corked"), "2")
    left = {"left_milli": 0}
    assert left == shop.refused(AddReturnLine(sale, 1, 1000, "corked"), "2")
    if not is_approved:
        terminal_says(shop, Verdict.APPROVED, 2)
    shop.ok(ReverseTender(1))
    terminal_says(shop, Verdict.DECLINED, 3)
    shop.ok(CompleteOrder())


def test_a_terminal_that_declined_holds_nothing() -> None:
    """Nothing went back, so the other register may give it."""
    shop = card_shop()
    begun_at_both(shop, sold_by_card(shop, "wine", "wine"))
    shop.ok(RequestPayment(), "1")
    terminal_says(shop, Verdict.DECLINED, 2)
    shop.ok(RequestPayment(), "2")
    assert shop.no(RequestPayment(), "1") == Refusal.RETURN_MUST_BE_WITHIN_SOLD


def test_money_of_the_drawer_goes_back_to_it_where_a_card_was_first() -> None:
    """Cash can be handed back over the counter, what a card has cannot."""
    shop = card_shop()
    shop.ok(OpenTill(()), "2")
    shop.ring("wine", "wine")
    shop.ok(RequestPayment(799))
    terminal_says(shop, Verdict.APPROVED, 1)
    shop.ok(TenderCash(799))
    sale = shop.ok(CompleteOrder())["order_id"]
    begun_at_both(shop, sale)
    shop.ok(TenderCash(-799), "2")
    shop.ok(RequestPayment(), "1")
    terminal_says(shop, Verdict.APPROVED, 2)
    assert shop.no(CompleteOrder(), "2") == Refusal.RETURN_MUST_BE_WITHIN_SOLD
    shop.ok(UndoTender(1), "2")
    ends_undone(shop, "2")
    shop.ok(CompleteOrder(), "1")


def test_frozen_figures_pay_no_cash_for_goods_that_are_gone() -> None:
    """The drawer stays shut for a return that could not be completed."""
    shop = card_shop()
    shop.ok(OpenTill(()), "2")
    sale = shop.ring("wine", "wine")
    shop.pay()
    begun_at_both(shop, sale)
    shop.ok(TenderCash(-799), "1")
    shop.ok(CompleteOrder(), "1")
    assert shop.no(TenderCash(-799), "2") == Refusal.RETURN_MUST_BE_WITHIN_SOLD
    ends_undone(shop, "2")


def test_the_odd_cent_goes_back_by_one_terminal() -> None:
    """Two for 4.99, each register rang one up at 2.50: while one terminal gives its half back, the
    other register has to ring its own up anew, and both returns end."""
    shop = card_shop()
    sale = shop.ok(AddLine("bread", quantity_milli=2000))["order_id"]
    shop.ok(DiscountLine(1, DiscountKind.AMOUNT, 201, "yesterday's"))
    shop.ok(RequestPayment())
    terminal_says(shop, Verdict.APPROVED, 1)
    shop.ok(CompleteOrder())
    begun_at_both(shop, sale)
    shop.ok(RequestPayment(), "1")
    assert running(shop).asked.amount_minor == 250
    assert shop.no(RequestPayment(), "2") == Refusal.RETURN_MUST_BE_WHAT_WAS_PAID
    shop.ok(UndoTendering(), "2")
    shop.ok(VoidLine(1), "2")
    shop.ok(AddReturnLine(sale, 1, 1000, "broken"), "2")
    shop.ok(RequestPayment(), "2")
    assert running(shop, "2").asked.amount_minor == 249
    for register in ("2", "1"):
        terminal_says(shop, Verdict.APPROVED, 2, register=register)
        shop.ok(CompleteOrder(), register)
    assert left_of(shop.order(sale)) == {}


def test_one_return_is_not_paid_by_card_and_by_link_at_once() -> None:
    """While the terminal gives the money back no provider is asked for it: the bottle was paid for
    once. What the terminal then declined may go back by link."""
    shop = mixed_shop()
    sale = sold_by_both(shop)
    shop.ok(AddReturnLine(sale, 1, 1000, "broken"))
    shop.ok(RequestPayment())
    assert shop.no(RequestPaylink()) == Refusal.TERMINAL_MUST_BE_DONE
    assert refunds(shop) == []
    terminal_says(shop, Verdict.DECLINED, 2)
    shop.ok(RequestPaylink())
    assert [799] == [link.asked.amount_minor for link in refunds(shop)]


def half_paid(shop: Shop) -> str:
    """Both bottles came back and the link has its half; the card that paid the other is closed."""
    sale = sold_by_both(shop)
    for line in (1, 2):
        order_id: str = shop.ok(AddReturnLine(sale, line, 1000, "broken"))["order_id"]
    shop.ok(RequestPaylink())
    shop.ok(RequestPayment())
    terminal_says(shop, Verdict.DECLINED, 2)
    return order_id


def test_a_return_paid_back_in_part_keeps_no_register_and_no_day() -> None:
    """What the link gave is gone for good and the card takes nothing: the return is parked as it
    is, the next customer is served, the day closed. Taken up at another register it is owed the
    rest, and nobody takes its goods back meanwhile."""
    shop = mixed_shop()
    order_id = half_paid(shop)
    (link,) = shop.order(order_id).tenders
    assert link.gave_back[0].amount_minor == 799
    for body in (CompleteOrder(), UndoTender(1), ReverseLinkTender(1), UndoTendering()):
        assert shop.when(body).refused is not None
    assert shop.no(VoidOrder("closed")) == Refusal.TENDERS_MUST_BE_UNDONE
    shop.ok(SuspendOrder("card closed"))
    shop.sell("bread")
    again = AddReturnLine(link.gave_back[0].order_id, 1, 1000, "broken")
    assert shop.no(again) == Refusal.RETURN_MUST_BE_WITHIN_SOLD
    shop.ok(CountTill((Denomination(350, 1), Denomination(1000, 10))))
    shop.ok(CloseTill())
    shop.ok(CloseDay())
    assert shop.ok(ResumeOrder(order_id), "2")["due_minor"] == -799
    assert shop.replayed().live.orders[order_id] == shop.order(order_id)
    shop.ok(RequestPayment(), "2")
    assert shop.no(SuspendOrder("left"), "2") == Refusal.TERMINAL_MUST_BE_DONE
    terminal_says(shop, Verdict.APPROVED, 3, register="2")
    shop.ok(CompleteOrder(), "2")


def test_a_refund_that_can_be_taken_back_keeps_its_return_at_the_till() -> None:
    """A terminal that knows the refund by a number takes it back, and the return is undone."""
    shop = card_shop()
    sale = sold_by_card(shop, "wine", "wine")
    shop.ok(AddReturnLine(sale, 1, 1000, "broken"))
    shop.ok(RequestPayment(400))
    terminal_says(shop, Verdict.APPROVED, 2)
    assert shop.no(SuspendOrder("left")) == Refusal.ORDER_MUST_NOT_BE_TENDERING


@pytest.mark.parametrize(
    "told",
    [
        Identity("29001234", 2, 2, "1126", "101500", is_of_payment=True),
        Identity("29001234", 2, None, "1126", "101500"),
    ],
)
def test_a_final_refund_by_card_is_parked_too(told: Identity) -> None:
    """One that went by its payment, or that has no number, is taken back by no terminal; cash
    beside it is in this drawer and keeps it here."""
    shop = card_shop()
    sale = sold_by_card_and_cash(shop)
    for line in (1, 2):
        shop.ok(AddReturnLine(sale, line, 1000, "broken"))
    shop.ok(RequestPayment())
    terminal_says(shop, Verdict.APPROVED, 2, identity=told)
    shop.ok(TenderCash(-799))
    assert shop.no(SuspendOrder("left")) == Refusal.ORDER_MUST_NOT_BE_TENDERING
    shop.ok(UndoTender(2))
    shop.ok(SuspendOrder("left"))


def test_coins_paid_elsewhere_meanwhile_are_no_dead_end_for_a_card() -> None:
    """A card has its part of a return for good, so the order cannot begin anew. Another register
    paid all the coins of that sale back since: the first is told what coins pay now, and ends."""
    shop = card_shop(cash_step_minor=5)
    shop.ok(OpenTill(()), "2")
    shop.ring("wine")
    sale = shop.ok(AddOpenLine("Screw", 30_000, "standard", 2000))["order_id"]
    shop.ok(RequestPayment(799))
    terminal_says(shop, Verdict.APPROVED, 1)
    shop.ok(TenderCash(5))
    shop.ok(CompleteOrder())
    for line in (1, 2):
        shop.ok(AddReturnLine(sale, line, 1000, "broken"))
    shop.ok(RequestPayment())
    told = Identity("29001234", 2, 2, "1126", "101500", is_of_payment=True)
    terminal_says(shop, Verdict.APPROVED, 2, identity=told)
    shop.ok(AddReturnLine(sale, 2, 1000, "broken"), "2")
    shop.pay(register="2")
    assert shop.no(UndoTendering()) == Refusal.TENDERS_MUST_BE_UNDONE
    assert {"due_minor": 0} == shop.refused(TenderCash(-5))
    current = shop.books.live.current("1")
    assert current is not None
    assert order_view(current, shop.books).cash_due_minor == 0
    assert shop.ok(TenderCash(0))["rounding_minor"] == 3
    shop.ok(CompleteOrder())
    assert state_hash(shop.replayed()) == state_hash(shop.books)


def test_a_sale_that_a_link_paid_in_part_is_not_parked() -> None:
    """That money is here, and its tender is given back before the end."""
    shop = link_shop()
    shop.ring("wine")
    paylink_id = shop.ok(RequestPaylink(400))["paylink_id"]
    hear(shop, paylink_id, LinkState.PAID)
    assert shop.no(SuspendOrder("left")) == Refusal.ORDER_MUST_NOT_BE_TENDERING


def test_a_parked_return_has_what_its_terminal_gave_after_all() -> None:
    """The terminal did not tell in time; what it then says it gave is what was owed."""
    shop = mixed_shop()
    order_id = half_paid(shop)
    shop.ok(RequestPayment())
    refund = running(shop)
    terminal_says(shop, Verdict.UNKNOWN, code="no_answer")
    shop.ok(SuspendOrder("no answer"))
    terminal_says(shop, Verdict.APPROVED, 3, payment=refund, is_inquiry=True)
    assert shop.books.payments.exceptions == {}
    assert shop.ok(ResumeOrder(order_id))["due_minor"] == 0
    shop.ok(CompleteOrder())


def test_training_sends_no_money_back() -> None:
    """A register that practises asks no provider to give real money back; what the provider says
    meanwhile is heard, and the money goes back once training is over."""
    shop = link_shop()
    paylink_id = asked(shop, "wine")
    shop.ok(TenderCash(799))
    shop.ok(CompleteOrder())
    shop.ok(StartTraining())
    hear(shop, paylink_id, LinkState.PAID)
    assert shop.no(SendBackPaylink(paylink_id)) == LinkRefusal.ORDER_MUST_BE_LIVE
    assert refunds(shop) == []
    shop.ok(EndTraining())
    refund_id = shop.ok(SendBackPaylink(paylink_id))["paylink_id"]
    shop.ok(StartTraining())
    hear(shop, refund_id, LinkState.REFUNDED)
    assert refunds(shop) == []


def test_training_takes_no_card_payment_back() -> None:
    """A person at a register that practises reverses no real payment; the store itself still has
    taken back what nobody wanted."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    payment = running(shop)
    terminal_says(shop, Verdict.UNKNOWN, code="no_answer")
    shop.ok(SetPaymentAside(payment.asked.payment_id, "no answer"))
    shop.ok(TenderCash(799))
    shop.ok(CompleteOrder())
    shop.ok(StartTraining())
    terminal_says(shop, Verdict.APPROVED, 1, payment=payment, is_inquiry=True)
    back = running(shop)
    assert back.asked.of_payment == payment.asked.payment_id
    terminal_says(shop, Verdict.DECLINED, 2)
    assert shop.no(ReverseAgain(back.asked.payment_id)) == PaymentRefusal.ORDER_MUST_BE_LIVE
    shop.ok(EndTraining())
    shop.ok(ReverseAgain(back.asked.payment_id))


def test_training_ends_no_terminals_day() -> None:
    """The real terminal's day goes on; one that was being ended is heard of all the same."""
    shop = card_shop()
    shop.ok(StartTraining())
    assert shop.no(EndTerminalDay()) == PaymentRefusal.ORDER_MUST_BE_LIVE
    shop.ok(EndTraining())
    day_id = shop.ok(EndTerminalDay())["day_id"]
    shop.ok(StartTraining())
    heard = HearTerminalDay("terminal/1", day_id, Settlement(Verdict.APPROVED))
    assert shop.ok(heard, admin=True)["verdict"] == "approved"
