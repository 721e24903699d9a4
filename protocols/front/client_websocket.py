"""A front end's side of a WebSocket, on trio and websockets' sans-IO protocol.

Source: RFC 6455.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import AsyncIterator

import trio
from attrs import define, field
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, WebSocketException
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from actors.mailbox import OneShot
from actors.world import World
from protocols.front.client_types import FaultError, LostError
from protocols.front.codec import ClientFrame, FrameError, ServerFrame, decode_server, encode
from protocols.front.frames import (
    AnswerFrame,
    Fault,
    FaultCode,
    Hello,
    Ping,
    Pong,
    Subscribe,
    Unsubscribe,
    Update,
    Welcome,
)
from protocols.front.session import EVENTS
from protocols.limits import (
    CLIENT_FRAME_BYTES_MAX,
    CLIENT_RETRY_S_FIRST,
    CLIENT_RETRY_S_MAX,
    CLIENT_UPDATES_MAX,
    CLOSE_WITHIN_S,
    HELLO_WITHIN_S,
)

_READ_BYTES = 1 << 16
_PASSING = frozenset((FaultCode.BUSY.value, FaultCode.NO_ANSWER.value))


class WebSocket:
    """One open WebSocket: text frames in both directions, pings answered."""

    def __init__(self, stream: trio.abc.Stream, protocol: ClientProtocol) -> None:
        self._stream = stream
        self._protocol = protocol
        self._lock = trio.Lock()
        self._ready: deque[bytes] = deque()
        self._parts: list[bytes] = []

    @classmethod
    async def connect(cls, url: str, origin: str | None = None) -> WebSocket:
        """Connect to a `ws://` address and open the WebSocket.

        Raises:
            LostError: nobody answered there, or not with a WebSocket.
        """
        uri = parse_uri(url)
        if uri.secure:
            raise LostError(f"{url}: this client speaks ws:// only")
        protocol = ClientProtocol(uri, origin=origin, max_size=CLIENT_FRAME_BYTES_MAX)  # type: ignore[arg-type]
        try:
            stream = await trio.open_tcp_stream(uri.host, uri.port)
        except OSError as error:
            raise LostError(f"{url} cannot be reached: {error}") from None
        socket = cls(stream, protocol)
        try:
            await socket._open(url)
        except BaseException:
            await trio.aclose_forcefully(stream)
            raise
        return socket

    async def _open(self, url: str) -> None:
        self._protocol.send_request(self._protocol.connect())
        await self._flush()
        while self._protocol.state.name == "CONNECTING":
            await self._pump()
            problem = self._protocol.handshake_exc
            if problem is not None:
                reason = str(problem) if isinstance(problem, InvalidHandshake) else "it hung up"
                raise LostError(f"{url} did not open a WebSocket: {reason}")

    async def _pump(self) -> None:
        """Read once and take what came; a reply the protocol owes goes out at once."""
        try:
            data = await self._stream.receive_some(_READ_BYTES)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            data = b""
        try:
            if data:
                self._protocol.receive_data(data)
            else:
                self._protocol.receive_eof()
        except (EOFError, WebSocketException) as error:
            raise LostError(f"the WebSocket broke: {error}") from None
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._take(event)
        with contextlib.suppress(LostError):
            await self._flush()
        if not data and self._protocol.handshake_exc is None:
            raise LostError(self.closing)

    def _take(self, frame: Frame) -> None:
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            self._parts.append(bytes(frame.data))
            if frame.fin:
                self._ready.append(b"".join(self._parts))
                self._parts = []

    @property
    def closing(self) -> str:
        """How the connection ended, in words with its code."""
        code, reason = self._protocol.close_code, self._protocol.close_reason
        return f"the WebSocket is closed: {code} {reason or ''}".rstrip()

    @property
    def close_code(self) -> int | None:
        """The code of RFC 6455, section 7.4; None while it is open."""
        return self._protocol.close_code

    async def receive(self) -> bytes:
        """The next frame.

        Raises:
            LostError: there will be none.
        """
        while not self._ready:
            if self._protocol.state.name == "CLOSED":
                raise LostError(self.closing)
            await self._pump()
        return self._ready.popleft()

    async def send(self, payload: bytes) -> None:
        """Send one text frame.

        Raises:
            LostError: the connection is not open any more.
        """
        if self._protocol.state.name != "OPEN":
            raise LostError(self.closing)
        self._protocol.send_text(payload)
        await self._flush()

    async def send_binary(self, payload: bytes) -> None:
        """Send one binary frame, which no store takes."""
        self._protocol.send_binary(payload)
        await self._flush()

    async def _flush(self) -> None:
        async with self._lock:
            for data in self._protocol.data_to_send():
                try:
                    if data:
                        await self._stream.send_all(data)
                    else:
                        await self._half_close()
                except (trio.BrokenResourceError, trio.ClosedResourceError):
                    raise LostError(self.closing) from None

    async def _half_close(self) -> None:
        if isinstance(self._stream, trio.abc.HalfCloseableStream):
            await self._stream.send_eof()

    async def aclose(self) -> None:
        """Say goodbye and close; never waits long."""
        with trio.move_on_after(CLOSE_WITHIN_S) as scope:
            scope.shield = True
            with contextlib.suppress(LostError):
                if self._protocol.state.name == "OPEN":
                    self._protocol.send_close(1000)
                    await self._flush()
        await trio.aclose_forcefully(self._stream)


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
        self._failed: FaultError | None = None
        self._changed = trio.Event()
        self._waiting: dict[str, OneShot] = {}
        self._followed: dict[str, _Followed] = {}

    # ------------------------------------------------------------------------------- the carrier

    async def request(self, frame: ClientFrame, frame_id: str, timeout_s: float) -> ServerFrame:
        """As `Carrier.request`."""
        reply = OneShot()
        with trio.fail_after(timeout_s):
            await self.wait_joined()
            socket = self._socket
            if socket is None:
                raise LostError("the connection was lost")
            self._waiting[frame_id] = reply
            try:
                await socket.send(encode(frame))
                answer = await reply.wait()
            finally:
                if self._waiting.get(frame_id) is reply:
                    del self._waiting[frame_id]
        if isinstance(answer, LostError):
            raise answer
        assert isinstance(answer, AnswerFrame | Fault | Pong)
        return answer

    async def wait_joined(self) -> Welcome:
        """As `Carrier.wait_joined`."""
        while self._welcome is None:
            if self._failed is not None:
                raise self._failed
            await self._changed.wait()
        return self._welcome

    async def follow(self, topic: str, position: int = 0) -> AsyncIterator[Update]:
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
            with trio.move_on_after(CLOSE_WITHIN_S) as scope:
                scope.shield = True
                await self._say(Unsubscribe(topic))

    async def _say(self, frame: ClientFrame) -> None:
        if self._socket is not None and self._welcome is not None:
            with contextlib.suppress(LostError):
                await self._socket.send(encode(frame))

    # ------------------------------------------------------------------------------ joining again

    async def run(self) -> None:
        """Stay connected until cancelled, or until the store says it never will be."""
        delay_s = CLIENT_RETRY_S_FIRST
        while self._failed is None:
            try:
                await self._join_and_read()
            except LostError as error:
                joined = self._welcome is not None
                self._part(error)
                delay_s = CLIENT_RETRY_S_FIRST if joined else min(2 * delay_s, CLIENT_RETRY_S_MAX)
                await self._world.sleep(delay_s * (0.5 + self._world.random()))

    def _part(self, error: LostError) -> None:
        self._socket = None
        self._welcome = None
        for reply in self._waiting.values():
            reply.settle(error)
        self._change()

    def _change(self) -> None:
        self._changed.set()
        self._changed = trio.Event()

    async def _join_and_read(self) -> None:
        socket = await WebSocket.connect(self._url)
        try:
            welcome = await self._greet(socket)
            if welcome is None:
                return
            self._socket, self._welcome = socket, welcome
            for topic, followed in self._followed.items():
                await socket.send(encode(Subscribe(topic, followed.position)))
            self._change()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._ping_forever, socket, welcome.heartbeat_s, nursery)
                try:
                    await self._read_forever(socket)
                finally:
                    nursery.cancel_scope.cancel()
        finally:
            await socket.aclose()

    async def _greet(self, socket: WebSocket) -> Welcome | None:
        with trio.move_on_after(HELLO_WITHIN_S):
            await socket.send(encode(self._hello))
            match _decoded(await socket.receive()):
                case Welcome() as welcome:
                    return welcome
                case Fault() as fault if fault.code not in _PASSING:
                    self._failed = FaultError(fault.code, fault.detail)
                    self._change()
                    return None
                case _:
                    raise LostError("the store is busy")
        raise LostError("no welcome came in time")

    async def _ping_forever(
        self, socket: WebSocket, heartbeat_s: int, nursery: trio.Nursery
    ) -> None:
        while True:
            await self._world.sleep(heartbeat_s)
            try:
                await socket.send(encode(Ping(0)))
            except LostError:
                nursery.cancel_scope.cancel()
                return

    async def _read_forever(self, socket: WebSocket) -> None:
        while True:
            frame = _decoded(await socket.receive())
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


def _decoded(payload: bytes) -> ServerFrame:
    try:
        return decode_server(payload, CLIENT_FRAME_BYTES_MAX)
    except FrameError as error:
        raise LostError(f"the store sent what is no frame: {error}") from None
