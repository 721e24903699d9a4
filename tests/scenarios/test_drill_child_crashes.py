"""Fault drill: a child process that crashes every second."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import trio

from countertop.children import RESTART_S_FIRST, Child, child_statistics
from tests.store.harness import (
    assert_verified,
    eventually,
    kill_now,
    open_counter,
    open_shop,
    own_config,
)

CRASHES = 4


async def _crash_again_and_again(child: Child, born: list[float]) -> None:
    """Kill the process as soon as it is there, and note each birth."""
    while len(born) < CRASHES:
        process = child.process
        if process is None or process.returncode is not None:
            changed = child.changed
            await changed.wait()
            continue
        born.append(trio.current_time())
        kill_now(process.pid)
        await process.wait()


async def test_a_child_process_that_crashes_every_second(folder: Path) -> None:
    """The devices node dies as often as it is started: it is started later and later instead of at
    full tilt, every sale is answered meanwhile, the status shows it, and once it is well every
    receipt prints, in order and unmarked."""
    config = own_config(folder, one_process=False)
    async with (
        open_counter(folder) as counter,
        open_shop(folder, counter=counter, config=config) as shop,
    ):
        (child,) = (entry for entry in shop.store.children if entry.name == "devices")
        numbers: list[str] = []
        born: list[float] = []
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_crash_again_and_again, child, born)
            while len(born) < CRASHES:
                began = trio.current_time()
                numbers.append((await shop.sell("milk"))["receipt_number"])
                assert trio.current_time() - began < 5.0, "the register waited for its devices"
                await trio.sleep(0.2)
        pauses_s = [later - sooner for sooner, later in itertools.pairwise(born)]
        expected_s = [RESTART_S_FIRST * 2**number for number in range(1, CRASHES)]
        assert all(p >= e for p, e in zip(pauses_s, expected_s, strict=True)), pauses_s

        status = await shop.look("store.status", admin=True)
        waiting = [entry for entry in status["queue"] if entry["kind"] == "printer.print/1"]
        assert [entry["title"].split()[-1] for entry in waiting] == numbers
        assert {entry["reason"] for entry in waiting} <= {"", "not_heard_of", "starting", "stale"}
        assert child_statistics(shop.store.children)["devices"]["starts"] >= CRASHES

        receipts = await counter.wait_receipts(len(numbers))
        assert [re.findall(r"1-\d{6}", text)[0] for text in receipts] == numbers
        assert not [text for text in receipts if "COPY" in text]

        async def is_empty() -> bool:
            return not await shop.queue()

        await eventually(is_empty, "an empty queue")
        x = await shop.look("report.x")
        assert x["totals"]["total_minor"] == len(numbers) * 129
        config = shop.store.config
    assert_verified(config)
