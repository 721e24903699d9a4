"""The simulated counter's page: what stands on it, and what a person there can do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import trio
from starlette.applications import Starlette

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


async def test_what_the_page_does_not_know_is_refused(folder: Path) -> None:
    """Another content type, another word or no object at all changes nothing."""
    async with _page(folder) as (_, counter, client):
        form = await client.post("/counter/do", data={"do": "paper_out"})
        assert form.status_code == 415
        bodies: tuple[object, ...] = (
            {"do": "explode"},
            {"do": "scan"},
            {"do": "scan", "code": 5},
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
