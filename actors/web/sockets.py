"""A WebSocket on a trio stream, either side, over websockets' sans-IO protocol.

What is too large is refused by its frame's header, before it is read; what comes after a failure is
read and thrown away, so that the other side can still read why.

Source: RFC 6455.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterable

import trio
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, WebSocketException
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import Protocol, State
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from actors.limits import SOCKET_CLOSE_WITHIN_S

_READ_BYTES = 1 << 16
_REASON_BYTES_MAX = 123


class Gone(Exception):  # noqa: N818 - it is how connections end, no mistake
    """The connection is not there, or there will be no more frames on it; it says why."""


class WebSocket:
    """One WebSocket: whole messages in both directions, pings answered.

    One task receives; several may send. A send that is cancelled half way ends the connection.
    """

    def __init__(self, stream: trio.abc.Stream, protocol: Protocol) -> None:
        self._stream = stream
        self._protocol = protocol
        self._lock = trio.Lock()
        self._ready: deque[str | bytes] = deque()
        self._parts: list[bytes] = []
        self._is_text = True
        self._failed = False
        self.requests: list[Request] = []

    @property
    def is_open(self) -> bool:
        """Whether frames can be sent."""
        return self._protocol.state is State.OPEN

    @property
    def close_code(self) -> int | None:
        """The code of RFC 6455, section 7.4, once it is closed."""
        return self._protocol.close_code

    def _gone(self) -> Gone:
        code, reason = self._protocol.close_code, self._protocol.close_reason
        return Gone(f"the WebSocket is closed: {code} {reason or ''}".rstrip())

    async def receive(self) -> str | bytes:
        """The next message: text, or bytes of a binary one.

        Raises:
            Gone: there will be none.
        """
        while not self._ready:
            if self._protocol.state is State.CLOSED:
                raise self._gone()
            await self.pump()
        return self._ready.popleft()

    async def send(self, payload: bytes) -> None:
        """Send a text message.

        Raises:
            Gone: the connection is not open any more.
        """
        if not self.is_open:
            raise self._gone()
        self._protocol.send_text(payload)
        await self.flush()

    async def send_binary(self, payload: bytes) -> None:
        """Send a binary message; raises as `send`."""
        if not self.is_open:
            raise self._gone()
        self._protocol.send_binary(payload)
        await self.flush()

    async def pump(self) -> None:
        """Read once and take what came; what the protocol owes in return goes out at once.

        Raises:
            Gone: nothing more will come.
        """
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
            raise Gone(f"the WebSocket broke: {error}") from None
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                if not self._failed:
                    self._take(event)
            elif isinstance(event, Request):
                self.requests.append(event)
        with contextlib.suppress(Gone):
            await self.flush()
        if not data and not self._ready:
            raise self._gone()

    def _take(self, frame: Frame) -> None:
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._is_text = frame.opcode is Opcode.TEXT
        elif frame.opcode is not Opcode.CONT:
            return
        self._parts.append(bytes(frame.data))
        if not frame.fin:
            return
        whole, self._parts = b"".join(self._parts), []
        if not self._is_text:
            self._ready.append(whole)
            return
        try:
            self._ready.append(whole.decode())
        except UnicodeDecodeError:
            self._failed = True
            self._protocol.fail(1007, "a text message is not UTF-8")

    async def flush(self) -> None:
        """Send what the protocol has ready.

        Raises:
            Gone: the connection is gone.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        try:
            # To wait for a lock costs a turn of the scheduler even where it is free.
            self._lock.acquire_nowait()
        except trio.WouldBlock:
            await self._lock.acquire()
        try:
            for data in self._protocol.data_to_send():
                if data:
                    await self._send_all(data)
                elif isinstance(self._stream, trio.abc.HalfCloseableStream):
                    with contextlib.suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                        await self._stream.send_eof()
        finally:
            self._lock.release()

    async def _send_all(self, data: bytes) -> None:
        try:
            await self._stream.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise self._gone() from None
        except trio.Cancelled:
            # Half a frame may be out: nothing that follows could be understood.
            await trio.aclose_forcefully(self._stream)
            raise

    async def drop(self) -> None:
        """End the connection without a word; whoever receives is told `Gone`."""
        await trio.aclose_forcefully(self._stream)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Say why and close; waits a moment for the other side to read it, and never raises."""
        short = reason.encode()[:_REASON_BYTES_MAX].decode(errors="ignore")
        with trio.move_on_after(SOCKET_CLOSE_WITHIN_S) as scope:
            scope.shield = True
            with contextlib.suppress(Gone):
                if self.is_open:
                    self._protocol.send_close(code, short)
                await self.flush()
                while self._protocol.close_expected():
                    self._ready.clear()
                    await self.pump()
        await trio.aclose_forcefully(self._stream)


async def connect(
    url: str, *, message_bytes_max: int, headers: Iterable[tuple[str, str]] = ()
) -> WebSocket:
    """Open a WebSocket at a `ws://` address.

    Raises:
        Gone: nobody answered there, or not with a WebSocket.
    """
    uri = parse_uri(url)
    if uri.secure:
        raise Gone(f"{url}: only ws:// is spoken here")
    try:
        stream = await trio.open_tcp_stream(uri.host, uri.port)
    except OSError as error:
        raise Gone(f"{url} cannot be reached: {error}") from None
    protocol = ClientProtocol(uri, max_size=message_bytes_max)
    socket = WebSocket(stream, protocol)
    try:
        request = protocol.connect()
        for name, value in headers:
            if name in request.headers:
                del request.headers[name]
            request.headers[name] = value
        protocol.send_request(request)
        await socket.flush()
        while protocol.state is State.CONNECTING and protocol.handshake_exc is None:
            await socket.pump()
    except BaseException as error:
        await trio.aclose_forcefully(stream)
        if isinstance(error, Gone):
            raise _why_not(url, protocol.handshake_exc) from None
        raise
    if protocol.handshake_exc is not None:
        await trio.aclose_forcefully(stream)
        raise _why_not(url, protocol.handshake_exc)
    return socket


def _why_not(url: str, problem: Exception | None) -> Gone:
    hung_up = isinstance(getattr(problem, "__cause__", None), EOFError)
    if isinstance(problem, InvalidHandshake) and not hung_up:
        return Gone(f"{url} did not open a WebSocket: {problem}")
    return Gone(f"{url} did not open a WebSocket: the other side hung up")


async def accept(
    stream: trio.abc.Stream,
    judge: Callable[[list[tuple[bytes, bytes]]], str],
    *,
    message_bytes_max: int,
    within_s: float,
) -> WebSocket | None:
    """Read a request and open the WebSocket, unless `judge` objects to its headers.

    An objection is answered 403, a request that is none by what the protocol says; both end the
    connection, and None comes back.
    """
    protocol = ServerProtocol(max_size=message_bytes_max)
    socket = WebSocket(stream, protocol)
    with trio.move_on_after(within_s), contextlib.suppress(Gone):
        while not socket.requests:
            await socket.pump()
        if protocol.eof_sent:
            # It did not wait for the answer, and what it sent ended the protocol before it began.
            raise Gone("what followed the request was no WebSocket")
        request = socket.requests[0]
        headers = [(k.lower().encode(), v.encode()) for k, v in request.headers.raw_items()]
        objection = judge(headers)
        answer = protocol.reject(403, objection) if objection else protocol.accept(request)
        protocol.send_response(answer)
        await socket.flush()
        if socket.is_open:
            return socket
    await trio.aclose_forcefully(stream)
    return None
