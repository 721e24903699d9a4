"""Bugs in who may do what and who lets it through, planted as those of `planted.py`."""

from __future__ import annotations

import contextlib
from typing import Any
from unittest import mock

from engine import books, limits, staff
from engine.decision import Fact
from tests.simulation.planted import Bug

Planted = contextlib.AbstractContextManager[Any]


def any_pin_will_do() -> Planted:
    """Whoever lets something through may type what they like."""
    return mock.patch.object(staff, "check_pin", return_value=None)


def anybody_lets_through() -> Planted:
    """Who lets a command through need not have the right to."""
    authorise = staff.authorise

    def careless(state: Any, command: Any, right: Any, name: str) -> Any:
        facts, refused = authorise(state, command, right, name)
        approval = command.approval
        if refused is None or approval is None or not approval.pin_correct:
            return facts, refused
        given = staff.ApprovalGiven(
            approval.approver, command.operator, command.register, right, command.id, name
        )
        return (Fact(staff.STREAM, given),), None

    return mock.patch.object(staff, "authorise", careless)


def let_through_for_good() -> Planted:
    """What somebody let through once, the same person may do at that register from then on."""
    authorise = staff.authorise
    known: set[Any] = set()

    def lasting(state: Any, command: Any, right: Any, name: str) -> Any:
        facts, refused = authorise(state, command, right, name)
        key = command.operator, command.register, right
        if facts:
            known.add(key)
        return ((), None) if refused is not None and key in known else (facts, refused)

    return mock.patch.object(staff, "authorise", lasting)


def let_through_by_nobody() -> Planted:
    """A fact does not name who let it through."""
    return mock.patch.object(books, "_approver", return_value="")


def rights_of_the_first_day() -> Planted:
    """What a role may do stays what it was at first."""
    evolve = staff.evolve

    def stubborn(state: Any, event: Any) -> Any:
        is_known = isinstance(event, staff.RoleDefined) and event.role in state.roles
        return state if is_known else evolve(state, event)

    return mock.patch.object(staff, "evolve", stubborn)


def never_locked_out() -> Planted:
    """PINs may be guessed for as long as it takes."""
    return mock.patch.object(limits, "PIN_FAILURES_FREE", 1_000)


STAFF_BUGS: dict[str, Bug] = {
    "any_pin_will_do": Bug(any_pin_will_do, ("O2_a_pin_is_asked_for_each_time",), sales=60),
    "anybody_lets_through": Bug(anybody_lets_through, ("O1_who_does_it_may",), sales=60),
    "let_through_for_good": Bug(let_through_for_good, ("O1_who_does_it_may",), sales=60, seed=2),
    "let_through_by_nobody": Bug(let_through_by_nobody, ("O1_who_does_it_may",), sales=60, seed=2),
    "rights_of_the_first_day": Bug(
        rights_of_the_first_day, ("O1_who_does_it_may",), sales=60, seed=51
    ),
    "never_locked_out": Bug(
        never_locked_out, ("O2_a_pin_is_asked_for_each_time",), sales=60, seed=15
    ),
}
