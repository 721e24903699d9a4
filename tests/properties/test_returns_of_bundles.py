"""Partial returns in any order, by any register: each line, each tax and the whole end at what was
paid, whether promotions keep their parts or have the rest priced again."""

from __future__ import annotations

from collections import Counter
from typing import Any

import attrs
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.charge.decide import SetCharges
from engine.charge.model import ChargeKind, ChargeRule
from engine.order.commands import (
    AddLine,
    AddReturnLine,
    ChooseDining,
    CompleteOrder,
    DiscountLine,
    DiscountOrder,
    StartTendering,
    TenderCash,
    VoidOrder,
)
from engine.order.events import OrderCompleted
from engine.order.figures import DiscountKind
from engine.order.refusal import Refusal
from engine.order.state import Order
from engine.packs import DatedPolicy
from engine.promotion.decide import SetPromotions
from engine.promotion.model import (
    Benefit,
    Policy,
    Promotion,
    ReturnPolicy,
    Selection,
    promotion_shares_sum,
    taken_by,
)
from engine.settings import RoundingMode
from engine.tax_document import Level, Residual, TaxPolicy
from engine.taxation import Dining, TaxShare
from engine.taxes import SetTaxes
from engine.till import Denomination, OpenTill
from native import extend_amount, price_cart
from tests.draws import examples
from tests.properties.test_promotions_any_order import benefits, promotions
from tests.properties.test_receipts_add_up import assert_adds_up
from tests.properties.test_ruled_orders import POLICIES, taxes
from tests.shop import Shop
from tests.tax_shop import ALWAYS, rule, setup, sums_agree

CODES = ("bread", "milk", "wine", "book", "cheese", "water")
REGISTERS = ("1", "2")
SIDE_BY_SIDE = (Refusal.RETURN_MUST_BE_WITHIN_SOLD, Refusal.RETURN_MUST_BE_WHAT_WAS_PAID)
BAG = ChargeRule("bag", "Bag", ChargeKind.FEE, amount_minor=35, tax_class="standard")
SERVICE = ChargeRule(
    "service", "Service", ChargeKind.SERVICE, percent_ppm=123_456, tax_class="reduced"
)
carts = st.lists(
    st.tuples(
        st.sampled_from(CODES), st.sampled_from((1_000, 1_000, 2_000, 3_000, 333, 1_234)),
        st.sampled_from((0, 0, 0, 100_000, 333_333)),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


def _named(drawn: list[Promotion], data: st.DataObject) -> tuple[Promotion, ...]:
    policies = st.sampled_from(
        (ReturnPolicy.REEVALUATE, ReturnPolicy.REEVALUATE, ReturnPolicy.KEEP)
    )
    vendors = st.sampled_from((0, 333_333, 1_000_000))
    return tuple(
        attrs.evolve(one, id=f"p{at}", returns=data.draw(policies), vendor_ppm=data.draw(vendors))
        for at, one in enumerate(drawn)
    )


def _shop(data: st.DataObject, deals: tuple[Promotion, ...]) -> Shop:
    """Two registers, cash in steps or not, tax classes or rules, charges or none."""
    shop = Shop.selling(
        cash_step_minor=data.draw(st.sampled_from((1, 5))),
        prices_include_tax=data.draw(st.booleans()),
    )
    shop.ok(OpenTill((Denomination(1000, 10),)), "2")
    if data.draw(st.booleans()):
        dated = DatedPolicy(ALWAYS, data.draw(POLICIES), "law")
        ruled = SetTaxes(setup(*data.draw(taxes()), policies=(dated,)))
        assume(shop.when(ruled, admin=True).refused is None)
    policy = data.draw(st.sampled_from(Policy))
    assume(shop.when(SetPromotions(deals, policy), admin=True).refused is None)
    shop.ok(SetCharges(data.draw(st.sampled_from(((), (BAG,), (SERVICE, BAG))))), admin=True)
    return shop


def _sold(shop: Shop, cart: list[tuple[str, int, int]], off_minor: int) -> str:
    """A sale of the cart with its discounts, paid exactly; the order's id."""
    order_id = ""
    for code, quantity, ppm in cart:
        quantity = quantity if code == "cheese" else -(-quantity // 1_000) * 1_000
        decision = shop.when(AddLine(code, quantity_milli=quantity))
        assume(decision.refused is None)
        order_id = decision.answer["order_id"]
        if ppm and code != "book":
            shop.ok(DiscountLine(decision.answer["line"], DiscountKind.PERCENT, ppm))
    assume(shop.when(DiscountOrder(DiscountKind.AMOUNT, off_minor)).refused is None)
    assume(shop.when(ChooseDining(Dining.EAT_IN)).refused is None)
    _pay(shop, "1", shop.ok(StartTendering()))
    # Promotions that are in force later are nobody's business.
    shop.ok(SetPromotions(()), admin=True)
    return order_id


def _pay(shop: Shop, register: str, started: dict[str, Any]) -> None:
    if started["due_minor"] and (started["cash_due_minor"] or started["total_minor"] > 0):
        shop.ok(TenderCash(started["cash_due_minor"]), register)
    elif started["due_minor"]:
        shop.ok(TenderCash(0), register)
    shop.ok(CompleteOrder(), register)
    assert_adds_up(shop, shop.events(OrderCompleted)[-1].order_id)


def _left(sale: Order) -> list[tuple[int, int, bool]]:
    """(line, what of it is still out, whether it goes by the piece)."""
    return [
        (line.line, line.quantity_milli - line.returned_milli, line.item.unit == "piece")
        for line in (*sale.lines, *sale.charges)
        if line.quantity_milli > line.returned_milli
    ]


def _take_back(shop: Shop, sale: str, register: str, data: st.DataObject) -> None:
    """One to three return lines of the sale, as far as they are there for this register."""
    gone: Counter[int] = Counter()
    for _ in range(data.draw(st.integers(1, 3))):
        left = [(line, most - gone[line], whole) for line, most, whole in _left(shop.order(sale))]
        left = [entry for entry in left if entry[1] > 0]
        if not left:
            return
        line, most, by_piece = data.draw(st.sampled_from(left))
        step = 1_000 if by_piece else 1
        quantity = data.draw(st.integers(1, most // step)) * step
        shop.ok(AddReturnLine(sale, line, quantity, "x"), register)
        gone[line] += quantity


def _settle(shop: Shop, sale: str, register: str, *, is_first: bool) -> None:
    """Pay the return out; one that does not fit beside another's is given up."""
    decision = shop.when(StartTendering(), register)
    if decision.refused is not None:
        assert not is_first, decision.refused
        assert decision.refused.code in SIDE_BY_SIDE
        shop.ok(VoidOrder("again"), register)
        return
    assert decision.answer["total_minor"] <= 0
    _pay(shop, register, decision.answer)
    figures = shop.order(decision.answer["order_id"]).figures
    assert figures is not None
    # What goes back is no part of a document's subtotal.
    amounts = sum(row.amount_minor for row in figures.lines)
    sums_agree(attrs.evolve(figures, subtotal_minor=amounts))
    _within_paid(shop.order(sale))


def _within_paid(sale: Order) -> None:
    """No line and no tax gave back more than was paid."""
    assert sale.figures is not None
    rows = {row.line: row for row in sale.figures.lines}
    for line in (*sale.lines, *sale.charges):
        row = rows[line.line]
        assert line.returned_total_minor <= row.total_minor
        # An odd cent may have left a line a tax below nought; then none of it goes back early, but
        # as the line's goods that stay cost more than was paid for them, so is more of it owed.
        costs_more = row.tax_minor < 0 and line.returned_total_minor < 0
        assert line.returned_tax_minor <= max(0, row.tax_minor) or costs_more


def _no_promotion_is_left(shop: Shop, sale: Order) -> None:
    """Every promotion took off and got back the same: of the sale, and in the day's totals."""
    assert sale.figures is not None
    took = taken_by(entry for row in sale.figures.lines for entry in row.promotions)
    back = promotion_shares_sum(
        share for line in sale.lines for share in line.returned_promotions if share.is_some()
    )
    assert took == tuple(share for share in back if share.is_some())
    rows = [
        row
        for register in REGISTERS
        for row in shop.books.live.position(register).totals.promotions
    ]
    for one in {row.promotion for row in rows}:
        mine = [row for row in rows if row.promotion == one]
        assert sum(row.amount_minor - row.returned_minor for row in mine) == 0
        assert sum(row.vendor_minor - row.vendor_returned_minor for row in mine) == 0


def _ended(shop: Shop, sale: Order) -> None:
    """All of it went back: by line, by tax, by promotion, in the registers' totals."""
    _no_promotion_is_left(shop, sale)
    assert sale.figures is not None
    rows = {row.line: row for row in sale.figures.lines}
    for line in (*sale.lines, *sale.charges):
        row = rows[line.line]
        assert (row.total_minor, row.tax_minor) == (
            line.returned_total_minor,
            line.returned_tax_minor,
        )
        paid = tuple(TaxShare(e.base_minor, e.tax_minor, e.uncharged_minor) for e in row.taxes)
        assert paid == line.returned_taxes
    totals = [shop.books.live.position(register).totals for register in REGISTERS]
    assert sum(one.total_minor for one in totals) == 0
    assert sum(one.tax_minor for one in totals) == 0
    by_tax: dict[Any, list[int]] = {}
    for tax in (tax for one in totals for tax in one.taxes):
        held = by_tax.setdefault(tax.key(), [0, 0, 0, 0])
        for at, amount in enumerate(
            (tax.base_minor, tax.tax_minor, tax.total_minor, tax.uncharged_minor)
        ):
            held[at] += amount
    assert all(sums == [0, 0, 0, 0] for sums in by_tax.values()), by_tax
    if shop.books.settings.required().cash_step_minor == 1:
        assert sum(one.tenders.get("cash", 0) for one in totals) == 0


@pytest.mark.feature(
    "NEW-06",
    part="by line, tax, promotion and total, charges too, where promotions keep or price again",
)
@settings(max_examples=examples(60), deadline=None)
@given(promotions, carts, st.integers(0, 700), st.data())
def test_any_returns_end_at_what_was_paid(
    drawn: list[Promotion],
    cart: list[tuple[str, int, int]],
    off_minor: int,
    data: st.DataObject,
) -> None:
    """Whoever takes whatever back first, side by side or one after the other: the last cent goes
    back with the last goods, and no tax ever gives back more than was paid."""
    shop = _shop(data, _named(drawn, data))
    sale = _sold(shop, cart, off_minor)
    for _ in range(data.draw(st.integers(0, 4))):
        if not _left(shop.order(sale)):
            break
        registers = data.draw(st.sampled_from((("1",), ("2",), REGISTERS)))
        for register in registers:
            _take_back(shop, sale, register, data)
        for register in registers:
            _settle(shop, sale, register, is_first=register == registers[0])
    for line, most, _ in data.draw(st.permutations(_left(shop.order(sale)))):
        shop.ok(AddReturnLine(sale, line, most, "x"), "2")
        _settle(shop, sale, "2", is_first=True)
    _ended(shop, shop.order(sale))


def test_a_line_whose_odd_cent_made_its_tax_negative_goes_back_in_parts() -> None:
    """Rounded up for the whole document, a tax of next to nothing on the charge leaves a line one
    cent below nought: its first pieces go back without it, and the last with it."""
    shop = Shop.selling(prices_include_tax=False)
    shop.ok(OpenTill((Denomination(1000, 10),)), "2")
    policy = TaxPolicy(Level.RATE_DOCUMENT, RoundingMode.UP, residual=Residual.FIRST)
    none = rule("t0", 0, jurisdiction="shore", tax_type="type0")
    low = attrs.evolve(none, id="low", value=1, categories=frozenset(("reduced",)))
    dated = DatedPolicy(ALWAYS, policy, "law")
    shop.ok(SetTaxes(setup(none, low, policies=(dated,))), admin=True)
    shop.ok(SetCharges((SERVICE, BAG)), admin=True)
    sale: str = shop.ok(AddLine("milk", quantity_milli=3_000))["order_id"]
    other = shop.ok(AddLine("milk", quantity_milli=2_000))["line"]
    shop.ok(DiscountLine(other, DiscountKind.PERCENT, 333_333))
    _pay(shop, "1", shop.ok(StartTendering()))
    figures = shop.order(sale).figures
    assert figures is not None
    assert min(row.tax_minor for row in figures.lines) < 0
    for line, most, _ in _left(shop.order(sale)):
        for quantity in (1_000, most - 1_000):
            if quantity:
                shop.ok(AddReturnLine(sale, line, quantity, "x"), "2")
                _settle(shop, sale, "2", is_first=True)
    _ended(shop, shop.order(sale))


@settings(max_examples=examples(60), deadline=None)
@given(benefits, carts, st.data())
def test_what_goes_back_is_what_was_paid_less_what_stays_costs(
    benefit: Benefit, cart: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    """With tax in the prices and no other discount, what stays is priced again: a return is what
    was paid less that, nothing at least, the price of the goods at most; the last goods take the
    rest."""
    one = Promotion("p", "x", benefit, (Selection(),), returns=ReturnPolicy.REEVALUATE)
    shop = Shop.selling()
    assume(shop.when(SetPromotions((one,)), admin=True).refused is None)
    book = shop.books
    deals = book.promotions.deals(book.catalog.book, 0)
    sale = _sold(shop, [(code, quantity, 0) for code, quantity, _ in cart], 0)
    order = shop.order(sale)
    assert order.figures is not None
    assume(order.figures.recorded is not None)
    assert deals is not None
    lines = [deals._line(line.item, line.quantity_milli, 0) for line in order.lines]
    paid, returned, refunded = order.figures.total_minor, [0] * len(lines), 0
    while left := _left(shop.order(sale)):
        line, most, by_piece = data.draw(st.sampled_from(left))
        step = 1_000 if by_piece else 1
        back = data.draw(st.integers(1, most // step)) * step
        returned[line - 1] += back
        stays = [
            (*sold[:2], sold[2] - gone, *sold[3:])
            for sold, gone in zip(lines, returned, strict=True)
            if sold[2] > gone
        ]
        wanted = due = paid - refunded
        if stays:
            rest = price_cart(deals.compiled, stays, {"policy": "best"}).total_minor
            wanted = max(0, min(due - rest, extend_amount(lines[line - 1][1], back, 2)))
        given_back = -shop.ok(AddReturnLine(sale, line, back, "x"))["total_minor"]
        assert wanted == given_back
        _settle(shop, sale, "1", is_first=True)
        refunded += given_back
    assert refunded == paid
