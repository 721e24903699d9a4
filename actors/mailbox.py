"""A bounded queue of messages to one actor, and the one-shot answer an ask waits for."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

import trio
from attrs import define, field, frozen

from actors.errors import AbsentError, BusyError, NoAnswerError
from actors.limits import MAILBOX_CAPACITY, MAILBOX_CAPACITY_MAX
from actors.waking import Wake
from actors.world import World


@define(eq=False)
class Envelope:
    """One message on its way.

    `id` tells messages between nodes apart; within one it is empty unless the asker gave one.
    `reply` takes the answer, and is None for a tell. `sender` is what the sender calls itself, for
    logs; `peer` is the node it came from as the link proved it, empty for this very node, and the
    only name to trust. `deadline_ns` is on the steady clock; after it nobody waits any more.
    """

    id: str
    to: str
    sender: str
    body: object
    reply: Callable[[object], bool] | None = None
    deadline_ns: int | None = None
    peer: str = ""
    answered: bool = field(default=False, init=False)
    owed: dict[int, Envelope] | None = field(default=None, init=False, repr=False)
    """Where a mailbox keeps what its actor still has to answer, this one among it."""

    def answer(self, value: object) -> bool:
        """Answer an ask; an exception of `actors.errors` is raised at the asker.

        False where it is certain that nobody waits for it: for a tell, twice, where the asker gave
        up, or where its process is another now. The last three are counted by the node, no error.
        """
        self.answered = True
        owed, self.owed = self.owed, None
        if owed is not None:
            # What is in it may be a PIN, and behind `reply` lies the whole answer: neither is kept
            # for longer than somebody works on it.
            owed.pop(id(self), None)
        return self.reply is not None and self.reply(value)


class OneShot:
    """An answer that is settled once by one task and waited for by at most one other."""

    __slots__ = ("_closed", "_value", "_waiter")
    _NOTHING = object()

    def __init__(self) -> None:
        self._value: object = self._NOTHING
        self._waiter = Wake()
        self._closed = False

    def settle(self, value: object) -> bool:
        """Give the answer; False where it came twice or nobody waits any more."""
        if self._closed or self._value is not self._NOTHING:
            return False
        self._value = value
        self._waiter.wake()
        return True

    def close(self) -> None:
        """Say that nobody waits any more."""
        self._closed = True

    @property
    def settled(self) -> bool:
        """Whether the answer is there."""
        return self._value is not self._NOTHING

    async def wait(self) -> object:
        """Wait for the answer; one that is an exception is returned, not raised."""
        if self._value is not self._NOTHING:
            await trio.lowlevel.checkpoint()
            return self._value
        await self._waiter.wait()
        return self._value


@frozen
class MailboxStatistics:
    """What one mailbox holds and has seen since it was opened.

    `refused` counts puts turned away as busy or absent, `expired` messages dropped unread.
    """

    address: str
    capacity: int
    waiting: int
    taken: int
    refused: int
    expired: int
    held: bool
    closed: bool


class Mailbox:
    """At most `capacity` envelopes in order of arrival, for one actor to read.

    While *held* (its actor is being kept down) and once *closed* it takes nothing and answers
    `AbsentError` to every ask it had.
    """

    def __init__(self, address: str, world: World, capacity: int = MAILBOX_CAPACITY) -> None:
        if not 0 < capacity <= MAILBOX_CAPACITY_MAX:
            raise ValueError(f"a mailbox holds 1 to {MAILBOX_CAPACITY_MAX}, not {capacity}")
        self.address = address
        self.capacity = capacity
        self._world = world
        self._queue: deque[Envelope] = deque()
        self._reader = Wake()
        self._writers = trio.lowlevel.ParkingLot()
        self._held = False
        self._closed = False
        self._open_asks: dict[int, Envelope] = {}
        self._taken = self._refused = self._expired = 0

    @property
    def is_full(self) -> bool:
        """Whether it has no room for one more."""
        return len(self._queue) >= self.capacity

    def put_nowait(self, envelope: Envelope) -> None:
        """Queue `envelope`.

        Raises:
            BusyError: the mailbox is full.
            AbsentError: it is held or closed.
        """
        if self._held or self._closed:
            self._refused += 1
            raise self._absence()
        if len(self._queue) >= self.capacity:
            self._refused += 1
            raise BusyError(self.address, "the mailbox is full; nothing was delivered")
        self._queue.append(envelope)
        self._reader.wake()

    async def put(self, envelope: Envelope) -> None:
        """Queue `envelope`, waiting for room.

        Raises:
            AbsentError: the mailbox is held or closed, or became so while waiting.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        while len(self._queue) >= self.capacity and not (self._held or self._closed):
            await self._writers.park()
        self.put_nowait(envelope)

    async def get(self) -> Envelope:
        """The next envelope that somebody still waits for; expired ones are dropped.

        Raises:
            trio.EndOfChannel: the mailbox is closed.
        """
        if self._queue or self._closed:
            await trio.lowlevel.checkpoint()
        while True:
            envelope = self._next()
            if envelope is not None:
                return envelope
            if self._closed:
                raise trio.EndOfChannel
            await self._reader.wait()

    def drain_nowait(self, limit: int) -> list[Envelope]:
        """At most `limit` envelopes that are here already, in order; never waits."""
        drained: list[Envelope] = []
        while len(drained) < limit:
            envelope = self._next()
            if envelope is None:
                break
            drained.append(envelope)
        return drained

    def _next(self) -> Envelope | None:
        while self._queue:
            envelope = self._queue.popleft()
            if self._writers:
                self._writers.unpark()
            deadline_ns = envelope.deadline_ns
            if deadline_ns is not None and self._world.monotonic_ns() >= deadline_ns:
                self._expired += 1
                continue
            self._taken += 1
            if envelope.reply is not None:
                self._remember(envelope)
            return envelope
        return None

    def _remember(self, envelope: Envelope) -> None:
        self._open_asks[id(envelope)] = envelope
        envelope.owed = self._open_asks
        if len(self._open_asks) > 2 * self.capacity:
            now_ns = self._world.monotonic_ns()
            still = [kept for kept in self._open_asks.values() if _later(kept, now_ns)]
            self._open_asks.clear()
            self._open_asks.update((id(kept), kept) for kept in still[-self.capacity :])

    def fail_open_asks(self, detail: str) -> int:
        """Answer `NoAnswerError` to asks that were taken and not answered; how many there were.

        The supervisor calls this when the actor dies, so that nobody waits for a dead one's answer.
        """
        pending = list(self._open_asks.values())
        self._open_asks = {}
        for envelope in pending:
            envelope.answer(NoAnswerError(self.address, detail))
        return len(pending)

    def hold(self) -> None:
        """Answer absent to what waits and to whatever comes, until `release`."""
        self._held = True
        self._turn_away()

    def release(self) -> None:
        """Take messages again."""
        self._held = False

    def close(self) -> None:
        """Answer absent to what waits, refuse the rest for good and end the reader's loop."""
        self._closed = True
        self._turn_away()
        self._reader.wake()

    def _turn_away(self) -> None:
        while self._queue:
            self._refused += 1
            self._queue.popleft().answer(self._absence())
        self._writers.unpark_all()

    def _absence(self) -> AbsentError:
        reason = "nobody lives here any more" if self._closed else "its actor keeps failing"
        return AbsentError(self.address, f"{reason}; nothing was delivered")

    def __len__(self) -> int:
        return len(self._queue)

    def __aiter__(self) -> AsyncIterator[Envelope]:
        return self

    async def __anext__(self) -> Envelope:
        try:
            return await self.get()
        except trio.EndOfChannel:
            raise StopAsyncIteration from None

    def statistics(self) -> MailboxStatistics:
        """What it holds and has seen."""
        return MailboxStatistics(
            address=self.address,
            capacity=self.capacity,
            waiting=len(self._queue),
            taken=self._taken,
            refused=self._refused,
            expired=self._expired,
            held=self._held,
            closed=self._closed,
        )


def _later(envelope: Envelope, now_ns: int) -> bool:
    return envelope.deadline_ns is None or now_ns < envelope.deadline_ns


def deadline_after(world: World, timeout_s: float) -> int | None:
    """The steady-clock moment `timeout_s` from now; None for an endless one."""
    if math.isinf(timeout_s):
        return None
    return world.monotonic_ns() + int(timeout_s * 1_000_000_000)


def value_or_raise(answer: object) -> Any:
    """An answer as the asker gets it: post errors are raised, the rest returned."""
    if isinstance(answer, AbsentError | BusyError | NoAnswerError):
        raise answer
    return answer
