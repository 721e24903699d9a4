"""`kill -9` of real processes in the middle of a card payment: the order holds what was booked.

A sample of steps on real files, sockets and ptys, over ZVT and nexo; each is in
`./run prove processes`.
"""

from __future__ import annotations

import random

import pytest
import trio

from tests.crash.rig import Rig
from tests.cuts.cards import VICTIMS, CardSweep, swept
from tests.cuts.far_ends import NEXO_TLS, ZVT_PTY, ZVT_TCP
from tests.cuts.kills import DEVICES, STORE

STRIDES = {
    (STORE, ZVT_TCP, ("sale", "completion")): 31,
    (DEVICES, ZVT_PTY, ("refund",)): 19,
    (DEVICES, NEXO_TLS, ("sale", "reversal")): 13,
}


@pytest.mark.slow
@pytest.mark.feature("NEW-07", part="kill -9 of real processes at a step of a payment, a sample")
@pytest.mark.feature("PAY-09", part="kill -9 of real processes at a step of a payment, a sample")
@pytest.mark.parametrize(
    ("harm", "carrier", "names"), STRIDES, ids=["store, tcp", "devices, pty", "devices, tls"]
)
def test_a_card_payment_survives_a_kill_at_any_of_its_steps(
    rig: Rig, harm: str, carrier: str, names: tuple[str, ...]
) -> None:
    """What the terminal booked is what the order holds, nobody pays twice, and the day balances."""
    stride = STRIDES[harm, carrier, names]
    first = random.SystemRandom().randint(1, stride)
    chosen = tuple(one for one in swept(carrier) if one.name in names)
    keeps = carrier != NEXO_TLS
    sweep = CardSweep(rig, VICTIMS[harm], carrier, chosen, stride, first, lanes=2, keeps=keeps)
    tally = trio.run(sweep.run)
    assert tally.wrong == [], (
        f"repeat it: python -m tests.cuts cards --only '{harm}' --only '{carrier}' "
        f"--from {first} --every {stride}"
    )
    assert (tally.second_charges, tally.unresolved) == (0, 0)
    assert tally.struck >= len(chosen)
    assert tally.closes == sweep.lanes, "each store's Z was held against the terminal's day"
