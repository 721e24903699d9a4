"""The demo store: a small grocer with a café, simulated devices, and the addresses to open."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import trio

from actors.journal_lock import JournalLock
from actors.journal_schema import JournalHeldError
from actors.world import SystemWorld, World
from countertop.config import Config, ConfigError, DoorsConfig
from countertop.counter import Counter
from countertop.counter_terminals import Speaks, in_words
from countertop.errors import CommandFailedError
from countertop.logs import configure
from countertop.memory import keep_collections_short
from countertop.seed import DEMO_PEOPLE, seed_demo
from countertop.serving import Doors, until_told_to_stop
from countertop.store import open_store, run_store


def run_demo(
    data: Path,
    port: int,
    *,
    one_process: bool,
    fresh: bool,
    terminal: Speaks = "zvt",
    is_paired: bool = True,
) -> None:
    """Run until interrupted.

    Raises:
        CommandFailedError: no such port, or the store to set aside is running.
    """
    try:
        DoorsConfig(port)
    except ConfigError as error:
        raise CommandFailedError(f"{error}. Nothing was started; give another --port.") from None
    configure("warning")
    world = SystemWorld()
    if fresh and data.exists():
        _set_aside(data, world)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    counter = Counter("1", data.absolute() / "counter", terminal, is_paired)
    trio.run(partial(_demo, data.absolute(), port, world, counter, one_process=one_process))


def _set_aside(data: Path, world: World) -> None:
    """Rename an earlier store's directory, which must not be one that is selling just now."""
    try:
        lock = JournalLock(Config(str(data)).journal_path, since="")
    except JournalHeldError as error:
        raise CommandFailedError(
            f"The store in {data} is running, by {error.holder}. It was not set aside and nothing "
            "was started. Stop it first, or name another --data directory."
        ) from None
    try:
        data.rename(data.with_name(f"{data.name}-before-{world.now_ns() // 10**9}"))
    finally:
        lock.release()


async def _demo(
    data: Path, port: int, world: World, counter: Counter, *, one_process: bool
) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(until_told_to_stop, nursery.cancel_scope)
        await nursery.start(counter.run)
        config = Config(
            str(data),
            "demo",
            one_process=one_process,
            doors=DoorsConfig(port),
            devices=counter.devices(),
            providers=(
                counter.provider.settings(callback_url=f"http://127.0.0.1:{port}/callbacks/qr"),
            ),
            nexo=counter.nexo_shop(),
        )
        store = open_store(config, world)
        doors = Doors(extra_routes=tuple(counter.routes()))
        await nursery.start(partial(run_store, store, doors=doors.start))
        await seed_demo(store)
        keep_collections_short()
        _tell(port, counter)


def _tell(port: int, counter: Counter) -> None:
    base = f"http://127.0.0.1:{port}"
    people = ", ".join(f"{name} {pin} ({role})" for _, name, role, pin in DEMO_PEOPLE)
    lines = (
        "",
        "  The demo store is open.",
        "",
        f"  Register 1         {base}/register/?register=1",
        f"  Register 2 (café)  {base}/register/?register=2",
        f"  Customer display   {base}/display/?register=1",
        f"  Simulated counter  {base}/counter/      devices and card terminal of register 1",
        "",
        *_terminal(counter),
        f"  PINs: {people}",
        "  Stop with Ctrl-C; what was sold is there again at the next start.",
        "",
    )
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _terminal(counter: Counter) -> tuple[str, ...]:
    """Where the terminal is to be looked for, or how another store reaches it; the page of the
    counter says it of any."""
    if not counter.is_paired:
        place = counter.terminal_settings().transport.removeprefix("tcp://")
        return (
            "  The card terminal is not paired yet. Sign on at register 1 as Mia, choose More and",
            f"  Card terminals, and have it looked for at  {place}",
            "",
        )
    if counter.speaks == "zvt":
        return ()
    setup = in_words(counter.terminal_settings())
    wide = max(len(words) for words, _ in setup)
    return (
        "  The card terminal, as the demo store's configuration has it. A store of your own on",
        "  this machine reaches it with the same lines in a [[devices]] table:",
        "",
        *(f"    {words:<{wide}}  {line}" for words, line in setup),
        "",
    )
