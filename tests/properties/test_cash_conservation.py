"""The till as double entry: whatever happens at which register in which order, no cent is made."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.order.commands import (
    AddLine,
    AddReturnLine,
    CompleteOrder,
    StartTendering,
    TenderCash,
)
from engine.register import CloseDay, DayClosed
from engine.till import (
    CloseTill,
    CountTill,
    Denomination,
    OpenDrawer,
    OpenTill,
    PayIn,
    PayOut,
    TillClosed,
)
from tests.draws import examples
from tests.shop import Shop

REGISTERS = ("1", "2")
GOODS = ("bread", "milk", "wine", "book")
CENTS = st.integers(1, 3_000)
STEPS = st.one_of(
    st.tuples(st.just("open"), CENTS),
    st.tuples(st.just("sell"), st.lists(st.sampled_from(GOODS), min_size=1, max_size=3)),
    st.tuples(st.just("pay"), st.integers(-500, 5_000)),
    st.tuples(st.just("complete"), st.none()),
    st.tuples(st.just("return"), st.integers(0, 20)),
    st.tuples(st.just("paid_in"), CENTS),
    st.tuples(st.just("paid_out"), CENTS),
    st.tuples(st.just("no_sale"), st.none()),
    st.tuples(st.just("count"), st.integers(0, 20_000)),
    st.tuples(st.just("close"), st.none()),
    st.tuples(st.just("z"), st.none()),
)


class Ledger:
    """Accounts in minor units, each booking in two of them, so that their sum is always nought.

    A register's drawer is an account; where its money came from and went to are the others.
    """

    def __init__(self) -> None:
        self.balance: Counter[str] = Counter()
        self.since_z: Counter[str] = Counter()

    def move(self, register: str, source: str, amount_minor: int) -> None:
        """Put `amount_minor` from `source` into the drawer; negative takes it out."""
        self.balance[f"drawer/{register}"] += amount_minor
        self.balance[source] -= amount_minor
        self.since_z[f"{source}/{register}"] += amount_minor

    def drawer(self, register: str) -> int:
        """What lies in a drawer."""
        return self.balance[f"drawer/{register}"]


def _try(shop: Shop, register: str, body: Any) -> bool:
    return shop.when(body, register).refused is None


def _cents(amount_minor: int) -> tuple[Denomination, ...]:
    return (Denomination(1, amount_minor),)


def _take(shop: Shop, register: str, amount_minor: int) -> None:
    """Hand over or give back what is due, and `amount_minor` more where one pays too much."""
    answer = shop.when(StartTendering(), register)
    order = shop.books.live.current(register)
    if order is None or order.figures is None:
        return
    due_minor = answer.answer.get("cash_due_minor", order.figures.total_minor)
    pays_minor = due_minor + max(0, amount_minor) if due_minor >= 0 else due_minor
    if pays_minor:
        _try(shop, register, TenderCash(pays_minor))


def _complete(shop: Shop, ledger: Ledger, register: str) -> None:
    """Cash lies in the drawer when the sale is complete: what was handed over, less the change."""
    order = shop.books.live.current(register)
    handed_minor = 0 if order is None else order.tendered_minor()
    decision = shop.when(CompleteOrder(), register)
    if decision.refused is None:
        ledger.move(register, "goods", handed_minor - decision.answer["change_minor"])


def _return(shop: Shop, register: str, which: int) -> None:
    sold = [o for o in shop.books.archive.values() if o.completion is not None and o.live_lines()]
    if sold:
        order = sold[which % len(sold)]
        line = order.live_lines()[0]
        _try(shop, register, AddReturnLine(order.id, line.line, 1_000, "faulty"))


def _step(shop: Shop, ledger: Ledger, register: str, step: tuple[str, Any]) -> None:
    match step:
        case ("open", cents):
            if _try(shop, register, OpenTill(_cents(cents))):
                ledger.move(register, "safe", cents)
        case ("sell", codes):
            for code in codes:
                _try(shop, register, AddLine(code))
        case ("pay", cents):
            _take(shop, register, cents)
        case ("complete", _):
            _complete(shop, ledger, register)
        case ("return", which):
            _return(shop, register, which)
        case ("paid_in", cents):
            if _try(shop, register, PayIn(cents, "coins")):
                ledger.move(register, "paid_in", cents)
        case ("paid_out", cents):
            if _try(shop, register, PayOut(cents, "stamps")):
                ledger.move(register, "paid_out", -cents)
        case ("no_sale", _):
            _try(shop, register, OpenDrawer("look"))
        case ("count", cents):
            _try(shop, register, CountTill(_cents(cents)))
        case ("close", _):
            _close(shop, ledger, register)
        case ("z", _):
            _z(shop, ledger, register)


def _close(shop: Shop, ledger: Ledger, register: str) -> None:
    """What is missing or too much is booked once, and all that was counted goes to the safe."""
    if not _try(shop, register, CloseTill()):
        return
    closed: TillClosed = shop.events(TillClosed)[-1]
    assert closed.expected_minor == ledger.drawer(register)
    assert closed.difference_minor == closed.counted_minor - closed.expected_minor
    ledger.move(register, "over_short", closed.difference_minor)
    ledger.move(register, "safe", -closed.counted_minor)
    assert ledger.drawer(register) == 0


def _z(shop: Shop, ledger: Ledger, register: str) -> None:
    """The Z says of each source what came from it since the last one, and nothing of the others."""
    if not _try(shop, register, CloseDay()):
        return
    totals = shop.events(DayClosed)[-1].totals
    told = {
        "goods": totals.tenders.get("cash", 0),
        "paid_in": totals.paid_in_minor,
        "paid_out": -totals.paid_out_minor,
        "over_short": totals.over_short_minor,
    }
    kept = {source: ledger.since_z.pop(f"{source}/{register}", 0) for source in told}
    assert told == kept


def _assert_balanced(shop: Shop, ledger: Ledger) -> None:
    assert sum(ledger.balance.values()) == 0
    for register in REGISTERS:
        till = shop.books.live.till(register)
        expected_minor = till.expected_minor() if till.is_open else 0
        assert expected_minor == ledger.drawer(register), register


@pytest.mark.feature("NEW-19", part="till")
@settings(max_examples=examples(80))
@given(steps=st.lists(st.tuples(st.sampled_from(REGISTERS), STEPS), max_size=60))
def test_no_cent_is_made_or_lost(steps: list[tuple[str, tuple[str, Any]]]) -> None:
    """Floats, sales, change, refunds, money in and out, counts, closes and Zs of two registers, in
    any order, refused ones too: each drawer holds what its ledger says after every step, every
    difference is booked once, and each Z tells the sources apart."""
    shop = Shop.selling(cash_step_minor=5)
    shop.ok(CountTill(_cents(10_000)))
    shop.ok(CloseTill())
    ledger = Ledger()
    for register, step in steps:
        _step(shop, ledger, register, step)
        _assert_balanced(shop, ledger)
    for register in REGISTERS:
        for step in (("pay", 0), ("complete", None), ("count", 777), ("close", None), ("z", None)):
            _step(shop, ledger, register, step)
            _assert_balanced(shop, ledger)


def test_a_day_reaches_every_account() -> None:
    """The property above is not about nothing: this day books into all of them."""
    shop = Shop.selling(cash_step_minor=5)
    shop.ok(CountTill(_cents(10_000)))
    shop.ok(CloseTill())
    ledger = Ledger()
    steps: tuple[tuple[str, Any], ...] = (
        ("open", 2_000),
        ("sell", ["bread", "milk"]),
        ("pay", 21),
        ("complete", None),
        ("paid_in", 100),
        ("paid_out", 50),
        ("return", 0),
        ("pay", 0),
        ("complete", None),
        ("count", 2_200),
        ("close", None),
    )
    for step in steps:
        _step(shop, ledger, "1", step)
        _assert_balanced(shop, ledger)
    # 4.79 is 4.80 in cash; 3.50 went back for the bread.
    assert ledger.balance == {
        "drawer/1": 0,
        "goods": -(480 - 350),
        "paid_in": -100,
        "paid_out": 50,
        "over_short": -20,
        "safe": 200,
    }
    _z(shop, ledger, "1")
    assert set(ledger.since_z) == {"safe/1"}
