"""Closing a big day: how long the Z takes after a hundred thousand sales, and telling it again.

`python -m benches.close [--sales N] [--json FILE] [--tiny]`: writes a day of N sales and one of a
thousandth of them into real journals (`benches.big_day`), opens each as a store, makes the Z
through the register's own mailbox, and compares the two. Then replays the big day from its first
record and starts it from a snapshot; both must end in the very books that wrote it. Prints times,
the day's Z against a plain sum of what was rung up, the ratio of the two Zs, how long merely
reading the records takes as the measure beside it, and a digest that is the same in every run.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import trio
from attrs import frozen

from actors.asks import Ask, Reply
from actors.history import CHUNK, load_books, save_snapshot
from actors.journal import Journal
from actors.world import SystemWorld
from benches.big_day import GOODS, REGISTER, day_config, write_day
from benches.own_store import work_directory
from countertop.store import open_store, run_store
from engine.image import state_hash
from tests.arguments import new_file

SALES, SALES_TINY = 100_000, 200
FRACTION = 1_000
Z_MS_MAX, REPLAY_S_MAX = 100.0, 10.0
COMMAND = "python -m benches.close"


@frozen
class Day:
    """One written day and its Z. `start_s` is opening the store, from a snapshot."""

    sales: int
    records: int
    hash: str
    write_s: float
    start_s: float
    z_ms: float
    z: dict[str, Any]


@frozen
class Replay:
    """The day told from its first record, and its records merely read, in seconds."""

    replay_s: float
    read_s: float
    hash: str


async def _close(directory: Path) -> tuple[float, float, dict[str, Any]]:
    """(seconds to open the store, milliseconds until the Z was answered, the Z as it is read)."""
    begun = time.perf_counter()
    store = open_store(day_config(directory), SystemWorld())
    start_s = time.perf_counter() - begun

    async def ask(name: str, *, query: bool = False) -> Any:
        body = Ask(store.world.new_id(), REGISTER, name, {}, query)
        reply: Reply = await store.node.ask(f"register/{REGISTER}", body, timeout_s=60.0)
        assert reply.ok, f"{name}: {reply.refusal or reply.detail}"
        return reply.data

    async with trio.open_nursery() as nursery:
        await nursery.start(partial(run_store, store, with_children=False))
        # A question first, so that nothing is done for the first time while the Z is timed.
        await ask("report.x", query=True)
        begun = time.perf_counter()
        await ask("register.close_day")
        z_ms = (time.perf_counter() - begun) * 1_000
        made = store.journal.read(store.journal.head().position - 1, 1)[0]
        nursery.cancel_scope.cancel()
    assert made.name == "register.day_closed/1"
    return start_s, z_ms, made.data


def run_day(directory: Path, sales: int) -> Day:
    """Write a day, leave it a snapshot as a running store would have, open it and close it."""
    told = partial(_progress, f"writing {sales:,} sales") if sales >= FRACTION else _quiet
    begun = time.perf_counter()
    books = write_day(directory, sales, told)
    write_s = time.perf_counter() - begun
    config = day_config(directory)
    with Journal.open(config.journal_path, reserve_bytes=0) as journal:
        save_snapshot(journal, config.data, books)
    start_s, z_ms, z = trio.run(_close, directory)
    return Day(sales, books.position, state_hash(books), write_s, start_s, z_ms, z)


def replay_day(directory: Path, day: Day) -> Replay:
    """Fold the day again from its first record up to where its writer stopped."""
    config = day_config(directory)
    with Journal.open(config.journal_path, reserve_bytes=0) as journal:
        begun = time.perf_counter()
        books = load_books(journal, config.data, until=day.records)
        replay_s = time.perf_counter() - begun
        begun = time.perf_counter()
        for after in range(0, day.records, CHUNK):
            journal.read(after, min(CHUNK, day.records - after))
        read_s = time.perf_counter() - begun
    return Replay(replay_s, read_s, state_hash(books))


def faults_of(day: Day, replay: Replay) -> list[str]:
    """What is not as it must be, one sentence each; empty where all is well."""
    total_minor = sum(GOODS[number % len(GOODS)][1] for number in range(day.sales))
    totals = day.z["totals"]
    faults = []
    if (totals["sales"], totals["total_minor"]) != (day.sales, total_minor):
        faults.append(f"the Z says {totals['sales']} sales and {totals['total_minor']}")
    if totals["tenders"] != {"cash": total_minor}:
        faults.append(f"the Z says {totals['tenders']} was taken, {total_minor} was rung up")
    if replay.hash != day.hash:
        faults.append(f"replay ended in {replay.hash[:16]}, the books were {day.hash[:16]}")
    return faults


def _rows(big: Day, small: Day, replay: Replay) -> list[dict[str, Any]]:
    rows = [
        (f"Z after {big.sales:,} sales", f"{big.z_ms:.1f} ms", "< 100 ms", big.z_ms < Z_MS_MAX),
        (
            f"Z after {big.sales:,} sales, against {small.sales:,} sales",
            f"{big.z_ms / small.z_ms:.2f} times",
            "",
            True,
        ),
        (
            f"replay of {big.sales:,} sales, {big.records:,} records",
            f"{replay.replay_s:.2f} s",
            "< 10 s",
            replay.replay_s < REPLAY_S_MAX,
        ),
        ("state hash after replay", replay.hash[:16], big.hash[:16], replay.hash == big.hash),
    ]
    keys = ("what", "figure", "aim", "ok")
    return [{**dict(zip(keys, row, strict=True)), "command": COMMAND} for row in rows]


def report(sales: int) -> tuple[list[str], list[dict[str, Any]], list[str]]:
    """Measure everything: (lines to print, rows of the table, faults)."""
    with work_directory() as directory:
        small = run_day(directory / "small", max(1, sales // FRACTION))
        big = run_day(directory / "big", sales)
        replay = replay_day(directory / "big", big)
    alone = f"{replay.replay_s / replay.read_s:.2f} times reading the records alone"
    lines = [
        f"written        {big.sales:>9,} sales, {big.records:,} records in {big.write_s:.1f} s",
        f"Z of {small.sales:>9,} sales  {small.z_ms:8.1f} ms",
        f"Z of {big.sales:>9,} sales  {big.z_ms:8.1f} ms = {big.z_ms / small.z_ms:.2f} times",
        f"replay         {replay.replay_s:8.2f} s = {alone} ({replay.read_s:.2f} s)",
        f"start from a snapshot {big.start_s:.2f} s, books without sales {small.start_s:.2f} s",
        f"digest {big.hash[:16]}",
    ]
    return lines, _rows(big, small, replay), faults_of(big, replay)


def _progress(what: str, done: int, total: int) -> None:
    end = "\n" if done == total else ""
    sys.stderr.write(f"\r{what} {done * 100 // total:3} %{end}")
    sys.stderr.flush()


def _quiet(_done: int, _total: int) -> None:
    return


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; 1 where a figure or the books were not as they must be."""
    parser = argparse.ArgumentParser(prog="benches.close", description=__doc__)
    parser.add_argument("--sales", type=int, default=SALES, help="sales of the big day")
    parser.add_argument(
        "--json", type=new_file, default=None, help="write the figures to this file"
    )
    parser.add_argument("--tiny", action="store_true", help="a small day; times are no figures")
    options = parser.parse_args(arguments)
    begun = time.perf_counter()
    lines, rows, faults = report(SALES_TINY if options.tiny else options.sales)
    sys.stdout.write("\n".join([*lines, *faults]) + "\n")
    if options.json is not None:
        seconds = time.perf_counter() - begun
        told = {"part": "close", "seconds": seconds, "rows": rows}
        options.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    missed = not options.tiny and not all(row["ok"] for row in rows)
    return 1 if faults or missed else 0


if __name__ == "__main__":
    sys.exit(main())
