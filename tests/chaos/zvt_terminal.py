"""A ZVT terminal that does whatever the specification lets it do, in any order, and keeps its own
books: it shares no code with the simulated one of `hardware/`, but for the bytes of a message.

Source: PA00P015 revision 13.08, chapters 2.2 (who may speak when), 2.2.8 (what is stored when) and
3 (what a terminal says).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import trio
from attrs import define, field

from engine.payment.state import Payment
from engine.terminal import Kind
from hardware.terminal.zvt.codec import Profile
from hardware.terminal.zvt.device import ZvtDevice
from native import zvt_decode, zvt_encode
from tests.chaos.terminal import ChaosTerminal
from tests.simulation.streams import SimulatedCarrier, Stream

ODDITIES = (
    "busy", "speaks_first", "shows", "prints", "repeats", "tries_again", "breaks_off", "declines",
    "cuts", "slow", "hangs", "keeps", "by_hand", "ends_day", "forgets", "other_register", "tips",
    "part", "blocked", "aborts_late", "refuses_to_tell",
)  # fmt: skip
"""What one may do besides paying in the plainest way. Each is allowed, or happens in shops."""

REGISTER, ENQUIRE, RECALL, ABORT = 0x0600, 0x0501, 0x0620, 0x06B0
END_OF_DAY, SEND_OFFLINE = 0x0650, 0x0651
STATUS, RESULT, SHOWN, DONE, BROKEN_OFF, BLOCK = 0x0501, 0x040F, 0x04FF, 0x060F, 0x061E, 0x06D3
KINDS = {0x0601: Kind.SALE, 0x0630: Kind.REVERSAL, 0x0631: Kind.REFUND}
OK, NOT_READY = bytes.fromhex("800000"), bytes.fromhex("849C00")
WAIT, CANCELLED, NOTHING_KEPT, NOT_POSSIBLE, ALREADY = 0x9C, 0x6C, 0x83, 0xB5, 0xB4
REPLY_S, AGAIN_S = 5.5, 2.0
TERMINAL_ID = 52500001
OUR_CARD, THEIR_CARD = "541333******0010", "476173******0119"
Fields = list[tuple[int | str, Any]]


class GoneError(Exception):
    """The register is not there any more, or does not answer."""


@define(eq=False)
class Entry:
    """One transaction. `is_ours` where the store asked for it, `is_booked` whether money moved."""

    kind: Kind
    asked_minor: int
    amount_minor: int
    is_ours: bool
    trace: int = 0
    receipt: int = 0
    day: int = 0
    time: int = 0
    result: int = CANCELLED
    tip_minor: int = 0
    named: int | None = None
    original: Entry | None = None
    is_booked: bool = False
    is_reversed: bool = False

    @property
    def net_minor(self) -> int:
        """What it brought the shop."""
        if not self.is_booked or self.is_reversed or self.kind is Kind.REVERSAL:
            return 0
        return -self.amount_minor if self.kind is Kind.REFUND else self.amount_minor


class Cable(SimulatedCarrier):
    """A cable whose far end knows when a connection begins and when it is over."""

    def __init__(
        self,
        address: str,
        talk: Callable[[Stream, Any], Awaitable[None]],
        begin: Callable[[Stream], Any],
    ) -> None:
        super().__init__(address)
        self._talk_over, self._begin = talk, begin

    def hang_up(self) -> None:
        """The terminal lets go of the connection; it takes another."""
        self._hang_up()

    async def _serve(self, handle: Any) -> None:
        while True:
            while not self._waiting:
                await self._called.park()
            stream = self._stream = self._waiting.popleft()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._talk_over, stream, self._begin(stream))
                while data := await stream.outgoing.take():
                    await handle(data)
                nursery.cancel_scope.cancel()
            self._hang_up()


@define(eq=False)
class ChaosZvt(ChaosTerminal):
    """The terminal. `counts_failures` where what came to nothing has numbers and is remembered,
    `begins_anew` where receipts are counted anew each day, `is_overtaken` once others paid there or
    it forgot, so that it does not tell the register's last."""

    cable: Cable = field(init=False)
    entries: list[Entry] = field(factory=list)
    is_working: bool = False
    is_overtaken: bool = False
    trace: int = 0
    receipt: int = 0
    day: int = 0
    clock: int = 80000
    remembered: int = 0
    counts_failures: bool = True
    begins_anew: bool = True
    names_original: bool = True
    prints: int = 2
    _abort: bool = False
    _inbox: Any = None
    _data: bytearray = field(factory=bytearray)
    _stream: Stream | None = None
    _nursery: Any = None

    def __attrs_post_init__(self) -> None:
        """Which kind of terminal it is."""
        self.cable = Cable(self.address, self._converse, self._connected)
        self.counts_failures = self.chance.random() < 0.7
        self.begins_anew = self.chance.random() < 0.7
        self.names_original = self.chance.random() < 0.5
        self.prints = self.chance.choice((0, 2, 2, 3))

    def device(self, address: str, folder: Path) -> ZvtDevice:
        """As `ChaosTerminal`."""
        return ZvtDevice(address, self.cable, Profile(), is_serial=False, folder=folder)

    @property
    def is_plugged(self) -> bool:
        """As `ChaosTerminal`."""
        return self.cable.is_plugged

    async def pull(self) -> None:
        """As `ChaosTerminal`."""
        await self.cable.unplug()

    async def plug(self) -> None:
        """As `ChaosTerminal`."""
        await self.cable.plug()

    @property
    def is_at_something(self) -> bool:
        """As `ChaosTerminal`."""
        return self.is_working

    def _ours(self, asked_minor: int) -> list[Entry]:
        ours = [one for one in self.entries if one.is_ours and one.kind is Kind.SALE]
        return [one for one in ours if one.asked_minor == asked_minor]

    def net_minor(self, asked_minor: int) -> int:
        """As `ChaosTerminal`."""
        return sum(one.net_minor for one in self._ours(asked_minor))

    def may_be_silent(self, payment: Payment, *, is_newest: bool) -> bool:
        """As `ChaosTerminal`: one that another followed is told no more. Of two tries nobody was
        told of, the second may not say what became of the first. And a terminal that keeps no
        memory of what came to nothing, and did not say so when it was asked, may not know what came
        before."""
        is_one_try = len(self._ours(payment.asked.amount_minor)) < 2
        says_so = self.counts_failures or not self.odd & {"refuses_to_tell", "busy", "tries_again"}
        is_sure = is_newest and is_one_try and says_so
        return self.is_overtaken or not is_sure

    # -------------------------------------------------------------------------------- its life

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve for ever; started once a register can connect."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            nursery.start_soon(self._live)
            await nursery.start(self.cable.run, self._hear)
            task_status.started()

    async def _live(self) -> None:
        """What happens at it while no register asks for anything."""
        while True:
            await trio.sleep(self.chance.uniform(1.0, 20.0))
            if self.is_working:
                continue
            if self.does("by_hand", 0.5):
                await self._by_hand()
            if self.does("ends_day", 0.3):
                self._end_day()
            if self.does("other_register", 0.2):
                await self._pull(self._pay_elsewhere)
            if self.does("forgets", 0.1):
                await self._pull(self._forget)
            if self.does("cuts", 0.3):
                await self._pull(lambda: None)

    async def _by_hand(self) -> None:
        self.is_working = True
        await trio.sleep(self.chance.uniform(1.0, 15.0))
        self._pay_elsewhere()
        self.is_working = False

    def _pay_elsewhere(self) -> None:
        # More than the store ever asks for, so that it cannot be meant.
        minor = self.chance.randint(10_000, 99_000)
        entry = self._entry(Kind.SALE, minor, is_ours=False)
        self._number(entry)
        if self.chance.random() < 0.8:
            entry.result, entry.is_booked = 0, True
        self.is_overtaken = True
        self.note(f"by others: {entry}")

    def _end_day(self) -> None:
        self.day += 1
        self.receipt = 0 if self.begins_anew else self.receipt
        self.note("its day is over")

    def _forget(self) -> None:
        self.remembered = len(self.entries)
        self.is_overtaken = True
        if self.chance.random() < 0.5:
            self.trace = self.receipt = 0
        self.note("it forgot all")

    async def _pull(self, meanwhile: Callable[[], None]) -> None:
        if not self.cable.is_plugged:
            return
        self.note("cable out")
        await self.cable.unplug()
        await trio.sleep(self.chance.uniform(0.1, 6.0))
        if not self.is_working:
            meanwhile()
        await self.cable.plug()

    # ------------------------------------------------------------------------- the conversation

    async def _hear(self, data: bytes) -> None:
        self._data += data
        while len(self._data) >= 3:
            size, head = self._data[2], 3
            if size == 0xFF:
                if len(self._data) < 5:
                    return
                size, head = int.from_bytes(self._data[3:5], "little"), 5
            if len(self._data) < head + size:
                return
            message = bytes(self._data[: head + size])
            del self._data[: head + size]
            self.note(f"< {message[:2].hex()}")
            if message[:2] == b"\x06\xb0":
                self._abort = True
                self._nursery.start_soon(self._answer_abort, self._stream)
            else:
                self._inbox.send_nowait(message)

    async def _answer_abort(self, stream: Stream | None) -> None:
        if self.does("aborts_late", 0.5):
            await trio.sleep(self.chance.uniform(0.0, 3.0))
        reply = self.chance.choice((OK, OK, NOT_READY)) if "aborts_late" in self.odd else OK
        self._put(stream, reply)

    def _put(self, stream: Stream | None, message: bytes) -> None:
        if stream is not None and stream is self._stream:
            self.note(f"> {message[:2].hex()}")
            stream.incoming.push(message)

    def _connected(self, stream: Stream) -> Any:
        out, inbox = trio.open_memory_channel[bytes](100)
        self._inbox, self._data, self._abort, self._stream = out, bytearray(), False, stream
        self.note("connected")
        return inbox

    async def _converse(self, stream: Stream, inbox: Any) -> None:
        is_registered = False
        while True:
            message = await inbox.receive()
            if message[0] in (0x80, 0x84):
                continue
            control = int.from_bytes(message[:2], "big")
            try:
                if self.is_working:
                    if self.chance.random() < 0.7:
                        self._put(stream, NOT_READY)
                elif control == REGISTER:
                    is_registered = await self._register(inbox, stream)
                elif not is_registered:
                    self._put(stream, bytes.fromhex("846B00"))
                else:
                    await self._command(control, message, inbox, stream)
            except GoneError:
                self.note("gone")
                if stream is self._stream:
                    self.cable.hang_up()
                return

    async def _register(self, inbox: Any, stream: Stream) -> bool:
        if self.does("busy", 0.2):
            self._put(stream, NOT_READY)
            return False
        self._put(stream, OK)
        fields: Fields = [(0x29, TERMINAL_ID), (0x49, 978)]
        await self._say(inbox, stream, DONE, fields)
        return True

    async def _command(self, control: int, message: bytes, inbox: Any, stream: Stream) -> None:
        if control == ENQUIRE:
            await self._state(inbox, stream)
        elif control == RECALL:
            await self._recall(message, inbox, stream)
        elif control in KINDS:
            await self._transact(KINDS[control], message, inbox, stream)
        elif control == END_OF_DAY:
            if self.does("busy", 0.2):
                self._put(stream, NOT_READY)
                return
            self._put(stream, OK)
            self._end_day()
            await self._tell_day(inbox, stream)
            await self._say(inbox, stream, DONE, [])
        else:
            self._put(stream, bytes.fromhex("848300"))

    async def _pause(self) -> None:
        await trio.sleep(self.chance.uniform(0.0, 4.0) if self.does("slow", 0.3) else 0.01)

    async def _say(self, inbox: Any, stream: Stream, control: int, fields: Fields) -> int:
        """Say it and wait for the answer; what is said may be lost with the cable, before or after
        it arrives."""
        if control not in (SHOWN, DONE) and self.does("shows", 0.3):
            await self._show(inbox, stream)
        await self._pause()
        if self.does("cuts", 0.04):
            raise GoneError
        self._put(stream, zvt_encode(control, fields))
        if self.does("cuts", 0.04):
            await trio.sleep(self.chance.uniform(0.0, 0.5))
            raise GoneError
        with trio.move_on_after(REPLY_S):
            while True:
                reply = await inbox.receive()
                if reply[0] in (0x80, 0x84):
                    return int.from_bytes(reply[:2], "big")
                self.wrong.append(f"{reply.hex()} in the place of an answer to {control:04x}")
        raise GoneError

    async def _show(self, inbox: Any, stream: Stream) -> None:
        fields: Fields = [("status", self.chance.choice((0x0A, 0x04, 0x0E, 0x17, 0xFF)))]
        if self.chance.random() < 0.5:
            fields.append(("timeout_minutes", self.chance.choice((0, 1, 3))))
        await self._say(inbox, stream, SHOWN, fields)

    async def _print(self, inbox: Any, stream: Stream, kind: int) -> bool:
        """One receipt; whether the register took it."""
        lines = [(0x09, b"\0"), (0x07, b"RECEIPT"), (0x09, b"\x81")]
        block = [(0x1F07, bytes([kind])), (0x25, lines), (0x1F37, b"\x81")]
        return await self._told_until_taken(inbox, stream, BLOCK, [(0x06, block)])

    async def _told_until_taken(
        self, inbox: Any, stream: Stream, control: int, fields: Fields
    ) -> bool:
        while True:
            reply = await self._say(inbox, stream, control, fields)
            if reply != 0x849C:
                return reply == 0x8000
            await trio.sleep(AGAIN_S)

    # --------------------------------------------------------------------------------- questions

    async def _state(self, inbox: Any, stream: Stream) -> None:
        if self.does("busy", 0.1):
            self._put(stream, NOT_READY)
            return
        self._put(stream, OK)
        if self.does("ends_day", 0.2):
            self._end_day()
            await self._tell_day(inbox, stream)
        if self.does("prints", 0.1):
            await self._print(inbox, stream, 3)
        code = self.chance.choice((WAIT, 0xF0, 0xDC)) if self.does("blocked", 0.2) else 0
        await self._say(inbox, stream, DONE, [("status", code)])

    async def _tell_day(self, inbox: Any, stream: Stream) -> None:
        await self._say(inbox, stream, RESULT, [(0x27, 0), (0x04, 0), (0x60, bytes(53))])

    async def _recall(self, message: bytes, inbox: Any, stream: Stream) -> None:
        if self.does("refuses_to_tell", 0.15):
            self._put(stream, NOT_READY)
            return
        self._put(stream, OK)
        told = self.entries[self.remembered :]
        if not self.counts_failures:
            told = [one for one in told if one.result == 0]
        if self.does("refuses_to_tell", 0.1):
            await self._say(inbox, stream, BROKEN_OFF, [("result", WAIT)])
            return
        if not told:
            await self._say(inbox, stream, BROKEN_OFF, [("result", NOTHING_KEPT)])
            return
        await self._say(inbox, stream, RESULT, self._result(told[-1]))
        if self.does("repeats", 0.2):
            await self._say(inbox, stream, RESULT, self._result(told[-1]))
        service = zvt_decode(message, False).fields.get(0x03, 0)
        if not service & 0x02:
            for kind in range(1, 1 + self.prints):
                await self._print(inbox, stream, kind)
        await self._say(inbox, stream, DONE, [])

    def _result(self, entry: Entry) -> Fields:
        fields: Fields = [(0x27, entry.result), (0x04, entry.amount_minor), (0x0B, entry.trace)]
        fields += [(0x0C, entry.time), (0x0D, 101 + entry.day), (0x19, 0x60)]
        shown = entry.original or entry
        fields += [(0x22, OUR_CARD if shown.is_ours else THEIR_CARD), (0x29, TERMINAL_ID)]
        if entry.original is not None and self.names_original:
            fields.append((0x37, entry.original.trace))
        fields += [(0x49, 978), (0x87, entry.receipt), (0x8A, 0x06)]
        if entry.tip_minor:
            fields.append((0x06, [(0x1F36, bytes.fromhex(f"{entry.tip_minor:012}"))]))
        return fields

    # ------------------------------------------------------------------------------ transactions

    def _entry(self, kind: Kind, minor: int, *, is_ours: bool) -> Entry:
        return Entry(kind, minor, minor, is_ours)

    def _number(self, entry: Entry) -> None:
        """It has its numbers, and is the last."""
        self.trace = self.trace % 999_999 + 1
        self.receipt = self.receipt % 9_999 + 1
        self.clock += 1
        entry.trace, entry.receipt, entry.day = self.trace, self.receipt, self.day
        entry.time = self.clock
        self.entries.append(entry)

    async def _transact(self, kind: Kind, message: bytes, inbox: Any, stream: Stream) -> None:
        told = zvt_decode(message, False).fields
        asked_minor = told.get(0x04, 0)
        self.heard[kind, asked_minor] += 1
        self.note(f"asked for {kind.value} of {asked_minor}, receipt {told.get(0x87)}")
        self._abort = False
        if self.does("busy", 0.1):
            self._put(stream, NOT_READY)
            return
        entry = self._entry(kind, asked_minor, is_ours=True)
        entry.named = told.get(0x87)
        self.is_working = True
        try:
            if self.does("speaks_first", 0.5):
                await self._show(inbox, stream)
            await self._pause()
            self._put(stream, OK)
            if self.does("ends_day", 0.1):
                self._end_day()
                await self._tell_day(inbox, stream)
            await self._paid(entry, inbox, stream)
            self.is_working = False
        except GoneError:
            self._nursery.start_soon(self._alone, entry)
            raise
        except trio.Cancelled:
            self._nursery.start_soon(self._alone, entry)
            raise

    async def _alone(self, entry: Entry) -> None:
        """The register is gone, and it ends what it was at by itself."""
        if self.chance.random() < 0.5:
            await trio.sleep(self.chance.uniform(0.0, 20.0))
        if not entry.is_booked:
            is_kept = "keeps" in self.odd and self.chance.random() < 0.5
            if entry.trace == 0 and (is_kept or self.counts_failures):
                self._decide(entry)
                self._number(entry)
            if is_kept and entry.trace and entry.result == 0:
                self._book(entry)
            elif entry.result == 0:
                entry.result = CANCELLED
        self.note(f"alone: {entry}")
        self.is_working = False

    def _decide(self, entry: Entry) -> None:
        entry.result = 0
        if entry.kind is Kind.REVERSAL and entry.original is None:
            self._find_original(entry)
        if entry.result == 0 and self.does("declines", 0.2):
            entry.result = self.chance.choice((0x05, 0x33, CANCELLED))
        if entry.kind is Kind.SALE and entry.result == 0:
            if self.does("part", 0.2) and entry.asked_minor > 1:
                entry.amount_minor = self.chance.randint(1, entry.asked_minor - 1)
            elif self.does("tips", 0.2):
                entry.tip_minor = self.chance.randint(1, 300)
                entry.amount_minor = entry.asked_minor + entry.tip_minor

    def _find_original(self, entry: Entry) -> None:
        receipt = entry.named
        if receipt is None:
            entry.result = NOT_POSSIBLE
            return
        here = [one for one in self.entries if one.day == self.day or not self.begins_anew]
        found = [one for one in here if one.receipt == receipt and one.is_booked]
        if not found:
            entry.result = NOT_POSSIBLE
            return
        entry.original = found[-1]
        if entry.original.is_reversed:
            entry.result = ALREADY
        # It goes by the number alone, and tells what it finds there.
        entry.amount_minor = entry.original.amount_minor

    def _book(self, entry: Entry) -> None:
        entry.is_booked = True
        if entry.kind is Kind.REVERSAL and entry.original is not None:
            entry.original.is_reversed = True
            if not entry.original.is_ours or entry.original.amount_minor != entry.asked_minor:
                self.wrong.append(f"{entry} took back {entry.original}")
        self.note(f"booked {entry.kind.value} {entry.amount_minor}")

    async def _paid(self, entry: Entry, inbox: Any, stream: Stream) -> None:
        """From the card to the end."""
        await self._customer(inbox, stream)
        if self._abort and not self.does("aborts_late", 0.5):
            if self.counts_failures:
                self._number(entry)
            await self._broken_off(inbox, stream, CANCELLED)
            return
        if self.does("tries_again", 0.4) and entry.kind is Kind.SALE:
            first = self._entry(entry.kind, entry.asked_minor, is_ours=True)
            first.result = 0x37
            if self.counts_failures:
                self._number(first)
            else:
                first.trace, first.receipt = self.trace + 1, self.receipt + 1
            await self._say(inbox, stream, RESULT, self._result(first))
        self._decide(entry)
        if entry.result == 0 or self.counts_failures:
            self._number(entry)
        if entry.result:
            if self.chance.random() < 0.6 and entry.trace:
                await self._say(inbox, stream, RESULT, self._result(entry))
            await self._broken_off(inbox, stream, entry.result)
            return
        await self._approved(entry, inbox, stream)

    async def _customer(self, inbox: Any, stream: Stream) -> None:
        """Somebody looks for a card."""
        if self.does("prints", 0.1):
            await self._print(inbox, stream, 3)
        waits_s = self.chance.uniform(0.0, 30.0)
        if self.does("hangs", 0.2):
            waits_s = self.chance.choice((100.0, 179.0, 185.0, 400.0))
        with trio.move_on_after(waits_s):
            while not self._abort:  # noqa: ASYNC110
                await trio.sleep(0.5)

    async def _approved(self, entry: Entry, inbox: Any, stream: Stream) -> None:
        """It counts once the register acknowledged the result and all that is printed."""
        is_taken = await self._is_taken(entry, inbox, stream)
        if is_taken and self.does("repeats", 0.3):
            is_taken = await self._is_taken(entry, inbox, stream)
        if is_taken and self.does("breaks_off", 0.15):
            # Its printer fails, say: nothing is stored before all was printed.
            entry.result = 0xCC
            await self._broken_off(inbox, stream, 0xCC)
            return
        for kind in range(1, 1 + self.prints):
            is_taken = is_taken and await self._print(inbox, stream, kind)
        if not is_taken:
            entry.result = CANCELLED
            await self._broken_off(inbox, stream, CANCELLED)
            return
        self._book(entry)
        if self.does("shows", 0.3):
            await self._show(inbox, stream)
        if self.does("prints", 0.1):
            await self._print(inbox, stream, 3)
        if self.does("breaks_off", 0.1):
            # What is stored stays so (chapter 2.2.8).
            await self._broken_off(inbox, stream, 0xFF)
            return
        await self._say(inbox, stream, DONE, [])

    async def _is_taken(self, entry: Entry, inbox: Any, stream: Stream) -> bool:
        return await self._told_until_taken(inbox, stream, RESULT, self._result(entry))

    async def _broken_off(self, inbox: Any, stream: Stream, result: int) -> None:
        await self._say(inbox, stream, BROKEN_OFF, [("result", result)])
