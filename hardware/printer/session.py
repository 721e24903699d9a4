"""The conversation with one printer, without IO: what happened in, what to do out.

A job is offered, the printer is asked how it is, and only a printer that can print hears the
first byte of it (`Clear`). Chunks go out one at a time, each followed by a status request whose
answer lets the next one go; the last is followed by a request to confirm. Times are monotonic
nanoseconds.
"""

from __future__ import annotations

from enum import Enum

from attrs import define, field, frozen

from hardware.limits import (
    CONFIRM_FALLBACK_NS,
    CONFIRM_TIMEOUT_NS,
    SENSOR_ANSWERS_MAX,
    STATUS_BLOCKED_EVERY_NS,
    STATUS_IDLE_EVERY_NS,
    STATUS_REPLY_TIMEOUT_NS,
    STATUS_TRIES_MAX,
)
from hardware.printer import codec
from hardware.printer.profile import Confirm, Profile
from hardware.printer.status import (
    REST_BYTES,
    AutoStatus,
    BufferCleared,
    Incoming,
    Info,
    PrinterStatus,
    ProcessDone,
    RealTimeStatus,
    Sensor,
    StatusReader,
)


class End(Enum):
    """How a job ended as far as the printer can tell."""

    PRINTED = "printed"
    UNKNOWN = "unknown"  # all sent, never confirmed
    LOST = "lost"  # the connection broke after the first byte
    UNTOUCHED = "untouched"  # the connection broke before the first byte


@frozen
class Send:
    """Bytes to write now, whole."""

    data: bytes


@frozen
class Reported:
    """The printer's status changed or was asked for."""

    status: PrinterStatus


@frozen
class Clear:
    """The offered job may start: call `go` or `withdraw`."""


@frozen
class Ended:
    """The job is over."""

    end: End
    reason: str = ""


@frozen
class Silent:
    """The printer stopped answering: close the connection and start anew."""


Action = Send | Reported | Clear | Ended | Silent


class Phase(Enum):
    """Where the session stands with its job."""

    CLOSED = "closed"
    IDLE = "idle"
    CHECKING = "checking"  # a job waits for a good status
    CLEARED = "cleared"  # the device has been told it may start
    SENDING = "sending"
    CONFIRMING = "confirming"


_SWEEP = (1, 2, 3, 4)


@define
class PrinterSession:
    """One connection after another to the same printer; jobs one at a time."""

    profile: Profile
    status: PrinterStatus | None = None
    phase: Phase = Phase.CLOSED
    reader: StatusReader = field(factory=StatusReader)
    _chunks: tuple[bytes, ...] = ()
    _next_chunk: int = 0
    _marker: bytes = b""
    _confirm: Confirm = field(init=False)
    _confirm_by_ns: int = 0
    _fallback_ns: int = 0
    _asking: int = 0  # the DLE EOT number whose answer is due, 0 for none
    _asked_ns: int = 0
    _tries: int = 0
    _sweep: tuple[int, ...] = ()
    _heard: PrinterStatus = field(factory=PrinterStatus)
    _poll_ns: int = 0
    _doubted: int = 0  # how many answers to GS r may be the rest of a status
    _due: int = 0  # how many answers to GS r may still come, those of earlier jobs among them
    _needed: int = 0  # how many more must have come until one of them is this job's

    def __attrs_post_init__(self) -> None:
        """Believe the profile until the printer proves otherwise."""
        self._confirm = self.profile.confirm

    def opened(self, now_ns: int) -> list[Action]:
        """A connection is up. What was there before, be it a process that was cut off with its
        machine, may have left half a command behind, which would take in what follows."""
        self.reader = StatusReader()
        self.phase, self._asking, self._sweep, self._tries = Phase.IDLE, 0, (), 0
        self._doubted = self._due = 0
        start = codec.INIT
        if self.profile.real_time:
            start = codec.CLEAR_BUFFER + codec.INIT + codec.AUTO_STATUS_ON
        actions: list[Action] = [Send(start)]
        if not self.profile.real_time:
            self.status = PrinterStatus()
            return [*actions, Reported(self.status)]
        return actions + self._start_sweep(now_ns)

    def closed(self) -> list[Action]:
        """The connection is gone; a job under way ends here."""
        phase, self.phase = self.phase, Phase.CLOSED
        sent, self._next_chunk = self._next_chunk, 0
        self._chunks, self.status = (), None
        if sent and phase in (Phase.SENDING, Phase.CONFIRMING):
            return [Ended(End.LOST, "the connection broke while the receipt was being printed")]
        if phase in (Phase.CHECKING, Phase.CLEARED, Phase.SENDING):
            return [Ended(End.UNTOUCHED, "the connection broke before the receipt was sent")]
        return []

    def offer(self, now_ns: int) -> list[Action]:
        """A job wants to print: find out whether it can. Needs an idle session."""
        assert self.phase is Phase.IDLE, self.phase
        self._next_chunk = 0
        self.phase = Phase.CHECKING
        if not self.profile.real_time:
            self.phase = Phase.CLEARED
            return [Clear()]
        # An answer under way may be about the time before the paper ran out: ask afresh.
        return self._start_sweep(now_ns) if not self._asking else self._queue_fresh_sweep()

    def _queue_fresh_sweep(self) -> list[Action]:
        self._sweep = _SWEEP
        return []

    def go(self, chunks: tuple[bytes, ...], marker: bytes, now_ns: int) -> list[Action]:
        """The start is durable: send `chunks`, confirmed by `marker`. Needs a cleared job."""
        assert self.phase is Phase.CLEARED, self.phase
        assert chunks
        self._chunks, self._marker = chunks, marker
        self.phase = Phase.SENDING
        # With a routine question open, its answer sends the first chunk.
        return [] if self._asking else self._send_next(now_ns)

    def withdraw(self) -> None:
        """The job will not be printed; nothing of it was sent."""
        if self.phase in (Phase.CHECKING, Phase.CLEARED):
            self.phase, self._chunks = Phase.IDLE, ()

    def kick(self, *, pin: int, on_ms: int) -> list[Action]:
        """Open a drawer now, between two chunks, whatever state the paper is in. How the printer is
        is asked right after: one that is not there any more must not take the kick later on."""
        self._poll_ns = 0
        if self.profile.real_time:
            return [Send(codec.real_time_pulse(pin=pin, on_ms=on_ms))]
        return [Send(codec.pulse(pin=pin, on_ms=on_ms))]

    def received(self, data: bytes, now_ns: int) -> list[Action]:
        """Bytes from the printer, in any fragments, whatever they are."""
        actions: list[Action] = []
        for message in self.reader.feed(data):
            actions += self._heard_one(message, now_ns)
        return actions

    def _heard_one(self, message: Incoming, now_ns: int) -> list[Action]:
        match message:
            case RealTimeStatus(byte):
                return self._answered(byte, now_ns)
            case AutoStatus(four):
                return self._set_status(PrinterStatus().with_auto(four))
            case ProcessDone(marker):
                if self.phase is Phase.CONFIRMING and marker == self._marker:
                    self._confirm = self.profile.confirm
                    return self._end(End.PRINTED)
            case Sensor():
                return self._heard_sensor()
            case BufferCleared() | Info():
                pass
        return []

    def _heard_sensor(self) -> list[Action]:
        if self._doubted:
            self._doubted -= 1
            return []
        self._due = max(0, self._due - 1)
        if self.phase is Phase.CONFIRMING and self._confirm is Confirm.PAPER_SENSOR:
            self._needed -= 1
            if not self._needed:
                return self._end(End.PRINTED)
        return []

    def _ask_sensor(self) -> bytes:
        """Answers to GS r come in order and do not say whose they are: asked once more than those
        of earlier jobs may still come, the last is this job's, whatever of the others was lost."""
        self._needed = self._due + 1
        self._due += self._needed
        return codec.PAPER_STATUS * self._needed

    @property
    def is_at_rest(self) -> bool:
        """Whether no job is under way, no answer is due and nothing is wrong with the printer."""
        blocked = self.status is None or self.status.blocked
        return self.phase is Phase.IDLE and not self._asking and not blocked

    def tick(self, now_ns: int) -> list[Action]:
        """Time passed; call a few times a second."""
        if self.phase is Phase.CLOSED or not self.profile.real_time:
            return []
        if self._asking:
            if now_ns - self._asked_ns < STATUS_REPLY_TIMEOUT_NS:
                return []
            self._tries += 1
            if self._tries >= STATUS_TRIES_MAX:
                self._asking = 0
                return [Silent()]
            return self._ask(self._asking, now_ns)
        if self.phase is Phase.CONFIRMING:
            late = self._late(now_ns)
            if late:
                return late
        return self._start_sweep(now_ns) if now_ns >= self._poll_ns else []

    def _late(self, now_ns: int) -> list[Action]:
        """What to do about a confirmation that has not come; a blocked printer has its reasons."""
        if self.status is not None and self.status.blocked:
            # The rest comes out once that is mended, and needs its time then.
            self._confirm_by_ns = now_ns + CONFIRM_TIMEOUT_NS
            return []
        if now_ns >= self._confirm_by_ns:
            return self._end(End.UNKNOWN)
        if now_ns >= self._fallback_ns and self._confirm is Confirm.PROCESS_ID:
            # Some printers do not know process ids: ask in a way that all of them answer.
            self._confirm = Confirm.PAPER_SENSOR
            return [Send(self._ask_sensor())]
        return []

    # Asking for status, one question at a time, because the answers do not say which they are.

    def _start_sweep(self, now_ns: int) -> list[Action]:
        self._heard = PrinterStatus()
        self._sweep = _SWEEP[1:]
        return self._ask(_SWEEP[0], now_ns)

    def _ask(self, number: int, now_ns: int) -> list[Action]:
        self._asking, self._asked_ns = number, now_ns
        return [Send(codec.status_request(number))]

    def _answered(self, byte: int, now_ns: int) -> list[Action]:
        if not self._asking:
            # An answer to nothing may be an automatic status with one wrong bit, as after noise.
            self.reader.noise_bytes += 1
            self._doubted = REST_BYTES
            return []
        number, self._asking, self._tries, self._doubted = self._asking, 0, 0, 0
        self._heard = self._heard.with_real_time(number, byte)
        if self._sweep == _SWEEP:
            return self._start_sweep(now_ns)
        if self._sweep:
            number, *rest = self._sweep
            self._sweep = tuple(rest)
            return self._ask(number, now_ns)
        if self.phase is Phase.SENDING and number == 1 and not self._heard.offline:
            return self._send_next(now_ns)
        if number == 1:
            # Off-line in the middle of a job: find out why before going on.
            self._sweep = _SWEEP[2:]
            return self._ask(2, now_ns)
        return self._swept(now_ns)

    def _swept(self, now_ns: int) -> list[Action]:
        status = self._heard
        waits = self.phase in (Phase.CHECKING, Phase.SENDING, Phase.CONFIRMING)
        every = STATUS_BLOCKED_EVERY_NS if waits or status.blocked else STATUS_IDLE_EVERY_NS
        self._poll_ns = now_ns + every
        actions = self._set_status(status)
        if status.blocked:
            return actions
        if self.phase is Phase.CHECKING:
            self.phase = Phase.CLEARED
            return [*actions, Clear()]
        if self.phase is Phase.SENDING:
            return actions + self._send_next(now_ns)
        return actions

    def _set_status(self, status: PrinterStatus) -> list[Action]:
        changed = status != self.status
        was_blocked = self.status is not None and self.status.blocked
        self.status = status
        if was_blocked and not status.blocked:
            self._poll_ns = 0
        return [Reported(status)] if changed else []

    # Sending.

    def _send_next(self, now_ns: int) -> list[Action]:
        chunk = self._chunks[self._next_chunk]
        self._next_chunk += 1
        last = self._next_chunk == len(self._chunks)
        if not self.profile.real_time:
            return self._send_without_answers(chunk)
        if not last:
            self._heard = self.status or PrinterStatus()
            return [Send(chunk), *self._ask(1, now_ns)]
        self.phase = Phase.CONFIRMING
        self._confirm_by_ns = now_ns + CONFIRM_TIMEOUT_NS
        self._fallback_ns = now_ns + CONFIRM_FALLBACK_NS
        self._poll_ns = now_ns + STATUS_BLOCKED_EVERY_NS
        if self._confirm is Confirm.NOTHING:
            return [Send(chunk), *self._end(End.PRINTED, "this printer cannot confirm")]
        if self._confirm is Confirm.PROCESS_ID:
            return [Send(chunk + codec.process_id(self._marker))]
        return [Send(chunk + self._ask_sensor())]

    def _send_without_answers(self, chunk: bytes) -> list[Action]:
        actions: list[Action] = [Send(chunk)]
        actions += [Send(rest) for rest in self._chunks[self._next_chunk :]]
        return actions + self._end(End.PRINTED, "this printer cannot confirm")

    def _end(self, end: End, reason: str = "") -> list[Action]:
        self.phase, self._chunks = Phase.IDLE, ()
        if end is not End.UNKNOWN:
            return [Ended(end, reason)]
        reason = "the printer never confirmed the receipt; look at the paper before reprinting"
        # A new connection clears what the printer has not answered.
        return [Ended(end, reason), *([Silent()] if self._due > SENSOR_ANSWERS_MAX else [])]
