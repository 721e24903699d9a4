"""What is left of a promotion's budget for the whole store, at several registers at once."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.image import books_from, image_of, state_hash
from engine.order.commands import (
    AddLine,
    ChangeQuantity,
    ChooseCustomerGroup,
    CompleteOrder,
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
from engine.settings import RegisterDefined, RegisterSetup
from engine.staff import SignedOn
from engine.till import OpenTill
from engine.views.build import order_view
from engine.views.offers import promotions_view
from engine.wire import canonical, parse
from tests.draws import examples
from tests.shop import Shop

BUDGETS = {"usual": 450, "more": 700, "less": 250}
ONE_MINOR = 100
REGISTERS = ("1", "2", "3")
ACTS = (
    *("wine", "bread", "bread", "many", "few", "7", "8", "pay", "pay", "freeze", "melt", "void"),
    *("void line", "park", "park", "recall", "usual", "more", "less"),
)
Step = tuple[str, str]
steps = st.lists(st.tuples(st.sampled_from(REGISTERS), st.sampled_from(ACTS)), max_size=50)


def _promotions(budget: str) -> SetPromotions:
    """One for everybody, on bread, and one for each member twice, on wine; each has a budget."""
    off = Benefit(BenefitKind.EACH, Off(OffKind.AMOUNT, ONE_MINOR))
    minor = BUDGETS[budget]
    return SetPromotions(
        (
            Promotion("all", "All", off, (Selection(("bread",)),), budget_minor=minor),
            Promotion(
                "members", "Members", off, (Selection(("wine",)),),
                budget_minor=minor, sales_per_member=2,
            ),
        )
    )  # fmt: skip


def _shop() -> Shop:
    shop = Shop.selling()
    shop.given(RegisterDefined(RegisterSetup("3", "Side")), SignedOn("max", "3"))
    for register in REGISTERS[1:]:
        shop.ok(OpenTill(()), register)
    shop.ok(_promotions("usual"), admin=True)
    return shop


def _do(shop: Shop, register: str, act: str) -> None:
    """One command, or a few; refused ones too."""
    order = shop.books.live.current(register)
    live = () if order is None else order.live_lines()
    match act:
        case "wine" | "bread":
            shop.when(AddLine(act), register)
        case "many" | "few":
            if live:
                quantity_milli = 3_000 if act == "many" else 1_000
                shop.when(ChangeQuantity(live[0].line, quantity_milli), register)
        case "7" | "8":
            shop.when(ChooseCustomerGroup("", act), register)
        case "pay":
            shop.when(StartTendering(), register)
            order = shop.books.live.current(register)
            if order is not None and order.figures is not None and order.figures.total_minor:
                shop.when(TenderCash(order.figures.total_minor), register)
            shop.when(CompleteOrder(), register)
        case "freeze":
            shop.when(StartTendering(), register)
        case "melt":
            shop.when(UndoTendering(), register)
        case "void":
            shop.when(VoidOrder("left"), register)
        case "void line":
            if live:
                shop.when(VoidLine(live[0].line), register)
        case "park":
            shop.when(SuspendOrder("later"), register)
        case "recall":
            parked = [e for e in shop.books.live.orders.values() if e.phase is Phase.SUSPENDED]
            if parked:
                shop.when(ResumeOrder(parked[0].id), register)
        case "usual" | "more" | "less":
            shop.ok(_promotions(act), admin=True)


def _given(shop: Shop, promotion: str) -> int:
    """What paid sales took of a promotion, counted from their own figures."""
    figures = [order.figures for order in shop.books.archive.values() if order.completion]
    return -sum(row.promotion_amount_minor(promotion) for row in figures if row is not None)


def _held(shop: Shop, promotion: str, but: str = "") -> int:
    """What open orders hold of it, that order left out."""
    live = shop.books.live.orders.values()
    return sum(order.held_minor(promotion) for order in live if order.id != but)


def _assert_told(shop: Shop, order: Order, minor: int) -> None:
    """An order that was just touched shows what it holds: all that its bread may have, or what the
    others leave; and where they leave nothing, which of them holds it."""
    pieces = sum(
        line.quantity_milli // 1_000 for line in order.live_lines() if line.item.item_id == "bread"
    )
    left_minor = max(0, minor - _given(shop, "all"))
    others_minor = _held(shop, "all", but=order.id)
    mine = min(pieces * ONE_MINOR, max(0, left_minor - others_minor))
    assert mine == order.held_minor("all")
    rows = {e.promotion: e for e in promotions_view(order, shop.books).promotions}
    assert mine == -rows["all"].amount_minor
    assert order.held_minor("members") == -rows["members"].amount_minor
    if pieces and not mine:
        holders = [e for e in shop.books.live.orders.values() if e.held_minor("all") and e != order]
        assert rows["all"].why == ("held_by_open_order" if left_minor else "limit_reached")
        assert not left_minor or rows["all"].held_at in [other.register for other in holders]


@settings(max_examples=examples(120), deadline=None)
@given(steps)
@example([("1", "bread"), ("2", "bread"), ("1", "many"), ("2", "many"), ("1", "pay"), ("2", "pay")])
@example(
    [(one, act) for one in "12" for act in ("bread", "many")] + [("3", "bread"), ("1", "void")]
)
def test_no_budget_is_passed_and_nothing_of_it_is_lost(happens: list[Step]) -> None:
    """Rung up, changed, parked, paid and left at three registers, the budget raised and lowered, in
    any order: paid and open orders together never have more than the highest budget so far, who is
    served has what the others leave, every open order is shown at what it holds and no less, and
    once no order is open all that was not paid is there."""
    shop = _shop()
    budget, highest_minor = "usual", BUDGETS["usual"]
    for register, act in happens:
        _do(shop, register, act)
        budget = act if act in BUDGETS else budget
        highest_minor = max(highest_minor, BUDGETS[budget])
        for promotion in ("all", "members"):
            assert _given(shop, promotion) + _held(shop, promotion) <= highest_minor
        order = shop.books.live.current(register)
        is_served = order is not None and order.touched_ns == shop.now_ns
        if order is not None and is_served and order.phase is Phase.OPEN:
            _assert_told(shop, order, BUDGETS[budget])
        _assert_shown(shop)
    assert state_hash(shop.replayed()) == state_hash(shop.books)
    _assert_all_is_free(shop, BUDGETS[budget])


def _assert_shown(shop: Shop) -> None:
    """What an open order is shown to have off is what no other can take away."""
    for order in shop.books.live.orders.values():
        view = order_view(order, shop.books)
        assert view.subtotal_minor - view.total_minor == sum(
            order.held_minor(one) for one in ("all", "members")
        )


def _assert_all_is_free(shop: Shop, minor: int) -> None:
    """After every order was left, another has all that no sale took."""
    for register in REGISTERS:
        while (order := shop.books.live.current(register)) is not None or _parked(shop):
            if order is None:
                shop.ok(ResumeOrder(_parked(shop)[0].id), register)
            shop.when(UndoTendering(), register)
            shop.ok(VoidOrder("left"), register)
    assert 0 == _held(shop, "all") + _held(shop, "members")
    shop.ring("bread")
    shop.ok(ChangeQuantity(1, 9_000))
    (order,) = shop.books.live.orders.values()
    assert max(0, minor - _given(shop, "all")) == order.held_minor("all")


def _parked(shop: Shop) -> list[Order]:
    return [e for e in shop.books.live.orders.values() if e.phase is Phase.SUSPENDED]


def test_what_is_held_of_a_budget_is_in_a_snapshot() -> None:
    """What open orders hold of a budget is held after a restart, too, and the property above is not
    about nothing: the second order has what is left, the third nothing."""
    shop = _shop()
    for register in REGISTERS[:2]:
        shop.ring("bread", register=register)
        shop.ok(ChangeQuantity(1, 3_000), register)
    shop.books = books_from(parse(canonical(image_of(shop.books))), None)
    assert 350 == shop.ok(AddLine("bread"), "3")["total_minor"]
    held = [order.held_minor("all") for order in shop.books.live.orders.values()]
    assert held == [300, 150, 0]
