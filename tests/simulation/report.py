"""Many seeds: run in several processes, summed up, shown as lines and as rows for `./run prove`."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from attrs import define, field

from tests.simulation.run import Outcome, Plan, simulate
from tests.stopping import not_for_us

DAY_SALES = 2_000
DAY_S = 10
"""What a day of so many sales may take."""
LOST = ("J1_acknowledged_is_durable", "A1_answers_wait_for_the_disk")
DOUBLED = ("S8_a_command_happens_once", "S7_receipts_have_no_gap")
_PROGRESS_S = 2.0


@define
class Summary:
    """What a number of seeds came to."""

    seeds: int = 0
    sales: int = 0
    records: int = 0
    answers: int = 0
    slips: int = 0
    starts: int = 0
    simulated_s: float = 0.0
    faults: Counter[str] = field(factory=Counter)
    pairs: set[tuple[str, str]] = field(factory=set)
    failures: list[Outcome] = field(factory=list)
    began: float = field(factory=time.monotonic)

    def add(self, outcome: Outcome) -> None:
        """One more."""
        self.seeds += 1
        self.sales += outcome.sales
        self.records += outcome.records
        self.answers += outcome.answers
        self.slips += outcome.slips
        self.starts += outcome.starts
        self.simulated_s += outcome.simulated_s
        self.faults.update(outcome.faults)
        self.pairs |= outcome.pairs
        if outcome.failure is not None:
            self.failures.append(outcome)

    @property
    def seconds(self) -> float:
        """Real seconds since it began."""
        return time.monotonic() - self.began

    def _broken(self, names: tuple[str, ...]) -> int:
        return sum(o.failure is not None and o.failure.invariant in names for o in self.failures)

    def line(self) -> str:
        """One line, for showing progress."""
        return (
            f"{self.seeds} seeds, {self.sales / DAY_SALES:.1f} store-days, "
            f"{self.faults.total()} faults, {len(self.pairs)} pairs, "
            f"{len(self.failures)} failed, {self.seconds:.0f} s"
        )

    def lines(self) -> list[str]:
        """The closing summary."""
        by_kind = ", ".join(f"{name} {count}" for name, count in self.faults.most_common())
        return [
            f"seeds               {self.seeds} ({self.seconds:.0f} s)",
            f"store-days          {self.sales / DAY_SALES:.1f} (of {DAY_SALES} sales)",
            f"simulated time      {self.simulated_s / 3600:.1f} h",
            f"starts of the store {self.starts}",
            f"faults by kind      {by_kind or 'none'}",
            f"event/fault pairs   {len(self.pairs)}",
            f"sales               {self.sales} ({self.records} records, {self.slips} slips)",
            f"answers given       {self.answers}",
            f"lost                {self._broken(LOST)}",
            f"doubled             {self._broken(DOUBLED)}",
            f"other rules broken  {len(self.failures) - self._broken(LOST + DOUBLED)}",
        ]

    def write_json(self, path: Path, command: str) -> None:
        """Rows in the form `./run prove` gathers."""

        row = partial(_row, command)
        lost, doubled = self._broken(LOST), self._broken(DOUBLED)
        other = len(self.failures) - lost - doubled
        rows = [
            row("simulated seeds", str(self.seeds)),
            row("simulated store-days", f"{self.sales / DAY_SALES:.1f}"),
            row("simulated sales", str(self.sales)),
            row("faults injected", f"{self.faults.total()} of {len(self.faults)} kinds"),
            row("pairs of event and fault", str(len(self.pairs))),
            row("acknowledged sales lost", str(lost), "0", ok=lost == 0),
            row("sales doubled", str(doubled), "0", ok=doubled == 0),
            row("other rules broken", str(other), "0", ok=other == 0),
        ]
        _write(path, rows, self.seconds)


def write_day(path: Path, outcome: Outcome) -> None:
    """The same of one seed that ended well: how long it took and what its events come to."""
    row = partial(_row, outcome.plan.command())
    is_whole = outcome.plan.sales >= DAY_SALES
    in_time = outcome.real_s < DAY_S or not is_whole
    took = f"{outcome.real_s:.1f} s"
    aim = f"{DAY_S} s" if is_whole else ""
    rows = [
        row(f"a store-day of {outcome.sales:,} sales on one seed", took, aim, ok=in_time),
        row("its event hash", outcome.trace),
    ]
    _write(path, rows, outcome.real_s)


def _row(command: str, what: str, figure: str, aim: str = "", *, ok: bool = True) -> dict[str, Any]:
    return {"what": what, "figure": figure, "aim": aim, "ok": ok, "command": command}


def _write(path: Path, rows: list[dict[str, Any]], seconds: float) -> None:
    told = {"part": "simulation", "seconds": round(seconds, 1), "rows": rows}
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def describe(outcome: Outcome) -> str:
    """One seed in a few words."""
    faults = ", ".join(f"{name} {count}" for name, count in outcome.faults.items())
    nexo = outcome.plan.nexo
    of_nexo = f", nexo by {nexo.carrier.value} at {', '.join(nexo.registers)}"
    return (
        f"seed {outcome.plan.seed}{of_nexo if nexo.registers else ''}: "
        f"{outcome.sales} sales, {outcome.records} records, "
        f"{outcome.starts} starts, {outcome.simulated_s:.1f} simulated seconds in "
        f"{outcome.real_s:.2f} s; faults: {faults or 'none'}"
    )


def describe_failure(outcome: Outcome) -> str:
    """Which rule was broken, how, and how to see it again."""
    failure = outcome.failure
    assert failure is not None
    return (
        f"BROKEN {failure.invariant} in seed {outcome.plan.seed} after {failure.at_s:.3f} "
        f"simulated seconds: {failure.detail}\nRepeat it: {outcome.plan.command()}"
    )


def run_plans(plans: Iterable[Plan], jobs: int) -> Iterator[Outcome]:
    """Every plan's outcome, as they end; with one job in this process and in order."""
    if jobs == 1:
        yield from map(simulate, plans)
        return
    todo = iter(plans)
    # Forked children would share this one's SQLite; fresh ones share nothing.
    with ProcessPoolExecutor(jobs, get_context("spawn"), initializer=not_for_us) as pool:
        running: set[Future[Outcome]] = set()
        try:
            while True:
                for plan in todo:
                    running.add(pool.submit(simulate, plan))
                    if len(running) >= 2 * jobs:
                        break
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        finally:
            for future in running:
                future.cancel()


def processors() -> int:
    """How many processes may run at a time."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def progress_line(show: Callable[[str], object] | None = None) -> Callable[[Summary], None]:
    """A function that shows a summary's line now and then: in place on a terminal."""
    write = show or sys.stderr.write
    is_terminal = sys.stderr.isatty()
    last = time.monotonic()

    def progress(summary: Summary) -> None:
        nonlocal last
        pause_s = _PROGRESS_S if is_terminal else 10 * _PROGRESS_S
        if time.monotonic() - last >= pause_s:
            last = time.monotonic()
            write(f"\r\033[K{summary.line()}" if is_terminal else f"{summary.line()}\n")
            sys.stderr.flush()

    return progress
