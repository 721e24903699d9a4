"""The till: float, paid in and out, blind count, close, and everything that is refused."""

from __future__ import annotations

import pytest

from engine import limits
from engine.decision import Approval
from engine.order.commands import CompleteOrder, StartTendering, TenderCash
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
    Refusal,
    TillClosed,
    TillCounted,
    TillOpened,
)
from tests.shop import Shop


def test_a_session_opens_with_its_float() -> None:
    """The float is the sum of what was counted in; sessions count from one per register."""
    shop = Shop.selling()
    opened = shop.events(TillOpened)
    assert opened == [TillOpened("1", 1, "max", 10_000, (Denomination(1000, 10),))]
    assert shop.ok(OpenTill(()), "2") == {"session": 1, "float_minor": 0}


def test_one_session_at_a_time() -> None:
    """An open till cannot be opened; a closed one opens as the next session."""
    shop = Shop.selling()
    assert shop.no(OpenTill(())) == Refusal.TILL_MUST_NOT_BE_OPEN
    shop.ok(CountTill((Denomination(1000, 10),)))
    assert shop.no(OpenTill(())) == Refusal.TILL_MUST_NOT_BE_OPEN
    shop.ok(CloseTill())
    assert shop.ok(OpenTill(()))["session"] == 2


@pytest.mark.parametrize(
    "body",
    [PayIn(100, "change"), PayOut(100, "milk"), OpenDrawer("look"), CountTill(()), CloseTill()],
)
def test_a_closed_till_does_nothing(body: object) -> None:
    """Without an open session money neither moves nor is counted."""
    assert Shop.selling().no(body, "2") == Refusal.TILL_MUST_BE_OPEN


@pytest.mark.parametrize(
    "denominations",
    [
        (Denomination(0, 1),),
        (Denomination(-5, 1),),
        (Denomination(5, -1),),
        (Denomination(5, 1_000_000),),
        (Denomination(5, 1), Denomination(5, 2)),
        (Denomination(limits.AMOUNT_MINOR_MAX, 2),),
        tuple(Denomination(n, 1) for n in range(1, limits.DENOMINATIONS_MAX + 2)),
    ],
)
def test_absurd_counts_are_refused(denominations: tuple[Denomination, ...]) -> None:
    """A coin worth nothing, a negative or endless number, the same coin twice: no count."""
    shop = Shop.selling()
    assert shop.no(OpenTill(denominations), "2") == Refusal.DENOMINATIONS_MUST_BE_VALID
    assert shop.no(CountTill(denominations)) == Refusal.DENOMINATIONS_MUST_BE_VALID


def test_money_in_and_out_is_on_record() -> None:
    """Each move records the amount, the reason and the person."""
    shop = Shop.selling()
    shop.ok(PayIn(500, " coins "))
    shop.ok(PayOut(300, "milk"))
    assert shop.events(PaidIn) == [PaidIn("1", 1, "max", "", 500, "coins")]
    assert shop.events(PaidOut) == [PaidOut("1", 1, "max", "", 300, "milk")]
    assert shop.books.live.till("1").expected_minor() == 10_200


def test_money_out_by_approval_names_the_approver() -> None:
    """A cashier without the right needs a second person, who is in the fact."""
    shop = Shop.selling("ana")
    shop.ok(PayOut(300, "milk"), approval=Approval("max", True))
    assert shop.events(PaidOut) == [PaidOut("1", 1, "ana", "max", 300, "milk")]


@pytest.mark.parametrize("kind", [PayIn, PayOut])
def test_moves_that_cannot_be_are_refused(kind: type) -> None:
    """The amount is positive and within reason, and there is a reason."""
    shop = Shop.selling()
    assert shop.no(kind(0, "x")) == Refusal.AMOUNT_MUST_BE_POSITIVE
    assert shop.no(kind(-1, "x")) == Refusal.AMOUNT_MUST_BE_POSITIVE
    over = limits.AMOUNT_MINOR_MAX + 1
    assert shop.no(kind(over, "x")) == Refusal.AMOUNT_MUST_BE_WITHIN_LIMIT
    assert shop.no(kind(1, "  ")) == Refusal.REASON_MUST_BE_GIVEN
    assert shop.no(kind(1, "r" * 121)) == Refusal.REASON_MUST_BE_GIVEN


def test_no_more_comes_out_than_is_in() -> None:
    """Taking out more than the till should hold is refused without telling what it holds."""
    shop = Shop.selling()
    assert shop.no(PayOut(10_001, "bank")) == Refusal.AMOUNT_MUST_BE_IN_TILL
    assert shop.refused(PayOut(10_001, "bank")) == {}
    shop.ok(PayOut(10_000, "bank"))


def test_opening_the_drawer_needs_a_reason() -> None:
    """A drawer opened without a sale has who and why; without why it stays shut."""
    shop = Shop.selling()
    assert shop.no(OpenDrawer(" ")) == Refusal.REASON_MUST_BE_GIVEN
    shop.ok(OpenDrawer("change for a note"))
    assert shop.events(NoSale) == [NoSale("1", 1, "max", "", "change for a note")]


def test_the_count_locks_the_session() -> None:
    """After the count no money moves; the answer shows what should have been there."""
    shop = Shop.selling()
    answer = shop.ok(CountTill((Denomination(1000, 9), Denomination(500, 1))))
    told = {"counted_minor": 9_500, "expected_minor": 10_000, "difference_minor": -500}
    assert answer == {**told, "foreign": []}
    assert shop.events(TillCounted)[0].counted_minor == 9_500
    for body in (PayIn(1, "x"), PayOut(1, "x"), OpenDrawer("x"), CountTill(())):
        assert shop.no(body) == Refusal.TILL_MUST_NOT_BE_COUNTED


def test_closing_posts_the_difference_once() -> None:
    """A close needs the count, records every figure, and ends the session."""
    shop = Shop.selling()
    assert shop.no(CloseTill()) == Refusal.TILL_MUST_BE_COUNTED
    shop.sell("bread")
    shop.ok(CountTill((Denomination(1000, 10),)))
    shop.ok(CloseTill())
    assert shop.events(TillClosed) == [
        TillClosed("1", 1, "max", 10_000, 350, 0, 0, 0, 10_350, 10_000, -350, 0)
    ]
    assert shop.books.live.position("1").totals.over_short_minor == -350
    assert shop.no(CloseTill()) == Refusal.TILL_MUST_BE_OPEN


def test_no_count_while_a_sale_is_being_paid() -> None:
    """Cash may be on the counter: the count waits until the payment is over."""
    shop = Shop.selling()
    shop.ring("bread")
    shop.ok(StartTendering())
    assert shop.no(CountTill(())) == Refusal.ORDER_MUST_NOT_BE_TENDERING
    shop.ok(TenderCash(350))
    shop.ok(CompleteOrder())
    shop.ok(CountTill(()))
