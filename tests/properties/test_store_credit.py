"""Store credit in any mix of returns, sales and registers: no cent is made or spent twice."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.books import Books, post, post_end
from engine.credit.rules import ReturnRules, SetReturnRules
from engine.image import books_from, image_of, state_hash
from engine.order.commands import (
    AddLine,
    AddReturnWithoutReceipt,
    CompleteOrder,
    RefundToCredit,
    StartTendering,
    TenderCash,
    TenderCredit,
    UndoTender,
    UndoTendering,
)
from engine.order.events import OrderCompleted, OrderEvent
from engine.order.tender_events import CreditTendered
from tests.shop import Shop

GOODS = st.sampled_from(("bread", "milk", "wine", "book"))
REGISTERS = st.sampled_from(("1", "2"))
STEPS = st.lists(
    st.tuples(
        REGISTERS,
        st.one_of(
            st.tuples(st.just("sell"), GOODS),
            st.tuples(st.just("back"), GOODS),
            st.tuples(st.just("issue"), st.integers(0, 900)),
            st.tuples(st.just("spend"), st.tuples(st.integers(0, 5), st.integers(0, 900))),
            st.tuples(st.just("undo"), st.integers(1, 4)),
            st.tuples(st.just("reopen"), st.none()),
            st.tuples(st.just("cash"), st.none()),
            st.tuples(st.just("complete"), st.none()),
        ),
    ),
    max_size=60,
)


class Counted:
    """What a person would write down who reads every completed receipt."""

    def __init__(self, shop: Shop) -> None:
        self.issued: dict[str, int] = {}
        self.spent: dict[str, int] = {}
        for event in shop.events(OrderCompleted):
            for tender in event.tenders:
                if tender.credit is None:
                    continue
                book = self.spent if tender.amount_minor > 0 else self.issued
                code = tender.credit.code
                book[code] = book.get(code, 0) + abs(tender.amount_minor)

    def left(self) -> dict[str, int]:
        """What every note must have left."""
        left = {code: minor - self.spent.get(code, 0) for code, minor in self.issued.items()}
        return {code: minor for code, minor in left.items() if minor}


def _step(shop: Shop, register: str, what: str, how: Any) -> None:
    match what:
        case "sell":
            shop.when(AddLine(how), register)
        case "back":
            shop.when(AddReturnWithoutReceipt(how, "", 1_000, "no receipt"), register)
        case "issue":
            shop.when(RefundToCredit(how), register)
        case "spend":
            at, amount_minor = how
            codes = sorted({event.credit.code for event in shop.events(CreditTendered)})
            if codes:
                shop.when(TenderCredit(codes[at % len(codes)], amount_minor), register)
        case "undo":
            shop.when(UndoTender(how), register)
        case "reopen":
            shop.when(UndoTendering(), register)
        case "cash":
            decision = shop.when(StartTendering(), register)
            due = decision.answer.get("cash_due_minor", 500)
            shop.when(TenderCash(due), register)
        case _:
            shop.when(CompleteOrder(), register)


def ends_only(shop: Shop) -> Books:
    """The books as a replay makes them that reads no more of an order than its end."""
    books = Books()
    for fact, stamp in shop.posted:
        if isinstance(fact.event, OrderCompleted):
            post_end(books, fact, stamp)
        elif not isinstance(fact.event, OrderEvent):
            post(books, fact, stamp)
    return books


@settings(deadline=None)
@given(STEPS)
def test_what_is_left_of_every_note_is_what_was_issued_less_what_was_spent(
    steps: list[tuple[str, tuple[str, Any]]],
) -> None:
    """After each step no note is spent or held beyond what it has, every return without a receipt
    ends in notes alone, and every way of replaying has the same ledger."""
    shop = Shop.selling()
    shop.ok(SetReturnRules(ReturnRules(without_receipt=True, ceiling_minor=10**6)), admin=True)
    for register, (what, how) in steps:
        _step(shop, register, what, how)
        notes = shop.books.credits.notes
        held: dict[str, int] = {}
        for order in shop.books.live.orders.values():
            for tender in order.tenders:
                if tender.credit is not None and tender.amount_minor > 0:
                    code = tender.credit.code
                    held[code] = held.get(code, 0) + tender.amount_minor
        assert all(minor <= notes[code].left_minor for code, minor in held.items())
    counted = Counted(shop)
    found = shop.books.credits
    assert counted.left() == {code: note.left_minor for code, note in found.notes.items()}
    assert len(found.spent) == len(counted.issued) - len(found.notes)
    assert all(found.is_known(code) for code in counted.issued)
    for event in shop.events(OrderCompleted):
        assert event.figures.total_minor == sum(t.amount_minor for t in event.tenders) - (
            event.change_minor + event.rounding_minor
        )
        if event.figures.total_minor < 0:
            assert {"credit"} == {tender.kind for tender in event.tenders}
    assert state_hash(shop.books) == state_hash(shop.replayed())
    assert state_hash(shop.books) == state_hash(books_from(image_of(shop.books), None))
    assert found.notes == ends_only(shop).credits.notes
