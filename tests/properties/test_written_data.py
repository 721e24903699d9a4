"""Data people write, cases and packs, is taken or refused by name, whatever is wrong with it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from countertop.conform import FAILED, PASSED, REFUSED, run_case
from countertop.pack_files import FOLDER
from engine.fields import FieldsError, decimal_text, scaled
from engine.packs import CountryPack, parse_pack
from engine.tax_rules import TaxRulesError

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "tax"
CASES = [
    case
    for name in ("worked", "stacks", "thresholds", "caps", "per_unit", "coins")
    for case in json.loads((VECTORS / f"{name}.json").read_text("utf-8"))["cases"]
]
PACKS = [json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))]

odd = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(("0", "-1", "9" * 18, "0.000001", "up", "item", "XX", "2026-02-30")),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@st.composite
def spoilt(draw: st.DrawFn, of: list[Any]) -> Any:
    """One of these with some of its values put out, or others put in."""
    value = copy.deepcopy(draw(st.sampled_from(of)))
    for _ in range(draw(st.integers(1, 3))):
        node = value
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(node[key], dict | list) and draw(st.integers(0, 3)):
                node = node[key]
                continue
            if draw(st.booleans()):
                node[key] = draw(odd)
            else:
                del node[key]
            break
    return value


@given(spoilt(CASES))
def test_a_spoilt_case_has_an_outcome(case: Any) -> None:
    """Passed, failed or refused with a reason; never an error of the runner's own."""
    outcome = run_case(case)
    assert outcome.verdict in (PASSED, FAILED, REFUSED)
    assert (outcome.verdict == REFUSED) <= bool(outcome.why)


@given(spoilt(PACKS))
def test_a_spoilt_pack_is_read_or_refused(pack: Any) -> None:
    """A pack that is not refused still answers."""
    try:
        read = parse_pack(pack)
    except (FieldsError, TaxRulesError) as error:
        told = str(error)
        assert error.code in told  # noqa: PT017
        return
    assert isinstance(read, CountryPack)


@given(st.integers(-(10**17), 10**17), st.integers(0, 6))
def test_figures_are_written_as_they_are_read(value: int, decimals: int) -> None:
    """A figure survives the way to text and back, exactly."""
    assert value == scaled(decimal_text(value, decimals), decimals, "here")
