"""Fault drill: somebody sets the clock, an hour, a day, or to 1970, while the shop sells."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio

from actors.world import SystemWorld
from engine.stamp import local_time
from tests.store.harness import (
    CounterTop,
    OwnShop,
    assert_verified,
    eventually,
    open_counter,
    open_shop,
    receipt_numbers,
)

NS_PER_S = 10**9
HOUR_S, DAY_S = 3_600, 86_400
JUMPS_S = (HOUR_S, -2 * HOUR_S, DAY_S, -2 * DAY_S, DAY_S + HOUR_S)


class JumpyWorld(SystemWorld):
    """The machine's own world, with a date that people set; its steady clock is the real one."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead_ns = 0

    def now_ns(self) -> int:
        """The date as it is set."""
        return super().now_ns() + self.ahead_ns

    def jump(self, seconds: int) -> None:
        """Set the date so much later, or earlier."""
        self.ahead_ns += seconds * NS_PER_S

    def set_date(self, now_ns: int) -> None:
        """Set the date."""
        self.ahead_ns = now_ns - super().now_ns()


async def _quiet(shop: OwnShop) -> None:
    """Until printer and drawer are there and nothing waits for them."""

    async def is_quiet() -> bool:
        view = await shop.look("register.state")
        states = {device["address"]: device["state"] for device in view["devices"]}
        ready = states.get("printer/1") == states.get("drawer/1") == "ready"
        return ready and not view["queue"]

    await eventually(is_quiet, "an empty queue")


async def _sell_around(shop: OwnShop, counter: CounterTop, world: JumpyWorld, to_s: int) -> None:
    """A sale in which the clock jumps while ringing up, again while paying, and comes back."""
    kicks, receipts = counter.kicks(), len(counter.receipts())
    await shop.do("order.add_line", code="bread")
    world.jump(to_s)
    await shop.do("order.add_line", code="milk")
    await shop.do("order.tender_cash", amount_minor=500)
    world.jump(-to_s)
    began = trio.current_time()
    answer = await shop.do("order.complete")
    world.jump(to_s)
    assert (answer["total_minor"], answer["change_minor"]) == (479, 21)
    await counter.wait_kicks(kicks + 1)
    paper = (await counter.wait_receipts(receipts + 1))[-1]
    assert answer["receipt_number"] in paper
    assert "COPY" not in paper
    await _quiet(shop)
    assert trio.current_time() - began < 10, "neither drawer nor paper wait for the date"
    assert counter.kicks() == kicks + 1


async def _lock_out(shop: OwnShop, world: JumpyWorld) -> None:
    """Too many wrong PINs lock; a clock set back ends no lock, a new PIN does."""
    for _ in range(5):
        await shop.refused("staff.sign_on", "2", operator="ana", pin="9998")
    world.jump(-HOUR_S)
    locked = await shop.refused("staff.sign_on", "2", operator="ana", pin="1111")
    assert locked == "operator_must_not_be_locked"
    await shop.office("staff.change_pin", operator="ana", pin="2468")
    await shop.do("staff.sign_on", "2", operator="ana", pin="2468")
    world.jump(HOUR_S)


async def test_the_clock_jumps_while_the_shop_sells(folder: Path) -> None:
    """An hour, a day and to 1970, forwards and back, in the middle of sales: each prints and opens
    its drawer at once and once, numbers and lists keep the order of the sales, a lock holds
    and a new PIN ends it, the Z adds up and is dated by the shop's own day."""
    world = JumpyWorld()
    async with (
        open_counter(folder) as counter,
        open_shop(folder, counter=counter, world=world) as shop,
    ):
        await _quiet(shop)
        today = shop.records()[-1].stamp.business_date
        for to_s in JUMPS_S:
            await _sell_around(shop, counter, world, to_s)
        world.ahead_ns = 0
        then = -SystemWorld().now_ns() // NS_PER_S + HOUR_S
        await _sell_around(shop, counter, world, then)
        for pin in ("0000", "9998", "1234"):
            reply = await shop.ask("staff.sign_on", data={"operator": "max", "pin": pin})
            assert reply.ok == (pin == "1234"), reply
        assert local_time(world.now_ns(), 0).startswith("1970")
        await _lock_out(shop, world)
        world.ahead_ns = 0

        sales = len(JUMPS_S) + 1
        assert receipt_numbers(shop.records(), "1") == list(range(1, sales + 1))
        head = shop.store.journal.head().position
        await eventually(lambda: shop.store.views.position == head, "views at the head")
        rows = await shop.look("receipts.find", text="")
        newest_first = [f"1-{number:06}" for number in range(sales, 0, -1)]
        assert [row["receipt_number"] for row in rows] == newest_first
        await shop.do("till.count", denominations=[{"value_minor": 1, "count": 10_000}])
        closed = await shop.do("till.close")
        assert closed["expected_minor"] == 10_000 + sales * 479
        await shop.do("register.close_day")
        (z,) = (record.data for record in shop.records("register.day_closed/1"))
        assert (z["totals"]["sales"], z["totals"]["total_minor"]) == (sales, sales * 479)
        assert z["business_date"] == today
        config, digest = shop.store.config, shop.hash()
    assert_verified(config)
    async with open_shop(folder, ready=False) as again:
        assert again.hash() == digest


@pytest.mark.parametrize("to_s", [-HOUR_S, HOUR_S, -DAY_S, -50 * 365 * DAY_S])
async def test_a_jump_makes_no_drawer_late_and_no_receipt_wait(folder: Path, to_s: int) -> None:
    """With the printer's cable out the kick is given up after three seconds of anybody's watch,
    wherever the date went; back in time it still opens; the receipt prints at once, unmarked."""
    world = JumpyWorld()
    async with (
        open_counter(folder) as counter,
        open_shop(folder, counter=counter, world=world) as shop,
    ):
        await _quiet(shop)
        kicks = counter.kicks()
        await counter.printer.carrier.unplug()
        began = trio.current_time()
        await shop.sell("milk")
        world.jump(to_s)

        async def given_up() -> bool:
            return [entry["kind"] for entry in await shop.queue()] == ["printer.print/1"]

        await eventually(given_up, "the kick to be given up")
        assert 2.9 < trio.current_time() - began < 15
        assert all(entry["age_s"] >= 0 for entry in await shop.queue())
        await counter.printer.carrier.plug()
        (paper,) = await counter.wait_receipts(1)
        assert "COPY" not in paper
        await _quiet(shop)
        assert counter.kicks() == kicks, "a drawer that opens by surprise"


async def test_the_clock_jumps_around_the_end_of_the_business_day(folder: Path) -> None:
    """Set across the cut-off and back between two sales: each sale is dated by the clock it had,
    all are in the one running total, and the Z is of the day it is made on."""
    world = JumpyWorld()
    # 03:50 on 24 November 2026 by the shop's clock; its day ends at 04:00.
    before_ns = 1_795_488_600 * NS_PER_S
    world.set_date(before_ns)
    async with open_shop(folder, world=world) as shop:
        for jump_s in (0, HOUR_S, -HOUR_S, DAY_S, -DAY_S):
            world.jump(jump_s)
            await shop.sell("bread")
        sold = [record.stamp.business_date for record in shop.records("order.completed/1")]
        assert sold == ["2026-11-23", "2026-11-24", "2026-11-23", "2026-11-24", "2026-11-23"]
        x = await shop.look("report.x")
        assert (x["totals"]["sales"], x["totals"]["total_minor"]) == (5, 5 * 350)
        await shop.do("till.count", denominations=[])
        await shop.do("till.close")
        await shop.do("register.close_day")
        (z,) = (record.data for record in shop.records("register.day_closed/1"))
        assert (z["business_date"], z["totals"]["sales"]) == ("2026-11-23", 5)
        config = shop.store.config
    assert_verified(config)
