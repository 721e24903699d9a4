"""A card taken without a bank that could not be taken back, and that the bank refused afterwards:
one thing, so one entry for a person."""

from __future__ import annotations

from engine.order.commands import CompleteOrder
from engine.payment.commands import (
    CloseException,
    ReportUpload,
    RequestPayment,
    ReverseAgain,
    ReverseTender,
    SetPaymentAside,
    TakeBack,
)
from engine.payment.events import ExceptionClosed, UploadSource
from engine.payment.refusal import Refusal
from engine.terminal import Verdict
from engine.views.build import register_view
from engine.views.payment_shapes import PaymentView
from engine.views.payments import payments_view
from tests.card_shop import hear, running, set_aside
from tests.scenarios.test_story_stored_cards import offline_shop
from tests.shop import Shop

SECOND_NS = 10**9


def stored() -> tuple[Shop, str]:
    """A bottle of wine that a card paid without its bank; the order is still open."""
    shop = offline_shop().shop
    shop.ring("wine")
    payment_id: str = shop.ok(RequestPayment())["payment_id"]
    hear(shop, Verdict.APPROVED, 1, is_offline=True)
    return shop, payment_id


def not_taken_back(shop: Shop, number: int = 2, code: str = "reversal_not_possible") -> str:
    """Its terminal is told to take it back, a minute later, and does not."""
    shop.now_ns += 60 * SECOND_NS
    shop.ok(ReverseTender(1))
    back = running(shop).asked.payment_id
    hear(shop, Verdict.ABORTED, number, code=code)
    return back


def refuse(shop: Shop, payment_id: str) -> None:
    """The bank does not pay it."""
    word = ReportUpload(payment_id, False, UploadSource.TERMINAL, "declined_05", "Do not honour")
    shop.ok(word, admin=True)


def listed(shop: Shop) -> tuple[PaymentView, ...]:
    """What a person is told of."""
    shown = payments_view(shop.books, now_ns=shop.now_ns).exceptions
    view = register_view(shop.books, "1", epoch=1, now_ns=shop.now_ns, devices={}, last_order=None)
    assert view.exceptions == len(shown)
    return shown


def test_what_was_not_taken_back_and_was_refused_is_one_entry() -> None:
    """It is as old as the payment, has the bank's words, and says why its terminal did not take it
    back; who closes it has closed all of it, and each is in the journal."""
    shop, payment_id = stored()
    paid_ns = shop.books.payments.offline[payment_id].requested_ns
    back = not_taken_back(shop)
    tried_ns = shop.books.payments.exceptions[back].requested_ns
    assert [(one.payment_id, one.problem) for one in listed(shop)] == [(back, "not_reversed")]
    refuse(shop, payment_id)
    shop.now_ns = tried_ns + 300 * SECOND_NS
    found = listed(shop)
    assert [(one.payment_id, one.problem) for one in found] == [(payment_id, "upload_declined")]
    one = found[0]
    assert one.age_s == (shop.now_ns - paid_ns) // SECOND_NS > 360
    assert (one.amount_minor, one.code, one.detail) == (799, "declined_05", "Do not honour")
    assert (one.back_code, one.back_age_s) == ("reversal_not_possible", 300)
    shop.ok(CloseException(payment_id, "the customer was called"))
    assert listed(shop) == ()
    assert not shop.books.payments.exceptions
    closed = {(one.payment_id, one.finding) for one in shop.events(ExceptionClosed)}
    assert closed == {(key, "the customer was called") for key in (payment_id, back)}
    assert shop.replayed().payments == shop.books.payments


def test_of_several_tries_the_entry_tells_the_last() -> None:
    """However often it was tried, there is one thing to settle."""
    shop, payment_id = stored()
    not_taken_back(shop)
    last = not_taken_back(shop, 3, "aborted_at_terminal")
    tried_ns = shop.books.payments.exceptions[last].requested_ns
    refuse(shop, payment_id)
    shop.now_ns = tried_ns + 40 * SECOND_NS
    (one,) = listed(shop)
    assert (one.payment_id, one.age_s > 100) == (payment_id, True)
    assert (one.back_code, one.back_age_s) == ("aborted_at_terminal", 40)
    shop.ok(CloseException(payment_id, "the customer was called"))
    assert not shop.books.payments.exceptions


def test_a_try_that_fails_after_the_refusal_is_no_entry_of_its_own() -> None:
    """While nobody knows what became of the try, it is asked about as ever; once it came to
    nothing, the refused payment tells of it."""
    shop, payment_id = stored()
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.UNKNOWN, 2)
    back = running(shop)
    shop.ok(SetPaymentAside(back.asked.payment_id, "the terminal is stuck"))
    refuse(shop, payment_id)
    problems = [(one.payment_id, one.problem, one.back_code) for one in listed(shop)]
    assert problems == [
        (payment_id, "upload_declined", ""),
        (back.asked.payment_id, "unresolved", ""),
    ]
    hear(shop, Verdict.ABORTED, 2, payment=back, code="reversal_not_possible", is_inquiry=True)
    (one,) = listed(shop)
    assert (one.payment_id, one.back_code) == (payment_id, "reversal_not_possible")


def test_what_the_bank_refused_is_not_tried_again() -> None:
    """There is nothing to take back, by whichever of the two it is asked for, though its sale is
    not over."""
    shop, payment_id = stored()
    back = not_taken_back(shop)
    refuse(shop, payment_id)
    for one in (payment_id, back):
        assert shop.no(ReverseAgain(one)) == Refusal.PAYMENT_MUST_BE_APPROVED


def test_a_sale_that_was_completed_all_the_same_is_one_entry() -> None:
    """The cashier gave up taking it back and handed the goods out; then the bank refused."""
    shop, payment_id = stored()
    not_taken_back(shop)
    shop.ok(CompleteOrder())
    refuse(shop, payment_id)
    (one,) = listed(shop)
    assert (one.payment_id, one.back_code) == (payment_id, "reversal_not_possible")


def test_what_went_back_in_part_stays_an_entry_of_its_own() -> None:
    """A terminal that says it gave back a part of what its bank refused says something else: nobody
    but a person knows what that comes to."""
    shop, payment_id = stored()
    shop.ok(ReverseTender(1))
    back = running(shop).asked.payment_id
    hear(shop, Verdict.APPROVED, 2, amount_minor=400)
    refuse(shop, payment_id)
    assert {one.payment_id for one in listed(shop)} == {payment_id, back}
    shop.ok(CloseException(payment_id, "the customer was called"))
    assert [*shop.books.payments.exceptions] == [back]


def test_what_the_bank_refused_waits_for_no_terminal() -> None:
    """A late approval was to go back as soon as its terminal is free; the bank refuses it before
    that, and then nothing is to go back, nor is it said to."""
    shop = offline_shop().shop
    first = set_aside(shop)
    shop.ring("bread")
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, payment=first, is_offline=True, is_inquiry=True)
    hear(shop, Verdict.APPROVED, 2)
    (waiting,) = listed(shop)
    assert (waiting.problem, waiting.back_waits) == ("late", True)
    refuse(shop, first.asked.payment_id)
    (one,) = listed(shop)
    assert (one.problem, one.back_waits) == ("upload_declined", False)
    assert shop.books.payments.aside() == ()
    shop.ok(TakeBack(first.asked.payment_id), admin=True)
    assert shop.books.payments.at_terminal("terminal/1") is None
    assert shop.replayed().payments == shop.books.payments
