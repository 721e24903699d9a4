"""Cards that no bank has seen: no ceiling is passed, in any interleaving, and the view says so."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings

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
@given(STEPS, POLICIES)
def test_no_interleaving_passes_a_ceiling(steps: list[Step], policy: OfflinePolicy) -> None:
    """Three registers, two people, three brands, tips typed at the terminal, lost lines, restarts,
    results told by terminals and files: by the journal alone nothing is ever above its ceiling, and
    the view shows the same figures."""
    day = Day.under(policy)
    for step in steps:
        day.step(*step)
        day.look()


def test_long_days_come_to_their_ceilings_and_not_over() -> None:
    """The same on busy days of chance: cards are stored, found stored, refused at the terminal, and
    told of, and what is at risk is close under its ceiling on many a day."""
    chance, days = Random(15), []
    for _ in range(40):
        day = Day.under(BRANDED)
        for _ in range(60):
            action, register = chance.choice(ACTIONS), chance.choice(REGISTERS)
            day.step(action, register, chance.randrange(3), chance.choice(TIPS))
            day.look()
        days.append(day)
    assert sum(day.stored for day in days) > 30
    assert sum(day.refused for day in days) > 10
    assert sum(day.told for day in days) > 10
    assert sum(10 * day.most_minor >= 7 * BRANDED.total_minor for day in days) > 3
