"""How a server process ends in any case.

What it answered is on the disk, so its end loses nothing, and whoever keeps it running starts it
anew. What loses sales is one that stands there and is silent.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import trio

from actors.world import World
from countertop.memory import has_room

CLOSE_WITHIN_S = 10.0
LOOK_S = 1.0
LOOKS = 3
NO_MEMORY = 71  # EX_OSERR of sysexits.h: the system gives no more
_WORDS = (
    b"This process is given no more memory and ends; nothing that was answered is lost. "
    b"Let it have more, or find out what else on this machine takes it.\n"
)


def run_to_an_end(main: Callable[..., Awaitable[None]], *arguments: Any) -> None:
    """Run `main`, beside whose parts `end_in_any_case` lives."""
    try:
        trio.run(main, *arguments)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


async def end_in_any_case(world: World) -> None:
    """Live beside everything else of a process, and end it where nothing else does.

    Without memory its parts fail one by one, and some in silence: a library that cannot take a
    message drops it. So the process ends at once where a megabyte is refused at three looks in a
    row, a second apart. And once it closes, told to or by an error, it is gone within ten seconds,
    closed or not: what closes may wait for a thread that never began. The system's own alarm sees
    to that, which takes no memory (SIGALRM, setitimer(2)).
    """
    try:
        await _until_no_room(world)
    finally:
        signal.setitimer(signal.ITIMER_REAL, CLOSE_WITHIN_S)
    os.write(2, _WORDS)
    os._exit(NO_MEMORY)


async def _until_no_room(world: World) -> None:
    refused = 0
    while refused < LOOKS:
        await world.sleep(LOOK_S)
        refused = 0 if has_room() else refused + 1
