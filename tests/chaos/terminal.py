"""What a store of this folder has to do with its terminal, whatever it speaks."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections import Counter
from pathlib import Path
from typing import Any

import trio
from attrs import define, field

from engine.payment.state import Payment
from engine.terminal import Kind

LOG_MAX = 200


@define(eq=False)
class ChaosTerminal(ABC):
    """A terminal that does what `odd` names, each now and then, until it `is_calm`. Its own books
    say what really happened. `heard` counts the commands that move money by kind and amount,
    `wrong` is what the register did that no register may."""

    address: str
    chance: random.Random
    odd: frozenset[str]
    heard: Counter[tuple[Kind, int]] = field(factory=Counter)
    wrong: list[str] = field(factory=list)
    log: list[str] = field(factory=list)
    is_calm: bool = False

    def does(self, oddity: str, rate: float) -> bool:
        """Whether it does that now."""
        return not self.is_calm and oddity in self.odd and self.chance.random() < rate

    def note(self, what: str) -> None:
        """For whoever wants to know what came before."""
        self.log.append(f"{trio.current_time():9.2f} {what}")
        del self.log[:-LOG_MAX]

    @abstractmethod
    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve for ever; started once a register can connect."""

    @abstractmethod
    def device(self, address: str, folder: Path) -> Any:
        """The production actor that talks to it."""

    @property
    @abstractmethod
    def is_plugged(self) -> bool:
        """Whether its cable is in."""

    @abstractmethod
    async def pull(self) -> None:
        """Pull its cable."""

    @abstractmethod
    async def plug(self) -> None:
        """Put it back."""

    @property
    @abstractmethod
    def is_at_something(self) -> bool:
        """Whether it is still at a transaction."""

    @abstractmethod
    def net_minor(self, asked_minor: int) -> int:
        """What the payment of that amount, which no other has, brought the shop."""

    @abstractmethod
    def may_be_silent(self, payment: Payment, *, is_newest: bool) -> bool:
        """Whether nobody could find out what became of a payment, by its protocol and by what it
        went through."""
