"""One question on a secured connection of its own, by POST or WebSocket; the door for notices."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Awaitable, Callable

import trio
from attrs import define, frozen

from actors.web.exchange import HttpAnswer, HttpError, HttpExchange
from actors.web.sockets import Gone, Refused, WebSocket, ask
from hardware.terminal.limits import NS_PER_S
from hardware.terminal.nexo import limits
from hardware.terminal.nexo.http import HttpNotices, question
from hardware.terminal.nexo.identity import is_other, refusal
from hardware.terminal.nexo.profile import Carrier, Profile
from hardware.terminal.nexo.reading import MessageError
from hardware.transport import ByteStream, Place, TransportError, connect


class LinkError(Exception):
    """No answer; `is_sent` says whether any of the question left. `code` is a stable word."""

    def __init__(self, code: str, *, is_sent: bool, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.is_sent = is_sent
        self.detail = detail


class Wire(trio.abc.Stream):
    """A `ByteStream` as trio's own streams are."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """As trio."""
        await self._stream.send_all(bytes(data))

    async def wait_send_all_might_not_block(self) -> None:
        """As trio; it might always."""
        await trio.lowlevel.checkpoint()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """As trio, but that more than `max_bytes` may come, which TLS does not mind."""
        return await self._stream.receive_some()

    async def aclose(self) -> None:
        """As trio."""
        await self._stream.aclose()


Secured = trio.SSLStream[trio.abc.Stream]


Aside = Callable[[bytes], Awaitable[bool]]
"""Takes a message that came; whether it was told unasked, and answers nothing."""


@define(eq=False)
class Line:
    """The connection a question went over. With `socket`, whole messages may come on it."""

    secured: Secured
    aside: Aside
    socket: WebSocket | None = None

    async def wait_broken(self) -> None:
        """Wait until the terminal lets go of a connection nothing is said on any more."""
        if self.socket is None:
            with contextlib.suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                await self.secured.receive_some(1)
            return
        with contextlib.suppress(Gone):
            while True:
                await self.aside(_bytes(await self.socket.receive()))

    async def drop(self) -> None:
        """Close it without a word."""
        await trio.aclose_forcefully(self.secured)


async def exchange(
    place: Place,
    tls: ssl.SSLContext,
    profile: Profile,
    body: bytes,
    within_ns: int,
    aside: Aside,
) -> tuple[HttpAnswer, Line]:
    """Send `body` to the terminal once, and wait for its answer. The connection comes with it,
    for who wants to keep it; else it is to be dropped. A message of a WebSocket that `aside`
    takes is no answer; a WebSocket that ends in order without one has answered with nothing.

    Raises:
        LinkError: there was none.
    """
    line = Line(await _secured(place, tls, profile), aside)
    try:
        with trio.move_on_after(within_ns / NS_PER_S):
            if profile.carrier is Carrier.WEBSOCKET:
                url = f"wss://{_authority(place, profile)}{profile.path}"
                return await _told(line, url, body), line
            asked = question(_authority(place, profile), profile.path, body)
            return await _posted(line, asked), line
        raise LinkError("no_reply", is_sent=True)
    except BaseException:
        await line.drop()
        raise


def _authority(place: Place, profile: Profile) -> str:
    return f"{getattr(place, 'host', '') or profile.poi_id}:{getattr(place, 'port', 8443)}"


async def _secured(place: Place, tls: ssl.SSLContext, profile: Profile) -> Secured:
    """A connection to that very terminal. Nothing of the question is sent before."""
    try:
        stream = await connect(place)
    except TransportError as error:
        raise LinkError("unreachable", is_sent=False, detail=error.detail) from None
    secured: Secured = trio.SSLStream(Wire(stream), tls, https_compatible=True)
    try:
        with trio.move_on_after(limits.SHAKE_NS / NS_PER_S):
            await secured.do_handshake()
            if is_other(secured.getpeercert(), profile):
                raise LinkError("other_terminal", is_sent=False)
            return secured
        raise LinkError("no_reply", is_sent=False)
    except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
        await trio.aclose_forcefully(secured)
        raise LinkError(refusal(error.__cause__), is_sent=False) from None
    except BaseException:
        await trio.aclose_forcefully(secured)
        raise


async def _posted(line: Line, asked: HttpExchange) -> HttpAnswer:
    try:
        await line.secured.send_all(asked.data)
        while True:
            data = bytes(await line.secured.receive_some(limits.READ_BYTES_MAX))
            if (answer := asked.heard(data)) is not None:
                return answer
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        raise LinkError("link_lost", is_sent=True) from None
    except HttpError as error:
        code = "link_lost" if error.ended_early else error.code
        raise LinkError(code, is_sent=True, detail=error.detail) from None


async def _told(line: Line, url: str, body: bytes) -> HttpAnswer:
    try:
        socket = await ask(line.secured, url, message_bytes_max=limits.MESSAGE_BYTES_MAX)
    except Gone as gone:
        # Not a byte of the question left, whatever became of the connection.
        code = "no_websocket" if isinstance(gone, Refused) else "link_lost"
        raise LinkError(code, is_sent=False, detail=str(gone)[:200]) from None
    line.socket = socket
    try:
        await socket.send(body)
        while True:
            data = _bytes(await socket.receive())
            if not await line.aside(data):
                return HttpAnswer(200, data, is_kept=True)
    except Gone as gone:
        if socket.close_code == _ENDED:
            return HttpAnswer(200, b"")
        code = _BROKEN.get(socket.close_code or 0, "link_lost")
        raise LinkError(code, is_sent=True, detail=str(gone)[:200]) from None


# Codes of closing. Source: RFC 6455, section 7.4.1.
_ENDED = 1000
_BROKEN = {1002: "http_broken", 1007: "http_broken", 1009: "too_long"}


def _bytes(message: str | bytes) -> bytes:
    return message.encode() if isinstance(message, str) else message


# ------------------------------------------------------------------------------------- notices


@frozen
class NoticeDoor:
    """Where a terminal posts what it tells unasked; with `tls`, over TLS as a live one demands."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None


Take = Callable[[bytes], Awaitable[int]]


async def serve_notices(
    door: NoticeDoor,
    take: Take,
    *,
    task_status: trio.TaskStatus[list[trio.SocketListener]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Hand each body that is posted to `take`, which says with which status it is answered.

    Raises:
        OSError: the port is taken.
    """
    listeners = await trio.open_tcp_listeners(door.port, host=door.host)
    busy = trio.CapacityLimiter(limits.NOTICES_AT_ONCE_MAX)

    async def serve(stream: trio.SocketStream) -> None:
        if busy.available_tokens <= 0:
            await trio.aclose_forcefully(stream)
            return
        async with busy:
            await _serve(stream, door, take)

    await trio.serve_listeners(serve, listeners, task_status=task_status)


async def _serve(stream: trio.SocketStream, door: NoticeDoor, take: Take) -> None:
    spoken: trio.abc.Stream = stream
    if door.tls is not None:
        spoken = trio.SSLStream(stream, door.tls, server_side=True, https_compatible=True)
    try:
        with trio.move_on_after(limits.NOTICE_NS / NS_PER_S):
            http = HttpNotices()
            while not http.is_over:
                data = bytes(await spoken.receive_some(limits.READ_BYTES_MAX))
                if (posted := http.heard(data)) is not None:
                    await spoken.send_all(http.reply(await take(posted[1])))
                    if not http.again():
                        return
                elif not data:
                    return
    except (trio.BrokenResourceError, trio.ClosedResourceError, MessageError):
        pass
    finally:
        await trio.aclose_forcefully(spoken)
