"""The printer actor against a virtual printer at the end of a real cable: when things go wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio

from actors.messages import Accepted, DeviceState, Failure, Outcome
from engine.document import Document, columns, text
from engine.effects import Print
from hardware.carrier import TcpCarrier
from hardware.compose import build_device
from hardware.limits import DOCUMENT_BLOCKS_MAX
from hardware.printer import codec
from hardware.printer.device import PrinterDevice
from hardware.printer.fake import PrinterFake
from hardware.printer.layout import copy_banner
from hardware.printer.messages import PULSE_GRACE_S, DrawerLevel, Pulse, WatchDrawer
from hardware.printer.paper import PaperRow, TextRow
from hardware.printer.profile import profile
from hardware.rig import Rig, open_rig
from hardware.settings import DeviceSettings
from hardware.transport import ByteStream, Place, connect, parse_transport

PRINTER = "printer/one"
NS_PER_S = 1_000_000_000
COPY_BANNER = copy_banner("en")


def _receipt(lines: int = 3, *, name: str = "Flat white") -> Print:
    blocks = tuple(columns(f"{number} x {name}", "3,80") for number in range(1, lines + 1))
    return Print(Document("Receipt 1-1", (text("Corner Shop", bold=True), *blocks)))


@asynccontextmanager
async def _shop(
    *, bytes_per_s: int | None = None, folder: Path | None = None, protocol: str = "epson"
) -> AsyncIterator[tuple[Rig, PrinterFake]]:
    async with trio.open_nursery() as nursery, open_rig() as rig:
        fake = PrinterFake(TcpCarrier(), bytes_per_s=bytes_per_s, folder=folder)
        await nursery.start(fake.run)
        settings = DeviceSettings(PRINTER, "printer", fake.carrier.url, protocol=protocol)
        rig.start(build_device(settings))
        await rig.wait_state(PRINTER, DeviceState.READY)
        with trio.fail_after(20):
            yield rig, fake
        nursery.cancel_scope.cancel()


class _Dropping:
    """A place; connections to it break at their first byte as often as `drops` says."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.drops = 0

    async def open(self) -> ByteStream:
        """As `hardware.transport.connect`."""
        stream = await connect(self.place)
        if self.drops:
            self.drops -= 1
            await stream.aclose()
        return stream


def _texts(rows: tuple[PaperRow, ...]) -> list[str]:
    return [row.text for row in rows if isinstance(row, TextRow)]


async def test_files_of_a_receipt(tmp_path: Path) -> None:
    """The virtual printer leaves each receipt as text, page and picture."""
    async with _shop(folder=tmp_path / "out") as (rig, fake):
        await rig.perform(PRINTER, _receipt(), "e1")
        await rig.wait_finished("e1")
        await fake.wait_receipts(1)
    shown = (tmp_path / "out" / "receipt-00001.txt").read_text()
    assert shown.startswith("Corner Shop\n1 x Flat white")
    assert "Flat white" in (tmp_path / "out" / "receipt-00001.html").read_text()
    assert (tmp_path / "out" / "receipt-00001.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("bytes_left", [200, 700, 1_200])
async def test_printer_dies_in_the_middle(bytes_left: int) -> None:
    """Power lost in a receipt: switched on again it comes whole, marked COPY, and is reported."""
    async with _shop() as (rig, fake):
        fake.printer.dies_after_bytes = bytes_left
        heard = len(rig.statuses)
        await rig.perform(PRINTER, _receipt(60), "e1")
        await rig.wait_state(PRINTER, DeviceState.ABSENT, after=heard)
        await fake.power_on()
        assert (await rig.wait_finished("e1")).outcome is Outcome.DONE
        (paper,) = fake.printer.receipts
        rows = _texts(paper)
        assert rows.count(COPY_BANNER) == 2
        assert rows[-1] == COPY_BANNER
        assert sum("Flat white" in row for row in rows) >= 60
        assert rig.started == ["e1"]


async def test_dies_before_the_first_byte_is_no_copy() -> None:
    """A connection lost before anything of the receipt was sent leaves an original."""
    async with _shop() as (rig, fake):
        await fake.change(paper="out")
        await rig.perform(PRINTER, _receipt(), "e1")
        await rig.wait_state(PRINTER, DeviceState.FAILED, "paper_out")
        heard = len(rig.statuses)
        await fake.carrier.unplug()
        await rig.wait_state(PRINTER, DeviceState.ABSENT, after=heard)
        await fake.carrier.plug()
        await fake.change(paper="ok")
        assert (await rig.wait_finished("e1")).outcome is Outcome.DONE
        (paper,) = fake.printer.receipts
        assert COPY_BANNER not in _texts(paper)


async def test_a_connection_that_breaks_as_it_opens_keeps_no_receipt_waiting() -> None:
    """A printer that is switched on may take a connection and drop it: what waited since it went
    away is printed over the next one."""
    async with trio.open_nursery() as nursery, open_rig() as rig:
        fake = PrinterFake(TcpCarrier())
        await nursery.start(fake.run)
        place = _Dropping(parse_transport(fake.carrier.url))
        rig.start(PrinterDevice(PRINTER, place, profile("epson", 42)))
        await rig.wait_state(PRINTER, DeviceState.READY)
        place.drops = 1
        heard = len(rig.statuses)
        await fake.carrier.unplug()
        await rig.wait_state(PRINTER, DeviceState.ABSENT, after=heard)
        await rig.perform(PRINTER, _receipt(), "e1")
        await fake.carrier.plug()
        assert (await rig.wait_finished("e1")).outcome is Outcome.DONE
        assert place.drops == 0
        assert len(fake.printer.receipts) == 1
        nursery.cancel_scope.cancel()


async def test_killed_node_reprints_as_copy() -> None:
    """The devices node dies in a receipt; the outbox sends it again and it says COPY."""
    async with _shop(bytes_per_s=4_000) as (rig, fake):
        await rig.perform(PRINTER, _receipt(60), "e1")
        await rig.wait(lambda: rig.started == ["e1"], "the start")
        await rig.kill(PRINTER)
        rig.start(build_device(DeviceSettings(PRINTER, "printer", fake.carrier.url)))
        await rig.perform(PRINTER, _receipt(60), "e1", may_have_happened=True)
        assert (await rig.wait_finished("e1")).outcome is Outcome.DONE
        assert _texts(fake.printer.receipts[-1]).count(COPY_BANNER) == 2


@pytest.mark.parametrize("half", [b"\x1dv0\x00\x48\x00\x40\x00\xff\xff", b"\x1d(k\xe8\x031P0go"])
async def test_what_a_machine_without_power_left_half_said_swallows_no_receipt(
    half: bytes,
) -> None:
    """The store's machine loses its power in the middle of a picture or a code, and the printer
    does not: the receipt that follows comes whole, from its COPY on, and none of it is taken for
    the rest of that picture."""
    async with trio.open_nursery() as nursery, open_rig() as rig:
        fake = PrinterFake(TcpCarrier())
        await nursery.start(fake.run)
        before = await connect(parse_transport(fake.carrier.url))
        await before.send_all(b"1 x Flat white\n" + half + codec.status_request(1))
        await before.receive_some()
        await before.aclose()
        rig.start(build_device(DeviceSettings(PRINTER, "printer", fake.carrier.url)))
        with trio.fail_after(20):
            await rig.perform(PRINTER, _receipt(60), "e1", may_have_happened=True)
            assert (await rig.wait_finished("e1")).outcome is Outcome.DONE
        rows = _texts(fake.printer.receipts[-1])
        assert rows.count(COPY_BANNER) == 2
        assert sum("Flat white" in row for row in rows) >= 60
        nursery.cancel_scope.cancel()


async def test_paper_out_in_the_middle_goes_on() -> None:
    """The roll ends in a receipt: it is reported, and the rest follows on the new roll, once."""
    async with _shop() as (rig, fake):
        fake.printer.lines_left = 20
        await rig.perform(PRINTER, _receipt(60), "e1")
        await rig.wait_state(PRINTER, DeviceState.FAILED, "paper_out")
        assert rig.finished == []
        await fake.change(paper="ok")
        assert (await rig.wait_finished("e1")).outcome is Outcome.DONE
        (paper,) = fake.printer.receipts
        assert len(_texts(paper)) == 61


async def test_near_end_prints_and_warns() -> None:
    """A roll that is nearly used up is reported and does not stop anything."""
    async with _shop() as (rig, fake):
        await fake.change(paper="near_end")
        await rig.perform(PRINTER, _receipt(), "e1")
        assert (await rig.wait_finished("e1")).outcome is Outcome.DONE
        await rig.wait_state(PRINTER, DeviceState.READY, "paper_near_end")


async def test_receipts_keep_their_order() -> None:
    """Receipts queue up and come out one by one in the order they were asked for."""
    async with _shop() as (rig, fake):
        for number in range(10):
            await rig.perform(PRINTER, _receipt(1, name=f"Tea {number}"), f"e{number}")
        await rig.wait_finished("e9")
        names = [_texts(paper)[1].split("  ")[0] for paper in fake.printer.receipts]
        assert names == [f"1 x Tea {number}" for number in range(10)]


async def test_silent_printer_goes_stale() -> None:
    """A printer that hangs is reported as stale, then opened anew."""
    async with _shop() as (rig, fake):
        heard = len(rig.statuses)
        fake.hangs = True
        await rig.perform(PRINTER, _receipt(), "e1")
        heard = await rig.wait_state(PRINTER, DeviceState.STALE, "no_answer", after=heard)
        assert rig.started == []
        fake.hangs = False
        await rig.wait_state(PRINTER, DeviceState.READY, after=heard)
        assert (await rig.wait_finished("e1")).outcome is Outcome.DONE


async def test_nothing_more_reaches_a_printer_that_was_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A printer that stopped answering is left without what it has not taken: a kick among it would
    open the drawer once the cable is back in."""
    forgotten: list[ByteStream] = []
    monkeypatch.setattr("hardware.device.forget_unsent", forgotten.append)
    async with _shop() as (rig, fake):
        heard = len(rig.statuses)
        fake.hangs = True
        await rig.post.ask(PRINTER, Pulse(2, 100, NS_PER_S), timeout_s=5)
        await rig.wait_state(PRINTER, DeviceState.STALE, "no_answer", after=heard)
        assert len(forgotten) == 1
        fake.hangs = False


async def test_unprintable_document_fails() -> None:
    """A document no printer could take ends failed with a reason; the next one prints."""
    async with _shop() as (rig, fake):
        endless = Print(Document("R", (text("x"),) * (DOCUMENT_BLOCKS_MAX + 1)))
        await rig.perform(PRINTER, endless, "bad")
        end = await rig.wait_finished("bad")
        assert end.outcome is Outcome.FAILED
        assert "nothing was printed" in end.reason
        await rig.perform(PRINTER, _receipt(), "good")
        assert (await rig.wait_finished("good")).outcome is Outcome.DONE
        assert len(fake.printer.receipts) == 1


@pytest.mark.feature("HW-02", part="kick ahead of receipts")
@pytest.mark.parametrize("trouble", ["paper", "cover", "busy"])
async def test_kick_does_not_wait(trouble: str) -> None:
    """A kick goes out at once while paper is out, the cover open, or a long receipt printing."""
    async with _shop(bytes_per_s=2_000 if trouble == "busy" else None) as (rig, fake):
        if trouble == "paper":
            await fake.change(paper="out")
        elif trouble == "cover":
            await fake.change(cover_open=True)
        await rig.perform(PRINTER, _receipt(200), "e1")
        if trouble == "busy":
            await rig.wait(lambda: rig.started == ["e1"], "the start")
        soon = 3 * NS_PER_S
        answer = await rig.post.ask(PRINTER, Pulse(2, 100, soon), timeout_s=3)
        assert answer == Accepted()
        await fake.wait_pulses(1)
        assert fake.printer.receipts == []
        assert rig.finished == []


async def test_a_kick_that_waited_on_its_way_is_not_done_late() -> None:
    """While the printer's driver was made anew, say: what its deadline leaves counts, not what was
    left as it was asked."""
    async with _shop() as (rig, fake):
        kick = Pulse(2, 100, 3 * NS_PER_S)
        answer = await rig.post.ask(PRINTER, kick, timeout_s=0.9 * PULSE_GRACE_S)
        assert isinstance(answer, Failure)
        assert answer.code == "expired"
        assert fake.printer.pulses == []


async def test_late_or_homeless_kicks_are_refused() -> None:
    """A kick that is too late, or for a printer that is not there, sends nothing."""
    async with _shop() as (rig, fake):
        late = Pulse(2, 100, -1)
        answer = await rig.post.ask(PRINTER, late, timeout_s=3)
        assert isinstance(answer, Failure)
        assert answer.code == "expired"
        heard = len(rig.statuses)
        await fake.carrier.unplug()
        await rig.wait_state(PRINTER, DeviceState.ABSENT, after=heard)
        answer = await rig.post.ask(PRINTER, Pulse(2, 100), timeout_s=3)
        assert isinstance(answer, Failure)
        assert answer.code == "absent"
        assert fake.printer.pulses == []


async def test_wrong_pin_and_unknown_words_are_refused() -> None:
    """Nonsense is answered, never died of."""
    async with _shop() as (rig, _):
        answer = await rig.post.ask(PRINTER, Pulse(3, 100), timeout_s=3)
        assert isinstance(answer, Failure)
        assert answer.code == "malformed"
        answer = await rig.post.ask(PRINTER, "hello", timeout_s=3)
        assert isinstance(answer, Failure)
        assert answer.code == "unknown_message"


async def test_watchers_hear_the_switch() -> None:
    """Who watches the drawer plug is told its level now and at each change."""
    async with _shop() as (rig, fake):
        box = rig.node.open("drawer/test")
        answer = await rig.post.ask(PRINTER, WatchDrawer("drawer/test"), timeout_s=3)
        assert answer == DrawerLevel(False)
        await rig.post.ask(PRINTER, Pulse(2, 100), timeout_s=3)
        assert (await box.get()).body == DrawerLevel(True)
        await fake.change(drawer_high=False)
        assert (await box.get()).body == DrawerLevel(False)
        await fake.carrier.unplug()
        assert (await box.get()).body == DrawerLevel(None)


async def test_mute_printer_prints() -> None:
    """A printer that never answers still prints, and the end says it is not confirmed."""
    async with _shop(protocol="escpos-mute") as (rig, fake):
        await rig.perform(PRINTER, _receipt(), "e1")
        end = await rig.wait_finished("e1")
        assert (end.outcome, end.reason) == (Outcome.DONE, "this printer cannot confirm")
        await fake.wait_receipts(1)


async def test_gs_r_printer_confirms() -> None:
    """A plain ESC/POS printer confirms by its paper sensor."""
    async with _shop(protocol="escpos") as (rig, fake):
        await rig.perform(PRINTER, _receipt(), "e1")
        assert (await rig.wait_finished("e1")).outcome is Outcome.DONE
        assert len(fake.printer.receipts) == 1


async def test_program(tmp_path: Path) -> None:
    """The virtual printer runs as a program, takes a receipt and leaves its files."""
    command = [sys.executable, "-m", "hardware.printer.fake", "--listen", "127.0.0.1:0"]
    async with trio.open_nursery() as nursery, open_rig() as rig:
        process: trio.Process = await nursery.start(
            partial(trio.run_process, [*command, "--out", str(tmp_path)], stdout=subprocess.PIPE,
                    check=False)
        )  # fmt: skip
        assert process.stdout is not None
        heading = bytes(await process.stdout.receive_some()).decode()
        url = heading.split()[-1]
        rig.start(build_device(DeviceSettings(PRINTER, "printer", url)))
        await rig.perform(PRINTER, _receipt(), "e1")
        assert (await rig.wait_finished("e1")).outcome is Outcome.DONE
        process.terminate()
        await process.wait()
    assert "Flat white" in (tmp_path / "receipt-00001.txt").read_text()
