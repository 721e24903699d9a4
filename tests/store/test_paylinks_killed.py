"""kill -9 of the store and the integrations node between a question, its answer, the journal."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

from actors.errors import PostError
from actors.register import OFFICE
from countertop.config import Config
from engine.settings import RegisterSetup
from engine.wire import unstructure
from protocols.provider.fake import ProviderFake
from tests.store.harness import (
    Shop,
    StoreProcess,
    assert_verified,
    eventually,
    insist,
    kill_now,
    open_journal,
    open_link,
    own_config,
)
from tests.store.link_rig import open_provider

SETUP = RegisterSetup("1", "Register 1", provider="provider/qr")


async def done(shop: Shop, name: str, **data: Any) -> Any:
    """A command of register 1, repeated under one id until it is answered."""
    _, reply = await insist(shop, name, "1", data)
    assert reply.ok, (name, reply)
    return reply.data


@asynccontextmanager
async def shop_to_kill(
    folder: Path, provider: ProviderFake
) -> AsyncIterator[tuple[Shop, StoreProcess, Config]]:
    """A store in three processes that asks a provider; nobody can call it."""
    config = own_config(folder, one_process=False)
    config = attrs.evolve(config, providers=(provider.settings(),))
    with StoreProcess(config, children=True) as server:
        async with open_link(config, "till") as shop:
            await eventually(partial(_is_open, shop), "the office", patience_s=60)
            await shop.seed()
            await shop.office("settings.define_register", setup=unstructure(SETUP))
            await shop.open_register()
            yield shop, server, config


async def _is_open(shop: Shop) -> bool:
    try:
        return (await shop.ask("store.state", OFFICE, query=True, admin=True)).ok
    except PostError:
        return False


def integrations_pid(server: StoreProcess) -> int:
    """The process of the integrations node."""
    assert server.process is not None
    parent = server.process.pid
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            stat = (entry / "stat").read_text().rpartition(")")[2].split()
            line = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if int(stat[1]) == parent and b"integrations" in line:
            return int(entry.name)
    raise AssertionError("there is no integrations node")


async def settled(shop: Shop) -> dict[str, Any]:
    """The register once its sale is over and nothing is asked any more."""

    async def is_over() -> dict[str, Any] | None:
        found = await looked(shop, "register.state")
        return found if found["order"] is None and found["last_order"] is not None else None

    found: dict[str, Any] = await eventually(is_over, "a sale that is over", patience_s=90)
    return found


async def looked(shop: Shop, name: str) -> dict[str, Any]:
    """A query, repeated until it is answered."""
    while True:
        try:
            found: dict[str, Any] = await shop.look(name)
        except PostError:
            await trio.sleep(0.02)
        else:
            return found


# All moments take minutes; the ordinary run takes some.
SOME = (
    ("store", "asked"),
    ("store", "paid"),
    ("integrations", "asked"),
)
REST = (
    ("store", "offered"),
    ("store", "looked"),
    ("integrations", "offered"),
    ("integrations", "looked"),
)
EVERY = (*SOME, *REST) if os.environ.get("HYPOTHESIS_PROFILE") == "night" else SOME


@pytest.mark.parametrize(("whom", "moment"), EVERY)
@pytest.mark.feature("PAY-13", part="kill -9 between journal and answer")
async def test_a_sale_is_closed_once_whoever_is_killed_when(
    folder: Path, whom: str, moment: str
) -> None:
    """At the provider's door before its answer, once it is offered, at a look, or as it is paid:
    the provider has one payment, the journal one tender and one receipt."""
    async with (
        open_provider(folder) as provider,
        shop_to_kill(folder, provider) as (shop, server, config),
    ):
        struck = trio.Event()

        def strike() -> None:
            if struck.is_set():
                return
            struck.set()
            if whom == "integrations":
                kill_now(integrations_pid(server))
            else:
                server.kill()
                server.start()

        wanted = {"asked": "PUT", "looked": "GET"}.get(moment)
        if wanted:
            provider.before_answer = lambda method, path: strike() if method == wanted else None
        await done(shop, "order.add_line", code="wine")
        asked = await done(shop, "paylink.request")
        if moment == "offered":
            await eventually(lambda: provider.requests, "a question", patience_s=60)
            strike()
        reference = asked["paylink_id"]
        await eventually(provider.open_payments, "a payment to make", patience_s=60)
        if moment == "looked":
            await eventually(struck.is_set, "a look", patience_s=60)
        assert provider.pay(reference)
        if moment == "paid":
            strike()
        await settled(shop)
        assert struck.is_set()
        assert 1 == len(provider.ledger.held)
        assert 799 == provider.ledger.taken_minor
        server.stop()
        with open_journal(config) as journal:
            names = [record.name for record in journal.read(0, 1_000_000)]
        assert 1 == names.count("paylink.requested/1") == names.count("paylink.confirmed/1")
        # Paid while nobody was there to hear of the offer, it was never one.
        assert names.count("paylink.offered/1") <= 1
        assert 1 == names.count("order.link_tendered/1") == names.count("order.completed/1")
        assert_verified(config)
