"""Fault drill: the disk fills during the rush."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from actors.journal_lock import LOW_WATER_BYTES, DiskSpace
from actors.limits import DISK_CHECK_NS
from actors.world import SystemWorld
from tests.store.disks import MIB, leave_free, mounted
from tests.store.harness import OwnShop, assert_verified, open_shop, own_config

RESERVE_MIB = 8


class FastWorld(SystemWorld):
    """The machine's own world, in which the next look at the disk need not be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped_ns = 0

    def monotonic_ns(self) -> int:
        """The steady clock, and what was skipped."""
        return super().monotonic_ns() + self.skipped_ns

    def look_again(self) -> None:
        """Let the disk be looked at with the next command."""
        self.skipped_ns += DISK_CHECK_NS


async def _rush(shop: OwnShop, world: FastWorld, fill: Callable[[int], None]) -> None:
    """Sell while `fill` leaves so much room in bytes: refused in time, finished, and back again."""
    await shop.open_register("2")
    await shop.do("order.add_line", code="bread")
    await shop.do("order.add_line", "2", code="wine")
    await shop.do("order.tender_cash", "2", amount_minor=1_000)

    fill(LOW_WATER_BYTES - MIB)
    world.look_again()
    # What is open is finished, by every step it takes, out of the reserve if need be.
    await shop.do("order.add_line", code="milk")
    await shop.do("order.tender_cash", amount_minor=1_000)
    assert (await shop.do("order.complete"))["change_minor"] == 521
    assert (await shop.do("order.complete", "2"))["change_minor"] == 201
    assert (await shop.look("store.status", admin=True))["disk_nearly_full"]
    for register in ("1", "2"):
        assert await shop.refused("order.open", register) == "store_must_have_disk_space"
        refused = await shop.refused("order.add_line", register, code="bread")
        assert refused == "store_must_have_disk_space"
    # The till can be counted and the day closed, which needs no new order.
    await shop.do("till.count", "2", denominations=[])
    await shop.do("till.close", "2")
    assert (await shop.do("register.close_day", "2"))["total_minor"] == 799

    fill(LOW_WATER_BYTES + (RESERVE_MIB + 4) * MIB)
    world.look_again()
    await shop.sell("book")
    assert not (await shop.look("store.status", admin=True))["disk_nearly_full"]
    assert (await shop.look("report.x"))["totals"]["total_minor"] == 350 + 129 + 1_200


async def test_the_disk_fills_during_the_rush(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it is full new orders are refused with a word for it, open ones and the day are
    finished; once there is room again the shop sells as before, without a restart."""
    room = [LOW_WATER_BYTES * 4]
    monkeypatch.setattr(DiskSpace, "free_bytes", lambda _self: room[0])

    def fill(free_bytes: int) -> None:
        room[0] = free_bytes

    world = FastWorld()
    async with open_shop(tmp_path, world=world) as shop:
        await _rush(shop, world, fill)
        config = shop.store.config
    assert_verified(config)


async def test_a_real_disk_fills_during_the_rush(folder: Path) -> None:
    """The same on a small disk of its own that other files fill up, with the reserve file given up
    and made again."""
    with mounted(folder / "disk", 96) as disk:
        config = own_config(disk, reserve_mib=RESERVE_MIB)
        reserve = config.journal_path.with_name(config.journal_path.name + ".reserve")
        world = FastWorld()
        async with open_shop(disk, world=world, config=config) as shop:
            assert reserve.stat().st_size == RESERVE_MIB * MIB
            await _rush(shop, world, partial(leave_free, disk))
            assert reserve.stat().st_size == RESERVE_MIB * MIB, "the reserve is back"
        assert_verified(config)
