"""Scanner and customer display of register 1, from the cable to the sale and back."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest
import trio

from engine.views.pole import pole_lines
from engine.views.shapes import DisplayView
from engine.wire import structure
from tests.store.harness import (
    CounterTop,
    OwnShop,
    eventually,
    open_counter,
    open_shop,
)

CODES = ("bread", "milk", "wine", "book", "4000417025005")


async def _lines_at(shop: OwnShop) -> list[str]:
    order = (await shop.look("register.state"))["order"]
    return [] if order is None else [line["item_id"] for line in order["lines"]]


async def _scanner_ready(shop: OwnShop, address: str) -> None:
    async def is_ready() -> bool:
        devices = (await shop.look("register.state"))["devices"]
        return any(d["address"] == address and d["state"] == "ready" for d in devices)

    await eventually(is_ready, f"{address} to be ready")


@pytest.mark.feature("HW-03", part="serial: 20 scans a second become lines, none lost")
async def test_serial_scans_become_lines(folder: Path) -> None:
    """Sixty codes at twenty a second ring up sixty items in their order; an unknown one none."""
    async with open_counter(folder) as counter, open_shop(folder, counter=counter) as shop:
        await _scanner_ready(shop, "scanner/1")
        codes = [CODES[number % len(CODES)] for number in range(60)]
        for code in codes:
            await counter.scanner.scan(code)
            await trio.sleep(0.05)
        await counter.scanner.scan("0000000000000")
        await counter.scanner.scan("milk")
        wanted = ["water" if code == CODES[-1] else code for code in [*codes, "milk"]]

        async def all_there() -> bool:
            return len(await _lines_at(shop)) >= len(wanted)

        await eventually(all_there, "every scan")
        assert await _lines_at(shop) == wanted


@pytest.mark.feature("HW-05", part="pole display: line and total, median under 100 ms")
async def test_the_pole_display_follows_the_sale(folder: Path) -> None:
    """The last line and the total stand on the pole within 100 ms of the answer, item by item."""
    waits: list[float] = []

    async def follow(shop: OwnShop, counter: CounterTop) -> None:
        began = trio.current_time()
        view = structure(await shop.look("display.state"), DisplayView)
        top, bottom = (line.strip() for line in pole_lines(view))
        with trio.fail_after(5):
            await counter.display.wait_shows(top, bottom)
        waits.append(trio.current_time() - began)

    async with open_counter(folder) as counter, open_shop(folder, counter=counter) as shop:
        await _scanner_ready(shop, "display/1")
        for code in ("bread", "milk", "wine", "book") * 5:
            await shop.do("order.add_line", code=code)
            await follow(shop, counter)
        await shop.do("order.discount_order", kind="percent", value=100_000, reason="regular")
        await follow(shop, counter)
        await shop.do("order.tender_cash", amount_minor=200_00)
        await shop.do("order.complete")
        await follow(shop, counter)
        assert counter.display.display.lines[1].startswith("Change")
    assert statistics.median(waits) < 0.1, f"seconds until shown: {waits}"


async def test_a_display_that_was_away_shows_the_sale_when_it_is_back(folder: Path) -> None:
    """Pulled out in the middle of a sale and put back, the pole shows where the sale is."""
    async with open_counter(folder) as counter, open_shop(folder, counter=counter) as shop:
        await _scanner_ready(shop, "display/1")
        await shop.do("order.add_line", code="bread")
        await counter.display.wait_shows("Bread           3.50", "Total           3.50")
        await counter.display.carrier.unplug()
        await shop.do("order.add_line", code="milk")
        await counter.display.carrier.plug()
        with trio.fail_after(10):
            await counter.display.wait_shows("Milk            1.29", "Total           4.79")
