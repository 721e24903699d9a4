"""The scanner actor: every code reaches the register, in order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from actors.limits import NS_PER_S
from actors.messages import DeviceState
from hardware.carrier import PtyCarrier
from hardware.compose import build_device
from hardware.limits import SCAN_GAP_NS
from hardware.rig import REGISTER, Rig, open_rig
from hardware.scanner.fake import ScannerFake
from hardware.settings import DeviceSettings

SCANNER = "scanner/one"


@asynccontextmanager
async def _lane(
    folder: Path, *, register: str = REGISTER, same_code_ms: int = 0
) -> AsyncIterator[tuple[Rig, ScannerFake]]:
    async with trio.open_nursery() as nursery, open_rig() as rig:
        fake = ScannerFake(PtyCarrier(folder))
        await nursery.start(fake.run)
        settings = DeviceSettings(
            SCANNER, "scanner", fake.carrier.url, register=register, same_code_ms=same_code_ms
        )
        rig.start(build_device(settings))
        await rig.wait_state(SCANNER, DeviceState.READY)
        with trio.fail_after(15):
            yield rig, fake
        nursery.cancel_scope.cancel()


@pytest.mark.feature("HW-03", part="serial")
async def test_none_lost_at_full_speed(tmp_path: Path) -> None:
    """A thousand scans as fast as a pty carries them all arrive, in order, with their kind."""
    async with _lane(tmp_path) as (rig, fake):
        for number in range(1_000):
            await fake.scan(f"{number:013}", "]E0")
        await rig.wait(lambda: len(rig.scans) >= 1_000, "1000 scans")
        assert [scan.code for scan in rig.scans] == [f"{number:013}" for number in range(1_000)]
        assert {scan.symbology for scan in rig.scans} == {"]E0"}


async def test_waits_for_a_busy_register(tmp_path: Path) -> None:
    """Codes read while the register takes nothing are delivered, in order, once it does."""
    async with _lane(tmp_path, register="register/2") as (rig, fake):
        for number in range(20):
            await fake.scan(str(number))
        await trio.testing.wait_all_tasks_blocked(0.01)
        box = rig.node.open("register/2")
        codes = [(await box.get()).body.code for _ in range(20)]  # type: ignore[attr-defined]
        assert codes == [str(number) for number in range(20)]


@pytest.mark.parametrize("ending", [b"\n", b"\t", b""])
async def test_a_scanner_set_to_another_ending_says_so(tmp_path: Path, ending: bytes) -> None:
    """A scanner whose reads do not end as the settings say is shown as not readable, with what to
    do, instead of ready and silent; the first code that is read makes it well again."""
    async with _lane(tmp_path) as (rig, fake):
        heard = len(rig.statuses)
        for _ in range(2):
            await fake.send(b"4006381333931" + ending)
            await trio.sleep(SCAN_GAP_NS / NS_PER_S + 0.05)
        heard = await rig.wait_state(SCANNER, DeviceState.FAILED, "scans_unreadable", after=heard)
        assert "terminator" in rig.statuses[-1].detail
        assert rig.scans == []
        # However late a busy machine looks at the clock: what was begun is given up by then.
        await trio.sleep(1.0)
        await fake.scan("4006381333931")
        await rig.wait_state(SCANNER, DeviceState.READY, "ok", after=heard)
        await rig.wait(lambda: len(rig.scans) == 1, "the code")


async def test_same_code_window_from_settings(tmp_path: Path) -> None:
    """The repeat window of the settings reaches the session."""
    async with _lane(tmp_path, same_code_ms=60_000) as (rig, fake):
        for code in ("1", "1", "2"):
            await fake.scan(code)
        await rig.wait(lambda: len(rig.scans) >= 2, "two scans")
        assert [scan.code for scan in rig.scans] == ["1", "2"]
