"""One question on a secured connection of its own, and the door for notices."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Awaitable, Callable

import trio
from attrs import frozen

from hardware.terminal.limits import NS_PER_S
from hardware.terminal.nexo import limits
from hardware.terminal.nexo.http import HttpAnswer, HttpNotices, HttpQuestion
from hardware.terminal.nexo.identity import is_other, refusal
from hardware.terminal.nexo.profile import Profile
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


async def exchange(
    place: Place, tls: ssl.SSLContext, profile: Profile, body: bytes, within_ns: int
) -> tuple[HttpAnswer, Secured]:
    """Send `body` to the terminal once, and wait for its answer. The connection comes with it,
    for who wants to keep it; else it is to be closed.

    Raises:
        LinkError: there was none.
    """
    secured = await _secured(place, tls, profile)
    try:
        with trio.move_on_after(within_ns / NS_PER_S):
            return await _talk(secured, _question(place, profile, body)), secured
        raise LinkError("no_reply", is_sent=True)
    except BaseException:
        await trio.aclose_forcefully(secured)
        raise


def _question(place: Place, profile: Profile, body: bytes) -> HttpQuestion:
    host = getattr(place, "host", "") or profile.poi_id
    return HttpQuestion(f"{host}:{getattr(place, 'port', 8443)}", profile.path, body)


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


async def _talk(secured: Secured, question: HttpQuestion) -> HttpAnswer:
    try:
        await secured.send_all(question.data)
        while True:
            data = bytes(await secured.receive_some(limits.READ_BYTES_MAX))
            if (answer := question.heard(data)) is not None:
                return answer
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        raise LinkError("link_lost", is_sent=True) from None
    except MessageError as error:
        code = "link_lost" if error.detail == "it ended early" else error.code
        raise LinkError(code, is_sent=True, detail=error.detail) from None


async def wait_broken(secured: Secured) -> None:
    """Wait until the terminal lets go of a connection nothing is said on any more."""
    with contextlib.suppress(trio.BrokenResourceError, trio.ClosedResourceError):
        await secured.receive_some(1)


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
