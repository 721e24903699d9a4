"""What the auditor sees of a running store, made plain: the one place that knows both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import apsw
from attrs import frozen

from actors.asks import Ask, Reply
from actors.history import load_books
from engine.image import state_hash
from engine.wire import unstructure
from tests.simulation.seen import Answered, Asked, Entry
from tests.simulation.shop import CONFIG

if TYPE_CHECKING:
    from countertop.store import Store
    from hardware.terminal.zvt.ledger import Entry as Booked
    from tests.simulation.disk import MemoryDisk


def asked_of(ask: Ask) -> Asked:
    """A question, as it came to the door."""
    who = ask.approver, ask.approver_pin
    return Asked(ask.id, ask.register, ask.name, ask.data, ask.is_query, *who)


def answered_of(reply: Reply) -> Answered:
    """An answer, as it leaves."""
    return Answered(reply.ok, reply.data, reply.refusal, reply.fault, reply.position)


def entry_of(entry: Booked) -> Entry:
    """One thing that a terminal remembers."""
    return Entry(
        entry.kind.value,
        entry.signed_minor,
        entry.trace,
        entry.receipt,
        entry.original,
        entry.is_booked,
        entry.is_reversed,
        entry.is_stored,
        entry.is_offline and entry.result == 0,
    )


@frozen(eq=False)
class Window:
    """A store and the disk below it; `seen.Shown`."""

    store: Store
    disk: MemoryDisk

    def read(self, sql: str, values: tuple[Any, ...] = ()) -> list[Any]:
        """Rows of the journal's file."""
        with self.disk.undisturbed():
            return self.store.journal._db.execute(sql, values).fetchall()

    def version(self) -> Any:
        """The connection, and how much was changed through it; none once it is closed."""
        db = self.store.journal._db
        try:
            return None if db.in_transaction else (db, db.total_changes())
        except apsw.ConnectionClosedError:
            return None

    def head(self) -> int:
        """The journal's."""
        return self.store.journal.head().position

    def position(self) -> int:
        """The books'."""
        return self.store.books.position

    def state_hashes(self) -> tuple[str, str]:
        """By the engine's own folding, which is the thing that is looked at."""
        with self.disk.undisturbed():
            replayed = load_books(self.store.journal, CONFIG.data, use_snapshot=False)
        return state_hash(self.store.books), state_hash(replayed)

    def payments_left(self) -> Mapping[str, dict[str, Any]]:
        """As they would be written down."""
        left = self.store.books.payments.exceptions
        return {payment_id: unstructure(payment) for payment_id, payment in left.items()}

    def credit_left(self) -> dict[str, int]:
        """Those the ledger still has."""
        return {note.code: note.left_minor for note in self.store.books.credits.notes.values()}

    def views_stopped(self) -> str:
        """Each with its reason."""
        stopped = self.store.views.quarantined
        return str(stopped) if stopped else ""

    def view(self, sql: str) -> list[Any]:
        """Rows of the views' own file."""
        with self.disk.undisturbed():
            return self.store.views._db.execute(sql).fetchall()
