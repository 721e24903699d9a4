"""The devices node, or the store node, killed while a sale is on its way to drawer and paper."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

from countertop import children
from countertop.children import Child
from tests.store.harness import (
    PATIENCE_S,
    CounterTop,
    OwnShop,
    Shop,
    StoreProcess,
    assert_verified,
    eventually,
    insist,
    kill_now,
    open_counter,
    open_link,
    open_shop,
    own_config,
)

SLOW = 900  # bytes a second: a receipt of this shop then takes about a second


@asynccontextmanager
async def _three_processes(
    folder: Path, *, bytes_per_s: int | None = None
) -> AsyncIterator[tuple[OwnShop, CounterTop]]:
    """A store whose devices node is a process of its own, with its printer ready."""
    config = own_config(folder, one_process=False)
    async with (
        open_counter(folder, bytes_per_s=bytes_per_s) as counter,
        open_shop(folder, counter=counter, config=config) as shop,
    ):
        await _ready(shop)
        yield shop, counter


async def _ready(shop: OwnShop) -> None:
    """Until the printer says it is ready and the kick at opening the till is over."""

    async def is_ready() -> bool:
        view = await shop.look("register.state")
        states = {device["address"]: device["state"] for device in view["devices"]}
        return states.get("printer/1") == states.get("drawer/1") == "ready" and not view["queue"]

    await eventually(is_ready, "a ready printer")


def _devices(shop: OwnShop) -> Child:
    (child,) = (child for child in shop.store.children if child.name == "devices")
    return child


async def _kill_devices(shop: OwnShop) -> None:
    child = _devices(shop)

    def is_up() -> bool:
        return child.process is not None and child.process.returncode is None

    # One that was killed a moment ago may not be there again yet.
    await eventually(is_up, "a devices node to kill")
    process = child.process
    assert process is not None
    kill_now(process.pid)
    with trio.fail_after(PATIENCE_S):
        await process.wait()


async def _drained(shop: OwnShop) -> None:
    async def is_empty() -> bool:
        return not await shop.queue()

    await eventually(is_empty, "an empty queue")


def _of(receipts: list[str], number: str) -> list[str]:
    return [text for text in receipts if number in text]


async def test_a_sale_completes_while_the_devices_are_down(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The register is not held up; later the receipts print, first first and no COPY, no kick."""
    monkeypatch.setattr(children, "RESTART_S_FIRST", 2.0)
    async with _three_processes(folder) as (shop, counter):
        kicks = counter.kicks()
        await _kill_devices(shop)
        began = trio.current_time()
        numbers = [(await shop.sell("milk"))["receipt_number"] for _ in range(3)]
        assert trio.current_time() - began < 2.0, "the register waited for its devices"
        waiting = await shop.queue()
        assert [entry["kind"] for entry in waiting] == ["drawer.kick/1", "printer.print/1"] * 3
        receipts = await counter.wait_receipts(3)
        assert [re.findall(r"1-\d{6}", text)[0] for text in receipts] == numbers
        assert not [text for text in receipts if "COPY" in text]
        await _drained(shop)
        assert counter.kicks() == kicks, "a kick that comes after three seconds frightens people"
        outcomes = [
            record.data["outcome"]
            for record in shop.records("effect.finished/1")
            if record.stream == "effect/drawer/1"
        ]
        assert outcomes[-3:] == ["expired"] * 3


async def test_a_receipt_cut_off_in_the_middle_comes_again_as_a_copy(folder: Path) -> None:
    """Killed while the paper moves, the node prints the receipt again, whole and marked COPY."""
    async with _three_processes(folder, bytes_per_s=SLOW) as (shop, counter):
        kicks = counter.kicks()
        number = (await shop.sell("milk"))["receipt_number"]
        machine = counter.printer.printer
        await eventually(lambda: len(machine.paper.rows) > 3, "the first lines on paper")
        await _kill_devices(shop)
        began = trio.current_time()
        await shop.sell("bread")
        assert trio.current_time() - began < 2.0
        await counter.wait_receipts(2)
        await _drained(shop)
        printed = _of(counter.receipts(), number)
        assert len(printed) == 1 or "COPY" not in printed[0]
        assert "COPY" in printed[-1]
        assert "Change" in printed[-1]
        other = _of(counter.receipts(), "1-000002")
        assert len(other) == 1
        assert "COPY" not in other[0]
        assert kicks < counter.kicks() <= kicks + 2, "no drawer was kicked twice for one sale"


async def test_a_receipt_that_is_out_is_never_printed_again_unmarked(folder: Path) -> None:
    """Killed as the paper is cut, at most a marked copy follows; killed later, nothing does."""
    async with _three_processes(folder) as (shop, counter):
        numbers = []
        for _ in range(2):
            numbers.append((await shop.sell("milk"))["receipt_number"])
            with trio.fail_after(PATIENCE_S):
                await counter.printer.wait_receipts(len(_originals(counter)) + 1)
            await _kill_devices(shop)
            await _drained(shop)
        receipts = counter.receipts()
        for number in numbers:
            assert len([text for text in _of(receipts, number) if "COPY" not in text]) == 1
        before = len(receipts)
        await _ready(shop)
        await _kill_devices(shop)
        await _ready(shop)
        await trio.sleep(0.3)
        assert len(counter.receipts()) == before


def _originals(counter: CounterTop) -> list[str]:
    return [text for text in counter.receipts() if "COPY" not in text]


@pytest.mark.feature("HW-01", part="paper out is told and nothing is sent meanwhile")
@pytest.mark.feature("OFF-07")
async def test_the_queue_says_how_many_how_old_and_why(folder: Path) -> None:
    """Out of paper: the register shows each receipt that waits, its age and the reason."""
    async with (
        open_counter(folder) as counter,
        open_shop(folder, counter=counter) as shop,
    ):
        await _ready(shop)
        await counter.printer.change(paper="out")
        numbers = [(await shop.sell("milk"))["receipt_number"] for _ in range(2)]

        async def aged() -> list[dict[str, Any]]:
            waiting = [e for e in await shop.queue() if e["kind"] == "printer.print/1"]
            old = all(entry["age_s"] >= 1 and entry["reason"] for entry in waiting)
            return waiting if len(waiting) == 2 and old else []

        waiting = await eventually(aged, "two receipts that wait and say why")
        for entry, number in zip(waiting, numbers, strict=True):
            assert number in entry["title"]
            assert entry["reason"] == "paper_out"
            assert entry["address"] == "printer/1"
        assert counter.receipts() == []
        await counter.printer.change(paper="ok")
        receipts = await counter.wait_receipts(2)
        assert [re.findall(r"1-\d{6}", text)[0] for text in receipts] == numbers
        assert not [text for text in receipts if "COPY" in text]
        await _drained(shop)


@pytest.mark.feature("HW-02")
async def test_the_drawer_opens_whatever_else_is_down(folder: Path) -> None:
    """No paper, no customer display, no scanner, and still the drawer opens on cash."""
    async with (
        open_counter(folder) as counter,
        open_shop(folder, counter=counter) as shop,
    ):
        await _ready(shop)
        await counter.display.carrier.unplug()
        await counter.scanner.carrier.unplug()
        await counter.printer.change(paper="out")
        kicks = counter.kicks()
        began = trio.current_time()
        await shop.sell("milk")
        await counter.wait_kicks(kicks + 1)
        assert trio.current_time() - began < 3.0
        assert counter.receipts() == []


async def test_a_drawer_without_its_printer_expires(folder: Path) -> None:
    """With the printer's cable pulled the sale goes on and the kick is given up after 3 s."""
    async with (
        open_counter(folder) as counter,
        open_shop(folder, counter=counter) as shop,
    ):
        await _ready(shop)
        kicks = counter.kicks()
        await counter.printer.carrier.unplug()
        await shop.sell("milk")

        async def without_kick() -> bool:
            return [entry["kind"] for entry in await shop.queue()] == ["printer.print/1"]

        await eventually(without_kick, "the kick to be given up")
        await counter.printer.carrier.plug()
        (receipt,) = await counter.wait_receipts(1)
        assert "COPY" not in receipt
        assert counter.kicks() == kicks


async def test_a_print_survives_the_store(folder: Path) -> None:
    """The store killed while one receipt waits and one is half out: both print, one as a copy."""
    async with open_counter(folder, bytes_per_s=SLOW) as counter:
        config = attrs.evolve(own_config(folder, one_process=False), devices=counter.devices())
        server = StoreProcess(config, children=True)
        machine = counter.printer.printer
        with server:
            async with open_link(config, "till") as shop:
                await insist(shop, "store.state", "_office", {})
                await shop.seed(devices=True)
                await shop.open_register()
                await shop.sell("milk")
                await eventually(lambda: len(machine.paper.rows) > 3, "the first lines on paper")
                await shop.sell("bread")
                server.kill()
                server.start()
                await insist(shop, "order.add_line", "1", {"code": "wine"})
                await counter.wait_receipts(2)
                await eventually(lambda: _is_empty(shop), "an empty queue")
            assert server.stop() == 0
        receipts = counter.receipts()
        first, second = _of(receipts, "1-000001"), _of(receipts, "1-000002")
        assert "COPY" in first[-1]
        assert len(second) == 1
        assert "COPY" not in second[0]
        assert_verified(config)


async def _is_empty(shop: Shop) -> bool:
    return not await shop.queue()
