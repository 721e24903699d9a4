"""Cards cut off: `python -m tests.cuts [KIND …] [--every K] [--only NAME] [--dialogue NAME]`.

    memory   the wire cut after every byte in both directions, in the simulated machine
    real     the same on real sockets and ptys: ZVT over TCP and serial, nexo over TLS
    kills    a kill, a power cut or a pulled cable at every await point from intent to commit
    cards    kill -9 of real processes over the same, on real files, at every step of their tasks

All of them where none is named. `--only` takes a carrier, a harm, or one of each. `--every K` takes
each K-th, and of bytes always the first and the last; `--shard K/N` takes one part of N, which add
up to all. Each cut ends with the order's tenders held against the terminal's own books, and each
register's day with its Z and the terminal's end of day.
Exit code: 0 nothing was charged twice and nothing is left open, 1 something was.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import trio

from tests.arguments import new_file, shard, whole
from tests.crash.building import NoShimError
from tests.crash.rig import Rig, open_rig
from tests.cuts import cards
from tests.cuts.dialogues import DIALOGUES, Dialogue, dialogues_of
from tests.cuts.far_ends import REAL, SIMULATED
from tests.cuts.kills import HARMS, Sweep
from tests.cuts.stage import quiet
from tests.cuts.wires import LANES, WHOLE, Tally, in_memory, on_real
from tests.stopping import GIVEN_UP, ends_at_once, exit_with

KINDS = ("memory", "real", "kills", "cards")
_CARRIERS = (*SIMULATED, *REAL)
_BOTH = (False, True)


def say(line: str) -> None:
    """A line of the result, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _keeps(carrier: str) -> tuple[bool, ...]:
    """A ZVT terminal may or may not keep what was not acknowledged."""
    return _BOTH if carrier.startswith("zvt") else (False,)


def _chosen(dialogues: tuple[Dialogue, ...], names: list[str]) -> tuple[Dialogue, ...]:
    return tuple(one for one in dialogues if not names or one.name in names)


def _of(carriers: tuple[str, ...], options: argparse.Namespace) -> list[str]:
    """The carriers that are wanted, where what is done to them has no name."""
    return [carrier for carrier, _ in _pairs(carriers, ("",), options)]


def _pairs(
    carriers: tuple[str, ...], harms: tuple[str, ...], options: argparse.Namespace
) -> list[tuple[str, str]]:
    """Which harm is wanted on which carrier."""
    wanted = [set(options.only).intersection(names) for names in (_CARRIERS, HARMS)]
    return [
        (carrier, harm)
        for carrier in carriers
        for harm in harms
        if carrier in (wanted[0] or {carrier}) and harm in (wanted[1] or {harm})
    ]


def _memory(options: argparse.Namespace) -> dict[str, Tally]:
    found = {}
    for carrier in _of(SIMULATED, options):
        tally = found[carrier] = Tally()
        for dialogue in _chosen(dialogues_of(carrier), options.dialogue):
            cut = partial(in_memory, carrier, dialogue, step=options.every, shard=options.shard)
            tally.add(cut(keeps=_keeps(carrier), tell=say))
    return found


def _real(options: argparse.Namespace) -> dict[str, Tally]:
    found = {}
    quiet()
    for carrier in _of(REAL, options):
        tally = found[carrier] = Tally()
        chosen = _chosen(dialogues_of(carrier), options.dialogue)
        with tempfile.TemporaryDirectory(prefix="cuts-") as folder:
            cut = partial(
                on_real,
                carrier,
                chosen,
                Path(folder),
                step=options.every,
                keeps=_keeps(carrier),
                shard=options.shard,
                lanes=options.lanes or LANES,
                tell=say,
            )
            for one in trio.run(cut).values():
                tally.add(one)
    return found


def _kills(options: argparse.Namespace) -> dict[str, Tally]:
    found = {}
    for carrier, harm in _pairs(SIMULATED, HARMS, options):
        tally = found[f"{harm}, {carrier}"] = Tally()
        for dialogue in _chosen(dialogues_of(carrier), options.dialogue):
            for keeps in _keeps(carrier):
                sweep = Sweep(dialogue, harm, options.every, carrier, keeps=keeps)
                tally.add(sweep.run(say))
    return found


def _cards(options: argparse.Namespace) -> dict[str, Tally]:
    quiet()
    with open_rig() as rig:
        return trio.run(_sweep_cards, rig, options)


async def _sweep_cards(rig: Rig, options: argparse.Namespace) -> dict[str, Tally]:
    found = {}
    for carrier, harm in _pairs(cards.CARRIERS, tuple(cards.VICTIMS), options):
        tally = found[f"{harm}, {carrier}"] = Tally()
        chosen = _chosen(cards.swept(carrier), options.dialogue)
        for keeps in _keeps(carrier):
            sweep = cards.CardSweep(
                rig,
                cards.VICTIMS[harm],
                carrier,
                chosen,
                options.every,
                options.first,
                options.lanes or cards.LANES,
                keeps=keeps,
                tell=say,
            )
            tally.add(await sweep.run())
    return found


_IN_ONE_WORLD = ("memory", "kills")
"""In these an interrupt would be one more thing that cuts a payment off."""
_RUNS = {"memory": _memory, "real": _real, "kills": _kills, "cards": _cards}
_WHAT = {
    "kills": "card payments with {} at {} await point from intent to commit",
    "cards": "card payments of real processes, {} at {} step of their tasks",
}
_CUTS = "cuts of the wire, {}, at {} byte, both ways"


def rows(
    kind: str,
    found: dict[str, Tally],
    command: str,
    every: int = 1,
    shard: tuple[int, int] = WHOLE,
) -> list[dict[str, Any]]:
    """What a kind of cuts came to, a row for each carrier or harm."""
    made = []
    each = "every" if every == 1 else f"one in {every}"
    for name, tally in found.items():
        what = _WHAT.get(kind, _CUTS).format(name, each)
        what += f"; dialogues: {len(tally.by)}"
        if shard != WHOLE:
            what += f" (shard {shard[0]}/{shard[1]})"
        figure = (
            f"{tally.second_charges} second charges, {tally.unresolved} unresolved of "
            f"{tally.struck:,}"
        )
        if tally.wrong:
            figure += f"; {len(tally.wrong)} wrong, the first: {tally.wrong[0][:160]}"
        made.append(
            {"what": what, "figure": figure, "aim": "0, 0", "ok": tally.ok, "command": command}
        )
    return made


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.cuts", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)}")
    parser.add_argument("--every", type=whole(1), default=1, metavar="K")
    parser.add_argument("--dialogue", action="append", default=[], metavar="NAME")
    parser.add_argument("--only", action="append", default=[], metavar="CARRIER_OR_HARM")
    parser.add_argument(
        "--from", type=whole(1), default=1, dest="first", metavar="N", help="of cards"
    )
    parser.add_argument("--lanes", type=whole(0), default=0, help="registers, or stores, at once")
    parser.add_argument("--shard", type=shard, default=WHOLE, metavar="K/N", help="of bytes")
    words = "end well, with nothing cut, where real processes cannot be broken here"
    parser.add_argument("--if-installed", action="store_true", help=words)
    parser.add_argument("--json", type=new_file, metavar="FILE")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.kinds) - set(KINDS))
    unknown += sorted(set(options.dialogue) - {one.name for one in DIALOGUES})
    unknown += sorted(set(options.only) - {*_CARRIERS, *HARMS})
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}; nothing was cut")
    kinds = options.kinds or KINDS
    command = f"python -m tests.cuts {' '.join(kinds)}"
    command += "".join(f" --only '{name}'" for name in options.only)
    command += "".join(f" --dialogue '{name}'" for name in options.dialogue)
    if options.every > 1:
        command += f" --every {options.every}"
    if options.shard != WHOLE:
        command += " --shard {}/{}".format(*options.shard)
    began, table = time.monotonic(), []
    for kind in kinds:
        try:
            with ends_at_once(GIVEN_UP) if kind in _IN_ONE_WORLD else nullcontext():
                found = _RUNS[kind](options)
        except NoShimError as error:
            say(str(error))
            return 0 if options.if_installed else 2
        for name, tally in found.items():
            by = ", ".join(f"{count:,} {dialogue}" for dialogue, count in tally.by.items())
            say(f"{name}: {by}; {tally.closes} days closed; {tally.listed:,} tried again by hand")
        table += rows(kind, found, command, options.every, options.shard)
    seconds = time.monotonic() - began
    for row in table:
        say(f"{'  ' if row['ok'] else '! '}{row['what']}: {row['figure']} (aim: {row['aim']})")
    say(f"  {seconds:.0f} s; repeat: {command}")
    if options.json is not None:
        written = {"part": "cuts", "seconds": seconds, "rows": table}
        options.json.write_text(json.dumps(written, indent=1) + "\n")
    return 0 if table and all(row["ok"] for row in table) else 1


if __name__ == "__main__":
    exit_with(main)
