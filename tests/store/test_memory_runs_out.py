"""A store process that the system gives no more memory."""

from __future__ import annotations

import re
import resource
from pathlib import Path
from typing import Any

import pytest
import trio

from actors.errors import PostError
from countertop.ending import CLOSE_WITHIN_S, LOOK_S, LOOKS
from tests.store.harness import (
    PATIENCE_S,
    Shop,
    StoreProcess,
    assert_verified,
    insist,
    insist_on_sales,
    open_journal,
    open_link,
    own_config,
    receipt_numbers,
)

SALES = 3
LINES = 40
SELLS_ON_S = 10.0


def _allow(pid: int, more_bytes: int) -> None:
    """Let it have so much more than it has now, and what it gives back."""
    status = Path(f"/proc/{pid}/status").read_text()
    has = re.search(r"VmSize:\s+(\d+) kB", status)
    assert has is not None
    _, most = resource.prlimit(pid, resource.RLIMIT_AS)
    resource.prlimit(pid, resource.RLIMIT_AS, (int(has[1]) * 1024 + more_bytes, most))


async def _until_it_ends(server: StoreProcess, shop: Shop, receipts: list[str]) -> None:
    """Sell, look back and sign on with all that takes memory, until the store has ended."""
    steps: list[tuple[str, dict[str, Any], bool]] = [
        *(("order.add_line", {"code": "bread"}, False),) * LINES,
        ("order.tender_cash", {"amount_minor": 100_000}, False),
        ("order.complete", {}, False),
        ("events.since", {"position": 0, "limit": 500}, True),
        ("staff.sign_on", {"operator": "max", "pin": "1234"}, False),
    ]
    while True:
        for name, data, query in steps:
            identity, reply = shop.world.new_id(), None
            while reply is None:
                assert server.process is not None
                if server.process.poll() is not None:
                    return
                try:
                    reply = await shop.ask(
                        name, "1", data, query=query, command_id=identity, timeout_s=1.0
                    )
                except PostError:
                    await trio.sleep(0.02)
            if name == "order.complete" and reply.ok:
                receipts.append(str(reply.data["receipt_number"]))


@pytest.mark.parametrize("more_bytes", [0, 256 << 10, 4 << 20])
async def test_a_store_without_memory_ends_and_has_all_it_answered(
    folder: Path, more_bytes: int
) -> None:
    """It does not stand there in silence: it ends by itself, within the time that the look for
    memory and the closing are given; the next one has every sale that was answered, none twice, and
    sells on."""
    config = own_config(folder, one_process=False)
    receipts: list[str] = []
    with StoreProcess(config, from_nothing=True) as server:
        async with open_link(config, "till-a") as shop:
            await insist(shop, "store.state", "_office", {})
            await shop.seed()
            await shop.open_register()
            receipts += await insist_on_sales(shop, SALES)
            assert server.process is not None
            _allow(server.process.pid, more_bytes)
            with trio.fail_after(SELLS_ON_S + LOOK_S * LOOKS + CLOSE_WITHIN_S + PATIENCE_S):
                await _until_it_ends(server, shop, receipts)
            assert server.process.returncode != 0
            server.start()
            # What was paid and not completed as it ended still is; anything else is refused.
            _, paid = await insist(shop, "order.complete", "1", {})
            receipts += [str(paid.data["receipt_number"])] if paid.ok else []
            await insist(shop, "order.add_line", "1", {"code": "milk"})
            receipts += await insist_on_sales(shop, 1)
        assert server.stop() == 0
    with open_journal(config) as journal:
        records = journal.read(0, 100_000)
    numbers = receipt_numbers(records, "1")
    assert numbers == list(range(1, len(numbers) + 1))
    told = [int(receipt.rpartition("-")[2]) for receipt in receipts]
    assert set(told) <= set(numbers)
    assert len(set(told)) == len(told)
    assert_verified(config)
