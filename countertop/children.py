"""Child processes of the store node: started, watched, started again; ended with it."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import structlog
import trio
from attrs import define, field

from actors.world import World
from countertop.config import Config, to_data
from engine.wire import canonical

log = structlog.get_logger()
RESTART_S_FIRST = 0.1
RESTART_S_MAX = 5.0
CALM_S = 10.0
END_S = 3.0


@define(eq=False)
class Child:
    """One child node. `process` is None while it is down; `starts` counts every start."""

    name: str
    config: Config
    world: World
    process: trio.Process | None = None
    starts: int = 0
    changed: trio.Event = field(factory=trio.Event)

    async def run(self) -> None:
        """Keep the child alive until cancelled, then end it and wait for it."""
        pause_s = RESTART_S_FIRST
        try:
            while True:
                began_ns = self.world.monotonic_ns()
                code = await self._live()
                lived_s = (self.world.monotonic_ns() - began_ns) / 1e9
                pause_s = RESTART_S_FIRST if lived_s > CALM_S else min(pause_s * 2, RESTART_S_MAX)
                log.warning("node_ended", node=self.name, code=code, again_in_s=pause_s)
                await self.world.sleep(pause_s)
        finally:
            with trio.CancelScope(shield=True):
                await self._end()

    async def _live(self) -> int | None:
        """The child's exit code once it ended; None where it could not be begun."""
        # The child leaves when its standard input closes, so it never outlives a killed parent.
        command = [sys.executable, "-m", "countertop", "node", self.name]
        try:
            process = await trio.lowlevel.open_process(command, stdin=subprocess.PIPE)
        except (OSError, RuntimeError) as error:
            # No process, descriptor, memory or thread is free right now. The store sells without
            # this node, and it must not end for want of it.
            log.error("node_not_started", node=self.name, reason=str(error))
            return None
        self.process = process
        self.starts += 1
        self.changed.set()
        self.changed = trio.Event()
        assert process.stdin is not None
        try:
            await process.stdin.send_all(canonical(to_data(self.config)) + b"\n")
        except trio.BrokenResourceError:
            log.warning("node_ended_at_start", node=self.name)
        return await process.wait()

    async def _end(self) -> None:
        process = self.process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        with trio.move_on_after(END_S):
            await process.wait()
        if process.returncode is None:
            process.kill()
            await process.wait()


def child_statistics(children: tuple[Child, ...]) -> dict[str, Any]:
    """Starts and process id of each child, for health and metrics."""
    return {
        child.name: {
            "starts": child.starts,
            "pid": None if child.process is None else child.process.pid,
        }
        for child in children
    }
