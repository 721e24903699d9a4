"""Whole stores for tests: in this process or in one that can be killed, with simulated devices."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any, Self

import attrs
import pytest
import trio
from attrs import define, field

from actors.asks import Ask, Reply, Submit
from actors.disk import SYSTEM_DISK
from actors.errors import PostError
from actors.journal import Journal
from actors.journal_read import read_chained
from actors.link import RawDialer
from actors.links import Links
from actors.mailbox import Envelope, OneShot, value_or_raise
from actors.node import Node
from actors.register import OFFICE
from actors.world import SystemWorld, World
from countertop.config import Config, to_data
from countertop.counter import Counter
from countertop.store import Store, open_store, run_store
from engine.image import state_hash
from engine.record import Record
from engine.wire import unstructure
from hardware.printer.fake import PrinterFake
from hardware.printer.render import to_text
from hardware.terminal.zvt.fake import TerminalFake
from tests.shop import CASHIER, EVERYTHING, ITEMS, TAXES, rules
from tests.store import server
from tests.warm import Forked, run_verifier

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 20.0
ALONE = ("unshare", "-n")
"""What a superuser puts before a command that shall have no network."""
FLOAT = [{"value_minor": 1000, "count": 10}]
PEOPLE = (("ana", "Ana Alder", "cashier", "1111"), ("max", "Max Maple", "manager", "1234"))


class WaitedInVainError(AssertionError):
    """Something that should have happened did not within `PATIENCE_S`."""


async def eventually(condition: Any, what: str, patience_s: float = PATIENCE_S) -> Any:
    """Wait until `condition()`, awaited where it can be, is true; its value."""
    with trio.move_on_after(patience_s):
        while True:
            value = condition()
            if hasattr(value, "__await__"):
                value = await value
            if value:
                return value
            await trio.sleep(0.01)
    raise WaitedInVainError(f"waited in vain for {what}")


@define(eq=False)
class Shop:
    """Asks a store as a door would; `node` is the store's own or one that is linked to it."""

    node: Node
    world: World

    async def ask(
        self,
        name: str,
        register: str = "1",
        data: dict[str, Any] | None = None,
        *,
        command_id: str = "",
        query: bool = False,
        admin: bool = False,
        approver: str = "",
        approver_pin: str = "",
        timeout_s: float = PATIENCE_S,
    ) -> Reply:
        """Send one command or query and return whatever came back."""
        identity = command_id or self.world.new_id()
        ask = Ask(identity, register, name, data or {}, query, admin, approver, approver_pin)
        reply = await self.node.ask(f"register/{register}", ask, timeout_s=timeout_s)
        assert isinstance(reply, Reply)
        return reply

    async def do(self, name: str, register: str = "1", /, **data: Any) -> Any:
        """Send a command that is accepted; its answer."""
        reply = await self.ask(name, register, data)
        assert reply.ok, f"{name}: {reply.refusal or reply.fault} {reply.detail}"
        return reply.data

    async def refused(self, name: str, register: str = "1", /, **data: Any) -> str:
        """Send a command that is refused; the code."""
        reply = await self.ask(name, register, data)
        assert reply.refusal is not None, f"{name} was not refused: {reply}"
        return str(reply.refusal["code"])

    async def look(
        self, name: str, register: str = "1", /, *, admin: bool = False, **data: Any
    ) -> Any:
        """Send a query that is answered; its data."""
        reply = await self.ask(name, register, data, query=True, admin=admin)
        assert reply.ok, f"{name}: {reply.refusal or reply.fault} {reply.detail}"
        return reply.data

    async def office(self, name: str, /, **data: Any) -> Any:
        """Send a command as the administrator; its answer."""
        reply = await self.ask(name, OFFICE, data, admin=True)
        assert reply.ok, f"{name}: {reply.refusal or reply.fault} {reply.detail}"
        return reply.data

    async def seed(self, *, devices: bool = False, registers: Sequence[str] = ("1", "2")) -> None:
        """Set up the test shop: rules, taxes, registers, a cashier, a manager and items."""
        await self.office("settings.configure_store", rules=unstructure(rules()))
        await self.office("settings.set_tax_classes", classes=unstructure(TAXES))
        for register in registers:
            kinds = ("printer", "drawer", "display", "scanner", "terminal")
            has = devices and register == "1"
            places = {kind: f"{kind}/1" if has else "" for kind in kinds}
            setup = {"id": register, "name": f"Register {register}", **places}
            await self.office("settings.define_register", setup=setup)
        for role, rights in (("cashier", CASHIER), ("manager", EVERYTHING)):
            await self.office("staff.define_role", role=role, rights=[r.value for r in rights])
        for operator, name, role, pin in PEOPLE:
            await self.office(
                "staff.add_operator", operator=operator, name=name, role=role, pin=pin
            )
        for item in ITEMS:
            await self.office("catalog.change_item", item=unstructure(item))

    async def open_register(self, register: str = "1", operator: str = "max") -> None:
        """Sign on and open the till with a float of 100.00; either may be so already."""
        await eventually(lambda: self._is_there(register), f"register/{register}")
        pin = next(pin for name, _, _, pin in PEOPLE if name == operator)
        await self.do("staff.sign_on", register, operator=operator, pin=pin)
        state = await self.look("register.state", register)
        if not state["till"]["is_open"]:
            await self.do("till.open", register, denominations=FLOAT)

    async def _is_there(self, register: str) -> bool:
        try:
            await self.ask("register.state", register, query=True)
        except PostError:
            return False
        return True

    async def sell(
        self, *codes: str, register: str = "1", paid_minor: int = 5000
    ) -> dict[str, Any]:
        """Ring up codes (one bread where none is named) and take cash; the answer of the end."""
        for code in codes or ("bread",):
            await self.do("order.add_line", register, code=code)
        await self.do("order.tender_cash", register, amount_minor=paid_minor)
        answer: dict[str, Any] = await self.do("order.complete", register)
        return answer

    async def queue(self, register: str = "1") -> list[dict[str, Any]]:
        """What the register shows to be on its way to its devices."""
        entries: list[dict[str, Any]] = (await self.look("register.state", register))["queue"]
        return entries


@define(eq=False)
class OwnShop(Shop):
    """A store in this process, with everything of it to look at."""

    store: Store

    def hash(self) -> str:
        """The state hash of the books as they are."""
        return state_hash(self.store.books)

    def records(self, *names: str) -> list[Record]:
        """Every journaled fact, of the named kinds where any are named."""
        journal = self.store.journal
        # By a connection of its own: the store's may be writing in its thread just now.
        with contextlib.closing(SYSTEM_DISK.connect(journal.path, readonly=True)) as db:
            found = [one.record for one in read_chained(db, journal.path, journal.store_id, 0, -1)]
        return [record for record in found if not names or record.name in names]

    async def together(self, *submits: Submit) -> list[Reply]:
        """Have the bookkeeper find all of these waiting at once; their replies in that order."""
        mailbox = self.node.mailbox("bookkeeper")
        assert mailbox is not None
        answers = []
        for submit in submits:
            answer = OneShot()
            envelope = Envelope(self.world.new_id(), "bookkeeper", "test", submit)
            envelope.reply = self.node.counting(answer)
            mailbox.put_nowait(envelope)
            answers.append(answer)
        with trio.fail_after(PATIENCE_S):
            return [_reply(value_or_raise(await answer.wait())) for answer in answers]

    def submit(self, name: str, register: str = "1", /, **data: Any) -> Submit:
        """A command as a register hands it to the bookkeeper."""
        return Submit(self.world.new_id(), register, name, data)

    def query(self, name: str, register: str = "1", /, **data: Any) -> Submit:
        """A query as a register hands it on."""
        return Submit(self.world.new_id(), register, name, data, is_query=True)


def _reply(value: object) -> Reply:
    assert isinstance(value, Reply)
    return value


def own_config(folder: Path, **changes: Any) -> Config:
    """The configuration of a test store under `folder`; everything in one process."""
    base: dict[str, Any] = {"one_process": True, "reserve_mib": 0}
    return Config(str(folder / "data"), "shop-1", **{**base, **changes})


@asynccontextmanager
async def open_shop(
    folder: Path,
    *,
    counter: Counter | None = None,
    world: World | None = None,
    ready: bool = True,
    seeded: bool = True,
    config: Config | None = None,
    with_children: bool | None = None,
) -> AsyncIterator[OwnShop]:
    """A store on `folder/data` for as long as the block lasts; a second one goes on from there.

    A new one is seeded unless told not to be; with `ready` the manager is at register 1 with an
    open till. With `counter` its devices hang on register 1. Children run only where there are
    devices or it is asked for.
    """
    config = config or own_config(folder)
    if counter is not None:
        config = attrs.evolve(config, devices=counter.devices())
    children = counter is not None if with_children is None else with_children
    store = open_store(config, world or SystemWorld())
    new = seeded and store.books.settings.rules is None
    async with trio.open_nursery() as nursery:
        await nursery.start(partial(run_store, store, with_children=children))
        shop = OwnShop(store.node, store.world, store)
        if new:
            await shop.seed(devices=counter is not None)
        if ready and seeded:
            await shop.open_register()
        try:
            yield shop
        finally:
            nursery.cancel_scope.cancel()


# ------------------------------------------------------------------------------------- devices


@define(eq=False)
class CounterTop(Counter):
    """The simulated counter with a printer that may be slow, for looking at what came out."""

    bytes_per_s: int | None = None
    terminal: TerminalFake = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Put a slow printer where one is asked for."""
        super().__attrs_post_init__()
        if self.bytes_per_s is not None:
            carrier = self.printer.carrier
            self.printer = PrinterFake(carrier, bytes_per_s=self.bytes_per_s)

    def receipts(self) -> list[str]:
        """The text of every receipt that was cut off."""
        machine = self.printer.printer
        return [to_text(rows, machine.width) for rows in machine.receipts]

    def kicks(self) -> int:
        """How often the drawer was opened."""
        return len(self.printer.printer.pulses)

    async def wait_receipts(self, count: int) -> list[str]:
        """Wait for that many receipts since the beginning; their texts."""
        with trio.fail_after(PATIENCE_S):
            await self.printer.wait_receipts(count)
        return self.receipts()

    async def wait_kicks(self, count: int) -> None:
        """Wait until the drawer was opened that often since the beginning."""
        with trio.fail_after(PATIENCE_S):
            await self.printer.wait_pulses(count)


@asynccontextmanager
async def open_counter(
    folder: Path, *, bytes_per_s: int | None = None
) -> AsyncIterator[CounterTop]:
    """Simulated devices for register 1 for as long as the block lasts."""
    counter = CounterTop("1", folder / "counter", bytes_per_s=bytes_per_s)
    async with trio.open_nursery() as nursery:
        await nursery.start(counter.run)
        yield counter
        nursery.cancel_scope.cancel()


# ----------------------------------------------------------------------- a store to be killed


@define(eq=False)
class StoreProcess:
    """A store server in a process of its own, started again on the same data after a kill.

    It and its children live in `place`, which is where the kernel dumps their memory. It is forked
    from a process that has imported a store; with a `place`, or `from_nothing`, its program begins
    as in a shop, and it has in its memory what a store has.
    """

    config: Config
    children: bool = False
    place: Path | None = None
    alone: Sequence[str] = ()
    from_nothing: bool = False
    process: subprocess.Popen[str] | Forked | None = None
    starts: int = 0

    def start(self) -> None:
        """Start it; returns at once. What it says of itself goes to `server.log`."""
        self.starts += 1
        self.config.data.mkdir(parents=True, exist_ok=True)
        place = self.config.data.parent / "server.json"
        place.write_text(json.dumps(to_data(self.config)))
        words = [str(place), *(("--children",) if self.children else ())]
        told = self.config.data.parent / "server.log"
        if not (self.from_nothing or self.place) and tuple(self.alone) in ((), ALONE):
            self.process = Forked.of(server.main, *words, told=told, network=not self.alone)
            return
        with told.open("a") as log:
            self.process = subprocess.Popen(
                [*self.alone, sys.executable, "-m", "tests.store.server", *words],
                cwd=self.place or ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=subprocess.DEVNULL,
                stderr=log,
                stdin=subprocess.DEVNULL,
                text=True,
            )

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask it to end in order; its exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(PATIENCE_S)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()


@asynccontextmanager
async def open_link(config: Config, name: str) -> AsyncIterator[Shop]:
    """A shop reached over a link, as from another process; it outlives the server's restarts."""
    world = SystemWorld()
    node = Node(name, world)
    node.route("", "store")
    links = Links(node)
    links.dial(RawDialer(config.link_url), "store")
    async with trio.open_nursery() as nursery:
        await nursery.start(links.run)
        yield Shop(node, world)
        nursery.cancel_scope.cancel()


async def insist(
    shop: Shop, name: str, register: str, data: dict[str, Any], *, command_id: str = ""
) -> tuple[str, Reply]:
    """Repeat one command under one id until it is answered; the id and the answer."""
    identity = command_id or shop.world.new_id()
    with trio.fail_after(3 * PATIENCE_S):
        while True:
            try:
                reply = await shop.ask(name, register, data, command_id=identity, timeout_s=2.0)
            except PostError:
                await trio.sleep(0.02)
                continue
            return identity, reply


async def insist_on_sales(shop: Shop, count: int) -> list[str]:
    """So many sales at register 1, each command insisted on; their receipt numbers."""
    receipts = []
    for _ in range(count):
        for name, data in (
            ("order.add_line", {"code": "bread"}),
            ("order.tender_cash", {"amount_minor": 100_000}),
            ("order.complete", {}),
        ):
            _, reply = await insist(shop, name, "1", data)
            assert reply.ok, f"{name}: {reply}"
        receipts.append(str(reply.data["receipt_number"]))
    return receipts


@cache
def offline() -> tuple[str, ...]:
    """What to put before a command so that it runs with no network at all; skips without it.

    A network of its own with nothing in it: there is no way out of it, not even by name.
    """
    for prefix in (ALONE, ("unshare", "-rn")):
        with contextlib.suppress(OSError):
            if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
                return prefix
    pytest.skip("this machine cannot make a network without a way out (unshare -n)")


def interfaces(pid: int) -> set[str]:
    """The network interfaces a process sees."""
    lines = Path(f"/proc/{pid}/net/dev").read_text().splitlines()[2:]
    return {line.partition(":")[0].strip() for line in lines}


# ----------------------------------------------------------------------------- after the fact


@contextlib.contextmanager
def open_journal(config: Config) -> Iterator[Journal]:
    """The journal of a store that is down."""
    with Journal.open(config.journal_path, reserve_bytes=0) as journal:
        yield journal


def verify(config: Config, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the independent verifier on a journal."""
    return run_verifier(config.journal_path, *arguments)


def assert_verified(config: Config) -> None:
    """The independent verifier finds nothing wrong."""
    told = verify(config)
    assert told.returncode == 0, told.stdout + told.stderr


def receipt_numbers(records: Sequence[Record], register: str, kind: str = "live") -> list[int]:
    """The running numbers of a register's receipts, in the order of the journal."""
    return [
        int(record.data["receipt_number"].rpartition("-")[2])
        for record in records
        if record.name == "order.completed/1"
        and record.register == register
        and record.kind == kind
    ]


def kill_now(pid: int) -> None:
    """kill -9 a process that was started here."""
    os.kill(pid, signal.SIGKILL)
