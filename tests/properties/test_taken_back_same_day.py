"""No terminal is asked to take back by a number of another day than the one that goes on there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

import attrs
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from engine.image import state_hash
from engine.order.commands import (
    AddLine,
    CompleteOrder,
    ResumeOrder,
    SuspendOrder,
    UndoTendering,
    VoidOrder,
)
from engine.order.state import Phase
from engine.payment.commands import (
    HearPayment,
    KeepPayment,
    RequestPayment,
    ReverseAgain,
    ReverseTender,
    SetPaymentAside,
    TakeBack,
)
from engine.payment.ending_days import EndTerminalDay, HearTerminalDay
from engine.payment.events import PaymentRequested, Standing
from engine.payment.state import Payment
from engine.settings import DefineRegister
from engine.terminal import BEGUN, Identity, Kind, Settlement, Verdict
from tests.card_shop import card_shop, told
from tests.shop import Shop

TERMINAL = "terminal/1"
STEPS = 250
LOST = Settlement(Verdict.UNKNOWN, "no_answer")


def shared_shop() -> Shop:
    """Two registers at one terminal."""
    shop = card_shop()
    setup = shop.books.settings.registers["2"]
    shop.ok(DefineRegister(attrs.evolve(setup, terminal=TERMINAL)), admin=True)
    return shop


@define(eq=False)
class Did:
    """What the terminal did in truth: on which of its days, under which number, and its word."""

    day: int
    receipt: int
    is_paid: bool


@define(eq=False)
class Walk:
    """Registers, and a terminal that begins to count anew on each of its days. Whatever is asked
    or told may be refused: only what the terminal is asked to take back is looked at."""

    random: Random
    shop: Shop = field(factory=shared_shop)
    day: int = 0
    receipt: int = 0
    did: dict[str, Did] = field(factory=dict)
    seen: int = 0
    back: int = 0

    def step(self) -> None:
        """One thing happens, at one of the registers."""
        steps: tuple[Callable[[str], None], ...] = (
            self._ring, self._ring, self._ask, self._ask, self._terminal, self._terminal,
            self._terminal, self._aside, self._take_back, self._again, self._end_day, self._leave,
        )  # fmt: skip
        self.random.choice(steps)(self.random.choice("12"))
        self._look()

    def _look(self) -> None:
        for event in self.asked():
            if event.asked.kind is Kind.REVERSAL:
                self.back += 1
                original, was = event.asked.original, self.did[event.asked.of_payment]
                assert original is not None
                assert (was.day, was.receipt) == (self.day, original.receipt)

    def asked(self) -> Iterator[PaymentRequested]:
        """What was asked for since the last look."""
        events = self.shop.events(PaymentRequested)
        new, self.seen = events[self.seen :], len(events)
        yield from new

    def _ring(self, register: str) -> None:
        self.shop.when(AddLine(self.random.choice(("wine", "bread", "book"))), register)

    def _ask(self, register: str) -> None:
        self.shop.when(RequestPayment(self.random.choice((0, 100, 300))), register)

    def _acts(self, payment: Payment) -> None:
        self.receipt += 1
        is_paid = self.random.random() < 0.8
        self.did.setdefault(payment.asked.payment_id, Did(self.day, self.receipt, is_paid))

    def _tell(self, payment: Payment, *, is_inquiry: bool = False) -> None:
        did = self.did[payment.asked.payment_id]
        verdict = Verdict.APPROVED if did.is_paid else Verdict.DECLINED
        answer = told(payment, verdict, did.receipt)
        body = HearPayment(payment.asked.payment_id, answer, is_inquiry)
        self.shop.when(body, payment.asked.register, admin=True)

    def _terminal(self, _: str) -> None:
        payment = self.shop.books.payments.at_terminal(TERMINAL)
        if payment is None:
            return
        payment_id, register = payment.asked.payment_id, payment.asked.register
        is_done = payment_id in self.did
        if payment.standing is Standing.UNKNOWN:
            if is_done and self.random.random() < 0.5:
                self._tell(payment, is_inquiry=True)
            else:
                self.shop.when(SetPaymentAside(payment_id, "nobody knows"), register, admin=True)
            return
        if not is_done:
            self._acts(payment)
        if self.random.random() < 0.6:
            self._tell(payment)
            return
        doubt = told(payment, Verdict.UNKNOWN, identity=Identity(), code=BEGUN)
        self.shop.when(KeepPayment(payment_id, doubt), register, admin=True)
        self.shop.when(HearPayment(payment_id, doubt), register, admin=True)

    def _aside(self, _: str) -> None:
        payments = self.shop.books.payments
        for one in payments.aside():
            if one.is_open and one.asked.payment_id in self.did:
                self._tell(one, is_inquiry=True)
                return
            if payments.is_going_back(one):
                body = TakeBack(one.asked.payment_id)
                self.shop.when(body, one.asked.register, admin=True)
                return

    def _take_back(self, register: str) -> None:
        order_id = self.shop.books.live.position(register).current_order
        order = self.shop.books.live.orders.get(order_id)
        if order is not None and order.tenders:
            body = ReverseTender(self.random.choice(order.tenders).tender)
            self.shop.when(body, register)

    def _again(self, register: str) -> None:
        if exceptions := list(self.shop.books.payments.exceptions):
            self.shop.when(ReverseAgain(self.random.choice(exceptions)), register)

    def _end_day(self, register: str) -> None:
        self.shop.when(EndTerminalDay(), register)
        day = self.shop.books.payments.days.get(TERMINAL)
        if day is None or day.asked is None:
            return
        ended = self.random.random() < 0.5
        said = Settlement(Verdict.APPROVED if ended else Verdict.ABORTED)
        if ended:
            self.day, self.receipt = self.day + 1, 0
        said = LOST if self.random.random() < 0.4 else said
        self.shop.when(HearTerminalDay(TERMINAL, day.asked.day_id, said), register, admin=True)

    def _leave(self, register: str) -> None:
        leave = (CompleteOrder(), SuspendOrder("left"), UndoTendering(), VoidOrder("left"))
        self.shop.when(self.random.choice(leave), register)
        parked = [one for one in self.shop.books.live.orders.values()
                  if one.phase is Phase.SUSPENDED]  # fmt: skip
        if parked and self.random.random() < 0.5:
            self.shop.when(ResumeOrder(self.random.choice(parked).id), register)


@given(st.randoms(use_true_random=False))
def test_nothing_is_taken_back_by_a_number_of_another_day(random: Random) -> None:
    """Registers pay, park, take back and try again in any order, answers are lost, days end, and
    nobody hears of some ends: a number is asked for on the day it was given alone."""
    walk = Walk(random)
    for _ in range(STEPS):
        walk.step()
    assert state_hash(walk.shop.replayed()) == state_hash(walk.shop.books)


def test_the_walk_takes_back() -> None:
    """Else the law above would hold of nothing."""
    walks = [Walk(Random(seed)) for seed in range(12)]
    for walk in walks:
        for _ in range(STEPS):
            walk.step()
    assert sum(walk.back for walk in walks) >= 10
