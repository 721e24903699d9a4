"""A blind count stays blind through every door: nothing a cashier can ask for tells its result."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from countertop.seed import CASHIER
from engine.queries import QUERIES
from engine.staff import Right
from engine.till import Refusal
from engine.wire import unstructure
from tests.store.harness import FLOAT, OwnShop, open_shop

EXPECTED_MINOR = 10_000 + 350
COUNTED = {"code": Refusal.TILL_MUST_BE_COUNTED, "fields": {"register": "1"}}


def figures(data: Any) -> Iterator[int]:
    """Every whole number in plain data."""
    if isinstance(data, int):
        yield data
    elif isinstance(data, dict | list | tuple):
        for value in data.values() if isinstance(data, dict) else data:
            yield from figures(value)


async def every_answer(shop: OwnShop, order_id: str) -> dict[str, Any]:
    """What each query that exists says to whoever is signed on at register 1."""
    details = {"order_id": order_id, "text": "", "department": "", "z_number": 0, "position": 0}
    found = {}
    for name, query in QUERIES.items():
        known = {field.name: details.get(field.name) for field in attrs.fields(query)}
        data = {key: value for key, value in known.items() if value is not None}
        found[name] = unstructure(await shop.ask(name, data=data, query=True))
    return found


@pytest.mark.feature("CSH-05")
async def test_no_query_tells_a_cashier_what_to_count(folder: Path) -> None:
    """Not one answer holds the expected cash until the count is locked, and an X is none."""
    assert Right.X_REPORT in CASHIER
    assert Right.EXPECTED_CASH not in CASHIER
    async with open_shop(folder, ready=False) as shop:
        rights = [right.value for right in CASHIER]
        await shop.office("staff.define_role", role="cashier", rights=rights)
        await shop.open_register("1", "ana")
        first = await shop.sell("bread")
        await shop.do("order.open")
        answers = await every_answer(shop, first["order_id"])
        assert answers["report.x"]["refusal"] == COUNTED
        assert EXPECTED_MINOR not in set(figures(answers))
        await shop.do("till.count", denominations=FLOAT)
        after = await shop.look("till.state")
        assert (after["expected_minor"], after["difference_minor"]) == (EXPECTED_MINOR, -350)
        assert (await shop.look("report.x"))["totals"]["total_minor"] == 350


@pytest.mark.feature("CSH-05")
async def test_who_may_see_the_expected_cash_reads_an_x_at_any_time(folder: Path) -> None:
    """A manager, and the office, are told; training counts blind like the real thing."""
    async with open_shop(folder) as shop:
        await shop.sell("bread")
        assert (await shop.look("report.x"))["totals"]["total_minor"] == 350
        await shop.do("staff.sign_off")
        await shop.open_register("1", "ana")
        rights = [right.value for right in CASHIER]
        await shop.office("staff.define_role", role="cashier", rights=rights)
        assert (await shop.ask("report.x", query=True)).refusal == COUNTED
        assert (await shop.ask("report.x", query=True, admin=True)).ok
