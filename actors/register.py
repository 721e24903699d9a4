"""A register's conversations: PIN checks, scans, and the order in which its commands arrive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
import trio

from actors.asks import Ask, Follow, News, PinHashOf, Reply, Submit, Unfollow
from actors.errors import PostError
from actors.limits import ASK_TIMEOUT_S, FOLLOW_LEASE_NS, FOLLOWERS_MAX
from actors.mailbox import Envelope, Mailbox
from actors.messages import Scanned
from actors.pins import Pins, pin_is_well_formed
from actors.terminals import TERMINAL_QUERIES
from actors.world import World

log = structlog.get_logger()
Reveal = Callable[[Any], Any]

VIEW_QUERIES = frozenset(
    (
        "activity.find",
        "clearing.fees",
        "clearing.state",
        "receipts.find",
        "report.z",
        "till.counts",
    )
)
_PIN_COMMANDS = frozenset(("staff.add_operator", "staff.change_pin"))
OFFICE = "_office"
# Whoever these name proves it by their PIN.
_PIN_CHECKS = frozenset(("staff.sign_on", "payment.leave_tip"))
_PIN_SHAPE = {"code": "pin_must_be_digits", "fields": {}}


class RegisterActor:
    """*Owns* the conversations of one register, and who takes its scanner's codes. *Receives* `Ask`
    from doors and `Scanned` from its scanner, `Follow` and `Unfollow` of its codes. *Sends*
    `Submit` to the bookkeeper, view queries to `views`, notices to `broadcast`, codes to the door
    that takes them. *If it dies* it is made anew; every fact is the bookkeeper's.
    """

    def __init__(self, register: str, pins: Pins, reveal: Reveal) -> None:
        self.register = register
        self.address = f"register/{register}"
        self._pins = pins
        self._reveal = reveal
        self._takers: dict[str, int] = {}

    async def run(self, mailbox: Mailbox, post: Any, world: World) -> None:
        """Commands one after the other, in order; a query holds up nothing that comes after it."""
        async with trio.open_nursery() as nursery:
            async for envelope in mailbox:
                match envelope.body:
                    case Ask(is_query=True):
                        nursery.start_soon(self._query, envelope, envelope.body, post)
                    case Ask():
                        await self._command(envelope, envelope.body, post, world)
                    case Scanned():
                        await self._scan(envelope.body, post, world)
                    case Follow(topic="scans"):
                        self._take_scans(envelope.body.follower, world.monotonic_ns())
                    case Unfollow(topic="scans"):
                        self._takers.pop(envelope.body.follower, None)
                    case _:
                        log.warning("message_not_understood", kind=type(envelope.body).__name__)
                # There may be a PIN in it, and the next message may be hours away.
                del envelope

    async def _query(self, envelope: Envelope, ask: Ask, post: Any) -> None:
        to = "views" if ask.name in VIEW_QUERIES else "bookkeeper"
        to = "terminals" if ask.name in TERMINAL_QUERIES else to
        submit = Submit(ask.id, ask.register, ask.name, ask.data, is_query=True, admin=ask.admin)
        await self._pass_on(envelope, submit, post, to)

    async def _command(self, envelope: Envelope, ask: Ask, post: Any, world: World) -> None:
        try:
            submit = await self._without_secrets(ask, post, world)
        except PostError as error:
            envelope.answer(error)
            return
        if submit is None:
            envelope.answer(Reply(ok=False, refusal=_PIN_SHAPE))
            return
        reply = await self._pass_on(envelope, submit, post, "bookkeeper")
        if ask.name in _PIN_CHECKS and reply is not None and reply.ok:
            self._notify(reply, {"code": "", "signed_on": submit.data.get("operator", "")}, post)

    async def _pass_on(
        self, envelope: Envelope, submit: Submit, post: Any, to: str
    ) -> Reply | None:
        try:
            reply: Reply = await post.ask(to, submit, timeout_s=ASK_TIMEOUT_S)
        except PostError as error:
            envelope.answer(error)
            return None
        envelope.answer(reply.with_data(self._reveal(reply.data)))
        return reply

    def _notify(self, reply: Reply, notice: dict[str, Any], post: Any) -> None:
        told = {**notice, "ok": reply.ok, "refusal": reply.refusal}
        post.tell_nowait(
            "broadcast", News("notice", self.register, reply.epoch, reply.position, told)
        )

    async def _without_secrets(self, ask: Ask, post: Any, world: World) -> Submit | None:
        """The submission with every PIN checked or hashed; None where a PIN is no PIN."""
        data = dict(ask.data)
        if ask.name in _PIN_CHECKS:
            correct = await self._check(data.get("operator", ""), data.pop("pin", ""), post, world)
            data["pin_correct"] = correct
        elif ask.name in _PIN_COMMANDS:
            pin = data.pop("pin", "")
            if not isinstance(pin, str) or not pin_is_well_formed(pin):
                return None
            # The same PIN hashes differently each time, so a repeat of the id must not be compared
            # by its hash: the bookkeeper leaves `pin_hash` out of the body's hash.
            async with self._pins.turn:
                data["pin_hash"] = await world.in_thread(self._pins.hash, pin)
        correct = False
        if ask.approver:
            correct = await self._check(ask.approver, ask.approver_pin, post, world)
        return Submit(
            ask.id,
            ask.register,
            ask.name,
            data,
            admin=ask.admin,
            approver=ask.approver,
            approver_pin_correct=correct,
        )

    async def _check(self, operator: Any, pin: Any, post: Any, world: World) -> bool:
        if not isinstance(operator, str) or not isinstance(pin, str):
            return False
        pin_hash = await post.ask("bookkeeper", PinHashOf(operator), timeout_s=ASK_TIMEOUT_S)
        async with self._pins.turn:
            return await world.in_thread(self._pins.check, pin_hash, pin)

    def _take_scans(self, door: str, now_ns: int) -> None:
        if door in self._takers or len(self._takers) < FOLLOWERS_MAX:
            self._takers[door] = now_ns

    def _taker(self, now_ns: int) -> str:
        """The door whose screen asked for codes last, "" where none does any more."""
        leases = self._takers.items()
        self._takers = {door: at for door, at in leases if now_ns - at <= FOLLOW_LEASE_NS}
        return next(reversed(self._takers), "")

    async def _scan(self, scanned: Scanned, post: Any, world: World) -> None:
        """A scanner's code becomes a line, unless a screen asked for it, which the others are told;
        a refusal becomes a notice on the screen."""
        busy = Reply(ok=False, refusal={"code": "store_busy", "fields": {}})
        if taker := self._taker(world.monotonic_ns()):
            news = News("scans", self.register, 0, 0, {"code": scanned.code})
            taken = Reply(ok=False, refusal={"code": "scan_asked_for_elsewhere", "fields": {}})
            # Rung up because a door had no room, what was to come back would be sold.
            outcome = taken if post.tell_nowait(taker, news) else busy
            self._notify(outcome, {"code": scanned.code}, post)
            return
        submit = Submit(world.new_id(), self.register, "order.add_line", {"code": scanned.code})
        try:
            reply: Reply = await post.ask("bookkeeper", submit, timeout_s=ASK_TIMEOUT_S)
        except PostError as error:
            log.warning("scan_lost", scanner=scanned.scanner, reason=error.kind)
            reply = busy
        self._notify(reply, {"code": scanned.code}, post)
