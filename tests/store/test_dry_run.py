"""A dry run over what a store sold: the same promotions change nothing, others by the cent."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import attrs
import pytest

from actors.world import SystemWorld
from countertop.dry_run import dry_run
from countertop.errors import CommandFailedError
from engine.dry_run import Effect
from engine.promotion.decide import SetPromotions
from engine.promotion.model import (
    Benefit,
    BenefitKind,
    Gate,
    GateKind,
    Off,
    OffKind,
    Promotion,
    Selection,
)
from engine.wire import unstructure
from tests.store.harness import FLOAT, OwnShop, open_shop
from tests.warm import run

DAY_NS = 86_400 * 10**9


class Calendar(SystemWorld):
    """The machine's clock, `days` days ahead."""

    days = 0

    def now_ns(self) -> int:
        return super().now_ns() + self.days * DAY_NS


def quiet(_: str, __: str) -> Callable[[int, int], None]:
    return lambda done, total: None


def off(name: str, percent: int, selection: Selection, **changes: Any) -> Promotion:
    """So many per cent off each of what is selected."""
    benefit = Benefit(BenefitKind.EACH, Off(OffKind.PERCENT, percent * 10_000))
    return Promotion(name, name.title(), benefit, (selection,), **changes)


BREAD = off("bread", 20, Selection(items=("bread",)))
DRINKS = off("drinks", 10, Selection(departments=("Drinks",)))
TWO_MILK = Promotion(
    "milk",
    "Milk for two",
    Benefit(BenefitKind.CART, Off(OffKind.AMOUNT, 58), 0),
    (Selection(items=("milk",)),),
    (Gate(GateKind.MIN_QUANTITY, 2),),
)


async def _sell_some_days(shop: OwnShop, calendar: Calendar) -> None:
    """Four days: promotions from the second on, others from the third; every kind of sale."""
    await shop.sell("bread", "milk")
    calendar.days = 1
    await shop.office("promotions.set", promotions=unstructure((BREAD, DRINKS)), policy="best")
    first = await shop.sell("bread", "wine", "milk")
    await shop.do("order.add_line", code="cheese", quantity_milli=457)
    await shop.do("order.add_line", code="bread")
    await shop.do("order.discount_order", kind="percent", value=50_000)
    await shop.do("order.tender_cash", amount_minor=5_000)
    await shop.do("order.complete")
    calendar.days = 2
    await shop.office("promotions.set", promotions=unstructure((TWO_MILK,)), policy="best")
    await shop.do("order.add_return_line", order_id=first["order_id"], line=1, quantity_milli=1000,
                  reason="stale")  # fmt: skip
    await shop.do("order.add_line", code="milk", quantity_milli=3000)
    await shop.do("order.tender_cash", amount_minor=5_000)
    await shop.do("order.complete")
    calendar.days = 3
    await shop.do("register.start_training")
    await shop.do("till.open", denominations=FLOAT)
    await shop.sell("bread", "bread", "bread")
    await shop.do("register.end_training")
    await shop.sell("bread", "bread")


@pytest.mark.feature("NEW-23", part="dry run of a new rule on last month's baskets")
async def test_other_promotions_over_sold_baskets(folder: Path) -> None:
    """Each figure by hand: 2.80 for bread at 3.50, 0.58 off two milks; what went back stays."""
    calendar = Calendar()
    async with open_shop(folder, world=calendar) as shop:
        await _sell_some_days(shop, calendar)
        before = shop.hash()
        asked = SetPromotions((BREAD,))
        found, _ = dry_run(asked, folder / "data", 31, quiet, keep_dates=False)
        assert shop.hash() == before, "a dry run changes nothing"
    assert (found.baskets, found.failed) == (5, 0)
    # Day 1: 0.70 less. Day 2: wine loses its 0.80; the order discount of 5 % is as it was.
    # Day 3: the milks lose 0.58. Day 4: two breads, 1.40 less.
    assert [day.tried_minor - day.sold_minor for day in found.days] == [-70, 80, 58, -140]
    assert [day.baskets for day in found.days] == [1, 2, 1, 1]
    assert (found.cheaper, found.dearer) == (2, 2)
    assert found.effects == (
        Effect("bread", "Bread", 2, -140, 4, -350),
        Effect("drinks", "Drinks", 1, -80, 0, 0),
        Effect("milk", "Milk for two", 1, -58, 0, 0),
    )
    assert [one.moved_minor for one in found.largest] == [140, 80, 70, 58]
    assert found.tried_minor - found.sold_minor == -72


async def test_the_days_that_are_looked_at(folder: Path) -> None:
    """The last business days, counted from the newest sale; windows by date only where asked."""
    calendar = Calendar()
    async with open_shop(folder, world=calendar) as shop:
        await _sell_some_days(shop, calendar)
        future = SetPromotions((off("bread", 20, BREAD.selections[0], starts_s=2**33),))
        last, _ = dry_run(future, folder / "data", 1, quiet, keep_dates=False)
        dated, _ = dry_run(future, folder / "data", 2, quiet, keep_dates=True)
    assert (last.baskets, last.tried_minor - last.sold_minor) == (1, -140)
    assert (dated.baskets, dated.tried_minor - dated.sold_minor) == (2, 58)


async def test_the_promotions_they_were_sold_under_change_nothing(folder: Path) -> None:
    """Forty random baskets priced again under the very promotions come to the very cent."""
    asked = SetPromotions((BREAD, DRINKS, TWO_MILK))
    chance = Random(4)
    async with open_shop(folder) as shop:
        await shop.office("promotions.set", promotions=unstructure(asked.promotions), policy="best")
        for _ in range(40):
            for code in chance.choices(("bread", "milk", "wine", "water"), k=chance.randint(1, 6)):
                await shop.do("order.add_line", code="case-water" if code == "water" else code)
            if chance.random() < 0.5:
                await shop.do("order.discount_order", kind="amount", value=chance.randint(1, 99))
            await shop.do("order.tender_cash", amount_minor=50_000)
            await shop.do("order.complete")
        found, _ = dry_run(asked, folder / "data", 1, quiet, keep_dates=False)
    assert found.baskets == 40
    assert (found.cheaper, found.dearer, found.largest) == (0, 0, ())
    assert found.sold_minor == found.tried_minor
    assert all(one.sold_minor == one.tried_minor for one in found.effects)
    assert len(found.effects) == 3


async def test_what_is_tried_uses_up_its_own_limits(folder: Path) -> None:
    """0.70 off each bread, 1.00 in all: the first basket has 0.70 of it, the second 0.30 and the
    third nothing, and the one that each member has once goes to the first of theirs; what other
    promotions took in those sales uses up nothing. Tried again, it is the same."""
    limited = attrs.evolve(BREAD, budget_minor=100)
    once = attrs.evolve(DRINKS, sales_per_member=1)
    async with open_shop(folder) as shop:
        for _ in range(3):
            await shop.do("order.choose_customer_group", member="7")
            await shop.do("order.add_line", code="wine")
            await shop.sell("bread")
        for _ in range(2):
            asked = SetPromotions((limited, once))
            found, _ = dry_run(asked, folder / "data", 31, quiet, keep_dates=False)
            assert [one.moved_minor for one in found.largest] == [150, 30]
            assert found.effects == (
                Effect("bread", "Bread", 0, 0, 2, -100),
                Effect("drinks", "Drinks", 0, 0, 1, -80),
            )


async def test_what_cannot_be_tried(folder: Path) -> None:
    """A store that sold nothing, and promotions the store would not take, are told so."""
    async with open_shop(folder) as shop:
        with pytest.raises(CommandFailedError, match="sold nothing"):
            dry_run(SetPromotions((BREAD,)), folder / "data", 31, quiet, keep_dates=False)
        await shop.do("register.start_training")
        await shop.do("till.open", denominations=FLOAT)
        await shop.sell("bread")
        with pytest.raises(CommandFailedError, match="sold nothing"):
            dry_run(SetPromotions((BREAD,)), folder / "data", 31, quiet, keep_dates=False)
        await shop.do("register.end_training")
        await shop.sell("bread")
        gone = SetPromotions((off("gone", 20, Selection(items=("gone",))),))
        with pytest.raises(CommandFailedError, match="promotion_items_must_exist"):
            dry_run(gone, folder / "data", 31, quiet, keep_dates=False)


async def test_the_command(folder: Path) -> None:
    """As typed: words for people, JSON for programs, and an error for no days."""
    async with open_shop(folder) as shop:
        await shop.sell("bread", "bread")
    file = folder / "promotions.toml"
    file.write_text(
        '[[promotion]]\nid = "b"\nname = "Bread week"\nselections = [{ items = ["bread"] }]\n'
        'benefit = { kind = "each", off = { kind = "percent", value = 200000 } }\n'
    )

    def typed(*more: str) -> subprocess.CompletedProcess[str]:
        return run("dry-run", file, "--data", folder / "data", *more)

    told = typed()
    assert told.returncode == 0, told.stderr
    assert "Bread week" in told.stdout
    assert "7.00 ->         5.60   -1.40" in told.stdout
    assert json.loads(typed("--json").stdout)["tried_minor"] == 560
    none = typed("--days", "0")
    assert none.returncode == 1
    assert "Nothing was tried" in none.stderr
