"""The power goes at each act of the disk in turn, and whoever was told of a sale still has it."""

from __future__ import annotations

from typing import ClassVar

import pytest

from tests.simulation.faults import FAULTS, Fault
from tests.simulation.files import Op, PowerLostError
from tests.simulation.report import describe_failure
from tests.simulation.run import Outcome, Plan, simulate
from tests.simulation.shop import CONFIG

SEED, SALES = 6, 1
AFTER = 20  # acts of the disk after the sale was answered
ACTS = (Op.WRITE, Op.SYNC, Op.NAME)


class PowerCutAt(Fault):
    """The power goes instead of one act of the store's disk, counted from the first line of the
    sale; what was not synced is kept, lost, torn or garbled."""

    act: ClassVar[int] = -1
    seen: ClassVar[int] = 0
    after: ClassVar[int] = 0

    def begin(self) -> None:
        """Count, and strike at that one."""
        kind = type(self)
        kind.seen = kind.after = 0
        sim = self.sim

        def before(op: Op, path: str) -> None:
            is_the_stores = op in ACTS and path.startswith(str(CONFIG.data))
            if not is_the_stores or sim.store.store is None or not sim.auditor.model.orders:
                return
            kind.after += any(front.sold for front in sim.fronts)
            if kind.after > AFTER:
                return
            kind.seen += 1
            if kind.seen - 1 == kind.act:
                sim.disk.before = None
                assert sim.store.kill(power=True)
                sim.count_fault(self.name)
                raise PowerLostError

        sim.disk.before = before

    def heal(self) -> None:
        """No more of it."""
        self.sim.disk.before = None


def _day(monkeypatch: pytest.MonkeyPatch, act: int) -> Outcome:
    monkeypatch.setattr(PowerCutAt, "act", act)
    monkeypatch.setattr(PowerCutAt, "name", "power_cut_at")
    monkeypatch.setitem(FAULTS, "power_cut_at", PowerCutAt)
    return simulate(Plan(SEED, SALES, {"power_cut_at": 1.0}))


@pytest.mark.slow
@pytest.mark.feature("OFF-05")
def test_a_power_cut_at_any_act_of_the_disk_loses_no_acknowledged_sale(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A sale is rung up, paid and completed; the power goes at the first write, the second, and so
    on to those after its answer. What was answered is on the disk that comes back, once."""
    whole = _day(monkeypatch, -1)
    assert whole.failure is None, describe_failure(whole)
    acts = PowerCutAt.seen
    assert acts > 50, "a day of so few acts would prove little"
    cut = 0
    for act in range(acts):
        outcome = _day(monkeypatch, act)
        assert outcome.failure is None, f"cut at act {act}: {describe_failure(outcome)}"
        assert outcome.sales >= SALES
        cut += outcome.faults.get("power_cut_at", 0)
        assert outcome.starts == 1 + outcome.faults.get("power_cut_at", 0)
    assert cut == acts
