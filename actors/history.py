"""From the journal to the books and back: replay, snapshots, and the orders that have ended."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import available_timezones

from actors import snapshots
from actors.journal import Journal
from actors.journal_backup import DATABASE_NAME
from actors.journal_read import Sealed
from actors.journal_schema import JournalError, RecordNotFollowedError
from engine.books import Books, forget_archive, post, post_end
from engine.catalog import SegmentInstalled
from engine.decision import EVENTS, Fact
from engine.image import books_from, image_of
from engine.order.context import stream_of
from engine.order.events import (
    OrderCompleted,
    OrderEvent,
    OrderOpened,
    OrderVoided,
)
from engine.order.state import Order, evolve, opened
from engine.outbox import EffectFinished, EffectOutcome, EffectRequested, EffectStarted
from engine.record import Record
from engine.upcast import event_of
from engine.wire import WireError, canonical, parse
from native import CoreError, PriceBook

CHUNK = 5_000
_SAYS_MORE = (JournalError, OSError, MemoryError)
"""What is raised by way of a record and is no fault of it."""
_OPENED = EVENTS.name_of(OrderOpened)
_ENDED = (EVENTS.name_of(OrderCompleted), EVENTS.name_of(OrderVoided))
_REQUESTED, _FINISHED = EVENTS.name_of(EffectRequested), EVENTS.name_of(EffectFinished)
_OF_EFFECTS = (_REQUESTED, EVENTS.name_of(EffectStarted), _FINISHED)
_OVER = (EffectOutcome.DONE.value, EffectOutcome.EXPIRED.value)
_NOWHERE: Mapping[int, Callable[[Books], None]] = MappingProxyType({})


def segment_path(data_dir: Path, segment_hash: str) -> Path:
    """Where a catalog segment lies: named by its own SHA-256."""
    return data_dir / "segments" / f"{segment_hash}.segment"


def read_segment(data_dir: Path, segment_hash: str) -> bytes:
    """A segment's bytes.

    Raises:
        FileNotFoundError: it is gone; the catalog cannot be rebuilt without it.
    """
    path = segment_path(data_dir, segment_hash)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(
            f"The catalog segment {path.name} is missing from {path.parent}. Nothing was changed. "
            "Copy it back from a backup, then start again."
        ) from None


def fact_of(record: Record) -> Fact:
    """The fact a record holds."""
    return Fact(record.stream, event_of(record), record.kind == "training")


def replay_record(books: Books, record: Record, data_dir: Path) -> None:
    """Post one stored record to the books.

    Raises:
        RecordNotFollowedError: what it says is impossible here, whatever its hash.
        OSError: a catalog segment it needs cannot be read.
    """
    with following(record, data_dir):
        _post_record(books, record, data_dir)


@contextlib.contextmanager
def following(record: Record, data_dir: Path) -> Iterator[None]:
    """Tell which record it was that something could not be made of.

    Raises:
        RecordNotFollowedError: for whatever was raised within, but an error that says more.
    """
    try:
        yield
    except _SAYS_MORE:
        raise
    except Exception as error:
        raise _not_followed(data_dir, record.position, record.name, error) from error


def _post_record(books: Books, record: Record, data_dir: Path) -> None:
    fact = fact_of(record)
    if isinstance(fact.event, SegmentInstalled):
        segment = read_segment(data_dir, fact.event.segment_hash)
        books.segments = {fact.event.segment_hash: PriceBook.from_segment(segment)}
    post(books, fact, record.stamp)
    books.position = record.position


def _not_followed(
    data_dir: Path, position: int, name: str, error: Exception
) -> RecordNotFollowedError:
    """What it means that a record could not be posted. Its own hash says that it was meant so, and
    nothing says what of it an evolve leans on: so it may fail there in any way at all."""
    text = str(error)
    if not text or not isinstance(error, WireError | CoreError | AssertionError):
        text = f"{type(error).__name__} {text}".strip()
    return RecordNotFollowedError(data_dir / DATABASE_NAME, position, name, text)


def replay_records(books: Books, sealed: list[Sealed], data_dir: Path) -> None:
    """Post records that follow one another; the books after the last are as if each was posted.

    Of an order that begins and ends among them only the end is, and only that is read: it is gone
    from the books again, and most of a shop's history is such orders. Nothing at all is left of an
    effect that was asked for and done.

    Raises:
        RecordNotFollowedError, OSError: as `replay_record`.
    """
    passed_over = _of_effects_over(sealed)
    begun = {entry.stream for entry in sealed if entry.name == _OPENED}
    whole = {entry.stream for entry in sealed if entry.name in _ENDED} & begun
    for entry in sealed:
        if entry.position in passed_over:
            continue
        try:
            if entry.stream not in whole:
                _post_record(books, entry.record(), data_dir)
            elif entry.name in _ENDED:
                record = entry.record()
                post_end(books, fact_of(record), record.stamp)
        except _SAYS_MORE:
            raise
        except Exception as error:
            raise _not_followed(data_dir, entry.position, entry.name, error) from error
    books.position = sealed[-1].position
    forget_archive(books)


def _of_effects_over(sealed: list[Sealed]) -> set[int]:
    """The positions of what was said of effects that were asked for and ended among the records."""
    said: dict[int, str] = {}
    asked: set[str] = set()
    ended: set[str] = set()
    for entry in sealed:
        if entry.name in _OF_EFFECTS:
            data = _data_of(entry.payload)
            effect_id = data.get("effect_id")
            if not isinstance(effect_id, str):
                continue
            said[entry.position] = effect_id
            if entry.name == _REQUESTED:
                asked.add(effect_id)
            elif entry.name == _FINISHED and data.get("outcome") in _OVER:
                ended.add(effect_id)
    over = asked & ended
    return {position for position, effect_id in said.items() if effect_id in over}


def _data_of(payload: bytes) -> dict[str, Any]:
    """What a record says; nothing where that is not to be read, which its posting tells of."""
    with contextlib.suppress(WireError, KeyError, TypeError):
        data = parse(payload)["data"]
        return data if isinstance(data, dict) else {}
    return {}


def load_books(
    journal: Journal,
    data_dir: Path,
    *,
    until: int | None = None,
    use_snapshot: bool = True,
    progress: Callable[[int, int], None] | None = None,
    stops: Mapping[int, Callable[[Books], None]] = _NOWHERE,
) -> Books:
    """The books as of the journal's head, or of position `until`: snapshot first, then replay. At
    each of `stops` on the way somebody looks at them.

    Raises:
        RecordNotFollowedError: a record's hash holds, what it says is impossible.
        JournalError, OSError: a record is damaged, or a segment cannot be read.
    """
    last = journal.head().position if until is None else min(until, journal.head().position)
    known = _from_snapshot(journal, data_dir) if use_snapshot and until is None else None
    books = known or Books()
    with _without_cycle_search():
        try:
            _go_on(books, last, journal, data_dir, progress, stops)
        except RecordNotFollowedError:
            if known is None:
                raise
            # It may be the snapshot that is impossible, and that is never a reason not to open.
            books = Books()
            _go_on(books, last, journal, data_dir, progress, stops)
    books.segments.clear()
    books.time_zones = _time_zones()
    return books


def _go_on(
    books: Books,
    last: int,
    journal: Journal,
    data_dir: Path,
    progress: Callable[[int, int], None] | None,
    stops: Mapping[int, Callable[[Books], None]],
) -> None:
    """Post what follows the books, up to position `last`."""
    while books.position < last:
        stop = min((one for one in stops if books.position < one < last), default=last)
        chunk = journal.read_sealed(books.position, min(CHUNK, stop - books.position))
        replay_records(books, chunk, data_dir)
        if progress is not None:
            progress(books.position, last)
        if books.position in stops:
            stops[books.position](books)


@cache
def _time_zones() -> frozenset[str]:
    """The zones this machine knows; they are looked for in its folders, which takes a while."""
    return frozenset(available_timezones())


@contextlib.contextmanager
def _without_cycle_search() -> Iterator[None]:
    """Records are trees that go as soon as they are folded; looking for cycles among them finds
    none and costs a quarter of a long replay."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _from_snapshot(journal: Journal, data_dir: Path) -> Books | None:
    found = snapshots.load_latest(data_dir / "snapshots", journal.is_ours, journal.disk)
    return None if found is None else books_of(found, data_dir)


def books_of(found: snapshots.Snapshot, data_dir: Path) -> Books | None:
    """The books of a snapshot; None where only replay makes them."""
    # A snapshot of another shape or over a missing segment only costs the longer replay.
    with contextlib.suppress(ValueError, CoreError, OSError, KeyError, TypeError):
        image = parse(found.state)
        segment_hash = image["segment_hash"]
        segment = read_segment(data_dir, segment_hash) if segment_hash else None
        books = books_from(image, segment)
        # The state's place is its own word; the header's was found in the journal.
        return books if books.position == found.position else None
    return None


def save_snapshot(journal: Journal, data_dir: Path, books: Books) -> None:
    """Write the books as they are at the journal's head."""
    head = journal.head()
    assert head.position == books.position, "a snapshot is made between batches"
    if head.position:
        state = canonical(image_of(books))
        folder, disk = data_dir / "snapshots", journal.disk
        snapshots.save(folder, head.position, head.epoch, head.hash, state, disk)


def order_from(records: list[Record], data_dir: Path) -> Order | None:
    """An ended order, folded from its own stream; None where there never was one.

    Raises:
        RecordNotFollowedError: what one of them says is impossible; `data_dir` has their journal.
    """
    order: Order | None = None
    for record in records:
        with following(record, data_dir):
            order = _order_after(order, record)
    return order


def _order_after(order: Order | None, record: Record) -> Order:
    event = event_of(record)
    assert isinstance(event, OrderEvent)
    stamp = record.stamp
    at = (stamp.now_ns, stamp.utc_offset_s, stamp.business_date)
    if isinstance(event, OrderOpened):
        return opened(event, training=record.kind == "training", at=at)
    assert order is not None, "an order opens first"
    return evolve(order, event, at=at)


def fetch_order(journal: Journal, order_id: str) -> Order | None:
    """An order that left the books.

    Raises:
        RecordNotFollowedError: as `order_from`.
    """
    return order_from(journal.read_stream(stream_of(order_id)), journal.path.parent)
