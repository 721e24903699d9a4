"""Snapshots, stored events of other days, and the two lines of a pole display."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Final

import pytest

from engine import upcast
from engine.books import post
from engine.catalog import ItemChanged, ItemRemoved
from engine.decision import EVENTS, Fact
from engine.image import books_from, image_of, state_hash
from engine.order.commands import AddLine, AddReturnLine, CompleteOrder, SuspendOrder, TenderCash
from engine.order.events import (
    LineVoided,
)
from engine.order.figures import TenderFigures
from engine.record import RESTORED, Record, Restored
from engine.register import StartTraining
from engine.staff import SignOn
from engine.stamp import Stamp
from engine.till import OpenTill
from engine.upcast import event_of
from engine.views.build import display_view
from engine.views.pole import pole_lines
from engine.wire import WireError, canonical, parse
from tests.shop import Shop, item

GOLDEN: Final = Path(__file__).parents[1] / "golden" / "journals"


def busy() -> Shop:
    """Something of everything: parked, tendering, refunding, training, locked out, waiting."""
    shop = Shop.selling(cash_step_minor=5)
    sold = shop.sell("wine", "bread")
    shop.ring("milk")
    shop.ok(SuspendOrder("hat"))
    shop.ok(AddReturnLine(sold, 1, 1000, "corked"))
    shop.ok(AddLine("cheese", "", 477, 20))
    shop.ok(SuspendOrder())
    shop.ring("wine")
    shop.ok(TenderCash(50))
    shop.ok(StartTraining(), "2")
    shop.ok(OpenTill(()), "2")
    shop.ring("bread", register="2")
    shop.no(SignOn("ana"))
    return shop


def test_books_come_back_from_their_image() -> None:
    """Through canonical bytes and back nothing is lost: same image, same hash, same bytes."""
    shop = busy()
    stored = canonical(image_of(shop.books))
    again = books_from(parse(stored), None)
    assert canonical(image_of(again)) == stored
    assert state_hash(again) == state_hash(shop.books)


def test_prices_come_back_from_the_image() -> None:
    """What was changed and taken out since the last import sells, or does not, as before."""
    shop = Shop.selling()
    shop.given(ItemChanged(item("bread", "Bread", 375)), ItemRemoved("wine"))
    shop.given(ItemChanged(item("tea", "Tea", 220)))
    again = books_from(parse(canonical(image_of(shop.books))), None)
    for code in ("bread", "wine", "tea", "milk", "case-water"):
        assert again.catalog.book.find_code(code) == shop.books.catalog.book.find_code(code)
    assert again.catalog.book.find_code("tea") is not None


def test_the_hash_sees_every_difference() -> None:
    """Any one command later the hash is another; what is no state does not enter it."""
    shop = busy()
    before = state_hash(shop.books)
    shop.books.archive.clear()
    shop.books.segments.clear()
    shop.books.disk_nearly_full = True
    shop.books.time_zones = frozenset(("UTC",))
    assert state_hash(shop.books) == before
    shop.ok(TenderCash(50))
    assert state_hash(shop.books) != before


def _paths(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(data, dict):
        found = [_paths(value, (*path, key)) for key, value in data.items()]
    elif isinstance(data, list):
        found = [_paths(value, (*path, index)) for index, value in enumerate(data)]
    else:
        return [path]
    return [inner for paths in found for inner in paths]


def test_an_image_of_another_shape_is_refused() -> None:
    """A stray field, a missing one or a number turned text: replay, do not guess."""
    image = parse(canonical(image_of(busy().books)))
    with pytest.raises(WireError):
        books_from({**image, "surprise": 1}, None)
    for key in image:
        with pytest.raises(WireError):
            books_from({name: value for name, value in image.items() if name != key}, None)
    numbers = [path for path in _paths(image) if path[0] in ("live", "settings_version")]
    assert numbers
    wrong = copy.deepcopy(image)
    wrong["settings_version"] = "1"
    with pytest.raises(WireError, match="settings_version"):
        books_from(wrong, None)


# ---------------------------------------------------------------------------------- stored events


def record(name: str, data: dict[str, Any]) -> Record:
    """A stored record."""
    stamp = Stamp(0, 0, "2026-11-23")
    return Record(1, 1, "live", "s", 1, name, "c", "o", "1", stamp, data)


def test_an_event_of_today_is_read_as_it_is() -> None:
    """A known name structures into its class; a restore into its own."""
    event = LineVoided("o1", 1, "wrong", "ana")
    packed = EVENTS.pack(event)
    assert event_of(record(packed["name"], packed["data"])) == event
    restored = {"previous_epoch": 1, "previous_position": 9, "previous_hash": "", "reason": "r"}
    assert event_of(record(RESTORED, restored)) == Restored(1, 9, "", "r")


def test_a_journal_of_version_1_tenders_is_read() -> None:
    """The golden journal's sale keeps its figures; the order left open is due to a whole coin."""
    shop = Shop()
    for line in (GOLDEN / "cash_tendered_1.jsonl").read_text().splitlines():
        row = parse(line.encode())
        event = event_of(record(row["name"], row["data"]))
        stamp = Stamp(row["now_ns"], row["utc_offset_s"], row["business_date"])
        post(shop.books, Fact(row["stream"], event, row["training"]), stamp)
        shop.now_ns = row["now_ns"]
    (sold,) = [one for one in shop.books.archive.values() if one.completion is not None]
    assert sold.completion is not None
    assert (sold.tenders, sold.completion.rounding_minor) == ((TenderFigures(1, "cash", 930),), 2)
    # The tender that carried the rounding was handed back; 2000 stands against 12.78.
    done = shop.ok(CompleteOrder())
    assert (done["total_minor"], done["rounding_minor"], done["change_minor"]) == (1278, 2, 720)


def test_an_event_of_another_day_is_refused() -> None:
    """A name or a shape nobody knows is an error, not a guess."""
    with pytest.raises(WireError, match="unknown event"):
        event_of(record("order.line_voided/99", {}))
    with pytest.raises(WireError, match="line"):
        event_of(record("order.line_voided/1", {"order_id": "o", "reason": "", "operator": "a"}))


def test_old_events_take_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two versions behind, an event passes both steps in order and is of today's class."""
    steps: dict[str, upcast.Step] = {
        "order.line_gone/1": lambda data: ("order.line_gone/2", {**data, "reason": "unknown"}),
        "order.line_gone/2": lambda data: ("order.line_voided/1", {**data, "operator": "nobody"}),
    }
    for name, step in steps.items():
        monkeypatch.setitem(upcast.STEPS, name, step)
    old = record("order.line_gone/1", {"order_id": "o1", "line": 2})
    assert event_of(old) == LineVoided("o1", 2, "unknown", "nobody")


@pytest.mark.parametrize("order", ["", "cccc", "ccccccccr"])
def test_an_image_whose_catalog_edits_do_not_fit_their_order_is_refused(order: str) -> None:
    """Such a snapshot is passed over like one of another shape; it never stops a start."""
    image = {**image_of(busy().books), "overlay_order": order}
    with pytest.raises(WireError):
        books_from(image, None)


# ------------------------------------------------------------------------------------ the display


def test_the_pole_shows_the_last_line_and_the_total() -> None:
    """Twenty characters twice: idle, selling, then total and change."""
    shop = Shop.selling()

    def shown(order_id: str = "") -> tuple[str, str]:
        last = shop.order(order_id) if order_id else None
        return pole_lines(display_view(shop.books, "1", epoch=1, last_order=last))

    assert shown() == ("    Corner Shop", "")
    order_id = shop.ring("bread", "cheese")
    assert shown() == ("Comté          12.99", "Total          16.49")
    shop.pay(2_000)
    assert shown(order_id) == ("Total          16.49", "Change          3.51")
    assert all(len(line) <= 20 for line in shown(order_id))
