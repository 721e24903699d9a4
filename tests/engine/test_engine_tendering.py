"""Paying: figures freeze, cash is taken, rounded and given back, the sale completes."""

from __future__ import annotations

import attrs
import pytest

from engine import limits
from engine.order import tendering
from engine.order.commands import (
    AddLine,
    AddOpenLine,
    AddReturnLine,
    CompleteOrder,
    OpenOrder,
    StartTendering,
    TenderCash,
    UndoTender,
    UndoTendering,
    VoidLine,
)
from engine.order.context import OrderContext
from engine.order.events import (
    OrderCompleted,
)
from engine.order.figures import TenderFigures
from engine.order.refunds import tenders_max
from engine.order.refusal import Refusal
from engine.order.state import Order
from engine.order.tender_events import (
    CashTendered,
    TenderingStarted,
    TenderingUndone,
    TenderUndone,
)
from engine.settings import StoreConfigured, TaxClassesSet
from engine.till import CloseTill, CountTill
from engine.views.build import order_view
from tests.shop import TAXES, Shop, rules


def paying(*codes: str) -> Shop:
    """A shop whose register 1 is being paid for these codes."""
    shop = Shop.selling()
    shop.ring(*codes)
    shop.ok(StartTendering())
    return shop


def test_tendering_freezes_the_figures() -> None:
    """The fact holds every line's amounts and the rules that made them."""
    shop = paying("bread", "wine")
    (fact,) = shop.events(TenderingStarted)
    assert fact.figures.total_minor == 1_149
    assert [line.total_minor for line in fact.figures.lines] == [350, 799]
    assert fact.figures.rules.startswith("inclusive/rate_document/half_up/")


def test_a_sale_ends_at_the_figures_it_was_paid_at() -> None:
    """A tax rate that changes while the customer pays changes nothing of what is completed."""
    shop = paying("bread", "wine")
    (started,) = shop.events(TenderingStarted)
    shop.ok(TenderCash(2_000))
    shop.given(TaxClassesSet(tuple(attrs.evolve(entry, rate_ppm=250_000) for entry in TAXES)))
    shop.ok(CompleteOrder())
    (completed,) = shop.events(OrderCompleted)
    assert completed.figures == started.figures
    assert shop.books.live.position("1").totals.tax_minor == started.figures.tax_minor


def test_less_than_the_total_does_not_complete() -> None:
    """A cent short is not paid; the refusal says how much is missing."""
    shop = paying("bread")
    assert shop.refused(CompleteOrder()) == {"due_minor": 350}
    shop.ok(TenderCash(349))
    assert shop.no(CompleteOrder()) == Refusal.ORDER_MUST_BE_PAID
    assert shop.refused(CompleteOrder()) == {"due_minor": 1}
    shop.ok(TenderCash(1))
    shop.ok(CompleteOrder())


def test_nothing_is_not_paid_for() -> None:
    """An order without a line that counts cannot be paid."""
    shop = Shop.selling()
    shop.ok(OpenOrder())
    assert shop.no(StartTendering()) == Refusal.LINES_MUST_BE_PRESENT
    assert shop.no(TenderCash(100)) == Refusal.LINES_MUST_BE_PRESENT
    shop.ok(AddLine("bread"))
    shop.ok(VoidLine(1))
    assert shop.no(StartTendering()) == Refusal.LINES_MUST_BE_PRESENT


def test_going_back_to_ringing_up() -> None:
    """Without tenders the figures thaw; with one it has to go back first."""
    shop = paying("bread")
    shop.ok(TenderCash(100))
    assert shop.no(UndoTendering()) == Refusal.TENDERS_MUST_BE_UNDONE
    assert shop.ok(UndoTender(1))["returned_minor"] == 100
    shop.ok(UndoTendering())
    assert len(shop.events(TenderUndone)) == len(shop.events(TenderingUndone)) == 1
    assert shop.ok(AddLine("milk"))["total_minor"] == 479
    for body in (UndoTendering(), UndoTender(1), CompleteOrder()):
        assert shop.no(body) == Refusal.ORDER_MUST_BE_TENDERING


def test_cash_and_change() -> None:
    """What is over the total is change, known before completion and recorded in it."""
    shop = Shop.selling()
    shop.ring("bread")
    answer = shop.ok(TenderCash(500))
    assert (answer["due_minor"], answer["change_minor"]) == (0, 150)
    done = shop.ok(CompleteOrder())
    assert done == {
        "order_id": done["order_id"],
        "receipt_number": "1-000001",
        "total_minor": 350,
        "rounding_minor": 0,
        "change_minor": 150,
    }
    (fact,) = shop.events(OrderCompleted)
    assert fact.tenders == (TenderFigures(1, "cash", 500),)
    assert (fact.cash_minor, fact.change_minor, fact.till_session) == (350, 150, 1)


def test_cash_in_instalments() -> None:
    """Several payments settle one sale; one taken back is due again."""
    shop = paying("wine")
    assert shop.ok(TenderCash(300))["due_minor"] == 499
    assert shop.ok(TenderCash(200))["due_minor"] == 299
    assert shop.no(CompleteOrder()) == Refusal.ORDER_MUST_BE_PAID
    shop.ok(UndoTender(1))
    assert shop.no(UndoTender(1)) == Refusal.TENDER_MUST_EXIST
    assert shop.ok(TenderCash(599))["due_minor"] == 0
    assert [fact.tender for fact in shop.events(CashTendered)] == [1, 2, 3]
    shop.ok(CompleteOrder())


def test_figures_thaw() -> None:
    """Back at ringing up an order is priced as it is then, not as it was when paying began."""
    shop = paying("wine")
    shop.ok(UndoTendering())
    order_id = shop.ring("bread")
    order = shop.order(order_id)
    assert order.figures is None
    view = order_view(order, shop.books)
    assert view.total_minor == 799 + 350


def test_tenders_that_cannot_be() -> None:
    """Nothing, less than nothing, beyond reason, or when nothing is due any more."""
    shop = paying("bread")
    assert shop.no(TenderCash(0)) == Refusal.AMOUNT_MUST_BE_POSITIVE
    assert shop.no(TenderCash(-1)) == Refusal.AMOUNT_MUST_BE_POSITIVE
    over = TenderCash(limits.AMOUNT_MINOR_MAX + 1)
    assert shop.no(over) == Refusal.AMOUNT_MUST_BE_WITHIN_LIMIT
    shop.ok(TenderCash(350))
    assert shop.no(TenderCash(1)) == Refusal.AMOUNT_MUST_STILL_BE_DUE


def test_tenders_have_a_limit() -> None:
    """A sale is not paid in endless instalments."""
    shop = paying("wine")
    for _ in range(limits.TENDERS_PER_ORDER_MAX):
        shop.ok(TenderCash(1))
    assert shop.no(TenderCash(1)) == Refusal.TENDERS_LIMIT_REACHED


def test_how_many_tenders_an_order_may_have_is_asked_when_it_has_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What an order gives back may be many sales; nobody looks at them while it has room anyway."""
    asked: list[int] = []

    def counted(order: Order, context: OrderContext) -> int:
        asked.append(len(order.tenders))
        return tenders_max(order, context)

    monkeypatch.setattr(tendering, "tenders_max", counted)
    shop = paying("wine")
    for _ in range(limits.TENDERS_PER_ORDER_MAX):
        shop.ok(TenderCash(1))
    assert [] == asked
    shop.no(TenderCash(1))
    assert [limits.TENDERS_PER_ORDER_MAX] == asked


@pytest.mark.feature("CSH-01", part="no cash without an open session")
def test_no_cash_without_a_till() -> None:
    """With the till closed, or counted, no cash is taken and none is paid out."""
    shop = Shop.selling()
    shop.ring("bread", register="2")
    assert shop.no(TenderCash(350), "2") == Refusal.TILL_MUST_BE_OPEN
    shop.ok(CountTill(()))
    shop.ring("bread")
    assert shop.no(TenderCash(350)) == Refusal.TILL_MUST_BE_OPEN
    shop.ok(CloseTill())
    assert shop.no(TenderCash(350)) == Refusal.TILL_MUST_BE_OPEN


def test_a_free_sale_needs_no_cash() -> None:
    """A total of nothing completes without a tender and without a till."""
    shop = Shop.selling()
    shop.ok(AddOpenLine("Gift", 0, "standard"), "2")
    shop.ok(StartTendering(), "2")
    assert shop.no(TenderCash(1), "2") == Refusal.TILL_MUST_BE_OPEN
    shop.ok(CompleteOrder(), "2")
    (fact,) = shop.events(OrderCompleted)
    assert (fact.tenders, fact.till_session, fact.cash_minor) == ((), 0, 0)


@pytest.mark.parametrize(
    ("price_minor", "handed", "rounding"),
    [(1007, 1005, -2), (1008, 1010, 2), (1247, 1245, -2), (1248, 1250, 2), (2, 0, -2), (3, 5, 2)],
)
def test_cash_rounding_settles_the_sale(price_minor: int, handed: int, rounding: int) -> None:
    """What is due in cash is a multiple of the smallest coin, the difference is recorded."""
    shop = Shop.selling(cash_step_minor=5)
    shop.ok(AddOpenLine("Thing", price_minor * 10_000, "standard"))
    assert shop.ok(StartTendering())["cash_due_minor"] == handed
    assert shop.ok(TenderCash(handed))["rounding_minor"] == rounding
    done = shop.ok(CompleteOrder())
    assert (done["total_minor"], done["rounding_minor"]) == (price_minor, rounding)
    assert shop.events(OrderCompleted)[0].cash_minor == handed


def test_the_coin_is_that_of_the_moment_tendering_began() -> None:
    """A smallest coin that changes while money is on the counter is the next order's: what was
    counted out settles the order it was counted out for."""
    shop = Shop.selling(cash_step_minor=5)
    sold = shop.sell("wine")
    shop.ok(AddReturnLine(sold, 1, 1000, "corked"))
    assert shop.ok(TenderCash(-800))["rounding_minor"] == -1
    shop.given(StoreConfigured(rules(cash_step_minor=30)))
    shop.ok(CompleteOrder())
    shop.ok(AddOpenLine("Thing", 12_780_000, "standard"))
    assert shop.ok(StartTendering())["cash_due_minor"] == 1290
    shop.given(StoreConfigured(rules(cash_step_minor=5)))
    assert shop.ok(TenderCash(1290))["due_minor"] == 0
    done = shop.ok(CompleteOrder())
    assert (done["rounding_minor"], done["change_minor"]) == (12, 0)


def test_tendering_begun_anew_takes_the_coin_of_then() -> None:
    """Prices and coin freeze together, and melt together."""
    shop = Shop.selling(cash_step_minor=5)
    shop.ok(AddOpenLine("Thing", 12_780_000, "standard"))
    assert shop.ok(StartTendering())["cash_due_minor"] == 1280
    shop.given(StoreConfigured(rules(cash_step_minor=30)))
    shop.ok(UndoTendering())
    assert shop.ok(StartTendering())["cash_due_minor"] == 1290


def test_only_what_settles_is_rounded() -> None:
    """An instalment leaves the due as it is; the last payment brings it to a coin."""
    shop = Shop.selling(cash_step_minor=5)
    shop.ok(AddOpenLine("Thing", 10_080_000, "standard"))
    assert shop.ok(TenderCash(500))["rounding_minor"] == 0
    assert shop.ok(TenderCash(510))["rounding_minor"] == 2
    shop.ok(CompleteOrder())


def test_rounding_outlives_the_tender_that_brought_it() -> None:
    """Tenders come and go in any order; what stays in the drawer is a multiple of the coin."""
    shop = Shop.selling(cash_step_minor=5)
    shop.ok(AddOpenLine("Thing", 12_780_000, "standard"))
    for amount_minor in (300, 700, 500):
        shop.ok(TenderCash(amount_minor))
    shop.ok(UndoTender(1))
    assert shop.ok(TenderCash(2000))["change_minor"] == 1920
    shop.ok(UndoTender(2))
    shop.ok(UndoTender(3))
    done = shop.ok(CompleteOrder())
    assert (done["rounding_minor"], done["change_minor"]) == (2, 720)
    assert shop.events(OrderCompleted)[0].cash_minor == 1280


def test_exact_money_in_small_coins_is_not_rounded() -> None:
    """Who still has cents may pay to the cent; a cent short of the rounded amount is no debt."""
    shop = Shop.selling(cash_step_minor=5)
    shop.ok(AddOpenLine("Thing", 12_780_000, "standard"))
    assert shop.ok(TenderCash(1277))["due_minor"] == 1
    assert shop.ok(TenderCash(1))["due_minor"] == 0
    assert shop.no(TenderCash(1)) == Refusal.AMOUNT_MUST_STILL_BE_DUE
    done = shop.ok(CompleteOrder())
    assert (done["rounding_minor"], done["change_minor"]) == (0, 0)


def test_a_refund_is_paid_out_exactly() -> None:
    """Neither more nor less than is due goes out, rounded to a coin; then nothing is due."""
    shop = Shop.selling(cash_step_minor=5)
    sold = shop.sell("wine")
    shop.ok(AddReturnLine(sold, 1, 1000, "corked"))
    for amount_minor in (-799, -795, 0, 800):
        assert shop.no(TenderCash(amount_minor)) == Refusal.REFUND_MUST_BE_EXACT
    assert shop.ok(TenderCash(-800))["rounding_minor"] == -1
    assert shop.no(TenderCash(-800)) == Refusal.AMOUNT_MUST_STILL_BE_DUE
    done = shop.ok(CompleteOrder())
    assert (done["total_minor"], done["change_minor"]) == (-799, 0)
    assert shop.books.live.till("1").cash_refunds_minor == 800


def test_an_unpaid_refund_does_not_complete() -> None:
    """The customer's money is on the counter before the sale is over."""
    shop = Shop.selling()
    sold = shop.sell("wine")
    shop.ok(AddReturnLine(sold, 1, 1000, "corked"))
    shop.ok(StartTendering())
    assert shop.no(CompleteOrder()) == Refusal.ORDER_MUST_BE_PAID


def test_the_till_must_be_open_when_cash_goes_in() -> None:
    """A session that ended under a paid order, which only a fault can do, takes no cash."""
    shop = paying("bread")
    shop.ok(TenderCash(350))
    shop.books.live.tills.clear()
    assert shop.no(CompleteOrder()) == Refusal.TILL_MUST_BE_OPEN
