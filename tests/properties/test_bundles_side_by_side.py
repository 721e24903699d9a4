"""Goods of one bundle come back at two registers at once, money goes back by link, card and cash,
some of it for good, and every return ends, in any order; together they bring what was paid."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.order.commands import (
    AddLine,
    AddReturnLine,
    CompleteOrder,
    StartTendering,
    TenderCash,
    UndoTender,
    UndoTendering,
    VoidOrder,
)
from engine.order.due import due_of
from engine.paylink.commands import RequestPaylink
from engine.payment.commands import RequestPayment, ReverseTender
from engine.provider import LinkState
from engine.terminal import Identity, Verdict
from tests.card_shop import hear as hear_card
from tests.card_shop import with_terminal
from tests.draws import examples
from tests.engine.test_engine_bundle_returns import DOZEN, TRIO, settled, shop_with
from tests.link_shop import hear, with_provider

DEALS = ((TRIO,), (DOZEN,), (TRIO, DOZEN))
GOODS = ("ten", "eight", "six")
REGISTERS = ("1", "2")
PARTS = (0, 1, 50, 300)
STEPS = 14
TRIES = 12


class Returns:
    """A sale that link, card and cash paid, and two people who take its goods back."""

    def __init__(self, chance: Random) -> None:
        self.chance, self.told = chance, 0
        self.shop = shop_with(*chance.choice(DEALS))
        for register in REGISTERS:
            with_provider(self.shop, register)
            with_terminal(self.shop, register)
        for code in chance.sample(GOODS, chance.randint(1, 3)):
            body = AddLine(code, quantity_milli=chance.randint(1, 4) * 1_000)
            self.sale: str = self.shop.ok(body)["order_id"]
        due_minor = self.shop.ok(StartTendering())["due_minor"]
        paylink_id = self.shop.ok(RequestPaylink(due_minor // 2))["paylink_id"]
        hear(self.shop, paylink_id, LinkState.OPEN)
        hear(self.shop, paylink_id, LinkState.PAID)
        if chance.random() < 0.7:
            self.by_card(RequestPayment(chance.randint(1, due_minor // 4)), "1", is_sure=True)
        self.by_cash("1")
        self.shop.ok(CompleteOrder())

    # --------------------------------------------------------------------------------- by chance

    def step(self) -> None:
        """One of them goes on."""
        register, drawn = self.chance.choice(REGISTERS), self.chance.random()
        order = self.shop.books.live.current(register)
        if order is None or (order.figures is None and drawn < 0.5):
            line = self.chance.choice(self.shop.order(self.sale).lines).line
            back = AddReturnLine(self.sale, line, 1_000 * self.chance.randint(1, 3), "x")
            self.shop.when(back, register)
        elif drawn < 0.55:
            self.shop.when(RequestPaylink(self.chance.choice(PARTS)), register)
        elif drawn < 0.8:
            self.by_card(RequestPayment(self.chance.choice(PARTS)), register)
        elif drawn < 0.9:
            self.by_cash(register)
        else:
            self.begin_anew(register)

    def by_card(self, body: Any, register: str, *, is_sure: bool = False) -> None:
        """The terminal does it or not; what it gives back by the payment is for good."""
        if self.shop.when(body, register).refused is not None:
            return
        self.told += 1
        is_final = isinstance(body, RequestPayment) and self.chance.random() < 0.5
        name = Identity("29001234", self.told, self.told, "1126", "101500", "", is_final)
        is_done = is_sure or self.chance.random() < 0.8
        verdict = Verdict.APPROVED if is_done else Verdict.DECLINED
        hear_card(self.shop, verdict, self.told, register=register, identity=name)

    def by_cash(self, register: str) -> None:
        """What is due, in coins."""
        self.shop.when(StartTendering(), register)
        order = self.shop.books.live.current(register)
        if order is not None and order.figures is not None:
            due = due_of(order, order.figures, self.shop.books.settings.required())
            self.shop.when(TenderCash(due.in_cash_minor), register)

    def begin_anew(self, register: str) -> None:
        """Where what was given can be had back."""
        order = self.shop.books.live.current(register)
        for tender in () if order is None else order.tenders:
            if tender.card is not None:
                self.by_card(ReverseTender(tender.tender), register)
            else:
                self.shop.when(UndoTender(tender.tender), register)
        self.shop.when(UndoTendering(), register)
        self.shop.when(VoidOrder("x"), register)

    # -------------------------------------------------------------------------------- what must be

    def end(self, register: str) -> bool:
        """Give what is due and end, or begin anew; whether that could be done now."""
        for _ in range(TRIES):
            self.shop.when(StartTendering(), register)
            if self.shop.books.live.current(register) is not None:
                self.shop.when(RequestPaylink(), register)
                self.by_card(RequestPayment(), register, is_sure=True)
                self.by_cash(register)
                self.shop.when(CompleteOrder(), register)
            if self.shop.books.live.current(register) is None:
                return True
            self.begin_anew(register)
        return False

    def the_rest_comes_back(self) -> None:
        """Whatever is still out."""
        for sold in self.shop.order(self.sale).lines:
            left_milli = sold.quantity_milli - sold.returned_milli
            if left_milli:
                self.shop.ok(AddReturnLine(self.sale, sold.line, left_milli, "x"))
        assert self.end("1")


@settings(max_examples=examples(120), deadline=None)
@given(st.integers(0, 2**32))
def test_returns_of_a_bundle_end_side_by_side(seed: int) -> None:
    """Whoever goes on first: what stands for good stands, and the last goods bring the rest."""
    returns = Returns(Random(seed))
    for _ in range(STEPS):
        returns.step()
    # Coins that lie on the counter for goods that another gave for first are taken back first.
    first, second = returns.chance.sample(REGISTERS, 2)
    is_first = returns.end(first)
    assert returns.end(second), "waits for the other"
    assert is_first or returns.end(first), "nobody can end it"
    returns.the_rest_comes_back()
    sale = returns.shop.order(returns.sale)
    assert settled(sale)
    assert sale.figures is not None
    tenders = {entry.tender for entry in sale.refunded}
    assert sale.figures.total_minor == sum(map(sale.refunded_minor, tenders))
