"""The processes of the shop, as they live, get killed and come back: store, devices, integrations.

Each runs production code on the simulated world; what stands in for the machine is the disk, the
links and the cables. A process that dies without a fault that excuses it is a finding.
"""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import apsw
import trio
from attrs import define, field

from actors.actor import Actor
from actors.anchor_keeper import AnchorActor
from actors.anchors import AnchorError, AnchorFile
from actors.asks import Ask, Reply
from actors.errors import PostError
from actors.journal import JournalError
from actors.link_simulated import SimulatedLink
from actors.links import Links
from actors.mailbox import Envelope, Mailbox, deadline_after
from actors.node import Node
from actors.personal import KeyringError
from actors.supervisor import supervise
from actors.world import SimulatedWorld
from countertop.config import ANCHORED
from countertop.store import Store, open_store, run_store
from hardware.drawer.device import DrawerDevice
from hardware.printer.device import PrinterDevice
from hardware.printer.fake import PrinterFake
from hardware.printer.profile import profile
from hardware.printer.render import Rows
from tests.simulation.facts import REGISTERS
from tests.simulation.seen import Entry
from tests.simulation.shaky import Shaky
from tests.simulation.shop import CONFIG, QuickHasher
from tests.simulation.streams import SimulatedCarrier
from tests.simulation.terminals import CardTerminal, SlowOutlet
from tests.simulation.window import Window, answered_of, asked_of

if TYPE_CHECKING:
    from tests.simulation.run import Simulation

DOOR_TIMEOUT_S = 40.0
PAPER_COLUMNS = 42
_STEP_S = 0.05


@define(eq=False)
class StoreMachine:
    """The store node and the disk below it. `store` is None while it is down.

    `excused` says that a fault struck this process, so that its death is no finding.
    """

    sim: Simulation
    chance: random.Random
    store: Store | None = None
    starts: int = 0
    excused: bool = False
    stopped_for_good: bool = False
    _scope: trio.CancelScope = field(factory=trio.CancelScope)
    _lost_power: bool = False

    async def run(self) -> None:
        """Start, live, die and start again."""
        disk = self.sim.disk
        while not self.stopped_for_good:
            self._scope = trio.CancelScope()
            with self._scope:
                await self._live()
            self.store = None
            for link in self.sim.links.values():
                link.cut()
                link.listening.forget()
            disk.stop()
            if self._lost_power:
                disk.lose_power()
            self._lost_power = False
            await trio.sleep(self.chance.uniform(0.05, 1.5))
            disk.start()
            self.sim.on_machine_start()
            self.excused = False

    async def _live(self) -> None:
        try:
            store = open_store(CONFIG, self.sim.world, QuickHasher())
        except (AnchorError, JournalError, KeyringError, OSError, apsw.Error) as error:
            if self.sim.disk.lies is not None:
                self.sim.end(str(error))
            else:
                self._died(error)
            await trio.lowlevel.checkpoint()
            return
        first, *others = self.sim.links.values()
        for link in others:
            store.links.listen(link.listening)
        for link in self.sim.links.values():
            link.mend()
        self.starts += 1
        self.store = store
        if self.sim.disk.lies is not None:
            self._has_opened_after_a_lie(store)
        self.sim.auditor.store_opened(Window(store, self.sim.disk))
        try:
            await run_store(store, doors=self._doors, with_children=False, port=first.listening)
        except* Exception as group:  # noqa: BLE001 - whatever it died of, the process is dead
            self._died(group)
        finally:
            self.sim.auditor.store = None

    def _has_opened_after_a_lie(self, store: Store) -> None:
        """Then whatever was anchored must be there; what was not, nobody can miss."""
        with self.sim.disk.undisturbed():
            files = [AnchorFile(CONFIG.anchors, name, self.sim.disk) for name in ANCHORED]
            for file in files:
                file.load()
        seen = max((file.held.position for file in files if file.held is not None), default=0)
        head = store.journal.head().position
        if seen > head:
            self.sim.fail(
                "H1_a_lie_is_named",
                f"an anchor saw record {seen}, and the store goes on at {head}",
            )
        lost = self.sim.auditor.position - head
        self.sim.end(f"{lost} records are gone that no anchor had seen yet" if lost > 0 else "kept")

    def _died(self, error: BaseException) -> None:
        if not self.excused and not self._scope.cancel_called:
            told = "".join(traceback.format_exception(error)).strip()
            self.sim.fail("process_lives", f"the store node ended although nothing struck:\n{told}")

    def kill(self, *, power: bool = False) -> bool:
        """kill -9, or with `power` a power cut; False where it is down already."""
        if self.store is None:
            return False
        self.excused = True
        self._lost_power = power
        self.sim.disk.stop()
        for link in self.sim.links.values():
            link.cut()
        self._scope.cancel()
        return True

    def stop(self) -> None:
        """End it in order, and do not start it again."""
        self.stopped_for_good = True
        self._scope.cancel()

    # ------------------------------------------------------------------------------------ doors

    async def _doors(self, store: Store, nursery: trio.Nursery) -> None:
        """A door for each register, where the auditor sees every answer that leaves the store."""
        for register in REGISTERS:
            mailbox = store.node.open(f"door/{register}", 256)
            nursery.start_soon(self._door, store, mailbox)
        await trio.lowlevel.checkpoint()

    async def _door(self, store: Store, mailbox: Mailbox) -> None:
        async for envelope in mailbox:
            self._hand_on(store, envelope)

    def _hand_on(self, store: Store, envelope: Envelope) -> None:
        """Give an ask to its register; what comes back leaves the store at that moment."""
        ask = envelope.body
        assert isinstance(ask, Ask)
        if not ask.is_query:
            self.sim.auditor.came(ask.id)

        def reply(value: object) -> bool:
            try:
                return self._leave(ask, envelope, value)
            except Exception as error:  # noqa: BLE001 - the register must not be blamed for it
                self._died(error)
                return False

        to = f"register/{ask.register}"
        deadline_ns = deadline_after(store.world, DOOR_TIMEOUT_S)
        inner = Envelope("", to, envelope.to, ask, reply, deadline_ns)
        try:
            store.node.deliver_nowait(inner)
        except PostError as error:
            envelope.answer(error)

    def _leave(self, ask: Ask, envelope: Envelope, value: object) -> bool:
        if isinstance(value, Reply) and not self.sim.disk.is_off:
            self.sim.auditor.released(asked_of(ask), answered_of(value))
        elif isinstance(value, Reply):
            return False
        return envelope.answer(value)


class WatchedPrinter(PrinterFake):
    """A virtual printer that tells of each slip it cuts off and each pulse on its plug, at once.

    `pace` are the bytes a second it prints, 0 for as fast as they come.
    """

    pace = 0

    def __init__(
        self,
        carrier: SimulatedCarrier,
        world: SimulatedWorld,
        on_slip: Callable[[Rows], None],
        on_pulse: Callable[[], None],
    ) -> None:
        super().__init__(carrier, world=world)
        self._on_slip, self._on_pulse, self._simulated = on_slip, on_pulse, world
        self._slips = self._pulses = 0
        self._work = trio.lowlevel.ParkingLot()

    async def print_at_its_pace(self) -> None:
        """Carry out what is buffered, a little at a time, for ever."""
        while True:
            await self._work.park()
            while self.pace and self.printer.process(int(self.pace * _STEP_S)):
                await self._flush()
                await self._simulated.sleep_exactly(_STEP_S)

    async def _received(self, data: bytes) -> None:
        if not self.pace:
            await super()._received(data)
        elif not self.hangs:
            self.printer.receive(data)
            await self._flush()
            if self.printer.dead:
                await self.carrier.unplug()

    async def change(self, **changes: bool | str | None) -> None:
        """As the fake's own, but it goes on printing at its pace."""
        if not self.pace:
            await super().change(**changes)
        else:
            self.printer.change(**changes)
            await self._flush()

    async def _flush(self) -> None:
        for rows in self.printer.receipts[self._slips :]:
            self._on_slip(rows)
        for _ in self.printer.pulses[self._pulses :]:
            self._on_pulse()
        self._slips, self._pulses = len(self.printer.receipts), len(self.printer.pulses)
        if self.pace:
            self._work.unpark_all()
        await super()._flush()


@define(eq=False)
class Till:
    """What stands at one register: the printer's far end, with the drawer on its plug, and the
    card terminal at the end of its own cable."""

    register: str
    carrier: SimulatedCarrier
    printer: WatchedPrinter
    cards: CardTerminal

    @property
    def terminal_address(self) -> str:
        """Where the store finds its card terminal."""
        return self.cards.address

    @property
    def cable(self) -> SimulatedCarrier | SlowOutlet:
        """The terminal's."""
        return self.cards.cable

    @property
    def terminal(self) -> Any:
        """What is planned for the terminal, and its troubles, whichever kind it is of."""
        return self.cards.fake

    def entries(self) -> list[Entry]:
        """The terminal's own memory of what it did, which nobody at the store writes."""
        return self.cards.entries()

    async def switch_off_and_on(self) -> None:
        """What a person does with a printer that does not answer."""
        await self.carrier.unplug()
        self.printer.hangs = False
        await self.printer.power_on()


@define(eq=False)
class NodeMachine:
    """A node beside the store that can be killed: devices, integrations or a front end's."""

    sim: Simulation
    name: str
    link: SimulatedLink
    settle: Callable[[Node, Any], None] = lambda node, supervisor: None
    node: Node | None = None
    links: Links | None = None
    _scope: trio.CancelScope = field(factory=trio.CancelScope)

    async def run(self) -> None:
        """Live; come back a little after each kill."""
        while True:
            self._scope = trio.CancelScope()
            with self._scope:
                await self._live()
            self.node = self.links = None
            self.link.cut()
            self.link.dialling.forget()
            await self.sim.world.sleep(0.2)
            self.link.mend()

    async def _live(self) -> None:
        node = Node(self.name, self.sim.world)
        node.route("", "store")
        links = Links(node)
        links.dial(self.link.dialling, "store")
        async with trio.open_nursery() as nursery:
            await nursery.start(links.run)
            async with supervise(node) as supervisor:
                self.settle(node, supervisor)
                self.node, self.links = node, links
                await trio.sleep_forever()

    def kill(self) -> None:
        """kill -9: what it knew is gone."""
        self.link.cut()
        self._scope.cancel()


def keep_anchor(node: Node, supervisor: Any) -> None:
    """What lives in every node beside the store's."""
    supervisor.start(partial(AnchorActor, CONFIG.anchors, node.name))


def device_actors(tills: list[Till], living: dict[str, Shaky]) -> Callable[[Node, Any], None]:
    """What lives in the devices node: a printer, a drawer and a card terminal for each till."""

    def settle(node: Node, supervisor: Any) -> None:
        keep_anchor(node, supervisor)
        for till in tills:
            for make in _devices_of(till):
                supervisor.start(partial(Shaky, make, living))

    return settle


def _devices_of(till: Till) -> list[Callable[[], Actor]]:
    name = till.register
    printer = f"printer/{name}"
    return [
        partial(PrinterDevice, printer, till.carrier, profile("epson", PAPER_COLUMNS)),
        partial(
            DrawerDevice, f"drawer/{name}", printer=printer, pin=2, on_ms=100, open_level="high"
        ),
        till.cards.device,
    ]
