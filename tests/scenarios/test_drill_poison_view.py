"""Fault drill: an event that one of the lists cannot digest."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from actors.view_folds import FOLDS
from engine.record import Record
from tests.store.harness import OwnShop, assert_verified, eventually, open_shop


async def _caught_up(shop: OwnShop) -> None:
    head = shop.store.journal.head().position
    await eventually(lambda: shop.store.views.position == head, "views at the head")


async def _end_day(shop: OwnShop) -> int:
    await shop.do("till.count", denominations=[])
    await shop.do("till.close")
    total: int = (await shop.do("register.close_day"))["total_minor"]
    return total


@pytest.mark.feature("NEW-04", part="a poison event is quarantined and does not block the close")
async def test_a_poison_event_in_a_view(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of receipts chokes on one sale: it stops there and says up to where it may be
    believed; selling, the other lists and the Z go on; mended and started again it is whole."""
    sound = FOLDS["receipts"]
    choked: list[int] = []

    def choking(db: apsw.Connection, record: Record) -> None:
        if record.name == "order.completed/1" and record.data["receipt_number"] == "1-000002":
            choked.append(record.position)
            raise ValueError("a receipt like no other")
        sound(db, record)

    monkeypatch.setitem(FOLDS, "receipts", choking)
    async with open_shop(tmp_path) as shop:
        for code in ("bread", "wine", "milk"):
            await shop.sell(code)
        await _caught_up(shop)
        assert shop.store.views.quarantined == {"receipts": choked[0]}
        found = await shop.ask("receipts.find", query=True)
        assert [row["receipt_number"] for row in found.data] == ["1-000001"]
        assert found.position == choked[0] - 1, "it says up to where it may be believed"

        assert await _end_day(shop) == 350 + 799 + 129
        await _caught_up(shop)
        z = await shop.look("report.z")
        assert (z["z_number"], z["totals"]["sales"]) == (1, 3)
        assert len(await shop.look("till.counts")) == 1
        await shop.do("till.open", denominations=[])
        await shop.sell("book")
        assert len(choked) == 1, "a list that stopped is not tried at every sale"
        digest = shop.hash()

    monkeypatch.undo()
    async with open_shop(tmp_path, ready=False) as shop:
        assert shop.hash() == digest
        await _caught_up(shop)
        assert shop.store.views.quarantined == {}
        rows = await shop.look("receipts.find", text="")
        assert [row["total_minor"] for row in rows] == [1200, 129, 799, 350]
        assert (await shop.look("report.z"))["totals"]["sales"] == 3
        config = shop.store.config
    assert_verified(config)
