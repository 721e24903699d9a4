"""Ports for servers that tests start, and start again on the same one."""

from __future__ import annotations

import random
import socket

# Below what Linux and others give to whoever connects (32768 and up; RFC 6335 has 49152): between
# the choice and the start, or while a server is down, nobody's connection takes it.
_FROM, _TO = 20_000, 32_000
_TRIES = 100
_CHANCE = random.SystemRandom()


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens at now, and no connection takes by chance."""
    for _ in range(_TRIES):
        port = _CHANCE.randrange(_FROM, _TO)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"of {_TRIES} ports from {_FROM} to {_TO} none was free; look who has them all")
