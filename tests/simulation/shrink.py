"""From a failing plan to a smaller one that breaks the same rule: fewer faults, sales, seconds."""

from __future__ import annotations

import time
from collections.abc import Callable

from attrs import evolve

from tests.simulation.run import Outcome, Plan, simulate

SHRINK_S_MAX = 60.0


def shrink(
    outcome: Outcome,
    *,
    seconds_max: float = SHRINK_S_MAX,
    run: Callable[[Plan], Outcome] = simulate,
) -> Outcome:
    """The smallest failing run found in that time; the given one where none is smaller."""
    assert outcome.failure is not None, "only what fails is shrunk"
    wanted = outcome.failure.invariant
    until = time.monotonic() + seconds_max
    best = outcome
    smaller = True
    while smaller:
        smaller = False
        for plan in _candidates(best):
            if time.monotonic() > until:
                return best
            tried = run(plan)
            if tried.failure is not None and tried.failure.invariant == wanted:
                best, smaller = tried, True
                break
    return best


def shrink_all(
    failures: list[Outcome],
    *,
    seconds_max: float = SHRINK_S_MAX,
    run: Callable[[Plan], Outcome] = simulate,
) -> list[Outcome]:
    """Each of several failing runs made smaller, in that time for all of them."""
    until = time.monotonic() + seconds_max
    found = []
    for number, outcome in enumerate(failures):
        share = max(0.0, until - time.monotonic()) / (len(failures) - number)
        found.append(shrink(outcome, seconds_max=share, run=run))
    return found


def _candidates(outcome: Outcome) -> list[Plan]:
    """Plans that have less of something, the boldest first."""
    plan, failure = outcome.plan, outcome.failure
    assert failure is not None
    names = sorted(plan.force)
    found = []
    for size in (len(names) // 2, len(names) // 4, 1):
        if size:
            for start in range(0, len(names), size):
                left = names[:start] + names[start + size :]
                found.append(evolve(plan, force={name: plan.force[name] for name in left}))
    if plan.sales > 3:
        found.append(evolve(plan, sales=max(3, plan.sales // 2)))
    seconds = float(int(failure.at_s) + 1)
    if seconds < plan.until_s:
        found.append(evolve(plan, until_s=seconds))
    return found
