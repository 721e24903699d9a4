"""The test shop behind a real bookkeeper and a real journal; commands come one to three times."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any

import attrs
import trio
import trio.testing
from attrs import define, field

from actors.asks import Reply, Submit
from actors.bookkeeper import Bookkeeper
from actors.history import fact_of, fetch_order, load_books
from actors.journal import Journal
from actors.journal_batch import Entry
from actors.mailbox import Envelope, Mailbox
from actors.world import ManualWorld
from engine.books import Books
from engine.decision import COMMANDS, EVENTS, Decision, Fact, Refused
from engine.image import state_hash
from engine.order.state import Order
from engine.record import NewRecord
from engine.stamp import Stamp
from engine.wire import canonical, unstructure
from tests.shop import START_NS, Shop

_SECRET = bytes(32)
_HOUR_NS = 3_600 * 1_000_000_000


@define(eq=False)
class JournaledShop:
    """A `Shop` whose books are the bookkeeper's. `random` says how often each command is sent:
    again in the same batch or after its answer. Used up in one example, then `close`d."""

    folder: Path
    random: Random
    world: ManualWorld = field(factory=lambda: ManualWorld(start_ns=START_NS + _HOUR_NS))
    sent: list[tuple[Submit, bytes]] = field(factory=list)
    journal: Journal = field(init=False)
    keeper: Bookkeeper = field(init=False)

    @staticmethod
    def selling(random: Random, **rules: Any) -> JournaledShop:
        """The same shop as `Shop.selling`, its facts in a journal of its own."""
        folder = Path(tempfile.mkdtemp(prefix="countertop-machine-"))
        shutil.copytree(_stocked(tuple(sorted(rules.items()))), folder, dirs_exist_ok=True)
        shop = JournaledShop(folder, random)
        shop.start()
        return shop

    def start(self) -> None:
        """Open the journal, replay it, and put a bookkeeper before it."""
        self.journal = Journal.open(self.folder / "journal.db", reserve_bytes=0)
        books = load_books(self.journal, self.folder)
        self.keeper = Bookkeeper(
            self.journal, books, self.folder, seal=lambda event, *_: event, secret=_SECRET
        )

    def restart(self, *, in_order: bool) -> None:
        """Stop, in order with a snapshot or not, and start again from the same files."""
        before = state_hash(self.books)
        if in_order:
            self.keeper.close()
        else:
            self.journal.close()
        self.start()
        assert state_hash(self.books) == before

    def close(self) -> None:
        """Leave nothing behind."""
        self.journal.close()
        shutil.rmtree(self.folder)

    # ---------------------------------------------------------------------------- what a Shop has

    @property
    def books(self) -> Books:
        """The bookkeeper's books."""
        return self.keeper.books

    def stamp(self) -> Stamp:
        """The world's moment, where the shop is."""
        return self.world.stamp("Europe/Berlin", 0)

    def when(self, body: Any, register: str = "1") -> Decision:
        """Send a command once to three times; every answer is the first one, to the byte."""
        self.world.advance(1)
        name = COMMANDS.name_of(body)
        submit = Submit(self.world.new_id(), register, name, unstructure(body))
        before = self.journal.head().position
        times, together = self.random.choice((1, 2, 3)), self.random.random() < 0.5
        if together:
            replies = self.submit(*[submit] * times)
        else:
            replies = [self.submit(submit)[0] for _ in range(times)]
        first = replies[0]
        assert first.fault == "", first
        assert {answer_bytes(reply) for reply in replies} == {answer_bytes(first)}
        if not first.ok:
            assert first.refusal is not None
            assert self.journal.head().position == before, "a refusal left something behind"
            return Decision(refused=Refused(**first.refusal))
        self.sent.append((submit, answer_bytes(first)))
        return Decision(answer=first.data)

    def ok(self, body: Any, register: str = "1") -> Any:
        """As `when`, and it is accepted; its answer."""
        decision = self.when(body, register)
        assert decision.refused is None, decision
        return decision.answer

    def order(self, order_id: str) -> Order:
        """An order, open or as its own stream in the journal tells it."""
        for side in (self.books.live, self.books.training):
            if order_id in side.orders:
                return side.orders[order_id]
        order = fetch_order(self.journal, order_id)
        assert order is not None
        return order

    @property
    def facts(self) -> list[Fact]:
        """Everything the journal holds, oldest first."""
        return [fact_of(record) for record in self.journal.read(0, 1_000_000)]

    def events(self, kind: type) -> list[Any]:
        """Every fact of a kind so far, oldest first."""
        return [fact.event for fact in self.facts if isinstance(fact.event, kind)]

    def replayed(self) -> Books:
        """New books from the journal alone."""
        return load_books(self.journal, self.folder, use_snapshot=False)

    # ------------------------------------------------------------------------------ the repeats

    def submit(self, *submits: Submit) -> list[Reply]:
        """Let the bookkeeper find these waiting together; their answers, once all is settled."""
        answers: dict[int, Any] = {}

        async def turn() -> None:
            mailbox = Mailbox(Bookkeeper.address, self.world)
            for number, submit in enumerate(submits):
                reply = partial(_kept, answers, number)
                mailbox.put_nowait(Envelope(submit.id, mailbox.address, "machine", submit, reply))
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.keeper.run, mailbox, None, self.world)
                await trio.testing.wait_all_tasks_blocked()
                nursery.cancel_scope.cancel()

        trio.run(turn)
        return [answers[number] for number in range(len(submits))]

    def repeat(self, which: int) -> None:
        """Send one of the accepted commands yet again: the first answer, and nothing happens."""
        if not self.sent:
            return
        submit, answer = self.sent[which % len(self.sent)]
        before, head = state_hash(self.books), self.journal.head()
        (reply,) = self.submit(submit)
        assert answer_bytes(reply) == answer
        assert (state_hash(self.books), self.journal.head()) == (before, head)

    def reuse(self, which: int, other: Any, register: str) -> None:
        """Send another command under an id that was used: refused as such, and nothing happens."""
        if not self.sent:
            return
        used, _ = self.sent[which % len(self.sent)]
        name, data = COMMANDS.name_of(other), unstructure(other)
        if (used.name, used.data, used.register) == (name, data, register):
            return
        before, head = state_hash(self.books), self.journal.head()
        (reply,) = self.submit(Submit(used.id, register, name, data))
        assert (reply.ok, reply.fault) == (False, "command_id_reused")
        assert (state_hash(self.books), self.journal.head()) == (before, head)


def _kept(answers: dict[int, Any], number: int, answer: object) -> bool:
    answers[number] = answer
    return True


def answer_bytes(reply: Reply) -> bytes:
    """What a reply says, without where the journal stood when it said so."""
    return canonical(unstructure(attrs.evolve(reply, epoch=0, position=0)))


@cache
def _stocked(rules: tuple[tuple[str, Any], ...]) -> Path:
    """A folder with a journal that holds what `Shop.selling` posts; made once for all examples."""
    folder = Path(tempfile.mkdtemp(prefix="countertop-stocked-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    versions: dict[str, int] = {}
    records = []
    for fact, stamp in Shop.selling(**dict(rules)).posted:
        versions[fact.stream] = version = versions.get(fact.stream, 0) + 1
        name, data = EVENTS.name_of(fact.event), unstructure(fact.event)
        records.append(NewRecord("live", fact.stream, version, name, "seed", "", "", stamp, data))
    with Journal.open(folder / "journal.db", store_id="shop-1", reserve_bytes=0) as journal:
        journal.append([Entry("seed", bytes(32), b"{}", tuple(records))])
    return folder
