"""The simulated counter of the demo store: real bytes over real sockets, shown on a page.

A virtual printer with its drawer, a customer display, a serial scanner and a card terminal for one
register, and a payment provider for all. The page shows the paper as a picture and the terminal's
display, and lets one scan, tap a card, pay by phone, take the paper out or pull a cable. It is the
same page whatever the terminal speaks.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import trio
from attrs import define, field
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from actors.world import SystemWorld
from countertop.counter_terminals import Speaks, Stand, in_words, stand
from engine.money import format_minor
from hardware.carrier import PtyCarrier, TcpCarrier
from hardware.display.fake import DisplayFake
from hardware.printer.fake import PrinterFake
from hardware.printer.render import to_png, to_text
from hardware.scanner.fake import ScannerFake
from hardware.settings import DeviceSettings, NexoShop
from hardware.terminal.person import KEYS, TIP_MINOR_MAX
from hardware.terminal.played import TROUBLES, Played
from protocols.provider.fake import ProviderFake

_PAGE = Path(__file__).parent / "counter_page"
_FILES = {"": "index.html", "counter.js": "counter.js", "counter.css": "counter.css"}
RECEIPTS_SHOWN = 20
CODE_LENGTH_MAX = 80


@define(eq=False)
class Counter:
    """The devices of one register, simulated. `drawer_open` is what a person at it would see. With
    `is_paired` false the store is not told where the terminal is."""

    register: str
    folder: Path
    speaks: Speaks = "zvt"
    is_paired: bool = True
    printer: PrinterFake = field(init=False)
    display: DisplayFake = field(init=False)
    scanner: ScannerFake = field(init=False)
    terminal: Played = field(init=False)
    provider: ProviderFake = field(init=False)
    drawer_closed_at: int = 0
    _stand: Stand = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Make the fakes; nothing listens yet."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.printer = PrinterFake(TcpCarrier(), folder=self.folder / "paper")
        self.display = DisplayFake(TcpCarrier())
        self.scanner = ScannerFake(PtyCarrier(self.folder, f"scanner-{self.register}"))
        self._stand = stand(self.speaks, self.folder)
        self.terminal = self._stand.terminal
        self.provider = ProviderFake(SystemWorld(), self.folder / "provider")

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled; started once devices can connect."""
        async with trio.open_nursery() as nursery:
            await nursery.start(self.printer.run)
            await nursery.start(self.display.run)
            await nursery.start(self.scanner.run)
            await nursery.start(self.terminal.run)
            await nursery.start(self.provider.run)
            task_status.started()

    def devices(self) -> tuple[DeviceSettings, ...]:
        """How the devices node reaches them; only once `run` has started."""
        name = self.register
        return (
            DeviceSettings(f"printer/{name}", "printer", self.printer.carrier.url),
            DeviceSettings(f"drawer/{name}", "drawer", drawer_via=f"printer/{name}"),
            DeviceSettings(f"display/{name}", "display", self.display.carrier.url),
            DeviceSettings(
                f"scanner/{name}",
                "scanner",
                self.scanner.carrier.url,
                register=f"register/{name}",
            ),
            *([self.terminal_settings()] if self.is_paired else ()),
        )

    def terminal_settings(self) -> DeviceSettings:
        """How a store reaches the card terminal; only once `run` has started."""
        return self._stand.reached(f"terminal/{self.register}")

    def nexo_shop(self) -> NexoShop | None:
        """What a store must know to look for the terminal, where it speaks nexo."""
        told = self.terminal_settings()
        if told.protocol != "nexo":
            return None
        return NexoShop(
            told.authority_file,
            told.key_identifier,
            told.passphrase,
            told.key_version,
            told.is_test,
            told.carrier,
        )

    def state(self) -> dict[str, Any]:
        """What a person standing there would see."""
        machine = self.printer.printer
        first = max(0, len(machine.receipts) - RECEIPTS_SHOWN)
        return {
            "register": self.register,
            "receipts": [
                {"number": number + 1, "text": to_text(machine.receipts[number], machine.width)}
                for number in range(len(machine.receipts) - 1, first - 1, -1)
            ],
            "kicks": len(machine.pulses),
            "drawer_open": len(machine.pulses) > self.drawer_closed_at,
            "paper": machine.status.paper,
            "cover_open": machine.status.cover_open,
            "display": list(self.display.display.lines),
            "terminal": self.terminal.state(),
            "terminal_setup": in_words(self.terminal_settings()),
            "links": [
                {
                    "reference": told.reference,
                    "amount": format_minor(told.amount_minor, told.currency, "en"),
                    "url": told.url,
                }
                for told in self.provider.open_payments()
            ],
            "taken_by_link_minor": self.provider.ledger.taken_minor,
        }

    # ------------------------------------------------------------------------------ the web page

    def routes(self) -> list[Route]:
        """Routes under `/counter/`."""
        return [
            Route("/counter/", self._file),
            Route("/counter/state.json", self._state),
            Route("/counter/receipt/{number:int}.png", self._receipt),
            Route("/counter/do", self._do, methods=["POST"]),
            Route("/counter/{name}", self._file),
        ]

    async def _file(self, request: Request) -> Response:
        name = _FILES.get(request.path_params.get("name", ""))
        return Response(status_code=404) if name is None else FileResponse(_PAGE / name)

    async def _state(self, _: Request) -> Response:
        return JSONResponse(self.state(), headers={"Cache-Control": "no-store"})

    async def _receipt(self, request: Request) -> Response:
        number: int = request.path_params["number"]
        machine = self.printer.printer
        if not 1 <= number <= len(machine.receipts):
            return Response(status_code=404)
        picture = to_png(machine.receipts[number - 1], machine.width)
        return Response(picture, media_type="image/png")

    async def _do(self, request: Request) -> Response:
        """One thing a person does: `{"do": …}`, with a `code` to scan, a `key` of the terminal or
        the `reference` of a payment by link.

        Answers 409 where the terminal does not wait for that key, that trouble is there already, or
        there is nothing to pay.
        """
        if request.headers.get("content-type", "") != "application/json":
            return Response(status_code=415)
        try:
            asked = await request.json()
        except ValueError:
            return Response(status_code=400)
        match asked.get("do") if isinstance(asked, dict) else None:
            case "scan" if isinstance(asked.get("code"), str):
                await self.scanner.scan(asked["code"][:CODE_LENGTH_MAX])
            case "terminal" if (pressed := _pressed(asked)) is not None:
                if not await self.terminal.do(*pressed):
                    return JSONResponse(self.state(), status_code=409)
            case "link_pay" | "link_refuse" | "link_pay_unheard" as done:
                if not self._phone(done, str(asked.get("reference"))):
                    return JSONResponse(self.state(), status_code=409)
            case "paper_out":
                await self.printer.change(paper="out")
            case "paper_in":
                await self.printer.change(paper="ok")
            case "open_cover":
                await self.printer.change(cover_open=True)
            case "close_cover":
                await self.printer.change(cover_open=False)
            case "pull_cable":
                await self.printer.carrier.unplug()
            case "plug_cable":
                await self.printer.carrier.plug()
            case "close_drawer":
                self.drawer_closed_at = len(self.printer.printer.pulses)
                await self.printer.change(drawer_high=False)
            case _:
                return Response(status_code=400)
        return JSONResponse(self.state())

    def _phone(self, done: str, reference: str) -> bool:
        """What a customer does on their phone; `link_pay_unheard` loses the provider's call."""
        if done == "link_refuse":
            return self.provider.refuse(reference)
        if done == "link_pay_unheard":
            self.provider.troubles.lose += 1
        return self.provider.pay(reference)


def _pressed(asked: dict[str, Any]) -> tuple[str, int] | None:
    """A key of the terminal and the amount typed with it; None where it is no such thing."""
    key, amount_minor = asked.get("key"), asked.get("amount_minor", 0)
    if key not in (*KEYS, *TROUBLES) or type(amount_minor) is not int:
        return None
    return (key, amount_minor) if 0 <= amount_minor <= TIP_MINOR_MAX else None
