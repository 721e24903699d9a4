"""What the conversations of one door follow, told once to `broadcast` and handed out from here."""

from __future__ import annotations

from typing import Any, Protocol

import structlog
import trio
from attrs import define, field, frozen

from actors.actor import Post
from actors.asks import Ask, Follow, News, Reply, Unfollow
from actors.errors import PostError
from actors.mailbox import Mailbox
from actors.world import World
from protocols.front.codec import encode
from protocols.front.frames import Update
from protocols.front.session import Head
from protocols.front.topics import EVENTS, NOTICE, OFFICE, SCANS, TOPICS
from protocols.limits import ASK_TIMEOUT_S, FOLLOW_RETRY_S, LEASE_RENEW_S

log = structlog.get_logger()
_RENEWALS_PER_REFRESH = 3


@define(eq=False)
class Published:
    """News as every follower gets it; its bytes are made once, by the first to send them."""

    topic: str
    epoch: int
    position: int
    data: Any
    _payload: bytes = field(default=b"", init=False)

    @property
    def at(self) -> tuple[int, int]:
        """Its place in history."""
        return self.epoch, self.position

    def payload(self) -> bytes:
        """The bytes of the update frame."""
        if not self._payload:
            self._payload = encode(Update(self.topic, self.epoch, self.position, self.data))
        return self._payload


class Listener(Protocol):
    """A conversation that follows something."""

    def hear(self, news: Published) -> None:
        """Take note without waiting."""
        ...


@frozen
class Subject:
    """A topic at a register, "" for the store's own."""

    topic: str
    register: str


class Hub:
    """*Owns* who follows what at this door, and the newest position it has heard of. *Receives*
    `News`. *Sends* `Follow` and `Unfollow` to `broadcast`, those of a scanner's codes to its
    register, and now and then a query, so that news that was lost is missed for seconds only. *If
    it dies* it goes on with what it had.
    """

    def __init__(self, address: str = "door/front") -> None:
        self.address = address
        self.head = Head()
        self._listeners: dict[Subject, dict[Listener, None]] = {Subject(EVENTS, ""): {}}
        self._last: dict[Subject, tuple[int, int]] = {}
        self._untold: set[Subject] = set()
        self._wake = trio.Event()
        self._post: Post | None = None

    def follow(self, topic: str, register: str, listener: Listener) -> None:
        """Hand news of `topic` to `listener` from now on: a view asked for after this misses
        nothing."""
        subject = Subject(topic, register)
        listeners = self._listeners.setdefault(subject, {})
        if not listeners:
            self._tell_follow(subject)
        listeners[listener] = None

    def unfollow(self, topic: str, register: str, listener: Listener) -> None:
        """Stop handing it out; what nobody here follows is told to `broadcast`."""
        subject = Subject(topic, register)
        listeners = self._listeners.get(subject)
        if listeners is None or listener not in listeners:
            return
        del listeners[listener]
        if not listeners and topic != EVENTS:
            del self._listeners[subject]
            self._last.pop(subject, None)
            self._untold.discard(subject)
            if self._post is not None:
                self._post.tell_nowait(_teller(subject), Unfollow(self.address, topic, register))

    def following(self) -> int:
        """How many conversations follow something, each topic counted."""
        return sum(len(listeners) for listeners in self._listeners.values())

    async def run(self, mailbox: Mailbox, post: Post, world: World) -> None:
        """Hand out news until cancelled."""
        self._post = post
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._renew_forever, post, world)
            async for envelope in mailbox:
                if isinstance(envelope.body, News):
                    self._take(envelope.body)
                else:
                    log.warning("message_not_understood", kind=type(envelope.body).__name__)

    def _take(self, news: News) -> None:
        self.head.hear(news.epoch, news.position)
        published = Published(news.topic, news.epoch, news.position, news.data)
        self._hand_out(Subject(news.topic, news.register), published)

    def _hand_out(self, subject: Subject, published: Published) -> None:
        if subject not in self._listeners:
            return
        self._last[subject] = max(published.at, self._last.get(subject, (0, 0)))
        listeners = list(self._listeners[subject])
        # A code is for one alone, or it would be taken twice: for whoever asked for it last.
        for listener in listeners[-1:] if subject.topic == SCANS else listeners:
            listener.hear(published)

    # ----------------------------------------------------------------------------- the leases

    def _tell_follow(self, subject: Subject) -> None:
        follow = Follow(self.address, subject.topic, subject.register)
        if self._post is None or not self._post.tell_nowait(_teller(subject), follow):
            self._untold.add(subject)
            self._wake.set()

    async def _renew_forever(self, post: Post, world: World) -> None:
        renewals = 0
        while True:
            for subject in list(self._listeners):
                self._tell_follow(subject)
            renewals += 1
            if renewals % _RENEWALS_PER_REFRESH == 0:
                await self._refresh(post, world)
            with trio.move_on_after(LEASE_RENEW_S):
                await self._tell_untold()

    async def _tell_untold(self) -> None:
        while True:
            await self._wake.wait()
            self._wake = trio.Event()
            await trio.sleep(FOLLOW_RETRY_S)
            waiting, self._untold = self._untold, set()
            for subject in list(self._listeners):
                if subject in waiting:
                    self._tell_follow(subject)

    async def _refresh(self, post: Post, world: World) -> None:
        """Ask for what is followed: news may have been lost between two nodes or a full mailbox."""
        for subject in list(self._listeners):
            if subject.topic in (EVENTS, NOTICE, SCANS):
                continue
            place = subject.register or OFFICE
            ask = Ask(world.new_id(), place, TOPICS[subject.topic], {}, is_query=True)
            try:
                reply: Reply = await post.ask(f"register/{place}", ask, timeout_s=ASK_TIMEOUT_S)
            except PostError:
                continue
            if not reply.ok:
                continue
            self.head.hear(reply.epoch, reply.position)
            if (reply.epoch, reply.position) > self._last.get(subject, (0, 0)):
                self._hand_out(
                    subject, Published(subject.topic, reply.epoch, reply.position, reply.data)
                )
        hint = Published(EVENTS, self.head.epoch, self.head.position, None)
        self._hand_out(Subject(EVENTS, ""), hint)


def _teller(subject: Subject) -> str:
    """Who has the news of a subject."""
    return f"register/{subject.register}" if subject.topic == SCANS else "broadcast"
