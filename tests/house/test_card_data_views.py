"""The page on card data lists every column of the views that holds any of it, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeVar, get_type_hints

import apsw
import attrs
import pytest

from actors.view_clearing_rows import count_some
from actors.view_folds import FOLDS
from engine.order.commands import AddLine, AddReturnLine, CompleteOrder, StartTendering
from engine.paylink.commands import RequestPaylink
from engine.payment.commands import CaptureTab, OpenTab, RequestPayment, ReverseTender
from engine.payment.ending_days import EndTerminalDay, HearTerminalDay
from engine.provider import LinkState
from engine.settlement.model import SettlementRow
from engine.terminal import CardShown, Identity, SettledTotal, Settlement, Verdict
from tests.card_shop import card_shop, hear, keep, running, set_aside, slip
from tests.clearing_shop import BANK, Clearing, paid
from tests.house.test_card_data_doc import COLUMN, PAGE
from tests.link_shop import hear as hear_link
from tests.link_shop import with_provider

MARK = re.compile(rb"zq[a-z_]+|9100000\d\d|479999|8642")
CARD = "479999******8642"

T = TypeVar("T", bound=attrs.AttrsInstance)


def marked(cls: type[T], at: int, **known: Any) -> T:
    """One of a class, with something in each of its fields that is nowhere else: also in those
    that come to it one day."""
    values = dict(known)
    for field in attrs.fields(cls):
        hint = get_type_hints(cls)[field.name]
        if field.name in values or hint is bool:
            continue  # a yes or a no is nowhere to be found
        values[field.name] = f"zq{field.name}" if hint is str else 910000000 + at
    return cls(**values)


def answer(at: int) -> dict[str, Any]:
    """What a terminal tells, all of it marked."""
    return {
        "identity": marked(Identity, at, date="1126"),
        "before": marked(Identity, at + 50, date="1126"),
        "card": marked(CardShown, at, number=CARD),
        "authorisation": "zqauth",
        "detail": "zqdetail",
        "slips": (slip("customer", "zqslip"), slip("merchant", "zqslip")),
    }


def a_day(clearing: Clearing) -> Iterator[None]:
    """A sale that is taken back, one that is not and comes back, a card that is held, one in doubt,
    an end of the terminal's day, what became of that one, a sale by link, and a file of it all;
    after each the views are looked at."""
    shop = clearing.shop
    clearing.terms(BANK)
    order = shop.ring("wine")
    shop.ok(RequestPayment())
    yield
    keep(shop, Verdict.APPROVED)
    hear(shop, Verdict.APPROVED, **answer(1))
    shop.ok(ReverseTender(1))
    yield
    hear(shop, Verdict.APPROVED, **answer(2))
    shop.ok(RequestPayment())
    hear(shop, Verdict.DECLINED, **answer(3))
    shop.ok(RequestPayment())
    hear(shop, Verdict.UNKNOWN, payment=(unknown := running(shop)), **answer(4))
    yield
    hear(shop, Verdict.APPROVED, payment=unknown, is_inquiry=True, **answer(4))
    shop.ok(CompleteOrder())
    shop.ok(AddReturnLine(order, 1, 1000, "broken"))
    shop.ok(RequestPayment())
    yield
    hear(shop, Verdict.APPROVED, **answer(5))
    shop.ok(CompleteOrder())
    shop.ok(AddLine("book"))
    shop.ok(OpenTab(2000))
    hear(shop, Verdict.APPROVED, **answer(6))
    shop.ok(StartTendering())
    shop.ok(CaptureTab())
    yield
    hear(shop, Verdict.APPROVED, **answer(7))
    shop.ok(CompleteOrder())
    doubt = set_aside(shop)
    yield
    totals = (SettledTotal("zqbrand", 1, 1),)
    slips = (slip("merchant", "zqslip"),)
    told = Settlement(Verdict.APPROVED, detail="zqdetail", totals=totals, slips=slips)
    asked = shop.ok(EndTerminalDay())
    shop.ok(HearTerminalDay(asked["terminal"], asked["day_id"], told), admin=True)
    yield
    hear(shop, Verdict.APPROVED, payment=doubt, is_inquiry=True, is_offline=True, **answer(9))
    yield
    with_provider(shop, "1")
    shop.ring("wine")
    paylink_id = shop.ok(RequestPaylink())["paylink_id"]
    hear_link(shop, paylink_id, LinkState.OPEN, provider_reference="zqoffered")
    yield
    hear_link(shop, paylink_id, LinkState.PAID, provider_reference="zqpaid", method="zqmethod")
    yield
    file_row = marked(SettlementRow, 8, **attrs.asdict(paid(0, 100), filter=_is_no_name))
    clearing.settle([file_row])
    yield


def _is_no_name(field: Any, _: object) -> bool:
    """What of a row of a file is a figure, and no name of a card or of a payment."""
    return field.name in ("kind", "gross_minor", "fee_minor", "date", "batch")


def columns_with_marks(db: apsw.Connection) -> Iterator[str]:
    """Every column in which something of a card stands now."""
    for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        cursor = db.execute(f"SELECT * FROM {table}")
        for row in cursor:
            for (column, *_), value in zip(cursor.get_description(), row, strict=True):
                text = value if isinstance(value, bytes) else str(value).encode()
                if MARK.search(text):
                    yield f"{table}.{column}"


def held() -> set[str]:
    """Every column of the views in which something of a card ever stood in a day."""
    clearing = Clearing(card_shop())
    found: set[str] = set()
    for _ in a_day(clearing):
        for record in clearing.records():
            for fold in FOLDS.values():
                fold(clearing.db, record)
            found |= set(columns_with_marks(clearing.db))
        while count_some(clearing.db):
            found |= set(columns_with_marks(clearing.db))
    return found


@pytest.mark.feature("BO-08", part="in the views")
def test_the_page_lists_the_columns_that_hold_card_data() -> None:
    """Each column that a card's mask, its brand, a slip or any name of a payment reaches is on the
    page once, and no column that has none of these."""
    listed = COLUMN.findall(PAGE.read_text("utf-8"))
    assert sorted(listed) == sorted(set(listed)), "a column is listed twice"
    found = held()
    assert found - set(listed) == set(), "say in docs/card-data.md what these are"
    assert set(listed) - found == set(), "take these out of docs/card-data.md"


def test_a_new_column_is_found_out() -> None:
    """Whoever keeps the bank's code of a payment, or any field that comes to it, is told to say
    so."""
    db = apsw.Connection(":memory:")
    db.execute("CREATE TABLE more (code TEXT, name BLOB, other TEXT, figure INTEGER)")
    names = (b'{"trace":910000004}', "plain", 7)
    db.execute("INSERT INTO more VALUES (?, ?, ?, ?)", (answer(1)["authorisation"], *names))
    assert list(columns_with_marks(db)) == ["more.code", "more.name"]
    assert {field.name for field in attrs.fields(CardShown)} >= {"number", "verification"}
    assert marked(CardShown, 1, number=CARD).verification == "zqverification"
