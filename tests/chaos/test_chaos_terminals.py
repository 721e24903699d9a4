"""A terminal that does whatever its protocol lets it do, at whatever moment: nobody pays twice, and
each cent that moved is a tender, was given back, or is before a person."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.world import run_simulated
from tests.chaos import nexo_terminal, zvt_terminal
from tests.chaos.nexo_terminal import ChaosNexo
from tests.chaos.shop import HARMS, day_at
from tests.chaos.zvt_terminal import ChaosZvt
from tests.cuts.stage import prepare
from tests.draws import examples

CUSTOMERS = 3
_SEEDS = st.integers(0, 2**31)
_HARMS = st.frozensets(st.sampled_from(HARMS))


@pytest.mark.feature("PAY-09", part="a ZVT terminal that does what it may, in any order")
@settings(max_examples=examples(12), suppress_health_check=list(HealthCheck))
@given(_SEEDS, st.frozensets(st.sampled_from(zvt_terminal.ODDITIES), max_size=8), _HARMS)
def test_a_zvt_terminal_that_does_what_it_may(
    seed: int, odd: frozenset[str], harms: frozenset[str]
) -> None:
    """Results told twice, breaks, its own end of day, payments by hand, another register, a lost
    memory: the store's tenders are what the terminal's own books have."""
    prepare()
    terminal = ChaosZvt("terminal/one", random.Random(seed + 1), odd)
    run_simulated(seed, day_at, terminal, seed, harms, CUSTOMERS)


@pytest.mark.feature("PAY-09", part="a nexo terminal that does what it may, in any order")
@settings(max_examples=examples(12), suppress_health_check=list(HealthCheck))
@given(_SEEDS, st.frozensets(st.sampled_from(nexo_terminal.ODDITIES), max_size=8), _HARMS)
def test_a_nexo_terminal_that_does_what_it_may(
    seed: int, odd: frozenset[str], harms: frozenset[str]
) -> None:
    """Answers late, lost, garbled or told twice, errors of HTTP, a rejection, another register, a
    restart, a lost memory: the same."""
    prepare()
    terminal = ChaosNexo("terminal/one", random.Random(seed + 1), odd)
    run_simulated(seed, day_at, terminal, seed, harms, CUSTOMERS)
