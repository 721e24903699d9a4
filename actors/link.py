"""The one module that speaks nng: routers, diallers, requesters and publishers on plain bytes.

Sockets are raw, their receive descriptor is watched by trio and drained without blocking: nng's own
asynchronous calls wake trio from a foreign thread for each message, which is several times slower,
and leak what is cancelled. Nothing here sends again by itself, and nothing is read without a limit
on its size. Close sockets when the process ends, not before: nng drops what its buffers hold.

What is promised about delivery is promised one storey up, in `actors.links`.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import pynng
import trio
from attrs import frozen
from pynng import ffi, lib

from actors.errors import AddressInUseError, LinkError
from actors.limits import (
    CLIENT_BUFFER,
    DRAIN_MAX,
    FRAME_BYTES_MAX,
    PIPES_MAX,
    PUBLISH_BUFFER,
    PUBLISH_BYTES_MAX,
    RECONNECT_MS_MAX,
    RECONNECT_MS_MIN,
    ROUTER_BUFFER,
)
from actors.links import PipeIdentity, Sink

_ID_BYTES = 4
_REQUEST_MARK = 0x8000_0000
_PLAIN_REQUEST = (_REQUEST_MARK | 1).to_bytes(_ID_BYTES, "big")
_ONLY_OWNER = 0o600


@frozen
class Tls:
    """Keys for `tls+tcp://`, as PEM text. A listener with `ca_pem` admits only those it signed; a
    dialler with it trusts only such servers, and `server_name` is what their certificate names."""

    certificate_pem: str = ""
    key_pem: str = ""
    ca_pem: str = ""
    server_name: str = ""


@functools.cache
def _prepare() -> None:
    # By default nng starts a thread for each core and more; with one loop to feed, two are quicker.
    # It reads these only before the first socket of the process.
    for parameter, value in (
        (lib.NNG_INIT_NUM_TASK_THREADS, 2),
        (lib.NNG_INIT_MAX_TASK_THREADS, 2),
        (lib.NNG_INIT_NUM_POLLER_THREADS, 1),
        (lib.NNG_INIT_NUM_EXPIRE_THREADS, 1),
    ):
        lib.nng_init_set_parameter(parameter, value)


def _tls_config(tls: Tls, *, listens: bool) -> Any:
    mode = pynng.TLSConfig.MODE_SERVER if listens else pynng.TLSConfig.MODE_CLIENT
    config = pynng.TLSConfig(mode)
    if tls.ca_pem:
        config.set_ca_chain(tls.ca_pem)
    if tls.certificate_pem:
        config.set_own_cert(tls.certificate_pem, tls.key_pem)
    if tls.server_name:
        config.set_server_name(tls.server_name)
    if tls.ca_pem or not listens:
        config.set_auth_mode(pynng.TLSConfig.AUTH_MODE_REQUIRED)
    return config


class _Socket:
    """What all sockets here share: options, draining, sending, and news of connections."""

    def __init__(
        self,
        opener: Any,
        *,
        receive_buffer: int | None = None,
        send_buffer: int | None = None,
        receive_bytes_max: int,
        tls: Tls | None,
        listens: bool,
        same_user_only: bool = False,
    ) -> None:
        _prepare()
        self._same_user_only = same_user_only
        self._socket = pynng.Socket(
            opener=opener,
            recv_max_size=receive_bytes_max,
            recv_buffer_size=receive_buffer,
            send_buffer_size=send_buffer,
            reconnect_time_min=RECONNECT_MS_MIN,
            reconnect_time_max=RECONNECT_MS_MAX,
            tls_config=_tls_config(tls, listens=listens) if tls else None,
        )
        self._limit = receive_bytes_max
        self._message = ffi.new("nng_msg **")
        self._outgoing = ffi.new("nng_msg **")
        self._changes: deque[tuple[bool, int]] = deque()
        self._changed = trio.lowlevel.ParkingLot()
        self._token: trio.lowlevel.TrioToken | None = None
        self._pipes: dict[int, Any] = {}
        self._socket.add_pre_pipe_connect_cb(self._judge)
        self._socket.add_post_pipe_connect_cb(lambda pipe: self._news(True, pipe))
        self._socket.add_post_pipe_remove_cb(lambda pipe: self._news(False, pipe))
        self._closed = False

    # nng calls these three from threads of its own.

    def _judge(self, pipe: Any) -> None:
        if len(self._pipes) >= PIPES_MAX or not self._admits(_identity(pipe)):
            pipe.close()
        else:
            self._pipes[pipe.id] = pipe

    def _admits(self, identity: PipeIdentity) -> bool:
        return identity.transport != "ipc" or identity.same_user or not self._same_user_only

    def _news(self, up: bool, pipe: Any) -> None:
        self._changes.append((up, pipe.id))
        token = self._token
        if token is not None:
            with contextlib.suppress(trio.RunFinishedError):
                token.run_sync_soon(self._changed.unpark_all)

    async def _changes_forever(
        self, up: Callable[[int], None], down: Callable[[int], None]
    ) -> None:
        self._token = trio.lowlevel.current_trio_token()
        try:
            while True:
                while self._changes:
                    is_up, pipe_id = self._changes.popleft()
                    if is_up:
                        up(pipe_id)
                    else:
                        self._pipes.pop(pipe_id, None)
                        down(pipe_id)
                await self._changed.park()
        finally:
            self._token = None

    def listen(self, url: str) -> None:
        """Accept connections at `url`; a socket file is its owner's alone.

        Raises:
            AddressInUseError: somebody listens there already.
            LinkError: it cannot be listened at for another reason.
        """
        listener = ffi.new("nng_listener *")
        _check(lib.nng_listener_create(listener, self._socket.socket, url.encode()), url)
        if url.startswith("ipc:"):
            mode = lib.nng_listener_set_int(listener[0], b"ipc:permissions", _ONLY_OWNER)
            _check(mode, url)
        _check(lib.nng_listener_start(listener[0], 0), url)

    def _dial(self, url: str) -> None:
        try:
            self._socket.dial(url, block=False)
        except pynng.NNGException as error:
            raise LinkError(f"{url} cannot be dialled: {error}. Nothing was connected.") from None

    @functools.cached_property
    def _fd(self) -> int:
        return int(self._socket.recv_fd)

    async def _wait_readable(self) -> None:
        await trio.lowlevel.wait_readable(self._fd)

    def _drain(self, limit: int = DRAIN_MAX) -> list[tuple[int, bytes, bytes]]:
        """At most `limit` messages that are here, as (pipe, header, body); too large ones are
        dropped."""
        taken: list[tuple[int, bytes, bytes]] = []
        message, socket = self._message, self._socket.socket
        for _ in range(limit):
            if lib.nng_recvmsg(socket, message, lib.NNG_FLAG_NONBLOCK):
                break
            got = message[0]
            size = lib.nng_msg_len(got)
            if size <= self._limit:
                header = ffi.buffer(lib.nng_msg_header(got), lib.nng_msg_header_len(got))[:]
                body = ffi.buffer(lib.nng_msg_body(got), size)[:] if size else b""
                taken.append((lib.nng_pipe_id(lib.nng_msg_get_pipe(got)), header, body))
            lib.nng_msg_free(got)
        return taken

    def _send_nowait(self, header: bytes, body: bytes) -> bool:
        if self._closed or lib.nng_msg_alloc(self._outgoing, 0):
            return False
        message = self._outgoing[0]
        if (
            (header and lib.nng_msg_header_append(message, header, len(header)))
            or lib.nng_msg_append(message, body, len(body))
            or lib.nng_sendmsg(self._socket.socket, message, lib.NNG_FLAG_NONBLOCK)
        ):
            lib.nng_msg_free(message)
            return False
        return True

    def identity(self, pipe: int) -> PipeIdentity:
        """What the connection proves about the other end; nothing once it is gone."""
        found = self._pipes.get(pipe)
        return _identity(found) if found is not None else PipeIdentity("gone")

    def drop(self, pipe: int) -> None:
        """Cut one connection; a dialling socket makes a new one by itself."""
        found = self._pipes.get(pipe)
        if found is not None:
            with contextlib.suppress(pynng.NNGException):
                found.close()

    def close(self) -> None:
        """Close the socket; what its buffers hold is lost, so only as the process ends."""
        if not self._closed:
            self._closed = True
            with contextlib.suppress(RuntimeError, pynng.NotSupported):
                trio.lowlevel.notify_closing(self._fd)
            self._socket.close()


def _check(code: int, url: str) -> None:
    if code == lib.NNG_EADDRINUSE:
        raise AddressInUseError(url)
    if code:
        reason = ffi.string(lib.nng_strerror(code)).decode()
        raise LinkError(f"{url} cannot be listened at: {reason}. Nothing listens there.")


def _identity(pipe: Any) -> PipeIdentity:
    number = ffi.new("uint64_t *")
    text = ffi.new("char **")
    uid = process_id = name = None
    if lib.nng_pipe_get_uint64(pipe.pipe, b"ipc:peer-uid", number) == 0:
        uid = int(number[0])
        if lib.nng_pipe_get_uint64(pipe.pipe, b"ipc:peer-pid", number) == 0:
            process_id = int(number[0])
    if lib.nng_pipe_get_string(pipe.pipe, b"tls-peer-cn", text) == 0:
        name = ffi.string(text[0]).decode("utf-8", "replace")
        lib.nng_strfree(text[0])
    return PipeIdentity(
        transport=_transport(pipe),
        same_user=uid is not None and uid == os.getuid(),
        process_id=process_id,
        certificate_name=name,
    )


def _transport(pipe: Any) -> str:
    listener = lib.nng_pipe_listener(pipe.pipe)
    dialer = lib.nng_pipe_dialer(pipe.pipe)
    text = ffi.new("char **")
    if lib.nng_listener_id(listener) > 0:
        failed = lib.nng_listener_get_string(listener, b"url", text)
    else:
        failed = lib.nng_dialer_get_string(dialer, b"url", text)
    if failed:
        return "unknown"
    url = ffi.string(text[0]).decode("utf-8", "replace")
    lib.nng_strfree(text[0])
    return str(url.partition("://")[0])


@frozen
class RouterStatistics:
    """A router's connections, messages it took and gave, and replies it could not hand over."""

    connections: int
    received: int
    sent: int
    dropped: int


class RawRouter(_Socket):
    """A raw REP socket: requests from any number of ordinary nng REQ sockets, replies in any order.

    As a `Port` it carries frames both ways, for `actors.links`. As a door's router it gives
    (pipe, header, body) of each request; `send_nowait(header, body)` is the reply. nng drops
    replies without a word when more than 64 are queued to one connection, so a door answers busy
    where `outstanding(pipe)` passes `BUSY_ABOVE`.
    """

    dials = False

    def __init__(
        self,
        *urls: str,
        receive_bytes_max: int = FRAME_BYTES_MAX,
        tls: Tls | None = None,
        same_user_only: bool = True,
    ) -> None:
        self._outstanding: dict[int, int] = {}
        self._received = self._sent = self._dropped = 0
        super().__init__(
            lib.nng_rep0_open_raw,
            receive_buffer=ROUTER_BUFFER,
            send_buffer=ROUTER_BUFFER,
            receive_bytes_max=receive_bytes_max,
            tls=tls,
            listens=True,
            same_user_only=same_user_only,
        )
        for url in urls:
            self.listen(url)

    async def receive(self) -> list[tuple[int, bytes, bytes]]:
        """Wait for requests and take those that are here, in order: (pipe, header, body)."""
        while True:
            await self._wait_readable()
            taken = self._drain()
            if taken:
                break
        self._received += len(taken)
        for pipe, _, _ in taken:
            self._outstanding[pipe] = self._outstanding.get(pipe, 0) + 1
        return taken

    async def serve(
        self,
        handle: Callable[[int, bytes, bytes], None],
        *,
        on_lost: Callable[[int], None] | None = None,
    ) -> None:
        """Call `handle(pipe, header, body)` for each request and `on_lost(pipe)` for each
        connection that ends, until cancelled. Both are quick and do not wait."""

        def down(pipe: int) -> None:
            self._outstanding.pop(pipe, None)
            if on_lost is not None:
                on_lost(pipe)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._changes_forever, lambda _: None, down)
            while True:
                for pipe, header, body in await self.receive():
                    handle(pipe, header, body)

    def reply_nowait(self, header: bytes, body: bytes) -> bool:
        """Reply to the request that brought `header`; False where it could not be handed over."""
        pipe = int.from_bytes(header[:_ID_BYTES], "big")
        waiting = self._outstanding.get(pipe, 0)
        if waiting > 1:
            self._outstanding[pipe] = waiting - 1
        else:
            self._outstanding.pop(pipe, None)
        return self._counted(self._send_nowait(header, body))

    def _counted(self, done: bool) -> bool:
        self._sent += done
        self._dropped += not done
        return done

    def outstanding(self, pipe: int) -> int:
        """Requests of a connection that were not replied to yet."""
        return self._outstanding.get(pipe, 0)

    # ------------------------------------------------------------------------------- as a port

    async def run(self, sink: Sink) -> None:
        """Tell `sink` what happens until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._changes_forever, sink.pipe_up, sink.pipe_down)
            while True:
                await self._wait_readable()
                for pipe, _, body in self._drain():
                    self._received += 1
                    sink.frame(pipe, body)

    def send_nowait(self, pipe: int, frame: bytes) -> bool:
        """Send a frame down a connection, asked for or not."""
        header = pipe.to_bytes(_ID_BYTES, "big") + _PLAIN_REQUEST
        return self._counted(self._send_nowait(header, frame))

    def statistics(self) -> RouterStatistics:
        """What it has moved."""
        return RouterStatistics(len(self._pipes), self._received, self._sent, self._dropped)


class RawDialer(_Socket):
    """A raw REQ socket dialling one router, again and again where it is away. It is a `Port`."""

    dials = True

    def __init__(
        self, url: str, *, receive_bytes_max: int = FRAME_BYTES_MAX, tls: Tls | None = None
    ) -> None:
        super().__init__(
            lib.nng_req0_open_raw,
            receive_buffer=CLIENT_BUFFER,
            send_buffer=CLIENT_BUFFER,
            receive_bytes_max=receive_bytes_max,
            tls=tls,
            listens=False,
        )
        self.url = url
        self._dialled = False

    def _ensure_dialled(self) -> None:
        if not self._dialled:
            self._dialled = True
            self._dial(self.url)

    async def run(self, sink: Sink) -> None:
        """Dial, and tell `sink` what happens until cancelled."""
        self._ensure_dialled()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._changes_forever, sink.pipe_up, sink.pipe_down)
            while True:
                await self._wait_readable()
                for pipe, _, body in self._drain():
                    sink.frame(pipe, body)

    def send_nowait(self, pipe: int, frame: bytes) -> bool:
        """Send a frame; False where that connection is gone."""
        return pipe in self._pipes and self._send_nowait(_PLAIN_REQUEST, frame)

    # ---------------------------------------------------------------------- as a plain requester

    async def run_plain(
        self, replies: Callable[[int, bytes], None], changed: Callable[[bool], None]
    ) -> None:
        """Dial, and give each reply with its request's number and each change of connection."""
        self._ensure_dialled()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(
                self._changes_forever, lambda _: changed(True), lambda _: changed(False)
            )
            while True:
                await self._wait_readable()
                for _, header, body in self._drain():
                    replies(int.from_bytes(header[-_ID_BYTES:], "big"), body)

    def request_nowait(self, number: int, body: bytes) -> bool:
        """Send one request under a number with its highest bit set; False where none is joined."""
        return bool(self._pipes) and self._send_nowait(number.to_bytes(_ID_BYTES, "big"), body)


class Publisher(_Socket):
    """A PUB socket: hints to whoever listens, dropped without a word for those who are slow."""

    def __init__(self, *urls: str, tls: Tls | None = None, same_user_only: bool = True) -> None:
        super().__init__(
            lib.nng_pub0_open,
            send_buffer=PUBLISH_BUFFER,
            receive_bytes_max=1,
            tls=tls,
            listens=True,
            same_user_only=same_user_only,
        )
        for url in urls:
            self.listen(url)

    def publish_nowait(self, message: bytes) -> bool:
        """Send to all who subscribed to a prefix of it; False where it could not be handed over."""
        return len(message) <= PUBLISH_BYTES_MAX and self._send_nowait(b"", message)


class Subscriber(_Socket):
    """A SUB socket for messages that begin with one of `topics`; the first after joining, and any
    while it is slow, may be missed."""

    def __init__(self, url: str, topics: Sequence[bytes] = (b"",), tls: Tls | None = None) -> None:
        super().__init__(
            lib.nng_sub0_open,
            receive_buffer=PUBLISH_BUFFER,
            receive_bytes_max=PUBLISH_BYTES_MAX,
            tls=tls,
            listens=False,
        )
        for topic in topics:
            code = lib.nng_socket_set(self._socket.socket, b"sub:subscribe", topic, len(topic))
            _check(code, url)
        self._dial(url)

    @property
    def joined(self) -> bool:
        """Whether a connection stands."""
        return bool(self._socket.pipes)

    async def receive(self) -> list[bytes]:
        """Wait for messages and take those that are here, in order."""
        while True:
            await self._wait_readable()
            taken = self._drain()
            if taken:
                return [body for _, _, body in taken]
