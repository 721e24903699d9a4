"""What a terminal gives back, releases or takes back without a line to its bank, and in doubt."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from engine.image import state_hash
from engine.order.commands import (
    AddLine,
    AddReturnLine,
    CompleteOrder,
    ResumeOrder,
    StartTendering,
    SuspendOrder,
    TenderCash,
    UndoTender,
    UndoTendering,
    VoidOrder,
)
from engine.order.refusal import Refusal as OrderRefusal
from engine.order.state import Phase
from engine.payment.commands import (
    CaptureTab,
    KeepPayment,
    ReleaseTab,
    ReportUpload,
    RequestPayment,
    ReverseTender,
    SetOfflinePolicy,
    SetPaymentAside,
)
from engine.payment.events import OfflinePolicy, OfflineUploaded, PaymentHeard, Problem
from engine.payment.exposure import exposure
from engine.payment.refusal import Refusal
from engine.price_list.decide import SetPrices
from engine.price_list.model import PriceEntry, PriceList, PriceSet
from engine.register import CloseDay
from engine.terminal import ALREADY_REVERSED, CardShown, Identity, Kind, Verdict
from engine.till import CloseTill, CountTill, Denomination
from engine.views.build import order_view, register_view, suspended_views
from engine.views.payments import payments_view
from tests.card_shop import VISA, card_shop, hear, paid_by_card, running, set_aside, told
from tests.scenarios.test_story_tabs import tab_shop
from tests.shop import Shop

CEILINGS = SetOfflinePolicy(OfflinePolicy(1000, 1000, 1000, 1000, 86_400))


def test_a_reversal_confirmed_without_a_line_is_a_reversal() -> None:
    """The terminal strikes it out of what it has to send: the money is not coming, so that nothing
    is left at risk and no sale is completed with it."""
    shop = card_shop()
    shop.ok(CEILINGS, admin=True)
    order_id = shop.ring("wine")
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 1, is_offline=True)
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.APPROVED, 2, is_offline=True)
    assert shop.order(order_id).tenders == ()
    assert not shop.books.payments.exceptions
    assert not shop.books.payments.offline
    assert exposure(shop.books.payments, register="1", operator="max").total_minor == 0
    assert shop.no(CompleteOrder()) == "order_must_be_paid"
    assert shop.replayed().payments.offline == {}


def test_a_refund_confirmed_without_a_line_pays_the_return_once() -> None:
    """The customer has it: it is the tender of the return, and no second one can be asked for."""
    shop = card_shop()
    order_id = paid_by_card(shop, "wine")
    shop.ok(CompleteOrder())
    shop.ok(AddReturnLine(order_id, 1, 1000, "corked"))
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 2, is_offline=True)
    assert not shop.books.payments.exceptions
    assert not shop.books.payments.offline
    assert shop.no(RequestPayment()) == "amount_must_still_be_due"
    shop.ok(CompleteOrder())
    assert shop.books.live.position("1").totals.tenders == {"card": 0}


def test_a_capture_no_bank_was_asked_about_goes_back() -> None:
    """A reservation is captured by the bank that holds it: the shop takes no risk where it reserved
    the money so as to have none."""
    shop, order_id = tab_shop()
    shop.ok(ResumeOrder(order_id))
    shop.ok(StartTendering())
    shop.ok(CaptureTab())
    asked = running(shop).asked.payment_id
    hear(shop, Verdict.APPROVED, 2, is_offline=True)
    assert shop.books.payments.exceptions[asked].problem is Problem.OFFLINE
    assert shop.books.payments.offline.keys() == {asked}
    assert running(shop).asked.kind is Kind.REVERSAL
    hear(shop, Verdict.APPROVED, 3)
    assert not shop.books.payments.offline


def test_what_went_back_in_another_way_than_asked_is_no_tender_once_it_is_asked_again() -> None:
    """The first try is before a person; the second hears that the money is gone, whichever it was:
    the order does not keep it."""
    shop = card_shop()
    order_id = paid_by_card(shop, "wine")
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.APPROVED, 2, currency_code=840)
    (first,) = shop.books.payments.exceptions.values()
    assert first.problem is Problem.DIFFERS
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.ABORTED, 3, code="already_reversed")
    assert shop.order(order_id).tenders == ()
    assert shop.no(CompleteOrder()) == "order_must_be_paid"


def test_an_old_word_of_what_became_of_a_reversal_reads_on() -> None:
    """Older journals counted a reversal as at risk, and tell that it was paid or refused."""
    shop = card_shop()
    shop.ok(CEILINGS, admin=True)
    paid_by_card(shop, "wine")
    shop.ok(ReverseTender(1))
    back = running(shop).asked.payment_id
    hear(shop, Verdict.APPROVED, 2, is_offline=True)
    for is_paid in (True, False):
        shop.given(OfflineUploaded(back, is_paid))
        assert shop.no(ReportUpload(back, is_paid), admin=True) == "payment_must_exist"
    assert not shop.books.payments.exceptions


@pytest.mark.parametrize("is_set_aside", [False, True])
def test_a_reversal_in_doubt_keeps_no_register_and_no_day(*, is_set_aside: bool) -> None:
    """The customer went, and the terminal does not tell whether the money did: the order is parked
    as it is, the next customer is served, the day closed, and the doubt settled when it is told."""
    shop = card_shop()
    order_id = paid_by_card(shop, "wine")
    assert shop.no(SuspendOrder("left")) == "order_must_not_be_tendering"
    shop.ok(ReverseTender(1))
    assert shop.no(SuspendOrder("left")) == "terminal_must_be_done"
    back = running(shop)
    hear(shop, Verdict.UNKNOWN, 2)
    if is_set_aside:
        shop.ok(SetPaymentAside(back.asked.payment_id, "terminal dead"))
    shop.ok(SuspendOrder("left"))
    shop.sell("bread")
    shop.ok(CountTill((Denomination(350, 1), Denomination(1000, 10))))
    shop.ok(CloseTill())
    shop.ok(CloseDay())
    resumed = shop.ok(ResumeOrder(order_id), "2")
    assert (resumed["total_minor"], resumed["due_minor"]) == (799, 0)
    assert shop.order(order_id).phase is Phase.TENDERING
    assert shop.no(AddLine("bread"), "2") == "order_must_not_be_tendering"
    assert shop.replayed().live.orders[order_id] == shop.order(order_id)
    shop.ok(SuspendOrder("left"), "2")
    hear(shop, Verdict.APPROVED, 2, payment=back)
    assert shop.order(order_id).tenders == ()
    assert not shop.books.payments.exceptions
    assert shop.ok(ResumeOrder(order_id), "2")["due_minor"] == 799
    shop.ok(UndoTendering(), "2")
    shop.ok(VoidOrder("left"), "2")


def test_a_parked_order_is_listed_at_what_is_asked_for_it() -> None:
    """Its figures are frozen: a price of meanwhile changes neither what the list of parked orders
    shows, nor what is due when it is taken up, nor what the day counts of it once it is voided."""
    shop = card_shop()
    order_id = paid_by_card(shop, "wine")
    shop.ok(ReverseTender(1))
    back = running(shop)
    hear(shop, Verdict.UNKNOWN, 2)
    shop.ok(SuspendOrder("left"))
    cheap = PriceList("cheap", "Cheap", (PriceEntry("wine", 5_000_000),))
    shop.ok(SetPrices(PriceSet(lists=(cheap,))), admin=True)
    (listed,) = suspended_views(shop.books, training=False)
    assert 799 == listed.total_minor
    hear(shop, Verdict.APPROVED, 2, payment=back)
    assert 799 == shop.ok(ResumeOrder(order_id))["due_minor"]
    shop.ok(VoidOrder("left"))
    assert 799 == shop.books.live.position("1").totals.voided_minor


def test_a_screen_is_told_which_order_in_payment_can_be_parked() -> None:
    """A card's part that no terminal can take back holds the order of a customer who went for more
    money: the screen knows that it can wait, exactly while the store would park it. Coins beside
    it are handed back first, a part that can be taken back goes back first, and while a terminal
    is at work nothing waits."""
    no_number = Identity("29001234", 5, None, "1126", "101500")
    shop = card_shop()
    order_id = shop.ring("wine")
    assert not _may_wait(shop, order_id)
    shop.ok(RequestPayment(500))
    assert (_may_wait(shop, order_id), shop.no(SuspendOrder("left"))) == (
        False,
        "terminal_must_be_done",
    )
    hear(shop, Verdict.APPROVED, identity=no_number)
    assert _may_wait(shop, order_id)
    shop.ok(TenderCash(100))
    assert not _may_wait(shop, order_id)
    assert shop.no(SuspendOrder("left")) == "order_must_not_be_tendering"
    shop.ok(UndoTender(2))
    assert _may_wait(shop, order_id)
    shop.ok(SuspendOrder("left"))
    assert not _may_wait(shop, order_id)
    shop.sell("bread")
    assert shop.ok(ResumeOrder(order_id))["due_minor"] == 299
    shop.ok(RequestPayment(100))
    hear(shop, Verdict.APPROVED, 6)
    assert not _may_wait(shop, order_id)
    assert shop.no(SuspendOrder("left")) == "order_must_not_be_tendering"


STRANGER = attrs.evolve(VISA, number="541333******9999")


@pytest.mark.parametrize(
    ("shown", "is_taken"),
    [
        ({}, True),
        ({"card": STRANGER}, False),
        ({"amount_minor": 800}, False),
        ({"card": attrs.evolve(VISA, number="")}, True),
        ({"amount_minor": 700}, True),
    ],
)
def test_nothing_is_taken_back_that_is_on_another_card(
    shown: dict[str, Any], is_taken: bool
) -> None:
    """Numbers began anew at the terminal itself, and by that one it would take back a stranger's
    payment: its own result shows the card or a larger amount. It hears that it may not; should it
    all the same, the tender stays paid, and a person looks."""
    shop = card_shop()
    order_id = paid_by_card(shop, "wine")
    shop.ok(ReverseTender(1))
    back = running(shop)
    assert back.asked.card_ends == "0119"
    said = KeepPayment(back.asked.payment_id, told(back, Verdict.APPROVED, 2, **shown))
    if is_taken:
        shop.ok(said, admin=True)
        return
    assert shop.no(said, admin=True) == Refusal.PAYMENT_MUST_BE_OF_ITS_ORIGINAL
    hear(shop, Verdict.APPROVED, 2, **shown)
    assert [one.amount_minor for one in shop.order(order_id).tenders] == [799]
    (listed,) = payments_view(shop.books, now_ns=shop.now_ns).exceptions
    assert (listed.problem, listed.kind) == ("not_reversed", "reversal")


@pytest.mark.parametrize(
    ("command", "problem"), [(CaptureTab(), "differs"), (ReleaseTab(), "not_reversed")]
)
def test_a_tab_is_captured_and_released_on_its_own_card(command: Any, problem: str) -> None:
    """A reservation outlasts the terminal's days, and its number may be another's by then."""
    shop, order_id = tab_shop()
    shop.ok(ResumeOrder(order_id))
    if command == CaptureTab():
        shop.ok(StartTendering())
    shop.ok(command)
    running_now = running(shop)
    payment_id, amount_minor = running_now.asked.payment_id, running_now.asked.amount_minor
    for card, is_taken in ((VISA, True), (STRANGER, False)):
        answer = told(running_now, Verdict.APPROVED, 2, card=card)
        said = KeepPayment(payment_id, answer)
        if is_taken:
            shop.ok(said, admin=True)
        else:
            assert shop.no(said, admin=True) == Refusal.PAYMENT_MUST_BE_OF_ITS_ORIGINAL
    hear(shop, Verdict.APPROVED, 2, card=STRANGER)
    listed = {one.payment_id: one for one in payments_view(shop.books, now_ns=1).exceptions}
    assert (listed[payment_id].problem, listed[payment_id].amount_minor) == (problem, amount_minor)


def test_a_stranger_who_had_money_back_says_nothing_of_ours() -> None:
    """The terminal took back before what has that number now, on another card: ours is paid."""
    shop = card_shop()
    order_id = paid_by_card(shop, "wine")
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.ABORTED, 2, code=ALREADY_REVERSED, card=STRANGER)
    assert [one.amount_minor for one in shop.order(order_id).tenders] == [799]
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.ABORTED, 3, code=ALREADY_REVERSED)
    assert shop.order(order_id).tenders == ()


def test_what_has_a_name_of_its_own_is_taken_back_by_that() -> None:
    """A number that began anew is nobody's name there, so no card is compared."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    named = Identity("29001234", 1, 1, "1126", "101500", "2026Z.REF1")
    hear(shop, Verdict.APPROVED, identity=named)
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.APPROVED, 2, card=STRANGER)
    assert not shop.books.payments.exceptions


def test_a_late_payment_is_taken_back_from_its_own_card() -> None:
    """The store asks for it by itself, and holds the answer against the card that it was told."""
    shop = card_shop()
    payment = set_aside(shop)
    hear(shop, Verdict.APPROVED, 1, payment=payment, is_inquiry=True)
    back = running(shop)
    assert back.asked.card_ends == "0119"
    stranger = KeepPayment(back.asked.payment_id, told(back, Verdict.APPROVED, 2, card=STRANGER))
    assert shop.no(stranger, admin=True) == Refusal.PAYMENT_MUST_BE_OF_ITS_ORIGINAL
    hear(shop, Verdict.ABORTED, 2, code="abort")
    # What should not have been taken stands on the list for the try that moved nothing.
    (listed,) = payments_view(shop.books, now_ns=shop.now_ns).exceptions
    assert (listed.problem, listed.back_code) == ("late", "abort")


@pytest.mark.parametrize("verdict", [Verdict.APPROVED, Verdict.DECLINED])
def test_a_second_card_in_doubt_keeps_no_register(verdict: Verdict) -> None:
    """One card paid a part, what became of the next nobody knows, and the customer has no coins:
    no card is taken back meanwhile, so the order waits for the terminal without the register. What
    it took in the end is the order's, which asks for it as before."""
    shop = card_shop()
    order_id = shop.ring("wine")
    shop.ok(RequestPayment(500))
    hear(shop, Verdict.APPROVED, 1)
    shop.ok(RequestPayment())
    second = running(shop)
    assert not _may_wait(shop, order_id), "the terminal is at work for it"
    hear(shop, Verdict.UNKNOWN, 2)
    assert shop.no(ReverseTender(1)) == Refusal.PAYMENT_MUST_BE_SETTLED
    assert _may_wait(shop, order_id)
    shop.ok(SuspendOrder("asks the terminal"))
    shop.sell("bread")
    assert shop.no(RequestPayment()) == OrderRefusal.ORDER_MUST_BE_OPEN
    hear(shop, verdict, 2, payment=second, is_inquiry=True)
    due_minor = 0 if verdict is Verdict.APPROVED else 299
    assert shop.ok(ResumeOrder(order_id), "2")["due_minor"] == due_minor
    assert not _may_wait(shop, order_id), "what can be taken back is, at the till that has it"
    assert [one.payment_id for one in shop.events(PaymentHeard) if one.problem.value] == []
    if due_minor:
        shop.ok(RequestPayment(), "2")
        hear(shop, Verdict.APPROVED, 7, register="2")
    shop.ok(CompleteOrder(), "2")
    assert state_hash(shop.replayed()) == state_hash(shop.books)


def test_a_doubt_of_a_parked_order_that_was_set_aside_goes_back() -> None:
    """Whoever set it aside settled the order another way, parked or not."""
    shop = card_shop()
    order_id = shop.ring("wine")
    shop.ok(RequestPayment(500))
    hear(shop, Verdict.APPROVED, 1)
    shop.ok(RequestPayment())
    second = running(shop)
    hear(shop, Verdict.UNKNOWN, 2)
    shop.ok(SuspendOrder("left"))
    shop.ok(SetPaymentAside(second.asked.payment_id, "left"))
    hear(shop, Verdict.APPROVED, 2, payment=second, is_inquiry=True)
    assert running(shop).asked.of_payment == second.asked.payment_id
    hear(shop, Verdict.APPROVED, 3)
    assert shop.ok(ResumeOrder(order_id))["due_minor"] == 299


def test_a_reversal_in_doubt_lets_an_order_of_two_cards_wait() -> None:
    """The other card is not taken back either until its terminal tells."""
    shop = card_shop()
    order_id = shop.ring("wine")
    shop.ok(RequestPayment(500))
    hear(shop, Verdict.APPROVED, 1)
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 2)
    shop.ok(ReverseTender(2))
    back = running(shop)
    hear(shop, Verdict.UNKNOWN, 3)
    shop.ok(SuspendOrder("left"))
    shop.sell("bread")
    hear(shop, Verdict.APPROVED, 3, payment=back, is_inquiry=True)
    assert shop.ok(ResumeOrder(order_id))["due_minor"] == 299
    assert [one.amount_minor for one in shop.order(order_id).tenders] == [500]


def _may_wait(shop: Shop, order_id: str) -> bool:
    return order_view(shop.order(order_id), shop.books).may_wait


def test_an_order_that_cash_paid_in_part_stays_at_its_till() -> None:
    """The coins are in that drawer, whatever becomes of the card."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(TenderCash(300))
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED)
    shop.ok(ReverseTender(2))
    hear(shop, Verdict.UNKNOWN, 2)
    assert shop.no(SuspendOrder("left")) == "order_must_not_be_tendering"


def test_what_the_bank_refused_of_a_parked_order_is_due_when_it_is_taken_up() -> None:
    """Stored, asked back, and nobody told: once the bank has refused it there is nothing to take
    back, and nothing is paid with it."""
    shop = card_shop()
    shop.ok(CEILINGS, admin=True)
    order_id = shop.ring("wine")
    shop.ok(RequestPayment())
    stored = running(shop).asked.payment_id
    hear(shop, Verdict.APPROVED, 1, is_offline=True)
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.UNKNOWN, 2)
    shop.ok(SuspendOrder("left"))
    shop.ok(ReportUpload(stored, is_paid=False), admin=True)
    assert shop.order(order_id).tenders == ()
    assert shop.ok(ResumeOrder(order_id))["due_minor"] == 799


@pytest.mark.parametrize("verdict", [Verdict.UNKNOWN, Verdict.DECLINED])
def test_tries_to_take_one_payment_back_are_one_thing_to_look_at(verdict: Verdict) -> None:
    """Only the newest is listed, as often as it is tried, with the card that paid; the register
    counts as many as the list shows."""
    shop = card_shop()
    paid_by_card(shop, "wine")
    for number in (2, 3):
        shop.ok(ReverseTender(1))
        newest = running(shop).asked.payment_id
        hear(shop, verdict, number, card=CardShown())
        if verdict is Verdict.UNKNOWN:
            shop.ok(SetPaymentAside(newest, "terminal dead"))
    (shown,) = payments_view(shop.books, now_ns=shop.now_ns).exceptions
    assert (shown.payment_id, shown.brand, shown.card) == (newest, VISA.brand, VISA.number)
    view = register_view(shop.books, "1", epoch=1, now_ns=shop.now_ns, devices={}, last_order=None)
    assert view.exceptions == 1


def test_a_try_that_took_back_a_part_stays_listed_beside_the_next() -> None:
    """Money moved by it, which the next try says nothing of."""
    shop = card_shop()
    paid_by_card(shop, "wine")
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.PARTIALLY_APPROVED, 2, amount_minor=300)
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.UNKNOWN, 3)
    shop.ok(SetPaymentAside(running(shop).asked.payment_id, "terminal dead"))
    shown = payments_view(shop.books, now_ns=shop.now_ns).exceptions
    assert [entry.amount_minor for entry in shown] == [300, 799]
