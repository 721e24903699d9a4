"""A disk that says it has synced and has not. Nothing can save what it loses; it must be noticed.

The tills remember the journal's head after each sale, as printed receipts do. After the cut the
stand-alone verifier is given those heads, and must say that something anchored is missing. The disk
lies to the store only: where its nodes keep anchors, on their own disks as it were, the store must
refuse to go on selling.
"""

from __future__ import annotations

from attrs import frozen

from tests.crash.plans import FROM_MARK, STORE, Harm, NodePlan
from tests.crash.rig import Rig
from tests.crash.scenes import Ending, Scene
from tests.crash.storm import Broken, Round

LYING = Scene(
    "lying sync",
    {STORE: NodePlan(Harm("lie", call="sync", forever=True), since=FROM_MARK)},
    Ending.GOES_ON,
    is_fault=True,
)


@frozen
class Lie:
    """How it went: acknowledged commands that the cut took, what the verifier said of it, and what
    the store said when it was started again."""

    lost: int
    verdict: str
    store_code: int | None
    store_words: str


async def run_lie(rig: Rig, seed: str) -> Lie:
    """One store on a lying disk, and the power cut.

    Raises:
        Broken: acknowledged sales are gone and nobody noticed.
    """
    round_ = Round(rig, seed, [])
    lost, verdict = await round_.lie(LYING)
    if lost and not verdict:
        raise Broken(f"{lost} acknowledged commands are gone and the verifier found nothing wrong")
    code, words = await round_.reopen()
    if lost and code is None:
        raise Broken(f"{lost} acknowledged commands are gone and the store goes on: {words}")
    return Lie(lost, verdict, code, words)
