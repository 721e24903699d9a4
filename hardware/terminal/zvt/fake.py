"""A ZVT terminal at the end of a real cable: its messages, its operator, and its faults.

It is played by a `Plan` for each transaction, or by a person at its page (`state`, `do`).
"""

from __future__ import annotations

from collections import deque
from typing import Any

import trio
from attrs import define

from actors.world import SystemWorld, World
from engine.terminal import Kind
from hardware.carrier import Carrier
from hardware.terminal.limits import NS_PER_S, REPLY_NS
from hardware.terminal.zvt import codec, voice
from hardware.terminal.zvt.ledger import Entry, Ledger
from hardware.terminal.zvt.line import Heard, Line, SerialLine, TcpLine
from native import ZvtLink, ZvtMessage, zvt_encode

_CANCELLED, _NO_CONNECTION, _PRINTER, _REVERSED, _NO_REVERSAL = 0x6C, 0xA3, 0xCC, 0xB4, 0xB5
_INSERT, _PIN, _HOST, _REVERSING, _REMOVE = 0x0A, 0xCC, 0x04, 0x05, 0x0B
_KINDS = {
    codec.AUTHORISE: Kind.SALE,
    codec.REFUND: Kind.REFUND,
    codec.REVERSE: Kind.REVERSAL,
    codec.RESERVE: Kind.RESERVATION,
    codec.CAPTURE: Kind.CAPTURE,
    codec.RELEASE: Kind.RELEASE,
}
ACTIONS = ("insert", "tap", "pin", "decline", "partial", "cancel", "time_out", "lose_reply",
           "cut", "plug", "reboot", "paper_out", "paper_in", "go_offline", "go_online")  # fmt: skip
_TICK_S = 0.05
_OPERATOR_S = 60.0
_NOT_READY_S = 2.0
_INBOX_MAX = 64


class _GoneError(Exception):
    """The register is not there any more, or does not answer."""


@define
class Plan:
    """What happens at the terminal in one transaction.

    `card` is insert, tap or none (nobody comes). `lose` are controls of messages that never reach
    the register. `partial_minor` approves less, `decline` is a result code, `says_minor` is an
    amount it tells wrongly.
    """

    card: str = "insert"
    decline: int = 0
    partial_minor: int | None = None
    tip_minor: int = 0
    says_minor: int | None = None
    lose: tuple[int, ...] = ()
    prints: bool = True
    extra: tuple[tuple[int | str, Any], ...] = ()


class TerminalFake:
    """A terminal that can be used, broken and looked at.

    `keeps_unacknowledged` makes one that does not take back a sale whose acknowledgement is
    missing, as some do. `cut_after` pulls the cable after so many more bytes were sent,
    `deaf_after` after so many more were heard. With `operator` a person plays: without a plan it
    waits for `do`.
    """

    def __init__(
        self,
        carrier: Carrier,
        *,
        is_serial: bool = False,
        terminal_id: int = 52500001,
        operator: bool = False,
        world: World | None = None,
    ) -> None:
        self.carrier = carrier
        self.terminal_id = terminal_id
        self.ledger = Ledger()
        self.plans: deque[Plan] = deque()
        self.operator = operator
        self.keeps_unacknowledged = False
        self.is_offline = False
        self.offline_max_minor = 0
        self.is_paper_out = False
        self.hangs = False
        self.cut_after: int | None = None
        self.deaf_after: int | None = None
        self.sent_bytes = self.heard_bytes = 0
        self.heard: list[int] = []
        self.shown = "ready"
        self.is_registered = False
        self._is_serial = is_serial
        self._world = world or SystemWorld()
        self._inbox_in, self._inbox = trio.open_memory_channel[ZvtMessage](_INBOX_MAX)
        self._talk = self._inbox
        self._reset_line()
        self._clicks_in, self._clicks = trio.open_memory_channel[str](16)

    def _forget_register(self) -> None:
        """Whoever waits for a reply of the register that was, hears that it is gone."""
        self._inbox_in.close()
        self._inbox_in, self._inbox = trio.open_memory_channel[ZvtMessage](_INBOX_MAX)
        self._abort = False

    def _reset_line(self) -> None:
        self._link = ZvtLink(self._is_serial)
        self._line: Line = SerialLine() if self._is_serial else TcpLine()
        self._forget_register()

    # ------------------------------------------------------------------------------- the far end

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve for ever; started once a register can connect."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._tick)
            nursery.start_soon(self._serve)
            await nursery.start(self.carrier.run, self._received)
            task_status.started()

    async def _received(self, data: bytes) -> None:
        if self.hangs:
            return
        if self.deaf_after is not None:
            if len(data) >= self.deaf_after:
                data, self.deaf_after = data[: self.deaf_after], None
                await self._hear(data)
                await self.cut()
                return
            self.deaf_after -= len(data)
        await self._hear(data)

    async def _hear(self, data: bytes) -> None:
        self.heard_bytes += len(data)
        for event in self._link.feed(data):
            await self._obey(self._line.heard(event, self._world.monotonic_ns()))
        now_ns = self._world.monotonic_ns()
        self._line.gap(is_partial=self._link.is_partial, now_ns=now_ns)

    async def _obey(self, heard: Heard) -> None:
        if heard.drops_partial:
            self._link.drop_partial()
        if heard.write:
            await self._write(heard.write)
        message = heard.message
        if message is None:
            return
        self.heard.append(message.control)
        if message.control == codec.REGISTER:
            # A register that logs on anew has given up whatever ran.
            self._forget_register()
        if message.control == codec.ABORT:
            self._abort = True
            await self._send(codec.ACKNOWLEDGE)
            if self.operator:
                self._clicks_in.send_nowait("cancel")
            return
        try:
            self._inbox_in.send_nowait(message)
        except trio.WouldBlock:
            self.shown = "overrun"

    async def _tick(self) -> None:
        while True:
            await self._world.sleep(_TICK_S)
            if not self.hangs:
                await self._obey(self._line.tick(self._world.monotonic_ns()))

    async def _send(self, message: bytes) -> None:
        data = self._line.send(message, self._world.monotonic_ns())
        if data:
            await self._write(data)

    async def _write(self, data: bytes) -> None:
        if self.hangs:
            return
        if self.cut_after is not None and len(data) >= self.cut_after:
            part, self.cut_after = data[: self.cut_after], None
            self.sent_bytes += len(part)
            await self.carrier.send(part)
            await self.cut()
            return
        if self.cut_after is not None:
            self.cut_after -= len(data)
        self.sent_bytes += len(data)
        await self.carrier.send(data)

    async def cut(self) -> None:
        """Pull the cable; whatever runs has lost its register."""
        self._reset_line()
        await self.carrier.unplug()

    async def reboot(self) -> None:
        """Power off and on: the connection breaks, the memory stays, the log-on is forgotten."""
        await self.cut()
        self.is_registered = False
        self.shown = "starting"
        await self.carrier.plug()

    # ---------------------------------------------------------------------------- the conversation

    async def _serve(self) -> None:
        while True:
            try:
                self._talk = self._inbox
                message = await self._talk.receive()
                self._abort = False
                await self._command(message)
            except (_GoneError, trio.EndOfChannel):
                # A checkpoint, so that a broken line cannot spin.
                await trio.lowlevel.checkpoint()
            self.shown = "ready"

    async def _command(self, message: ZvtMessage) -> None:
        control = message.control
        if control == codec.REGISTER:
            self.is_registered = True
            await self._send(codec.ACKNOWLEDGE)
            await self._tell(codec.COMPLETION, [(0x29, self.terminal_id), (0x49, 978)])
        elif control == codec.ENQUIRE:
            await self._send(codec.ACKNOWLEDGE)
            status = _PRINTER if self.is_paper_out else 0
            await self._tell(codec.COMPLETION, [("software", b"SIM 1"), ("status", status)])
        elif control in (0x8000, *range(0x8400, 0x8500)):
            pass
        elif not self.is_registered:
            await self._send(bytes.fromhex("846B00"))
        elif control == codec.RECALL:
            await self._recall()
        elif control == codec.END_OF_DAY:
            await self._end_of_day()
        elif control in _KINDS:
            await self._transact(message)
        else:
            await self._send(codec.UNKNOWN_COMMAND)

    async def _tell(self, control: int, fields: codec.Fields, lose: tuple[int, ...] = ()) -> int:
        """Send a message and wait for its reply; the reply's control."""
        self._mind_the_cable()
        if control not in lose:
            await self._send(zvt_encode(control, fields))
        with trio.move_on_after(REPLY_NS / NS_PER_S):
            while True:
                try:
                    reply = await self._talk.receive()
                except trio.EndOfChannel:
                    raise _GoneError from None
                control = reply.control
                if control >> 8 in (0x80, 0x84):
                    return control
        raise _GoneError

    async def _show(self, status: int, text: str, lose: tuple[int, ...] = ()) -> None:
        self.shown = text
        lines = [(0x24, [(0x07, text.encode("cp437"))])]
        await self._tell(codec.INTERMEDIATE, [("status", status), ("timeout_minutes", 0),
                                              (0x06, lines)], lose)  # fmt: skip

    async def _recall(self) -> None:
        await self._send(codec.ACKNOWLEDGE)
        if not self.ledger.entries:
            await self._tell(codec.ABORTION, [("result", 0x83)])
            return
        await self._tell(codec.STATUS_INFO, voice.result(self.ledger.entries[-1], self.terminal_id))
        await self._tell(codec.COMPLETION, [])

    async def _end_of_day(self) -> None:
        await self._send(codec.ACKNOWLEDGE)
        if self.is_offline:
            await self._tell(codec.ABORTION, [("result", _NO_CONNECTION)])
            return
        entries = self.ledger.unsettled()
        total_minor = sum(entry.signed_minor for entry in entries)
        fields = voice.day(total_minor, len(entries))
        await self._tell(codec.STATUS_INFO, fields)
        self.ledger.settled_from = len(self.ledger.entries)
        await self._tell(codec.COMPLETION, [])

    # ------------------------------------------------------------------------------ a transaction

    async def _transact(self, message: ZvtMessage) -> None:
        plan = self.plans.popleft() if self.plans else Plan(card="ask" if self.operator else "tap")
        kind = _KINDS[message.control]
        if 0x8000 not in plan.lose:
            await self._send(codec.ACKNOWLEDGE)
        asked_minor = message.fields.get(0x04, 0)
        if self.is_paper_out:
            await self._tell(codec.ABORTION, [("result", _PRINTER)], plan.lose)
            return
        refusal = await self._customer(kind, plan)
        entry = self.ledger.open_entry(kind, asked_minor, message.fields.get(0x87))
        entry.entry = 2 if plan.card == "tap" else 1
        entry.result = refusal or self._decide(entry, plan)
        await self._result(entry, plan)

    async def _customer(self, kind: Kind, plan: Plan) -> int:
        """The card and the PIN; a result code where it came to nothing."""
        if kind in (Kind.REVERSAL, Kind.CAPTURE, Kind.RELEASE):
            return 0
        await self._show(_INSERT, "insert or tap card", plan.lose)
        if plan.card == "none":
            with trio.move_on_after(_OPERATOR_S):
                while not self._abort:
                    self._mind_the_cable()
                    await self._world.sleep(_TICK_S)
            return _CANCELLED
        if plan.card == "ask" and (refusal := await self._person(plan)):
            return refusal
        if plan.card == "insert":
            await self._show(_PIN, "enter pin", plan.lose)
            if plan.lose == () and self.operator and await self._click() != "pin":
                return _CANCELLED
        await self._show(_HOST, "please wait", plan.lose)
        return _CANCELLED if self._abort else 0

    async def _person(self, plan: Plan) -> int:
        while True:
            click = await self._click()
            match click:
                case "insert" | "tap":
                    plan.card = click
                    return 0
                case "decline":
                    return 0x05
                case "partial":
                    plan.partial_minor = -1
                case "lose_reply":
                    plan.lose = (codec.STATUS_INFO,)
                case "cancel" | "time_out":
                    return _CANCELLED

    async def _click(self) -> str:
        with trio.move_on_after(_OPERATOR_S):
            while True:
                self._mind_the_cable()
                with trio.move_on_after(_TICK_S):
                    return await self._clicks.receive()
        return "time_out"

    def _mind_the_cable(self) -> None:
        if self._talk is not self._inbox:
            raise _GoneError

    def _decide(self, entry: Entry, plan: Plan) -> int:
        """What the host says, or the terminal alone."""
        if plan.decline:
            return plan.decline
        if entry.kind in (Kind.REVERSAL, Kind.CAPTURE, Kind.RELEASE):
            original = self.ledger.find(entry.original)
            if original is None:
                return _NO_REVERSAL
            if original.is_reversed:
                return _REVERSED
        if self.is_offline:
            if entry.kind is not Kind.SALE or entry.asked_minor > self.offline_max_minor:
                return _NO_CONNECTION
            entry.is_offline = True
        if plan.partial_minor is not None:
            half_minor = max(1, entry.asked_minor // 2)
            entry.amount_minor = half_minor if plan.partial_minor < 0 else plan.partial_minor
        entry.tip_minor = plan.tip_minor
        entry.amount_minor += plan.tip_minor
        return 0

    async def _result(self, entry: Entry, plan: Plan) -> None:
        """Tell it; it counts once the register acknowledged the result and every receipt."""
        try:
            is_taken = await self._told(entry, plan)
        except _GoneError:
            self._settle_alone(entry)
            raise
        if entry.result == 0 and is_taken:
            self.ledger.book(entry)
            await self._show(_REMOVE, "remove card", plan.lose)
            await self._tell(codec.COMPLETION, [], plan.lose)
            return
        if entry.result == 0:
            entry.result = 0xFF
            await self._show(_REVERSING, "reversing", plan.lose)
        await self._tell(codec.ABORTION, [("result", entry.result)], plan.lose)

    def _settle_alone(self, entry: Entry) -> None:
        if entry.result == 0 and self.keeps_unacknowledged:
            self.ledger.book(entry)
        elif entry.result == 0:
            # Taken back: the last transaction that the terminal would tell again is none.
            entry.result = _CANCELLED

    async def _told(self, entry: Entry, plan: Plan) -> bool:
        fields = [
            *voice.result(entry, self.terminal_id, plan.says_minor),
            *plan.extra,
        ]
        while (reply := await self._tell(codec.STATUS_INFO, fields, plan.lose)) == 0x849C:
            await self._world.sleep(_NOT_READY_S)
        if reply not in (0x8000, 0x8400):
            return False
        if not plan.prints or entry.result:
            return True
        for kind in (1, 2):
            reply = await self._tell(codec.PRINT_BLOCK, voice.slip(entry, kind), plan.lose)
            while reply == 0x849C:
                await self._world.sleep(_NOT_READY_S)
                reply = await self._tell(codec.PRINT_BLOCK, voice.slip(entry, kind), plan.lose)
            if reply not in (0x8000, 0x8400):
                return False
        return True

    # ---------------------------------------------------------------------------------- the page

    def state(self) -> dict[str, Any]:
        """What a person standing there would see, and what may be pressed."""
        newest = self.ledger.entries[-20:][::-1]
        return {
            "shown": self.shown,
            "actions": list(ACTIONS),
            "paper": "out" if self.is_paper_out else "ok",
            "is_offline": self.is_offline,
            "booked_minor": self.ledger.booked_minor,
            "transactions": [
                {
                    "kind": entry.kind.value,
                    "amount_minor": entry.amount_minor,
                    "receipt": entry.receipt,
                    "result": entry.result,
                    "booked": entry.is_booked,
                }
                for entry in newest
            ],
        }

    async def do(self, action: str) -> bool:
        """One press of the operator's page; False where there is no such key."""
        match action:
            case "cut":
                await self.cut()
            case "plug":
                await self.carrier.plug()
            case "reboot":
                await self.reboot()
            case "paper_out" | "paper_in":
                self.is_paper_out = action == "paper_out"
            case "go_offline" | "go_online":
                self.is_offline = action == "go_offline"
            case _ if action in ACTIONS:
                self._clicks_in.send_nowait(action)
            case _:
                return False
        return True
