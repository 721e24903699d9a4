"""A terminal's day: what counts in it, what its totals are held against, and a lost answer."""

from __future__ import annotations

from typing import Any

import pytest

from engine.image import books_from, image_of, state_hash
from engine.order.commands import AddReturnLine, CompleteOrder
from engine.payment.commands import (
    OpenTab,
    ReportUpload,
    RequestPayment,
    ReverseTender,
    SetOfflinePolicy,
)
from engine.payment.ending_days import EndTerminalDay, HearTerminalDay, Refusal
from engine.payment.events import OfflinePolicy
from engine.payment.refusal import Refusal as PaymentRefusal
from engine.payment.terminal_day import (
    DayDifference,
    DayFault,
    Taken,
    TerminalDay,
    TerminalDayHeard,
    brand_of,
    compare,
    without_payment,
)
from engine.terminal import CardShown, Identity, SettledTotal, Settlement, Verdict
from engine.wire import WireError
from tests.card_shop import card_shop, hear, paid_by_card, running
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
    """Which part of the day was taken offline in is in the image; one without it is not believed,
    and one with nothing taken offline needs none."""
    shop = card_shop()
    payment_id = offline(shop, "wine", 1)
    image = image_of(shop.books)
    assert books_from(image, None).payments.offline == shop.books.payments.offline
    for entry in image["payments"]["offline"]:
        del entry["day_part"]
    with pytest.raises(WireError, match="which part of a day"):
        books_from(image, None)
    shop.ok(ReportUpload(payment_id, is_paid=False), admin=True)
    image = image_of(shop.books)
    for entry in image["payments"]["exceptions"]:
        del entry["day_part"]
    assert books_from(image, None).payments.exceptions == shop.books.payments.exceptions
