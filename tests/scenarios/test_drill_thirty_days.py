"""A shop that trades for thirty days while nothing outside of it is ever reached."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from pathlib import Path

import attrs
import pytest
import trio

from actors.world import SystemWorld
from countertop.child_nodes import run_child
from engine.image import image_of
from engine.wire import canonical
from tests.store.harness import (
    PATIENCE_S,
    CounterTop,
    OwnShop,
    assert_verified,
    eventually,
    open_counter,
    open_shop,
    own_config,
    receipt_numbers,
)

DAYS = 30
SALES_A_DAY = 3
NS_PER_S = 10**9
REGISTERS = ("1", "2")


class DaysWorld(SystemWorld):
    """The machine's own world from a given moment on, in which nights can be skipped: both clocks
    go on together."""

    def __init__(self, start_ns: int) -> None:
        super().__init__()
        self.skipped_ns = 0
        self.ahead_ns = start_ns - super().now_ns()

    def now_ns(self) -> int:
        """The date, nights included."""
        return super().now_ns() + self.ahead_ns + self.skipped_ns

    def monotonic_ns(self) -> int:
        """The steady clock, nights included."""
        return super().monotonic_ns() + self.skipped_ns

    def skip(self, seconds: int) -> None:
        """Let the shop be closed for so long."""
        self.skipped_ns += seconds * NS_PER_S


async def _a_day(shop: OwnShop) -> None:
    """Sales at both registers, one parked overnight and sold the next day; counted and closed."""
    for register in REGISTERS:
        if not (await shop.look("till.state", register))["is_open"]:
            await shop.do(
                "till.open", register, denominations=[{"value_minor": 1_000, "count": 10}]
            )
        for parked in await shop.look("orders.suspended", register):
            await shop.do("order.resume", register, order_id=parked["order_id"])
            await shop.do("order.tender_cash", register, amount_minor=799)
            await shop.do("order.complete", register)
        for _ in range(SALES_A_DAY):
            await shop.sell("bread", "milk", register=register)
    await shop.do("order.add_line", "2", code="wine")
    await shop.do("order.suspend", "2", label="until tomorrow")
    for register in REGISTERS:
        await shop.do("till.count", register, denominations=[{"value_minor": 1, "count": 9_000}])
        await shop.do("till.close", register)
        await shop.do("register.close_day", register)


async def _quiet(shop: OwnShop) -> None:
    async def is_quiet() -> bool:
        return not await shop.queue()

    await eventually(is_quiet, "an empty queue", 3 * PATIENCE_S)
    head = shop.store.journal.head().position
    await eventually(lambda: shop.store.views.position == head, "views at the head")


def _held(shop: OwnShop) -> dict[str, int]:
    """What could grow without anybody noticing; all that waits somewhere, and the books' size."""
    store = shop.store
    mailboxes = store.node.statistics().mailboxes
    return {
        "outbox": len(store.books.outbox),
        "waiting": sum(box.waiting for box in mailboxes),
        "addresses": len(mailboxes),
        "orders": len(store.books.live.orders),
        "archive": len(store.books.archive),
        "snapshots": len(list((store.config.data / "snapshots").iterdir())),
        "books": len(canonical(image_of(store.books))),
    }


def _assert_days(shop: OwnShop, first: date) -> None:
    """Thirty Zs of each register, a day apart; each sale in one of them, and the sums agree."""
    records = shop.records("order.completed/1", "register.day_closed/1")
    for register in REGISTERS:
        open_minor, zs = 0, []
        for record in records:
            if record.register != register:
                continue
            if record.name == "order.completed/1":
                open_minor += record.data["figures"]["total_minor"]
                continue
            assert record.data["totals"]["total_minor"] == open_minor
            open_minor = 0
            zs.append(record.data)
        assert open_minor == 0
        assert [z["z_number"] for z in zs] == list(range(1, DAYS + 1))
        dates = [(first + timedelta(days=day)).isoformat() for day in range(DAYS)]
        assert [z["business_date"] for z in zs] == dates
        numbers = receipt_numbers(records, register)
        assert numbers == list(range(1, len(numbers) + 1))
        assert zs[-1]["grand_total_minor"] == sum(z["totals"]["total_minor"] for z in zs)


async def _trade(shop: OwnShop, counter: CounterTop, world: DaysWorld) -> list[dict[str, int]]:
    held, wanted = [], 0
    await shop.open_register("2")
    for day in range(DAYS):
        await _a_day(shop)
        await _quiet(shop)
        # Each morning but the first, what was parked at the other register is sold at this one.
        wanted += SALES_A_DAY + 1 + (day > 0)
        assert len(await counter.wait_receipts(wanted)) == wanted
        held.append(_held(shop))
        world.skip(86_400)
    return held


@pytest.mark.feature("OFF-09", part="30 days of cash trade with no integrations node at all")
@pytest.mark.feature("NEW-01", part="30 days of cash trade with no integrations node at all")
async def test_thirty_days_without_the_outside(folder: Path) -> None:
    """Two registers sell, park, print, count and close for thirty days with the integrations node
    never up: each day's Z is right and dated, and nothing waits, piles up or grows."""
    # Noon of a day without a change of clocks in the thirty that follow, at the shop's place.
    world = DaysWorld(1_780_394_400 * NS_PER_S)
    async with open_counter(folder) as counter:
        config = attrs.evolve(own_config(folder), devices=counter.devices())
        async with (
            trio.open_nursery() as nursery,
            open_shop(
                folder, world=world, config=config, with_children=False, seeded=True, ready=False
            ) as shop,
        ):
            first = date.fromisoformat(shop.records()[-1].stamp.business_date)
            nursery.start_soon(partial(run_child, "devices", config, world))
            await shop.office(
                "settings.define_register",
                setup={
                    "id": "1",
                    "name": "Front",
                    "printer": "printer/1",
                    "drawer": "drawer/1",
                    "display": "display/1",
                    "scanner": "scanner/1",
                },
            )
            await shop.open_register()
            held = await _trade(shop, counter, world)
            _assert_days(shop, first)
            nursery.cancel_scope.cancel()
        early, late = held[2], held[-1]
        assert late["books"] < early["books"] + 100, "only numbers got longer"
        assert {**late, "books": 0} == {**early, "books": 0}
        assert (late["outbox"], late["archive"], late["orders"]) == (0, 0, 1)
        assert_verified(config)
