"""A front end's side of a WebSocket, joining again by itself."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import AsyncGenerator

import trio
from attrs import define, field

from actors.mailbox import OneShot
from actors.web.sockets import Gone, WebSocket, connect
from actors.world import World
from protocols.front.client_types import FaultError, LostError, is_passing
from protocols.front.codec import ClientFrame, FrameError, ServerFrame, decode_server, encode
from protocols.front.frames import (
    AnswerFrame,
    Fault,
    Hello,
    Ping,
    Pong,
    Subscribe,
    Unsubscribe,
    Update,
    Welcome,
)
from protocols.front.topics import EVENTS
from protocols.limits import (
    CLIENT_FRAME_BYTES_MAX,
    CLIENT_RETRY_S_FIRST,
    CLIENT_RETRY_S_MAX,
    CLIENT_UPDATES_MAX,
    CLOSE_WITHIN_S,
    HELLO_WITHIN_S,
)


@define(eq=False)
class _Followed:
    """A topic of this client; `at` is how far it got."""

    position: int
    updates: deque[Update] = field(factory=lambda: deque(maxlen=CLIENT_UPDATES_MAX))
    more: trio.Event = field(factory=trio.Event)
    room: trio.Event = field(factory=trio.Event)
    fault: Fault | None = None


class WebSocketCarrier:
    """*Owns* one WebSocket at a time, and opens the next when it is lost."""

    def __init__(self, url: str, hello: Hello, world: World) -> None:
        self._url = url
        self._hello = hello
        self._world = world
        self._socket: WebSocket | None = None
        self._welcome: Welcome | None = None
        self._has_joined = False
        self._failed: FaultError | None = None
        self._changed = trio.Event()
        self._waiting: dict[str, OneShot] = {}
        self._heard = self._doubted = 0.0
        self._followed: dict[str, _Followed] = {}

    # ------------------------------------------------------------------------------- the carrier

    async def request(self, frame: ClientFrame, frame_id: str, timeout_s: float) -> ServerFrame:
        """As `Carrier.request`."""
        reply = OneShot()
        socket: WebSocket | None = None
        try:
            with trio.fail_after(timeout_s):
                await self.wait_joined()
                socket = self._socket
                if socket is None:
                    raise LostError("the connection was lost")
                self._waiting[frame_id] = reply
                try:
                    await socket.send(encode(frame))
                    answer = await reply.wait()
                except Gone as error:
                    raise LostError(str(error)) from None
                finally:
                    if self._waiting.get(frame_id) is reply:
                        del self._waiting[frame_id]
        except trio.TooSlowError:
            await self._doubt(socket)
            raise
        if isinstance(answer, LostError):
            raise answer
        assert isinstance(answer, AnswerFrame | Fault | Pong)
        return answer

    async def _doubt(self, socket: WebSocket | None) -> None:
        """An answer did not come: ask for a sign of life, and where the last one asked for did not
        come either, join anew. A store that is only slow answers pings at once."""
        if socket is None or socket is not self._socket:
            return
        if self._doubted and self._doubted > self._heard:
            self._part(Gone("the store gave no sign of life"))
            await socket.drop()
            return
        self._doubted = trio.current_time()
        with contextlib.suppress(Gone), trio.move_on_after(CLOSE_WITHIN_S):
            await socket.send(encode(Ping(0)))

    async def wait_joined(self) -> Welcome:
        """As `Carrier.wait_joined`."""
        while self._welcome is None:
            if self._failed is not None:
                raise self._failed
            await self._changed.wait()
        return self._welcome

    async def follow(self, topic: str, position: int = 0) -> AsyncGenerator[Update, None]:
        """As `Carrier.follow`. Slow loops get the latest views; facts wait for them."""
        if topic in self._followed:
            raise ValueError(f"{topic} is followed already by this client")
        followed = _Followed(position)
        self._followed[topic] = followed
        try:
            await self._say(Subscribe(topic, position))
            while True:
                while followed.updates:
                    update = followed.updates.popleft()
                    followed.room.set()
                    yield update
                if followed.fault is not None:
                    raise FaultError(followed.fault.code, followed.fault.detail)
                followed.more = trio.Event()
                await followed.more.wait()
        finally:
            del self._followed[topic]
            followed.room.set()
            with trio.move_on_after(CLOSE_WITHIN_S) as scope:
                scope.shield = True
                await self._say(Unsubscribe(topic))

    async def _say(self, frame: ClientFrame) -> None:
        if self._socket is not None and self._welcome is not None:
            with contextlib.suppress(Gone):
                await self._socket.send(encode(frame))

    # ------------------------------------------------------------------------------ joining again

    async def run(self) -> None:
        """Stay connected until cancelled. Where the store refuses this client, whoever waits is
        told, and it is asked again later: a register that was not there may be there by then."""
        delay_s = CLIENT_RETRY_S_FIRST
        while True:
            try:
                await self._join_and_read()
                await self._world.sleep(CLIENT_RETRY_S_MAX)
                self._failed = None
            except Gone as error:
                joined = self._welcome is not None
                self._part(error)
                delay_s = CLIENT_RETRY_S_FIRST if joined else min(2 * delay_s, CLIENT_RETRY_S_MAX)
                await self._world.sleep(delay_s * (0.5 + self._world.random()))

    def _part(self, error: Gone) -> None:
        self._socket = None
        self._welcome = None
        for reply in self._waiting.values():
            reply.settle(LostError(str(error)))
        self._change()

    def _change(self) -> None:
        self._changed.set()
        self._changed = trio.Event()

    async def _join_and_read(self) -> None:
        socket = await self._connect()
        try:
            welcome = await self._greet(socket)
            if welcome is None:
                return
            self._socket, self._welcome = socket, welcome
            self._heard, self._doubted = trio.current_time(), 0.0
            for topic, followed in self._followed.items():
                await socket.send(encode(Subscribe(topic, followed.position)))
            self._change()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._ping_forever, socket, welcome.heartbeat_s)
                lost = await self._read_until_gone(socket)
                nursery.cancel_scope.cancel()
            raise lost
        finally:
            await socket.close()

    async def _connect(self) -> WebSocket:
        with trio.move_on_after(HELLO_WITHIN_S):
            return await connect(self._url, message_bytes_max=CLIENT_FRAME_BYTES_MAX)
        raise Gone(f"{self._url} took the connection and said nothing")

    async def _greet(self, socket: WebSocket) -> Welcome | None:
        with trio.move_on_after(HELLO_WITHIN_S):
            await socket.send(encode(self._hello))
            match _decoded(await socket.receive()):
                case Welcome() as welcome:
                    self._has_joined = True
                    return welcome
                case Fault() as fault if not is_passing(fault.code, has_joined=self._has_joined):
                    self._failed = FaultError(fault.code, fault.detail)
                    self._change()
                    return None
                case _:
                    raise Gone("the store is busy")
        raise Gone("no welcome came in time")

    async def _ping_forever(self, socket: WebSocket, heartbeat_s: int) -> None:
        """Give signs of life; that the connection is gone is for the reader to notice."""
        with contextlib.suppress(Gone):
            while True:
                await self._world.sleep(heartbeat_s)
                await socket.send(encode(Ping(0)))

    async def _read_until_gone(self, socket: WebSocket) -> Gone:
        """Take frames until there are no more; a nursery would wrap what is raised in it."""
        try:
            while True:
                frame = _decoded(await socket.receive())
                self._heard = trio.current_time()
                await self._take(frame)
        except Gone as error:
            return error

    async def _take(self, frame: ServerFrame) -> None:
        match frame:
            case AnswerFrame() | Fault() if frame.id:
                self._settle(frame.id, frame)
            case Pong():
                self._settle(f"ping/{frame.at}", frame)
            case Update():
                await self._note(frame)
            case Fault():
                self._note_fault(frame)
            case _:
                pass

    def _settle(self, frame_id: str, frame: ServerFrame) -> None:
        reply = self._waiting.get(frame_id)
        if reply is not None:
            reply.settle(frame)

    async def _note(self, update: Update) -> None:
        followed = self._followed.get(update.topic)
        if followed is None:
            return
        # Views may be dropped for later ones; of facts nothing may, so nothing more is read.
        while update.topic == EVENTS and len(followed.updates) == CLIENT_UPDATES_MAX:
            followed.room = trio.Event()
            await followed.room.wait()
            if self._followed.get(update.topic) is not followed:
                return
        followed.updates.append(update)
        followed.position = update.position
        followed.more.set()

    def _note_fault(self, fault: Fault) -> None:
        """A fault without an id is about a subscription; its first word is the topic."""
        topic = fault.detail.partition(" ")[0]
        followed = self._followed.get(topic)
        if followed is not None:
            followed.fault = fault
            followed.more.set()


def _decoded(payload: str | bytes) -> ServerFrame:
    try:
        return decode_server(payload, CLIENT_FRAME_BYTES_MAX)
    except FrameError as error:
        raise Gone(f"the store sent what is no frame: {error}") from None
