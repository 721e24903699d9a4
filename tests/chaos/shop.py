"""A store at such a terminal: customers, a cashier who presses whatever there is, and what must be
so in the end, held against the terminal's own books.

Each payment asks for an amount that no other asks for, so the terminal's books say which is which
although nothing in its protocol does.
"""

from __future__ import annotations

import random

import trio
from attrs import define, field

from engine.order.figures import TenderFigures
from engine.payment.events import Standing
from engine.payment.state import Payment
from engine.terminal import Kind
from tests.chaos.far import far_of
from tests.chaos.terminal import ChaosTerminal
from tests.cuts.stage import Stage, open_simulated
from tests.simulation.disk import MemoryDisk

REGISTER = "1"
WELL_S, LOOK_S, PERSON_S = 900.0, 0.25, 60.0
FIRST_MINOR, STEP_MINOR = 200, 7
HARMS = ("cancels", "sets_aside", "reverses", "kills_devices", "kills_store", "ends_day")


class WrongError(AssertionError):
    """What the store knows is not what the terminal's books say."""


@define(eq=False)
class Till:
    """One register and its cashier. `paid` are the tenders by card of the orders that were
    completed, by payment; `asked` the amounts asked for, by payment."""

    stage: Stage
    terminal: ChaosTerminal
    chance: random.Random
    harms: frozenset[str]
    asked: dict[str, int] = field(factory=dict)
    tenders: dict[str, TenderFigures] = field(factory=dict)
    made: int = 0

    async def serve(self) -> None:
        """One customer, from the first bottle to the completed order."""
        begun = await self.stage.do("order.add_line", REGISTER, code="wine", quantity_milli=3000)
        order_id: str = begun["order_id"]
        for _ in range(self.chance.choice((1, 1, 2, 3))):
            await self._pay_by_card()
        if "reverses" in self.harms and self.chance.random() < 0.5:
            await self._reverse(order_id)
        await self._end(order_id)
        if "ends_day" in self.harms and self.chance.random() < 0.5:
            await self._try("terminal.end_day")

    async def _try(self, name: str, /, **data: object) -> str:
        """The code of its refusal; empty where it is done."""
        said = await self.stage.wish(name, REGISTER, **data)
        if said.ok:
            return ""
        assert said.refusal is not None, f"{name}: {said.fault} {said.detail}"
        return str(said.refusal["code"])

    async def _pay_by_card(self) -> None:
        self.made += 1
        amount_minor = FIRST_MINOR + STEP_MINOR * self.made
        said = await self.stage.wish("payment.request", REGISTER, amount_minor=amount_minor)
        if not said.ok:
            assert said.refusal is not None, f"{said.fault} {said.detail}"
            return
        self.asked[said.data["payment_id"]] = amount_minor
        await self._watch()

    async def _watch(self) -> None:
        """Wait for what runs, and lose patience now and then."""
        until_s = trio.current_time() + PERSON_S * self.chance.choice((0.2, 1.0, 5.0))
        while (running := self._running()) is not None and trio.current_time() < until_s:
            await trio.sleep(LOOK_S * self.chance.choice((1, 4, 16)))
            drawn = self.chance.random()
            payment_id = running.asked.payment_id
            if "cancels" in self.harms and drawn < 0.1:
                await self._try("payment.cancel", payment_id=payment_id)
            elif "kills_devices" in self.harms and drawn < 0.14:
                self.stage.kill_devices()
            elif "kills_store" in self.harms and drawn < 0.18:
                self.stage.kill_store()
                await self._back()
            elif "sets_aside" in self.harms and drawn < 0.3:
                await self._try("payment.set_aside", payment_id=payment_id, reason="the customer")
        if (running := self._running()) is not None:
            # Whoever stands there wants to go home.
            aside = {"payment_id": running.asked.payment_id, "reason": "the customer left"}
            await self._try("payment.set_aside", **aside)

    async def _back(self) -> None:
        while not self.stage.has_books:  # noqa: ASYNC110
            await trio.sleep(LOOK_S)

    def _running(self) -> Payment | None:
        if not self.stage.has_books:
            return None
        return self.stage.books.payments.at_terminal(f"terminal/{REGISTER}")

    async def _reverse(self, order_id: str) -> None:
        order = self.stage.books.live.orders.get(order_id)
        cards = [] if order is None else [one for one in order.tenders if one.card is not None]
        if cards and not await self._try("payment.reverse_tender", tender=cards[-1].tender):
            await self._watch()

    async def _end(self, order_id: str) -> None:
        """The rest in cash; while a terminal is at it, that waits."""
        with trio.fail_after(4 * WELL_S):
            while True:
                await self._back()
                await self._try("order.start_tendering")
                view = await self.stage.look("register.state", REGISTER)
                due_minor = view["order"]["cash_due_minor"]
                if due_minor > 0:
                    await self._try("order.tender_cash", amount_minor=due_minor)
                order = self.stage.books.live.orders[order_id]
                tenders = {
                    one.card.payment_id: one for one in order.tenders if one.card is not None
                }
                if not await self._try("order.complete"):
                    self.tenders |= tenders
                    return
                await trio.sleep(LOOK_S)
                await self._watch()

    # ------------------------------------------------------------------------- what must be so

    async def conclude(self) -> None:
        """Everything is well from here on: what can be found out is found out.

        Raises:
            WrongError: it is not, or something was not as it is known.
        """
        self.terminal.is_calm = True
        await self._settle()
        payments = self.stage.books.payments
        for one in list(payments.open.values()):
            if one.standing is Standing.REQUESTED:
                raise WrongError(f"nobody knows how it goes on: {one}")
            aside = {"payment_id": one.asked.payment_id, "reason": "nobody knows"}
            await self._try("payment.set_aside", **aside)
        if days := [one for one in payments.days.values() if one.asked is not None]:
            raise WrongError(f"a day that is never over: {days}")
        if left := self._unresolved():
            raise WrongError(f"not found out at a terminal that is well: {left}")
        self._judge()

    async def _settle(self) -> None:
        with trio.move_on_after(WELL_S):
            while True:
                await self._back()
                payments = self.stage.books.payments
                is_open = payments.open or any(one.asked for one in payments.days.values())
                if not (is_open or self._unresolved() or self.terminal.is_at_something):
                    return
                if not self.terminal.is_plugged:
                    await self.terminal.plug()
                await trio.sleep(1.0)

    def _unresolved(self) -> list[Payment]:
        """What nobody knows the end of, though its terminal would tell."""
        newest = list(self.asked)[-1:]
        return [
            one
            for one in self.stage.books.payments.aside()
            if not self.terminal.may_be_silent(one, is_newest=one.asked.payment_id in newest)
        ]

    def _judge(self) -> None:
        """What is tendered is what was booked, or it is on the list."""
        if self.terminal.wrong:
            raise WrongError("; ".join(self.terminal.wrong))
        for (kind, minor), times in self.terminal.heard.items():
            if kind is Kind.SALE and times > 1:
                raise WrongError(f"asked for {minor} {times} times")
        exceptions = self.stage.books.payments.exceptions
        on_list = {*exceptions, *(one.asked.of_payment for one in exceptions.values())}
        for payment_id, minor in self.asked.items():
            tender, held_minor = self.tenders.get(payment_id), 0
            if tender is not None:
                assert tender.card is not None
                held_minor = tender.amount_minor + tender.card.tip_minor
            booked_minor = self.terminal.net_minor(minor)
            if held_minor != booked_minor and payment_id not in on_list:
                what = f"{minor} was asked for, {booked_minor} booked, {held_minor} is tendered"
                raise WrongError(what)


async def day_at(terminal: ChaosTerminal, seed: int, harms: frozenset[str], customers: int) -> Till:
    """A part of a day at a terminal.

    Raises:
        WrongError: something is not as the terminal's books have it.
    """
    disk = MemoryDisk("chaos")
    try:
        async with open_simulated("", disk, seed, far=far_of(terminal)) as stage:
            till = Till(stage, terminal, random.Random(seed), harms)
            for _ in range(customers):
                await till.serve()
            await till.conclude()
            return till
    except BaseException as error:
        error.add_note("\n".join(terminal.log))
        raise
    finally:
        disk.close()
