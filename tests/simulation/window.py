"""What the auditor sees of a running store, made plain: the one place that knows both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import apsw
from attrs import frozen

from actors.asks import Ask, Reply
from actors.history import load_books
from engine.image import state_hash
from engine.wire import unstructure
from hardware.terminal.nexo import naming
from hardware.terminal.nexo.messages import ReversalAsk
from tests.simulation.seen import Answered, Asked, Entry
from tests.simulation.shop import CONFIG

if TYPE_CHECKING:
    from countertop.store import Store
    from hardware.terminal.nexo.ledger import Entry as Named
    from hardware.terminal.nexo.ledger import Ledger
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


def nexo_entries(ledger: Ledger, is_refund: Callable[[str], bool]) -> list[Entry]:
    """What a nexo terminal remembers of what it was asked for, one by one, the oldest first.

    To it a refund of a payment is a reversal of a part; here it is a refund, where `is_refund` says
    so of the payment it was asked as. What its device had taken back unasked is no more than that
    the payment it took back came to nothing, and the reversal of nothing is left out.
    """
    every = [entry for one in (ledger, *ledger.shop) for entry in one.entries]
    given: dict[str, int] = {}
    receipts: dict[str, int] = {}
    for entry in every:
        ask = entry.ask
        if not isinstance(ask, ReversalAsk):
            receipts[entry.poi.transaction_id] = _receipt(entry)
        elif entry.is_booked and is_refund(ask.transaction_id):
            name = ask.original.transaction_id
            given[name] = given.get(name, 0) + entry.amount_minor
    return [
        _nexo_entry(entry, given.get(entry.poi.transaction_id, 0), receipts, is_refund)
        for entry in ledger.entries
        if not (isinstance(entry.ask, ReversalAsk) and _is_its_own(entry.ask))
    ]


def _is_its_own(ask: ReversalAsk) -> bool:
    return ask.reason == "Malfunction" or ask.original.transaction_id.startswith("NOTHING-")


def _receipt(entry: Named) -> int:
    return naming.service_id_number(entry.header.service_id)


def _nexo_entry(
    entry: Named, given_minor: int, receipts: dict[str, int], is_refund: Callable[[str], bool]
) -> Entry:
    ask, kind, original = entry.ask, entry.kind.value, None
    back_minor = entry.reversed_minor - given_minor
    signed_minor = 0
    if isinstance(ask, ReversalAsk):
        original = receipts.get(ask.original.transaction_id)
        if is_refund(ask.transaction_id):
            kind, signed_minor = "refund", -entry.amount_minor
    else:
        signed_minor = entry.amount_minor - back_minor
        signed_minor = -signed_minor if ask.is_refund else signed_minor
    return Entry(
        kind,
        signed_minor if entry.is_booked else 0,
        0,
        _receipt(entry),
        original,
        entry.is_booked,
        entry.is_booked and 0 < entry.amount_minor <= back_minor,
        entry.is_stored,
        entry.is_offline,
        entry.poi.transaction_id.partition(".")[2],
        ask.transaction_id,
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
