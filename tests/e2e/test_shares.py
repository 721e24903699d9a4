"""How the register page divides an amount: the parts always add up to it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import limits
from tests.e2e.shop import ROOT

NODE = shutil.which("node") or ""
MODULES = ROOT / "frontends" / "node_modules"
SCRIPT = Path(__file__).with_name("shares.js")
pytestmark = pytest.mark.skipif(
    not (NODE and (MODULES / "typescript").is_dir()),
    reason="no node, or the front ends' packages are missing; run ./run build",
)
Even = tuple[int, int, int]
Parts = tuple[int, list[int]]
amounts = st.integers(0, limits.AMOUNT_MINOR_MAX)
evens = st.tuples(amounts, st.integers(2, 12), st.sampled_from((1, 5, 10, 50)))
weights = st.lists(
    st.one_of(st.integers(-500, 2000), st.integers(0, limits.AMOUNT_MINOR_MAX)),
    min_size=1,
    max_size=12,
)
proportions = st.tuples(st.one_of(st.integers(-300, 3000), amounts), weights)


pieces = st.tuples(st.one_of(st.integers(-500, 2000), amounts), st.integers(1, 100))


def divided(
    even: Sequence[Even] = (), parts: Sequence[Parts] = (), units: Sequence[tuple[int, int]] = ()
) -> dict[str, list[list[int]]]:
    """What the page's own functions make of these."""
    done = subprocess.run(
        [NODE, str(SCRIPT), str(ROOT / "frontends" / "register" / "shares.ts")],
        input=json.dumps({"even": even, "parts": parts, "units": units}),
        env={**os.environ, "NODE_PATH": str(MODULES)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, list[list[int]]] = json.loads(done.stdout)
    return told


@settings(max_examples=5, deadline=None)
@given(st.lists(evens, min_size=50, max_size=200))
def test_even_shares_add_up_and_are_alike(cases: list[Even]) -> None:
    """Each but the last is what coins can pay, none is more than a coin over another, and the first
    ones pay what does not divide; the last takes what no coin is for."""
    for (due, count, step), shares in zip(cases, divided(even=cases)["even"], strict=True):
        assert (sum(shares), len(shares)) == (due, count)
        odd = due % step
        coins = [*shares[:-1], shares[-1] - odd]
        assert all(share % step == 0 for share in coins)
        assert coins == sorted(coins, reverse=True)
        assert coins[0] - coins[-1] <= step


@settings(max_examples=5, deadline=None)
@given(st.lists(proportions, min_size=50, max_size=200))
def test_charges_are_shared_out_in_proportion_and_add_up(cases: list[Parts]) -> None:
    """Each part is the exact one, less than a cent off; what costs nothing, or comes back, pays
    none; and together they are the charges."""
    for (minor, goods), parts in zip(cases, divided(parts=cases)["parts"], strict=True):
        heavy = [max(0, weight) for weight in goods]
        whole = sum(heavy)
        assert sum(parts) == (minor if whole else 0)
        for weight, part in zip(heavy, parts, strict=True):
            exact = Fraction(minor * weight, whole) if whole else Fraction(0)
            assert abs(part - exact) < 1
            assert weight or part == 0


@settings(max_examples=5, deadline=None)
@given(st.lists(pieces, min_size=50, max_size=200))
def test_pieces_of_a_line_add_up_to_it_and_are_alike(cases: list[tuple[int, int]]) -> None:
    """However a line of several pieces is dealt out, one by one: together they cost what it costs,
    none is more than a cent beside another, and the first ones have the odd cents."""
    for (minor, count), each in zip(cases, divided(units=cases)["units"], strict=True):
        assert (sum(each), len(each)) == (minor, count)
        sizes = [abs(one) for one in each]
        assert sizes == sorted(sizes, reverse=True)
        assert sizes[0] - sizes[-1] <= 1
