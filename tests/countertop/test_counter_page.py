"""The simulated counter's page: what stands on it, and what a person there can do."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from starlette.applications import Starlette

from actors.messages import Accepted, DeviceState
from actors.terminal_messages import Heard, Keep, Look, Request, Settle
from actors.world import SystemWorld
from countertop.config import from_data
from countertop.counter import Counter
from countertop.counter_terminals import Speaks
from engine.terminal import (
    Answer,
    Condition,
    Kind,
    Settlement,
    Transaction,
    Verdict,
)
from hardware.compose import build_device
from hardware.rig import open_rig
from tests.store.harness import CounterTop, OwnShop, eventually, open_counter, open_shop


@asynccontextmanager
async def _page(folder: Path) -> AsyncIterator[tuple[OwnShop, CounterTop, httpx.AsyncClient]]:
    async with open_counter(folder) as counter, open_shop(folder, counter=counter) as shop:
        transport = httpx.ASGITransport(Starlette(routes=counter.routes()))
        async with httpx.AsyncClient(transport=transport, base_url="http://counter") as client:
            yield shop, counter, client


async def _state(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/counter/state.json")
    assert answer.headers["cache-control"] == "no-store"
    state: dict[str, Any] = answer.json()
    return state


async def test_the_page_shows_paper_drawer_and_display(folder: Path) -> None:
    """After a sale the receipt is there as text and picture, the drawer is open, then closed."""
    async with _page(folder) as (shop, counter, client):
        for path, words in (("", "html"), ("counter.js", "javascript"), ("counter.css", "css")):
            answer = await client.get(f"/counter/{path}")
            assert answer.status_code == 200
            assert words in answer.headers["content-type"]
        await shop.sell("bread")
        await counter.wait_receipts(1)
        state = await _state(client)
        assert "1-000001" in state["receipts"][0]["text"]
        assert state["drawer_open"]
        picture = await client.get("/counter/receipt/1.png")
        assert picture.headers["content-type"] == "image/png"
        assert picture.content.startswith(b"\x89PNG")
        for path in ("receipt/0.png", "receipt/2.png", "../config.py", "nothing.js"):
            assert (await client.get(f"/counter/{path}")).status_code == 404
        closed = await client.post("/counter/do", json={"do": "close_drawer"})
        assert not closed.json()["drawer_open"]


async def test_what_a_person_does_reaches_the_register(folder: Path) -> None:
    """A scan becomes a line; paper, cover and cable show at the register."""
    async with _page(folder) as (shop, counter, client):

        async def do(what: str, **more: str) -> None:
            assert (await client.post("/counter/do", json={"do": what, **more})).status_code == 200

        async def printer(code: str) -> bool:
            view = await shop.look("register.state")
            return any(
                (device["address"], device["code"]) == ("printer/1", code)
                for device in view["devices"]
            )

        async def lines() -> bool:
            order = (await shop.look("register.state"))["order"]
            return order is not None and len(order["lines"]) == 1

        await eventually(lambda: printer("ok"), "a ready printer")
        await do("scan", code="milk")
        await eventually(lines, "the scanned line")
        for what, code, back in (
            ("paper_out", "paper_out", "paper_in"),
            ("open_cover", "cover_open", "close_cover"),
            ("pull_cable", "unplugged", "plug_cable"),
        ):
            await do(what)
            await eventually(lambda code=code: printer(code), code)
            await do(back)
            await eventually(lambda: printer("ok"), f"ok after {back}")
        assert counter.printer.printer.status.paper == "ok"


KEEPER = "keeper/test"


async def _terminal(shop: OwnShop, code: str) -> None:
    """Wait until the register shows that of its terminal."""

    async def said() -> bool:
        view = await shop.look("register.state")
        return any(
            (device["address"], device["code"]) == ("terminal/1", code)
            for device in view["devices"]
        )

    await eventually(said, f"terminal/1 {code}")


async def _keep(shop: OwnShop, kept: list[Answer]) -> None:
    async for envelope in shop.node.open(KEEPER):
        if isinstance(envelope.body, Keep):
            kept.append(envelope.body.answer)
            envelope.answer(Accepted())


async def _pay(shop: OwnShop, amount_minor: int, answers: list[Answer]) -> None:
    asked = Transaction(Kind.SALE, amount_minor, 978, tip_allowed=True, partial_allowed=True)
    request = Request(shop.world.new_id(), asked, KEEPER)
    heard = await shop.node.ask("terminal/1", request, timeout_s=60)
    assert isinstance(heard, Heard)
    answers.append(heard.answer)


@pytest.mark.feature("HW-07", part="its state with reason shows on the register")
async def test_the_terminal_is_played_at_the_page(folder: Path) -> None:
    """The store asks the terminal on the devices node; the page shows what it displays, takes the
    keys it waits for and no others, and the result is kept before the terminal books it."""
    kept: list[Answer] = []
    answers: list[Answer] = []
    async with _page(folder) as (shop, counter, client), trio.open_nursery() as nursery:
        nursery.start_soon(_keep, shop, kept)
        await _terminal(shop, "ok")

        async def can(key: str) -> bool:
            terminal = (await _state(client))["terminal"]
            return key in (*terminal["keys"], *terminal["troubles"])

        async def press(key: str, status: int = 200, **more: int) -> dict[str, Any]:
            if status == 200:
                await eventually(lambda: can(key), f"{key} to be possible")
            body = {"do": "terminal", "key": key, **more}
            answer = await client.post("/counter/do", json=body)
            assert answer.status_code == status, (key, answer.text)
            told: dict[str, Any] = answer.json()["terminal"]
            return told

        async def shows(*lines: str) -> None:
            async def shown() -> bool:
                found: list[str] = (await _state(client))["terminal"]["shown"]
                return found == list(lines)

            await eventually(shown, f"{lines} on the terminal")

        assert await shop.node.ask("terminal/1", Look(), timeout_s=5) == Condition(
            is_ready=True, code="ready"
        )
        assert (await press("tap", 409))["keys"] == []
        async with trio.open_nursery() as paying:
            paying.start_soon(_pay, shop, 1250, answers)
            await shows("EUR 12.50", "insert or tap card")
            await press("tip", amount_minor=100)
            await shows("EUR 13.50", "insert or tap card")
            await press("pin", 409)
            await press("insert")
            await shows("EUR 13.50", "enter PIN")
            await press("wrong_pin")
            await shows("EUR 13.50", "wrong PIN, tries left: 2")
            await press("pin")
        await shows("EUR 13.50", "approved")
        (paid,) = answers
        assert (paid.verdict, paid.amount_minor, paid.tip_minor) == (Verdict.APPROVED, 1350, 100)
        assert {one.identity for one in kept if one.code != "begun"} == {paid.identity}
        assert (await _state(client))["terminal"]["transactions"] == [
            {"kind": "sale", "amount": "EUR 13.50", "receipt": 1, "ended": "approved",
             "booked": True}
        ]  # fmt: skip
        settled = await shop.node.ask("terminal/1", Settle(), timeout_s=5)
        assert isinstance(settled, Settlement)
        assert settled.amount_minor == 1350
        await press("cut")
        await _terminal(shop, "unplugged")
        assert not (await press("cut", 409))["is_plugged"]
        await press("plug")
        await _terminal(shop, "ok")
        await press("paper_out")
        await press("reboot")
        await _terminal(shop, "terminal_paper_out")
        counter.terminal.terminal_id = 11111111
        await press("reboot")
        await _terminal(shop, "other_terminal")
        await _pay(shop, 500, answers)
        assert (answers[-1].verdict, answers[-1].code) == (Verdict.ABORTED, "other_terminal")
        nursery.cancel_scope.cancel()


async def test_what_the_page_does_not_know_is_refused(folder: Path) -> None:
    """Another content type, another word or no object at all changes nothing."""
    async with _page(folder) as (_, counter, client):
        form = await client.post("/counter/do", data={"do": "paper_out"})
        assert form.status_code == 415
        bodies: tuple[object, ...] = (
            {"do": "explode"},
            {"do": "scan"},
            {"do": "scan", "code": 5},
            {"do": "terminal"},
            {"do": "terminal", "key": "explode"},
            {"do": "terminal", "key": ["tap"]},
            {"do": "terminal", "key": "tip", "amount_minor": "100"},
            {"do": "terminal", "key": "tip", "amount_minor": True},
            {"do": "terminal", "key": "tip", "amount_minor": -1},
            {"do": "terminal", "key": "tip", "amount_minor": 10**9},
            [],
            "text",
        )
        for body in bodies:
            assert (await client.post("/counter/do", json=body)).status_code == 400
        header = {"content-type": "application/json"}
        broken = await client.post("/counter/do", content=b"{", headers=header)
        assert broken.status_code == 400
        assert counter.printer.printer.status.paper == "ok"
        await trio.lowlevel.checkpoint()


@pytest.mark.parametrize("speaks", ["zvt", "nexo", "nexo-websocket"])
async def test_what_a_store_must_know_of_the_terminal(folder: Path, speaks: Speaks) -> None:
    """The lines on the page, put into a configuration file, reach the terminal that stands there;
    no two starts share a passphrase."""
    folder.mkdir(exist_ok=True)
    counter, other = (Counter("1", folder / name, speaks) for name in ("counter", "other"))
    async with trio.open_nursery() as nursery, open_rig(SystemWorld()) as rig:
        await nursery.start(counter.terminal.run)
        await nursery.start(other.terminal.run)
        lines = [line for _, line in counter.state()["terminal_setup"]]
        written = {"data_dir": "x", "store_id": "x", "devices": [tomllib.loads("\n".join(lines))]}
        (settings,) = from_data(written, "x.toml").devices
        assert counter.terminal_settings() == settings
        if speaks != "zvt":
            assert settings.passphrase != other.terminal_settings().passphrase
        rig.start(build_device(settings))
        await rig.wait_state("terminal/1", DeviceState.READY)
        nursery.cancel_scope.cancel()
