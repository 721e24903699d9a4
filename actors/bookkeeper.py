"""The bookkeeper: the one writer. Drains what waits, decides without waiting, appends once,
then answers. Nothing it says is visible before it is durable."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import structlog
import trio

from actors.anchor_keeper import CheckAnchor, Checked
from actors.anchors import SHOWN_DIGITS, head_of, judge
from actors.asks import (
    Committed,
    Followers,
    PinHashOf,
    ReadAside,
    ReadCatalog,
    ReadEndingDays,
    ReadPaylinks,
    ReadPayments,
    ReadPending,
    ReadRecords,
    ReadStored,
    Reply,
    SegmentReady,
    Submit,
)
from actors.batch import Batch, Pending
from actors.history import fetch_order, save_snapshot
from actors.journal import Journal
from actors.journal_batch import Entry
from actors.limits import BATCH_COMMANDS_MAX, DISK_CHECK_NS, SNAPSHOT_EVERY_RECORDS
from actors.lookups import Lookups
from actors.mailbox import Envelope, Mailbox
from actors.messages import DeviceStatus
from actors.repeats import hash_of, is_repeat
from actors.terminal_messages import Progress
from actors.world import World
from engine.books import Books, decide, forget_archive, needs, post
from engine.decision import COMMANDS, EVENTS, SYSTEM, Approval, Command, Decision, Fact
from engine.order.events import OrderCompleted, OrderVoided
from engine.order.state import Order
from engine.personal import personal_fields
from engine.queries import QUERIES, ExplainOrder, GetOrder, GetReceipt
from engine.record import HeadMark, Kind, NewRecord
from engine.register import DayClosed
from engine.requests import effects_of
from engine.staff import SignOn
from engine.stamp import Stamp
from engine.wire import WireError, canonical, parse, structure, unstructure

log = structlog.get_logger()
_UNSET_ZONE = "UTC"
Seal = Callable[[Any, str, str], Any]
"""(event, command id, path) -> the event with tokens in its personal fields."""


class Bookkeeper:
    """*Owns* the books and the journal. *Receives* `Submit`, `PinHashOf`, `ReadPending`,
    `ReadPayments`, `ReadAside`, `ReadStored`, `ReadEndingDays`, `ReadPaylinks`, `ReadRecords`,
    `ReadCatalog`, `SegmentReady`, `DeviceStatus`, `Progress`, `CheckAnchor`. *Sends* `Reply` to
    whoever asked and `Committed` to its followers.
    *If it dies* the process ends, and replay restores what was promised.
    """

    address = "bookkeeper"

    def __init__(
        self,
        journal: Journal,
        books: Books,
        data_dir: Path,
        *,
        seal: Seal,
        secret: bytes,
        followers: Followers | None = None,
        first: Followers | None = None,
    ) -> None:
        self.journal = journal
        self.books = books
        # What terminals did while this process was not there, nobody here knows.
        books.payments.lasts.clear()
        self.data_dir = data_dir
        self._seal = seal
        # Made once: to begin anew with a key takes longer than what is hashed with it.
        self._keyed = hmac.new(secret, digestmod="sha256")
        self._followers = followers or {}
        self._first = first or {}
        self._versions: dict[str, int] = {}
        self._disk_checked_ns: int | None = None
        self._snapshot_position = books.position
        self._last_orders: dict[str, Order] = {}
        self.lookups = Lookups(books, journal, self._last_orders)
        self.batches = 0
        self.commands = 0
        self.refusals = 0
        self.faults = 0

    async def run(self, mailbox: Mailbox, post_office: Any, world: World) -> None:
        """Live until cancelled."""
        waiting: list[Pending] = []
        while True:
            first = [] if waiting else [await mailbox.get()]
            room = max(0, BATCH_COMMANDS_MAX - len(waiting) - len(first))
            for envelope in (*first, *mailbox.drain_nowait(room)):
                entry = self._take(envelope, world)
                if entry is not None:
                    waiting.append(entry)
            self._check_disk(world)
            if waiting:
                batch = await self._decide_all(waiting, world)
                waiting = batch.deferred
                await self._settle(batch, post_office, world)

    # --------------------------------------------------------------------------- taking them in

    def _take(self, envelope: Envelope, world: World) -> Pending | None:
        """A submission to decide, or None where the message was dealt with at once."""
        body = envelope.body
        match body:
            case Submit():
                return Pending(envelope, body)
            case DeviceStatus():
                self.lookups.heard(body, world.monotonic_ns())
            case PinHashOf():
                person = self.books.staff.operators.get(body.operator)
                envelope.answer("" if person is None else person.pin_hash)
            case ReadPending():
                envelope.answer(tuple(self.books.outbox.values()))
            case ReadPayments() | ReadStored() | ReadPaylinks() | ReadEndingDays():
                envelope.answer(self.lookups.asked_about(body))
            case ReadAside():
                envelope.answer(self.lookups.aside(world.monotonic_ns()))
            case Progress():
                self.lookups.progress[body.request_id] = body
            case ReadRecords():
                envelope.answer(tuple(self.journal.read(body.after, body.limit)))
            case ReadCatalog():
                envelope.answer(self.books.catalog)
            case CheckAnchor():
                held = body.anchor
                finding = None if held is None else judge(body.node, held, self.journal)
                envelope.answer(Checked(head_of(self.journal), finding))
            case SegmentReady():
                self.books.segments = {body.segment_hash: body.book}
                envelope.answer(True)
            case _:
                log.warning("message_not_understood", kind=type(body).__name__)
        return None

    # --------------------------------------------------------------------------------- deciding

    async def _decide_all(self, waiting: list[Pending], world: World) -> Batch:
        batch = Batch()
        for entry in waiting:
            self._prepare(entry, batch)
        await self._fetch(batch, world)
        blocked: set[str] = set()
        for entry in batch.pending:
            register = entry.submit.register
            if register in blocked:
                batch.deferred.append(entry)
            elif not self._decide_one(entry, batch, world):
                blocked.add(register)
                batch.deferred.append(entry)
        return batch

    def _prepare(self, entry: Pending, batch: Batch) -> None:
        """Structure the body; answer repeats; join a repeat of an id in flight."""
        submit = entry.submit
        entry.joined = None
        registry = QUERIES if submit.is_query else COMMANDS
        if entry.body is None:
            try:
                entry.body = structure(submit.data, registry.class_of(submit.name))
            except WireError as error:
                entry.envelope.answer(_fault("invalid_data", "; ".join(error.problems)))
                return
        if submit.is_query:
            batch.pending.append(entry)
            return
        if not entry.body_hash:
            entry.body_hash = hash_of(submit, entry.body, self._keyed)
        first = batch.by_id.get(submit.id)
        if first is not None:
            if first.body_hash == entry.body_hash:
                entry.joined = first
                batch.pending.append(entry)
            else:
                entry.envelope.answer(_reused(submit.id))
            return
        known = self.journal.answer_of(submit.id)
        if known is not None:
            body_hash, answer = known
            head = self.journal.head()
            same = is_repeat(body_hash, submit, entry.body, self._keyed)
            stored = structure(parse(answer), Reply).at(head.position, head.epoch)
            entry.envelope.answer(stored if same else _reused(submit.id))
            return
        batch.by_id[submit.id] = entry
        batch.pending.append(entry)

    async def _fetch(self, batch: Batch, world: World) -> None:
        """Bring every ended order the batch looks back at into the archive."""
        missing: set[str] = set()
        for entry in batch.pending:
            missing |= self._wanted(entry)
        for order_id in sorted(missing):
            order = await world.in_thread(fetch_order, self.journal, order_id)
            if order is not None:
                self.books.archive[order_id] = order

    def _wanted(self, entry: Pending) -> frozenset[str]:
        if entry.joined is not None:
            return frozenset()
        if entry.submit.is_query:
            match entry.body:
                case GetOrder() | ExplainOrder() | GetReceipt():
                    books, wanted = self.books, entry.body.order_id
                    known = wanted in books.archive or wanted in books.live.orders
                    known = known or wanted in books.training.orders
                    return frozenset() if known else frozenset((wanted,))
                case _:
                    return frozenset()
        return needs(entry.submit.register, entry.body, self.books)

    def _command(self, entry: Pending, world: World) -> Command:
        submit = entry.submit
        operator = SYSTEM if submit.admin else self.books.staff.signed_on.get(submit.register, "")
        approval = None
        if submit.approver:
            approval = Approval(submit.approver, submit.approver_pin_correct)
        head = self.journal.head()
        mark = HeadMark(head.position, head.hash.hex()[:SHOWN_DIGITS]) if head.position else None
        return Command(
            submit.id, submit.register, operator, entry.body, self._stamp(world), approval, mark
        )

    def _stamp(self, world: World) -> Stamp:
        rules = self.books.settings.rules
        if rules is None:
            return world.stamp(_UNSET_ZONE, 0)
        return world.stamp(rules.time_zone, rules.cutoff_s)

    def _decide_one(self, entry: Pending, batch: Batch, world: World) -> bool:
        """Decide one; False where it needs something this batch did not fetch."""
        if entry.joined is not None:
            # A repeat of what waits for the next batch waits with it, or nobody would answer it.
            return entry.joined not in batch.deferred
        if entry.submit.is_query:
            entry.reply = self._look(entry, world)
            return True
        wanted = needs(entry.submit.register, entry.body, self.books)
        if wanted and not wanted <= self._absent(wanted):
            return False
        command = self._command(entry, world)
        try:
            decision = self._sealed(decide(command, self.books), command.id)
        except MemoryError:
            raise
        except Exception:
            self.faults += 1
            log.exception("engine_fault", command=entry.submit.name, id=command.id)
            entry.reply = _fault(
                "engine_fault",
                "The store could not decide this. Nothing was changed. Try another way and "
                "report the time of this message.",
            )
            return True
        self._accept(entry, command, decision, batch)
        return True

    def _sealed(self, decision: Decision, command_id: str) -> Decision:
        """Tokens in place of personal text, before anything is posted or journaled."""
        if not any(personal_fields(type(fact.event)) for fact in decision.facts):
            return decision
        facts = tuple(
            attrs.evolve(fact, event=self._seal(fact.event, command_id, str(number)))
            if personal_fields(type(fact.event))
            else fact
            for number, fact in enumerate(decision.facts, 1)
        )
        return attrs.evolve(decision, facts=facts)

    def _absent(self, wanted: frozenset[str]) -> frozenset[str]:
        """Those of `wanted` that were looked for and do not exist."""
        return frozenset(w for w in wanted if self.journal.stream_version(f"order/{w}") == 0)

    def _accept(self, entry: Pending, command: Command, decision: Decision, batch: Batch) -> None:
        """Post the facts at once; the answer waits for the append."""
        self.commands += 1
        facts = decision.facts
        self._post(facts, command.stamp)
        effects = self._effects(command, facts) if decision.refused is None else ()
        self._post(effects, command.stamp)
        records = tuple(self._record(fact, command) for fact in (*facts, *effects))
        self._note(command, facts, batch)
        if decision.refused is not None:
            self.refusals += 1
            refused = {"code": decision.refused.code, "fields": decision.refused.fields}
            reply = Reply(ok=False, refusal=refused)
        else:
            reply = Reply(ok=True, data=decision.answer)
        entry.reply = reply.at(self.books.position)
        if records or decision.refused is None:
            answer = canonical(unstructure(reply))
            batch.entries.append(Entry(command.id, entry.body_hash, answer, records))
            batch.records.extend(records)

    def _effects(self, command: Command, facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
        """What the facts ask of the world. A receipt that cannot be made must not undo its sale,
        nor end the process each time the command is repeated: it can be printed again later."""
        try:
            return effects_of(command, facts, self.books)
        except MemoryError:
            raise
        except Exception:
            self.faults += 1
            log.exception("effects_lost", id=command.id)
            return ()

    def _post(self, facts: tuple[Fact, ...], stamp: Stamp) -> None:
        """Make facts part of the books, which are ahead of the journal until the append."""
        for fact in facts:
            self.books.position += 1
            post(self.books, fact, stamp)

    def _note(self, command: Command, facts: tuple[Fact, ...], batch: Batch) -> None:
        if facts:
            batch.registers.add(command.register)
        for fact in facts:
            match fact.event:
                case OrderCompleted():
                    self._last_orders[command.register] = self.books.archive[fact.event.order_id]
                case OrderVoided() | SignOn():
                    self._last_orders.pop(command.register, None)
                case DayClosed():
                    batch.day_closed = True
                case _:
                    pass
            if not fact.stream.startswith("order/"):
                continue
            side = self.books.side(training=fact.training)
            order = side.orders.get(fact.stream.removeprefix("order/"))
            if order is not None:
                # It may have moved to another register since this one asked for what came of it.
                batch.registers.add(order.register)
            if side.current(command.register):
                self._last_orders.pop(command.register, None)

    def _record(self, fact: Fact, command: Command) -> NewRecord:
        version = self._versions.get(fact.stream)
        if version is None:
            version = self.journal.stream_version(fact.stream)
        self._versions[fact.stream] = version + 1
        kind: Kind = "training" if fact.training else "live"
        return NewRecord(
            kind,
            fact.stream,
            version + 1,
            EVENTS.name_of(fact.event),
            command.id,
            command.operator,
            command.register,
            command.stamp,
            unstructure(fact.event),
        )

    def _look(self, entry: Pending, world: World) -> Reply:
        try:
            reply = self.lookups.answer(entry.submit, entry.body, world)
            return reply.at(self.books.position)
        except Exception:
            self.faults += 1
            log.exception("engine_fault", query=entry.submit.name)
            return _fault("engine_fault", "The store could not answer this. Nothing was changed.")

    # --------------------------------------------------------------------------------- settling

    async def _settle(self, batch: Batch, post_office: Any, world: World) -> None:
        """Append once, then release every answer of the batch."""
        before = self.journal.head().position
        if batch.entries:
            self.batches += 1
            await world.briefly(self.journal.append, batch.entries)
        head = self.journal.head()
        assert head.position == self.books.position, "every record posted was appended"
        news = self._news(batch, before) if head.position > before else None
        if news is not None and _told(news, self._first, post_office):
            # They act in this turn, and whoever is answered or only looks on in the next.
            await trio.lowlevel.checkpoint()
        for entry in batch.pending:
            if entry in batch.deferred:
                continue
            source = entry if entry.joined is None else entry.joined
            if source.reply is None:
                continue
            position = source.reply.position or head.position
            entry.envelope.answer(source.reply.at(position, head.epoch))
        if news is not None:
            _told(news, self._followers, post_office)
        await self._housekeeping(batch, world)

    def _news(self, batch: Batch, before: int) -> Committed:
        epoch = self.journal.head().epoch
        records = tuple(
            record.at(before + number, epoch) for number, record in enumerate(batch.records, 1)
        )
        return Committed(epoch, self.books.position, records, frozenset(batch.registers))

    async def _housekeeping(self, batch: Batch, world: World) -> None:
        if not batch.deferred:
            forget_archive(self.books)
        if len(self._versions) > 20_000:
            self._versions.clear()
        if self.journal.needs_wal_checkpoint():
            await world.in_thread(self.journal.checkpoint_wal)
        due = self.books.position - self._snapshot_position >= SNAPSHOT_EVERY_RECORDS
        if batch.day_closed:
            await world.in_thread(self.journal.checkpoint)
        if due or batch.day_closed:
            await world.in_thread(self._save_snapshot)

    def _save_snapshot(self) -> None:
        """Spare the next start its long replay; that it cannot be written stops nobody selling."""
        self._snapshot_position = self.books.position
        try:
            save_snapshot(self.journal, self.data_dir, self.books)
        except OSError as error:
            log.warning("snapshot_not_written", reason=str(error))

    def _check_disk(self, world: World) -> None:
        now_ns = world.monotonic_ns()
        checked = self._disk_checked_ns
        if checked is not None and now_ns - checked < DISK_CHECK_NS:
            return
        self._disk_checked_ns = now_ns
        if self.books.disk_nearly_full:
            self.journal.restore_reserve()
        full = self.journal.is_nearly_full()
        if full and not self.books.disk_nearly_full:
            log.error("disk_nearly_full", free_bytes=self.journal.free_bytes())
            self.journal.release_reserve()
        self.books.disk_nearly_full = full
        self.lookups.disk_nearly_full = full

    def close(self) -> None:
        """Write a last snapshot and close the journal; called when the node stops, however.

        After a failed or cancelled append the books know what nobody was promised: no snapshot.
        """
        journaled = self.books.position == self.journal.head().position
        if journaled and self.books.position > self._snapshot_position:
            self._save_snapshot()
        self.journal.close()


def _told(news: Committed, followers: Followers, post_office: Any) -> bool:
    """Tell those whom it concerns; whether there was one."""
    concerned = [
        follower for follower, concerns in followers.items() if concerns is None or concerns(news)
    ]
    for follower in concerned:
        post_office.tell_nowait(follower, news)
    return bool(concerned)


def _fault(code: str, detail: str) -> Reply:
    return Reply(ok=False, fault=code, detail=detail)


def _reused(command_id: str) -> Reply:
    return _fault(
        "command_id_reused",
        f"The id {command_id} was used before for another command. Nothing was done. "
        "Give every new command an id of its own.",
    )
