"""The rig can fail: each planted bug is caught, and says how to see it again."""

from __future__ import annotations

import pytest
import trio

from tests.crash.plans import DEVICES, FROM_MARK, STORE, Harm, NodePlan
from tests.crash.rig import Rig
from tests.crash.scenes import Ending, Scene
from tests.crash.storm import Broken, Round

CUT = Scene("power cut", {}, Ending.KILLED, STORE, power=True)
AT_A_WRITE = Scene(
    "kill at a write",
    {STORE: NodePlan(Harm("kill", call="write", file="journal.db-wal", at=3), since=FROM_MARK)},
    Ending.KILLED,
)
AFTER_A_SYNC = Scene(
    "kill after a sync",
    {STORE: NodePlan(Harm("kill-after", call="sync", file="-wal", at=2), since=FROM_MARK)},
    Ending.KILLED,
)

WHILE_PRINTING = [
    Scene("", {DEVICES: NodePlan(step=step, since=FROM_MARK)}, Ending.GOES_ON)
    for step in range(7, 367, 24)
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("bug", "happening", "wanted"),
    [
        # Which of its harms shows first is a matter of time: a device that was told too early that
        # its print or kick is written down does it, and again after the kill.
        ("answer_before_commit", [AT_A_WRITE] * 8, "LOST|without saying COPY|drawer was kicked"),
        ("never_sync", [CUT] * 3, "LOST"),
        ("forget_ids", [AFTER_A_SYNC] * 8, "which no till sent|must_|was answered"),
        ("print_again_unmarked", WHILE_PRINTING, "without saying COPY|kick .* began 2 times"),
    ],
)
def test_a_planted_bug_is_caught(rig: Rig, bug: str, happening: list[Scene], wanted: str) -> None:
    """Answers before the commit, no sync, forgotten ids and unmarked second prints are found."""
    with pytest.raises(Broken, match=wanted):
        trio.run(Round(rig, f"planted {bug}", happening, bug).run)
