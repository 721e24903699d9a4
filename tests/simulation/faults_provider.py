"""What goes wrong between the shop and its payment provider."""

from __future__ import annotations

from typing import ClassVar

import trio

from tests.simulation.faults import Fault, fault


@fault("provider_away")
class ProviderAway(Fault):
    """The internet is out: the provider answers and calls nobody, customers go on paying."""

    every_s: ClassVar[float] = 12.0

    async def strike(self) -> bool:
        """For some seconds."""
        provider = self.sim.provider
        provider.is_away = True
        await trio.sleep(self.chance.uniform(1.0, 10.0))
        provider.is_away = False
        return True


@fault("integrations_kill")
class IntegrationsKill(Fault):
    """kill -9 of the integrations node: whoever waited for the provider's answer asks again."""

    every_s: ClassVar[float] = 12.0

    async def strike(self) -> bool:
        """Now."""
        await trio.lowlevel.checkpoint()
        self.sim.integrations.kill()
        return True
