"""The terminals whose wire is cut: one face for ZVT and nexo, on cables in memory and real ones."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import trio
from attrs import define, field, frozen

from actors.world import World
from engine.terminal import Kind
from hardware.carrier import Carrier, PtyCarrier, TcpCarrier
from hardware.settings import DeviceSettings
from hardware.terminal.nexo import play
from hardware.terminal.nexo.device import NexoDevice
from hardware.terminal.nexo.fake import NexoFake
from hardware.terminal.nexo.ledger import Entry
from hardware.terminal.nexo.messages import ReversalAsk
from hardware.terminal.nexo.outlet import Outlet, TcpOutlet
from hardware.terminal.nexo.profile import Carrier as Spoken
from hardware.terminal.zvt import codec
from hardware.terminal.zvt.codec import Profile
from hardware.terminal.zvt.device import ZvtDevice
from hardware.terminal.zvt.fake import TerminalFake
from hardware.terminal.zvt.person import Plan
from hardware.transport import Place, TcpPlace, parse_transport
from tests.hardware.nexo_rig import KEY, POI_ID, MemoryOutlet, authority, papers, profile
from tests.simulation.streams import SimulatedCarrier

CUT_AFTER, DEAF_AFTER = "cut_after", "deaf_after"
PLACES = (CUT_AFTER, DEAF_AFTER)
ZVT_TCP, ZVT_PTY, NEXO_TLS = "zvt over tcp", "zvt over a pty", "nexo over tls"
ZVT_IN_MEMORY, NEXO_IN_MEMORY = "zvt in memory", "nexo in memory"
SIMULATED = (ZVT_IN_MEMORY, NEXO_IN_MEMORY)
REAL = (ZVT_TCP, ZVT_PTY, NEXO_TLS)
_DECLINED = 0x05
_ALONE_MAX_MINOR = 5_000
_UNTOLD_S = 3.0  # long enough for whoever pulls the cable meanwhile


@frozen
class Customer:
    """What the customer and their bank do in the next transaction. `card` is insert or tap. `keeps`
    makes a terminal that does not take back what was not acknowledged, as some ZVT terminals do;
    nexo never does; None leaves it as it is. `refused_later` is what the bank says of it where it
    was taken offline; `by_line` is how a ZVT terminal tells what is to be printed. What is
    `untold` the register hears nothing of while the cable holds. With nexo alone the question may
    be lost on its way, and the customer may take `delay_s`."""

    card: str = "insert"
    declined: bool = False
    nobody_comes: bool = False
    answer_is_lost: bool = False
    partial_minor: int | None = None
    tip_minor: int = 0
    keeps: bool | None = False
    refused_later: bool = False
    by_line: bool = False
    untold: bool = False
    question_is_lost: bool = False
    delay_s: float = 0


@frozen
class Day:
    """What a terminal counts since its last end of day, and how many transactions came before."""

    minor: int
    began_at: int


@frozen
class Moved:
    """What a terminal booked. `payments` and `refunds` count what was not taken back; `reserved`
    is what is still held on a card."""

    minor: int = 0
    payments: int = 0
    refunds: int = 0
    reserved: int = 0
    begun: int = 0

    def since(self, before: Moved) -> Moved:
        """The difference."""
        return Moved(
            self.minor - before.minor,
            self.payments - before.payments,
            self.refunds - before.refunds,
            self.reserved - before.reserved,
            self.begun - before.begun,
        )


class Far(ABC):
    """A terminal at the end of a cable that breaks after so many bytes in one direction.
    `lost_minor` is what the bank refused afterwards of sales that were over, whoever sold there."""

    carrier: str
    fake: Any
    talker: Any = None
    lost_minor: int = 0

    @property
    def is_idle(self) -> bool:
        """Whether the device has its terminal, and nothing runs."""
        session = None if self.talker is None else self.talker.session
        return session is not None and session.is_idle and session.condition.is_ready

    def made(self, talker: Any) -> Any:
        """The device that talks to it from now on."""
        self.talker = talker
        return talker

    @abstractmethod
    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve for ever; started once the store can connect."""

    @abstractmethod
    def device(self, address: str, folder: Path) -> Any:
        """The production actor that talks to it, with its files in `folder`; only once `run` has
        started."""

    @abstractmethod
    def settings(self, address: str, folder: Path) -> DeviceSettings:
        """How a store of its own is told of it, once `run` has started; what it needs for that is
        put into `folder`."""

    @property
    @abstractmethod
    def greetings(self) -> int:
        """How often a device has begun to talk to it, and come to the end of how it begins."""

    @abstractmethod
    def expect(self, customer: Customer) -> None:
        """What happens in the next transaction."""

    @abstractmethod
    def counts(self) -> dict[str, int]:
        """Bytes so far, by the name of the cut."""

    @abstractmethod
    def arm(self, place: str, after: int) -> None:
        """Break the cable after so many more bytes; 0 for never."""

    @abstractmethod
    def is_armed(self, place: str) -> bool:
        """Whether that cut is still to come."""

    @property
    @abstractmethod
    def is_broken(self) -> bool:
        """Whether the cable is out now."""

    @abstractmethod
    async def cut(self) -> None:
        """Pull the cable now."""

    @abstractmethod
    async def mend(self) -> None:
        """Put the cable back."""

    @abstractmethod
    async def begin_anew(self) -> None:
        """Break its connections for a moment, so that the store greets it anew; a cut that is armed
        stays armed."""

    @property
    def is_bank_away(self) -> bool:
        """Whether it cannot reach its bank, and takes small amounts alone."""
        return bool(self.fake.is_offline)

    def take_bank_away(self) -> None:
        """From here on it takes small amounts alone."""
        self.fake.offline_max_minor = _ALONE_MAX_MINOR
        self.fake.is_offline = True

    def bring_bank_back(self) -> None:
        """What it stored is presented, and paid or refused."""
        if self.fake.is_offline:
            self.fake.is_offline = False

    @property
    def stored_minor(self) -> int:
        """What it took alone and has still to present."""
        stored = [one for one in self.fake.ledger.entries if one.is_stored]
        return sum(one.signed_minor for one in stored)

    @property
    @abstractmethod
    def day(self) -> Day:
        """What it counts since its last end of day."""

    @property
    @abstractmethod
    def lost_its_answer(self) -> bool:
        """Whether the answer that was planned to be lost is gone."""

    @property
    @abstractmethod
    def is_waiting(self) -> bool:
        """Whether it waits for a card."""

    @abstractmethod
    def moved(self) -> Moved:
        """What it has booked since it was made."""

    def begin(self) -> Moved:
        """The same, before another order begins."""
        return self.moved()


@define(eq=False)
class ZvtFar(Far):
    """A ZVT terminal."""

    carrier: str
    cable: Carrier | SimulatedCarrier
    world: World
    is_serial: bool = False
    terminal_id: int = 52500001
    fake: TerminalFake = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Make the fake; nothing listens yet."""
        self.fake = TerminalFake(
            self.cable,
            is_serial=self.is_serial,
            terminal_id=self.terminal_id,
            world=self.world,
        )
        self.fake.wants_attribute = True

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """As `Far`."""
        await self.fake.run(task_status=task_status)

    def device(self, address: str, folder: Path) -> Any:
        """As `Far`."""
        cable = self.cable
        place: Place = cable if isinstance(cable, SimulatedCarrier) else parse_transport(cable.url)
        is_serial = self.is_serial
        device = ZvtDevice(address, place, Profile(), is_serial=is_serial, folder=folder)
        return self.made(device)

    def settings(self, address: str, folder: Path) -> DeviceSettings:
        """As `Far`."""
        return DeviceSettings(address, "terminal", self.cable.url)

    @property
    def greetings(self) -> int:
        """As `Far`: logged on, and asked for the last transaction."""
        heard = self.fake.heard
        log_ons = heard.count(codec.REGISTER)
        for control in reversed(heard):
            if control in (codec.RECALL, codec.REGISTER):
                return log_ons - (control == codec.REGISTER)
        return 0

    def expect(self, customer: Customer) -> None:
        """As `Far`."""
        if customer.keeps is not None:
            self.fake.keeps_unacknowledged = customer.keeps
        self.fake.plans.clear()
        self.fake.plans.append(
            Plan(
                card="none" if customer.nobody_comes else customer.card,
                lose=(codec.STATUS_INFO,) if customer.untold else (),
                decline=_DECLINED if customer.declined else 0,
                partial_minor=customer.partial_minor,
                tip_minor=customer.tip_minor,
                breaks=customer.answer_is_lost,
                by_line=customer.by_line,
                host_result=_DECLINED if customer.refused_later else 0,
            )
        )

    def counts(self) -> dict[str, int]:
        """As `Far`."""
        return {CUT_AFTER: self.fake.sent_bytes, DEAF_AFTER: self.fake.heard_bytes}

    def arm(self, place: str, after: int) -> None:
        """As `Far`."""
        setattr(self.fake, place, after or None)

    def is_armed(self, place: str) -> bool:
        """As `Far`."""
        return getattr(self.fake, place) is not None or self.fake.is_cutting

    @property
    def is_broken(self) -> bool:
        """As `Far`."""
        return not self.fake.is_plugged

    async def cut(self) -> None:
        """As `Far`."""
        await self.fake.cut()

    async def mend(self) -> None:
        """As `Far`."""
        self.fake.cut_after = self.fake.deaf_after = None
        await self.fake.plug()

    async def begin_anew(self) -> None:
        """As `Far`."""
        await self.fake.reboot()

    @property
    def day(self) -> Day:
        """As `Far`."""
        ledger = self.fake.ledger
        return Day(ledger.day()[1], ledger.settled_from)

    @property
    def lost_its_answer(self) -> bool:
        """As `Far`."""
        return not self.fake.is_plugged

    @property
    def is_waiting(self) -> bool:
        """As `Far`."""
        return self.fake.shown == "insert or tap card"

    def moved(self) -> Moved:
        """As `Far`."""
        booked = [one for one in self.fake.ledger.entries if one.is_booked]
        stand = [one for one in booked if not one.is_reversed]
        taken = {one.original for one in booked if one.kind is Kind.CAPTURE}
        return Moved(
            self.fake.ledger.booked_minor,
            sum(one.kind in (Kind.SALE, Kind.CAPTURE) for one in stand),
            sum(one.kind is Kind.REFUND for one in stand),
            sum(one.kind is Kind.RESERVATION and one.receipt not in taken for one in stand),
            len(self.fake.ledger.entries),
        )


@define(eq=False)
class NexoFar(Far):
    """A nexo terminal, whose wire is cut below TLS. To it a refund is a reversal: one of something
    paid before the order at hand began, and `_begun` is what it had heard at each beginning."""

    carrier: str
    outlet: Outlet
    world: World
    poi_id: str = POI_ID
    sale_id: str = "register-1"
    spoken_by: Spoken = Spoken.HTTPS
    fake: NexoFake = field(init=False)
    _begun: list[int] = field(factory=list)
    _refunds: dict[int, bool] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        """Make the fake; nothing listens yet."""
        tls = papers(f"{self.poi_id}.live.terminal.adyen.com").server()
        self.fake = NexoFake(
            self.outlet, tls, KEY, poi_id=self.poi_id, carrier=self.spoken_by, world=self.world
        )

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """As `Far`."""
        await self.fake.run(task_status=task_status)

    def device(self, address: str, folder: Path) -> Any:
        """As `Far`."""
        outlet = self.outlet
        told = profile(poi_id=self.poi_id, sale_id=self.sale_id, carrier=self.spoken_by)
        if isinstance(outlet, MemoryOutlet):
            return self.made(NexoDevice(address, outlet, told))
        assert isinstance(outlet, TcpOutlet)
        return self.made(NexoDevice(address, TcpPlace(outlet.host, outlet.port), told))

    def settings(self, address: str, folder: Path) -> DeviceSettings:
        """As `Far`."""
        assert isinstance(self.outlet, TcpOutlet)
        vouches = folder / "authority.pem"
        vouches.write_text(authority().pem)
        return DeviceSettings(
            address,
            "terminal",
            f"tcp://{self.outlet.host}:{self.outlet.port}",
            "nexo",
            serial=self.poi_id,
            key_identifier=KEY.identifier,
            key_version=KEY.version,
            passphrase=KEY.passphrase,
            authority_file=str(vouches),
        )

    @property
    def greetings(self) -> int:
        """As `Far`: a device begins with the question how it is, and asks that now and then too."""
        return self.fake.heard.count("Diagnosis")

    def expect(self, customer: Customer) -> None:
        """As `Far`."""
        self.fake.plans.clear()
        self.fake.plans.append(
            play.Plan(
                card="none" if customer.nobody_comes else customer.card,
                decline="Refusal" if customer.declined else "",
                partial_minor=customer.partial_minor,
                tip_minor=customer.tip_minor,
                lose=_lost(customer),
                delay_s=_UNTOLD_S if customer.untold else customer.delay_s,
                host_refusal="05 Do not honour" if customer.refused_later else "",
            )
        )

    def counts(self) -> dict[str, int]:
        """As `Far`."""
        return {CUT_AFTER: self.fake.raw.sent_bytes, DEAF_AFTER: self.fake.raw.heard_bytes}

    def arm(self, place: str, after: int) -> None:
        """As `Far`."""
        setattr(self.fake.raw, place, after or None)

    def is_armed(self, place: str) -> bool:
        """As `Far`."""
        return getattr(self.fake.raw, place) is not None and not self.fake.raw.is_cut

    @property
    def is_broken(self) -> bool:
        """As `Far`."""
        return self.fake.raw.is_cut

    async def cut(self) -> None:
        """As `Far`."""
        self.fake.raw.is_cut = True
        await self.fake.cut()

    async def mend(self) -> None:
        """As `Far`."""
        await self.fake.plug()

    async def begin_anew(self) -> None:
        """As `Far`."""
        await self.outlet.unplug()
        await self.outlet.plug()

    @property
    def day(self) -> Day:
        """As `Far`."""
        ledger = self.fake.ledger
        minor = sum(total.amount_minor for total in ledger.totals())
        return Day(minor, ledger.settled_from)

    @property
    def lost_its_answer(self) -> bool:
        """As `Far`."""
        entries = self.fake.ledger.entries
        return bool(entries) and entries[-1].told is not None

    @property
    def is_waiting(self) -> bool:
        """As `Far`."""
        return self.fake.shown == "insert or tap card"

    def moved(self) -> Moved:
        """As `Far`."""
        ledger = self.fake.ledger
        booked = [one for one in ledger.entries if one.is_booked]
        backs = [one for one in booked if isinstance(one.ask, ReversalAsk)]
        refunds = sum(map(self._is_refund, backs))
        taken_back = len(backs) - refunds
        payments = len(booked) - len(backs) - taken_back
        return Moved(ledger.booked_minor, payments, refunds, 0, len(ledger.payments))

    def _is_refund(self, back: Entry) -> bool:
        """Noted once for each: what began later changes nothing."""
        if back.number not in self._refunds:
            assert isinstance(back.ask, ReversalAsk)
            original = self.fake.ledger.named(back.ask.original)
            assert original is not None, "only what was paid is given back"
            between = any(original.number <= begun < back.number for begun in self._begun)
            self._refunds[back.number] = between
        return self._refunds[back.number]

    def begin(self) -> Moved:
        """As `Far`."""
        self._begun.append(len(self.fake.ledger.entries))
        return self.moved()


def _lost(customer: Customer) -> str:
    """Which message of nexo gets lost."""
    if customer.question_is_lost:
        return "request"
    return "reply" if customer.answer_is_lost else ""


def far_end(carrier: str, world: World, folder: Path, name: str) -> Far:
    """A terminal of that kind."""
    match carrier:
        case "zvt in memory":
            return ZvtFar(carrier, SimulatedCarrier(name), world)
        case "zvt over tcp":
            return ZvtFar(carrier, TcpCarrier(), world)
        case "zvt over a pty":
            return ZvtFar(carrier, PtyCarrier(folder, f"tty-{name}"), world, is_serial=True)
        case "nexo in memory":
            return NexoFar(carrier, MemoryOutlet(), world)
        case "nexo over tls":
            return NexoFar(carrier, TcpOutlet(), world)
        case _:
            raise ValueError(f"there is no carrier called {carrier!r}")
