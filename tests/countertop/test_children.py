"""Child nodes of a store that cannot be started right now."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest
import trio

from actors.world import SystemWorld
from countertop import children
from countertop.children import Child
from countertop.config import Config


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EAGAIN, "Resource temporarily unavailable"),
        OSError(errno.EMFILE, "Too many open files"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        RuntimeError("can't start new thread"),
    ],
)
async def test_a_child_that_cannot_be_started_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """The store goes on without it, and has it once there is room."""
    tries = 0
    real = trio.lowlevel.open_process

    async def refuses_twice(command: Any, **more: Any) -> trio.Process:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise error
        return await real(["cat"], **more)

    monkeypatch.setattr(trio.lowlevel, "open_process", refuses_twice)
    monkeypatch.setattr(children, "RESTART_S_FIRST", 0.01)
    child = Child("devices", Config(str(tmp_path)), SystemWorld())
    started = child.changed
    async with trio.open_nursery() as nursery:
        nursery.start_soon(child.run)
        with trio.fail_after(10):
            await started.wait()
        nursery.cancel_scope.cancel()
    assert (tries, child.starts) == (3, 1)
