"""Simulated front ends: a cashier who insists, repeats, hurries ahead, gives up and comes back.

Each is a node of its own on a link to the store and asks at its register's door. What a cashier
does next is a workload (`workloads.py`); how badly the front end behaves are its `Habits`.
"""

from __future__ import annotations

import random
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import trio
from attrs import define, evolve, field

from actors.asks import Ask, Reply
from actors.errors import PostError
from actors.limits import NS_PER_S
from tests.simulation.facts import APART, CASHIER, FLOAT, MANAGER, OPERATOR, PINS, WRONG_PIN
from tests.simulation.fronts_errors import GaveUpError, RefusedError
from tests.simulation.parts import load_all
from tests.simulation.terminals import NexoTerminal
from tests.simulation.tidying import give_back_screen, pay_otherwise, settle, sign_on
from tests.simulation.window import answered_of
from tests.simulation.workloads import WORKLOADS, Workload

if TYPE_CHECKING:
    from tests.simulation.machines import NodeMachine, Till
    from tests.simulation.run import Simulation

REPEATS_MAX = 5
OTHERWISE = ("return_must", "refund_must", "tender_must_be_as_chosen")
REORDERS = "front_reorders"
AT_NEXO = 4  # times as many cards as where every seed has a terminal of that kind
HELD_MOST = 4
PATIENT_S = 60.0
# Not the end of an order: whoever is at the next one would look for it in vain.
HELD_BACK = frozenset(
    f"order.{verb}"
    for verb in ("add_line", "change_quantity", "void_line", "start_tendering", "tender_cash")
)
PRACTICE = "T"  # what the number of a receipt begins with that is of no sale
PAID_IN_TWICE = {"amount_minor": 1, "reason": "under a used id"}


@define
class Habits:
    """Chances that a command is sent several times, that the next does not wait for its answer,
    that nobody waits for it, that its id is used once more, and that it comes after later ones of
    the same front end; how long an answer is waited for;
    how many beats of which length are paused between commands, of which one number is chosen each
    time."""

    repeat: float = 0.0
    hurry: float = 0.0
    give_up: float = 0.0
    reuse: float = 0.0
    reorder: float = 0.0
    patience_s: float = 5.0
    beat_s: float = 0.1
    beats: tuple[int, ...] = (1,)


@define(eq=False)
class Front:
    """One register's front end, with its cashier. `sold` counts sales it knows of."""

    sim: Simulation
    register: str
    machine: NodeMachine
    chance: random.Random
    habits: Habits
    quota: int
    sold: int = 0
    finished: bool = False
    doing: str = ""
    receipts: list[str] = field(factory=list)
    bundles: list[str] = field(factory=list)
    vouchers: list[str] = field(factory=list)
    cards: list[str] = field(factory=list)
    exempt: list[tuple[str, list[int]]] = field(factory=list)
    kept: dict[str, list[Any]] = field(factory=lambda: defaultdict(list))
    held: list[tuple[int, Ask]] = field(factory=list)

    @property
    def till(self) -> Till:
        """What stands at this register."""
        return next(till for till in self.sim.tills if till.register == self.register)

    async def run(self) -> None:
        """Work a day: open, sell until the quota is reached, count, close."""
        await self.insist_on(self._open)
        # By file, and not as they came to be imported: what a seed does must not follow from that.
        works = sorted(WORKLOADS.values(), key=lambda workload: workload.run.__module__)
        weights = [self._weight(workload) for workload in works]
        while self.sold < self.quota:
            workload = self.chance.choices(works, weights)[0]
            try:
                await workload.run(self)
            except (GaveUpError, RefusedError) as error:
                self.sim.count_refusal(error)
                await self.insist_on(self._tidy)
            await self.pause()
        await self.insist_on(self._leave_no_doubt)
        await self.insist_on(self._close)
        self.finished = True

    def _weight(self, workload: Workload) -> int:
        is_rare = workload.by_card and isinstance(self.till.cards, NexoTerminal)
        return workload.weight * (AT_NEXO if is_rare else 1)

    async def insist_on(self, step: Any) -> None:
        """Do it until it went through; what got in the way is put right in between."""
        while True:
            try:
                await step()
                return
            except (GaveUpError, RefusedError) as error:
                self.sim.count_refusal(error)
                await self.sim.world.sleep_exactly(0.5)

    async def _open(self) -> None:
        await sign_on(self)
        state = await self.look("register.state")
        if not state["till"]["is_open"]:
            await self.do("till.open", denominations=FLOAT)

    async def _tidy(self) -> None:
        """After something went wrong: look what is so, and bring it to an end, practice too."""
        state = await self.look("register.state")
        if state["operator"] is None:
            await sign_on(self)
        await self._end_order(state)
        if state["training"]:
            await self.do("register.end_training")
            await self._tidy()

    async def _end_order(self, state: dict[str, Any]) -> None:
        till = state["till"]
        if till["is_open"] and till["counted"]:
            await give_back_screen(self, state["order"])
            await self.do("till.close")
        if not till["is_open"] or till["counted"]:
            await self.do("till.open", denominations=FLOAT)
        order = (await settle(self))["order"]
        if order is None or order["phase"] in ("completed", "voided"):
            return
        if not order["lines"]:
            await self.do("order.void", reason="given up")
            return
        if order["phase"] == "tendering" and not order["tenders"] and self.chance.random() < 0.3:
            await self.do("order.undo_tendering")
            await self.do("order.void", reason="given up")
            return
        due = order["cash_due_minor"]
        if order["phase"] != "tendering":
            # Goods and returns may come to nothing: then there is nothing to take, only to close.
            try:
                due = (await self.do("order.start_tendering"))["cash_due_minor"]
            except RefusedError:
                await self.do("order.void", reason="cannot be closed")
                return
        try:
            await self.pay(due)
        except RefusedError as error:
            if not error.code.startswith(OTHERWISE):
                raise
            await pay_otherwise(self, error.code)

    async def _close(self) -> None:
        """Take up what is parked, count the drawer, close the day."""
        while self.held:
            await self._once(self.held.pop()[1])
        await self._tidy()
        for parked in await self.look("orders.suspended"):
            await self.do("order.resume", order_id=parked["order_id"])
            await self._tidy()
        cash = self.chance.randrange(5_000, 50_000)
        await self.do("till.count", denominations=[{"value_minor": 1, "count": cash}])
        await self.do("till.close")
        try:
            await self.do("register.close_day")
        except RefusedError as error:
            if error.code != "day_must_have_business":
                raise

    async def pay(self, due_minor: int) -> dict[str, Any]:
        """Take cash for what is due, or pay it out, and complete."""
        if due_minor:
            given = due_minor
            if due_minor > 0 and self.chance.random() < 0.6:
                given += -due_minor % 500
            await self.do("order.tender_cash", amount_minor=given)
        try:
            done = await self.do("order.complete")
        except RefusedError as error:
            if due_minor or error.code != "order_must_be_paid":
                raise
            # It comes to less than the smallest coin: nothing is handed over, and that pays it.
            await self.do("order.tender_cash", amount_minor=0)
            done = await self.do("order.complete")
        self.sold += not done["receipt_number"].startswith(PRACTICE)
        return done

    async def card_over(self, *, patient: bool = True) -> dict[str, Any]:
        """Wait until the terminal is done with the order, and what came of it is known where one is
        patient, which nobody is for ever; what the register shows then."""
        waited_for = ("requested", "unknown") if patient else ("requested",)
        until_s = trio.current_time() + PATIENT_S
        while True:
            state: dict[str, Any] = await self.look("register.state")
            payment = state["payment"]
            is_over = payment is None or payment["standing"] not in waited_for
            if is_over or payment["is_set_aside"]:
                return state
            if payment["standing"] == "unknown" and trio.current_time() > until_s:
                await self.do(
                    "payment.set_aside", payment_id=payment["payment_id"], reason="it takes long"
                )
            await self.sim.world.sleep_exactly(0.3)

    async def _leave_no_doubt(self) -> None:
        """Before the day ends: what is unknown long after, because no terminal could say what came
        before it, is set aside as well. Only then is its terminal asked about anything older."""
        until_s = trio.current_time() + PATIENT_S
        while True:
            listed = (await self.look("payments.open"))["exceptions"]
            left = [
                one
                for one in listed
                if one["register"] == self.register
                and one["standing"] == "unknown"
                and not one["is_set_aside"]
            ]
            if not left:
                return
            for one in left:
                if trio.current_time() > until_s:
                    await self.do(
                        "payment.set_aside", payment_id=one["payment_id"], reason="the day ends"
                    )
            await self.sim.world.sleep_exactly(0.3)

    # ------------------------------------------------------------------------------ asking

    async def pause(self) -> None:
        """A moment between two keys: up to the next beat, so that the lanes often coincide."""
        now_ns, beat_ns = self.sim.world.monotonic_ns(), int(self.habits.beat_s * NS_PER_S)
        due_ns = (now_ns // beat_ns + self.chance.choice(self.habits.beats)) * beat_ns
        await self.sim.world.sleep_exactly((due_ns - now_ns) / NS_PER_S)

    async def do(self, name: str, /, **data: Any) -> dict[str, Any]:
        """Send a command until it is answered.

        Raises:
            GaveUpError, RefusedError: it may have happened; it did not.
        """
        await self.pause()
        ask = Ask(self.sim.world.new_id(), self.register, name, data)
        # The rules of goods that are sold apart know an order of them alone: none joins another.
        is_plain = data.get("code") not in APART
        if name in HELD_BACK and is_plain and self._is_out_of_order():
            # Its answer is not waited for, and it overtakes nobody: later ones arrive first.
            self.held.append((self.chance.randrange(1, HELD_MOST), ask))
            raise GaveUpError(name)
        answered: dict[str, Any] = await self._answered_or_let_through(ask)
        self._let_go()
        if self.habits.reuse and self.chance.random() < self.habits.reuse:
            await self._once(Ask(ask.id, self.register, "till.pay_in", PAID_IN_TWICE))
        return answered

    async def _answered_or_let_through(self, ask: Ask) -> Any:
        """The answer; where who is at the register may not do it, somebody comes and types a PIN.

        One who may not either, or mistypes, is of no use; the next who comes may be.
        """
        try:
            return await self.answered(ask)
        except RefusedError as error:
            if error.code != "right_must_be_granted":
                raise
        # Whoever comes with the bank's files stays until they are in.
        is_office = ask.name.startswith("settlement.")
        who = (OPERATOR,) if is_office else (OPERATOR, OPERATOR, MANAGER, CASHIER)
        approver = self.chance.choice(who)
        mistypes = approver == MANAGER and self.chance.random() < 0.5
        pin = WRONG_PIN if mistypes else PINS[approver]
        new_id = self.sim.world.new_id()
        return await self.answered(evolve(ask, id=new_id, approver=approver, approver_pin=pin))

    def _is_out_of_order(self) -> bool:
        return bool(self.habits.reorder) and self.chance.random() < self.habits.reorder

    def _let_go(self) -> None:
        """What was held back is sent once enough later commands were answered."""
        due = [ask for left, ask in self.held if left <= 1]
        self.held = [(left - 1, ask) for left, ask in self.held if left > 1]
        for ask in due:
            self.sim.count_fault(REORDERS)
            self.sim.background.start_soon(self._once, ask)

    async def hurry(self, name: str, *every: dict[str, Any]) -> list[dict[str, Any]]:
        """Send several commands of a name without waiting in between; their answers in order."""
        asks = [Ask(self.sim.world.new_id(), self.register, name, data) for data in every]
        answers: dict[str, Any] = {}
        errors: list[Exception] = []

        async def one(ask: Ask) -> None:
            try:
                answers[ask.id] = await self.answered(ask)
            except (GaveUpError, RefusedError) as error:
                errors.append(error)

        async with trio.open_nursery() as nursery:
            # Numbered in order, sent in another.
            turns = self.chance.sample(asks, len(asks)) if self._is_out_of_order() else asks
            for ask in turns:
                nursery.start_soon(one, ask)
        if turns != asks:
            self.sim.count_fault(REORDERS)
        if errors:
            raise errors[0]
        return [answers[ask.id] for ask in asks]

    async def look(self, name: str, /, **data: Any) -> Any:
        """Ask a query until it is answered."""
        while True:
            ask = Ask(self.sim.world.new_id(), self.register, name, data, is_query=True)
            reply = await self._once(ask)
            if reply is not None:
                if not reply.ok:
                    raise RefusedError(name, reply)
                return reply.data
            await self.sim.world.sleep_exactly(0.2)

    async def answered(self, ask: Ask) -> Any:
        """The answer to one command, sent once or several times, until there is one."""
        self.doing = ask.name
        if self.chance.random() >= self.habits.repeat:
            return await self._until_answered(ask)
        got: list[Reply | None] = []

        async def again() -> None:
            got.append(await self._once(ask))

        async with trio.open_nursery() as nursery:
            for _ in range(self.chance.randrange(1, REPEATS_MAX)):
                nursery.start_soon(again)
        return await self._until_answered(ask)

    async def _until_answered(self, ask: Ask) -> Any:
        pause_s = 0.05
        while True:
            if self.chance.random() < self.habits.give_up:
                # Sent all the same, but nobody waits for what comes of it.
                self.sim.background.start_soon(self._once, ask)
                raise GaveUpError(ask.name)
            reply = await self._once(ask)
            if reply is not None:
                if not reply.ok:
                    raise RefusedError(ask.name, reply)
                return reply.data
            await trio.sleep(pause_s)
            pause_s = min(2 * pause_s, 2.0)

    async def _once(self, ask: Ask) -> Reply | None:
        node = self.machine.node
        if node is None:
            await trio.lowlevel.checkpoint()
            return None
        try:
            reply = await node.ask(f"door/{self.register}", ask, timeout_s=self.habits.patience_s)
        except PostError:
            return None
        assert isinstance(reply, Reply)
        self.sim.auditor.heard(ask.id, answered_of(reply))
        return reply


load_all("workloads")  # here, where each of them may import this file
