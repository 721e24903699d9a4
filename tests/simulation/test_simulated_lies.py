"""A disk that says it has synced and has not: what is gone is named at the next start."""

from __future__ import annotations

from unittest import mock

from countertop import store
from tests.simulation.report import describe_failure
from tests.simulation.run import Plan, simulate

SEEDS = range(1, 13)


def test_what_a_lying_disk_lost_is_named_at_the_next_start() -> None:
    """Whatever an anchor had seen is missed by name; no seed goes on without a word."""
    named = 0
    for seed in SEEDS:
        outcome = simulate(Plan(seed, sales=400, force={"sync_lies": 1.0}))
        assert outcome.failure is None, describe_failure(outcome)
        assert outcome.ending, f"seed {seed} was over before the power went"
        named += " node saw record " in outcome.ending and "missing" in outcome.ending
    assert named >= len(SEEDS) // 2, (
        f"{named} of {len(SEEDS)} lies took something that was anchored"
    )


def test_a_start_that_looks_at_no_anchor_is_found() -> None:
    """Were the anchors not held against the journal, the simulator would say so."""
    with mock.patch.object(store, "judge_files", return_value=()):
        outcome = simulate(Plan(SEEDS[0], sales=400, force={"sync_lies": 1.0}))
    assert outcome.failure is not None
    assert outcome.failure.invariant == "H1_a_lie_is_named"
