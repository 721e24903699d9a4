"""A store process that the system gives no more files and sockets."""

from __future__ import annotations

import resource
from pathlib import Path

from actors.errors import PostError
from tests.store.harness import (
    Shop,
    StoreProcess,
    assert_verified,
    eventually,
    insist,
    insist_on_sales,
    open_journal,
    open_link,
    own_config,
    receipt_numbers,
)

SALES = 3


def _allow(pid: int, files: int) -> None:
    _, most = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (files, most))


def _open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


async def _is_let_in(shop: Shop) -> bool:
    try:
        await shop.ask("register.state", query=True, timeout_s=1.0)
    except PostError:
        return False
    return True


async def test_a_store_without_a_free_descriptor_sells_on(folder: Path) -> None:
    """Who is connected sells on; who comes is let in once there is room; nothing is lost."""
    config = own_config(folder, one_process=False)
    with StoreProcess(config, from_nothing=True) as server:
        async with open_link(config, "till-a") as shop:
            await insist(shop, "store.state", "_office", {})
            await shop.seed()
            await shop.open_register()
            receipts = await insist_on_sales(shop, SALES)
            assert server.process is not None
            pid = server.process.pid
            most = _open_files(pid)
            _allow(pid, most)
            async with open_link(config, "till-b") as other:
                receipts += await insist_on_sales(shop, SALES)
                assert not await _is_let_in(other)
                assert _open_files(pid) == most
                _allow(pid, 1024)
                await eventually(lambda: _is_let_in(other), "the second till to be let in")
            receipts += await insist_on_sales(shop, SALES)
        assert server.stop() == 0
    with open_journal(config) as journal:
        records = journal.read(0, 10_000)
    assert receipt_numbers(records, "1") == list(range(1, 3 * SALES + 1))
    assert receipts == [f"1-{number:06d}" for number in range(1, 3 * SALES + 1)]
    assert_verified(config)
