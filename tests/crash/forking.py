"""Asks the zygote for processes, from the rig and from a store that starts its child nodes."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Any

import attrs
import trio
from attrs import define

from tests.crash.plans import WHEN_ASKED, LifePlan, NodePlan, to_plain

PACKET_BYTES_MAX = 1 << 17


@define(eq=False)
class ForkedProcess:
    """A process of the zygote's, with what a `trio.Process` has of what is used here."""

    pid: int
    stdin: trio.lowlevel.FdStream | None
    _connection: trio.socket.SocketType
    returncode: int | None = None
    _ending: trio.Lock = attrs.field(factory=trio.Lock)

    async def wait(self) -> int:
        """Wait until it has ended; its code, negative for a signal."""
        async with self._ending:
            if self.returncode is None:
                packet = await self._connection.recv(PACKET_BYTES_MAX)
                # With the zygote gone, all it forked is gone too.
                self.returncode = json.loads(packet)["code"] if packet else -signal.SIGKILL
                self._connection.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, if it has not ended as far as is known here."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """kill -9."""
        self.send_signal(signal.SIGKILL)


async def fork(plan: LifePlan, role: str, *, with_stdin: bool = False) -> ForkedProcess:
    """A new process that is node `role` of the plan's server."""
    # Cancelled half way, nobody would know the process that the zygote made.
    with trio.CancelScope(shield=True):
        process = await _fork(plan, role, with_stdin=with_stdin)
    return process  # noqa: RET504 (mypy cannot know that the scope swallows nothing)


async def _fork(plan: LifePlan, role: str, *, with_stdin: bool) -> ForkedProcess:
    connection = trio.socket.from_stdlib_socket(
        socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    )
    await connection.connect(plan.zygote)
    ours = theirs = -1
    if with_stdin:
        theirs, ours = os.pipe()
    request = json.dumps({"role": role, "plan": to_plain(plan)}).encode()
    if not with_stdin:
        await connection.send(request)
    else:
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, theirs.to_bytes(4, sys.byteorder))
        await connection.sendmsg([request], [rights])
        os.close(theirs)
    answer = json.loads(await connection.recv(PACKET_BYTES_MAX))
    stream = trio.lowlevel.FdStream(ours) if with_stdin else None
    return ForkedProcess(answer["pid"], stream, connection)


async def signal_node(plan: LifePlan, role: str, number: int) -> int:
    """Send a signal to a node, sure that it is that one; its process id, 0 where there is none."""
    connection = trio.socket.from_stdlib_socket(
        socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    )
    with connection:
        await connection.connect(plan.zygote)
        request = {"kill": plan.folder, "role": role, "signal": int(number)}
        await connection.send(json.dumps(request).encode())
        answer = json.loads(await connection.recv(PACKET_BYTES_MAX))
        return int(answer["pid"])


@define(eq=False)
class Opener:
    """Stands in a store's process for `trio.lowlevel.open_process`: its child nodes are forked.

    What is planned for a child happens to the first one only, but where it waits to be asked; those
    after it live unharmed.
    """

    plan: LifePlan

    async def open_process(self, command: Sequence[str], **_: Any) -> ForkedProcess:
        """Start a child node, named by the last word of its command."""
        role = command[-1]
        process = await fork(self.plan, role, with_stdin=True)
        planned = self.plan.node(role)
        if planned.step != WHEN_ASKED:
            nodes = {**self.plan.nodes, role: NodePlan(bug=planned.bug)}
            self.plan = attrs.evolve(self.plan, nodes=nodes)
        return process
