"""The link below the messages: on a serial line each frame is acknowledged, repeated and told from
its repeats; on TCP there is nothing to do.

Times are monotonic nanoseconds. Source: PA00P016 revision 04, chapter 2.
"""

from __future__ import annotations

from collections import deque

from attrs import define, field

from hardware.terminal.limits import BYTE_GAP_NS, LINE_ACK_NS, LINE_REPEATS_MAX
from native import ZvtMessage, zvt_frame

ACK, NAK = b"\x06", b"\x15"
_BAD = ("bad_check", "bad_form", "too_long")


@define
class Heard:
    """What came of an event: bytes to write at once, a message for the session, a dead line, a
    frame to be forgotten. A message that `is_again` is the one before it once more, byte
    for byte."""

    write: bytes = b""
    message: ZvtMessage | None = None
    is_broken: bool = False
    is_again: bool = False
    drops_partial: bool = False


@define
class TcpLine:
    """Messages as they are."""

    is_serial: bool = False
    deadline_ns: int | None = None

    def send(self, message: bytes, now_ns: int) -> bytes:
        """Bytes to write now."""
        return message

    def heard(self, event: ZvtMessage | str, now_ns: int) -> Heard:
        """One event of the floor's link. A stream that went astray cannot be trusted any more."""
        if isinstance(event, str):
            return Heard(is_broken=event in _BAD)
        return Heard(message=event)

    def gap(self, *, is_partial: bool, now_ns: int) -> None:
        """Nothing: TCP has no gaps."""

    def tick(self, now_ns: int) -> Heard:
        """Nothing: TCP repeats by itself."""
        return Heard()


@define
class SerialLine:
    """Frames one at a time: the next is written once the one before was acknowledged."""

    is_serial: bool = True
    repeated: int = 0
    duplicates: int = 0
    _waiting: bytes = b""
    _tries: int = 0
    _ack_due_ns: int = 0
    _gap_due_ns: int | None = None
    _queue: deque[bytes] = field(factory=deque)
    _last: tuple[int, int] | None = None
    _before: tuple[int, int] | None = None

    @property
    def deadline_ns(self) -> int | None:
        """When `tick` has something to do."""
        due = [self._ack_due_ns] if self._waiting else []
        if self._gap_due_ns is not None:
            due.append(self._gap_due_ns)
        return min(due, default=None)

    def send(self, message: bytes, now_ns: int) -> bytes:
        """Bytes to write now; empty while another frame waits for its acknowledgement."""
        self._queue.append(zvt_frame(message))
        return b"" if self._waiting else self._next(now_ns)

    def _next(self, now_ns: int) -> bytes:
        if not self._queue:
            self._waiting = b""
            return b""
        self._waiting = self._queue.popleft()
        self._tries = 0
        self._ack_due_ns = now_ns + LINE_ACK_NS
        return self._waiting

    def heard(self, event: ZvtMessage | str, now_ns: int) -> Heard:
        """One event of the floor's link."""
        if event == "ack":
            return Heard(self._acknowledged(now_ns))
        if event == "nak":
            return self._again(now_ns)
        if isinstance(event, str):
            return Heard(NAK)
        return self._frame(event, now_ns)

    def _acknowledged(self, now_ns: int) -> bytes:
        if self._waiting:
            # Our answer arrived, so the same frame coming now is a new one.
            self._last = None
        return self._next(now_ns)

    def _frame(self, message: ZvtMessage, now_ns: int) -> Heard:
        # A frame that comes while one of the register's waits says that this one arrived and its
        # acknowledgement was lost, unless it is the one being answered: then it is a repeat.
        mark = (message.control, message.check)
        is_repeat = bool(self._waiting) and mark == self._last
        if is_repeat:
            self.duplicates += 1
            return Heard(ACK)
        is_again, self._last, self._before = mark == self._before, mark, mark
        write = ACK + (self._next(now_ns) if self._waiting else b"")
        return Heard(write, message, is_again=is_again)

    def _again(self, now_ns: int) -> Heard:
        if not self._waiting:
            return Heard()
        if self._tries == LINE_REPEATS_MAX:
            return Heard(is_broken=True)
        self._tries += 1
        self.repeated += 1
        self._ack_due_ns = now_ns + LINE_ACK_NS
        return Heard(self._waiting)

    def gap(self, *, is_partial: bool, now_ns: int) -> None:
        """Bytes came; whether a frame is still open."""
        self._gap_due_ns = now_ns + BYTE_GAP_NS if is_partial else None

    def tick(self, now_ns: int) -> Heard:
        """Time passed. A frame that stopped in the middle is asked for again."""
        if self._gap_due_ns is not None and now_ns >= self._gap_due_ns:
            self._gap_due_ns = None
            return Heard(NAK, drops_partial=True)
        if self._waiting and now_ns >= self._ack_due_ns:
            return self._again(now_ns)
        return Heard()


Line = TcpLine | SerialLine
