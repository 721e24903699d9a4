"""A pack file is read strictly: what is unknown, missing or said twice is refused by name."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from engine.fields import FieldsError
from engine.packs import parse_pack
from engine.settings import RoundingMode
from engine.tax_document import Per, TaxPolicy, Threshold
from engine.tax_rules import Fault, TaxRulesError

Data = dict[str, Any]
PACK: Data = {
    "country": "XX",
    "name": "Shoreland",
    "compiled": "2026-11-26",
    "currency": "XXA",
    "minor_digits": 1,
    "prices_include_tax": True,
    "jurisdictions": [{"id": "XX", "kind": "country"}],
    "categories": ["standard", "food"],
    "rules": [
        {
            "id": "vat",
            "jurisdiction": "XX",
            "tax_type": "VAT",
            "codes": {"till": "A"},
            "entries": [
                {"start": "2020-01-01", "end": "2026-01-01", "value": "19", "source": "Act 1"},
                {
                    "start": "2026-01-01",
                    "value": "20.5",
                    "codes": {"till": "B"},
                    "threshold": {"amount": "9.5", "then": "excess"},
                    "source": "Act 2",
                },
            ],
        }
    ],
    "policies": [{"start": "2020-01-01", "end": "2026-01-01", "mode": "down", "source": "Act 3"}],
    "cash_rounding": [
        {
            "jurisdiction": "XX",
            "start": "2020-01-01",
            "step": "0.5",
            "obligation": "mandatory",
            "source": "Act 4",
        }
    ],
    "receipt": {"fields": ["date"], "words": {"tax": "VAT"}, "source": "Act 5"},
    "notes": ["Made up."],
}


def changed(change: Callable[[Data], object]) -> Data:
    """The pack after a change."""
    pack = copy.deepcopy(PACK)
    change(pack)
    return pack


def entry(pack: Data) -> Data:
    """The second entry of the rule."""
    found: Data = pack["rules"][0]["entries"][1]
    return found


def test_a_pack_is_read_into_dated_rules() -> None:
    """Rates, codes and thresholds belong to their entry; a day outside all policies is ordinary."""
    pack = parse_pack(PACK)
    old, new = pack.rules.rules
    assert (190_000, 205_000) == (old.value, new.value)
    assert ("A", "B") == (old.codes["till"], new.codes["till"])
    assert old.included
    assert Threshold(95, exempt_at_amount=False, per=Per.ITEM, excess=True) == new.threshold
    assert RoundingMode.DOWN == pack.policy_on("2025-12-31").mode
    assert TaxPolicy() == pack.policy_on("2026-01-01")
    assert pack.cash_on("2019-12-31", "XX") is None
    found = pack.cash_on("2020-01-01", "XX")
    assert found is not None
    assert 5 == found.step_minor


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda p: entry(p).update(start="2025-12-31"), Fault.WINDOWS_MUST_NOT_OVERLAP),
        (
            lambda p: p["policies"].append({"start": "2025-01-01", "source": "Act 6"}),
            Fault.WINDOWS_MUST_NOT_OVERLAP,
        ),
        (
            lambda p: p["cash_rounding"].append({**p["cash_rounding"][0], "start": "2021-01-01"}),
            Fault.WINDOWS_MUST_NOT_OVERLAP,
        ),
        (
            lambda p: p["cash_rounding"][0].update(jurisdiction="YY"),
            Fault.JURISDICTION_MUST_EXIST,
        ),
        (lambda p: p.update(compiled="yesterday"), Fault.DATE_MUST_EXIST),
        (lambda p: p["rules"][0].update(categories=["hats"]), Fault.CATEGORY_MUST_EXIST),
        (lambda p: entry(p).update(value="1000.0001"), Fault.RATE_MUST_BE_IN_RANGE),
        (lambda p: p["rules"][0].update(after=["vat"]), Fault.ORDER_MUST_NOT_CIRCLE),
    ],
)
def test_rules_without_one_answer_are_refused(change: Callable[[Data], object], code: str) -> None:
    """Entries that share a day, and whatever else would leave a question open."""
    with pytest.raises(TaxRulesError) as refused:
        parse_pack(changed(change))
    assert code == refused.value.code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda p: p.update(color="blue"), "field_must_be_known"),
        (lambda p: entry(p).update(rate="19"), "field_must_be_known"),
        (lambda p: entry(p).pop("source"), "field_must_be_present"),
        (lambda p: entry(p).update(source=" "), "source_must_be_named"),
        (lambda p: entry(p).update(value=19), "number_must_be_decimal_text"),
        (lambda p: entry(p).update(value="19.00001"), "decimals_must_be_at_most_4"),
        (lambda p: p["rules"][0].update(entries=[]), "entries_must_be_present"),
        (lambda p: p["rules"][0].update(context="drive_in"), "word_must_be_known"),
        (lambda p: p.update(minor_digits=5), "minor_digits_must_be_0_to_4"),
        (lambda p: p.update(minor_digits="2"), "value_must_be_a_whole_number"),
        (lambda p: p.update(categories=[1]), "value_must_be_text"),
        (lambda p: p["cash_rounding"][0].update(step="0"), "cash_step_must_be_positive"),
        (lambda p: p["cash_rounding"][0].update(obligation="maybe"), "word_must_be_known"),
        (lambda p: p.pop("receipt"), "field_must_be_present"),
        (lambda p: p.update(prices_include_tax="yes"), "value_must_be_true_or_false"),
        (lambda p: p.update(rules={}), "value_must_be_a_list"),
    ],
)
def test_what_a_pack_may_not_say_is_refused(change: Callable[[Data], object], code: str) -> None:
    """A slip of the pen is named with its place, never taken for a rate."""
    with pytest.raises(FieldsError) as refused:
        parse_pack(changed(change))
    assert code == refused.value.code
