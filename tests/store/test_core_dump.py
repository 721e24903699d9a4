"""The nodes of a store die in the middle of a day, and the kernel writes their memory to disk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from countertop.config import Config
from hardware.settings import DeviceSettings
from tests.canaries import Canaries, leaking_plan
from tests.left_behind import search
from tests.nexo_canaries import leaking_nexo
from tests.store.harness import Shop, StoreProcess, eventually, insist, open_counter, open_link
from tests.store.harness import own_config as config_of
from tests.store.memory import children_of, dump, dumps_to_files
from tests.store.test_terminal_days import nexo_terminal

CANARIES = Canaries.seeded(20261128, 6)
PATIENCE_S = 60.0  # of a busy machine: two processes must start
CORE = 4
"""A dump of memory among the kinds of ELF files. Source: elf(5), e_type."""


@frozen
class AtTheCable:
    """A terminal, how it is reached, and how it tells a number in every place it has."""

    terminal: Any
    devices: tuple[DeviceSettings, ...]
    telling: Callable[[str], Any]


@asynccontextmanager
async def zvt(folder: Path) -> AsyncIterator[AtTheCable]:
    """A ZVT terminal over TCP."""
    async with open_counter(folder) as counter:
        counter.terminal.operator = False
        yield AtTheCable(counter.terminal, counter.devices(), leaking_plan)


@asynccontextmanager
async def nexo(folder: Path) -> AsyncIterator[AtTheCable]:
    """A nexo terminal over TLS, which writes all of them beside its messages too."""
    async with nexo_terminal(folder) as (terminal, device):
        terminal.headers = [(f"X-Card-{card}", card) for card in CANARIES.cards]
        yield AtTheCable(terminal, (device,), leaking_nexo)


async def _begin(shop: Shop) -> None:
    """A shop with a terminal that is ready."""
    await insist(shop, "store.state", "_office", {})
    await shop.seed(registers=("1",))
    places = dict.fromkeys(("printer", "drawer", "display", "scanner"), "")
    setup = {"id": "1", "name": "Register 1", **places, "terminal": "terminal/1"}
    await shop.office("settings.define_register", setup=setup)
    await shop.open_register()

    async def is_ready() -> bool:
        devices = (await shop.look("register.state"))["devices"]
        return any((one["address"], one["state"]) == ("terminal/1", "ready") for one in devices)

    await eventually(is_ready, "a ready terminal", PATIENCE_S)


async def _sell(shop: Shop) -> None:
    """A sale by card, to its receipt."""
    await shop.do("order.add_line", code="bread")
    asked = await shop.do("payment.request")

    async def is_approved() -> bool:
        payment = (await shop.look("register.state"))["payment"]
        told = (payment["payment_id"], payment["standing"]) if payment else None
        return told == (asked["payment_id"], "approved")

    await eventually(is_approved, "an approved payment", PATIENCE_S)
    await shop.do("order.complete")


async def _dumps(config: Config, cable: AtTheCable, place: Path) -> list[Path]:
    """Memory of the node at the cable and of the store, right after the payments."""
    async with open_link(config, "office") as shop:
        with StoreProcess(config, children=True, place=place) as server:
            await _begin(shop)
            for card in CANARIES.cards:
                cable.terminal.plans.append(cable.telling(card))
                await _sell(shop)
            assert server.process is not None
            nodes = children_of(server.process.pid)
            return [await dump(nodes["devices"]), await dump(server.process.pid)]


@pytest.mark.feature("PAY-08")
@pytest.mark.skipif(
    not dumps_to_files(),
    reason="this machine dumps no memory into files; `sysctl kernel.core_pattern=core` makes it",
)
@pytest.mark.parametrize("at_the_cable", [zvt, nexo])
async def test_no_card_number_is_in_a_dump(folder: Path, at_the_cable: Any) -> None:
    """Six cards are told by a terminal in every place it has, within its seal and outside of it;
    then the devices node and the store node are aborted. Their dumps hold what may be kept of the
    cards, and no number in any writing."""
    place = folder / "there"
    place.mkdir()
    async with at_the_cable(folder) as cable:
        config = config_of(folder, one_process=False, devices=cable.devices)
        dumps = await _dumps(config, cable, place)
    for memory in dumps:
        with memory.open("rb") as file:
            assert int.from_bytes(file.read(18)[16:], "little") == CORE
        data = memory.read_bytes()
        card = CANARIES.cards[-1]
        assert card[:6].encode() + b"*" in data, "it is the memory that heard of the cards"
        assert CANARIES.search_raw(data) == []
    assert list(search(dumps, (CANARIES,))) == []
