"""One simulation: a plan drawn from a seed, the safety phase, the liveness phase, the outcome."""

from __future__ import annotations

import gc
import itertools
import logging
import random
import time
import traceback
from collections import Counter
from collections.abc import Iterable
from functools import partial

import structlog
import trio
from attrs import define, evolve, field, frozen

from actors.link_simulated import SimulatedLink
from actors.waking import Wake
from actors.world import run_simulated
from hardware.printer.render import Rows, to_text
from tests.simulation.auditor import Auditor
from tests.simulation.bank import Bank
from tests.simulation.disk import FREE_BYTES, MemoryDisk
from tests.simulation.facts import REGISTERS, START_NS
from tests.simulation.faults import FAULTS, Fault
from tests.simulation.fronts import Front, Habits
from tests.simulation.fronts_errors import RefusedError
from tests.simulation.machines import (
    PAPER_COLUMNS,
    NodeMachine,
    StoreMachine,
    Till,
    WatchedPrinter,
    device_actors,
)
from tests.simulation.model_cards import can_be_found_out
from tests.simulation.parts import load_all
from tests.simulation.provider import Provider, integrations_actors
from tests.simulation.shaky import Shaky, ShopWorld
from tests.simulation.shop import prepared_image
from tests.simulation.streams import SimulatedCarrier
from tests.simulation.terminals import (
    CardTerminal,
    Nexo,
    NexoTerminal,
    ZvtTerminal,
    nexo_of,
    share_acquirer,
)
from tests.simulation.workloads_bank import ask_how_it_stands, hand_in_all

SALES = 100
TRADING_S_MAX = 300.0
DRAIN_S_MAX = 300.0
DRAIN_S_A_SALE = 0.5  # a whole day may have most of its sales before it still
_LOOK_S = 0.25
_disks = itertools.count()


class UnknownFaultError(ValueError):
    """There is no fault of that name; the message lists those there are."""


@frozen
class Plan:
    """What one simulation does. `force` holds the faults it has, each with its strength in (0, 1].

    `until_s` ends the safety phase early, in simulated seconds.
    """

    seed: int
    sales: int = SALES
    force: dict[str, float] = field(factory=dict)
    until_s: float = TRADING_S_MAX

    @property
    def pace(self) -> int:
        """Bytes a second the printers print; 0 is as fast as they come."""
        return random.Random(f"pace/{self.seed}").choice((0, 0, 2_000, 8_000))

    @property
    def beats(self) -> tuple[int, ...]:
        """How many beats cashiers pause; where it is always one, the lanes act together."""
        return random.Random(f"beats/{self.seed}").choice(((1,), (1, 1, 1, 2, 3)))

    @property
    def nexo(self) -> Nexo:
        """Which registers have a nexo terminal instead of one that speaks ZVT."""
        return nexo_of(self.seed)

    def command(self) -> str:
        """What to type to repeat it."""
        words = [f"./run simulate {self.seed}"]
        if self.sales != SALES:
            words.append(f"--sales {self.sales}")
        if self.until_s != TRADING_S_MAX:
            words.append(f"--until {self.until_s!r}")
        drawn = draw(self.seed).force
        if self.force != drawn:
            words += [f"--without {name}" for name in drawn if name not in self.force]
            words += [
                f"--fault {name}:{force!r}"
                for name, force in self.force.items()
                if drawn.get(name) != force
            ]
        return " ".join(words)


@frozen
class Failure:
    """Which rule was broken, and how."""

    invariant: str
    detail: str
    at_s: float


@frozen
class Outcome:
    """How a simulation went. `ending` is what the store said of a fault that it cannot survive."""

    plan: Plan
    failure: Failure | None
    trace: str
    sales: int
    records: int
    answers: int
    slips: int
    starts: int
    simulated_s: float
    real_s: float
    faults: dict[str, int]
    pairs: frozenset[tuple[str, str]]
    refusals: dict[str, int]
    ending: str = ""


def require_faults(names: Iterable[str]) -> None:
    """Check that faults exist.

    Raises:
        UnknownFaultError: one does not.
    """
    for name in names:
        if name not in FAULTS:
            raise UnknownFaultError(
                f"There is no fault called {name}; nothing was simulated. Those there are: "
                + ", ".join(sorted(FAULTS))
            )


def draw(seed: int, sales: int = SALES) -> Plan:
    """The plan of a seed: which faults there are and how strong, in swarms.

    Some seeds have hardly any fault, some have them all: bugs hide behind one another.
    """
    chance = random.Random(f"plan/{seed}")
    share = chance.choice((0.0, 0.15, 0.3, 0.5, 0.9))
    force = {
        name: round(10 ** chance.uniform(-0.7, 0), 3)
        for name in sorted(FAULTS)
        if FAULTS[name].is_survivable and chance.random() < share
    }
    return Plan(seed, sales, force)


@define(eq=False)
class Simulation:
    """Everything of one run, for machines, fronts, faults and the auditor to find one another."""

    plan: Plan
    disk: MemoryDisk
    world: ShopWorld = field(init=False)
    provider: Provider = field(init=False)
    bank: Bank = field(init=False)
    auditor: Auditor = field(init=False)
    links: dict[str, SimulatedLink] = field(factory=dict)
    shaky: dict[str, Shaky] = field(factory=dict)
    tills: list[Till] = field(factory=list)
    fronts: list[Front] = field(factory=list)
    front_machines: list[NodeMachine] = field(factory=list)
    failure: Failure | None = None
    ending: str = ""
    faults: Counter[str] = field(factory=Counter)
    pairs: set[tuple[str, str]] = field(factory=set)
    refusals: Counter[str] = field(factory=Counter)
    slips: int = 0
    _clock_jumps: list[tuple[int, int]] = field(factory=list)
    store: StoreMachine = field(init=False)
    devices: NodeMachine = field(init=False)
    background: trio.Nursery = field(init=False)
    synced: Wake = field(factory=Wake)
    _scope: trio.CancelScope = field(factory=trio.CancelScope)

    def chance(self, name: str) -> random.Random:
        """A source of chance of its own, so that leaving one fault out disturbs no other."""
        return random.Random(f"{name}/{self.plan.seed}")

    def fail(self, invariant: str, detail: str) -> None:
        """A rule is broken: note the first one and end."""
        if self.failure is None:
            self.failure = Failure(invariant, detail, trio.current_time())
            self._scope.cancel()

    def end(self, how: str) -> None:
        """What cannot be survived has happened, and this is what the store said of it."""
        if self.failure is None and not self.ending:
            self.ending = how
            self._scope.cancel()

    def set_clock(self, jump_ns: int) -> None:
        """Somebody sets the clock of stamps, forwards or back."""
        self.world.set_now_ns(self.world.now_ns() + jump_ns)
        self._clock_jumps.append((self.world.monotonic_ns(), jump_ns))

    def set_back_ns_since(self, steady_ns: int) -> int:
        """How far the clock was set back since then, all in all."""
        return sum(-jump for at_ns, jump in self._clock_jumps if at_ns >= steady_ns and jump < 0)

    def count_fault(self, name: str) -> None:
        """A fault struck."""
        self.faults[name] += 1
        self.pairs.add((self.auditor.last_name, name))
        self.auditor.note("fault", name, trio.current_time())

    def count_refusal(self, error: Exception) -> None:
        """A front end was told no, or gave up."""
        code = error.code if isinstance(error, RefusedError) else "gave_up"
        self.refusals[code] += 1

    def on_machine_start(self) -> None:
        """The store's machine starts: somebody made room on a full disk."""
        if self.disk.free == 0:
            self.disk.free = FREE_BYTES
            self.disk.before = None

    def mend_printers(self) -> None:
        """Paper in, cover closed, cable in, power on."""
        for till in self.tills:
            machine = till.printer.printer
            machine.lines_left = machine.dies_after_bytes = None
            self.background.start_soon(self._mend, till)

    async def _mend(self, till: Till) -> None:
        if till.printer.hangs:
            await till.switch_off_and_on()
        if till.printer.printer.dead:
            await till.printer.power_on()
        await till.carrier.plug()
        await till.printer.change(paper="ok", cover_open=False)

    def mend_terminals(self) -> None:
        """Their cables are in, they are quick, and whoever stands there knows what to do."""
        for till in self.tills:
            till.cards.forget_customers()
            till.terminal.is_offline = till.terminal.hangs = False
            till.cable.slow_s = 0.0
            self.background.start_soon(till.cable.plug)

    # -------------------------------------------------------------------------------- the run

    async def run(self) -> None:
        """Set up, trade under faults, heal, drain, audit."""
        self.world = ShopWorld(self.plan.seed, self.disk, START_NS)
        self.provider = Provider(self, self.chance("provider"))
        self.bank = Bank(self, self.chance("bank"))
        self.auditor = Auditor(self)
        self.disk.after_sync = self.auditor.disk_synced
        self._set_up()
        with self._scope:
            async with trio.open_nursery() as nursery:
                self.background = nursery
                for till in self.tills:
                    await nursery.start(till.printer.run)
                    nursery.start_soon(till.printer.print_at_its_pace)
                    await nursery.start(till.terminal.run)
                nursery.start_soon(self._watch_disk)
                nursery.start_soon(self.store.run)
                for machine in (self.devices, self.integrations, *self.front_machines):
                    nursery.start_soon(machine.run)
                await self._trade()
                await self._drain()
                self.auditor.finish()
                nursery.cancel_scope.cancel()

    integrations: NodeMachine = field(init=False)

    def _set_up(self) -> None:
        names = ("devices", "integrations", *(f"front-{name}" for name in REGISTERS))
        self.links = {name: SimulatedLink(self.world) for name in names}
        for register in REGISTERS:
            carrier = SimulatedCarrier(f"printer/{register}")
            printer = WatchedPrinter(
                carrier,
                self.world,
                partial(self._slip, register),
                partial(self.auditor.pulse, register),
            )
            printer.pace = self.plan.pace
            self.tills.append(Till(register, carrier, printer, self._terminal(register)))
        share_acquirer([till.cards for till in self.tills])
        self.store = StoreMachine(self, self.chance("store"))
        self.devices = NodeMachine(
            self, "devices", self.links["devices"], device_actors(self.tills, self.shaky)
        )
        self.integrations = NodeMachine(
            self,
            "integrations",
            self.links["integrations"],
            integrations_actors(self.provider, self.shaky),
        )
        quota, rest = divmod(self.plan.sales, len(REGISTERS))
        for number, register in enumerate(REGISTERS):
            name = f"front-{register}"
            machine = NodeMachine(self, name, self.links[name])
            self.front_machines.append(machine)
            share = quota + (1 if number < rest else 0)
            chance = self.chance(name)
            self.fronts.append(
                Front(self, register, machine, chance, Habits(beats=self.plan.beats), share)
            )

    def _terminal(self, register: str) -> CardTerminal:
        nexo = self.plan.nexo
        if register not in nexo.registers:
            return ZvtTerminal.at(register, self.world)
        return NexoTerminal.at(register, self.world, nexo.carrier, self.auditor.is_refund)

    async def _trade(self) -> None:
        """The safety phase: fronts sell, faults strike."""
        faults = [
            FAULTS[name](self, self.chance(name), force)
            for name, force in sorted(self.plan.force.items())
        ]
        async with trio.open_nursery() as nursery:
            for front in self.fronts:
                self.background.start_soon(front.run)
            for entry in faults:
                nursery.start_soon(entry.run)
            with trio.move_on_after(self.plan.until_s):
                while not all(front.sold >= front.quota for front in self.fronts):  # noqa: ASYNC110
                    await trio.sleep(_LOOK_S)
            nursery.cancel_scope.cancel()
        self._heal(faults)

    def _heal(self, faults: list[Fault]) -> None:
        for entry in faults:
            entry.heal()
        self.provider.heal()
        self.auditor.note("healed", trio.current_time())

    async def _drain(self) -> None:
        """The liveness phase: with everything healed, every queue runs empty."""
        waiting: list[str] = ["nothing was looked at"]

        async def drained() -> None:
            nonlocal waiting
            while waiting:
                await trio.sleep(_LOOK_S)
                waiting = self.not_drained()

        patience_s = max(DRAIN_S_MAX, self.plan.sales * DRAIN_S_A_SALE)
        with trio.move_on_after(patience_s):
            await drained()
            waiting = ["the bank's files"]
            await hand_in_all(self.fronts[0])
            await drained()
            waiting = ["what clearing comes to"]
            await ask_how_it_stands(self.fronts[0])
            await drained()
        if waiting:
            self.fail(
                "L1_everything_drains",
                f"{patience_s:g} s after every fault was healed, still waiting: "
                + "; ".join(waiting),
            )

    def not_drained(self) -> list[str]:
        """Which queues still hold something, and what."""
        store = self.store.store
        if store is None:
            return ["the store node is down"]
        books = store.books
        found = [
            f"front {front.register} ({front.sold} of {front.quota} sold, at {front.doing})"
            for front in self.fronts
            if not front.finished
        ]
        if books.outbox:
            oldest = next(iter(books.outbox.values()))
            found.append(f"outbox ({len(books.outbox)} effects, the first for {oldest.address})")
        for payment in books.payments.open.values():
            found.append(f"payment {payment.asked.payment_id} ({payment.standing.value})")
        for till in self.tills:
            name = till.terminal_address
            if can_be_found_out(self.auditor.model.cards, name, till.cards.told_again()):
                found.append(f"a payment nobody waits for ({name} tells it whoever asks)")
        for payment in books.payments.aside():
            if payment.back_waits:
                found.append(f"payment {payment.asked.payment_id} (to be taken back)")
        for payment_id in books.payments.offline:
            found.append(f"payment {payment_id} (taken without the bank)")
        for day in books.payments.days.values():
            if day.asked is not None:
                found.append(f"the end of the day of {day.terminal}")
        found += self.provider.not_drained(books)
        if books.live.orders:
            found.append(f"open orders ({', '.join(sorted(books.live.orders))})")
        behind = store.journal.head().position - store.views.position
        if behind:
            found.append(f"views ({behind} records behind)")
        for peer in store.links.statistics():
            if peer.waiting or peer.asks_out:
                found.append(f"link {peer.name} ({peer.waiting} items, {peer.asks_out} asks)")
        return found

    # ------------------------------------------------------------------------------- watching

    async def _watch_disk(self) -> None:
        while True:
            await self.synced.wait()
            self.auditor.pull()

    def _slip(self, register: str, rows: Rows) -> None:
        self.slips += 1
        self.auditor.paper(register, to_text(rows, PAPER_COLUMNS))


def simulate(plan: Plan) -> Outcome:
    """Run one plan to its end; never raises for what the store did wrong."""
    require_faults(plan.force)
    image = prepared_image()
    _silence()
    disk = MemoryDisk(f"simulated-{next(_disks)}", random.Random(f"disk/{plan.seed}"))
    disk.load(image)
    sim = Simulation(plan, disk)
    began = time.perf_counter()
    gc.disable()
    try:
        simulated_s = run_simulated(plan.seed, partial(_run, sim))
    finally:
        gc.enable()
        disk.close()
    auditor = sim.auditor
    return Outcome(
        plan,
        sim.failure,
        auditor.trace.hexdigest(),
        auditor.model.sales,
        auditor.position,
        len(auditor.acked_ids),
        sim.slips,
        sim.store.starts,
        simulated_s,
        time.perf_counter() - began,
        dict(sorted(sim.faults.items())),
        frozenset(sim.pairs),
        dict(sorted(sim.refusals.items())),
        sim.ending,
    )


async def _run(sim: Simulation) -> float:
    try:
        await sim.run()
    except* Exception as group:  # noqa: BLE001 - the seed must be told, whatever it was
        told = "".join(traceback.format_exception(group)).strip()
        sim.fail("simulator_works", f"the simulation itself broke:\n{told}")
    return trio.current_time()


def _silence() -> None:
    """A simulated shop's warnings are not news."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
        cache_logger_on_first_use=False,
    )


def with_faults(plan: Plan, only: Iterable[str], without: Iterable[str]) -> Plan:
    """The plan with some faults added, and some left out. One is added as `NAME:FORCE`, or as
    `NAME` with the force it was drawn with, or else in full.

    Raises:
        UnknownFaultError: one has no such name, or no force above 0 and at most 1.
    """
    asked = dict(_with_force(entry) for entry in only)
    without = set(without)
    require_faults([*asked, *without])
    force = plan.force | {
        name: plan.force.get(name, 1.0) if strength is None else strength
        for name, strength in asked.items()
    }
    return evolve(plan, force={k: v for k, v in force.items() if k not in without})


def _with_force(entry: str) -> tuple[str, float | None]:
    name, colon, strength = entry.partition(":")
    if not colon:
        return name, None
    try:
        return name, force_of(strength)
    except ValueError:
        raise UnknownFaultError(
            f"{entry!r} needs a force above 0, at most 1; nothing was simulated."
        ) from None


def force_of(text: str) -> float:
    """How strong a fault is.

    Raises:
        ValueError: it is no number above 0 and at most 1.
    """
    force = float(text)
    if not 0 < force <= 1:
        raise ValueError(f"{text} is no force")
    return force


load_all("faults")  # here, where each of them may import this file
