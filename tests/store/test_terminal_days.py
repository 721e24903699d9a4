"""The end of a terminal's day through the whole store, against terminals of both protocols.

Register, bookkeeper, link, devices node, socket, terminal and back; what it told is held against
what the journal says it took, and each difference is an item.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio
from attrs import define

from actors.world import SystemWorld
from hardware.settings import DeviceSettings
from hardware.terminal.nexo import play
from hardware.terminal.nexo.fake import NexoFake
from hardware.terminal.nexo.outlet import TcpOutlet
from hardware.terminal.zvt.fake import TerminalFake
from hardware.terminal.zvt.person import Plan
from tests.hardware.nexo_rig import KEY, POI_ID, authority, papers
from tests.store.harness import OwnShop, eventually, open_counter, open_shop, own_config


@define(eq=False)
class CardShop:
    """A store whose register 1 has a terminal, and the terminal itself."""

    shop: OwnShop
    terminal: TerminalFake | NexoFake
    tap: Callable[[], Any]

    async def pay(self, *codes: str) -> str:
        """A sale by card, to its receipt; the order."""
        order_id = ""
        for code in codes:
            order_id = (await self.shop.do("order.add_line", code=code))["order_id"]
        await self.approved("payment.request")
        await self.shop.do("order.complete")
        return order_id

    async def approved(self, name: str, register: str = "1", /, **data: Any) -> None:
        """Ask for a payment and tap a card."""
        self.terminal.plans.append(self.tap())
        asked = await self.shop.do(name, register, **data)

        async def is_over() -> bool:
            books = self.shop.store.books.payments
            return asked["payment_id"] not in books.open

        await eventually(is_over, "a payment that is over")

    async def ready(self) -> None:
        """Until the terminal takes payments and nothing runs."""

        async def is_ready() -> bool:
            view = await self.shop.look("register.state")
            found = [one for one in view["devices"] if one["address"] == "terminal/1"]
            return bool(found) and found[0]["state"] == "ready"

        await eventually(is_ready, "a ready terminal")

    async def end_day(self) -> dict[str, Any]:
        """Ask for the end of the terminal's day; how it stands once something is heard."""
        asked = await self.shop.do("terminal.end_day")
        return await self.heard(asked["day_id"])

    async def heard(self, day_id: str) -> dict[str, Any]:
        """How the terminal's day stands, once an end of it was heard of."""

        async def is_heard() -> dict[str, Any] | None:
            view = await self.clearing()
            found = [one for one in view["terminals"] if one["day_id"] == day_id]
            return found[0] if found else None

        found: dict[str, Any] = await eventually(is_heard, "an end of day", patience_s=40)
        return found

    async def clearing(self) -> dict[str, Any]:
        """What is told of card money on its way."""
        view: dict[str, Any] = await self.shop.look("clearing.state")
        return view


@asynccontextmanager
async def zvt_shop(folder: Path) -> AsyncIterator[CardShop]:
    """With a ZVT terminal over TCP."""
    config = own_config(folder)
    async with (
        open_counter(folder) as counter,
        open_shop(folder, counter=counter, config=config) as shop,
    ):
        found = CardShop(shop, counter.terminal, lambda: Plan(card="tap"))
        await found.ready()
        yield found


@asynccontextmanager
async def nexo_terminal(folder: Path) -> AsyncIterator[tuple[NexoFake, DeviceSettings]]:
    """A nexo terminal over TLS, and how the devices node reaches it."""
    outlet = TcpOutlet()
    fake = NexoFake(outlet, papers().server(), KEY, poi_id=POI_ID, world=SystemWorld())
    trusted = folder / "authority.pem"
    trusted.parent.mkdir(parents=True, exist_ok=True)
    trusted.write_text(authority().pem)
    async with trio.open_nursery() as nursery:
        await nursery.start(fake.run)
        device = DeviceSettings(
            "terminal/1",
            "terminal",
            f"tcp://{outlet.host}:{outlet.port}",
            protocol="nexo",
            serial=POI_ID,
            key_identifier=KEY.identifier,
            key_version=KEY.version,
            passphrase=KEY.passphrase,
            authority_file=str(trusted),
        )
        yield fake, device
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def nexo_shop(folder: Path, *, one_process: bool = True) -> AsyncIterator[CardShop]:
    """With a nexo terminal over TLS."""
    async with nexo_terminal(folder) as (fake, device):
        config = own_config(folder, devices=(device,), one_process=one_process)
        async with open_shop(folder, config=config, with_children=True) as shop:
            setup = attrs.asdict(shop.store.books.settings.registers["1"])
            setup["terminal"] = "terminal/1"
            await shop.office("settings.define_register", setup=setup)
            found = CardShop(shop, fake, lambda: play.Plan(card="tap"))
            await found.ready()
            yield found


KINDS = pytest.mark.parametrize("open_kind", [zvt_shop, nexo_shop], ids=["zvt", "nexo"])


@KINDS
async def test_a_day_that_agrees(folder: Path, open_kind: Any) -> None:
    """Sales, a refund and a reversal later, both sides have the same figures; the next day begins
    at nothing, and what gave back a sale of the day before is of that next day: a reversal where
    the terminal knows the sale by a name, a refund where it knows it by a number of that day."""
    async with open_kind(folder) as cards:
        sold = await cards.pay("wine")
        await cards.pay("bread", "milk")
        await cards.shop.do("order.add_return_line", **_return_of(sold))
        await cards.approved("payment.request")
        await cards.shop.do("order.complete")
        book = (await cards.shop.do("order.add_line", code="book"))["order_id"]
        await cards.approved("payment.request")
        await cards.approved("payment.reverse_tender", tender=1)
        day = await cards.end_day()
        assert (day["verdict"], day["differences"]) == ("approved", [])
        assert sum(one["amount_minor"] for one in day["told"]) == 350 + 129
        assert sum(one["amount_minor"] for one in day["ours"]) == 350 + 129
        assert [one["brand"] for one in day["ours"]] == ["mastercard"]
        await cards.approved("payment.request")
        first = await cards.end_day()
        assert (first["told_minor"], first["differences"]) == (1200, [])
        if isinstance(cards.terminal, NexoFake):
            await cards.approved("payment.reverse_tender", tender=2)
            await cards.shop.do("order.tender_cash", amount_minor=1200)
        else:
            refused = await cards.shop.refused("payment.reverse_tender", tender=2)
            assert refused == "payment_must_be_of_terminal_day"
            await cards.shop.do("order.complete")
            await cards.shop.do("order.add_return_line", **_return_of(book))
            await cards.approved("payment.request")
        await cards.shop.do("order.complete")
        # ZVT tells no sums below nothing; the sale keeps the day above.
        await cards.pay("book")
        last = await cards.end_day()
        assert (last["verdict"], last["differences"]) == ("approved", [])
        assert sum(one["amount_minor"] for one in last["ours"]) == 0


def _return_of(order_id: str) -> dict[str, Any]:
    return {"order_id": order_id, "line": 1, "quantity_milli": 1000, "reason": "broken"}


@KINDS
async def test_an_answer_that_is_lost_is_known_as_such(folder: Path, open_kind: Any) -> None:
    """The terminal ended its day and nobody heard: the store says so, and what it took before and
    after is kept apart until the next totals show that it did. What was never told is an item."""
    async with open_kind(folder) as cards:
        await cards.pay("wine")
        cards.terminal.ends_silently = True
        lost = await cards.end_day()
        assert (lost["verdict"], lost["differences"]) == ("unknown", [])
        await cards.ready()
        await cards.pay("bread")
        day = await cards.end_day()
        assert day["verdict"] == "approved"
        assert [(one["fault"], one["ours_minor"]) for one in day["differences"]] == [
            ("not_told", 799)
        ]
        assert sum(one["amount_minor"] for one in day["ours"]) == 350
        (item,) = (await cards.clearing())["items"]
        assert (item["kind"], item["terminal"]) == ("day_not_told", "terminal/1")
        assert item["id"] == f"day_not_told/{lost['day_id']}/"
        await cards.shop.do("settlement.explain", item=item["id"], finding="slip of the terminal")
        await eventually(lambda: _has_no_items(cards), "an item that is explained")
        events = cards.shop.records("terminal.day_heard/1")
        assert events[-1].data["lost"] == [lost["day_id"]]


async def _has_no_items(cards: CardShop) -> bool:
    return (await cards.clearing())["item_count"] == 0


@KINDS
async def test_every_difference_is_an_item(folder: Path, open_kind: Any) -> None:
    """Somebody ended the day at the terminal itself in the middle of it, and took a card there that
    the register knows nothing of: nothing is adjusted, and both are on the list."""
    async with open_kind(folder) as cards:
        await cards.pay("wine")
        ledger = cards.terminal.ledger
        ledger.settled_from = len(ledger.entries)
        day = await cards.end_day()
        (missing,) = day["differences"]
        assert (missing["ours_count"], missing["told_count"]) == (1, 0)
        assert (missing["ours_minor"], missing["told_minor"]) == (799, 0)
        await cards.pay("wine")
        ledger.settled_from -= 1
        day = await cards.end_day()
        (more,) = day["differences"]
        assert (more["fault"], more["brand"]) == ("amount_differs", "mastercard")
        assert (more["ours_count"], more["told_count"]) == (1, 2)
        assert (more["ours_minor"], more["told_minor"]) == (799, 1598)
        view = await cards.clearing()
        assert sorted(one["difference_minor"] for one in view["items"]) == [-799, 799]
        assert {one["terminal"] for one in view["items"]} == {"terminal/1"}


async def test_a_day_ended_at_the_terminal_leaves_no_number_to_take_back_by(folder: Path) -> None:
    """An order is paid in part by card, the day is ended by the terminal's own menu, and the next
    customer's payment has the same receipt number: it stays. The first order is completed, and its
    money goes back by a return; what the menu's end came to was never told, and that is an item."""
    async with zvt_shop(folder) as cards:
        shop, terminal = cards.shop, cards.terminal
        assert isinstance(terminal, TerminalFake)
        ledger = terminal.ledger
        setup = attrs.asdict(shop.store.books.settings.registers["2"])
        await shop.office("settings.define_register", setup={**setup, "terminal": "terminal/1"})
        await shop.open_register("2")
        sold = (await shop.do("order.add_line", code="wine"))["order_id"]
        await cards.approved("payment.request", amount_minor=350)
        assert await terminal.do("end_day")
        await shop.do("order.add_line", "2", code="bread")
        await cards.approved("payment.request", "2")
        await shop.do("order.complete", "2")
        assert [entry.receipt for entry in ledger.entries] == [1, 1]
        refused = await shop.refused("payment.reverse_tender", tender=1)
        assert refused == "payment_must_be_of_terminal_day"
        await cards.approved("payment.request")
        await cards.approved("payment.reverse_tender", tender=2)
        assert [entry.is_reversed for entry in ledger.entries] == [False, False, True, False]
        await cards.approved("payment.request")
        await shop.do("order.complete")
        await shop.do("order.add_return_line", **_return_of(sold))
        for _ in range(2):
            await cards.approved("payment.request")
        await shop.do("order.complete")
        day = await cards.end_day()
        assert [(one["fault"], one["ours_minor"]) for one in day["differences"]] == [
            ("not_told", 350)
        ]


@KINDS
async def test_no_z_waits_for_a_terminal(folder: Path, open_kind: Any) -> None:
    """It is switched off: its end of day is not done, which is said, and the register's Z is."""
    async with open_kind(folder) as cards:
        await cards.pay("wine")
        if isinstance(cards.terminal, NexoFake):
            cards.terminal.hangs = True
        else:
            await cards.terminal.cut()
        asked = await cards.shop.do("terminal.end_day")
        await cards.shop.sell("bread", paid_minor=350)
        denominations = [{"value_minor": 10_350, "count": 1}]
        await cards.shop.do("till.count", denominations=denominations)
        await cards.shop.do("till.close")
        assert (await cards.shop.do("register.close_day"))["z_number"] == 1
        await cards.terminal.cut()
        day = await cards.heard(asked["day_id"])
        assert day["verdict"] in ("aborted", "unknown")
        if isinstance(cards.terminal, NexoFake):
            cards.terminal.hangs = False
        await cards.terminal.plug()
        await cards.ready()
        day = await cards.end_day()
        assert (day["verdict"], day["differences"]) == ("approved", [])
        assert sum(one["amount_minor"] for one in day["ours"]) == 799


async def test_a_store_that_begins_anew_does_not_ask_twice(folder: Path) -> None:
    """It cannot know whether the terminal heard of it before: it says so and leaves it at that."""
    async with nexo_shop(folder) as cards:
        await cards.pay("wine")
        cards.terminal.hangs = True
        asked = await cards.shop.do("terminal.end_day")
        store = cards.shop.store
        assert [day.asked.day_id for day in store.books.payments.days.values() if day.asked] == [
            asked["day_id"]
        ]
    async with open_shop(folder, config=own_config(folder), ready=False) as shop:

        async def is_heard() -> list[Any]:
            return shop.records("terminal.day_heard/1")

        (record,) = await eventually(is_heard, "the end of day, as unknown")
        assert (record.data["verdict"], record.data["code"]) == ("unknown", "restarted")
        assert not shop.records("terminal.day_asked/1")[1:]
