"""A simulated terminal that a person plays: its keys, its troubles and what its page shows.

One page for every protocol: what a person does is decided here, and each terminal says it to the
register in its own words.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import attrs
import trio
from attrs import define, frozen

from hardware.terminal.host import HostLine, Presenting
from hardware.terminal.person import Mind, Person

TROUBLES = ("cut", "plug", "reboot", "paper_out", "paper_in", "go_offline", "go_online",
            "take_alone", "take_none", "refuse_later", "end_day")  # fmt: skip
ALONE_MAX_MINOR = 5_000
ROWS_SHOWN = 20
READY, STARTING, CARD = "ready", "starting", "insert or tap card"
WAIT, PIN, TOO_MANY_PINS = "please wait", "enter PIN", "too many wrong PINs"
APPROVED, DECLINED, CANCELLED = "approved", "declined", "cancelled"
NO_PAPER, NO_BANK = "out of paper", "no connection to the bank"
_PIN_TRIES_MAX = 3


def amount(minor: int) -> str:
    """As it stands on the display and the receipt."""
    return f"EUR {minor // 100}.{minor % 100:02}"


@define
class Choice:
    """What a person did when the terminal asked for a card. `card` is insert, tap, keyed, or empty:
    then `refusal` says why, `declined` (by the bank), `cancelled` or `nobody`. The bank has only
    half where it `is_partial`; with `loses_reply` the register never hears how it ended."""

    card: str = ""
    refusal: str = ""
    is_partial: bool = False
    tip_minor: int = 0
    loses_reply: bool = False


@frozen
class Row:
    """A transaction as the page lists it. `receipt` is the terminal's own number for it."""

    kind: str
    amount: str
    receipt: int
    ended: str
    booked: bool


class Memory(Presenting, Protocol):
    """What it remembers, the oldest first."""

    entries: list[Any]

    @property
    def booked_minor(self) -> int:
        """Everything that moved, together."""

    def end_day(self) -> None:
        """End its day, by its own menu: no register hears of it."""


class Played(HostLine, ABC):
    """Mixed into a simulated terminal, after what holds its cable.

    With `operator` a person plays: without a plan it waits for `do`. `offline_max_minor` is what it
    approves alone while its host is away; `refuses_next` has the host refuse the next of these.
    """

    ledger: Memory

    def __init__(self, *, operator: bool) -> None:
        self.operator = operator
        self.person = Person()
        self.offline_max_minor = 0
        self.refuses_next = False
        self.is_paper_out = False
        self.shown = READY
        self.shown_minor: int | None = None
        self.shown_tip_minor = 0

    @property
    @abstractmethod
    def is_plugged(self) -> bool:
        """Whether the cable is in."""

    @abstractmethod
    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve for ever; started once a register can connect."""

    @abstractmethod
    async def cut(self) -> None:
        """Pull the cable."""

    @abstractmethod
    async def plug(self) -> None:
        """Put it back."""

    @abstractmethod
    async def reboot(self) -> None:
        """Power off and on."""

    @abstractmethod
    def _row(self, entry: Any) -> Row:
        """One that it remembers."""

    # -------------------------------------------------------------------------- what a person does

    async def choose(self, keys: frozenset[str], mind: Mind, *, asks: str = CARD) -> Choice:
        """The card, from a person, where the display `asks` for it."""
        choice = Choice()
        while True:
            click = await self.person.wait_at_card(keys, mind)
            match click.key:
                case "insert" | "tap":
                    choice.card = click.key
                case "type_number":
                    choice.card = "keyed"
                case "decline":
                    choice.refusal = "declined"
                case "partial":
                    choice.is_partial = True
                    self.shown = f"{asks} (only half is there)"
                case "tip":
                    choice.tip_minor = click.amount_minor
                    self.shown_minor = (self.shown_minor or 0) + click.amount_minor
                    keys = keys - {"tip"}
                case "lose_reply":
                    choice.loses_reply = True
                    self.shown = f"{asks} (the reply will be lost)"
                case "time_out":
                    choice.refusal = "nobody"
                case _:
                    choice.refusal = "cancelled"
            if choice.card or choice.refusal:
                return choice

    async def type_pin(self, mind: Mind, wrong: Callable[[str], Awaitable[None]]) -> str:
        """The PIN, from a person: empty where it was right, else `cancelled`, `nobody` or
        `too_many_pins`. `wrong` shows and tells that one was not."""
        for left in reversed(range(_PIN_TRIES_MAX)):
            click = await self.person.wait_at_pin(mind)
            if click.key == "pin":
                return ""
            if click.key != "wrong_pin":
                return "nobody" if click.key == "time_out" else "cancelled"
            if left:
                await wrong(f"wrong PIN, tries left: {left}")
        return "too_many_pins"

    def show_here(self, text: str, amount_minor: int | None = None) -> None:
        """Show it, and an amount or none; the register is not told."""
        self.shown, self.shown_minor, self.shown_tip_minor = text, amount_minor, 0

    # ---------------------------------------------------------------------------------- the page

    def state(self) -> dict[str, Any]:
        """What a person standing there would see, and what may be pressed."""
        newest = self.ledger.entries[-ROWS_SHOWN:][::-1]
        return {
            "shown": [*self._amount_lines(), self.shown],
            "keys": self.person.keys,
            "troubles": [trouble for trouble in TROUBLES if self._may(trouble)],
            "is_plugged": self.is_plugged,
            "paper": "out" if self.is_paper_out else "ok",
            "is_offline": self.is_offline,
            "booked_minor": self.ledger.booked_minor,
            "transactions": [attrs.asdict(self._row(entry)) for entry in newest],
        }

    def _amount_lines(self) -> list[str]:
        if self.shown_minor is None:
            return []
        lines = [amount(self.shown_minor)]
        if self.shown_tip_minor:
            lines.append(f"of it tip {amount(self.shown_tip_minor)}")
        return lines

    def _may(self, trouble: str) -> bool:
        match trouble:
            case "cut":
                return self.is_plugged
            case "plug":
                return not self.is_plugged
            case "paper_out" | "paper_in":
                return self.is_paper_out == (trouble == "paper_in")
            case "go_offline" | "go_online":
                return self.is_offline == (trouble == "go_online")
            case "take_alone" | "take_none":
                return (self.offline_max_minor > 0) == (trouble == "take_none")
            case "refuse_later":
                return self.offline_max_minor > 0 and not self.refuses_next
            case "end_day":
                return not self.is_offline and not self.person.keys
            case _:
                return True

    async def do(self, action: str, amount_minor: int = 0) -> bool:
        """One press at the operator's page; False where that is not possible now."""
        if action not in TROUBLES:
            return self.person.press(action, amount_minor)
        if not self._may(action):
            return False
        match action:
            case "cut":
                await self.cut()
            case "plug":
                await self.plug()
            case "reboot":
                await self.reboot()
            case "paper_out" | "paper_in":
                self.is_paper_out = action == "paper_out"
            case "take_alone" | "take_none":
                self.offline_max_minor = ALONE_MAX_MINOR if action == "take_alone" else 0
            case "refuse_later":
                self.refuses_next = True
            case "end_day":
                self.ledger.end_day()
            case _:
                self.is_offline = action == "go_offline"
        return True
