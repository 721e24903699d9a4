"""kill -9 of the store server at random moments while four tills sell, without any network."""

from __future__ import annotations

import random
from collections import Counter as Tally
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import trio
from attrs import define, field

from actors.asks import Reply
from actors.history import load_books
from countertop.config import Config
from engine.record import Record
from engine.wire import canonical, unstructure
from tests.store.harness import (
    Shop,
    StoreProcess,
    assert_verified,
    eventually,
    insist,
    interfaces,
    offline,
    open_journal,
    open_link,
    own_config,
    receipt_numbers,
)

KILLS = 10
SALES_EACH = 8
TILLS = (("till-a", "1"), ("till-b", "1"), ("till-c", "2"), ("till-d", "3"))
CODES = ("milk", "bread", "wine", "book")


@define
class Answered:
    """One command and what the store said to it, however often it had to be asked."""

    command_id: str
    register: str
    name: str
    reply: Reply


@define
class Storm:
    """What the tills were told during the storm, and what the journal holds afterwards."""

    config: Config
    seed: int
    answers: list[Answered] = field(factory=list)
    kills: int = 0
    networks: set[str] = field(factory=set)
    records: list[Record] = field(factory=list)
    stored: dict[str, bytes] = field(factory=dict)
    repeats: list[tuple[Reply, Reply]] = field(factory=list)

    def has(self, count: int) -> bool:
        """Whether that many answers have come."""
        return len(self.answers) >= count

    def accepted(self, name: str) -> list[Answered]:
        """The commands of a kind that were accepted."""
        return [a for a in self.answers if a.name == name and a.reply.ok]

    def has_sold(self, each: int) -> bool:
        """Whether that many sales were completed at every register."""
        sold = Tally(a.register for a in self.accepted("order.complete"))
        return all(sold[register] >= each for _, register in TILLS)


async def _sell(shop: Shop, register: str, storm: Storm, stop: trio.Event) -> None:
    """Sell until told to stop; another till may be at the same register, so refusals may come."""
    dice = random.Random(f"{storm.seed} {shop.node.name}")
    while not stop.is_set():
        codes = [dice.choice(CODES) for _ in range(dice.randint(1, 4))]
        steps: list[tuple[str, dict[str, Any]]] = [
            ("order.add_line", {"code": code}) for code in codes
        ]
        steps += [("order.tender_cash", {"amount_minor": 100_00}), ("order.complete", {})]
        for name, data in steps:
            identity, reply = await insist(shop, name, register, data)
            storm.answers.append(Answered(identity, register, name, reply))


async def _kill_again_and_again(server: StoreProcess, storm: Storm) -> None:
    """Kill when enough was answered since the start and a little later, or hardly after it."""
    dice = random.Random(storm.seed)
    while storm.kills < KILLS:
        server.start()
        before = len(storm.answers)
        if dice.random() < 0.2:
            await trio.sleep(dice.uniform(0.02, 0.2))
        else:
            wanted = before + dice.randint(5, 80)
            await eventually(partial(storm.has, wanted), "tills that sell again")
            await trio.sleep(dice.uniform(0, 0.02))
        assert server.process is not None
        assert server.process.poll() is None, "the server ended by itself"
        if storm.answers[before:]:
            storm.networks |= interfaces(server.process.pid)
        server.kill()
        storm.kills += 1
    server.start()


async def _run(storm: Storm, server: StoreProcess) -> None:
    stop = trio.Event()
    async with trio.open_nursery() as links, open_link(storm.config, "office") as office:
        server.start()
        await insist(office, "store.state", "_office", {})
        await office.seed(registers=("1", "2", "3"))
        for register in ("1", "2", "3"):
            await office.open_register(register)
        server.kill()

        async def till(name: str, register: str) -> None:
            async with open_link(storm.config, name) as shop:
                await _sell(shop, register, storm, stop)

        for name, register in TILLS:
            links.start_soon(till, name, register)
        await _kill_again_and_again(server, storm)
        last = len(storm.answers)
        await eventually(partial(storm.has, last + 50), "tills that sell at the end")
        # On a slow machine ten kills can be over before a till on its own has sold much.
        await eventually(partial(storm.has_sold, SALES_EACH), "sales at every register")
        stop.set()
        for answered in storm.accepted("order.complete")[::4]:
            _, again = await insist(
                office, answered.name, answered.register, {}, command_id=answered.command_id
            )
            storm.repeats.append((answered.reply, again))
    assert server.stop() == 0


@pytest.fixture(scope="module")
def storm() -> Iterator[Storm]:
    """One storm for all the questions asked about it."""
    with TemporaryDirectory(prefix="shop-") as folder:
        config = own_config(Path(folder), one_process=False)
        found = Storm(config, seed=random.SystemRandom().randrange(10**9))
        server = StoreProcess(config, alone=offline())
        try:
            trio.run(_run, found, server)
        finally:
            server.__exit__()
        with open_journal(config) as journal:
            found.records = journal.read(0, 10_000_000)
            for answered in found.answers:
                entry = journal.answer_of(answered.command_id)
                if entry is not None:
                    found.stored[answered.command_id] = entry[1]
        yield found


@pytest.mark.feature("NEW-03", part="kill -9")
@pytest.mark.feature("OFF-05", part="kill -9")
def test_no_acknowledged_sale_is_lost_or_doubled(storm: Storm) -> None:
    """Every accepted command is in the journal exactly once, with the answer that was given."""
    assert storm.kills >= 8
    sold = {a.reply.data["order_id"]: a.reply.data for a in storm.accepted("order.complete")}
    assert len(sold) > 20, f"seed {storm.seed}: too little was sold to prove anything"
    completed = [r for r in storm.records if r.name == "order.completed/1"]
    assert Tally(r.data["order_id"] for r in completed) == Tally(list(sold)), f"seed {storm.seed}"
    for record in completed:
        told = sold[record.data["order_id"]]
        assert record.data["receipt_number"] == told["receipt_number"]
        assert record.data["figures"]["total_minor"] == told["total_minor"]
    added = Tally(r.command_id for r in storm.records if r.name == "order.line_added/1")
    assert added == Tally(a.command_id for a in storm.accepted("order.add_line"))
    for answered in storm.answers:
        if answered.reply.ok:
            plain = Reply(ok=True, data=answered.reply.data)
            assert storm.stored[answered.command_id] == canonical(unstructure(plain))


def test_what_was_answered_is_answered_again_the_same(storm: Storm) -> None:
    """After all the kills a repeat of a command gets the answer it got the first time."""
    assert storm.repeats
    for first, again in storm.repeats:
        assert (again.ok, again.data) == (True, first.data)


@pytest.mark.feature("RCP-04")
def test_receipt_numbers_have_no_gap(storm: Storm) -> None:
    """After crashes, with no network and with two devices on register 1: 1, 2, 3 … everywhere."""
    assert storm.networks == {"lo"}, "the server had no network but its own loopback"
    for register in ("1", "2", "3"):
        numbers = receipt_numbers(storm.records, register)
        assert len(numbers) >= SALES_EACH, f"seed {storm.seed}"
        assert numbers == list(range(1, len(numbers) + 1)), f"seed {storm.seed}"
        told = [
            int(a.reply.data["receipt_number"].rpartition("-")[2])
            for a in storm.accepted("order.complete")
            if a.register == register
        ]
        assert sorted(told) == numbers


def test_the_totals_are_those_of_the_answers(storm: Storm) -> None:
    """What the registers' totals and tills came to is the sum of what was acknowledged."""
    with open_journal(storm.config) as journal:
        books = load_books(journal, storm.config.data, use_snapshot=False)
    for register in ("1", "2", "3"):
        told = sum(
            a.reply.data["total_minor"]
            for a in storm.accepted("order.complete")
            if a.register == register
        )
        assert books.live.till(register).cash_sales_minor == told
        assert books.live.position(register).totals.total_minor == told


def test_the_journal_of_a_storm_is_whole(storm: Storm) -> None:
    """The independent verifier finds nothing wrong with what ten kills left."""
    assert_verified(storm.config)
