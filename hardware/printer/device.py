"""The printer actor: one receipt printer at the end of a cable."""

from __future__ import annotations

from collections.abc import Callable

import trio

from actors.mailbox import Envelope
from actors.messages import Accepted, DeviceState, Failure, Outcome
from engine.effects import Print
from hardware.device import CableDevice
from hardware.effects import Job
from hardware.limits import DRAWERS_PER_PRINTER_MAX, PRINT_TRIES_MAX
from hardware.printer.codec import encode
from hardware.printer.layout import LayoutError, Line, lay_out
from hardware.printer.messages import PULSE_GRACE_S, DrawerLevel, Pulse, WatchDrawer
from hardware.printer.profile import Profile
from hardware.printer.session import (
    Action,
    Clear,
    End,
    Ended,
    Phase,
    PrinterSession,
    Reported,
    Send,
    Silent,
)
from hardware.printer.status import PrinterStatus
from hardware.transport import ByteStream, Place
from hardware.turn import Turn

TICK_S = 0.1
IDLE_TICK_S = 1.0  # while nothing is printed or asked, what is due takes seconds
_PULSES_AT_ONCE_MAX = 8
_MARKER_FIRST, _MARKER_SPAN = 0x21, 0x5D
_DETAILS = {
    "cover_open": "the printer's cover is open; receipts wait; close it",
    "paper_out": "the printer is out of paper; receipts wait; put in a new roll",
    "paper_near_end": "the paper roll is nearly used up; have a new one ready",
    "offline": "the printer is off line; receipts wait; press its feed button or switch it on",
    "cutter_error": "the blade is jammed; receipts wait; open the cover, clear it, switch on again",
    "recoverable_error": "the printer reports an error; receipts wait; open and close its cover",
    "overheated_error": "the print head is too hot; receipts wait until it has cooled",
    "unrecoverable_error": "the printer reports a fault; receipts wait; switch it off and on",
}


class PrinterDevice(CableDevice):
    """A receipt printer.

    Owns: the cable to it, the queue of receipts, what is known of its paper and drawer plug.
    Receives: `Perform` of `Print`, `Pulse`, `WatchDrawer`.
    Sends: `Started` and `Finished` to `outbox`, `DeviceStatus` to `devices`, `DrawerLevel` to
    drawers.
    If it dies: a receipt it had begun comes again from the outbox and is printed marked COPY.
    """

    accepts = (Print,)
    silent_detail = "the printer stopped answering; receipts wait; switch it off and on"

    def __init__(self, address: str, place: Place, profile: Profile) -> None:
        super().__init__(address, place)
        self.profile = profile
        self.session = PrinterSession(profile)
        self._stream: ByteStream | None = None
        self._writing = Turn()
        self._connected = trio.Event()
        self._news_in, self._news = trio.open_memory_channel[Clear | Ended](8)
        self._watchers: dict[str, None] = {}
        self._level: bool | None = None
        self._pulses = 0
        self._marker = 0

    # The cable.

    async def converse(self, stream: ByteStream) -> None:
        """Read the printer and keep asking how it is, until the cable breaks."""
        self._stream = stream
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._tick)
                await self._do(self.session.opened(self._now_ns()))
                self._connected.set()
                while True:
                    data = await stream.receive_some()
                    await self._do(self.session.received(data, self._now_ns()))
        finally:
            self._stream = None
            # A connection that broke as it was opened leaves the event to the next, and to whoever
            # waits on it.
            if self._connected.is_set():
                self._connected = trio.Event()
            self._hear(self.session.closed())
            self._set_level(None)

    async def _tick(self) -> None:
        while True:
            await self.world.sleep(IDLE_TICK_S if self.session.is_at_rest else TICK_S)
            await self._do(self.session.tick(self._now_ns()))

    def _now_ns(self) -> int:
        return self.world.monotonic_ns()

    async def _do(self, actions: list[Action]) -> None:
        """Carry out what the session wants, writing in the order it was decided."""
        stream = self._stream
        self._hear([action for action in actions if not isinstance(action, Send)])
        for action in actions:
            if isinstance(action, Send):
                await self._write(stream, action.data)

    def _hear(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Reported(status):
                    self._report(status)
                case Clear() | Ended():
                    self._news_in.send_nowait(action)
                case Silent():
                    self.went_silent = True
                    raise trio.BrokenResourceError("the printer stopped answering")

    async def _write(self, stream: ByteStream | None, data: bytes) -> None:
        """Write to the connection `data` was meant for; bytes of an old one go nowhere."""
        async with self._writing:
            if stream is None or stream is not self._stream:
                raise trio.BrokenResourceError("the printer is not connected")
            await stream.send_all(data)

    def _report(self, status: PrinterStatus) -> None:
        state = DeviceState.FAILED if status.blocked else DeviceState.READY
        self.board.show(state, status.code, _DETAILS.get(status.code, ""))
        self._set_level(status.drawer_high)

    # Receipts.

    async def perform(self, job: Job) -> tuple[Outcome, str]:
        """Print one receipt; after a broken connection again, marked COPY, a few times."""
        assert isinstance(job.effect, Print)
        try:
            lines = lay_out(job.effect.document, self.profile.width)
        except LayoutError as error:
            return Outcome.FAILED, f"{error}; nothing was printed"
        lost = 0
        while lost < PRINT_TRIES_MAX:
            ended = await self._try(job, job.effect, lines)
            if isinstance(ended, str):
                return Outcome.EXPIRED, ended
            match ended.end:
                case End.PRINTED:
                    return Outcome.DONE, ended.reason
                case End.UNKNOWN if job.tries < PRINT_TRIES_MAX:
                    return Outcome.UNKNOWN, ended.reason
                case End.UNKNOWN:
                    # The outbox asks again for what is unknown; paper must not run on for ever.
                    return Outcome.DONE, f"printed {job.tries} times and never confirmed"
                case End.LOST:
                    lost += 1
                    job.may_have_happened = True
                case End.UNTOUCHED:
                    pass
        detail = f"the connection broke {lost} times while printing; look at the paper"
        return Outcome.UNKNOWN, detail

    async def _try(self, job: Job, effect: Print, lines: tuple[Line, ...]) -> Ended | str:
        """One try on one connection; text says why nothing was sent."""
        with trio.move_on_after(self.desk.seconds_left(job)) as scope:
            while self.session.phase is not Phase.IDLE:
                await self._connected.wait()
            await self._attempt(self.session.offer)
            news = await self._news.receive()
            if isinstance(news, Ended):
                return news
        if scope.cancelled_caught:
            return self._give_up("it was too late when the printer became ready; nothing was sent")
        if not job.started and not await self.desk.start(job):
            return self._give_up("withdrawn or too late before the start; nothing was sent")
        if job.may_have_happened:
            lines = lay_out(effect.document, self.profile.width, copy=True)
        # Drawing text as a picture can take many milliseconds.
        chunks = await self.world.in_thread(encode, lines, self.profile)
        if self.session.phase is not Phase.CLEARED:
            return await self._wait_end()
        marker = self._next_marker()
        await self._attempt(lambda now_ns: self.session.go(chunks, marker, now_ns))
        return await self._wait_end()

    async def _wait_end(self) -> Ended:
        while True:
            news = await self._news.receive()
            if isinstance(news, Ended):
                return news

    async def _attempt(self, step: Callable[[int], list[Action]]) -> None:
        """Take a step with the session; a break is heard by the reader too, which ends the job."""
        try:
            await self._do(step(self._now_ns()))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            await trio.lowlevel.checkpoint()

    def _give_up(self, reason: str) -> str:
        self.session.withdraw()
        while True:
            try:
                self._news.receive_nowait()
            except trio.WouldBlock:
                return reason

    def _next_marker(self) -> bytes:
        """Four printable bytes that differ from one job to the next, and mostly after a restart."""
        if not self._marker:
            self._marker = int.from_bytes(self.world.random_bytes(4), "big")
        self._marker += 1
        rest, digits = self._marker, bytearray()
        for _ in range(4):
            rest, digit = divmod(rest, _MARKER_SPAN)
            digits.append(_MARKER_FIRST + digit)
        return bytes(digits)

    # The drawer plug.

    async def receive(self, envelope: Envelope) -> None:
        """Kicks go ahead of receipts, each in a task of its own."""
        match envelope.body:
            case Pulse() as pulse:
                if self._pulses >= _PULSES_AT_ONCE_MAX:
                    envelope.answer(Failure("absent", "too many kicks wait; nothing was sent"))
                    return
                self._pulses += 1
                self.nursery.start_soon(self._kick, envelope, pulse)
            case WatchDrawer(address):
                if address in self._watchers or len(self._watchers) < DRAWERS_PER_PRINTER_MAX:
                    self._watchers[address] = None
                    envelope.answer(DrawerLevel(self._level))
                else:
                    envelope.answer(Failure("too_many", "too many drawers name this printer"))
            case _:
                await super().receive(envelope)

    async def _kick(self, envelope: Envelope, pulse: Pulse) -> None:
        try:
            envelope.answer(await self._kicked(pulse, envelope.deadline_ns))
        finally:
            self._pulses -= 1

    async def _kicked(self, pulse: Pulse, deadline_ns: int | None) -> Accepted | Failure:
        if pulse.pin not in (2, 5):
            return Failure("malformed", f"a drawer is wired to pin 2 or 5, not {pulse.pin}")
        left_s = self._left_s(pulse, deadline_ns)
        if left_s <= 0:
            return Failure("expired", "the kick came too late; nothing was sent")
        stream = self._stream
        if stream is None:
            return Failure("absent", "the printer is not connected; nothing was sent")
        with trio.move_on_after(left_s) as waiting:
            await self._writing.acquire()
        if waiting.cancelled_caught:
            return Failure("expired", "the printer was busy until too late; nothing was sent")
        try:
            # The connection may have changed while this waited for its turn to write.
            if stream is not self._stream:
                return Failure("absent", "the printer is not connected; nothing was sent")
            for action in self.session.kick(pin=pulse.pin, on_ms=pulse.on_ms):
                assert isinstance(action, Send)
                await stream.send_all(action.data)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return Failure("unknown", "the connection broke during the kick; look at the drawer")
        finally:
            self._writing.release()
        return Accepted()

    def _left_s(self, pulse: Pulse, deadline_ns: int | None) -> float:
        """How long a kick is still welcome: it may have waited for this actor to live again."""
        if pulse.left_ns is None:
            return float("inf")
        left_s = pulse.left_ns / 1_000_000_000
        if deadline_ns is None:
            return left_s
        answer_s = (deadline_ns - self.world.monotonic_ns()) / 1_000_000_000
        return min(left_s, answer_s - PULSE_GRACE_S)

    def _set_level(self, high: bool | None) -> None:
        if high is not self._level:
            self._level = high
            for address in self._watchers:
                self.post.tell_nowait(address, DrawerLevel(high))
