"""What goes wrong: one class a fault, registered under its name.

A fault begins with the simulation, strikes now and then, and is healed before the liveness phase.
How often is drawn from the seed; a fault that was not drawn does nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

import trio

from actors.link_simulated import Faults, SimulatedLink
from tests.simulation.disk import FREE_BYTES
from tests.simulation.facts import JOURNAL
from tests.simulation.files import Op, PowerLostError, broken, no_room
from tests.simulation.fronts import Habits
from tests.simulation.shop import CONFIG

if TYPE_CHECKING:
    from tests.simulation.run import Simulation

JOURNAL_PREFIX = str(CONFIG.data)


class Fault:
    """Override `begin`, `strike` or both, and `heal`. `every_s` is the mean pause at full force."""

    name: ClassVar[str] = ""
    every_s: ClassVar[float] = 10.0
    is_survivable: ClassVar[bool] = True
    """Whether the shop must go on after it: only then do seeds draw it."""

    def __init__(self, sim: Simulation, chance: random.Random, force: float) -> None:
        self.sim = sim
        self.chance = chance
        self.force = force

    async def run(self) -> None:
        """Begin, and strike until cancelled."""
        self.begin()
        if type(self).strike is Fault.strike:
            return
        while True:
            await trio.sleep(self.chance.expovariate(self.force / self.every_s))
            if await self.strike():
                self.sim.count_fault(self.name)

    def begin(self) -> None:
        """What is wrong from the start."""

    async def strike(self) -> bool:
        """Something happens; False where it could not just now."""
        raise NotImplementedError

    def heal(self) -> None:
        """Put right what this fault left broken."""


FAULTS: dict[str, type[Fault]] = {}


def fault(name: str) -> Callable[[type[Fault]], type[Fault]]:
    """Class decorator: let seeds draw this fault, under `name`."""

    def register(cls: type[Fault]) -> type[Fault]:
        assert name not in FAULTS, f"the fault {name} is registered twice"
        cls.name = name
        FAULTS[name] = cls
        return cls

    return register


# ------------------------------------------------------------------------------- the store's disk


@fault("store_kill")
class StoreKill(Fault):
    """kill -9 of the store node; what the system had not written yet still gets there."""

    every_s = 8.0

    async def strike(self) -> bool:
        """Now."""
        await trio.lowlevel.checkpoint()
        return self.sim.store.kill()


@fault("power_cut")
class PowerCut(Fault):
    """The power goes: each unsynced write is kept, lost, torn or garbled."""

    every_s = 8.0

    async def strike(self) -> bool:
        """Now."""
        await trio.lowlevel.checkpoint()
        return self.sim.store.kill(power=True)


class DiskFault(Fault):
    """Something that happens at one of the next acts of the disk, not between two of them."""

    every_s = 10.0
    acts: ClassVar[tuple[Op, ...]] = ()
    acts_max: ClassVar[int] = 30

    async def strike(self) -> bool:
        """Arm it, and wait until it went off."""
        await trio.lowlevel.checkpoint()
        sim = self.sim
        if sim.store.store is None or sim.disk.before is not None:
            return False
        left = self.chance.randrange(self.acts_max)
        gone_off = trio.Event()

        def before(op: Op, path: str) -> None:
            nonlocal left
            if op not in self.acts or not path.startswith(JOURNAL_PREFIX):
                return
            left -= 1
            if left < 0:
                gone_off.set()
                sim.store.excused = True
                self.go_off()

        sim.disk.before = before
        await gone_off.wait()
        return True

    def go_off(self) -> None:
        """Raise what the disk says."""
        raise NotImplementedError

    def heal(self) -> None:
        """The disk works again; the machine starts with a disk that works anyway."""
        self.sim.disk.before = None


@fault("power_cut_mid_write")
class PowerCutMidWrite(DiskFault):
    """The power goes during a write or a sync."""

    acts = (Op.WRITE, Op.SYNC, Op.NAME)
    acts_max = 60

    def go_off(self) -> None:
        """The machine is dark before the act is done."""
        self.sim.disk.before = None
        self.sim.store.kill(power=True)
        raise PowerLostError


@fault("sync_fails")
class SyncFails(DiskFault):
    """A sync fails once; the system calls the pages clean, whatever became of them."""

    acts = (Op.SYNC,)

    def go_off(self) -> None:
        """Once."""
        self.sim.disk.before = None
        raise broken()


@fault("write_fails")
class WriteFails(DiskFault):
    """A write fails once."""

    acts = (Op.WRITE,)

    def go_off(self) -> None:
        """Once."""
        self.sim.disk.before = None
        raise broken()


@fault("sync_lies")
class SyncLies(Fault):
    """The disk says of the journal that it has synced and has not; then the power goes.

    Nothing can save what was lost. It must be named at the next start, as far as it was anchored;
    what the start says ends the simulation (`Simulation.end`).
    """

    every_s = 4.0
    is_survivable = False

    async def strike(self) -> bool:
        """For longer than anchors are apart."""
        store, disk = self.sim.store, self.sim.disk
        if store.store is None or disk.lies is not None:
            await trio.lowlevel.checkpoint()
            return False
        disk.lies = lambda path: path.startswith(JOURNAL)
        await trio.sleep(self.chance.uniform(1.5, 6.0))
        store.kill(power=True)
        return True


@fault("disk_full")
class DiskFull(DiskFault):
    """No write has room any more, until the store starts again and somebody made room."""

    acts = (Op.WRITE,)
    every_s = 20.0

    def go_off(self) -> None:
        """For good; the next start finds room."""
        self.sim.disk.free = 0
        raise no_room()


@fault("disk_nearly_full")
class DiskNearlyFull(Fault):
    """Little room is left for a while: new orders are refused, open ones can be finished."""

    every_s = 20.0

    async def strike(self) -> bool:
        """A few seconds."""
        self.sim.disk.free = 1 << 20
        await trio.sleep(self.chance.uniform(0.5, 3.0))
        self.sim.disk.free = FREE_BYTES
        return True

    def heal(self) -> None:
        """Somebody made room."""
        self.sim.disk.free = FREE_BYTES


@fault("snapshot_damaged")
class SnapshotDamaged(Fault):
    """Bits rot in the snapshots of the books."""

    every_s = 6.0

    async def strike(self) -> bool:
        """One bit, on the platter too."""
        await trio.lowlevel.checkpoint()
        found = [path for path in sorted(self.sim.disk.files) if path.endswith(".snapshot")]
        if not found:
            return False
        file = self.sim.disk.files[self.chance.choice(found)]
        if not file.live or len(file.live) != len(file.durable):
            return False
        at = self.chance.randrange(len(file.live))
        file.live[at] ^= 1 << self.chance.randrange(8)
        file.durable[at] = file.live[at]
        return True


# ----------------------------------------------------------------------------------------- links


class LinkFault(Fault):
    """Bad weather on the links of some nodes."""

    starts: ClassVar[tuple[str, ...]] = ()

    def begin(self) -> None:
        """Draw how bad it is, for as long as the fault lasts."""
        for name, link in self.sim.links.items():
            if name.startswith(self.starts):
                link.faults = Faults(
                    lose=self.force * self.chance.uniform(0, 0.2),
                    duplicate=self.force * self.chance.uniform(0, 0.4),
                    overtake=self.force * self.chance.uniform(0, 0.2),
                    delay_s=self.force * self.chance.uniform(0, 0.05),
                )
        self.sim.count_fault(self.name)

    def heal(self) -> None:
        """Fair weather."""
        for name, link in self.sim.links.items():
            if name.startswith(self.starts):
                link.faults = Faults()


@fault("devices_link_bad")
class DevicesLinkBad(LinkFault):
    """The link to the devices and integrations nodes loses, doubles, delays and disorders."""

    starts = ("devices", "integrations")


@fault("fronts_link_bad")
class FrontsLinkBad(LinkFault):
    """The links to the front ends lose, double, delay and disorder."""

    starts = ("front",)


class LinkStrike(Fault):
    """Something that happens to one link at a time."""

    every_s = 6.0

    def one(self) -> SimulatedLink:
        """Any of them."""
        return self.sim.links[self.chance.choice(sorted(self.sim.links))]


@fault("link_partitioned")
class LinkPartitioned(LinkStrike):
    """A link stands and carries nothing."""

    async def strike(self) -> bool:
        """Up to six seconds: shorter and longer than it takes to be noticed."""
        link = self.one()
        link.partitioned = True
        await trio.sleep(self.chance.uniform(0.1, 6.0))
        link.partitioned = False
        return True

    def heal(self) -> None:
        """Every link carries again."""
        for link in self.sim.links.values():
            link.partitioned = False


@fault("link_cut")
class LinkCut(LinkStrike):
    """A connection breaks and is made anew."""

    async def strike(self) -> bool:
        """Up to five seconds: with and without the session outliving it."""
        link = self.one()
        link.cut()
        await trio.sleep(self.chance.uniform(0.01, 5.0))
        link.mend()
        return True

    def heal(self) -> None:
        """Every link stands."""
        for link in self.sim.links.values():
            link.mend()


# --------------------------------------------------------------------------- devices and fronts


@fault("devices_kill")
class DevicesKill(Fault):
    """kill -9 of the devices node."""

    every_s = 8.0

    async def strike(self) -> bool:
        """Now."""
        await trio.lowlevel.checkpoint()
        self.sim.devices.kill()
        return True


@fault("front_restart")
class FrontRestart(Fault):
    """A front end's device restarts; it comes back with the command it had not heard of."""

    every_s = 8.0

    async def strike(self) -> bool:
        """One of them."""
        await trio.lowlevel.checkpoint()
        self.chance.choice(self.sim.front_machines).kill()
        return True


class PrinterFault(Fault):
    """Something that happens to one printer."""

    every_s = 8.0

    def heal(self) -> None:
        """Somebody looks after the printers."""
        self.sim.mend_printers()


@fault("printer_unplugged")
class PrinterUnplugged(PrinterFault):
    """A printer's cable is pulled and put back."""

    async def strike(self) -> bool:
        """A while."""
        till = self.chance.choice(self.sim.tills)
        await till.carrier.unplug()
        await trio.sleep(self.chance.uniform(0.1, 4.0))
        await till.carrier.plug()
        return True


@fault("paper_out")
class PaperOut(PrinterFault):
    """The paper runs out after a few lines; somebody puts in a roll later."""

    async def strike(self) -> bool:
        """Somewhere in a receipt."""
        till = self.chance.choice(self.sim.tills)
        till.printer.printer.lines_left = self.chance.randrange(1, 40)
        await trio.sleep(self.chance.uniform(1.0, 6.0))
        till.printer.printer.lines_left = None
        await till.printer.change(paper="ok")
        return True


@fault("cover_open")
class CoverOpen(PrinterFault):
    """A printer's cover is opened and closed."""

    async def strike(self) -> bool:
        """A while."""
        till = self.chance.choice(self.sim.tills)
        await till.printer.change(cover_open=True)
        await trio.sleep(self.chance.uniform(0.1, 4.0))
        await till.printer.change(cover_open=False)
        return True


@fault("printer_dies_mid_slip")
class PrinterDiesMidSlip(PrinterFault):
    """A printer loses its power in the middle of a slip and is switched on again."""

    async def strike(self) -> bool:
        """After so many more bytes."""
        till = self.chance.choice(self.sim.tills)
        till.printer.printer.dies_after_bytes = self.chance.randrange(1, 1_500)
        await trio.sleep(self.chance.uniform(1.0, 5.0))
        till.printer.printer.dies_after_bytes = None
        if till.printer.printer.dead:
            await till.printer.power_on()
        return True


@fault("printer_hangs")
class PrinterHangs(PrinterFault):
    """A printer hears nothing and says nothing until somebody switches it off and on."""

    async def strike(self) -> bool:
        """Shorter and longer than it takes to be called silent."""
        till = self.chance.choice(self.sim.tills)
        till.printer.hangs = True
        await trio.sleep(self.chance.uniform(0.5, 8.0))
        await till.switch_off_and_on()
        return True


class FrontFault(Fault):
    """A bad habit of the front ends."""

    def heal(self) -> None:
        """They behave."""
        for front in self.sim.fronts:
            front.habits = Habits(beats=self.sim.plan.beats)


@fault("front_repeats")
class FrontRepeats(FrontFault):
    """Commands are sent up to five times at once, under one id."""

    def begin(self) -> None:
        """From the start."""
        for front in self.sim.fronts:
            front.habits.repeat = self.force * 0.5
        self.sim.count_fault(self.name)


@fault("front_hurries")
class FrontHurries(FrontFault):
    """The next command is sent before the answer."""

    def begin(self) -> None:
        """From the start."""
        for front in self.sim.fronts:
            front.habits.hurry = self.force
        self.sim.count_fault(self.name)


@fault("front_gives_up")
class FrontGivesUp(FrontFault):
    """Nobody waits for an answer, or not for long."""

    def begin(self) -> None:
        """From the start."""
        for front in self.sim.fronts:
            front.habits.give_up = self.force * 0.1
            front.habits.patience_s = self.chance.choice((0.05, 0.5, 5.0))
        self.sim.count_fault(self.name)


@fault("front_reuses_ids")
class FrontReusesIds(FrontFault):
    """A program that numbers its commands badly: another command comes under a used id."""

    def begin(self) -> None:
        """From the start."""
        for front in self.sim.fronts:
            front.habits.reuse = self.force * 0.2
        self.sim.count_fault(self.name)


# ------------------------------------------------------------------------------------- the clock


@fault("clock_jumps")
class ClockJumps(Fault):
    """Somebody, or a time server, sets the clock: a little, an hour, a day, either way."""

    every_s = 8.0

    async def strike(self) -> bool:
        """At once."""
        await trio.lowlevel.checkpoint()
        jump_s = self.chance.choice((0.5, 2.0, 60.0, 3600.0, 86_400.0))
        jump_s *= self.chance.choice((-1, 1))
        self.sim.set_clock(int(jump_s * 1e9))
        return True
