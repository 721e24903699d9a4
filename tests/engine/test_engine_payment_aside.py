"""Payments that nobody waits for any more, and whose a terminal's transactions are."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from engine import limits
from engine.image import books_from, image_of
from engine.order.commands import (
    AddReturnLine,
    CompleteOrder,
    StartTendering,
    UndoTendering,
    VoidOrder,
)
from engine.order.refunds import left_of
from engine.order.refusal import Refusal as OrderRefusal
from engine.payment.commands import (
    CloseException,
    KeepPayment,
    OpenTab,
    RequestPayment,
    ReverseAgain,
    ReverseTender,
    SetPaymentAside,
    TakeBack,
)
from engine.payment.ending_days import EndTerminalDay, HearTerminalDay
from engine.payment.events import (
    PaymentCancelAsked,
    PaymentHeard,
    PaymentKept,
    PaymentNotFound,
    PaymentRequested,
    PaymentSetAside,
    Problem,
    Standing,
)
from engine.payment.refusal import Refusal
from engine.payment.state import Payment, evolve
from engine.terminal import ALREADY_REVERSED, Identity, Kind, Settlement, Verdict
from engine.views.payments import payments_view
from engine.wire import WireError
from tests.card_shop import card_shop, hear, running, set_aside, slip, told
from tests.shop import Shop


def asking() -> Shop:
    """A shop whose register 1 waits for its terminal over a bottle of wine."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    return shop


def test_what_a_terminal_told_of_a_payment_is_taken_for_a_while() -> None:
    """The newest transactions of each terminal, kept over a replay and a snapshot; none is taken at
    another terminal, on another day, or for what refers to it."""
    shop = card_shop()
    for number in range(1, limits.SETTLED_IDENTITIES_MAX + 3):
        shop.ring("wine")
        shop.ok(RequestPayment())
        hear(shop, Verdict.APPROVED, number)
        shop.ok(CompleteOrder())
    shop.ring("wine")
    shop.ok(RequestPayment())
    asked = running(shop).asked
    last = told(running(shop), Verdict.APPROVED, number).identity
    again = books_from(image_of(shop.books), None)
    for books in (shop.books, shop.replayed(), again):
        known = books.payments.settled["terminal/1"]
        assert [one.receipt for one in known] == list(range(3, number + 1))
        taken = books.payments.is_taken
        assert taken(asked, last)
        assert taken(asked, attrs.evolve(last, trace=None)), "one number may be all that is told"
        assert not taken(attrs.evolve(asked, terminal="terminal/2"), last)
        assert not taken(attrs.evolve(asked, original=last), last)
        for other in (
            attrs.evolve(last, receipt=2, trace=2),
            attrs.evolve(last, date="1127"),
            attrs.evolve(last, terminal_id="29009999"),
            attrs.evolve(last, trace=number + 1),
            Identity("29001234"),
            Identity(),
        ):
            assert not taken(asked, other)


def test_what_is_told_by_the_number_of_another_is_not_taken_by_it() -> None:
    """A reversal may be told by the number of what it takes back: it is settled all the same, and
    what came to nothing in the end takes no number."""
    shop = asking()
    hear(shop, Verdict.APPROVED, 5)
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.UNKNOWN, 5)
    assert hear(shop, Verdict.APPROVED, 5, is_inquiry=True)["standing"] == "approved"
    assert [one.receipt for one in shop.books.payments.settled["terminal/1"]] == [5]
    shop.ok(RequestPayment())
    hear(shop, Verdict.UNKNOWN, 6)
    for _ in range(2):
        hear(shop, Verdict.UNKNOWN, 6, code="not_found", is_inquiry=True)
    assert [one.receipt for one in shop.books.payments.settled["terminal/1"]] == [5]


def test_an_image_without_the_taken_transactions_is_refused() -> None:
    """A snapshot of before they were kept: the journal is replayed."""
    shop = asking()
    image = image_of(shop.books)
    del image["payments"]["settled"]
    with pytest.raises(WireError):
        books_from(image, None)


def found_while_busy(shop: Shop, number: int = 1) -> tuple[Payment, Payment]:
    """A payment that turns out to be paid while its terminal is at the next customer's; both."""
    payment = set_aside(shop)
    shop.ring("bread")
    shop.ok(RequestPayment())
    other = running(shop)
    assert hear(shop, Verdict.APPROVED, number, payment=payment, is_inquiry=True)["standing"] == (
        "approved"
    )
    return payment, other


def test_what_is_found_paid_at_a_busy_terminal_goes_back_once_that_is_free() -> None:
    """Booked and before a person at once; its terminal is asked when it is done with the next
    customer, once, and nothing of it is left then."""
    shop = card_shop()
    payment, other = found_while_busy(shop)
    payment_id = payment.asked.payment_id
    assert running(shop).asked == other.asked, "the next customer is not disturbed"
    (listed,) = payments_view(shop.books, now_ns=shop.now_ns).exceptions
    assert (listed.problem, listed.standing, listed.back_waits) == ("late", "approved", True)
    assert shop.no(TakeBack(payment_id), admin=True) == Refusal.TERMINAL_MUST_BE_FREE
    hear(shop, Verdict.APPROVED, 2)
    shop.ok(CompleteOrder())
    for books in (shop.books, shop.replayed(), books_from(image_of(shop.books), None)):
        assert [one.back_waits for one in books.payments.aside()] == [True]
    shop.ok(TakeBack(payment_id), admin=True)
    assert (running(shop).asked.of_payment, running(shop).asked.original) == (
        payment_id,
        told(payment, Verdict.APPROVED, 1).identity,
    )
    assert shop.books.payments.aside() == (), "asked for, it waits no more"
    again = shop.ok(TakeBack(payment_id), admin=True)
    assert (again["standing"], len(shop.events(PaymentRequested))) == ("approved", 3)
    hear(shop, Verdict.APPROVED, 3)
    assert not shop.books.payments.exceptions
    assert shop.replayed().payments == shop.books.payments
    assert shop.no(TakeBack(payment_id), admin=True) == Refusal.PAYMENT_MUST_EXIST
    assert shop.refused(TakeBack(payment_id), admin=True) == {"payment_id": payment_id}


def test_what_a_terminal_did_not_take_back_is_not_tried_for_ever() -> None:
    """It said no: from here on it is for a person, who may have it tried again."""
    shop = card_shop()
    payment, _ = found_while_busy(shop)
    hear(shop, Verdict.DECLINED, 2)
    shop.ok(TakeBack(payment.asked.payment_id), admin=True)
    hear(shop, Verdict.DECLINED, 3)
    before = len(shop.events(PaymentRequested))
    again = shop.ok(TakeBack(payment.asked.payment_id), admin=True)
    assert (again["standing"], len(shop.events(PaymentRequested))) == ("approved", before)
    assert shop.books.payments.aside() == ()
    assert {one.problem for one in shop.books.payments.exceptions.values()} == {
        Problem.LATE,
        Problem.NOT_REVERSED,
    }
    shop.ok(ReverseAgain(payment.asked.payment_id))


def refused_back(shop: Shop, number: int) -> str:
    """A late payment that its terminal did not take back, with three numbers; the try's id."""
    payment, _ = found_while_busy(shop, number)
    hear(shop, Verdict.DECLINED, number + 1)
    shop.pay(350)
    shop.ok(TakeBack(payment.asked.payment_id), admin=True)
    payment_id = running(shop).asked.payment_id
    hear(shop, Verdict.DECLINED, number + 2)
    return payment_id


def test_who_closes_a_try_to_take_back_closes_no_other_payments() -> None:
    """Two customers' money stands that should not: seeing to one leaves the other on the list."""
    shop = card_shop()
    first, second = (refused_back(shop, number) for number in (1, 4))
    shop.ok(CloseException(second, "given back at the terminal"))
    assert first in shop.books.payments.exceptions
    assert second not in shop.books.payments.exceptions


def test_what_a_person_settled_is_not_taken_back() -> None:
    """Given back by hand while the terminal was busy, and closed: nothing waits any more."""
    shop = card_shop()
    payment, _ = found_while_busy(shop)
    shop.ok(CloseException(payment.asked.payment_id, "given back at the terminal"))
    hear(shop, Verdict.DECLINED, 2)
    assert shop.books.payments.aside() == ()
    assert shop.no(TakeBack(payment.asked.payment_id), admin=True) == (Refusal.PAYMENT_MUST_EXIST)


@pytest.mark.parametrize("reference", ["", "its name"])
def test_a_terminal_that_ends_its_day_is_busy_too(reference: str) -> None:
    """Found paid meanwhile, it goes back when the day is over, by its name: a number alone may be
    another payment's by then."""
    shop = card_shop()
    payment = set_aside(shop)
    day_id = shop.ok(EndTerminalDay())["day_id"]
    told = Identity("29001234", 1, 1, "1126", "101500", reference)
    hear(shop, Verdict.APPROVED, 1, payment=payment, is_inquiry=True, identity=told)
    assert shop.books.payments.at_terminal("terminal/1") is None
    assert not shop.books.payments.is_free("terminal/1")
    assert [one.back_waits for one in shop.books.payments.aside()] == [True]
    settlement = Settlement(Verdict.APPROVED)
    shop.ok(HearTerminalDay("terminal/1", day_id, settlement), admin=True)
    assert shop.books.payments.is_free("terminal/1")
    shop.ok(TakeBack(payment.asked.payment_id), admin=True)
    back = shop.books.payments.at_terminal("terminal/1")
    assert (back is not None) == bool(reference)
    assert back is None or back.asked.of_payment == payment.asked.payment_id


def test_what_no_terminal_could_be_asked_for_waits_for_nobody() -> None:
    """Without a receipt number a person gives it back; so with money that went to a customer."""
    shop = card_shop()
    payment = set_aside(shop)
    shop.ring("bread")
    shop.ok(RequestPayment())
    nameless = Identity("29001234", 5, None, "1126", "101500")
    hear(shop, Verdict.APPROVED, payment=payment, is_inquiry=True, identity=nameless)
    assert shop.books.payments.aside() == ()
    assert list(shop.books.payments.exceptions) == [payment.asked.payment_id]


def test_what_was_set_aside_is_asked_after_until_it_is_settled() -> None:
    """It is among those asked after; twice not found on an idle terminal that remembers, nothing
    moved, and it is off the list without a person. Another word between starts the count anew."""
    shop = card_shop()
    payment = set_aside(shop)
    assert [one.asked.payment_id for one in shop.books.payments.aside()] == [
        payment.asked.payment_id
    ]
    for code in ("not_found", "other_transaction", "not_found"):
        hear(shop, Verdict.UNKNOWN, payment=payment, is_inquiry=True, code=code)
    (waiting,) = shop.books.payments.aside()
    assert (waiting.not_found, waiting.problem) == (1, Problem.UNRESOLVED)
    assert shop.replayed().payments == shop.books.payments
    said = hear(shop, Verdict.UNKNOWN, payment=payment, is_inquiry=True, code="not_found")
    assert (said["payment_id"], said["standing"]) == (payment.asked.payment_id, "abandoned")
    assert shop.books.payments.aside() == ()
    assert not shop.books.payments.exceptions
    assert shop.replayed().payments == shop.books.payments


def test_each_word_about_a_payment_is_kept_with_that_payment() -> None:
    """Whoever reads its stream alone reads how it ended, and every inquiry on the way."""
    shop = asking()
    payment_id = running(shop).asked.payment_id
    hear(shop, Verdict.UNKNOWN, code="no_answer")
    for _ in range(2):
        hear(shop, Verdict.UNKNOWN, code="not_found", is_inquiry=True)
    told_of = (PaymentRequested, PaymentHeard, PaymentNotFound)
    streams = [fact.stream for fact in shop.facts if isinstance(fact.event, told_of)]
    assert streams == [f"payment/{payment_id}"] * 5


def test_another_payments_transaction_says_nothing_of_how_often_it_was_not_found() -> None:
    """Not found once, and then told another's again: the count begins anew, in its own stream."""
    shop = asking()
    hear(shop, Verdict.APPROVED, 5)
    shop.ok(CompleteOrder())
    shop.ring("wine")
    shop.ok(RequestPayment())
    payment_id = running(shop).asked.payment_id
    hear(shop, Verdict.UNKNOWN, 6, code="no_answer")
    hear(shop, Verdict.APPROVED, 5, is_inquiry=True)
    hear(shop, Verdict.UNKNOWN, code="not_found", is_inquiry=True)
    hear(shop, Verdict.APPROVED, 5, is_inquiry=True)
    counted = [(fact.stream, fact.event.times)
               for fact in shop.facts if isinstance(fact.event, PaymentNotFound)]  # fmt: skip
    assert counted == [(f"payment/{payment_id}", times) for times in (1, 0)]


def test_a_reversal_that_its_terminal_never_heard_of_is_for_a_person() -> None:
    """Twice not found: the tender is still one, and somebody must have it taken back again."""
    shop = asking()
    hear(shop, Verdict.APPROVED, 5)
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.UNKNOWN, 6, code="no_answer")
    for _ in range(2):
        hear(shop, Verdict.UNKNOWN, 6, code="not_found", is_inquiry=True)
    (listed,) = shop.books.payments.exceptions.values()
    assert (listed.standing, listed.problem) == (Standing.ABANDONED, Problem.NOT_REVERSED)


@pytest.mark.parametrize("knew", ["its_own", "the_one_before"])
def test_a_doubt_keeps_what_its_terminal_can_be_asked_by(knew: str) -> None:
    """What was written down on the way counts where the doubt knows less: the transaction itself,
    else the one before it. Where the doubt knows as much, it counts."""
    shop = asking()
    payment = running(shop)
    named, before = told(payment, Verdict.UNKNOWN, 7).identity, Identity("29001234", 6, 6)
    is_own = knew == "its_own"
    first = told(payment, Verdict.UNKNOWN, identity=named if is_own else Identity(), before=before)
    shop.ok(KeepPayment(payment.asked.payment_id, first), admin=True)
    later = before if is_own else None
    hear(shop, Verdict.UNKNOWN, code="link_lost", identity=Identity(), before=later)
    answer = running(shop).answer
    assert answer is not None
    assert (answer.identity, answer.before) == (named if is_own else Identity(), before)
    assert (answer.verdict, answer.code) == (Verdict.UNKNOWN, "link_lost")


def test_a_doubt_that_knows_as_much_as_was_written_down_counts() -> None:
    """Both know the transaction before: what was told last is asked about."""
    shop = asking()
    payment = running(shop)
    newer = Identity("29001234", 8, 8)
    first = told(payment, Verdict.UNKNOWN, identity=Identity(), before=Identity("29001234", 6, 6))
    shop.ok(KeepPayment(payment.asked.payment_id, first), admin=True)
    hear(shop, Verdict.UNKNOWN, code="link_lost", identity=Identity(), before=newer)
    answer = running(shop).answer
    assert answer is not None
    assert answer.before == newer


def test_what_waits_on_a_card_that_was_reserved_or_captured_goes_back_its_own_way() -> None:
    """A reservation nobody wants any more is let go, not reversed."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(OpenTab(5000))
    payment = running(shop)
    hear(shop, Verdict.UNKNOWN, code="no_answer")
    shop.ok(SetPaymentAside(payment.asked.payment_id, "the customer left"))
    shop.pay(799)
    shop.ring("bread")
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, payment=payment, is_inquiry=True)
    hear(shop, Verdict.APPROVED, 2)
    shop.ok(TakeBack(payment.asked.payment_id), admin=True)
    assert running(shop).asked.kind is Kind.RELEASE


@pytest.mark.parametrize("ends", ["not_sent", "terminal_busy", "not_found", "declined"])
def test_a_try_to_take_back_that_never_began_is_none(ends: str) -> None:
    """What waits to go back waits once more, and is listed once; a terminal that said no is for a
    person, with its no."""
    shop = card_shop()
    payment, _ = found_while_busy(shop)
    payment_id = payment.asked.payment_id
    hear(shop, Verdict.DECLINED, 2)
    shop.ok(TakeBack(payment_id), admin=True)
    if ends == "declined":
        hear(shop, Verdict.DECLINED, 3)
    elif ends == "not_found":
        hear(shop, Verdict.UNKNOWN, 3, code="no_answer")
        for _ in range(2):
            hear(shop, Verdict.UNKNOWN, 3, code=ends, is_inquiry=True)
    else:
        hear(shop, Verdict.ABORTED, code=ends, identity=Identity())
    waits = ends != "declined"
    for books in (shop.books, shop.replayed(), books_from(image_of(shop.books), None)):
        assert books.payments.exceptions[payment_id].back_waits is waits
        assert (len(books.payments.exceptions) == 1) is waits
    if waits:
        shop.ok(TakeBack(payment_id), admin=True)
        hear(shop, Verdict.APPROVED, 4)
        assert not shop.books.payments.exceptions


def test_a_tender_whose_reversal_never_began_is_for_whoever_asked() -> None:
    """Its order has it still: nothing is asked for by itself."""
    shop = asking()
    hear(shop, Verdict.APPROVED, 5)
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.ABORTED, code="not_sent", identity=Identity())
    assert shop.books.payments.aside() == ()
    (listed,) = shop.books.payments.exceptions.values()
    assert (listed.problem, listed.back_waits) == (Problem.NOT_REVERSED, False)


def test_what_the_sale_was_completed_with_and_the_terminal_took_back_is_not_paid() -> None:
    """Nobody knew how the reversal ended, so the sale was completed with its tender. Tried again,
    the terminal says it took it back before: that money is gone, and somebody must see to it."""
    shop = asking()
    hear(shop, Verdict.APPROVED, 5)
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.UNKNOWN, 6, code="no_answer")
    undoing = running(shop)
    shop.ok(CompleteOrder())
    hear(shop, Verdict.DECLINED, 6, payment=undoing, code=ALREADY_REVERSED)
    (listed,) = shop.books.payments.exceptions.values()
    assert (listed.asked.payment_id, listed.problem) == (undoing.asked.payment_id, Problem.UNPAID)
    assert listed.amount_minor == 799
    assert shop.replayed().payments == shop.books.payments


def test_another_payments_transaction_prints_nothing_again() -> None:
    """The slip that was to be signed came out with the doubt: not a second time."""
    shop = asking()
    payment = running(shop)
    signed = slip("merchant", "SIGN HERE", needs_signature=True)
    hear(shop, Verdict.UNKNOWN, code="link_lost", slips=(signed,))
    shop.ok(SetPaymentAside(payment.asked.payment_id, "the customer left"))
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 7)
    printed = len(shop.printed())
    assert printed == 1
    hear(shop, Verdict.APPROVED, 7, payment=payment, is_inquiry=True)
    assert len(shop.printed()) == printed


def test_a_journal_that_had_one_open_again_is_read_on() -> None:
    """Journals of before go on about what was set aside as if it were open: what was kept of it,
    that it was called off, and that it was set aside once more. It stays aside."""
    shop = asking()
    payment, payments = running(shop), shop.books.payments
    doubt = told(payment, Verdict.UNKNOWN, 1)
    payment_id = payment.asked.payment_id
    for event in (
        PaymentHeard(payment_id, Standing.UNKNOWN, doubt),
        PaymentSetAside(payment_id, "max", "the cable is out"),
        PaymentHeard(payment_id, Standing.UNKNOWN, doubt),
        PaymentKept(payment_id, doubt),
        PaymentCancelAsked(payment_id, "max"),
        PaymentSetAside(payment_id, "max", "still out"),
    ):
        evolve(payments, event, now_ns=1)
    known = payments.exceptions[payment_id]
    assert (known.is_cancel_asked, known.reason) == (True, "still out")
    assert not payments.open


def late_refund(shop: Shop, *codes: str, **changes: Any) -> tuple[str, Payment]:
    """A sale by card of which a bottle came back: its refund was set aside, the return given up,
    and then the terminal told that the customer has the money."""
    shop.ring(*codes)
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 1)
    sale = shop.ok(CompleteOrder())["order_id"]
    shop.ok(AddReturnLine(sale, 1, 1000, "broken"))
    shop.ok(RequestPayment())
    refund = running(shop)
    hear(shop, Verdict.UNKNOWN, code="no_answer")
    shop.ok(SetPaymentAside(refund.asked.payment_id, "no answer"))
    shop.ok(UndoTendering())
    shop.ok(VoidOrder("comes again"))
    hear(shop, Verdict.APPROVED, 2, payment=refund, is_inquiry=True, **changes)
    return sale, refund


def test_a_late_refund_counts_for_good_whoever_closes_it() -> None:
    """The customer has the money, and to close what is listed moves none: the card gives nothing
    back a second time."""
    shop = card_shop()
    sale, refund = late_refund(shop, "wine")
    assert shop.books.payments.exceptions[refund.asked.payment_id].problem is Problem.LATE
    assert left_of(shop.order(sale)) == {}
    shop.ok(CloseException(refund.asked.payment_id, "the customer has it"))
    shop.ok(AddReturnLine(sale, 1, 1000, "broken"))
    assert shop.when(RequestPayment()).refused is not None
    assert shop.replayed().payments.exceptions == {}


def test_a_late_refund_counts_once_while_it_is_listed() -> None:
    """What is left of the card goes back for the other bottle, before a person has looked and
    after."""
    shop = card_shop()
    sale, _ = late_refund(shop, "wine", "wine")
    shop.ok(AddReturnLine(sale, 2, 1000, "broken"))
    assert shop.ok(RequestPayment())["amount_minor"] == 799
    hear(shop, Verdict.APPROVED, 3)
    shop.ok(CompleteOrder())
    assert left_of(shop.order(sale)) == {}


def test_a_late_refund_that_is_taken_back_may_go_back_again() -> None:
    """Its terminal has the money again, and the card that paid has it coming once more."""
    shop = card_shop()
    sale, refund = late_refund(shop, "wine")
    shop.ok(ReverseAgain(refund.asked.payment_id))
    assert left_of(shop.order(sale)) == {}, "nobody knows yet whether it came back"
    hear(shop, Verdict.APPROVED, 3)
    assert shop.books.payments.exceptions == {}
    assert left_of(shop.order(sale)) == {1: 799}
    shop.ok(AddReturnLine(sale, 1, 1000, "broken"))
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 4)
    shop.ok(CompleteOrder())


@pytest.mark.parametrize(
    ("changes", "left"), [((500, 978), {1: 299}), ((1, 978), {1: 798}), ((500, 840), {})]
)
def test_a_refund_of_another_amount_counts_as_what_it_moved(
    changes: tuple[int, int], left: dict[int, int]
) -> None:
    """It is before a person and no tender of the return, but the customer has it; in another
    currency it is taken for what was asked."""
    shop = card_shop()
    amount_minor, currency_code = changes
    sale, refund = late_refund(shop, "wine", amount_minor=amount_minor, currency_code=currency_code)
    assert shop.books.payments.exceptions[refund.asked.payment_id].problem is Problem.DIFFERS
    assert left_of(shop.order(sale)) == left


def test_a_journal_that_did_not_tell_the_sale_of_a_late_refund_is_read_on() -> None:
    """There it counts while it is listed, as it did; taken back, the card has what it paid and no
    more."""
    shop = card_shop()
    sale, refund = late_refund(shop, "wine")
    untold = attrs.evolve(shop.order(sale), refunded=())
    shop.books.archive[sale] = untold
    shop.ok(AddReturnLine(sale, 1, 1000, "broken"))
    assert shop.no(RequestPayment()) == Refusal.REFUND_MUST_BE_WITHIN_TENDER
    shop.ok(ReverseAgain(refund.asked.payment_id))
    hear(shop, Verdict.APPROVED, 3)
    assert left_of(shop.order(sale)) == {1: 799}


def test_goods_whose_money_went_back_late_are_not_exchanged() -> None:
    """The customer has that money: another bottle for this one would be brought back for cash. The
    bottle beside it was paid."""
    shop = card_shop()
    sale, refund = late_refund(shop, "wine", "wine")
    shop.ok(CloseException(refund.asked.payment_id, "the customer has it"))
    for line in (1, 2):
        shop.ok(AddReturnLine(sale, line, 1000, "broken"))
        shop.ring("wine")
        if line == 1:
            shop.ok(StartTendering())
            shop.ok(CompleteOrder())
    assert shop.no(StartTendering()) == OrderRefusal.TENDER_MUST_HAVE_BEEN_PAID
