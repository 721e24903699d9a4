"""One local port: WebSockets go to their door, the rest to the ASGI server; ended in good order.

The first bytes of a connection say which it is, and are left unread for whoever takes it. anycorn
could carry WebSockets too; it reads a message without end into memory, and cannot give up on a
reader that does not read.
"""

from __future__ import annotations

import errno
import logging
import socket
from functools import partial
from typing import Any

import anycorn
import trio
from anycorn.events import Event, Updated
from anycorn.tcp_server import TCPServer
from anycorn.typing import ConnectionState
from anycorn.utils import wrap_app
from anycorn.worker_context import WorkerContext
from anyio.abc import SocketStream
from attrs import frozen
from starlette.types import ASGIApp

from actors.errors import ToldError
from protocols.front.guard import Guard
from protocols.front.websocket import WebSocketDoor
from protocols.http.settings import HttpSettings
from protocols.limits import (
    BACKLOG,
    CONNECTIONS_MAX,
    HELLO_WITHIN_S,
    KEEP_ALIVE_S,
    SEND_WITHIN_S,
    SHUTDOWN_S,
)

_WEBSOCKET = b"GET /ws "
_PIECES_S = 0.01
_logger = logging.getLogger("countertop.http")


class PortInUseError(ToldError, OSError):
    """Another process listens at the port already. Nothing was opened there."""

    def __init__(self, address: str, port: int) -> None:
        super().__init__(
            errno.EADDRINUSE,
            f"port {port} of {address} is already in use, so no front end can be served there. "
            "If another store runs on this machine, stop it; else give this one another port "
            "(http_port in its configuration, or --port).",
        )
        self.port = port

    def __str__(self) -> str:
        return str(self.args[1])


@frozen
class Bound:
    """Where it listens now."""

    address: str
    port: int

    @property
    def url(self) -> str:
        """What a browser opens."""
        return f"http://{self.address}:{self.port}/"

    @property
    def websocket_url(self) -> str:
        """What a front end connects to."""
        return f"ws://{self.address}:{self.port}/ws"


def _config() -> anycorn.Config:
    config = anycorn.Config()
    config.alpn_protocols = ["http/1.1"]
    config.graceful_timeout = SHUTDOWN_S
    config.keep_alive_timeout = KEEP_ALIVE_S
    config.include_server_header = False
    config.errorlog = _logger
    config.accesslog = None
    config.loglevel = "WARNING"
    return config


def listen(address: str, port: int) -> socket.socket:
    """A listening socket, not read from yet.

    Raises:
        PortInUseError: somebody listens there.
        OSError: it cannot be listened at for another reason.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setblocking(False)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # A reader that vanished or does not read is cut by the kernel: anycorn's send cannot be
            # cancelled. Accepted connections inherit the setting.
            patience_ms = int(SEND_WITHIN_S * 1_000)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, patience_ms)
        listener.bind((address, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(address, port) from None
        raise
    return listener


async def serve_http(
    settings: HttpSettings,
    app: ASGIApp,
    guard: Guard,
    door: WebSocketDoor | None = None,
    *,
    task_status: trio.TaskStatus[Bound] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve `app`, and `door` at `/ws`, until cancelled; then WebSockets are closed with 1001 and
    requests in flight may finish.

    Raises:
        PortInUseError: somebody listens at the port.
    """
    listener = listen(settings.address, settings.port)
    port = listener.getsockname()[1]
    guard.hosts |= {host.lower() for host in settings.hosts}
    guard.allow_port(port)
    async with trio.open_nursery() as nursery:
        front = _Front(app, door)
        ended = trio.Event()
        nursery.start_soon(front.run, ended)
        try:
            async with trio.SocketListener(trio.socket.from_stdlib_socket(listener)) as accepting:
                task_status.started(Bound(settings.address, port))
                await front.accept_forever(accepting)
        finally:
            ended.set()


class _Connection(TCPServer):
    """A connection of the ASGI server that ends once the other side has ended it. anycorn's own is
    held for as long as one that may still ask for something: a thousand short ones in half a minute
    took every file the store may open."""

    _is_over = False

    async def _read_data(self) -> None:
        await super()._read_data()
        self._is_over = True
        await self.idle_task.stop()

    async def protocol_send(self, event: Event) -> None:
        """As it is there; what is idle and over has nothing to wait for."""
        if not (self._is_over and isinstance(event, Updated)):
            await super().protocol_send(event)


class _Front:
    """The connections of one port, each in a task of its own, and no more than the store can hold
    open beside its own files."""

    def __init__(self, app: Any, door: WebSocketDoor | None) -> None:
        self._door = door
        self._context = WorkerContext(None)
        config = _config()
        wrapped = wrap_app(app, config.wsgi_max_body_size, "asgi")
        self._http = partial(_Connection, wrapped, config, self._context, ConnectionState({}))
        self._connections: trio.Nursery | None = None
        self._open = trio.Event()
        self._held = 0
        self._silent: dict[trio.CancelScope, None] = {}

    async def run(self, ended: trio.Event) -> None:
        """Hold the connections until `ended`, then as long as a good end takes."""
        # Shielded: the end comes through `ended`, so that what is in flight can finish.
        with trio.CancelScope(shield=True):
            async with trio.open_nursery() as nursery:
                self._connections = nursery
                self._open.set()
                await ended.wait()
                if self._door is not None:
                    self._door.stop()
                await self._context.terminated.set()
                nursery.cancel_scope.deadline = trio.current_time() + SHUTDOWN_S

    async def accept_forever(self, accepting: trio.SocketListener) -> None:
        """Accept connections until cancelled."""
        await self._open.wait()
        await trio.serve_listeners(self._serve, [accepting], handler_nursery=self._connections)

    async def _serve(self, stream: trio.SocketStream) -> None:
        if self._held >= CONNECTIONS_MAX:
            # Whoever has said nothing yet gives way to the next, who may be a register.
            if not self._silent:
                return
            longest = next(iter(self._silent))
            del self._silent[longest]
            longest.cancel()
        self._held += 1
        try:
            await self._serve_one(stream)
        finally:
            self._held -= 1

    async def _serve_one(self, stream: trio.SocketStream) -> None:
        try:
            begins = await self._beginning(stream)
            if begins == _WEBSOCKET and self._door is not None:
                await self._door.serve(stream)
            elif begins:
                await self._http(await SocketStream.from_socket(stream.socket.detach())).run()
        except (OSError, trio.BrokenResourceError):
            return
        except Exception:
            # One connection that fails must not take the port down.
            _logger.exception("a connection failed")

    async def _beginning(self, stream: trio.SocketStream) -> bytes:
        """The first bytes of a request, which stay unread; none where it says too little in time,
        as a browser's connections in reserve do."""
        with trio.move_on_after(HELLO_WITHIN_S) as scope:
            self._silent[scope] = None
            try:
                return await _first_bytes(stream)
            finally:
                self._silent.pop(scope, None)
        return b""


async def _first_bytes(stream: trio.SocketStream) -> bytes:
    """Enough to tell whether it asks for `/ws`."""
    while True:
        seen = await stream.socket.recv(len(_WEBSOCKET), socket.MSG_PEEK)
        if len(seen) == len(_WEBSOCKET) or not _WEBSOCKET.startswith(seen) or not seen:
            return seen
        # A first line in pieces: the kernel would say again and again that some of it is here.
        await trio.sleep(_PIECES_S)
