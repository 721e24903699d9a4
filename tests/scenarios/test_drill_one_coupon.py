"""Fault drill: one coupon, two registers, and a store that is killed in between."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import trio

from actors.asks import Reply
from tests.store.harness import (
    OwnShop,
    StoreProcess,
    assert_verified,
    insist,
    open_link,
    open_shop,
    own_config,
)

ROUNDS = 8
PROMOTION: dict[str, Any] = {
    "id": "voucher",
    "name": "Voucher",
    "benefit": {"kind": "cart", "off": {"kind": "amount", "value": 100}},
    "coupon": {"id": "mail", "kind": "pattern", "code": "M-", "length": 10},
}


def _code(number: int) -> str:
    return f"M-{number:08}"


async def _race(shop: OwnShop, code: str, dice: random.Random) -> dict[str, Reply]:
    """Both registers show the code, as a scan or typed, one a little later or not."""
    replies: dict[str, Reply] = {}

    async def show(register: str, turns: int) -> None:
        for _ in range(turns):
            await trio.lowlevel.checkpoint()
        name = dice.choice(("order.present_coupon", "order.add_line"))
        replies[register] = await shop.ask(name, register, {"code": code})

    async with trio.open_nursery() as nursery:
        for register in dice.sample(("1", "2"), 2):
            nursery.start_soon(show, register, dice.randrange(12))
    return replies


async def _batch(shop: OwnShop, code: str, dice: random.Random) -> dict[str, Reply]:
    """Both are found waiting in one batch."""
    waiting = [shop.submit("order.present_coupon", register, code=code) for register in ("1", "2")]
    dice.shuffle(waiting)
    answers = await shop.together(*waiting)
    return {one.register: reply for one, reply in zip(waiting, answers, strict=True)}


@pytest.mark.feature("PRC-03")
@pytest.mark.parametrize("show", [_race, _batch], ids=["one after the other", "at once"])
async def test_one_coupon_is_used_once_at_two_registers(tmp_path: Path, show: Any) -> None:
    """One has it and the other is told where it is; once sold it is used, also after a restart."""
    dice = random.Random(11)
    async with open_shop(tmp_path) as shop:
        await shop.open_register("2", "max")
        await shop.office("promotions.set", promotions=[PROMOTION])
        winners = set()
        for number in range(ROUNDS):
            for register in ("1", "2"):
                await shop.do("order.add_line", register, code="wine")
            replies = await show(shop, _code(number), dice)
            (winner,) = (register for register, reply in replies.items() if reply.ok)
            (loser,) = set(replies) - {winner}
            assert replies[loser].refusal == {
                "code": "coupon_must_not_be_presented",
                "fields": {"code": _code(number), "register": winner},
            }
            winners.add(winner)
            for register, due in ((loser, 799), (winner, 699)):
                await shop.do("order.tender_cash", register, amount_minor=due)
                assert (await shop.do("order.complete", register))["total_minor"] == due
            refused = await shop.refused("order.present_coupon", loser, code=_code(number))
            assert refused == "coupon_must_not_be_used"
        assert winners == {"1", "2"}, "each came first now and then"
    async with open_shop(tmp_path, ready=False) as shop:
        for number in range(ROUNDS):
            refused = await shop.refused("order.present_coupon", code=_code(number))
            assert refused == "coupon_must_not_be_used"
        config = shop.store.config
    assert_verified(config)


@pytest.mark.feature("PRC-03", part="after a crash")
async def test_a_coupon_that_was_taken_stays_taken_over_a_crash(folder: Path) -> None:
    """Killed while it is held, the other register does not get it; killed while it is being sold,
    it is used up once."""
    config = own_config(folder, one_process=False)
    with StoreProcess(config) as server:
        async with open_link(config, "till") as shop:
            await insist(shop, "store.state", "_office", {})
            await shop.seed()
            for register in ("1", "2"):
                await shop.open_register(register)
            await shop.office("promotions.set", promotions=[PROMOTION])
            for register in ("1", "2"):
                await shop.do("order.add_line", register, code="wine")
            await shop.do("order.present_coupon", code=_code(1))
            server.kill()
            server.start()
            await insist(shop, "store.state", "_office", {})
            refused = await shop.refused("order.present_coupon", "2", code=_code(1))
            assert refused == "coupon_must_not_be_presented"
            await shop.do("order.tender_cash", amount_minor=699)
            completion = shop.world.new_id()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_complete, shop, completion)
                await trio.sleep(0.01)
                server.kill()
                nursery.cancel_scope.cancel()
            server.start()
            _, reply = await insist(shop, "order.complete", "1", {}, command_id=completion)
            assert reply.data["total_minor"] == 699
            refused = await shop.refused("order.present_coupon", "2", code=_code(1))
            assert refused == "coupon_must_not_be_used"
        assert server.stop() == 0
    assert_verified(config)


async def _complete(shop: Any, completion: str) -> None:
    with trio.move_on_after(5.0):
        await insist(shop, "order.complete", "1", {}, command_id=completion)
