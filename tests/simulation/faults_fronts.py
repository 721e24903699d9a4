"""What front ends get wrong beside what `faults.py` has."""

from __future__ import annotations

from tests.simulation.faults import FrontFault, fault
from tests.simulation.fronts import REORDERS


@fault(REORDERS)
class FrontReorders(FrontFault):
    """A command comes after later ones of its front end: it lay about, and nobody waited for it.
    Counted each time that one does."""

    def begin(self) -> None:
        """From the start."""
        for front in self.sim.fronts:
            front.habits.reorder = self.force * 0.1
