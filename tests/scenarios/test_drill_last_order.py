"""Fault drill: two registers reach for the one order that is still parked."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import trio

from actors.asks import Reply
from tests.store.harness import OwnShop, assert_verified, open_shop, receipt_numbers

ROUNDS = 12


async def _park(shop: OwnShop, register: str) -> str:
    await shop.do("order.add_line", register, code="wine")
    parked: str = (await shop.do("order.suspend", register, label="hat"))["order_id"]
    return parked


def _one_winner(replies: dict[str, Reply], order_id: str) -> tuple[str, str]:
    """(who got it, who did not); the other was told who has it."""
    won = [register for register, reply in replies.items() if reply.ok]
    assert len(won) == 1, replies
    (lost,) = set(replies) - set(won)
    refusal = replies[lost].refusal
    assert refusal == {
        "code": "order_must_be_suspended",
        "fields": {"order_id": order_id, "register": won[0]},
    }
    return won[0], lost


async def _sold_once(shop: OwnShop, winner: str, loser: str, order_id: str) -> None:
    """The one sells it, the other sells something else meanwhile; each gets its own money."""
    assert await shop.look("orders.suspended", winner) == []
    await shop.do("order.tender_cash", winner, amount_minor=1_000)
    await shop.sell("milk", register=loser, paid_minor=129)
    assert (await shop.do("order.complete", winner))["change_minor"] == 201
    refused = await shop.refused("order.resume", loser, order_id=order_id)
    assert refused == "order_must_be_suspended"


async def _race(shop: OwnShop, order_id: str, dice: random.Random) -> dict[str, Reply]:
    """Both ask through their own registers, one a little later or not, either first."""
    replies: dict[str, Reply] = {}

    async def reach(register: str, turns: int) -> None:
        for _ in range(turns):
            await trio.lowlevel.checkpoint()
        reply = await shop.ask("order.resume", register, {"order_id": order_id})
        replies[register] = reply

    async with trio.open_nursery() as nursery:
        for register in dice.sample(("1", "2"), 2):
            nursery.start_soon(reach, register, dice.randrange(12))
    return replies


async def _batch(shop: OwnShop, order_id: str, dice: random.Random) -> dict[str, Reply]:
    """Both are found waiting in the same batch, one of them twice under one id, in any order."""
    first, second = (shop.submit("order.resume", r, order_id=order_id) for r in ("1", "2"))
    waiting: list[Any] = [first, second, dice.choice((first, second))]
    dice.shuffle(waiting)
    answers = await shop.together(*waiting)
    replies: dict[str, Reply] = {}
    for submit, reply in zip(waiting, answers, strict=True):
        same = replies.setdefault(submit.register, reply)
        assert same == reply, "a repeat gets the one answer"
    return replies


@pytest.mark.parametrize("reach", [_race, _batch], ids=["one after the other", "at once"])
async def test_two_registers_and_the_last_suspended_order(tmp_path: Path, reach: Any) -> None:
    """Two registers reach for one parked order: one has it, the other is told who, and it is sold
    once; both sell on."""
    dice = random.Random(7)
    async with open_shop(tmp_path) as shop:
        await shop.open_register("2", "max")
        winners = set()
        for number in range(ROUNDS):
            order_id = await _park(shop, "1" if number % 2 else "2")
            replies = await reach(shop, order_id, dice)
            winner, loser = _one_winner(replies, order_id)
            winners.add(winner)
            await _sold_once(shop, winner, loser, order_id)
        assert winners == {"1", "2"}, "each came first now and then"
        records, cash_minor = shop.records(), 0
        for register in ("1", "2"):
            numbers = receipt_numbers(records, register)
            assert numbers == list(range(1, len(numbers) + 1))
            totals = (await shop.look("report.x", register))["totals"]
            assert totals["total_minor"] == totals["tenders"]["cash"]
            cash_minor += totals["total_minor"]
        assert cash_minor == ROUNDS * (799 + 129)
        config = shop.store.config
    assert_verified(config)
