"""A process that has imported everything and forks a node whenever asked: a start in milliseconds.

`python -m tests.crash.zygote SOCKET`. A request is one packet of JSON, `{"role", "plan"}`, with the
descriptor that becomes the node's standard input; the answer is `{"pid"}`, and once the node has
ended, on the same connection, `{"code"}` (a signal counts negative). `{"kill": folder, "role"}`
kills that node of that server and answers `{"pid"}`, 0 where there is none. It ends, with all it
forked, when its own standard input closes. It never runs trio nor opens nng, so it can be forked.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from attrs import define, field

from tests.crash import life
from tests.crash.plans import LifePlan, from_plain
from tests.crash.warm import warm

PACKET_BYTES_MAX = 1 << 17


@define(eq=False)
class Zygote:
    """Owns the listening socket and every process forked here, each with who asked for it."""

    listener: socket.socket
    waker: socket.socket
    parent: int = 0
    nodes: dict[int, tuple[str, str, socket.socket]] = field(factory=dict)
    selector: selectors.BaseSelector = field(factory=selectors.DefaultSelector)

    def run(self) -> None:
        """Fork and reap until the parent is gone."""
        for source in (self.listener, self.waker, self.parent):
            self.selector.register(source, selectors.EVENT_READ)
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is self.listener:
                    connection, _ = self.listener.accept()
                    self.selector.register(connection, selectors.EVENT_READ)
                elif key.fileobj is self.waker:
                    self.waker.recv(4_096)
                    self._reap()
                elif key.fileobj == self.parent:
                    self._end()
                    return
                else:
                    assert isinstance(key.fileobj, socket.socket)
                    self._serve(key.fileobj)

    def _serve(self, connection: socket.socket) -> None:
        try:
            packet, fds, _, _ = socket.recv_fds(connection, PACKET_BYTES_MAX, 1)
        except OSError:
            packet, fds = b"", []
        if not packet:
            self.selector.unregister(connection)
            connection.close()
            return
        asked = json.loads(packet)
        if "kill" in asked:
            _answer(connection, pid=self._kill(asked["kill"], asked["role"], asked["signal"]))
            return
        pid = self._fork(from_plain(asked["plan"]), asked["role"], fds)
        self.nodes[pid] = (asked["plan"]["folder"], asked["role"], connection)
        _answer(connection, pid=pid)

    def _fork(self, plan: LifePlan, role: str, fds: list[int]) -> int:
        pid = os.fork()
        if pid:
            for fd in fds:
                os.close(fd)
            return pid
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        words = os.open(plan.words, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(words, 1)
        os.dup2(words, 2)
        os.close(words)
        if fds:
            os.dup2(fds[0], 0)
            os.close(fds[0])
        self.selector.close()
        self.listener.close()
        self.waker.close()
        for _, _, connection in self.nodes.values():
            connection.close()
        life.live_and_leave(plan, role)
        raise AssertionError("a forked node never returns")

    def _kill(self, folder: str, role: str, number: int) -> int:
        # Not reaped yet, so the number is still this very process's.
        for pid, (place, name, _) in reversed(self.nodes.items()):
            if (place, name) == (folder, role):
                os.kill(pid, number)
                return pid
        return 0

    def _reap(self) -> None:
        while self.nodes:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            _, _, connection = self.nodes.pop(pid)
            _answer(connection, code=os.waitstatus_to_exitcode(status))

    def _end(self) -> None:
        for pid in self.nodes:
            os.kill(pid, signal.SIGKILL)
        while self.nodes:
            self.nodes.pop(os.wait()[0])


def _answer(connection: socket.socket, **answer: Any) -> None:
    with contextlib.suppress(OSError):
        connection.send(json.dumps(answer).encode())


def main(arguments: list[str]) -> None:
    """Serve until standard input closes."""
    warm()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    # Its name appears once it listens, so that whoever sees it can connect.
    place = Path(arguments[0])
    unready = place.with_name(f"{place.name}.new")
    listener.bind(str(unready))
    listener.listen(64)
    unready.rename(place)
    waker, bell = socket.socketpair()
    bell.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(bell.fileno(), warn_on_full_buffer=False)
    Zygote(listener, waker).run()


if __name__ == "__main__":
    main(sys.argv[1:])
