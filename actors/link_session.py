"""How frames get across in order and once: sequence, credit, acknowledgement, sending again.

Pure and synchronous; the time comes with each call, in nanoseconds of a steady clock. One session
joins one incarnation of a node with one of another and outlives lost connections between them.
"""

from __future__ import annotations

from collections import deque

from attrs import define, field

from actors.errors import LinkProtocolError
from actors.limits import (
    ACK_EVERY,
    CREDIT,
    EAGER,
    FRAME_BYTES_MAX,
    ITEMS_PER_FRAME_MAX,
    LINK_QUEUE_BYTES_MAX,
    LINK_QUEUE_MAX,
    NS_PER_S,
    RESEND_S,
)
from actors.link_codec import Beat, Data, Item, encode_beat, encode_data, join_items

_HEAD_BYTES = 32
_RESEND_NS = int(RESEND_S * NS_PER_S)


@define(eq=False)
class Outgoing:
    """One encoded item. Cleared `wanted` before it is framed, it is left out."""

    encoded: bytes
    wanted: bool = True
    framed: bool = False


@define(eq=False)
class _Sent:
    sequence: int
    items: bytes
    sent_ns: int


@define(eq=False)
class Session:
    """One side's end of a session; the other side has its mirror."""

    id: int
    sent: int = 0
    received: int = 0
    unheard: int = 0
    repeats: int = 0
    gaps: int = 0
    resent: int = 0
    _queue: deque[Outgoing] = field(factory=deque)
    _queue_bytes: int = 0
    _unacknowledged: deque[_Sent] = field(factory=deque)

    def put_nowait(self, item: Outgoing, *, beyond: bool = False) -> bool:
        """Queue an item; False where the queue is full. `beyond` takes it nevertheless: answers,
        whose number the asks already bound."""
        if not beyond and (
            len(self._queue) >= LINK_QUEUE_MAX or self._queue_bytes >= LINK_QUEUE_BYTES_MAX
        ):
            return False
        self._queue.append(item)
        self._queue_bytes += len(item.encoded)
        return True

    @property
    def waiting(self) -> int:
        """Items not framed yet."""
        return len(self._queue)

    @property
    def unacknowledged(self) -> int:
        """Frames sent and not known to have arrived."""
        return len(self._unacknowledged)

    def next_frame(self, now_ns: int) -> bytes | None:
        """The next frame to send, or None: nothing waits, the credit is used up, or a small frame
        had better wait for company because some are under way already."""
        under_way = len(self._unacknowledged)
        if under_way >= CREDIT or (under_way >= EAGER and len(self._queue) < ITEMS_PER_FRAME_MAX):
            return None
        batch: list[bytes] = []
        room = FRAME_BYTES_MAX - _HEAD_BYTES
        while self._queue and len(batch) < ITEMS_PER_FRAME_MAX:
            item = self._queue[0]
            if item.wanted:
                room -= len(item.encoded) + 1
                if room < 0:
                    break
                batch.append(item.encoded)
                item.framed = True
            self._queue.popleft()
            self._queue_bytes -= len(item.encoded)
        if not batch:
            return None
        self.sent += 1
        sent = _Sent(self.sent, join_items(batch), now_ns)
        self._unacknowledged.append(sent)
        return self._frame(sent)

    def _frame(self, sent: _Sent) -> bytes:
        self.unheard = 0
        return encode_data(self.id, sent.sequence, self.received, sent.items)

    def beat(self) -> bytes:
        """A sign of life, which also acknowledges."""
        self.unheard = 0
        return encode_beat(self.id, self.sent, self.received)

    @property
    def owes_acknowledgement(self) -> bool:
        """Whether enough frames came in that a bare acknowledgement is due."""
        return self.unheard >= ACK_EVERY

    def take(self, frame: Data) -> tuple[Item, ...]:
        """The items of a data frame, empty where it was seen before or one is missing before it.

        Raises:
            LinkProtocolError: it acknowledges what was never sent.
        """
        self.acknowledge(frame.acknowledged)
        if frame.sequence <= self.received:
            self.repeats += 1
            self.unheard = ACK_EVERY
            return ()
        if frame.sequence > self.received + 1:
            self.gaps += 1
            return ()
        self.received = frame.sequence
        self.unheard += 1
        return frame.items

    def take_beat(self, beat: Beat) -> None:
        """Note the other side's counters; raises as `take`."""
        self.acknowledge(beat.acknowledged)

    def acknowledge(self, sequence: int) -> None:
        """Forget the frames up to `sequence`: they arrived.

        Raises:
            LinkProtocolError: that many were never sent.
        """
        if sequence > self.sent:
            raise LinkProtocolError("an acknowledgement of a frame that was never sent")
        while self._unacknowledged and self._unacknowledged[0].sequence <= sequence:
            self._unacknowledged.popleft()

    def overdue(self, now_ns: int, *, all_of_them: bool = False) -> list[bytes]:
        """Frames to send again: all unacknowledged ones, once the oldest has waited long enough,
        or at once after a connection came back."""
        pending = self._unacknowledged
        if not pending or not (all_of_them or now_ns - pending[0].sent_ns >= _RESEND_NS):
            return []
        self.resent += len(pending)
        for sent in pending:
            sent.sent_ns = now_ns
        return [self._frame(sent) for sent in pending]
