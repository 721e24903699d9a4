"""Payments that nobody waits for any more: their terminals are still asked what became of them, and
to take back what was paid after all."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Protocol

import attrs
import structlog
import trio

from actors.asks import Aside, ReadAside, Reply, Submit
from actors.errors import PostError
from actors.limits import (
    ASIDE_FIRST_NS,
    ASIDE_MAX_NS,
    ASK_TIMEOUT_S,
    INQUIRE_TIMEOUT_S,
)
from actors.terminal_messages import Heard, Inquire
from actors.world import World
from engine.payment.state import Payment
from engine.terminal import UNSENT, Answer, Verdict

log = structlog.get_logger()


class Hear(Protocol):
    """Has it journaled what a terminal told; whether that settles the payment."""

    def __call__(
        self, payment: Payment, answer: Answer, post: Any, world: World, /, *, is_inquiry: bool
    ) -> Awaitable[bool]:
        """Until the store has it."""


class Rests:
    """Until when what was asked is not asked again: twice as long each time."""

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self._until: dict[str, tuple[int, int]] = {}

    def is_over(self, key: str, now_ns: int) -> bool:
        """Whether it may be asked again, or was never asked."""
        due_ns, _ = self._until.get(key, (0, 0))
        return now_ns >= due_ns

    def begin(self, key: str, now_ns: int) -> None:
        """It is asked now."""
        _, before_ns = self._until.get(key, (0, 0))
        pause_ns = min(2 * before_ns, ASIDE_MAX_NS) or ASIDE_FIRST_NS
        self._until[key] = (now_ns + pause_ns, pause_ns)

    def shorten(self, key: str, now_ns: int) -> None:
        """It could not be asked: that says nothing of it, and so it rests as after a first time."""
        self._until[key] = (now_ns + ASIDE_FIRST_NS, 0)

    def keep(self, keys: frozenset[str], now_ns: int) -> None:
        """Forget all but these, and what is to rest still by then."""
        self._until = {
            key: rest for key, rest in self._until.items() if key in keys or 0 < now_ns < rest[0]
        }


class AsidePayments:
    """Which terminals are being asked about payments nobody waits for; a part of the actor of the
    payments. A terminal is asked once it is free and well: at the start, when it comes back, after
    each thing it did, and now and then, more seldom while it tells nothing. Whatever a customer
    waits for goes before."""

    def __init__(self, hear: Hear) -> None:
        """Nothing is asked yet; what is told goes to the books through `hear`."""
        self._hear = hear
        self._asking: set[str] = set()
        self._rests = Rests()
        self._tries = Rests()
        self._told: dict[str, Answer] = {}
        self.is_any = False

    def ask_anew(self) -> None:
        """A terminal did something, or a payment was set aside: the next look asks at once. What
        was to be taken back rests all the same, for that may be what it did."""
        self._rests.keep(frozenset(), 0)

    async def look(self, nursery: trio.Nursery, post: Any, world: World) -> None:
        """Ask each terminal that can be asked now and has rested.

        Raises:
            PostError: the bookkeeper could not be asked.
        """
        found: tuple[Aside, ...] = await post.ask(
            "bookkeeper", ReadAside(), timeout_s=ASK_TIMEOUT_S
        )
        self.is_any = bool(found)
        ids = frozenset(one.payment.asked.payment_id for one in found)
        now_ns = world.monotonic_ns()
        self._told = {key: answer for key, answer in self._told.items() if key in ids}
        # While it is tried it is not among those that wait.
        self._tries.keep(ids, now_ns)
        askable = [one.payment for one in found if one.can_be_asked]
        # One that was away, or at something else, is asked at once when it no longer is.
        self._rests.keep(frozenset(one.asked.terminal for one in askable), 0)
        due: dict[str, list[Payment]] = {}
        for payment in askable:
            asked = payment.asked
            rests, key = (
                (self._tries, asked.payment_id)
                if payment.back_waits
                else (self._rests, asked.terminal)
            )
            if rests.is_over(key, now_ns):
                due.setdefault(asked.terminal, []).append(payment)
        for terminal, payments in due.items():
            if terminal not in self._asking:
                self._asking.add(terminal)
                nursery.start_soon(self._ask_all, terminal, payments, post, world)

    async def _ask_all(
        self, terminal: str, payments: list[Payment], post: Any, world: World
    ) -> None:
        now_ns = world.monotonic_ns()
        back = next((one for one in payments if one.back_waits), None)
        try:
            if back is not None:
                # It is at that from here on; the others have the next turn.
                self._tries.begin(back.asked.payment_id, now_ns)
                await self._take_back(back, post, world)
                return
            self._rests.begin(terminal, now_ns)
            # Of a terminal that tells its last alone it is most likely the newest.
            was_asked = [
                await self._inquire(payment, post, world) for payment in reversed(payments)
            ]
            if not any(was_asked):
                self._rests.shorten(terminal, now_ns)
        except PostError as error:
            log.info("aside_payments_wait", terminal=terminal, reason=error.kind)
        finally:
            self._asking.discard(terminal)

    async def _inquire(self, known: Payment, post: Any, world: World) -> bool:
        """Whether the terminal was asked; not where it was at something else that the books do not
        know to go on, as an end of this very payment that the store no longer waited for."""
        asked, answer = known.asked, known.answer
        assert answer is not None, "what is unknown was heard of"
        inquire = Inquire(
            asked.payment_id,
            attrs.evolve(answer, verdict=Verdict.UNKNOWN),
            known.remembered,
            is_cancel_asked=known.is_cancel_asked,
            gives_way=True,
        )
        heard: Heard = await post.ask(asked.terminal, inquire, timeout_s=INQUIRE_TIMEOUT_S)
        was_asked = heard.answer.code not in UNSENT
        is_old = self._told.get(asked.payment_id) == heard.answer
        if is_old or not is_news(known, heard.answer):
            return was_asked
        is_settled = await self._hear(known, heard.answer, post, world, is_inquiry=True)
        if not is_settled and heard.answer.verdict is not Verdict.UNKNOWN:
            # Another payment's: it is the same the next time, and nothing to write down.
            self._told[asked.payment_id] = heard.answer
        return was_asked

    async def _take_back(self, payment: Payment, post: Any, world: World) -> None:
        asked = payment.asked
        data = {"payment_id": asked.payment_id}
        submit = Submit(world.new_id(), asked.register, "payment.take_back", data, admin=True)
        reply: Reply = await post.ask("bookkeeper", submit, timeout_s=ASK_TIMEOUT_S)
        if not reply.ok:
            log.info("aside_payments_wait", terminal=asked.terminal, reason=reply.refusal)


def is_news(known: Payment, answer: Answer) -> bool:
    """Whether an inquiry's answer can change anything: a terminal that is away for a day must not
    fill the journal with that."""
    if answer.verdict is not Verdict.UNKNOWN:
        return True
    return answer.code == "not_found" or known.not_found > 0
