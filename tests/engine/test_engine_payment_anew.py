"""A terminal's day that was ended at the terminal itself, as its numbers show."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from engine.image import books_from, image_of, state_hash
from engine.limits import DAY_PARTS_MAX
from engine.order.commands import CompleteOrder
from engine.payment.commands import RequestPayment, ReverseAgain, ReverseTender, SetPaymentAside
from engine.payment.ending_days import EndTerminalDay, HearTerminalDay
from engine.payment.events import Problem
from engine.payment.refusal import Refusal
from engine.payment.state import Payment
from engine.payment.terminal_day import BEGAN_ANEW, DayFault, Taken, TerminalDayHeard
from engine.settings import DefineRegister
from engine.terminal import Identity, SettledTotal, Settlement, Verdict
from engine.till import Denomination, OpenTill
from tests.card_shop import card_shop, hear, running
from tests.shop import Shop

VISA = "visa"


def at(receipt: int | None, trace: int, date: str = "1126", reference: str = "") -> Identity:
    """A transaction of register 1's terminal."""
    return Identity("29001234", trace, receipt, date, "101500", reference)


def shared() -> Shop:
    """Two registers at one terminal."""
    shop = card_shop()
    setup = shop.books.settings.registers["2"]
    shop.ok(DefineRegister(attrs.evolve(setup, terminal="terminal/1")), admin=True)
    shop.ok(OpenTill((Denomination(1000, 10),)), "2")
    return shop


def waits(shop: Shop, identity: Identity) -> None:
    """Register 1 has 3.50 of 7.99 by card, and waits for the rest."""
    shop.ring("wine")
    shop.ok(RequestPayment(350))
    hear(shop, Verdict.APPROVED, identity=identity)


def sold(shop: Shop, identity: Identity, before: Identity | None) -> None:
    """Bread at register 2, by card, to its receipt."""
    shop.ring("bread", register="2")
    shop.ok(RequestPayment(), "2")
    hear(shop, Verdict.APPROVED, payment=running(shop), identity=identity, before=before)
    shop.ok(CompleteOrder(), "2")


def noticed(shop: Shop) -> list[str]:
    """The payments whose numbers showed that a day was over."""
    days = shop.events(TerminalDayHeard)
    return [day.day_id for day in days if day.code == BEGAN_ANEW]


def end(shop: Shop, *totals: SettledTotal) -> TerminalDayHeard:
    """Have the store end the day, and the terminal tell these totals."""
    asked = shop.ok(EndTerminalDay())
    told = Settlement(Verdict.APPROVED, totals=totals)
    shop.ok(HearTerminalDay(asked["terminal"], asked["day_id"], told), admin=True)
    heard: TerminalDayHeard = shop.events(TerminalDayHeard)[-1]
    return heard


OLD = at(57, 57)
ANEW = [
    (OLD, at(1, 58), OLD),  # what was the last is what the store knows
    (
        at(9999, 57),
        at(1, 58),
        at(9999, 57),
    ),  # after the highest number, or another day: nobody knows
    (at(1, 57), at(1, 58), at(1, 57)),  # each day had a single one
    (OLD, at(2, 60), at(1, 59)),  # one was taken at the terminal itself in between
    (OLD, at(1, 58), None),  # nobody knew the last one
    (OLD, at(1, 58), Identity("29001234")),  # it had forgotten that one
    (OLD, at(1, 1, "1127"), OLD),  # both of its counters begin anew
    (OLD, at(58, 59, "1127"), at(57, 58, "1127")),  # the number of the last was given twice
]


@pytest.mark.parametrize(("old", "new", "before"), ANEW)
def test_a_payment_of_before_numbers_began_anew_is_not_taken_back(
    old: Identity, new: Identity, before: Identity | None
) -> None:
    """The next payment has a number that is not above the last: by the older number a stranger's
    payment could be taken back. The order is completed, and its money goes back by a return; what
    was taken since is taken back as ever."""
    shop = shared()
    waits(shop, old)
    sold(shop, new, before)
    assert len(noticed(shop)) == 1
    assert shop.no(ReverseTender(1)) == Refusal.PAYMENT_MUST_BE_OF_TERMINAL_DAY
    assert shop.books.payments.at_terminal("terminal/1") is None, "nothing was asked"
    shop.ok(RequestPayment())
    assert new.receipt is not None
    assert new.trace is not None
    later = at(new.receipt + 7, new.trace + 7)
    hear(shop, Verdict.APPROVED, identity=later, before=new)
    shop.ok(ReverseTender(2))
    hear(shop, Verdict.APPROVED, identity=at(later.receipt, new.trace + 8), before=later)
    assert len(noticed(shop)) == 1
    assert state_hash(shop.replayed()) == state_hash(shop.books)
    assert books_from(image_of(shop.books), None).payments == shop.books.payments


GOES_ON = [
    (OLD, at(58, 58), OLD),  # the next
    (OLD, at(60, 60), at(59, 59)),  # others were taken at the terminal itself
    (OLD, at(58, 116), OLD),  # what was called off takes a trace, and no receipt
    (OLD, at(58, 56), None),  # a trace that is not counted on says nothing
    (OLD, at(58, 58, "1127"), None),
    (OLD, at(58, 58, "1127"), at(57, 57, "1127")),  # it dates what it tells by the day it tells it
    (OLD, at(0, 58), OLD),  # it tells no number
    (OLD, at(None, 58), OLD),
    (OLD, at(1, 58, reference="2026Z.REF2"), OLD),  # it has a name
    (OLD, OLD, None),  # the same once more
    (OLD, Identity("29005678", 1, 1), OLD),  # another terminal is there now
    (OLD, Identity("29005678", 1, 57), None),
]


@pytest.mark.parametrize(("old", "new", "before"), GOES_ON)
def test_numbers_that_go_on_leave_payments_within_reach(
    old: Identity, new: Identity, before: Identity | None
) -> None:
    """Nothing shows that the day was ended: what it took is taken back by its number."""
    shop = shared()
    waits(shop, old)
    sold(shop, new, before)
    assert not noticed(shop)
    shop.ok(ReverseTender(1))
    assert running(shop).asked.original == old


def test_a_payment_that_came_to_nothing_shows_nothing() -> None:
    """What number a terminal tells of it, if any, is its own affair."""
    shop = shared()
    waits(shop, OLD)
    shop.ring("bread", register="2")
    shop.ok(RequestPayment(), "2")
    hear(shop, Verdict.DECLINED, payment=running(shop), identity=at(1, 58), before=OLD)
    assert not noticed(shop)
    shop.ok(ReverseTender(1))


def test_one_told_by_the_number_of_what_it_took_back_shows_nothing() -> None:
    """Nor does the payment after it, before which that number was the terminal's last."""
    shop = shared()
    waits(shop, OLD)
    sold(shop, at(58, 58), OLD)
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.APPROVED, identity=OLD, before=at(58, 58))
    sold(shop, at(59, 60), OLD)
    assert not noticed(shop)


def in_doubt(shop: Shop, before: Identity, **what: Any) -> Payment:
    """A book at register 2 whose reply was lost, paid in cash and set aside."""
    shop.ring("book", register="2")
    shop.ok(RequestPayment(), "2")
    payment = running(shop)
    hear(shop, Verdict.UNKNOWN, payment=payment, code="no_answer", before=before, **what)
    shop.ok(SetPaymentAside(payment.asked.payment_id, "the customer left"), "2")
    shop.pay(1200, register="2")
    return payment


def test_one_found_out_late_is_older_than_what_was_told_since() -> None:
    """It is held against the one before it, and shows nothing by being below a later one: it goes
    back by itself."""
    shop = shared()
    waits(shop, OLD)
    late = in_doubt(shop, OLD, identity=Identity())
    sold(shop, at(59, 59), at(58, 58))
    hear(shop, Verdict.APPROVED, identity=at(58, 58), before=OLD, payment=late, is_inquiry=True)
    assert not noticed(shop)
    assert running(shop).asked.of_payment == late.asked.payment_id


def test_one_in_doubt_whose_number_was_told_shows_it_at_once() -> None:
    """Set aside, its terminal is free again, and could be asked for the older one. Found out, it
    is the newest, and goes back by its number."""
    shop = shared()
    waits(shop, OLD)
    late = in_doubt(shop, OLD, identity=at(1, 58))
    assert noticed(shop) == [late.asked.payment_id]
    assert shop.no(ReverseTender(1)) == Refusal.PAYMENT_MUST_BE_OF_TERMINAL_DAY
    hear(shop, Verdict.APPROVED, identity=at(1, 58), before=OLD, payment=late, is_inquiry=True)
    assert noticed(shop) == [late.asked.payment_id], "once"
    assert running(shop).asked.of_payment == late.asked.payment_id


def test_a_name_that_is_written_as_a_number_shows_nothing() -> None:
    """A nexo terminal's messages are named by the store, and no name is before another: one whose
    reply was lost is known by that alone."""
    shop = shared()
    named = Identity("V400m-324688171", None, 3_098_433_900_985_083, "1126", reference="REF3")
    waits(shop, named)
    in_doubt(shop, named, identity=Identity("V400m-324688171", None, 2_296_618_816_526_538))
    assert not noticed(shop)


def test_what_was_in_doubt_as_numbers_began_anew_is_for_a_person() -> None:
    """Found out afterwards, its number may be a stranger's."""
    shop = shared()
    late = in_doubt(shop, OLD, identity=Identity())
    sold(shop, at(1, 59), OLD)
    hear(shop, Verdict.APPROVED, identity=at(58, 58), before=OLD, payment=late, is_inquiry=True)
    assert shop.books.payments.at_terminal("terminal/1") is None
    (listed,) = shop.books.payments.exceptions.values()
    assert (listed.problem, listed.back_waits) == (Problem.LATE, False)
    assert shop.no(ReverseAgain(late.asked.payment_id)) == Refusal.PAYMENT_MUST_BE_OF_TERMINAL_DAY


@pytest.mark.parametrize("ended", [True, False])
def test_the_next_totals_say_whether_the_day_was_ended(ended: bool) -> None:
    """Those of the newest part alone: then the older one was ended at the terminal, and what that
    came to was never told. Those of all: its numbers had begun anew for another reason."""
    shop = shared()
    sold(shop, OLD, at(56, 56))
    sold(shop, at(1, 58), OLD)
    sold(shop, at(2, 59), at(1, 58))
    (day,) = shop.books.payments.days.values()
    assert day.parts == ((Taken(VISA, 1, 0, 350),), (Taken(VISA, 2, 0, 700),))
    count = 2 if ended else 3
    heard = end(shop, SettledTotal(VISA, count, count * 350))
    assert heard.lost == (tuple(noticed(shop)) if ended else ())
    assert [one.fault for one in heard.differences] == [DayFault.NOT_TOLD] * ended
    sold(shop, at(1, 60), at(2, 59))
    assert len(noticed(shop)) == 1, "that the store ended a day shows nothing new"


def test_days_that_are_always_ended_at_the_terminal_do_not_add_up() -> None:
    """What the store keeps of them is bounded; the oldest is out of reach as before, and the
    newest part is held against the totals by itself."""
    shop = shared()
    waits(shop, at(2, 1))
    last = at(2, 1)
    for number in range(DAY_PARTS_MAX + 8):
        sold(shop, at(1, number * 2 + 2), last)
        last = at(2, number * 2 + 3)
        sold(shop, last, at(1, number * 2 + 2))
    assert len(noticed(shop)) == DAY_PARTS_MAX + 8
    (day,) = shop.books.payments.days.values()
    assert (len(day.parts), len(day.unheard)) == (DAY_PARTS_MAX, DAY_PARTS_MAX - 1)
    assert sum(row.count for part in day.parts for row in part) == 2 * (DAY_PARTS_MAX + 8) + 1
    assert day.parts[-1] == (Taken(VISA, 2, 0, 700),)
    assert state_hash(shop.replayed()) == state_hash(shop.books)
    assert shop.no(ReverseTender(1)) == Refusal.PAYMENT_MUST_BE_OF_TERMINAL_DAY
    assert not end(shop, SettledTotal(VISA, 2, 700)).differences[DAY_PARTS_MAX:]
