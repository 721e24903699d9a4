"""`python -m tests.store.server CONFIG.json [--children]`: a store server that tests may kill."""

from __future__ import annotations

import signal
import sys
from functools import partial
from pathlib import Path

import trio

from actors.world import SystemWorld
from countertop.config import Config, from_data
from countertop.ending import end_in_any_case, run_to_an_end
from countertop.logs import configure
from countertop.memory import give_back_large_blocks
from countertop.store import open_store, run_store
from engine.wire import parse


async def _until_told_to_stop(scope: trio.CancelScope) -> None:
    with trio.open_signal_receiver(signal.SIGTERM) as signals:
        async for _ in signals:
            scope.cancel()
            return


async def _serve(config: Config, *, children: bool) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_until_told_to_stop, nursery.cancel_scope)
        store = open_store(config, SystemWorld())
        nursery.start_soon(end_in_any_case, store.world)
        await nursery.start(partial(run_store, store, with_children=children))


def main(arguments: list[str]) -> None:
    """Serve until told to stop, or killed."""
    configure("warning")
    give_back_large_blocks()
    config = from_data(parse(Path(arguments[0]).read_bytes()), arguments[0])
    run_to_an_end(partial(_serve, config, children="--children" in arguments))


if __name__ == "__main__":
    main(sys.argv[1:])
