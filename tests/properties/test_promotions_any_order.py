"""A basket under promotions: whatever they are and however it is scanned, it comes to one total."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.limits import PPM
from engine.order.commands import StartTendering
from engine.order.figures import Figures
from engine.promotion.decide import SetPromotions
from engine.promotion.model import (
    Benefit,
    BenefitKind,
    Gate,
    GateKind,
    Off,
    OffKind,
    Pick,
    Policy,
    Promotion,
    Selection,
    Slot,
    Span,
    Tier,
)
from tests.shop import START_NS, Shop

CODES = ("bread", "milk", "wine", "book")
NOW_S = START_NS // 10**9

offs = st.one_of(
    st.builds(Off, st.just(OffKind.PERCENT), st.integers(0, PPM)),
    st.builds(Off, st.just(OffKind.AMOUNT), st.integers(0, 400)),
    st.builds(Off, st.just(OffKind.PRICE), st.integers(0, 900)),
)
amounts = st.builds(Off, st.just(OffKind.AMOUNT), st.integers(1, 300))
picks = st.sampled_from(Pick)
counts = st.integers(1, 3)
benefits = st.one_of(
    st.builds(Benefit, st.just(BenefitKind.EACH), offs),
    st.builds(
        Benefit,
        st.just(BenefitKind.BUNDLE),
        offs,
        slots=st.tuples(st.builds(Slot, st.just(0), counts)),
    ),
    st.builds(
        Benefit, st.just(BenefitKind.BUY_GET), offs, buy=counts, get=st.integers(1, 2), pick=picks
    ),
    st.builds(
        Benefit,
        st.just(BenefitKind.TIERS),
        tiers=st.tuples(st.builds(Tier, counts, offs)),
        marginal=st.booleans(),
        pick=picks,
    ),
    st.builds(Benefit, st.just(BenefitKind.CART), amounts),
    st.builds(
        Benefit, st.just(BenefitKind.EVERY_SPEND), amounts, step_minor=st.integers(300, 1_000)
    ),
)
selections = st.one_of(
    st.just(Selection()),
    st.builds(Selection, st.lists(st.sampled_from(CODES), min_size=1, unique=True).map(tuple)),
    st.just(Selection(departments=("Food",))),
)
promotions = st.lists(
    st.builds(
        Promotion,
        st.just(""),
        st.just("x"),
        benefits,
        st.tuples(selections),
        gates=st.one_of(
            st.just(()),
            st.tuples(st.builds(Gate, st.just(GateKind.MIN_SPEND), st.integers(1, 2_000))),
        ),
        priority=st.integers(0, 2),
        starts_s=st.sampled_from((0, NOW_S - 60, NOW_S + 3_600)),
        weekly=st.sampled_from(((), (Span(0, 10_080),), (Span(0, 1_440),))),
        limit_per_cart=st.integers(0, 2),
    ),
    min_size=1,
    max_size=4,
)


def _figures(deals: list[Promotion], policy: Policy, codes: list[str]) -> Figures | str:
    """What the basket comes to, scanned in this order; the reason where no shop could have it."""
    shop = Shop.selling()
    decision = shop.when(SetPromotions(tuple(deals), policy), admin=True)
    if decision.refused is not None:
        return str(decision.refused.fields["reason"])
    # The same second of trade in every order: what the clock decides is decided alike.
    order_id = shop.ring(*codes)
    shop.ok(StartTendering())
    figures = shop.order(order_id).figures
    assert figures is not None
    return figures


@pytest.mark.feature("PRC-02")
@given(
    deals=promotions,
    policy=st.sampled_from(Policy),
    basket=st.lists(st.sampled_from(CODES), min_size=1, max_size=7),
    data=st.data(),
)
def test_any_scan_order_comes_to_the_same(
    deals: list[Promotion], policy: Policy, basket: list[str], data: st.DataObject
) -> None:
    """One total, one tax, the same goods at the same prices, and what came off adds up."""

    named = [attrs.evolve(one, id=f"p{at}") for at, one in enumerate(deals)]
    first = _figures(named, policy, basket)
    other = _figures(named, policy, data.draw(st.permutations(basket)))
    if isinstance(first, str) or isinstance(other, str):
        assert first == other
        return
    assert (first.total_minor, first.tax_minor) == (other.total_minor, other.tax_minor)
    assert first.promotion_minor == other.promotion_minor <= 0
    for figures in (first, other):
        assert figures.subtotal_minor + figures.discount_minor == figures.total_minor
        for row in figures.lines:
            assert 0 <= row.net_minor == row.amount_minor + row.promotion_minor()
