"""Records whose hashes hold and whose content is impossible end in words, wherever they are met."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest

from actors import history, snapshots
from actors.history import books_of, fetch_order, load_books
from actors.journal import Journal
from actors.journal_schema import RecordNotFollowedError
from engine.image import image_of, state_hash
from engine.order.state import Phase
from engine.wire import canonical, parse
from tests.forging import forge
from tests.store.harness import open_shop
from tests.warm import run

Change = Callable[[dict[str, Any]], None]


async def _sell(folder: Path) -> Path:
    """The data of a shop that sold, parked an order, and stopped."""
    async with open_shop(folder) as shop:
        await shop.sell("bread", "milk")
        await shop.sell("wine")
        await shop.do("order.add_line", code="wine")
        await shop.do("order.suspend", label="Window")
    return folder / "data"


def _set(place: str, value: Any, body: dict[str, Any]) -> None:
    """Put a value at `data.line` and the like."""
    *way, last = place.split(".")
    for key in way:
        body = body[key]
    body[last] = value


IMPOSSIBLE = (
    ("order.completed/1", "data.receipt_sequence", 77, "receipt numbers have no gaps"),
    ("order.completed/1", "data.receipt_sequence", "x", "receipt_sequence"),
    ("order.completed/1", "name", "order.completed/9", "unknown event 'order.completed/9'"),
    ("order.suspended/1", "data.order_id", "another", "an order opens first"),
    ("catalog.item_changed/1", "data.item.item_id", "", "item_id must be 1 to 128 bytes"),
)


@pytest.mark.parametrize(("name", "place", "value", "why"), IMPOSSIBLE)
async def test_a_start_tells_of_an_impossible_record(
    tmp_path: Path, name: str, place: str, value: object, why: str
) -> None:
    """It ends naming the record and what in it does not fit, and says what to do."""
    data = await _sell(tmp_path)
    position = forge(data / "journal.db", name, partial(_set, place, value))
    with (
        Journal.open(data / "journal.db", reserve_bytes=0) as journal,
        pytest.raises(RecordNotFollowedError) as told,
    ):
        load_books(journal, data)
    assert position == told.value.position
    assert f"Record {position} of the journal {data / 'journal.db'}" in str(told.value)
    assert why in str(told.value)
    assert "nothing was changed. Install the newest version" in str(told.value)


@pytest.mark.parametrize("error", [OSError("the catalog is not there"), MemoryError()])
async def test_what_is_no_fault_of_a_record_is_told_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """And for no other reason than its own: whoever follows its causes comes to an end."""
    data = await _sell(tmp_path)

    def fails(_: object) -> NoReturn:
        raise error

    monkeypatch.setattr(history, "fact_of", fails)
    with (
        Journal.open(data / "journal.db", reserve_bytes=0) as journal,
        pytest.raises(type(error)) as told,
    ):
        load_books(journal, data, use_snapshot=False)
    assert told.value is error
    assert told.value.__cause__ is None


async def test_every_command_tells_of_an_impossible_record(folder: Path) -> None:
    """Whoever reads a history to its end says which record cannot be followed; nobody breaks."""
    data = await _sell(folder)
    forged = folder / "forged"
    shutil.copytree(data, forged, ignore=shutil.ignore_patterns("run"))
    change = partial(_set, "data.receipt_sequence", 77)
    position = forge(forged / "journal.db", "order.completed/1", change)
    config = folder / "store.toml"
    config.write_text(f'data_dir = "{forged}"\nstore_id = "shop-1"\nreserve_mib = 0\n')
    promotions = folder / "promotions.toml"
    promotions.write_text("promotion = []\n")
    for words in (
        ("serve", config),
        ("replay", forged),
        ("replay", forged, "--show"),
        ("dry-run", promotions, "--data", forged),
    ):
        done = run(*words)
        assert 1 == done.returncode, words
        assert done.stderr.startswith(f"countertop: Record {position} of the journal {forged}")
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("place", "value", "command"),
    [
        ("stamp.utc_offset_s", 10**9, ("activity",)),
        ("stamp.business_date", "x", ("dry-run", "promotions.toml", "--data")),
    ],
)
async def test_an_impossible_time_is_told(
    folder: Path, place: str, value: object, command: tuple[str, ...]
) -> None:
    """A stamp of no calendar only shows where it is read as a date, and is told there."""
    data = await _sell(folder)
    (folder / "promotions.toml").write_text("promotion = []\n")
    position = forge(data / "journal.db", "order.completed/1", partial(_set, place, value))
    done = run(*command, data, cwd=folder)
    assert 1 == done.returncode
    assert f"countertop: Record {position} of the journal" in done.stderr
    assert "Traceback" not in done.stderr


async def test_an_ended_order_with_an_impossible_record_is_told(tmp_path: Path) -> None:
    """A start passes over what an ended order held; whoever asks for that order hears of it."""
    data = await _sell(tmp_path)
    position = forge(
        data / "journal.db", "order.cash_tendered/2", partial(_set, "data.tender", "one")
    )
    with Journal.open(data / "journal.db", reserve_bytes=0) as journal:
        load_books(journal, data)
        order_id = journal.read(position - 1, 1)[0].stream.removeprefix("order/")
        with pytest.raises(RecordNotFollowedError) as told:
            fetch_order(journal, order_id)
    assert position == told.value.position


@pytest.mark.parametrize("name", ["effect.requested/1", "effect.finished/1"])
async def test_an_effect_without_an_id_is_told(tmp_path: Path, name: str) -> None:
    """What was asked of a device is paired by its id before it is posted: one without breaks no
    start, and its posting tells of it."""
    data = await _sell(tmp_path)
    turned = {"name": name, "data": {}}
    position = forge(data / "journal.db", "order.suspended/1", lambda body: body.update(turned))
    with (
        Journal.open(data / "journal.db", reserve_bytes=0) as journal,
        pytest.raises(RecordNotFollowedError) as told,
    ):
        load_books(journal, data)
    assert position == told.value.position


async def test_an_impossible_snapshot_costs_a_longer_replay(tmp_path: Path) -> None:
    """Its sums hold and its record is ours, yet what follows does not fit it: the whole journal is
    followed instead, and the shop opens."""
    async with open_shop(tmp_path) as shop:
        await shop.do("order.add_line", code="bread")
        journal, data = shop.store.journal, tmp_path / "data"
        head, image = journal.head(), parse(canonical(image_of(shop.store.books)))
        await shop.do("order.tender_cash", amount_minor=5000)
        assert 1 == len(image["live"]["orders"])
        image["live"]["orders"] = []
        folder, state = data / "snapshots", canonical(image)
        snapshots.save(folder, head.position, head.epoch, head.hash, state)
        assert shop.hash() == state_hash(load_books(journal, data))
        order = next(iter(shop.store.books.live.orders.values()))
        assert Phase.TENDERING is order.phase


@pytest.mark.parametrize(("place", "value"), [("position", 2**40), ("segment_hash", "\0")])
async def test_a_snapshot_of_an_impossible_place_is_passed_over(
    tmp_path: Path, place: str, value: object
) -> None:
    """A state that says it is of another record than its file, or over a catalog with an
    impossible name, is none."""
    async with open_shop(tmp_path) as shop:
        head, image = shop.store.journal.head(), image_of(shop.store.books)
        state = canonical({**image, place: value})
        found = snapshots.Snapshot(head.position, head.epoch, head.hash, state)
        assert books_of(found, tmp_path / "data") is None
