"""A Saturday at the store: how many sales a second its registers make, and how long they wait.

`python -m benches.saturday` starts a store of its own on a disk and sells at 50 registers as fast
as answers come: order, eight scans, cash, complete; each command its own round trip, each durable.
With `--rate` commands are due at fixed moments and their times count from then.

`python -m benches.saturday --data DIR` (or `--url URL --token-file FILE`) loads a running store
instead: at its registers, or with `--prepare` at new ones. It leaves the day open there. The Zs, or
there the X reports, must equal what the tester reckons it sold; exit code 1 where anything is not
right.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import json
import random
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import trio
from attrs import define, field

from actors.world import SystemWorld
from benches import journal, link
from benches.load import LoadError, Place, Plan, Tally, open_crew
from benches.own_store import (
    PIN,
    OwnStore,
    Usage,
    add_places,
    as_administrator,
    file_system,
    own_store,
    set_up,
    usage_of,
    work_directory,
)
from countertop.doors_file import read_doors
from countertop.secrets import tokens
from countertop.seed import DEMO_CATALOG

SCANS = 8
BASKETS = 997
SHARES = (("p50", 0.5), ("p99", 0.99), ("max", 1.0))


@define(eq=False)
class Result:
    """One load and what stood beside it in the same run."""

    tally: Tally
    disk: str = ""
    before: Usage | None = None
    after: Usage | None = None
    zs: dict[str, dict[str, Any]] = field(factory=dict)
    limits: dict[str, int] = field(factory=dict)

    def figures(self) -> dict[str, Any]:
        """Everything as plain data."""
        tally = self.tally
        found: dict[str, Any] = {
            "sales": tally.sales,
            "commands": tally.commands,
            "elapsed_s": round(tally.elapsed_s, 3),
            "sales_per_s": round(tally.sales / tally.elapsed_s, 1),
            "commands_per_s": round(tally.commands / tally.elapsed_s, 1),
            "disk": self.disk,
        }
        for name in sorted(tally.waits_ns):
            found[name] = {
                title: round(tally.percentile_ms(name, share), 2) for title, share in SHARES
            }
        if self.before is not None and self.after is not None:
            spent = self.after.cpu_us - self.before.cpu_us
            found["server_cpu_us_per_command"] = spent // max(1, tally.commands)
            found["client_cpu_us_per_command"] = tally.cpu_us // max(1, tally.commands)
            found["server_cores"] = round(spent / 1e6 / tally.elapsed_s, 2)
            found["server_resident_mb"] = round(self.after.resident_mb, 1)
        for name, per_s in self.limits.items():
            found[name] = per_s
            found[f"commands_per_{name}"] = round(found["commands_per_s"] / max(1, per_s), 3)
        found["total_minor"] = sum(entry.total_minor for entry in tally.sums.values())
        found["errors"] = dict(sorted(tally.errors.items()))
        found["digest"] = self.digest()
        return found

    def digest(self) -> str:
        """What was sold at each register: the same in every run of the same size."""
        rows = [entry.line(register) for register, entry in sorted(self.tally.sums.items())]
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16]

    def lines(self) -> list[str]:
        """The report."""
        found = self.figures()
        rows = [
            f"{found['sales']:,} sales, {found['commands']:,} commands in {found['elapsed_s']} s",
            f"{found['sales_per_s']:>12,} sales/s",
            f"{found['commands_per_s']:>12,} commands/s",
        ]
        for name in sorted(self.tally.waits_ns):
            times = "  ".join(f"{title} {value:>8.2f}" for title, value in found[name].items())
            rows.append(f"{name:<20} {times}  ms")
        if "server_resident_mb" in found:
            rows.append(
                f"store node           {found['server_cpu_us_per_command']} us CPU a command, "
                f"{found['server_cores']} cores, {found['server_resident_mb']} MB resident"
            )
            rows.append(
                f"this tester          {found['client_cpu_us_per_command']} us CPU a command"
            )
        for name, per_s in self.limits.items():
            ratio = found[f"commands_per_{name}"]
            rows.append(f"{name:<20} {per_s:>9,}/s   commands/s are {ratio} of it")
        rows.append(f"disk                 {found['disk'] or 'of the store that was loaded'}")
        rows += [f"ERROR {count:>6} x {name}" for name, count in found["errors"].items()]
        if not found["errors"]:
            what = "Z" if self.zs else "X"
            rows.append(f"every {what} equals the sum of what was sold: {found['total_minor']:,}")
        return [*rows, f"digest {found['digest']}"]


# ----------------------------------------------------------------------------------- what to sell


def read_catalog(path: Path) -> dict[str, int]:
    """Code to price in minor units, of the pieces in a catalog file."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        return {
            code: int(row["price_minor"])
            for row in csv.DictReader(file)
            if row.get("unit", "piece") == "piece" and not row.get("open_price")
            for code in [row.get("codes", "").split(" ")[0] or row.get("gtin", "")]
            if code and row["price_minor"]
        }


def made_baskets(codes: list[str]) -> tuple[tuple[str, ...], ...]:
    """Baskets of eight codes, the same in every run."""
    chance = random.Random(11)
    return tuple(tuple(chance.choices(codes, k=SCANS)) for _ in range(BASKETS))


def read_baskets(path: Path) -> tuple[tuple[str, ...], ...]:
    """One basket a line: codes between commas or blanks; gzip too.

    Raises:
        LoadError: there is none in the file.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        found = tuple(tuple(line.replace(",", " ").split()) for line in file if line.strip())
    if not found:
        raise LoadError(f"{path} holds no basket")
    return found


def places_of(registers: int, prefix: str, operator: str, pin: str) -> tuple[Place, ...]:
    """Registers `prefix`1 … with an operator each, or all with the one that is given."""
    return tuple(
        Place(f"{prefix}{n}", operator or f"load{prefix}{n}", pin) for n in range(1, registers + 1)
    )


# --------------------------------------------------------------------------------------- running


async def _load(url: str, token: str, plan: Plan, result: Result, pid: int, *, close: bool) -> None:
    async with open_crew(url, token, plan) as crew:
        result.before = usage_of(pid) if pid else None
        await crew.sell()
        result.after = usage_of(pid) if pid else None
        if close:
            result.zs = await crew.close_day()
        result.tally = crew.tally


def load_store(store: OwnStore, plan: Plan, *, websocket: bool = False) -> Result:
    """Put a plan on a store of one's own, and make its Zs."""
    result = Result(Tally(), file_system(store.data))
    url = store.doors.websocket if websocket else store.doors.nng
    trio.run(partial(_load, url, store.tokens.front, plan, result, store.pid, close=True))
    return result


def run_own(options: argparse.Namespace) -> Result:
    """Start a store, load it, and measure the limits beside it."""
    prices = read_catalog(DEMO_CATALOG)
    baskets = read_baskets(options.baskets) if options.baskets else made_baskets(sorted(prices))
    places = places_of(options.registers, "", "", PIN)
    plan = Plan(places, baskets, options.orders, options.duration, options.rate, prices)
    with work_directory(options.dir) as directory:
        syncs = journal.measure_sync(directory, 50 if options.tiny else 1_000)
        with own_store(directory) as store:
            set_up(store, places, DEMO_CATALOG)
            result = load_store(store, plan, websocket=options.websocket)
    messages = 100 if options.tiny else 10_000
    raw, stock = link.round_trips(min(options.registers, 32), messages)
    result.limits = {"raw_round_trips": raw, "stock_pynng": stock, "fdatasync": syncs}
    return result


def _read_token(file: Path) -> str:
    """Raises LoadError: nothing can be read there, or it is no token."""
    try:
        return file.read_text("ascii").strip()
    except (OSError, UnicodeError) as error:
        raise LoadError(f"{file} cannot be read as a token ({error}); nothing was sold") from None


def run_aimed(options: argparse.Namespace) -> Result:
    """Load a store that runs already.

    Raises:
        LoadError: there is none, or it cannot be sold at.
    """
    url, token, admin = options.url, "", ""
    if options.data:
        doors = read_doors(options.data / "run")
        if doors is None:
            raise LoadError(f"no store is running on {options.data}")
        url = url or (doors.websocket if options.websocket else doors.nng)
        keys = tokens(options.data, SystemWorld())
        token, admin = keys.front, keys.admin
    if options.token_file:
        token = _read_token(options.token_file)
    if options.admin_token_file:
        admin = _read_token(options.admin_token_file)
    if options.prepare and not admin:
        raise LoadError("to prepare registers, name --data or an --admin-token-file")
    if not token:
        raise LoadError("name the store's --data directory or a --token-file")
    prefix = "L" if options.prepare else ""
    pin = options.pin or PIN
    places = places_of(options.registers, prefix, options.operator, pin)
    if options.prepare:
        trio.run(as_administrator, url, admin, partial(add_places, places=places))
    catalog = read_catalog(options.catalog)
    baskets = read_baskets(options.baskets) if options.baskets else made_baskets(sorted(catalog))
    plan = Plan(places, baskets, options.orders, options.duration, options.rate)
    result = Result(Tally())
    trio.run(partial(_load, url, token, plan, result, options.pid, close=False))
    return result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="benches.saturday",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--registers", type=int, default=50, help="how many sell at the same time")
    add("--orders", type=int, default=0, help="orders a register (40 of a store of its own)")
    add("--duration", type=float, default=0.0, help="seconds to sell, instead of orders")
    add("--rate", type=float, default=0.0, help="commands a second over all registers")
    add("--baskets", type=Path, help="a file with one basket of codes a line; .gz too")
    add("--websocket", action="store_true", help="over WebSocket instead of nng")
    add("--json", action="store_true", help="print one JSON object")
    add("--tiny", action="store_true", help="two registers, a few orders")
    add("--dir", type=Path, help="where the store of its own is put, for its disk")
    aimed = parser.add_argument_group("a running store")
    aimed.add_argument("--url", default="", help="ipc://, tcp:// or ws:// of its door")
    aimed.add_argument("--data", type=Path, help="its data directory, for address and tokens")
    aimed.add_argument("--token-file", type=Path, help="a file with a token in hexadecimal digits")
    aimed.add_argument("--admin-token-file", type=Path, help="the same, for --prepare")
    aimed.add_argument("--prepare", action="store_true", help="add registers L1 … and operators")
    aimed.add_argument("--operator", default="", help="who signs on everywhere, if registers exist")
    aimed.add_argument("--pin", default="", help="that operator's PIN")
    aimed.add_argument("--catalog", type=Path, default=DEMO_CATALOG, help="codes to sell")
    aimed.add_argument(
        "--pid", type=int, default=0, help="its store node, to measure CPU and memory"
    )
    return parser


def _options(arguments: list[str] | None) -> argparse.Namespace:
    options = _parser().parse_args(arguments)
    if options.tiny:
        options.registers, options.orders = 2, 3
    elif not options.orders and not options.duration and not options.baskets:
        options.orders = 40
    return options


def _alone(error: BaseException) -> Iterator[BaseException]:
    """What a group of groups holds."""
    if isinstance(error, BaseExceptionGroup):
        for entry in error.exceptions:
            yield from _alone(entry)
    else:
        yield error


def report(options: argparse.Namespace) -> Result:
    """Run as the options say.

    Raises:
        LoadError: nothing was loaded; says why.
    """
    try:
        return run_aimed(options) if options.url or options.data else run_own(options)
    except BaseExceptionGroup as group:
        for error in _alone(group):
            if isinstance(error, LoadError):
                raise error from None
        raise


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; 1 where a sum or an answer was wrong."""
    options = _options(arguments)
    try:
        result = report(options)
    except LoadError as error:
        sys.exit(f"benches.saturday: {error}")
    if options.json:
        print(json.dumps(result.figures()))
    else:
        print("\n".join(result.lines()))
    return 1 if result.tally.errors else 0


if __name__ == "__main__":
    sys.exit(main())
