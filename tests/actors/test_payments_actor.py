"""Who talks with terminals: at once, once, and also where the news of it was lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import attrs
import pytest
import trio
import trio.testing
from attrs import define, field

from actors.asks import Aside, Committed, ReadAside, ReadPayments, Reply, Submit
from actors.errors import BusyError
from actors.limits import INQUIRE_FIRST_S, LOOK_AGAIN_S
from actors.mailbox import Envelope, Mailbox
from actors.messages import Accepted
from actors.payments import PaymentsActor
from actors.terminal_messages import Abort, Heard, Inquire, Over, Request
from actors.world import ManualWorld
from engine.decision import EVENTS
from engine.order.commands import CompleteOrder, StartTendering, TenderCash
from engine.payment.commands import (
    CancelPayment,
    HearPayment,
    OpenTab,
    ReleaseTab,
    RequestPayment,
    SetPaymentAside,
)
from engine.payment.events import PaymentKept, PaymentRequested, Standing
from engine.payment.state import Payment
from engine.record import NewRecord
from engine.stamp import Stamp
from engine.terminal import Answer, Identity, Verdict
from engine.wire import structure, unstructure
from tests.card_shop import card_shop, hear, running, set_aside, told
from tests.shop import Shop

LAST = Identity("29001234", 1, 1, "1126", "101500")
NAMED = Identity("V400m-1", receipt=1, reference="2026-11-26T10:15:00Z T1")


@define(eq=False)
class AskedThen:
    """An ask that waits for nothing but to be waited for."""

    answer: Callable[[], Awaitable[Any]]

    async def wait(self) -> Any:
        """What it comes to."""
        return await self.answer()


@define(eq=False)
class Neighbours:
    """The bookkeeper of `shop`, and terminals that approve, or are in doubt and then decline, or
    wait for a card, or are at something else, where what was set aside is asked about; `requests`,
    `inquiries` and `aborts` are what they were asked, the last so often in vain as `full` says, and
    `looks` counts how often somebody asked what is open."""

    shop: Shop
    requests: list[Request] = field(factory=list)
    inquiries: list[Inquire] = field(factory=list)
    aborts: list[Abort] = field(factory=list)
    looks: int = 0
    full: int = 0
    is_in_doubt: bool = False
    is_waiting: bool = False
    is_at_something_else: bool = False

    async def ask(self, to: str, body: Any, **_: Any) -> Any:
        """Answer as they would."""
        await trio.lowlevel.checkpoint()
        match body:
            case ReadPayments():
                self.looks += 1
                return tuple(self.shop.books.payments.open.values())
            case Request():
                self.requests.append(body)
                if self.is_waiting:
                    await trio.sleep_forever()
                payment = self.shop.books.payments.open[body.request_id]
                verdict = Verdict.UNKNOWN if self.is_in_doubt else Verdict.APPROVED
                return Heard(body.request_id, told(payment, verdict))
            case ReadAside() if self.is_at_something_else:
                return tuple(Aside(one, True) for one in self.shop.books.payments.aside())
            case Inquire() if self.is_at_something_else:
                self.inquiries.append(body)
                known = self.shop.books.payments.exceptions[body.request_id]
                return Heard(body.request_id, told(known, Verdict.UNKNOWN, code="terminal_busy"))
            case Inquire():
                self.inquiries.append(body)
                open_now = self.shop.books.payments.open
                assert body.request_id in open_now, "asked about what nobody waits for any more"
                payment = open_now[body.request_id]
                named = attrs.evolve(NAMED, receipt=len(self.inquiries))
                return Heard(body.request_id, told(payment, Verdict.DECLINED, identity=named))
            case Abort():
                self.aborts.append(body)
                if len(self.aborts) <= self.full:
                    raise BusyError(to, "too much waits there")
                return Accepted()
            case Submit():
                assert (to, body.name) == ("bookkeeper", "payment.hear")
                heard = HearPayment(
                    body.data["payment_id"],
                    structure(body.data["answer"], Answer),
                    body.data["is_inquiry"],
                )
                return Reply(ok=True, data=self.shop.ok(heard, admin=True))
            case _:
                return ()

    def ask_nowait(self, to: str, body: Any, **_: Any) -> AskedThen:
        """Take it now, and answer when that is waited for."""
        return AskedThen(partial(self.ask, to, body))


def asked(shop: Shop) -> Payment:
    """A payment that the books have, and nobody heard of."""
    shop.ring("wine")
    shop.ok(RequestPayment())
    return running(shop)


def news_of(payment: Payment) -> Committed:
    """What the bookkeeper tells of it."""
    payment_id = payment.asked.payment_id
    events: list[Any] = [PaymentRequested(payment.asked, payment.remembered)]
    if payment.answer is not None:
        events.append(PaymentKept(payment_id, payment.answer))
    records = tuple(
        NewRecord(
            "live",
            f"payment/{payment_id}",
            number,
            EVENTS.name_of(event),
            payment_id,
            "max",
            "1",
            Stamp(payment.requested_ns, 0, "2026-11-26"),
            unstructure(event),
        ).at(number, 1)
        for number, event in enumerate(events, 1)
    )
    return Committed(1, len(records), records, frozenset(("1",)))


@pytest.fixture
async def actor(nursery: trio.Nursery) -> tuple[Mailbox, Neighbours]:
    """An actor that has looked once, its mailbox and its neighbours."""
    world = ManualWorld(follow=True)
    mailbox, neighbours = Mailbox("payments", world), Neighbours(card_shop())
    nursery.start_soon(PaymentsActor(lambda _: None).run, mailbox, neighbours, world)
    await trio.testing.wait_all_tasks_blocked()
    assert neighbours.looks == 1
    return mailbox, neighbours


async def test_a_request_that_was_committed_is_taken_to_its_terminal_at_once_and_once(
    actor: tuple[Mailbox, Neighbours], autojump_clock: trio.testing.MockClock
) -> None:
    """No look at the books comes before it, none of what is looked at later asks again, and the
    second time it carries what was written down with it."""
    mailbox, neighbours = actor
    for before in (None, LAST):
        payment = asked(neighbours.shop)
        news = Envelope("", "payments", "bookkeeper", news_of(payment))
        mailbox.put_nowait(news)
        await trio.testing.wait_all_tasks_blocked()
        mailbox.put_nowait(news)
        await trio.testing.wait_all_tasks_blocked()
        assert [one.before for one in neighbours.requests][-1] == before
        neighbours.shop.ok(CompleteOrder())
    assert (len(neighbours.requests), neighbours.looks) == (2, 1)
    await trio.sleep(30)
    assert len(neighbours.requests) == 2
    assert neighbours.looks > 1


async def test_what_no_news_told_of_is_found_by_looking(
    actor: tuple[Mailbox, Neighbours], autojump_clock: trio.testing.MockClock
) -> None:
    """News may be lost where a mailbox is full; the customer waits a moment, not for ever."""
    _, neighbours = actor
    payment = asked(neighbours.shop)
    await trio.sleep(11)
    assert [one.request_id for one in neighbours.requests] == [payment.asked.payment_id]
    assert not neighbours.shop.books.payments.open


async def test_who_asks_a_terminal_carries_what_it_told_before(
    actor: tuple[Mailbox, Neighbours], autojump_clock: trio.testing.MockClock
) -> None:
    """Whoever asks a terminal for money, or after a crash, knows a payment it must remember, if any
    was told."""
    mailbox, neighbours = actor
    neighbours.is_in_doubt = True
    neighbours.shop.ring("wine")
    for _ in range(2):
        neighbours.shop.ok(RequestPayment())
        news = news_of(running(neighbours.shop))
        mailbox.put_nowait(Envelope("", "payments", "bookkeeper", news))
        await trio.sleep(11)
        assert not neighbours.shop.books.payments.open
    assert [one.remembered for one in neighbours.inquiries] == [None, NAMED]
    assert [one.remembered for one in neighbours.requests] == [None, NAMED]


async def test_a_cancel_goes_to_its_own_payment_until_it_is_taken(
    actor: tuple[Mailbox, Neighbours], autojump_clock: trio.testing.MockClock
) -> None:
    """A terminal that could not take it for a moment is told in the next; once it has, never
    again; and it is told which payment, for it may be at another one by then."""
    mailbox, neighbours = actor
    neighbours.is_waiting, neighbours.full = True, 3
    payment = asked(neighbours.shop)
    payment_id = payment.asked.payment_id
    mailbox.put_nowait(Envelope("", "payments", "bookkeeper", news_of(payment)))
    neighbours.shop.ok(CancelPayment(payment_id))
    await trio.sleep(60)
    assert neighbours.aborts == [Abort(payment_id)] * 4


async def test_what_no_terminal_can_be_asked_for_is_not_sent_and_keeps_nobody(
    actor: tuple[Mailbox, Neighbours], autojump_clock: trio.testing.MockClock
) -> None:
    """A reservation without a receipt number cannot be let go by one: no terminal hears of it, it
    is before a person at once, and the next payment is asked for as ever."""
    mailbox, neighbours = actor
    shop = neighbours.shop
    order_id = shop.ring("wine")
    shop.ok(OpenTab(5000))
    hear(shop, Verdict.APPROVED, identity=Identity("29001234", 5, None, "1126", "101500"))
    shop.ok(StartTendering())
    shop.ok(TenderCash(799))
    shop.ok(ReleaseTab())
    release = running(shop)
    mailbox.put_nowait(Envelope("", "payments", "bookkeeper", news_of(release)))
    await trio.testing.wait_all_tasks_blocked()
    (listed,) = shop.books.payments.exceptions.values()
    assert (listed.asked.payment_id, listed.standing) == (
        release.asked.payment_id,
        Standing.ABORTED,
    )
    assert listed.answer is not None
    assert (listed.answer.code, neighbours.requests) == ("not_sent", [])
    assert listed.answer.detail == "", "these are the terminal's own words, and it said none"
    shop.ok(CompleteOrder())
    assert order_id not in shop.books.live.orders
    payment = asked(shop)
    mailbox.put_nowait(Envelope("", "payments", "bookkeeper", news_of(payment)))
    await trio.testing.wait_all_tasks_blocked()
    assert [one.request_id for one in neighbours.requests] == [payment.asked.payment_id]


@pytest.mark.parametrize("is_cancelled", [True, False])
async def test_who_asks_what_became_of_it_says_whether_it_was_cancelled(
    actor: tuple[Mailbox, Neighbours],
    autojump_clock: trio.testing.MockClock,
    is_cancelled: bool,
) -> None:
    """The terminal may never have heard the cancel, and still wait for a card."""
    mailbox, neighbours = actor
    neighbours.is_in_doubt = True
    payment = asked(neighbours.shop)
    if is_cancelled:
        neighbours.shop.ok(CancelPayment(payment.asked.payment_id))
    mailbox.put_nowait(Envelope("", "payments", "bookkeeper", news_of(payment)))
    await trio.sleep(11)
    assert [one.is_cancel_asked for one in neighbours.inquiries] == [is_cancelled]


async def test_what_nobody_waits_for_any_more_keeps_its_terminal_from_nobody(
    actor: tuple[Mailbox, Neighbours], autojump_clock: trio.testing.MockClock
) -> None:
    """Set aside between two questions, a payment is not asked about once more as if a customer
    stood there: the next one may be at that terminal already."""
    mailbox, neighbours = actor
    neighbours.is_in_doubt = True
    payment = asked(neighbours.shop)
    mailbox.put_nowait(Envelope("", "payments", "bookkeeper", news_of(payment)))
    await trio.sleep(INQUIRE_FIRST_S / 2)
    neighbours.shop.ok(SetPaymentAside(payment.asked.payment_id, "the customer left"))
    await trio.sleep(60)
    assert neighbours.inquiries == []


async def test_a_terminal_that_tells_that_it_is_done_is_asked_about_what_was_set_aside_at_once(
    actor: tuple[Mailbox, Neighbours], autojump_clock: trio.testing.MockClock
) -> None:
    """It was at the end of what the store had begun before it began anew, and could not be asked.
    When it is over it says so, and nobody waits for the next look."""
    mailbox, neighbours = actor
    set_aside(neighbours.shop)
    neighbours.is_at_something_else = True
    await trio.sleep(LOOK_AGAIN_S + 1)
    asked_by_then = len(neighbours.inquiries)
    assert asked_by_then == 1
    mailbox.put_nowait(Envelope("", "payments", "terminal/1", Over("of a store before")))
    await trio.sleep(0.1)
    assert len(neighbours.inquiries) == asked_by_then + 1
