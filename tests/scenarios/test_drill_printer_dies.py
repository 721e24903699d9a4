"""Fault drill: the printer dies in the middle of a slip, at every byte of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import pytest
import trio

from actors.messages import Outcome
from actors.world import ManualWorld
from engine.document import Document
from engine.effects import Print
from hardware import device
from hardware.compose import build_device
from hardware.printer.render import to_text
from hardware.printer.virtual import VirtualPrinter
from hardware.rig import Rig, open_rig
from hardware.settings import DeviceSettings
from hardware.transport import Place, TransportError
from tests.shop import Shop
from tests.store.harness import (
    CounterTop,
    OwnShop,
    assert_verified,
    eventually,
    open_counter,
    open_shop,
)

PRINTER = "printer/1"
OFF_S = 2.0
COPY = "COPY"


class Bench:
    """A printer on a cable without a kernel in it, so that a mocked clock can drive all of it.

    It dies where its `dies_after_bytes` says, and is switched on again two seconds later.
    """

    def __init__(self, nursery: trio.Nursery) -> None:
        self.machine = VirtualPrinter()
        self._nursery = nursery
        self._replies, self._replies_out = trio.open_memory_channel[bytes](64)
        self.deaths = 0

    async def connect(self, _place: Place) -> Bench:
        """A new connection, as `hardware.transport.connect` makes one."""
        await trio.lowlevel.checkpoint()
        if self.machine.dead:
            raise TransportError("absent", "switched off")
        self._replies, self._replies_out = trio.open_memory_channel[bytes](64)
        return self

    async def send_all(self, data: bytes) -> None:
        """The printer takes what it can before it dies."""
        await trio.lowlevel.checkpoint()
        if self.machine.dead:
            raise trio.BrokenResourceError("no power")
        self.machine.receive(data)
        # Dead is dead: what had come in is on paper, an answer is not on the cable any more.
        self.machine.process()
        reply = self.machine.take_reply()
        if self.machine.dead:
            self.deaths += 1
            self._nursery.start_soon(self._switch_on_later)
            self._replies.close()
            raise trio.BrokenResourceError("no power")
        if reply:
            self._replies.send_nowait(reply)

    async def _switch_on_later(self) -> None:
        await trio.sleep(OFF_S)
        self.machine.power_cycle()

    async def receive_some(self) -> bytes:
        """What the printer says."""
        try:
            return await self._replies_out.receive()
        except trio.EndOfChannel:
            raise trio.BrokenResourceError("no power") from None

    async def aclose(self) -> None:
        """Closing a cable never fails."""
        await trio.lowlevel.checkpoint()

    def slips(self) -> list[str]:
        """The text of each piece of paper that was cut off."""
        return [to_text(rows, self.machine.width) for rows in self.machine.receipts]


@asynccontextmanager
async def _bench(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Rig, Bench]]:
    async with trio.open_nursery() as nursery, open_rig(ManualWorld(follow=True)) as rig:
        bench = Bench(nursery)
        monkeypatch.setattr(device, "connect", bench.connect)
        rig.start(build_device(DeviceSettings(PRINTER, "printer", "tcp://127.0.0.1:1")))
        await trio.sleep(1)
        yield rig, bench
        nursery.cancel_scope.cancel()


@cache
def _slip() -> Document:
    """The receipt of a small sale, as the shop prints it."""
    shop = Shop.selling()
    shop.ring("bread", "milk", "wine")
    shop.pay(2_000)
    return shop.printed()[-1]


async def _printed_with_cut(
    monkeypatch: pytest.MonkeyPatch, cut: int | None
) -> tuple[list[str], int, list[str]]:
    """(slips, bytes the slip took, how the tries ended) with the power gone after `cut` bytes."""
    async with _bench(monkeypatch) as (rig, bench):
        before = bench.machine.received_bytes
        bench.machine.dies_after_bytes = cut
        await rig.perform(PRINTER, Print(_slip()), "slip")
        end = await rig.wait_finished("slip")
        assert end.outcome is Outcome.DONE, (cut, end)
        assert bench.deaths == (cut is not None), cut
        return bench.slips(), bench.machine.received_bytes - before, rig.started


async def test_a_printer_that_dies_at_any_byte_of_a_slip(
    autojump_clock: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the power goes, the customer gets one whole slip: unmarked if none of it was sent
    yet, else marked COPY; there are never two unmarked ones, and none is lost."""
    (whole,), length, _ = await _printed_with_cut(monkeypatch, None)
    assert COPY not in whole
    assert length > 300
    marked = 0
    for cut in range(1, length):
        slips, _, started = await _printed_with_cut(monkeypatch, cut)
        assert started == ["slip"], cut
        assert len([slip for slip in slips if COPY not in slip]) <= 1, cut
        last, lines = slips[-1], whole.strip().splitlines()
        assert all(line in last for line in lines), (cut, last)
        marked += COPY in last
    assert marked > length // 2, "most cuts fall into the slip itself"


async def _ready(shop: OwnShop) -> None:
    async def is_ready() -> bool:
        view = await shop.look("register.state")
        states = {entry["address"]: entry["state"] for entry in view["devices"]}
        return states.get(PRINTER) == "ready" and not view["queue"]

    await eventually(is_ready, "an empty queue")


async def _sell_with_cut(shop: OwnShop, counter: CounterTop, cut: int) -> tuple[str, list[str]]:
    """One sale whose printer dies after so many bytes, and is switched on: (number, its slips)."""
    machine, before = counter.printer.printer, len(counter.receipts())
    machine.dies_after_bytes = cut
    number: str = (await shop.sell("milk", "bread"))["receipt_number"]
    await eventually(lambda: machine.dead, "the end of the printer")
    await shop.sell("wine")
    await counter.printer.power_on()
    await counter.wait_receipts(before + 2)
    await _ready(shop)
    return number, [text for text in counter.receipts()[before:] if number in text]


async def test_a_shop_whose_printer_dies_mid_slip_sells_on(folder: Path) -> None:
    """The register does not wait for it; later each sale's receipt is there, the torn one as a
    COPY; money, numbers and the journal are as if nothing had been."""
    async with open_counter(folder) as counter, open_shop(folder, counter=counter) as shop:
        await _ready(shop)
        kicks = counter.kicks()
        for cut in (60, 200, 350):
            number, slips = await _sell_with_cut(shop, counter, cut)
            assert len([text for text in slips if COPY not in text]) <= 1
            assert "Thank you" in slips[-1], number
        texts = counter.receipts()
        for sale in range(1, 7):
            assert [text for text in texts if f"1-{sale:06}" in text], sale
        assert kicks < counter.kicks() <= kicks + 6
        assert (await shop.look("report.x"))["totals"]["total_minor"] == 3 * (129 + 350 + 799)
        config = shop.store.config
    assert_verified(config)
