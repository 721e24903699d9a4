"""A store with its HTTP door and a simulated provider beside it, both over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import trio
from attrs import define

from actors.world import SystemWorld
from countertop.serving import Doors
from countertop.store import open_store, run_store
from engine.paylink.state import Paylink
from engine.settings import RegisterSetup
from engine.wire import unstructure
from protocols.provider.fake import ProviderFake
from tests.ports import free_port
from tests.store.harness import OwnShop, eventually, own_config

SETUP = RegisterSetup("1", "Register 1", provider="provider/qr")


@define(eq=False)
class LinkShop(OwnShop):
    """A store in this process, its provider, and where the provider calls it."""

    provider: ProviderFake
    callback_url: str

    async def ask_for_link(self, *codes: str) -> str:
        """Ring up and have a link offered; its id."""
        for code in codes:
            await self.do("order.add_line", code=code)
        paylink_id: str = (await self.do("paylink.request", life_s=600))["paylink_id"]
        await self.until(paylink_id, "waiting")
        return paylink_id

    def link(self, paylink_id: str) -> Paylink | None:
        """How one stands in the books."""
        return self.store.books.paylinks.known(paylink_id)

    async def until(self, paylink_id: str, *standings: str) -> Paylink:
        """One of them, once it stands so."""

        def stands() -> Paylink | None:
            link = self.link(paylink_id)
            return link if link is not None and link.standing.value in standings else None

        found: Paylink = await eventually(stands, f"{paylink_id} to be {standings}")
        return found

    def tenders(self) -> list[dict[str, Any]]:
        """Every tender by link in the journal."""
        return [record.data for record in self.records("order.link_tendered/1")]

    async def until_receipts(self, count: int) -> list[str]:
        """The numbers of all receipts in the journal, once there are so many."""
        await eventually(lambda: len(self.receipts()) >= count, f"{count} receipts")
        return self.receipts()

    def receipts(self) -> list[str]:
        """Every receipt number in the journal."""
        return [record.data["receipt_number"] for record in self.records("order.completed/1")]


@asynccontextmanager
async def open_provider(folder: Path) -> AsyncIterator[ProviderFake]:
    """A simulated provider for as long as the block lasts."""
    provider = ProviderFake(SystemWorld(), folder / "provider")
    async with trio.open_nursery() as nursery:
        await nursery.start(provider.run)
        yield provider
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def open_link_shop(
    folder: Path, provider: ProviderFake, *, calls: bool = True
) -> AsyncIterator[LinkShop]:
    """A store whose register 1 takes payments by link; where the provider `calls`, at its door."""
    config = own_config(folder)
    port = free_port()
    url = f"http://127.0.0.1:{port}/callbacks/qr"
    settings = provider.settings(callback_url=url if calls else "")
    doors_config = attrs.evolve(config.doors, http_port=port, nng=False)
    config = attrs.evolve(config, providers=(settings,), doors=doors_config)
    store = open_store(config, SystemWorld())
    new = store.books.settings.rules is None
    async with trio.open_nursery() as nursery:
        doors = Doors()
        await nursery.start(partial(run_store, store, doors=doors.start))
        shop = LinkShop(store.node, store.world, store, provider, url)
        if new:
            await shop.seed()
            await shop.office("settings.define_register", setup=unstructure(SETUP))
        await shop.open_register()
        try:
            yield shop
        finally:
            nursery.cancel_scope.cancel()
