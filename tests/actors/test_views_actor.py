"""Read models: folded from records, rebuilt at will, and one that fails harms nobody else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import attrs
import pytest
import trio

from actors import views as views_actor
from actors.asks import Committed, ReadFiled, ReadRecords, Reply, Submit
from actors.errors import NoAnswerError, PostError
from actors.limits import ASK_TIMEOUT_S
from actors.mailbox import Envelope, Mailbox
from actors.view_clearing_rows import count_some
from actors.view_folds import FOLDS
from actors.views import ViewsActor
from actors.world import SystemWorld
from countertop.serving import health_of
from engine.record import Record
from tests.store.harness import OwnShop, eventually, open_shop

TABLES = ("receipts", "reports", "counts", "activity", "roles", "operators", "signed_on")


async def _busy_days(shop: OwnShop) -> None:
    """Two days with sales, a parked order, a return, two counts and two Zs."""
    for day in range(2):
        sold = await shop.sell("wine", "bread")
        await shop.do("order.add_line", code="milk")
        await shop.do("order.suspend", label=f"day {day}")
        await shop.do(
            "order.add_return_line",
            order_id=sold["order_id"], line=1, quantity_milli=1000, reason="faulty",
        )  # fmt: skip
        await shop.do("order.tender_cash", amount_minor=-799)
        await shop.do("order.complete")
        sheet = [{"value_minor": 1000, "count": 10}, {"value_minor": 50, "count": 7 * (day + 1)}]
        await shop.do("till.count", denominations=sheet)
        await shop.do("till.close")
        await shop.do("register.close_day")
        await shop.do("till.open", denominations=[{"value_minor": 1000, "count": 10}])


async def _caught_up(shop: OwnShop) -> None:
    head = shop.store.journal.head().position
    await eventually(lambda: shop.store.views.position == head, "views at the head")


def _tables(path: Path) -> dict[str, list[Any]]:
    db = apsw.Connection(str(path))
    try:
        return {
            name: sorted(map(repr, db.execute(f"SELECT * FROM {name}").fetchall()))
            for name in TABLES
        }
    finally:
        db.close()


def _folded(path: Path, chunks: list[tuple[Record, ...]]) -> dict[str, list[Any]]:
    views = ViewsActor(path, "shop-1")
    views.open()
    for chunk in chunks:
        views.fold(chunk)
    assert views.quarantined == {}
    views.close()
    return _tables(path)


async def test_folded_at_once_is_folded_stepwise(tmp_path: Path) -> None:
    """All records in one go, one by one, and as they came in a running store: the same views."""
    async with open_shop(tmp_path) as shop:
        await _busy_days(shop)
        await _caught_up(shop)
        records = tuple(shop.records())
        live = _tables(tmp_path / "data" / "views.db")
    at_once = _folded(tmp_path / "once.db", [records])
    stepwise = _folded(tmp_path / "steps.db", [(record,) for record in records])
    assert at_once == stepwise == live
    assert len(live["receipts"]) == 4
    assert len(live["reports"]) == len(live["counts"]) == 2


async def test_a_deleted_database_is_folded_anew(tmp_path: Path) -> None:
    """views.db may be thrown away, be damaged or be of another version: it comes back whole."""
    path = tmp_path / "data" / "views.db"
    async with open_shop(tmp_path) as shop:
        await _busy_days(shop)
        await _caught_up(shop)
        rows = await shop.look("receipts.find", text="")
    before = _tables(path)

    def delete() -> None:
        for file in path.parent.glob("views.db*"):
            file.unlink()

    def damage() -> None:
        path.write_bytes(b"nothing that SQLite knows" * 100)

    def outdate() -> None:
        db = apsw.Connection(str(path))
        db.execute("UPDATE state SET value = 'old' WHERE key = 'version'")
        db.execute("DELETE FROM receipts")
        db.close()

    for harm in (delete, damage, outdate):
        harm()
        async with open_shop(tmp_path, ready=False) as shop:
            await _caught_up(shop)
            assert await shop.look("receipts.find", text="") == rows
        assert _tables(path) == before


async def test_views_that_cannot_be_opened_stop_no_sale(tmp_path: Path) -> None:
    """With a folder in the file's way the store starts, sells and says so; once gone, it heals."""
    path = tmp_path / "data" / "views.db"
    (path / "in the way").mkdir(parents=True)
    async with open_shop(tmp_path) as shop:
        await shop.sell()
        assert "can be neither opened nor made anew" in health_of(shop.store).data["views_fault"]
        with pytest.raises(PostError):
            await shop.ask("receipts.find", data={"text": "", "limit": 5}, query=True)
    (path / "in the way").rmdir()
    path.rmdir()
    async with open_shop(tmp_path, ready=False) as shop:
        await _caught_up(shop)
        assert len(await shop.look("receipts.find", text="")) == 1
        assert health_of(shop.store).data["views_fault"] == ""


async def test_a_poison_event_stops_one_view_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counts cannot fold a record: they stop there and say so; the sale, receipts and Z go on."""
    sound = FOLDS["counts"]
    bad: list[int] = []

    def poisoned(db: apsw.Connection, record: Record) -> None:
        if record.name == "till.counted/1":
            bad.append(record.position)
            raise RuntimeError("poison")
        sound(db, record)

    monkeypatch.setitem(FOLDS, "counts", poisoned)
    async with open_shop(tmp_path) as shop:
        await _busy_days(shop)
        await _caught_up(shop)
        assert len(bad) == 1, "a view that stopped is left alone"
        assert shop.store.views.quarantined == {"counts": bad[0]}
        z = await shop.ask("report.z", query=True)
        assert z.ok
        assert z.data["z_number"] == 2
        assert z.position == shop.store.journal.head().position
        counts = await shop.ask("till.counts", query=True)
        assert counts.data == []
        assert counts.position == bad[0] - 1, "the answer says up to where it may be believed"
        assert len(await shop.look("receipts.find", text="")) == 4
        await shop.sell()
    async with open_shop(tmp_path, ready=False) as shop:
        await _caught_up(shop)
        assert bad == [bad[0]] * 2, "a start tries again, once"
        assert shop.store.views.quarantined == {"counts": bad[0]}
        await shop.do("till.count", denominations=[{"value_minor": 1000, "count": 10}])
        await shop.do("till.close")
        assert (await shop.do("register.close_day"))["z_number"] == 3
        await _caught_up(shop)
        assert (await shop.look("report.z"))["z_number"] == 3
    monkeypatch.undo()
    async with open_shop(tmp_path, ready=False) as shop:
        await _caught_up(shop)
        assert shop.store.views.quarantined == {}, "the mended fold has read everything anew"
        assert [sheet["session"] for sheet in await shop.look("till.counts")] == [3, 2, 1]


@pytest.mark.parametrize("error", [apsw.IOError, apsw.FullError, OSError])
async def test_a_disk_that_fails_for_a_moment_stops_no_view(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """Neither as a record is folded nor as a bank's file is counted: it says nothing of the record,
    which is read again."""
    failed: list[str] = []

    def failing_once(name: str, sound: Callable[..., Any]) -> Callable[..., Any]:
        def fails(*args: Any) -> Any:
            if name not in failed:
                failed.append(name)
                raise error("the disk says no")
            return sound(*args)

        return fails

    monkeypatch.setitem(FOLDS, "receipts", failing_once("fold", FOLDS["receipts"]))
    monkeypatch.setattr("actors.views.count_some", failing_once("count", count_some))
    async with open_shop(tmp_path) as shop:
        await shop.sell("wine")
        await _caught_up(shop)
        assert sorted(failed) == ["count", "fold"]
        assert shop.store.views.quarantined == {}
        assert len(await shop.look("receipts.find", text="")) == 1


async def test_a_damaged_file_stops_one_view_and_not_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opened anew it would be as damaged: the next start makes it anew."""

    def damaged(_db: apsw.Connection, _record: Record) -> None:
        raise apsw.CorruptError("database disk image is malformed")

    monkeypatch.setitem(FOLDS, "receipts", damaged)
    async with open_shop(tmp_path) as shop:
        await _caught_up(shop)
        assert list(shop.store.views.quarantined) == ["receipts"]


def _rot(path: Path, table: str) -> None:
    """Spoil the page at which a table begins."""
    db = apsw.Connection(str(path))
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    root = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    size = db.execute("PRAGMA page_size").fetchone()
    db.close()
    assert root is not None
    assert size is not None
    with path.open("r+b") as file:
        file.seek((int(str(root[0])) - 1) * int(str(size[0])))
        file.write(b"U" * int(str(size[0])))


@pytest.mark.parametrize("table", ["receipts", "activity", "signed_on"])
async def test_a_page_that_rotted_is_made_anew_once_a_question_reads_it(
    tmp_path: Path, table: str
) -> None:
    """Who asked is told so, and a moment later has the answer; selling went on all the time."""
    path = tmp_path / "data" / "views.db"
    async with open_shop(tmp_path) as shop:
        await shop.sell()
        await _caught_up(shop)
    _rot(path, table)
    answers: list[Any] = []
    async with open_shop(tmp_path, ready=False) as shop:

        async def found() -> bool:
            try:
                if table == "activity":
                    reply = await shop.ask("activity.find", data={"limit": 5}, query=True)
                else:
                    reply = await shop.ask("receipts.find", data={"text": ""}, query=True)
            except PostError as error:
                answers.append(str(error))
                return False
            answers.append(reply)
            return reply.ok and len(reply.data) > 0

        await eventually(found, "the answer")
        await shop.sell()
        await _caught_up(shop)
        assert len(await shop.look("receipts.find", text="")) == 2
        assert health_of(shop.store).data["views_fault"] == ""
    assert "made anew from the journal" in str(answers[0])


@pytest.mark.feature("CSH-04")
async def test_count_sheets_are_kept(tmp_path: Path) -> None:
    """Each closed session's sheet sums to what was counted, and is there after a restart."""
    async with open_shop(tmp_path) as shop:
        await _busy_days(shop)
        await _caught_up(shop)
        sheets = await shop.look("till.counts")
    async with open_shop(tmp_path, ready=False) as shop:
        assert await shop.look("till.counts") == sheets
    assert [sheet["session"] for sheet in sheets] == [2, 1]
    for sheet in sheets:
        summed = sum(entry["value_minor"] * entry["count"] for entry in sheet["denominations"])
        assert summed == sheet["counted_minor"]
        assert sheet["counted_minor"] - sheet["expected_minor"] == sheet["difference_minor"]
    assert [sheet["counted_minor"] for sheet in sheets] == [10_700, 10_350]
    assert [sheet["difference_minor"] for sheet in sheets] == [350, 0]


@pytest.mark.feature("CSH-07", part="a Z is kept as it was made")
async def test_a_z_is_kept_as_it_was_made(tmp_path: Path) -> None:
    """A Z by number, or the last, is the same whenever it is asked; an unknown number is none."""
    async with open_shop(tmp_path) as shop:
        await _busy_days(shop)
        await _caught_up(shop)
        first, last = await shop.look("report.z", z_number=1), await shop.look("report.z")
        assert (first["z_number"], last["z_number"]) == (1, 2)
        await shop.sell("bread")
        assert await shop.look("report.z") == last
        missing = await shop.ask("report.z", "1", {"z_number": 7}, query=True)
        assert missing.refusal == {"code": "report_must_exist", "fields": {"z_number": 7}}


async def test_reports_need_their_right(tmp_path: Path) -> None:
    """A cashier sees receipts, not count sheets; nobody signed on sees neither."""
    async with open_shop(tmp_path) as shop:
        assert await _code(shop, "receipts.find", "2") == "operator_must_be_signed_on"
        await shop.open_register("2", "ana")
        await _caught_up(shop)
        assert await shop.look("receipts.find", "2", text="") == []
        assert await _code(shop, "till.counts", "2") == "right_must_be_granted"
        await shop.do("staff.sign_off", "2")
        await _caught_up(shop)
        assert await _code(shop, "receipts.find", "2") == "operator_must_be_signed_on"


async def _code(shop: OwnShop, name: str, register: str) -> str:
    reply = await shop.ask(name, register, query=True)
    assert reply.refusal is not None
    return str(reply.refusal["code"])


async def test_a_search_is_text_and_nothing_else(tmp_path: Path) -> None:
    """Percent signs, quotes and long texts find nothing they should not and break nothing."""
    async with open_shop(tmp_path) as shop:
        await shop.sell()
        await _caught_up(shop)
        for text in ("'; DROP TABLE receipts; --", "9" * 1_000, "___9"):
            assert await shop.look("receipts.find", text=text) == []
        assert len(await shop.look("receipts.find", text="%")) == 1
        assert len(await shop.look("receipts.find", text="000001", limit=-5)) == 1


async def test_news_that_was_missed_is_caught_up(tmp_path: Path) -> None:
    """After a gap in what it was told the actor reads the missing records from the journal."""
    async with open_shop(tmp_path) as shop:
        await _caught_up(shop)
        keeper = shop.store.bookkeeper
        followers, keeper._followers = keeper._followers, {}
        await shop.sell()
        keeper._followers = followers
        await shop.sell()
        await _caught_up(shop)
        assert len(await shop.look("receipts.find", text="")) == 2


def test_an_unknown_field_of_a_query_is_a_fault(tmp_path: Path) -> None:
    """A query that is not shaped as it should be is answered invalid_data."""
    views = ViewsActor(tmp_path / "views.db", "shop-1")
    views.open()
    submit = Submit("id", "1", "receipts.find", {"text": 5}, is_query=True, admin=True)
    reply = views._answer(submit, 0)
    assert reply.fault == "invalid_data"
    assert attrs.asdict(views._answer(attrs.evolve(submit, data={}), 0))["ok"]
    views.close()


class _Journal:
    """A bookkeeper for one that catches up; `meanwhile` hears from where on it reads."""

    def __init__(self, records: tuple[Record, ...], meanwhile: Callable[[int], None]) -> None:
        self._records, self._meanwhile = records, meanwhile

    async def ask(self, to: str, body: object, *, timeout_s: float) -> object:
        """The records from a place on, or how far the journal is."""
        assert (to, timeout_s) == ("bookkeeper", ASK_TIMEOUT_S)
        if isinstance(body, Submit):
            return Reply(ok=True, position=len(self._records))
        assert isinstance(body, ReadRecords)
        self._meanwhile(body.after)
        return self._records[body.after : body.after + body.limit]


async def test_who_asks_views_that_are_made_anew_hears_how_far_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search while a long journal is folded is refused at once, with what is read and of how
    much, and not answered half nor kept waiting. One that is nearly there is waited for."""
    async with open_shop(tmp_path) as shop:
        await shop.sell()
        records = tuple(shop.records())
    monkeypatch.setattr(views_actor, "VIEW_CHUNK", 5)
    monkeypatch.setattr(views_actor, "VIEW_BEHIND_MAX", 8)
    world, told, asked = SystemWorld(), dict[str, object](), list[str]()
    mailbox = Mailbox("views", world)
    find = Submit("f", "1", "receipts.find", {"text": "", "limit": 5}, is_query=True, admin=True)

    def ask(name: str, body: object) -> None:
        asked.append(name)
        mailbox.put_nowait(
            Envelope(name, "views", "test", body, lambda value: told.update({name: value}) is None)
        )

    def meanwhile(after: int) -> None:
        if after == 0:
            ask("early", find)
            ask("files", ReadFiled(("p1",)))
            news = Committed(1, len(records), records[-1:], frozenset())
            mailbox.put_nowait(Envelope("", "views", "test", news))
        elif "near" not in asked and len(records) - after <= 8:
            ask("near", find)

    views = ViewsActor(tmp_path / "views.db", "shop-1")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(views.run, mailbox, _Journal(records, meanwhile), world)
        await eventually(lambda: "near" in told, "the answer")
        nursery.cancel_scope.cancel()
    fields = {"position": 5, "journal_position": len(records)}
    assert told["early"] == Reply(
        ok=False, refusal={"code": "views_must_be_complete", "fields": fields}
    )
    assert isinstance(told["files"], NoAnswerError)
    near = told["near"]
    assert isinstance(near, Reply)
    assert len(near.data) == 1
