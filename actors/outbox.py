"""The outbox: what the world was asked, sent to whoever can do it, until it is known to be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
import trio

from actors.asks import Committed, ReadPending, Reply, Submit
from actors.errors import OversizedError, PostError
from actors.limits import ASK_TIMEOUT_S, NS_PER_S, PERFORM_TIMEOUT_S, REDELIVER_NS
from actors.mailbox import Mailbox
from actors.messages import Accepted, Finished, Outcome, Perform, Proceed, Started
from actors.world import World
from engine.decision import EVENTS
from engine.outbox import EffectRequested, PendingEffect

log = structlog.get_logger()
Reveal = Callable[[Any], Any]
OFFICE = "_office"
_REQUESTED = EVENTS.name_of(EffectRequested)
_AWAY_NS = REDELIVER_NS // 4
_TRIED_SHIFT_MAX, _FAILED_SHIFT_MAX = 4, 9
_GRAIN_NS = 1_000_000  # timers are no finer; a wake before its time would only be one more
_TOO_LARGE = "it is larger than a device is told of; nothing was done; do it in parts"
_CUT_OFF = "its device went away in the middle and its time is over; look whether it happened"


def concerns(news: Committed) -> bool:
    """Whether something new was asked of the world."""
    return any(record.name == _REQUESTED for record in news.records)


class OutboxActor:
    """*Owns* which effects are under way. *Receives* `Committed` from the bookkeeper, `Started`
    and `Finished` from devices. *Sends* `Perform` to devices, `effect.start` and `effect.finish`
    to the bookkeeper. *If it dies* it reads the pending effects again; devices know the ids they
    already have, and a start that was journaled is never forgotten.
    """

    address = "outbox"

    def __init__(self, reveal: Reveal) -> None:
        self._reveal = reveal
        self._sent_ns: dict[str, int] = {}
        self._heard_ns: dict[str, int] = {}
        self._until_ns: dict[str, int | None] = {}
        self._away_ns: dict[str, int] = {}
        self._failed: dict[str, int] = {}
        self._busy: set[str] = set()
        self._passed_over: set[str] = set()
        self._wake = trio.Event()

    async def run(self, mailbox: Mailbox, post: Any, world: World) -> None:
        """Take reports as they come; deliver what is pending whenever something changed."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._deliver, nursery, post, world)
            async for envelope in mailbox:
                match envelope.body:
                    case Committed():
                        self._hear(envelope.body, world)
                    case Started():
                        nursery.start_soon(self._start, envelope, envelope.body, post, world)
                    case Finished():
                        nursery.start_soon(self._finish, envelope, envelope.body, post, world)
                    case _:
                        log.warning("message_not_understood", kind=type(envelope.body).__name__)

    # --------------------------------------------------------------------------------- deadlines

    def _hear(self, news: Committed, world: World) -> None:
        for record in news.records:
            if record.name == _REQUESTED:
                # Its own reports wake it by themselves.
                self._wake.set()
                if record.data["expires_ns"]:
                    self._heard_ns[record.data["effect_id"]] = world.monotonic_ns()

    def _deadline_ns(self, entry: PendingEffect, world: World) -> int | None:
        """Until when an effect is worth doing, by the steady clock; None for ever.

        Its time runs from when it was heard of. One left from before this outbox lived is judged
        by the clock of stamps, and given up if that clock was set back meanwhile.
        """
        if entry.effect_id in self._until_ns:
            return self._until_ns[entry.effect_id]
        until_ns = None
        if entry.expires_ns:
            worth_ns = entry.expires_ns - entry.requested_ns
            heard_ns = self._heard_ns.pop(entry.effect_id, None)
            if heard_ns is None:
                age_ns = world.now_ns() - entry.requested_ns
                heard_ns = world.monotonic_ns() - (age_ns if age_ns >= 0 else worth_ns + 1)
            until_ns = heard_ns + worth_ns
        self._until_ns[entry.effect_id] = until_ns
        return until_ns

    async def _recall_deadline(self, effect_id: str, post: Any, world: World) -> int | None:
        """As `_deadline_ns`, of an effect that may have been offered by an outbox before this one:
        only the books know then how long it is worth doing, and the offer may have been late.

        Raises:
            PostError: the bookkeeper could not be asked.
        """
        if effect_id not in self._until_ns:
            pending: tuple[PendingEffect, ...] = await post.ask(
                "bookkeeper", ReadPending(), timeout_s=ASK_TIMEOUT_S
            )
            for entry in pending:
                if entry.effect_id == effect_id:
                    self._deadline_ns(entry, world)
        return self._until_ns.get(effect_id)

    # ---------------------------------------------------------------------------------- reports

    async def _submit(self, name: str, data: dict[str, Any], post: Any, world: World) -> Reply:
        submit = Submit(world.new_id(), OFFICE, name, data, admin=True)
        reply: Reply = await post.ask("bookkeeper", submit, timeout_s=ASK_TIMEOUT_S)
        return reply

    async def _start(self, envelope: Any, body: Started, post: Any, world: World) -> None:
        """A device is about to send the first byte: that becomes durable first."""
        try:
            until_ns = await self._recall_deadline(body.effect_id, post, world)
            late = until_ns is not None and world.monotonic_ns() > until_ns
            data = {"effect_id": body.effect_id, "late": late}
            reply = await self._submit("effect.start", data, post, world)
        except PostError as error:
            envelope.answer(error)
            return
        may_have = bool(reply.ok and reply.data["may_have_happened"])
        left_ns = None if until_ns is None else max(0, until_ns - world.monotonic_ns())
        envelope.answer(Proceed(reply.ok, may_have, left_ns))

    async def _record_end(
        self, effect_id: str, outcome: Outcome, reason: str, post: Any, world: World
    ) -> None:
        """Have the end of a try written down; what failed is offered ever more seldom.

        Raises:
            PostError: the bookkeeper could not be asked.
        """
        data = {"effect_id": effect_id, "outcome": outcome.value, "reason": reason}
        await self._submit("effect.finish", data, post, world)
        if outcome is Outcome.FAILED:
            self._failed[effect_id] = self._failed.get(effect_id, 0) + 1

    async def _finish(self, envelope: Any, body: Finished, post: Any, world: World) -> None:
        """A try ended. Said twice it is still accepted: the first time settled it."""
        try:
            await self._record_end(body.effect_id, body.outcome, body.reason, post, world)
        except PostError as error:
            envelope.answer(error)
            return
        if body.outcome not in (Outcome.DONE, Outcome.EXPIRED):
            log.warning("effect_not_done", effect=body.effect_id, outcome=body.outcome.value)
        else:
            envelope.answer(Accepted())
            return
        # What did not work is not tried again at once, or a broken printer would spin.
        self._sent_ns[body.effect_id] = world.monotonic_ns()
        self._wake.set()
        envelope.answer(Accepted())

    def _pause_ns(self, entry: PendingEffect) -> int:
        """Until an effect is offered again: what did not work before waits longer each time, half a
        minute at most. What failed never began, so it counts as no try: its reason seldom goes away
        and each time is a record more, so it waits up to a quarter of an hour."""
        if not entry.reason:
            return REDELIVER_NS
        failed = min(self._failed.get(entry.effect_id, 0), _FAILED_SHIFT_MAX)
        return REDELIVER_NS << max(min(entry.tries, _TRIED_SHIFT_MAX), failed)

    # --------------------------------------------------------------------------------- delivery

    async def _deliver(self, nursery: trio.Nursery, post: Any, world: World) -> None:
        while True:
            self._wake = trio.Event()
            try:
                pending = await post.ask("bookkeeper", ReadPending(), timeout_s=ASK_TIMEOUT_S)
            except PostError:
                pending = ()
            await self._send_due(pending, nursery, post, world)
            with trio.move_on_after(self._idle_ns(pending, world) / NS_PER_S):
                await self._wake.wait()

    def _idle_ns(self, pending: tuple[PendingEffect, ...], world: World) -> int:
        """How long nothing falls due. News may be lost where its mailbox was full, so it looks
        every two seconds all the same."""
        now_ns, idle_ns = world.monotonic_ns(), REDELIVER_NS
        for entry in pending:
            sent_ns, away_ns = self._sent_ns.get(entry.effect_id), self._away_ns.get(entry.address)
            if sent_ns is not None:
                left_ns = sent_ns + self._pause_ns(entry) - now_ns
            else:
                left_ns = (away_ns or 0) + _AWAY_NS - now_ns
            # What is overdue waits for its device, whose turn ends with a wake.
            idle_ns = min(idle_ns, left_ns + _GRAIN_NS if left_ns > 0 else _AWAY_NS)
        return idle_ns

    async def _send_due(
        self, pending: tuple[PendingEffect, ...], nursery: trio.Nursery, post: Any, world: World
    ) -> None:
        known = {entry.effect_id for entry in pending}
        for kept in (self._sent_ns, self._until_ns, self._failed):
            for effect_id in sorted(kept.keys() - known):
                del kept[effect_id]
        now_ns = world.monotonic_ns()
        due: dict[str, list[PendingEffect]] = {}
        earlier: dict[str, list[PendingEffect]] = {}
        for entry in pending:
            if entry.address in self._busy:
                self._passed_over.add(entry.address)
                continue
            away_ns = self._away_ns.get(entry.address)
            if away_ns is not None and now_ns - away_ns < _AWAY_NS:
                continue
            sent_ns = self._sent_ns.get(entry.effect_id)
            if sent_ns is not None and now_ns - sent_ns < self._pause_ns(entry):
                if not entry.reason:
                    earlier.setdefault(entry.address, []).append(entry)
                continue
            until_ns = self._deadline_ns(entry, world)
            if until_ns is not None and world.monotonic_ns() > until_ns:
                await self._expire(entry, post, world)
                continue
            # A device that died forgot what it had taken. To be told once more of that first costs
            # one that did not a glance, and no receipt overtakes an older one.
            due.setdefault(entry.address, []).extend(earlier.pop(entry.address, ()))
            due[entry.address].append(entry)
        for address, entries in due.items():
            self._busy.add(address)
            self._sent_ns.update((entry.effect_id, now_ns) for entry in entries)
            nursery.start_soon(self._send, address, entries, post, world)

    async def _expire(self, entry: PendingEffect, post: Any, world: World) -> None:
        outcome, reason = Outcome.EXPIRED, "its time was over before a device took it"
        if entry.may_have_happened:
            outcome, reason = Outcome.UNKNOWN, _CUT_OFF
        try:
            await self._record_end(entry.effect_id, outcome, reason, post, world)
        except PostError as error:
            log.warning("expiry_not_recorded", effect=entry.effect_id, reason=error.kind)

    async def _end_too_large(self, entry: PendingEffect, post: Any, world: World) -> None:
        """One that no link carries must not stop those behind it, at this device or any other."""
        self._sent_ns[entry.effect_id] = world.monotonic_ns()
        log.warning("effect_not_done", effect=entry.effect_id, outcome="too_large")
        await self._record_end(entry.effect_id, Outcome.FAILED, _TOO_LARGE, post, world)

    async def _send(
        self, address: str, entries: list[PendingEffect], post: Any, world: World
    ) -> None:
        """Offer a device its effects oldest first, up to the first it does not take now."""
        taken = 0
        is_away = False
        try:
            for entry in entries:
                until_ns = self._deadline_ns(entry, world)
                left_ns = None if until_ns is None else max(0, until_ns - world.monotonic_ns())
                perform = Perform(
                    entry.effect_id,
                    self._reveal(entry.effect),
                    left_ns,
                    entry.may_have_happened,
                )
                try:
                    await post.ask(address, perform, timeout_s=PERFORM_TIMEOUT_S)
                except OversizedError:
                    await self._end_too_large(entry, post, world)
                taken += 1
        except PostError as error:
            # Nobody's turn comes before theirs; the device is left alone for a moment.
            for entry in entries[taken:]:
                self._sent_ns.pop(entry.effect_id, None)
            self._away_ns[address] = world.monotonic_ns()
            is_away = True
            log.info("effects_wait", count=len(entries), to=address, reason=error.kind)
        finally:
            self._busy.discard(address)
            if is_away or address in self._passed_over:
                self._passed_over.discard(address)
                self._wake.set()
