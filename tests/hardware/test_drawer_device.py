"""The drawer actor and its printer: kicked once, in time, and watched."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from actors.messages import DeviceState, Outcome, Proceed
from engine.effects import KickDrawer
from hardware.carrier import TcpCarrier
from hardware.compose import build_device
from hardware.drawer.codec import DrawerState, decode_level
from hardware.printer.fake import PrinterFake
from hardware.rig import Rig, open_rig
from hardware.settings import DeviceSettings

DRAWER, PRINTER = "drawer/one", "printer/one"
NS_PER_S = 1_000_000_000


@asynccontextmanager
async def _shop(*, level: str = "high", pin: int = 2) -> AsyncIterator[tuple[Rig, PrinterFake]]:
    async with trio.open_nursery() as nursery, open_rig() as rig:
        fake = PrinterFake(TcpCarrier())
        await nursery.start(fake.run)
        rig.start(build_device(DeviceSettings(PRINTER, "printer", fake.carrier.url)))
        await rig.wait_state(PRINTER, DeviceState.READY)
        settings = DeviceSettings(
            DRAWER, "drawer", drawer_via=PRINTER, drawer_open_level=level, drawer_pin=pin
        )
        rig.start(build_device(settings))
        await rig.wait_state(DRAWER, DeviceState.READY)
        with trio.fail_after(15):
            yield rig, fake
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("high", "level", "state"),
    [
        (True, "high", DrawerState.OPEN),
        (False, "high", DrawerState.CLOSED),
        (True, "low", DrawerState.CLOSED),
        (False, "low", DrawerState.OPEN),
        (True, "none", DrawerState.UNKNOWN),
        (None, "high", DrawerState.UNKNOWN),
    ],
)
def test_levels(high: bool | None, level: str, state: DrawerState) -> None:
    """Which level means open is the wiring's choice; without a switch nothing is known."""
    assert decode_level(high, level) is state


@pytest.mark.feature("HW-02", part="kick with status")
async def test_opens_and_says_so() -> None:
    """A kick opens the drawer, which is reported open, and closed when somebody shuts it."""
    async with _shop(pin=5) as (rig, fake):
        await rig.wait_state(DRAWER, DeviceState.READY, "closed")
        heard = len(rig.statuses)
        await rig.perform(DRAWER, KickDrawer("sale"), "k1")
        assert (await rig.wait_finished("k1")).outcome is Outcome.DONE
        assert [kick.pin for kick in fake.printer.pulses] == [5]
        heard = await rig.wait_state(DRAWER, DeviceState.READY, "open", after=heard)
        await fake.change(drawer_high=False)
        await rig.wait_state(DRAWER, DeviceState.READY, "closed", after=heard)


@pytest.mark.feature("HW-02", part="with other peripherals down")
async def test_opens_without_paper() -> None:
    """Cash can be taken while the printer is out of paper: the drawer opens all the same."""
    async with _shop() as (rig, fake):
        await fake.change(paper="out")
        await rig.wait_state(PRINTER, DeviceState.FAILED, "paper_out")
        soon = 3 * NS_PER_S
        await rig.perform(DRAWER, KickDrawer("sale"), "k1", left_ns=soon)
        assert (await rig.wait_finished("k1")).outcome is Outcome.DONE
        assert len(fake.printer.pulses) == 1


async def test_what_may_have_happened_is_not_repeated() -> None:
    """A kick that may have opened the drawer already is not sent again, from either side's word."""
    async with _shop() as (rig, fake):
        await rig.perform(DRAWER, KickDrawer(), "k1", may_have_happened=True)
        assert (await rig.wait_finished("k1")).outcome is Outcome.UNKNOWN
        rig.proceed = Proceed(proceed=True, may_have_happened=True)
        await rig.perform(DRAWER, KickDrawer(), "k2")
        assert (await rig.wait_finished("k2")).outcome is Outcome.UNKNOWN
        assert fake.printer.pulses == []


async def test_never_after_expiry() -> None:
    """A kick waiting for its printer's actor ends expired; the drawer stays shut afterwards."""
    async with _shop() as (rig, fake):
        await rig.kill(PRINTER)
        soon = NS_PER_S // 4
        await rig.perform(DRAWER, KickDrawer(), "k1", left_ns=soon)
        assert (await rig.wait_finished("k1")).outcome is Outcome.EXPIRED
        heard = len(rig.statuses)
        rig.start(build_device(DeviceSettings(PRINTER, "printer", fake.carrier.url)))
        await rig.wait_state(PRINTER, DeviceState.READY, after=heard)
        assert fake.printer.pulses == []


async def test_printer_back_in_time() -> None:
    """A kick outlives a short absence of its printer and happens once."""
    async with _shop() as (rig, fake):
        heard = len(rig.statuses)
        await fake.carrier.unplug()
        await rig.wait_state(PRINTER, DeviceState.ABSENT, after=heard)
        soon = 10 * NS_PER_S
        await rig.perform(DRAWER, KickDrawer(), "k1", left_ns=soon)
        await rig.wait(lambda: rig.started == ["k1"], "the start")
        await fake.carrier.plug()
        assert (await rig.wait_finished("k1")).outcome is Outcome.DONE
        assert len(fake.printer.pulses) == 1


async def test_absent_with_its_printer() -> None:
    """A drawer is absent while its printer is, and says to use the key."""
    async with _shop() as (rig, fake):
        heard = len(rig.statuses)
        await fake.carrier.unplug()
        await rig.wait_state(DRAWER, DeviceState.ABSENT, "no_printer", after=heard)
        assert "key" in next(s for s in reversed(rig.statuses) if s.code == "no_printer").detail
