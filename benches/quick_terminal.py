"""A ZVT terminal that answers at once: `python -m benches.quick_terminal`; it prints its port.

It approves whatever it is asked for, prints nothing and waits for nobody but the register. Plain
blocking sockets in a process of its own, so that its own time is short and steady.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator

from hardware.terminal.zvt import codec
from native import ZvtLink, ZvtMessage, zvt_encode

TERMINAL_ID = 52500001
_COMPLETED = zvt_encode(codec.COMPLETION, [])


def _result(amount_minor: int, number: int) -> bytes:
    return zvt_encode(
        codec.STATUS_INFO,
        [
            (0x27, 0),
            (0x04, amount_minor),
            (0x0B, number),
            (0x0C, 120_000),
            (0x0D, 1126),
            (0x22, "541333******0010"),
            (0x29, TERMINAL_ID),
            (0x49, 978),
            (0x87, number % 10_000),
            (0x8A, 0x06),
        ],
    )


class QuickTerminal:
    """What it has approved so far, and what it says to each command."""

    def __init__(self) -> None:
        self.number = 0
        self.last = b""

    def said(self, message: ZvtMessage) -> list[bytes]:
        """The messages of an answer, each sent once the one before was acknowledged."""
        match message.control:
            case codec.REGISTER:
                told = zvt_encode(codec.COMPLETION, [(0x29, TERMINAL_ID), (0x49, 978)])
                return [codec.ACKNOWLEDGE, told]
            case codec.ENQUIRE:
                ready = zvt_encode(codec.COMPLETION, [("software", b"QUICK"), ("status", 0)])
                return [codec.ACKNOWLEDGE, ready]
            case codec.RECALL if self.last:
                return [codec.ACKNOWLEDGE, self.last, _COMPLETED]
            case codec.RECALL:
                return [codec.ACKNOWLEDGE, zvt_encode(codec.ABORTION, [("result", 0x83)])]
            case codec.AUTHORISE:
                self.number += 1
                self.last = _result(message.fields[0x04], self.number)
                return [codec.ACKNOWLEDGE, self.last, _COMPLETED]
            case _:
                return [codec.UNKNOWN_COMMAND]


def messages(connection: socket.socket) -> Iterator[ZvtMessage]:
    """Messages as they come, until the other end lets go."""
    link = ZvtLink(False)
    while data := connection.recv(4096):
        for event in link.feed(data):
            if isinstance(event, ZvtMessage):
                yield event


def serve(connection: socket.socket, terminal: QuickTerminal) -> None:
    """One register, until it lets go."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    waiting: list[bytes] = []
    for message in messages(connection):
        if message.control >> 8 == 0x80:
            if waiting:
                connection.sendall(waiting.pop(0))
            continue
        first, *waiting = terminal.said(message)
        # A command's acknowledgement is followed by the first message at once.
        connection.sendall(first + (waiting.pop(0) if waiting else b""))


def main() -> None:
    """Serve one register after the other until ended."""
    terminal = QuickTerminal()
    with socket.create_server(("127.0.0.1", 0)) as server:
        sys.stdout.write(f"{server.getsockname()[1]}\n")
        sys.stdout.flush()
        while True:
            connection, _ = server.accept()
            with connection:
                try:
                    serve(connection, terminal)
                except ConnectionError:
                    continue


if __name__ == "__main__":
    main()
