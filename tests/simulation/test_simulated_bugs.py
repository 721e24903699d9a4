"""The simulator catches what it is for: bugs planted in production code are named by their rule."""

from __future__ import annotations

import pytest

from tests.breadth import is_less
from tests.simulation.planted import BUGS, Bug
from tests.simulation.planted_bank import BANK_BUGS
from tests.simulation.planted_cash import CASH_BUGS
from tests.simulation.planted_links import LINK_BUGS
from tests.simulation.planted_money import MONEY_BUGS
from tests.simulation.planted_nexo import NEXO_BUGS
from tests.simulation.planted_paper import PAPER_BUGS
from tests.simulation.planted_staff import STAFF_BUGS
from tests.simulation.planted_stored import STORED_BUGS
from tests.simulation.run import Failure, simulate
from tests.simulation.shop import prepared_image

ALL = (
    BUGS | MONEY_BUGS | LINK_BUGS | BANK_BUGS | PAPER_BUGS | CASH_BUGS | STAFF_BUGS | STORED_BUGS
    | NEXO_BUGS
)  # fmt: skip

# Where somebody waits, every other one; `tests.breadth`.
NAMES = sorted(ALL)[:: 2 if is_less() else 1]


def _first_failure(bug: Bug) -> Failure | None:
    for seed in (bug.seed, *(other for other in bug.seeds if other != bug.seed)):
        outcome = simulate(bug.plan(seed))
        if outcome.failure is not None:
            return outcome.failure
    return None


@pytest.mark.parametrize("name", NAMES)
def test_a_planted_bug_is_named(name: str) -> None:
    """Within a few seeds the auditor says which rule of the shop the bug breaks."""
    bug = ALL[name]
    prepared_image()  # the shop itself was set up by a store without the bug
    with bug.plant():
        failure = _first_failure(bug)
    assert failure is not None, f"{name} was not noticed in {len(bug.seeds)} seeds"
    refused = bool(bug.refused_with) and bug.refused_with in failure.detail
    assert failure.invariant in bug.invariants or refused, failure.detail
