"""Ends of day on their way: each terminal is asked once, and a lost answer is said to be lost."""

from __future__ import annotations

from typing import Any

import structlog
import trio

from actors.asks import ReadEndingDays, Reply, Submit
from actors.errors import AbsentError, BusyError, PostError
from actors.limits import ASK_TIMEOUT_S, INQUIRE_FIRST_S, PAYMENT_TIMEOUT_S
from actors.stored_payments import StoredPayments
from actors.terminal_messages import Settle
from actors.world import World
from engine.payment.terminal_day import TerminalDayAsked
from engine.terminal import Settlement, Verdict
from engine.wire import unstructure

log = structlog.get_logger()
STORED_NOT_ASKED = "stored_not_asked"


class TerminalDays:
    """Which ends of day are being asked for; a part of the actor of the payments. What a terminal
    took offline is asked about first: its totals may have what the bank said of that, and a result
    that comes with them is known only by who it is about. A day before which that could not be
    asked is not ended, and said to go on."""

    def __init__(self, stored: StoredPayments) -> None:
        """Nothing is asked for yet."""
        self._asked: set[str] = set()
        self._stored = stored

    async def look(self, nursery: trio.Nursery, post: Any, world: World, *, met: bool) -> None:
        """Begin what the books ask for and nobody began. `met` says that this actor was there when
        it was asked for: else the terminal may have heard of it already, and is not asked again.

        Raises:
            PostError: the bookkeeper could not be asked.
        """
        found: tuple[TerminalDayAsked, ...] = await post.ask(
            "bookkeeper", ReadEndingDays(), timeout_s=ASK_TIMEOUT_S
        )
        for day in found:
            if day.day_id not in self._asked:
                self._asked.add(day.day_id)
                nursery.start_soon(self._end if met else self._recover, day, post, world)
        self._asked &= {day.day_id for day in found}

    async def _end(self, day: TerminalDayAsked, post: Any, world: World) -> None:
        """Ask the terminal, once."""
        if why := await self._stored.ask_before_the_end(day.terminal, post, world):
            told = Settlement(Verdict.ABORTED, STORED_NOT_ASKED, why)
            await self._hear(day, told, post, world)
            return
        try:
            told = await post.ask(day.terminal, Settle(), timeout_s=PAYMENT_TIMEOUT_S)
        except (AbsentError, BusyError) as error:
            told = Settlement(Verdict.ABORTED, "not_sent", error.detail)
        except PostError as error:
            told = Settlement(Verdict.UNKNOWN, "no_answer", error.detail)
        await self._hear(day, told, post, world)

    async def _recover(self, day: TerminalDayAsked, post: Any, world: World) -> None:
        await self._hear(day, Settlement(Verdict.UNKNOWN, "restarted"), post, world)

    async def _hear(self, day: TerminalDayAsked, told: Settlement, post: Any, world: World) -> None:
        """Have it journaled; repeated with one id until the store has it."""
        data = {
            "terminal": day.terminal,
            "day_id": day.day_id,
            "settlement": unstructure(told),
        }
        submit = Submit(world.new_id(), day.register, "terminal.hear_day", data, admin=True)
        while True:
            try:
                reply: Reply = await post.ask("bookkeeper", submit, timeout_s=ASK_TIMEOUT_S)
            except PostError:
                await world.sleep(INQUIRE_FIRST_S)
                continue
            if not reply.ok:
                log.warning("terminal_day_not_heard", day=day.day_id, fault=reply.fault)
            return
