"""The load tester: registers that sell over a store's own doors and check every sum they are told.

Each register is one connection and one task; each command is a round trip of its own. Without a
rate a register sends as soon as it was answered. With one, commands are due at fixed moments and
their time counts from then, so a store that falls behind cannot hide it. `benches.saturday` is its
command line.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import orjson
import trio
from attrs import define, field, frozen

from actors.errors import PostError
from actors.link_client import PlainRequester, open_requester
from actors.world import SystemWorld, World
from protocols.front.client import FrontClient, open_client
from protocols.front.client_types import Answer, FaultError, RefusedError, UnknownOutcomeError
from protocols.front.frames import VERSION

NS_PER_S = 1_000_000_000
ATTEMPT_S = 5.0
DEADLINE_S = 30.0
RETRY_S = 0.02
NOTE_MINOR = 500
"""Customers pay with whole multiples of this."""
FLOAT_MINOR = 10_000
SCAN, COMPLETE = "order.add_line", "order.complete"
_REPEATED = frozenset(("busy", "no_answer"))


class LoadError(RuntimeError):
    """The load cannot be put on that store; says what to change. Nothing was sold."""


class NotDoneError(Exception):
    """One command got no yes; `code` is the refusal's or the fault's."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


# ---------------------------------------------------------------------------------- connections


class Line(Protocol):
    """One register's connection."""

    @property
    def repeats(self) -> Counter[str]:
        """How often something was sent again, by why."""
        ...

    async def command(self, name: str, /, **data: Any) -> dict[str, Any]:
        """Do something once; the answer's data. Raises NotDoneError."""
        ...

    async def query(self, name: str, /, **data: Any) -> Any:
        """Ask something; raises as `command`."""
        ...


@define(eq=False)
class NngLine:
    """Frames over one REQ socket, by hand: the full client would cost as much as the store."""

    requester: PlainRequester
    world: World
    hello: bytes
    repeats: Counter[str] = field(factory=Counter)

    async def command(self, name: str, /, **data: Any) -> dict[str, Any]:
        """As `Line.command`; busy, silence and a lost connection are repeated with the same id."""
        frame = {"type": "command", "id": self.world.new_id(), "name": name, "data": data}
        answer: dict[str, Any] = await self._until_answered(orjson.dumps(frame))
        return answer

    async def query(self, name: str, /, **data: Any) -> Any:
        """As `Line.query`."""
        frame = {"type": "query", "id": self.world.new_id(), "name": name, "data": data}
        return await self._until_answered(orjson.dumps(frame))

    async def join(self) -> None:
        """Say hello and wait for the welcome.

        Raises:
            LoadError: the store will not have this register.
        """
        with trio.move_on_after(DEADLINE_S):
            while True:
                reply = await self._exchange(self.hello)
                if reply["type"] == "welcome":
                    return
                if reply["code"] not in _REPEATED:
                    raise LoadError(f"the store did not welcome it: {reply.get('detail', reply)}")
                await trio.sleep(RETRY_S)
        raise LoadError(f"no store answered within {DEADLINE_S:g} s")

    async def _until_answered(self, payload: bytes) -> Any:
        with trio.move_on_after(DEADLINE_S):
            while True:
                reply = await self._exchange(payload)
                if reply["type"] == "answer":
                    if not reply["ok"]:
                        raise NotDoneError(reply["refusal"]["code"])
                    return reply["data"]
                code = reply["code"]
                self.repeats[code] += 1
                if code == "hello_expected":
                    await self.join()
                elif code in _REPEATED:
                    await trio.sleep(RETRY_S)
                else:
                    raise NotDoneError(code)
        raise NotDoneError("unknown_outcome")

    async def _exchange(self, payload: bytes) -> dict[str, Any]:
        try:
            fields: dict[str, Any] = orjson.loads(await self.requester.request(payload, ATTEMPT_S))
        except PostError:
            return {"type": "fault", "code": "no_answer"}
        return fields


@define(eq=False)
class ClientLine:
    """The house's own client, for WebSocket."""

    client: FrontClient

    @property
    def repeats(self) -> Counter[str]:
        """How often the client sent again; it does not say why."""
        return Counter({"by the client": self.client.repeats} if self.client.repeats else {})

    async def command(self, name: str, /, **data: Any) -> dict[str, Any]:
        """As `Line.command`."""
        found: dict[str, Any] = await _judged(self.client.command(name, **data))
        return found

    async def query(self, name: str, /, **data: Any) -> Any:
        """As `Line.query`."""
        return await _judged(self.client.query(name, **data))


async def _judged(asked: Awaitable[Answer]) -> Any:
    try:
        return (await asked).data
    except (RefusedError, FaultError) as error:
        raise NotDoneError(error.code) from None
    except UnknownOutcomeError:
        raise NotDoneError("unknown_outcome") from None


@asynccontextmanager
async def open_line(url: str, token: str, register: str, world: World) -> AsyncIterator[Line]:
    """A joined connection for one register, over `ws://`, `ipc://` or `tcp://`.

    Raises:
        LoadError: the store will not have it.
    """
    if url.startswith("ws://"):
        try:
            async with open_client(
                url, token, register=register, client="load", world=world
            ) as client:
                yield ClientLine(client)
        except FaultError as error:
            raise LoadError(f"the store did not welcome it: {error}") from None
        return
    hello = {
        "type": "hello",
        "version": VERSION,
        "token": token,
        "register": register,
        "client": "load",
    }
    async with open_requester(url, window=1) as requester:
        line = NngLine(requester, world, orjson.dumps(hello))
        await line.join()
        yield line


# ------------------------------------------------------------------------------------ what to sell


@frozen
class Place:
    """A register, and who stands at it."""

    register: str
    operator: str
    pin: str


@frozen
class Plan:
    """What is sold and how fast.

    Register k of n takes the baskets k, k+n, k+2n …: each once where neither `orders` (a register)
    nor `duration_s` is given, else from the beginning again. `rate` is in commands a second over
    all registers, 0: as fast as answers come. `prices_minor`, where given, is what each code must
    be answered with.
    """

    places: tuple[Place, ...]
    baskets: tuple[tuple[str, ...], ...]
    orders: int = 0
    duration_s: float = 0.0
    rate: float = 0.0
    prices_minor: dict[str, int] = field(factory=dict)


@define(eq=False)
class Sums:
    """What one register sold by its own reckoning: of the answers to its lines."""

    sales: int = 0
    total_minor: int = 0

    def line(self, register: str) -> str:
        """One line for the digest."""
        return f"{register} {self.sales} {self.total_minor}"


@define(eq=False)
class Tally:
    """What happened: `waits_ns` is each command's time by name, `cpu_us` the tester's own."""

    waits_ns: dict[str, list[int]] = field(factory=dict)
    errors: Counter[str] = field(factory=Counter)
    sums: dict[str, Sums] = field(factory=dict)
    begun_ns: int = 0
    ended_ns: int = 0
    cpu_us: int = 0
    sales: int = 0

    @property
    def commands(self) -> int:
        """Commands that were answered with yes while time was taken."""
        return sum(len(waits) for waits in self.waits_ns.values())

    @property
    def elapsed_s(self) -> float:
        """Seconds from the first command to the last answer."""
        return max(1, self.ended_ns - self.begun_ns) / NS_PER_S

    def percentile_ms(self, name: str, share: float) -> float:
        """The time below which `share` of the commands called `name` were answered."""
        waits = sorted(self.waits_ns.get(name, [])) or [0]
        return waits[min(len(waits) - 1, int(share * len(waits)))] / 1e6


# ------------------------------------------------------------------------------------ a register


@define(eq=False)
class Register:
    """Sells baskets at one place until its plan ends."""

    place: Place
    line: Line
    plan: Plan
    tally: Tally
    number: int
    sums: Sums = field(factory=Sums)
    before: dict[str, Any] = field(factory=dict)
    now_ns: Callable[[], int] = time.perf_counter_ns
    _due_ns: int = 0
    _end_ns: int = 0

    # ---------------------------------------------------------------------------- before and after

    async def prepare(self) -> None:
        """Sign on, open the till where it is shut, and note the running totals.

        Raises:
            LoadError: this register cannot sell.
        """
        place = self.place
        try:
            await self.line.command("staff.sign_on", operator=place.operator, pin=place.pin)
            state = await self.line.query("register.state")
            if state["order"] is not None:
                raise LoadError(f"register {place.register} has an order open; end it first")
            if not state["till"]["is_open"]:
                counted = [{"value_minor": FLOAT_MINOR, "count": 1}]
                await self.line.command("till.open", denominations=counted)
            self.before = await self._totals()
        except NotDoneError as error:
            raise LoadError(f"register {place.register} cannot be opened: {error.code}") from None

    async def _totals(self) -> dict[str, Any]:
        """The running totals of the register.

        Raises:
            LoadError: who signed on counts blind, so nothing could be checked afterwards.
        """
        try:
            found: dict[str, Any] = (await self.line.query("report.x"))["totals"]
        except NotDoneError as error:
            raise LoadError(
                f"{self.place.operator} may not read the X of the open till at register "
                f"{self.place.register} ({error.code}), so the sales could not be checked. Nothing "
                "was sold. Give the role x_report and expected_cash, or use --prepare."
            ) from None
        return found

    async def audit(self) -> None:
        """Compare the store's running totals with what was sold here."""
        after = await self._totals()
        for name, ours in (("sales", self.sums.sales), ("total_minor", self.sums.total_minor)):
            if after[name] - self.before[name] != ours:
                self.tally.errors[f"report.x: {name} differs"] += 1

    async def close(self) -> dict[str, Any]:
        """Count and close the till, and make the Z; its report."""
        cash = FLOAT_MINOR + self.sums.total_minor
        counted = await self.line.command(
            "till.count", denominations=[{"value_minor": cash, "count": 1}]
        )
        if counted["difference_minor"]:
            self.tally.errors["till.count: cash differs"] += 1
        await self.line.command("till.close")
        done = await self.line.command("register.close_day")
        report: dict[str, Any] = await self._report(done["z_number"])
        expected = self.before["total_minor"] + self.sums.total_minor
        if not done["total_minor"] == report["totals"]["total_minor"] == expected:
            self.tally.errors["report.z: total_minor differs"] += 1
        return report

    async def _report(self, number: int) -> Any:
        """The Z of that number, as soon as the views have read so far."""
        with trio.fail_after(DEADLINE_S):
            while True:
                try:
                    return await self.line.query("report.z", z_number=number)
                except NotDoneError:
                    await trio.sleep(RETRY_S)

    # ------------------------------------------------------------------------------------- selling

    async def sell_all(self, begun_ns: int) -> None:
        """Sell until the orders, the time or the baskets are used up."""
        plan = self.plan
        step = len(plan.places)
        self._due_ns = begun_ns + self._gap_ns() * self.number // step
        self._end_ns = begun_ns + int(plan.duration_s * NS_PER_S)
        for sold in itertools.count():
            index = self.number + sold * step
            if plan.orders:
                if sold >= plan.orders:
                    return
            elif plan.duration_s:
                if max(self.now_ns(), self._due_ns) >= self._end_ns:
                    return
            elif index >= len(plan.baskets):
                return
            try:
                await self._sell(plan.baskets[index % len(plan.baskets)])
            except NotDoneError as error:
                self.tally.errors[f"order given up: {error.code}"] += 1
                with contextlib.suppress(NotDoneError):
                    await self.line.command("order.void", reason="load")

    def _gap_ns(self) -> int:
        rate = self.plan.rate
        return int(len(self.plan.places) * NS_PER_S / rate) if rate else 0

    async def _sell(self, basket: Sequence[str]) -> None:
        await self._timed("order.open")
        total = 0
        for code in basket:
            try:
                line = await self._timed(SCAN, code=code)
            except NotDoneError as error:
                self.tally.errors[f"{SCAN}: {error.code}"] += 1
                continue
            if self.plan.prices_minor.get(code, line["net_minor"]) != line["net_minor"]:
                self.tally.errors[f"{SCAN}: price differs"] += 1
            total += line["net_minor"]
        paid = -(-total // NOTE_MINOR) * NOTE_MINOR
        await self._timed("order.tender_cash", amount_minor=paid)
        done = await self._timed(COMPLETE)
        if (done["total_minor"], done["change_minor"]) != (total, paid - total):
            self.tally.errors[f"{COMPLETE}: sums differ"] += 1
        self.sums.sales += 1
        self.sums.total_minor += total
        self.tally.sales += 1

    async def _timed(self, name: str, **data: Any) -> dict[str, Any]:
        gap_ns = self._gap_ns()
        due_ns = self.now_ns()
        if gap_ns:
            await trio.sleep(max(0, self._due_ns - due_ns) / NS_PER_S)
            due_ns = self._due_ns
            self._due_ns += gap_ns
        answer = await self.line.command(name, **data)
        self.tally.waits_ns.setdefault(name, []).append(self.now_ns() - due_ns)
        return answer


# -------------------------------------------------------------------------------------- the load


@define(eq=False)
class Crew:
    """All registers of a plan, joined and ready."""

    registers: list[Register]
    tally: Tally

    async def sell(self) -> None:
        """Sell what the plan says, at all registers at the same time, and check the totals."""
        # A full collection takes as long as ten answers; none shall be counted as the store's.
        gc.collect()
        gc.freeze()
        spent_ns = time.process_time_ns()
        self.tally.begun_ns = time.perf_counter_ns()
        async with trio.open_nursery() as nursery:
            for register in self.registers:
                nursery.start_soon(register.sell_all, self.tally.begun_ns)
        self.tally.ended_ns = time.perf_counter_ns()
        gc.unfreeze()
        self.tally.cpu_us = (time.process_time_ns() - spent_ns) // 1_000
        for register in self.registers:
            await register.audit()
            self.tally.sums[register.place.register] = register.sums
            self.tally.errors.update(
                {f"repeated: {code}": n for code, n in register.line.repeats.items()}
            )

    async def close_day(self) -> dict[str, dict[str, Any]]:
        """Close every till and make every Z, by register."""
        return {entry.place.register: await entry.close() for entry in self.registers}


@asynccontextmanager
async def open_crew(url: str, token: str, plan: Plan) -> AsyncIterator[Crew]:
    """Connect and prepare every register of `plan`, for as long as the block lasts.

    Raises:
        LoadError: one of them cannot sell.
    """
    if not plan.baskets or not all(plan.baskets):
        raise LoadError("a basket is empty, or there is none")
    world = SystemWorld()
    tally = Tally()
    async with contextlib.AsyncExitStack() as stack:
        registers = []
        for number, place in enumerate(plan.places):
            line = await stack.enter_async_context(open_line(url, token, place.register, world))
            registers.append(Register(place, line, plan, tally, number))
        async with trio.open_nursery() as nursery:
            for register in registers:
                nursery.start_soon(register.prepare)
        yield Crew(registers, tally)
