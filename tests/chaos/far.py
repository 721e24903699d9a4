"""A terminal of this folder at the end of a store's cable, as `tests/cuts` has its own there."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import trio
from attrs import define

from tests.chaos.terminal import ChaosTerminal
from tests.cuts.far_ends import Far


@define(eq=False)
class ChaosFar:
    """The part of `Far` that a store on a stage has to do with."""

    terminal: ChaosTerminal
    talker: Any = None
    is_bank_away: bool = False

    @property
    def is_idle(self) -> bool:
        """As `Far`."""
        session = None if self.talker is None else self.talker.session
        return session is not None and session.is_idle and session.condition.is_ready

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """As `Far`."""
        await self.terminal.run(task_status=task_status)

    def device(self, address: str, folder: Path) -> Any:
        """As `Far`."""
        self.talker = self.terminal.device(address, folder)
        return self.talker

    @property
    def is_broken(self) -> bool:
        """As `Far`."""
        return not self.terminal.is_plugged

    async def cut(self) -> None:
        """As `Far`."""
        await self.terminal.pull()

    async def mend(self) -> None:
        """As `Far`."""
        await self.terminal.plug()


def far_of(terminal: ChaosTerminal) -> Far:
    """One that a stage takes."""
    return cast(Far, ChaosFar(terminal))
