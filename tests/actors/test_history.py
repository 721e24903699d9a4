"""From records to books and back: part way, from a stream alone, and without a snapshot's help."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from actors import snapshots
from actors.history import (
    fact_of,
    fetch_order,
    load_books,
    order_from,
    read_segment,
    replay_record,
    replay_records,
    save_snapshot,
    segment_path,
)
from engine.books import Books
from engine.image import state_hash
from engine.order.state import Phase
from tests.store.harness import OwnShop, open_shop


async def test_books_as_of_any_position(tmp_path: Path) -> None:
    """Replayed up to a position the books are what the store's were there."""
    async with open_shop(tmp_path) as shop:
        known = {shop.store.books.position: shop.hash()}
        for code in ("bread", "milk", "wine"):
            await shop.do("order.add_line", code=code)
            known[shop.store.books.position] = shop.hash()
        await shop.do("order.tender_cash", amount_minor=5000)
        await shop.do("order.complete")
        known[shop.store.books.position] = shop.hash()
        for position, digest in known.items():
            books = load_books(shop.store.journal, tmp_path / "data", until=position)
            assert (books.position, state_hash(books)) == (position, digest)
        told: list[tuple[int, int]] = []
        load_books(
            shop.store.journal,
            tmp_path / "data",
            use_snapshot=False,
            progress=lambda done, total: told.append((done, total)),
        )
        assert told[-1] == (max(known), max(known))


async def _ended(shop: OwnShop) -> dict[str, str]:
    sold = (await shop.sell("wine"))["order_id"]
    await shop.do("order.add_line", code="bread")
    voided = (await shop.look("register.state"))["order"]["order_id"]
    await shop.do("order.void", reason="left")
    return {sold: Phase.COMPLETED.value, voided: Phase.VOIDED.value}


async def test_an_ended_order_comes_from_its_own_stream(tmp_path: Path) -> None:
    """Completed and voided orders are read back whole, with what went back to them since."""
    async with open_shop(tmp_path) as shop:
        ended = await _ended(shop)
        for order_id, phase in ended.items():
            order = fetch_order(shop.store.journal, order_id)
            assert order is not None
            assert order.phase.value == phase
        sold = next(iter(ended))
        await shop.do(
            "order.add_return_line", order_id=sold, line=1, quantity_milli=1000, reason="faulty"
        )
        await shop.do("order.tender_cash", amount_minor=-799)
        await shop.do("order.complete")
        order = fetch_order(shop.store.journal, sold)
        assert order is not None
        assert [entry.returned_milli for entry in order.live_lines()] == [1000]
        assert fetch_order(shop.store.journal, "no-such-order") is None
        assert order_from([], tmp_path) is None
        for record in shop.records():
            assert fact_of(record).stream == record.stream


async def test_a_snapshot_is_believed_only_where_it_was_made(tmp_path: Path) -> None:
    """One of another epoch or history is passed over, and only the newest two are kept."""
    async with open_shop(tmp_path) as shop:
        journal, folder = shop.store.journal, tmp_path / "data" / "snapshots"
        for _ in range(3):
            await shop.sell()
            save_snapshot(journal, tmp_path / "data", shop.store.books)
        assert len(list(folder.iterdir())) == snapshots.KEEP
        found = snapshots.load_latest(folder, journal.is_ours)
        assert found is not None
        assert found.position == shop.store.books.position
        snapshots.save(folder, found.position + 1, found.epoch, found.hash, b"{}")
        snapshots.save(folder, found.position, found.epoch + 1, found.hash, b"{}")
        assert state_hash(load_books(journal, tmp_path / "data")) == shop.hash()


async def test_a_snapshot_of_another_shape_costs_the_replay_only(tmp_path: Path) -> None:
    """Well-formed JSON that is no image of books is passed over."""
    async with open_shop(tmp_path) as shop:
        await shop.sell()
        head = shop.store.journal.head()
        for state in (b"{}", b"[]", b'{"segment_hash":""}', b'{"segment_hash":7}'):
            snapshots.save(
                tmp_path / "data" / "snapshots", head.position, head.epoch, head.hash, state
            )
            assert state_hash(load_books(shop.store.journal, tmp_path / "data")) == shop.hash()


def test_a_missing_segment_says_what_to_do(tmp_path: Path) -> None:
    """The file and where to get it from are named."""
    with pytest.raises(FileNotFoundError, match="Copy it back from a backup"):
        read_segment(tmp_path, "ab" * 32)
    path = segment_path(tmp_path, "ab" * 32)
    path.parent.mkdir()
    path.write_bytes(b"x")
    assert read_segment(tmp_path, "ab" * 32) == b"x"
    assert attrs.has(snapshots.Snapshot)


async def test_orders_told_in_short_leave_the_same_books(tmp_path: Path) -> None:
    """Replay posts only the end of orders that begin and end in one go, and nothing of effects that
    do; wherever the goes are cut, the books are those of posting every record."""
    async with open_shop(tmp_path) as shop:
        await shop.open_register("2")
        setup = {"id": "1", "name": "Till", "printer": "printer/1", "drawer": "drawer/1"}
        await shop.office("settings.define_register", setup=setup)
        await _ended(shop)
        await shop.do("order.add_line", code="milk")
        await shop.do("order.suspend", label="hat")
        parked = shop.records("order.suspended/1")[-1].data["order_id"]
        await shop.sell("wine", register="2")
        await shop.do("order.resume", "2", order_id=parked)
        await shop.do("order.tender_cash", "2", amount_minor=500)
        await shop.do("order.complete", "2")
        sold = (await shop.sell("wine"))["order_id"]
        await shop.do(
            "order.add_return_line", order_id=sold, line=1, quantity_milli=1000, reason="faulty"
        )
        await shop.do("order.tender_cash", amount_minor=-799)
        await shop.do("order.complete")
        await shop.do("register.start_training")
        await shop.do("till.open", denominations=[])
        await shop.sell("bread")
        await shop.do("order.add_line", code="bread")
        receipts = [e for e in shop.store.books.outbox.values() if not e.expires_ns]
        for entry, outcome in zip(receipts, ("done", "expired", "failed"), strict=False):
            told = {"effect_id": entry.effect_id}
            await shop.office("effect.start", **told)
            await shop.office("effect.finish", **told, outcome=outcome, reason="")
        assert len(receipts) == 4
        records, data = shop.records(), tmp_path / "data"
        sealed = shop.store.journal.read_sealed(0, len(records))
        assert [entry.record() for entry in sealed] == records
        assert len({record.stream for record in records if record.stream.startswith("order/")}) > 6
        for length in (1, 2, 3, 7, 20, len(records)):
            books = Books()
            for first in range(0, len(records), length):
                replay_records(books, sealed[first : first + length], data)
            assert state_hash(books) == shop.hash(), length
        one_by_one = Books()
        for record in records:
            replay_record(one_by_one, record, data)
        assert state_hash(one_by_one) == shop.hash()
