"""Who did what: the activity log by person, through the doors and on the command line."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import apsw
import attrs
import pytest

from actors.journal_schema import JournalCorruptError, JournalError
from countertop.activity import HEADINGS, write_activity
from countertop.errors import CommandFailedError
from engine.decision import COMMANDS
from engine.rights import RIGHTS
from engine.settings import StoreRules
from engine.staff import Right
from tests.store.harness import OwnShop, eventually, open_shop
from tests.unguarded import take_guards_off


async def log(shop: OwnShop, **filters: Any) -> list[dict[str, Any]]:
    """The log as the manager at register 1 reads it, once the views are up to date."""
    head = shop.store.journal.head().position
    await eventually(lambda: shop.store.views.position >= head, "views at the head")
    rows: list[dict[str, Any]] = await shop.look("activity.find", limit=500, **filters)
    return rows


def table(folder: Path, **filters: str) -> list[dict[str, str]]:
    """The exported log."""
    out = io.StringIO()
    count = write_activity(folder / "data", out, **filters)
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert len(rows) == count
    return rows


async def a_morning(shop: OwnShop) -> str:
    """Ana sells with a wrong PIN before and a manager's approval in between; the receipt number."""
    await shop.do("staff.sign_off")
    assert await shop.refused("staff.sign_on", operator="ana", pin="9999") == "pin_must_be_correct"
    await shop.do("staff.sign_on", operator="ana", pin="1111")
    await shop.do("order.add_line", code="wine")
    data = {"line": 1, "unit_price_micros": 5_000_000, "reason": "=dented"}
    reply = await shop.ask("order.override_price", data=data, approver="max", approver_pin="1234")
    assert reply.ok, reply
    await shop.do("order.tender_cash", amount_minor=1_000)
    done = await shop.do("order.complete")
    await shop.do("staff.sign_off")
    await shop.open_register("1", "max")
    return str(done["receipt_number"])


@pytest.mark.feature("STF-08", part="by person")
async def test_each_persons_deeds_stand_in_the_log(folder: Path) -> None:
    """Everything Ana did, in order, with who allowed it; Max's approval stands under his name."""
    async with open_shop(folder) as shop:
        number = await a_morning(shop)
        deeds = [row["fact"] for row in reversed(await log(shop, operator="ana"))]
        assert deeds == [
            "staff.pin_rejected",
            "staff.signed_on",
            "order.opened",
            "order.line_added",
            "staff.approval_given",
            "order.line_price_overridden",
            "order.tendering_started",
            "order.cash_tendered",
            "order.completed",
            "staff.signed_off",
        ]
        (sold,) = (row for row in await log(shop) if row["fact"] == "order.completed")
        assert (sold["operator"], sold["subject"], sold["amount_minor"]) == ("ana", number, 500)
        allowed = [row for row in await log(shop, operator="max") if row["operator"] == "ana"]
        assert [(row["fact"], row["approver"]) for row in reversed(allowed)] == [
            ("staff.approval_given", "max"),
            ("order.line_price_overridden", "max"),
        ]
        assert allowed[0]["reason"] == "=dented"
        today = sold["business_date"]
        of_today = [row for row in await log(shop) if row["business_date"] == today]
        assert await log(shop, business_date=today) == of_today
        assert await log(shop, business_date="1999-12-31") == []
        older = await log(shop, before=sold["position"])
        assert max(row["position"] for row in older) < sold["position"]
        await shop.do("staff.sign_off")
        await shop.do("staff.sign_on", operator="ana", pin="1111")
        reply = await shop.ask("activity.find", query=True)
        assert reply.refusal == {"code": "right_must_be_granted", "fields": {"right": "activity"}}


@pytest.mark.feature("STF-08", part="exportable")
async def test_the_log_is_exported_whole_and_checked(folder: Path) -> None:
    """The file holds what the screen shows, while the store sells; a changed record is named."""
    async with open_shop(folder) as shop:
        number = await a_morning(shop)
        rows = table(folder)
        assert tuple(rows[0]) == HEADINGS
        shown = await log(shop)
        assert [int(row["position"]) for row in rows] == [r["position"] for r in reversed(shown)]
        mine = table(folder, person="ana")
        assert mine[-2]["what"] == "order.completed"
        assert (mine[-2]["about"], mine[-2]["amount_minor"]) == (number, "500")
        (overridden,) = (row for row in mine if row["what"] == "order.line_price_overridden")
        assert overridden["approved_by"] == "max"
        assert overridden["reason"] == "'=dented", "no spreadsheet takes it for a formula"
        day = mine[-1]["business_date"]
        of_the_day = [row for row in rows if row["business_date"] == day]
        assert table(folder, since=day, until=day) == of_the_day
        assert table(folder, since="2999-01-01") == table(folder, until="1999-12-31") == []
        position = int(overridden["position"])
    _change(folder, position)
    with pytest.raises(JournalCorruptError, match=f"at record {position}"):
        table(folder)
    with pytest.raises(JournalError, match="Nothing was written"):
        write_activity(folder / "nowhere", io.StringIO())
    for bad in ("yesterday", "26.11.2026", "2026-13-01", "20261126"):
        with pytest.raises(CommandFailedError, match=f"'{bad}' is no business date. Nothing was"):
            table(folder, until=bad)


_CHANGES = (
    "DELETE FROM records",
    "UPDATE records SET name = 'x'",
    "INSERT OR REPLACE INTO records SELECT * FROM records WHERE position = 1",
    """REPLACE INTO records SELECT position + 999999, epoch, kind, stream, stream_version, 'x',
    command_id, payload, hash FROM records WHERE position = 1""",
    "DELETE FROM commands",
    "UPDATE commands SET answer = x'7b7d'",
    "UPDATE OR REPLACE commands SET id = 'x'",
    "REPLACE INTO commands SELECT id, body_hash, position, x'7b7d', digest FROM commands",
    """REPLACE INTO commands (rowid, id, body_hash, position, answer, digest)
    SELECT rowid, 'x', body_hash, position, answer, digest FROM commands""",
    """INSERT INTO commands SELECT * FROM commands WHERE true
    ON CONFLICT (id) DO UPDATE SET answer = x'7b7d'""",
)


def _change(folder: Path, position: int) -> None:
    """Put another approver into a record, past every guard of the database."""
    db = apsw.Connection(str(folder / "data" / "journal.db"))
    take_guards_off(db)
    payload = db.execute("SELECT payload FROM records WHERE position = ?", (position,)).fetchone()
    assert payload is not None
    changed = bytes(payload[0]).replace(b'"max"', b'"ana"')
    assert changed != payload[0]
    db.execute("UPDATE records SET payload = ? WHERE position = ?", (changed, position))
    db.close()


@pytest.mark.feature("STF-08", part="exportable")
def test_the_log_of_what_is_no_journal_is_told_in_words(folder: Path) -> None:
    """A file that SQLite cannot read is called damaged, as every other command calls it."""
    (folder / "data").mkdir()
    (folder / "data" / "journal.db").write_bytes(b"no journal, nor ever was one" * 100)
    with pytest.raises(JournalCorruptError, match="is damaged"):
        write_activity(folder / "data", io.StringIO())


def _can_be_switched_off() -> set[str]:
    """The words of commands and rules that would be about the log."""
    names = [name for name, _ in COMMANDS.items()]
    names += [field.name for field in attrs.fields(StoreRules)]
    words = {word for name in names for word in re.split(r"[._]", name)}
    return words & {"log", "activity", "audit", "journal", "history", "record"}


@pytest.mark.feature("STF-08")
async def test_the_log_is_only_ever_added_to_exported_as_it_is_and_always_on(
    folder: Path,
) -> None:
    """No row of the journal and no stored answer can be changed, deleted or written over, not even
    with the database in hand; what was tried changes no line of the export, which has each person's
    deeds; and there is no command to leave any out."""
    assert not _can_be_switched_off()
    async with open_shop(folder) as shop:
        await a_morning(shop)
    exported = {name: table(folder, person=name) for name in ("", "ana", "max")}
    assert len(exported["ana"]) > 5 < len(exported["max"])
    assert {row["what"] for row in exported["ana"]} >= {"staff.pin_rejected", "order.completed"}
    db = apsw.Connection(str(folder / "data" / "journal.db"))
    tables = ("records", "commands")
    before = [db.execute(f"SELECT rowid, * FROM {name}").fetchall() for name in tables]
    assert all(before)
    for statement in _CHANGES:
        with pytest.raises(apsw.ConstraintError, match="never"):
            db.execute(statement)
    assert [db.execute(f"SELECT rowid, * FROM {name}").fetchall() for name in tables] == before
    db.close()
    assert {name: table(folder, person=name) for name in exported} == exported


@pytest.mark.feature("STF-08", part="cannot be switched off")
async def test_nobody_can_switch_the_log_off(folder: Path) -> None:
    """No command, right or rule is about it, and whoever changes something is in it: in training,
    as the office, with its view thrown away and anew."""
    assert not _can_be_switched_off()
    assert Right.ACTIVITY not in RIGHTS.values(), "it lets somebody read, and nothing else"
    async with open_shop(folder) as shop:
        await shop.do("register.start_training")
        await shop.do("till.open", denominations=[])
        await shop.sell("bread")
        await shop.do("register.end_training")
        facts = [record for record in shop.records() if not record.name.startswith("effect.")]
        rows = await log(shop)
        assert [row["position"] for row in reversed(rows)] == [fact.position for fact in facts]
        assert all(row["operator"] for row in rows)
        assert {row["operator"] for row in rows} == {"system", "max"}
        assert any(row["training"] for row in rows)
    (folder / "data" / "views.db").unlink()
    async with open_shop(folder) as shop:
        assert await log(shop, before=facts[-1].position + 1) == rows
