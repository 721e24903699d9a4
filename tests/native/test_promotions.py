"""Promotions by example: what a cart says of itself, and what the floor refuses by name."""

from __future__ import annotations

from typing import Any

import pytest

import native

TENTH: dict[str, Any] = {"id": 1, "class": "item", "benefit": ("each", 0, ("percent", 100_000))}
THIRD: dict[str, Any] = {
    "id": 2,
    "version": 3,
    "class": "set",
    "sets": [([0, 1], [])],
    "benefit": ("buy_get", 0, 2, 0, 1, ("percent", 1_000_000), "cheapest"),
}
WHOLE: dict[str, Any] = {
    "id": 3,
    "class": "coupon",
    "coupon": 77,
    "benefit": ("cart", 0, ("amount", 100)),
    "vendor_ppm": 250_000,
}
Line = tuple[int, int, int, bool, bool, int]


def piece(item: int, cents: int) -> Line:
    """One piece at a price in cents."""
    return item, cents * 10_000, 1_000, True, True, 0


LINES = [piece(0, 1_000), piece(1, 800), piece(1, 600)]


def priced(*promotions: dict[str, Any], facts: dict[str, Any] | None = None) -> native.PricedCart:
    """Three lines under promotions."""
    return native.price_cart(native.PromotionSet(list(promotions), 5), LINES, facts)


def test_the_cheapest_of_three_is_free() -> None:
    """The free unit's price is taken off all three in proportion, and the application says so."""
    cart = priced(THIRD)
    assert [line.discount_minor for line in cart.lines] == [-250, -200, -150]
    (application,) = cart.applications
    assert (application.promotion_id, application.version) == (2, 3)
    assert (application.times, application.saving_minor) == (1, 600)
    assert sorted(application.units) == [(0, 1, 250), (1, 1, 200), (2, 1, 150)]
    assert (cart.subtotal_minor, cart.discount_minor, cart.total_minor) == (2_400, -600, 1_800)
    assert cart.proof == "proven"


def test_a_coupon_acts_once_it_is_there() -> None:
    """Without its coupon a promotion is closed; with it, the modifier tells before and after."""
    assert priced(WHOLE).total_minor == 2_400
    cart = priced(WHOLE, facts={"coupons": [77]})
    first = cart.modifiers[0]
    assert (first.line, first.promotion_id, first.units) == (0, 3, 1)
    assert (first.before_minor, first.amount_minor, first.after_minor) == (1_000, -42, 958)
    # 41.666… cents exactly: a third of a cent too much came off.
    assert first.rounding_micro == -333_333
    assert cart.applications[first.application].vendor_minor == 25


def test_a_cart_tells_what_changed() -> None:
    """A scan answers the lines whose net changed and the total; a removal gives the rest back."""
    cart = native.Cart(native.PromotionSet([THIRD], 5))
    assert cart.add_line(LINES[0]) == ([(0, 1_000)], 1_000)
    assert cart.add_line(LINES[1]) == ([(1, 800)], 1_800)
    assert cart.add_line(LINES[2]) == ([(0, 750), (1, 600), (2, 450)], 1_800)
    assert cart.change_line(2, piece(1, 300)) == ([(0, 857), (1, 686), (2, 257)], 1_800)
    assert cart.remove_line(2) == ([(0, 1_000), (1, 800)], 1_800)
    assert cart.set_facts({"policy": "strict_priority"}) == ([], 1_800)
    assert cart.total_minor == 1_800


def test_a_cart_explains_itself() -> None:
    """The parts of a line sum to its net, and a promotion without effect names its clause."""
    cart = native.Cart(native.PromotionSet([TENTH, THIRD, WHOLE], 5))
    for line in LINES:
        cart.add_line(line)
    assert cart.explain(0) == [(None, 1_000), (2, -250)]
    assert cart.why_not(2) == ("applied", {"saving_minor": 600})
    assert cart.why_not(1) == ("units_consumed", {"by": 2, "alone_minor": 240})
    assert cart.why_not(3) == ("coupon_missing", {})
    cart.remove_line(2)
    assert cart.why_not(2) == ("quantity_too_small", {"have_count": 2, "need_count": 3})
    with pytest.raises(native.CoreError, match="a promotion of the set"):
        cart.why_not(9)


def test_a_window_may_go_by_the_business_day() -> None:
    """Two on Saturday morning is Friday night where trade's days begin at six."""
    friday = 4 * 1_440
    late = TENTH | {"weekly": [(friday, friday + 1_440)], "business_day": True}
    two, six = 5 * 86_400 + 2 * 3_600, 6 * 3_600
    assert priced(late, facts={"week_s": two, "business_week_s": two - six}).total_minor == 2_160
    assert priced(late, facts={"week_s": two}).total_minor == 2_400


def test_a_gate_may_ask_for_some_of_several_sets() -> None:
    """Two of three sets open the promotion; with one, it says how many are missing."""
    sets: list[tuple[list[int] | None, list[int]]] = [(None, []), ([0], []), ([1], []), ([2], [])]
    menu = TENTH | {"sets": sets, "gates": [("min_sets", [1, 2, 3], 1, 2)]}
    assert priced(menu).total_minor == 2_160
    cart = native.Cart(native.PromotionSet([menu], 5))
    cart.add_line(LINES[0])
    assert cart.why_not(1) == ("sets_too_few", {"have_count": 1, "need_count": 2})


def test_a_quick_cart_is_asked_for_by_name() -> None:
    """Small contests are settled as ever; an effort that is none is refused."""
    promotions = native.PromotionSet([THIRD], 5)
    cart = native.Cart(promotions, effort="quick")
    for line in LINES:
        cart.add_line(line)
    assert (cart.total_minor, cart.priced().proof) == (1_800, "proven")
    with pytest.raises(native.CoreError, match="thorough, quick"):
        native.Cart(promotions, effort="great")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sets": [([], [])]}, "promotion 1: a set is empty"),
        ({"sets": [([5], [])]}, "promotion 1: item 5 is not in the price book"),
        ({"start_s": 5, "end_s": 5}, "promotion 1: its window never opens"),
        ({"benefit": ("each", 0, ("price", -1))}, "must be zero or more"),
        ({"benefit": ("each", 1, ("price", 1))}, "a set it does not have"),
        ({"benefit": ("each", 0, ("gift", 1))}, "percent, amount, price, not 'gift'|\"gift\""),
        ({"benefit": ("each", 0)}, "must have 3 members"),
        ({"class": "cart"}, "its class does not give such a benefit"),
        ({"class": None}, 'must have "class"'),
        ({"benefit": None}, 'must have "benefit"'),
        ({"gates": [("min_sets", [0], 1, 2)]}, "counts must be"),
        ({"gates": [("min_sets", [16], 1, 1)]}, "there is no set 16"),
        ({"id": -1}, "counts cannot be negative"),
        ({"colour": 1}, '"colour" is no field of it'),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_what_means_nothing_is_refused_by_name(change: dict[str, Any], message: str) -> None:
    """A promotion that cannot mean anything is refused with its id or the field at fault."""
    with pytest.raises(native.CoreError, match=message):
        native.PromotionSet([TENTH | change], 5)


@pytest.mark.parametrize(
    ("line", "facts", "message"),
    [
        ((0, 2**63 - 1, 2**62, True, True, 0), None, "64 bits"),
        ((0, 2**63, 1_000, True, True, 0), None, "64 bits"),
        ((0, 10_000, 2_000_000_000, True, True, 0), None, "at most 1,000,000"),
        ((0, 10_000, 1_000, True, True, -1), None, "zero or more"),
        (piece(0, 1), {"weather": "fair"}, "is no field of it"),
        (piece(0, 1), {"policy": "cheap"}, "best, strict_priority"),
    ],
    ids=["sum", "price", "units", "floor", "fact", "policy"],
)
def test_a_cart_past_its_limits_is_refused(
    line: Line, facts: dict[str, Any] | None, message: str
) -> None:
    """Figures past 64 bits, too many units, unknown facts: refused, nothing is wrapped."""
    with pytest.raises(native.CoreError, match=message):
        native.price_cart(native.PromotionSet([TENTH], 5), [line], facts)
