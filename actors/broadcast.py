"""Broadcast: who follows what, and the news after each commit. The slow get only the latest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
import trio
from attrs import frozen

from actors.asks import Committed, Follow, News, Reply, Submit, Unfollow
from actors.errors import PostError
from actors.limits import (
    ASK_TIMEOUT_S,
    FOLLOW_LEASE_NS,
    FOLLOWERS_MAX,
    NS_PER_S,
    REFRESH_AGAIN_S,
)
from actors.lookups import STALE_NS
from actors.mailbox import Mailbox
from actors.world import World
from engine.decision import EVENTS
from engine.payment.events import PaymentKept

log = structlog.get_logger()
Reveal = Callable[[Any], Any]

_KEPT = EVENTS.name_of(PaymentKept)
# By then whoever shows it has it as stale, too: they heard of it a moment later.
_SILENT_NS = STALE_NS + NS_PER_S
_QUERY_OF = {"register": "register.state", "display": "display.state", "status": "store.status"}


@frozen
class Subject:
    """A topic at a register ("" for the store's own)."""

    topic: str
    register: str


class BroadcastActor:
    """*Owns* the list of followers. *Receives* `Follow`, `Unfollow`, `Committed`, `News` to pass
    on. *Sends* `News` to doors, `Submit` queries to the bookkeeper. *If it dies* doors follow
    again within their lease.
    """

    address = "broadcast"

    def __init__(self, reveal: Reveal) -> None:
        self._reveal = reveal
        self._followers: dict[Subject, dict[str, int]] = {}
        self._dirty: set[Subject] = set()
        self._wake = trio.Event()

    async def run(self, mailbox: Mailbox, post: Any, world: World) -> None:
        """Mark what changed; a second task makes the views, so a rush costs one view, not many."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._publish, post, world)
            async for envelope in mailbox:
                body = envelope.body
                match body:
                    case Follow():
                        self._follow(body, world.monotonic_ns())
                    case Unfollow():
                        subject = Subject(body.topic, body.register)
                        self._followers.get(subject, {}).pop(body.follower, None)
                    case Committed():
                        self._committed(body, post)
                    case News():
                        self._tell(Subject(body.topic, body.register), body, post)
                    case _:
                        log.warning("message_not_understood", kind=type(body).__name__)

    def _follow(self, body: Follow, now_ns: int) -> None:
        followers = self._followers.setdefault(Subject(body.topic, body.register), {})
        if body.follower in followers or len(followers) < FOLLOWERS_MAX:
            followers[body.follower] = now_ns

    def _committed(self, news: Committed, post: Any) -> None:
        # What a terminal told on the way is certain only with its end, which follows.
        is_certain = any(r.name != _KEPT for r in news.records)
        # Parking and resuming change every screen's count, a device's report only its own.
        everyone = any(r.name in _FOR_EVERYONE or r.stream in _OF_ALL for r in news.records)
        effects = any(r.stream.startswith("effect/") for r in news.records)
        for subject in self._followers:
            topic, register = subject.topic, subject.register
            concerned = everyone or not register or register in news.registers
            if topic == "events":
                self._tell(subject, News(topic, "", news.epoch, news.position), post)
            elif (
                topic in _QUERY_OF
                and is_certain
                and (concerned or (effects and topic == "register"))
            ):
                self._dirty.add(subject)
        if self._dirty:
            self._wake.set()

    def mark(self, register: str = "") -> None:
        """Something outside the journal changed, such as a device: views of it are due."""
        self._dirty |= {s for s in self._followers if not register or s.register == register}
        self._wake.set()

    async def _publish(self, post: Any, world: World) -> None:
        while True:
            await self._wake.wait()
            self._wake = trio.Event()
            dirty, self._dirty = self._dirty, set()
            self._drop_silent(world.monotonic_ns())
            for subject in sorted(dirty, key=lambda s: (s.topic, s.register)):
                if self._followers.get(subject) and subject.topic in _QUERY_OF:
                    await self._refresh(subject, post, world)

    async def _refresh(self, subject: Subject, post: Any, world: World) -> None:
        submit = Submit(
            world.new_id(),
            subject.register,
            _QUERY_OF[subject.topic],
            {},
            is_query=True,
        )
        try:
            reply: Reply = await post.ask("bookkeeper", submit, timeout_s=ASK_TIMEOUT_S)
        except PostError:
            self._dirty.add(subject)
            self._wake.set()
            await world.sleep(REFRESH_AGAIN_S)
            return
        if reply.ok:
            news = News(
                subject.topic,
                subject.register,
                reply.epoch,
                reply.position,
                self._reveal(reply.data),
            )
            self._tell(subject, news, post)

    def _tell(self, subject: Subject, news: News, post: Any) -> None:
        for follower in self._followers.get(subject, ()):
            post.tell_nowait(follower, news)

    def _drop_silent(self, now_ns: int) -> None:
        for subject, followers in list(self._followers.items()):
            for follower, heard_ns in list(followers.items()):
                if now_ns - heard_ns > FOLLOW_LEASE_NS:
                    del followers[follower]
            if not followers:
                del self._followers[subject]


_FOR_EVERYONE = frozenset(("order.suspended/1", "order.resumed/1"))
# What is offered, and who sells it: on every screen, whoever changed it wherever.
_OF_ALL = frozenset(("catalog", "charges", "prices", "promotions", "settings", "staff", "taxes"))


class DeviceBoard:
    """*Owns* when each device was last heard of. *Receives* `DeviceStatus` from every device at the
    address `devices`. *Sends* them on to the bookkeeper, which shows them, and marks screens where
    one changed, fell silent or is back. *If it dies* devices report again within seconds.
    """

    address = "devices"

    def __init__(self, mark: Callable[[], None]) -> None:
        self._mark = mark
        self._known: dict[str, object] = {}
        self._heard_ns: dict[str, int] = {}

    async def run(self, mailbox: Mailbox, post: Any, world: World) -> None:
        """Pass on; screens are refreshed only when something is different."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._watch, world)
            async for envelope in mailbox:
                status = envelope.body
                post.tell_nowait("bookkeeper", status)
                address = getattr(status, "address", "")
                is_back = address not in self._heard_ns
                self._heard_ns[address] = world.monotonic_ns()
                if is_back or self._known.get(address) != status:
                    self._known[address] = status
                    self._mark()
            nursery.cancel_scope.cancel()

    async def _watch(self, world: World) -> None:
        """Forget when those were heard of that fell silent: all at once may, as their node ends."""
        while True:
            now_ns = world.monotonic_ns()
            due_ns = now_ns - _SILENT_NS
            fell = [address for address, ns in self._heard_ns.items() if ns <= due_ns]
            for address in fell:
                del self._heard_ns[address]
            if fell:
                self._mark()
            oldest_ns = min(self._heard_ns.values(), default=now_ns)
            await world.sleep((oldest_ns - due_ns) / NS_PER_S)
