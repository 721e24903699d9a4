"""Cards that no bank has seen: no ceiling is passed, in any interleaving, and the view says so."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.payment.events import OfflinePolicy
from tests.properties.offline_risk import (
    ACTIONS,
    BRANDED,
    POLICIES,
    REGISTERS,
    STEPS,
    TIPS,
    Day,
    Step,
)


@pytest.mark.feature("NEW-15", part="each ceiling in any interleaving; on screen elsewhere")
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(STEPS, st.sampled_from(POLICIES), st.booleans())
def test_no_interleaving_passes_a_ceiling(
    steps: list[Step], policy: OfflinePolicy, listens: bool
) -> None:
    """Three registers, two people, cards of three brands and of none, tips typed at the terminal,
    answers lost for good or told late, restarts, results told by terminals and files: neither by
    the journal nor in the terminals themselves is anything ever above a ceiling, and the view shows
    the same figures. Terminals that do as they like are held to that while each approval is written
    down before it counts."""
    day = Day.under(policy, listens=listens)
    for step in steps:
        day.step(*step)
        day.look()


@pytest.mark.parametrize("listens", [True, False])
def test_long_days_come_to_their_ceilings_and_not_over(*, listens: bool) -> None:
    """The same on busy days of chance: cards are stored, found stored, refused at a terminal that
    does not listen, and told of, and what is at risk is close under its ceiling on many a day."""
    chance = Random(15)
    days = [_long_day(chance, BRANDED, listens=listens) for _ in range(40)]
    assert sum(day.stored for day in days) > 20
    assert sum(day.secret for day in days) > 10
    assert listens or sum(day.refused for day in days) > 10
    assert sum(day.told for day in days) > 10
    assert sum(10 * day.most_minor >= 6 * BRANDED.total_minor for day in days) > 3


@pytest.mark.parametrize("listens", [True, False])
@pytest.mark.parametrize("policy", [one for one in POLICIES if one != BRANDED])
def test_long_days_under_other_ceilings(policy: OfflinePolicy, *, listens: bool) -> None:
    """Whatever the ceilings are: of all cards together, of some kinds of card, with one kind that
    is never taken so, with tips that nobody knows the end of."""
    chance = Random(16)
    days = [_long_day(chance, policy, listens=listens) for _ in range(8)]
    assert max(day.most_minor for day in days) <= policy.total_minor


def _long_day(chance: Random, policy: OfflinePolicy, *, listens: bool) -> Day:
    day = Day.under(policy, listens=listens)
    for _ in range(60):
        action, register = chance.choice(ACTIONS), chance.choice(REGISTERS)
        day.step(action, register, chance.randrange(12), chance.choice(TIPS))
        day.look()
    return day
