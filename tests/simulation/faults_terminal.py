"""What goes wrong with card terminals and their cables."""

from __future__ import annotations

from typing import ClassVar

import trio

from tests.simulation.faults import Fault, fault


class TerminalFault(Fault):
    """Something with a terminal, until somebody looks after it."""

    def heal(self) -> None:
        """Cables are in, and all are quick."""
        self.sim.mend_terminals()


@fault("terminal_unplugged")
class TerminalUnplugged(TerminalFault):
    """A card terminal's cable is pulled, now and then while a customer stands there."""

    every_s: ClassVar[float] = 8.0

    async def strike(self) -> bool:
        """A while."""
        till = self.chance.choice(self.sim.tills)
        await till.cable.unplug()
        await trio.sleep(self.chance.uniform(0.05, 3.0))
        await till.cable.plug()
        return True


@fault("bank_away")
class BankAway(TerminalFault):
    """Terminals lose their bank for a while, whatever customers and cashiers are at."""

    every_s: ClassVar[float] = 20.0

    async def strike(self) -> bool:
        """One of them, or all."""
        tills = self.chance.choice((self.sim.tills, [self.chance.choice(self.sim.tills)]))
        for till in tills:
            till.terminal.is_offline = True
        await trio.sleep(self.chance.uniform(1.0, 30.0))
        for till in tills:
            till.terminal.is_offline = False
        return True


@fault("terminal_reboots")
class TerminalReboots(TerminalFault):
    """A card terminal loses its power; it forgets its log-on and keeps its books."""

    every_s: ClassVar[float] = 15.0

    async def strike(self) -> bool:
        """Off and on."""
        await self.chance.choice(self.sim.tills).terminal.reboot()
        return True


@fault("terminal_slow")
class TerminalSlow(TerminalFault):
    """A card terminal takes its time for each thing it says, so that others come in between."""

    every_s: ClassVar[float] = 8.0

    async def strike(self) -> bool:
        """For some seconds."""
        cable = self.chance.choice(self.sim.tills).cable
        cable.slow_s = self.chance.uniform(0.05, 0.8)
        await trio.sleep(self.chance.uniform(2.0, 15.0))
        cable.slow_s = 0.0
        return True
