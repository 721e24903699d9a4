"""Whatever cashiers, terminals, banks and providers do, and in whatever order: each order can be
ended, and each cent that really moved is on a receipt or before a person."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.image import state_hash
from engine.order.commands import (
    AddLine,
    AddReturnLine,
    CompleteOrder,
    RefundToCredit,
    ResumeOrder,
    StartTendering,
    SuspendOrder,
    TenderCash,
    TenderCredit,
    TenderForeign,
    UndoTender,
    UndoTendering,
    VoidLine,
    VoidOrder,
)
from engine.order.due import due_of
from engine.order.state import Order, Phase
from engine.paylink.commands import (
    CancelPaylink,
    RequestPaylink,
    ReverseLinkTender,
    SendBackPaylink,
)
from engine.payment.commands import (
    AdjustTip,
    CaptureTab,
    CloseException,
    OpenTab,
    RaiseTab,
    ReleaseTab,
    RequestPayment,
    ReverseAgain,
    ReverseTender,
    SetPaymentAside,
    TakeBack,
)
from engine.payment.events import Problem
from engine.provider import LinkKind
from engine.terminal import Kind
from tests.draws import examples
from tests.properties.money_world import REGISTERS, World

GOODS = ("bread", "milk", "wine", "book")
STEPS = 120
TRIES = 24


class Cashiers(World):
    """Two people at two registers who try whatever there is, and in the end do what they must."""

    closed_minor = 0

    # ------------------------------------------------------------------------------- by chance

    def step(self) -> None:
        """One of them does something, and perhaps somebody outside."""
        register = self.chance.choice("1112")
        self._outside()
        order = self.shop.books.live.current(register)
        if order is None:
            self._begin(register)
        elif order.figures is None and self.chance.random() < 0.15:
            self.do(AddLine(self.chance.choice(GOODS)), register)
        elif self.chance.random() < (0.3 if order.tab or order.figures is None else 0.02):
            self._tab(register, order)
        elif self.chance.random() < 0.2:
            ends = (CompleteOrder(), SuspendOrder("x"), VoidOrder("x"), UndoTendering())
            self.do(self.chance.choice(ends), register)
        else:
            self._pay(register, order)

    def _begin(self, register: str) -> None:
        parked = [one.id for one in self._open() if one.phase is Phase.SUSPENDED]
        drawn = self.chance.random()
        if parked and drawn < 0.15:
            self.do(ResumeOrder(self.chance.choice(parked)), register)
        elif drawn < (0.4 if self.is_dark else 0.55) or not self.sold:
            for _ in range(self.chance.randint(1, 3)):
                self.do(AddLine(self.chance.choice(GOODS)), register)
        else:
            self._bring_back(register)
            if self.chance.random() < 0.4:
                self.do(AddLine(self.chance.choice(GOODS)), register)

    def _bring_back(self, register: str) -> None:
        sale = self.chance.choice(self._stored() or list(self.sold))
        is_whole = self.chance.random() < 0.6
        for line in self.shop.order(sale).live_lines():
            if line.source is None and (is_whole or self.chance.random() < 0.5):
                self.do(AddReturnLine(sale, line.line, line.quantity_milli, "x"), register)

    def _tab(self, register: str, order: Order) -> None:
        """A reservation is asked for, or something becomes of it."""
        minor = self.chance.choice((1000, 2000, 3000))
        ways: tuple[Any, ...] = (RaiseTab(minor), AdjustTip(150), CaptureTab(), ReleaseTab())
        self.do(OpenTab(minor) if order.tab is None else self.chance.choice(ways), register)

    def _stored(self) -> list[str]:
        """On a dark day, the sales of which a bank has still to say whether it pays."""
        stored = [one.asked.order_id for one in self.shop.books.payments.offline.values()]
        return [one for one in stored if one in self.sold] if self.is_dark else []

    def _pay(self, register: str, order: Order) -> None:
        minor = self.chance.choice((0, 0, self.chance.randint(1, 900)))
        due = self._due(order)
        coins = self.chance.choice((due, due, minor, due + 300))
        ways: list[Any] = [TenderCash(coins)] * 3
        ways += [RequestPayment(minor)] * 4 + [RequestPaylink(minor)] * 2
        ways += [TenderForeign("USD", 500), RefundToCredit(minor), StartTendering()]
        ways += [TenderCredit(code, minor) for code in self.shop.books.credits.notes]
        ways += [self._undoing(order, entry.tender) for entry in order.tenders]
        self.do(self.chance.choice(ways), register)

    def _outside(self) -> None:
        payments, links = self.shop.books.payments, self.shop.books.paylinks
        for payment in [*payments.open.values(), *payments.aside()]:
            drawn = self.chance.random()
            if drawn < 0.1:
                asked = payment.asked
                self.do(SetPaymentAside(asked.payment_id, "x"), asked.register)
            elif drawn < 0.4:
                self._told_of(payment.asked.payment_id)
        for link in list(links.open.values()):
            if self.chance.random() < 0.3:
                self.provider_tells(link)
            if self.chance.random() < 0.05:
                self.do(CancelPaylink(link.asked.paylink_id))
        for payment_id in list(payments.offline):
            if self.chance.random() < (0.15 if self.is_dark else 0.05):
                self.bank_tells(payment_id, is_paid=self.chance.random() < 0.4)
        if self.chance.random() < 0.02:
            self.day_ends(self.chance.choice(REGISTERS))
        if self.chance.random() < 0.05:
            for payment_id in list(payments.exceptions):
                self.do(ReverseAgain(payment_id))
            for paylink_id in list(links.exceptions):
                self.do(SendBackPaylink(paylink_id))

    def quarrel(self) -> None:
        """Goods that several tenders paid come back, perhaps for others, a part of the money is
        given back or taken, and then banks say no to what was stored."""
        order = self.shop.books.live.current("1")
        if order is None:
            for _ in range(self.chance.randint(1, 3)):
                self.do(AddLine(self.chance.choice(GOODS)))
        self._in_parts(self.chance.randint(1, 3))
        self._settle_due("1")
        self.do(CompleteOrder())
        if self.shop.books.live.current("1") is None and self.sold:
            for _ in range(self.chance.choice((1, 1, 2))):
                self._bring_back("1")
            for _ in range(self.chance.randint(0, 2)):
                self.do(AddLine(self.chance.choice(GOODS)))
            self._in_parts(self.chance.randint(1, 2))
        for payment_id in list(self.shop.books.payments.offline):
            if self.chance.random() < 0.6:
                self.bank_tells(payment_id, is_paid=self.chance.random() < 0.2)
        if self.chance.random() < 0.2:
            self.day_ends("1")
        for _ in range(self.chance.randint(0, 6)):
            self.step()

    def _in_parts(self, count: int) -> None:
        for _ in range(count):
            order = self.shop.books.live.current("1")
            minor = self.chance.randint(1, 900)
            ways = (RequestPayment(minor), RequestPayment(minor), RequestPaylink(minor))
            coins = minor if order is None else self._due(order)
            self.do(self.chance.choice((*ways, TenderCash(min(coins, minor)))))
            self.settle()

    # ---------------------------------------------------------------------------- what must be

    def settle(self) -> None:
        """Whoever is asked outside has the last word on it."""
        payments, links = self.shop.books.payments, self.shop.books.paylinks
        for _ in range(100):
            waits = [*payments.open.values(), *payments.aside()]
            for payment in waits:
                self._told_of(payment.asked.payment_id, is_sure=True)
            for link in list(links.open.values()):
                self.provider_tells(link, is_sure=True)
            if not waits and not links.open:
                return
        raise AssertionError("a payment that nobody can settle")

    def end_all(self) -> None:
        """Every order that is open is ended, by whoever takes it up. One that waits for what
        another register has in hand is parked until that has ended."""
        self.settle()
        for register in REGISTERS:
            if not self._end(register):
                self.shop.ok(SuspendOrder("x"), register)
        for order in list(self._open()):
            self.shop.ok(ResumeOrder(order.id))
            assert self._end("1"), f"an order that nobody can end: {order}"
        assert not self.shop.books.live.orders

    def _end(self, register: str) -> bool:
        for turn in range(TRIES):
            order = self.shop.books.live.current(register)
            if order is None or self.do(CompleteOrder(), register).refused is None:
                return True
            if turn == TRIES // 2:
                self._close_refunds()
            if not self._settle_due(register):
                self._undo(register)
        return False

    def _settle_due(self, register: str) -> bool:
        """Pay what is due, or give it back, whichever way it goes; whether there was one."""
        self.do(StartTendering(), register)
        order = self.shop.books.live.current(register)
        if order is None or order.figures is None:
            return False
        due = self._due(order)
        ways = (TenderCash(due), RequestPayment(), RequestPaylink(), RefundToCredit())
        for body in (*ways, ReleaseTab()):
            is_taken = self.do(body, register).refused is None
            self.settle()
            if is_taken:
                return True
        return False

    def _undo(self, register: str) -> None:
        """Hand back what there is, take every line out, and give the order up."""
        order = self.shop.books.live.current(register)
        if order is None:
            return
        for entry in order.tenders:
            self.do(self._undoing(order, entry.tender), register)
            self.settle()
        self.do(ReleaseTab(), register)
        self.settle()
        if self.do(UndoTendering(), register).refused is None or order.figures is None:
            for line in order.live_lines():
                self.do(VoidLine(line.line, "x"), register)
            self.do(VoidOrder("x"), register)

    def _close_refunds(self) -> None:
        """A person has seen to each refund on the list: what its customer keeps is told."""
        for payment_id, payment in list(self.shop.books.payments.exceptions.items()):
            if payment.asked.kind is Kind.REFUND:
                self.closed_minor += 0 if payment.is_done else self.bank.get(payment_id, 0)
                self.do(CloseException(payment_id, "they keep it"))

    # -------------------------------------------------------------------------------- helpers

    def _told_of(self, payment_id: str, *, is_sure: bool = False) -> None:
        payment = self.shop.books.payments.known(payment_id)
        if payment is not None and payment.is_open:
            self.terminal_tells(payment, is_sure=is_sure)
        elif payment is not None and self.shop.books.payments.is_going_back(payment):
            self.do(TakeBack(payment_id), admin=True)

    def _open(self) -> list[Order]:
        return list(self.shop.books.live.orders.values())

    def _due(self, order: Order) -> int:
        if order.figures is None:
            return 500
        return due_of(order, order.figures, self.shop.books.settings.required()).in_cash_minor

    def _undoing(self, order: Order, tender: int) -> Any:
        entry = next(one for one in order.tenders if one.tender == tender)
        if entry.card is not None:
            return ReverseTender(tender)
        return UndoTender(tender) if entry.link is None else ReverseLinkTender(tender)


def assert_each_cent_is_told(world: Cashiers) -> None:
    """Drawers, bank, provider and notes agree with the receipts and with what is before a person;
    replayed, it is all the same."""
    books, paid = world.shop.books, world.tendered()
    for register in REGISTERS:
        assert books.live.till(register).expected_minor() == world.drawers[register]
    listed = sum(
        world.bank.get(payment_id, 0)
        for payment_id, one in books.payments.exceptions.items()
        if one.is_approved and not one.is_done and one.problem is not Problem.UPLOAD_DECLINED
        and (one.problem is not Problem.UNPAID or one.asked.of_refund)
    )  # fmt: skip
    assert world.bank_minor() == paid["card"] + listed + world.closed_minor
    owed = sum(
        one.amount_minor
        for one in books.paylinks.exceptions.values()
        if one.asked.kind is LinkKind.PAYMENT or one.told is None
    )
    assert sum(world.provider.values()) == paid["link"] + owed
    assert -paid["credit"] == sum(note.left_minor for note in books.credits.notes.values())
    for event in world.sold.values():
        given = sum(entry.amount_minor for entry in event.tenders) - event.change_minor
        assert given == event.figures.total_minor + event.rounding_minor
    assert state_hash(world.shop.replayed()) == state_hash(books)


@settings(max_examples=examples(80), deadline=None)
@given(seed=st.integers(0, 2**32))
def test_every_order_ends_and_every_cent_is_told(seed: int) -> None:
    """A day of two registers, cards in doubt, links paid late, refunds in parts, and banks that say
    no afterwards."""
    world = Cashiers(seed)
    for _ in range(STEPS):
        world.step()
    world.end_all()
    assert_each_cent_is_told(world)


@settings(max_examples=examples(60), deadline=None)
@given(seed=st.integers(0, 2**32))
def test_an_exchange_ends_whatever_became_of_what_paid_for_it(seed: int) -> None:
    """Goods come back for others while a part of their money turns out never to have been there,
    and terminals and providers keep what they did."""
    world = Cashiers(seed)
    for _ in range(8):
        world.quarrel()
    world.end_all()
    assert_each_cent_is_told(world)
