"""The drawer's day: float, sales, money in and out, a blind count, X and Z."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.decision import Approval
from engine.order.commands import AddLine, AddReturnLine, StartTendering, TenderCash
from engine.outbox import EffectRequested
from engine.register import CloseDay, DayClosed
from engine.staff import Right, RoleDefined, SignedOn, SignOn
from engine.till import (
    CloseTill,
    CountTill,
    Denomination,
    NoSale,
    OpenDrawer,
    OpenTill,
    PaidIn,
    PaidOut,
    PayIn,
    PayOut,
    TillClosed,
    TillCounted,
    TillOpened,
)
from engine.views.build import register_view, till_view, x_view, z_view
from engine.wire import unstructure
from tests.shop import Shop

FLOAT = (Denomination(1000, 5), Denomination(500, 6), Denomination(200, 10))


def x_of(shop: Shop, register: str = "1") -> Any:
    """The X of a register as asked for now."""
    position = shop.books.live.position(register)
    return x_view(
        position, register, training=False, business_date="2026-11-23", now_ns=shop.now_ns
    )


@pytest.mark.feature("CSH-01")
def test_no_float_no_cash() -> None:
    """Cash is neither taken nor paid out before the float is in the drawer."""
    shop = Shop.open()
    shop.given(SignedOn("ana", "1"), SignedOn("max", "2"))
    shop.ring("bread")
    shop.ok(StartTendering())
    assert shop.no(TenderCash(350)) == "till_must_be_open"
    assert shop.no(OpenDrawer("look")) == "till_must_be_open"
    shop.ok(OpenTill(FLOAT))
    shop.ok(TenderCash(350))


@pytest.mark.feature("CSH-01")
def test_a_session_belongs_to_a_drawer_and_to_people() -> None:
    """Who opened, moved money and closed is on record, at the register whose drawer it is."""
    shop = Shop.open()
    shop.given(SignedOn("ana", "1"), SignedOn("max", "2"))
    shop.ok(OpenTill(FLOAT))
    assert shop.books.live.till("1").opened_by == "ana"
    assert not shop.books.live.till("2").is_open
    order_id = shop.sell("bread")
    assert shop.order(order_id).completion is not None
    shop.ok(SignOn("max", pin_correct=True))
    shop.ok(PayOut(100, "milk"))
    shop.ok(CountTill(FLOAT))
    shop.ok(CloseTill())
    people = [
        shop.events(kind)[0].operator for kind in (TillOpened, PaidOut, TillCounted, TillClosed)
    ]
    assert people == ["ana", "max", "max", "max"]
    sessions = {
        (fact.register, fact.session)
        for kind in (TillOpened, PaidOut, TillCounted, TillClosed)
        for fact in shop.events(kind)
    }
    assert sessions == {("1", 1)}
    kicks = [e for e in shop.events(EffectRequested) if e.effect["name"] == "drawer.kick/1"]
    assert {kick.address for kick in kicks} == {"drawer/1"}


@pytest.mark.feature("CSH-02")
def test_the_baker_is_paid_and_coins_are_brought() -> None:
    """What should be in the drawer moves by the amount; reason and person are on record."""
    shop = Shop.selling("ana")
    assert shop.no(PayOut(4_500, "baker")) == "right_must_be_granted"
    assert shop.no(PayOut(4_500, ""), approval=Approval("max", True)) == "reason_must_be_given"
    expected = shop.books.live.till("1").expected_minor
    assert expected() == 10_000
    shop.ok(PayOut(4_500, "baker"), approval=Approval("max", True))
    assert shop.books.live.till("1").expected_minor() == 5_500
    shop.ok(PayIn(2_000, "coins"), approval=Approval("max", True))
    assert shop.books.live.till("1").expected_minor() == 7_500
    assert shop.events(PaidOut) == [PaidOut("1", 1, "ana", "max", 4_500, "baker")]
    assert shop.events(PaidIn) == [PaidIn("1", 1, "ana", "max", 2_000, "coins")]
    totals = x_of(shop).totals
    assert (totals.paid_out_minor, totals.paid_in_minor) == (4_500, 2_000)


@pytest.mark.feature("CSH-03")
def test_the_drawer_is_two_euros_short() -> None:
    """Expected is float and sales less refunds, plus in, less out; the difference is posted."""
    shop = Shop.selling()
    sold = shop.sell("wine", "wine")
    shop.ring("bread")
    shop.pay(500)
    shop.ok(AddReturnLine(sold, 1, 1000, "corked"))
    shop.pay()
    shop.ok(PayIn(300, "coins"))
    shop.ok(PayOut(1_000, "milk"))
    expected = 10_000 + (1_598 + 350) - 799 + 300 - 1_000
    assert shop.books.live.till("1").expected_minor() == expected
    counted = expected - 200
    shop.ok(CountTill((Denomination(1, counted),)))
    shop.ok(CloseTill())
    (closed,) = shop.events(TillClosed)
    assert (closed.expected_minor, closed.counted_minor) == (expected, counted)
    assert closed.difference_minor == -200
    assert (closed.cash_sales_minor, closed.cash_refunds_minor) == (1_948, 799)
    assert x_of(shop).totals.over_short_minor == -200


@pytest.mark.feature("CSH-04")
def test_the_count_sheet_is_kept() -> None:
    """Each coin and note with its number; they sum to the counted amount and stay on record."""
    shop = Shop.selling("ana")
    sheet = (Denomination(5000, 1), Denomination(1000, 4), Denomination(200, 3), Denomination(1, 7))
    assert shop.ok(CountTill(sheet))["counted_minor"] == 5000 + 4000 + 600 + 7
    (fact,) = shop.events(TillCounted)
    assert fact.denominations == sheet
    assert fact.counted_minor == sum(line.value_minor * line.count for line in sheet)
    assert shop.books.live.till("1").denominations == sheet
    shop.ok(CloseTill())
    assert shop.replayed().live.till("1").denominations == sheet


@pytest.mark.feature("CSH-05")
def test_the_cashier_counts_blind() -> None:
    """Nothing the cashier may see holds the expected amount until the count is locked."""
    shop = Shop.selling("ana")
    rights = (Right.SELL, Right.TILL, Right.PAID_IN_OUT)
    shop.given(RoleDefined("cashier", rights))
    shop.sell("wine")
    expected = 10_799
    assert shop.books.live.till("1").expected_minor() == expected
    till = shop.books.live.till("1")
    assert till_view(till, may_see_expected=False).expected_minor is None
    assert till_view(till, may_see_expected=True).expected_minor == expected
    screen = register_view(
        shop.books, "1", epoch=1, now_ns=shop.now_ns, devices={}, last_order=None
    )
    assert screen.till.expected_minor is None
    assert str(expected) not in json.dumps(unstructure(screen))
    assert shop.refused(PayOut(99_999, "too much")) == {}
    answers = [shop.ok(PayIn(1, "coin")), shop.ok(PayOut(1, "coin"))]
    assert answers == [{}, {}]
    answer = shop.ok(CountTill((Denomination(100, 107),)))
    assert (answer["expected_minor"], answer["difference_minor"]) == (expected, -99)
    locked = till_view(shop.books.live.till("1"), may_see_expected=False)
    assert (locked.expected_minor, locked.counted_minor) == (expected, 10_700)
    assert shop.no(CountTill((Denomination(1, expected),))) == "till_must_not_be_counted"


@pytest.mark.feature("CSH-07")
def test_x_at_noon_z_at_night() -> None:
    """X repeats and changes nothing; Z comes once, numbered, and never changes afterwards."""
    shop = Shop.selling()
    shop.sell("wine", "bread")
    assert x_of(shop) == x_of(shop)
    assert x_of(shop).z_number == 0
    shop.sell("milk")
    noon = x_of(shop)
    assert noon.totals.total_minor == 799 + 350 + 129
    shop.ok(CountTill(()))
    shop.ok(CloseTill())
    before = x_of(shop).totals
    assert shop.ok(CloseDay())["z_number"] == 1
    (event,) = shop.events(DayClosed)
    first = z_view(event, training=False, now_ns=0)
    assert first.totals == before
    assert shop.no(CloseDay()) == "day_must_have_business"
    shop.ok(OpenTill(()))
    shop.sell("bread")
    assert z_view(event, training=False, now_ns=0) == first
    assert x_of(shop).totals.total_minor == 350
    shop.ok(CountTill(()))
    shop.ok(CloseTill())
    assert shop.ok(CloseDay()) == {"z_number": 2, "total_minor": 350}
    assert [z.z_number for z in shop.events(DayClosed)] == [1, 2]
    assert shop.printed()[-1].title == "Z report 1-2"


@pytest.mark.feature("CSH-07")
def test_each_register_has_its_own_z() -> None:
    """One register's Z leaves the other's figures and numbers alone."""
    shop = Shop.selling()
    shop.ok(OpenTill(()), "2")
    shop.sell("wine")
    shop.sell("bread", register="2")
    shop.ok(CountTill(()))
    shop.ok(CloseTill())
    shop.ok(CloseDay())
    assert x_of(shop, "2").totals.total_minor == 350
    shop.ok(CountTill(()), "2")
    shop.ok(CloseTill(), "2")
    assert shop.ok(CloseDay(), "2")["z_number"] == 1


@pytest.mark.feature("CSH-09")
def test_change_for_the_meter() -> None:
    """A drawer opened without a sale is counted, with who, when and why; the Z says how often."""
    shop = Shop.selling("ana")
    shop.ok(OpenDrawer("change for the meter"))
    when = shop.now_ns
    shop.ok(SignOn("max", pin_correct=True))
    shop.ok(OpenDrawer("wrong note"))
    facts = [(f.event, s.now_ns) for f, s in shop.posted if isinstance(f.event, NoSale)]
    assert facts == [
        (NoSale("1", 1, "ana", "", "change for the meter"), when),
        (NoSale("1", 1, "max", "", "wrong note"), shop.now_ns),
    ]
    assert x_of(shop).totals.no_sales == 2
    shop.ok(CountTill(()))
    shop.ok(CloseTill())
    assert shop.events(TillClosed)[0].no_sales == 2
    shop.ok(CloseDay())
    assert shop.events(DayClosed)[0].totals.no_sales == 2
    rows = [(block.left, block.right) for block in shop.printed()[-1].blocks]
    assert ("Drawer opened without sale", "2") in rows


@pytest.mark.feature("CSH-09")
def test_a_sale_is_no_drawer_opening() -> None:
    """Selling opens the drawer too, and is not counted as an opening without a sale."""
    shop = Shop.selling("ana")
    shop.ok(AddLine("bread"))
    shop.pay()
    assert x_of(shop).totals.no_sales == 0


@pytest.mark.feature("TAX-06", part="cash rounds to 0.05 and posts to its own figure")
@pytest.mark.parametrize(("code", "cash", "rounding"), [("wine", 800, 1), ("milk", 130, 1)])
def test_no_more_small_coins(code: str, cash: int, rounding: int) -> None:
    """Cash settles to five cents, tax and total stay, the difference has its own figure."""
    shop = Shop.selling(cash_step_minor=5)
    order_id = shop.ring(code)
    total = shop.ok(StartTendering())["total_minor"]
    shop.ok(TenderCash(cash))
    shop.pay(0)
    order = shop.order(order_id)
    assert order.completion is not None
    assert order.figures is not None
    assert (order.figures.total_minor, order.completion.rounding_minor) == (total, rounding)
    totals = x_of(shop).totals
    assert (totals.total_minor, totals.rounding_minor) == (total, rounding)
    assert totals.tenders == {"cash": total + rounding}
    assert shop.books.live.till("1").expected_minor() == 10_000 + cash
    printed = [(block.left, block.right) for block in shop.printed()[-1].blocks]
    assert ("Rounding", "0.01") in printed
