"""The way from a command line into the running store: as a front end, through its doors."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import trio

from actors.world import SystemWorld
from countertop.config import Config
from countertop.doors_file import OpenDoors, read_doors
from countertop.errors import CommandFailedError
from countertop.secrets import tokens
from protocols.front.client import FrontClient, open_client
from protocols.front.client_types import FaultError, RefusedError, UnknownOutcomeError

Say = Callable[[str], None]
Progress = Callable[[str, str], Callable[[int, int], None]]
JOIN_WITHIN_S = 10.0  # a store that is there has welcomed its client long before


def doors_of(data_dir: Path) -> OpenDoors:
    doors = read_doors(Config(str(data_dir)).run_dir)
    if doors is None:
        raise CommandFailedError(
            f"No store is running on {data_dir}. Nothing was done. "
            "Start it with countertop demo or countertop serve, or name its --data directory."
        )
    return doors


@contextlib.asynccontextmanager
async def client_of(
    data_dir: Path, *, register: str = "", admin: bool = False
) -> AsyncIterator[FrontClient]:
    """A client of the running store; what goes wrong is told in words."""
    world = SystemWorld()
    doors = doors_of(data_dir)
    keys = tokens(data_dir, world)
    url = doors.nng if doors.nng and _is_socket(doors.nng) else doors.websocket
    try:
        async with open_client(
            url,
            keys.admin if admin else keys.front,
            world=world,
            register=register,
            client="cli",
            hints=doors.hints,
            join=False,
        ) as client:
            with trio.move_on_after(JOIN_WITHIN_S) as joining:
                await client.wait_joined()
            if joining.cancelled_caught:
                # What it left in its run directory outlives a store that was killed.
                raise CommandFailedError(
                    f"The store that ran on {data_dir} is gone, or hangs: it did not answer within "
                    f"{JOIN_WITHIN_S:g} s. Nothing was done. Start it with countertop demo or "
                    "countertop serve, then try again."
                )
            yield client
    except RefusedError as error:
        raise CommandFailedError(
            f"The store refused: {error}. Nothing of it was done. Put that right, then try again."
        ) from None
    except (FaultError, UnknownOutcomeError) as error:
        raise CommandFailedError(str(error)) from None


def _is_socket(url: str) -> bool:
    path = Path(url.removeprefix("ipc://"))
    return path.exists() and stat.S_ISSOCK(path.stat().st_mode)


def run_client(function: Callable[[], Any]) -> Any:
    try:
        return trio.run(function)
    except BaseExceptionGroup as group:
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
            error = error.exceptions[0]
        raise error from None
