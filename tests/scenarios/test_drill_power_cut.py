"""Fault drill: the power goes between taking the money and the receipt."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import attrs
import trio

from actors.errors import PostError
from engine.limits import DRAWER_KICK_EXPIRY_NS, NS_PER_S
from tests.store.harness import (
    CounterTop,
    Shop,
    StoreProcess,
    assert_verified,
    eventually,
    insist,
    open_counter,
    open_journal,
    open_link,
    own_config,
    receipt_numbers,
)

CUTS = 2


async def _pay_and_cut(shop: Shop, server: StoreProcess, dice: random.Random) -> None:
    """Ring up and pay; the power goes at some moment around the completion; ask again after it."""
    await insist(shop, "order.add_line", "1", {"code": "milk"})
    await insist(shop, "order.tender_cash", "1", {"amount_minor": 500})
    completion = shop.world.new_id()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_send, shop, completion)
        await trio.sleep(dice.uniform(0, 0.03))
        server.kill()
        nursery.cancel_scope.cancel()
    server.start()
    _, reply = await insist(shop, "order.complete", "1", {}, command_id=completion)
    assert reply.ok
    assert reply.data["change_minor"] == 371


async def _send(shop: Shop, completion: str) -> None:
    try:
        await shop.ask("order.complete", "1", command_id=completion, timeout_s=5.0)
    except PostError:
        return


async def _is_empty(shop: Shop) -> bool:
    try:
        return not await shop.queue()
    except PostError:
        return False


def _assert_each_came_out(counter: CounterTop, numbers: list[str]) -> None:
    """Each receipt is on paper whole, and unmarked at most once."""
    receipts = counter.receipts()
    for number in numbers:
        mine = [text for text in receipts if number in text]
        assert mine, f"{number} never came out"
        assert len([text for text in mine if "COPY" not in text]) <= 1, number
        assert all("Thank you" in text for text in mine)


async def test_the_power_goes_between_payment_and_receipt(folder: Path) -> None:
    """Paid is sold once, whatever the till was told; its receipt comes when the power is back, a
    second print says COPY, and a drawer that was not opened in time stays shut."""
    dice = random.Random(3)
    async with open_counter(folder) as counter:
        config = attrs.evolve(own_config(folder, one_process=False), devices=counter.devices())
        server = StoreProcess(config, children=True)
        with server:
            async with open_link(config, "till") as shop:
                await insist(shop, "store.state", "_office", {})
                await shop.seed(devices=True)
                await shop.open_register()
                for _ in range(CUTS):
                    await _pay_and_cut(shop, server, dice)
                # The last cut is exactly between the two: answered, and no device near.
                server.kill()
                server.children = False
                server.start()
                await insist(shop, "order.add_line", "1", {"code": "bread"})
                kicks = counter.kicks()
                await shop.do("order.tender_cash", amount_minor=350)
                assert (await shop.do("order.complete"))["receipt_number"] == "1-000003"
                server.kill()
                # Until nobody stands at the drawer any more.
                await trio.sleep(DRAWER_KICK_EXPIRY_NS / NS_PER_S)
                server.children = True
                server.start()
                await eventually(lambda: _is_empty(shop), "an empty queue", 60.0)
                x: dict[str, Any] = await shop.look("report.x")
                assert x["totals"]["total_minor"] == x["totals"]["tenders"]["cash"]
                assert x["totals"]["total_minor"] == CUTS * 129 + 350
                assert (await shop.look("till.state"))[
                    "expected_minor"
                ] == 10_000 + CUTS * 129 + 350
            assert server.stop() == 0
        with open_journal(config) as journal:
            records = journal.read(0, 10_000)
            assert receipt_numbers(records, "1") == [1, 2, 3]
        _assert_each_came_out(counter, [f"1-{number:06}" for number in range(1, 4)])
        last = [text for text in counter.receipts() if "1-000003" in text]
        assert len(last) == 1
        assert "COPY" not in last[0]
        assert counter.kicks() == kicks, "the drawer of the last sale was too late and stayed shut"
        assert_verified(config)
