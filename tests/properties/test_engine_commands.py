"""Whatever well-typed command comes in whatever state: decided, not failed on, replayable."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.books import decide, needs
from engine.catalog import ItemChanged
from engine.decision import COMMANDS, SYSTEM, Command
from engine.image import books_from, image_of, state_hash
from engine.order.commands import (
    AddLine,
    AddOpenLine,
    AddReturnLine,
    ChooseDining,
    DiscountOrder,
    ExemptOrder,
    OpenOrder,
    StartTendering,
    SuspendOrder,
    TenderCash,
)
from engine.order.figures import DiscountKind
from engine.order.offered import Tariff
from engine.order.pricing import price
from engine.order.state import Order
from engine.register import StartTraining
from engine.requests import receipt_of
from engine.settings import RoundingMode, RoundingScope
from engine.taxation import Dining
from engine.till import CountTill, OpenTill
from engine.views.build import display_view, order_view, register_view, suspended_views
from engine.wire import canonical, unstructure
from tests.draws import examples
from tests.shapes import instances
from tests.shop import Shop, item
from tests.tax_shop import rule, ruled, setup

CLASSES = [cls for _, cls in COMMANDS.items()]
ANY_COMMAND = st.sampled_from(CLASSES).flatmap(instances)


def nothing_yet() -> Shop:
    """Nobody has sold anything."""
    return Shop.selling()


def ringing() -> Shop:
    """Two lines on register 1, one with a weight, and a parked order."""
    shop = Shop.selling()
    shop.ring("wine")
    shop.ok(SuspendOrder())
    shop.ok(OpenOrder("max"))
    shop.ok(AddLine("cheese", "", 457))
    shop.ok(AddOpenLine("Tulips", 9_990_000, "standard"))
    return shop


def paying() -> Shop:
    """Part of the money is on the counter."""
    shop = ringing()
    shop.ok(TenderCash(100))
    return shop


def refunding() -> Shop:
    """A completed sale called `1`, and a return of it being rung up at register 1."""
    shop = Shop.selling(cash_step_minor=5)
    shop.ok(OpenOrder("1"))
    shop.ring("wine", "bread")
    shop.pay()
    shop.ok(AddReturnLine("1", 1, 1000, "corked"))
    return shop


def training() -> Shop:
    """Register 1 practises, with lines on it."""
    shop = Shop.selling(prices_include_tax=False)
    shop.ok(StartTraining())
    shop.ok(OpenTill(()))
    shop.ring("bread", "wine")
    shop.ok(StartTendering())
    return shop


def counted() -> Shop:
    """The count is locked, the till not closed yet."""
    shop = Shop.selling()
    shop.sell("bread")
    shop.ok(CountTill(()))
    return shop


def under_rules() -> Shop:
    """A sale called `1` and a free customer's order being rung up, under two taxes in a stack."""
    first = rule("first", 60_000, affects_later=True, reverse_for=frozenset(("trade",)))
    second = rule("second", 77_500, jurisdiction="port", tax_type="city", after=("first",))
    shop = ruled(setup(first, second), cash_step_minor=5)
    shop.ok(OpenOrder("1"))
    shop.ring("wine", "bread")
    shop.pay()
    shop.ok(AddReturnLine("1", 1, 1000, "corked"))
    shop.ok(AddLine("cheese", "", 457))
    shop.ok(ChooseDining(Dining.EAT_IN))
    shop.ok(ExemptOrder("C-1", "Acme", "resale", customer_class="trade"))
    return shop


STATES = (nothing_yet, ringing, paying, refunding, training, counted, under_rules)


def looked_at(shop: Shop) -> None:
    """Every view can be made of the books and written to the wire."""
    books = shop.books
    for register in ("1", "2"):
        screen = register_view(
            books, register, epoch=1, now_ns=shop.now_ns, devices={}, last_order=None
        )
        pole = display_view(books, register, epoch=1, last_order=None)
        canonical([unstructure(screen), unstructure(pole)])
    for side in (False, True):
        suspended_views(books, training=side)
    for order in books.archive.values():
        if order.completion is not None:
            order_view(order, books)
            receipt_of(order, books)


@pytest.mark.parametrize("state", STATES, ids=[state.__name__ for state in STATES])
@settings(max_examples=examples(60))
@given(bodies=st.lists(ANY_COMMAND, min_size=1, max_size=8), who=st.data())
def test_no_command_fails(state: Any, bodies: list[Any], who: st.DataObject) -> None:
    """Each is accepted or refused by name; what was accepted can be posted, seen and replayed."""
    shop = state()
    for body in bodies:
        register = who.draw(st.sampled_from(("1", "2")))
        admin = who.draw(st.booleans())
        assert isinstance(needs(register, body, shop.books), frozenset)
        decision = shop.when(body, register, admin=admin)
        if decision.refused is not None:
            assert decision.refused.code == decision.refused.code.lower()
            canonical(decision.refused.fields)
        canonical(decision.answer)
        looked_at(shop)
    assert state_hash(shop.replayed()) == state_hash(shop.books)
    assert state_hash(books_from(image_of(shop.books), None)) == state_hash(shop.books)


@pytest.mark.parametrize("state", STATES, ids=[state.__name__ for state in STATES])
@settings(max_examples=examples(25))
@given(body=ANY_COMMAND, admin=st.booleans())
def test_deciding_changes_nothing(state: Any, body: Any, admin: bool) -> None:
    """Deciding twice gives one decision, and the books are as they were."""
    shop = state()
    before = image_of(shop.books)
    operator = SYSTEM if admin else "max"
    command = Command("once", "1", operator, body, shop.stamp())
    first = decide(command, shop.books)
    assert decide(command, shop.books) == first
    assert image_of(shop.books) == before


# ------------------------------------------------------------------------- scan order of a basket

_BASKET = st.lists(
    st.tuples(st.sampled_from(("bread", "rum", "wine", "book", "cheese")), st.integers(1, 9)),
    min_size=1,
    max_size=7,
)
_DISCOUNT = st.tuples(st.sampled_from(DiscountKind), st.integers(0, 400_000))


@settings(max_examples=examples(150))
@given(
    data=st.data(),
    basket=_BASKET,
    discount=_DISCOUNT,
    inclusive=st.booleans(),
    scope=st.sampled_from(RoundingScope),
    mode=st.sampled_from(RoundingMode),
)
def test_scan_order_does_not_change_the_figures(
    data: st.DataObject,
    basket: list[tuple[str, int]],
    discount: tuple[DiscountKind, int],
    inclusive: bool,
    scope: RoundingScope,
    mode: RoundingMode,
) -> None:
    """The same goods in any order come to the same total, taxes and discount."""
    shop = Shop.selling(prices_include_tax=inclusive, rounding_scope=scope, rounding_mode=mode)
    # As dear as bread and taxed otherwise: who bears the odd cent then shows in the taxes.
    shop.given(ItemChanged(item("rum", "Rum", 350, tax_class="standard")))
    shuffled = data.draw(st.permutations(basket))
    figures = []
    for register, goods in (("1", basket), ("2", shuffled)):
        for code, count in goods:
            quantity_milli = count * 137 if code == "cheese" else count * 1000
            order_id = shop.ok(AddLine(code, "", quantity_milli), register)["order_id"]
        kind, value = discount
        shop.ok(DiscountOrder(kind, value), register)
        order: Order = shop.order(order_id)
        priced = price(order, Tariff(shop.books.settings))
        figures.append((priced.total_minor, priced.taxes, priced.discount_minor))
    assert figures[0] == figures[1]
