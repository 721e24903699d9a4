"""A connection to or from a terminal whose plain text goes into the floor's room and nowhere else.

What `trio.SSLStream` decrypts it hands out as `bytes`, which nobody can wipe, and a terminal may
write a card number outside its seal. So TLS is pumped here: cipher text into OpenSSL, plain text
out of it into the room of a `NexoLink`, which reads it and wipes it before anything else is done.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TypeVar, cast

import trio

from hardware.transport import ByteStream, forget_unsent
from native import NexoLink, NexoMessage

Heard = list[NexoMessage | str]
_Result = TypeVar("_Result")

# OpenSSL wipes its own buffer behind each record that was read. Python has no name for it yet.
# Source: OpenSSL 3.0, include/openssl/ssl.h, SSL_OP_CLEANSE_PLAINTEXT.
CLEANSE_PLAINTEXT = ssl.Options(1 << 1)
_HAS_CLEANSE = ssl.OPENSSL_VERSION_INFO >= (3, 0)


class Spoken(Protocol):
    """Both directions of a connection, as the door and the client need them."""

    async def send_all(self, data: bytes | bytearray) -> None:
        """Raises `trio.BrokenResourceError` when the other side is gone."""
        ...

    async def hear(self, link: NexoLink) -> Heard:
        """Wait for something to come, and what it completes; raises as `send_all`."""
        ...

    async def aclose(self) -> None:
        """Close it without a word."""
        ...


class Secured:
    """TLS over a stream. One task speaks or hears at a time."""

    def __init__(
        self, stream: ByteStream, tls: ssl.SSLContext, *, server_side: bool = False
    ) -> None:
        if _HAS_CLEANSE:
            tls.options |= CLEANSE_PLAINTEXT
        self._stream = stream
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = tls.wrap_bio(self._incoming, self._outgoing, server_side=server_side)

    async def handshake(self) -> None:
        """Agree with the other side.

        Raises:
            trio.BrokenResourceError: it is gone, or its cause is the `ssl.SSLError` that says why.
        """
        await self._step(self._tls.do_handshake)

    @property
    def certificate(self) -> dict[str, Any] | None:
        """The other side's, once it was checked."""
        return self._tls.getpeercert()

    @property
    def shown(self) -> bytes:
        """The other side's certificate as it came (DER), also where nothing checked it."""
        return self._tls.getpeercert(binary_form=True) or b""

    async def send_all(self, data: bytes | bytearray) -> None:
        """As `Spoken`."""
        rest = memoryview(data)
        while rest:
            rest = rest[await self._step(partial(self._tls.write, rest)) :]

    async def hear(self, link: NexoLink) -> Heard:
        """As `Spoken`; `link` is told of an end in order, and of no other."""

        def read() -> Heard:
            # Nothing may come between these two: what is in the room is plain text.
            try:
                count = cast("int", self._tls.read(len(link.room), link.room))
            except ssl.SSLZeroReturnError:
                return link.ended()
            return link.heard(count) if count else link.ended()

        return await self._step(read)

    async def _step(self, step: Callable[[], _Result]) -> _Result:
        await trio.lowlevel.checkpoint()
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                await self._flush()
                self._incoming.write(await self._stream.receive_some())
            except ssl.SSLError as error:
                raise trio.BrokenResourceError from error
            else:
                await self._flush()
                return result

    async def _flush(self) -> None:
        if data := self._outgoing.read():
            await self._stream.send_all(data)

    def forget_unsent(self) -> None:
        """Have what did not leave yet go nowhere: a payment that was given up must not reach its
        terminal once the cable is back in."""
        forget_unsent(self._stream)

    async def aclose(self) -> None:
        """As `Spoken`."""
        await self._stream.aclose()


class Plain:
    """A socket without TLS, read into the same room."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream

    async def send_all(self, data: bytes | bytearray) -> None:
        """As `Spoken`."""
        await self._stream.send_all(data)

    async def hear(self, link: NexoLink) -> Heard:
        """As `Spoken`."""
        try:
            count = await self._stream.socket.recv_into(link.room)
        except OSError as error:
            raise trio.BrokenResourceError from error
        return link.heard(count) if count else link.ended()

    async def aclose(self) -> None:
        """As `Spoken`."""
        await self._stream.aclose()


async def drop(spoken: Spoken, link: NexoLink) -> None:
    """Close a connection without a word, and forget what came on it."""
    link.drop_all()
    await hang_up(spoken)


async def hang_up(spoken: Spoken | ByteStream) -> None:
    """Close a connection without a word."""
    with trio.CancelScope() as scope:
        scope.cancel()
        await spoken.aclose()
