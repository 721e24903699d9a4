"""A bar tab: a card is shown once, the bill grows, and what it comes to is captured once."""

from __future__ import annotations

import pytest

from engine import limits
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
    VoidLine,
    VoidOrder,
)
from engine.order.refusal import Refusal as OrderRefusal
from engine.order.tender_events import TabClosed
from engine.payment.commands import (
    AdjustTip,
    CaptureTab,
    CloseException,
    OpenTab,
    RaiseTab,
    ReleaseTab,
    RequestPayment,
    ReverseAgain,
    ReverseTender,
    SetPaymentAside,
)
from engine.payment.events import PaymentRequested, Problem
from engine.payment.refusal import Refusal
from engine.price_list.decide import SetPrices
from engine.price_list.model import PriceEntry, PriceList, PriceSet
from engine.register import CloseDay
from engine.terminal import Kind, Verdict
from engine.till import CloseTill, CountTill, Denomination, OpenTill
from engine.views.build import order_view
from engine.views.payments import card_state, open_tabs, payment_view
from tests.card_shop import card_shop, hear, running, slip
from tests.shop import Shop


def tab_shop() -> tuple[Shop, str]:
    """A bottle of wine on a tab of 50.00 at register 1, parked."""
    shop = card_shop()
    order_id = shop.ring("wine")
    shop.ok(OpenTab(5000))
    assert running(shop).asked.kind is Kind.RESERVATION
    hear(shop, Verdict.APPROVED, 1)
    shop.ok(SuspendOrder("table 4"))
    return shop, order_id


@pytest.mark.feature("PAY-05")
def test_a_tab_is_opened_once_and_its_close_captures_what_it_came_to() -> None:
    """Reserved at one register, grown and captured at another, at the terminal that reserved it."""
    shop, order_id = tab_shop()
    shop.ok(ResumeOrder(order_id), "2")
    shop.ok(AddLine("wine"), "2")
    shown = order_view(shop.order(order_id), shop.books).tab
    assert shown is not None
    assert (shown.reserved_minor, shown.brand) == (5000, "Visa")
    shop.ok(StartTendering(), "2")
    shop.ok(CaptureTab(), "2")
    asked = running(shop, "1").asked
    assert (asked.kind, asked.amount_minor, asked.register) == (Kind.CAPTURE, 1598, "2")
    assert asked.original is not None
    assert asked.original.receipt == 1
    hear(shop, Verdict.APPROVED, 2)
    assert [event.asked.authorisation for event in shop.events(PaymentRequested)] == ["", "A1B2C3"]
    done = shop.ok(CompleteOrder(), "2")
    assert (done["total_minor"], done["change_minor"]) == (1598, 0)
    assert shop.books.live.position("2").totals.tenders == {"card": 1598}
    kinds = [event.asked.kind for event in shop.events(PaymentRequested)]
    assert kinds == [Kind.RESERVATION, Kind.CAPTURE]


@pytest.mark.feature("PAY-04")
def test_the_tip_may_change_until_the_capture_which_is_once() -> None:
    """Written, corrected, captured with the bill; then there is nothing left to capture."""
    shop, order_id = tab_shop()
    shop.ok(ResumeOrder(order_id))
    shop.ok(AdjustTip(100))
    shop.ok(StartTendering())
    shop.ok(AdjustTip(250))
    shop.ok(CaptureTab())
    assert running(shop).asked.amount_minor == 799 + 250
    assert shop.no(CaptureTab()) == Refusal.PAYMENT_MUST_BE_SETTLED
    assert shop.no(AdjustTip(300)) == Refusal.PAYMENT_MUST_BE_SETTLED
    hear(shop, Verdict.APPROVED, 2)
    assert shop.no(CaptureTab()) == Refusal.TAB_MUST_BE_OPEN
    assert shop.no(AdjustTip(300)) == Refusal.TAB_MUST_BE_OPEN
    shop.ok(CompleteOrder())
    totals = shop.books.live.position("1").totals
    assert (totals.total_minor, totals.tips, totals.tenders) == (799, {"max": 250}, {"card": 799})
    lines = [f"{block.left}|{block.right}" for block in shop.printed()[-1].blocks]
    assert "  Charged to the card|10.49" in lines


@pytest.mark.feature("PAY-05", part="the reservation is raised while the bill grows")
def test_a_tab_is_raised_by_a_higher_reservation_and_the_first_is_given_up() -> None:
    """The new one stands before the old one goes; the tip written so far and the age stay."""
    shop, order_id = tab_shop()
    shop.ok(ResumeOrder(order_id), "2")
    shop.ok(AdjustTip(70), "2")
    before = shop.order(order_id).tab
    assert before is not None
    assert shop.no(RaiseTab(5000), "2") == Refusal.TAB_AMOUNT_MUST_BE_HIGHER
    assert shop.no(RaiseTab(10**12), "2") == Refusal.TAB_AMOUNT_MUST_BE_WITHIN_LIMIT
    shop.ok(RaiseTab(9000), "2")
    asked = running(shop, "1").asked
    assert (asked.kind, asked.amount_minor) == (Kind.RESERVATION, 9000)
    assert asked.of_payment == before.card.payment_id
    hear(shop, Verdict.APPROVED, 2)
    tab = shop.order(order_id).tab
    assert tab is not None
    assert (tab.reserved_minor, tab.tip_minor, tab.opened_ns) == (9000, 70, before.opened_ns)
    back = running(shop, "1").asked
    assert (back.kind, back.amount_minor, back.original) == (
        Kind.RELEASE,
        5000,
        before.card.identity,
    )
    hear(shop, Verdict.APPROVED, 3)
    assert shop.order(order_id).tab == tab
    assert not shop.books.payments.exceptions
    shop.ok(StartTendering(), "2")
    assert shop.no(RaiseTab(9900), "2") == OrderRefusal.ORDER_MUST_NOT_BE_TENDERING
    shop.ok(CaptureTab(), "2")
    original = running(shop, "1").asked.original
    assert original is not None
    assert original.receipt == 2
    assert shop.replayed().live.orders[order_id] == shop.order(order_id)


def test_a_raise_that_is_declined_leaves_the_tab_and_a_lost_release_is_listed() -> None:
    """Nothing is given up before the higher one stands; what cannot be given up is for a person."""
    shop, order_id = tab_shop()
    shop.ok(ResumeOrder(order_id))
    before = shop.order(order_id).tab
    shop.ok(RaiseTab(9000))
    hear(shop, Verdict.DECLINED, 2)
    assert shop.order(order_id).tab == before
    shop.ok(RaiseTab(9000))
    hear(shop, Verdict.APPROVED, 3)
    hear(shop, Verdict.DECLINED, 4)
    (listed,) = shop.books.payments.exceptions.values()
    assert (listed.problem, listed.asked.amount_minor) == (Problem.NOT_REVERSED, 5000)


def test_a_tab_is_on_what_the_bank_holds() -> None:
    """Less than was asked for is shown as that; a raise that holds no more than the tab has is let
    go again, and one that does takes its place."""
    shop = card_shop()
    order_id = shop.ring("wine")
    shop.ok(OpenTab(5000))
    hear(shop, Verdict.PARTIALLY_APPROVED, 1, amount_minor=2500)
    tab = shop.order(order_id).tab
    assert tab is not None
    assert tab.reserved_minor == 2500
    shop.ok(RaiseTab(5000))
    hear(shop, Verdict.PARTIALLY_APPROVED, 2, amount_minor=2500)
    (listed,) = shop.books.payments.exceptions.values()
    assert (listed.problem, listed.amount_minor) == (Problem.DIFFERS, 2500)
    back = running(shop).asked
    assert (back.kind, back.amount_minor) == (Kind.RELEASE, 2500)
    assert back.original is not None
    assert back.original.receipt == 2
    assert shop.order(order_id).tab == tab
    hear(shop, Verdict.APPROVED, 3)
    assert not shop.books.payments.exceptions
    shop.ok(RaiseTab(5000))
    hear(shop, Verdict.PARTIALLY_APPROVED, 4, amount_minor=3000)
    raised = shop.order(order_id).tab
    assert raised is not None
    assert raised.reserved_minor == 3000
    back = running(shop).asked
    assert (back.kind, back.amount_minor) == (Kind.RELEASE, 2500)
    assert back.original == tab.card.identity


def test_open_tabs_are_listed_with_their_age() -> None:
    """The oldest first, parked or in hand, with what the bill comes to so far and the terminal
    that holds the reservation."""
    shop, order_id = tab_shop()
    shop.ring("bread", register="2")
    shop.ok(OpenTab(2000), "2")
    hear(shop, Verdict.APPROVED, 1, register="2")
    opened = shop.order(order_id).tab
    assert opened is not None
    first, second = open_tabs(shop.books, opened.opened_ns + 90 * 10**9)
    assert (first.label, first.register, first.age_s) == ("table 4", "", 90)
    assert (first.reserved_minor, first.total_minor, first.brand) == (5000, 799, "Visa")
    assert (second.register, second.reserved_minor, second.total_minor) == ("2", 2000, 350)
    held = [shop.order(one.order_id).tab for one in (first, second)]
    assert [tab.card.terminal for tab in held if tab] == [first.terminal, second.terminal]
    assert first.terminal != second.terminal


def test_an_open_tab_is_listed_at_what_is_asked_for_it() -> None:
    """Its figures are frozen while it is paid: a price of meanwhile changes nothing on the list."""
    shop, order_id = tab_shop()
    shop.ok(ResumeOrder(order_id))
    shop.ok(StartTendering())
    cheap = PriceList("cheap", "Cheap", (PriceEntry("wine", 5_000_000),))
    shop.ok(SetPrices(PriceSet(lists=(cheap,))), admin=True)
    (listed,) = open_tabs(shop.books, shop.now_ns)
    assert 799 == listed.total_minor
    shop.ok(UndoTendering())
    (listed,) = open_tabs(shop.books, shop.now_ns)
    assert 500 == listed.total_minor


def test_a_capture_that_is_declined_leaves_the_tab() -> None:
    """It may be tried again, or the bill paid another way once the tab is released."""
    shop, order_id = tab_shop()
    shop.ok(ResumeOrder(order_id))
    assert shop.no(CaptureTab()) == OrderRefusal.ORDER_MUST_BE_TENDERING
    shop.ok(StartTendering())
    shop.ok(CaptureTab())
    hear(shop, Verdict.DECLINED, 2)
    shop.ok(TenderCash(799))
    assert shop.no(CaptureTab()) == OrderRefusal.AMOUNT_MUST_STILL_BE_DUE
    assert shop.no(CompleteOrder()) == OrderRefusal.TAB_MUST_BE_SETTLED
    shop.ok(ReleaseTab())
    assert running(shop).asked.kind is Kind.RELEASE
    hear(shop, Verdict.APPROVED, 3)
    assert shop.order(order_id).tab is None
    assert shop.ok(CompleteOrder())["change_minor"] == 0


@pytest.mark.parametrize(
    ("tip_minor", "charged_minor", "paid_minor", "tip_left_minor"),
    [
        pytest.param(250, 899, 799, 100, id="a part of the tip"),
        pytest.param(900, 850, 799, 51, id="less than the tip alone"),
        pytest.param(250, 799, 799, 0, id="the goods"),
        pytest.param(250, 500, 500, 0, id="a part of the goods"),
        pytest.param(250, 1049, 799, 250, id="all"),
    ],
)
def test_a_capture_pays_the_goods_before_the_tip(
    tip_minor: int, charged_minor: int, paid_minor: int, tip_left_minor: int
) -> None:
    """Where the bank gives less than was asked for, no guest pays for goods that are paid, and the
    tip has the rest: on the tender, on the receipt and on the screens."""
    shop, order_id = tab_shop()
    shop.ok(ResumeOrder(order_id))
    shop.ok(AdjustTip(tip_minor))
    shop.ok(StartTendering())
    shop.ok(CaptureTab())
    capture = running(shop).asked
    is_whole = charged_minor == capture.amount_minor
    verdict = Verdict.APPROVED if is_whole else Verdict.PARTIALLY_APPROVED
    hear(shop, verdict, 2, amount_minor=charged_minor)
    (tender,) = shop.order(order_id).tenders
    assert tender.card is not None
    assert (tender.amount_minor, tender.card.tip_minor) == (paid_minor, tip_left_minor)
    latest = shop.books.payments.latest["1"]
    shown = payment_view(latest, now_ns=shop.now_ns)
    assert (shown.amount_minor, shown.tip_minor) == (paid_minor, tip_left_minor)
    customer = card_state(latest)
    assert customer is not None
    assert (customer.amount_minor, customer.tip_minor) == (charged_minor, tip_left_minor)
    if paid_minor < 799:
        shop.ok(TenderCash(799 - paid_minor))
    assert shop.ok(CompleteOrder())["change_minor"] == 0


def test_a_capture_can_be_taken_back_before_the_end() -> None:
    """It is a tender by card like any other."""
    shop, order_id = tab_shop()
    shop.ok(ResumeOrder(order_id))
    shop.ok(AdjustTip(100))
    shop.ok(StartTendering())
    shop.ok(CaptureTab())
    hear(shop, Verdict.APPROVED, 2)
    shop.ok(ReverseTender(1))
    assert running(shop).asked.amount_minor == 899
    hear(shop, Verdict.APPROVED, 3)
    assert shop.order(order_id).tenders == ()


def test_a_reservation_nobody_waits_for_any_more_is_released() -> None:
    """Approved after its order was set right another way; where the release fails it is listed."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(OpenTab(5000))
    first = running(shop)
    hear(shop, Verdict.UNKNOWN)
    shop.ok(VoidOrder("left"))
    hear(shop, Verdict.APPROVED, payment=first)
    assert running(shop).asked.kind is Kind.RELEASE
    failed = running(shop).asked.payment_id
    hear(shop, Verdict.DECLINED, 2)
    problems = {entry.problem for entry in shop.books.payments.exceptions.values()}
    assert problems == {Problem.LATE, Problem.NOT_REVERSED}
    shop.ok(ReverseAgain(failed))
    assert running(shop).asked.kind is Kind.RELEASE
    hear(shop, Verdict.APPROVED, 3)
    assert not shop.books.payments.exceptions


def test_a_late_reservation_is_let_go_by_hand_as_by_itself() -> None:
    """Its terminal was busy when it was heard of: tried again by a person it is released, so that
    the terminal's day has the one sale and nothing that went back."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(OpenTab(5000))
    late = running(shop)
    hear(shop, Verdict.UNKNOWN)
    shop.ok(SetPaymentAside(late.asked.payment_id, "no line"))
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 1, payment=late)
    hear(shop, Verdict.APPROVED, 2)
    shop.ok(CompleteOrder())
    shop.ok(ReverseAgain(late.asked.payment_id))
    asked = running(shop).asked
    assert (asked.kind, asked.amount_minor) == (Kind.RELEASE, 5000)
    hear(shop, Verdict.APPROVED, 3)
    assert not shop.books.payments.exceptions
    (taken,) = shop.books.payments.days["terminal/1"].parts[-1]
    assert (taken.count, taken.reversed_count, taken.amount_minor) == (1, 0, 799)


def test_tabs_that_cannot_be() -> None:
    """Each refusal by name, and no terminal hears of it."""
    shop, order_id = tab_shop()
    assert shop.no(OpenTab(100)) == OrderRefusal.ORDER_MUST_BE_OPEN
    assert shop.no(ReleaseTab()) == OrderRefusal.ORDER_MUST_BE_OPEN
    shop.ok(ResumeOrder(order_id))
    assert shop.no(OpenTab(100)) == Refusal.TAB_MUST_NOT_BE_OPEN
    assert shop.no(AdjustTip(-1)) == Refusal.TAB_AMOUNT_MUST_BE_WITHIN_LIMIT
    assert shop.no(VoidOrder("x")) == OrderRefusal.TAB_MUST_BE_SETTLED
    shop.ok(SuspendOrder())
    shop.ring("bread")
    assert shop.no(OpenTab(0)) == Refusal.TAB_AMOUNT_MUST_BE_WITHIN_LIMIT
    assert shop.no(CaptureTab()) == Refusal.TAB_MUST_BE_OPEN
    shop.ok(OpenTill(()), "2")
    shop.ring("bread", register="2")
    shop.ok(RequestPayment())
    hear(shop, Verdict.UNKNOWN, 2)
    shop.pay(350)
    shop.ok(ResumeOrder(order_id))
    assert shop.no(ReleaseTab()) == Refusal.TERMINAL_MUST_BE_FREE
    assert len(shop.events(PaymentRequested)) == 2


def test_a_bill_that_could_not_end_is_not_captured() -> None:
    """What one register takes back while another closes a tab over it, is not taken in part from
    that card: as with a card that is shown, no money moves before the bill is set right."""
    shop = card_shop()
    sale = shop.sell("bread")
    shop.ring("wine")
    shop.ok(OpenTab(5000))
    hear(shop, Verdict.APPROVED, 1)
    shop.ok(AddReturnLine(sale, 1, 1000, "stale"))
    shop.ok(StartTendering())
    shop.ok(OpenTill((Denomination(1000, 1),)), "2")
    shop.ok(AddReturnLine(sale, 1, 1000, "stale"), "2")
    shop.pay(register="2")
    assert shop.no(RequestPayment()) == OrderRefusal.RETURN_MUST_BE_WITHIN_SOLD
    assert shop.no(CaptureTab()) == OrderRefusal.RETURN_MUST_BE_WITHIN_SOLD
    shop.ok(UndoTendering())
    shop.ok(VoidLine(2))
    shop.ok(StartTendering())
    assert shop.ok(CaptureTab())["amount_minor"] == 799
    hear(shop, Verdict.APPROVED, 2)
    shop.ok(CompleteOrder())


def test_tenders_have_a_limit_by_tab_too() -> None:
    """A bill that was paid in as many parts as there may be is captured once one is handed back."""
    shop, order_id = tab_shop()
    shop.ok(ResumeOrder(order_id))
    for _ in range(limits.TENDERS_PER_ORDER_MAX):
        shop.ok(TenderCash(1))
    assert shop.no(CaptureTab()) == OrderRefusal.TENDERS_LIMIT_REACHED
    shop.ok(UndoTender(1))
    assert shop.ok(CaptureTab())["amount_minor"] == 799 - limits.TENDERS_PER_ORDER_MAX + 1


@pytest.mark.parametrize("is_void", [False, True])
def test_a_reservation_that_cannot_be_let_go_keeps_no_order(*, is_void: bool) -> None:
    """It ran out at the bank: it is neither captured nor released. The bill, paid in cash or given
    up, ends all the same, and the failed release is on the list."""
    shop, order_id = tab_shop()
    shop.ok(ResumeOrder(order_id))
    shop.ok(StartTendering())
    shop.ok(CaptureTab())
    hear(shop, Verdict.DECLINED, 2)
    shop.ok(ReleaseTab())
    failed = running(shop).asked.payment_id
    assert shop.no(VoidOrder("left")) == OrderRefusal.TERMINAL_MUST_BE_DONE
    hear(shop, Verdict.DECLINED, 3)
    shown = order_view(shop.order(order_id), shop.books).tab
    assert shown is not None
    assert shown.is_let_go
    if is_void:
        shop.ok(VoidOrder("left"))
    else:
        shop.ok(TenderCash(799))
        shop.ok(CompleteOrder())
    ended = [event for event in shop.events(TabClosed) if event.order_id == order_id]
    assert len(ended) == 1
    (listed,) = shop.books.payments.exceptions.values()
    assert (listed.asked.payment_id, listed.problem) == (failed, Problem.NOT_REVERSED)
    shop.ok(ReverseAgain(failed))
    hear(shop, Verdict.APPROVED, 4)
    assert not shop.books.payments.exceptions


@pytest.mark.parametrize("verdict", [Verdict.DECLINED, Verdict.UNKNOWN])
def test_a_release_that_a_person_has_seen_to_leaves_no_tab(verdict: Verdict) -> None:
    """The bank was called, and the entry closed: the bill ends as it did while that was listed. It
    asked for another release, of what was settled with the bank."""
    shop, order_id = tab_shop()
    shop.ok(ResumeOrder(order_id))
    shop.ok(StartTendering())
    shop.ok(TenderCash(799))
    shop.ok(ReleaseTab())
    release = running(shop).asked.payment_id
    hear(shop, verdict, 2)
    if verdict is Verdict.UNKNOWN:
        shop.ok(SetPaymentAside(release, "terminal dead"))
    shop.ok(CloseException(release, "the bank let it go"))
    assert shop.order(order_id).tab is None
    assert shop.ok(CompleteOrder())["change_minor"] == 0
    assert state_hash(shop.replayed()) == state_hash(shop.books)


def test_a_tab_stays_while_another_release_of_it_is_asked_for() -> None:
    """What was listed is closed while the terminal is at the next try: that one ends the tab."""
    shop, order_id = tab_shop()
    shop.ok(ResumeOrder(order_id))
    shop.ok(ReleaseTab())
    first = running(shop).asked.payment_id
    hear(shop, Verdict.DECLINED, 2)
    shop.ok(ReleaseTab())
    shop.ok(CloseException(first, "tried again"))
    assert shop.order(order_id).tab is not None
    hear(shop, Verdict.APPROVED, 3)
    assert shop.order(order_id).tab is None


@pytest.mark.parametrize("is_set_aside", [False, True])
def test_a_release_in_doubt_keeps_no_order_and_no_day(*, is_set_aside: bool) -> None:
    """The bill is paid: whoever paid it goes, and the Z is made, whatever the terminal knows."""
    shop, order_id = tab_shop()
    shop.ok(ResumeOrder(order_id))
    shop.ok(StartTendering())
    shop.ok(TenderCash(799))
    assert shop.no(CompleteOrder()) == OrderRefusal.TAB_MUST_BE_SETTLED
    shop.ok(ReleaseTab())
    release = running(shop)
    hear(shop, Verdict.UNKNOWN, 2)
    if is_set_aside:
        shop.ok(SetPaymentAside(release.asked.payment_id, "terminal dead"))
    shop.ok(CompleteOrder())
    shop.ok(CountTill((Denomination(799, 1), Denomination(1000, 10))))
    shop.ok(CloseTill())
    shop.ok(CloseDay())
    hear(shop, Verdict.DECLINED, 2, payment=release)
    (listed,) = shop.books.payments.exceptions.values()
    assert (listed.problem, listed.asked.amount_minor) == (Problem.NOT_REVERSED, 5000)


def test_a_capture_nobody_waited_for_uses_the_reservation_up() -> None:
    """Paid in cash meanwhile, it is taken back at once; there is no tab left to let go."""
    shop, order_id = tab_shop()
    shop.ok(ResumeOrder(order_id))
    shop.ok(StartTendering())
    shop.ok(CaptureTab())
    capture = running(shop)
    hear(shop, Verdict.UNKNOWN, 2)
    shop.ok(TenderCash(799))
    assert shop.no(CompleteOrder()) == OrderRefusal.TAB_MUST_BE_SETTLED
    hear(shop, Verdict.APPROVED, 2, payment=capture)
    assert running(shop).asked.kind is Kind.REVERSAL
    assert shop.order(order_id).tab is None
    hear(shop, Verdict.APPROVED, 3)
    assert shop.ok(CompleteOrder())["change_minor"] == 0
    assert not shop.books.payments.exceptions


def test_the_journal_alone_brings_a_tab_back() -> None:
    """With the tip written so far."""
    shop, order_id = tab_shop()
    shop.ok(ResumeOrder(order_id))
    shop.ok(AdjustTip(70))
    assert shop.replayed().live.orders[order_id] == shop.order(order_id)


def test_what_a_tab_reserves_and_gives_up_is_on_paper_for_the_customer() -> None:
    """Neither has a receipt: each slip is printed as it comes. The bill's own stands below it."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(OpenTab(5000))
    reserved = (slip("customer", "RESERVED"), slip("merchant", "OURS", must_print=True))
    hear(shop, Verdict.APPROVED, 1, slips=reserved)
    shop.ok(ReleaseTab())
    hear(shop, Verdict.APPROVED, 2, slips=(slip("customer", "RELEASED"),))
    shop.ok(OpenTab(4000))
    hear(shop, Verdict.APPROVED, 3)
    shop.ok(StartTendering())
    shop.ok(CaptureTab())
    hear(shop, Verdict.APPROVED, 4, slips=(slip("customer", "CHARGED", must_print=True),))
    shop.ok(CompleteOrder())
    *apart, receipt = ([block.left for block in paper.blocks] for paper in shop.printed())
    assert [["RESERVED"], ["OURS"], ["RELEASED"]] == apart
    assert "CHARGED" in receipt
