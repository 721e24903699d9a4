"""What the tills do while the server is killed: whole sales, each command until it is answered.

The ledger is what the shop was promised. It is written by the tills only and read by the audit.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import Any

import trio
from attrs import define, field

from protocols.front.client import FrontClient
from protocols.front.client_types import Answer, FaultError, RefusedError, UnknownOutcomeError

PRICES = {"milk": 129, "bread": 350, "wine": 799, "book": 1200}
FLOAT_MINOR = 10_000
ATTEMPT_S = 20.0
_NOT_UP_YET = "register_absent"  # a store that is closing, or failing while it starts, says so


@define(eq=False)
class Command:
    """One command with its own id; `answer` is None until the store has answered yes."""

    id: str
    register: str
    name: str
    data: dict[str, Any]
    answer: dict[str, Any] | None = None
    position: int = 0


@define(eq=False)
class Ledger:
    """Every command that was sent, in order; heads the store showed; what was said wrongly."""

    commands: list[Command] = field(factory=list)
    heads: dict[int, str] = field(factory=dict)
    wrong: list[str] = field(factory=list)
    answered: int = 0
    changed: trio.Event = field(factory=trio.Event)

    def acknowledged(self, name: str = "", register: str = "") -> list[Command]:
        """Commands that were answered yes; of one name and register where these are given."""
        return [
            command
            for command in self.commands
            if command.answer is not None
            and name in ("", command.name)
            and register in ("", command.register)
        ]

    def note(self, command: Command, answer: Answer) -> None:
        """A yes has come; a second one must be the same."""
        if command.answer is not None and command.answer != answer.data:
            self.wrong.append(
                f"{command.name} {command.id} was answered {command.answer}, then {answer.data}"
            )
        command.answer, command.position = answer.data, answer.position
        self.answered += 1
        self.changed.set()
        self.changed = trio.Event()

    async def wait_answers(self, count: int) -> None:
        """Wait until that many yeses have come since the beginning."""
        while self.answered < count:
            await self.changed.wait()


@define(eq=False)
class Till:
    """Sells at one register until told to stop, and finishes the sale it is at.

    Now and then it taps twice, or puts money in or takes some out; a plain one only ever sells one
    milk and one bread. After each sale it remembers
    the head of the journal, as a printed receipt would.
    """

    register: str
    client: FrontClient
    ledger: Ledger
    dice: random.Random
    new_id: Callable[[], str]
    pace: Callable[[], Awaitable[None]]
    is_plain: bool = False
    stopping: bool = False
    ended: trio.Event = field(factory=trio.Event)
    sold: int = 0
    is_selling: bool = False
    _allowed: float = float("inf")
    _wake: trio.Event = field(factory=trio.Event)

    def allow(self, sales: float) -> None:
        """Begin at most so many more sales."""
        self._allowed = sales
        self._wake.set()

    @property
    def is_busy(self) -> bool:
        """Whether it is in a sale or about to begin one."""
        return self.is_selling or (self._allowed >= 1 and not self.stopping)

    def stop(self) -> None:
        """Finish the sale it is at, and end."""
        self.stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Sell."""
        while not self.stopping:
            if self._allowed < 1:
                self._wake = trio.Event()
                await self._wake.wait()
                continue
            self._allowed -= 1
            self.is_selling = True
            await self._sale()
            self.is_selling = False
            self.sold += 1
        self.ended.set()

    async def _sale(self) -> None:
        dice = self.dice
        codes = [dice.choice(sorted(PRICES)) for _ in range(dice.randint(1, 3))]
        for code in ("milk", "bread") if self.is_plain else codes:
            await self.do("order.add_line", code=code)
        await self.do("order.tender_cash", amount_minor=dice.choice((5_000, 10_000)))
        await self.do("order.complete")
        if not self.is_plain and dice.random() < 0.1:
            way = dice.choice(("till.pay_in", "till.pay_out"))
            await self.do(way, amount_minor=dice.randint(1, 99), reason="change")
        await self._remember_head()
        await self.pace()

    async def do(self, name: str, **data: Any) -> None:
        """One command under one id until it is answered, now and then twice at once."""
        command = Command(self.new_id(), self.register, name, data)
        self.ledger.commands.append(command)
        if self.is_plain or self.dice.random() < 0.9:
            await self._insist(command)
            return
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._insist, command)
            nursery.start_soon(self._insist, command)

    async def _insist(self, command: Command) -> None:
        while True:
            try:
                answer = await self.client.command(
                    command.name, command_id=command.id, deadline_s=ATTEMPT_S, **command.data
                )
            except UnknownOutcomeError:
                continue
            except (RefusedError, FaultError) as error:
                if isinstance(error, FaultError) and error.code == _NOT_UP_YET:
                    await trio.sleep(0.02)
                    continue
                self.ledger.wrong.append(f"{command.name} {command.id}: {error}")
                self.ledger.changed.set()
                await trio.sleep_forever()
            self.ledger.note(command, answer)
            return

    async def _remember_head(self) -> None:
        status = await self._ask("store.status")
        self.ledger.heads[status["position"]] = status["head"]

    async def queue(self) -> list[dict[str, Any]]:
        """What its register shows to be on its way to its devices."""
        return list((await self._ask("register.state"))["queue"])

    async def drawer(self) -> int:
        """What its drawer should hold, as the store has it."""
        return int((await self._ask("till.state"))["expected_minor"])

    async def _ask(self, name: str) -> dict[str, Any]:
        while True:
            try:
                return dict((await self.client.query(name, deadline_s=ATTEMPT_S)).data)
            except UnknownOutcomeError:
                continue
