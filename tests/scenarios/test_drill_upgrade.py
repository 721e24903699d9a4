"""Fault drill: the release is changed at noon, with a sale on the counter and paper to come."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import trio

from actors import snapshots
from actors.history import load_books
from countertop.config import Config
from engine.image import books_from, image_of
from engine.wire import WireError, canonical, unstructure
from tests.store.harness import (
    OwnShop,
    assert_verified,
    eventually,
    open_counter,
    open_journal,
    open_shop,
    own_config,
)

RESTART_S_MAX = 5.0


def _leave_a_snapshot_of_another_release(config: Config) -> None:
    """The only one there is: of the journal's very end, with a part that nobody knows here."""
    folder = config.data / "snapshots"
    with open_journal(config) as journal:
        image = unstructure(image_of(load_books(journal, config.data)))
        image["of_another_release"] = {}
        with pytest.raises(WireError, match="of_another_release"):
            books_from(image, None)
        for old in folder.iterdir():
            old.unlink()
        head = journal.head()
        snapshots.save(folder, head.position, head.epoch, head.hash, canonical(image))


async def test_another_release_goes_on_with_the_day(folder: Path) -> None:
    """What the old one noted beside its journal is of another shape, and only costs a replay: in
    seconds the sale on the counter goes on as it was, the parked one is there, and the receipt that
    was on its way prints, once and unmarked."""
    config = own_config(folder)
    async with open_counter(folder) as counter:
        async with open_shop(folder, counter=counter, config=config) as shop:
            await shop.do("order.add_line", code="bread")
            await shop.do("order.suspend", label="table 4")
            await counter.printer.change(paper="out")
            number = (await shop.sell("wine"))["receipt_number"]
            await shop.do("order.add_line", code="milk")
            before = await shop.look("register.state")
            await eventually(lambda: _only_paper_waits(shop), "the kick to be over")
        assert counter.receipts() == []
        _leave_a_snapshot_of_another_release(config)

        began = trio.current_time()
        async with open_shop(folder, counter=counter, config=config) as shop:
            assert trio.current_time() - began < RESTART_S_MAX
            after = await shop.look("register.state")
            assert after["order"]["lines"] == before["order"]["lines"]
            await counter.printer.change(paper="ok")
            (receipt,) = await counter.wait_receipts(1)
            assert re.findall(r"1-\d{6}", receipt)[0] == number
            assert "COPY" not in receipt
            await shop.do("order.tender_cash", amount_minor=before["order"]["total_minor"])
            await shop.do("order.complete")
            (parked,) = await shop.look("orders.suspended")
            await shop.do("order.resume", order_id=parked["order_id"])
    assert_verified(config)


async def _only_paper_waits(shop: OwnShop) -> bool:
    return [entry["kind"] for entry in await shop.queue()] == ["printer.print/1"]
