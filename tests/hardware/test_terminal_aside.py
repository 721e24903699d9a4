"""Asked what became of a payment, a ZVT terminal turns no customer away."""

from __future__ import annotations

import attrs
import pytest
import trio
import trio.testing

from actors.terminal_messages import Heard, Inquire, Request
from engine.terminal import Answer, Verdict
from hardware.terminal.zvt import codec
from hardware.terminal.zvt.person import Plan
from tests.hardware.terminal_rig import ADDRESS, KEEPER, Shop, open_shop, sale, simulated


async def doubted(shop: Shop) -> Answer:
    """A payment that the terminal approved, and nobody heard of: what is known of it."""
    before = await shop.device.request(sale())
    lost = await shop.device.request(sale(900))
    assert (before.verdict, lost.verdict) == (Verdict.APPROVED, Verdict.APPROVED)
    blank = Answer(Verdict.UNKNOWN, lost.kind, 900, "no_answer", currency_code=978)
    return attrs.evolve(blank, before=before.identity)


@pytest.mark.parametrize("gives_way", [True, False])
@pytest.mark.parametrize("slow_s", [1, 8])
async def test_a_customer_goes_before_the_question(
    autojump_clock: trio.testing.MockClock, gives_way: bool, slow_s: int
) -> None:
    """A payment asked for while it is out waits for its end, however long that is, and is taken.
    Whoever waited for the answer may have set that payment aside meanwhile."""
    end, world = simulated()
    async with open_shop(end, world=world) as shop, trio.open_nursery() as nursery:
        doubt = await doubted(shop)
        is_asked = trio.Event()
        recall = shop.fake._recall

        async def slowly() -> None:
            is_asked.set()
            await shop.fake._send(codec.ACKNOWLEDGE)
            await world.sleep(slow_s)
            await recall()

        shop.fake._recall = slowly  # type: ignore[method-assign]
        found: list[Answer] = []

        async def inquire() -> None:
            ask = Inquire("p1", doubt, gives_way=gives_way)
            heard: Heard = await shop.rig.post.ask(ADDRESS, ask, timeout_s=30)
            found.append(heard.answer)

        nursery.start_soon(inquire)
        await is_asked.wait()
        shop.fake.plans.append(Plan(card="tap"))
        heard: Heard = await shop.rig.post.ask(
            ADDRESS, Request("p2", sale(900), KEEPER), timeout_s=300
        )
        paid = heard.answer
        assert (paid.verdict, paid.code) == (Verdict.APPROVED, "ok")
        while not found:  # noqa: ASYNC110
            await trio.sleep(0.1)
        assert (found[0].verdict, found[0].identity.receipt) == (Verdict.APPROVED, 2)
        assert (paid.identity.receipt, paid.before) == (3, found[0].identity)
        assert shop.doubts[-1].before == paid.before


async def test_the_question_waits_for_a_customer(autojump_clock: trio.testing.MockClock) -> None:
    """While a card is awaited it is not asked at all, and nothing is concluded."""
    end, world = simulated()
    async with open_shop(end, world=world) as shop, trio.open_nursery() as nursery:
        doubt = await doubted(shop)
        shop.fake.plans.append(Plan(card="none"))
        recalls = shop.fake.heard.count(codec.RECALL)
        nursery.start_soon(shop.device.request, sale(500))
        await trio.sleep(1)
        ask = Inquire("p1", doubt, gives_way=True)
        heard: Heard = await shop.rig.post.ask(ADDRESS, ask, timeout_s=30)
        assert (heard.answer.verdict, heard.answer.code) == (Verdict.UNKNOWN, "terminal_busy")
        assert shop.fake.heard.count(codec.RECALL) == recalls
        await shop.device.abort()
