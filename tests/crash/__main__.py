"""`python -m tests.crash storm|steps|round|lie`: kill and starve a real store, and audit it.

    storm [--kills N] [--faults N] [--minutes M] [--lanes L] [--seed S] [--from N] [--json FILE]
          [--bug NAME]
    steps [--node store|devices|integrations] [--from N] [--every K] [--json FILE]
    round SEED [--kills N] [--faults N] [--bug NAME]      one round again
    lie SEED                                              one lying disk again

A storm ends in order when its minutes are over and at the first interrupt: rounds under way are
audited, and the table tells what was done. `--from N` goes on after an earlier one of that seed.

Exit code: 0 all promises kept, 1 one was not, 2 the rig cannot run here.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import statistics
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import trio
from attrs import define

from tests.arguments import new_file, span, whole
from tests.crash.bugs import BUGS
from tests.crash.building import NoShimError
from tests.crash.lies import run_lie
from tests.crash.rig import Rig, RigError, open_rig
from tests.crash.rounds import (
    FAULTS_A_ROUND,
    KILLS_A_ROUND,
    RoundFailedError,
    Spec,
    Storm,
    lanes_here,
    run_round,
)
from tests.crash.steps import NODES, Sweep, run_sweep
from tests.crash.storm import Broken, Figures
from tests.stopping import exit_with

RECOVERY_S_AIM = 2.0
PROGRESS_EVERY_S = 10.0


def say(line: str) -> None:
    """A line of the result."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@define(eq=False)
class Progress:
    """How far a storm is, on the error channel: one line that changes, or one now and then."""

    shown_s: float = float("-inf")

    def show(self, storm: Storm) -> None:
        """Say it, and what was found since the last time."""
        for failed in storm.failures[storm.shown :]:
            sys.stderr.write(f"\nBROKEN: {failed}\n")
        storm.shown = len(storm.failures)
        now_s = time.monotonic()
        if not sys.stderr.isatty() and now_s - self.shown_s < PROGRESS_EVERY_S:
            return
        self.shown_s = now_s
        end = "\r" if sys.stderr.isatty() else "\n"
        sys.stderr.write(f"{progress_line(storm, now_s - storm.began)}{end}")
        sys.stderr.flush()


def progress_line(storm: Storm, took_s: float) -> str:
    """Time, rounds, events, sales, rate, and how long it takes yet."""
    kills, faults = storm.done()
    return (
        f"{took_s:6.0f} s  {storm.rounds:,} rounds  {kills:,}/{storm.kills:,} kills  "
        f"{faults:,}/{storm.faults:,} faults  {storm.figures.sales:,} sales  "
        f"{(kills + faults) / took_s:.2f} a second, {storm.left_s() / 60:.0f} min left  "
        f"{len(storm.failures)} broken promises"
    )


def row(what: str, figure: str, aim: str, command: str, *, ok: bool) -> dict[str, Any]:
    """One line of the table that `./run prove` makes."""
    return {"what": what, "figure": figure, "aim": aim, "ok": ok, "command": command}


def seconds(times: list[float]) -> str:
    """Median and slowest."""
    if not times:
        return "none measured"
    return f"median {statistics.median(times):.2f} s, slowest {max(times):.2f} s"


def storm_rows(storm: Storm, command: str) -> list[dict[str, Any]]:
    """What a storm came to."""
    figures = storm.figures
    kills, faults = storm.done()
    found = "\n".join(failed.found for failed in storm.failures)
    lost, doubled = found.count("LOST"), found.count("DOUBLED")
    noticed = sum(1 for lie in storm.lies if lie.lost and lie.verdict)
    telling = sum(1 for lie in storm.lies if lie.lost)
    enough = kills >= storm.kills and faults >= storm.faults
    slowest = max(figures.cold_s, default=float("inf"))
    took_s = time.monotonic() - storm.began
    make = partial(row, command=command)
    return [
        make("kills", f"{kills:,}", f"{storm.kills:,}", ok=enough),
        make("I/O faults", f"{faults:,}", f"{storm.faults:,}", ok=enough),
        make("kills and faults a second", f"{(kills + faults) / took_s:.2f}", "", ok=True),
        make("power cuts", f"{figures.power_cuts:,}", "", ok=True),
        make("acknowledged sales", f"{figures.sales:,}", "", ok=True),
        make("lost", f"{lost}", "0", ok=not lost),
        make("doubled", f"{doubled}", "0", ok=not doubled),
        make("rounds that broke a promise", f"{len(storm.failures)}", "0", ok=not storm.failures),
        make("lying disks noticed", f"{noticed} of {telling}", "all", ok=noticed == telling),
        make(
            "process start to first answer",
            seconds(figures.cold_s),
            f"under {RECOVERY_S_AIM:g} s",
            ok=slowest < RECOVERY_S_AIM,
        ),
        make("fork to first answer", seconds(figures.recovery_s), "", ok=True),
    ]


def print_figures(figures: Figures) -> None:
    """Kills and faults by kind, and what else was counted."""
    for title, tally in (("kills", figures.kills), ("faults", figures.faults)):
        for name, count in sorted(tally.items()):
            say(f"{title:<8} {name:<30} {count:>8,}")
    for name, count in sorted(figures.unfired.items()):
        say(f"{'not met':<8} {name:<30} {count:>8,}")
    say(f"{'changes under way at power cuts':<39} {figures.taken_back:>8,}")
    say(f"{'commands':<39} {figures.commands:>8,}")
    say(f"{'sent again by the tills':<39} {figures.repeated:>8,}")


def finish(
    part: str,
    rows: list[dict[str, Any]],
    began: float,
    target: Path | None,
    counts: dict[str, dict[str, int]] | None = None,
) -> int:
    """Print the table, write it where asked; the exit code."""
    took_s = time.monotonic() - began
    for one in rows:
        aim = f"   (aim: {one['aim']})" if one["aim"] else ""
        say(f"{'  ' if one['ok'] else '! '}{one['what']:<37} {one['figure']}{aim}")
    say(f"  {took_s:.0f} s; repeat: {rows[0]['command']}")
    if target is not None:
        written = {"part": part, "seconds": took_s, "rows": rows, "counts": counts or {}}
        target.write_text(json.dumps(written, indent=1) + "\n")
    return 0 if all(one["ok"] for one in rows) else 1


async def do_storm(rig: Rig, options: argparse.Namespace) -> int:
    """The long run."""
    command = (
        f"python -m tests.crash storm --kills {options.kills} --faults {options.faults} "
        f"--seed {options.seed}"
    )
    storm = Storm(
        rig,
        options.seed,
        options.kills,
        options.faults,
        options.minutes,
        options.lanes,
        options.bug,
        rounds=options.first - 1,
    )
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stop_when_told, storm)
        await storm.run(Progress().show)
        nursery.cancel_scope.cancel()
    for failed in storm.failures:
        say(f"BROKEN: {failed}\n")
    print_figures(storm.figures)
    say(f"{'rounds':<39} {f'{options.first:,} to {storm.rounds:,}':>8}")
    return finish("crash", storm_rows(storm, command), storm.began, options.json, kinds(storm))


async def stop_when_told(storm: Storm) -> None:
    """End in order at the first interrupt or termination; a second one breaks it off."""
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            break
    storm.stop()
    sys.stderr.write("\nThe rounds under way come to their end.\n")


def kinds(storm: Storm) -> dict[str, dict[str, int]]:
    """How often each kind was done, and how often a store never came to it."""
    figures = storm.figures
    told = {"kills": figures.kills, "faults": figures.faults, "not met": figures.unfired}
    return {title: dict(sorted(tally.items())) for title, tally in told.items()}


async def do_steps(rig: Rig, options: argparse.Namespace) -> int:
    """A kill at every step of a sale."""
    began = time.monotonic()
    command = f"python -m tests.crash steps --every {options.every}"
    rows = []
    for node, kind in NODES:
        if options.node not in ("", node):
            continue
        sweep = Sweep(node, kind, options.first, options.every)
        what = f"{node} killed at each {kind} of a sale"
        try:
            await run_sweep(rig, sweep, lambda line: sys.stderr.write(f"{line}\n"))
            figure, ok = f"{sweep.kills:,} kills, 0 lost, 0 doubled", sweep.kills > 0
            if not ok:
                figure = f"nothing was killed: none of its sales came to {kind} {options.first}"
        except Broken as broken:
            say(f"BROKEN, {node} at {kind} {sweep.at}: {broken}")
            say(f"Repeat it: python -m tests.crash steps --node {node} --from {sweep.at}")
            figure, ok = f"broken at {sweep.at}", False
        rows.append(row(what, figure, "0 lost, 0 doubled", command, ok=ok))
    return finish("crash steps", rows, began, options.json)


async def do_round(rig: Rig, options: argparse.Namespace) -> int:
    """One round again."""
    spec = Spec(options.seed, options.kills, options.faults, options.bug)
    try:
        figures = await run_round(rig, spec)
    except RoundFailedError as failed:
        say(f"BROKEN: {failed}")
        return 1
    print_figures(figures)
    say("All promises kept.")
    return 0


async def do_lie(rig: Rig, options: argparse.Namespace) -> int:
    """One lying disk again."""
    try:
        lie = await run_lie(rig, options.seed)
    except Broken as broken:
        say(f"BROKEN: {broken}")
        return 1
    say(f"{lie.lost} acknowledged commands were taken; {lie.verdict or 'nothing to notice'}")
    ended = "serves" if lie.store_code is None else f"ended with {lie.store_code}"
    say(f"The store, started again, {ended}: {lie.store_words}")
    return 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.crash",
        description="Kill a real store, starve its disk, cut its power, and audit what is left.",
    )
    tasks = parser.add_subparsers(dest="task", required=True)
    storm = tasks.add_parser("storm", help="many rounds")
    storm.add_argument("--kills", type=whole(0), default=4_000)
    storm.add_argument("--faults", type=whole(0), default=6_000)
    storm.add_argument("--minutes", type=span, default=float("inf"))
    storm.add_argument("--lanes", type=whole(1), default=lanes_here(), help="rounds at a time")
    storm.add_argument("--seed", type=whole(0), default=random.SystemRandom().randrange(10**9))
    storm.add_argument("--from", dest="first", type=whole(1), default=1, metavar="N")
    bugs = ("", *sorted(BUGS))
    storm.add_argument("--bug", default="", choices=bugs, help="plant a bug, to see it caught")
    storm.add_argument("--json", type=new_file, metavar="FILE")
    steps = tasks.add_parser("steps", help="a kill at every step of a sale")
    steps.add_argument("--node", default="", choices=("", *sorted({node for node, _ in NODES})))
    steps.add_argument("--from", dest="first", type=whole(1), default=1, metavar="N")
    steps.add_argument("--every", type=whole(1), default=1, metavar="K")
    steps.add_argument("--json", type=new_file, metavar="FILE")
    again = tasks.add_parser("round", help="one round again")
    again.add_argument("seed")
    again.add_argument("--kills", type=whole(0), default=KILLS_A_ROUND)
    again.add_argument("--faults", type=whole(0), default=FAULTS_A_ROUND)
    again.add_argument("--bug", default="", choices=bugs)
    for task in (storm, steps):
        words = "end well, with nothing done, where the shim cannot be built"
        task.add_argument("--if-installed", action="store_true", help=words)
    lie = tasks.add_parser("lie", help="one lying disk again")
    lie.add_argument("seed")
    return parser.parse_args(arguments)


TASKS = {"storm": do_storm, "steps": do_steps, "round": do_round, "lie": do_lie}


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; the exit code."""
    options = parse(arguments)
    try:
        with open_rig() as rig:
            return trio.run(TASKS[options.task], rig, options)
    except (NoShimError, RigError) as error:
        say(str(error))
        is_missing = isinstance(error, NoShimError)
        return 0 if is_missing and getattr(options, "if_installed", False) else 2


if __name__ == "__main__":
    exit_with(main)
