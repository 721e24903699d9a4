"""Cards through the whole store: register, bookkeeper, link, devices node, terminal and back.

Whatever breaks in between, the terminal's own books and the store's agree in the end, and nobody
was charged twice.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from actors.errors import PostError
from actors.register import OFFICE
from hardware.terminal.zvt import codec
from hardware.terminal.zvt.person import Plan
from tests.store.harness import (
    CounterTop,
    OwnShop,
    Shop,
    StoreProcess,
    eventually,
    kill_now,
    open_counter,
    open_link,
    open_shop,
    own_config,
)

TAP = Plan(card="tap")
# All moments take minutes; the ordinary run takes some.
EVERY = os.environ.get("HYPOTHESIS_PROFILE") == "night"


@asynccontextmanager
async def card_shop(
    folder: Path, *, one_process: bool = True
) -> AsyncIterator[tuple[OwnShop, CounterTop]]:
    """A store whose register 1 has a terminal that is ready."""
    config = own_config(folder, one_process=one_process)
    async with (
        open_counter(folder) as counter,
        open_shop(folder, counter=counter, config=config) as shop,
    ):
        await terminal_ready(shop)
        yield shop, counter


async def terminal_ready(shop: OwnShop) -> None:
    """Until the register's terminal says that it takes payments."""

    async def is_ready() -> bool:
        view = await shop.look("register.state")
        found = [one for one in view["devices"] if one["address"] == "terminal/1"]
        return bool(found) and found[0]["state"] == "ready"

    await eventually(is_ready, "a ready terminal")


async def payment(shop: OwnShop, *standings: str) -> dict[str, Any]:
    """The register's last payment, once it stands so."""

    async def stands() -> dict[str, Any] | None:
        found: dict[str, Any] | None = (await shop.look("register.state"))["payment"]
        return found if found is not None and found["standing"] in standings else None

    found: dict[str, Any] = await eventually(stands, f"a payment that is {standings}")
    return found


async def settled(shop: OwnShop) -> None:
    """Until nothing is open between the store and its terminals."""

    async def is_settled() -> bool:
        return not shop.store.books.payments.open

    await eventually(is_settled, "payments that are settled", patience_s=40)


async def ring_up(shop: OwnShop, *codes: str) -> str:
    """An order at register 1; its id."""
    order_id = ""
    for code in codes:
        order_id = (await shop.do("order.add_line", code=code))["order_id"]
    return order_id


@pytest.mark.feature("OFF-04", part="every step of it, to the merchant's copy")
async def test_a_card_is_taken_over_the_shops_own_network(folder: Path) -> None:
    """Asked, tapped, approved, printed: no step leaves the shop, and a tip is kept apart."""
    async with card_shop(folder) as (shop, counter):
        counter.terminal.plans.append(Plan(card="insert", tip_minor=100))
        await ring_up(shop, "wine")
        asked = await shop.do("payment.request")
        assert asked["standing"] == "requested"
        paid = await payment(shop, "approved")
        assert (paid["amount_minor"], paid["tip_minor"]) == (799, 100)
        assert "*" in paid["card"]
        done = await shop.do("order.complete")
        assert (done["total_minor"], done["change_minor"]) == (799, 0)
        merchants, receipt = await counter.wait_receipts(2)
        assert "CARD PAYMENT" in merchants
        assert "Charged to the card" in receipt
        assert counter.kicks() == 1, "the drawer opened for the till alone"
        assert counter.terminal.ledger.booked_minor == 899
        names = [record.name for record in shop.records() if record.stream.startswith("payment/")]
        assert names[0] == "payment.requested/1"
        assert names[-1] == "payment.heard/1"


async def test_what_the_terminal_shows_is_on_the_screen(folder: Path) -> None:
    """The cashier reads what the customer is asked to do, and can ask for an end of it."""
    async with card_shop(folder) as (shop, counter):
        await ring_up(shop, "wine")
        asked = await shop.do("payment.request")

        async def shows() -> bool:
            view = await shop.look("register.state")
            return bool(view["payment"]["shows"])

        await eventually(shows, "what the terminal shows")
        await shop.do("payment.cancel", payment_id=asked["payment_id"])
        ended = await payment(shop, "aborted")
        assert ended["is_cancel_asked"]
        assert counter.terminal.ledger.booked_minor == 0
        await shop.do("order.tender_cash", amount_minor=1000)
        assert (await shop.do("order.complete"))["change_minor"] == 201


@pytest.mark.feature("PAY-09")
@pytest.mark.parametrize(
    ("plan", "booked"),
    [
        (Plan(breaks=True), 799),
        (Plan(lose=(codec.STATUS_INFO, codec.COMPLETION)), None),
        (Plan(decline=0x05, lose=(codec.STATUS_INFO, codec.ABORTION)), 0),
    ],
    ids=["cable", "answer", "decline"],
)
async def test_a_cut_during_payment_ends_at_the_terminals_truth(
    folder: Path, plan: Plan, booked: int | None
) -> None:
    """Nobody at the register does anything: the store asks until it knows, and pays once."""
    async with card_shop(folder) as (shop, counter):
        counter.terminal.plans.append(plan)
        order_id = await ring_up(shop, "wine")
        await shop.do("payment.request")
        if not plan.breaks:
            with trio.move_on_after(1.5):
                await payment(shop, "unknown", "approved", "declined")
            await counter.terminal.cut()
            await counter.terminal.plug()
        await settled(shop)
        truth = counter.terminal.ledger.booked_minor
        assert booked is None or truth == booked
        order = shop.store.books.live.orders[order_id]
        assert sum(tender.amount_minor for tender in order.tenders) == truth
        assert len(counter.terminal.ledger.entries) == 1


async def test_cash_meanwhile_and_the_late_approval_goes_back(folder: Path) -> None:
    """The cable was out when the card was approved; the customer paid in cash and left."""
    async with card_shop(folder) as (shop, counter):
        terminal = counter.terminal
        terminal.plans.append(Plan(lose=(codec.STATUS_INFO, codec.COMPLETION)))
        await ring_up(shop, "wine")
        await shop.do("payment.request")

        async def is_booked() -> bool:
            return bool(terminal.ledger.entries)

        await eventually(is_booked, "a transaction at the terminal")
        await trio.sleep(0.3)
        await terminal.cut()
        await payment(shop, "unknown")
        await shop.do("order.tender_cash", amount_minor=799)
        await shop.do("order.complete")
        await terminal.plug()
        await settled(shop)
        assert terminal.ledger.booked_minor == 0
        assert not shop.store.books.payments.exceptions
        totals = shop.store.books.live.position("1").totals
        assert totals.tenders == {"cash": 799}


@pytest.mark.parametrize("wait_s", [0.0, 0.02, 0.06, 0.15, 0.4] if EVERY else [0.02, 0.15])
async def test_the_devices_node_killed_in_the_middle(folder: Path, wait_s: float) -> None:
    """Killed at some moment of the conversation, it comes back, asks, and the books agree."""
    async with card_shop(folder, one_process=False) as (shop, counter):
        counter.terminal.plans.append(TAP)
        order_id = await ring_up(shop, "wine")
        (child,) = (one for one in shop.store.children if one.name == "devices")
        assert child.process is not None
        await shop.do("payment.request")
        await trio.sleep(wait_s)
        kill_now(child.process.pid)
        await settled(shop)
        truth = counter.terminal.ledger.booked_minor
        order = shop.store.books.live.orders[order_id]
        assert sum(tender.amount_minor for tender in order.tenders) == truth
        assert len(counter.terminal.ledger.entries) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("wait_s", [0.0, 0.01, 0.02, 0.04, 0.08, 0.16] if EVERY else [0.04])
async def test_the_store_killed_in_the_middle(folder: Path, wait_s: float) -> None:
    """Started again, it asks about what it had asked for, and the customer paid once or not."""
    async with open_counter(folder) as counter:
        devices = counter.devices()
        config = own_config(folder, one_process=False, devices=devices)
        process = StoreProcess(config, children=True)
        async with open_link(config, "door") as shop:
            with process:
                await eventually(partial(_is_up, shop), "a store that answers")
                await shop.seed(devices=True)
                await shop.open_register()
                await eventually(partial(_has_terminal, shop), "a ready terminal")
                counter.terminal.plans.append(TAP)
                await shop.do("order.add_line", code="wine")
                await shop.do("payment.request")
                await trio.sleep(wait_s)
                process.kill()
                process.start()
                await eventually(partial(_is_over, shop), "the end of it", patience_s=40)
                view = await shop.look("register.state")
                truth = counter.terminal.ledger.booked_minor
                assert sum(one["amount_minor"] for one in view["order"]["tenders"]) == truth
                assert len(counter.terminal.ledger.entries) <= 1
                assert view["exceptions"] == 0


async def _is_up(shop: Shop) -> bool:
    try:
        await shop.look("store.state", OFFICE)
    except (PostError, AssertionError):
        return False
    return True


async def _has_terminal(shop: Shop) -> bool:
    devices = (await shop.look("register.state"))["devices"]
    return any(one["address"] == "terminal/1" and one["state"] == "ready" for one in devices)


async def _is_over(shop: Shop) -> bool:
    try:
        view = await shop.look("register.state")
    except (PostError, AssertionError):
        return False
    payment = view["payment"]
    return payment is not None and payment["standing"] not in ("requested", "unknown")
