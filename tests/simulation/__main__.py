"""`python -m tests.simulation`: one seed, a range of seeds, or seeds until stopped.

simulate SEED [--sales N] [--until S] [--fault NAME[:FORCE]] [--without NAME] [--no-keep]
simulate --night [--minutes M] [--from SEED] [--sales N] [--jobs N] [--json FILE]
check --seeds A-B [--sales N] [--jobs N]

A night and a range take --until, --fault and --without too.
"""

from __future__ import annotations

import argparse
import itertools
import shlex
import sys
import time

from attrs import evolve

from tests.arguments import new_file, span, whole
from tests.simulation.report import (
    Summary,
    describe,
    describe_failure,
    processors,
    progress_line,
    run_plans,
    write_day,
)
from tests.simulation.run import SALES, Plan, UnknownFaultError, draw, simulate, with_faults
from tests.simulation.seeds import SeedsError, keep_seed, kept_of, read_seeds
from tests.simulation.shrink import shrink
from tests.stopping import between_seeds, ends_at_once

INTERRUPTED_WORDS = (
    "interrupted: what broke a rule is told above with the command that repeats it; what was being "
    "simulated, or made smaller, was given up, and is not in seeds.txt"
)


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")


def _warn(words: str) -> None:
    sys.stderr.write(words + "\n")


def plan_of(command: str) -> Plan:
    """The plan that a printed command (`Plan.command`) repeats."""
    return _plan(_arguments(["simulate", *shlex.split(command)[2:]]))


def _plan(arguments: argparse.Namespace) -> Plan:
    return _drawn(arguments, arguments.seed)


def _drawn(arguments: argparse.Namespace, seed: int) -> Plan:
    """The day of a seed, with the faults and as long as the command says."""
    plan = with_faults(draw(seed, arguments.sales), arguments.fault, arguments.without)
    return plan if arguments.until is None else evolve(plan, until_s=arguments.until)


def _one(arguments: argparse.Namespace) -> int:
    if arguments.keep:
        read_seeds()  # now, and not after a long day: what fails is to be put there
    outcome = simulate(_plan(arguments))
    if outcome.failure is None:
        _say(describe(outcome))
        _say(f"event hash {outcome.trace}")
        if arguments.json is not None:
            write_day(arguments.json, outcome)
        return 0
    _warn(describe_failure(outcome))
    _warn("Looking for a smaller run that breaks the same rule …")
    smallest = shrink(outcome)
    _warn(describe_failure(smallest))
    kept = kept_of(smallest)
    _warn(f"For tests/simulation/seeds.txt:\n{kept.line()}")
    if arguments.keep and keep_seed(kept):
        _warn("It was put there.")
    return 1


def _night(arguments: argparse.Namespace) -> int:
    """Seeds until stopped; what fails is shrunk and kept.

    Raises:
        SeedsError: the file of kept seeds cannot be read; nothing was simulated.
        UnknownFaultError: one is asked for that there is not; nothing was simulated.
    """
    read_seeds()  # now, and not after a night: what fails is to be put there
    _drawn(arguments, arguments.first)
    summary, progress = Summary(), progress_line()
    until = time.monotonic() + 60 * arguments.minutes if arguments.minutes else None
    seeds = itertools.count(arguments.first)
    with between_seeds() as stopping:
        early = itertools.takewhile(lambda _: _early(until) and not stopping.is_asked, seeds)
        for outcome in run_plans((_drawn(arguments, seed) for seed in early), arguments.jobs):
            summary.add(outcome)
            progress(summary)
            if outcome.failure is not None:
                _warn(f"\n{describe_failure(outcome)}")
            if stopping.is_asked:
                break
    _say("")
    _say("\n".join(summary.lines()))
    if arguments.json is not None:
        summary.write_json(arguments.json, _night_command(arguments))
    for failed in summary.failures:
        smallest = shrink(failed)
        kept = kept_of(smallest)
        _warn(f"{describe_failure(smallest)}\nFor tests/simulation/seeds.txt:\n{kept.line()}")
        try:
            keep_seed(kept)
        except SeedsError as error:
            _warn(str(error))
    return 1 if summary.failures else 0


def _night_command(arguments: argparse.Namespace) -> str:
    words = ["./run simulate --night"]
    words += [f"--minutes {arguments.minutes:g}"] if arguments.minutes else []
    words += [f"--from {arguments.first}"] if arguments.first != 1 else []
    words += [f"--sales {arguments.sales}"] if arguments.sales != SALES else []
    words += [f"--until {arguments.until:g}"] if arguments.until is not None else []
    words += [f"--fault {entry}" for entry in arguments.fault]
    words += [f"--without {name}" for name in arguments.without]
    return " ".join(words)


def _early(until: float | None) -> bool:
    return until is None or time.monotonic() < until


def _check(arguments: argparse.Namespace) -> int:
    """A range of seeds, up to the first that fails; nothing is shrunk or kept."""
    summary, progress = Summary(), progress_line()
    plans: list[Plan] = [_drawn(arguments, seed) for seed in arguments.seeds]
    for outcome in run_plans(plans, arguments.jobs):
        summary.add(outcome)
        progress(summary)
        if outcome.failure is not None:
            _warn(describe_failure(outcome))
            return 1
    _say("\n".join(summary.lines()))
    return 0


def _range(text: str) -> range:
    first, _, last = text.partition("-")
    try:
        seeds = range(int(first), int(last or first) + 1)
    except ValueError:
        seeds = range(0)
    if not seeds:
        raise argparse.ArgumentTypeError(
            f"{text} names no seeds, so nothing was simulated; write them 1-200"
        )
    return seeds


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    tasks = parser.add_subparsers(dest="task", required=True)
    one = tasks.add_parser("simulate", help="one seed, or with --night one after the other")
    one.add_argument(
        "seed", type=whole(0), nargs="?", help="which day; the same seed is the same day"
    )
    one.add_argument(
        "--keep",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="put a failing run into seeds.txt",
    )
    one.add_argument("--night", action="store_true", help="seeds until stopped")
    one.add_argument("--minutes", type=span, metavar="M", help="with --night: no longer than this")
    one.add_argument(
        "--from", dest="first", type=whole(0), default=1, help="with --night: first seed"
    )
    one.add_argument("--json", type=new_file, metavar="FILE", help="write the figures")
    check = tasks.add_parser("check", help="a range of seeds, up to the first that fails")
    check.add_argument("--seeds", type=_range, required=True, metavar="A-B")
    for task, jobs in ((one, processors()), (check, 1)):
        task.add_argument("--sales", type=whole(1), default=SALES, help="sales of a day")
        task.add_argument(
            "--fault", action="append", default=[], metavar="NAME[:FORCE]", help="add it"
        )
        task.add_argument("--without", action="append", default=[], metavar="NAME", help="not it")
        task.add_argument("--until", type=span, metavar="S", help="no faults after S seconds")
        task.add_argument("--jobs", type=whole(1), default=jobs, help="processes at a time")
    arguments = parser.parse_args(argv)
    if arguments.task == "simulate" and (arguments.seed is not None) == arguments.night:
        parser.error("either a seed or --night is needed; nothing was simulated")
    return arguments


def main(argv: list[str] | None = None) -> int:
    """Run; the exit code is 1 where a rule was broken, 2 where it could not be tried."""
    arguments = _arguments(argv)
    try:
        with ends_at_once(INTERRUPTED_WORDS):
            if arguments.task == "check":
                return _check(arguments)
            return _night(arguments) if arguments.night else _one(arguments)
    except (UnknownFaultError, SeedsError) as error:
        _warn(str(error))
        return 2


if __name__ == "__main__":
    sys.exit(main())
