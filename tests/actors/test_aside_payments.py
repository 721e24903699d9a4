"""Payments nobody waits for: their terminals are asked when they can be, and never pestered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import trio
import trio.testing
from attrs import define, field

from actors.aside_payments import AsidePayments
from actors.asks import Aside, ReadAside, Reply, Submit
from actors.errors import AbsentError
from actors.terminal_messages import Heard, Inquire
from actors.world import ManualWorld
from engine.decision import COMMANDS
from engine.order.commands import CompleteOrder
from engine.payment.commands import (
    CloseException,
    HearPayment,
    RequestPayment,
    TakeBack,
)
from engine.payment.state import Payment
from engine.terminal import IDENTITY_TAKEN, Answer, Identity, Kind, Verdict
from engine.wire import structure
from tests.card_shop import card_shop, hear, running, set_aside, told
from tests.shop import Shop

TAKE_BACK = COMMANDS.name_of(TakeBack)


@define(eq=False)
class Around:
    """The bookkeeper of `shop`, and a terminal that `says` what became of a payment, or that is
    gone where that is None. `inquiries` is what it was asked, `is_well` what it says of itself."""

    shop: Shop
    says: Callable[[Payment], Answer] | None = None
    is_well: bool = True
    inquiries: list[Inquire] = field(factory=list)
    submitted: list[str] = field(factory=list)
    world: ManualWorld = field(factory=lambda: ManualWorld(follow=True))
    heard: list[Answer] = field(factory=list)

    async def ask(self, to: str, body: Any, **_: Any) -> Any:
        """Answer as they would."""
        await trio.lowlevel.checkpoint()
        payments = self.shop.books.payments
        match body:
            case ReadAside():
                return tuple(
                    Aside(one, self.is_well and payments.is_free(one.asked.terminal))
                    for one in payments.aside()
                )
            case Inquire():
                self.inquiries.append(body)
                if self.says is None:
                    raise AbsentError(to, "the cable is out")
                payment = payments.exceptions[body.request_id]
                return Heard(body.request_id, self.says(payment))
            case Submit(name=name, data=data, admin=True):
                assert (to, name) == ("bookkeeper", TAKE_BACK)
                self.submitted.append(name)
                decision = self.shop.when(structure(data, TakeBack), admin=True)
                return Reply(ok=decision.refused is None)
            case _:
                raise AssertionError(f"{to} was asked {body}")

    async def hear(
        self, payment: Payment, answer: Answer, _post: Any, _world: Any, *, is_inquiry: bool
    ) -> bool:
        """As the actor of the payments has it journaled."""
        await trio.lowlevel.checkpoint()
        self.heard.append(answer)
        body = HearPayment(payment.asked.payment_id, answer, is_inquiry)
        standing: str = self.shop.ok(body, admin=True)["standing"]
        return standing not in ("requested", "unknown")

    async def looks(self, aside: AsidePayments, seconds: int) -> None:
        """Look every second for so long, as the actor does every ten."""
        async with trio.open_nursery() as nursery:
            for _ in range(seconds):
                await aside.look(nursery, self, self.world)
                await self.world.sleep(1)


def begun(says: Callable[[Payment], Answer] | None) -> tuple[Around, AsidePayments, Payment]:
    """A shop with a payment set aside, and who asks after it."""
    shop = card_shop()
    payment = set_aside(shop)
    around = Around(shop, says)
    return around, AsidePayments(around.hear), payment


async def test_what_turns_out_to_be_paid_goes_back_without_a_person(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Asked once its terminal is free, in a way that keeps no customer waiting; what was paid is
    asked back in the same breath."""
    around, aside, payment = begun(lambda one: told(one, Verdict.APPROVED))
    await around.looks(aside, 3)
    assert [(one.request_id, one.gives_way) for one in around.inquiries] == [
        (payment.asked.payment_id, True)
    ]
    back = running(around.shop).asked
    assert (back.kind, back.of_payment) == (Kind.REVERSAL, payment.asked.payment_id)
    assert around.submitted == []
    hear(around.shop, Verdict.APPROVED, 2)
    await around.looks(aside, 30)
    assert (len(around.inquiries), aside.is_any) == (1, False)
    assert not around.shop.books.payments.exceptions


async def test_what_waits_to_go_back_is_asked_for_as_soon_as_its_terminal_is_free(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Not while the next customer is at it, and not while it says that it is not well; once, also
    where it says no."""
    around, aside, payment = begun(None)
    shop = around.shop
    shop.ring("bread")
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, payment=payment, is_inquiry=True)
    await around.looks(aside, 30)
    hear(shop, Verdict.APPROVED, 2)
    shop.ok(CompleteOrder())
    around.is_well = False
    await around.looks(aside, 30)
    assert around.submitted == []
    around.is_well = True
    await around.looks(aside, 2)
    assert running(shop).asked.of_payment == payment.asked.payment_id
    hear(shop, Verdict.DECLINED, 3)
    await around.looks(aside, 700)
    assert (around.submitted, around.inquiries) == ([TAKE_BACK], [])


async def test_of_several_the_newest_is_asked_about_first(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """What a terminal that tells its last alone did is more likely the last that it was asked for:
    an older one of the same amount was not the last any more when that was begun."""
    around, aside, first = begun(lambda one: told(one, Verdict.APPROVED, 7))
    second = set_aside(around.shop)
    await around.looks(aside, 3)
    asked = [one.request_id for one in around.inquiries]
    assert asked == [second.asked.payment_id, first.asked.payment_id]
    assert running(around.shop).asked.of_payment == second.asked.payment_id
    assert around.shop.books.payments.exceptions[first.asked.payment_id].is_open


async def test_a_terminal_that_tells_nothing_is_asked_more_and_more_seldom(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """In an hour a few times; at once after it did something else, and again when it came back.
    Nothing of it is in the journal, and once a person closed it, it is asked no more."""
    around, aside, payment = begun(None)
    await around.looks(aside, 3600)
    an_hour = len(around.inquiries)
    assert 8 <= an_hour <= 20
    assert around.heard == []
    aside.ask_anew()
    await around.looks(aside, 3)
    assert len(around.inquiries) == an_hour + 1
    around.is_well = False
    await around.looks(aside, 2)
    around.is_well = True
    await around.looks(aside, 2)
    assert len(around.inquiries) == an_hour + 2
    around.shop.ok(CloseException(payment.asked.payment_id, "not on its report"))
    await around.looks(aside, 700)
    assert len(around.inquiries) == an_hour + 2


async def test_a_terminal_that_was_at_something_else_is_asked_again_soon(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """It may be at the end of that very payment, which the store that began it no longer waits for:
    that it was not asked is no reason to ask it more seldom."""
    around, aside, _ = begun(lambda one: told(one, Verdict.UNKNOWN, code="terminal_busy"))
    await around.looks(aside, 200)
    assert 18 <= len(around.inquiries) <= 20
    assert around.heard == []


async def test_what_is_another_payments_is_written_down_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """A terminal that only tells its last says the same for ever: the journal has it once."""
    around, aside, payment = begun(lambda one: told(one, Verdict.APPROVED, 7))
    shop = around.shop
    shop.ring("wine")
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 7)
    shop.ok(CompleteOrder())
    await around.looks(aside, 700)
    assert len(around.inquiries) > 3
    assert len(around.heard) == 1
    left = shop.books.payments.exceptions[payment.asked.payment_id]
    assert left.answer is not None
    assert left.answer.code == IDENTITY_TAKEN


@pytest.mark.parametrize("code", ["not_found", "terminal_busy"])
async def test_only_what_is_not_found_twice_is_abandoned(
    autojump_clock: trio.testing.MockClock, code: str
) -> None:
    """By an idle terminal that remembers what came before; one that was busy said nothing."""
    around, aside, _ = begun(lambda one: told(one, Verdict.UNKNOWN, code=code))
    await around.looks(aside, 60)
    is_over = not around.shop.books.payments.exceptions
    assert is_over is (code == "not_found")
    assert len(around.heard) == (2 if is_over else 0)


async def test_a_try_that_never_began_is_tried_again_and_not_in_a_hurry(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The cable goes whenever it is asked: in ten minutes a few times, each in the journal, and the
    payment alone is before a person; then it takes it back."""
    around, aside, payment = begun(None)
    shop = around.shop
    hear(shop, Verdict.APPROVED, payment=payment, is_inquiry=True)
    hear(shop, Verdict.ABORTED, code="not_sent", identity=Identity())
    for _ in range(600):
        aside.ask_anew()
        await around.looks(aside, 1)
        if shop.books.payments.at_terminal("terminal/1") is not None:
            await around.looks(aside, 1)
            hear(shop, Verdict.ABORTED, code="not_sent", identity=Identity())
        assert list(shop.books.payments.exceptions) == [payment.asked.payment_id]
    assert 3 <= len(around.submitted) <= 12
    while shop.books.payments.at_terminal("terminal/1") is None:
        await around.looks(aside, 1)
    hear(shop, Verdict.APPROVED, 9)
    assert not shop.books.payments.exceptions
