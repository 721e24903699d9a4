"""A return of which a part is with the customer for good, when the card that paid the rest turns
out never to have paid: nothing is owed for that, what is still owed goes back, and it ends."""

from __future__ import annotations

from engine.image import state_hash
from engine.order.commands import (
    AddReturnLine,
    CompleteOrder,
    RefundToCredit,
    ResumeOrder,
    StartTendering,
    SuspendOrder,
    TenderCash,
    UndoTender,
    VoidLine,
    VoidOrder,
)
from engine.order.refusal import Refusal
from engine.order.tender_events import NotOwedTendered, TenderRefunded
from engine.paylink.commands import RequestPaylink
from engine.payment.commands import (
    CloseException,
    ReportUpload,
    RequestPayment,
    ReverseTender,
    SetPaymentAside,
)
from engine.provider import LinkState
from engine.terminal import Identity, Verdict
from engine.till import Denomination, OpenTill
from engine.views.build import register_view
from tests.card_shop import hear, running
from tests.link_shop import hear as hear_link
from tests.link_shop import with_provider
from tests.scenarios.test_story_stored_cards import offline_shop
from tests.shop import Shop


def link_card_and_cash(cash_minor: int = 0) -> tuple[Shop, str, str]:
    """Bread and wine, 5.00 of it by link, so much in cash and the rest by a card without its bank;
    the sale and its card payment."""
    shop = offline_shop().shop
    with_provider(shop, "1")
    with_provider(shop, "2")
    order_id = shop.ring("bread", "wine")
    paylink_id = shop.ok(RequestPaylink(500))["paylink_id"]
    hear_link(shop, paylink_id, LinkState.OPEN)
    hear_link(shop, paylink_id, LinkState.PAID)
    if cash_minor:
        shop.ok(TenderCash(cash_minor))
    payment_id = shop.ok(RequestPayment())["payment_id"]
    hear(shop, Verdict.APPROVED, 1, is_offline=True)
    shop.ok(CompleteOrder())
    return shop, order_id, payment_id


def come_back(shop: Shop, order_id: str) -> str:
    """Both come back, and the link's part is with its customer for good; the return."""
    for line in (1, 2):
        back: str = shop.ok(AddReturnLine(order_id, line, 1000, "corked"))["order_id"]
    assert 500 == shop.ok(RequestPaylink())["amount_minor"]
    return back


def due(shop: Shop, register: str = "1") -> int:
    """What the screen asks for."""
    view = register_view(
        shop.books, register, epoch=1, now_ns=shop.now_ns, devices={}, last_order=None
    )
    assert view.order is not None
    return view.order.due_minor


def test_what_a_card_never_paid_is_left_out_of_a_return_that_gave_a_part() -> None:
    """Parked, taken up elsewhere, and asked to end: it says what was never paid, owes nothing more
    and is completed. No money moved by that, and no tender of the sale went back by it."""
    shop, sale, payment_id = link_card_and_cash()
    back = come_back(shop, sale)
    shop.ok(ReportUpload(payment_id, is_paid=False), admin=True)
    shop.ok(SuspendOrder("the bank said no"))
    shop.ok(ResumeOrder(back), "2")
    went_back = shop.events(TenderRefunded)
    assert shop.no(CompleteOrder(), "2") == Refusal.REFUND_MUST_BE_OWED
    (left_out,) = shop.events(NotOwedTendered)
    assert (back, -649) == (left_out.order_id, left_out.amount_minor)
    assert 0 == due(shop, "2")
    assert shop.no(UndoTender(left_out.tender), "2") == Refusal.TENDER_MUST_BE_IN_CASH
    shop.ok(SuspendOrder("a moment"), "2")
    shop.ok(ResumeOrder(back), "2")
    shop.ok(CompleteOrder(), "2")
    assert went_back == shop.events(TenderRefunded)
    assert {"link": -500, "not_owed": -649} == shop.books.live.position("2").totals.tenders
    assert state_hash(shop.replayed()) == state_hash(shop.books)


def test_what_cash_paid_of_it_is_still_owed() -> None:
    """It goes back as ever, to the cent, once the card's part is left out."""
    shop, sale, payment_id = link_card_and_cash(cash_minor=249)
    come_back(shop, sale)
    shop.ok(ReportUpload(payment_id, is_paid=False), admin=True)
    answer = shop.refused(TenderCash(-649))
    assert {"left_out_minor": 400, "due_minor": -249} == answer
    assert -249 == due(shop)
    assert shop.no(CompleteOrder()) == Refusal.ORDER_MUST_BE_PAID
    assert shop.no(TenderCash(-649)) == Refusal.REFUND_MUST_BE_EXACT
    shop.ok(TenderCash(-249))
    shop.ok(CompleteOrder())
    assert {"cash": 0, "card": 400, "link": 0, "not_owed": -400} == (
        shop.books.live.position("1").totals.tenders
    )
    assert "Not owed" in str(shop.printed()[-1])


def by_two_cards() -> tuple[Shop, str, str]:
    """Bread and wine that two cards paid, the first, of 6.49, without its bank; the sale, and that
    payment."""
    shop = offline_shop().shop
    sale = shop.ring("bread", "wine")
    first = shop.ok(RequestPayment(649))["payment_id"]
    hear(shop, Verdict.APPROVED, 1, is_offline=True)
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 2)
    shop.ok(CompleteOrder())
    return shop, sale, first


def two_cards_back() -> tuple[Shop, str, str]:
    """Bread and wine that two cards paid come back, and the first has all of its 6.49 back, as a
    terminal that knows its payment does, for good; the return, and that payment."""
    shop, order_id, first = by_two_cards()
    for line in (1, 2):
        back = shop.ok(AddReturnLine(order_id, line, 1000, "corked"))["order_id"]
    assert 649 == shop.ok(RequestPayment())["amount_minor"]
    by_payment = Identity("29001234", 3, 3, "1126", "101500", is_of_payment=True)
    hear(shop, Verdict.APPROVED, 3, identity=by_payment)
    return shop, back, first


def test_what_a_card_has_back_that_never_paid_counts_for_the_rest() -> None:
    """It has more than the shop ever had of it, so nothing more is owed."""
    shop, back, first = two_cards_back()
    shop.ok(ReportUpload(first, is_paid=False), admin=True)
    assert {"left_out_minor": 500, "due_minor": 0} == shop.refused(CompleteOrder())
    shop.ok(CompleteOrder())
    assert {"card": 500, "not_owed": -500} == shop.books.live.position("1").totals.tenders
    assert [("card", -649), ("not_owed", -500)] == [
        (tender.kind, tender.amount_minor) for tender in shop.order(back).tenders
    ]


def test_what_a_refund_of_no_order_gave_back_is_left_out_once_it_is_off_the_list() -> None:
    """A refund in doubt was set aside and asked for once more; both went through, so the customer
    has what is still due. While the first may be taken back, the return waits for that."""
    shop, order_id, _ = two_cards_back()
    assert 500 == shop.ok(RequestPayment())["amount_minor"]
    hear(shop, Verdict.UNKNOWN, 4)
    late = running(shop)
    shop.ok(SetPaymentAside(late.asked.payment_id, "terminal dead"))
    shop.ok(CloseException(late.asked.payment_id, "nobody knows"))
    assert 500 == shop.ok(RequestPayment())["amount_minor"]
    hear(shop, Verdict.APPROVED, 5, amount_minor=300)
    (wrong,) = shop.books.payments.exceptions
    assert shop.no(CompleteOrder()) == Refusal.TENDER_MUST_HAVE_BEEN_PAID
    shop.ok(CloseException(wrong, "the customer keeps it"))
    assert {"left_out_minor": 300, "due_minor": -200} == shop.refused(CompleteOrder())
    assert 200 == shop.ok(RequestPayment())["amount_minor"]
    hear(shop, Verdict.APPROVED, 6)
    shop.ok(CompleteOrder())
    assert order_id not in shop.books.live.orders


def test_nothing_is_left_out_while_a_card_may_still_be_given_back_to() -> None:
    """A refund that nobody knows the end of may have given that very part back: then it is the
    tender of the return."""
    shop, sale, payment_id = link_card_and_cash()
    come_back(shop, sale)
    assert 649 == shop.ok(RequestPayment())["amount_minor"]
    refund = running(shop)
    hear(shop, Verdict.UNKNOWN, 2)
    shop.ok(ReportUpload(payment_id, is_paid=False), admin=True)
    assert shop.no(CompleteOrder()) == Refusal.TENDER_MUST_HAVE_BEEN_PAID
    hear(shop, Verdict.APPROVED, 2, payment=refund, is_inquiry=True)
    shop.ok(CompleteOrder())
    assert [] == shop.events(NotOwedTendered)


def exchange(shop: Shop, sale: str) -> str:
    """Both come back for a bread of 3.50, and the link's part is with its customer for good."""
    for line in (1, 2):
        shop.ok(AddReturnLine(sale, line, 1000, "corked"))
    back = shop.ring("bread")
    assert 500 == shop.ok(RequestPaylink())["amount_minor"]
    return back


def test_goods_that_go_out_for_what_was_never_paid_are_paid_for() -> None:
    """A bottle that goes out for what was never paid would be brought back for cash: its customer
    pays for it, and with that the exchange ends."""
    shop, sale, payment_id = link_card_and_cash()
    back = exchange(shop, sale)
    shop.ok(ReportUpload(payment_id, is_paid=False), admin=True)
    assert {"left_out_minor": 649, "due_minor": 350} == shop.refused(CompleteOrder())
    assert 350 == due(shop)
    assert shop.no(CompleteOrder()) == Refusal.ORDER_MUST_BE_PAID
    assert shop.no(TenderCash(-350)) == Refusal.AMOUNT_MUST_BE_POSITIVE
    assert shop.no(RefundToCredit()) == Refusal.AMOUNT_MUST_STILL_BE_DUE
    assert {"change_minor": 650, "due_minor": 0} == {
        key: value for key, value in shop.ok(TenderCash(1000)).items() if key[:3] in ("cha", "due")
    }
    assert shop.no(TenderCash(-350)) == Refusal.AMOUNT_MUST_STILL_BE_DUE
    assert 650 == shop.ok(CompleteOrder())["change_minor"]
    totals = shop.books.live.position("1").totals.tenders
    assert {"link": 0, "card": 649, "not_owed": -649, "cash": 350} == totals
    assert shop.books.live.till("1").expected_minor() == 10_000 + 350
    bread = next(line for line in shop.order(back).lines if line.source is None)
    shop.ok(AddReturnLine(back, bread.line, 1000, "stale"))
    shop.ok(TenderCash(-350))
    shop.ok(CompleteOrder())
    assert state_hash(shop.replayed()) == state_hash(shop.books)


def test_a_card_or_a_link_pays_for_goods_that_nothing_is_owed_for() -> None:
    """Whichever way, and taken back as any other tender."""
    shop, sale, payment_id = link_card_and_cash()
    exchange(shop, sale)
    shop.ok(ReportUpload(payment_id, is_paid=False), admin=True)
    assert shop.no(RequestPayment(100)) == Refusal.GOODS_MUST_BE_PAID_FOR
    asked = shop.ok(RequestPaylink(200))["paylink_id"]
    hear_link(shop, asked, LinkState.OPEN)
    hear_link(shop, asked, LinkState.PAID)
    assert 150 == shop.ok(RequestPayment())["amount_minor"]
    hear(shop, Verdict.APPROVED, 7)
    assert 0 == due(shop)
    card = shop.books.live.current("1").tenders[-1].tender  # type: ignore[union-attr]
    shop.ok(ReverseTender(card))
    hear(shop, Verdict.APPROVED, 8)
    shop.ok(TenderCash(150))
    shop.ok(CompleteOrder())


def test_goods_paid_by_a_card_that_its_bank_refuses_are_not_brought_back_for_cash() -> None:
    """What came back for them was not owed, so nothing of theirs was ever paid."""
    shop, sale, payment_id = link_card_and_cash()
    back = exchange(shop, sale)
    shop.ok(ReportUpload(payment_id, is_paid=False), admin=True)
    assert shop.no(CompleteOrder()) == Refusal.GOODS_MUST_BE_PAID_FOR
    stored = shop.ok(RequestPayment())["payment_id"]
    hear(shop, Verdict.APPROVED, 7, is_offline=True)
    shop.ok(CompleteOrder())
    shop.ok(ReportUpload(stored, is_paid=False), admin=True)
    bread = next(line for line in shop.order(back).lines if line.source is None)
    shop.ok(AddReturnLine(back, bread.line, 1000, "stale"))
    assert shop.no(TenderCash(-350)) == Refusal.TENDER_MUST_HAVE_BEEN_PAID


def test_an_exchange_nobody_pays_for_is_parked() -> None:
    """Its customer is gone: the register serves on, and the day can be closed."""
    shop, sale, payment_id = link_card_and_cash()
    back = exchange(shop, sale)
    shop.ok(ReportUpload(payment_id, is_paid=False), admin=True)
    assert shop.no(CompleteOrder()) == Refusal.GOODS_MUST_BE_PAID_FOR
    shop.ok(SuspendOrder("gone"))
    shop.ok(OpenTill((Denomination(1000, 10),)), "2")
    shop.ok(ResumeOrder(back), "2")
    shop.ok(TenderCash(350), "2")
    assert shop.no(SuspendOrder("not with cash"), "2") == Refusal.ORDER_MUST_NOT_BE_TENDERING
    shop.ok(CompleteOrder(), "2")


def test_cash_that_went_out_for_what_is_not_owed_is_handed_back_first() -> None:
    """Coins can be handed back, and nobody pays into the till what it paid out."""
    shop, sale, payment_id = link_card_and_cash(cash_minor=300)
    exchange(shop, sale)
    cash = shop.ok(TenderCash(-299))["tender"]
    shop.ok(ReportUpload(payment_id, is_paid=False), admin=True)
    assert shop.no(CompleteOrder()) == Refusal.TENDER_MUST_HAVE_BEEN_PAID
    shop.ok(UndoTender(cash))
    assert {"left_out_minor": 349, "due_minor": 50} == shop.refused(CompleteOrder())
    shop.ok(TenderCash(50))
    shop.ok(CompleteOrder())


def test_an_exchange_that_a_card_paid_for_good_is_paid_in_full() -> None:
    """Its terminal gives no number to take it back by, and what came back for the rest turns out
    not to have been paid: the rest is due."""
    shop, sale, payment_id = link_card_and_cash()
    shop.ok(AddReturnLine(sale, 2, 1000, "corked"))
    back = shop.ring("book")
    assert 401 == shop.ok(RequestPayment())["amount_minor"]
    hear(shop, Verdict.APPROVED, 7, identity=Identity("29001234", is_of_payment=True))
    shop.ok(ReportUpload(payment_id, is_paid=False), admin=True)
    answer = shop.refused(CompleteOrder())
    assert {"left_out_minor": 299, "due_minor": 299} == answer
    shop.ok(SuspendOrder("gone"))
    shop.ok(OpenTill((Denomination(1000, 10),)), "2")
    shop.ok(ResumeOrder(back), "2")
    shop.ok(TenderCash(299), "2")
    shop.ok(CompleteOrder(), "2")


def test_what_a_terminal_does_not_take_back_any_more_is_left_out_of_too() -> None:
    """A refund of which its terminal ended the day stands, though its terminal could take it back
    before: the return leaves out what is not owed, and ends."""
    shop, sale, first = by_two_cards()
    shop.ok(AddReturnLine(sale, 1, 1000, "corked"))
    back = shop.ok(AddReturnLine(sale, 2, 1000, "corked"))["order_id"]
    assert 500 == shop.ok(RequestPayment(500, *second_card(shop, sale)))["amount_minor"]
    hear(shop, Verdict.APPROVED, 3)
    refund = shop.order(back).tenders[-1]
    shop.ok(ReportUpload(first, is_paid=False), admin=True)
    assert shop.no(CompleteOrder()) == Refusal.TENDER_MUST_HAVE_BEEN_PAID
    shop.ok(ReverseTender(refund.tender))
    hear(shop, Verdict.DECLINED, 4)
    assert {"left_out_minor": 649, "due_minor": 0} == shop.refused(CompleteOrder())
    shop.ok(CompleteOrder())


def test_goods_that_went_back_for_others_count_for_what_is_left_out() -> None:
    """The bread was exchanged for one as dear, so that no money went back for it: what is left of
    the sale is less by it, and the bottle is owed so much less."""
    shop, sale, payment_id = link_card_and_cash(cash_minor=300)
    shop.ok(AddReturnLine(sale, 1, 1000, "stale"))
    shop.ring("bread")
    shop.ok(StartTendering())
    shop.ok(CompleteOrder())
    shop.ok(AddReturnLine(sale, 2, 1000, "corked"))
    shop.ok(RequestPaylink(400))
    shop.ok(ReportUpload(payment_id, is_paid=False), admin=True)
    # Of 8.00 that came in, 3.50 went for the other bread: 4.50 of the bottle's 7.99 are owed.
    assert {"left_out_minor": 349, "due_minor": -50} == shop.refused(CompleteOrder())
    shop.ok(TenderCash(-50))
    shop.ok(CompleteOrder())


def second_card(shop: Shop, sale: str) -> tuple[str, int]:
    """The sale and its last tender, as a refund names them."""
    return sale, shop.order(sale).tenders[-1].tender


def test_a_return_that_gave_nothing_for_good_begins_anew() -> None:
    """Its goods are taken out of it, as ever."""
    shop, sale, payment_id = link_card_and_cash()
    shop.ok(AddReturnLine(sale, 1, 1000, "corked"))
    shop.ok(AddReturnLine(sale, 2, 1000, "corked"))
    shop.ok(ReportUpload(payment_id, is_paid=False), admin=True)
    assert shop.no(TenderCash(-1149)) == Refusal.TENDER_MUST_HAVE_BEEN_PAID
    assert [] == shop.events(NotOwedTendered)
    for line in (1, 2):
        shop.ok(VoidLine(line, "never paid"))
    shop.ok(VoidOrder("never paid"))
