"""Terminals' days, folded from the journal: the last of each, and what differed in any.

A payment in doubt as its terminal ended the day is of that day all the same. So what an end of day
came to is counted anew once it is known what became of such a payment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import apsw
from attrs import frozen

from actors.view_clearing_schema import row_of
from engine.payment.terminal_day import (
    Taken,
    TerminalDayAsked,
    TerminalDayHeard,
    with_late,
    without_late,
)
from engine.record import Record
from engine.terminal import Verdict
from engine.upcast import event_of
from engine.views.clearing_shapes import DifferenceView
from engine.wire import canonical, parse, structure, unstructure


@frozen
class Late:
    """What a terminal took before the end of day `ended`, known only after that; `unheard` is the
    first end after it, where the answer to that was lost."""

    ended: str
    unheard: str
    taken: Taken
    is_stored: bool = False


def fold_terminal_days(db: apsw.Connection, record: Record) -> None:
    """The last end of day of each terminal, every difference of any, and whose payments are still
    in doubt."""
    match event_of(record):
        case TerminalDayAsked(day_id, terminal):
            db.execute(
                "INSERT INTO terminal_days VALUES (?, ?, 0, NULL) "
                "ON CONFLICT (terminal) DO UPDATE SET asked = excluded.asked",
                (terminal, day_id),
            )
        case TerminalDayHeard() as event:
            day = record.stamp.business_date
            values = (event.terminal, record.stamp.now_ns, canonical(unstructure(event)))
            db.execute("INSERT OR REPLACE INTO terminal_days VALUES (?, '', ?, ?)", values)
            _list_items(db, event, day)
            _keep_doubt(db, event, day)


def count_late(db: apsw.Connection, payment_id: str, late: Late) -> None:
    """Count what a terminal took before an end of day, and of which nobody knew then. One that was
    taken without the bank is kept until it is known whether the bank paid."""
    _recount(db, late, with_late)
    if late.is_stored:
        body = canonical(unstructure(late))
        db.execute("INSERT INTO counted_late VALUES (?, ?, ?)", (payment_id, late.ended, body))


def judged_late(db: apsw.Connection, payment_id: str, *, is_paid: bool) -> None:
    """The bank paid or refused what was counted so."""
    row = row_of(db, "SELECT body FROM counted_late WHERE payment_id = ?", (payment_id,))
    if row is None:
        return
    if not is_paid:
        _recount(db, structure(parse(row[0]), Late), without_late)
    db.execute("DELETE FROM counted_late WHERE payment_id = ?", (payment_id,))
    forget_certain_days(db)


def _recount(
    db: apsw.Connection,
    late: Late,
    counted: Callable[[TerminalDayHeard, str, Taken], TerminalDayHeard],
) -> None:
    row = row_of(db, "SELECT day, body FROM doubted_days WHERE day_id = ?", (late.ended,))
    before = structure(parse(row[1]), TerminalDayHeard)
    after = counted(before, late.unheard, late.taken)
    for item in _items(before, row[0]):
        db.execute("DELETE FROM day_items WHERE item = ?", (item.id,))
    _list_items(db, after, row[0])
    body = canonical(unstructure(after))
    db.execute("UPDATE doubted_days SET body = ? WHERE day_id = ?", (body, late.ended))
    db.execute("UPDATE terminal_days SET body = ? WHERE body = ?", (body, row[1]))


def forget_certain_days(db: apsw.Connection) -> None:
    """Of a day in which nothing is in doubt any more nothing will be told."""
    db.execute(
        "DELETE FROM doubted_days WHERE day_id NOT IN "
        "(SELECT ended FROM card_asked UNION SELECT day_id FROM counted_late)"
    )


def _keep_doubt(db: apsw.Connection, event: TerminalDayHeard, day: str) -> None:
    """Note of what nobody knows yet before which end of day it was asked for."""
    of_it = "WHERE terminal = ?2 AND ended = ''"
    values = (event.day_id, event.terminal)
    if event.verdict is Verdict.UNKNOWN:
        # The payment whose number shows that there was an end is of after it.
        before = f"{of_it} AND unheard = '' AND payment_id <> ?1"
        db.execute(f"UPDATE card_asked SET unheard = ?1 {before}", values)
    elif event.verdict is Verdict.APPROVED:
        db.execute(f"UPDATE card_asked SET ended = ?1 {of_it}", values)
        if db.changes():
            body = canonical(unstructure(event))
            db.execute("INSERT INTO doubted_days VALUES (?, ?, ?)", (event.day_id, day, body))


def _list_items(db: apsw.Connection, event: TerminalDayHeard, day: str) -> None:
    for item in _items(event, day):
        row = (item.id, event.terminal, item.business_date, canonical(unstructure(item)))
        db.execute("INSERT OR REPLACE INTO day_items VALUES (?, ?, ?, ?)", row)


def _items(event: TerminalDayHeard, day: str) -> Iterator[DifferenceView]:
    for entry in event.differences:
        fault = f"day_{entry.fault.value}"
        # Facts of before named no day of their own: the first lost one was meant.
        lost = event.lost[0] if event.lost and fault == "day_not_told" else event.day_id
        yield DifferenceView(
            f"{fault}/{entry.day_id or lost}/{entry.brand}",
            fault,
            "",
            day,
            0,
            entry.ours_minor - entry.told_minor,
            entry.ours_minor,
            entry.told_minor,
            brand=entry.brand,
            terminal=event.terminal,
            ours_count=entry.ours_count,
            theirs_count=entry.told_count,
        )
