"""One question on a secured connection of its own, by POST or WebSocket; the door for notices.

What comes is read by the floor (`NexoLink`): no byte of it is an object here before it was opened.
"""

from __future__ import annotations

import contextlib
import ssl
from collections import deque
from collections.abc import Awaitable, Callable

import trio
from attrs import define, field, frozen

from hardware.terminal.limits import NS_PER_S
from hardware.terminal.nexo import limits
from hardware.terminal.nexo.crypto import NONCE_BYTES, link
from hardware.terminal.nexo.identity import is_other, refusal
from hardware.terminal.nexo.profile import Carrier, Profile
from hardware.terminal.nexo.secured import Plain, Secured, Spoken, drop, hang_up
from hardware.transport import Place, TcpStream, TransportError, connect
from native import NexoLink, NexoMessage, nexo_frame, nexo_hello

_MASK_BYTES = 4
_GONE = (trio.BrokenResourceError, trio.ClosedResourceError)


class LinkError(Exception):
    """No answer; `is_sent` says whether any of the question left. `code` is a stable word."""

    def __init__(self, code: str, *, is_sent: bool, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.is_sent = is_sent
        self.detail = detail


Aside = Callable[[NexoMessage], Awaitable[bool]]
"""Takes a message that came; whether it was told unasked, and answers nothing."""


@frozen
class Terminal:
    """Where it is, what it is held against, and where bytes nobody can foresee come from."""

    place: Place
    tls: ssl.SSLContext
    profile: Profile
    chance: Callable[[int], bytes]

    @property
    def authority(self) -> str:
        """Host and port, as HTTP names them."""
        host = getattr(self.place, "host", "") or self.profile.poi_id
        host = f"[{host}]" if ":" in host else host
        return f"{host}:{getattr(self.place, 'port', 8443)}"


@define(eq=False)
class Line:
    """The connection a question went over. With `is_socket`, whole messages may come on it."""

    secured: Secured
    link: NexoLink
    chance: Callable[[int], bytes]
    aside: Aside
    is_socket: bool
    _ready: deque[NexoMessage | str] = field(factory=deque)

    async def send(self, data: bytes) -> None:
        """Raises as a stream of trio's does."""
        await self.secured.send_all(data)

    async def next(self) -> NexoMessage | str:
        """The next message, or the word of the floor for why there is none; raises as `send`."""
        while not self._ready:
            self._ready.extend(await self.secured.hear(self.link))
            if self.is_socket:
                await self._pay()
        return self._ready.popleft()

    async def _pay(self) -> None:
        """Send what is owed for what came; whoever waits for it and is gone shows in the next."""
        owed = self.link.owed(self.chance(_MASK_BYTES))
        try:
            with contextlib.suppress(*_GONE):
                await self.secured.send_all(owed)
        finally:
            owed[:] = bytes(len(owed))

    async def wait_broken(self) -> None:
        """Wait until the terminal lets go of a connection nothing is said on any more."""
        with contextlib.suppress(*_GONE):
            if not self.is_socket:
                await self.secured.hear(self.link)
                return
            while isinstance(told := await self.next(), NexoMessage):
                await self.aside(told)

    async def drop(self) -> None:
        """Close it without a word."""
        await drop(self.secured, self.link)


async def exchange(
    terminal: Terminal,
    body: bytes,
    within_ns: int,
    aside: Aside,
    written: Callable[[], None] = lambda: None,
) -> tuple[NexoMessage | None, Line]:
    """Send `body` to the terminal once, and wait for its answer. The connection comes with it,
    for who wants to keep it; else it is to be dropped. A message of a WebSocket that `aside`
    takes is no answer; none is that of a WebSocket which ended in order without one. `written` is
    called once all of `body` left.

    Raises:
        LinkError: there was none.
    """
    profile = terminal.profile
    is_socket = profile.carrier is Carrier.WEBSOCKET
    nonce = terminal.chance(NONCE_BYTES) if is_socket else None
    reader = link("socket" if is_socket else "answer", profile.key, profile.poi_id, nonce)
    line = Line(await _secured(terminal), reader, terminal.chance, aside, is_socket)
    try:
        if nonce is None:
            question = _post(terminal, body)
        else:
            await _open(line, nexo_hello(terminal.authority, profile.path, nonce))
            question = nexo_frame(body, terminal.chance(_MASK_BYTES))
        with trio.move_on_after(within_ns / NS_PER_S):
            return await _answer(line, question, written), line
        raise LinkError("no_reply", is_sent=True)
    except BaseException:
        line.secured.forget_unsent()
        await line.drop()
        raise


async def secured_at(place: Place, tls: ssl.SSLContext) -> Secured:
    """A connection to whatever is at that place, held against `tls`. Nothing was said on it yet.

    Raises:
        LinkError: there was none.
    """
    try:
        stream = await connect(place)
    except TransportError as error:
        raise LinkError("unreachable", is_sent=False, detail=error.detail) from None
    secured = Secured(stream, tls)
    try:
        with trio.move_on_after(limits.SHAKE_NS / NS_PER_S):
            await secured.handshake()
            return secured
        raise LinkError("no_reply", is_sent=False)
    except BaseException as error:
        await hang_up(stream)
        if isinstance(error, _GONE):
            raise LinkError(refusal(error.__cause__), is_sent=False) from None
        raise


async def _secured(terminal: Terminal) -> Secured:
    """A connection to that very terminal. Nothing of the question is sent before."""
    secured = await secured_at(terminal.place, terminal.tls)
    if is_other(secured.certificate, terminal.profile):
        await hang_up(secured)
        raise LinkError("other_terminal", is_sent=False)
    return secured


def _post(terminal: Terminal, body: bytes) -> bytes:
    head = (
        f"POST {terminal.profile.path} HTTP/1.1\r\nHost: {terminal.authority}\r\n"
        "Content-Type: application/json; charset=utf-8\r\nAccept: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii", "replace") + body


async def _open(line: Line, hello: bytes) -> None:
    """Whatever becomes of the connection meanwhile, not a byte of the question left."""
    told: NexoMessage | str = "no_reply"
    try:
        with trio.move_on_after(limits.SHAKE_NS / NS_PER_S):
            await line.send(hello)
            told = await line.next()
    except _GONE:
        raise LinkError("link_lost", is_sent=False) from None
    if told != "open":
        raise LinkError(str(told), is_sent=False)


async def _answer(line: Line, question: bytes, written: Callable[[], None]) -> NexoMessage | None:
    try:
        await line.send(question)
        written()
        while isinstance(told := await line.next(), NexoMessage):
            if not (line.is_socket and await line.aside(told)):
                return told
    except _GONE:
        raise LinkError("link_lost", is_sent=True) from None
    if told == "ended":
        return None
    raise LinkError(told, is_sent=True)


# ------------------------------------------------------------------------------------- notices


@frozen
class NoticeDoor:
    """Where a terminal posts what it tells unasked; with `tls`, over TLS as a live one demands."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None


Take = Callable[[NexoMessage], Awaitable[int]]


async def serve_notices(
    door: NoticeDoor,
    profile: Profile,
    take: Take,
    *,
    task_status: trio.TaskStatus[list[trio.SocketListener]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Hand what the terminal of `profile` posts to `take`, which says how it is answered.

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
            await _serve(_spoken(stream, door), link("post", profile.key, profile.poi_id), take)

    await trio.serve_listeners(serve, listeners, task_status=task_status)


def _spoken(stream: trio.SocketStream, door: NoticeDoor) -> Spoken:
    if door.tls is None:
        return Plain(stream)
    return Secured(TcpStream(stream), door.tls, server_side=True)


async def _serve(spoken: Spoken, reader: NexoLink, take: Take) -> None:
    try:
        with trio.move_on_after(limits.NOTICE_NS / NS_PER_S):
            while True:
                for told in await spoken.hear(reader):
                    if isinstance(told, str):
                        return
                    await spoken.send_all(_reply(await take(told), is_kept=told.is_kept))
                    if not told.is_kept:
                        return
    except _GONE:
        pass
    finally:
        await drop(spoken, reader)


def _reply(status: int, *, is_kept: bool) -> bytes:
    last = "" if is_kept else "Connection: close\r\n"
    return f"HTTP/1.1 {status} \r\nContent-Length: 0\r\n{last}\r\n".encode("ascii")
