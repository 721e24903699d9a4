"""Goods of one bundle come back at two registers at once, money goes back for good in parts, and
every return ends, in any order; together they bring what was paid."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.order.commands import (
    AddLine,
    AddReturnLine,
    CompleteOrder,
    StartTendering,
    UndoTendering,
    VoidOrder,
)
from engine.paylink.commands import RequestPaylink
from engine.provider import LinkState
from tests.draws import examples
from tests.engine.test_engine_bundle_returns import DOZEN, TRIO, settled, shop_with
from tests.link_shop import hear, with_provider
from tests.shop import Shop

DEALS = ((TRIO,), (DOZEN,), (TRIO, DOZEN))
GOODS = ("ten", "eight", "six")
REGISTERS = ("1", "2")
STEPS = 14


class Returns:
    """A sale by link, and two people who take its goods back."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.shop: Shop = shop_with(*chance.choice(DEALS))
        for register in REGISTERS:
            with_provider(self.shop, register)
        goods = chance.sample(GOODS, chance.randint(1, 3))
        for code in goods:
            body = AddLine(code, quantity_milli=chance.randint(1, 4) * 1_000)
            self.sale: str = self.shop.ok(body)["order_id"]
        paylink_id = self.shop.ok(RequestPaylink())["paylink_id"]
        hear(self.shop, paylink_id, LinkState.OPEN)
        hear(self.shop, paylink_id, LinkState.PAID)

    def step(self) -> None:
        """One of them goes on."""
        register = self.chance.choice(REGISTERS)
        order = self.shop.books.live.current(register)
        drawn = self.chance.random()
        if order is None or (order.figures is None and drawn < 0.5):
            self.take_back(register, 1_000 * self.chance.randint(1, 3))
        elif drawn < 0.9:
            self.shop.when(RequestPaylink(self.chance.choice((0, 1, 50, 300))), register)
        else:
            self.begin_anew(register)

    def take_back(self, register: str, quantity_milli: int) -> None:
        """Some of a line, where it is there."""
        line = self.chance.choice(self.shop.order(self.sale).lines).line
        self.shop.when(AddReturnLine(self.sale, line, quantity_milli, "x"), register)

    def begin_anew(self, register: str) -> None:
        """Where nothing was given for good."""
        self.shop.when(UndoTendering(), register)
        self.shop.when(VoidOrder("x"), register)

    def end(self, register: str) -> None:
        """Give what is due, and end; one that gave nothing yet may have to begin anew."""
        shop = self.shop
        for _ in range(3):
            shop.when(StartTendering(), register)
            shop.when(RequestPaylink(), register)
            order = shop.books.live.current(register)
            if order is None:
                return
            refused = shop.when(CompleteOrder(), register).refused
            if refused is not None and not order.tenders:
                self.begin_anew(register)
                return
        raise AssertionError(f"nobody can end it: {refused}")


@settings(max_examples=examples(60), deadline=None)
@given(st.integers(0, 2**32))
def test_returns_of_a_bundle_end_side_by_side(seed: int) -> None:
    """Whoever goes on first: what stands for good stands, and the last goods bring the rest."""
    returns = Returns(Random(seed))
    for _ in range(STEPS):
        returns.step()
    for register in returns.chance.sample(REGISTERS, 2):
        returns.end(register)
    shop = returns.shop
    sale = shop.order(returns.sale)
    for sold in sale.lines:
        if sold.quantity_milli > sold.returned_milli:
            left_milli = sold.quantity_milli - sold.returned_milli
            shop.ok(AddReturnLine(returns.sale, sold.line, left_milli, "x"))
    returns.end("1")
    sale = shop.order(returns.sale)
    assert settled(sale)
    assert sale.figures is not None
    assert sale.figures.total_minor == sale.refunded_minor(1)
