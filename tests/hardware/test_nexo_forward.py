"""What a nexo terminal took offline: asked after by name, never in a sale's way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest
import trio

from actors.messages import Accepted, Failure
from actors.terminal_messages import Forward, Forwarded, KeepUpload, StoredPayment
from engine.terminal import Answer, Verdict
from hardware.terminal.actions import Done
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo.inquiry import uploaded
from hardware.terminal.nexo.jobs import Drop, Post
from hardware.terminal.nexo.play import Plan
from tests.hardware.nexo_rig import NexoShop, open_nexo, simulated
from tests.hardware.terminal_rig import ADDRESS, sale
from tests.hardware.test_nexo_session import SUCCESS, WHEN, Walk, answer_in, ended, paid, post_in

BOOKS = "books"
OFFLINE = attrs.evolve(sale(), offline_allowed=True)


@asynccontextmanager
async def desk(refusals: int = 0) -> AsyncIterator[tuple[NexoShop, list[KeepUpload]]]:
    """A shop, and who writes down what became of what was stored, but for the first `refusals`."""
    outlet, world = simulated()
    told: list[KeepUpload] = []

    async with trio.open_nursery() as nursery, open_nexo(outlet, world=world) as shop:

        async def keep() -> None:
            async for envelope in shop.rig.node.open(BOOKS):
                nonlocal refusals
                assert isinstance(envelope.body, KeepUpload)
                if refusals:
                    refusals -= 1
                    envelope.answer(Failure("disk_full"))
                    continue
                told.append(envelope.body)
                envelope.answer(Accepted())

        nursery.start_soon(keep)
        yield shop, told
        nursery.cancel_scope.cancel()


async def _ask(shop: NexoShop, stored: list[Answer]) -> str:
    payments = tuple(StoredPayment(f"p{number}", one) for number, one in enumerate(stored))
    forwarded = await shop.rig.post.ask(ADDRESS, Forward(payments, BOOKS), timeout_s=300)
    assert isinstance(forwarded, Forwarded)
    return forwarded.code


async def test_each_is_asked_after_by_name(autojump_clock: trio.testing.MockClock) -> None:
    """While it remembers what it told at the time, nothing is concluded; once its host was reached,
    one is paid, one is refused, and the count of what it stores is nought."""
    async with desk() as (shop, told):
        fake = shop.fake
        fake.is_offline, fake.offline_max_minor = True, 5000
        stored = []
        for refusal in ("", "05 Do not honour"):
            fake.plans.append(Plan(host_refusal=refusal))
            stored.append(await shop.device.request(OFFLINE))
        assert [one.is_offline for one in stored] == [True, True]
        assert fake.ledger.stored_count == 2
        assert await _ask(shop, stored) == "ok"
        assert told == []
        fake.is_offline = False
        assert fake.ledger.stored_count == 0
        assert await _ask(shop, stored) == "ok"
        assert [(one.payment_id, one.answer.verdict) for one in told] == [
            ("p0", Verdict.APPROVED),
            ("p1", Verdict.DECLINED),
        ]
        assert told[1].answer.detail == "05 Do not honour"
        assert fake.ledger.booked_minor == 1250


async def test_a_result_that_could_not_be_written_down_is_said_so(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The others are told all the same, and asked again the terminal tells of it again."""
    async with desk(refusals=1) as (shop, told):
        shop.fake.is_offline, shop.fake.offline_max_minor = True, 5000
        stored = [await shop.device.request(OFFLINE) for _ in range(2)]
        shop.fake.is_offline = False
        assert await _ask(shop, stored) == "not_kept"
        assert [one.payment_id for one in told] == ["p1"]
        assert await _ask(shop, stored[:1]) == "ok"
        assert [one.payment_id for one in told] == ["p1", "p0"]


async def test_a_pulled_cable_ends_the_round(autojump_clock: trio.testing.MockClock) -> None:
    """The others would be answered the same; nothing is concluded."""
    async with desk() as (shop, told):
        shop.fake.is_offline, shop.fake.offline_max_minor = True, 5000
        stored = [await shop.device.request(OFFLINE) for _ in range(2)]
        shop.fake.is_offline = False
        await shop.fake.cut()
        assert await _ask(shop, stored) in ("unreachable", "link_lost", "no_reply", "terminal_busy")
        assert told == []


@pytest.mark.parametrize("gives_way", [True, False])
def test_a_sale_ends_the_question(gives_way: bool) -> None:
    """The question is dropped where it stands, and the payment goes out at once; what came before
    it is still what the terminal did last. One that somebody waited for is over too: no customer
    comes to a terminal while an older payment is open."""
    walk = Walk()
    stored = attrs.evolve(answer_in([*_paid(walk)]), is_offline=True)
    before = walk.session.last
    asked = post_in(walk.session.inquire("i", stored, walk.now_ns, gives_way=gives_way))
    actions = walk.session.transact("r2", sale(), walk.now_ns, when=WHEN)
    assert len(actions) == 4, "it is asked for money at once"
    dropped, done, post, _ = actions
    assert dropped == Drop(asked.service_id)
    assert isinstance(done, Done)
    assert isinstance(done.result, Answer)
    assert ended(done.result) == ("unknown", "terminal_busy")
    assert isinstance(post, Post)
    assert isinstance(post.ask, m.PaymentAsk)
    assert walk.reply(asked, m.StatusTold(SUCCESS)) == []
    assert walk.session.last == before


def test_it_waits_for_a_sale() -> None:
    """Nothing is sent while somebody pays."""
    walk = Walk()
    stored = attrs.evolve(answer_in([*_paid(walk)]), is_offline=True)
    walk.pay(job_id="r2")
    answer = answer_in(walk.session.inquire("i", stored, walk.now_ns, gives_way=True))
    assert ended(answer) == ("unknown", "terminal_busy")


def test_only_an_end_is_a_result() -> None:
    """Still offline, of another amount, taken back or unknown: nothing became of it yet."""
    stored = attrs.evolve(answer_in([*_paid(Walk())]), is_offline=True)
    online = attrs.evolve(stored, is_offline=False)
    assert uploaded(stored, online) == online
    assert uploaded(stored, stored) is None
    assert uploaded(stored, attrs.evolve(online, amount_minor=1)) is None
    for verdict in (Verdict.UNKNOWN, Verdict.ABORTED):
        assert uploaded(stored, attrs.evolve(online, verdict=verdict)) is None
    declined = attrs.evolve(online, verdict=Verdict.DECLINED, amount_minor=0)
    assert uploaded(stored, declined) == declined


def _paid(walk: Walk) -> list[Done]:
    walk.reply(walk.pay(), paid())
    return [one for one in walk.keep() if isinstance(one, Done)]
