"""What may happen to one life of a server: each scene draws its plan from the dice.

Adding one is a function with `@scene`: it gives the plan of each node, and says what must follow.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from enum import Enum

from attrs import frozen

from tests.crash.plans import (
    DEVICES,
    FROM_MARK,
    FROM_START,
    INTEGRATIONS,
    STORE,
    Harm,
    NodePlan,
)

STEPS_OF_A_SALE = 700
CALLS_OF_A_SALE = 40
SYNCS_OF_A_SALE = 12
STEPS_OF_A_START = 150
CALLS_OF_A_START = 30
CALLS_OF_A_STOP = 4  # on each of these files
WRITTEN_AT_STOP = (".partial", "journal.db", "views.db")


class Ending(Enum):
    """How the store's process must end."""

    KILLED = "killed"
    """By a signal: its own, or the rig's when the time has come."""
    FAILED = "failed"
    """By itself with an error, once the harm is done: the journal could not be written."""
    GOES_ON = "goes on"
    """Not at all; the rig ends it."""
    EITHER = "either"
    """As it likes: the harm is to files it can do without, or comes while it starts."""


@frozen
class Scene:
    """The plan of a life. `victim` is the node that the rig kills, if any; `power` cuts the power
    after the end; `is_fault` counts it as an I/O fault rather than a kill; `at_stop` says that the
    harm comes when the store is told to stop, which it then is."""

    name: str
    nodes: dict[str, NodePlan]
    ending: Ending
    victim: str = ""
    is_fault: bool = False
    power: bool = False
    at_stop: bool = False


Draw = Callable[[random.Random], Scene]
KILLS: dict[str, tuple[Draw, int]] = {}
FAULTS: dict[str, tuple[Draw, int]] = {}


def kill_scene(weight: int) -> Callable[[Draw], Draw]:
    """Register a kind of kill, drawn as often as `weight` says."""
    return lambda draw: KILLS.setdefault(draw.__name__, (draw, weight))[0]


def fault_scene(weight: int) -> Callable[[Draw], Draw]:
    """Register a kind of fault, drawn as often as `weight` says."""
    return lambda draw: FAULTS.setdefault(draw.__name__, (draw, weight))[0]


def draw(kinds: dict[str, tuple[Draw, int]], dice: random.Random) -> Scene:
    """One of them, by weight."""
    weights = [weight for _, weight in kinds.values()]
    (chosen,) = dice.choices([function for function, _ in kinds.values()], weights)
    return chosen(dice)


# ----------------------------------------------------------------------------------- the kills


@kill_scene(4)
def store_at_random(dice: random.Random) -> Scene:
    """kill -9 of the store at any moment."""
    return Scene("store at random", {}, Ending.KILLED, STORE, power=dice.random() < 0.5)


@kill_scene(3)
def store_at_a_step(dice: random.Random) -> Scene:
    """The store dies just before the n-th task step after some moment of a sale."""
    plan = NodePlan(step=dice.randint(1, STEPS_OF_A_SALE), since=FROM_MARK)
    return Scene("store at a step", {STORE: plan}, Ending.KILLED, power=dice.random() < 0.3)


@kill_scene(3)
def store_at_a_call(dice: random.Random) -> Scene:
    """The store dies before, after or in the middle of its n-th write or sync, on any thread."""
    fault = dice.choice(("kill", "kill-after", "torn-kill"))
    harm = Harm(fault, file=dice.choice(("-wal", "journal.db-wal", "")),
                at=dice.randint(1, CALLS_OF_A_SALE))  # fmt: skip
    plan = NodePlan(harm, since=FROM_MARK)
    return Scene("store at a write", {STORE: plan}, Ending.KILLED, power=dice.random() < 0.5)


@kill_scene(2)
def store_while_it_starts(dice: random.Random) -> Scene:
    """The store dies at the n-th step or write of its start, before it has answered anything."""
    if dice.random() < 0.5:
        plan = NodePlan(step=dice.randint(1, STEPS_OF_A_START), since=FROM_START)
    else:
        plan = NodePlan(Harm("kill", at=dice.randint(1, CALLS_OF_A_START)), since=FROM_START)
    return Scene("store starting", {STORE: plan}, Ending.KILLED, power=dice.random() < 0.3)


@kill_scene(3)
def devices_at_random(_: random.Random) -> Scene:
    """kill -9 of the devices node."""
    return Scene("devices at random", {}, Ending.GOES_ON, DEVICES)


@kill_scene(3)
def devices_at_a_step(dice: random.Random) -> Scene:
    """The devices node dies just before its n-th task step after some moment."""
    plan = NodePlan(step=dice.randint(1, STEPS_OF_A_SALE // 2), since=FROM_MARK)
    return Scene("devices at a step", {DEVICES: plan}, Ending.GOES_ON)


@kill_scene(1)
def integrations_at_random(_: random.Random) -> Scene:
    """kill -9 of the integrations node."""
    return Scene("integrations at random", {}, Ending.GOES_ON, INTEGRATIONS)


@kill_scene(1)
def integrations_at_a_step(dice: random.Random) -> Scene:
    """The integrations node dies just before its n-th task step after some moment."""
    plan = NodePlan(step=dice.randint(1, 40), since=FROM_MARK)
    return Scene("integrations at a step", {INTEGRATIONS: plan}, Ending.GOES_ON)


# ---------------------------------------------------------------------------------- the faults


def _journal_fault(
    name: str, fault: str, call: str, dice: random.Random, ending: Ending = Ending.FAILED
) -> Scene:
    """A fault on the journal's log while selling, once or for as long as the process lives."""
    harm = Harm(
        fault,
        call=call,
        file="journal.db-wal",
        at=dice.randint(1, SYNCS_OF_A_SALE if call == "sync" else CALLS_OF_A_SALE),
        forever=dice.random() < 0.5,
        sleep_ms=dice.choice((5, 20, 80)),
    )
    plan = NodePlan(harm, since=FROM_MARK)
    return Scene(name, {STORE: plan}, ending, is_fault=True, power=dice.random() < 0.5)


@fault_scene(3)
def write_error(dice: random.Random) -> Scene:
    """EIO at a write."""
    return _journal_fault("EIO at a write", "eio", "write", dice)


@fault_scene(3)
def disk_full(dice: random.Random) -> Scene:
    """ENOSPC at a write."""
    return _journal_fault("ENOSPC at a write", "enospc", "write", dice)


@fault_scene(3)
def torn_write(dice: random.Random) -> Scene:
    """A third of a write gets through, the rest is an error."""
    return _journal_fault("torn write", "torn", "write", dice)


@fault_scene(4)
def failed_sync(dice: random.Random) -> Scene:
    """A sync fails; the kernel then takes the pages for clean and will never write them."""
    return _journal_fault("EIO at a sync", "eio", "sync", dice)


@fault_scene(1)
def short_write(dice: random.Random) -> Scene:
    """A write takes a part and says so, which is no error: the rest must follow."""
    return _journal_fault("short write", "short", "write", dice, Ending.GOES_ON)


@fault_scene(1)
def slow_disk(dice: random.Random) -> Scene:
    """Each sync takes its time, and people tap again."""
    return _journal_fault("slow disk", "slow", "sync", dice, Ending.GOES_ON)


@fault_scene(3)
def fault_while_starting(dice: random.Random) -> Scene:
    """Any error at any call of a start, on any file."""
    harm = Harm(
        dice.choice(("eio", "enospc", "torn")),
        call=dice.choice(("", "write", "sync")),
        at=dice.randint(1, CALLS_OF_A_START),
        forever=dice.random() < 0.5,
    )
    plan = NodePlan(harm, since=FROM_START)
    power = dice.random() < 0.3
    return Scene("fault at start", {STORE: plan}, Ending.EITHER, is_fault=True, power=power)


@fault_scene(2)
def fault_on_the_rest(dice: random.Random) -> Scene:
    """An error on a file the shop can do without for a while: views and snapshots; and on the
    journal itself, which is written when its log is full or the store ends."""
    file = dice.choice(("views.db-wal", *WRITTEN_AT_STOP))
    at_stop = file in WRITTEN_AT_STOP
    harm = Harm(
        dice.choice(("eio", "enospc", "torn")),
        file=file,
        at=dice.randint(1, CALLS_OF_A_STOP if at_stop else 20),
        forever=dice.random() < 0.5,
    )
    plan = NodePlan(harm, since=FROM_MARK)
    return Scene("fault elsewhere", {STORE: plan}, Ending.EITHER, is_fault=True, at_stop=at_stop)
