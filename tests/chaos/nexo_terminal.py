"""A nexo terminal that answers late, not at all, something else, or over a line that breaks, and
does other things meanwhile. Its books are those of the simulated one, by the name of each message.

Source: Adyen Terminal API, verify transaction status, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import trio
from attrs import define, field

from actors.web.sockets import WebSocket
from engine.payment.state import Payment
from engine.terminal import Kind
from hardware.terminal.nexo import envelope, play, voice
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo.crypto import NONCE_BYTES
from hardware.terminal.nexo.device import NexoDevice
from hardware.terminal.nexo.fake import NexoFake
from hardware.terminal.nexo.play import Plan
from hardware.terminal.nexo.profile import Carrier
from tests.chaos.terminal import ChaosTerminal
from tests.hardware.nexo_rig import KEY, POI_ID, MemoryOutlet, papers, profile

ODDITIES = (
    "answers_twice", "busy", "cuts", "declines", "errors", "forgets", "garbles", "hangs", "loses",
    "other_register", "part", "reboots", "rejects", "slow", "speaks", "tells_late", "tips",
    "websocket",
)  # fmt: skip
"""What one may do besides paying in the plainest way, or what happens to it in a shop."""
_ERRORS = ((500, b""), (502, b"<html>"), (200, b""), (204, b""), (400, b"{}"))
_OTHER = "register-9"
Said = tuple[int, bytes] | None


class _Fake(NexoFake):
    """The simulated terminal, whose answers somebody has his hands on."""

    meddle: Callable[[m.Header | None, bytes, WebSocket | None], Any]

    async def _posted(self, body: bytes, socket: WebSocket | None = None) -> Said:
        said: Said = await self.meddle(None, body, socket)
        return said

    async def plainly(self, body: bytes, socket: WebSocket | None) -> Said:
        """As nobody meddled."""
        return await super()._posted(body, socket)

    @property
    def runs(self) -> bool:
        """Whether it is at a transaction."""
        return self._running is not None

    async def pay_elsewhere(self, minor: int, number: int, seconds: float) -> None:
        """Another register has it take a payment, which takes a while."""
        if self._running is not None:
            return
        name = f"OTHER{number:05}"
        header = m.Header("Payment", name, _OTHER, self.poi_id, "Request", "Service")
        ask = m.PaymentAsk(minor, "EUR", f"other-{number}", "2026-11-26T12:00:00+00:00")
        entry = self._running = self.ledger.begin(header, ask)
        await trio.sleep(seconds)
        if self._running is entry:
            self._end(entry, Plan(), None)
            self._running = None


@define(eq=False)
class ChaosNexo(ChaosTerminal):
    """The terminal. `is_forgetful` once it lost its memory; `before` are the books it had."""

    outlet: MemoryOutlet = field(factory=MemoryOutlet)
    fake: _Fake = field(init=False)
    before: list[Any] = field(factory=list)
    others: int = 0

    def __attrs_post_init__(self) -> None:
        """Make it; nothing listens yet."""
        tls = papers(f"{POI_ID}.live.terminal.adyen.com").server()
        self.fake = _Fake(self.outlet, tls, KEY, poi_id=POI_ID, carrier=self._carrier)
        self.fake.meddle = self._meddle

    @property
    def _carrier(self) -> Carrier:
        return Carrier.WEBSOCKET if "websocket" in self.odd else Carrier.HTTPS

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """As `ChaosTerminal`."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._live)
            await nursery.start(self.fake.run)
            task_status.started()

    def device(self, address: str, folder: Path) -> NexoDevice:
        """As `ChaosTerminal`."""
        return NexoDevice(address, self.outlet, profile(carrier=self._carrier))

    @property
    def is_plugged(self) -> bool:
        """As `ChaosTerminal`."""
        return self.outlet.is_plugged

    async def pull(self) -> None:
        """As `ChaosTerminal`."""
        await self.fake.cut()

    async def plug(self) -> None:
        """As `ChaosTerminal`."""
        await self.fake.plug()

    @property
    def is_at_something(self) -> bool:
        """As `ChaosTerminal`."""
        return self.fake.runs

    def net_minor(self, asked_minor: int) -> int:
        """As `ChaosTerminal`."""
        entries = [*self.before, *self.fake.ledger.entries]
        ours = [one for one in entries if one.header.sale_id != _OTHER]
        return sum(one.signed_minor for one in ours if one.ask.amount_minor == asked_minor)

    def may_be_silent(self, payment: Payment, *, is_newest: bool) -> bool:
        """As `ChaosTerminal`: it tells each by its name, unless it forgot; of one it does not know
        that proves something only where it remembers what came before."""
        before = None if payment.answer is None else payment.answer.before
        is_first = payment.remembered is None and (before is None or not before.is_told)
        return bool(self.before) or is_first

    # -------------------------------------------------------------------------------- its life

    async def _live(self) -> None:
        while True:
            await trio.sleep(self.chance.uniform(1.0, 20.0))
            if self.does("cuts", 0.4):
                self.note("cable out")
                await self.pull()
                await trio.sleep(self.chance.uniform(0.1, 6.0))
                await self.plug()
            if self.does("reboots", 0.2):
                self.note("rebooted")
                await self.fake.reboot()
            if self.does("forgets", 0.1) and not self.fake.runs:
                self.note("it forgot all")
                self.before += self.fake.ledger.entries
                self.fake.ledger.numbers_from += len(self.fake.ledger.entries)
                self.fake.forget()
            if self.does("other_register", 0.3):
                self.others += 1
                self.note("another register pays")
                minor, seconds = self.chance.randint(10_000, 90_000), self.chance.uniform(1.0, 25.0)
                await self.fake.pay_elsewhere(minor, self.others, seconds)

    # ----------------------------------------------------------------------------- its answers

    async def _meddle(self, _: m.Header | None, body: bytes, socket: WebSocket | None) -> Said:
        header, ask = self._read(body)
        moves = isinstance(ask, m.PaymentAsk | m.ReversalAsk)
        self.note(f"< {header.category} {header.service_id} {ask}"[:170])
        # What moves money is begun as it comes, or not at all: only its end may take long.
        if not moves and self.does("slow", 0.4):
            await trio.sleep(self.chance.uniform(0.0, 8.0))
        if not moves and self.does("hangs", 0.05):
            await trio.sleep(self.chance.uniform(20.0, 200.0))
        if self.does("loses", 0.07):
            self.note("lost on its way")
            return None
        if self.does("errors", 0.05):
            return self.chance.choice(_ERRORS)
        if self.does("rejects", 0.05):
            return 200, self._event(header, "Reject")
        if moves and self.does("busy", 0.1):
            return 200, self.fake._sealed(header, play.failed(ask, "Busy", "another transaction"))
        if isinstance(ask, m.PaymentAsk):
            self._expect(ask)
        elif moves:
            self.heard[Kind.REVERSAL, ask.amount_minor] += 1
            self.fake.plans.clear()
        self.fake.tells_late = self.does("tells_late", 0.5)
        if socket is not None and self.does("speaks", 0.4):
            await socket.send(
                self._event(header, self.chance.choice(("CardInserted", "KeyPressed")))
            )
        said = await self.fake.plainly(body, socket)
        if socket is not None and said is not None and said[1] and self.does("answers_twice", 0.2):
            await socket.send(said[1])
        return self._changed(header, said)

    def _read(self, body: bytes) -> tuple[m.Header, Any]:
        return voice.question(envelope.opened(body, KEY, POI_ID))

    def _expect(self, ask: m.PaymentAsk) -> None:
        self.heard[Kind.SALE, ask.amount_minor] += 1
        plan = Plan(card=self.chance.choice(("tap", "insert")))
        plan.delay_s = self.chance.uniform(0.0, 30.0)
        if self.does("hangs", 0.2):
            plan.delay_s = self.chance.choice((119.0, 125.0, 300.0))
        if self.does("declines", 0.3):
            plan.decline = self.chance.choice(("Refusal", "Cancel", "WrongPIN", "NoSuchWord"))
        if self.does("part", 0.3):
            plan.partial_minor = self.chance.randint(1, ask.amount_minor)
        elif self.does("tips", 0.3):
            plan.tip_minor = self.chance.randint(1, 300)
        self.fake.plans.clear()
        self.fake.plans.append(plan)

    def _changed(self, header: m.Header, said: Said) -> Said:
        """What arrives of an answer."""
        if said is None or not said[1]:
            return said
        status, answer = said
        if self.does("loses", 0.1):
            self.note("answer lost")
            return None
        if self.does("errors", 0.05):
            return self.chance.choice(_ERRORS)
        if self.does("garbles", 0.08):
            at = self.chance.randrange(len(answer))
            self.note("garbled")
            return status, answer[:at] + bytes([answer[at] ^ 0x04]) + answer[at + 1 :]
        self.note(f"> {header.category} {header.service_id}")
        return status, answer

    def _event(self, header: m.Header, word: str) -> bytes:
        head = m.Header("Event", "", header.sale_id, POI_ID, "Notification", "Event", "1")
        body = {
            "MessageHeader": {
                "MessageClass": "Event", "MessageCategory": "Event", "MessageType": "Notification",
                "SaleID": header.sale_id, "POIID": POI_ID, "DeviceID": "1",
            },
            "EventNotification": {"EventToNotify": word, "TimeStamp": "2026-11-26T12:00:00Z"},
        }  # fmt: skip
        plain = orjson.dumps({"SaleToPOIRequest": body})
        nonce = self.chance.randbytes(NONCE_BYTES)
        return envelope.close(head, plain, KEY, nonce, "SaleToPOIRequest")
