"""A store server of a bench's own: a real process on a real disk, set up through its own doors."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import trio
from attrs import define, frozen

from actors.world import SystemWorld
from benches.load import LoadError, Place
from countertop.doors_file import OpenDoors, read_doors
from countertop.remote import import_catalog
from countertop.secrets import tokens
from countertop.seed import DEMO_RULES, DEMO_TAXES, seed_registers, seed_rules
from engine.settings import RegisterSetup, TaxClass
from engine.staff import Right
from protocols.front.client import open_client
from protocols.front.tokens import Tokens

ROOT = Path(__file__).resolve().parents[1]
PIN = "2580"
LOAD_ROLE = "load_tester"
LOAD_RIGHTS = (
    Right.SELL,
    Right.VOID_ORDER,
    Right.TILL,
    Right.EXPECTED_CASH,
    Right.X_REPORT,
    Right.Z_REPORT,
)
START_S = 60.0
END_S = 20.0
IN_MEMORY = frozenset(("tmpfs", "ramfs", "overlay"))


@define(eq=False)
class OwnStore:
    """A running `countertop serve`."""

    data: Path
    process: subprocess.Popen[str]
    doors: OpenDoors
    tokens: Tokens

    @property
    def pid(self) -> int:
        """The store node; its children are not counted."""
        return self.process.pid


@contextlib.contextmanager
def work_directory(parent: Path | None = None) -> Iterator[Path]:
    """A new directory with a short name on a disk, removed afterwards."""
    places = [parent] if parent else [Path(tempfile.gettempdir()), Path("/var/tmp"), Path.cwd()]
    place = next((entry for entry in places if file_system(entry) not in IN_MEMORY), places[0])
    directory = Path(tempfile.mkdtemp(prefix="load-", dir=place))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def file_system(path: Path) -> str:
    """The kind of file system `path` is on, "" where the system does not say."""
    try:
        rows = [row.split() for row in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return ""
    found = [row for row in rows if path.resolve().is_relative_to(row[1])]
    return max(found, key=lambda row: len(row[1]))[2] if found else ""


@contextlib.contextmanager
def own_store(directory: Path, *, one_process: bool = False, more: str = "") -> Iterator[OwnStore]:
    """`countertop serve` on `directory/data` for as long as the block lasts; its log is beside.
    Its nodes are processes of their own, or all in one; `more` is added to its configuration.

    Raises:
        LoadError: it did not start; says where its log is.
    """
    data = directory / "data"
    config, log = directory / "store.toml", directory / "store.log"
    config.write_text(
        f'data_dir = "{data}"\nstore_id = "bench"\nreserve_mib = 0\n'
        f"one_process = {str(one_process).lower()}\n\n[doors]\nhttp_port = 0\n{more}"
    )
    with log.open("a") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "countertop", "serve", str(config)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        assert process.stdout is not None
        # Its one line of output comes when the doors are open.
        ready, _, _ = select.select([process.stdout], [], [], START_S)
        line = process.stdout.readline() if ready else ""
        doors = read_doors(data / "run")
        if not line or doors is None:
            raise LoadError(
                f"the store did not start; its log says why:\n{log.read_text()[-2000:]}"
            )
        yield OwnStore(data, process, doors, tokens(data, SystemWorld()))
    finally:
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


# ------------------------------------------------------------------------------------- setting up


async def as_administrator(url: str, token: str, work: Callable[..., Awaitable[None]]) -> None:
    """Call `work(do)`, where `do(name, data)` sends one command of the administrator."""
    world = SystemWorld()
    async with open_client(url, token, client="load", world=world) as client:

        async def do(name: str, data: dict[str, Any]) -> Any:
            return (await client.command(name, **data)).data

        await work(do)


def set_up(
    store: OwnStore,
    places: Sequence[Place],
    catalog: Path,
    taxes: tuple[TaxClass, ...] = DEMO_TAXES,
) -> None:
    """Rules, tax classes, roles, registers, one operator a register, and the catalog of a file."""

    async def rules(do: Any) -> None:
        await seed_rules(do, DEMO_RULES, taxes)
        await add_places(do, places)

    url, token = store.doors.nng, store.tokens.admin
    trio.run(as_administrator, url, token, rules)
    import_catalog(catalog, store.data, check_only=False, say=lambda _: None, progress=_quietly)


async def add_places(do: Any, places: Sequence[Place]) -> None:
    """Registers `places`, each with an operator who may close it and check it against its X."""
    rights = [right.value for right in LOAD_RIGHTS]
    await do("staff.define_role", {"role": LOAD_ROLE, "rights": rights})
    setups = [RegisterSetup(entry.register, f"Register {entry.register}") for entry in places]
    await seed_registers(do, tuple(setups))
    for entry in places:
        person = {"operator": entry.operator, "name": entry.operator}
        await do("staff.add_operator", {**person, "role": LOAD_ROLE, "pin": entry.pin})


def import_by_command(store: OwnStore, file: Path) -> tuple[float, str]:
    """`countertop import catalog` as a person runs it: its seconds, and what it said.

    Raises:
        LoadError: it failed; says how.
    """
    command = [sys.executable, "-m", "countertop", "import", "catalog", str(file)]
    begun = time.perf_counter()
    done = subprocess.run(
        [*command, "--data", str(store.data)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    elapsed_s = time.perf_counter() - begun
    if done.returncode:
        raise LoadError(f"the import failed: {done.stderr.strip()}")
    return elapsed_s, done.stdout


def _quietly(_: str, __: str) -> Callable[[int, int], None]:
    return lambda _done, _total: None


# -------------------------------------------------------------------------------------- measuring


@frozen
class Usage:
    """What a process has used so far: CPU in microseconds, memory now in MB."""

    cpu_us: int
    resident_mb: float


def usage_of(pid: int) -> Usage | None:
    """The usage of a process by /proc, or None where there is no telling."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        rows = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    status = dict(row.split(":", 1) for row in rows if ":" in row)
    ticks = int(stat[11]) + int(stat[12])
    resident = int(status["VmRSS"].split()[0]) / 1_024
    return Usage(ticks * 1_000_000 // os.sysconf("SC_CLK_TCK"), resident)
