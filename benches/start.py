"""From nothing to the first sale: how long a store takes to start, and how much memory it needs.

`python -m benches.start [--catalog FILE] [--rounds N] [--tiny]`: starts `countertop serve` on a
store that was set up before, once with the demo catalog and once with a hundred thousand articles,
and sells one of them the moment the doors are open. The big catalog comes in through `countertop
import catalog`, in a process of its own as a person runs it. Without FILE it is the real one beside
the checkout where there is one, else made up. Prints times, memory, the same start without a store
(Python and its imports alone) as the measure beside it, and a digest of what was sold.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import trio
from attrs import frozen

from actors.world import SystemWorld
from benches.load import open_line
from benches.native import FIRST_CODE, made_items
from benches.own_store import (
    PIN,
    ROOT,
    import_by_command,
    own_store,
    set_up,
    usage_of,
    work_directory,
)
from benches.saturday import places_of, read_catalog
from countertop.seed import DEMO_CATALOG

REAL_CATALOG = ROOT.parent / "shared" / "data" / "catalog_gtin_100k.csv.gz"
ARTICLES, ARTICLES_TINY = 100_000, 500
ONLY_PYTHON = "import countertop.serving"


@frozen
class Start:
    """One start: seconds until the doors were open and until the first sale was complete, and
    what was sold."""

    open_s: float
    sale_s: float
    resident_mb: float
    sold: str


async def _first_sale(url: str, token: str, code: str) -> str:
    async with open_line(url, token, "1", SystemWorld()) as line:
        rung = await line.command("order.add_line", code=code)
        total = rung["total_minor"]
        await line.command("order.tender_cash", amount_minor=total)
        done = await line.command("order.complete")
        return f"{rung['name']} {done['total_minor']}"


async def _sign_on(url: str, token: str) -> None:
    async with open_line(url, token, "1", SystemWorld()) as line:
        await line.command("staff.sign_on", operator="load1", pin=PIN)
        await line.command("till.open", denominations=[{"value_minor": 10_000, "count": 1}])


def start_once(directory: Path, code: str) -> Start:
    """Start the store in `directory` and sell one `code` at its register 1."""
    begun = time.perf_counter()
    with own_store(directory) as store:
        open_s = time.perf_counter() - begun
        sold = trio.run(_first_sale, store.doors.nng, store.tokens.front, code)
        sale_s = time.perf_counter() - begun
        usage = usage_of(store.pid)
        return Start(open_s, sale_s, usage.resident_mb if usage else 0.0, sold)


def prepare_store(directory: Path, catalog: Path | None) -> tuple[float, str]:
    """Set up a store in `directory`, signed on with an open till; seconds and words of importing
    `catalog`, if any."""
    with own_store(directory) as store:
        set_up(store, places_of(1, "", "", PIN), DEMO_CATALOG)
        trio.run(_sign_on, store.doors.nng, store.tokens.front)
        return import_by_command(store, catalog) if catalog else (0.0, "")


def only_python_s() -> float:
    """What starting Python and importing the server takes, without a store."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", ONLY_PYTHON], cwd=ROOT, check=True)
    return time.perf_counter() - begun


def made_catalog(path: Path, count: int) -> Path:
    """A CSV of made-up articles."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("gtin", "name", "price_minor", "department", "tax_class"))
        for number, item in enumerate(made_items(count)):
            price = 50 + 37 * number % 5_000
            row = (FIRST_CODE + number, item.name, price, item.department, "standard")
            writer.writerow(row)
    return path


def _line(title: str, starts: list[Start], python_s: float) -> str:
    sale_s = statistics.median(entry.sale_s for entry in starts)
    open_s = statistics.median(entry.open_s for entry in starts)
    resident_mb = max(entry.resident_mb for entry in starts)
    return (
        f"{title:<24} doors open {open_s:6.2f} s   first sale {sale_s:6.2f} s = "
        f"{sale_s / python_s:4.1f} x Python alone   {resident_mb:6.1f} MB resident"
    )


def report(*, tiny: bool, rounds: int = 3, catalog: Path | None = None) -> list[str]:
    """Measure everything; the lines to print."""
    with work_directory() as directory:
        if tiny:
            catalog, rounds = made_catalog(directory / "made.csv", ARTICLES_TINY), 1
        elif catalog is None:
            made = partial(made_catalog, directory / "made.csv", ARTICLES)
            catalog = REAL_CATALOG if REAL_CATALOG.exists() else made()
        if catalog.parent != directory:
            copy = directory / catalog.name
            copy.write_bytes(catalog.read_bytes())
            catalog = copy
        small, big = directory / "s", directory / "b"
        small.mkdir()
        big.mkdir()
        prepare_store(small, None)
        import_s, said = prepare_store(big, catalog)
        code = min(read_catalog(DEMO_CATALOG))
        python_s = statistics.median(only_python_s() for _ in range(rounds))
        few = [start_once(small, code) for _ in range(rounds)]
        many = [start_once(big, code) for _ in range(rounds)]
    items = said.rpartition("sells ")[2].partition(" ")[0]
    digest = hashlib.sha256("\n".join(entry.sold for entry in few + many).encode())
    return [
        f"{'Python and imports':<24} {python_s:17.2f} s",
        _line("demo catalog", few, python_s),
        _line(f"{items} articles", many, python_s),
        f"{'import by command':<24} {import_s:17.2f} s   {said.strip().splitlines()[-1]}",
        f"digest {digest.hexdigest()[:16]}",
    ]


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        prog="benches.start",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--catalog", type=Path, help="a CSV file to import; .gz too")
    parser.add_argument("--rounds", type=int, default=3, help="starts of each kind; medians")
    parser.add_argument("--tiny", action="store_true", help="500 articles, one start each")
    options = parser.parse_args(arguments)
    lines = report(tiny=options.tiny, rounds=options.rounds, catalog=options.catalog)
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
