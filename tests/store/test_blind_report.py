"""A blind count stays blind: the X of an uncounted till is for those who may see what is due."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shop import CASHIER
from tests.store.harness import FLOAT, open_shop


@pytest.mark.feature("CSH-05", part="X report")
async def test_an_x_does_not_tell_a_cashier_what_to_count(folder: Path) -> None:
    """Refused while the till is open and uncounted; told once the count is locked."""
    assert "expected_cash" not in {right.value for right in CASHIER}
    async with open_shop(folder, ready=False) as shop:
        await shop.open_register("1", "ana")
        await shop.sell()
        reply = await shop.ask("report.x", query=True)
        assert reply.refusal == {
            "code": "right_must_be_granted",
            "fields": {"right": "expected_cash"},
        }
        await shop.do("till.count", denominations=FLOAT)
        assert (await shop.look("report.x"))["totals"]["total_minor"] == 350
