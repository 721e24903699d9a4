"""Paying by card: one truth about the money, whatever the terminal, the wire or the store does."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from engine.order.commands import (
    AddReturnLine,
    CompleteOrder,
    TenderCash,
    UndoTender,
    UndoTendering,
    VoidOrder,
)
from engine.order.events import (
    OrderCompleted,
)
from engine.order.state import Phase
from engine.order.tender_events import (
    CardTendered,
    TenderRefunded,
    TenderUndone,
)
from engine.payment.commands import (
    CancelPayment,
    CloseException,
    HearPayment,
    KeepPayment,
    RequestPayment,
    ReverseAgain,
    ReverseTender,
    SetPaymentAside,
)
from engine.payment.events import ExceptionClosed, PaymentRequested, Problem, Standing
from engine.payment.refusal import Refusal
from engine.register import CloseDay, StartTraining
from engine.staff import SignedOn
from engine.terminal import IDENTITY_TAKEN, Identity, Kind, Verdict
from engine.till import CloseTill, CountTill, Denomination
from engine.views.payments import payments_view, register_payment
from tests.card_shop import VISA, card_shop, hear, keep, paid_by_card, running, told
from tests.shop import Shop


def standings(shop: Shop) -> dict[str, Standing]:
    """The open payments."""
    return {key: entry.standing for key, entry in shop.books.payments.open.items()}


def test_a_card_sale_asks_the_terminal_first_and_completes_on_its_word() -> None:
    """Asked in the journal before the terminal hears of it; a tender once it approved."""
    shop = card_shop()
    shop.ring("bread", "wine")
    asked = shop.ok(RequestPayment())
    assert (asked["standing"], asked["amount_minor"]) == ("requested", 1149)
    assert running(shop).asked.kind is Kind.SALE
    assert shop.no(CompleteOrder()) == "terminal_must_be_done"
    answer = hear(shop, Verdict.APPROVED)
    assert (answer["standing"], answer["amount_minor"]) == ("approved", 1149)
    done = shop.ok(CompleteOrder())
    assert (done["total_minor"], done["change_minor"]) == (1149, 0)
    totals = shop.books.live.position("1").totals
    assert totals.tenders == {"card": 1149}
    assert shop.books.live.till("1").expected_minor() == 10_000
    assert not shop.books.payments.open


def test_a_card_sale_needs_no_till() -> None:
    """No cash changes hands, so no drawer must be open and none is kicked."""
    shop = card_shop()
    shop.ok(CountTill((Denomination(1000, 10),)))
    shop.ok(CloseTill())
    paid_by_card(shop, "bread")
    assert shop.ok(CompleteOrder())["total_minor"] == 350


@pytest.mark.feature("PAY-01")
def test_any_mix_of_tenders_and_a_restart_in_the_middle_of_them() -> None:
    """Two cards and cash settle one sale; the journal alone brings an unfinished split back."""
    shop = card_shop()
    order_id = shop.ring("wine", "wine")
    shop.ok(RequestPayment(500))
    hear(shop, Verdict.APPROVED, 1)
    assert shop.ok(TenderCash(300))["due_minor"] == 1598 - 800
    again = Shop(books=shop.replayed(), now_ns=shop.now_ns, sent=shop.sent)
    order = again.order(order_id)
    assert [(entry.kind, entry.amount_minor) for entry in order.tenders] == [
        ("card", 500),
        ("cash", 300),
    ]
    again.ok(RequestPayment())
    assert running(again).asked.amount_minor == 798
    hear(again, Verdict.APPROVED, 2)
    done = again.ok(CompleteOrder())
    assert (done["total_minor"], done["change_minor"]) == (1598, 0)
    assert again.books.live.position("1").totals.tenders == {"card": 1298, "cash": 300}
    assert again.books.live.till("1").expected_minor() == 10_300


def test_a_decline_costs_nothing_and_says_why() -> None:
    """The order is as it was; another way to pay is open at once."""
    shop = card_shop()
    shop.ring("bread")
    shop.ok(RequestPayment())
    assert hear(shop, Verdict.DECLINED, code="declined", detail="insufficient funds")[
        "standing"
    ] == ("declined")
    shown = register_payment(shop.books, "1")
    assert shown is not None
    assert shown.answer is not None
    assert shown.answer.detail == "insufficient funds"
    assert shop.pay(350)["total_minor"] == 350
    assert shop.books.live.position("1").totals.tenders == {"cash": 350}


def test_less_is_approved_than_was_asked() -> None:
    """What the card had is a tender; the rest is due in any way."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    hear(shop, Verdict.PARTIALLY_APPROVED, amount_minor=500)
    assert shop.ok(TenderCash(299))["due_minor"] == 0
    shop.ok(CompleteOrder())
    assert shop.books.live.position("1").totals.tenders == {"card": 500, "cash": 299}


@pytest.mark.feature("PAY-03")
def test_a_tip_is_kept_apart_and_by_who_served() -> None:
    """It is on the card and on the receipt, and in no sale, no tax and no due amount."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, amount_minor=899, tip_minor=100)
    done = shop.ok(CompleteOrder())
    assert (done["total_minor"], done["change_minor"]) == (799, 0)
    totals = shop.books.live.position("1").totals
    assert (totals.total_minor, totals.tips, totals.tenders) == (799, {"max": 100}, {"card": 799})
    assert totals.tax_minor == 128
    lines = [f"{block.left}|{block.right}" for block in shop.printed()[-1].blocks]
    assert "  Tip|1.00" in lines
    assert "  Charged to the card|8.99" in lines
    shop.given(SignedOn("ana", "1"))
    shop.ring("wine")
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 2, amount_minor=849, tip_minor=50)
    shop.ok(CompleteOrder())
    totals = shop.books.live.position("1").totals
    assert (totals.total_minor, totals.tax_minor) == (2 * 799, 2 * 128)
    assert totals.tips == {"max": 100, "ana": 50}
    shop.given(SignedOn("max", "1"))
    shop.ok(CountTill((Denomination(1000, 10),)))
    shop.ok(CloseTill())
    shop.ok(CloseDay())
    z_lines = [f"{block.left}|{block.right}" for block in shop.printed()[-1].blocks]
    assert {"Tips max|1.00", "Tips ana|0.50"} <= set(z_lines)


@pytest.mark.feature("PAY-09", part="the engine's decisions; the wire and the actors elsewhere")
@pytest.mark.parametrize(
    ("verdict", "paid"),
    [(Verdict.APPROVED, True), (Verdict.DECLINED, False)],
)
def test_a_lost_answer_is_asked_for_and_never_guessed(verdict: Verdict, *, paid: bool) -> None:
    """Unknown is no tender and no refusal to go on; the terminal's word settles it."""
    shop = card_shop()
    order_id = shop.ring("wine")
    shop.ok(RequestPayment())
    payment_id = running(shop).asked.payment_id
    hear(shop, Verdict.UNKNOWN, code="link_lost")
    assert standings(shop) == {payment_id: Standing.UNKNOWN}
    assert shop.order(order_id).tenders == ()
    assert shop.no(RequestPayment()) == "payment_must_be_settled"
    hear(shop, verdict, is_inquiry=True)
    assert bool(shop.order(order_id).tenders) is paid
    assert standings(shop) == {}
    assert len(shop.events(PaymentRequested)) == 1


def test_an_unknown_payment_stops_neither_the_register_nor_cash_nor_the_z() -> None:
    """The customer pays in cash and the day is closed; what the terminal approves later goes
    back."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    first = running(shop)
    hear(shop, Verdict.UNKNOWN, code="no_answer")
    shop.pay(799)
    shop.sell("bread")
    shop.ok(CountTill((Denomination(1149, 1), Denomination(1000, 10))))
    shop.ok(CloseTill())
    assert shop.ok(CloseDay())["total_minor"] == 1149
    assert hear(shop, Verdict.APPROVED, is_inquiry=True, payment=first)["standing"] == "approved"
    back = running(shop)
    assert (back.asked.kind, back.asked.of_payment) == (Kind.REVERSAL, first.asked.payment_id)
    assert back.asked.original is not None
    assert back.asked.original.receipt == 1
    assert list(shop.books.payments.exceptions) == [first.asked.payment_id]
    hear(shop, Verdict.APPROVED, 2)
    assert not shop.books.payments.exceptions
    assert not shop.books.payments.open
    assert shop.events(CardTendered) == []


def test_not_found_twice_on_a_terminal_that_remembers_is_abandoned_once_is_not() -> None:
    """Once may be too early; an answer between starts the count anew."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    hear(shop, Verdict.UNKNOWN, code="link_lost")
    hear(shop, Verdict.UNKNOWN, is_inquiry=True, code="not_found")
    hear(shop, Verdict.UNKNOWN, is_inquiry=True, code="other_transaction")
    hear(shop, Verdict.UNKNOWN, is_inquiry=True, code="not_found")
    assert list(standings(shop).values()) == [Standing.UNKNOWN]
    assert hear(shop, Verdict.UNKNOWN, is_inquiry=True, code="not_found")["standing"] == "abandoned"
    assert standings(shop) == {}
    assert shop.ok(RequestPayment())["standing"] == "requested"


def test_one_open_payment_a_terminal_and_one_an_order() -> None:
    """Another register with the same terminal waits; it is told whose payment it is."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    first = running(shop).asked
    shop.ring("bread", register="2")
    shop.ok(RequestPayment(), "2")
    assert shop.no(RequestPayment()) == "payment_must_be_settled"
    hear(shop, Verdict.DECLINED, register="2")
    setup = shop.books.settings.registers["1"]
    assert setup.terminal == "terminal/1"
    shop.ok(VoidOrder("left"), "2")
    assert first.order_id in shop.books.live.orders


def test_what_is_kept_is_no_tender_yet() -> None:
    """The terminal is told that its result arrived; only its end of the conversation pays."""
    shop = card_shop()
    order_id = shop.ring("wine")
    shop.ok(RequestPayment())
    keep(shop, Verdict.APPROVED)
    assert shop.order(order_id).tenders == ()
    assert list(standings(shop).values()) == [Standing.REQUESTED]
    hear(shop, Verdict.APPROVED)
    assert [entry.amount_minor for entry in shop.order(order_id).tenders] == [799]
    late = KeepPayment("c999", told(shop.books.payments.latest["1"], Verdict.APPROVED))
    assert shop.no(late, admin=True) == "payment_must_be_open"


def test_the_doubt_is_written_down_with_the_request_where_the_last_one_is_certain() -> None:
    """Which transaction was a terminal's last is journaled with what is asked of it: only while
    the store that heard it lives, and only where nothing else may have come after it."""
    shop = card_shop()
    doubts: list[Identity | None] = []

    def asked() -> None:
        shop.ring("bread")
        shop.ok(RequestPayment())
        answer = running(shop).answer
        assert answer is None or (answer.code, answer.verdict) == ("begun", Verdict.UNKNOWN)
        doubts.append(None if answer is None else answer.before)

    asked()
    first = told(running(shop), Verdict.APPROVED, 1).identity
    hear(shop, Verdict.APPROVED, 1)
    shop.ok(CompleteOrder())
    asked()
    hear(shop, Verdict.DECLINED, 2)
    second = attrs.evolve(first, trace=2, receipt=2)
    shop.ok(VoidOrder("changed their mind"))
    asked()
    hear(shop, Verdict.ABORTED, identity=Identity())
    shop.ok(VoidOrder("changed their mind"))
    asked()
    hear(shop, Verdict.UNKNOWN, 3)
    payment_id = running(shop).asked.payment_id
    shop.ok(SetPaymentAside(payment_id, "the terminal is broken"))
    hear_late = shop.books.payments.exceptions[payment_id]
    hear(shop, Verdict.DECLINED, 3, payment=hear_late)
    shop.ok(VoidOrder("changed their mind"))
    asked()
    assert doubts == [None, first, second, None, None]


def test_a_terminal_that_names_its_messages_has_no_last_one_to_begin_after() -> None:
    """A nexo terminal refuses a payment without a name of its own for it. Were that written down
    as its last, the next payment would begin under no name: should the devices node die before the
    terminal heard of it, nobody could ever say that it never began."""
    shop = card_shop()
    shop.ring("bread")
    shop.ok(RequestPayment())
    named = Identity("V400m-324688179", receipt=2_069_689_843_678_134)
    hear(shop, Verdict.ABORTED, identity=named, before=None)
    shop.ok(RequestPayment())
    payment = running(shop)
    assert payment.answer is None
    hear(shop, Verdict.UNKNOWN, identity=Identity(), before=None, code="no_answer")
    assert shop.books.payments.latest["1"].standing is Standing.ABORTED, "it never began"


def test_said_twice_the_first_time_settled_it() -> None:
    """A repeated report pays nothing again."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    payment = running(shop)
    hear(shop, Verdict.APPROVED)
    body = HearPayment(payment.asked.payment_id, told(payment, Verdict.APPROVED))
    assert shop.no(body, admin=True) == "payment_must_exist"
    assert len(shop.events(CardTendered)) == 1


@pytest.mark.parametrize(
    "changes", [{"amount_minor": 899}, {"amount_minor": 700}, {"currency_code": 840}]
)
def test_an_amount_nobody_asked_for_goes_back(changes: dict[str, Any]) -> None:
    """The terminal's truth is kept, is no tender, and is before a person until it is undone."""
    shop = card_shop()
    order_id = shop.ring("wine")
    shop.ok(RequestPayment())
    first = running(shop)
    hear(shop, Verdict.APPROVED, **changes)
    assert shop.order(order_id).tenders == ()
    assert shop.books.payments.exceptions[first.asked.payment_id].problem is Problem.DIFFERS
    assert running(shop).asked.amount_minor == changes.get("amount_minor", 799)
    hear(shop, Verdict.APPROVED, 2, amount_minor=running(shop).asked.amount_minor)
    assert not shop.books.payments.exceptions


def test_what_was_taken_in_another_currency_goes_back_in_it() -> None:
    """The terminal is asked for what it took, and once it says so nothing is left of that."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, currency_code=840)
    assert running(shop).asked.currency_code == 840
    hear(shop, Verdict.APPROVED, 2, currency_code=840)
    assert not shop.books.payments.exceptions
    (day,) = shop.books.payments.days["terminal/1"].parts[-1]
    assert (day.count, day.reversed_count, day.amount_minor) == (1, 1, 0)


def test_a_reversal_that_fails_stays_on_the_list_until_one_succeeds() -> None:
    """Nobody can say that money went back; they can only have the terminal try again. It is one
    thing, so one entry: what should not have been taken, and why it was not taken back."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    paid = running(shop).asked.payment_id
    hear(shop, Verdict.APPROVED, amount_minor=899)
    failed = running(shop).asked.payment_id
    hear(shop, Verdict.DECLINED, 2)
    shown = payments_view(shop.books, now_ns=shop.now_ns)
    assert [(one.payment_id, one.problem) for one in shown.exceptions] == [(paid, "differs")]
    one = shown.exceptions[0]
    assert one.amount_minor == 899
    assert (one.back_code, one.age_s > one.back_age_s >= 0) == ("ok", True)
    shop.ok(ReverseAgain(paid))
    assert running(shop).asked.payment_id not in (paid, failed)
    hear(shop, Verdict.APPROVED, 3, amount_minor=899)
    assert payments_view(shop.books, now_ns=shop.now_ns).exceptions == ()


@pytest.mark.parametrize("verdict", [Verdict.APPROVED, Verdict.PARTIALLY_APPROVED])
def test_a_reversal_of_less_undoes_no_tender(verdict: Verdict) -> None:
    """What did not go back is still the customer's: the tender stays, so that nobody pays twice,
    and a person is told until the rest went back too."""
    shop = card_shop()
    order_id = paid_by_card(shop, "wine")
    shop.ok(ReverseTender(1))
    in_part = running(shop).asked.payment_id
    hear(shop, verdict, 2, amount_minor=400)
    assert len(shop.order(order_id).tenders) == 1
    (listed,) = payments_view(shop.books, now_ns=shop.now_ns).exceptions
    assert (listed.payment_id, listed.problem) == (in_part, "not_reversed")
    shop.ok(ReverseAgain(in_part))
    hear(shop, Verdict.APPROVED, 3)
    assert shop.order(order_id).tenders == ()
    assert payments_view(shop.books, now_ns=shop.now_ns).exceptions == ()


def test_what_goes_back_after_its_sale_was_completed_is_before_a_person() -> None:
    """A doubt about a reversal holds up no sale; where the money went back after all, the goods are
    out and nobody has paid for them. The card gets nothing for them a second time."""
    shop = card_shop()
    order_id = paid_by_card(shop, "wine")
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.UNKNOWN, 2)
    shop.ok(CompleteOrder())
    last = running(shop).asked.payment_id
    hear(shop, Verdict.APPROVED, 3)
    listed = shop.books.payments.exceptions
    found = [(key, one.problem, one.asked.amount_minor) for key, one in listed.items()]
    assert found == [(last, Problem.UNPAID, 799)]
    assert shop.no(ReverseAgain(last)) == "payment_must_be_approved"
    shop.ok(CloseException(last, "nobody came back"))
    assert last not in shop.books.payments.exceptions
    shop.ok(AddReturnLine(order_id, 1, 1000, "corked"))
    assert shop.no(RequestPayment()) == Refusal.TENDER_MUST_HAVE_BEEN_PAID


def test_what_the_terminal_took_back_before_is_no_tender_any_more() -> None:
    """The reply to a reversal was lost and nobody waited for it. Asked again, the terminal says
    that it has taken it back already: the money is gone, and the sale is not completed with it."""
    shop = card_shop()
    order_id = paid_by_card(shop, "wine")
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.UNKNOWN, 2)
    shop.ok(SetPaymentAside(running(shop).asked.payment_id, "the terminal is stuck"))
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.ABORTED, 3, code="already_reversed")
    assert shop.order(order_id).tenders == ()
    assert payments_view(shop.books, now_ns=shop.now_ns).exceptions == ()
    (taken,) = shop.books.payments.days["terminal/1"].parts[-1]
    assert (taken.count, taken.reversed_count, taken.amount_minor) == (1, 1, 0)


def test_what_went_back_by_two_tries_is_counted_once() -> None:
    """The first try is heard of after all, while the second runs, which the terminal then refuses:
    nothing is before anybody, and the day has one reversal."""
    shop = card_shop()
    order_id = paid_by_card(shop, "wine")
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.UNKNOWN, 2)
    first = running(shop).asked.payment_id
    shop.ok(SetPaymentAside(first, "the terminal is stuck"))
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.APPROVED, 2, payment=shop.books.payments.exceptions[first])
    assert shop.order(order_id).tenders == ()
    hear(shop, Verdict.ABORTED, 3, code="already_reversed")
    assert payments_view(shop.books, now_ns=shop.now_ns).exceptions == ()
    (taken,) = shop.books.payments.days["terminal/1"].parts[-1]
    assert (taken.count, taken.reversed_count, taken.amount_minor) == (1, 1, 0)


def test_what_the_terminal_took_back_before_an_order_was_over_is_before_a_person() -> None:
    """The sale was completed while a second try ran, and both say the same: once it is listed that
    the goods are not paid, that is all there is to list."""
    shop = card_shop()
    paid_by_card(shop, "wine")
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.UNKNOWN, 2)
    first = running(shop).asked.payment_id
    shop.ok(SetPaymentAside(first, "the terminal is stuck"))
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.UNKNOWN, 3)
    shop.ok(CompleteOrder())
    hear(shop, Verdict.APPROVED, 2, payment=shop.books.payments.exceptions[first])
    hear(shop, Verdict.ABORTED, 3, code="already_reversed")
    shown = payments_view(shop.books, now_ns=shop.now_ns).exceptions
    assert [(view.payment_id, view.problem) for view in shown] == [(first, "unpaid")]


def test_after_a_part_went_back_a_terminal_that_has_done_so_already_settles_nothing() -> None:
    """What it took back before may be the part: the rest is before a person as before."""
    shop = card_shop()
    order_id = paid_by_card(shop, "wine")
    shop.ok(ReverseTender(1))
    first = running(shop).asked.payment_id
    hear(shop, Verdict.APPROVED, 2, amount_minor=400)
    shop.ok(ReverseAgain(first))
    hear(shop, Verdict.ABORTED, 3, code="already_reversed")
    assert len(shop.order(order_id).tenders) == 1
    shown = payments_view(shop.books, now_ns=shop.now_ns).exceptions
    assert [view.problem for view in shown] == ["not_reversed", "not_reversed"]


@pytest.mark.parametrize("back_minor", [0, 400])
def test_what_a_sale_was_completed_with_is_not_taken_back_any_more(back_minor: int) -> None:
    """A reversal that failed is tried again as long as the sale is open; afterwards it stands as
    the receipt says, and the list says so: it goes back by a return alone."""
    shop = card_shop()
    paid_by_card(shop, "wine")
    shop.ok(ReverseTender(1))
    failed = running(shop).asked.payment_id
    hear(shop, Verdict.APPROVED if back_minor else Verdict.DECLINED, 2, amount_minor=back_minor)
    told = [
        (view.problem, view.tender, view.is_counted)
        for view in payments_view(shop.books, now_ns=shop.now_ns).exceptions
    ]
    assert told == [("not_reversed", 1, False)]
    shop.ok(CompleteOrder())
    (listed,) = payments_view(shop.books, now_ns=shop.now_ns).exceptions
    assert listed.is_counted
    assert shop.no(ReverseAgain(failed)) == "payment_must_not_be_counted"
    shop.ok(CloseException(failed, "the customer took the wine after all"))
    assert payments_view(shop.books, now_ns=shop.now_ns).exceptions == ()


def test_who_closes_the_newest_of_several_tries_closes_those_it_stood_for() -> None:
    """Tries to give one payment back that moved nothing are one entry, and gone with it. What a try
    did move stays before a person by itself."""
    shop = card_shop()
    paid_by_card(shop, "wine")
    shop.ok(ReverseTender(1))
    in_part = running(shop).asked.payment_id
    hear(shop, Verdict.APPROVED, 2, amount_minor=400)
    for number in (3, 4, 5):
        shop.ok(ReverseAgain(in_part))
        newest = running(shop).asked.payment_id
        hear(shop, Verdict.DECLINED, number)
    listed = [one.payment_id for one in payments_view(shop.books, now_ns=shop.now_ns).exceptions]
    assert [in_part, newest] == listed
    shop.ok(CloseException(newest, "the terminal says no"))
    assert {in_part} == set(shop.books.payments.exceptions)
    assert shop.replayed().payments.exceptions == shop.books.payments.exceptions


def test_what_should_not_have_been_taken_stands_for_every_try_that_moved_nothing() -> None:
    """However often its terminal says no it is one entry, and one finding closes all of it, each in
    the journal. What a try did give back stays before a person by itself."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    sale = running(shop).asked.payment_id
    hear(shop, Verdict.APPROVED, amount_minor=899)
    in_part = running(shop).asked.payment_id
    hear(shop, Verdict.APPROVED, 2, amount_minor=400)
    tries = []
    for number in (3, 4):
        shop.ok(ReverseAgain(sale))
        tries.append(running(shop).asked.payment_id)
        hear(shop, Verdict.ABORTED, number, code="reversal_not_possible")
    shown = payments_view(shop.books, now_ns=shop.now_ns).exceptions
    told = [(one.payment_id, one.problem, one.back_code) for one in shown]
    assert told == [
        (sale, "differs", "reversal_not_possible"),
        (in_part, "not_reversed", ""),
    ]
    shop.ok(CloseException(sale, "the rest was paid out"))
    assert [*shop.books.payments.exceptions] == [in_part]
    assert {one.payment_id for one in shop.events(ExceptionClosed)} == {sale, *tries}
    assert shop.replayed().payments.exceptions == shop.books.payments.exceptions


def test_who_closes_a_try_leaves_what_nobody_knows_yet() -> None:
    """An older try that was set aside may still turn out to have given the money back."""
    shop = card_shop()
    paid_by_card(shop, "wine")
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.UNKNOWN, 2)
    first = running(shop).asked.payment_id
    shop.ok(SetPaymentAside(first, "the terminal is stuck"))
    shop.ok(ReverseTender(1))
    second = running(shop).asked.payment_id
    hear(shop, Verdict.DECLINED, 3)
    shop.ok(CloseException(second, "it says no"))
    assert {first} == set(shop.books.payments.exceptions)


def test_what_was_no_tender_goes_back_after_its_order_too() -> None:
    """A payment that was wrong by itself is with the shop whatever became of its order, and though
    a person took it off the list: its reversal may be tried again, and is through when it is."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, amount_minor=899)
    (wrong,) = shop.books.payments.exceptions
    failed = running(shop).asked.payment_id
    shop.ok(CloseException(wrong, "the terminal's report says 8.99"))
    hear(shop, Verdict.DECLINED, 2)
    shop.ok(VoidOrder("changed their mind"))
    (listed,) = payments_view(shop.books, now_ns=shop.now_ns).exceptions
    assert (listed.payment_id, listed.problem) == (failed, "not_reversed")
    shop.ok(ReverseAgain(failed))
    hear(shop, Verdict.APPROVED, 3, amount_minor=899)
    assert payments_view(shop.books, now_ns=shop.now_ns).exceptions == ()


def test_a_card_tender_goes_back_through_the_terminal_only() -> None:
    """It stays a tender until the terminal has taken it back; a decline leaves it."""
    shop = card_shop()
    order_id = paid_by_card(shop, "wine")
    assert shop.no(UndoTender(1)) == "tender_must_be_in_cash"
    assert shop.no(UndoTendering()) == "tenders_must_be_undone"
    shop.ok(ReverseTender(1))
    assert shop.no(CompleteOrder()) == "terminal_must_be_done"
    hear(shop, Verdict.DECLINED, 2)
    assert len(shop.order(order_id).tenders) == 1
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.APPROVED, 3)
    assert shop.order(order_id).tenders == ()
    assert len(shop.events(TenderUndone)) == 1
    shop.ok(UndoTendering())
    assert shop.order(order_id).phase is Phase.OPEN


@pytest.mark.feature("PAY-06")
def test_refunds_go_to_the_tenders_that_paid_and_never_over_them() -> None:
    """Sold for 15.98: 10.00 by card, 5.98 in cash. Each gives back what it paid, once."""
    shop = card_shop()
    order_id = shop.ring("wine", "wine")
    shop.ok(RequestPayment(1000))
    hear(shop, Verdict.APPROVED, 1)
    shop.ok(TenderCash(598))
    shop.ok(CompleteOrder())

    shop.ok(AddReturnLine(order_id, 1, 1000, "corked"))
    assert shop.refused(TenderCash(-799)) == {"cash_minor": 598, "due_minor": -799}
    assert shop.refused(RequestPayment(0, order_id, 2)) == {}
    shop.ok(RequestPayment())
    asked = running(shop).asked
    assert (asked.kind, asked.amount_minor) == (Kind.REFUND, 799)
    assert asked.original is not None
    assert asked.original.receipt == 1
    hear(shop, Verdict.APPROVED, 2)
    assert shop.ok(CompleteOrder())["total_minor"] == -799
    assert shop.books.live.till("1").expected_minor() == 10_598

    shop.ok(AddReturnLine(order_id, 2, 1000, "corked"))
    assert shop.refused(RequestPayment(202)) == {"left_minor": 201}
    shop.ok(RequestPayment())
    assert running(shop).asked.amount_minor == 201
    hear(shop, Verdict.APPROVED, 3)
    shop.ok(TenderCash(-598))
    shop.ok(CompleteOrder())
    assert shop.books.live.till("1").expected_minor() == 10_000
    assert shop.books.live.position("1").totals.tenders == {"card": 0, "cash": 0}


@pytest.mark.feature("PAY-06")
def test_two_receipts_at_once_each_give_back_for_their_own_goods() -> None:
    """One bottle of each goes back, by card and then in cash as each was paid; the next day there
    is enough left of both for the other two."""
    shop = card_shop()
    by_card = paid_by_card(shop, "wine", "wine")
    shop.ok(CompleteOrder())
    in_cash = shop.sell("wine", "wine")
    for line, number in ((1, 2), (2, 3)):
        shop.ok(AddReturnLine(by_card, line, 1000, "corked"))
        shop.ok(AddReturnLine(in_cash, line, 1000, "corked"))
        assert shop.refused(TenderCash(-1598)) == {"cash_minor": 799, "due_minor": -1598}
        assert shop.refused(RequestPayment(1598)) == {"left_minor": 799}
        assert shop.ok(RequestPayment())["amount_minor"] == 799
        hear(shop, Verdict.APPROVED, number)
        assert shop.refused(RequestPayment()) == {"left_minor": 0}
        shop.ok(TenderCash(-799))
        shop.ok(CompleteOrder())
        given = [shop.order(sale).refunded_minor(1) for sale in (by_card, in_cash)]
        assert given == [799 * line, 799 * line]


def test_a_refund_to_another_card_is_done_and_before_a_person() -> None:
    """The goods of one card paid out to another: it stands as the receipt says, counts once, and
    whoever looks after the list asks whose card it was."""
    shop = card_shop()
    order_id = paid_by_card(shop, "wine", "wine")
    shop.ok(CompleteOrder())
    shop.ok(AddReturnLine(order_id, 1, 1000, "corked"))
    shop.ok(RequestPayment())
    other = attrs.evolve(VISA, number="541333******9999", brand="Mastercard")
    payment_id = running(shop).asked.payment_id
    hear(shop, Verdict.APPROVED, 2, card=other)
    assert shop.ok(CompleteOrder())["total_minor"] == -799
    (listed,) = payments_view(shop.books, now_ns=shop.now_ns).exceptions
    assert (listed.kind, listed.problem, listed.card) == (
        "refund",
        "not_its_card",
        "541333******9999",
    )
    assert shop.no(ReverseAgain(payment_id)) == Refusal.PAYMENT_MUST_NOT_BE_COUNTED
    shop.ok(AddReturnLine(order_id, 2, 1000, "corked"))
    assert shop.ok(RequestPayment())["amount_minor"] == 799
    hear(shop, Verdict.APPROVED, 3, card=attrs.evolve(VISA, number=""))
    shop.ok(CompleteOrder())
    shop.ok(CloseException(payment_id, "the card of his wife"))
    assert not shop.books.payments.exceptions
    assert shop.replayed().payments == shop.books.payments


def test_a_refund_to_a_card_that_nobody_named_is_no_other_card() -> None:
    """Which card paid was not told, so that nobody can say it went to another."""
    shop = card_shop()
    order_id = shop.ring("wine")
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, card=attrs.evolve(VISA, number=""))
    shop.ok(CompleteOrder())
    shop.ok(AddReturnLine(order_id, 1, 1000, "corked"))
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 2)
    assert shop.ok(CompleteOrder())["total_minor"] == -799
    assert not shop.books.payments.exceptions


def test_a_refund_to_another_card_that_is_taken_back_is_off_the_list() -> None:
    """Seen while the customer is still here, it goes back like any other and is given again."""
    shop = card_shop()
    order_id = paid_by_card(shop, "wine")
    shop.ok(CompleteOrder())
    shop.ok(AddReturnLine(order_id, 1, 1000, "corked"))
    shop.ok(RequestPayment())
    other = attrs.evolve(VISA, number="541333******9999")
    hear(shop, Verdict.APPROVED, 2, card=other)
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.APPROVED, 3, card=other)
    assert not shop.books.payments.exceptions
    told = [fact.stream for fact in shop.facts if isinstance(fact.event, TenderRefunded)]
    assert told == [f"order/{order_id}"] * 2, "the sale is told of both"
    assert shop.ok(RequestPayment())["amount_minor"] == 799


def test_a_refund_that_is_not_taken_back_is_with_the_customer() -> None:
    """The list says which way the money went: nobody is told to give it back once more."""
    shop = card_shop()
    order_id = paid_by_card(shop, "wine")
    shop.ok(CompleteOrder())
    shop.ok(AddReturnLine(order_id, 1, 1000, "corked"))
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 2)
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.DECLINED, 3)
    (listed,) = payments_view(shop.books, now_ns=shop.now_ns).exceptions
    assert (listed.kind, listed.problem, listed.of_refund) == ("reversal", "not_reversed", True)


def test_two_registers_cannot_give_one_card_back_twice() -> None:
    """What a terminal may be giving back now is counted before it has: of two bottles the card
    paid one."""
    shop = card_shop()
    order_id = shop.ring("wine", "wine")
    shop.ok(RequestPayment(799))
    hear(shop, Verdict.APPROVED, 1)
    shop.ok(TenderCash(799))
    shop.ok(CompleteOrder())
    for line, register in ((1, "1"), (2, "2")):
        shop.ok(AddReturnLine(order_id, line, 1000, "corked"), register)
    shop.ok(RequestPayment())
    assert shop.refused(RequestPayment(), "2") == {"left_minor": 0}
    hear(shop, Verdict.DECLINED, 2)
    assert shop.ok(RequestPayment(), "2")["amount_minor"] == 799


def test_cancel_asks_the_terminal_and_its_answer_counts() -> None:
    """Too late is too late: an approval that crossed the wish is a tender."""
    shop = card_shop()
    shop.ring("wine")
    payment_id = shop.ok(RequestPayment())["payment_id"]
    for _ in range(2):
        assert shop.ok(CancelPayment(payment_id))["payment_id"] == payment_id
    assert running(shop).is_cancel_asked
    hear(shop, Verdict.APPROVED)
    assert shop.no(CancelPayment(payment_id)) == "payment_must_be_open"
    assert shop.ok(CompleteOrder())["total_minor"] == 799


def test_a_terminal_that_will_never_tell_is_set_aside() -> None:
    """The terminal is free, the doubt stays on the list; if it was approved after all it goes
    back, never into the sale that was paid another way."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    first = running(shop)
    payment_id = first.asked.payment_id
    assert shop.no(SetPaymentAside(payment_id, "broken")) == "payment_must_be_unknown"
    hear(shop, Verdict.UNKNOWN, code="no_answer")
    shop.ok(SetPaymentAside(payment_id, "terminal fell"))
    paid_again = shop.ok(RequestPayment())["payment_id"]
    hear(shop, Verdict.APPROVED, 7)
    assert paid_again != payment_id
    hear(shop, Verdict.APPROVED, payment=first)
    assert running(shop).asked.of_payment == payment_id
    hear(shop, Verdict.DECLINED, 8)
    assert shop.no(CloseException(payment_id, " ")) == "reason_must_be_given"
    before = shop.books.live.position("1").totals
    shop.ok(CloseException(payment_id, "the bank returned it on Friday"))
    assert shop.books.live.position("1").totals == before
    assert not shop.books.payments.exceptions


def test_what_settled_another_payment_settles_no_other() -> None:
    """Set aside, then paid again with the same amount: the terminal, asked about the first, tells
    its last transaction, which paid the second. Taken for the first it would be given back."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    first = running(shop)
    hear(shop, Verdict.UNKNOWN, code="no_answer")
    shop.ok(SetPaymentAside(first.asked.payment_id, "terminal fell"))
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 7)
    shop.ok(CompleteOrder())
    begun = len(shop.events(PaymentRequested))
    for verdict in (Verdict.APPROVED, Verdict.DECLINED):
        again = hear(shop, verdict, 7, payment=first, is_inquiry=True)
        assert again["standing"] == "unknown"
    (listed,) = payments_view(shop.books, now_ns=shop.now_ns).exceptions
    assert (listed.standing, listed.code, listed.is_set_aside) == ("unknown", IDENTITY_TAKEN, True)
    assert (len(shop.events(PaymentRequested)), standings(shop)) == (begun, {})
    assert shop.replayed().payments == shop.books.payments
    hear(shop, Verdict.APPROVED, 6, payment=first, is_inquiry=True)
    assert running(shop).asked.of_payment == first.asked.payment_id, "its own: it goes back"


def test_practice_never_asks_for_money() -> None:
    """A register that trains has no terminal."""
    shop = card_shop()
    shop.ok(StartTraining())
    shop.ring("wine")
    assert shop.no(RequestPayment()) == "order_must_be_live"


def test_bad_requests_ask_nobody() -> None:
    """Each is refused by name, and no terminal hears of it."""
    shop = card_shop()
    assert shop.no(RequestPayment()) == "order_must_be_open"
    shop.ring("wine")
    assert shop.refused(RequestPayment(800)) == {"due_minor": 799}
    assert shop.no(RequestPayment(-1)) == "card_amount_must_be_due"
    plain = Shop.selling()
    plain.ring("wine")
    assert plain.no(RequestPayment()) == "terminal_must_be_set_up"
    unnumbered = card_shop(currency="XPF")
    unnumbered.ring("wine")
    assert unnumbered.no(RequestPayment()) == "currency_must_have_a_number"
    assert shop.events(PaymentRequested) == []


def test_the_journal_alone_brings_payments_back() -> None:
    """Open, unknown, on the list: a replay has them all, equal to the last field."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    hear(shop, Verdict.UNKNOWN, code="link_lost")
    shop.ring("bread", register="2")
    shop.ok(RequestPayment(), "2")
    hear(shop, Verdict.APPROVED, register="2", amount_minor=1)
    assert shop.replayed().payments == shop.books.payments
    assert shop.events(OrderCompleted) == []


@pytest.mark.parametrize("code", ["no_answer", "restarted"])
def test_what_was_never_begun_is_over_at_once(code: str) -> None:
    """Nothing was written down, so the terminal was told nothing; and it can begin no more."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    payment = running(shop)
    nameless: dict[str, Any] = {"before": None, "identity": Identity()}
    assert hear(shop, Verdict.UNKNOWN, code=code, **nameless)["standing"] == "aborted"
    late = KeepPayment(payment.asked.payment_id, told(payment, Verdict.UNKNOWN, code="begun"))
    assert shop.no(late, admin=True) == "payment_must_be_open"
    assert shop.ok(RequestPayment())["standing"] == "requested"


def test_what_was_begun_stays_unknown_until_the_terminal_tells() -> None:
    """Its last transaction before was written down: it may have heard of this one."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    keep(shop, Verdict.UNKNOWN)
    nameless: dict[str, Any] = {"before": None, "identity": Identity()}
    assert hear(shop, Verdict.UNKNOWN, code="restarted", **nameless)["standing"] == "unknown"


@pytest.mark.feature("TAX-06", part="a card pays the exact total, cash the rounded one")
def test_a_card_pays_to_the_cent_where_coins_cannot() -> None:
    """With five cents the smallest coin: 3.50 and 1.29 by card is 4.79; the cash part alone
    rounds."""
    shop = card_shop(cash_step_minor=5)
    paid_by_card(shop, "bread", "milk")
    done = shop.ok(CompleteOrder())
    assert (done["total_minor"], done["rounding_minor"]) == (479, 0)
    shop.ring("bread", "milk")
    shop.ok(RequestPayment(201))
    hear(shop, Verdict.APPROVED, 2)
    shop.ok(TenderCash(280))
    done = shop.ok(CompleteOrder())
    assert (done["total_minor"], done["rounding_minor"], done["change_minor"]) == (479, 2, 0)
    totals = shop.books.live.position("1").totals
    assert (totals.tenders, totals.rounding_minor) == ({"card": 479 + 201, "cash": 280}, 2)
