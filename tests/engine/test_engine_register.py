"""A register: its numbers, its totals, its Z, and training."""

from __future__ import annotations

from engine.order.commands import AddLine, OpenOrder, SuspendOrder, VoidLine, VoidOrder
from engine.register import (
    CloseDay,
    DayClosed,
    EndTraining,
    Refusal,
    StartTraining,
    Totals,
    TrainingEnded,
    TrainingStarted,
)
from engine.till import CloseTill, CountTill, OpenDrawer, OpenTill, PayIn
from tests.shop import Shop


def closed(shop: Shop) -> Shop:
    """The same shop with the till of register 1 counted as zero and closed."""
    shop.ok(CountTill(()))
    shop.ok(CloseTill())
    return shop


def test_an_unknown_register_is_refused_first() -> None:
    """Nothing is decided for a register that was never defined."""
    assert Shop.selling().no(AddLine("bread"), "9") == Refusal.REGISTER_MUST_EXIST


def test_a_z_copies_the_running_totals_and_starts_anew() -> None:
    """It is numbered from one, holds every figure, and the next totals are empty."""
    shop = Shop.selling()
    shop.sell("bread", "wine")
    shop.ring("milk", "milk")
    shop.ok(VoidLine(1))
    shop.pay()
    shop.ring("book")
    shop.ok(VoidOrder("changed mind"))
    shop.ok(OpenDrawer("change"))
    shop.ok(PayIn(200, "coins"))
    before = closed(shop).books.live.position("1").totals
    assert shop.ok(CloseDay()) == {"z_number": 1, "total_minor": 350 + 799 + 129}
    (event,) = shop.events(DayClosed)
    assert event.totals == before
    assert (before.sales, before.voided_lines, before.voided_orders) == (2, 1, 1)
    assert (before.voided_minor, before.no_sales, before.paid_in_minor) == (1_200, 1, 200)
    assert (before.receipt_first, before.receipt_last) == (1, 2)
    assert before.over_short_minor == -(10_000 + 1_278 + 200)
    assert event.grand_total_minor == 1_278
    assert event.business_date == "2026-11-23"
    assert shop.books.live.position("1").totals == Totals()


def test_change_is_no_money_taken() -> None:
    """What X and Z call cash is what stayed in the drawer, tender by tender."""
    shop = Shop.selling()
    shop.ring("bread")
    shop.pay(1_000)
    assert shop.books.live.position("1").totals.tenders == {"cash": 350}


def test_a_z_that_cannot_be_is_refused() -> None:
    """Not with an order open, not with the till open, not twice."""
    shop = Shop.selling()
    shop.ring("bread")
    assert shop.no(CloseDay()) == Refusal.ORDER_MUST_NOT_BE_OPEN
    shop.ok(SuspendOrder())
    assert shop.no(CloseDay()) == Refusal.TILL_MUST_NOT_BE_OPEN
    closed(shop)
    shop.ok(CloseDay())
    assert shop.no(CloseDay()) == Refusal.DAY_MUST_HAVE_BUSINESS
    assert shop.no(CloseDay(), "2") == Refusal.DAY_MUST_HAVE_BUSINESS


def test_numbers_and_the_grand_total_go_on_after_a_z() -> None:
    """Receipt numbers and the perpetual total never start again."""
    shop = Shop.selling()
    shop.sell("bread")
    closed(shop).ok(CloseDay())
    shop.ok(OpenTill(()))
    second = shop.sell("milk")
    completion = shop.order(second).completion
    assert completion is not None
    assert completion.receipt_number == "1-000002"
    closed(shop).ok(CloseDay())
    assert [z.z_number for z in shop.events(DayClosed)] == [1, 2]
    assert shop.events(DayClosed)[1].grand_total_minor == 350 + 129


def test_training_goes_on_and_off() -> None:
    """Each change is a fact with the person; doing it twice is refused."""
    shop = Shop.selling()
    assert shop.no(EndTraining()) == Refusal.TRAINING_MUST_BE_ON
    assert shop.ok(StartTraining()) == {"training": True}
    assert shop.no(StartTraining()) == Refusal.TRAINING_MUST_NOT_BE_ON
    assert shop.ok(EndTraining()) == {"training": False}
    assert shop.events(TrainingStarted) == [TrainingStarted("1", "max")]
    assert shop.events(TrainingEnded) == [TrainingEnded("1", "max")]


def test_training_changes_only_between_orders() -> None:
    """A register with an order on it goes neither into training nor out of it."""
    shop = Shop.selling()
    shop.ok(OpenOrder())
    assert shop.no(StartTraining()) == Refusal.ORDER_MUST_NOT_BE_OPEN
    shop.ok(VoidOrder("x"))
    shop.ok(StartTraining())
    shop.ring("bread")
    assert shop.no(EndTraining()) == Refusal.ORDER_MUST_NOT_BE_OPEN
