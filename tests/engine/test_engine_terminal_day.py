"""A terminal's day: what counts in it, what its totals are held against, and a lost answer."""

from __future__ import annotations

from typing import Any

import pytest

from engine.image import books_from, image_of, state_hash
from engine.order.commands import AddReturnLine, CompleteOrder, ResumeOrder, SuspendOrder
from engine.payment.commands import (
    CloseException,
    OpenTab,
    ReportUpload,
    RequestPayment,
    ReverseAgain,
    ReverseTender,
    SetOfflinePolicy,
    SetPaymentAside,
    TakeBack,
)
from engine.payment.ending_days import EndTerminalDay, HearTerminalDay, Refusal
from engine.payment.events import OfflinePolicy, Problem
from engine.payment.refusal import Refusal as PaymentRefusal
from engine.payment.state import Payment
from engine.payment.terminal_day import (
    DayDifference,
    DayFault,
    Taken,
    TerminalDay,
    TerminalDayHeard,
    brand_of,
    compare,
    with_late,
    without_payment,
)
from engine.terminal import CardShown, Identity, Kind, SettledTotal, Settlement, Verdict
from engine.views.payments import payments_view
from engine.wire import WireError
from tests.card_shop import card_shop, hear, paid_by_card, running, set_aside
from tests.card_shop import told as terminal_says
from tests.shop import Shop

VISA = "visa"


def sold(shop: Shop, code: str, number: int = 1) -> None:
    """A card sale to its receipt."""
    paid_by_card(shop, code, number=number)
    shop.ok(CompleteOrder())


def told(*totals: SettledTotal, **changes: Any) -> Settlement:
    """An end of day with these totals."""
    return Settlement(Verdict.APPROVED, totals=totals, **changes)


def end(shop: Shop, settlement: Settlement) -> TerminalDayHeard:
    """Ask for the end of the day of register 1's terminal, and hear that."""
    asked = shop.ok(EndTerminalDay())
    assert (asked["verdict"], asked["differences"]) == ("unknown", 0)
    body = HearTerminalDay(asked["terminal"], asked["day_id"], settlement)
    answer = shop.ok(body, admin=True)
    heard: TerminalDayHeard = shop.events(TerminalDayHeard)[-1]
    assert (answer["verdict"], answer["differences"]) == (
        heard.verdict.value,
        len(heard.differences),
    )
    assert heard.told == settlement.totals, "as the terminal told them"
    return heard


def test_sales_refunds_and_reversals_of_a_day() -> None:
    """By brand, each with its sign; a reversal is of the brand of what it reverses, though the
    terminal does not say which that is."""
    shop = card_shop()
    sold(shop, "wine")
    paid_by_card(shop, "bread", number=2)
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.APPROVED, 3, card=CardShown())
    shop.ok(RequestPayment())
    hear(shop, Verdict.DECLINED, 4)
    (day,) = shop.books.payments.days.values()
    assert day.parts == ((Taken(VISA, 2, 1, 799),),)
    heard = end(shop, told(SettledTotal("VISA", 1, 799)))
    assert (heard.verdict, heard.differences) == (Verdict.APPROVED, ())
    assert heard.ours == (Taken(VISA, 2, 1, 799),)
    assert shop.books.payments.days["terminal/1"].parts == ((),)
    assert end(shop, told(amount_minor=0)).differences == ()


def test_a_refund_by_its_payment_is_a_reversal_of_the_day() -> None:
    """The terminal reversed a part of what it took: so it counts, and so do the books."""
    shop = card_shop()
    sold(shop, "wine")
    (order,) = shop.books.archive.values()
    shop.ok(AddReturnLine(order.id, 1, 1000, "corked"))
    shop.ok(RequestPayment())
    by_payment = Identity("29001234", None, 2, reference="2026Z SIM2.REF2", is_of_payment=True)
    hear(shop, Verdict.APPROVED, identity=by_payment, card=CardShown())
    (day,) = shop.books.payments.days.values()
    assert day.parts == ((Taken(VISA, 1, 1, 0),),)
    totals = SettledTotal("VISA", 1, 799), SettledTotal("VISA", 1, -799, 1)
    assert end(shop, told(*totals)).differences == ()


@pytest.mark.parametrize("count", [1, 3])
def test_a_reversal_is_one_more_or_one_less(count: int) -> None:
    """Terminals count what was reversed in either way; both agree, and nothing between does."""
    ours = (Taken(VISA, 2, 1, 799),)
    assert compare(ours, told(SettledTotal(VISA, count, 799))) == ()
    (differs,) = compare(ours, told(SettledTotal(VISA, 2, 799)))
    assert differs == DayDifference(VISA, DayFault.COUNT_DIFFERS, 2, 799, 2, 799)
    assert compare(ours, told(SettledTotal(VISA, count + 256, 799))) == ()


@pytest.mark.parametrize("unheard", [0, 1, 7])
def test_a_terminal_that_tells_reversals_apart_is_compared_by_what_is_left(unheard: int) -> None:
    """Payments the books never had, since the terminal took them back at once, are two
    transactions each there and none here; one that was not taken back is a difference."""
    ours = (Taken(VISA, 3, 1, 1149),)
    count = 4 + 2 * unheard
    apart = SettledTotal(VISA, count, 1149, 1 + unheard)
    assert compare(ours, told(apart)) == ()
    back = 1 + unheard
    parts = SettledTotal(VISA, 3 + unheard, 1948), SettledTotal(VISA, back, -799, back)
    assert compare(ours, told(*parts)) == ()
    (differs,) = compare(ours, told(SettledTotal(VISA, count + 1, 1149, 1 + unheard)))
    assert differs.fault is DayFault.COUNT_DIFFERS
    (differs,) = compare(ours, told(SettledTotal(VISA, count, 1149, 2 + unheard)))
    assert differs.fault is DayFault.COUNT_DIFFERS
    (differs,) = compare(ours, told(SettledTotal(VISA, count, 1150, 1 + unheard)))
    assert differs.fault is DayFault.AMOUNT_DIFFERS


def test_every_kind_of_difference() -> None:
    """Missing on either side, another amount, another number of them; what agrees is not listed."""
    ours = (Taken("amex", 1, 0, 100), Taken("jcb", 1, 0, 5), Taken(VISA, 2, 0, 500))
    totals = told(
        SettledTotal("jcb", 1, 5), SettledTotal("mc", 1, 50), SettledTotal("V_PAY", 2, 400)
    )
    assert compare(ours, totals) == (
        DayDifference("amex", DayFault.MISSING_IN_TERMINAL, 1, 100, 0, 0),
        DayDifference("mastercard", DayFault.MISSING_HERE, 0, 0, 1, 50),
        DayDifference(VISA, DayFault.AMOUNT_DIFFERS, 2, 500, 2, 400),
    )


def test_brands_a_terminal_does_not_name_are_in_its_rest() -> None:
    """A terminal that tells one sum for all cards, or one for the rest, is compared by that."""
    ours = (Taken("maestro", 1, 0, 70), Taken(VISA, 1, 0, 30))
    assert compare(ours, told(SettledTotal("Card", 2, 100))) == ()
    rest = told(SettledTotal(VISA, 1, 30), SettledTotal("other", 1, 70))
    assert compare(ours, rest) == ()
    (differs,) = compare(ours, told(SettledTotal("other", 2, 90)))
    assert (differs.brand, differs.ours_minor, differs.told_minor) == ("other", 100, 90)
    assert compare(ours, told(amount_minor=100)) == ()
    (whole,) = compare(ours, told(amount_minor=99))
    assert (whole.brand, whole.fault) == ("", DayFault.AMOUNT_DIFFERS)
    assert [brand_of(name) for name in ("EC", " Visa ", "", "Dankort")] == [
        "girocard",
        "visa",
        "other",
        "dankort",
    ]


def test_a_lost_answer_is_settled_by_the_next_totals() -> None:
    """The next totals are of all since, or of what came after: whichever fits is what happened. Of
    a day that ended unheard the store knows what it took, and the terminal never told."""
    shop = card_shop()
    sold(shop, "wine")
    assert end(shop, Settlement(Verdict.UNKNOWN, "no_answer")).differences == ()
    sold(shop, "bread", 2)
    never = end(shop, told(SettledTotal(VISA, 2, 1149)))
    assert (never.differences, never.lost) == ((), ())
    sold(shop, "wine", 3)
    lost = end(shop, Settlement(Verdict.UNKNOWN, "no_answer"))
    sold(shop, "bread", 4)
    did = end(shop, told(SettledTotal(VISA, 1, 350)))
    assert did.ours == (Taken(VISA, 1, 0, 350),)
    assert did.lost == (lost.day_id,)
    assert did.differences == (DayDifference("", DayFault.NOT_TOLD, 1, 799, 0, 0, lost.day_id),)
    sold(shop, "wine", 5)
    end(shop, Settlement(Verdict.UNKNOWN, "no_answer"))
    sold(shop, "bread", 6)
    neither = end(shop, told(SettledTotal(VISA, 1, 9)))
    assert neither.ours == (Taken(VISA, 2, 0, 1149),)
    assert [one.fault for one in neither.differences] == [DayFault.AMOUNT_DIFFERS]


def test_a_terminal_that_tells_no_totals_is_held_against_none() -> None:
    """Its day ended, and what it came to is not known: one item says so, and none by brand."""
    shop = card_shop()
    assert end(shop, told()).differences == (), "nothing was taken"
    sold(shop, "wine")
    ended = end(shop, told())
    untold = DayDifference("", DayFault.NOT_TOLD, 1, 799, 0, 0, ended.day_id)
    assert (ended.verdict, ended.differences) == (Verdict.APPROVED, (untold,))
    assert shop.books.payments.days["terminal/1"].parts == ((),)
    sold(shop, "wine", 2)
    counted_none = end(shop, told(amount_minor=0))
    assert [one.fault for one in counted_none.differences] == [DayFault.AMOUNT_DIFFERS]


def test_two_lost_answers_are_two_days() -> None:
    """Each day that ended unheard is told by its own name, with what the store took in it."""
    shop = card_shop()
    lost = []
    for number, code in enumerate(("wine", "bread"), 1):
        sold(shop, code, number)
        lost.append(end(shop, Settlement(Verdict.UNKNOWN, "no_answer")).day_id)
    sold(shop, "book", 3)
    did = end(shop, told(SettledTotal(VISA, 1, 1200)))
    found = [(one.fault, one.day_id, one.ours_minor) for one in did.differences]
    assert found == [(DayFault.NOT_TOLD, lost[0], 799), (DayFault.NOT_TOLD, lost[1], 350)]


def test_a_day_that_did_not_end_goes_on() -> None:
    """The terminal could not reach its bank: its day goes on, and so do the books."""
    shop = card_shop()
    sold(shop, "wine")
    sums = (SettledTotal("VISA", 1, 799),)
    heard = end(shop, Settlement(Verdict.ABORTED, "no_connection", totals=sums))
    assert (heard.verdict, heard.ours, heard.differences) == (Verdict.ABORTED, (), ())
    assert shop.books.payments.days["terminal/1"].parts == ((Taken(VISA, 1, 0, 799),),)


def test_what_an_end_of_day_needs() -> None:
    """A terminal, an end of the last one, no payment under way; only what was asked is heard."""
    shop = card_shop()
    assert shop.no(EndTerminalDay("terminal/9")) == PaymentRefusal.TERMINAL_MUST_BE_SET_UP
    stranger = HearTerminalDay("terminal/9", "day", told())
    assert shop.no(stranger, admin=True) == Refusal.TERMINAL_DAY_MUST_BE_ASKED
    paid_by_card(shop, "wine")
    shop.ok(CompleteOrder())
    order_id = shop.ring("bread")
    payment_id = shop.ok(RequestPayment())["payment_id"]
    assert shop.no(EndTerminalDay()) == PaymentRefusal.TERMINAL_MUST_BE_FREE
    whose = {"payment_id": payment_id, "order_id": order_id}
    assert shop.refused(EndTerminalDay()) == whose, "so that a screen can show it"
    hear(shop, Verdict.DECLINED, 2)
    asked = shop.ok(EndTerminalDay())
    assert shop.no(EndTerminalDay()) == Refusal.TERMINAL_DAY_MUST_HAVE_ENDED
    assert shop.no(RequestPayment()) == Refusal.TERMINAL_DAY_MUST_HAVE_ENDED
    other = HearTerminalDay(asked["terminal"], "another", told())
    assert shop.no(other, admin=True) == Refusal.TERMINAL_DAY_MUST_BE_ASKED
    heard = HearTerminalDay(asked["terminal"], asked["day_id"], told(SettledTotal(VISA, 1, 799)))
    shop.ok(heard, admin=True)
    assert shop.no(heard, admin=True) == Refusal.TERMINAL_DAY_MUST_BE_ASKED
    shop.ok(RequestPayment())


def test_a_snapshot_keeps_the_day_and_an_older_one_is_not_believed() -> None:
    """What terminals took today is in the image; one from before it was kept is replayed."""
    shop = card_shop()
    sold(shop, "wine")
    shop.ok(EndTerminalDay())
    image = image_of(shop.books)
    assert books_from(image, None).payments.days == shop.books.payments.days
    del image["payments"]["days"]
    with pytest.raises(WireError, match="what terminals took today"):
        books_from(image, None)
    image = image_of(shop.books)
    del image["payments"]["remembered"]
    with pytest.raises(WireError, match="what terminals remember"):
        books_from(image, None)


def test_what_turned_out_to_be_no_payment_is_taken_off_the_part_it_went_into() -> None:
    """What was taken before or after an end of day whose answer was lost stays as it is."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    payment = running(shop)
    before, since = (Taken(VISA, 3, 0, 900),), (Taken(VISA, 1, 0, 799),)
    day = TerminalDay("terminal/1", (before, since), ("d1",))
    answer = terminal_says(payment, Verdict.APPROVED)
    left = [without_payment(day, payment.asked, answer, part).parts for part in (0, 1)]
    assert left == [((Taken(VISA, 2, 0, 101),), since), (before, (Taken(VISA, 0, 0, 0),))]


def offline(shop: Shop, code: str, number: int) -> str:
    """A card sale to its receipt that the terminal approved alone; its payment's id."""
    shop.ok(SetOfflinePolicy(OfflinePolicy(5000, 5000, 5000, 5000, 36000)), admin=True)
    shop.ring(code)
    shop.ok(RequestPayment())
    payment_id: str = hear(shop, Verdict.APPROVED, number, is_offline=True)["payment_id"]
    shop.ok(CompleteOrder())
    return payment_id


@pytest.mark.parametrize("did_end", [True, False])
@pytest.mark.parametrize("is_after", [True, False])
def test_a_decline_after_a_lost_end_of_day_is_of_the_part_it_was_taken_in(
    is_after: bool, did_end: bool
) -> None:
    """A payment taken offline before or after an end of day whose answer was lost is declined
    afterwards: the next totals, which are right, differ in nothing, whether that day had ended or
    not; that it was never told is known all the same."""
    shop = card_shop()
    sold(shop, "wine")
    declined = "" if is_after else offline(shop, "book", 2)
    lost = end(shop, Settlement(Verdict.UNKNOWN, "no_answer")).day_id
    sold(shop, "bread", 3)
    declined = declined or offline(shop, "book", 4)
    shop.ok(ReportUpload(declined, is_paid=False), admin=True)
    (day,) = shop.books.payments.days.values()
    assert [row.amount_minor for part in day.parts for row in part] == [799, 350]
    assert state_hash(shop.replayed()) == state_hash(shop.books)
    total = SettledTotal(VISA, 1, 350) if did_end else SettledTotal(VISA, 2, 1149)
    never_told = DayDifference("", DayFault.NOT_TOLD, 1, 799, 0, 0, lost)
    assert end(shop, told(total)).differences == ((never_told,) if did_end else ())


def test_a_day_of_nothing_but_what_was_declined_differs_in_nothing() -> None:
    """All that a day had was refused by the bank afterwards: a terminal that ends it and tells no
    totals, and an end of it whose answer was lost, leave nothing to explain."""
    shop = card_shop()
    shop.ok(ReportUpload(offline(shop, "wine", 1), is_paid=False), admin=True)
    assert end(shop, told()).differences == ()
    shop.ok(ReportUpload(offline(shop, "wine", 2), is_paid=False), admin=True)
    end(shop, Settlement(Verdict.UNKNOWN, "no_answer"))
    sold(shop, "bread", 3)
    assert end(shop, told(SettledTotal(VISA, 1, 350))).differences == ()


def test_a_decline_of_what_a_terminal_held_takes_nothing_off_its_day() -> None:
    """A tab opened without a bank is no money yet and in no totals; refused afterwards, neither."""
    shop = card_shop()
    shop.ok(SetOfflinePolicy(OfflinePolicy(5000, 5000, 5000, 5000, 36000)), admin=True)
    sold(shop, "wine")
    shop.ring("book")
    shop.ok(OpenTab(2000))
    held = hear(shop, Verdict.APPROVED, 2, is_offline=True)["payment_id"]
    shop.ok(ReportUpload(held, is_paid=False), admin=True)
    assert shop.books.payments.days["terminal/1"].parts == ((Taken(VISA, 1, 0, 799),),)


def test_a_snapshot_of_before_that_says_no_part_is_replayed() -> None:
    """Which part of its terminal's day a payment was asked for in is in the image of each that
    may still change it; one without it is not believed."""
    shop = card_shop()
    payment_id = offline(shop, "wine", 1)
    shop.ring("wine")
    shop.ok(RequestPayment())
    assert_needs_the_part(shop, "open")
    hear(shop, Verdict.DECLINED, 2)
    assert_needs_the_part(shop, "offline")
    shop.ok(ReportUpload(payment_id, is_paid=False), admin=True)
    assert_needs_the_part(shop, "exceptions")


def assert_needs_the_part(shop: Shop, place: str) -> None:
    """An image is believed with the part that each payment in this place was asked for in only."""
    image = image_of(shop.books)
    assert books_from(image, None).payments == shop.books.payments
    for entry in image["payments"][place]:
        del entry["day_part"]
    with pytest.raises(WireError, match="which part of a terminal's day"):
        books_from(image, None)


def in_doubt(shop: Shop) -> Payment:
    """A bottle of wine by card: nobody knows what became of it, and it was paid in cash."""
    return set_aside(shop)


def named(number: int) -> Identity:
    """How a terminal names a transaction that has a name of its own."""
    return Identity("29001234", number, number, "1126", "101500", f"name-{number}")


def found_out(shop: Shop, payment: Payment, number: int) -> None:
    """The terminal tells at last that it was approved."""
    hear(shop, Verdict.APPROVED, number, payment=payment, is_inquiry=True, identity=named(number))


def taken_back(shop: Shop, payment: Payment, number: int, back: Verdict) -> None:
    """The same, and what it says to taking it back."""
    found_out(shop, payment, number)
    assert running(shop).asked.kind is Kind.REVERSAL
    hear(shop, back, number + 100)


def test_a_payment_in_doubt_is_of_the_day_it_was_asked_for_on() -> None:
    """A terminal ends its day with a payment that the store does not know of yet. Found out on the
    next day, it is in that day's totals no more than what the terminal tells of them."""
    shop = card_shop()
    sold(shop, "bread")
    payment = in_doubt(shop)
    day = end(shop, told(SettledTotal(VISA, 2, 1149)))
    more = DayDifference(VISA, DayFault.AMOUNT_DIFFERS, 1, 350, 2, 1149)
    assert day.differences == (more,)
    sold(shop, "book", 3)
    taken_back(shop, payment, 2, Verdict.DECLINED)
    assert shop.books.payments.days["terminal/1"].parts == ((Taken(VISA, 1, 0, 1200),),)
    assert state_hash(shop.replayed()) == state_hash(shop.books)
    assert end(shop, told(SettledTotal(VISA, 1, 1200))).differences == ()


def test_what_is_taken_back_is_of_the_day_it_was_taken_back_on() -> None:
    """The same, and the next day it is taken back: the terminal tells the reversal alone."""
    shop = card_shop()
    payment = in_doubt(shop)
    end(shop, told(SettledTotal(VISA, 1, 799)))
    taken_back(shop, payment, 1, Verdict.APPROVED)
    assert end(shop, told(SettledTotal(VISA, 1, -799, 1))).differences == ()


@pytest.mark.parametrize("did_end", [True, False])
def test_a_payment_in_doubt_is_of_the_part_before_a_lost_end_of_day(did_end: bool) -> None:
    """Found out after an end of day of which nobody knows whether it happened."""
    shop = card_shop()
    payment = in_doubt(shop)
    lost = end(shop, Settlement(Verdict.UNKNOWN, "no_answer")).day_id
    sold(shop, "bread", 2)
    taken_back(shop, payment, 1, Verdict.DECLINED)
    parts = shop.books.payments.days["terminal/1"].parts
    assert [row.amount_minor for part in parts for row in part] == [799, 350]
    total = SettledTotal(VISA, 1, 350) if did_end else SettledTotal(VISA, 2, 1149)
    never_told = DayDifference("", DayFault.NOT_TOLD, 1, 799, 0, 0, lost)
    assert end(shop, told(total)).differences == ((never_told,) if did_end else ())


def test_an_end_of_day_is_counted_anew_with_what_is_known_later() -> None:
    """What the store did not know then is counted where it was asked for: into the day itself, or
    into one before it whose answer was lost."""
    wine = Taken(VISA, 1, 0, 799)
    shop = card_shop()
    sold(shop, "bread")
    lost = end(shop, Settlement(Verdict.UNKNOWN, "no_answer")).day_id
    sold(shop, "book", 2)
    day = end(shop, told(SettledTotal(VISA, 2, 1999)))
    assert (day.lost, len(day.differences)) == ((), 1)
    # The totals fit no part of the books, so nobody knows whether the lost one ended.
    for unheard in ("", lost):
        known = with_late(day, unheard, wine)
        assert known.ours == (Taken(VISA, 3, 0, 2349),)
    sold(shop, "bread", 4)
    lost = end(shop, Settlement(Verdict.UNKNOWN, "no_answer")).day_id
    sold(shop, "book", 5)
    day = end(shop, told(SettledTotal(VISA, 1, 1200)))
    assert day.differences == (DayDifference("", DayFault.NOT_TOLD, 1, 350, 0, 0, lost),)
    assert with_late(day, lost, wine).differences == (
        DayDifference("", DayFault.NOT_TOLD, 2, 1149, 0, 0, lost),
    )
    assert with_late(day, "", wine).differences == (
        *day.differences,
        DayDifference(VISA, DayFault.AMOUNT_DIFFERS, 2, 1999, 1, 1200),
    )


def test_a_day_that_told_no_totals_has_what_is_known_later() -> None:
    """It cannot be held against anything, and what it is not held against is all of it."""
    shop = card_shop()
    day = end(shop, told())
    assert day.differences == ()
    (untold,) = with_late(day, "", Taken(VISA, 1, 0, 799)).differences
    assert untold == DayDifference("", DayFault.NOT_TOLD, 1, 799, 0, 0, day.day_id)


def test_a_lost_day_of_which_nothing_was_known_is_told_once_something_is() -> None:
    """All that was taken before an end of day whose answer was lost was in doubt."""
    shop = card_shop()
    in_doubt(shop)
    lost = end(shop, Settlement(Verdict.UNKNOWN, "no_answer")).day_id
    sold(shop, "bread", 2)
    day = end(shop, told(SettledTotal(VISA, 1, 350)))
    # The totals fit, whether that day ended or not.
    assert (day.lost, day.differences) == ((), ())
    known = with_late(day, lost, Taken(VISA, 1, 0, 799))
    assert (known.lost, known.ours) == ((lost,), day.ours)
    assert known.differences == (DayDifference("", DayFault.NOT_TOLD, 1, 799, 0, 0, lost),)


def test_a_number_of_a_day_that_is_over_is_no_name() -> None:
    """A terminal that knows a payment by its number alone ended the day before it was found out:
    by now that number may be another's, so a person gives it back there."""
    shop = card_shop()
    payment = in_doubt(shop)
    end(shop, told(SettledTotal(VISA, 1, 799)))
    hear(shop, Verdict.APPROVED, 1, payment=payment, is_inquiry=True)
    assert shop.books.payments.at_terminal("terminal/1") is None
    (listed,) = shop.books.payments.exceptions.values()
    assert listed.problem is Problem.LATE
    assert not shop.books.payments.is_going_back(listed)
    again = ReverseAgain(payment.asked.payment_id)
    assert shop.no(again) == PaymentRefusal.PAYMENT_MUST_BE_OF_TERMINAL_DAY
    shop.ok(CloseException(payment.asked.payment_id, "given back there"))
    assert not shop.books.payments.exceptions


def found_while_busy(shop: Shop) -> Payment:
    """A payment in doubt that turns out paid while its terminal is at the next sale, which ends."""
    payment = in_doubt(shop)
    shop.ring("bread")
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 1, payment=payment, is_inquiry=True)
    hear(shop, Verdict.APPROVED, 2)
    shop.ok(CompleteOrder())
    return payment


def test_what_waits_to_go_back_waits_no_longer_than_its_terminals_day() -> None:
    """Found out while its terminal is at something else, which ends the day before it is asked."""
    shop = card_shop()
    payment = found_while_busy(shop)
    (listed,) = shop.books.payments.aside()
    assert shop.books.payments.is_going_back(listed)
    end(shop, told(SettledTotal(VISA, 2, 1149)))
    assert shop.books.payments.aside() == ()
    shop.ok(TakeBack(payment.asked.payment_id), admin=True)
    assert shop.books.payments.at_terminal("terminal/1") is None


def test_a_try_to_take_back_is_not_made_again_on_another_day() -> None:
    """A terminal would not take back what was not wanted, and ended its day since."""
    shop = card_shop()
    payment = in_doubt(shop)
    hear(shop, Verdict.APPROVED, 1, payment=payment, is_inquiry=True)
    hear(shop, Verdict.DECLINED, 2)
    end(shop, told(SettledTotal(VISA, 1, 799)))
    refused = [shop.no(ReverseAgain(one)) for one in list(shop.books.payments.exceptions)]
    assert refused == [PaymentRefusal.PAYMENT_MUST_BE_OF_TERMINAL_DAY] * len(refused)
    assert refused


def test_a_reservation_outlasts_days() -> None:
    """A tab may be let go on another day than it was opened on, by its number."""
    shop = card_shop()
    shop.ring("book")
    shop.ok(OpenTab(2000))
    tab = running(shop)
    hear(shop, Verdict.UNKNOWN, code="no_answer")
    shop.ok(SetPaymentAside(tab.asked.payment_id, "the customer left"))
    end(shop, told())
    hear(shop, Verdict.APPROVED, 1, payment=tab, is_inquiry=True)
    assert running(shop).asked.kind is Kind.RELEASE


LOST = Settlement(Verdict.UNKNOWN, "no_answer")


def test_a_number_of_a_day_that_may_be_over_is_no_name() -> None:
    """Nobody knows whether the terminal ended its day before a payment was found out: if it did,
    its number may be a stranger's by now. What was asked for after that is of the day that goes on
    for certain, and is taken back as ever."""
    shop = card_shop()
    payment = in_doubt(shop)
    end(shop, LOST)
    hear(shop, Verdict.APPROVED, 1, payment=payment, is_inquiry=True)
    assert shop.books.payments.at_terminal("terminal/1") is None
    (listed,) = shop.books.payments.exceptions.values()
    assert (listed.problem, listed.back_waits) == (Problem.LATE, False)
    again = ReverseAgain(payment.asked.payment_id)
    assert shop.no(again) == PaymentRefusal.PAYMENT_MUST_BE_OF_TERMINAL_DAY
    later = in_doubt(shop)
    hear(shop, Verdict.APPROVED, 2, payment=later, is_inquiry=True)
    back = running(shop).asked
    assert (back.kind, back.of_payment) == (Kind.REVERSAL, later.asked.payment_id)


@pytest.mark.parametrize("settlement", [LOST, Settlement(Verdict.ABORTED, "no_connection")])
def test_what_waits_to_go_back_waits_while_the_day_goes_on_for_certain(
    settlement: Settlement,
) -> None:
    """Found out while its terminal is at something else, which is asked to end its day before it
    is asked for that: a terminal that says that it did not takes it back."""
    shop = card_shop()
    payment = found_while_busy(shop)
    end(shop, settlement)
    goes_on = settlement.verdict is Verdict.ABORTED
    assert len(shop.books.payments.aside()) == int(goes_on)
    (shown,) = payments_view(shop.books, now_ns=shop.now_ns).exceptions
    assert shown.back_waits == goes_on, "nobody is told that it goes back by itself"
    shop.ok(TakeBack(payment.asked.payment_id), admin=True)
    assert (shop.books.payments.at_terminal("terminal/1") is not None) == goes_on


def test_a_try_to_take_back_is_not_made_again_where_the_day_may_be_over() -> None:
    """A terminal would not take back what was not wanted; nobody knows whether its day ended
    since."""
    shop = card_shop()
    payment = in_doubt(shop)
    hear(shop, Verdict.APPROVED, 1, payment=payment, is_inquiry=True)
    hear(shop, Verdict.DECLINED, 2)
    end(shop, LOST)
    refused = [shop.no(ReverseAgain(one)) for one in list(shop.books.payments.exceptions)]
    assert refused == [PaymentRefusal.PAYMENT_MUST_BE_OF_TERMINAL_DAY] * len(refused)
    assert refused


ENDS = [told(SettledTotal(VISA, 1, 350)), LOST]


@pytest.mark.parametrize("settlement", ENDS)
def test_a_tender_of_a_day_that_is_over_is_not_taken_back_by_its_number(
    settlement: Settlement,
) -> None:
    """An order that was paid in part stayed open over the end of its terminal's day: its number may
    be a stranger's by now. It keeps no register: it is parked, or completed, and then the money
    goes back by a return."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment(350))
    hear(shop, Verdict.APPROVED, 1)
    end(shop, settlement)
    assert shop.no(ReverseTender(1)) == PaymentRefusal.PAYMENT_MUST_BE_OF_TERMINAL_DAY
    assert shop.books.payments.at_terminal("terminal/1") is None, "nothing was asked"
    order_id = shop.ok(SuspendOrder("left"))["order_id"]
    shop.sell("bread")
    shop.ok(ResumeOrder(order_id))
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 2)
    shop.ok(ReverseTender(2))
    assert running(shop).asked.tender == 2, "what it took since is taken back as ever"
    hear(shop, Verdict.APPROVED, 3)
    assert state_hash(shop.replayed()) == state_hash(shop.books)
    image = image_of(shop.books)
    assert image_of(books_from(image, None)) == image
    shop.pay(449)
    assert not shop.books.payments.overnight
    assert "overnight" not in image_of(shop.books)["payments"]


def test_a_snapshot_of_before_days_of_tenders_were_kept_is_replayed() -> None:
    """One that does not say which tenders of open orders are of a day that is over is believed only
    where no open order has one by card; else the number of a stranger's payment could be used."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment(350))
    hear(shop, Verdict.APPROVED, 1)
    kept = image_of(shop.books)
    assert kept["payments"]["overnight"] == {}
    assert books_from(kept, None).payments == shop.books.payments
    end(shop, told(SettledTotal(VISA, 1, 350)))
    older = image_of(shop.books)
    del older["payments"]["overnight"]
    with pytest.raises(WireError, match="which tenders are of a terminal's day that is over"):
        books_from(older, None)
    shop.pay(449)
    older = image_of(shop.books)
    assert "overnight" not in older["payments"]
    assert image_of(books_from(older, None)) == older


def test_a_tender_that_has_a_name_is_taken_back_on_any_day() -> None:
    """A terminal that names its transactions is asked by that name; one that said that its day goes
    on is asked by the number."""
    shop = card_shop()
    shop.ring("wine")
    for number, identity in ((1, named(1)), (2, Identity("29001234", 2, 2))):
        shop.ok(RequestPayment(350))
        hear(shop, Verdict.APPROVED, number, identity=identity)
        ended = number == 1
        end(shop, told(SettledTotal(VISA, 1, 350)) if ended else Settlement(Verdict.ABORTED))
        shop.ok(ReverseTender(number))
        hear(shop, Verdict.APPROVED, number + 10)
