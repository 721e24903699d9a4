"""The ASGI server on one local port: bound by the store itself, ended in good order."""

from __future__ import annotations

import contextlib
import errno
import logging
import socket
from collections.abc import Callable
from typing import Any

import anycorn
import trio
from anycorn.config import Sockets
from attrs import frozen

from protocols.front.guard import Guard
from protocols.front.websocket import MESSAGE_BYTES_MAX
from protocols.http.settings import HttpSettings
from protocols.limits import BACKLOG, SEND_WITHIN_S, SHUTDOWN_S

_KEEP_ALIVE_S = 30.0
_logger = logging.getLogger("countertop.http")


class PortInUseError(OSError):
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


class _Config(anycorn.Config):
    """anycorn's settings, around a socket that is open already."""

    def __init__(self, listener: socket.socket) -> None:
        super().__init__()
        self._listener = listener
        self.alpn_protocols = ["http/1.1"]
        self.websocket_max_message_size = MESSAGE_BYTES_MAX
        self.websocket_permessage_deflate = False
        self.graceful_timeout = SHUTDOWN_S
        self.keep_alive_timeout = _KEEP_ALIVE_S
        self.include_server_header = False
        self.backlog = BACKLOG
        self.errorlog = _logger
        self.accesslog = None
        self.loglevel = "WARNING"

    def create_sockets(self) -> Sockets:
        """The socket the store bound."""
        return Sockets([], [self._listener], [])


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
            # A reader that vanished or does not read is cut by the kernel: the server's own send
            # cannot be cancelled. Accepted connections inherit the setting.
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
    app: Any,
    guard: Guard,
    *,
    on_stop: Callable[[], None] = lambda: None,
    task_status: trio.TaskStatus[Bound] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until cancelled; then `on_stop` closes WebSockets, requests in flight are finished.

    Raises:
        PortInUseError: somebody listens at the port.
    """
    with contextlib.closing(listen(settings.address, settings.port)) as listener:
        port = listener.getsockname()[1]
        guard.hosts |= {host.lower() for host in settings.hosts}
        guard.allow_port(port)
        stop = trio.Event()
        config = _Config(listener)

        async def serve(task_status: Any) -> None:
            # Shielded: the end comes through `stop`, so that what is in flight can finish.
            with trio.CancelScope(shield=True):
                await anycorn.serve(
                    app,
                    config,
                    shutdown_trigger=stop.wait,
                    task_status=task_status,
                    mode="asgi",
                )

        async with trio.open_nursery() as nursery:
            await nursery.start(serve)
            task_status.started(Bound(settings.address, port))
            try:
                await trio.sleep_forever()
            finally:
                on_stop()
                stop.set()
