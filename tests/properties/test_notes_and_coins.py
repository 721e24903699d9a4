"""Foreign notes in any mix with cash: no cent is made, and each currency is a plain sum."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.foreign import ForeignCurrency
from engine.image import state_hash
from engine.order.commands import (
    AddLine,
    AddReturnLine,
    CompleteOrder,
    StartTendering,
    TenderCash,
    TenderForeign,
    UndoTender,
)
from engine.order.events import (
    OrderCompleted,
)
from engine.settings import RoundingMode, SetForeignCurrencies
from engine.till import CloseTill, CountTill, Denomination, ForeignCount, TillClosed
from tests.draws import examples
from tests.shop import Shop

DIGITS = {"USD": 2, "JPY": 0, "KWD": 3}
GOODS = ("bread", "milk", "wine", "book")
RATES = st.tuples(*(st.integers(1_000, 4_000_000) for _ in DIGITS))
STEPS = st.one_of(
    st.tuples(st.just("sell"), st.lists(st.sampled_from(GOODS), min_size=1, max_size=3)),
    st.tuples(st.just("notes"), st.tuples(st.sampled_from(sorted(DIGITS)), st.integers(1, 3_000))),
    st.tuples(st.just("cash"), st.integers(1, 400)),
    st.tuples(st.just("undo"), st.integers(1, 4)),
    st.tuples(st.just("complete"), st.none()),
    st.tuples(st.just("return"), st.integers(0, 9)),
)


class Drawer:
    """What a person would write down who sees every note and coin that is handed over."""

    def __init__(self) -> None:
        self.held: Counter[str] = Counter({"EUR": 10_000})
        self.counter: dict[int, tuple[str, int]] = {}

    def complete(self, change_minor: int) -> None:
        """What lay on the counter goes in, and the change comes out."""
        for currency, amount_minor in self.counter.values():
            self.held[currency] += amount_minor
        self.held["EUR"] -= change_minor
        self.counter.clear()


def _step(shop: Shop, drawer: Drawer, step: tuple[str, Any], coin: int) -> None:
    match step:
        case ("sell", codes):
            for code in codes:
                shop.when(AddLine(code))
        case ("notes", (currency, amount)):
            decision = shop.when(TenderForeign(currency, amount))
            if decision.refused is None:
                drawer.counter[decision.answer["tender"]] = (currency, amount)
        case ("cash", coins):
            _cash(shop, drawer, coins * coin)
        case ("undo", tender):
            decision = shop.when(UndoTender(tender))
            if decision.refused is None:
                currency, amount = drawer.counter.pop(tender)
                own = currency == "EUR"
                back = "returned_minor" if own else "foreign_minor"
                assert decision.answer[back] == amount
        case ("complete", _):
            decision = shop.when(CompleteOrder())
            if decision.refused is None:
                drawer.complete(decision.answer["change_minor"])
        case ("return", which):
            sold = [order for order in shop.books.archive.values() if order.completion is not None]
            if sold:
                shop.when(AddReturnLine(sold[which % len(sold)].id, 1, 1_000, "no need"))


def _cash(shop: Shop, drawer: Drawer, amount: int) -> None:
    """Coins there are; a refund is paid out as it is due."""
    shop.when(StartTendering())
    order = shop.books.live.current("1")
    if order is None or order.figures is None:
        return
    if order.figures.total_minor < 0:
        amount = shop.refused(TenderForeign("USD", 100))["due_minor"]
    decision = shop.when(TenderCash(amount))
    if decision.refused is None:
        drawer.counter[decision.answer["tender"]] = ("EUR", amount)


def _assert_sound(shop: Shop, drawer: Drawer, rates: dict[str, int]) -> None:
    till = shop.books.live.till("1")
    assert till.expected_minor() == drawer.held["EUR"]
    assert {row.currency: row.amount_minor for row in till.foreign} == {
        currency: minor for currency, minor in drawer.held.items() if currency != "EUR"
    }
    for sold in shop.events(OrderCompleted):
        tendered = sum(tender.amount_minor for tender in sold.tenders)
        assert sold.figures.total_minor + sold.rounding_minor == tendered - sold.change_minor
        for notes, worth in ((entry.foreign, entry.amount_minor) for entry in sold.tenders):
            if notes is not None:
                scale = Fraction(100, 10 ** DIGITS[notes.currency] * 10**6)
                exact = notes.amount_minor * rates[notes.currency] * scale
                assert -Fraction(1, 2) < worth - exact <= Fraction(1, 2)


@pytest.mark.feature("CHK-15", part="no cent is made")
@settings(max_examples=examples(60))
@given(
    steps=st.lists(STEPS, max_size=50),
    rates=RATES,
    coin=st.sampled_from((1, 5, 10)),
    mode=st.sampled_from(RoundingMode),
)
def test_notes_and_coins_add_up(
    steps: list[tuple[str, Any]], rates: tuple[int, ...], coin: int, mode: RoundingMode
) -> None:
    """Whatever is bought, paid, handed back and returned: total + rounding = tenders - change, the
    drawer is expected to hold of each currency what was put in, all change and all cash that stays
    is in coins there are, and the close, the Z and a replay agree."""
    shop = Shop.selling(cash_step_minor=coin, cash_mode=mode)
    by_currency = dict(zip(DIGITS, rates, strict=True))
    taken = tuple(ForeignCurrency(name, rate) for name, rate in by_currency.items())
    shop.ok(SetForeignCurrencies(taken))
    drawer = Drawer()
    for step in steps:
        _step(shop, drawer, step, coin)
        _assert_sound(shop, drawer, by_currency)
        assert drawer.held["EUR"] % coin == 0
    _close(shop, drawer)
    assert state_hash(shop.replayed()) == state_hash(shop.books)


def _close(shop: Shop, drawer: Drawer) -> None:
    """One note too many of each currency is told for each, and the Z sums what was taken."""
    order = shop.books.live.current("1")
    if order is not None and order.figures is not None:
        return
    foreign = tuple(
        ForeignCount(name, (Denomination(drawer.held[name] + 1, 1),)) for name in DIGITS
    )
    shop.ok(CountTill((), foreign))
    shop.ok(CloseTill())
    closed: TillClosed = shop.events(TillClosed)[-1]
    assert [row.difference_minor for row in closed.foreign] == [1] * len(DIGITS)
    totals = shop.books.live.position("1").totals
    assert sum(totals.tenders.values()) == totals.total_minor + totals.rounding_minor
    assert totals.tenders.get("foreign", 0) == sum(row.worth_minor for row in totals.foreign)
    assert {row.currency: row.amount_minor for row in totals.foreign} == {
        name: drawer.held[name] for name in DIGITS
    }
