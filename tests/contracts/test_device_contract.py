"""What every device actor promises, proven over a socket and a pty, and on a real device if named.

`COUNTERTOP_REAL_PRINTER`, `_DRAWER`, `_SCANNER` and `_DISPLAY` name transports of real devices,
such as `tcp://192.0.2.10:9100`; a drawer's is that of its printer. See hardware/README.md.
"""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
import trio.testing
from attrs import define

from actors.messages import Accepted, DeviceState, Outcome, Perform, Proceed, ShowLines
from engine.document import Document, columns, text
from engine.effects import KickDrawer, Print
from hardware.carrier import Carrier, PtyCarrier, TcpCarrier
from hardware.compose import build_device
from hardware.display.fake import DisplayFake
from hardware.printer.fake import PrinterFake
from hardware.rig import REGISTER, Rig, open_rig
from hardware.scanner.fake import ScannerFake
from hardware.settings import DeviceSettings

Fake = PrinterFake | ScannerFake | DisplayFake
KINDS = ("printer", "drawer", "scanner", "display")
CARRIERS = ("tcp", "pty")
# Read while collecting: a running test no longer sees the developer's own settings.
REAL = {kind: os.environ.get(f"COUNTERTOP_REAL_{kind.upper()}") for kind in KINDS}
NS_PER_S = 1_000_000_000


def _receipt(title: str = "Receipt 1-1") -> Print:
    blocks = (text("Corner Shop", bold=True), columns("1 x Flat white", "3,80"))
    return Print(Document(title, blocks))


@define
class Subject:
    """One device under test with the thing at the other end; `fake` is None for a real one."""

    kind: str
    rig: Rig
    settings: tuple[DeviceSettings, ...]
    fake: Fake | None

    @property
    def address(self) -> str:
        return f"{self.kind}/one"

    def start(self) -> None:
        for settings in self.settings:
            self.rig.start(build_device(settings))

    def effect(self) -> object:
        return KickDrawer("sale") if self.kind == "drawer" else _receipt()

    def done_count(self) -> int:
        """How often the effect happened in the world."""
        assert isinstance(self.fake, PrinterFake)
        printer = self.fake.printer
        if self.kind == "drawer":
            return len(printer.pulses)
        return len(printer.receipts) + bool(printer.paper.rows)

    async def wait_done(self) -> None:
        """Until it happened: nobody confirms a kick, which may still be on the cable."""
        assert isinstance(self.fake, PrinterFake)
        with trio.fail_after(5):
            if self.kind == "drawer":
                await self.fake.wait_pulses(1)

    def carrier(self) -> Carrier:
        assert self.fake is not None
        return self.fake.carrier

    async def prove_alive(self) -> None:
        """Have it do what it is for."""
        match self.kind:
            case "printer" | "drawer":
                effect_id = self.rig.world.new_id()
                assert await self.rig.perform(self.address, self.effect(), effect_id) == Accepted()
                assert (await self.rig.wait_finished(effect_id)).outcome is Outcome.DONE
            case "scanner":
                assert isinstance(self.fake, ScannerFake)
                before = len(self.rig.scans)
                await self.fake.send(b"\r")
                await self.fake.scan("4006381333931", "]E0")
                await self.rig.wait(lambda: len(self.rig.scans) > before, "the scan")
                await self.rig.wait(
                    lambda: self.rig.scans[-1].code == "4006381333931", "the code itself"
                )
            case "display":
                assert isinstance(self.fake, DisplayFake)
                shown = ShowLines("Total", "12,50")
                await self.rig.post.ask(self.address, shown, timeout_s=5)
                with trio.fail_after(5):
                    await self.fake.wait_shows("Total", "12,50")


def _settings(kind: str, url: str) -> tuple[DeviceSettings, ...]:
    one = f"{kind}/one"
    match kind:
        case "printer":
            return (DeviceSettings(one, "printer", url),)
        case "drawer":
            return (
                DeviceSettings("printer/plug", "printer", url),
                DeviceSettings(one, "drawer", drawer_via="printer/plug"),
            )
        case "scanner":
            return (DeviceSettings(one, "scanner", url, register=REGISTER),)
        case _:
            return (DeviceSettings(one, "display", url),)


def _fake(kind: str, carrier: Carrier) -> Fake:
    if kind == "scanner":
        return ScannerFake(carrier)
    return DisplayFake(carrier) if kind == "display" else PrinterFake(carrier)


@asynccontextmanager
async def _subject(kind: str, carrier: str, folder: Path) -> AsyncIterator[Subject]:
    async with trio.open_nursery() as nursery, open_rig() as rig:
        if carrier == "real":
            url = REAL[kind]
            assert url is not None
            yield Subject(kind, rig, _settings(kind, url), None)
        else:
            end = TcpCarrier() if carrier == "tcp" else PtyCarrier(folder)
            fake = _fake(kind, end)
            await nursery.start(fake.run)
            yield Subject(kind, rig, _settings(kind, end.url), fake)
        nursery.cancel_scope.cancel()


def _every(kinds: tuple[str, ...], *, real: bool = False) -> pytest.MarkDecorator:
    cases = [(kind, carrier) for kind in kinds for carrier in CARRIERS]
    if real:
        cases += [(kind, "real") for kind in kinds if REAL[kind]]
    return pytest.mark.parametrize(
        ("kind", "carrier"), cases, ids=[f"{kind}-{carrier}" for kind, carrier in cases]
    )


EFFECTIVE = ("printer", "drawer")


@_every(KINDS)
async def test_absent_until_connected(kind: str, carrier: str, tmp_path: Path) -> None:
    """A device says absent while nothing is plugged in, and ready once something is."""
    async with _subject(kind, carrier, tmp_path) as subject:
        await subject.carrier().unplug()
        subject.start()
        heard = await subject.rig.wait_state(subject.address, DeviceState.ABSENT)
        states = {s.state for s in subject.rig.statuses if s.address == subject.address}
        assert states == {DeviceState.ABSENT}
        await subject.carrier().plug()
        await subject.rig.wait_state(subject.address, DeviceState.READY, after=heard)
        await subject.prove_alive()


@_every(KINDS, real=True)
async def test_ready_on_connect(kind: str, carrier: str, tmp_path: Path) -> None:
    """A device that is there is reported ready."""
    async with _subject(kind, carrier, tmp_path) as subject:
        subject.start()
        await subject.rig.wait_state(subject.address, DeviceState.READY)


@_every(KINDS)
async def test_unplugged_and_back(kind: str, carrier: str, tmp_path: Path) -> None:
    """A pulled cable is reported, and the device works again once it is back."""
    async with _subject(kind, carrier, tmp_path) as subject:
        subject.start()
        await subject.rig.wait_state(subject.address, DeviceState.READY)
        for _ in range(2):
            heard = len(subject.rig.statuses)
            await subject.carrier().unplug()
            heard = await subject.rig.wait_state(subject.address, DeviceState.ABSENT, after=heard)
            await subject.carrier().plug()
            await subject.rig.wait_state(subject.address, DeviceState.READY, after=heard)
        await subject.prove_alive()


@_every(KINDS)
async def test_garbage_never_kills(kind: str, carrier: str, tmp_path: Path) -> None:
    """Whatever bytes a device sends, its actor lives on and does its work."""
    async with _subject(kind, carrier, tmp_path) as subject:
        subject.start()
        await subject.rig.wait_state(subject.address, DeviceState.READY)
        noise = random.Random(7)
        # Bytes with the top bit set are no answer of a printer, so they cannot pretend to be one.
        for size in (1, 2, 3, 500, 3_000):
            await subject.carrier().send(bytes(noise.randrange(128, 256) for _ in range(size)))
        await subject.prove_alive()
        for size in (1, 7, 700):
            await subject.carrier().send(noise.randbytes(size))
        await subject.prove_alive()


@_every(EFFECTIVE, real=True)
async def test_effect_lifecycle(kind: str, carrier: str, tmp_path: Path) -> None:
    """An effect is accepted at once, its start journaled before it happens, its end reported."""
    async with _subject(kind, carrier, tmp_path) as subject:
        seen: list[int] = []
        if subject.fake is not None:
            subject.rig.on_started = lambda _: seen.append(subject.done_count())
        subject.start()
        await subject.rig.wait_state(subject.address, DeviceState.READY)
        answer = await subject.rig.perform(subject.address, subject.effect(), "e1")
        assert answer == Accepted()
        assert (await subject.rig.wait_finished("e1")).outcome is Outcome.DONE
        assert subject.rig.started == ["e1"]
        if subject.fake is not None:
            assert seen == [0]
            await subject.wait_done()
            assert subject.done_count() == 1


@_every(EFFECTIVE)
async def test_same_id_once(kind: str, carrier: str, tmp_path: Path) -> None:
    """The same effect asked for again and again happens once, and its end is told again."""
    async with _subject(kind, carrier, tmp_path) as subject:
        subject.start()
        for _ in range(3):
            await subject.rig.perform(subject.address, subject.effect(), "e1")
        await subject.rig.wait_finished("e1")
        await trio.testing.wait_all_tasks_blocked(0.005)
        again = await subject.rig.perform(
            subject.address, subject.effect(), "e1", may_have_happened=True
        )
        assert again == Accepted()
        await subject.rig.wait(lambda: len(subject.rig.finished) >= 2, "the end told again")
        assert {end.outcome for end in subject.rig.finished} == {Outcome.DONE}
        await subject.wait_done()
        assert subject.done_count() == 1
        assert subject.rig.started == ["e1"]


@_every(EFFECTIVE, real=True)
async def test_expired_sends_nothing(kind: str, carrier: str, tmp_path: Path) -> None:
    """An effect that is too late is reported so, and the device never hears of it."""
    async with _subject(kind, carrier, tmp_path) as subject:
        subject.start()
        await subject.rig.wait_state(subject.address, DeviceState.READY)
        await subject.rig.perform(subject.address, subject.effect(), "late", left_ns=0)
        assert (await subject.rig.wait_finished("late")).outcome is Outcome.EXPIRED
        assert subject.rig.started == []
        if subject.fake is not None:
            assert subject.done_count() == 0


@_every(EFFECTIVE)
async def test_expires_while_unplugged(kind: str, carrier: str, tmp_path: Path) -> None:
    """An effect that cannot be done in time ends expired, and nothing comes out later."""
    async with _subject(kind, carrier, tmp_path) as subject:
        await subject.carrier().unplug()
        subject.start()
        soon = NS_PER_S // 5
        await subject.rig.perform(subject.address, subject.effect(), "e1", left_ns=soon)
        assert (await subject.rig.wait_finished("e1")).outcome is Outcome.EXPIRED
        heard = len(subject.rig.statuses)
        await subject.carrier().plug()
        await subject.rig.wait_state(subject.address, DeviceState.READY, after=heard)
        assert subject.done_count() == 0


@_every(EFFECTIVE)
async def test_withdrawn_sends_nothing(kind: str, carrier: str, tmp_path: Path) -> None:
    """When the outbox says no to the start, nothing is sent."""
    async with _subject(kind, carrier, tmp_path) as subject:
        subject.rig.proceed = Proceed(proceed=False)
        subject.start()
        await subject.rig.perform(subject.address, subject.effect(), "e1")
        assert (await subject.rig.wait_finished("e1")).outcome is Outcome.EXPIRED
        assert subject.done_count() == 0


@_every(EFFECTIVE)
async def test_failed_may_be_tried_again(kind: str, carrier: str, tmp_path: Path) -> None:
    """After a failure the outbox heard of, the same id is a new try; once done it never is."""
    async with _subject(kind, carrier, tmp_path) as subject:
        subject.start()
        await subject.rig.wait_state(subject.address, DeviceState.READY)
        await subject.rig.post.ask(
            subject.address, Perform("e1", {"name": "unreadable"}), timeout_s=5
        )
        assert (await subject.rig.wait_finished("e1")).outcome is Outcome.FAILED
        await trio.testing.wait_all_tasks_blocked(0.005)
        await subject.rig.perform(subject.address, subject.effect(), "e1")
        await subject.rig.wait(
            lambda: subject.rig.finished[-1].outcome is Outcome.DONE, "the second try"
        )
        await trio.testing.wait_all_tasks_blocked(0.005)
        await subject.rig.perform(subject.address, subject.effect(), "e1")
        await subject.rig.wait(lambda: len(subject.rig.finished) == 3, "the end told again")
        await subject.wait_done()
        assert subject.done_count() == 1


@_every(EFFECTIVE)
async def test_end_told_until_heard(kind: str, carrier: str, tmp_path: Path) -> None:
    """An end the outbox did not take is told again, without doing the effect again."""
    async with _subject(kind, carrier, tmp_path) as subject:
        subject.rig.refuse_finished = 3
        subject.start()
        await subject.rig.perform(subject.address, subject.effect(), "e1")
        assert (await subject.rig.wait_finished("e1")).outcome is Outcome.DONE
        assert subject.rig.refuse_finished == 0
        await subject.wait_done()
        assert subject.done_count() == 1


@_every(KINDS)
async def test_foreign_effect_fails(kind: str, carrier: str, tmp_path: Path) -> None:
    """An effect the device cannot do ends failed, with a reason, and is never begun."""
    async with _subject(kind, carrier, tmp_path) as subject:
        subject.start()
        foreign = _receipt() if kind == "drawer" else KickDrawer()
        assert await subject.rig.perform(subject.address, foreign, "e1") == Accepted()
        end = await subject.rig.wait_finished("e1")
        assert end.outcome is Outcome.FAILED
        assert "nothing was done" in end.reason
        assert subject.rig.started == []


@pytest.mark.feature("HW-01")
@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize(
    ("trouble", "repair"),
    [("paper_out", {"paper": "ok"}), ("cover_open", {"cover_open": False})],
)
async def test_trouble_before_data(
    carrier: str, trouble: str, repair: dict[str, str | bool], tmp_path: Path
) -> None:
    """Paper out and cover open are reported before a byte of the receipt; repaired, it prints."""
    async with _subject("printer", carrier, tmp_path) as subject:
        fake = subject.fake
        assert isinstance(fake, PrinterFake)
        await fake.change(**({"paper": "out"} if trouble == "paper_out" else {"cover_open": True}))
        subject.start()
        await subject.rig.perform(subject.address, _receipt(), "e1")
        await subject.rig.wait_state(subject.address, DeviceState.FAILED, trouble)
        assert subject.rig.started == []
        assert b"Corner" not in fake.printer.buffered
        await fake.change(**repair)
        assert (await subject.rig.wait_finished("e1")).outcome is Outcome.DONE
        assert len(fake.printer.receipts) == 1
