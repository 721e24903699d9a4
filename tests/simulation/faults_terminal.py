"""What goes wrong with card terminals and their cables."""

from __future__ import annotations

from typing import ClassVar

import trio

from tests.simulation.faults import Fault, fault


@fault("terminal_unplugged")
class TerminalUnplugged(Fault):
    """A card terminal's cable is pulled, now and then while a customer stands there."""

    every_s: ClassVar[float] = 8.0

    async def strike(self) -> bool:
        """A while."""
        till = self.chance.choice(self.sim.tills)
        await till.cable.unplug()
        await trio.sleep(self.chance.uniform(0.05, 3.0))
        await till.cable.plug()
        return True

    def heal(self) -> None:
        """Cables are in."""
        self.sim.mend_terminals()


@fault("terminal_reboots")
class TerminalReboots(Fault):
    """A card terminal loses its power; it forgets its log-on and keeps its books."""

    every_s: ClassVar[float] = 15.0

    async def strike(self) -> bool:
        """Off and on."""
        await self.chance.choice(self.sim.tills).terminal.reboot()
        return True

    def heal(self) -> None:
        """Somebody looks after the terminals."""
        self.sim.mend_terminals()


@fault("terminal_slow")
class TerminalSlow(Fault):
    """A card terminal takes its time for each thing it says, so that others come in between."""

    every_s: ClassVar[float] = 8.0

    async def strike(self) -> bool:
        """For some seconds."""
        cable = self.chance.choice(self.sim.tills).cable
        cable.slow_s = self.chance.uniform(0.05, 0.8)
        await trio.sleep(self.chance.uniform(2.0, 15.0))
        cable.slow_s = 0.0
        return True

    def heal(self) -> None:
        """They are quick again."""
        for till in self.sim.tills:
            till.cable.slow_s = 0.0
