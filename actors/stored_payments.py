"""Payments taken offline: their terminals are asked what became of each, until they told."""

from __future__ import annotations

from typing import Any

import attrs
import structlog
import trio

from actors.asks import ReadFiled, ReadPayments, ReadStored, Reply, Submit
from actors.errors import PostError
from actors.limits import (
    ASK_BEFORE_END_NS,
    ASK_TIMEOUT_S,
    FORWARD_FIRST_S,
    FORWARD_MAX_S,
    FORWARD_PAYMENTS_MAX,
    FORWARD_TIMEOUT_S,
    INQUIRE_FIRST_S,
    INQUIRE_OFTEN_S,
)
from actors.mailbox import Envelope
from actors.messages import Accepted, Failure
from actors.register import OFFICE
from actors.terminal_messages import Forward, Forwarded, KeepUpload, StoredPayment
from actors.world import World
from engine.payment.events import UploadSource
from engine.payment.refusal import Refusal
from engine.payment.state import Payment
from engine.settlement.model import PresentedRow
from engine.settlement.presented import DECLINED_IN_FILE

log = structlog.get_logger()


class StoredPayments:
    """Which terminals are being asked about what they took offline; a part of the actor of the
    payments. A terminal is asked now and then, more seldom while it tells nothing, and never while
    it works on a payment; before it, what settlement files said already is heard."""

    def __init__(self, keeper: str) -> None:
        """Nothing is asked yet; results are kept by the actor at `keeper`."""
        self._keeper = keeper
        self._followed: set[str] = set()
        self._registers: dict[str, str] = {}
        self._turns: dict[str, trio.Lock] = {}
        self._news = trio.Event()

    def host_is_back(self) -> None:
        """A terminal reached its host: whoever waits long asks again soon."""
        self._news.set()
        self._news = trio.Event()

    async def look(self, nursery: trio.Nursery, post: Any, world: World) -> None:
        """Follow each terminal that took something offline.

        Raises:
            PostError: the bookkeeper could not be asked.
        """
        for payment in await _stored(post):
            terminal = payment.asked.terminal
            if terminal not in self._followed:
                self._followed.add(terminal)
                nursery.start_soon(self._follow, terminal, post, world)

    async def _follow(self, terminal: str, post: Any, world: World) -> None:
        """Until everything it took offline was told of, here or by a settlement file."""
        pause_s, turn = FORWARD_FIRST_S, 0
        while True:
            news = self._news
            with trio.move_on_after(pause_s - FORWARD_FIRST_S):
                await news.wait()
                pause_s = FORWARD_FIRST_S
            await world.sleep(FORWARD_FIRST_S)
            try:
                await self._hear_files(terminal, post, world)
                stored = [one for one in await _stored(post) if one.asked.terminal == terminal]
                if not stored:
                    self._followed.discard(terminal)
                    # What was taken while that was asked is seen now, or by `look`.
                    more = await _stored(post)
                    if terminal in self._followed or not any(
                        one.asked.terminal == terminal for one in more
                    ):
                        return
                    self._followed.add(terminal)
                    continue
                # All at once where that can be said: a terminal may tell of each, once.
                first = turn * FORWARD_PAYMENTS_MAX
                if first >= len(stored):
                    turn = first = 0
                turn += 1
                await self._ask(terminal, stored[first : first + FORWARD_PAYMENTS_MAX], post)
                left = [one for one in await _stored(post) if one.asked.terminal == terminal]
            except PostError as error:
                log.info("stored_payments_wait", terminal=terminal, reason=error.kind)
                pause_s = min(2 * pause_s, FORWARD_MAX_S)
                continue
            is_told = len(left) < len(stored)
            pause_s = FORWARD_FIRST_S if is_told else min(2 * pause_s, FORWARD_MAX_S)

    async def ask_before_the_end(self, terminal: str, post: Any, world: World) -> str:
        """Ask what became of each, where a terminal is about to end its day: its totals have what
        the bank refused, and from here on it is known which payment it tells of.

        A question that was lost or cut short says nothing, so it is asked again for a minute. ""
        once it came to an end, whatever the terminal could tell; else the code of why it did not:
        then the day must not be ended, or what was refused would be missing in its totals.
        """
        began_ns, pause_s = world.monotonic_ns(), INQUIRE_FIRST_S
        while why := await self._why_not_asked(terminal, post):
            if world.monotonic_ns() - began_ns >= ASK_BEFORE_END_NS:
                return why
            await world.sleep(pause_s)
            pause_s = min(2 * pause_s, INQUIRE_OFTEN_S)
        return ""

    async def _why_not_asked(self, terminal: str, post: Any) -> str:
        try:
            stored = [one for one in await _stored(post) if one.asked.terminal == terminal]
            for first in range(0, len(stored), FORWARD_PAYMENTS_MAX):
                some = stored[first : first + FORWARD_PAYMENTS_MAX]
                told = await self._ask(terminal, some, post)
                if told.is_cut_short:
                    return told.code
        except PostError as error:
            log.info("stored_payments_wait", terminal=terminal, reason=error.kind)
            return error.kind
        return ""

    async def _hear_files(self, terminal: str, post: Any, world: World) -> None:
        """Let what settlement files say of its payments count, which a file that came before the
        store knew of one could not tell when it was imported."""
        stored = [one for one in await _stored(post) if one.asked.terminal == terminal]
        registers = {one.asked.payment_id: one.asked.register for one in stored}
        if not registers:
            return
        try:
            said: tuple[PresentedRow, ...] = await post.ask(
                "views", ReadFiled(tuple(registers)), timeout_s=ASK_TIMEOUT_S
            )
        except PostError as error:
            # The terminal is asked all the same.
            log.info("settlement_files_wait", terminal=terminal, reason=error.kind)
            return
        for row in said:
            data = {
                "payment_id": row.payment_id,
                "is_paid": row.is_paid,
                "source": UploadSource.FILE.value,
                "code": "" if row.is_paid else DECLINED_IN_FILE,
            }
            register = registers[row.payment_id]
            submit = Submit(world.new_id(), register, "payment.upload", data, admin=True)
            await post.ask("bookkeeper", submit, timeout_s=ASK_TIMEOUT_S)

    async def _ask(self, terminal: str, stored: list[Payment], post: Any) -> Forwarded:
        runs = await post.ask("bookkeeper", ReadPayments(), timeout_s=ASK_TIMEOUT_S)
        if any(payment.asked.terminal == terminal for payment in runs):
            return Forwarded("terminal_busy")
        self._registers |= {one.asked.payment_id: one.asked.register for one in stored}
        payments = tuple(
            StoredPayment(one.asked.payment_id, attrs.evolve(one.answer, slips=()))
            for one in stored
            if one.answer is not None
        )
        forward = Forward(payments, self._keeper)
        # One that is being asked already is busy with it, and would not be asked before its end.
        async with self._turns.setdefault(terminal, trio.Lock()):
            told: Forwarded = await post.ask(terminal, forward, timeout_s=FORWARD_TIMEOUT_S)
        if told.code != "ok":
            log.info("stored_payments_wait", terminal=terminal, reason=told.code)
        return told

    async def keep(self, envelope: Envelope, body: KeepUpload, post: Any, world: World) -> None:
        """A terminal waits with what became of a payment until this is durable."""
        answer = body.answer
        data = {
            "payment_id": body.payment_id,
            "is_paid": answer.verdict.is_approved,
            "source": UploadSource.TERMINAL.value,
            "code": answer.code,
            "detail": answer.detail,
        }
        register = self._registers.get(body.payment_id, OFFICE)
        submit = Submit(world.new_id(), register, "payment.upload", data, admin=True)
        try:
            reply: Reply = await post.ask("bookkeeper", submit, timeout_s=ASK_TIMEOUT_S)
        except PostError as error:
            envelope.answer(error)
            return
        refusal = reply.refusal or {}
        # Told before, it is written down already.
        self._registers.pop(body.payment_id, None)
        is_known = reply.ok or refusal.get("code") == Refusal.PAYMENT_MUST_EXIST
        envelope.answer(Accepted() if is_known else Failure("payment_must_be_storable"))


async def _stored(post: Any) -> tuple[Payment, ...]:
    found: tuple[Payment, ...] = await post.ask("bookkeeper", ReadStored(), timeout_s=ASK_TIMEOUT_S)
    return found
