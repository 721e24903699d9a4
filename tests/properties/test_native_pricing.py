"""The floor's money agrees with fractions, conserves every unit, and refuses what it must."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import native
from tests.native import twins

MODES = ("half_up", "half_even", "up", "down")
BIG = 2**63 - 1

amounts = st.integers(-BIG - 1, BIG)
modes = st.sampled_from(MODES)
rates = st.lists(
    st.sampled_from((0, 25_000, 55_000, 70_000, 99_750, 190_000)), min_size=1, max_size=4
)


@st.composite
def discounts(draw: st.DrawFn) -> tuple[int, int]:
    """A kind and its value."""
    kind = draw(st.sampled_from((0, 1, 2)))
    return kind, draw(st.integers(0, 1_000_000 if kind == 1 else 3_000))


@st.composite
def lines(draw: st.DrawFn, tax_indexes: int) -> twins.LineTuple:
    """A sale line, a deposit paid back (below zero, never discounted), or a fixed return line."""
    index = draw(st.integers(0, tax_indexes - 1))
    shape = draw(st.sampled_from(("sale", "sale", "sale", "deposit", "fixed")))
    discountable = draw(st.booleans())
    if shape == "fixed":
        total = -draw(st.integers(0, 10_000))
        return 0, 0, index, 9, 0, discountable, total, draw(st.integers(total, 0))
    price = draw(st.integers(0, 20_000_000))
    quantity = draw(st.sampled_from((1_000, 2_000, 333, 1_275, 7_000)))
    if shape == "deposit":
        return -price, quantity, index, 0, 0, discountable, 0, 0
    kind, value = draw(discounts())
    return price, quantity, index, kind, value, discountable, 0, 0


@st.composite
def orders(draw: st.DrawFn) -> tuple[object, ...]:
    """The arguments of `price_order`."""
    taxes = draw(rates)
    return (
        draw(st.lists(lines(len(taxes)), max_size=9)),
        draw(st.lists(discounts(), max_size=3)),
        taxes,
        draw(st.booleans()),
        draw(st.sampled_from(("line", "rate_document"))),
        draw(modes),
        draw(st.sampled_from((0, 2, 2, 3))),
    )


def plain(order: native.PricedOrder) -> twins.Order:
    """The extension's answer as the twin gives it."""
    return twins.Order(
        [
            twins.Line(
                line.amount_minor,
                line.line_discount_minor,
                line.order_discount_minor,
                line.net_minor,
                line.tax_minor,
                line.base_minor,
                line.total_minor,
            )
            for line in order.lines
        ],
        [
            (tax.tax_index, tax.rate_ppm, tax.base_minor, tax.tax_minor, tax.total_minor)
            for tax in order.taxes
        ],
        order.subtotal_minor,
        order.discount_minor,
        order.tax_minor,
        order.total_minor,
    )


@given(orders())
def test_orders_agree_with_the_twin(arguments: tuple[object, ...]) -> None:
    """Every figure of every order, under every scope, mode and tax side, is the twin's."""
    priced = native.price_order(*arguments)  # type: ignore[arg-type]
    assert plain(priced) == twins.price_order(*arguments)  # type: ignore[arg-type]


@given(orders())
def test_lines_sum_to_the_document(arguments: tuple[object, ...]) -> None:
    """Lines sum to the rates, rates to the document; discounts never take more than there is."""
    order = native.price_order(*arguments)  # type: ignore[arg-type]
    given_lines: list[twins.LineTuple] = arguments[0]  # type: ignore[assignment]
    assert order.total_minor == sum(line.total_minor for line in order.lines)
    assert order.total_minor == sum(tax.total_minor for tax in order.taxes)
    assert order.tax_minor == sum(tax.tax_minor for tax in order.taxes)
    assert order.subtotal_minor + order.discount_minor == sum(x.net_minor for x in order.lines)
    assert {tax.tax_index for tax in order.taxes} == {line[2] for line in given_lines}
    for line, was in zip(order.lines, given_lines, strict=True):
        assert line.base_minor + line.tax_minor == line.total_minor
        assert line.line_discount_minor <= 0
        assert line.order_discount_minor <= 0
        assert line.net_minor >= min(0, line.amount_minor)
        if was[3] == twins.FIXED:
            assert (line.total_minor, line.tax_minor) == was[6:]


@given(st.integers(-10_000, 10_000), st.lists(st.integers(0, 5_000), min_size=1, max_size=12))
def test_apportion_agrees_and_conserves(total: int, weights: list[int]) -> None:
    """Shares are the twin's, sum to the total, and stay within their weights when they can."""
    if sum(weights) == 0:
        with pytest.raises(native.CoreError, match="all be zero"):
            native.apportion(total, weights)
        return
    shares = native.apportion(total, weights)
    assert shares == twins.apportion(total, weights)
    assert sum(shares) == total
    if abs(total) <= sum(weights):
        assert all(abs(share) <= w for share, w in zip(shares, weights, strict=True))
    assert all(share * total >= 0 for share in shares)


@given(amounts, st.lists(st.integers(0, BIG), min_size=1, max_size=5))
def test_apportion_holds_at_the_limits(total: int, weights: list[int]) -> None:
    """The largest amounts conserve too."""
    if any(weights):
        assert sum(native.apportion(total, weights)) == total


@given(amounts, st.integers(1, 10_000), modes)
def test_cash_round_agrees(amount: int, step: int, mode: str) -> None:
    """Cash rounds as the twin does, or is refused where the result leaves 64 bits."""
    expected = twins.cash_round(amount, step, mode)
    if not -BIG - 1 <= expected <= BIG:
        with pytest.raises(native.CoreError):
            native.cash_round(amount, step, mode)
    else:
        assert native.cash_round(amount, step, mode) == expected
        assert native.cash_round(amount, 1, mode) == amount


@given(amounts, amounts, st.integers(0, 6))
def test_amounts_agree_or_are_refused(price: int, quantity: int, digits: int) -> None:
    """Price × quantity is the twin's, or is refused where it leaves 64 bits."""
    expected = twins.extend_amount(price, quantity, digits)
    if -BIG - 1 <= expected <= BIG:
        assert native.extend_amount(price, quantity, digits) == expected
    else:
        with pytest.raises(native.CoreError, match="64 bits"):
            native.extend_amount(price, quantity, digits)


@given(st.integers(-30_000_000, 30_000_000), st.integers(-9_999, 9_999), st.integers(0, 4))
def test_everyday_amounts_agree(price: int, quantity: int, digits: int) -> None:
    """Amounts of a size a shop sees are the twin's, halves included."""
    expected = twins.extend_amount(price, quantity, digits)
    assert native.extend_amount(price, quantity, digits) == expected


wild = st.one_of(amounts, st.integers(-3, 12))


wild_orders = st.tuples(
    st.lists(st.tuples(wild, wild, wild, wild, wild, st.booleans(), wild, wild), max_size=4),
    st.lists(st.tuples(wild, wild), max_size=2),
    st.lists(wild, max_size=3),
    st.booleans(),
    st.sampled_from(("line", "rate_document", "basket")),
    st.sampled_from((*MODES, "sideways")),
    wild,
)


@given(wild_orders)
def test_wild_figures_are_priced_or_refused(arguments: tuple[object, ...]) -> None:
    """Any integers at all give the twin's order, or a refusal, never a crash."""
    try:
        order = native.price_order(*arguments)  # type: ignore[arg-type]
    except native.CoreError:
        return
    assert plain(order) == twins.price_order(*arguments)  # type: ignore[arg-type]
