"""What all device actors share: a board for their state, a cable that reconnects, their effects."""

from __future__ import annotations

from abc import ABC, abstractmethod

import trio

from actors.actor import Post
from actors.mailbox import Envelope, Mailbox
from actors.messages import DeviceState, DeviceStatus, Failure, Outcome, Perform
from actors.world import World
from hardware.effects import EffectDesk, Job
from hardware.limits import ANNOUNCE_EVERY_S, BACKOFF_FIRST_S, BACKOFF_MAX_S, TELL_AGAIN_S
from hardware.transport import ByteStream, Place, TransportError, connect, forget_unsent

DEVICES = "devices"
_STEADY_NS = 1_000_000_000


class Board:
    """The state of one device, told to `devices` on each change and every few seconds."""

    def __init__(self, address: str, post: Post, world: World) -> None:
        self._post = post
        self._world = world
        self.status = DeviceStatus(address, DeviceState.ABSENT, "starting")

    def show(self, state: DeviceState, code: str = "ok", detail: str = "") -> None:
        """Set the state; told at once where it differs from before."""
        status = DeviceStatus(self.status.address, state, code, detail)
        if status != self.status:
            self.status = status
            self._tell()

    def _tell(self) -> bool:
        return self._post.tell_nowait(DEVICES, self.status)

    async def run(self) -> None:
        """Tell the state every few seconds, so that silence means the device's node is gone.

        What could not be told, as while the link to the store comes up, is told again soon.
        """
        while True:
            told = self._tell()
            await self._world.sleep(ANNOUNCE_EVERY_S if told else TELL_AGAIN_S)


class Device(ABC):
    """The skeleton of a device actor: mailbox, board and effects; a subclass adds the thing."""

    accepts: tuple[type, ...] = ()

    def __init__(self, address: str) -> None:
        self.address = address

    async def run(self, mailbox: Mailbox, post: Post, world: World) -> None:
        """Live until cancelled."""
        self.post = post
        self.world = world
        self.board = Board(self.address, post, world)
        self.desk = EffectDesk(self.address, post, world, self.accepts)
        async with trio.open_nursery() as nursery:
            self.nursery = nursery
            nursery.start_soon(self.board.run)
            nursery.start_soon(self.desk.run, self.perform)
            nursery.start_soon(self.live)
            async for envelope in mailbox:
                if isinstance(envelope.body, Perform):
                    envelope.answer(self.desk.accept(envelope.body))
                else:
                    await self.receive(envelope)
            nursery.cancel_scope.cancel()

    async def receive(self, envelope: Envelope) -> None:
        """Answer a message of the device's own; never waits for the device itself."""
        name = type(envelope.body).__name__
        envelope.answer(Failure("unknown_message", f"{self.address} does not know {name}"))

    @abstractmethod
    async def live(self) -> None:
        """Hold the conversation with the thing, for ever."""

    async def perform(self, job: Job) -> tuple[Outcome, str]:
        """Do one effect; the ending and, where it is not DONE, why."""
        raise AssertionError(f"{self.address} accepts no effects, yet got {job.effect_id}")


class CableDevice(Device):
    """A device at the end of a byte stream, opened again and again with growing pauses."""

    silent_detail = "the device stopped answering; switch it off and on"

    def __init__(self, address: str, place: Place) -> None:
        super().__init__(address)
        self.place = place
        self.connections = 0
        self.went_silent = False

    async def live(self) -> None:
        """Connect, converse until the cable breaks, pause, and again."""
        delay_s = BACKOFF_FIRST_S
        while True:
            opened_ns = self.world.monotonic_ns()
            try:
                stream = await connect(self.place)
            except TransportError as error:
                self.board.show(DeviceState.ABSENT, error.code, error.detail)
            else:
                self.went_silent = False
                await self._use(stream)
                if self.world.monotonic_ns() - opened_ns > _STEADY_NS:
                    delay_s = BACKOFF_FIRST_S
            await self.world.sleep(delay_s * (0.75 + 0.5 * self.world.random()))
            delay_s = min(2 * delay_s, BACKOFF_MAX_S)

    async def _use(self, stream: ByteStream) -> None:
        self.connections += 1
        self.board.show(DeviceState.STARTING, "starting")
        try:
            await self.converse(stream)
        except* (trio.BrokenResourceError, trio.ClosedResourceError):
            if self.went_silent:
                # It is tried again or given up; what arrives after that would be done late.
                forget_unsent(stream)
                self.board.show(DeviceState.STALE, "no_answer", self.silent_detail)
            else:
                detail = "the connection broke; check cable and power"
                self.board.show(DeviceState.ABSENT, "unplugged", detail)
        finally:
            with trio.CancelScope(shield=True):
                await stream.aclose()

    @abstractmethod
    async def converse(self, stream: ByteStream) -> None:
        """Talk over one open stream until it breaks with `trio.BrokenResourceError`."""
