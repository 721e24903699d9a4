"""Promotions that are limited for each member, at several registers at once."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.image import books_from, image_of, state_hash
from engine.order.commands import (
    AddLine,
    ChooseCustomerGroup,
    CompleteOrder,
    OpenOrder,
    ResumeOrder,
    StartTendering,
    SuspendOrder,
    TenderCash,
    UndoTendering,
    VoidLine,
    VoidOrder,
)
from engine.order.state import Order, Phase
from engine.promotion.decide import SetPromotions
from engine.promotion.model import Benefit, BenefitKind, Off, OffKind, Promotion, Selection
from engine.till import OpenTill
from engine.views.build import order_view
from engine.views.offers import promotions_view
from engine.wire import canonical, parse
from tests.draws import examples
from tests.shop import Shop

SALES_MOST, YEARLY_MINOR = 2, 250
WINE = (Selection(items=("wine",)),)
TIMES = Promotion(
    "times",
    "Twice each",
    Benefit(BenefitKind.EACH, Off(OffKind.AMOUNT, 100)),
    WINE,
    sales_per_member=SALES_MOST,
)
YEARLY = Promotion(
    "yearly",
    "Staff",
    Benefit(BenefitKind.EACH, Off(OffKind.AMOUNT, 100)),
    (Selection(items=("bread",)),),
    yearly_minor=YEARLY_MINOR,
)
MEMBERS = ("7", "8")
REGISTERS = ("1", "2")
ACTS = (
    "wine",
    "bread",
    "7",
    "8",
    "",
    "pay",
    "freeze",
    "melt",
    "void",
    "void line",
    "park",
    "recall",
)
Step = tuple[str, str]
PARKED: list[Step] = [("1", "wine"), ("1", "7"), ("1", "park")]
steps = st.lists(st.tuples(st.sampled_from(REGISTERS), st.sampled_from(ACTS)), max_size=60)


def _do(shop: Shop, register: str, act: str) -> None:
    """One command, or a few; refused ones too."""
    order = shop.books.live.current(register)
    match act:
        case "wine" | "bread":
            shop.when(AddLine(act), register)
        case "7" | "8" | "":
            shop.when(ChooseCustomerGroup("", act), register)
        case "pay":
            due = shop.when(StartTendering(), register).answer.get("cash_due_minor")
            if due is None and order is not None and order.figures is not None:
                due = order.figures.total_minor
            if due:
                shop.when(TenderCash(due), register)
            shop.when(CompleteOrder(), register)
        case "freeze":
            shop.when(StartTendering(), register)
        case "melt":
            shop.when(UndoTendering(), register)
        case "void":
            shop.when(VoidOrder("left"), register)
        case "void line":
            live = () if order is None else order.live_lines()
            if live:
                shop.when(VoidLine(live[0].line), register)
        case "park":
            shop.when(SuspendOrder("later"), register)
        case "recall":
            parked = [e for e in shop.books.live.orders.values() if e.phase is Phase.SUSPENDED]
            if parked:
                shop.when(ResumeOrder(parked[0].id), register)


def _had(orders: list[Order], promotion: str, member: str) -> list[int]:
    """What frozen figures of a member's orders took off by a promotion, where they did."""
    figures = [order.figures for order in orders if order.member == member]
    found = [-row.promotion_amount_minor(promotion) for row in figures if row is not None]
    return [minor for minor in found if minor > 0]


def _assert_within(shop: Shop) -> None:
    """No member has more than there is, over what was paid, is being paid and is held.

    What an open order shows is not added up: one that was not touched since another let go shows
    what it would have now, and has it only once it is touched or paid.
    """
    live = shop.books.live.orders.values()
    sold = [order for order in shop.books.archive.values() if order.completion is not None]
    for member in MEMBERS:
        paid = [*sold, *(order for order in live if order.figures is not None)]
        times, yearly = (_had(paid, name, member) for name in ("times", "yearly"))
        for order in live:
            if order.figures is None and order.member == member:
                times += [order.held_minor("times")] if order.held_minor("times") else []
                yearly.append(order.held_minor("yearly"))
                if order.touched_ns == shop.now_ns:
                    _assert_shown(shop, order)
        assert len(times) <= SALES_MOST
        assert sum(yearly) <= YEARLY_MINOR


def _assert_shown(shop: Shop, order: Order) -> None:
    """An order that was just touched shows what it holds, neither more nor less."""
    shown = {e.promotion: -e.amount_minor for e in promotions_view(order, shop.books).promotions}
    assert shown == {name: order.held_minor(name) for name in shown}


def _assert_told(shop: Shop, register: str) -> None:
    """An order with wine, just touched, has the promotion, or says that another has it; and one
    that says so is right."""
    order = shop.books.live.current(register)
    if order is None or order.phase is not Phase.OPEN or not order.member:
        return
    if not any(line.item.item_id == "wine" for line in order.live_lines()):
        return
    books = shop.books
    (row,) = (e for e in promotions_view(order, books).promotions if e.promotion == "times")
    sold = [entry for entry in books.archive.values() if entry.completion is not None]
    paid = len(_had(sold, "times", order.member))
    holders = [
        other
        for other in books.live.orders.values()
        if other.id != order.id and other.member == order.member and other.held_minor("times") > 0
    ]
    if paid >= SALES_MOST:
        assert row.why == "limit_reached"
    elif paid + len(holders) >= SALES_MOST:
        assert row.why == "held_by_open_order"
        assert row.held_at in [other.register for other in holders]
    else:
        assert row.why == ""
        assert order_view(order, books).total_minor < sum(
            line.item.unit_price_micros * line.quantity_milli // 10_000_000
            for line in order.live_lines()
        )


@settings(max_examples=examples(120), deadline=None)
@given(steps)
@example([*PARKED * 3, ("2", "wine"), ("2", "7"), ("1", "recall"), ("1", "void")])
def test_no_member_has_more_of_a_promotion_than_there_is(happens: list[Step]) -> None:
    """Rung up, parked, paid and left at two registers for two members, in any order: together no
    member has a promotion more often, or more of it, than its limits say, and whoever goes without
    it while it is not used up is told where it is."""
    shop = Shop.selling()
    shop.ok(OpenTill(()), "2")
    shop.ok(SetPromotions((TIMES, YEARLY)), admin=True)
    for register, act in happens:
        _do(shop, register, act)
        _assert_within(shop)
        if act not in ("void", "park", "pay"):
            _assert_told(shop, register)
    assert state_hash(shop.replayed()) == state_hash(shop.books)


def test_what_members_have_is_in_a_snapshot() -> None:
    """What an open order holds is held after a restart, too, and the property above is not about
    nothing: the third order of a member goes without."""
    shop = Shop.selling()
    shop.ok(OpenTill(()), "2")
    shop.ok(SetPromotions((TIMES, YEARLY)), admin=True)
    steps = [("1", "wine"), ("1", "7"), ("1", "park"), ("1", "wine"), ("1", "7"), ("2", "wine")]
    for register, act in steps:
        _do(shop, register, act)
    shop.books = books_from(parse(canonical(image_of(shop.books))), None)
    assert 799 == shop.ok(ChooseCustomerGroup("", "7"), "2")["total_minor"]
    _assert_told(shop, "2")
    assert shop.no(OpenOrder(""), "2")
