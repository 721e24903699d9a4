"""Many prices into a store that is selling: all of them or none, whatever breaks in the middle."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from countertop.price_parts import parts_of, short
from countertop.seed import doer, install_segment
from engine.limits import PRICE_ENTRIES_MAX
from engine.price_list.model import PriceEntry, PriceList, PriceSet
from engine.wire import canonical, unstructure
from native import ItemRow, SegmentBuilder
from protocols.limits import FRAME_BYTES_MAX
from tests.store.harness import OwnShop, open_shop

COUNT = PRICE_ENTRIES_MAX
GROWTH_KB_MAX = 32 << 10
"""What two broken uploads may leave behind: less than they take."""


def _catalog() -> bytes:
    builder = SegmentBuilder()
    for at in range(COUNT):
        builder.put_item(ItemRow(f"i{at:05}", f"Item {at}", "", "Food", "reduced", 5_000_000))
        builder.put_code(f"i{at:05}", f"i{at:05}")
    return builder.build()


def _list(minor: int) -> PriceSet:
    """All items at so many minor units."""
    entries = tuple(PriceEntry(f"i{at:05}", minor * 10_000) for at in range(COUNT))
    return PriceSet(lists=(PriceList("all", "Everybody", entries),))


async def _stage(shop: OwnShop, upload: str, parts: list[PriceSet], start: int = 0) -> None:
    for part, prices in enumerate(parts[start:], start):
        told = short(unstructure(prices))
        body: dict[str, Any] = {"upload": upload, "part": part, "prices": told}
        assert len(canonical(body)) < FRAME_BYTES_MAX - 1_024
        await shop.office("prices.stage", **body)


async def _price(shop: OwnShop, at: int) -> int:
    net: int = (await shop.do("order.add_line", code=f"i{at:05}"))["net_minor"]
    await shop.do("order.void", reason="test")
    return net


def _resident_kb() -> int:
    rows = Path("/proc/self/status").read_text().splitlines()
    return next(int(row.split()[1]) for row in rows if row.startswith("VmRSS"))


async def test_fifty_thousand_prices_come_in_parts_and_all_at_once(folder: Path) -> None:
    """An upload that ends in the middle leaves the prices of before in force, over a restart too;
    it goes on where it was, and the last command puts every price in force."""
    first, second = parts_of(_list(700)), parts_of(_list(900))
    async with open_shop(folder) as shop:
        await install_segment(shop.store, doer(shop.store), _catalog(), "many.csv")
        assert await _price(shop, COUNT - 1) == 500
        await _stage(shop, "first", first)
        assert await shop.office("prices.install", upload="first", parts=len(first)) == {
            "price_lists": 1
        }
        assert [await _price(shop, at) for at in (0, 777, COUNT - 1)] == [700] * 3
        await _stage(shop, "second", second[:30])
        assert await _price(shop, 0) == 700
    async with open_shop(folder) as shop:
        assert [await _price(shop, at) for at in (0, 777, COUNT - 1)] == [700] * 3
        reply = await shop.ask(
            "prices.install", "1", {"upload": "second", "parts": len(second)}, admin=True
        )
        assert reply.refusal is not None
        assert reply.refusal["code"] == "price_parts_must_follow"
        await _stage(shop, "second", second, 30)
        await shop.office("prices.install", upload="second", parts=len(second))
        assert [await _price(shop, at) for at in (0, 777, COUNT - 1)] == [900] * 3


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
async def test_broken_uploads_do_not_pile_up(folder: Path) -> None:
    """Each begins by throwing the one before away."""
    parts = parts_of(_list(700))
    async with open_shop(folder) as shop:
        await install_segment(shop.store, doer(shop.store), _catalog(), "many.csv")
        await _stage(shop, "0", parts)
        before_kb = _resident_kb()
        for upload in ("1", "2"):
            await _stage(shop, upload, parts)
        assert _resident_kb() - before_kb < GROWTH_KB_MAX
        held = shop.store.books.price_upload
        assert held is not None
        assert (held.id, len(held.parts)) == ("2", len(parts))
