"""What goes wrong within a process and below it, and nobody pulls a plug: a disk that takes its
time, an actor that fails."""

from __future__ import annotations

from typing import ClassVar

import trio

from tests.simulation.faults import Fault, fault

_TOO_OFTEN = 12  # some come while it is not there


@fault("disk_slow")
class DiskSlow(Fault):
    """Up to two seconds for all that is written or read, now and then ten; cashiers tap again."""

    every_s: ClassVar[float] = 8.0

    async def strike(self) -> bool:
        """For some seconds."""
        self.sim.world.slowness = self.chance
        await trio.sleep(self.chance.uniform(1.0, 10.0))
        self.heal()
        return True

    def heal(self) -> None:
        """It is quick again."""
        self.sim.world.slowness = None


@fault("actors_fail")
class ActorsFail(Fault):
    """A driver fails in the midst of its work, again and again; its supervisor makes it anew, and
    lets it be for a while where that is too often."""

    every_s: ClassVar[float] = 6.0

    async def strike(self) -> bool:
        """One that lives: a printer, a drawer, a terminal, whoever speaks with the provider."""
        living = self.sim.shaky
        if not living:
            await trio.lowlevel.checkpoint()
            return False
        address = self.chance.choice(sorted(living))
        for _ in range(self.chance.choice((1, 2, _TOO_OFTEN))):
            if address in living:
                living[address].fail()
            await trio.sleep(self.chance.uniform(0.0, 0.5))
        return True
