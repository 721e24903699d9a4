"""Promotions in published cases: every field counts, and what cannot be expressed is named."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import engine.promotion.deals
import native
from countertop.conform import FAILED, PASSED, REFUSED, run_case

FOLDER = Path(__file__).resolve().parents[1] / "vectors" / "price"
CASES = [
    case
    for path in sorted(FOLDER.glob("*.json"))
    for case in json.loads(path.read_text("utf-8"))["cases"]
]
Row = dict[str, Any]


def failing() -> int:
    """How many published cases the engine does not meet as it stands."""
    return sum(run_case(case).verdict != PASSED for case in CASES)


def with_field(name: str, value: object) -> Callable[[Row], Row]:
    """A slip that reads a field as something else."""
    return lambda row: row | {name: value}


def with_benefit(change: Callable[[tuple[Any, ...]], tuple[Any, ...]]) -> Callable[[Row], Row]:
    """A slip in the benefit alone."""
    return lambda row: row | {"benefit": change(row["benefit"])}


def swapped(benefit: tuple[Any, ...]) -> tuple[Any, ...]:
    """A benefit that rewards the other end."""
    other = {"cheapest": "dearest", "dearest": "cheapest"}
    return tuple(other.get(part, part) if isinstance(part, str) else part for part in benefit)


def for_all(benefit: tuple[Any, ...]) -> tuple[Any, ...]:
    """Steps that are for all units, whatever was asked for."""
    return (*benefit[:3], False, benefit[4]) if benefit[0] == "tiers" else benefit


SLIPS: dict[str, Callable[[Row], Row]] = {
    **{
        name: with_field(name, value)
        for name, value in (
            ("gates", []),
            ("priority", 0),
            ("group", None),
            ("tags", 0),
            ("stacks_with", 0),
            ("start_s", None),
            ("end_s", None),
            ("weekly", None),
            ("limit_per_cart", None),
            ("count_nondiscountable", False),
            ("vendor_ppm", 0),
            ("customer_groups", 0),
            ("channels", 0),
            ("stores", 0),
            ("coupon", None),
            ("tenders", 0),
            ("class", "cart"),
        )
    },
    "exceptions": lambda row: row | {"sets": [(held, []) for held, _ in row["sets"]]},
    "selections": lambda row: row | {"sets": [(None, without) for _, without in row["sets"]]},
    "pick": with_benefit(swapped),
    "marginal": with_benefit(for_all),
}


@pytest.mark.parametrize("name", SLIPS)
def test_every_field_of_a_promotion_is_noticed(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """An engine that forgets a field of a promotion cannot meet all cases."""

    def slipped(rows: list[Row], count: int) -> native.PromotionSet:
        return native.PromotionSet([SLIPS[name](row) for row in rows], count)

    monkeypatch.setattr(engine.promotion.deals, "PromotionSet", slipped)
    assert failing() > 0


@pytest.mark.parametrize(
    ("name", "value"), [("policy", "best"), ("policy", "strict_priority"), ("caps", []),
                        ("week_s", 0), ("now_s", 0), ("coupons", []), ("tenders", 0),
                        ("points", 0)],
)  # fmt: skip
def test_everything_around_a_basket_is_noticed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: object
) -> None:
    """An engine that does not look at the moment, the policy or what is left cannot meet all."""

    def slipped(deals: Any, cart: Any, facts: Row, digits: int) -> native.PricedCart:
        return native.price_cart(deals, cart, facts | {name: value}, digits)

    monkeypatch.setattr(engine.promotion.deals, "price_cart", slipped)
    assert failing() > 0


@pytest.mark.parametrize(("place", "value"), [(4, True), (5, 0), (3, True), (3, False)])
def test_everything_of_a_line_is_noticed(
    monkeypatch: pytest.MonkeyPatch, place: int, value: object
) -> None:
    """Goods never discounted, lowest lawful prices, and what is sold by the piece."""

    def slipped(deals: Any, cart: Any, facts: Row, digits: int) -> native.PricedCart:
        lines = [(*line[:place], value, *line[place + 1 :]) for line in cart]
        return native.price_cart(deals, lines, facts, digits)

    monkeypatch.setattr(engine.promotion.deals, "price_cart", slipped)
    assert failing() > 0


def test_nothing_fails_where_nothing_slips() -> None:
    """The slips above are what fails, not the way they are planted."""
    assert 0 == failing()


def a_case() -> Row:
    """A menu of two slots, as published."""
    found = next(case for case in CASES if case["promotions"] and case["lines"][0].get("item"))
    return copy.deepcopy(found)


def promoted(**more: Any) -> Row:
    """The same with one promotion of other fields."""
    made = {"id": "p", "benefit": {"kind": "each", "off": {"percent": "10"}}} | more
    return a_case() | {"promotions": [made], "expected": {"gross": "1.00"}}


@pytest.mark.parametrize(
    ("case", "why"),
    [
        (promoted(points_min="1"), "field_must_be_known at promotions[0].points_min"),
        (promoted(costs_points=-1), "count_must_be_0_to_1000000000 at promotions[0].costs_points"),
        (
            promoted(tenders=["cash", "gold"]),
            "tender_must_be_cash_card_or_card_and_a_brand at promotions[0].tenders[1]: gold",
        ),
        (promoted(base="original"), "field_must_be_known at promotions[0].base"),
        (promoted(priority=-1), "count_must_be_0_to_65535 at promotions[0].priority: -1"),
        (promoted(amount_left="0"), "amount_left_must_be_positive at promotions[0].amount_left"),
        (promoted(starts="tomorrow"), "moment_must_be_iso_8601_with_an_offset at promotions[0]"),
        (promoted(ends="2026-12-01T00:00:00"), "moment_must_be_iso_8601_with_an_offset"),
        (promoted(weekly=["Mon 25:00-26:00"]), "hours_must_be_days_and_times at promotions[0]"),
        (promoted(tags=[1]), "value_must_be_text at promotions[0].tags[0]: 1"),
        (
            promoted(gates=[{"min_points": 3}]),
            "gate_must_be_min_quantity_or_min_spend at promotions[0].gates[0]",
        ),
        (
            promoted(gates=[{"min_quantity": 3, "selection": 1}]),
            "selection_must_be_defined at promotions[0].gates[0].selection: 1",
        ),
        (promoted(benefit={"kind": "points"}), "word_must_be_known at promotions[0].benefit.kind"),
        (promoted(benefit={"kind": "each"}), "field_must_be_present at promotions[0].benefit.off"),
        (
            promoted(benefit={"kind": "each", "off": {"points": "3"}}),
            "off_must_be_percent_amount_or_price at promotions[0].benefit.off",
        ),
        (
            promoted(benefit={"kind": "each", "off": {"percent": "5"}, "pick": "dearest"}),
            "field_must_be_known at promotions[0].benefit.pick",
        ),
        (
            promoted(benefit={"kind": "each", "off": {"percent": "5"}, "selection": 1}),
            "selection_must_be_defined at promotions[0].benefit.selection: 1",
        ),
        (
            promoted(benefit={"kind": "every_spend", "step": "5", "off": {"percent": "5"}}),
            "every_spend_needs_an_amount at promotions[0].benefit.off",
        ),
        (promoted() | {"price_lists": []}, "prices_must_be_resolved at price_lists"),
        (promoted() | {"charges": []}, "charges_must_be_lines at charges"),
        (
            promoted() | {"circumstances": {"given": ["p"]}},
            "promotion_must_be_manual at circumstances.given: p",
        ),
        (
            promoted() | {"policies": {"amounts": "exact"}},
            "amounts_must_be_rounded_half_up at promotions",
        ),
        (
            promoted() | {"lines": [{"unit_price": "1", "quantity": "-1"}]},
            "quantity_must_be_positive at lines[0].quantity",
        ),
        (
            promoted() | {"lines": [{"unit_price": "-1", "quantity": "1"}]},
            "unit_price_must_not_be_negative at lines[0].unit_price",
        ),
        (
            promoted() | {"lines": [{"unit_price": "1", "quantity": "1", "floor": "-1"}]},
            "floor_must_not_be_negative at lines[0].floor",
        ),
        (
            promoted()
            | {
                "lines": [
                    {"unit_price": "1", "quantity": "1", "item": "a", "department": "x"},
                    {"unit_price": "1", "quantity": "1", "item": "a", "department": "y"},
                ]
            },
            "item_must_have_one_department at lines[1].department",
        ),
        (
            promoted() | {"expected": {"per_promotion": [{"id": "q", "amount": "1"}]}},
            "promotion_must_be_defined at expected.per_promotion[0].id: q",
        ),
        (
            promoted() | {"promotions": 2 * promoted()["promotions"]},
            "promotion_ids_must_be_distinct at promotions",
        ),
    ],
)
def test_what_cannot_be_expressed_is_refused_by_name(case: Row, why: str) -> None:
    """A promotion that this engine would read otherwise than it is meant is not counted at all."""
    outcome = run_case(case)
    assert REFUSED == outcome.verdict
    assert outcome.why.startswith(why)


def test_a_wrong_share_of_a_promotion_fails_with_its_difference() -> None:
    """The line, the promotion and the cent are told."""
    case = next(copy.deepcopy(case) for case in CASES if case["id"] == "free-01")
    case["expected"]["per_line"][0]["promotions"][0]["amount"] = "2.49"
    outcome = run_case(case)
    (difference,) = outcome.differences
    assert FAILED == outcome.verdict
    assert ("per_line[0].promotions[p].amount", "2.49", "2.50", "0.01") == (
        difference.path,
        difference.expected,
        difference.got,
        difference.less,
    )


def test_promotions_that_contradict_themselves_are_named() -> None:
    """A case that expects figures of them fails, with the engine's reason."""
    case = next(copy.deepcopy(case) for case in CASES if case["id"] == "contradictions-12")
    case["expected"] = {"gross": "9.00"}
    outcome = run_case(case)
    assert FAILED == outcome.verdict
    assert "one of these" in outcome.why


def test_every_rule_of_the_set_has_its_paper() -> None:
    """At least 150 cases, each with a rule, a source, and the arithmetic where it has figures."""
    assert len(CASES) >= 250
    for case in CASES:
        assert case["rule"]
        assert case["source"]
        assert case.get("arithmetic") or case["expected"] == {"refused": True}
