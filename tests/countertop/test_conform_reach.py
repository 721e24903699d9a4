"""The published cases reach every word of a policy and every flag of a tax: a slip is noticed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import engine.tax_document
import native
from countertop.conform import PASSED, run_case

FOLDER = Path(__file__).resolve().parents[1] / "vectors" / "tax"
CASES = [
    case
    for path in sorted(FOLDER.glob("*.json"))
    for case in json.loads(path.read_text("utf-8"))["cases"]
]
WORDS = [
    *((0, "unit", "line"), (0, "line", "rate_document"), (0, "rate_document", "line")),
    *((0, "document", "rate_document"), (1, "half_up", "half_even"), (1, "half_even", "half_up")),
    *((1, "up", "half_up"), (1, "down", "half_up"), (2, "tax_first", "net_first")),
    *((2, "net_first", "tax_first"), (3, "largest", "first"), (3, "first", "last")),
    *((3, "last", "first"), (3, "biggest", "largest"), (4, "exact", "rounded")),
    *((4, "rounded", "exact"), (5, "half_up", "down"), (5, "half_even", "half_up")),
    *((6, "gross", "net"), (6, "net", "gross")),
]
FLAGS: list[tuple[str, int, Callable[[Any], Any]]] = [
    ("price_included", 3, lambda found: False),
    ("affects_later", 4, lambda found: False),
    ("affected_by_previous", 5, lambda found: not found),
    ("charge", 6, lambda found: "charged"),
    ("threshold", 7, lambda found: None),
    ("exempt_at_amount", 7, lambda found: found and (found[0], not found[1], *found[2:])),
    ("threshold per", 7, lambda found: found and (*found[:2], "item", found[3])),
    ("threshold then", 7, lambda found: found and (*found[:3], not found[3])),
    ("cap", 8, lambda found: None),
    ("cap of", 8, lambda found: found and ("tax", *found[1:])),
    ("cap per", 8, lambda found: found and (*found[:2], "item")),
]


def failing(
    monkeypatch: pytest.MonkeyPatch,
    of_tax: Callable[[tuple[Any, ...]], tuple[Any, ...]],
    of_policy: Callable[[tuple[str, ...]], Any],
) -> int:
    """How many cases fail where the floor is given other taxes or another policy than they say."""

    def slipped(lines: Any, taxes: Any, policy: Any, digits: int) -> Any:
        return native.tax_document(lines, [of_tax(tax) for tax in taxes], of_policy(policy), digits)

    monkeypatch.setattr(engine.tax_document, "_tax_document", slipped)
    return sum(run_case(case).verdict != PASSED for case in CASES)


@pytest.mark.parametrize(("place", "word", "other"), WORDS)
def test_every_word_of_a_policy_is_told_from_its_neighbour(
    monkeypatch: pytest.MonkeyPatch, place: int, word: str, other: str
) -> None:
    """An engine that takes one setting for another cannot meet all cases."""

    def policy(words: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(other if (at, one) == (place, word) else one for at, one in enumerate(words))

    assert failing(monkeypatch, lambda tax: tax, policy) > 0


@pytest.mark.parametrize(("place", "change"), [pytest.param(*f[1:], id=f[0]) for f in FLAGS])
def test_every_flag_of_a_tax_is_noticed(
    monkeypatch: pytest.MonkeyPatch, place: int, change: Callable[[Any], Any]
) -> None:
    """An engine that forgets a flag, a threshold or a cap cannot meet all cases."""

    def tax(parts: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(change(part) if at == place else part for at, part in enumerate(parts))

    assert failing(monkeypatch, tax, lambda words: words) > 0


def test_nothing_fails_where_nothing_slips(monkeypatch: pytest.MonkeyPatch) -> None:
    """The slips above are what fails, not the way they are planted."""
    assert 0 == failing(monkeypatch, lambda tax: tax, lambda words: words)
