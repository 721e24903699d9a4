"""Why a price is what it is: whatever was rung up, the reasons of a line sum to its total."""

from __future__ import annotations

from fractions import Fraction

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.charge.decide import SetCharges
from engine.charge.model import ChargeKind, ChargeRule
from engine.explain import LineReasons, Reason, ReasonKind, explain
from engine.limits import PPM
from engine.order.commands import (
    AddLine,
    AddOpenLine,
    AddReturnLine,
    DiscountLine,
    DiscountOrder,
    OverridePrice,
)
from engine.order.figures import DiscountKind, Figures
from engine.order.pricing import price
from engine.packs import DatedPolicy
from engine.promotion.decide import SetPromotions
from engine.promotion.model import (
    Benefit,
    BenefitKind,
    Off,
    OffKind,
    Promotion,
    ReturnPolicy,
    Selection,
)
from engine.settings import RoundingScope
from engine.tax_document import Amounts, Level, Residual, TaxKind, TaxPolicy
from tests.shop import Shop
from tests.tax_shop import ALWAYS, rule, ruled, setup

MICRO = 1_000_000
PROMOTIONS = (
    Promotion(
        "third",
        "Third bread free",
        Benefit(BenefitKind.BUY_GET, Off(OffKind.PERCENT, PPM), buy=2, get=1),
        (Selection(items=("bread",)),),
    ),
    Promotion(
        "drinks",
        "7.5 % off drinks",
        Benefit(BenefitKind.EACH, Off(OffKind.PERCENT, 75_000)),
        (Selection(departments=("Drinks",)),),
    ),
    Promotion("cart", "1.00 off", Benefit(BenefitKind.CART, Off(OffKind.AMOUNT, 100)), priority=1),
)
discounts = st.one_of(
    st.none(),
    st.tuples(st.just(DiscountKind.PERCENT), st.integers(1, PPM)),
    st.tuples(st.just(DiscountKind.AMOUNT), st.integers(1, 900)),
)
lines = st.lists(
    st.tuples(
        st.sampled_from(("bread", "milk", "wine", "book", "cheese")),
        st.integers(1, 3_500),
        st.one_of(st.none(), st.integers(0, 9_999_999)),
        discounts,
    ),
    min_size=1,
    max_size=7,
)


def explained(shop: Shop, order_id: str) -> tuple[tuple[LineReasons, ...], Figures]:
    """The reasons of an order, and the figures they are read off."""
    books = shop.books
    order = shop.order(order_id)
    figures = order.figures or price(order, books.tariff_of(order))
    return explain(order, figures, books.settings.required()), figures


def counted(row: LineReasons) -> int:
    """What the reasons that count sum to."""
    return sum(r.amount_minor for r in row.reasons if r.kind is not ReasonKind.TAX_INCLUDED)


def exact_of(reason: Reason) -> Fraction:
    """The share before it was rounded, in minor units."""
    return reason.amount_minor - Fraction(reason.rounding_micro, MICRO)


@pytest.mark.feature("NEW-22", part="reasons sum to the line and the total")
@given(
    lines,
    discounts,
    st.booleans(),
    st.sampled_from(RoundingScope),
    st.booleans(),
)
def test_reasons_sum_to_the_total(
    rung: list[tuple[str, int, int | None, tuple[DiscountKind, int] | None]],
    over_all: tuple[DiscountKind, int] | None,
    included: bool,
    scope: RoundingScope,
    promoted: bool,
) -> None:
    """Line by line and as a document, each reason within a minor unit of its exact share."""
    shop = Shop.selling(prices_include_tax=included, rounding_scope=scope)
    if promoted:
        shop.ok(SetPromotions(PROMOTIONS), admin=True)
    order_id = ""
    for number, (code, milli, micros, discount) in enumerate(rung, 1):
        quantity = milli if code == "cheese" else max(1, milli // 1000) * 1000
        order_id = str(shop.ok(AddLine(code, quantity_milli=quantity))["order_id"])
        if micros is not None:
            shop.ok(OverridePrice(number, micros, "damaged"))
        if discount is not None and code != "book":
            shop.ok(DiscountLine(number, *discount, "regular"))
    if over_all is not None:
        shop.ok(DiscountOrder(*over_all, "opening day"))
    rows, figures = explained(shop, order_id)
    assert sum(counted(row) for row in rows) == figures.total_minor
    for row, own in zip(rows, figures.lines, strict=True):
        assert counted(row) == row.total_minor == own.total_minor
        for reason in row.reasons:
            assert abs(reason.rounding_micro) < MICRO * 1.01
        priced = [r for r in row.reasons if r.kind in (ReasonKind.LIST_PRICE, ReasonKind.OVERRIDE)]
        exact = Fraction(row.unit_price_micros * row.quantity_milli, 10_000_000)
        assert abs(sum(map(exact_of, priced)) - exact) <= Fraction(2, MICRO)
        for reason in row.reasons:
            if reason.rate_ppm and reason.kind is ReasonKind.TAX_ADDED:
                assert abs(exact_of(reason) - Fraction(own.base_minor * own.rate_ppm, PPM)) <= (
                    Fraction(1, MICRO)
                )


def test_each_reason_by_hand() -> None:
    """3 breads, the third free; cheese by weight, overridden; wine at 7.5 % off, then 10 % off by
    hand and 5 % off all."""
    shop = Shop.selling()
    shop.ok(SetPromotions(PROMOTIONS[:2]), admin=True)
    shop.ring("bread", "bread", "bread", "wine")
    order_id = str(shop.ok(AddLine("cheese", quantity_milli=457))["order_id"])
    shop.ok(OverridePrice(5, 10_000_000, "last piece"))
    shop.ok(DiscountLine(4, DiscountKind.PERCENT, 100_000, "regular"))
    shop.ok(DiscountOrder(DiscountKind.PERCENT, 50_000, "opening day"))
    (first, _, _, wine, cheese), figures = explained(shop, order_id)
    kinds = ReasonKind
    assert first.reasons[0] == Reason(kinds.LIST_PRICE, "", 350)
    assert first.reasons[1].name == "Third bread free"
    # 7.99: 7.5 % are 0.60 once rounded, 10 % of 7.39 are 0.739, 5 % of 6.65 are 0.3325.
    assert wine.reasons == (
        Reason(kinds.LIST_PRICE, "", 799),
        Reason(kinds.PROMOTION, "7.5 % off drinks", -60),
        Reason(kinds.LINE_DISCOUNT, "regular", -74, -100_000, 100_000),
        Reason(kinds.ORDER_DISCOUNT, "opening day", wine.reasons[3].amount_minor,
               wine.reasons[3].amount_minor * MICRO + 33_250_000, 50_000),
        Reason(kinds.TAX_INCLUDED, "", wine.reasons[4].amount_minor,
               wine.reasons[4].rounding_micro, 190_000),
    )  # fmt: skip
    # 0.457 kg at 12.99 are 5.93643, at 10.00 they are 4.57.
    assert cheese.reasons[:2] == (
        Reason(kinds.LIST_PRICE, "", 594, 357_000),
        Reason(kinds.OVERRIDE, "", -137, -357_000),
    )
    assert sum(counted(row) for row in (first, wine, cheese)) < figures.total_minor


def test_what_goes_back_is_explained_by_what_was_paid() -> None:
    """A return has one reason, the receipt it was paid on."""
    shop = Shop.selling()
    sold = shop.sell("bread", "wine")
    order_id = str(shop.ok(AddReturnLine(sold, 2, 1000, "corked"))["order_id"])
    (row,), figures = explained(shop, order_id)
    assert [reason.kind for reason in row.reasons] == [
        ReasonKind.RETURNED,
        ReasonKind.TAX_INCLUDED,
    ]
    assert row.reasons[0] == Reason(ReasonKind.RETURNED, "1-000001", -799)
    assert counted(row) == figures.total_minor == -799


@pytest.mark.parametrize("inclusive", [True, False])
def test_what_goes_back_for_nothing_but_its_tax_is_explained_once(inclusive: bool) -> None:
    """A bag that is free but for a levy comes back: the levy is inside what goes back."""
    levy = rule("levy", 1_000_000, kind=TaxKind.PER_UNIT)
    shop = ruled(setup(levy), prices_include_tax=inclusive)
    sold = str(shop.ok(AddOpenLine("Bag", 0, "standard"))["order_id"])
    shop.pay()
    order_id = str(shop.ok(AddReturnLine(sold, 1, 1000, "torn"))["order_id"])
    (row,), figures = explained(shop, order_id)
    assert (-100, -100) == (counted(row), figures.total_minor)
    assert [ReasonKind.RETURNED, ReasonKind.TAX_INCLUDED] == [one.kind for one in row.reasons]


def test_what_goods_that_stay_cost_more_is_explained_once() -> None:
    """Prices without tax; the free bread comes back, and those that stay are priced again: what
    they cost more has its tax inside, as what goes back has."""
    shop = Shop.selling(prices_include_tax=False)
    third = attrs.evolve(PROMOTIONS[0], returns=ReturnPolicy.REEVALUATE)
    shop.ok(SetPromotions((third,)), admin=True)
    sold = shop.sell("bread", "bread", "bread")
    order_id = str(shop.ok(AddReturnLine(sold, 1, 1000, "stale"))["order_id"])
    rows, figures = explained(shop, order_id)
    assert any(row.total_minor > 0 for row in rows)
    assert [row.total_minor for row in rows] == [counted(row) for row in rows]
    assert sum(map(counted, rows)) == figures.total_minor


def test_an_odd_cent_that_a_charge_has_is_told_everywhere() -> None:
    """Weighed goods are taxed to the last fraction, and the fee stands last: the cent that rounded
    goods are too much is the fee's, in its reasons, on paper and in the day's charges."""
    exact = TaxPolicy(Level.DOCUMENT, residual=Residual.LAST, amounts=Amounts.EXACT)
    vat = rule("vat", 190_000, included=True)
    shop = ruled(setup(vat, policies=(DatedPolicy(ALWAYS, exact, "law"),)))
    fee = ChargeRule("fee", "Fee", ChargeKind.FEE, amount_minor=8, tax_class="reduced")
    shop.ok(SetCharges((fee,)), admin=True)
    for _ in range(2):
        order_id = str(shop.ok(AddLine("cheese", quantity_milli=333))["order_id"])
    shop.pay()
    rows, figures = explained(shop, order_id)
    assert [433, 433, 7] == [row.total_minor for row in rows] == [counted(row) for row in rows]
    assert Reason(ReasonKind.CHARGE, "Fee", 7, -MICRO) == rows[-1].reasons[0]
    assert (873, [7]) == (figures.total_minor, [one.amount_minor for one in figures.charges])
    assert [7] == [one.amount_minor for one in shop.books.live.position("1").totals.charges]
