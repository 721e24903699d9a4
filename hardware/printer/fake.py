"""The virtual printer at the end of a real cable; also a program.

`python -m hardware.printer.fake --listen 127.0.0.1:9100 --out DIR` prints what it receives into
DIR, each receipt as .txt, .html and .png.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import trio

from actors.world import SystemWorld, World
from hardware.carrier import Carrier, PtyCarrier, TcpCarrier
from hardware.printer.paper import PaperRow
from hardware.printer.render import to_html, to_png, to_text
from hardware.printer.virtual import VirtualPrinter

_STEP_S = 0.01


class PrinterFake:
    """A virtual printer on a carrier.

    `bytes_per_s` slows it to a real one's pace; None carries out everything at once. `folder`
    takes the receipts as files. While `hangs` it hears nothing and says nothing.
    """

    def __init__(
        self,
        carrier: Carrier,
        *,
        width: int = 42,
        bytes_per_s: int | None = None,
        folder: Path | None = None,
        world: World | None = None,
    ) -> None:
        self.carrier = carrier
        self.printer = VirtualPrinter(width=width)
        self.hangs = False
        self._changed = trio.Event()
        self._bytes_per_s = bytes_per_s
        self._folder = folder
        self._world = world or SystemWorld()
        self._saved = 0

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve for ever; started once a device can connect."""
        async with trio.open_nursery() as nursery:
            if self._bytes_per_s is not None:
                nursery.start_soon(self._print_slowly, self._bytes_per_s)
            await nursery.start(self.carrier.run, self._received)
            task_status.started()

    async def _received(self, data: bytes) -> None:
        if self.hangs:
            return
        self.printer.receive(data)
        if self._bytes_per_s is None:
            self.printer.process()
        await self._flush()
        if self.printer.dead:
            await self.carrier.unplug()

    async def _print_slowly(self, bytes_per_s: int) -> None:
        while True:
            await self._world.sleep(_STEP_S)
            if self.printer.process(max(1, bytes_per_s // 100)):
                await self._flush()

    async def change(self, **changes: bool | str | None) -> None:
        """Something happens to the machine, such as `paper="out"` or `drawer_high=False`."""
        self.printer.change(**changes)
        if self._bytes_per_s is None:
            self.printer.process()
        await self._flush()

    async def power_on(self) -> None:
        """Switch on again after it died."""
        self.printer.power_cycle()
        await self.carrier.plug()

    async def _flush(self) -> None:
        """Send what the printer says and keep the receipts that came out."""
        while self._saved < len(self.printer.receipts):
            self._saved += 1
            if self._folder is not None:
                self._save(self._folder, self._saved, self.printer.receipts[self._saved - 1])
        self._changed.set()
        self._changed = trio.Event()
        await self.carrier.send(self.printer.take_reply())

    def _save(self, folder: Path, number: int, rows: tuple[PaperRow, ...]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        base = folder / f"receipt-{number:05d}"
        width = self.printer.width
        base.with_suffix(".txt").write_text(to_text(rows, width), encoding="utf-8")
        page = to_html(rows, width, title=f"Receipt {number}")
        base.with_suffix(".html").write_text(page, encoding="utf-8")
        base.with_suffix(".png").write_bytes(to_png(rows, width))

    async def wait_receipts(self, count: int) -> None:
        """Wait until `count` receipts have been cut off since the beginning."""
        while len(self.printer.receipts) < count:
            await self._changed.wait()

    async def wait_pulses(self, count: int) -> None:
        """Wait until `count` kicks have reached the drawer plug since the beginning."""
        while len(self.printer.pulses) < count:
            await self._changed.wait()


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m hardware.printer.fake", description="A virtual ESC/POS receipt printer."
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--listen", default="127.0.0.1:9100", metavar="HOST:PORT")
    where.add_argument("--pty", type=Path, metavar="FILE", help="appear as this serial device")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write each receipt here")
    parser.add_argument("--width", type=int, default=42, help="columns, 42 unless told")
    parser.add_argument("--speed", type=int, metavar="BYTES", help="bytes carried out a second")
    return parser.parse_args(argv)


async def _main(arguments: argparse.Namespace) -> None:
    carrier: Carrier
    if arguments.pty is not None:
        carrier = PtyCarrier(arguments.pty.absolute().parent, arguments.pty.name)
    else:
        host, _, port = arguments.listen.rpartition(":")
        carrier = TcpCarrier(host or "127.0.0.1", int(port))
    fake = PrinterFake(
        carrier, width=arguments.width, bytes_per_s=arguments.speed, folder=arguments.out
    )
    async with trio.open_nursery() as nursery:
        await nursery.start(fake.run)
        sys.stdout.write(f"virtual printer at {carrier.url}\n")
        sys.stdout.flush()
        shown = 0
        while True:
            await fake.wait_receipts(shown + 1)
            for rows in fake.printer.receipts[shown:]:
                sys.stdout.write(to_text(rows, arguments.width))
            sys.stdout.flush()
            shown = len(fake.printer.receipts)


def main(argv: list[str] | None = None) -> None:
    """Run until interrupted."""
    arguments = _arguments(argv)
    try:
        trio.run(_main, arguments)
    except* KeyboardInterrupt:
        sys.stdout.write("virtual printer switched off\n")


if __name__ == "__main__":
    main()
