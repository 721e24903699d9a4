"""A store with its terminals as a dialogue sees it: in one process, or as some to be killed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import trio

from actors.asks import Reply
from actors.world import World
from engine.books import Books
from engine.payment.state import Payment
from tests.cuts.far_ends import Far

LOOK_S = 0.1
TIP_CHOICES = {"percents_ppm": [], "amounts_minor": [100], "own_minor_max": 1_000}
"""What a customer may say of a tip on our own screen."""
POLICY = {
    "payment_minor": 5_000,
    "operator_minor": 100_000,
    "register_minor": 100_000,
    "total_minor": 100_000,
    "age_s": 3_600,
    "tip_minor_max": 2_000,
}
"""How much a store on a stage takes without the bank."""
PATIENCE_S = 240.0


class WrongError(AssertionError):
    """What the store knows is not what the terminal's books say."""


class UnsettledError(AssertionError):
    """A payment was not settled in `PATIENCE_S`."""


class Scene(ABC):
    """What a dialogue asks, looks at and waits for."""

    world: World
    fars: dict[str, Far]

    @property
    @abstractmethod
    def books(self) -> Books:
        """The store's books as they are now; only while it `has_books`."""

    @property
    @abstractmethod
    def has_books(self) -> bool:
        """Whether anybody can say now how the store's books are."""

    @abstractmethod
    async def wish(self, name: str, register: str, /, **data: Any) -> Reply:
        """A command under one id until it is answered, across kills; what was said."""

    @abstractmethod
    async def look(self, name: str, register: str) -> Any:
        """A query's data."""

    @abstractmethod
    async def up(self, register: str) -> None:
        """Wait until all nodes live, are linked, and the terminal is shown as ready."""

    @abstractmethod
    async def idle(self, register: str) -> None:
        """Wait until the register's device has its terminal, and nothing runs."""

    async def do(self, name: str, register: str, /, **data: Any) -> Any:
        """A command that is accepted; its answer."""
        asked = await self.wish(name, register, **data)
        assert asked.ok, f"{name}: {asked.refusal or asked.fault} {asked.detail}"
        return asked.data

    def open_payments(self, register: str) -> list[Payment]:
        """What is open between the store and that register's terminal, and what the store still
        asks of it though nobody waits for it."""
        payments = self.books.payments
        found = (*payments.open.values(), *payments.aside())
        return [one for one in found if one.asked.terminal == f"terminal/{register}"]

    def stored_payments(self, register: str) -> list[Payment]:
        """What its terminal took offline, and the store knows no more of."""
        stored = self.books.payments.offline.values()
        return [one for one in stored if one.asked.terminal == f"terminal/{register}"]

    def may_be_open(self, register: str) -> bool:
        """Whether something is open there, as far as anybody can say now: a payment, an end of day,
        or what became of one that was taken offline, once the bank is there to say so."""
        if not self.has_books or self.open_payments(register):
            return True
        days = self.books.payments.days
        day = days.get(f"terminal/{register}")
        if day is not None and day.asked is not None:
            return True
        return not self.fars[register].is_bank_away and bool(self.stored_payments(register))

    async def mended(self, register: str) -> None:
        """Put the cable back where it is out: a cut may come late, with what was on its way."""
        if self.fars[register].is_broken:
            await self.fars[register].mend()

    async def settle(self, register: str) -> None:
        """Put the cable back and wait until nothing is open.

        Raises:
            UnsettledError: something stays open.
        """
        with trio.move_on_after(PATIENCE_S):
            while True:
                if self.fars[register].is_broken:
                    await self.world.sleep(LOOK_S)
                    await self.mended(register)
                if not self.may_be_open(register):
                    return
                await self.world.sleep(LOOK_S)
        left = [*self.open_payments(register), *self.stored_payments(register)]
        raise UnsettledError(f"{left} stays open")
