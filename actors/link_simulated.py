"""A link without a network: two joined ports whose faults are drawn from a world's seed."""

from __future__ import annotations

import heapq
from collections import deque

import trio
from attrs import define, field, frozen

from actors.limits import FRAME_BYTES_MAX, NNG_REPLY_QUEUE, NS_PER_S
from actors.links import PipeIdentity, Sink
from actors.waking import Wake
from actors.world import World


@frozen
class Faults:
    """Chances in [0, 1) that a frame is lost, comes twice or is overtaken; the longest delay.

    Frames arrive in the order they were sent, as on a real connection, except those overtaken,
    which come up to as late again.
    """

    lose: float = 0.0
    duplicate: float = 0.0
    overtake: float = 0.0
    delay_s: float = 0.0


@define(eq=False)
class SimulatedPort:
    """One end of a `SimulatedLink`."""

    dials: bool
    _link: SimulatedLink
    _arriving: list[tuple[int, int, int, bytes]] = field(factory=list)
    _changes: deque[tuple[bool, int]] = field(factory=deque)
    _news: Wake = field(factory=Wake)
    _due_ns: int = 0
    _arrivals: int = 0

    async def run(self, sink: Sink) -> None:
        """Tell `sink` what happens, each frame when it is due."""
        while True:
            if self._changes:
                await trio.lowlevel.checkpoint()
                up, pipe = self._changes.popleft()
                if up:
                    sink.pipe_up(pipe)
                else:
                    sink.pipe_down(pipe)
            elif self._arriving:
                await self._take(sink)
            else:
                await self._news.wait()

    async def _take(self, sink: Sink) -> None:
        wait_ns = self._arriving[0][0] - self._link.world.monotonic_ns()
        if wait_ns > 0:
            # Something earlier may come meanwhile, or the connection may go.
            with trio.move_on_after(wait_ns / NS_PER_S):
                await self._news.wait()
            return
        # All that is due at once, as a real port hands over all that its buffer holds.
        while self._arriving and self._arriving[0][0] <= self._link.world.monotonic_ns():
            _, _, pipe, frame = heapq.heappop(self._arriving)
            if pipe == self._link.pipe:
                sink.frame(pipe, frame)

    def send_nowait(self, pipe: int, frame: bytes) -> bool:
        """Hand a frame over; False where the connection is gone or holds all it can."""
        return self._link.carry(self, pipe, frame)

    def identity(self, pipe: int) -> PipeIdentity:
        """As within one process."""
        return PipeIdentity("inproc")

    def drop(self, pipe: int) -> None:
        """Cut the connection; a new one is made at once, as a dialler would."""
        if pipe == self._link.pipe:
            self._link.cut()
            self._link.mend()

    def arrive(self, due_ns: int, pipe: int, frame: bytes, *, late_ns: int = 0) -> bool:
        """Queue a frame for this end; False where that many wait already.

        One that is `late_ns` late lets those sent after it come first.
        """
        if len(self._arriving) >= NNG_REPLY_QUEUE:
            return False
        due_ns = max(self._due_ns, due_ns)
        if late_ns:
            due_ns += late_ns
        else:
            self._due_ns = due_ns
        self._arrivals += 1
        heapq.heappush(self._arriving, (due_ns, self._arrivals, pipe, frame))
        self._news.wake()
        return True

    def forget(self) -> None:
        """Drop what was on its way to this end: its process is gone."""
        self._arriving.clear()
        self._changes.clear()
        self._due_ns = 0

    def change(self, up: bool, pipe: int) -> None:
        """Queue the news that a connection stands or is gone."""
        self._changes.append((up, pipe))
        self._news.wake()


class SimulatedLink:
    """A connection between `dialling` and `listening`, with everything random drawn from `world`.

    It stands from the beginning; `cut` and `mend` break it and make it anew. While `partitioned`
    it stands and carries nothing, as when a switch on the way is dead.
    """

    def __init__(self, world: World, faults: Faults | None = None) -> None:
        self.world = world
        self.faults = faults or Faults()
        self.pipe = 0
        self._last_pipe = 0
        self.lost = 0
        self.partitioned = False
        self.dialling = SimulatedPort(True, self)
        self.listening = SimulatedPort(False, self)
        self.mend()

    def cut(self) -> None:
        """Break the connection; what is under way is lost."""
        pipe, self.pipe = self.pipe, 0
        if pipe:
            for port in (self.listening, self.dialling):
                port.change(False, pipe)

    def mend(self) -> None:
        """Make a new connection where none stands."""
        if not self.pipe:
            self._last_pipe += 1
            self.pipe = self._last_pipe
            for port in (self.listening, self.dialling):
                port.change(True, self.pipe)

    def carry(self, sender: SimulatedPort, pipe: int, frame: bytes) -> bool:
        """Take a frame from one end to the other, or lose it, as chance has it."""
        if pipe != self.pipe or len(frame) > FRAME_BYTES_MAX:
            return False
        faults, world = self.faults, self.world
        if self.partitioned or (faults.lose and world.random() < faults.lose):
            self.lost += 1
            return True
        other = self.listening if sender is self.dialling else self.dialling
        delay_ns = int(world.random() * faults.delay_s * NS_PER_S) if faults.delay_s else 0
        copies = 2 if faults.duplicate and world.random() < faults.duplicate else 1
        due_ns = world.monotonic_ns() + delay_ns
        late_ns = 0
        if faults.overtake and world.random() < faults.overtake:
            late_ns = 1 + int(world.random() * faults.delay_s * NS_PER_S)
        arrived = [other.arrive(due_ns, pipe, frame, late_ns=late_ns) for _ in range(copies)]
        # Beyond its queue the real thing loses frames without a word, and so does this one.
        self.lost += arrived.count(False)
        return True
