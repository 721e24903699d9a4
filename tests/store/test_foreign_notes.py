"""Foreign notes through the whole store: the door's own shapes, the count sheet, a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.image import state_hash
from tests.store.harness import eventually, open_shop

RATES = [{"currency": "USD", "rate_micros": 921_000, "note_minor": 500}]


@pytest.mark.feature("CHK-15", part="through the store")
async def test_notes_from_the_rate_to_the_count_sheet(tmp_path: Path) -> None:
    """The office sets a rate, the register takes dollars, the count sheet keeps each note, and a
    store that starts again knows all of it."""
    async with open_shop(tmp_path) as shop:
        await shop.office("settings.set_foreign_currencies", currencies=RATES)
        await shop.do("order.add_line", code="wine")
        await shop.do("order.tender_foreign", currency="USD", amount_minor=2_000)
        assert (await shop.do("order.complete"))["change_minor"] == 1_043
        (dollars,) = (await shop.look("till.state"))["foreign"]
        assert (dollars["currency"], dollars["minor_digits"]) == ("USD", 2)
        before = state_hash(shop.store.books)
    async with open_shop(tmp_path, ready=False) as shop:
        assert state_hash(shop.store.books) == before
        (taken,) = (await shop.look("store.state"))["foreign"]
        assert taken == {**RATES[0], "minor_digits": 2}
        counted = [{"currency": "USD", "denominations": [{"value_minor": 1_000, "count": 2}]}]
        await shop.do("till.count", denominations=[], foreign=counted)
        await shop.do("till.close")
        head = shop.store.journal.head().position
        await eventually(lambda: shop.store.views.position == head, "views at the head")
        (sheet,) = await shop.look("till.counts")
        assert sheet["foreign_counts"] == counted
        zero = {"expected_minor": 2_000, "counted_minor": 2_000, "difference_minor": 0}
        assert sheet["foreign"] == [{"currency": "USD", **zero}]
