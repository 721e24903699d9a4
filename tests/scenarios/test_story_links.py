"""Paying by QR code or link: the provider's word closes the sale, once, whenever it comes."""

from __future__ import annotations

from typing import Any

import pytest

from engine import limits
from engine.image import books_from, image_of, state_hash
from engine.order.commands import (
    AddReturnLine,
    ChooseTender,
    CompleteOrder,
    OpenOrder,
    StartTendering,
    TenderCash,
    UndoTender,
    UndoTendering,
    VoidOrder,
)
from engine.order.events import OrderCompleted
from engine.order.refusal import Refusal as OrderRefusal
from engine.order.state import Phase
from engine.order.tender_events import LinkTendered, TenderUndone
from engine.paylink.commands import (
    CancelPaylink,
    CloseLinkException,
    ExpirePaylink,
    HearPaylink,
    RequestPaylink,
    ReverseLinkTender,
    SendBackPaylink,
)
from engine.paylink.events import (
    LinkProblem,
    PaylinkCancelAsked,
    PaylinkOffered,
    PaylinkRequested,
    Standing,
)
from engine.paylink.refusal import Refusal
from engine.promotion.decide import SetPromotions
from engine.promotion.model import Benefit, BenefitKind, Off, OffKind, Promotion
from engine.provider import LinkKind, LinkState, Told
from engine.register import CloseDay, StartTraining
from engine.till import CloseTill, CountTill, Denomination
from engine.views.build import display_view, register_view
from engine.views.paylinks import paylinks_view, register_paylink
from engine.wire import canonical, parse
from tests.link_shop import (
    PROVIDER,
    asked,
    hear,
    link_of,
    link_shop,
    not_heard,
    refunds,
    sold,
    told,
)
from tests.shop import Shop


def problems(shop: Shop) -> list[LinkProblem]:
    """Why a person must look, oldest first."""
    return [entry.problem for entry in shop.books.paylinks.exceptions.values()]


def texts(shop: Shop) -> str:
    """The last printed document, as words."""
    return str(shop.printed()[-1])


def overdue(shop: Shop) -> None:
    """Let more time pass than any payment by link has."""
    shop.now_ns += limits.PAYLINK_LIFE_S * limits.NS_PER_S + limits.PAYLINK_GRACE_NS


@pytest.mark.feature("PAY-13", part="asked first, confirmed once, the sale completes by it")
def test_a_sale_is_completed_once_by_the_providers_word() -> None:
    """Journaled before anything leaves; the confirmation is a tender and the end of the sale, and
    the same word again changes nothing."""
    shop = link_shop()
    order_id = shop.ring("bread", "wine")
    answer = shop.ok(RequestPaylink())
    assert ("requested", 1149, "") == (
        answer["standing"],
        answer["amount_minor"],
        answer["receipt_number"],
    )
    (requested,) = shop.events(PaylinkRequested)
    assert ("EUR", PROVIDER, order_id) == (
        requested.asked.currency,
        requested.asked.provider,
        requested.asked.order_id,
    )
    paylink_id = answer["paylink_id"]
    assert shop.no(CompleteOrder()) == "order_must_be_paid"
    for _ in range(2):
        assert hear(shop, paylink_id, LinkState.OPEN)["standing"] == "waiting"
    assert 1 == len(shop.events(PaylinkOffered)), "offered once, however often it is said"
    first = hear(shop, paylink_id, LinkState.PAID)
    assert ("confirmed", "1-000001") == (first["standing"], first["receipt_number"])
    again = hear(shop, paylink_id, LinkState.PAID)
    assert ("confirmed", "") == (again["standing"], again["receipt_number"])
    assert 1 == len(shop.events(LinkTendered)) == len(shop.events(OrderCompleted))
    (done,) = shop.events(OrderCompleted)
    assert ("max", "1", [("link", 1149)]) == (
        done.operator,
        done.register,
        [(tender.kind, tender.amount_minor) for tender in done.tenders],
    )
    assert shop.order(order_id).phase is Phase.COMPLETED
    assert [] == problems(shop)
    for word in ("QR / link", "Paid with", "wallet", f"P-{paylink_id}"):
        assert word in texts(shop)


def test_the_screens_show_what_to_pay_until_it_is() -> None:
    """Register and customer see the link while it waits; the customer none of what is over."""
    shop = link_shop()
    paylink_id = asked(shop, "wine")
    order = shop.books.live.current("1")
    assert order is not None
    view = register_view(shop.books, "1", epoch=1, now_ns=shop.now_ns, devices={}, last_order=None)
    assert view.provider == PROVIDER
    assert view.paylink is not None
    assert ("waiting", 799, 599) == (
        view.paylink.standing,
        view.paylink.amount_minor,
        view.paylink.left_s,
    )
    shown = display_view(shop.books, "1", epoch=1, last_order=None).paylink
    assert shown is not None
    assert ("https://pay.example/" + paylink_id, 799) == (shown.url, shown.amount_minor)
    shop.ok(CancelPaylink(paylink_id))
    assert display_view(shop.books, "1", epoch=1, last_order=None).paylink is None


def test_a_link_over_what_is_left_is_not_shown_to_the_customer() -> None:
    """Asked for all of it, and cash paid a part since: scanned now, too much would be paid. What
    is given back makes it due once more."""
    shop = link_shop()
    paylink_id = asked(shop, "wine")
    tender = shop.ok(TenderCash(300))["tender"]
    assert display_view(shop.books, "1", epoch=1, last_order=None).paylink is None
    shop.ok(UndoTender(tender))
    shown = display_view(shop.books, "1", epoch=1, last_order=None).paylink
    assert shown is not None
    assert shown.paylink_id == paylink_id


def test_it_blocks_neither_cash_nor_the_next_customer_nor_the_z() -> None:
    """Cash settles the sale while a link still waits; the day closes; the money that comes then is
    before a person and goes back, and is no second tender."""
    shop = link_shop()
    paylink_id = asked(shop, "wine")
    shop.ok(TenderCash(799))
    shop.ok(CompleteOrder())
    shop.sell("bread")
    shop.ok(CountTill((Denomination(1149 + 10_000, 1),)))
    shop.ok(CloseTill())
    shop.ok(CloseDay())
    late = hear(shop, paylink_id, LinkState.PAID)
    assert ("confirmed", "") == (late["standing"], late["receipt_number"])
    assert [LinkProblem.LATE] == problems(shop)
    assert [] == shop.events(LinkTendered)
    (listed,) = paylinks_view(shop.books, now_ns=shop.now_ns).exceptions
    assert ("late", 799, "wallet") == (listed.problem, listed.amount_minor, listed.method)
    sent = shop.ok(SendBackPaylink(paylink_id))
    assert [] == problems(shop)
    (refund,) = refunds(shop)
    assert (LinkKind.REFUND, 799, paylink_id) == (
        refund.asked.kind,
        refund.asked.amount_minor,
        refund.asked.original,
    )
    hear(shop, sent["paylink_id"], LinkState.REFUNDED)
    assert {} == shop.books.paylinks.open


def test_part_by_link_and_the_rest_in_cash() -> None:
    """A part is a tender, and the sale goes on; whoever pays the rest ends it."""
    shop = link_shop()
    paylink_id = asked(shop, "bread", "wine", amount_minor=500)
    answer = hear(shop, paylink_id, LinkState.PAID)
    assert ("confirmed", "") == (answer["standing"], answer["receipt_number"])
    assert 649 == shop.ok(TenderCash(700))["total_minor"] - 500
    assert 51 == shop.ok(CompleteOrder())["change_minor"]


def test_cash_first_and_the_link_ends_it_with_the_change_right() -> None:
    """The last part by link closes a sale that has cash on the counter, where the till is open."""
    shop = link_shop()
    shop.ring("bread", "wine")
    shop.ok(StartTendering())
    shop.ok(TenderCash(149))
    paylink_id = shop.ok(RequestPaylink())["paylink_id"]
    answer = hear(shop, paylink_id, LinkState.PAID)
    assert (1000, "1-000001") == (answer["amount_minor"], answer["receipt_number"])


def test_a_cancelled_one_may_be_asked_for_again_and_only_one_counts() -> None:
    """Asked to end, a new link may be made at once; were both paid, one is for a person."""
    shop = link_shop()
    first = asked(shop, "wine")
    assert shop.no(RequestPaylink()) == Refusal.PAYLINK_MUST_BE_SETTLED
    assert "waiting" == shop.ok(CancelPaylink(first))["standing"]
    assert "waiting" == shop.ok(CancelPaylink(first))["standing"]
    second = shop.ok(RequestPaylink())["paylink_id"]
    hear(shop, second, LinkState.OPEN)
    assert "1-000001" == hear(shop, first, LinkState.PAID)["receipt_number"]
    hear(shop, second, LinkState.PAID)
    assert [LinkProblem.LATE] == problems(shop)
    assert 1 == len(shop.events(LinkTendered))


def test_a_cancelled_one_that_the_provider_ended_is_over() -> None:
    """Its word ends it; money after that is before a person, though the order still wants some."""
    shop = link_shop()
    paylink_id = asked(shop, "wine")
    shop.ok(CancelPaylink(paylink_id))
    for _ in range(2):
        said = hear(shop, paylink_id, LinkState.CANCELLED)
        assert ("cancelled", 799) == (said["standing"], said["amount_minor"])
    assert shop.no(CancelPaylink(paylink_id)) == Refusal.PAYLINK_MUST_BE_OPEN
    hear(shop, paylink_id, LinkState.PAID)
    assert [LinkProblem.LATE] == problems(shop)


def test_its_time_runs_out() -> None:
    """Not before the grace is over; then it is expired, still asked about, and money that comes is
    late, even where nobody said yet that it expired."""
    shop = link_shop()
    paylink_id = asked(shop, "wine")
    assert shop.no(ExpirePaylink(paylink_id), admin=True) == Refusal.PAYLINK_MUST_BE_OVERDUE
    overdue(shop)
    assert "expired" == shop.ok(ExpirePaylink(paylink_id), admin=True)["standing"]
    assert "expired" == shop.ok(ExpirePaylink(paylink_id), admin=True)["standing"]
    assert [paylink_id] == list(shop.books.paylinks.open)
    second = shop.ok(RequestPaylink())["paylink_id"]
    assert "expired" == hear(shop, paylink_id, LinkState.CANCELLED)["standing"]
    overdue(shop)
    hear(shop, second, LinkState.PAID)
    assert [LinkProblem.LATE] == problems(shop)
    assert shop.no(ExpirePaylink("nothing"), admin=True) == Refusal.PAYLINK_MUST_BE_OPEN


@pytest.mark.parametrize("change", [{"amount_minor": 1}, {"currency": "USD"}])
def test_another_amount_or_currency_is_before_a_person(change: dict[str, Any]) -> None:
    """What was paid is told as it was, goes back as it was, and is no tender."""
    shop = link_shop()
    paylink_id = asked(shop, "wine")
    hear(shop, paylink_id, LinkState.PAID, **change)
    assert [LinkProblem.DIFFERS] == problems(shop)
    assert [] == shop.events(LinkTendered)
    shop.ok(SendBackPaylink(paylink_id))
    (refund,) = refunds(shop)
    wanted = {"amount_minor": 799, "currency": "EUR", **change}
    assert wanted == {
        "amount_minor": refund.asked.amount_minor,
        "currency": refund.asked.currency,
    }
    assert "1-000001" == shop.pay(799)["receipt_number"]


def test_a_second_payment_of_one_link_is_before_a_person() -> None:
    """Another transaction under the same reference is money of its own."""
    shop = link_shop()
    order_id = sold(shop, "wine")
    (first,) = shop.books.paylinks.settled
    hear(shop, first, LinkState.PAID, provider_reference="P-other")
    hear(shop, first, LinkState.PAID, provider_reference="P-other")
    assert [LinkProblem.UNASKED] == problems(shop)
    assert 1 == len(shop.order(order_id).tenders)


def test_words_that_fit_nothing_are_refused_by_name() -> None:
    """Another provider, a reference nobody made, a state that cannot be."""
    shop = link_shop()
    paylink_id = asked(shop, "wine")
    other = "provider/other"
    assert (
        not_heard(shop, paylink_id, LinkState.PAID, provider=other)
        == Refusal.PAYLINK_MUST_BE_OF_PROVIDER
    )
    assert not_heard(shop, paylink_id, LinkState.REFUNDED) == Refusal.PAYLINK_STATE_MUST_FIT
    assert not_heard(shop, paylink_id, LinkState.NOT_FOUND) == Refusal.PAYLINK_STATE_MUST_FIT
    nobody = Told("nobody", LinkState.CANCELLED)
    assert shop.no(HearPaylink(PROVIDER, nobody), admin=True) == Refusal.PAYLINK_MUST_EXIST
    hear(shop, paylink_id, LinkState.PAID)
    assert not_heard(shop, paylink_id, LinkState.CANCELLED) == Refusal.PAYLINK_STATE_MUST_FIT


def test_money_nobody_asked_for_is_listed_and_closed_with_a_finding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A signed word about an unknown reference, as after a restored backup, is money all the same;
    there is an end to how much of it is taken down."""
    shop = link_shop()
    stray = Told("lost", LinkState.PAID, 500, "EUR", "P-9", "wallet")
    answer = shop.ok(HearPaylink(PROVIDER, stray), admin=True)
    assert answer == shop.ok(HearPaylink(PROVIDER, stray), admin=True)
    assert [LinkProblem.UNASKED] == problems(shop)
    key = answer["paylink_id"]
    assert shop.no(CloseLinkException(key, " ")) == OrderRefusal.REASON_MUST_BE_GIVEN
    shop.ok(CloseLinkException(key, "customer was sent the money by the bank"))
    assert [] == problems(shop)
    assert shop.no(CloseLinkException(key, "again")) == Refusal.PAYLINK_MUST_EXIST
    assert shop.no(SendBackPaylink(key)) == Refusal.PAYLINK_MUST_EXIST
    monkeypatch.setattr(limits, "PAYLINK_EXCEPTIONS_MAX", 0)
    more = Told("lost-2", LinkState.PAID, 500, "EUR", "P-10")
    assert shop.no(HearPaylink(PROVIDER, more), admin=True) == Refusal.EXCEPTIONS_LIMIT_REACHED
    assert shop.refused(HearPaylink(PROVIDER, more), admin=True) == {"maximum": 0}


def test_what_must_be_so_before_a_link_is_asked_for() -> None:
    """No order, training, no provider, an absurd life, an amount that is not due."""
    shop = Shop.selling()
    assert shop.no(RequestPaylink()) == OrderRefusal.ORDER_MUST_BE_OPEN
    shop.ring("wine")
    assert shop.no(RequestPaylink()) == Refusal.PROVIDER_MUST_BE_SET_UP
    shop = link_shop()
    shop.ring("wine")
    for life_s in (0, limits.PAYLINK_LIFE_S_MAX + 1):
        assert shop.no(RequestPaylink(life_s=life_s)) == Refusal.PAYLINK_LIFE_MUST_BE_IN_RANGE
    for amount_minor in (-1, 800):
        assert shop.no(RequestPaylink(amount_minor)) == Refusal.PAYLINK_AMOUNT_MUST_BE_DUE
    shop.ok(StartTendering())
    shop.ok(TenderCash(799))
    assert shop.no(RequestPaylink()) == OrderRefusal.AMOUNT_MUST_STILL_BE_DUE
    assert shop.refused(RequestPaylink()) == {"due_minor": 0}
    shop.ok(CompleteOrder())
    shop.ok(StartTraining())
    shop.ring("wine")
    assert shop.no(RequestPaylink()) == Refusal.ORDER_MUST_BE_LIVE


def test_the_last_cent_goes_back_the_way_it_came() -> None:
    """Of what was paid by link one cent goes back by it, the rest as the rest was paid."""
    shop = link_shop()
    paylink_id = asked(shop, "wine", amount_minor=1)
    sale = link_of(shop, paylink_id).asked.order_id
    hear(shop, paylink_id, LinkState.PAID)
    shop.ok(TenderCash(798))
    shop.ok(CompleteOrder())
    shop.ok(AddReturnLine(sale, 1, 1_000, "corked"))
    assert 1 == shop.ok(RequestPaylink())["amount_minor"]


@pytest.mark.feature("PAY-13", part="a refund goes back through the provider or is listed")
def test_a_refund_goes_back_through_the_provider() -> None:
    """The return is done at once; the provider is asked until it says how it went, and what it
    could not give back is before a person, who has it tried again."""
    shop = link_shop()
    sale = sold(shop, "bread", "wine")
    (paid,) = shop.books.paylinks.settled
    shop.ok(OpenOrder())
    shop.ok(AddReturnLine(sale, 2, 1_000, "corked"))
    assert shop.no(TenderCash(-799)) == "refund_must_go_to_its_tender"
    answer = shop.ok(RequestPaylink())
    assert ("requested", 799, "1-000002") == (
        answer["standing"],
        answer["amount_minor"],
        answer["receipt_number"],
    )
    (refund,) = refunds(shop)
    assert (paid, sale, 1) == (
        refund.asked.original,
        refund.asked.source_order,
        refund.asked.source_tender,
    )
    assert 799 == shop.order(sale).refunded_minor(1)
    refund_id = answer["paylink_id"]
    assert shop.no(CancelPaylink(refund_id)) == Refusal.PAYLINK_MUST_BE_OPEN
    assert "waiting" == hear(shop, refund_id, LinkState.OPEN)["standing"]
    assert "failed" == hear(shop, refund_id, LinkState.FAILED, code="closed_account")["standing"]
    assert [LinkProblem.NOT_RETURNED] == problems(shop)
    again = shop.ok(SendBackPaylink(refund_id))["paylink_id"]
    assert link_of(shop, again).asked.original == paid
    assert "confirmed" == hear(shop, again, LinkState.REFUNDED)["standing"]
    assert "confirmed" == hear(shop, again, LinkState.REFUNDED)["standing"]
    assert [] == problems(shop)
    assert {} == shop.books.paylinks.open
    hear(shop, again, LinkState.FAILED, code="bounced")
    assert [LinkProblem.NOT_RETURNED] == problems(shop)
    third = shop.ok(SendBackPaylink(again))
    assert 799 == third["amount_minor"], "what bounced never went back"
    hear(shop, third["paylink_id"], LinkState.REFUNDED)
    assert ([], {}) == (problems(shop), shop.books.paylinks.open)


def test_never_more_goes_back_than_was_paid() -> None:
    """What paid for its own goods gives back for them; goods paid in cash go back in cash."""
    shop = link_shop()
    sale = sold(shop, "bread", "wine")
    cash = shop.sell("wine")
    shop.ok(OpenOrder())
    shop.ok(AddReturnLine(cash, 1, 1_000, "corked"))
    assert shop.no(RequestPaylink()) == Refusal.TENDER_MUST_BE_BY_LINK
    shop.ok(AddReturnLine(sale, 2, 1_000, "corked"))
    assert shop.no(RequestPaylink(1_598)) == Refusal.REFUND_MUST_BE_WITHIN_TENDER
    assert shop.refused(RequestPaylink(800)) == {"left_minor": 799}
    shop.ok(RequestPaylink())
    assert 799 == shop.order(sale).refunded_minor(1)
    assert shop.no(RequestPaylink(1)) == Refusal.REFUND_MUST_BE_WITHIN_TENDER
    shop.ok(TenderCash(-799))
    assert 799 == shop.order(cash).refunded_minor(1)
    shop.ok(CompleteOrder())
    shop.ok(AddReturnLine(sale, 1, 1_000, "dry"))
    assert 350 == shop.ok(RequestPaylink())["amount_minor"]
    assert 1149 == shop.order(sale).refunded_minor(1)


def test_a_tender_by_link_is_given_back_before_the_end() -> None:
    """It is a tender no more at once and its money is on its way; it is no cash to hand over."""
    shop = link_shop()
    paylink_id = asked(shop, "bread", "wine", amount_minor=500)
    hear(shop, paylink_id, LinkState.PAID)
    assert shop.no(UndoTender(1)) == OrderRefusal.TENDER_MUST_BE_IN_CASH
    assert shop.no(ReverseLinkTender(7)) == OrderRefusal.TENDER_MUST_EXIST
    shop.ok(ReverseLinkTender(1))
    assert 1 == len(shop.events(TenderUndone))
    (refund,) = refunds(shop)
    assert (500, paylink_id) == (refund.asked.amount_minor, refund.asked.original)
    shop.ok(TenderCash(1149))
    assert shop.no(ReverseLinkTender(2)) == Refusal.TENDER_MUST_BE_BY_LINK
    shop.ok(UndoTender(2))
    shop.ok(UndoTendering())
    assert shop.no(ReverseLinkTender(1)) == OrderRefusal.ORDER_MUST_BE_TENDERING
    shop.ok(VoidOrder("gone"))
    assert shop.no(ReverseLinkTender(1)) == OrderRefusal.ORDER_MUST_BE_OPEN


def test_a_sale_that_is_no_longer_being_paid_takes_no_link() -> None:
    """Back at ringing up, or voided, the money is late."""
    shop = link_shop()
    paylink_id = asked(shop, "wine")
    shop.ok(UndoTendering())
    hear(shop, paylink_id, LinkState.PAID)
    second = shop.ok(RequestPaylink())["paylink_id"]
    shop.ok(CancelPaylink(second))
    shop.ok(UndoTendering())
    shop.ok(VoidOrder("left"))
    hear(shop, second, LinkState.PAID)
    assert [LinkProblem.LATE, LinkProblem.LATE] == problems(shop)


def test_a_shut_till_leaves_the_end_to_the_cashier() -> None:
    """Cash on the counter and a till that was shut meanwhile: the tender counts, the end waits."""
    shop = link_shop()
    shop.ring("bread", "wine", register="2")
    shop.ok(StartTendering(), "2")
    paylink_id = shop.ok(RequestPaylink(), "2")["paylink_id"]
    # The word comes to a register that does not have the order.
    answer = hear(shop, paylink_id, LinkState.PAID, register="1")
    assert "" == answer["receipt_number"]
    assert "2-000001" == shop.ok(CompleteOrder(), "2")["receipt_number"]


def test_everything_outlives_a_restart() -> None:
    """Replay and snapshot both give the same books, whatever is under way."""
    shop = link_shop()
    sold(shop, "wine")
    cancelled = asked(shop, "bread")
    shop.ok(CancelPaylink(cancelled))
    shop.ok(TenderCash(350))
    shop.ok(CompleteOrder())
    hear(shop, cancelled, LinkState.PAID)
    open_id = asked(shop, "milk")
    image = parse(canonical(image_of(shop.books)))
    again = books_from(image, None)
    assert again.paylinks == shop.books.paylinks == shop.replayed().paylinks
    assert state_hash(again) == state_hash(shop.books)
    assert Standing.WAITING is again.paylinks.open[open_id].standing


def test_a_code_is_shown_though_the_clock_was_set_back() -> None:
    """What the register asked for last is on its screen, also where it asked for another while its
    clock was ahead; what becomes of that one is not."""
    shop = link_shop()
    first = asked(shop, "wine")
    shop.ok(CancelPaylink(first))
    shop.now_ns -= 3600 * limits.NS_PER_S
    second: str = shop.ok(RequestPaylink())["paylink_id"]
    hear(shop, second, LinkState.OPEN)
    for last in (None, LinkState.CANCELLED):
        if last is not None:
            hear(shop, first, last)
        shown = register_paylink(shop.books, "1")
        assert shown is not None
        assert (second, True) == (shown.asked.paylink_id, shown.is_offered)


def test_only_the_latest_settled_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is forgotten and told again is listed rather than taken for new money of its order."""
    monkeypatch.setattr("engine.paylink.state.PAYLINKS_REMEMBERED_MAX", 1)
    shop = link_shop()
    sold(shop, "wine")
    (old,) = shop.books.paylinks.settled.values()
    sold(shop, "bread")
    shop.ok(HearPaylink(PROVIDER, told(old, LinkState.PAID)), admin=True)
    assert [LinkProblem.UNASKED] == problems(shop)
    assert 2 == len(shop.events(LinkTendered))


def test_a_price_for_cash_is_not_paid_by_link() -> None:
    """A link is not asked for it; one asked for before the price was chosen is sent back."""
    shop = link_shop()
    two = Benefit(BenefitKind.CART, Off(OffKind.PERCENT, 20_000))
    shop.ok(SetPromotions((Promotion("cash", "2 % in cash", two, tenders=("cash",)),)), admin=True)
    paylink_id = asked(shop, "wine")
    shop.ok(UndoTendering())
    shop.ok(ChooseTender("cash"))
    assert OrderRefusal.TENDER_MUST_BE_AS_CHOSEN == shop.no(RequestPaylink())
    shop.ok(StartTendering())
    hear(shop, paylink_id, LinkState.PAID)
    assert [] == shop.events(LinkTendered)
    assert [paylink_id] == list(shop.books.paylinks.exceptions)


@pytest.mark.parametrize("end", ["paid in cash", "voided"])
def test_a_code_is_withdrawn_with_the_end_of_its_order(end: str) -> None:
    """Who paid otherwise, or left, has a code on the phone that is no longer to be paid; where the
    customer was quicker, the money is late as ever."""
    shop = link_shop()
    paylink_id = asked(shop, "wine")
    if end == "voided":
        shop.ok(VoidOrder("left"))
    else:
        shop.ok(TenderCash(799))
        shop.ok(CompleteOrder())
    link = shop.books.paylinks.open[paylink_id]
    assert (link.is_cancel_asked, link.is_offered) == (True, False)
    hear(shop, paylink_id, LinkState.PAID)
    assert link_of(shop, paylink_id).problem is LinkProblem.LATE


def test_a_second_code_is_withdrawn_where_the_first_ends_the_order() -> None:
    """The one that was taken back was paid in time after all and ends the sale: the one in its
    place is no longer to be paid, and the one that paid is not asked for anything."""
    shop = link_shop()
    first = asked(shop, "wine")
    shop.ok(CancelPaylink(first))
    second = shop.ok(RequestPaylink())["paylink_id"]
    hear(shop, second, LinkState.OPEN)
    hear(shop, first, LinkState.PAID)
    assert shop.order(link_of(shop, first).asked.order_id).phase is Phase.COMPLETED
    assert (link_of(shop, second).is_cancel_asked, link_of(shop, second).is_offered) == (
        True,
        False,
    )
    withdrawn = [event.paylink_id for event in shop.events(PaylinkCancelAsked)]
    assert withdrawn == [first, second]


def test_a_code_that_ends_its_order_is_not_withdrawn_itself() -> None:
    """It was paid, and its provider hears nothing more of it."""
    shop = link_shop()
    sold(shop, "wine")
    assert shop.events(PaylinkCancelAsked) == []


def test_what_went_back_in_part_is_sent_for_the_rest() -> None:
    """The customer gets what was still missing, never all of it again; and nothing where more went
    back than was asked for."""
    shop = link_shop()
    paylink_id = asked(shop, "wine", amount_minor=300)
    hear(shop, paylink_id, LinkState.PAID)
    refund_id = shop.ok(ReverseLinkTender(1))["paylink_id"]
    hear(shop, refund_id, LinkState.OPEN)
    hear(shop, refund_id, LinkState.REFUNDED, amount_minor=200)
    assert link_of(shop, refund_id).problem is LinkProblem.DIFFERS
    again = shop.ok(SendBackPaylink(refund_id))
    assert again["amount_minor"] == 100
    hear(shop, again["paylink_id"], LinkState.OPEN)
    hear(shop, again["paylink_id"], LinkState.REFUNDED, amount_minor=130)
    over = shop.refused(SendBackPaylink(again["paylink_id"]))
    assert over == {"due_minor": -30}


def refunded(shop: Shop, **changes: Any) -> str:
    """A bottle of wine that comes back, and what its provider says of that; the refund's id."""
    sale = sold(shop, "wine")
    shop.ok(AddReturnLine(sale, 1, 1000, "corked"))
    refund_id: str = shop.ok(RequestPaylink())["paylink_id"]
    hear(shop, refund_id, LinkState.REFUNDED, **changes)
    return refund_id


def test_a_refund_that_went_out_twice_is_no_money_that_came() -> None:
    """It is listed as what it is, and nothing is sent after it, however often that is said."""
    shop = link_shop()
    refund_id = refunded(shop, provider_reference="first")
    assert not problems(shop)
    for reference in ("second", "first", "second"):
        hear(shop, refund_id, LinkState.REFUNDED, provider_reference=reference)
    assert [LinkProblem.DIFFERS] == problems(shop)
    assert link_of(shop, refund_id).asked.kind is LinkKind.REFUND
    assert shop.refused(SendBackPaylink(refund_id)) == {"due_minor": 0}


def test_the_rest_of_a_refund_may_be_told_later() -> None:
    """It is off the list then; once a person sent the rest, it went back twice and is on it."""
    shop = link_shop()
    refund_id = refunded(shop, amount_minor=200)
    hear(shop, refund_id, LinkState.REFUNDED, amount_minor=100)
    assert [LinkProblem.DIFFERS] == problems(shop)
    hear(shop, refund_id, LinkState.REFUNDED)
    assert not problems(shop)
    other_id = refunded(shop, amount_minor=200)
    rest = shop.ok(SendBackPaylink(other_id))
    assert rest["amount_minor"] == 599
    hear(shop, rest["paylink_id"], LinkState.REFUNDED)
    hear(shop, other_id, LinkState.REFUNDED)
    assert [LinkProblem.DIFFERS] == problems(shop)
    assert shop.refused(SendBackPaylink(other_id)) == {"due_minor": 0}


def test_a_refund_that_bounced_is_heard_however_many_paid_since(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A bank sends it back days later; it comes before a person, with whose it was."""
    monkeypatch.setattr("engine.paylink.state.PAYLINKS_REMEMBERED_MAX", 2)
    shop = link_shop()
    paylink_id = asked(shop, "wine", amount_minor=300)
    hear(shop, paylink_id, LinkState.PAID)
    refund_id = shop.ok(ReverseLinkTender(1))["paylink_id"]
    hear(shop, refund_id, LinkState.OPEN)
    hear(shop, refund_id, LinkState.REFUNDED)
    shop.ok(TenderCash(799))
    shop.ok(CompleteOrder())
    for _ in range(3):
        hear(shop, asked(shop, "bread"), LinkState.PAID)
    assert shop.books.paylinks.known(paylink_id) is None, "its payment is long forgotten"
    hear(shop, refund_id, LinkState.FAILED)
    assert link_of(shop, refund_id).problem is LinkProblem.NOT_RETURNED


def owed(shop: Shop) -> str:
    """A bottle that was paid by link comes back, and its provider is asked to give that back."""
    sale = sold(shop, "wine")
    shop.ok(AddReturnLine(sale, 1, 1_000, "corked"))
    paylink_id: str = shop.ok(RequestPaylink())["paylink_id"]
    return paylink_id


def unknown_for_long(shop: Shop, paylink_id: str) -> None:
    """The provider does not know it, ten minutes after it was asked for."""
    shop.now_ns += limits.PAYLINK_UNKNOWN_NS
    hear(shop, paylink_id, LinkState.NOT_FOUND)


@pytest.mark.parametrize("is_accepted", [False, True])
def test_a_refund_its_provider_does_not_know_is_listed_and_asked_for_again(
    *, is_accepted: bool
) -> None:
    """At first it may not have arrived yet; then a person is told, with its age, that nobody knows
    whether it went back. Asked again under its own reference it goes back once."""
    shop = link_shop()
    refund = owed(shop)
    if is_accepted:
        hear(shop, refund, LinkState.OPEN)
    assert not_heard(shop, refund, LinkState.NOT_FOUND) == Refusal.PAYLINK_STATE_MUST_FIT
    unknown_for_long(shop, refund)
    assert not_heard(shop, refund, LinkState.NOT_FOUND) == Refusal.PAYLINK_STATE_MUST_FIT
    (listed,) = paylinks_view(shop.books, now_ns=shop.now_ns).exceptions
    standing = "waiting" if is_accepted else "requested"
    assert ("not_known", standing, "not_found") == (listed.problem, listed.standing, listed.code)
    assert (799, True) == (listed.amount_minor, listed.age_s >= 600)
    again = shop.ok(SendBackPaylink(refund))
    assert (refund, "requested", 799) == (
        again["paylink_id"],
        again["standing"],
        again["amount_minor"],
    )
    assert [refund] == [entry.asked.paylink_id for entry in refunds(shop)]
    hear(shop, refund, LinkState.NOT_FOUND)
    assert [LinkProblem.NOT_KNOWN] == problems(shop)
    shop.ok(SendBackPaylink(refund))
    hear(shop, refund, LinkState.REFUNDED)
    assert ([], {}) == (problems(shop), shop.books.paylinks.open)
    image = parse(canonical(image_of(shop.books)))
    assert books_from(image, None).paylinks == shop.books.paylinks == shop.replayed().paylinks


def test_a_refund_its_provider_says_nothing_of_is_listed_and_asked_for_again() -> None:
    """With what it said. Whether it went back nobody knows: asked again under its own reference it
    goes back once."""
    shop = link_shop()
    refund = owed(shop)
    hear(shop, refund, LinkState.OPEN)
    said = "refused 403 this account may not"
    assert not_heard(shop, refund, LinkState.REFUSED, code=said) == Refusal.PAYLINK_STATE_MUST_FIT
    shop.now_ns += limits.PAYLINK_UNKNOWN_NS
    hear(shop, refund, LinkState.REFUSED, code=said)
    (listed,) = paylinks_view(shop.books, now_ns=shop.now_ns).exceptions
    assert ("refused", "waiting", said) == (listed.problem, listed.standing, listed.code)
    assert refund == shop.ok(SendBackPaylink(refund))["paylink_id"]
    hear(shop, refund, LinkState.REFUNDED)
    assert ([], {}) == (problems(shop), shop.books.paylinks.open)
    image = parse(canonical(image_of(shop.books)))
    assert books_from(image, None).paylinks == shop.books.paylinks == shop.replayed().paylinks


def test_a_payment_is_not_over_because_its_provider_says_nothing() -> None:
    """A code that can be paid is payable until its provider says otherwise."""
    shop = link_shop()
    paylink_id = asked(shop, "wine")
    assert not_heard(shop, paylink_id, LinkState.REFUSED) == Refusal.PAYLINK_STATE_MUST_FIT


SAID = "unreadable 200 not_json"


def unread_for_long(shop: Shop, paylink_id: str) -> None:
    """Its provider still says what nobody can read, when a person has to look."""
    shop.now_ns += limits.PAYLINK_UNKNOWN_NS
    hear(shop, paylink_id, LinkState.UNREADABLE, code=SAID)


def asked_about(shop: Shop) -> list[str]:
    """Of what the store asks its providers."""
    return [link.asked.paylink_id for link in shop.books.paylinks.asked_about()]


@pytest.mark.parametrize(
    ("state", "left"),
    [
        (LinkState.OPEN, []),
        (LinkState.REFUNDED, []),
        (LinkState.FAILED, [LinkProblem.NOT_RETURNED]),
        (LinkState.NOT_FOUND, [LinkProblem.NOT_KNOWN]),
        (LinkState.REFUSED, [LinkProblem.REFUSED]),
    ],
)
@pytest.mark.parametrize("is_accepted", [False, True])
def test_a_refund_whose_answer_cannot_be_read_is_listed_until_one_can(
    *, is_accepted: bool, state: LinkState, left: list[LinkProblem]
) -> None:
    """With what is wrong with it; its provider is asked on, and its first plain word takes it off
    the list, or says what a person has to do."""
    shop = link_shop()
    refund = owed(shop)
    if is_accepted:
        hear(shop, refund, LinkState.OPEN)
    unread = {"code": SAID}
    assert not_heard(shop, refund, LinkState.UNREADABLE, **unread) == Refusal.PAYLINK_STATE_MUST_FIT
    unread_for_long(shop, refund)
    (listed,) = paylinks_view(shop.books, now_ns=shop.now_ns).exceptions
    standing = "waiting" if is_accepted else "requested"
    assert ("unreadable", standing, SAID) == (listed.problem, listed.standing, listed.code)
    assert [refund] == asked_about(shop)
    count = len(shop.facts)
    hear(shop, refund, LinkState.UNREADABLE, code="unreadable 200 too_long")
    assert count == len(shop.facts), "listed once"
    image = parse(canonical(image_of(shop.books)))
    assert books_from(image, None).paylinks == shop.books.paylinks == shop.replayed().paylinks
    hear(shop, refund, state)
    assert left == problems(shop)
    assert ([refund] if state is LinkState.OPEN else []) == asked_about(shop)
    assert books_from(image_of_now(shop), None).paylinks == shop.replayed().paylinks


def image_of_now(shop: Shop) -> Any:
    """The books as a snapshot has them."""
    return parse(canonical(image_of(shop.books)))


def test_a_refund_that_cannot_be_read_again_is_listed_again() -> None:
    """Asked anew by a person, or understood for a while: each time it counts once."""
    shop = link_shop()
    refund = owed(shop)
    unread_for_long(shop, refund)
    first = link_of(shop, refund).times_again
    hear(shop, refund, LinkState.OPEN)
    hear(shop, refund, LinkState.UNREADABLE, code=SAID)
    assert [LinkProblem.UNREADABLE] == problems(shop)
    assert "requested" == shop.ok(SendBackPaylink(refund))["standing"]
    assert ([], [refund]) == (problems(shop), asked_about(shop))
    hear(shop, refund, LinkState.UNREADABLE, code=SAID)
    assert [LinkProblem.UNREADABLE] == problems(shop)
    assert first < link_of(shop, refund).times_again, "the same word is another one each time"
    hear(shop, refund, LinkState.REFUNDED)
    assert ([], []) == (problems(shop), asked_about(shop))


@pytest.mark.parametrize(
    ("state", "left"),
    [
        (LinkState.PAID, [LinkProblem.LATE]),
        (LinkState.OPEN, []),
        (LinkState.CANCELLED, []),
        (LinkState.EXPIRED, []),
        (LinkState.NOT_FOUND, []),
    ],
)
def test_a_payment_whose_answer_cannot_be_read_is_listed_once_its_time_is_over(
    state: LinkState, left: list[LinkProblem]
) -> None:
    """Until then the customer may still pay. After that somebody has to look whether they did; the
    provider is asked on, and money it tells of comes before a person as ever."""
    shop = link_shop()
    paylink_id = asked(shop, "wine", life_s=1_200)
    shop.now_ns += limits.PAYLINK_UNKNOWN_NS
    unread = {"code": SAID}
    why = not_heard(shop, paylink_id, LinkState.UNREADABLE, **unread)
    assert Refusal.PAYLINK_STATE_MUST_FIT == why
    shop.now_ns += 700 * limits.NS_PER_S
    shop.ok(ExpirePaylink(paylink_id), admin=True)
    hear(shop, paylink_id, LinkState.UNREADABLE, **unread)
    (listed,) = paylinks_view(shop.books, now_ns=shop.now_ns).exceptions
    assert ("unreadable", "expired", SAID) == (listed.problem, listed.standing, listed.code)
    assert [paylink_id] == asked_about(shop)
    answer = shop.refused(SendBackPaylink(paylink_id))
    assert ("unreadable", "expired") == (answer["state"], answer["standing"]), (
        "nobody knows that it came"
    )
    hear(shop, paylink_id, state)
    assert left == problems(shop)
    assert ([paylink_id] if state is LinkState.OPEN else []) == asked_about(shop)
    assert books_from(image_of_now(shop), None).paylinks == shop.replayed().paylinks


def test_what_cannot_be_read_may_be_closed_with_what_was_found() -> None:
    """Nobody asks then; money that is told of all the same is before a person."""
    shop = link_shop()
    paylink_id = asked(shop, "wine")
    shop.now_ns += 700 * limits.NS_PER_S
    shop.ok(ExpirePaylink(paylink_id), admin=True)
    hear(shop, paylink_id, LinkState.UNREADABLE, code=SAID)
    shop.ok(CloseLinkException(paylink_id, "never paid, says the provider's page"))
    assert ([], []) == (problems(shop), asked_about(shop))
    hear(shop, paylink_id, LinkState.PAID)
    assert [LinkProblem.LATE] == problems(shop)


@pytest.mark.parametrize(
    ("state", "left"), [(LinkState.REFUNDED, []), (LinkState.FAILED, [LinkProblem.NOT_RETURNED])]
)
def test_what_a_provider_tells_of_a_refund_that_it_did_not_know(
    state: LinkState, left: list[LinkProblem]
) -> None:
    """Its word counts, whenever it comes: off the list, or tried anew."""
    shop = link_shop()
    refund = owed(shop)
    unknown_for_long(shop, refund)
    hear(shop, refund, state)
    assert left == problems(shop)


@pytest.mark.parametrize("is_sent_again", [False, True])
def test_a_refund_that_went_back_after_a_person_settled_it_is_said(*, is_sent_again: bool) -> None:
    """It failed, and was sent anew or paid in cash over the counter; then the provider tells that
    the first one went back after all: the customer may have it twice, and nobody was told."""
    shop = link_shop()
    refund = owed(shop)
    hear(shop, refund, LinkState.FAILED, code="account_closed")
    if is_sent_again:
        second = shop.ok(SendBackPaylink(refund))["paylink_id"]
        hear(shop, second, LinkState.REFUNDED)
    else:
        shop.ok(CloseLinkException(refund, "The customer was paid in cash"))
    hear(shop, refund, LinkState.REFUNDED)
    assert [LinkProblem.DIFFERS] == problems(shop)
    hear(shop, refund, LinkState.REFUNDED)
    assert [LinkProblem.DIFFERS] == problems(shop)
    assert shop.no(SendBackPaylink(refund)) == OrderRefusal.AMOUNT_MUST_STILL_BE_DUE
    shop.ok(CloseLinkException(refund, "The customer gave it back"))
    hear(shop, refund, LinkState.REFUNDED)
    assert [] == problems(shop)


def test_a_refund_that_failed_and_is_still_listed_is_settled_by_its_word() -> None:
    """Nobody did anything about it yet."""
    shop = link_shop()
    refund = owed(shop)
    hear(shop, refund, LinkState.FAILED)
    hear(shop, refund, LinkState.REFUNDED)
    assert [] == problems(shop)
