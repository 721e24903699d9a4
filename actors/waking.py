"""Where one task waits until somebody wakes it."""

from __future__ import annotations

import trio


class Wake:
    """A parking lot of trio's for one task, at a third of the price: every message passes one.

    A wake that finds nobody is forgotten, so whoever waits looks first whether it must.
    """

    __slots__ = ("_task",)

    def __init__(self) -> None:
        self._task: trio.lowlevel.Task | None = None

    def wake(self) -> None:
        """Let the task that waits go on; nothing where none does."""
        task = self._task
        if task is not None:
            self._task = None
            trio.lowlevel.reschedule(task)

    def _abort(self, _: object) -> trio.lowlevel.Abort:
        self._task = None
        return trio.lowlevel.Abort.SUCCEEDED

    async def wait(self) -> None:
        """Wait to be woken.

        Raises:
            RuntimeError: another task waits here already.
        """
        if self._task is not None:
            raise RuntimeError("one task at a time waits here")
        self._task = trio.lowlevel.current_task()
        await trio.lowlevel.wait_task_rescheduled(self._abort)
