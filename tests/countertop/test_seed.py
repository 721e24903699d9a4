"""The first set-up: complete, once, and gone through again where it was cut off."""

from __future__ import annotations

from pathlib import Path

import pytest

from countertop import seed
from countertop.importer import ImportFileError
from countertop.seed import DEMO_PEOPLE, SeedError, doer, install_segment, seed_demo
from native import SegmentBuilder
from tests.store.harness import OwnShop, open_shop, own_config


def _told(shop: OwnShop) -> tuple[int, int, int]:
    books = shop.store.books
    return len(books.settings.registers), len(books.staff.operators), books.catalog.book.item_count


async def _sell_as_ana(shop: OwnShop) -> None:
    await shop.do("staff.sign_on", operator="ana", pin="1111")
    await shop.do("till.open", denominations=[])
    (item, *_) = await shop.look("catalog.search", text="milk")
    await shop.do("order.add_line", item_id=item["item_id"])
    due = (await shop.do("order.start_tendering"))["cash_due_minor"]
    await shop.do("order.tender_cash", amount_minor=due)
    await shop.do("order.complete")


async def test_the_demo_store_can_sell(folder: Path) -> None:
    """Registers, people and some 150 items are there; a second set-up does nothing."""
    async with open_shop(folder, seeded=False) as shop:
        await seed_demo(shop.store)
        registers, people, items = _told(shop)
        assert (registers, people) == (2, len(DEMO_PEOPLE))
        assert 120 <= items <= 200
        await _sell_as_ana(shop)
        position = shop.store.books.position
        await seed_demo(shop.store)
        assert shop.store.books.position == position


@pytest.mark.parametrize("step", ["seed_registers", "prepare", "install_segment"])
async def test_a_set_up_that_was_cut_off_is_finished(
    folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Ended in the middle and started again, the demo store is as complete as any."""

    def fail(*_: object) -> None:
        raise ImportFileError("the power went")

    async with open_shop(folder, seeded=False) as shop:
        monkeypatch.setattr(seed, step, fail)
        with pytest.raises(ImportFileError):
            await seed_demo(shop.store)
        monkeypatch.undo()
    async with open_shop(folder, seeded=False) as shop:
        await seed_demo(shop.store)
        assert _told(shop)[:2] == (2, len(DEMO_PEOPLE))
        await _sell_as_ana(shop)


async def test_what_the_store_refuses_is_named(folder: Path) -> None:
    """The step and the refusal are in the error, and an upload that is no segment is told."""
    async with open_shop(folder, config=own_config(folder)) as shop:
        do = doer(shop.store)
        with pytest.raises(SeedError, match=r"staff\.add_operator.*operator_must_be_new"):
            await do(
                "staff.add_operator",
                {"operator": "max", "name": "Max", "role": "manager", "pin": "1234"},
            )
        with pytest.raises(SeedError, match="catalog: "):
            await install_segment(shop.store, do, b"no segment", "test")
        count = shop.store.books.catalog.book.item_count
        empty = SegmentBuilder().build()
        assert await install_segment(shop.store, do, empty, "nothing new") == count
