"""Queries the books answer: how much of the journal one answer brings."""

from __future__ import annotations

from pathlib import Path

import attrs

from actors.asks import Submit
from actors.journal import Journal
from actors.journal_batch import Entry
from actors.limits import EVENTS_BYTES_MAX, FRAME_BYTES_MAX
from actors.lookups import STALE_NS, Lookups
from actors.messages import DeviceState, DeviceStatus
from actors.world import ManualWorld, SystemWorld
from benches.journal import sample_entry
from engine.books import Books
from engine.limits import NS_PER_S
from engine.queries import EventsSince, TerminalsState
from engine.settings import RegisterDefined, RegisterSetup
from engine.wire import canonical, unstructure
from tests.shop import Shop


def _entry(number: int, size_bytes: int) -> Entry:
    """A command whose one fact says so much, as an issue of coupon codes does."""
    entry = sample_entry(number)
    (fact,) = entry.records
    return attrs.evolve(entry, records=(attrs.evolve(fact, data={"codes": "x" * size_bytes}),))


def test_facts_come_in_pages_that_a_door_can_carry(tmp_path: Path) -> None:
    """Who follows the events gets each once, a hundred long ones too: a page ends before it is
    larger than a link carries, and one fact that fills it comes alone. A page too large was refused
    each time it was asked for, and nobody came past it."""
    sizes = [300_000, 10, *[30_000] * 40, EVENTS_BYTES_MAX + 1, 10]
    cursor, found = 0, list[int]()
    with Journal.open(tmp_path / "journal.db", store_id="shop-1", reserve_bytes=0) as journal:
        journal.append([_entry(number, size) for number, size in enumerate(sizes, 1)])
        lookups = Lookups(Books(), journal, {})
        more = True
        while more:
            submit = Submit("q", "", "events.since", {}, is_query=True, admin=True)
            reply = lookups.answer(submit, EventsSince(cursor, 100), SystemWorld())
            page = reply.data
            positions = [event["position"] for event in page["events"]]
            assert len(canonical(unstructure(page))) < FRAME_BYTES_MAX
            assert page["position"] == positions[-1]
            found += positions
            cursor, more = page["position"], page["more"]
    assert found == list(range(1, len(sizes) + 1))


def test_a_terminal_that_fell_silent_is_told_apart_from_one_that_is_well(tmp_path: Path) -> None:
    """The list of terminals says how each is by its last word, as long as that is fresh: whatever
    the time of day is set to."""
    shop = Shop.selling()
    shop.given(RegisterDefined(RegisterSetup("1", "Front", terminal="terminal/1")))
    with Journal.open(tmp_path / "journal.db", store_id="shop-1", reserve_bytes=0) as journal:
        lookups, world = Lookups(shop.books, journal, {}), ManualWorld()

        def state() -> str:
            submit = Submit("q", "", "terminals.state", {}, is_query=True, admin=True)
            (row,) = lookups.answer(submit, TerminalsState(), world).data["terminals"]
            return str(row["state"])

        assert state() == "absent"
        lookups.heard(DeviceStatus("terminal/1", DeviceState.READY), world.monotonic_ns())
        assert state() == "ready"
        world.advance(STALE_NS / NS_PER_S + 1)
        assert state() == "stale"
