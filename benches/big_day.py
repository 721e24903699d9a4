"""A big day in a real journal, written without a server: the engine decides, the journal appends.

It is what the bookkeeper does, batch after batch, with batches as large as memory likes: every
command is decided and posted to the books, every fact becomes a chained record, every answer is
stored. No links, threads or waiting, so a hundred thousand sales take a minute, not an afternoon.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import define, field

from actors.journal import Entry, Journal
from countertop.config import Config
from countertop.seed import DEMO_RULES, DEMO_TAXES, MANAGER
from engine.books import Books, decide, forget_archive, post
from engine.catalog import ChangeItem, CodeEntry, Item
from engine.decision import EVENTS, SYSTEM, Command, Fact
from engine.order.commands import AddLine, CompleteOrder, TenderCash
from engine.record import NewRecord
from engine.requests import effects_of
from engine.settings import ConfigureStore, DefineRegister, RegisterSetup, SetTaxClasses
from engine.staff import AddOperator, DefineRole, SignOn
from engine.stamp import Stamp
from engine.till import CloseTill, CountTill, Denomination, OpenTill
from engine.wire import canonical, unstructure

REGISTER, OPERATOR = "1", "mia"
BUSINESS_DATE = "2026-06-02"
GOODS = (("bread", 350, "reduced"), ("milk", 129, "reduced"), ("wine", 799, "standard"))
FLOAT = (Denomination(1_000, 10),)
_BEGIN_NS = 1_780_380_000 * 10**9  # eight in the morning by the shop's clock
_OFFSET_S = 7_200
_STEP_NS = 100_000_000
_BATCH_SALES = 2_000
Told = Callable[[int, int], None]
"""Called with (sales so far, of how many) now and then."""


@define(eq=False)
class DayWriter:
    """Writes commands of one register into a journal that no server has open."""

    journal: Journal
    books: Books = field(factory=Books)
    commands: int = 0
    _entries: list[Entry] = field(factory=list)
    _versions: dict[str, int] = field(factory=dict)

    def do(self, body: Any, operator: str = OPERATOR) -> dict[str, Any]:
        """Decide and post one command that is accepted; its answer. Durable after `flush`."""
        self.commands += 1
        stamp = Stamp(_BEGIN_NS + self.commands * _STEP_NS, _OFFSET_S, BUSINESS_DATE)
        command = Command(f"day-{self.commands:09}", REGISTER, operator, body, stamp)
        decision = decide(command, self.books)
        assert decision.refused is None, f"{body} was refused: {decision.refused}"
        records = [self._posted(fact, command) for fact in decision.facts]
        effects = effects_of(command, decision.facts, self.books)
        records += [self._posted(fact, command) for fact in effects]
        body_hash = hashlib.sha256(canonical(unstructure(body))).digest()
        answer = canonical({"ok": True, "data": decision.answer})
        self._entries.append(Entry(command.id, body_hash, answer, tuple(records)))
        return decision.answer

    def _posted(self, fact: Fact, command: Command) -> NewRecord:
        self.books.position += 1
        post(self.books, fact, command.stamp)
        version = self._versions[fact.stream] = self._versions.get(fact.stream, 0) + 1
        return NewRecord(
            "live",
            fact.stream,
            version,
            EVENTS.name_of(fact.event),
            command.id,
            command.operator,
            command.register,
            command.stamp,
            unstructure(fact.event),
        )

    def sell(self, number: int) -> None:
        """One article for cash, with change every other time."""
        code, price_minor, _ = GOODS[number % len(GOODS)]
        self.do(AddLine(code))
        self.do(TenderCash(price_minor + number % 2 * 200))
        self.do(CompleteOrder())

    def flush(self) -> None:
        """Make everything so far durable, in one transaction; called between two sales."""
        self.journal.append(self._entries)
        self._entries = []
        if self.journal.needs_wal_checkpoint():
            self.journal.checkpoint_wal()
        forget_archive(self.books)
        # Sold orders are not heard of again; the few streams that last keep their count.
        for stream in [name for name in self._versions if name.startswith("order/")]:
            del self._versions[stream]


def day_config(directory: Path) -> Config:
    """The configuration of a store on `directory/data`, in one process and without devices."""
    return Config(str(directory / "data"), "bench", one_process=True, reserve_mib=0)


def open_shop(writer: DayWriter) -> None:
    """Rules, one register, three articles, a manager signed on, a float of 100.00 in the till."""
    writer.do(ConfigureStore(DEMO_RULES), SYSTEM)
    writer.do(SetTaxClasses(DEMO_TAXES), SYSTEM)
    writer.do(DefineRegister(RegisterSetup(REGISTER, "Front")), SYSTEM)
    writer.do(DefineRole("manager", MANAGER), SYSTEM)
    writer.do(AddOperator(OPERATOR, OPERATOR, "manager", pin_hash="none"), SYSTEM)
    for name, price_minor, tax_class in GOODS:
        price_micros = price_minor * 10_000
        codes = (CodeEntry(name),)
        item = Item(name, name.title(), "Food", tax_class, price_micros, codes=codes)
        writer.do(ChangeItem(item), SYSTEM)
    writer.do(SignOn(OPERATOR, pin_correct=True))
    writer.do(OpenTill(FLOAT))


def write_day(directory: Path, sales: int, told: Told = lambda _done, _total: None) -> Books:
    """A new store in `directory` with a day of `sales`, its till counted and closed but no Z yet.

    Returns the books as they were when the last record was written.
    """
    config = day_config(directory)
    config.data.mkdir(parents=True)
    with Journal.open(config.journal_path, store_id=config.store_id, reserve_bytes=0) as journal:
        writer = DayWriter(journal)
        open_shop(writer)
        for number in range(sales):
            writer.sell(number)
            if number % _BATCH_SALES == _BATCH_SALES - 1:
                writer.flush()
                told(number + 1, sales)
        writer.do(CountTill((Denomination(100, 1),)))
        writer.do(CloseTill())
        writer.flush()
        told(sales, sales)
        return writer.books
