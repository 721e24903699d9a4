"""What goes back of one sale in coins, at two registers, whatever the coins and the tenders."""

from __future__ import annotations

from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.books import Books
from engine.foreign import ForeignCurrency
from engine.image import state_hash
from engine.order.commands import (
    AddOpenLine,
    AddReturnLine,
    CompleteOrder,
    StartTendering,
    TenderCash,
    TenderForeign,
    UndoTender,
    UndoTendering,
    VoidOrder,
)
from engine.order.refusal import Refusal
from engine.order.state import Order, Phase
from engine.payment.commands import RequestPayment
from engine.settings import SetForeignCurrencies, StoreConfigured
from engine.terminal import Identity, Verdict
from engine.till import OpenTill
from tests.card_shop import card_shop, hear
from tests.draws import examples
from tests.shop import Shop, rules

CARD_MINOR = 799
REGISTERS = ("1", "2")
COINS = (1, 5, 10)
Step = tuple[str, str] | int

steps = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(REGISTERS),
            st.sampled_from(("begin", "card", "pay", "pay", "undo", "complete")),
        ),
        st.sampled_from(COINS),
    ),
    max_size=50,
)
paid_how = st.sampled_from(("rounded", "counted out", "with a card", "in notes"))
DOLLARS = ForeignCurrency("USD", 921_000, 500)


@define
class Counting:
    """One sale and what goes back of it. `came_minor` is what it brought in coins, `has_undone`
    whether a register ever took its coins back, `coins` the smallest of each moment that some went
    back."""

    shop: Shop
    pieces: int
    sale: str = ""
    came_minor: int = 0
    cash_minor: int = 0
    terminal: int = 0
    is_wine_back: bool = True
    has_undone: bool = False
    is_in_notes: bool = False
    coins: set[int] = field(factory=set)

    def sell(self, price_minor: int, how: str) -> None:
        """So many pieces at one price, and the coins of it."""
        shop = self.shop
        answer = shop.ok(AddOpenLine("Screw", price_minor * 10_000, "standard", self.pieces * 1000))
        self.sale, self.cash_minor = answer["order_id"], answer["total_minor"]
        if how == "with a card":
            shop.ring("wine")
            shop.ok(RequestPayment(CARD_MINOR))
            self.hear("1")
            self.is_wine_back = False
        if how == "in notes":
            # What coins make of the notes may be half a coin more than what they are worth.
            worth_minor = shop.ok(TenderForeign("USD", 500))["worth_minor"]
            most_minor = max((worth_minor + coin // 2) // coin * coin for coin in COINS)
            self.came_minor = most_minor - shop.ok(CompleteOrder())["change_minor"]
            self.is_in_notes = True
            return
        self.came_minor = self.cash_minor
        if how == "rounded":
            self.came_minor = shop.ok(StartTendering())["cash_due_minor"]
        shop.ok(TenderCash(self.came_minor))
        self.came_minor -= shop.ok(CompleteOrder())["change_minor"]

    def hear(self, register: str) -> None:
        """The register's terminal did it, for good."""
        self.terminal += 1
        number = self.terminal
        told = Identity("29001234", number, number, "1126", "101500", is_of_payment=True)
        hear(self.shop, Verdict.APPROVED, number, register=register, identity=told)

    def order(self, register: str) -> Order | None:
        """What a register is at."""
        return self.shop.books.live.current(register)

    def begin(self, register: str) -> None:
        """One piece comes back, and once the bottle that a card paid."""
        lines = [1, 2] if not self.is_wine_back and register == "1" else [1]
        for line in lines:
            self.shop.when(AddReturnLine(self.sale, line, 1000, "x"), register)
        if self.shop.when(StartTendering(), register).refused is not None:
            self.shop.when(VoidOrder("gone"), register)

    def card(self, register: str) -> None:
        """The card has its part, and the return is bound to end."""
        if self.shop.when(RequestPayment(CARD_MINOR), register).refused is None:
            self.hear(register)
            self.is_wine_back = True

    def pay(self, register: str) -> None:
        """Pay what coins pay, as the register is told it."""
        order = self.order(register)
        if order is None or order.phase is not Phase.TENDERING:
            return
        if order.lines[-1].item.item_id == "wine" and not order.tenders:
            return
        done = self.shop.when(TenderCash(0), register)
        while done.refused is not None and done.refused.code == Refusal.REFUND_MUST_BE_EXACT:
            asked = done.refused.fields["due_minor"]
            done = self.shop.when(TenderCash(asked), register)
        if done.refused is not None and done.refused.code == Refusal.RETURN_MUST_BE_WHAT_WAS_PAID:
            # What another register took back meanwhile left other cents: coins that are out of the
            # drawer come in again first.
            self.undo(register)
            self.shop.ok(UndoTendering(), register)
            self.shop.ok(VoidOrder("anew"), register)
            self.begin(register)
            return
        if done.refused is None:
            self.assert_fair(order.id)

    def undo(self, register: str) -> None:
        """Take the coins back."""
        order = self.order(register)
        cash = [] if order is None else [e.tender for e in order.tenders if e.kind == "cash"]
        for tender in cash:
            self.shop.ok(UndoTender(tender), register)
            self.has_undone = True

    def out_minor(self) -> int:
        """The coins that went back, over all returns."""
        books: Books = self.shop.books
        orders = [*books.live.orders.values(), *books.archive.values()]
        return -sum(
            tender.amount_minor
            for order in orders
            if order.id != self.sale and order.phase is not Phase.VOIDED
            for tender in (order.tenders if order.completion is None else order.completion.tenders)
            if tender.kind == "cash"
        )

    def went_minor(self) -> int:
        """What went back in cash, to the cent."""
        sale = self.shop.order(self.sale)
        assert sale.completion is not None
        cash = [e.tender for e in sale.completion.tenders if e.is_cash()]
        return sum(e.amount_minor for e in sale.refunded if e.tender in cash)

    def assert_fair(self, order_id: str) -> None:
        """Just paid: no less than rounding all of it says, but for what the sale never brought."""
        figures = self.shop.order(order_id).figures
        assert figures is not None
        assert figures.cash is not None
        coin = figures.cash.step_minor
        self.coins.add(coin)
        out, went = self.out_minor(), self.went_minor()
        # Each coin makes something else of notes, and change of theirs has its rounding too.
        most = max(COINS) if self.is_in_notes else 0
        assert 2 * (went - out) <= coin or out > self.came_minor - coin - most
        if not self.has_undone:
            assert 2 * (out - went) <= max(self.coins)
        is_one_coin = len(self.coins) == 1 and self.came_minor % coin == 0
        if is_one_coin and not self.has_undone and not self.is_in_notes:
            at_once = (2 * went + coin) // (2 * coin) * coin
            assert out == min(at_once, self.came_minor)

    def step(self, step: Step) -> None:
        """One thing that happens."""
        if isinstance(step, int):
            self.shop.given(StoreConfigured(rules(cash_step_minor=step)))
            return
        register, act = step
        if act == "complete":
            self.shop.when(CompleteOrder(), register)
        else:
            {"begin": self.begin, "card": self.card, "pay": self.pay, "undo": self.undo}[act](
                register
            )
        assert 0 <= self.out_minor() <= self.came_minor


@settings(max_examples=examples(150), deadline=None)
@given(
    st.integers(1, 12), st.integers(1, 8), st.sampled_from(COINS), paid_how, steps
)  # fmt: skip
def test_no_more_coins_go_back_than_came_and_none_are_kept(
    price_minor: int, pieces: int, coin: int, how: str, happens: list[Step]
) -> None:
    """Piece by piece at two registers, a card with its part, the smallest coin changed at any
    moment, coins taken back and paid again: all returns together never bring more coins than the
    sale did, and each leaves no more owed than rounding once does."""
    shop = card_shop(cash_step_minor=coin)
    shop.ok(SetForeignCurrencies((DOLLARS,)), admin=True)
    shop.ok(OpenTill(()), "2")
    counting = Counting(shop, pieces)
    counting.sell(price_minor, how)
    for step in happens:
        counting.step(step)
    # Whatever hangs in the air is ended, and the rest comes back.
    for register in REGISTERS:
        for act in ("card", "pay", "pay", "complete"):
            counting.step((register, act))
    for _ in range(pieces + 1):
        for act in ("begin", "card", "pay", "pay", "complete"):
            counting.step(("1", act))
    left_minor = counting.cash_minor - counting.went_minor()
    assert left_minor == 0
    assert state_hash(shop.replayed()) == state_hash(shop.books)


def test_coins_are_counted_on_every_way_there_is() -> None:
    """The property above is not about nothing: five pieces at 0.03, one in each way."""
    shop = card_shop(cash_step_minor=5)
    shop.ok(OpenTill(()), "2")
    counting = Counting(shop, 5)
    counting.sell(3, "with a card")
    happens: tuple[Step, ...] = (
        ("1", "begin"),
        ("1", "card"),
        ("2", "begin"),
        ("2", "pay"),
        ("1", "pay"),
        ("2", "undo"),
        ("2", "pay"),
        ("2", "pay"),
        ("2", "complete"),
        ("1", "complete"),
        10,
        ("1", "begin"),
        ("1", "pay"),
        ("1", "complete"),
    )
    for step in happens:
        counting.step(step)
    assert (15, 9, True) == (counting.came_minor, counting.went_minor(), counting.has_undone)
