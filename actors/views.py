"""Read models in a database of their own, folded from committed records and rebuilt at will.

A record that a view cannot fold quarantines that view and nothing else: selling goes on, the Z
comes from the books, and the view says up to where it may be believed. The next start folds all of
them anew, so a fold that was mended heals by itself.
"""

from __future__ import annotations

import contextlib
import math
from pathlib import Path
from typing import Any

import apsw
import structlog
import trio

from actors.asks import Committed, ReadFiled, ReadRecords, Reply, Submit
from actors.disk import SYSTEM_DISK, Disk
from actors.errors import NoAnswerError, PostError
from actors.limits import ASK_TIMEOUT_S, FOLD_QUIET_S, FOLD_WITHIN_S, VIEW_BEHIND_MAX, VIEW_CHUNK
from actors.mailbox import Envelope, Mailbox
from actors.view_clearing_reads import clearing_view, payment_fees, said_of
from actors.view_clearing_rows import count_some, counted_until
from actors.view_folds import (
    FOLDS,
    SCHEMA,
    VERSION,
    Fold,
    find_activity,
    find_receipts,
    till_counts,
    z_report,
)
from actors.world import World
from engine import queries
from engine.decision import EVENTS
from engine.queries import QUERIES
from engine.record import Record
from engine.settlement.decide import SettlementImported
from engine.settlement.model import PresentedRow
from engine.staff import Right
from engine.tax import day_of
from engine.wire import WireError, structure, unstructure

log = structlog.get_logger()
_IMPORTED = EVENTS.name_of(SettlementImported)
_READ_BY = {
    queries.FindReceipts: "receipts",
    queries.TillCounts: "counts",
    queries.ZReport: "reports",
    queries.FindActivity: "activity",
    queries.ClearingState: "clearing",
    queries.FindPaymentFees: "clearing",
}
_OF_THE_DISK = (
    OSError,
    MemoryError,
    apsw.BusyError,
    apsw.CantOpenError,
    apsw.FullError,
    apsw.IOError,
    apsw.LockedError,
    apsw.NoMemError,
    apsw.ReadOnlyError,
)
"""What fails for the machine's sake says nothing of a record: that is read again, after a pause and
from the file opened anew, or by the next process where it was memory. A damaged file is not among
it: it would be as damaged, and the view that stops on it has the next start make it anew."""


_DAMAGED = (apsw.CorruptError, apsw.NotADBError)
"""Where a page is damaged that only a question or the state reads, no view stops on it: opened as
it is, the file would be as damaged at each question. So it is removed, and folded anew."""


class ViewsFileError(Exception):
    """The views have no file to live in."""


class _FoldError(Exception):
    """A view could not fold a record."""


class ViewsActor:
    """*Owns* `views.db`. *Receives* `Committed`, `Submit` queries and `ReadFiled`. *Sends* `Reply`,
    and `ReadRecords` to the bookkeeper to catch up; who asks while much is still to be read hears
    how far it is. *If it dies*, also because its disk fails, its file is damaged or can be neither
    opened nor made anew, it tries again after a pause; selling goes on without it.
    """

    address = "views"
    _db: apsw.Connection

    def __init__(self, path: Path, history: str, disk: Disk = SYSTEM_DISK) -> None:
        """`history` names the store and its epoch: views of another one are folded anew."""
        self._path, self._history, self._disk = path, history, disk
        self.position = 0
        """Up to which record the views have read."""
        self.quarantined: dict[str, int] = {}
        self.fault = ""
        """Why there are no views at the moment; empty while there are."""
        self._state: dict[str, str] = {}
        self._is_counted = False

    def open(self) -> None:
        """Open the views, made anew where they are of another version or store, or damaged.

        Raises:
            ViewsFileError: the file can be neither used nor replaced.
        """
        try:
            self._db = _open(self._path, self._history, self._disk)
        except (OSError, apsw.Error) as error:
            self.fault = (
                f"{self._path} can be neither opened nor made anew ({error}). Selling goes on; "
                "receipts, past reports and activity cannot be searched. Remove it, or whatever "
                "stands in its place."
            )
            raise ViewsFileError(self.fault) from error
        self.fault, self.quarantined = "", {}
        self._state, self._is_counted = {}, False
        self.position = self._figure("position")

    def close(self) -> None:
        """Close the views; what could not be written any more is folded again."""
        with contextlib.suppress(apsw.Error):
            self._db.close()

    def _figure(self, key: str) -> int:
        row = self._db.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
        return int(str(row[0])) if row else 0

    def _believed(self, query: type) -> int:
        """Up to which record an answer holds: a quarantined view stopped before its record."""
        held = min(self.position, self.quarantined.get(_READ_BY[query], self.position + 1) - 1)
        counted = counted_until(self._db) if _READ_BY[query] == "clearing" else None
        return held if counted is None else min(held, counted)

    async def run(self, mailbox: Mailbox, post: Any, world: World) -> None:
        """Open, catch up, then fold what comes; answer in between."""
        await world.in_thread(self.open)
        try:
            await self._follow(mailbox, post, world)
        except _DAMAGED as error:
            log.error("views_damaged", reason=str(error))
            self.fault = f"{self._path} was damaged ({error}); it is made anew from the journal."
            self.close()
            await world.in_thread(_remove, self._path, self._disk)
            raise
        finally:
            self.close()

    async def _follow(self, mailbox: Mailbox, post: Any, world: World) -> None:
        await self._catch_up(mailbox, post, world)
        await self._count(mailbox, world)
        while True:
            records, asked = await _gather(mailbox)
            await self._take(records, mailbox, post, world)
            if asked is not None:
                await self._answer_one(asked, world)
            await self._count(mailbox, world)

    async def _answer_one(self, asked: Envelope, world: World) -> None:
        try:
            told = await world.in_thread(self._told, asked.body, world.now_ns())
        except _DAMAGED:
            words = "its file is damaged and is made anew from the journal; ask again in a moment"
            asked.answer(NoAnswerError(self.address, words))
            raise
        asked.answer(told)

    async def _take(
        self, records: tuple[Record, ...], mailbox: Mailbox, post: Any, world: World
    ) -> None:
        """Fold what was committed; where some of the news was lost, what the journal has."""
        if not records:
            return
        first, last = records[0].position, records[-1].position
        if first > self.position + 1 or last - first + 1 > len(records):
            await self._catch_up(mailbox, post, world)
        else:
            await self._fold(records, world)

    async def _count(self, mailbox: Mailbox, world: World) -> None:
        """Go on with what takes long, as long as nobody waits."""
        while not (len(mailbox) or self._is_counted or "clearing" in self.quarantined):
            await world.in_thread(self._count_some)

    def _count_some(self) -> None:
        try:
            with self._db:
                self._is_counted = not count_some(self._db)
        except _OF_THE_DISK:
            raise
        except Exception:
            log.exception("view_quarantined", view="clearing", position=self.position)
            self._quarantine("clearing", self.position)

    async def _catch_up(self, mailbox: Mailbox, post: Any, world: World) -> None:
        while True:
            try:
                records = await post.ask(
                    "bookkeeper",
                    ReadRecords(self.position, VIEW_CHUNK),
                    timeout_s=ASK_TIMEOUT_S,
                )
            except PostError:
                await world.sleep(0.1)
                continue
            if not records:
                return
            await self._fold(records, world)
            if len(mailbox) and len(records) == VIEW_CHUNK:
                await self._turn_away(mailbox, post)

    async def _turn_away(self, mailbox: Mailbox, post: Any) -> None:
        """Tell who asks that the views are being made, where that takes longer than anybody waits
        for an answer. News needs no reading: it is of records that are read from the journal."""
        status = Submit("", "", "store.status", {}, is_query=True, admin=True)
        try:
            reply: Reply = await post.ask("bookkeeper", status, timeout_s=ASK_TIMEOUT_S)
        except PostError:
            return
        head = reply.position
        if head - self.position <= VIEW_BEHIND_MAX:
            return
        asked = [e for e in mailbox.drain_nowait(len(mailbox)) if not isinstance(e.body, Committed)]
        fields = {"position": self.position, "journal_position": head}
        refusal = {"code": "views_must_be_complete", "fields": fields}
        for envelope in asked:
            if isinstance(envelope.body, Submit):
                envelope.answer(Reply(ok=False, refusal=refusal))
            else:
                words = f"they are made anew, {self.position} of {head} records are read"
                envelope.answer(NoAnswerError(self.address, words))

    async def _fold(self, records: tuple[Record, ...], world: World) -> None:
        fresh = tuple(record for record in records if record.position > self.position)
        if fresh:
            await world.in_thread(self.fold, fresh)

    def fold(self, records: tuple[Record, ...]) -> None:
        """Fold records in order; one transaction, one failing view never harms another."""
        last = records[-1]
        state = {"epoch": str(last.epoch), "utc_offset_s": str(last.stamp.utc_offset_s)}
        changed = state.items() - self._state.items()
        with self._db:
            failed: dict[str, int] = {}
            while not self._fold_all(records, failed):
                pass
            for name, position in failed.items():
                self._quarantine(name, position)
            self._db.executemany(
                "INSERT OR REPLACE INTO state VALUES (?, ?)",
                (("position", str(last.position)), *sorted(changed)),
            )
        self._state = state
        self.position = last.position
        if any(record.name == _IMPORTED for record in records):
            self._is_counted = False

    def _fold_all(self, records: tuple[Record, ...], failed: dict[str, int]) -> bool:
        """Fold into every view, but into those that `failed` only up to that position.

        False where one more failed, which `failed` has now; nothing was folded then.
        """
        with contextlib.suppress(_FoldError), self._db:
            for name, fold in FOLDS.items():
                if name not in self.quarantined:
                    self._fold_one(name, fold, records, failed)
            return True
        return False

    def _fold_one(
        self, name: str, fold: Fold, records: tuple[Record, ...], failed: dict[str, int]
    ) -> None:
        stop = failed.get(name)
        for record in records:
            if record.position == stop:
                return
            try:
                fold(self._db, record)
            except _OF_THE_DISK:
                raise
            except Exception as error:
                log.exception("view_quarantined", view=name, position=record.position)
                failed[name] = record.position
                raise _FoldError from error

    def _quarantine(self, name: str, position: int) -> None:
        self.quarantined[name] = position
        self._db.execute(
            "INSERT OR REPLACE INTO state VALUES (?, ?)", (f"quarantined/{name}", str(position))
        )

    def _answer(self, submit: Submit, now_ns: int) -> Reply:
        try:
            query: Any = structure(submit.data, QUERIES.class_of(submit.name))
        except WireError as error:
            return Reply(ok=False, fault="invalid_data", detail="; ".join(error.problems))
        refused = self._refused(submit, query)
        if refused is not None:
            return refused
        match query:
            case queries.FindReceipts():
                data: Any = find_receipts(self._db, query.text, query.limit)
            case queries.TillCounts():
                data = till_counts(self._db, submit.register, query.limit)
            case queries.FindActivity():
                data = find_activity(self._db, query)
            case queries.ClearingState():
                offset_s = self._figure("utc_offset_s")
                data = clearing_view(self._db, query, day_of(now_ns, offset_s))
            case queries.FindPaymentFees():
                data = payment_fees(self._db, query)
            case queries.ZReport():
                data = z_report(self._db, submit.register, query.z_number)
                if data is None:
                    fields = {"z_number": query.z_number}
                    refusal = {"code": "report_must_exist", "fields": fields}
                    return Reply(ok=False, refusal=refusal)
            case _:
                raise AssertionError(f"no view answers {submit.name}")
        return Reply(
            ok=True,
            data=unstructure(data),
            epoch=self._figure("epoch"),
            position=self._believed(type(query)),
        )

    def _told(self, body: object, now_ns: int) -> Reply | tuple[PresentedRow, ...]:
        if isinstance(body, ReadFiled):
            # What stopped cannot be believed.
            return () if "clearing" in self.quarantined else said_of(self._db, body.payment_ids)
        assert isinstance(body, Submit)
        return self._answer(body, now_ns)

    def _refused(self, submit: Submit, query: Any) -> Reply | None:
        """The same rights as everywhere: who is signed on, and with which role, is a view too."""
        right = queries.QUERY_RIGHTS[type(query)]
        if submit.admin or right is Right.NONE:
            return None
        row = self._db.execute(
            "SELECT roles.rights FROM signed_on JOIN operators USING (operator) "
            "JOIN roles USING (role) WHERE register = ?",
            (submit.register,),
        ).fetchone()
        if row is None:
            return Reply(ok=False, refusal={"code": "operator_must_be_signed_on", "fields": {}})
        if right.value not in str(row[0]).split(","):
            fields = {"right": right.value}
            return Reply(ok=False, refusal={"code": "right_must_be_granted", "fields": fields})
        return None


async def _gather(mailbox: Mailbox) -> tuple[tuple[Record, ...], Envelope | None]:
    """What was committed up to a quiet moment, and the question that did not wait for one.

    Folding takes the processor from whoever waits for the next answer, and several batches at once
    cost little more than one.
    """
    records: list[Record] = []
    until_s = math.inf
    while len(records) < VIEW_CHUNK:
        envelope = None
        quiet_s = trio.current_time() + FOLD_QUIET_S if records else math.inf
        with trio.CancelScope(deadline=min(quiet_s, until_s)):
            envelope = await mailbox.get()
        match None if envelope is None else envelope.body:
            case Committed() as news:
                if not records:
                    until_s = trio.current_time() + FOLD_WITHIN_S
                records += news.records
            case Submit() | ReadFiled():
                return tuple(records), envelope
            case None:
                break
            case other:
                log.warning("message_not_understood", kind=type(other).__name__)
    return tuple(records), None


def _open(path: Path, history: str, disk: Disk) -> apsw.Connection:
    """The views' database; one of another version or store, or with a view that stopped, is thrown
    away and folded anew."""
    for attempt in range(2):
        db = disk.connect(path)
        try:
            db.execute("PRAGMA journal_mode = WAL").fetchall()
            # Losing the last folds to a power cut is harmless: they are folded again.
            db.execute("PRAGMA synchronous = NORMAL").fetchall()
            for statement in SCHEMA:
                db.execute(statement)
            row = db.execute("SELECT value FROM state WHERE key = 'version'").fetchone()
            wanted = f"{VERSION}/{history}"
            if row is None:
                db.execute("INSERT INTO state VALUES ('version', ?)", (wanted,))
                return db
            if row[0] == wanted and not _is_quarantined(db):
                return db
        except apsw.Error:
            if attempt:
                raise
        db.close()
        _remove(path, disk)
    raise AssertionError("a fresh database is of this version")


def _remove(path: Path, disk: Disk) -> None:
    for suffix in ("", "-wal", "-shm"):
        disk.remove(path.with_name(path.name + suffix))


def _is_quarantined(db: apsw.Connection) -> bool:
    return db.execute("SELECT 1 FROM state WHERE key LIKE 'quarantined/%'").fetchone() is not None
