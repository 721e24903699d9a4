"""Fault drill: the business day is closed while orders are open, forgotten, or on their way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.image import state_hash
from engine.order.commands import AddLine, ResumeOrder, StartTendering, SuspendOrder
from engine.register import CloseDay, DayClosed, Refusal
from engine.staff import SignedOn
from engine.till import CloseTill, CountTill, Denomination, OpenTill, PayIn
from tests.shop import Shop
from tests.store.harness import OwnShop, assert_verified, open_shop

FLOAT = (Denomination(1_000, 10),)


def _close(shop: Shop, register: str = "1") -> DayClosed:
    """Count, close, Z; the Z."""
    shop.ok(CountTill(FLOAT), register)
    shop.ok(CloseTill(), register)
    shop.ok(CloseDay(), register)
    made = shop.events(DayClosed)[-1]
    assert isinstance(made, DayClosed)
    return made


async def _end_day(shop: OwnShop, register: str = "1") -> dict[str, Any]:
    await shop.do("till.count", register, denominations=[{"value_minor": 1_000, "count": 10}])
    await shop.do("till.close", register)
    answer: dict[str, Any] = await shop.do("register.close_day", register)
    return answer


async def test_the_day_is_closed_with_orders_open(tmp_path: Path) -> None:
    """A half-rung order or an open till holds up the Z with a clear word; parked orders do not:
    they are sold tomorrow, in tomorrow's Z, on any register, no sale is in two Zs or in none."""
    async with open_shop(tmp_path) as shop:
        await shop.open_register("2")
        await shop.sell("bread")
        await shop.do("order.add_line", code="wine")
        await shop.do("order.suspend", label="blue coat")
        (parked,) = await shop.look("orders.suspended")

        await shop.do("order.add_line", code="milk")
        assert await shop.refused("register.close_day") == "order_must_not_be_open"
        await shop.do("order.start_tendering")
        assert await shop.refused("register.close_day") == "order_must_not_be_open"
        assert await shop.refused("till.count", denominations=[]) == "order_must_not_be_tendering"
        await shop.do("order.tender_cash", amount_minor=129)
        await shop.do("order.complete")
        assert await shop.refused("register.close_day") == "till_must_not_be_open"
        assert (await _end_day(shop))["total_minor"] == 350 + 129
        assert await shop.refused("register.close_day") == "day_must_have_business"
        assert await shop.refused("till.close") == "till_must_be_open"

        # The other register goes on selling and sells what was parked, into its own day.
        await shop.do("order.resume", "2", order_id=parked["order_id"])
        await shop.do("order.tender_cash", "2", amount_minor=799)
        await shop.do("order.complete", "2")
        assert (await shop.look("report.x", "2"))["totals"]["total_minor"] == 799
        assert (await shop.look("report.x"))["totals"]["total_minor"] == 0
        assert (await _end_day(shop, "2"))["total_minor"] == 799

        zs = [record.data for record in shop.records("register.day_closed/1")]
        sales = [record.data for record in shop.records("order.completed/1")]
        assert sum(z["totals"]["sales"] for z in zs) == len(sales) == 3
        assert sum(z["totals"]["total_minor"] for z in zs) == sum(
            sale["figures"]["total_minor"] for sale in sales
        )
        config = shop.store.config
    assert_verified(config)


@pytest.mark.parametrize("sides", [1, 2])
async def test_a_sale_and_the_close_in_the_same_moment(tmp_path: Path, sides: int) -> None:
    """However the last sale, the count, the close and the Z of two registers arrive together, what
    was answered adds up: each sale is in the Z of its register, or in the next one."""
    async with open_shop(tmp_path) as shop:
        await shop.open_register("2")
        registers = ("1", "2")[:sides]
        for _ in range(5):
            for register in registers:
                await shop.do("order.add_line", register, code="bread")
            batch = [
                shop.submit(name, register, **data)
                for name, data in (
                    ("order.tender_cash", {"amount_minor": 350}),
                    ("till.count", {"denominations": []}),
                    ("order.complete", {}),
                    ("till.count", {"denominations": []}),
                    ("till.close", {}),
                    ("register.close_day", {}),
                    ("order.add_line", {"code": "milk"}),
                    ("till.open", {"denominations": []}),
                )
                for register in registers
            ]
            replies = await shop.together(*batch)
            codes = [reply.refusal["code"] if reply.refusal else "" for reply in replies]
            assert codes[:: len(registers)] == ["", "order_must_not_be_tendering"] + [""] * 6
            for register in registers:
                await shop.do("order.tender_cash", register, amount_minor=129)
                await shop.do("order.complete", register)
        sums = dict.fromkeys(registers, 0)
        for record in shop.records("order.completed/1", "register.day_closed/1"):
            if record.name == "order.completed/1":
                sums[record.data["register"]] += record.data["figures"]["total_minor"]
            else:
                assert record.data["totals"]["total_minor"] == sums[record.data["register"]]
                sums[record.data["register"]] = 0
        assert set(sums.values()) == {129}


def test_a_z_forgotten_in_the_evening_is_of_the_evening() -> None:
    """Made next morning, after the cut-off, it carries the day it sold on, and no sale after it
    carries that day; a Z with no sale in it carries its own."""
    shop = Shop.open()
    shop.given(SignedOn("max", "1"))
    shop.business_date = "2026-11-23"
    shop.ok(OpenTill(FLOAT))
    shop.sell("bread")
    shop.business_date = "2026-11-24"
    assert _close(shop).business_date == "2026-11-23"
    shop.ok(OpenTill(FLOAT))
    shop.ok(PayIn(100, "coins"))
    assert _close(shop).business_date == "2026-11-24"
    shop.ok(OpenTill(FLOAT))
    shop.sell("bread")
    shop.sell("milk")
    assert _close(shop).business_date == "2026-11-24"
    dates = [
        (type(fact.event).__name__, stamp.business_date)
        for fact, stamp in shop.posted
        if type(fact.event).__name__ in ("OrderCompleted", "DayClosed")
    ]
    assert [date for name, date in dates if name == "OrderCompleted"] == [
        "2026-11-23",
        "2026-11-24",
        "2026-11-24",
    ]


def test_a_clock_that_ran_ahead_or_fell_back_dates_no_z() -> None:
    """One sale stamped years ahead, or in 1970, leaves the Z of the day it was made."""
    for wrong in ("2031-01-01", "1970-01-01"):
        shop = Shop.open()
        shop.given(SignedOn("max", "1"))
        shop.business_date = "2026-11-23"
        shop.ok(OpenTill(FLOAT))
        shop.sell("bread")
        shop.business_date = wrong
        shop.sell("wine")
        shop.business_date = "2026-11-23"
        made = _close(shop)
        assert (made.business_date, made.totals.sales) == ("2026-11-23", 2)
        assert state_hash(shop.replayed()) == state_hash(shop.books)


def test_what_was_parked_yesterday_is_sold_at_the_price_it_was_rung_up() -> None:
    """An order parked before the Z is in tomorrow's Z whole, with tomorrow's date and number."""
    shop = Shop.open()
    shop.given(SignedOn("max", "1"))
    shop.business_date = "2026-11-23"
    shop.ok(OpenTill(FLOAT))
    shop.sell("milk")
    order_id = shop.ok(AddLine("wine"))["order_id"]
    shop.ok(SuspendOrder("hat"))
    assert _close(shop).totals.total_minor == 129
    shop.business_date = "2026-11-24"
    shop.ok(OpenTill(FLOAT))
    shop.ok(ResumeOrder(order_id))
    assert shop.no(CloseDay()) == Refusal.ORDER_MUST_NOT_BE_OPEN
    shop.ok(StartTendering())
    assert shop.no(CloseDay()) == Refusal.ORDER_MUST_NOT_BE_OPEN
    shop.pay(799)
    made = _close(shop)
    assert (made.business_date, made.totals.sales, made.totals.total_minor) == (
        "2026-11-24",
        1,
        799,
    )
    assert made.grand_total_minor == 129 + 799
    assert made.z_number == 2
