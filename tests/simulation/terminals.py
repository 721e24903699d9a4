"""The card terminals of the simulated shop: ZVT or nexo, which of them a seed has, and what each
remembers, made plain for the auditor.

Both are the far ends that `tests/cuts` cuts the wires of; here their cables are pulled, slow and
put back.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import trio
from attrs import define, field, frozen

from actors.world import World
from hardware.terminal.nexo.profile import Carrier
from tests.cuts.far_ends import Customer, Far, NexoFar, ZvtFar
from tests.hardware.nexo_rig import MemoryOutlet
from tests.simulation.facts import ALONE_MINOR, REGISTERS
from tests.simulation.seen import Entry
from tests.simulation.shop import CONFIG
from tests.simulation.streams import SimulatedCarrier
from tests.simulation.window import entry_of, nexo_entries

# Every sixth seed from here on: none of them had a planted bug aimed at it, was kept, or had its
# hash written down when this was chosen.
NEXO_EVERY, NEXO_FIRST = 6, 44
_CHOICES = (("1",), ("1", "3"), ("2", "3"), REGISTERS)
_NUMBERS_APART = 100_000
Names = dict[str, str | int]


@frozen
class Nexo:
    """Which registers have a nexo terminal, none in most seeds, and what carries its messages."""

    registers: tuple[str, ...] = ()
    carrier: Carrier = Carrier.HTTPS


def nexo_of(seed: int) -> Nexo:
    """What a seed has; nothing else that it draws follows from this."""
    if seed < NEXO_FIRST or seed % NEXO_EVERY != NEXO_FIRST % NEXO_EVERY:
        return Nexo()
    chance = random.Random(f"nexo/{seed}")
    return Nexo(chance.choice(_CHOICES), chance.choice(tuple(Carrier)))


class CardTerminal(ABC):
    """A terminal at a register: `far` is its end of the `cable`, which can be pulled and slow."""

    register: str
    far: Far
    cable: SimulatedCarrier | SlowOutlet

    @property
    def address(self) -> str:
        """Where the store finds it."""
        return f"terminal/{self.register}"

    @property
    def fake(self) -> Any:
        """What is planned for it, and its troubles; the same for both kinds."""
        return self.far.fake

    def device(self) -> Any:
        """The production actor that talks to it."""
        return self.far.device(self.address, CONFIG.device_files)

    def expect(self, customer: Customer) -> None:
        """What happens in the next transaction."""
        self.far.expect(customer)

    def forget_customers(self) -> None:
        """Whoever comes next just pays."""
        self.fake.plans.clear()

    @abstractmethod
    def entries(self) -> list[Entry]:
        """Its own memory of what it did, which nobody at the store writes."""

    @abstractmethod
    def told_again(self) -> list[Entry]:
        """What of it the terminal tells whoever asks."""

    @abstractmethod
    def names(self, entry: Entry) -> Names:
        """What the bank calls one of them by."""


@define(eq=False)
class ZvtTerminal(CardTerminal):
    """It tells its last transaction, and goes by numbers of its own."""

    register: str
    cable: SimulatedCarrier
    far: ZvtFar

    @classmethod
    def at(cls, register: str, world: World) -> ZvtTerminal:
        """One for a register."""
        cable = SimulatedCarrier(f"terminal/{register}")
        far = ZvtFar("zvt", cable, world, terminal_id=52500000 + int(register))
        far.fake.offline_max_minor = ALONE_MINOR
        return cls(register, cable, far)

    def entries(self) -> list[Entry]:
        """As `CardTerminal`."""
        return [entry_of(entry) for entry in self.far.fake.ledger.entries]

    def told_again(self) -> list[Entry]:
        """As `CardTerminal`."""
        return [entry_of(entry) for entry in self.far.fake.ledger.entries[-1:]]

    def names(self, entry: Entry) -> Names:
        """As `CardTerminal`."""
        return {"terminal_id": str(self.far.fake.terminal_id), "trace": entry.trace}


@define(eq=False)
class NexoTerminal(CardTerminal):
    """It tells each transaction by its name. To it a refund of a payment is a reversal; which ones
    are refunds the journal says, as `is_refund` tells of a payment's id."""

    register: str
    cable: SlowOutlet
    far: NexoFar
    is_refund: Callable[[str], bool]

    @classmethod
    def at(
        cls, register: str, world: World, carrier: Carrier, is_refund: Callable[[str], bool]
    ) -> NexoTerminal:
        """One for a register."""
        outlet = SlowOutlet()
        poi_id, sale_id = f"V400m-32468817{register}", f"register-{register}"
        far = NexoFar("nexo", outlet, world, poi_id, sale_id, carrier)
        far.fake.offline_max_minor = ALONE_MINOR
        far.fake.ledger.numbers_from = int(register) * _NUMBERS_APART
        return cls(register, outlet, far, is_refund)

    def entries(self) -> list[Entry]:
        """As `CardTerminal`."""
        return nexo_entries(self.far.fake.ledger, self.is_refund)

    def told_again(self) -> list[Entry]:
        """As `CardTerminal`."""
        return self.entries()

    def names(self, entry: Entry) -> Names:
        """As `CardTerminal`."""
        return {"reference": entry.reference}


def share_acquirer(terminals: list[CardTerminal]) -> None:
    """What one nexo terminal took, another of the shop may give back."""
    ledgers = [one.far.fake.ledger for one in terminals if isinstance(one, NexoTerminal)]
    for ledger in ledgers:
        ledger.shop = [other for other in ledgers if other is not ledger]


class SlowOutlet(MemoryOutlet):
    """A cable whose terminal takes `slow_s` for each thing it says."""

    def __init__(self) -> None:
        super().__init__()
        self.slow_s = 0.0

    def _far(self, stream: trio.abc.Stream) -> trio.abc.Stream:
        return _Slow(stream, self)


@define(eq=False)
class _Slow(trio.abc.Stream):
    """The terminal's end of such a cable."""

    stream: trio.abc.Stream
    outlet: SlowOutlet = field(repr=False)

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """As trio, at its pace."""
        if self.outlet.slow_s:
            await trio.sleep(self.outlet.slow_s)
        await self.stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        """As trio."""
        await self.stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """As trio."""
        return bytes(await self.stream.receive_some(max_bytes))

    async def aclose(self) -> None:
        """As trio."""
        await self.stream.aclose()
